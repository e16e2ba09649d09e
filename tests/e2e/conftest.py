"""A demo, devices and texts for the end-to-end tests. The programs themselves are run by `programs.py`."""

import contextlib

import pytest

from programs import REPOSITORY, Answer, Gate, program, running, wait_for, yumen  # noqa: F401

REAL_TEXTS = REPOSITORY.parent / "shared" / "data" / "real"


@contextlib.contextmanager
def demo_gate(data_dir, *arguments):
    listen = ["demo", "--listen", "127.0.0.1:0", "--data-dir", data_dir, "--chunk-delay-ms", "0"]
    with running(*listen, *arguments) as (process, addresses):
        gate = Gate(addresses["gate"], data_dir, addresses)
        gate.process = process
        yield gate


@pytest.fixture(scope="session")
def demo(tmp_path_factory):
    """A demo that the tests share; none may change what it holds."""
    with demo_gate(tmp_path_factory.mktemp("demo")) as gate:
        yield gate


@pytest.fixture
def own_demo(tmp_path):
    """A demo of one test's own."""
    with demo_gate(tmp_path / "data") as gate:
        yield gate


def device(**changes):
    """An American phone; `None` takes an input away."""
    inputs = {
        "purchase_region": "US", "billing_region": "US", "location": ["US"], "class": "phone",
        "platform": "ios", "os_version": "26.1", "language": "en", "assistant_language": "en",
        "capabilities": ["generative"], "age_band": "adult",
    }
    inputs.update(changes)
    return {name: value for name, value in inputs.items() if value is not None}


def mainland(**changes):
    """A phone bought, billed and used in mainland China."""
    inputs = {"purchase_region": "CN", "billing_region": "CN", "location": ["CN"],
              "language": "zh-Hans", "assistant_language": "zh-Hans"}
    return device(**{**inputs, **changes})


@pytest.fixture(scope="session")
def real_text():
    """Real texts, where they are: a news article in English, prose in Chinese."""

    def read(name):
        path = REAL_TEXTS / name
        if not path.is_file():
            pytest.skip(f"{name} is not here")
        return path.read_text()

    return read

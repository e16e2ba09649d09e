"""Starts the emulated partners for the vendors' own clients.

YUMEN_EMULATORS_BIN names the program; without it, the newest one that cargo built is taken.
YUMEN_SDK_ENVIRONMENT names the Python environment, "main" without it: two of the clients cannot live with
the others, and have one each (requirements-*.txt).
"""

import json
import os
import pathlib
import subprocess
import time
import urllib.request

import pytest

HERE = pathlib.Path(__file__).resolve().parent
REPOSITORY = HERE.parents[1]

# What runs where: everything in the main environment but what is for another client's age.
ENVIRONMENT = os.environ.get("YUMEN_SDK_ENVIRONMENT", "main")
BEYOND_MAIN = {
    "zhipuai-legacy": {"test_environment.py", "test_partner_scripts.py", "test_zhipu_sdk.py"},
    "anthropic-2023-06-01": {"test_environment.py", "test_partner_scripts.py", "test_anthropic_sdk.py"},
}
collect_ignore = sorted(
    {path.name for path in HERE.glob("test_*.py")} - BEYOND_MAIN[ENVIRONMENT] if ENVIRONMENT != "main" else ())

# The clients must not go around by way of a proxy.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "City name"}},
            "required": ["city"],
        },
    },
}


def emulators_program():
    named = os.environ.get("YUMEN_EMULATORS_BIN")
    if named:
        return named
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    built = [target / profile / "yumen-emulators" for profile in ("debug", "release")]
    built = sorted((p for p in built if p.is_file()), key=lambda p: p.stat().st_mtime)
    if not built:
        pytest.exit(f"no yumen-emulators in {target}: cargo build -p yumen-emulators", returncode=2)
    return str(built[-1])


PARTNERS = [
    "anthropic", "ark", "dashscope", "deepseek", "huawei", "llama-api", "llama-cpp", "minimax", "moonshot",
    "ollama", "openai", "qianfan", "tencent", "tokenhub", "vllm", "zhipu",
]


@pytest.fixture(scope="session")
def emulators():
    """The base addresses of the partners: {"openai": "http://127.0.0.1:1234", ...}."""
    command = [emulators_program(), "--chunk-delay-ms", "0"]
    for partner in PARTNERS:
        command += ["--partner", f"{partner}=127.0.0.1:0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=10)


@pytest.fixture
def stats(emulators):
    """Reads an emulator's counters: stats("openai")."""

    def read(partner):
        with urllib.request.urlopen(emulators[partner] + "/emulator/stats", timeout=10) as answer:
            assert answer.headers["x-emulated"] == "yumen"
            return json.load(answer)

    return read


@pytest.fixture
def wait_for():
    """Waits until a condition holds."""

    def wait(condition, seconds=10):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "did not happen in time"
            time.sleep(0.005)

    return wait


class Calls:
    """Streamed tool calls, put together by index; an empty id or name never overwrites."""

    def __init__(self):
        self.by_index = {}

    def add(self, index, id, name, arguments):
        call = self.by_index.setdefault(index, {"id": "", "name": "", "arguments": ""})
        call["id"] = id or call["id"]
        call["name"] = name or call["name"]
        call["arguments"] += arguments or ""

    def all(self):
        return [self.by_index[index] for index in sorted(self.by_index)]


@pytest.fixture
def calls():
    return Calls()


@pytest.fixture
def weather():
    return WEATHER

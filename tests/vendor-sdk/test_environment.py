"""The environment is the one it is named after: each client in it is the pinned one."""

import importlib.metadata
import re

from conftest import ENVIRONMENT, HERE


def test_what_is_pinned_is_installed():
    name = "requirements.txt" if ENVIRONMENT == "main" else f"requirements-{ENVIRONMENT}.txt"
    pinned = re.findall(r"^([\w.-]+)==(\S+)$", (HERE / name).read_text(), re.MULTILINE)
    assert len(pinned) > 10
    installed = [(package, importlib.metadata.version(package)) for package, _ in pinned]
    assert installed == pinned

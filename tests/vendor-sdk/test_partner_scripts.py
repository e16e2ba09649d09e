"""The shared client scripts, where they lie beside the repository: each runs a partner's own client through
its cases, and checks on the parsed results what the clients themselves let pass."""

import json
import subprocess
import sys

import pytest

from conftest import ENVIRONMENT, REPOSITORY

SCRIPTS = REPOSITORY.parent / "shared" / "partners"

# What runs in which environment: the emulator, and the script with its arguments.
RUNS = {
    "main": [
        ("openai", "openai_client.py"),
        ("dashscope", "dashscope_client.py --gen 1"),
        ("dashscope", "dashscope_client.py --gen 2"),
        ("dashscope", "dashscope_client.py --gen openai"),
        ("dashscope", "qwen_openai_client.py"),
    ],
    "zhipuai-legacy": [],
    "anthropic-2023-06-01": [],
}


@pytest.mark.skipif(not SCRIPTS.is_dir(), reason=f"the client scripts are not at {SCRIPTS}")
@pytest.mark.parametrize("partner, script", RUNS[ENVIRONMENT])
def test_script(emulators, partner, script):
    command = [sys.executable, "-B", *script.split(), "--base", emulators[partner]]
    run = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, timeout=120)
    cases = [json.loads(line) for line in run.stdout.splitlines()]
    unexpected = [case for case in cases if not case["as_expected"]]
    assert run.returncode == 0 and not unexpected, f"{unexpected}\n{run.stderr}"
    assert len(cases) >= 6

"""The project's shared client scripts, where they lie beside the repository: they check on the parsed
results what the clients themselves let pass."""

import json
import subprocess
import sys

import pytest

from conftest import REPOSITORY

SCRIPTS = REPOSITORY.parent / "shared" / "partners"

RUNS = [
    ("openai", ["openai_client.py"]),
    ("dashscope", ["dashscope_client.py", "--gen", "1"]),
    ("dashscope", ["dashscope_client.py", "--gen", "2"]),
    ("dashscope", ["dashscope_client.py", "--gen", "openai"]),
    ("dashscope", ["qwen_openai_client.py"]),
]


@pytest.mark.skipif(not SCRIPTS.is_dir(), reason=f"no client scripts at {SCRIPTS}")
@pytest.mark.parametrize("partner, script", RUNS, ids=lambda value: value if isinstance(value, str) else " ".join(value))
def test_script(emulators, partner, script):
    command = [sys.executable, "-B", *script, "--base", emulators[partner]]
    run = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, timeout=120)
    cases = [json.loads(line) for line in run.stdout.splitlines()]
    unexpected = [case for case in cases if not case["as_expected"]]
    assert run.returncode == 0 and not unexpected, f"{unexpected}\n{run.stderr}"
    assert len(cases) >= 9

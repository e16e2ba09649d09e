"""The shared client scripts, where they lie beside the repository: each runs a partner's own client through
its cases, and checks on the parsed results what the clients themselves let pass."""

import json
import subprocess
import sys

import pytest

from conftest import ENVIRONMENT, REPOSITORY

SCRIPTS = REPOSITORY.parent / "shared" / "partners"

# The cases of Anthropic's script that the partners' routes in its shape share: a moderated question is an
# error there, and an answer with Anthropic.
SHARED = "".join(f" --case {case}" for case in (
    "chat", "stream", "tool", "tool_stream", "error_auth", "error_rate", "moderation_out_stream"))
AT_MINIMAX = "anthropic_client.py --path /anthropic --bearer --model MiniMax-M3" + SHARED
AT_DASHSCOPE = "anthropic_client.py --path /apps/anthropic --bearer --model qwen-plus" + SHARED

# What runs in which environment: the emulator, and the script with its arguments.
RUNS = {
    "main": [
        ("anthropic", "anthropic_client.py"),
        ("ark", "ark_client.py"),
        ("ark", "ark_openai_client.py"),
        ("dashscope", "dashscope_client.py --gen 1"),
        ("dashscope", "dashscope_client.py --gen 2"),
        ("dashscope", "dashscope_client.py --gen openai"),
        ("dashscope", "dashscope_client.py --gen anthropic"),
        ("dashscope", "qwen_openai_client.py"),
        ("deepseek", "deepseek_client.py"),
        ("huawei", "huawei_client.py"),
        ("llama-api", "llama_client.py"),
        ("llama-cpp", "vllm_client.py --flavor llamacpp"),
        ("minimax", "minimax_client.py"),
        ("minimax", AT_MINIMAX),
        ("moonshot", "moonshot_client.py"),
        ("ollama", "ollama_client.py"),
        ("openai", "openai_client.py"),
        ("qianfan", "qianfan_client.py"),
        ("qianfan", "qianfan_openai_client.py"),
        ("tencent", "tencent_client.py"),
        ("tencent", "tencent_openai_client.py"),
        ("tokenhub", "tencent_openai_client.py --tokenhub"),
        ("vllm", "vllm_client.py"),
        ("zhipu", "zhipu_client.py"),
        ("zhipu", "zhipu_client.py --jwt"),
    ],
    "zhipuai-legacy": [
        ("zhipu", "zhipu_client.py --legacy"),
        ("zhipu", "zhipu_client.py --legacy --jwt"),
    ],
    "anthropic-2023-06-01": [
        ("anthropic", "anthropic_client.py"),
        ("dashscope", AT_DASHSCOPE),
        ("minimax", AT_MINIMAX),
    ],
}


pytestmark = pytest.mark.skipif(not SCRIPTS.is_dir(), reason=f"the client scripts are not at {SCRIPTS}")


def test_every_client_runs_somewhere():
    clients = {script.split()[0] for runs in RUNS.values() for _, script in runs}
    assert clients == {path.name for path in SCRIPTS.glob("*_client.py")}


@pytest.mark.parametrize("partner, script", RUNS[ENVIRONMENT], ids=lambda text: text.split(" --case")[0])
def test_script(emulators, partner, script):
    command = [sys.executable, "-B", *script.split(), "--base", emulators[partner]]
    run = subprocess.run(command, cwd=SCRIPTS, capture_output=True, text=True, timeout=120)
    cases = [json.loads(line) for line in run.stdout.splitlines()]
    unexpected = [case for case in cases if not case["as_expected"]]
    assert run.returncode == 0 and not unexpected, f"{unexpected}\n{run.stderr}"
    assert len(cases) >= 6

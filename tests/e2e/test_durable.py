"""When the record is durable: before the first byte, or before the end where the operator chose so; never less.

The disk is made full by a limit on the size of files, which the gate meets in the middle of its work."""

import json
import resource
import signal

import pytest

from conftest import wait_for, yumen
from test_operator import add_key, config, partners, serving  # noqa: F401

# Room for the store, and for the records of some hundred requests.
ROOM = 96 * 1024


def little_room():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (ROOM, ROOM))


def stream(gate, key):
    """The names of an answer's events, or the code of a refusal."""
    answer = gate.feature("assistant.chat", key, stream=True,
                          input={"messages": [{"role": "user", "content": "What is a gate?"}]})
    if answer.status != 200:
        return answer.json["code"], answer
    return [name for name, _ in answer.events()], answer


@pytest.mark.parametrize("durable", ["before_first_byte", "before_end"])
def test_an_answer_that_cannot_be_recorded_never_ends_well(config, durable):  # noqa: F811
    config.write_text(config.read_text() + f'\n[ledger]\ndurable = "{durable}"\n')
    key = add_key(config, "--name", "app", "--profile", "us")["secret"]
    made = yumen("--json", "keys", "add", "--config", config, "--admin", "--name", "O", "--role", "operator")
    admin = json.loads(made.stdout)["secret"]
    served = []
    with serving(config, preexec_fn=little_room) as gate:
        while True:
            names, answer = stream(gate, key)
            if names[-1] != "end":
                break
            served.append(answer.events()[-1][1]["receipt"])
            assert len(served) < 1000, "the disk is never full"
        assert served
        if durable == "before_first_byte":
            assert names == "ledger_unavailable" and answer.status == 503
        elif names != "ledger_unavailable":
            # It began, and then said that it cannot be relied on.
            assert names[0] == "start" and names[-1] == "error" and "end" not in names
            assert answer.events()[-1][1]["code"] == "ledger_unavailable"
        # A whole answer carries its receipt, so it always waits.
        whole = gate.feature("writing.summary", key, "One. Two. Three.")
        assert (whole.status, whole.json["code"]) == (503, "ledger_unavailable")
        chat = {"model": "assistant.chat", "stream": True, "messages": [{"role": "user", "content": "x"}]}
        assert "[DONE]" not in gate.post("/v1/chat/completions", chat, key=key).text
        codes = {alarm["code"] for alarm in gate.get("/admin/v1/alarms", key=admin).json["alarms"]}
        assert codes == {"ledger_unavailable"}
    # What was acknowledged is there, and the log is whole.
    report = json.loads(yumen("--json", "ledger", "verify", "--config", config).stdout)["log"]
    assert report["checkpoint_ok"] and report["problem_count"] == 0
    assert report["kinds"]["admission.v1"] >= len(served)


def test_an_answer_that_began_early_is_on_record_when_it_ends(config):  # noqa: F811
    config.write_text(config.read_text() + '\n[ledger]\ndurable = "before_end"\n')
    key = add_key(config, "--name", "app", "--profile", "us")["secret"]
    with serving(config) as gate:
        names, answer = stream(gate, key)
        assert names[0] == "start" and names[-1] == "end"
        wait_for(lambda: gate.get("/readyz").status == 200)
        assert gate.verify(answer.events()[-1][1])["receipt"]


def test_nothing_less_can_be_configured(config):  # noqa: F811
    config.write_text(config.read_text() + '\n[ledger]\ndurable = "never"\n')
    done = yumen("check", "--config", config, check=False)
    assert done.returncode == 1 and "before_first_byte" in done.stderr

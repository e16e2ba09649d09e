"""Sixteen ways in which a partner fails, each met by a gate in its default configuration.

A scenario passes only when the caller, an OpenAI client of `/v1/chat/completions`, gets the complete answer (or, where
the partner refused for what was said, a clean error), and the partner's own log shows right conduct. The scenarios run
at once, each with a gate and partners of its own: some of them have to wait.
"""

import concurrent.futures
import time

import pytest

from market import COMPATIBLE, Ground, market, third_partner

SCENARIOS = {}


def scenario(partners=("deepseek", "qwen"), overlay=None, **options):
    """Registers a scenario over these partners; the one who is asked first turns out when all is well."""

    def register(function):
        SCENARIOS[function.__name__] = (function, partners, overlay, options)
        return function

    return register


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    ground = Ground(tmp_path_factory.mktemp("ground"))

    def run(name):
        function, partners, overlay, options = SCENARIOS[name]
        folder = tmp_path_factory.mktemp(name)
        own = Ground(folder / "ground", overlay()) if overlay else ground
        with market(own, folder / "gate", partners, **options) as one:
            function(one.settle())

    with concurrent.futures.ThreadPoolExecutor(len(SCENARIOS)) as pool:
        yield {name: pool.submit(run, name) for name in SCENARIOS}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(outcomes, name):
    outcomes[name].result(timeout=150)


def gap(log):
    """Milliseconds between a partner's first request and its second."""
    return log[1]["at_ms"] - log[0]["at_ms"]


def within(log, milliseconds):
    """How many of its requests came so soon after the first."""
    return sum(entry["at_ms"] - log[0]["at_ms"] <= milliseconds for entry in log)


def served_by(seen):
    return seen.about["served_by"]["partner"]


@scenario()
def too_many_requests_with_a_time_to_come_back(one):
    one.first.faults({"fault": "status", "status": 429, "retry_after": 2, "times": 1})
    seen = one.ask()
    assert seen.complete, seen
    log = one.first.log()
    assert len(log) == 2 and served_by(seen) == one.first_name, "the wait was short: the same partner answers"
    assert gap(log) >= 2000, "the partner's wait was kept"
    assert one.others_asked() == 0


@scenario()
def too_many_requests_again_and_again(one):
    one.first.faults({"fault": "status", "status": 429})
    seen = one.ask()
    assert seen.complete, seen
    log = one.first.log()
    assert len(log) <= 6 and within(log, 3000) <= 4, "nobody hammers a partner that asks for less"
    assert served_by(seen) != one.first_name and one.others_asked() == 1


@scenario()
def one_server_error(one):
    one.first.faults({"fault": "status", "status": 500, "times": 1})
    seen = one.ask()
    assert seen.complete, seen
    assert len(one.first.log()) == 2 and served_by(seen) == one.first_name, "once more, at the same partner"
    assert one.others_asked() == 0


@scenario()
def overloaded_again_and_again(one):
    one.first.faults({"fault": "status", "status": 503})
    seen = one.ask()
    assert seen.complete, seen
    assert len(one.first.log()) <= 3
    assert served_by(seen) != one.first_name and one.others_asked() == 1


@scenario()
def reset_before_a_header(one):
    one.first.faults({"fault": "reset", "times": 1})
    seen = one.ask()
    assert seen.complete, seen
    assert len(one.first.log()) + one.others_asked() == 2


@scenario()
def no_response_at_all(one):
    one.first.faults({"fault": "silence"})
    seen = one.ask()
    assert seen.complete, seen
    assert seen.seconds < 30, "within the budget"
    [entry] = one.first.log()
    assert entry["ended"] == "client_gone", "the silent route is asked once, and let go"
    assert served_by(seen) != one.first_name


@scenario()
def first_token_after_twenty_seconds(one):
    one.first.faults({"fault": "slow_first_token", "delay_ms": 20_000})
    seen = one.ask()
    assert seen.complete, seen
    assert seen.seconds < 15, "nobody waits for the slow one"
    [entry] = one.first.log()
    assert entry["ended"] == "client_gone"
    assert served_by(seen) != one.first_name and one.others_asked() == 1


@scenario()
def cut_after_two_thirds(one):
    one.first.faults({"fault": "cut", "after_part": 40})
    seen = one.ask()
    assert seen.complete, seen
    assert one.others_asked() >= 1 and served_by(seen) != one.first_name
    assert any(entry["prefixed"] for other in one.others for entry in other.log()), "it went on, not anew"


@scenario()
def stalled_midway(one):
    one.first.faults({"fault": "stall", "after_part": 20})
    seen = one.ask()
    assert seen.complete, seen
    assert seen.seconds < 45
    assert [entry["ended"] for entry in one.first.log()] == ["client_gone"], "the stalled stream was closed"
    one.first.faults()
    assert one.ask().complete, "all is well afterwards"


@scenario()
def an_event_that_cannot_be_read(one):
    one.first.faults({"fault": "malformed", "after_part": 10})
    seen = one.ask()
    assert seen.complete, seen
    one.first.faults()
    assert one.ask().complete, "all is well afterwards"


@scenario(protocols=COMPATIBLE)
def no_last_word(one):
    one.first.faults({"fault": "no_done"})
    seen = one.ask()
    assert seen.complete, seen
    assert seen.seconds < 8, "nobody waits for a word that does not come"
    assert seen.usage["completion_tokens"] > 0
    assert len(one.first.log()) + one.others_asked() == 1, "the answer was whole: nobody is asked again"


@scenario()
def longer_than_the_model_takes(one):
    one.first.faults({"fault": "context_length"})
    seen = one.ask()
    assert seen.complete, seen
    assert len(one.first.log()) == 1, "the same model is not asked again"
    assert served_by(seen) != one.first_name


@scenario()
def refused_for_its_content(one):
    one.first.faults({"fault": "moderation_input"})
    seen = one.ask()
    assert seen.status == 422 and seen.error["code"] == "partner_refused", seen
    assert not seen.text and seen.error["message"]
    assert len(one.first.log()) == 1
    assert one.others_asked() == 0, "a refusal is not routed around"


@scenario(("deepseek", "moonshot", "qwen"), third_partner)
def cut_with_a_fallback_that_refuses_to_go_on(one):
    one.first.faults({"fault": "cut", "after_part": 40})
    # The one that would go on next turns out when it does.
    seen = one.ask()
    assert seen.complete, seen
    [refusing] = [partner for partner in one.others if partner.log()]
    [last] = [partner for partner in one.others if partner is not refusing]
    refusing.forget()
    refusing.faults({"fault": "refuse_prefix"})
    seen = one.ask()
    assert seen.complete, seen
    assert [entry["fault"] for entry in refusing.log()] == ["refuse_prefix"], "asked once to go on, and not again"
    assert [(entry["prefixed"], entry["ended"]) for entry in last.log()] == [(True, "complete")]


@scenario()
def down_for_a_while_then_well(one):
    outage = 20
    one.first.faults({"fault": "status", "status": 503, "for_ms": outage * 1000})
    begun, asked = time.monotonic(), 0
    while time.monotonic() - begun < outage:
        seen = one.ask()
        assert seen.complete, f"during the outage, request {asked}: {seen}"
        asked += 1
        time.sleep(0.5)
    attempts = len(one.first.log())
    assert attempts < asked, f"the breaker opened: {attempts} requests to it of {asked}"
    while True:
        seen = one.ask()
        assert seen.complete, f"after the outage: {seen}"
        if served_by(seen) == one.first_name:
            return
        assert time.monotonic() - begun < outage + 30, "it is asked again soon after it is well"
        time.sleep(0.5)


@scenario()
def accounts_of_a_failover(one):
    one.first.faults({"fault": "status", "status": 503})
    seen = one.ask()
    assert seen.complete, seen
    [other] = one.others
    [entry] = other.log()
    answering = seen.about["served_by"]
    assert answering["partner"] != one.first_name
    assert set(seen.models) == {answering["model"]} == {entry["model"]}, "the model that answered, from the first chunk on"
    usage = (seen.usage["prompt_tokens"], seen.usage["completion_tokens"])
    assert usage == (entry["usage"]["input_tokens"], entry["usage"]["output_tokens"]), "what the answer cost, no more"

    *failed, last = seen.about["attempts"]
    assert len(failed) == len(one.first.log()) >= 1
    assert {(a["partner"], a["outcome"], a["billed"]) for a in failed} == {
        (one.first_name, "partner_overloaded", False)}
    assert (last["partner"], last["outcome"], last["billed"]) == (answering["partner"], "complete", True)

    counted = one.metrics("yumen_partner_attempts_total")
    by_partner = {}
    for labels, count in counted.items():
        labels = dict(labels)
        by_partner[labels["partner"], labels["outcome"]] = count
    assert by_partner[one.first_name, "partner_overloaded"] == len(failed)
    assert by_partner[answering["partner"], "complete"] == 1

    # The record names who was asked, and who answered.
    one.gate.verify(seen.about)
    entries = one.recorded(seen.about["receipt"]["id"], "switch.v1")
    assert entries["admission.v1"]["partner"] == one.first_name
    switch = entries["switch.v1"]
    assert switch["how"] == "before_first"
    assert [(a["partner"], a["outcome"]) for a in switch["attempts"]] == [
        *((one.first_name, "partner_overloaded") for _ in failed), (answering["partner"], "answers")]

"""What becomes of an answer whose model fails, as clients of our own and OpenAI's clients see it; and what becomes of a
partner's call when the client hangs up."""

import datetime
import http.client
import json
import pathlib
import re
import socket
import time

import pytest

from conftest import wait_for
from market import COMPATIBLE, LONG, MARK, Ground, is_whole, market

CHAT = (pathlib.Path(__file__).resolve().parents[2] / "catalog" / "features" / "assistant.chat.toml").read_text()
# An operator's pack that takes some parts out of the long answer. The terms are invented, and harmless.
PACK = f"""
id = "parts"
version = "1"
issued = "{datetime.date.today()}"
source = "invented"

[[rule]]
id = "parts.some"
placeholder = "part"
phrases = ["part 38", "part 39", "part 40", "part 41", "part 42"]
actions = {{ to_partner = "allow", from_partner = "mask", to_device = "allow", from_device = "allow" }}
text = {{ en = "Some parts were masked.", zh = "部分内容已遮盖。" }}
source = "invented"
"""


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return Ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture
def one(ground, tmp_path):
    with market(ground, tmp_path / "gate") as one:
        yield one.settle()


def told(events):
    """What a client of our own shows in the end: the text, after all withdrawals."""
    text = ""
    for name, data in events:
        if name == "delta":
            text += data["text"]
        elif name == "restart":
            text = ""
    return text


def names(events):
    return [name for name, _ in events if name != "delta"]


def refuse_to_go_on(one):
    for partner in (one.first, *one.others):
        partner.faults({"fault": "refuse_prefix"})


def test_another_model_goes_on_with_the_same_text(one):
    one.first.faults({"fault": "cut", "after_part": 40})
    events = one.feature()
    assert names(events) == ["start", "notice", "end"]
    start, notice, end = (data for name, data in events if name != "delta")
    assert is_whole(told(events)) and end["output"]["message"]["content"] == told(events)
    assert start["served_by"]["partner"] == one.first_name != end["served_by"]["partner"]
    assert notice["code"] == "model.switched" and notice["text"]["zh"] and notice in end["notices"]
    first, last = end["attempts"][0], end["attempts"][-1]
    assert first["partner"] == one.first_name and first["outcome"].startswith("partner_")
    assert last["outcome"] == "complete"
    assert MARK.match(told(events))[0] in told(events), "it begins with the mark of the first model"
    switch = one.recorded(end["receipt"]["id"], "switch.v1")["switch.v1"]
    assert (switch["how"], switch["attempts"][-1]["outcome"]) == ("continued", "answers")
    assert switch["attempts"][-1]["partner"] == end["served_by"]["partner"]
    one.gate.verify(end)


def test_where_nobody_can_go_on_our_own_clients_begin_anew(one):
    refuse_to_go_on(one)
    one.first.faults({"fault": "refuse_prefix"}, {"fault": "cut", "after_part": 40})
    events = one.feature()
    assert names(events) == ["start", "restart", "start", "end"]
    first, again = (data for name, data in events if name == "start")
    end = events[-1][1]
    assert is_whole(told(events)) and end["output"]["message"]["content"] == told(events)
    assert first["served_by"]["partner"] == one.first_name
    assert again["served_by"] == end["served_by"] and again["receipt"] == first["receipt"]
    assert [a["billed"] for a in end["attempts"]] == [False] * (len(end["attempts"]) - 1) + [True]
    switch = one.recorded(end["receipt"]["id"], "switch.v1")["switch.v1"]
    assert switch["how"] == "restarted"
    assert switch["attempts"][-1]["partner"] == end["served_by"]["partner"]


@pytest.mark.parametrize("fault", [{"fault": "cut"}, {"fault": "end_early"}, {"fault": "malformed"},
                                   {"fault": "error_mid_stream"}])
def test_where_nobody_can_go_on_openais_clients_get_a_clean_error(one, fault):
    refuse_to_go_on(one)
    one.first.faults({"fault": "refuse_prefix"}, {**fault, "after_part": 40})
    seen = one.ask()
    assert seen.status == 200 and seen.text and LONG.startswith(seen.text[MARK.match(seen.text).end():])
    assert seen.finish is None and not seen.done, "nobody takes it for complete"
    # What happened, not what became of the tries to mend it.
    assert seen.error["code"] in ("partner_interrupted", "partner_truncated", "partner_malformed", "partner_server",
                                  "partner_overloaded")
    assert seen.error["message"]
    tried = seen.about["attempts"]
    assert tried[0]["partner"] == one.first_name and len(tried) >= 2
    recorded = one.recorded(seen.abouts[0]["receipt"]["id"], "refusal.v1", "switch.v1")
    assert recorded["refusal.v1"]["code"] == seen.error["code"]
    assert recorded["switch.v1"]["how"] == "failed", "who else was asked is on record"


def test_a_whole_answer_is_never_half(one):
    one.first.faults({"fault": "cut"})
    seen = one.ask(stream=False)
    assert seen.complete and seen.about["served_by"]["partner"] == seen.about["attempts"][-1]["partner"]
    assert seen.models == [seen.about["served_by"]["model"]]
    refuse_to_go_on(one)
    for partner in (one.first, *one.others):
        partner.faults({"fault": "status", "status": 503})
    seen = one.ask(stream=False)
    assert seen.status in (502, 503) and seen.error["code"].startswith("partner_")
    assert len(seen.about["attempts"]) >= 2 and not any(a["billed"] for a in seen.about["attempts"])


def test_a_rewrite_is_of_one_model(one):
    text = "The garden opens at nine. It closes at five. Nobody is let in after four. Dogs stay outside."
    one.first.faults({"fault": "cut", "after_part": 3})
    events = one.feature("writing.rewrite", input={"text": text, "style": "concise"}, language="en")
    assert names(events) == ["start", "restart", "start", "end"]
    assert events[-1][1]["output"]["text"] == told(events)
    assert not any(entry["prefixed"] for partner in one.partners.values() for entry in partner.log())


def test_a_feature_may_rule_that_nobody_goes_on(tmp_path):
    chat = CHAT.replace('after_first = "continue"', 'after_first = "fail"')
    assert chat != CHAT
    ground = Ground(tmp_path / "ground", {"features/assistant.chat.toml": chat})
    with market(ground, tmp_path / "gate") as one:
        one.settle().first.faults({"fault": "cut", "after_part": 40})
        events = one.feature()
        assert names(events) == ["start", "error"] and told(events)
        assert one.others_asked() == 0
        # Before the first word, another model still may.
        one.first.faults({"fault": "status", "status": 503})
        assert is_whole(told(one.feature()))


def test_a_term_at_the_seam_of_two_models_is_screened(tmp_path):
    ground = Ground(tmp_path / "ground", {"packs/parts.toml": PACK})
    with market(ground, tmp_path / "gate") as one:
        whole = one.ask()
        assert whole.succeeded and len(re.findall("⟦part⟧", whole.text)) == 5
        one.first_name = whole.about["served_by"]["partner"]
        first = one.partners[one.first_name]
        for after in range(38, 43):
            first.faults({"fault": "cut", "after_part": after, "times": 1})
            seen = one.ask()
            assert seen.succeeded, seen
            assert seen.text[MARK.match(seen.text).end():] == whole.text[MARK.match(whole.text).end():], after


def test_a_named_conversation_stays_where_it_was_served(one):
    one.first.faults({"fault": "status", "status": 503, "times": 2})
    other = one.ask(prompt_cache_key="talk").about["served_by"]["partner"]
    assert other != one.first_name
    wait_for(lambda: one.ask().about["served_by"]["partner"] == one.first_name)
    assert one.ask(prompt_cache_key="talk").about["served_by"]["partner"] == other
    assert one.ask(prompt_cache_key="another").about["served_by"]["partner"] == one.first_name


def test_a_model_that_drifted_is_stopped_and_the_next_one_serves(ground, tmp_path):
    with market(ground, tmp_path / "gate", protocols=COMPATIBLE) as one:
        one.settle().first.claim(model="another-model")
        seen = one.ask(stream=False)
        assert (seen.status, seen.error["code"]) == (503, "model_drifted"), "a drift is not covered up"
        assert one.others_asked() == 0
        seen = one.ask()
        assert seen.complete and seen.about["served_by"]["partner"] != one.first_name
        assert len(one.first.log()) == 1


def test_a_picture_goes_nowhere_in_a_market_that_nobody_opened_for_them(one):
    seen = one.ask(messages=[{"role": "user", "content": [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}])
    assert (seen.status, seen.error["code"]) == (422, "input_invalid")
    assert "市场 cn 暂不接受图片" in seen.error["message"]
    assert not one.first.log() and one.others_asked() == 0


# --- hanging up ----------------------------------------------------------------------------------


def hang_up(one, stream, content):
    """Asks, hangs up in the middle, and gives the seconds until the partner's connection was closed."""
    connection = http.client.HTTPConnection(one.gate.host, int(one.gate.port), timeout=30)
    connection.request("POST", "/v1/chat/completions", json.dumps({
        "model": "assistant.chat", "stream": stream, "messages": [{"role": "user", "content": content}]}),
        {"Authorization": f"Bearer {one.key}", "Content-Type": "application/json"})
    sock = connection.sock
    if stream:
        response = connection.getresponse()
        while b"content" not in response.readline():
            pass
    wait_for(lambda: one.first.stats()["open_streams"] == 1)
    gone = one.first.stats()["cancelled_streams"]
    sock.shutdown(socket.SHUT_RDWR)
    begun = time.monotonic()
    wait_for(lambda: one.first.stats()["cancelled_streams"] > gone)
    seconds = time.monotonic() - begun
    connection.close()
    return seconds


@pytest.mark.parametrize("stream, fault", [
    (True, {"fault": "slow", "delay_ms": 200}), (True, {"fault": "stall"}),
    (False, {"fault": "slow_headers"}), (False, {"fault": "stall"}), (False, {"fault": "silence"})])
def test_who_hangs_up_closes_the_partners_connection(one, stream, fault):
    one.first.faults(fault)
    # 100 ms are promised. The machine that tests may be busy, so the best of a few counts.
    seconds = [hang_up(one, stream, "Hello.") for _ in range(5)]
    assert min(seconds) < 0.1, seconds
    assert one.others_asked() == 0, "nobody else is asked for who has left"
    assert {entry["ended"] for entry in one.first.log()} == {"client_gone"}
    wait_for(lambda: one.metrics("yumen_open_answers") == {(): 0})
    wait_for(lambda: sum(one.metrics("yumen_partner_attempts_total").values()) >= 6)
    outcomes = {dict(labels)["outcome"] for labels in one.metrics("yumen_partner_attempts_total")}
    assert outcomes == {"complete", "cancelled"}


def test_who_hangs_up_while_others_are_tried_stops_that_too(one):
    for partner in (one.first, *one.others):
        partner.faults({"fault": "status", "status": 503})
    connection = http.client.HTTPConnection(one.gate.host, int(one.gate.port), timeout=30)
    connection.request("POST", "/v1/chat/completions", json.dumps({
        "model": "assistant.chat", "messages": [{"role": "user", "content": "Hello."}]}),
        {"Authorization": f"Bearer {one.key}", "Content-Type": "application/json"})
    wait_for(lambda: one.first.log())
    connection.close()
    wait_for(lambda: sum(one.metrics("yumen_partner_attempts_total").values()) >= 2)
    before = len(one.first.log()) + one.others_asked()
    time.sleep(3)  # longer than any pause between two attempts
    assert len(one.first.log()) + one.others_asked() == before

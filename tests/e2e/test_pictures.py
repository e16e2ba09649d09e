"""Pictures in chats: cleaned, bounded, judged, and only where an operator lets them."""

import base64
import contextlib
import json
import struct
import zlib

import pytest

from judge_side import Guard, Guardrail, safe
from market import Ground, market
from partner_side import asked
from programs import yumen
from test_judges import REFUSED, notices, service

SECRET = b"31.2304N 121.4737E"


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width=4, height=4, parts=()):
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(min(width, 4))) * min(height, 4))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunk(*part) for part in parts)
            + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def data(picture, kind="png"):
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def look(gate, url, key="yk_demo_us"):
    content = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": url}}]
    return gate.post("/v1/chat/completions", {"model": "assistant.chat", "messages": [
        {"role": "user", "content": content}]}, key=key)


def test_a_clean_picture_is_let_through_to_models_that_take_pictures(own_demo):
    # None of the demo's models for this market says that it does, so the picture stays here, and the reason is said.
    answer = look(own_demo, data(png(parts=[(b"tEXt", b"Comment\0" + SECRET)])))
    assert (answer.status, answer.json["error"]["code"]) == (422, "model_not_capable"), answer.text
    assert "can take images" in answer.json["error"]["message"]
    assert asked(own_demo) == ""


@pytest.mark.parametrize("url, says", [
    (data(png()[:-20]), "cut off"),
    (data(png(60_000, 60_000)), "pixels"),
    (data(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"), "no JPEG"),
    (data(b"%PDF-1.7"), "no JPEG"),
    ("https://lantern.example/a.png", "at an address"),
])
def test_what_cannot_be_cleaned_is_refused(own_demo, url, says):
    answer = look(own_demo, url)
    assert (answer.status, answer.json["error"]["code"]) == (422, "input_invalid"), answer.text
    assert says in answer.json["error"]["message"]
    assert answer.json["error"]["param"] == "messages[0].content[1].image_url"
    assert asked(own_demo) == ""


def test_where_no_operator_lets_them_pictures_stay(own_demo):
    answer = look(own_demo, data(png()), key="yk_demo_cn")
    assert (answer.status, answer.json["error"]["code"]) == (422, "input_invalid")
    assert asked(own_demo) == ""


# What follows is of the mainland, which demands a judge of pictures, with a partner whose model takes pictures.

LETS_IN = 'pictures = ["cn"]\n'
RED, BLUE = png(4, 4), png(8, 8)


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return Ground(tmp_path_factory.mktemp("ground"))


@pytest.fixture
def guard():
    guard = Guard()
    yield guard
    guard.close()


@pytest.fixture
def gate(ground, tmp_path, guard):
    """A function that runs a mainland gate, with these tables in its configuration."""
    with contextlib.ExitStack() as stack:

        def run(judge="", lets_in=LETS_IN):
            return stack.enter_context(market(ground, tmp_path / "gate", ("deepseek",), more=lets_in + judge))

        yield run


def sees(guard, more="", timeout_ms=20_000):
    return f"""
[[judge]]
id = "eye"
kind = "guard"
base_url = "{guard.base}"
region = "CN"
model = "vision"
timeout_ms = {timeout_ms}
pictures = true
directions = []
instruction = "Answer in the two lines of a guard."
{more}

[[judge.rule]]
said = "Violent"
category = "storms"
action = "refuse"
"""


def parts(*pictures):
    images = [{"type": "image_url", "image_url": {"url": data(picture)}} for picture in pictures]
    return [{"type": "text", "text": "Call 13800138000. What is this?"}, *images]


def sent(one):
    """The bodies that reached the partner."""
    [partner] = one.partners.values()
    return [json.dumps(json.loads(body)) for body in partner.own("GET", "asked")]


def flags_picture(picture):
    url = data(picture)
    return lambda messages: "Safety: Unsafe\nCategories: Violent" if url in json.dumps(messages) else safe(messages)


@pytest.mark.parametrize("stream", [True, False])
def test_a_picture_that_was_judged_reaches_the_partner_without_what_it_told(gate, guard, stream):
    one = gate(sees(guard))
    seen = one.ask(stream, content=parts(png(parts=[(b"tEXt", b"Comment\0" + SECRET)]), BLUE))
    assert seen.succeeded, seen
    [body] = sent(one)
    assert data(png()) in body and data(BLUE) in body
    assert len(guard.asked) == 2
    for messages, picture in zip(sorted(guard.asked, key=lambda asked: data(BLUE) in json.dumps(asked)), (RED, BLUE)):
        system, user = messages
        assert system == {"role": "system", "content": "Answer in the two lines of a guard."}
        text, image = user["content"]
        # The judge is told no more of the person than the partner is.
        assert "What is this?" in text["text"] and "13800138000" not in text["text"]
        assert image == {"type": "image_url", "image_url": {"url": data(picture)}}


@pytest.mark.parametrize("stream", [True, False])
def test_a_picture_that_was_found_unsafe_reaches_nobody(gate, guard, stream):
    guard.say = flags_picture(BLUE)
    one = gate(sees(guard))
    seen = one.ask(stream, content=parts(RED, BLUE))
    assert (seen.status, seen.error["code"]) == (422, "screen_refused"), seen
    assert notices(seen)["judge.eye.storms"]["direction"] == "input"
    assert sent(one) == []
    assert one.ask(stream, content=parts(RED)).succeeded
    assert len(sent(one)) == 1


def test_a_judge_of_pictures_alone_is_asked_about_no_text(gate, guard):
    one = gate(sees(guard))
    assert one.ask().complete
    assert guard.asked == []


def test_without_a_verdict_in_time_the_picture_stays(gate, guard):
    guard.say = lambda messages: None
    one = gate(sees(guard, timeout_ms=200))
    seen = one.ask(content=parts(RED))
    assert (seen.status, seen.error["code"]) == (503, "judge_unavailable"), seen
    assert sent(one) == []
    outcomes = one.metrics("yumen_judge_questions_total")
    assert outcomes == {(("judge", "eye"), ("outcome", "timeout")): 1}


def test_a_picture_too_large_for_its_judge_stays(gate, guard):
    one = gate(sees(guard, "max_picture_kib = 1"))
    large = png(parts=[(b"IDAT", bytes(3000))])
    assert one.ask(content=parts(large)).error["code"] == "judge_unavailable"
    assert sent(one) == [] and guard.asked == []


@pytest.mark.parametrize("more", [None, 'on_failure = "open"', 'markets = ["us"]'])
def test_the_mainland_takes_no_picture_unless_a_judge_would_withhold_it(gate, guard, more):
    one = gate("" if more is None else sees(guard, more))
    seen = one.ask(content=parts(RED))
    assert (seen.status, seen.error["code"]) == (422, "input_invalid"), seen
    assert "要求图片经外部审核" in seen.error["message"]
    assert sent(one) == [] and guard.asked == []
    assert one.ask().complete


def test_a_judge_alone_lets_no_picture_in(gate, guard):
    one = gate(sees(guard), lets_in="")
    assert one.ask(content=parts(RED)).error["code"] == "input_invalid"
    assert sent(one) == [] and guard.asked == []


def turns(beside):
    """A conversation with a picture in its first turn, as it is sent again with each of the later ones."""
    image = {"type": "image_url", "image_url": {"url": data(RED)}}
    first = {"role": "user", "content": [{"type": "text", "text": beside}, image]}
    more = [{"role": "assistant", "content": "A square."}, {"role": "user", "content": "What colour is it?"}]
    return [[first], [first, *more], [first, *more, *more]]


@pytest.mark.parametrize("minutes, times", [(10, 1), (0, 3)])
def test_a_picture_is_not_judged_again_with_each_turn_of_its_conversation(gate, guard, minutes, times):
    one = gate(sees(guard, f"remember_minutes = {minutes}"))
    for messages in turns("Call 13800138000. What is this?"):
        assert one.ask(messages=messages).succeeded
    assert (len(guard.asked), len(sent(one))) == (times, 3)
    outcomes = one.metrics("yumen_judge_questions_total")
    assert outcomes.get((("judge", "eye"), ("outcome", "remembered")), 0) == 3 - times
    # With other words it is another question.
    assert one.ask(messages=turns("Is this a lantern?")[0]).succeeded
    assert len(guard.asked) == times + 1


def test_a_picture_that_was_found_unsafe_stays_so_and_a_failure_is_not_remembered(gate, guard):
    one = gate(sees(guard))
    guard.say = lambda messages: "I cannot say."
    [messages, *_] = turns("What is this?")
    assert one.ask(messages=messages).error["code"] == "judge_unavailable"
    guard.say = flags_picture(RED)
    for _ in range(2):
        assert one.ask(messages=messages).error["code"] == "screen_refused"
    assert len(guard.asked) == 2 and sent(one) == []


def test_alibabas_guardrail_looks_at_pictures_in_full(gate, tmp_path):
    theirs = Guardrail(picture=BLUE)
    (tmp_path / "service.key").write_text(theirs.KEY)
    more = service("alibaba_guardrail", theirs.address, "pictures = true\ndirections = []\n" + REFUSED.format(said="contraband_act"),
                   "../service.key")
    try:
        one = gate(more)
        seen = one.ask(content=parts(RED, BLUE))
        assert (seen.status, seen.error["code"]) == (422, "screen_refused"), seen
        assert notices(seen)["judge.service.storms"]["direction"] == "input"
        assert sent(one) == []
        assert one.ask(content=parts(RED)).succeeded
        # Each once: the second time the red one was remembered.
        assert sorted(theirs.asked) == sorted([("img_query_security_check", RED), ("img_query_security_check", BLUE)])
    finally:
        theirs.close()


@pytest.mark.parametrize("more, warns", [
    ("", True), ('on_failure = "open"', True), ('markets = ["us"]', True), ("pictures = false\ndirections = [\"input\"]", True), ("", False)])
def test_pictures_let_in_without_a_judge_who_would_withhold_them_are_warned_of(ground, tmp_path, guard, more, warns):
    folder = ground.copy(tmp_path / "gate")
    config = folder / "yumen.toml"
    with_judge = sees(guard, more).replace("pictures = true\ndirections = []\ninstruction", "instruction") \
        if "pictures" in more else sees(guard, more)
    if "pictures" in more:
        with_judge = with_judge.replace('instruction = "Answer in the two lines of a guard."\n', "")
    tables = "" if warns and not more else with_judge
    config.write_text('[server]\ndata_dir = "data"\nprovider = "001191000000MA0DEM000C10000"\n' + LETS_IN + tables)
    found = json.loads(yumen("--json", "check", "--config", config).stdout)["warnings"]
    assert [warning for warning in found if "server.pictures: cn demands a judge of pictures" in warning] == found
    assert bool(found) is warns

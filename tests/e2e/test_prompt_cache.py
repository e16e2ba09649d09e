"""What a partner's prompt cache is told: that a conversation goes on, and never what its app calls it."""

import json

import pytest

from conftest import demo_gate
from partner_side import own
from programs import REPOSITORY


@pytest.fixture(scope="module")
def caching(tmp_path_factory):
    """A demo whose operator says that OpenAI's prompt cache is to be asked for."""
    folder = tmp_path_factory.mktemp("caching")
    card = (REPOSITORY / "catalog" / "partners" / "openai.toml").read_text()
    assert 'cache = "automatic"' in card
    (folder / "catalog" / "partners").mkdir(parents=True)
    (folder / "catalog" / "partners" / "openai.toml").write_text(card.replace('cache = "automatic"', 'cache = "marked"'))
    with demo_gate(folder / "data", "--catalog", folder / "catalog") as gate:
        yield gate


def hint(gate, conversation):
    """What of the request that reached the partner names the conversation."""
    body = {"model": "assistant.chat", "messages": [{"role": "user", "content": "Say hello."}]}
    if conversation is not None:
        body["prompt_cache_key"] = conversation
    answer = gate.post("/v1/chat/completions", body, key="yk_demo_us")
    assert answer.status == 200, answer.text
    raw = own(gate.addresses["emulated_openai"], "GET", "asked")[-1]
    assert not conversation or conversation not in raw
    return json.loads(raw).get("prompt_cache_key")


def test_a_cache_is_told_that_a_conversation_goes_on_and_not_its_name(caching):
    first, again, other = (hint(caching, name) for name in ("to the gate", "to the gate", "to the sea"))
    assert first == again != other
    # A hash in hexadecimal, which names nobody and is as short as partners take.
    assert len(first) == 32 and set(first) <= set("0123456789abcdef")
    assert hint(caching, None) is None and hint(caching, "") is None


def test_a_partner_that_keeps_beginnings_by_itself_is_told_nothing(demo):
    assert hint(demo, "to the gate") is None

"""Anthropic's own client against the emulated Anthropic, and against the partners that answer in its shape.
Runs with both versions of the interface: 2026-10-21 in the main environment, 2023-06-01 in one of its own."""

import anthropic
import pytest

from conftest import ENVIRONMENT

MODEL = "claude-sonnet-5-5"
OLD = ENVIRONMENT == "anthropic-2023-06-01"
TOOLS = [{"name": "get_weather", "description": "Current weather of a city",
          "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}]

# Where a partner answers in Anthropic's shape, under which model, and with what mark.
PLACES = {
    "anthropic": ("", MODEL, "[emulated Claude] "),
    "dashscope": ("/apps/anthropic", "qwen-plus", "【模拟通义千问】"),
    "minimax": ("/anthropic", "MiniMax-M3", "【模拟MiniMax】"),
}


def client_of(emulators, partner="anthropic", **how):
    how = how or ({"auth_token": "test-key"} if partner == "minimax" else {"api_key": "test-key"})
    return anthropic.Anthropic(base_url=emulators[partner] + PLACES[partner][0], max_retries=0, **how)


@pytest.fixture
def client(emulators):
    return client_of(emulators)


def ask(client, prompt, model=MODEL, **more):
    return client.messages.create(
        model=model, messages=[{"role": "user", "content": prompt}], **{"max_tokens": 2048, **more})


@pytest.mark.parametrize("partner", PLACES)
def test_whole_and_streamed_are_one_answer(emulators, partner):
    _, model, mark = PLACES[partner]
    client = client_of(emulators, partner)
    whole = ask(client, "Say hello.", model, system="Be brief.")
    assert whole.content[0].text.startswith(mark)
    assert (whole.stop_reason, whole.type, whole.role) == ("end_turn", "message", "assistant")
    with client.messages.stream(model=model, max_tokens=2048, system="Be brief.",
                                messages=[{"role": "user", "content": "Say hello."}]) as stream:
        text = "".join(stream.text_stream)
        final = stream.get_final_message()
    assert text == final.content[0].text == whole.content[0].text
    assert (final.usage.input_tokens, final.usage.output_tokens) == (
        whole.usage.input_tokens, whole.usage.output_tokens)
    assert whole.usage.input_tokens > 0 and whole.usage.output_tokens > 0


@pytest.mark.parametrize("partner", PLACES)
def test_tools_make_the_round_trip(emulators, partner):
    model = PLACES[partner][1]
    client = client_of(emulators, partner)
    messages = [{"role": "user", "content": "What is the weather in Beijing and Hangzhou?"}]
    with client.messages.stream(model=model, max_tokens=2048, messages=messages, tools=TOOLS) as stream:
        asked = stream.get_final_message()
    calls = [block for block in asked.content if block.type == "tool_use"]
    assert asked.stop_reason == "tool_use"
    assert [call.input for call in calls] == [{"city": "Beijing"}, {"city": "Hangzhou"}]
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "clear"} for call in calls]
    messages += [{"role": "assistant", "content": asked.content}, {"role": "user", "content": results}]
    answer = client.messages.create(model=model, max_tokens=2048, messages=messages, tools=TOOLS)
    assert "get_weather says: clear" in answer.content[0].text


def test_thinking_goes_back_signed_and_unchanged(client):
    asked = ask(client, "What is the weather in Beijing?", tools=TOOLS,
                thinking={"type": "enabled", "budget_tokens": 1024})
    thinking, call = asked.content
    assert thinking.thinking and thinking.signature
    messages = [
        {"role": "user", "content": "What is the weather in Beijing?"},
        {"role": "assistant", "content": [thinking.model_dump(), call.model_dump(exclude={"caller"})]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "clear"}]},
    ]
    assert "clear" in client.messages.create(
        model=MODEL, max_tokens=2048, messages=messages, tools=TOOLS).content[0].text
    messages[1]["content"][0]["thinking"] += " And so on."
    with pytest.raises(anthropic.BadRequestError, match="Invalid `signature`"):
        client.messages.create(model=MODEL, max_tokens=2048, messages=messages, tools=TOOLS)


def test_a_question_or_an_answer_declined_is_no_error(client):
    declined = ask(client, "[[moderation_input]]")
    assert (declined.stop_reason, declined.content) == ("refusal", [])
    assert declined.stop_details.type == "refusal"
    with client.messages.stream(model=MODEL, max_tokens=256, messages=[
            {"role": "user", "content": "[[moderation_output]]"}]) as stream:
        text = "".join(stream.text_stream)
        assert stream.get_final_message().stop_reason == "refusal"
    assert text


@pytest.mark.parametrize("prompt, error, status", [
    ("[[rate_limit]]", anthropic.RateLimitError, 429),
    ("[[overloaded]]", anthropic.APIStatusError, 529),
    ("[[error_500]]", anthropic.InternalServerError, 500),
    ("[[context_length]]", anthropic.BadRequestError, 400),
])
def test_refusals(client, prompt, error, status):
    with pytest.raises(error) as raised:
        ask(client, prompt)
    assert raised.value.status_code == status
    assert raised.value.request_id.startswith("req_")
    if status == 429:
        assert raised.value.response.headers["retry-after"] == "1"


def test_an_error_in_mid_stream_and_a_cut_raise(client):
    for prompt in ("[[error_mid_stream]]", "[[cut_stream]]"):
        text = ""
        with pytest.raises(Exception):
            with client.messages.stream(model=MODEL, max_tokens=2048, messages=[
                    {"role": "user", "content": prompt}]) as stream:
                for piece in stream.text_stream:
                    text += piece
        assert "[emulated Claude] ".startswith(text) and text


@pytest.mark.parametrize("how", [{"api_key": "bad-key"}, {"auth_token": "bad-key"}])
def test_a_bad_key_in_either_header(emulators, how):
    with pytest.raises(anthropic.AuthenticationError):
        ask(client_of(emulators, **how), "x")


def test_minimax_knows_only_the_bearer(emulators):
    keyed = anthropic.Anthropic(
        base_url=emulators["minimax"] + "/anthropic", max_retries=0, api_key=None, auth_token=None,
        default_headers={"x-api-key": "test-key", "authorization": anthropic.Omit()})
    with pytest.raises(anthropic.InternalServerError, match="1033"):
        ask(keyed, "x", "MiniMax-M3")


def test_what_the_versions_of_the_interface_differ_in(client):
    extra = {"extra_body": {"temperature": 0.5}}
    if OLD:
        assert ask(client, "Say hello.", **extra).content
    else:
        with pytest.raises(anthropic.BadRequestError, match="temperature: Extra inputs"):
            ask(client, "Say hello.", **extra)


@pytest.mark.parametrize("more, words", [
    ({"extra_body": {"temprature": 1}}, "temprature: Extra inputs are not permitted"),
    ({"thinking": {"type": "enabled", "budget_tokens": 4096}}, "max_tokens"),
    ({"tool_choice": {"type": "any"}}, "tool_choice"),
    ({"messages": []}, "at least one message"),
    ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}, "prefill"),
])
def test_the_request_is_checked(client, more, words):
    body = {"model": MODEL, "max_tokens": 2048, "messages": [{"role": "user", "content": "x"}], **more}
    with pytest.raises(anthropic.BadRequestError, match=words):
        client.messages.create(**body)
    with pytest.raises(anthropic.NotFoundError, match="claude-1"):
        ask(client, "x", "claude-1")

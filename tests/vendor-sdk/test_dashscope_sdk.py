"""Alibaba's own client, in both its generations, and OpenAI's client against the emulated DashScope."""

import json

import dashscope
import openai
import pytest
from dashscope.v2 import errors

MODEL = "qwen-plus"
MARK = "【模拟通义千问】"
PATHS = {"native": "/api/v1", "openai": "/compatible-mode/v1"}


def says(prompt):
    return [{"role": "system", "content": "You are helpful."}, {"role": "user", "content": prompt}]


# ------------------------------------------------------------------ generation 1: errors are returned

@pytest.fixture
def call(emulators, monkeypatch):
    monkeypatch.setattr(dashscope, "base_http_api_url", emulators["dashscope"] + "/api/v1")

    def call(messages, key="test-key", **more):
        return dashscope.Generation.call(
            model=MODEL, api_key=key, messages=messages, result_format="message", **more)

    return call


def test_1_chat(call):
    answer = call(says("你好"))
    assert answer.status_code == 200
    choice = answer.output.choices[0]
    assert choice.message.content.startswith(MARK)
    assert "你好" in choice.message.content
    assert choice.finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens > 0


@pytest.mark.parametrize("incremental", [True, False])
def test_1_stream(call, incremental):
    parts = list(call(says("你好"), stream=True, incremental_output=incremental))
    choices = [part.output.choices[0] for part in parts]
    text = "".join(c.message.content for c in choices) if incremental else choices[-1].message.content
    assert text == call(says("你好")).output.choices[0].message.content
    assert [c.finish_reason for c in choices[:-1]] == ["null"] * (len(choices) - 1)
    assert choices[-1].finish_reason == "stop"
    spent = [part.usage.output_tokens for part in parts]
    assert spent == sorted(spent) and spent[0] < spent[-1]
    assert len({part.request_id for part in parts}) == 1


def test_1_thinking(call):
    parts = list(call(says("你好"), stream=True, incremental_output=True, enable_thinking=True))
    messages = [part.output.choices[0].message for part in parts]
    assert "".join(m.get("reasoning_content") or "" for m in messages).startswith(MARK)
    assert "".join(m.content for m in messages).startswith(MARK)


def test_1_tool_round_trip(call, weather):
    messages = says("杭州现在的天气如何？")
    first = call(messages, tools=[weather]).output.choices[0]
    assert first.finish_reason == "tool_calls"
    asked = first.message.tool_calls[0]
    assert json.loads(asked["function"]["arguments"]) == {"city": "杭州"}
    messages += [
        {"role": "assistant", "content": "", "tool_calls": first.message.tool_calls},
        {"role": "tool", "tool_call_id": asked["id"], "content": "晴，十二度"},
    ]
    second = call(messages, tools=[weather]).output.choices[0]
    assert "晴，十二度" in second.message.content
    assert second.finish_reason == "stop"


@pytest.mark.parametrize("prompt, status, code", [
    ("[[rate_limit]]", 429, "Throttling.RateQuota"),
    ("[[overloaded]]", 503, "ServiceUnavailable"),
    ("[[error_500]]", 500, "InternalError"),
    ("[[moderation_input]]", 400, "DataInspectionFailed"),
    ("[[moderation_output]]", 400, "DataInspectionFailed"),
])
def test_1_refusals(call, prompt, status, code):
    answer = call(says(prompt))
    assert (answer.status_code, answer.code) == (status, code)
    assert answer.request_id


def test_1_moderation_in_mid_stream(call):
    *good, last = call(says("[[moderation_output]]"), stream=True, incremental_output=True)
    assert "".join(part.output.choices[0].message.content for part in good).startswith(MARK)
    assert last.code == "DataInspectionFailed"


@pytest.mark.parametrize("stream", [False, True])
def test_1_bad_key(call, stream):
    answer = call(says("你好"), key="bad-key", stream=stream)
    answer = list(answer)[-1] if stream else answer
    assert (answer.status_code, answer.code) == (401, "InvalidApiKey")


# ------------------------------------------------------------------ generation 2: errors are raised

@pytest.fixture(params=["native", "openai"])
def client(request, emulators):
    return client_of(emulators, request.param)


def client_of(emulators, protocol, key="test-key"):
    return dashscope.Client(
        api_key=key, base_url=emulators["dashscope"] + PATHS[protocol], protocol=protocol, max_retries=0)


def test_2_chat(client):
    answer = client.chat.completions.create(model=MODEL, messages=says("Say hello."))
    assert answer.choices[0].message.content.startswith(MARK)
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens > 0


def test_2_stream(client):
    chunks = list(client.chat.completions.create(model=MODEL, messages=says("Say hello."), stream=True))
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices).startswith(MARK)
    assert choices[-1].finish_reason == "stop"
    assert [chunk.usage for chunk in chunks if chunk.usage][-1].total_tokens > 0


def test_2_tool_stream(client, weather, calls):
    stream = client.chat.completions.create(
        model=MODEL, messages=says("What is the weather in Beijing?"), tools=[weather], stream=True)
    for chunk in stream:
        for part in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            calls.add(part.index, part.id, part.function.name, part.function.arguments)
    (call,) = calls.all()
    assert (call["name"], json.loads(call["arguments"])) == ("get_weather", {"city": "Beijing"})
    assert call["id"].startswith("call_")


@pytest.mark.parametrize("prompt, error", [
    ("[[rate_limit]]", errors.RateLimitError),
    ("[[moderation_input]]", errors.BadRequestError),
])
def test_2_refusals(client, prompt, error):
    with pytest.raises(error):
        client.chat.completions.create(model=MODEL, messages=says(prompt))


@pytest.mark.parametrize("protocol", PATHS)
def test_2_bad_key(emulators, protocol):
    client = client_of(emulators, protocol, key="bad-key")
    with pytest.raises(errors.AuthenticationError):
        client.chat.completions.create(model=MODEL, messages=says("x"))


@pytest.mark.parametrize("stream", [False, True])
def test_2_native_moderation_is_a_content_filter(emulators, stream):
    client = client_of(emulators, "native")
    with pytest.raises(errors.ContentFilterError):
        answer = client.chat.completions.create(
            model=MODEL, messages=says("[[moderation_output]]"), stream=stream)
        list(answer)


def test_2_unknown_model(client):
    with pytest.raises(errors.NotFoundError):
        client.chat.completions.create(model="qwen-nano", messages=says("x"))


# ------------------------------------------------------------------ OpenAI's client, compatible mode

@pytest.fixture
def compatible(emulators):
    base = emulators["dashscope"] + "/compatible-mode/v1"
    return openai.OpenAI(api_key="test-key", base_url=base, max_retries=0)


def test_compatible_chat_and_stream(compatible):
    whole = compatible.chat.completions.create(
        model=MODEL, messages=says("你好"), extra_body={"enable_thinking": False})
    assert whole.choices[0].message.content.startswith(MARK)
    chunks = list(compatible.chat.completions.create(
        model=MODEL, messages=says("你好"), stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage.total_tokens == whole.usage.total_tokens


def test_compatible_moderation(compatible):
    with pytest.raises(openai.BadRequestError) as raised:
        compatible.chat.completions.create(model=MODEL, messages=says("[[moderation_input]]"))
    assert raised.value.code == "data_inspection_failed"
    text = ""
    with pytest.raises(openai.APIError) as raised:
        for chunk in compatible.chat.completions.create(
                model=MODEL, messages=says("[[moderation_output]]"), stream=True):
            text += chunk.choices[0].delta.content or ""
    assert raised.value.code == "data_inspection_failed"
    assert text.startswith(MARK)


def test_compatible_tool_round_trip(compatible, weather):
    messages = says("What is the weather in Beijing?")
    first = compatible.chat.completions.create(model=MODEL, messages=messages, tools=[weather])
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    messages += [message, {"role": "tool", "tool_call_id": message.tool_calls[0].id, "content": "clear"}]
    second = compatible.chat.completions.create(model=MODEL, messages=messages, tools=[weather])
    assert "clear" in second.choices[0].message.content

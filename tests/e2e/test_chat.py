"""The OpenAI surface, with OpenAI's own Python client: nothing but the base URL differs."""

import json

import openai
import pytest

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Current weather of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}},
                       "required": ["city"]},
    },
}
ASK = [{"role": "user", "content": "What is the weather in Beijing?"}]


@pytest.fixture(params=["yk_demo_us", "yk_demo_cn"])
def client(demo, request):
    return openai.OpenAI(base_url=demo.base + "/v1", api_key=request.param, max_retries=0)


def about(answer):
    return answer.model_extra["yumen"]


def test_models_are_listed(client):
    assert "assistant.chat" in [model.id for model in client.models.list()]


def test_a_whole_answer(demo, client):
    answer = client.chat.completions.create(
        model="assistant.chat", messages=[{"role": "user", "content": "Say hello."}])
    choice = answer.choices[0]
    assert choice.message.role == "assistant"
    assert "emulated" in choice.message.content or "模拟" in choice.message.content
    assert choice.finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert about(answer)["served_by"]["emulated"] is True
    assert about(answer)["label"]["visible"]
    demo.verify(about(answer))


def test_a_stream_with_usage(demo, client):
    text, usage, ends, abouts = "", None, [], []
    stream = client.chat.completions.create(
        model="assistant.chat", messages=[{"role": "user", "content": "Say hello."}],
        stream=True, stream_options={"include_usage": True})
    for chunk in stream:
        if "yumen" in (chunk.model_extra or {}):
            abouts.append(about(chunk))
        if not chunk.choices:
            usage = chunk.usage
            continue
        assert usage is None, "usage comes last"
        text += chunk.choices[0].delta.content or ""
        if chunk.choices[0].finish_reason:
            ends.append(chunk.choices[0].finish_reason)
    whole = client.chat.completions.create(
        model="assistant.chat", messages=[{"role": "user", "content": "Say hello."}])
    assert text == whole.choices[0].message.content
    assert ends == ["stop"]
    assert usage.total_tokens > 0
    first, last = abouts
    assert first["receipt"]["id"] == last["receipt"]["id"]
    demo.verify(last)


def test_a_stream_without_usage_has_none(client):
    stream = client.chat.completions.create(
        model="assistant.chat", messages=[{"role": "user", "content": "Say hello."}], stream=True)
    assert all(chunk.usage is None and chunk.choices for chunk in stream)


@pytest.mark.parametrize("streamed", [False, True])
def test_a_tool_is_called_and_its_result_taken_in(client, streamed):
    call = first_call(client, streamed)
    assert call["name"] == "get_weather"
    assert json.loads(call["arguments"])["city"]
    messages = ASK + [
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": call["id"], "type": "function",
             "function": {"name": call["name"], "arguments": call["arguments"]}}]},
        {"role": "tool", "tool_call_id": call["id"], "content": '{"temperature": "21 degrees"}'},
    ]
    answer = client.chat.completions.create(
        model="assistant.chat", messages=messages, tools=[WEATHER])
    assert "21 degrees" in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"


def first_call(client, streamed):
    if not streamed:
        answer = client.chat.completions.create(model="assistant.chat", messages=ASK, tools=[WEATHER])
        assert answer.choices[0].finish_reason == "tool_calls"
        call = answer.choices[0].message.tool_calls[0]
        return {"id": call.id, "name": call.function.name, "arguments": call.function.arguments}
    call, end = {"id": "", "name": "", "arguments": ""}, None
    for chunk in client.chat.completions.create(
            model="assistant.chat", messages=ASK, tools=[WEATHER], stream=True):
        for choice in chunk.choices:
            for delta in choice.delta.tool_calls or []:
                assert delta.index == 0
                call["id"] += delta.id or ""
                call["name"] += delta.function.name or ""
                call["arguments"] += delta.function.arguments or ""
            end = choice.finish_reason or end
    assert end == "tool_calls"
    return call


@pytest.mark.parametrize("request_, error, code", [
    ({"model": "gpt-99"}, openai.NotFoundError, "model_unknown"),
    ({"messages": []}, openai.UnprocessableEntityError, "input_invalid"),
    ({"extra_body": {"colour": "red"}}, openai.UnprocessableEntityError, "input_invalid"),
    ({"messages": [{"role": "user", "content": "[[rate_limit]]"}]}, openai.RateLimitError,
     "partner_rate_limited"),
    ({"messages": [{"role": "user", "content": "[[moderation_input]]"}]},
     openai.UnprocessableEntityError, "partner_refused"),
    ({"messages": [{"role": "user", "content": "[[error_500]]"}]}, openai.InternalServerError,
     "partner_server"),
])
def test_errors_become_the_clients_exceptions(client, request_, error, code):
    asked = {"model": "assistant.chat", "messages": [{"role": "user", "content": "Hi."}], **request_}
    with pytest.raises(error) as raised:
        client.chat.completions.create(**asked)
    assert raised.value.code == code
    assert raised.value.message


def test_a_key_that_needs_an_assertion_says_so(demo):
    client = openai.OpenAI(base_url=demo.base + "/v1", api_key="yk_demo", max_retries=0)
    with pytest.raises(openai.PermissionDeniedError) as raised:
        client.chat.completions.create(model="assistant.chat", messages=ASK)
    assert raised.value.code == "assertion_missing"
    client = openai.OpenAI(base_url=demo.base + "/v1", api_key="yk_nobody", max_retries=0)
    with pytest.raises(openai.AuthenticationError):
        client.models.list()


@pytest.mark.parametrize("prompt", ["[[cut_stream]]", "[[error_mid_stream]]"])
def test_a_stream_that_breaks_is_an_error_not_a_short_answer(client, prompt):
    with pytest.raises(openai.APIError):
        for _ in client.chat.completions.create(
                model="assistant.chat", messages=[{"role": "user", "content": prompt}], stream=True):
            pass


def test_a_partner_that_takes_back_its_answer_has_it_withdrawn(demo):
    stream = demo.feature("assistant.chat", "yk_demo_cn", language="zh", stream=True, input={
        "messages": [{"role": "user", "content": "[[moderation_output]]"}]})
    events = stream.events()
    names = [name for name, _ in events]
    assert names[0] == "start"
    assert names[-2:] == ["restart", "error"], names
    assert events[-1][1]["code"] == "partner_refused"

"""OpenAI's own client against the emulated OpenAI."""

import asyncio
import json

import openai
import pytest

MODEL = "gpt-5.4-mini"
MARK = "[emulated ChatGPT] "


@pytest.fixture
def client(emulators):
    return openai.OpenAI(api_key="test-key", base_url=emulators["openai"] + "/v1", max_retries=0)


def says(prompt):
    return [{"role": "system", "content": "You are helpful."}, {"role": "user", "content": prompt}]


def test_chat(client):
    raw = client.chat.completions.with_raw_response.create(model=MODEL, messages=says("Say hello."))
    assert raw.headers["x-emulated"] == "yumen"
    answer = raw.parse()
    choice = answer.choices[0]
    assert choice.message.content.startswith(MARK)
    assert "Say hello." in choice.message.content
    assert choice.finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0
    assert answer._request_id.startswith("req_")


def test_rewrite_is_the_text_in_another_style(client):
    messages = [{"role": "system", "content": "Task: rewrite; style: professional\nKeep the meaning."},
                {"role": "user", "content": "I can't come."}]
    answer = client.chat.completions.create(model=MODEL, messages=messages)
    assert answer.choices[0].message.content == MARK + "I cannot come."


def test_stream_with_usage(client):
    stream = client.chat.completions.create(
        model=MODEL, messages=says("Say hello."), stream=True, stream_options={"include_usage": True})
    chunks = list(stream)
    assert len({chunk.id for chunk in chunks}) == 1
    with_choice = [chunk.choices[0] for chunk in chunks if chunk.choices]
    text = "".join(choice.delta.content or "" for choice in with_choice)
    assert text.startswith(MARK) and len(with_choice) > 10
    assert [choice.finish_reason for choice in with_choice if choice.finish_reason] == ["stop"]
    assert [chunk.usage.total_tokens > 0 for chunk in chunks if chunk.usage] == [True]
    assert chunks[-1].choices == []


def test_stream_of_the_async_client(emulators):
    async def run():
        async with openai.AsyncOpenAI(
                api_key="test-key", base_url=emulators["openai"] + "/v1", max_retries=0) as client:
            stream = await client.chat.completions.create(
                model=MODEL, messages=says("Say hello."), stream=True)
            return "".join([chunk.choices[0].delta.content or "" async for chunk in stream])

    assert asyncio.run(run()).startswith(MARK)


def test_tool_round_trip(client, weather):
    messages = says("What is the weather in Beijing?")
    first = client.chat.completions.create(model=MODEL, messages=messages, tools=[weather])
    assert first.choices[0].finish_reason == "tool_calls"
    message = first.choices[0].message
    assert message.content is None
    call = message.tool_calls[0]
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Beijing"})
    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": "12 degrees, clear"}]
    second = client.chat.completions.create(model=MODEL, messages=messages, tools=[weather])
    assert "12 degrees, clear" in second.choices[0].message.content
    assert second.choices[0].finish_reason == "stop"


def test_parallel_tool_calls_streamed(client, weather, calls):
    stream = client.chat.completions.create(
        model=MODEL, messages=says("What is the weather in Beijing and Hangzhou?"), tools=[weather],
        stream=True)
    for chunk in stream:
        for part in chunk.choices[0].delta.tool_calls or []:
            calls.add(part.index, part.id, part.function.name, part.function.arguments)
    assert [json.loads(call["arguments"])["city"] for call in calls.all()] == ["Beijing", "Hangzhou"]
    assert all(call["name"] == "get_weather" for call in calls.all())
    assert len({call["id"] for call in calls.all()}) == 2


def test_structured_answer(client):
    schema = {"name": "answer", "schema": {"type": "object", "properties": {"text": {"type": "string"}},
                                           "required": ["text"], "additionalProperties": False}}
    answer = client.chat.completions.create(
        model=MODEL, messages=says("Say hello."),
        response_format={"type": "json_schema", "json_schema": schema})
    assert json.loads(answer.choices[0].message.content)["text"].startswith(MARK)


@pytest.mark.parametrize("prompt, error, code", [
    ("[[rate_limit]]", openai.RateLimitError, "rate_limit_exceeded"),
    ("[[quota]]", openai.RateLimitError, "insufficient_quota"),
    ("[[overloaded]]", openai.InternalServerError, "server_is_overloaded"),
    ("[[error_500]]", openai.InternalServerError, None),
    ("[[moderation_input]]", openai.BadRequestError, "invalid_prompt"),
])
@pytest.mark.parametrize("stream", [False, True])
def test_refusals(client, prompt, error, code, stream):
    with pytest.raises(error) as raised:
        client.chat.completions.create(model=MODEL, messages=says(prompt), stream=stream)
    assert raised.value.code == code
    assert raised.value.request_id.startswith("req_")


def test_bad_key(client):
    with pytest.raises(openai.AuthenticationError) as raised:
        client.with_options(api_key="bad-key").chat.completions.create(model=MODEL, messages=says("x"))
    assert raised.value.code == "invalid_api_key"


def test_unknown_model_and_unknown_field(client):
    with pytest.raises(openai.NotFoundError) as raised:
        client.chat.completions.create(model="gpt-1", messages=says("x"))
    assert raised.value.code == "model_not_found"
    with pytest.raises(openai.BadRequestError) as raised:
        client.chat.completions.create(model=MODEL, messages=says("x"), extra_body={"temprature": 1})
    assert (raised.value.code, raised.value.param) == ("unknown_parameter", "temprature")


def test_moderation_of_the_output_ends_the_stream(client):
    stream = client.chat.completions.create(
        model=MODEL, messages=says("[[moderation_output]]"), stream=True)
    choices = [chunk.choices[0] for chunk in stream]
    assert "".join(choice.delta.content or "" for choice in choices).startswith(MARK)
    assert choices[-1].finish_reason == "content_filter"


def test_refusal_by_the_model(client):
    answer = client.chat.completions.create(model=MODEL, messages=says("[[refusal]]"))
    assert answer.choices[0].message.content is None
    assert answer.choices[0].message.refusal.startswith(MARK)


@pytest.mark.parametrize("prompt, error", [
    ("[[error_mid_stream]]", openai.APIError),
    ("[[cut_stream]]", Exception),
])
def test_faults_in_mid_stream_raise_after_some_text(client, prompt, error):
    text = ""
    with pytest.raises(error):
        for chunk in client.chat.completions.create(model=MODEL, messages=says(prompt), stream=True):
            text += chunk.choices[0].delta.content or ""
    assert MARK.startswith(text) and text


def test_closing_a_stream_is_noticed(client, stats, wait_for):
    before = stats("openai")["cancelled_streams"]
    stream = client.chat.completions.create(model=MODEL, messages=says("[[slow]]"), stream=True)
    next(iter(stream))
    stream.close()
    client.close()
    wait_for(lambda: stats("openai")["cancelled_streams"] == before + 1)


def test_responses(client):
    answer = client.responses.create(model=MODEL, input="Say hello.", instructions="Be brief.")
    assert answer.status == "completed"
    assert answer.output_text.startswith(MARK)
    assert answer.usage.total_tokens > 0


def test_responses_stream(client):
    with client.responses.stream(model=MODEL, input="Say hello.") as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert text == final.output_text
    assert text.startswith(MARK)


def test_responses_function_round_trip(client, weather):
    tools = [{"type": "function", "strict": False, **weather["function"]}]
    question = {"role": "user", "content": "What is the weather in Beijing?"}
    first = client.responses.create(model="gpt-6.1-sol", input=[question], tools=tools)
    call = first.output[0]
    assert (call.type, json.loads(call.arguments)) == ("function_call", {"city": "Beijing"})
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "clear"}
    asked = {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
    second = client.responses.create(model="gpt-6.1-sol", input=[question, asked, result], tools=tools)
    assert "clear" in second.output_text


def test_models(client):
    assert MODEL in [model.id for model in client.models.list()]

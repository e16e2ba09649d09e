"""Ollama's own client against the emulated server."""

import json

import ollama
import pytest

MODEL = "llama3.3"
MARK = "[emulated Llama] "


@pytest.fixture
def client(emulators):
    return ollama.Client(host=emulators["ollama"])


def says(prompt):
    return [{"role": "user", "content": prompt}]


def test_whole_and_streamed_are_one_answer(client):
    whole = client.chat(model=MODEL, messages=says("Say hello."))
    assert whole.message.content.startswith(MARK)
    parts = list(client.chat(model=MODEL, messages=says("Say hello."), stream=True))
    assert "".join(part.message.content for part in parts) == whole.message.content
    last = parts[-1]
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]
    assert (last.done_reason, last.eval_count) == ("stop", whole.eval_count)
    assert whole.prompt_eval_count > 0 and whole.total_duration > 0


@pytest.mark.parametrize("stream", [False, True])
def test_tools_make_the_round_trip(client, weather, stream):
    messages = says("What is the weather in Beijing and Hangzhou?")
    answer = client.chat(model=MODEL, messages=messages, tools=[weather], stream=stream)
    parts = list(answer) if stream else [answer]
    calls = [call for part in parts for call in part.message.tool_calls or []]
    assert [call.function.arguments for call in calls] == [{"city": "Beijing"}, {"city": "Hangzhou"}]
    assert parts[-1].done_reason == "stop"
    messages.append({"role": "assistant", "content": "", "tool_calls": [call.model_dump() for call in calls]})
    messages += [{"role": "tool", "content": "clear", "tool_name": "get_weather"}] * 2
    assert "get_weather says: clear" in client.chat(model=MODEL, messages=messages).message.content


def test_thinking_is_for_models_that_can(client):
    answer = client.chat(model="qwen3", messages=says("Say hello."), think=True)
    assert answer.message.thinking.startswith(MARK) and answer.message.content
    assert not client.chat(model="qwen3", messages=says("Say hello."), think=False).message.thinking
    with pytest.raises(ollama.ResponseError, match="does not support thinking"):
        client.chat(model=MODEL, messages=says("Say hello."), think=True)


def test_form_limit_and_loading(client):
    schema = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
    answer = client.chat(model=MODEL, messages=says("Say hello."), format=schema)
    assert json.loads(answer.message.content)["text"].startswith(MARK)
    short = client.chat(model=MODEL, messages=says("Say hello."), options={"num_predict": 8})
    assert short.done_reason == "length"
    assert client.chat(model=MODEL, messages=[]).done_reason == "load"


@pytest.mark.parametrize("prompt, status", [("[[overloaded]]", 503), ("[[error_500]]", 500), ("[[context_length]]", 400)])
def test_refusals(client, prompt, status):
    with pytest.raises(ollama.ResponseError) as raised:
        client.chat(model=MODEL, messages=says(prompt))
    assert raised.value.status_code == status


def test_an_error_in_mid_stream_is_a_line_of_its_own(client):
    text = ""
    with pytest.raises(ollama.ResponseError) as raised:
        for part in client.chat(model=MODEL, messages=says("[[error_mid_stream]]"), stream=True):
            text += part.message.content
    assert raised.value.status_code == -1
    assert MARK.startswith(text) and text


def test_models(client):
    assert f"{MODEL}:latest" in [model.model for model in client.list().models]
    with pytest.raises(ollama.ResponseError) as raised:
        client.chat(model="no-such-model", messages=says("x"))
    assert raised.value.status_code == 404

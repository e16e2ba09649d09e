"""Partners of OpenAI's shape, each with the client it tells its users to take."""

import json

import openai
import pytest
import qianfan
from llama_api_client import LlamaAPIClient
from volcenginesdkarkruntime import Ark

# Where each partner answers, and under which model.
PARTNERS = {
    "ark": ("/api/v3", "doubao-seed-2-1-pro-260915"),
    "deepseek": ("", "deepseek-flash"),
    "huawei": ("/v2", "pangu-pro-moe"),
    "llama-cpp": ("/v1", "llama-3.3-70b"),
    "minimax": ("/v1", "MiniMax-M3"),
    "moonshot": ("/v1", "kimi-k3.1-pro"),
    "qianfan": ("/v2", "ernie-5.0"),
    "tokenhub": ("/v1", "hy4-preview"),
    "vllm": ("/v1", "meta-llama/Llama-3.3-70B-Instruct"),
}


@pytest.fixture(params=[*PARTNERS, "ark by its own client"])
def partner(request, emulators):
    """The client of a partner, by its key, and the model."""
    name, *own = request.param.split(" by ")
    base, model = PARTNERS[name]
    kind = Ark if own else openai.OpenAI

    def client(key="test-key"):
        return kind(api_key=key, base_url=emulators[name] + base, max_retries=0)

    return client, model


def says(prompt):
    return [{"role": "user", "content": prompt}]


def test_whole_and_streamed_are_one_answer(partner):
    client, model = partner
    whole = client().chat.completions.create(model=model, messages=says("Say hello."))
    assert "\"Say hello.\"" in whole.choices[0].message.content
    assert whole.choices[0].finish_reason == "stop" and whole.usage.total_tokens > 0
    chunks = list(client().chat.completions.create(
        model=model, messages=says("Say hello."), stream=True, stream_options={"include_usage": True}))
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == whole.choices[0].message.content
    assert [choice.finish_reason for choice in choices if choice.finish_reason] == ["stop"]
    assert [chunk.usage for chunk in chunks if chunk.usage]


def test_tools_make_the_round_trip(partner, weather, calls):
    client, model = partner
    messages = says("What is the weather in Beijing?")
    for chunk in client().chat.completions.create(model=model, messages=messages, tools=[weather], stream=True):
        for part in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            calls.add(part.index, part.id, part.function.name, part.function.arguments)
    (call,) = calls.all()
    assert (call["name"], json.loads(call["arguments"])) == ("get_weather", {"city": "Beijing"})
    whole = client().chat.completions.create(model=model, messages=messages, tools=[weather])
    messages += [whole.choices[0].message.model_dump(exclude_none=True),
                 {"role": "tool", "tool_call_id": whole.choices[0].message.tool_calls[0].id, "content": "clear"}]
    answer = client().chat.completions.create(model=model, messages=messages, tools=[weather])
    assert "get_weather says: clear" in answer.choices[0].message.content


def test_errors_are_raised(partner):
    client, model = partner
    with pytest.raises(Exception) as raised:
        client("bad-key").chat.completions.create(model=model, messages=says("x"))
    assert raised.value.status_code in (401, 403)
    if model != PARTNERS["llama-cpp"][1]:  # which serves the one model it was started with
        with pytest.raises(Exception) as raised:
            client().chat.completions.create(model="no-such-model", messages=says("x"))
        assert 400 <= raised.value.status_code < 500
    with pytest.raises(Exception) as raised:
        client().chat.completions.create(model=model, messages=says("[[error_500]]"))
    assert raised.value.status_code >= 500


def test_qianfan_by_its_own_client(emulators, monkeypatch):
    config = qianfan.get_config()
    monkeypatch.setattr(config, "CONSOLE_API_BASE_URL", emulators["qianfan"])
    monkeypatch.setattr(config, "BEARER_TOKEN", "bce-v3/ALTAK-test/0000")
    client = qianfan.ChatCompletion(version="2")
    whole = client.do(model="ernie-5.0", messages=says("你好"), retry_count=1).body
    pieces = client.do(model="ernie-5.0", messages=says("你好"), stream=True, retry_count=1)
    text = "".join((piece.body["choices"] or [{"delta": {}}])[0]["delta"].get("content", "") for piece in pieces)
    assert text == whole["choices"][0]["message"]["content"]
    assert whole["usage"]["total_tokens"] > 0


def test_metas_retired_interface_by_metas_client(emulators):
    client = LlamaAPIClient(base_url=emulators["llama-api"] + "/v1", api_key="test-key", max_retries=0)
    body = {"model": "Llama-4-Maverick-17B-128E-Instruct-FP8", "messages": says("Say hello.")}
    whole = client.chat.completions.create(**body)
    events = [chunk.event for chunk in client.chat.completions.create(stream=True, **body)]
    text = "".join(event.delta.text for event in events)
    assert text == whole.completion_message.content.text
    assert [event.stop_reason for event in events if event.stop_reason] == ["stop"]
    assert {metric.metric: metric.value for metric in whole.metrics}["num_total_tokens"] > 0

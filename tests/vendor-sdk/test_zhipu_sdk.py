"""Zhipu's own clients against the emulated partner: zai-sdk in the main environment, the older zhipuai in one
of its own. Both send the key as it is, or sign a token with it."""

import json

import pytest

from conftest import ENVIRONMENT

if ENVIRONMENT == "zhipuai-legacy":
    import zhipuai as sdk
    from zhipuai import ZhipuAI as Client
    errors = sdk.core._errors
else:
    from zai import ZhipuAiClient as Client, core as errors

MODEL = "glm-5.3"
MARK = "【模拟智谱GLM】"


@pytest.fixture(params=["raw key", "token"])
def client_of(request, emulators):
    def make(key="testid.testsecret"):
        return Client(api_key=key, base_url=emulators["zhipu"] + "/api/paas/v4", max_retries=0,
                      disable_token_cache=request.param == "raw key")

    make.signs = request.param == "token"
    return make


def ask(client, prompt, **more):
    return client.chat.completions.create(
        model=MODEL, messages=[{"role": "user", "content": prompt}], **more)


def test_whole_and_streamed_are_one_answer(client_of):
    client = client_of()
    whole = ask(client, "你好", thinking={"type": "disabled"})
    assert whole.choices[0].message.content.startswith(MARK)
    chunks = list(ask(client, "你好", thinking={"type": "disabled"}, stream=True))
    choices = [chunk.choices[0] for chunk in chunks if chunk.choices]
    assert "".join(choice.delta.content or "" for choice in choices) == whole.choices[0].message.content
    assert choices[-1].finish_reason == "stop"
    assert [chunk.usage.total_tokens for chunk in chunks if chunk.usage][-1] == whole.usage.total_tokens > 0


def test_reasoning_and_tools(client_of, weather):
    client = client_of()
    thought = ask(client, "你好", thinking={"type": "enabled"})
    assert thought.choices[0].message.reasoning_content.startswith(MARK)
    asked = ask(client, "What is the weather in Beijing?", tools=[weather], tool_choice="auto")
    (call,) = asked.choices[0].message.tool_calls
    assert asked.choices[0].finish_reason == "tool_calls"
    assert json.loads(call.function.arguments) == {"city": "Beijing"}


def test_a_wrong_key(client_of):
    for key in ["badid.badsecret"] + ["testid.badsecret"] * client_of.signs:
        with pytest.raises(errors.APIAuthenticationError):
            ask(client_of(key), "x")


def test_refusals_and_moderation(client_of):
    client = client_of()
    with pytest.raises(errors.APIReachLimitError):
        ask(client, "[[rate_limit]]")
    with pytest.raises(errors.APIRequestFailedError) as raised:
        ask(client, "[[moderation_input]]")
    assert "1301" in str(raised.value)
    chunks = list(ask(client, "[[moderation_output]]", stream=True))
    assert chunks[-1].choices[0].finish_reason == "sensitive"

"""Tencent's own client, which signs with TC3, against the emulated Hunyuan."""

import json
from urllib.parse import urlparse

import pytest
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.hunyuan.v20230901 import hunyuan_client, models

MARK = "【模拟混元】"


@pytest.fixture
def ask(emulators):
    """Asks; gives the answer, or the chunks of a stream."""

    def ask(prompt, key=("AKIDtest", "SECRETtest"), **body):
        profile = HttpProfile(protocol="http", endpoint=urlparse(emulators["tencent"]).netloc)
        client = hunyuan_client.HunyuanClient(
            credential.Credential(*key), "", ClientProfile(httpProfile=profile))
        request = models.ChatCompletionsRequest()
        messages = prompt if isinstance(prompt, list) else [{"Role": "user", "Content": prompt}]
        request.from_json_string(json.dumps(
            {"Model": "hunyuan-turbos-latest", "Messages": messages, **body}))
        answer = client.ChatCompletions(request)
        if not body.get("Stream"):
            return answer
        return [json.loads(event["data"]) for event in answer if "data" in event]

    return ask


def tool(weather):
    function = weather["function"]
    return {"Type": "function", "Function": {"Name": function["name"], "Description": function["description"],
                                             "Parameters": json.dumps(function["parameters"])}}


def test_whole_and_streamed_are_one_answer(ask):
    whole = ask("你好")
    assert whole.Choices[0].Message.Content.startswith(MARK)
    assert whole.Choices[0].FinishReason == "stop"
    chunks = ask("你好", Stream=True)
    assert "".join(chunk["Choices"][0]["Delta"]["Content"] for chunk in chunks) == whole.Choices[0].Message.Content
    assert [chunk["Choices"][0]["FinishReason"] for chunk in chunks if chunk["Choices"][0]["FinishReason"]] == ["stop"]
    spent = [chunk["Usage"]["CompletionTokens"] for chunk in chunks]
    assert spent == sorted(spent) and spent[-1] == whole.Usage.CompletionTokens > 0


@pytest.mark.parametrize("stream", [False, True])
def test_tools_make_the_round_trip(ask, weather, calls, stream):
    question = [{"Role": "user", "Content": "What is the weather in Beijing and Hangzhou?"}]
    asked = ask(question, Stream=stream, Tools=[tool(weather)])
    if stream:
        for chunk in asked:
            for part in chunk["Choices"][0]["Delta"].get("ToolCalls") or []:
                calls.add(part["Id"], part["Id"], part["Function"]["Name"], part["Function"]["Arguments"])
        made = sorted(calls.all(), key=lambda call: call["arguments"])
        assert asked[-1]["Choices"][0]["FinishReason"] == "tool_calls"
    else:
        made = [{"id": call.Id, "name": call.Function.Name, "arguments": call.Function.Arguments}
                for call in asked.Choices[0].Message.ToolCalls]
        assert asked.Choices[0].FinishReason == "tool_calls"
    assert [json.loads(call["arguments"])["city"] for call in made] == ["Beijing", "Hangzhou"]
    turn = {"Role": "assistant", "Content": "", "ToolCalls": [
        {"Id": call["id"], "Type": "function", "Function": {"Name": call["name"], "Arguments": call["arguments"]}}
        for call in made]}
    results = [{"Role": "tool", "ToolCallId": call["id"], "Content": "clear"} for call in made]
    answer = ask([*question, turn, *results], Tools=[tool(weather)])
    assert "get_weather says: clear" in answer.Choices[0].Message.Content


def test_reasoning(ask):
    whole = ask("你好", Model="hunyuan-a13b")
    assert whole.Choices[0].Message.ReasoningContent.startswith(MARK)
    chunks = ask("你好", Model="hunyuan-a13b", Stream=True)
    reasoning = "".join(chunk["Choices"][0]["Delta"].get("ReasoningContent") or "" for chunk in chunks)
    assert reasoning == whole.Choices[0].Message.ReasoningContent
    assert not ask("你好", Model="hunyuan-a13b", EnableThinking=False).Choices[0].Message.ReasoningContent


@pytest.mark.parametrize("key, code", [
    (("AKIDtest", "WRONG"), "AuthFailure.SignatureFailure"),
    (("AKIDother", "SECRETtest"), "AuthFailure.SecretIdNotFound"),
])
@pytest.mark.parametrize("stream", [False, True])
def test_the_signature_is_checked(ask, key, code, stream):
    with pytest.raises(TencentCloudSDKException) as raised:
        ask("x", key=key, Stream=stream)
    assert raised.value.get_code() == code
    assert raised.value.get_request_id()


@pytest.mark.parametrize("prompt, code", [
    ("[[rate_limit]]", "RequestLimitExceeded"),
    ("[[quota]]", "FailedOperation.ResourcePackExhausted"),
    ("[[error_500]]", "InternalError"),
    ("[[moderation_input]]", "OperationDenied.TextIllegalDetected"),
])
@pytest.mark.parametrize("stream", [False, True])
def test_refusals_come_under_status_200(ask, prompt, code, stream):
    with pytest.raises(TencentCloudSDKException) as raised:
        ask(prompt, Stream=stream)
    assert raised.value.get_code() == code


def test_moderation_on_the_way_ends_the_stream_and_beforehand_refuses(ask):
    chunks = ask("[[moderation_output]]", Stream=True, StreamModeration=True)
    assert chunks[-1]["Choices"][0]["FinishReason"] == "sensitive"
    for body in ({}, {"Stream": True, "StreamModeration": False}):
        with pytest.raises(TencentCloudSDKException) as raised:
            ask("[[moderation_output]]", **body)
        assert raised.value.get_code() == "OperationDenied.TextIllegalDetected"


@pytest.mark.parametrize("body, code", [
    ({"Model": "hunyuan-nano"}, "InvalidParameterValue.Model"),
    ({"Temperature": 3.0}, "InvalidParameterValue"),
    ({"Seed": 20_000}, "InvalidParameterValue"),
    ({"Messages": [{"Role": "assistant", "Content": "x"}]}, "InvalidParameterValue"),
    ({"Messages": [{"Role": "user", "Content": "x"}] * 2}, "InvalidParameterValue"),
    ({"Messages": [{"Role": "user", "Content": "x"},
                   {"Role": "assistant", "Content": "y", "ReasoningContent": "z"},
                   {"Role": "user", "Content": "x"}]}, "UnknownParameter"),
])
def test_the_request_is_checked(ask, body, code):
    with pytest.raises(TencentCloudSDKException) as raised:
        ask("x", **body)
    assert raised.value.get_code() == code

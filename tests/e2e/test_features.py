"""Each feature through its HTTP address, on real texts and on bad ones."""

import json

import jsonschema
import pytest

MIB = 1 << 20


@pytest.fixture(scope="module")
def catalogue(demo):
    answer = demo.get("/v1/features", key="yk_demo")
    assert answer.status == 200
    assert answer.json["demo"] is True
    return {feature["id"]: feature for feature in answer.json["features"]}


def check_output(catalogue, answer):
    assert answer.status == 200, answer.text
    body = answer.json
    jsonschema.validate(body["output"], catalogue[body["feature"]]["output"])
    assert body["label"]["visible"]
    assert body["receipt"]["ledger"]["entry"]
    return body


def test_every_feature_says_what_it_takes(catalogue):
    for feature in catalogue.values():
        assert feature["name"]["en"] and feature["name"]["zh"]
        assert feature["limits"]["max_input_bytes"] > 0
        for schema in (feature["input"], feature["output"]):
            jsonschema.Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("file, language, key", [
    ("en-news.txt", "en", "yk_demo_us"), ("zh-prose.txt", "zh", "yk_demo_cn")])
def test_summaries_and_points_are_verbatim(demo, catalogue, real_text, file, language, key):
    text = real_text(file)
    utf16 = text.encode("utf-16-le")

    def at(span):
        by_bytes = text.encode()[span["bytes"]["start"]:span["bytes"]["end"]].decode()
        by_units = utf16[2 * span["utf16"]["start"]:2 * span["utf16"]["end"]].decode("utf-16-le")
        assert by_bytes == by_units
        return by_bytes

    summary = check_output(catalogue, demo.feature("writing.summary", key, text, language))
    output = summary["output"]
    assert 1 <= len(output["sentences"]) <= 5
    assert 0 < len(output["summary"]) < len(text) / 2
    for span in output["sentences"]:
        assert at(span).strip() in output["summary"]

    points = check_output(catalogue, demo.feature("writing.key_points", key, text, language))
    assert 3 <= len(points["output"]["points"]) <= 8
    for point in points["output"]["points"]:
        assert at(point["span"]).strip() == point["text"].strip()
        assert point["text"] in text


def test_a_real_article_keeps_its_names(demo, catalogue, real_text):
    text = real_text("en-news.txt")
    body = check_output(catalogue, demo.feature("writing.proofread", "yk_demo_us", text))
    for name in ("ALIBABA", "Woodring", "ByteDance", "Zhipu", "iPhone", "GenAI", "DeepSeek"):
        assert name in body["output"]["corrected"], name


def test_real_prose_is_left_alone(demo, catalogue, real_text):
    text = real_text("zh-prose.txt")
    body = check_output(catalogue, demo.feature("writing.proofread", "yk_demo_cn", text, "zh"))
    assert body["output"]["corrected"] == text
    assert body["output"]["edits"] == []


def apply(text, edits, unit):
    encoded, width = (text.encode(), 1) if unit == "bytes" else (text.encode("utf-16-le"), 2)
    codec = "utf-8" if unit == "bytes" else "utf-16-le"
    out, at = b"", 0
    for edit in edits:
        span = edit["range"][unit]
        out += encoded[at:width * span["start"]] + edit["replacement"].encode(codec)
        at = width * span["end"]
    return (out + encoded[at:]).decode(codec)


@pytest.mark.parametrize("text, language, key, expected", [
    ("I recieve a email every day 😀 and she go home .", "en", "yk_demo_us",
     ["receive", "an email"]),
    ("我们在在北京等侯,请按装软件。😀他说:“好的。", "zh", "yk_demo_cn", ["安装", "，"]),
])
def test_edits_lead_to_the_corrected_text_in_both_counts(demo, catalogue, text, language, key, expected):
    output = check_output(
        catalogue, demo.feature("writing.proofread", key, text, language))["output"]
    assert output["edits"], "the mistakes are found"
    for unit in ("bytes", "utf16"):
        assert apply(text, output["edits"], unit) == output["corrected"]
    for edit in output["edits"]:
        assert edit["explanation"]["en"] and edit["explanation"]["zh"]
        assert edit["rule"]
    for wanted in expected:
        assert wanted in output["corrected"], output["corrected"]


@pytest.mark.parametrize("style, extra", [
    ("friendly", {}), ("professional", {}), ("concise", {}),
    ("described", {"instruction": "Make it sound like a pirate."})])
@pytest.mark.parametrize("key, language, text", [
    ("yk_demo_us", "en", "I can't come to the meeting today."),
    ("yk_demo_cn", "zh", "今天的会议我来不了。")])
def test_rewriting_in_each_style(demo, catalogue, style, extra, key, language, text):
    body = check_output(catalogue, demo.feature(
        "writing.rewrite", key, input={"text": text, "style": style, **extra}, language=language))
    assert body["served_by"]["emulated"] is True
    assert body["output"]["text"]


def test_a_chat_of_several_turns(demo, catalogue):
    body = check_output(catalogue, demo.feature("assistant.chat", "yk_demo_us", input={"messages": [
        {"role": "user", "content": "My cat is called Mill."},
        {"role": "assistant", "content": "A fine name."},
        {"role": "user", "content": "What is my cat called?"}]}))
    assert body["usage"]["input_tokens"] > 0
    assert body["finish"] == "stop"


@pytest.mark.parametrize("feature, key, language, input", [
    ("writing.summary", "yk_demo_cn", "zh", {"text": "关在山口。商队从这里出入。关吏查验文书。"}),
    ("writing.proofread", "yk_demo_us", "en", {"text": "This is is a test."}),
    ("writing.rewrite", "yk_demo_us", "en", {"text": "Come here.", "style": "friendly"}),
    ("assistant.chat", "yk_demo_cn", "zh", {"messages": [{"role": "user", "content": "你好"}]}),
])
def test_a_streamed_answer_is_the_whole_answer(demo, catalogue, feature, key, language, input):
    whole = demo.feature(feature, key, input=input, language=language)
    stream = demo.feature(feature, key, input=input, language=language, stream=True)
    assert stream.headers["content-type"] == "text/event-stream"
    events = stream.events()
    names = [name for name, _ in events]
    assert names[0] == "start" and names[-1] == "end", names
    start, end = events[0][1], events[-1][1]
    assert start["receipt"]["id"] == end["receipt"]["id"]
    assert start["label"] == end["label"]
    assert start["served_by"] == whole.json["served_by"]
    assert end["output"] == whole.json["output"]
    jsonschema.validate(end["output"], catalogue[feature]["output"])
    if "message" in end["output"]:
        said = "".join(data["text"] for name, data in events if name == "delta")
        assert said == end["output"]["message"]["content"]
    demo.verify(end)


def problem(answer, status, code):
    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["detail"], "a problem says what to do"
    return answer.json


ALL = ["writing.proofread", "writing.summary", "writing.key_points"]


@pytest.mark.parametrize("feature", ALL)
@pytest.mark.parametrize("text", ["", "   \n\t "])
def test_empty_input(demo, feature, text):
    problem(demo.feature(feature, "yk_demo_us", text), 422, "input_empty")


def test_empty_chat_and_rewrite(demo):
    for messages in ([], [{"role": "user", "content": ""}]):
        problem(demo.feature("assistant.chat", "yk_demo_us", input={"messages": messages}),
                422, "input_empty")
    problem(demo.feature("writing.rewrite", "yk_demo_us", input={"text": "", "style": "concise"}),
            422, "input_empty")


@pytest.mark.parametrize("feature", ALL + ["writing.rewrite", "assistant.chat"])
def test_a_mebibyte_of_prose_gets_a_clear_answer(demo, catalogue, feature):
    sentence = "The caravan waited at the gate until the officer had read every letter. "
    text = (sentence * (MIB // len(sentence) + 1))[:MIB]
    check_large(demo, catalogue, feature, text)


@pytest.mark.parametrize("feature", ALL + ["writing.rewrite", "assistant.chat"])
def test_a_single_line_of_a_mebibyte_gets_a_clear_answer(demo, catalogue, feature):
    check_large(demo, catalogue, feature, "a" * MIB)


def check_large(demo, catalogue, feature, text):
    input = {"text": text}
    if feature == "writing.rewrite":
        input["style"] = "concise"
    if feature == "assistant.chat":
        input = {"messages": [{"role": "user", "content": text}]}
    answer = demo.feature(feature, "yk_demo_us", input=input)
    limit = catalogue[feature]["limits"]["max_input_bytes"]
    if limit < MIB:
        assert str(limit) in problem(answer, 413, "input_too_large")["detail"]
    elif " " in text:
        check_output(catalogue, answer)
    else:
        problem(answer, 422, "input_without_sentence")


@pytest.mark.parametrize("feature", ALL)
def test_the_wrong_language(demo, feature):
    chinese = "玉门关是丝绸之路上的关口，商队从这里出入，关吏在此查验文书。"
    english = "The caravan waited at the gate until the officer had read every letter."
    problem(demo.feature(feature, "yk_demo_us", chinese, "en"), 422, "language_mismatch")
    problem(demo.feature(feature, "yk_demo_us", english, "zh"), 422, "language_mismatch")
    problem(demo.feature(feature, "yk_demo_us", english, "fr"), 422, "language_unsupported")


@pytest.mark.parametrize("feature, input", [
    ("writing.summary", {"txt": "One."}), ("writing.summary", {"text": 3}),
    ("writing.summary", {"text": "One.", "more": 1}), ("writing.summary", "One."),
    ("writing.rewrite", {"text": "One."}), ("writing.rewrite", {"text": "One.", "style": "rude"}),
    ("writing.rewrite", {"text": "One.", "style": "described"}),
    ("writing.rewrite", {"text": "One.", "style": "concise", "instruction": "x"}),
    ("assistant.chat", {"messages": [{"role": "system", "content": "x"}]}),
    ("assistant.chat", {"messages": [{"role": "user", "content": "a"},
                                     {"role": "assistant", "content": "b"}]}),
])
def test_a_wrong_shape_is_refused_with_the_field(demo, feature, input):
    problem(demo.feature(feature, "yk_demo_us", input=input), 422, "input_invalid")


def test_an_unknown_feature(demo):
    answer = demo.post("/v1/features/writing.poem", {"input": {}}, key="yk_demo_us")
    assert "writing.poem" in problem(answer, 404, "feature_unknown")["detail"]


def test_the_document_describes_what_is_there(demo, catalogue):
    document = demo.get("/openapi.json").json
    assert document["openapi"].startswith("3.1")
    for feature in catalogue:
        assert f"/v1/features/{feature}" in document["paths"]
    schemas = {"$defs": document["components"]["schemas"]}
    resolved = json.loads(json.dumps(schemas).replace("#/components/schemas/", "#/$defs/"))
    answer = demo.feature("assistant.chat", "yk_demo_cn", language="zh",
                          input={"messages": [{"role": "user", "content": "你好"}]}).json
    jsonschema.validate(answer, {**resolved, "$ref": "#/$defs/Answer"})
    refused = demo.feature("writing.summary", "yk_demo", "One.").json
    jsonschema.validate(refused, {**resolved, "$ref": "#/$defs/Problem"})

"""Why a feature may or may not run on a device."""

import pytest

from conftest import device, mainland

FEATURES = ["assistant.chat", "writing.key_points", "writing.proofread", "writing.rewrite",
            "writing.summary"]


def verdicts(gate, described, **options):
    answer = gate.eligibility(described, **options)
    assert answer.status == 200, answer.text
    return answer.json, {verdict["feature"]: verdict for verdict in answer.json["verdicts"]}


@pytest.mark.parametrize("described, market", [
    (mainland(), "cn"),
    (device(), "us"),
    (device(purchase_region="DE", billing_region="DE", location=["DE"]), "eu"),
    (device(purchase_region="ZZ", billing_region="ZZ", location=["ZZ"]), "sandbox"),
])
def test_a_device_of_each_market_may_have_every_feature(demo, described, market):
    whole, by_feature = verdicts(demo, described)
    assert whole["market"] == market
    assert whole["policy"].startswith("sha256:")
    assert sorted(by_feature) == FEATURES
    for verdict in by_feature.values():
        assert verdict["answer"] == "eligible", verdict
        assert verdict["reasons"], "an answer says why"
        for reason in verdict["reasons"]:
            assert reason["rule"] and reason["outcome"] and reason["text"]


def test_only_the_features_asked_for_are_answered(demo):
    _, by_feature = verdicts(demo, device(), features=["writing.summary"])
    assert list(by_feature) == ["writing.summary"]


def test_an_unknown_feature_is_not_there_to_be_had(demo):
    _, by_feature = verdicts(demo, device(), features=["writing.poem"])
    assert by_feature["writing.poem"]["answer"] == "not_eligible"
    assert by_feature["writing.poem"]["code"] == "feature_unknown"


def test_a_foreign_build_in_the_mainland_under_a_mainland_account_is_off(demo):
    _, by_feature = verdicts(demo, device(billing_region="CN", location=["CN"]))
    for verdict in by_feature.values():
        assert verdict["answer"] == "not_eligible"
        assert any(r["outcome"] == "fail" for r in verdict["reasons"])


@pytest.mark.parametrize("changes", [{"location": ["CN"]}, {"billing_region": "CN"}])
def test_location_or_account_alone_does_not_decide(demo, changes):
    _, by_feature = verdicts(demo, device(**changes))
    assert {verdict["answer"] for verdict in by_feature.values()} == {"eligible"}


@pytest.mark.parametrize("missing", ["purchase_region", "billing_region", "location", "language",
                                     "age_band", "os_version"])
def test_an_unset_input_is_named(demo, missing):
    _, by_feature = verdicts(demo, device(**{missing: None}))
    verdict = by_feature["assistant.chat"]
    assert (verdict["answer"], verdict["code"]) == ("not_yet", "input_unset")
    assert missing in [r["input"] for r in verdict["reasons"] if r["outcome"] == "unset"]


@pytest.mark.parametrize("broken", ["purchase_region", "billing_region", "location", "language"])
def test_an_input_in_error_closes(demo, broken):
    _, by_feature = verdicts(demo, device(**{broken: {"error": "no answer"}}))
    verdict = by_feature["assistant.chat"]
    assert (verdict["answer"], verdict["code"]) == ("not_eligible", "input_error")


def test_an_unknown_market_gets_nothing(demo):
    brazil = device(purchase_region="BR", billing_region="BR", location=["BR"])
    whole, by_feature = verdicts(demo, brazil)
    assert whole["market"] is None
    assert {v["answer"] for v in by_feature.values()} == {"not_eligible"}
    assert {v["code"] for v in by_feature.values()} == {"market_unknown"}


@pytest.mark.parametrize("changes", [
    {"os_version": "17.0"}, {"class": "watch"}, {"capabilities": []}, {"age_band": "child"},
    {"language": "fr", "assistant_language": "fr"}, {"assistant_language": "zh-Hans"},
])
def test_what_the_feature_asks_of_a_device_is_checked(demo, changes):
    _, by_feature = verdicts(demo, device(**changes))
    assert by_feature["assistant.chat"]["answer"] == "not_eligible", changes


def test_reasons_come_in_the_persons_language(demo):
    brazil = device(purchase_region="BR", billing_region="BR", location=["BR"])
    in_zh, _ = verdicts(demo, brazil, headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    in_en, _ = verdicts(demo, brazil, headers={"Accept-Language": "en-US"})
    text = in_zh["verdicts"][0]["reasons"][0]["text"]
    assert any("\u4e00" <= c <= "\u9fff" for c in text)
    assert in_en["verdicts"][0]["reasons"][0]["text"].isascii()


@pytest.mark.parametrize("described", [
    {"purchase_region": "China"}, {"colour": "red"}, {"location": "US"}, {"os_version": "new"},
])
def test_a_device_that_is_none_is_refused_with_the_field(demo, described):
    answer = demo.eligibility(described)
    assert answer.status == 422
    assert answer.json["code"] == "input_invalid"
    field = next(iter(described))
    assert field in answer.json["detail"] or described[field] in answer.json["detail"]


def test_an_assertion_opens_what_it_names_and_says_nothing_of_the_device(demo):
    answer = demo.eligibility(mainland()).json
    headers = {"Yumen-Assertion": answer["assertion"]}
    served = demo.feature("writing.summary", "yk_demo", "关在山口。商队从这里出入。", "zh",
                          headers=headers)
    assert served.status == 200, served.text
    import base64
    payload = answer["assertion"].split(".")[0]
    claims = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode()
    for told in ("phone", "26.1", "adult", "zh-Hans"):
        assert told not in claims


def test_without_or_with_a_changed_assertion_nothing_opens(demo):
    answer = demo.feature("writing.summary", "yk_demo", "One. Two.")
    assert (answer.status, answer.json["code"]) == (403, "assertion_missing")
    token = demo.eligibility(device()).json["assertion"]
    payload, signature = token.split(".")
    changed = payload[:-4] + ("AAAA" if payload[-4:] != "AAAA" else "BBBB")
    other = ("A" if signature[0] != "A" else "B") + signature[1:]
    for forged in (f"{changed}.{signature}", payload, "x.y", f"{payload}.{other}"):
        answer = demo.feature("writing.summary", "yk_demo", "One. Two.",
                              headers={"Yumen-Assertion": forged})
        assert (answer.status, answer.json["code"]) == (403, "assertion_invalid"), forged


def test_an_assertion_of_a_child_does_not_open_the_assistant(demo):
    token = demo.eligibility(device(age_band="child")).json["assertion"]
    answer = demo.feature("assistant.chat", "yk_demo",
                          input={"messages": [{"role": "user", "content": "Hello"}]},
                          headers={"Yumen-Assertion": token})
    assert (answer.status, answer.json["code"]) == (403, "feature_not_in_assertion")


def test_app_keys_are_asked_for(demo):
    for key, code in ((None, "key_missing"), ("yk_nobody", "key_unknown")):
        answer = demo.eligibility(device(), key=key)
        assert (answer.status, answer.json["code"]) == (401, code)
        assert answer.headers["content-type"] == "application/problem+json"

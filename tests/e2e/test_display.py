"""What has to be shown with a feature stands in every answer, whichever way it was asked for."""

from conftest import mainland

NOTHING = {"model_filing": None, "service_number": None, "algorithm_number": None, "entity": None}
HELLO = {"messages": [{"role": "user", "content": "你好"}]}


def display_of(gate, key, feature, **options):
    return gate.feature(feature, key, **options).json["served_by"]["display"]


def test_a_mainland_answer_names_model_filing_and_who_provides_it(demo):
    shown = display_of(demo, "yk_demo_cn", "assistant.chat", input=HELLO, language="zh")
    assert shown["model_name"] == {"en": "Qwen (Alibaba) qwen-plus", "zh": "通义千问（阿里巴巴） qwen-plus"}
    assert shown["model_filing"] == "ZheJiang-TongYiQianWen-20230901"
    assert "虚构" in shown["entity"], "the demo's company does not exist, and says so"


def test_an_answer_of_the_engine_names_the_engine_and_under_what_it_serves(demo):
    shown = display_of(demo, "yk_demo_cn", "writing.summary", text="一。二。三。四。", language="zh")
    assert shown["model_name"]["zh"].startswith("设备端引擎 ")
    assert shown["model_filing"] is None and "虚构" in shown["entity"]


def test_where_no_approval_is_needed_nothing_is_made_up(demo):
    shown = display_of(demo, "yk_demo_us", "writing.summary", text="One. Two. Three. Four.")
    assert {name: value for name, value in shown.items() if name != "model_name"} == NOTHING


def test_it_is_in_the_first_event_in_the_last_and_in_chat(demo):
    whole = display_of(demo, "yk_demo_cn", "assistant.chat", input=HELLO, language="zh")
    events = demo.feature("assistant.chat", "yk_demo_cn", input=HELLO, language="zh", stream=True).events()
    assert events[0][0] == "start" and events[-1][0] == "end"
    assert events[0][1]["served_by"]["display"] == events[-1][1]["served_by"]["display"] == whole
    chat = demo.post("/v1/chat/completions", {"model": "assistant.chat", **HELLO}, key="yk_demo_cn").json
    assert chat["yumen"]["served_by"]["display"] == whole


def test_the_list_of_features_has_it_for_who_may_have_them(demo):
    def displays(**options):
        return {f["id"]: f["display"] for f in demo.get("/v1/features", **options).json["features"]}

    bound = displays(key="yk_demo_cn")
    assert bound["assistant.chat"]["model_filing"] == "ZheJiang-TongYiQianWen-20230901"
    assert all(bound.values())
    assert set(displays(key="yk_demo").values()) == {None}, "of an unknown device nothing is known"
    token = demo.eligibility(mainland()).json["assertion"]
    asserted = displays(key="yk_demo", headers={"Yumen-Assertion": token})
    assert asserted == bound
    token = demo.eligibility(mainland(age_band="child")).json["assertion"]
    child = displays(key="yk_demo", headers={"Yumen-Assertion": token})
    assert child["assistant.chat"] is None and child["writing.summary"] == bound["writing.summary"]

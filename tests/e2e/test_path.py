"""The main job: asked, decided, answered, labelled, recorded; or refused, and nobody asked."""

import pytest

from conftest import device, mainland, yumen

HELLO = {"messages": [{"role": "user", "content": "你好，请介绍一下玉门关"}]}


def chat_as(gate, described, **options):
    token = gate.eligibility(described).json["assertion"]
    return gate.feature("assistant.chat", "yk_demo", input=HELLO, language="zh",
                        headers={"Yumen-Assertion": token}, **options)


@pytest.mark.parametrize("described, partner, emulator, other, mark", [
    (mainland(), "qwen", "qwen", "chatgpt", "【模拟通义千问】"),
    (device(), "openai", "chatgpt", "qwen", "[emulated ChatGPT]"),
])
def test_each_market_is_served_by_its_own_partner(own_demo, described, partner, emulator, other, mark):
    answer = chat_as(own_demo, described)
    assert answer.status == 200, answer.text
    served = answer.json
    assert served["served_by"] | {"model": "", "display": None} == {
        "tier": "partner", "partner": partner, "model": "", "emulated": True, "display": None}
    assert served["output"]["message"]["content"].startswith(mark)
    assert own_demo.emulator(emulator)["requests"] == 1
    assert own_demo.emulator(other)["connections"] == 0
    proven = own_demo.verify(served)
    entry = proven["receipt"]["entry"]["admission.v1"]
    assert entry["partner"] == partner
    assert entry["id"] == served["receipt"]["id"]
    assert entry["release"] == served["receipt"]["release"]
    assert entry["approval"] == served["receipt"]["approval"]


def test_a_mainland_answer_is_labelled_and_names_its_approval(demo):
    served = chat_as(demo, mainland(), stream=False).json
    label = served["label"]
    for line in (label["visible"], label["copied"]):
        assert "人工智能" in line or "AI" in line
        assert "生成" in line or "合成" in line or "generated" in line.lower()
    embedded = label["embedded"]["AIGC"]
    assert embedded["Label"] == "1"
    assert embedded["ProduceID"] == served["receipt"]["id"]
    assert len(embedded["ContentProducer"]) == 27
    assert served["receipt"]["approval"].startswith("DEMO-")
    assert served["receipt"]["market"] == "cn"


def test_the_record_holds_no_word_of_the_person_or_the_answer(own_demo):
    served = chat_as(own_demo, mainland()).json
    words = ["玉门关", "通义千问", served["output"]["message"]["content"][:8]]
    folder = own_demo.data_dir / "ledger"
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        content = path.read_bytes()
        assert not any(word.encode() in content for word in words), path


def test_without_the_approval_nothing_is_served_and_nobody_is_asked(own_demo):
    assert chat_as(own_demo, mainland()).status == 200
    asked = own_demo.emulator("qwen")
    number = yumen("--json", "approval", "list", "--data-dir", own_demo.data_dir)
    import json
    [approval] = json.loads(number.stdout)
    assert approval["state"] == "in force"
    yumen("approval", "remove", "--data-dir", own_demo.data_dir, approval["number"])

    from conftest import wait_for
    refused = wait_for(lambda: (a := own_demo.feature(
        "assistant.chat", "yk_demo_cn", input=HELLO, language="zh")).status == 403 and a)
    problem = refused.json
    assert problem["code"] == "approval_missing"
    assert problem["verdict"]["answer"] == "not_yet"
    assert problem["title"] == "尚未在此获批", "the key's device speaks Chinese"
    asked_after_refusal = own_demo.emulator("qwen")

    again = own_demo.feature("assistant.chat", "yk_demo_cn", input=HELLO, language="zh")
    assert again.json["code"] == "approval_missing"
    device_feature = own_demo.feature("writing.summary", "yk_demo_cn", "一。二。", "zh")
    assert device_feature.json["code"] == "approval_missing", "on the device, too"
    after = own_demo.emulator("qwen")
    assert after["requests"] == asked_after_refusal["requests"]
    assert after["connections"] == asked_after_refusal["connections"]
    assert after["requests"] >= asked["requests"]
    # The American phone is not concerned.
    assert chat_as(own_demo, device()).status == 200


def test_an_unapproved_mainland_gate_never_connects_to_a_partner(tmp_path):
    from conftest import demo_gate, wait_for
    import json
    data = tmp_path / "data"
    with demo_gate(data):
        pass
    [approval] = json.loads(yumen("--json", "approval", "list", "--data-dir", data).stdout)
    yumen("approval", "remove", "--data-dir", data, approval["number"])
    with demo_gate(data) as gate:
        for key in ("yk_demo_cn",):
            answer = gate.feature("assistant.chat", key, input=HELLO, language="zh")
            assert answer.json["code"] == "approval_missing"
        assert gate.emulator("qwen")["connections"] == 0
        assert gate.emulator("chatgpt")["connections"] == 0
        yumen("approval", "import", "--data-dir", data, write(tmp_path, approval_file(data)))
        wait_for(lambda: gate.feature("assistant.chat", "yk_demo_cn", input=HELLO,
                                      language="zh").status == 200)


def approval_file(data):
    """The removed approval's signed record, as the store still has it."""
    import sqlite3
    with sqlite3.connect(data / "yumen.db") as db:
        [(record,)] = db.execute("SELECT record FROM approval")
    return record


def write(folder, text):
    path = folder / "approval.json"
    path.write_text(text)
    return path


def test_an_unknown_market_gets_nothing(own_demo):
    brazil = device(purchase_region="BR", billing_region="BR", location=["BR"])
    answer = chat_as(own_demo, brazil)
    assert answer.status == 403
    assert own_demo.emulator("qwen")["connections"] == 0
    assert own_demo.emulator("chatgpt")["connections"] == 0


def test_the_sandbox_says_so_in_every_answer(demo):
    described = device(purchase_region="ZZ", billing_region="ZZ", location=["ZZ"])
    served = chat_as(demo, described).json
    assert served["receipt"]["market"] == "sandbox"
    assert "sandbox.development_only" in [notice["code"] for notice in served["notices"]]


def test_a_client_that_hangs_up_stops_the_partner(own_demo):
    import json
    from conftest import wait_for
    connection = own_demo.connection()
    body = {"input": {"messages": [{"role": "user", "content": "[[slow]]"}]}, "language": "en"}
    connection.request("POST", "/v1/features/assistant.chat", json.dumps(body), {
        "Authorization": "Bearer yk_demo_us", "Content-Type": "application/json",
        "Accept": "text/event-stream"})
    response = connection.getresponse()
    assert response.read(16)
    wait_for(lambda: own_demo.emulator("chatgpt")["open_streams"] == 1)
    response.close()
    connection.close()
    wait_for(lambda: own_demo.emulator("chatgpt")["cancelled_streams"] == 1)
    assert own_demo.emulator("chatgpt")["open_streams"] == 0

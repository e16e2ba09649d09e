"""The gate's side of the market desk: its door, its languages, its alarms; and the accident it is there to prevent."""

import json
import pathlib
import re

from conftest import demo_gate, device, wait_for, yumen
from test_operator import add_key, chat, config, partners, serving  # noqa: F401

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]


def alarms(gate, key="ya_demo"):
    answer = gate.get("/admin/v1/alarms", key=key)
    assert answer.status == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.json["alarms"]


def counted(gate, code):
    [line] = [line for line in gate.get("/metrics").text.splitlines()
              if line.startswith(f'yumen_alarms_total{{code="{code}"}}')]
    return int(line.split()[-1])


def test_the_door_speaks_the_persons_language(demo):
    for language, title in (("en", "An admin key is needed"), ("zh", "缺少管理密钥")):
        refused = demo.get("/admin/v1/alarms", headers={"Accept-Language": language})
        assert (refused.status, refused.json["title"]) == (401, title)
        assert refused.headers["WWW-Authenticate"] == "Bearer"
        assert refused.headers["Content-Type"] == "application/problem+json"
    app = demo.get("/admin/v1/alarms", key="yk_demo")
    assert (app.status, app.json["code"]) == (401, "admin_key_unknown")
    assert demo.get("/v1/features", key="ya_demo").json["code"] == "key_unknown", "no key opens both doors"


def test_a_body_too_large_for_the_desk_is_refused(demo):
    refused = demo.request("POST", "/admin/v1/kills", key="ya_demo", raw=b"x" * (3 * 1024 * 1024))
    assert (refused.status, refused.json["code"]) == (413, "body_too_large")


def test_every_address_of_the_desk_is_described(demo):
    document = demo.get("/openapi.json").json
    described = {path for path in document["paths"] if path.startswith("/admin/v1/")}
    assert {"/admin/v1/alarms", "/admin/v1/kills", "/admin/v1/kills/{id}/lift"} <= described
    for path in described:
        for operation in document["paths"][path].values():
            assert operation["security"] == [{"adminKey": []}] and operation["summary"]


def test_a_feature_without_approval_is_an_alarm_once_and_counted_each_time(own_demo):
    listed = json.loads(yumen("--json", "approval", "list", "--data-dir", own_demo.data_dir).stdout)
    number = next(approval["number"] for approval in listed if approval["market"] == "cn")
    yumen("approval", "remove", "--data-dir", own_demo.data_dir, number)
    hello = {"input": {"messages": [{"role": "user", "content": "你好"}]}, "language": "zh"}
    assert counted(own_demo, "unapproved_market_attempt") == 0
    for _ in range(3):
        assert own_demo.post("/v1/features/assistant.chat", hello, key="yk_demo_cn").json["code"] == "approval_missing"
    [alarm] = [alarm for alarm in alarms(own_demo) if alarm["code"] == "unapproved_market_attempt"]
    assert (alarm["market"], alarm["subject"], alarm["count"]) == ("cn", "assistant.chat", 3)
    assert alarm["release"].startswith("sha256:") and alarm["text"]["en"] and alarm["text"]["zh"]
    assert counted(own_demo, "unapproved_market_attempt") == 3
    recorded = b"".join(p.read_bytes() for p in (own_demo.data_dir / "ledger").rglob("*") if p.is_file())
    wait_for(lambda: alarm["id"].encode() in b"".join(
        p.read_bytes() for p in (own_demo.data_dir / "ledger").rglob("*") if p.is_file()))
    assert recorded.count(b'"unapproved_market_attempt"') <= 2, "told once, not per request"
    # An ordinary refusal is none of the operator's business.
    child = own_demo.eligibility(device(age_band="child")).json["assertion"]
    own_demo.feature("assistant.chat", "yk_demo", input=hello["input"], headers={"Yumen-Assertion": child})
    assert {alarm["code"] for alarm in alarms(own_demo)} == {"unapproved_market_attempt"}


def test_what_grows_old_is_an_alarm_before_anything_closes(tmp_path):
    rules = (REPOSITORY / "catalog" / "markets" / "us.toml").read_text()
    assert rules.count("issued = ") == 1
    issued = re.sub(r"issued = .*", 'issued = "2026-01-01"', rules)
    aged = re.sub(r'(\[freshness\]\npolicy = )"\w+"(.*?grace = )"\w+"', r'\1"1d"\2"36000d"', issued, flags=re.S)
    assert aged != issued
    (tmp_path / "catalog" / "markets").mkdir(parents=True)
    (tmp_path / "catalog" / "markets" / "us.toml").write_text(aged)
    with demo_gate(tmp_path / "data", "--catalog", tmp_path / "catalog") as gate:
        [alarm] = wait_for(lambda: alarms(gate))
        assert (alarm["code"], alarm["market"], alarm["detail"]) == ("policy_stale", "us", "warn")
        assert gate.feature("writing.summary", "yk_demo_us", "One. Two. Three.").status == 200


def test_a_partner_reached_outside_the_market_is_never_asked(config, partners, tmp_path):  # noqa: F811
    from test_operator import approval, signed, trusted_people
    people = trusted_people(config, tmp_path)
    yumen("approval", "import", "--config", config, signed(tmp_path, approval(tmp_path), *people))
    key = add_key(config, "--name", "phone", "--profile", "cn")["secret"]
    made = yumen("--json", "keys", "add", "--config", config, "--admin", "--name", "O", "--role", "operator")
    admin = json.loads(made.stdout)["secret"]
    right = config.read_text()
    assert 'region = "CN"\n' in right
    for wrong in ('region = "SG"\n', ""):
        config.write_text(right.replace('region = "CN"\n', wrong))
        with serving(config) as gate:
            for stream in False, True:
                body = {"model": "assistant.chat", "stream": stream,
                        "messages": [{"role": "user", "content": "你好"}]}
                refused = gate.post("/v1/chat/completions", body, key=key)
                assert (refused.status, refused.json["error"]["code"]) == (503, "endpoint_out_of_market")
            [alarm] = alarms(gate, admin)
            assert (alarm["code"], alarm["market"], alarm["subject"]) == ("endpoint_out_of_market", "cn", "qwen")
            assert ("SG" in alarm["detail"]) == bool(wrong)
            gate.addresses["emulated_qwen"] = partners["dashscope"]
            assert gate.emulator("qwen")["connections"] == 0, "nothing left"
    config.write_text(right)
    with serving(config) as gate:
        assert chat(gate, key).status == 200 and alarms(gate, admin) == []

"""The market desk, as an operator and the people who sign meet it: through the data folder of a running gate, through
its address, over HTTP, and on a folder where no gate runs."""

import json
import os

import pytest

from conftest import demo_gate, wait_for, yumen
from test_operator import (add_key, approval, chat, config, partners, serving, signed,  # noqa: F401
                           trusted_people)

CHAT = "assistant.chat"


def desk(*arguments, at, check=True, env=None):
    """A command at a desk, as JSON; `at` names the desk."""
    done = yumen("--json", *arguments, *at, check=check, env={**os.environ, **(env or {})})
    return json.loads(done.stdout) if check else done


def folder(gate):
    return ["--data-dir", gate.data_dir]


def address(gate, key=None):
    return ["--server", gate.base, *(["--admin-key", key] if key else [])]


def entry(gate, index):
    """The ledger's entry at this place, as (kind, members)."""
    path = f"/admin/v1/ledger/entries?from={index}&limit=1"
    # A reader sees what the published checkpoint covers, which comes about once a second.
    [one] = wait_for(lambda: gate.get(path, key="ya_demo").json["entries"])
    assert one["index"] == index
    [(kind, members)] = one["entry"].items()
    return kind, members


def us_chat(gate):
    """Why an American phone gets no answer to a chat; `None` when it gets one."""
    answer = chat(gate, "yk_demo_us")
    assert (answer.status == 200) == ("error" not in answer.json)
    return answer.json.get("error", {}).get("code")


# Every way to the desk: what it is told, and by whom it stands in the record.
WAYS = {"data folder": (folder, "local"), "address": (address, "admin_")}


@pytest.mark.parametrize("way", WAYS)
def test_a_kill_stops_the_next_request_and_two_commands_lift_it(own_demo, way):
    place, by = WAYS[way]
    at = place(own_demo)
    assert us_chat(own_demo) is None
    killed = desk("kill", CHAT, "--market", "us", "--reason", "a drill", at=at)
    assert us_chat(own_demo) == "killed"
    assert own_demo.feature("writing.summary", "yk_demo_us", "One. Two. Three.").status == 200
    kind, members = entry(own_demo, killed["index"])
    assert (kind, members["id"], members["at"]) == ("kill.v1", killed["id"], "killed")
    assert members["by"].startswith(by) and "a drill" not in json.dumps(members)

    [listed] = desk("kill", "list", at=at)
    assert (listed["id"], listed["state"], listed["reason"]) == (killed["id"], "standing", "a drill")
    asked = desk("kill", "lift", killed["id"], at=at)
    assert asked["state"] == "asked" and us_chat(own_demo) == "killed"
    lifted = desk("kill", "lift", killed["id"], at=at)
    assert lifted["state"] == "lifted" and us_chat(own_demo) is None
    assert [entry(own_demo, done["index"])[1]["at"] for done in (asked, lifted)] == ["lift_asked", "lifted"]
    again = desk("kill", "lift", killed["id"], at=at, check=False)
    assert again.returncode == 1 and "lifted already" in again.stderr


def test_a_kill_over_http_stops_the_next_request(own_demo):
    order = {"feature": "*", "market": "us", "reason": "a drill"}
    killed = own_demo.post("/admin/v1/kills", order, key="ya_demo")
    assert killed.status == 200, killed.text
    assert us_chat(own_demo) == "killed"
    assert chat(own_demo, "yk_demo_cn").status == 200, "another market goes on"
    assert entry(own_demo, killed.json["index"])[0] == "kill.v1"
    lift = f"/admin/v1/kills/{killed.json['changed']['id']}/lift"
    assert own_demo.post(lift, key="ya_demo").json["changed"]["state"] == "asked"
    assert us_chat(own_demo) == "killed"
    assert own_demo.post(lift, key="ya_demo").json["changed"]["state"] == "lifted"
    assert us_chat(own_demo) is None


def test_a_kill_of_a_model_stops_what_it_alone_serves(own_demo):
    [release] = json.loads(yumen("--json", "release", "show", "--market", "us").stdout)
    first, *others = release["release"]["features"][CHAT]["models"]
    answer = chat(own_demo, "yk_demo_us")
    assert answer.json["yumen"]["served_by"]["partner"] == first["partner"]
    desk("kill", "*", "--market", "*", "--partner", first["partner"], "--model", first["model"],
         at=folder(own_demo))
    # Another approved model goes on, until it is stopped too.
    answer = chat(own_demo, "yk_demo_us")
    assert answer.json["yumen"]["served_by"]["partner"] == others[0]["partner"], answer.text
    for model in others:
        desk("kill", "*", "--market", "us", "--partner", model["partner"], "--model", model["model"],
             at=folder(own_demo))
    assert us_chat(own_demo) == "killed"
    assert own_demo.feature("writing.summary", "yk_demo_us", "One. Two. Three.").status == 200


def test_a_kill_of_what_does_not_exist_is_refused(own_demo):
    for wrong in (["assistant.chatt", "--market", "us"], [CHAT, "--market", "atlantis"],
                  [CHAT, "--market", "us", "--partner", "nobody"], [CHAT, "--market", "us", "--model", "gpt-0"]):
        done = desk("kill", *wrong, at=folder(own_demo), check=False)
        assert done.returncode == 1 and "there is no" in done.stderr, done.stderr
    assert desk("kill", "list", at=folder(own_demo)) == []
    assert yumen("kill", CHAT, check=False).returncode == 2, "a market has to be named"
    assert yumen("kill", check=False).returncode != 0
    nowhere = yumen("kill", CHAT, "--market", "us", check=False)
    assert nowhere.returncode == 1 and "--data-dir" in nowhere.stderr


def test_a_kill_outlives_its_gate_and_holds_without_one(tmp_path):
    data = tmp_path / "data"
    with demo_gate(data) as gate:
        assert (data / "control.json").stat().st_mode & 0o777 == 0o600
        first = desk("kill", CHAT, "--market", "us", at=folder(gate))
    assert not (data / "control.json").exists(), "it goes with its gate"
    # No gate runs: the command works on the folder itself.
    second = desk("kill", "writing.*", "--market", "us", at=["--data-dir", data])
    assert second["index"] > first["index"]
    assert "the log verifies" in yumen("ledger", "verify", "--data-dir", data).stdout
    with demo_gate(data) as gate:
        assert us_chat(gate) == "killed"
        assert gate.feature("writing.summary", "yk_demo_us", "One. Two.").json["code"] == "killed"
        assert entry(gate, second["index"])[1]["id"] == second["id"]


def test_a_file_that_a_crash_left_leads_nowhere_and_does_no_harm(tmp_path):
    data = tmp_path / "data"
    with demo_gate(data) as gate:
        left = (data / "control.json").read_bytes()
        gate.process.kill()
        gate.process.wait()
    assert (data / "control.json").read_bytes() == left
    assert desk("kill", "list", at=["--data-dir", data]) == []
    with demo_gate(data) as gate:
        other = json.loads((data / "control.json").read_text())
        assert other["token"] != json.loads(left)["token"]
        # Without the way to the gate that holds it, the folder is not touched.
        (data / "control.json").write_bytes(left)
        done = desk("kill", "list", at=folder(gate), check=False)
        assert done.returncode == 1 and "none answers" in done.stderr, done.stderr
        old = gate.get("/admin/v1/kills", key=json.loads(left)["token"])
        assert (old.status, old.json["code"]) == (401, "admin_key_unknown")


def test_who_has_no_admin_key_learns_nothing(own_demo):
    for key, code in ((None, "admin_key_missing"), ("ya_other", "admin_key_unknown"),
                      ("yk_demo", "admin_key_unknown")):
        for path in "/admin/v1/kills", "/admin/v1/nothing":
            answer = own_demo.get(path, key=key)
            assert (answer.status, answer.json["code"]) == (401, code)
    assert own_demo.get("/admin/v1/nothing", key="ya_demo").status == 404
    done = desk("kill", "list", at=address(own_demo, "ya_other"), check=False)
    assert done.returncode == 1 and "--admin-key" in done.stderr
    plain = desk("kill", "list", at=["--server", "http://192.0.2.1:80"], check=False)
    assert plain.returncode == 1 and "https" in plain.stderr
    nobody = desk("kill", "list", at=["--server", "http://127.0.0.1:9"], check=False)
    assert nobody.returncode == 1 and "no gate answers" in nobody.stderr


def admin(gate, name, role):
    made = json.loads(yumen("--json", "keys", "add", "--admin", "--name", name, "--role", role,
                            *folder(gate)).stdout)
    assert made["secret"].startswith("ya_") and made["index"] is not None
    return made


def test_roles_are_kept_apart(own_demo):
    keys = {role: admin(own_demo, role.title(), role)["secret"]
            for role in ("author", "approver", "legal", "operator", "auditor")}
    order = {"feature": CHAT, "market": "us", "reason": "a drill"}
    [number] = [one["number"] for one in desk("approval", "list", at=folder(own_demo))]
    attempts = {
        ("POST", "/admin/v1/kills"): (order, {"operator"}),
        ("POST", f"/admin/v1/approvals/{number}/suspend"): ({}, {"operator", "approver", "legal"}),
        ("POST", "/admin/v1/filed-models"): ({"list": ""}, {"author", "legal"}),
        ("POST", "/admin/v1/assertion-keys/rotate"): ({}, {"operator"}),
        ("POST", "/admin/v1/admin-keys"): ({"name": "Eve", "role": "operator"}, set()),
        ("POST", "/admin/v1/signers"): ({"key": "ed25519:00", "name": "Eve", "role": "legal"}, set()),
        ("GET", "/admin/v1/approvals"): (None, set(keys)),
        ("GET", "/admin/v1/ledger/entries"): (None, set(keys)),
    }
    for (method, path), (body, may) in attempts.items():
        for role, key in keys.items():
            answer = own_demo.request(method, path, body, key=key)
            refused = answer.json.get("code") == "role_forbidden" if isinstance(answer.json, dict) else False
            assert refused == (role not in may), (method, path, role, answer.text)
    # Not even the key that everybody knows makes keys over the network.
    made = own_demo.post("/admin/v1/admin-keys", {"name": "Eve", "role": "operator"}, key="ya_demo")
    assert made.json["code"] == "role_forbidden"


def test_a_revoked_admin_key_opens_nothing(own_demo):
    key = admin(own_demo, "Wei", "operator")
    assert own_demo.get("/admin/v1/kills", key=key["secret"]).status == 200
    done = desk("keys", "revoke", key["id"], at=folder(own_demo))
    assert entry(own_demo, done["index"])[1]["step"] == "revoked"
    assert own_demo.get("/admin/v1/kills", key=key["secret"]).status == 401


def test_people_known_by_name_lift_in_twos(own_demo):
    wei, again, li = (admin(own_demo, name, "operator")["secret"] for name in ("Wei", "Wei", "Li"))
    killed = desk("kill", CHAT, "--market", "us", at=address(own_demo, wei))
    desk("kill", "lift", killed["id"], at=address(own_demo, wei))
    for same in wei, again:
        done = desk("kill", "lift", killed["id"], at=address(own_demo, same), check=False)
        assert done.returncode == 1 and "another person" in done.stderr
    assert us_chat(own_demo) == "killed"
    assert desk("kill", "lift", killed["id"], at=address(own_demo, li))["state"] == "lifted"
    assert us_chat(own_demo) is None


@pytest.mark.parametrize("way", WAYS)
def test_an_approval_is_suspended_resumed_and_revoked(own_demo, way):
    at = WAYS[way][0](own_demo)
    [before] = desk("approval", "list", at=at)
    number = before["number"]
    assert chat(own_demo, "yk_demo_cn").status == 200
    suspended = desk("approval", "suspend", number, "--note", "a drill", at=at)
    assert suspended["state"] == "suspended"
    assert chat(own_demo, "yk_demo_cn").json["error"]["code"] == "approval_suspended"
    kind, members = entry(own_demo, suspended["index"])
    assert (kind, members["approval"], members["step"]) == ("approval_step.v1", number, "suspended")

    resumed = desk("approval", "resume", number, at=at)
    assert resumed["state"] == "in force" and chat(own_demo, "yk_demo_cn").status == 200
    revoked = desk("approval", "revoke", number, at=at)
    assert revoked["state"] == "revoked"
    assert chat(own_demo, "yk_demo_cn").json["error"]["code"] == "approval_revoked"
    again = desk("approval", "resume", number, at=at, check=False)
    assert again.returncode != 0 and "revoked" in again.stderr
    shown = yumen("approval", "show", number, *at).stdout
    assert all(step in shown for step in ("suspended", "resumed", "revoked", "a drill"))


def person(tmp_path, config, name, role):  # noqa: F811
    """A key file of somebody who is trusted."""
    path = tmp_path / f"{name}.key"
    public = yumen("signer", "new", path).stdout.strip()
    yumen("signer", "add", "--config", config, "--name", name, "--role", role, public)
    return path


def application(tmp_path, **changes):
    record = json.loads(approval(tmp_path).read_text())
    wanted = {name: record[name] for name in ("kind", "market", "entity", "scope", "release")}
    path = tmp_path / "application.json"
    path.write_text(json.dumps({"case": "case-1", **wanted, **changes}))
    return path


DATES = ["--granted-on", "2026-01-01", "--valid-from", "2026-01-01T00:00:00+08:00",
         "--valid-until", "2036-01-01T00:00:00+08:00"]


def ways_of(config, gate, tmp_path):  # noqa: F811
    """The desk of a gate by its configuration file and by its address, with one key for each role."""
    keys = {}
    for role in "author", "approver", "legal", "operator":
        made = yumen("--json", "keys", "add", "--admin", "--name", role, "--role", role, "--config", config)
        keys[role] = json.loads(made.stdout)["secret"]
    return {"data folder": lambda role: ["--config", config],
            "address": lambda role: ["--server", gate.base, "--admin-key", keys[role]]}


@pytest.mark.parametrize("way", ["data folder", "address"])
def test_from_the_draft_to_two_signatures_to_a_served_feature(config, tmp_path, way):  # noqa: F811
    author, wei, li = (person(tmp_path, config, name, role) for name, role in
                       (("Author", "author"), ("Wei", "approver"), ("Li", "legal")))
    key = add_key(config, "--name", "app", "--profile", "cn")["secret"]
    with serving(config) as gate:
        at = ways_of(config, gate, tmp_path)[way]

        def closed(state, done):
            assert done["state"] == state and done["index"] is not None
            assert chat(gate, key).json["error"]["code"] == "approval_missing"

        closed("draft", desk("approval", "draft", application(tmp_path), "--key", author, at=at("author")))
        closed("submitted", desk("approval", "submit", "case-1", "--key", author, at=at("author")))
        granted = desk("approval", "grant", "case-1", "--number", "Test-1", *DATES, "--key", author,
                       at=at("author"))
        closed("granted", granted)
        # Whoever wrote it cannot sign it, nobody signs twice, and an operator signs nothing.
        for who in author, wei, wei:
            done = desk("approval", "sign", "Test-1", "--key", who, at=at("approver"), check=False)
            assert (done.returncode == 0) == (who == wei and granted["state"] == "granted"), done.stderr
            granted["state"] = "signed" if done.returncode == 0 else granted["state"]
        assert chat(gate, key).json["error"]["code"] == "approval_missing"
        done = desk("approval", "sign", "Test-1", "--key", li, at=at("legal"))
        assert done["state"] == "in force"
        answer = chat(gate, key)
        assert answer.status == 200, answer.text
        assert answer.json["yumen"]["receipt"]["approval"] == "Test-1"

        # What closes takes one; what opens takes two people.
        desk("approval", "suspend", "Test-1", at=at("operator"))
        assert chat(gate, key).json["error"]["code"] == "approval_suspended"
        done = desk("approval", "resume", "Test-1", at=at("approver"), check=False)
        assert done.returncode == 1 and "--key" in done.stderr
        half = desk("approval", "resume", "Test-1", "--key", wei, at=at("approver"))
        assert half["state"] == "suspended"
        again = desk("approval", "resume", "Test-1", "--key", wei, at=at("approver"), check=False)
        assert again.returncode == 2 and "another person" in again.stderr, again.stderr
        assert chat(gate, key).json["error"]["code"] == "approval_suspended"
        assert desk("approval", "resume", "Test-1", "--key", li, at=at("legal"))["state"] == "in force"
        assert chat(gate, key).status == 200
        gate.verify(answer.json)
    kinds = json.loads(yumen("--json", "ledger", "verify", "--config", config).stdout)["log"]["kinds"]
    # Draft, submission, decision, two signatures, suspension, two resumptions.
    assert kinds["approval_step.v1"] == 8 and kinds["signer.v1"] == 3


def test_a_step_that_somebody_altered_is_refused(config, tmp_path):  # noqa: F811
    author = person(tmp_path, config, "Author", "author")
    with serving(config) as gate:
        at = ["--config", config]
        desk("approval", "draft", application(tmp_path), "--key", author, at=at)
        stranger = tmp_path / "stranger.key"
        yumen("signer", "new", stranger)
        done = desk("approval", "submit", "case-1", "--key", stranger, at=at, check=False)
        assert done.returncode == 2 and "nobody trusted" in done.stderr, done.stderr
        missing = desk("approval", "submit", "case-2", "--key", author, at=at, check=False)
        assert missing.returncode == 1 and "there is no approval case-2" in missing.stderr
        unsigned = desk("approval", "submit", "case-1", at=at, check=False)
        assert unsigned.returncode == 1 and "signature of a person" in unsigned.stderr
        assert gate.get("/healthz").status == 200
    shown = json.loads(yumen("--json", "approval", "show", "case-1", *map(str, at)).stdout)
    assert shown["approval"]["state"] == "draft" and len(shown["file"]["steps"]) == 1


def test_the_clocks_that_an_application_started_are_shown(config, tmp_path):  # noqa: F811
    author = person(tmp_path, config, "Author", "author")
    at = ["--config", config]
    wanted = application(tmp_path, kind="algorithm_filing")
    desk("approval", "draft", wanted, "--key", author, at=at)
    assert desk("approval", "show", "case-1", at=at)["deadlines"] == []
    desk("approval", "submit", "case-1", "--key", author, at=at)
    [clock] = desk("approval", "show", "case-1", at=at)["deadlines"]
    assert (clock["on"], clock["working_days"]) == ("authority", 30)
    # A day, or the reason why there is none: the calendar of a year is published late in the year before.
    assert (clock["due"] is None) == ("add the year" in (clock["why"] or "")), clock
    assert clock["due"] is None or clock["due"] > clock["from"]
    assert "by the authority" in yumen("approval", "show", "case-1", *at).stdout


def test_an_approval_imported_through_a_running_gate_is_in_force_at_once(config, tmp_path):  # noqa: F811
    people = trusted_people(config, tmp_path)
    key = add_key(config, "--name", "app", "--profile", "cn")["secret"]
    with serving(config) as gate:
        wait_for(lambda: chat(gate, key).json["error"]["code"] == "approval_missing")
        file = signed(tmp_path, approval(tmp_path), *people)
        done = desk("approval", "import", file, at=["--config", config])
        assert done["state"] == "in force" and chat(gate, key).status == 200
        gone = desk("approval", "remove", done["number"], at=["--config", config])
        assert gone["index"] > done["index"]
        assert chat(gate, key).json["error"]["code"] == "approval_missing"


def test_assertions_follow_the_keys_that_sign_them(own_demo):
    from conftest import device

    def taken(assertion):
        answer = own_demo.post("/v1/features/writing.summary", {"input": {"text": "One. Two."}, "language": "en"},
                               key="yk_demo", headers={"Yumen-Assertion": assertion})
        return answer.status

    first = own_demo.eligibility(device()).json["assertion"]
    rotated = desk("keys", "rotate", "assertion", at=folder(own_demo))
    assert entry(own_demo, rotated["index"])[1]["usage"] == "assertion"
    second = own_demo.eligibility(device()).json["assertion"]
    assert taken(first) == taken(second) == 200
    desk("keys", "rotate", "assertion", "--revoke-old", at=folder(own_demo))
    assert taken(second) == 403 and taken(first) == 200, "only the one before is revoked"
    assert taken(own_demo.eligibility(device()).json["assertion"]) == 200
    keys = own_demo.data_dir / "keys" / "assertion.json"
    assert keys.stat().st_mode & 0o777 == 0o600


LIST = """\ufeff序号,属地,模型名称,备案单位,备案编号,备案时间
1,北京,示例大模型,示例科技有限公司,Beijing-Shili-202401010001,2024-01-02
2,上海,第二模型,第二科技有限公司,Shanghai-Dier-202401020002,2024-01-03
"""


def test_the_list_of_filed_models_is_kept_and_asked(own_demo, tmp_path):
    path = tmp_path / "list.csv"
    path.write_text(LIST)
    at = folder(own_demo)
    assert desk("approval", "check-model", "示例大模型", at=at, check=False).returncode == 2
    done = desk("filed-models", "import", path, at=at)
    assert (done["read"], done["new"], done["size"]) == (2, 2, 2)
    assert entry(own_demo, done["index"])[0] == "pack.v1"
    again = desk("filed-models", "import", path, at=address(own_demo))
    assert (again["new"], again["size"]) == (0, 2)
    found = desk("approval", "check-model", "beijing-shili-202401010001", at=address(own_demo))
    assert [model["name"] for model in found["models"]] == ["示例大模型"]
    assert len(desk("filed-models", "list", at=at)["models"]) == 2
    assert len(desk("filed-models", "show", "第二科技有限公司", at=at)["models"]) == 1
    assert desk("approval", "check-model", "nobody", at=at, check=False).returncode == 2


def test_releases_are_built_kept_and_compared(own_demo, tmp_path):
    out = tmp_path / "us.json"
    built = desk("release", "build", "--market", "us", "--out", out, at=folder(own_demo))
    kind, members = entry(own_demo, built["index"])
    assert (kind, members["release"]) == ("release.v1", built["digest"])
    listed = desk("release", "list", at=address(own_demo))
    assert built["digest"] in [one["digest"] for one in listed]
    twice = desk("release", "build", "--market", "us", "--out", out, at=folder(own_demo), check=False)
    assert twice.returncode == 1 and "already there" in twice.stderr
    same = yumen("release", "diff", out, built["digest"][7:19], *folder(own_demo))
    assert "same release" in same.stdout
    bundle = json.loads(out.read_text())
    bundle["features"][CHAT]["models"][0]["version"] += "-next"
    other = tmp_path / "other.json"
    other.write_text(json.dumps(bundle))
    changes = json.loads(yumen("--json", "release", "diff", out, other).stdout)
    assert [change["what"] for change in changes] == ["model_version"]
    assert yumen("release", "diff", out, tmp_path / "none.json", check=False).returncode == 1


def test_a_demo_says_that_nothing_alarms(own_demo):
    assert "no alarms" in yumen("alarms", *folder(own_demo)).stdout
    assert desk("alarms", at=address(own_demo)) == []

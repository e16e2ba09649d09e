"""Operating the screens: packs while requests run, reports and appeals, people who are stopped, what the public sees."""

import json
import re
import threading

import pytest

import packs
from conftest import demo_gate
from programs import wait_for, yumen

RED = 'phrases = ["red lantern"]'
CALM = "The caravan reached the gate. The officer checked the papers. Nobody passed without papers."


def pack(folder, version, phrase, key=None):
    return packs.made(yumen, folder, version, f'phrases = ["{phrase}"]', asked="refuse", key=key)


def signer(gate):
    """The demo believes packs of the made-up people who sign its approvals."""
    return gate.data_dir / "keys" / "demo-signer-1.key"


def install(gate, file, scope="us", *more, check=True):
    return yumen("--json", "pack", "install", file, "--scope", scope, "--reason", "a test", "--server", gate.base,
                 *more, check=check)


def summary(gate, text, key="yk_demo_us", language="en", person="wei"):
    return gate.feature("writing.summary", key, text, language, headers={"Yumen-Person": person})


def refused(gate, colour, **options):
    return summary(gate, f"A {colour} lantern hangs there. {CALM}", **options).status == 422


def test_a_pack_is_installed_replaced_and_removed_while_requests_run(own_demo, tmp_path):
    gate, failed, stop = own_demo, [], threading.Event()

    def traffic():
        while not stop.is_set():
            answer = summary(gate, CALM)
            if answer.status != 200:
                failed.append(answer.text)

    threads = [threading.Thread(target=traffic) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        assert not refused(gate, "red")
        first = json.loads(install(gate, pack(tmp_path, "1", "red lantern", signer(gate))).stdout)
        assert first["pack"] == "lanterns" and first["markets"] == ["us"] and first["new_releases"] == []
        assert refused(gate, "red") and not refused(gate, "green")
        install(gate, pack(tmp_path, "2", "green lantern", signer(gate)))
        assert refused(gate, "green") and not refused(gate, "red")
        yumen("pack", "remove", "lanterns", "--reason", "done", "--server", gate.base)
        assert not refused(gate, "green")
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failed == []


def test_who_installed_what_when_and_at_whose_request_stands_in_the_ledger(own_demo, tmp_path):
    file = pack(tmp_path, "1", "red lantern", signer(own_demo))
    done = json.loads(install(own_demo, file, "us,eu", "--request-by", "某办公室", "--reference", "2026/12").stdout)

    def log():
        return json.loads(yumen("--json", "pack", "log", "--data-dir", own_demo.data_dir).stdout)

    wait_for(lambda: len(log()) == 2)  # the ledger publishes within a second or so
    assert [step["market"] for step in log()] == ["eu", "us"]
    step = log()[-1]
    assert (step["step"], step["version"], step["digest"]) == ("loaded", "1", done["digest"])
    assert (step["requested_by"], step["reference"]) == ("某办公室", "2026/12")
    assert step["by"].startswith("admin_") and step["time"]
    assert "red lantern" not in json.dumps(log()) and "a test" not in json.dumps(log())
    [shown] = json.loads(yumen("--json", "pack", "list", "--server", own_demo.base).stdout)["installed"]
    assert (shown["pack"], shown["reason"], shown["markets"]) == ("lanterns", "a test", ["eu", "us"])


def test_a_pack_that_nobody_signed_or_that_is_broken_takes_the_place_of_none(own_demo, tmp_path):
    good = pack(tmp_path, "1", "red lantern", signer(own_demo))
    install(own_demo, good)
    unsigned = pack(tmp_path, "2", "green lantern")
    stranger = tmp_path / "stranger.key"
    yumen("signer", "new", stranger)
    foreign = pack(tmp_path, "3", "green lantern", stranger)
    broken = tmp_path / "broken.ypack"
    broken.write_bytes(good.read_bytes()[:-40])
    for file in (unsigned, foreign, broken):
        failed = install(own_demo, file, check=False)
        assert failed.returncode != 0 and "cannot be used" in failed.stderr, failed.stderr
    assert refused(own_demo, "red") and not refused(own_demo, "green")


def test_a_pack_whose_file_is_lost_closes_its_market_alone_until_it_is_installed_again(tmp_path):
    kept = tmp_path / "data" / "packs"
    with demo_gate(tmp_path / "data") as gate:
        file = pack(tmp_path, "1", "red lantern", signer(gate))
        digest = json.loads(install(gate, file).stdout)["digest"]
        [stored] = kept.iterdir()
        assert (stored.read_bytes(), f"sha256:{stored.stem}") == (file.read_bytes(), digest)
        assert stored.stat().st_mode & 0o077 == 0, "its terms are the operator's alone"
    stored.write_bytes(file.read_bytes()[:-1] + b"x")
    with demo_gate(tmp_path / "data") as gate:
        closed = summary(gate, CALM)
        assert (closed.status, closed.json["code"]) == (403, "release_missing"), closed.text
        [alarm] = json.loads(yumen("--json", "alarms", "--server", gate.base).stdout)
        assert (alarm["code"], alarm["market"]) == ("packs_unusable", "us") and stored.name in alarm["detail"]
        assert summary(gate, CALM, "yk_demo_cn").status == 200, "another market has nothing to do with it"
        install(gate, file)
        assert refused(gate, "red") and summary(gate, CALM).status == 200
        yumen("pack", "remove", "lanterns", "--reason", "done", "--server", gate.base)
        assert list(kept.iterdir()) == []


def test_a_first_pack_is_another_release_where_one_must_be_approved_and_its_next_version_is_not(tmp_path):
    with demo_gate(tmp_path / "data") as gate:
        first = pack(tmp_path, "1", "red lantern", signer(gate))
        failed = install(gate, first, "cn", check=False)
        assert failed.returncode != 0 and "--new-release" in failed.stderr
        assert summary(gate, CALM, "yk_demo_cn").status == 200
        assert json.loads(install(gate, first, "cn", "--new-release").stdout)["new_releases"] == ["cn"]
        assert summary(gate, CALM, "yk_demo_cn").status == 403, "nobody has approved it yet"
    # The demo approves what it finds when it starts.
    with demo_gate(tmp_path / "data") as gate:
        assert refused(gate, "red", key="yk_demo_cn")
        install(gate, pack(tmp_path, "2", "green lantern", signer(gate)), "cn")
        assert refused(gate, "green", key="yk_demo_cn") and not refused(gate, "red", key="yk_demo_cn")


@pytest.fixture
def strict(tmp_path):
    """A demo with a pack that refuses lanterns in every market, from its catalogue; and how to start it again."""
    catalog = tmp_path / "catalog" / "packs"
    catalog.mkdir(parents=True)
    (catalog / "lanterns.toml").write_text(packs.source("1", RED, "refuse"))
    return lambda: demo_gate(tmp_path / "data", "--catalog", catalog.parent)


def test_a_refusal_says_in_plain_words_what_it_is_about_and_how_to_object(strict):
    with strict() as gate:
        answer = summary(gate, f"A red lantern. {CALM}", "yk_demo_cn")
        problem = answer.json
        assert (answer.status, problem["code"]) == (422, "screen_refused")
        [notice] = problem["notices"]
        assert notice["category"] == {"id": "lanterns", "text": {"en": "lanterns", "zh": "灯笼"}}
        assert problem["appeal"]["post"] == "/v1/reports"
        report = gate.post("/v1/reports", {"kind": "appeal", "receipt": problem["appeal"]["receipt"],
                                           "about": notice["code"], "text": "It is a red lamp, 不是灯笼"},
                           key="yk_demo_cn")
        assert report.status == 201 and report.json["status"] == "received"
        assert report.json["received_at"] < report.json["due_at"]
        name = report.json["id"]

        [waiting] = json.loads(yumen("--json", "report", "list", "--server", gate.base).stdout)
        assert (waiting["id"], waiting["market"], waiting["kind"]) == (name, "cn", "appeal")
        assert "text" not in waiting, "a list has no words"
        shown = json.loads(yumen("--json", "report", "show", name, "--server", gate.base).stdout)
        assert shown["text"] == "It is a red lamp, 不是灯笼"
        assert gate.get(f"/v1/reports/{name}", key="yk_demo_us").status == 404, "it is not theirs"
        yumen("report", "decide", name, "granted", "--answer", "您说得对", "--server", gate.base)
        told = gate.get(f"/v1/reports/{name}", key="yk_demo_cn").json
        assert (told["status"], told["decision"]["answer"]) == ("granted", "您说得对")
        again = yumen("report", "decide", name, "refused", "--answer", "no", "--server", gate.base, check=False)
        assert again.returncode != 0 and "already" in again.stderr
        stored = b"".join(path.read_bytes() for path in gate.data_dir.glob("yumen.db*"))
        assert "不是灯笼".encode() not in stored, "what a person wrote is sealed"


def test_what_is_no_report_is_refused(demo):
    for body in ({}, {"kind": "praise"}, {"kind": "harm", "colour": 1}, {"kind": "harm", "receipt": "a b"},
                 {"kind": "harm", "text": "x" * 4001}):
        answer = demo.post("/v1/reports", body, key="yk_demo_us")
        assert answer.status == 422 and answer.json["code"] == "input_invalid", body
    assert demo.post("/v1/reports", {"kind": "harm"}).status == 401
    assert demo.get("/v1/reports/rep_none", key="yk_demo_us").json["code"] == "report_unknown"


def test_three_in_a_row_limit_a_person_and_nobody_else_until_somebody_lifts_it(strict):
    bad = f"A red lantern. {CALM}"

    def chat(gate, person):
        body = {"model": "assistant.chat", "messages": [{"role": "user", "content": "hello"}]}
        return gate.post("/v1/chat/completions", body, key="yk_demo_cn", headers={"Yumen-Person": person})

    with strict() as gate:
        first, second, third = (summary(gate, bad, "yk_demo_cn") for _ in range(3))
        assert "sanction" not in first.json
        assert second.json["sanction"]["measure"] == "warn"
        assert third.json["sanction"]["measure"] == "limit"
        assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}Z", third.json["sanction"]["until"])
        stopped = chat(gate, "wei")
        assert (stopped.status, stopped.json["error"]["code"]) == (403, "person_limited")
        assert stopped.json["yumen"]["sanction"]["until"] == third.json["sanction"]["until"]
        assert stopped.json["yumen"]["appeal"]["post"] == "/v1/reports"
        assert chat(gate, "li").status == 200
        assert summary(gate, CALM, "yk_demo_cn").status == 200, "what runs on the device goes on"
    with strict() as gate:
        assert chat(gate, "wei").status == 403, "a restart does not forget"
        [person] = json.loads(yumen("--json", "person", "list", "--server", gate.base).stdout)
        assert person["state"] == "limited" and "wei" not in json.dumps(person)
        yumen("person", "lift", person["person"], "--server", gate.base)
        assert chat(gate, "wei").status == 200
        # Five within a day, never three in a row: all features are stopped, and a granted appeal frees.
        for _ in range(5):
            last = summary(gate, bad, "yk_demo_cn")
            good = summary(gate, CALM, "yk_demo_cn")
        assert last.json["sanction"]["measure"] == "suspend"
        assert (good.status, good.json["code"]) == (403, "person_suspended")
        report = gate.post("/v1/reports", {"kind": "appeal", "receipt": good.json["appeal"]["receipt"]},
                           key="yk_demo_cn", headers={"Yumen-Person": "wei"}).json
        yumen("report", "decide", report["id"], "granted", "--answer", "您说得对", "--server", gate.base)
        assert summary(gate, CALM, "yk_demo_cn").status == 200


@pytest.mark.parametrize("body", ["chat", "feature"])
def test_what_comes_again_as_history_is_refused_and_not_counted_again(strict, body):
    bad, calm = "A red lantern, please.", "A calm evening, please."

    def says(gate, *said, person="wei"):
        messages = [{"role": "user", "content": text} for text in said]
        path, body_ = "/v1/chat/completions", {"model": "assistant.chat", "messages": messages}
        if body == "feature":
            path, body_ = "/v1/features/assistant.chat", {"input": {"messages": messages}, "language": "en"}
        answer = gate.post(path, body_, key="yk_demo_cn", headers={"Yumen-Person": person})
        about = answer.json.get("yumen", answer.json)
        return answer.status, (about.get("sanction") or {}).get("measure")

    with strict() as gate:
        assert says(gate, bad) == (422, None)
        for _ in range(6):
            assert says(gate, bad, calm) == (422, None), "it is refused, and was counted"
        assert says(gate, calm, bad) == (422, "warn"), "it is said again"
        assert says(gate, bad, calm) == (422, None)
        assert says(gate, bad) == (422, "limit")
        assert says(gate, calm)[0] == 403


def test_what_is_only_detected_is_counted_and_nobody_is_told(tmp_path):
    catalog = tmp_path / "catalog" / "packs"
    catalog.mkdir(parents=True)
    actions = re.compile(r"actions = {.*}")
    untouched = 'actions = { to_partner = "detect", from_partner = "detect", to_device = "detect", from_device = "detect" }'
    text = actions.sub(untouched, packs.source("1", RED, "refuse"))
    (catalog / "lanterns.toml").write_text(text)
    said = "Is a red lantern like a red lantern?"
    body = {"model": "assistant.chat", "messages": [{"role": "user", "content": said}]}

    def account(gate):
        months = gate.get("/admin/v1/transparency", key="ya_demo").json["markets"]
        return {category["category"]: category["counts"] for month in months for category in month["categories"]}

    with demo_gate(tmp_path / "data", "--catalog", catalog.parent) as gate:
        whole = gate.post("/v1/chat/completions", body, key="yk_demo_cn")
        streamed = gate.post("/v1/chat/completions", body | {"stream": True}, key="yk_demo_cn")
        for answer in (whole, streamed):
            # The emulated partner repeats what it was asked.
            assert answer.status == 200 and "lanterns.colour" not in answer.text
        assert said in whole.text
        wait_for(lambda: account(gate).get("lanterns") == {"found": 8})
        metrics = gate.get("/metrics").text
        for direction in ("input", "output"):
            counted = f'direction="{direction}",action="detect",category="lanterns"'
            assert f"yumen_screen_notices_total{{{counted}}} 4" in metrics


def test_the_public_account_survives_a_restart_and_hides_small_counts(strict):
    def exact(gate):
        answer = gate.get("/admin/v1/transparency", key="ya_demo").json["markets"]
        return {month["market"]: month for month in answer}

    with strict() as gate:
        summary(gate, f"A red lantern. {CALM}", "yk_demo_cn", person="a")
        wait_for(lambda: exact(gate).get("cn", {}).get("refused") == 1)
    with strict() as gate:
        month = exact(gate)["cn"]
        assert (month["refused"], month["screened"]) == (1, 1)
        assert month["categories"] == [{"category": "lanterns", "counts": {"refused": 1}}]
        public = gate.get("/v1/transparency")
        assert public.status == 200 and public.json["markets"] == [], "today is not over"
        assert gate.get("/admin/v1/transparency").status == 401

"""The whole life of an approval under a partner that exchanges its model without a word: drafted, signed, in force,
served; drifted, stopped for everyone with the next request; released and approved anew, served again."""

import datetime
import json
import pathlib
import shutil
import urllib.request

import pytest

from conftest import demo_gate, wait_for, yumen
from test_operator import add_key, chat, config, partners, serving  # noqa: F401

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
ASKED, OTHER = "qwen-plus", "qwen-plus-2027-01-01"


def claim(emulator, **claims):
    """Makes an emulated partner name another model, or with nothing the one it was asked for."""
    request = urllib.request.Request(f"{emulator}/emulator/claims", json.dumps(claims).encode(), method="PUT")
    urllib.request.urlopen(request, timeout=10).close()


def asked_of(emulator):
    with urllib.request.urlopen(f"{emulator}/emulator/stats", timeout=10) as answer:
        return json.load(answer)["requests"]


@pytest.fixture
def mainland(config, partners):  # noqa: F811
    """A gate whose mainland partner speaks the protocol that names its model."""
    text = config.read_text().replace(f"{partners['dashscope']}/api/v1",
                                      f"{partners['dashscope']}/compatible-mode/v1")
    config.write_text(text.replace('id = "qwen"\n', 'id = "qwen"\nprotocol = "dashscope-compatible"\n'))
    return config


class Desk:
    """People with their keys, and the way to the desk: the data folder, or the address with admin keys."""

    def __init__(self, config, tmp_path, by_address):
        self.config, self.tmp_path, self.by_address, self.gate = config, tmp_path, by_address, None
        self.files, self.admins = {}, {}
        for name, role in (("an", "author"), ("lin", "approver"), ("wang", "legal")):
            self.files[name] = tmp_path / f"{name}.key"
            public = yumen("signer", "new", self.files[name]).stdout.strip()
            yumen("signer", "add", "--config", config, "--name", name, "--role", role, public)
            made = yumen("--json", "keys", "add", "--config", config, "--admin", "--name", name, "--role", role)
            self.admins[name] = json.loads(made.stdout)["secret"]

    def __call__(self, who, *arguments, check=True):
        place = ["--config", self.config]
        if self.by_address:
            place = ["--server", self.gate.base, "--admin-key", self.admins[who]]
        done = yumen("--json", "approval", *arguments, "--key", self.files[who], *place, check=check)
        return json.loads(done.stdout) if check else done

    def brings_into_force(self, case, number, draft):
        """The whole way; gives what the desk says at each step."""
        today = datetime.date.today()
        dates = ["--granted-on", today, "--valid-from", f"{today - datetime.timedelta(days=1)}T00:00:00Z",
                 "--valid-until", f"{today + datetime.timedelta(days=300)}T00:00:00Z"]
        done = [self("an", "draft", draft), self("an", "submit", case),
                self("an", "grant", case, "--number", number, "--service-number", f"{number}-S", *dates),
                self("lin", "sign", number)]
        assert self("an", "sign", number, check=False).returncode != 0, "the author cannot sign"
        assert self("lin", "sign", number, check=False).returncode != 0 or not self.is_open(), "one is not two"
        return [*done, self("wang", "sign", number)]

    def is_open(self):
        return chat(self.gate, self.key).status == 200


def release_of(config, catalog=None):  # noqa: F811
    more = ["--catalog", catalog] if catalog else []
    [shown] = json.loads(yumen("--json", "release", "show", "--market", "cn", *more).stdout)
    return shown["digest"]


def card_says(config, line):  # noqa: F811
    """Lays a card over the shipped one that says this of the model; gives the folder."""
    catalog = config.parent / "catalog"
    (catalog / "partners").mkdir(parents=True, exist_ok=True)
    card = (REPOSITORY / "catalog" / "partners" / "qwen.toml").read_text()
    assert f'id = "{ASKED}"\n' in card
    (catalog / "partners" / "qwen.toml").write_text(card.replace(f'id = "{ASKED}"\n', f'id = "{ASKED}"\n{line}\n'))
    if "catalog =" not in config.read_text():
        config.write_text(config.read_text().replace("[server]\n", '[server]\ncatalog = "catalog"\n'))
    return catalog


def application(tmp_path, case, release, **more):
    path = tmp_path / f"{case}.json"
    path.write_text(json.dumps({
        "case": case, "kind": "registration", "market": "cn",
        "entity": {"name": "Invented Trading", "uscc": "91000000MA0DEM000C"},
        "scope": {"features": ["assistant.chat", "writing.rewrite"], "surfaces": ["cloud"]},
        "release": release, **more}))
    return path


@pytest.mark.parametrize("by_address", [False, True], ids=["data folder", "address"])
def test_from_the_draft_over_a_drift_to_the_next_approval(mainland, partners, tmp_path, by_address):  # noqa: F811
    desk = Desk(mainland, tmp_path, by_address)
    desk.key = add_key(mainland, "--name", "phone", "--profile", "cn")["secret"]
    another = add_key(mainland, "--name", "another", "--profile", "cn")["secret"]
    qwen = partners["dashscope"]
    with serving(mainland) as gate:
        desk.gate = gate
        assert chat(gate, desk.key).json["error"]["code"] == "approval_missing"
        draft = application(tmp_path, "chat-1", release_of(mainland))
        steps = desk.brings_into_force("chat-1", "Test-1", draft)
        assert all(step["index"] is not None for step in steps), "each step is on record"
        answer = chat(gate, desk.key)
        assert answer.status == 200, answer.text
        display = answer.json["yumen"]["served_by"]["display"]
        assert (display["service_number"], display["entity"]) == ("Test-1-S", "Invented Trading")
        assert display["model_filing"] and ASKED in display["model_name"]["zh"]

        # The partner exchanges its model. The first to meet it sees nothing of its answer...
        claim(qwen, model=OTHER)
        before = asked_of(qwen)
        refused = chat(gate, desk.key, content="what nobody may read")
        assert (refused.status, refused.json["error"]["code"]) == (503, "model_drifted")
        assert "模拟通义千问" not in refused.text and OTHER not in refused.text
        assert asked_of(qwen) == before + 1
        # ...and nobody after it is even asked for.
        for key, stream in (another, False), (another, True), (desk.key, False):
            body = {"model": "assistant.chat", "stream": stream, "messages": [{"role": "user", "content": "x"}]}
            stopped = gate.post("/v1/chat/completions", body, key=key)
            assert (stopped.status, stopped.json["error"]["code"]) == (503, "model_drifted")
        assert asked_of(qwen) == before + 1
        # That the partner takes it back does not open it again.
        claim(qwen)
        assert chat(gate, another).status == 503 and asked_of(qwen) == before + 1

        admin = desk.admins["an"]
        [drift] = gate.get("/admin/v1/drifts", key=admin).json
        assert (drift["drift"]["model"], drift["drift"]["reported"]) == (ASKED, OTHER)
        assert drift["draft"]["replaces"] == "Test-1" and drift["draft"]["release"] == release_of(mainland)
        alarms = {alarm["code"]: alarm for alarm in gate.get("/admin/v1/alarms", key=admin).json["alarms"]}
        assert alarms["model_drifted"]["subject"] == f"qwen/{ASKED}"
        assert OTHER in alarms["model_drifted"]["detail"]
        report = yumen("--json", "ledger", "verify", "--config", mainland, check=False)
    kinds = json.loads(yumen("--json", "ledger", "verify", "--config", mainland).stdout)["log"]["kinds"]
    assert kinds["drift.v1"] == 1 and kinds["alarm.v1"] >= 1, report.stdout

    # A new release names what the partner reports now, and is approved.
    catalog = card_says(mainland, f'reports = ["{ASKED}", "{OTHER}"]')
    new = release_of(mainland, catalog)
    assert new != release_of(mainland), "what a model may report is part of the release"
    claim(qwen, model=OTHER)
    with serving(mainland) as gate:
        desk.gate = gate
        assert chat(gate, desk.key).status in (403, 503), "the new release is not approved yet"
        assert asked_of(qwen) == before + 1
        draft = application(tmp_path, "chat-2", new, replaces="Test-1")
        desk.brings_into_force("chat-2", "Test-2", draft)
        again = chat(gate, desk.key)
        assert again.status == 200, again.text
        assert again.json["yumen"]["receipt"]["approval"] == "Test-2"
        assert chat(gate, another).status == 200


@pytest.mark.parametrize("way", ["one request", "from now on"])
def test_another_fingerprint_than_the_pinned_one_is_a_drift(mainland, partners, tmp_path, way):  # noqa: F811
    qwen, pinned, changed = partners["dashscope"], "fp_approved", "fp_exchanged"
    catalog = card_says(mainland, f'fingerprints = ["{pinned}"]')
    release = release_of(mainland, catalog)
    assert release != release_of(mainland), "a pinned fingerprint is part of the release"
    desk = Desk(mainland, tmp_path, by_address=False)
    desk.key = add_key(mainland, "--name", "phone", "--profile", "cn")["secret"]
    another = add_key(mainland, "--name", "another", "--profile", "cn")["secret"]
    claim(qwen, fingerprint=pinned)
    with serving(mainland) as gate:
        desk.gate = gate
        desk.brings_into_force("chat-1", "Test-1", application(tmp_path, "chat-1", release))
        assert chat(gate, desk.key).status == 200

        # The same model by its name, another system behind it: not a byte of its answer is shown, streamed or whole.
        words = "[[other_fingerprint]]" if way == "one request" else "what nobody may read"
        if way == "from now on":
            claim(qwen, fingerprint=changed)
        before = asked_of(qwen)
        refused = gate.post("/v1/chat/completions", key=desk.key, body={
            "model": "assistant.chat", "stream": way == "one request",
            "messages": [{"role": "user", "content": words}]})
        assert (refused.status, refused.json["error"]["code"]) == (503, "model_drifted")
        assert "模拟通义千问" not in refused.text
        assert asked_of(qwen) == before + 1
        for key in desk.key, another:
            stopped = chat(gate, key)
            assert (stopped.status, stopped.json["error"]["code"]) == (503, "model_drifted")
        claim(qwen, fingerprint=pinned)
        assert chat(gate, another).status == 503 and asked_of(qwen) == before + 1

        admin = desk.admins["an"]
        [drift] = gate.get("/admin/v1/drifts", key=admin).json
        seen = drift["drift"]["fingerprint"]
        assert seen != pinned and (way == "one request" or seen == changed)
        assert drift["drift"]["expected"] == [ASKED, pinned]
        assert (drift["draft"]["replaces"], drift["draft"]["release"]) == ("Test-1", release)
        alarms = {alarm["code"]: alarm for alarm in gate.get("/admin/v1/alarms", key=admin).json["alarms"]}
        assert alarms["model_drifted"]["detail"] == f"it reports {ASKED}, fingerprint {seen}"

    # A card that lists what is reported now makes another release; the drift does not stop that one.
    new = release_of(mainland, card_says(mainland, f'fingerprints = ["{pinned}", "{seen}"]'))
    assert new != release
    claim(qwen, fingerprint=seen)
    with serving(mainland) as gate:
        desk.gate = gate
        assert chat(gate, desk.key).status in (403, 503), "the new release is not approved yet"
        desk.brings_into_force("chat-2", "Test-2", application(tmp_path, "chat-2", new, replaces="Test-1"))
        again = chat(gate, another)
        assert again.status == 200, again.text
        assert again.json["yumen"]["receipt"]["approval"] == "Test-2"


def test_a_partner_that_stops_naming_its_fingerprint_has_drifted(mainland, partners, tmp_path):  # noqa: F811
    release = release_of(mainland, card_says(mainland, 'fingerprints = ["fp_approved"]'))
    desk = Desk(mainland, tmp_path, by_address=False)
    desk.key = add_key(mainland, "--name", "phone", "--profile", "cn")["secret"]
    with serving(mainland) as gate:
        desk.gate = gate
        desk.brings_into_force("chat-1", "Test-1", application(tmp_path, "chat-1", release))
        refused = chat(gate, desk.key)
        assert (refused.status, refused.json["error"]["code"]) == (503, "model_drifted")
        [drift] = gate.get("/admin/v1/drifts", key=desk.admins["an"]).json
        assert "fingerprint" not in drift["drift"] and drift["drift"]["reported"] == ASKED


def test_a_stream_whose_model_changes_midway_is_withdrawn(own_demo):
    stream = own_demo.feature("assistant.chat", "yk_demo_us", stream=True,
                              input={"messages": [{"role": "user", "content": "[[model_midway]]"}]})
    names = [name for name, _ in stream.events()]
    assert stream.status == 200 and "end" not in names, names
    assert names[-2:] == ["restart", "error"]
    assert stream.events()[-1][1]["code"] == "model_drifted"
    assert_served_by_another(own_demo)


def test_a_fingerprint_that_no_release_pins_is_not_looked_at(own_demo):
    for word in "[[other_fingerprint]]", "Hello.":
        answer = chat(own_demo, "yk_demo_us", content=word)
        assert answer.status == 200, answer.text


def assert_served_by_another(gate):
    """The American market has a second approved partner: it serves, and the drifted one is not asked."""
    before = gate.emulator("openai")["requests"]
    for feature, input in (("assistant.chat", {"messages": [{"role": "user", "content": "x"}]}),
                           ("writing.rewrite", {"text": "Hi there.", "style": "concise"})):
        answer = gate.feature(feature, "yk_demo_us", input=input)
        assert answer.status == 200 and answer.json["served_by"]["partner"] == "anthropic", answer.text
    assert gate.emulator("openai")["requests"] == before


def test_what_drifted_stays_stopped_over_a_restart(tmp_path):
    with demo_gate(tmp_path) as gate:
        claim(gate.addresses["emulated_openai"], model="gpt-unannounced")
        gate.feature("assistant.chat", "yk_demo_us", input={"messages": [{"role": "user", "content": "x"}]})
        # Stopped for every feature of the model; one on the device goes on.
        assert_served_by_another(gate)
        assert gate.feature("writing.summary", "yk_demo_us", "One. Two. Three.").status == 200
    with demo_gate(tmp_path) as gate:
        assert_served_by_another(gate)
        assert gate.emulator("chatgpt")["requests"] == 0
        assert wait_for(lambda: chat(gate, "yk_demo_cn").status == 200), "another market goes on"

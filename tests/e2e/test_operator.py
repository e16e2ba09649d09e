"""`yumen serve` and the operator's commands, as an operator meets them."""

import contextlib
import datetime
import json
import os
import subprocess

import pytest

from conftest import Gate, demo_gate, device, program, running, wait_for, yumen

# A well-formed provider code of an organisation that does not exist (region 000000).
PROVIDER = "001191000000MA0DEM000C10000"
SECRET = "sk-operator-secret-0123456789"
WITH_KEY = {**os.environ, "TEST_OPENAI_KEY": SECRET}
SERVER = '[server]\ndata_dir = "d"\nprovider = "example"'


@pytest.fixture
def partners():
    command = [program("yumen-emulators", "YUMEN_EMULATORS_BIN"), "--openai", "127.0.0.1:0",
               "--dashscope", "127.0.0.1:0", "--chunk-delay-ms", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    yield json.loads(process.stdout.readline())
    process.terminate()
    process.wait(timeout=10)


@pytest.fixture
def config(tmp_path, partners):
    path = tmp_path / "yumen.toml"
    (tmp_path / "qwen.key").write_text("sk-qwen-secret\n")
    path.write_text(f"""
[server]
listen = "127.0.0.1:0"
data_dir = "data"
provider = "{PROVIDER}"

[aliases]
"gpt-4o-mini" = "assistant.chat"

[[partner]]
id = "openai"
base_url = "{partners['openai']}/v1"
key = {{ env = "TEST_OPENAI_KEY" }}
emulated = true

[[partner]]
id = "qwen"
base_url = "{partners['dashscope']}/api/v1"
region = "CN"
key = {{ file = "qwen.key" }}
emulated = true
""")
    return path


@contextlib.contextmanager
def serving(config, **options):
    environment = {"TEST_OPENAI_KEY": SECRET, "YUMEN_LOG": "debug"}
    with running("serve", "--config", config, env=environment, **options) as (process, addresses):
        gate = Gate(addresses["gate"], config.parent / "data", addresses)
        gate.process = process
        yield gate


def add_key(config, *arguments):
    return json.loads(yumen("--json", "keys", "add", "--config", config, *arguments).stdout)


def chat(gate, key, content="Hello.", model="assistant.chat"):
    return gate.post("/v1/chat/completions", key=key, body={
        "model": model, "messages": [{"role": "user", "content": content}]})


def test_a_gate_from_a_file_serves_americans_and_follows_its_keys(config):
    key = add_key(config, "--name", "app", "--profile", "us")
    with serving(config) as gate:
        assert gate.get("/healthz").json["mode"] == "serve"
        assert chat(gate, key["secret"]).status == 200
        assert chat(gate, key["secret"], model="gpt-4o-mini").status == 200
        # The demo's keys are not known here.
        assert chat(gate, "yk_demo_us").status == 401
        # Made and revoked by another process while the gate runs.
        later = add_key(config, "--name", "later", "--profile", "us")
        wait_for(lambda: chat(gate, later["secret"]).status == 200)
        yumen("keys", "revoke", "--config", config, key["id"])
        wait_for(lambda: chat(gate, key["secret"]).status == 401)
        assert chat(gate, later["secret"]).status == 200


def test_secrets_are_in_no_log_and_no_file(config, tmp_path):
    log = tmp_path / "log"
    key = add_key(config, "--name", "app", "--profile", "us")
    with open(log, "wb") as stderr, serving(config, stderr=stderr) as gate:
        for content in ("Hello.", "[[error_500]]", "[[moderation_input]]", "The word is sesame."):
            chat(gate, key["secret"], content)
    text = log.read_text()
    assert text, "the log is on"
    for secret in (SECRET, "sk-qwen-secret", key["secret"], "sesame"):
        assert secret not in text
        for path in (tmp_path / "data").rglob("*"):
            if path.is_file():
                assert secret.encode() not in path.read_bytes(), path


def test_a_missing_or_wrong_configuration_is_explained(tmp_path, config):
    missing = yumen("serve", "--config", tmp_path / "nowhere.toml", check=False)
    assert missing.returncode == 1
    assert "nowhere.toml" in missing.stderr and "help:" in missing.stderr
    mistyped = PROVIDER.replace("DEM", "DEN")
    for wrong, told in (("colour = 1", "colour"), (f'{SERVER}\nlisten = "x"', "listen"),
                        (f'{SERVER}\n[[partner]]\nid = "nobody"', "nobody"),
                        (f'{SERVER}\n[aliases]\n"gpt" = "writing.summary"', "no chat feature"),
                        (f'{SERVER}\n[aliases]\n"gpt" = "nowhere"', "no chat feature"),
                        ('[server]\ndata_dir = "d"', "provider"),
                        ('[server]\ndata_dir = "d"\nprovider = "某公司"', "visible ASCII"),
                        ('[server]\ndata_dir = "d"\nprovider = "Example GmbH"', "space"),
                        (f'[server]\ndata_dir = "d"\nprovider = "{mistyped}"', "check character")):
        path = tmp_path / "wrong.toml"
        path.write_text(wrong)
        for command in "serve", "check":
            done = yumen(command, "--config", path, check=False)
            assert done.returncode == 1 and told in done.stderr, done.stderr
    (tmp_path / "qwen.key").unlink()
    for command in "serve", "check":
        no_key = yumen(command, "--config", config, check=False,
                       env={k: v for k, v in os.environ.items() if k != "TEST_OPENAI_KEY"})
        assert no_key.returncode == 1 and "TEST_OPENAI_KEY" in no_key.stderr
        no_file = yumen(command, "--config", config, check=False, env=WITH_KEY)
        assert no_file.returncode == 1 and str(tmp_path / "qwen.key") in no_file.stderr


def check_of(config):
    """What `yumen check` says of each market, as (state, why), and to a person."""
    done = yumen("--json", "check", "--config", config, env=WITH_KEY)
    markets = {m["market"]: (m["state"], "; ".join(m["why"])) for m in json.loads(done.stdout)["markets"]}
    return markets, yumen("check", "--config", config, env=WITH_KEY).stdout


def without_partner(config, name):
    head, *partners = config.read_text().split("[[partner]]")
    kept = [partner for partner in partners if f'id = "{name}"' not in partner]
    assert len(kept) < len(partners)
    config.write_text("[[partner]]".join([head, *kept]))


def test_check_says_which_markets_are_open(config):
    markets, told = check_of(config)
    assert markets["us"] == markets["eu"] == ("open", "")
    assert markets["cn"] == ("closed", "no approval in force covers this build's release")
    assert markets["sandbox"] == ("closed", "`server.sandbox` is off")
    assert "us: open\n" in told and "cn: closed: no approval" in told

    config.write_text(config.read_text().replace(PROVIDER, "Example-GmbH"))
    markets, _ = check_of(config)
    assert markets["eu"][0] == "open"
    assert markets["cn"][0] == "closed" and "provider code" in markets["cn"][1]


def test_check_names_what_no_approval_and_no_partner_covers(config, tmp_path):
    people = trusted_people(config, tmp_path)
    yumen("approval", "import", "--config", config, signed(tmp_path, approval(tmp_path), *people))
    markets, _ = check_of(config)
    assert markets["cn"] == (
        "partly_open", "no approval in force covers writing.key_points, writing.proofread")

    without_partner(config, "openai")
    markets, told = check_of(config)
    for market in "us", "eu":
        assert markets[market] == (
            "partly_open", "no configured partner serves assistant.chat, writing.rewrite")
    assert "us: partly open: no configured partner serves assistant.chat" in told
    # What it says is so.
    key = add_key(config, "--name", "app", "--profile", "us")["secret"]
    with serving(config) as gate:
        assert chat(gate, key).status == 503
        assert gate.feature("writing.proofread", key, "One sentence.").status == 200


def test_a_reader_that_has_read_enough_is_no_failure(tmp_path):
    long = [program("yumen", "YUMEN_BIN"), "release", "show"]
    for command in (long, [*long[:1], "--json", *long[1:]], [long[0], "approval", "list", "--data-dir", tmp_path]):
        reader, writer = os.pipe()
        os.close(reader)
        done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60)
        os.close(writer)
        assert (done.returncode, done.stderr) == (0, "")
    # Nobody reads the error either: the exit code still tells.
    reader, writer = os.pipe()
    os.close(reader)
    gone = subprocess.run([*long, "--market", "nowhere"], stdout=writer, stderr=writer, timeout=60)
    os.close(writer)
    assert gone.returncode == 1


def trusted_people(config, tmp_path):
    """The key files of two people whom the operator trusts."""
    people = [tmp_path / "lin.key", tmp_path / "wang.key"]
    for person in people:
        public = yumen("signer", "new", person).stdout.strip()
        assert oct(person.stat().st_mode)[-3:] == "600"
        yumen("signer", "add", "--config", config, "--name", person.stem, public)
    return people


def approval(tmp_path, **changes):
    [shown] = json.loads(yumen("--json", "release", "show", "--market", "cn").stdout)
    today = datetime.date.today()
    record = {
        "number": "Test-Registration-20260101", "kind": "registration", "market": "cn",
        "entity": {"name": "Invented Trading", "uscc": "91000000MA0DEM000C"},
        "scope": {"features": ["assistant.chat", "writing.rewrite", "writing.summary"],
                  "surfaces": ["cloud", "device"]},
        "release": shown["digest"], "granted_on": str(today),
        "valid_from": f"{today - datetime.timedelta(days=1)}T00:00:00Z",
        "valid_until": f"{today + datetime.timedelta(days=30)}T00:00:00Z",
        **changes,
    }
    path = tmp_path / "record.json"
    path.write_text(json.dumps(record))
    return path


def signed(tmp_path, record, *keys):
    arguments = [a for key in keys for a in ("--key", key)]
    path = tmp_path / "signed.json"
    path.write_text(yumen("approval", "sign", *arguments, record).stdout)
    return path


def test_an_approval_of_two_people_opens_the_mainland(config, tmp_path):
    people = trusted_people(config, tmp_path)
    key = add_key(config, "--name", "phone", "--profile", "cn")["secret"]
    with serving(config) as gate:
        assert chat(gate, key).json["error"]["code"] == "approval_missing"
        record = approval(tmp_path)

        one = yumen("approval", "import", "--config", config, signed(tmp_path, record, people[0]),
                    check=False)
        assert one.returncode == 2 and "sign" in one.stderr, one.stderr
        twice = yumen("approval", "import", "--config", config,
                      signed(tmp_path, record, people[0], people[0]), check=False)
        assert twice.returncode == 2, "one person signing twice is one person"
        stranger = tmp_path / "stranger.key"
        yumen("signer", "new", stranger)
        foreign = yumen("approval", "import", "--config", config,
                        signed(tmp_path, record, people[0], stranger), check=False)
        assert foreign.returncode == 2, "a stranger's signature does not count"

        good = signed(tmp_path, record, *people)
        changed = tmp_path / "changed.json"
        changed.write_text(good.read_text().replace("Invented", "Altered"))
        assert yumen("approval", "verify", "--config", config, changed, check=False).returncode == 2
        assert "in force" in yumen("approval", "verify", "--config", config, good).stdout
        assert chat(gate, key).status == 403, "verifying imports nothing"

        yumen("approval", "import", "--config", config, good)
        answer = wait_for(lambda: (a := chat(gate, key)).status == 200 and a)
        assert answer.json["yumen"]["receipt"]["approval"] == "Test-Registration-20260101"
        assert "in force" in yumen("approval", "list", "--config", config).stdout
        # What the approval does not name stays closed.
        proofread = gate.feature("writing.proofread", key, "一句话。", "zh")
        assert proofread.json["code"] == "approval_missing"

        yumen("approval", "remove", "--config", config, "Test-Registration-20260101")
        wait_for(lambda: chat(gate, key).status == 403)
    steps = (tmp_path / "data" / "ledger")
    recorded = b"".join(p.read_bytes() for p in steps.rglob("*") if p.is_file())
    assert b'"step":"imported"' in recorded and b'"step":"removed"' in recorded


@pytest.mark.parametrize("changes, code", [
    ({"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2021-01-01T00:00:00Z"}, "approval_expired"),
    ({"valid_from": "2090-01-01T00:00:00Z", "valid_until": "2091-01-01T00:00:00Z"}, "approval_missing"),
    ({"release": "sha256:" + "0" * 64}, "approval_missing"),
])
def test_an_approval_of_another_time_or_release_opens_nothing(config, tmp_path, changes, code):
    people = trusted_people(config, tmp_path)
    key = add_key(config, "--name", "phone", "--profile", "cn")["secret"]
    yumen("approval", "import", "--config", config,
          signed(tmp_path, approval(tmp_path, **changes), *people))
    with serving(config) as gate:
        assert chat(gate, key).json["error"]["code"] == code


def test_an_approval_for_a_market_nobody_knows_is_not_taken_in(config, tmp_path):
    people = trusted_people(config, tmp_path)
    elsewhere = signed(tmp_path, approval(tmp_path, market="atlantis"), *people)
    for command in "verify", "import":
        done = yumen("approval", command, "--config", config, elsewhere, check=False)
        assert done.returncode == 2 and "no market atlantis" in done.stderr, done.stderr
    assert "no approvals" in yumen("approval", "list", "--config", config).stdout


def test_a_signer_who_is_trusted_no_longer_carries_nothing(config, tmp_path):
    people = trusted_people(config, tmp_path)
    yumen("approval", "import", "--config", config, signed(tmp_path, approval(tmp_path), *people))
    key = add_key(config, "--name", "phone", "--profile", "cn")["secret"]
    with serving(config) as gate:
        assert chat(gate, key).status == 200
        signers = json.loads(yumen("--json", "signer", "list", "--config", config).stdout)
        [wang] = [signer["key"] for signer in signers if signer["name"] == "wang"]
        yumen("signer", "remove", "--config", config, wang)
        wait_for(lambda: chat(gate, key).status == 403)
        assert chat(gate, key).json["error"]["code"] == "approval_missing"
        assert "not verified" in yumen("approval", "list", "--config", config).stdout
        assert "wang" not in yumen("signer", "list", "--config", config).stdout
        again = yumen("signer", "remove", "--config", config, wang, check=False)
        assert again.returncode == 1 and "signer list" in again.stderr
        # Trusted again, the signature counts again.
        yumen("signer", "add", "--config", config, "--name", "wang", wang)
        wait_for(lambda: chat(gate, key).status == 200)


def test_a_provider_with_a_name_serves_where_no_code_is_demanded(config, tmp_path):
    config.write_text(config.read_text().replace(PROVIDER, "Example-GmbH")
                      .replace("[aliases]", "sandbox = true\n\n[aliases]"))
    people = trusted_people(config, tmp_path)
    yumen("approval", "import", "--config", config, signed(tmp_path, approval(tmp_path), *people))
    key = add_key(config, "--name", "phone", "--profile", "cn")["secret"]
    regions = {"us": "US", "eu": "DE", "sandbox": "ZZ"}
    keys = {}
    for market, region in regions.items():
        profile = tmp_path / f"{market}.json"
        profile.write_text(json.dumps(device(
            purchase_region=region, billing_region=region, location=[region])))
        keys[market] = add_key(
            config, "--name", market, "--profile", profile, "--development")["secret"]
    with serving(config) as gate:
        assert chat(gate, key).json["error"]["code"] == "label_unavailable"
        for market, other in keys.items():
            answer = gate.feature("writing.summary", other, "One is here. Two is there. Three.").json
            assert answer["receipt"]["market"] == market
            label = answer["label"]["embedded"]["AIGC"]
            assert (label["Label"], label["ContentProducer"]) == ("1", "Example-GmbH")
            assert label["ProduceID"] == answer["receipt"]["id"]


def test_the_demo_records_the_approval_it_makes_for_itself(tmp_path):
    data = tmp_path / "data"
    for _ in range(2):  # made and recorded once
        with demo_gate(data):
            pass
        report = json.loads(yumen("--json", "ledger", "verify", "--data-dir", data).stdout)["log"]
        assert report["kinds"] == {"approval.v1": 1, "key.v1": 1, "signer.v1": 2}
    [approval] = json.loads(yumen("--json", "approval", "list", "--data-dir", data).stdout)
    recorded = b"".join(p.read_bytes() for p in (data / "ledger").rglob("*") if p.is_file())
    assert b'"step":"imported"' in recorded and approval["number"].encode() in recorded


def test_a_partner_that_is_not_there(config, tmp_path, partners):
    key = add_key(config, "--name", "app", "--profile", "us")["secret"]
    config.write_text(config.read_text().replace(partners["openai"], "http://127.0.0.1:9"))
    with serving(config) as gate:
        answer = chat(gate, key)
        assert (answer.status, answer.json["error"]["code"]) == (502, "partner_unreachable")


@pytest.mark.parametrize("prompt, code", [
    ("[[no_headers]]", "partner_headers_timeout"), ("[[stall_headers]]", "partner_first_token_timeout"),
    ("[[stall]]", "partner_gap_timeout")])
def test_each_clock_ends_its_wait(config, prompt, code):
    key = add_key(config, "--name", "app", "--profile", "us")["secret"]
    config.write_text(config.read_text().replace(
        'id = "openai"', 'id = "openai"\nclocks = { headers_seconds = 0.5, first_token_seconds = 0.5, gap_seconds = 0.5 }'))
    with serving(config) as gate:
        stream = gate.feature("assistant.chat", key, stream=True, input={
            "messages": [{"role": "user", "content": prompt}]})
        if stream.status == 200:
            name, problem = stream.events()[-1]
            assert name == "error"
        else:
            problem = stream.json
        assert problem["code"] == code


def test_a_changed_log_is_found(config):
    key = add_key(config, "--name", "app", "--profile", "us")["secret"]
    with serving(config) as gate:
        answers = [chat(gate, key).json for _ in range(3)]
    data = config.parent / "data"
    receipt = config.parent / "receipt.json"
    receipt.write_text(json.dumps(answers[1]))
    good = yumen("ledger", "verify", "--data-dir", data, "--receipt", receipt)
    assert "the log verifies" in good.stdout and "the receipt verifies" in good.stdout

    answers[1]["yumen"]["receipt"]["ledger"]["entry"] = (
        answers[1]["yumen"]["receipt"]["ledger"]["entry"].replace('"us"', '"eu"'))
    receipt.write_text(json.dumps(answers[1]))
    assert yumen("ledger", "verify", "--data-dir", data, "--receipt", receipt,
                 check=False).returncode == 2
    for path in (data / "ledger").rglob("*"):
        if path.is_file() and b'"market":"us"' in path.read_bytes():
            path.write_bytes(path.read_bytes().replace(b'"market":"us"', b'"market":"eu"', 1))
    changed = yumen("ledger", "verify", "--data-dir", data, check=False)
    assert changed.returncode == 2 and "problem" in changed.stdout


def test_two_gates_cannot_write_one_ledger(config):
    with serving(config):
        second = yumen("serve", "--config", config, check=False,
                       env=WITH_KEY)
        assert second.returncode == 1 and "help:" in second.stderr


def test_metrics_count_and_keep_silent(config):
    key = add_key(config, "--name", "app", "--profile", "us")["secret"]
    with serving(config) as gate:
        chat(gate, key, "Call 13800138000.")
        chat(gate, "yk_unknown")
        text = gate.get("/metrics").text
    assert 'yumen_requests_total{surface="chat_completions",outcome="ok"} 1' in text
    assert 'yumen_requests_total{surface="chat_completions",outcome="key_unknown"} 1' in text
    assert 'yumen_screen_notices_total{direction="input",action="pseudonymise",category="personal_data"} 1' in text
    assert "13800138000" not in text

"""Partners as an operator meets them: what is known of them, whether those that are configured can be asked, one more
from one file, another in place of one, and an emulator of each."""

import json
import os
import pathlib
import shlex
import subprocess
import tomllib
import urllib.error
import urllib.request

import jsonschema
import pytest

from conftest import program, running, yumen
from test_drift import Desk, application, release_of
from test_operator import PROVIDER, add_key, chat, serving

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
TWELVE = {"qwen", "openai", "baidu", "tencent", "bytedance", "minimax", "zhipu", "deepseek", "moonshot", "anthropic",
          "llama", "huawei"}
KEY = "sk-partner-secret-0123456789"


def as_json(*arguments, check=True, **options):
    done = yumen("--json", *arguments, check=check, **options)
    return json.loads(done.stdout)


@pytest.fixture
def emulate():
    """Starts `yumen emulate NAME`; gives what it prints."""
    started = []

    def start(name, *arguments):
        command = [program("yumen", "YUMEN_BIN"), "--json", "emulate", name, *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        return json.loads(process.stdout.readline())

    yield start
    for process in started:
        process.terminate()
        process.wait(timeout=10)


def configuration(tmp_path, *partners, catalog=None):
    path = tmp_path / "yumen.toml"
    own = '\ncatalog = "catalog"' if catalog else ""
    for name, text in (catalog or {}).items():
        card = tmp_path / "catalog" / "partners" / name
        card.parent.mkdir(parents=True, exist_ok=True)
        card.write_text(text)
    (tmp_path / "partner.key").write_text(KEY)
    server = f'[server]\nlisten = "127.0.0.1:0"\ndata_dir = "data"\nprovider = "{PROVIDER}"{own}\n'
    path.write_text(server + "\n".join(partners))
    return path


def configured(card, base_url, *lines, emulated=True):
    more = "\n".join(lines)
    key = "" if "key" in more else '\nkey = { file = "partner.key" }'
    return f'[[partner]]\ncard = "{card}"\nbase_url = "{base_url}"\nemulated = {str(emulated).lower()}{key}\n{more}\n'


def log_of(emulated):
    with urllib.request.urlopen(emulated["log"], timeout=10) as answer:
        return json.load(answer)


# What is known.


def test_the_twelve_partners_of_the_mission_are_listed(tmp_path):
    listed = {line["id"]: line for line in as_json("partner", "list")}
    assert set(listed) == TWELVE
    assert all(line["name"]["en"] and line["name"]["zh"] and line["dialects"] for line in listed.values())
    assert listed["qwen"]["dialects"] == ["dashscope-native", "dashscope-compatible", "dashscope-anthropic"]
    assert listed["qwen"]["markets"] == ["cn"] and "CN" in listed["qwen"]["regions"]
    assert "configured" not in listed["qwen"]
    config = configuration(tmp_path, configured("qwen", "http://127.0.0.1:9/api/v1", 'region = "CN"'))
    listed = {line["id"]: line for line in as_json("partner", "list", "--config", config)}
    assert listed["qwen"]["configured"] == {"protocol": "dashscope-native", "base_url": "http://127.0.0.1:9/api/v1",
                                            "region": "CN", "emulated": True}
    assert "EMULATED" in yumen("partner", "list", "--config", config).stdout


def test_everything_that_is_known_of_a_partner_is_shown_with_its_source():
    for name in sorted(TWELVE):
        card = as_json("partner", "show", name)
        facts = [*card["endpoint"], *card["host"], *card["blocked"], *card["retired"]]
        facts += [price for model in card["model"] for price in model.get("price", [])]
        for fact in facts:
            source = fact.get("source")
            known = card["sources"][source] if isinstance(source, str) else source
            assert known["clause"], (name, fact)
        text = yumen("partner", "show", name).stdout
        for source in card.get("sources", {}).values():
            assert source["clause"] in text and source["as_of"] in text, (name, source)
    deepseek = yumen("partner", "show", "deepseek").stdout
    assert "peak hours" in deepseek and "deepseek-chat since 2026-07-24" in deepseek
    refused = yumen("partner", "show", "nobody", check=False)
    assert refused.returncode == 1 and "zhipu" in refused.stderr


def test_every_shipped_card_follows_the_published_schema():
    schema = json.loads((REPOSITORY / "catalog" / "schema" / "partner.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    cards = sorted((REPOSITORY / "catalog" / "partners").glob("*.toml"))
    assert {card.stem for card in cards} == TWELVE
    for path in cards:
        card = tomllib.loads(path.read_text())
        validator.validate(card)
        assert not validator.is_valid({**card, "no_such_key": 1}), path
    assert not validator.is_valid({"extends": "zhipu", "models": []})
    validator.validate({"extends": "zhipu", "model": [{"id": "glm-5.2", "markets": ["sg"], "features": ["a.b"]}]})


def test_the_table_of_the_manual_is_that_of_the_catalogue():
    manual = (REPOSITORY / "docs" / "partners.md").read_text()
    rows = {row.split("`")[1]: row for row in manual.splitlines() if row.startswith("| `")}
    for line in as_json("partner", "list"):
        row, card = rows[line["id"]], as_json("partner", "show", line["id"])
        wanted = [f"`{dialect}`" for dialect in line["dialects"]] + line["regions"]
        wanted += [f"`{endpoint['key_env']}`" for endpoint in card["endpoint"] if endpoint["key_env"]]
        assert all(word in row for word in wanted), (wanted, row)
        markets = row.rstrip(" |").rsplit("| ", 1)[1]
        assert set(markets.split(", ")) == set(line["markets"] or ["none"]), row


# Whether they can be asked.


def test_what_is_configured_rightly_is_in_order(tmp_path, emulate):
    qwen, claude = emulate("qwen"), emulate("claude")
    config = configuration(
        tmp_path, configured("qwen", qwen["dialects"][0]["base_url"], 'region = "CN"'),
        configured("anthropic", claude["url"], 'keys = [{ file = "partner.key" }, { env = "SECOND_KEY" }]'))
    env = {**os.environ, "SECOND_KEY": "sk-second"}
    checked = {one["partner"]: one for one in as_json("partner", "check", "--all", "--config", config, env=env)}
    assert set(checked) == {"qwen", "anthropic"} and all(one["in_order"] for one in checked.values())
    text = yumen("partner", "check", "qwen", "--config", config, env=env).stdout
    assert "qwen: in order" in text and "EMULATED" in text and "processed in CN" in text
    assert KEY not in text
    assert log_of(qwen) == [], "nothing was asked"


@pytest.mark.parametrize("partner, says", [
    (configured("qwen", "http://127.0.0.1:9/api/v1", 'region = "CN"', 'key = { env = "NO_SUCH_KEY" }'), "NO_SUCH_KEY"),
    (configured("qwen", "http://127.0.0.1:9/api/v1", 'region = "SG"'), "processes in SG"),
    (configured("qwen", "http://127.0.0.1:9/api/v1"), "nobody said where it processes"),
    (configured("qwen", "https://dashscope.aliyuncs.com/api/v1", 'protocol = "dashscope-compatible"', emulated=False),
     "speaks dashscope-native"),
    (configured("tencent", "https://hunyuan.tencentcloudapi.com", 'endpoint = "tencent-native"',
                'key = { env = "PAIR" }', emulated=False), "ended on 2026-09-30"),
    (configured("tencent", "https://hunyuan.tencentcloudapi.com", 'endpoint = "tencent-native"',
                'key = { file = "partner.key" }', emulated=False), "SecretId:SecretKey"),
    (configured("deepseek", "http://127.0.0.1:9", 'region = "CN"', '[[partner.models]]', 'id = "deepseek-chat"'),
     "deepseek-flash takes its place"),
], ids=["key", "region", "unknown region", "dialect", "endpoint", "form of key", "retired model"])
def test_what_is_not_in_order_is_named_and_the_exit_code_says_so(tmp_path, partner, says):
    config = configuration(tmp_path, partner)
    env = {**os.environ, "PAIR": "id:secret"}
    done = yumen("--json", "partner", "check", "--all", "--config", config, check=False, env=env)
    assert done.returncode == 2, done.stderr
    [checked] = json.loads(done.stdout)
    wrong = [finding["text"] for finding in checked["findings"] if finding["state"] == "wrong"]
    assert not checked["in_order"] and any(says in text for text in wrong), checked
    assert KEY not in done.stdout + done.stderr


DIALECTS = [(card["id"], endpoint["id"], endpoint["dialect"]) for card in
            (json.loads(yumen("--json", "partner", "show", name).stdout) for name in sorted(TWELVE))
            for endpoint in card["endpoint"] if isinstance(endpoint["dialect"], str)]
SECRETS = {"zhipu": "an-id.a-secret", "tencent-native": "AKIDemulated:emulated-secret"}
OWN_MODEL = {"vllm": "llama-3.3-70b", "llama-cpp": "llama-3.3-70b", "ollama": "llama3.2"}
# At the old platform no model of the card was offered; a name there is the operator's to give.
OTHER_NAME = {"tencent-native": "hunyuan-turbos-latest"}


@pytest.mark.parametrize("partner, endpoint, dialect", DIALECTS, ids=[f"{p}-{e}" for p, e, _ in DIALECTS])
def test_a_question_is_asked_only_when_told_to_and_each_dialect_gets_its_answer(tmp_path, emulate, partner, endpoint,
                                                                                dialect):
    lines = json.loads(yumen("--json", "emulate", "list").stdout)
    by_dialect = [line["name"] for line in lines if dialect in (line["name"], *line["aliases"])]
    [kind] = by_dialect or [line["name"] for line in lines if partner in line["partners"]][:1]
    secret = SECRETS.get(dialect, KEY)
    keyless = dialect == "ollama"
    server = emulate(kind, "--chunk-delay-ms", 0, *([] if keyless else ["--key", secret]))
    [base_url] = [one["base_url"] for one in server["dialects"] if one["dialect"] == dialect]
    model = OWN_MODEL.get(dialect)
    more = ["[[partner.models]]", f'id = "{model}"'] if model else []
    if dialect in OTHER_NAME:
        first = json.loads(yumen("--json", "partner", "show", partner).stdout)["model"][0]["id"]
        more = ["[[partner.models]]", f'id = "{first}"', f'upstream = "{OTHER_NAME[dialect]}"']
    key = 'key = "none"' if keyless else 'key = { file = "partner.key" }'
    config = configuration(tmp_path, configured(partner, base_url, f'endpoint = "{endpoint}"', key, *more)
                           .replace("emulated = true", 'emulated = true\nregion = "CN"'))
    (tmp_path / "partner.key").write_text(secret)

    def checked(*more):
        done = yumen("--json", "partner", "check", partner, "--config", config, *more, check=False)
        return json.loads(done.stdout)[0]["findings"]

    assert log_of(server) == [] and not [one for one in checked() if one["what"] == "live"]
    assert log_of(server) == []
    live = [one for one in checked("--live") if one["what"] == "live"]
    assert live and all(one["state"] == "good" and "answers in" in one["text"] for one in live), live
    assert len(log_of(server)) == len(live), "one request a model"


def test_a_question_that_fails_is_told_by_its_code(tmp_path, emulate):
    server = emulate("openai", "--key", KEY)
    config = configuration(tmp_path, configured("openai", server["dialects"][0]["base_url"]))
    (tmp_path / "partner.key").write_text("sk-another-secret")
    done = yumen("partner", "check", "openai", "--config", config, "--live", check=False)
    assert done.returncode == 2 and "partner_auth" in done.stdout, done.stdout
    assert "sk-another-secret" not in done.stdout + done.stderr
    config = configuration(tmp_path, configured("openai", "http://127.0.0.1:9/v1"))
    done = yumen("partner", "check", "openai", "--config", config, "--live", check=False)
    assert done.returncode == 2 and "partner_unreachable" in done.stdout


def test_who_is_not_configured_is_not_in_order(tmp_path):
    config = configuration(tmp_path, configured("qwen", "http://127.0.0.1:9/api/v1"))
    done = yumen("partner", "check", "zhipu", "--config", config, check=False)
    assert done.returncode == 2 and 'card = "zhipu"' in done.stderr
    assert yumen("partner", "check", "--config", config, check=False).returncode == 2, "which, has to be said"
    for line, says in (('endpoint = "moon"', "there is no endpoint"), ('keys = [{ env = "A" }]\nkey = "none"', "keys"),
                       ('protocol = "no-such"', "no-such"), ("wieght = 2", "wieght")):
        broken = configuration(tmp_path, configured("qwen", "http://127.0.0.1:9/api/v1", line))
        done = yumen("partner", "check", "--all", "--config", broken, check=False)
        assert done.returncode == 1 and says in done.stderr, done.stderr


# One more, and another in place of one.

THIRTEENTH = """
id = "acme"
name = { en = "Acme (invented)", zh = "虚构公司" }
key_env = "ACME_API_KEY"
dialect = { name = "acme", like = "openai-chat", request = { token_limit = "max_tokens" } }
base_url = "https://api.acme.example/v1"

[[host]]
host = "api.acme.example"
region = "US"
source = { clause = "Told by the partner", kind = "document", as_of = "2026-11-22" }

[[model]]
id = "acme-large"
upstream = "gpt-5.4-mini"
reports = ["gpt-5.4-mini"]
markets = ["us"]
features = ["assistant.chat", "writing.rewrite"]
capabilities = { context_tokens = 64_000, json_schema = true, source = { clause = "Told by the partner" } }
price = [{ from = "2026-11-22", currency = "USD", input = 1, output = 2, source = { clause = "Told by the partner" } }]
"""


def test_a_thirteenth_partner_is_one_file(tmp_path, emulate):
    server = emulate("openai", "--key", KEY)
    config = configuration(tmp_path, configured("acme", server["dialects"][0]["base_url"]),
                           catalog={"acme.toml": THIRTEENTH})
    assert as_json("partner", "show", "acme", "--config", config)["model"][0]["id"] == "acme-large"
    assert as_json("partner", "check", "acme", "--config", config)[0]["in_order"]
    key = add_key(config, "--name", "app", "--profile", "us")["secret"]
    with serving(config) as gate:
        answer = chat(gate, key)
        assert answer.status == 200, answer.text
        served = answer.json["yumen"]["served_by"]
        assert (served["partner"], served["model"]) == ("acme", "acme-large")
        assert "Acme (invented)" in served["display"]["model_name"]["en"]
        stream = gate.feature("writing.rewrite", key, stream=True, input={"text": "Hi there.", "style": "concise"})
        assert [name for name, _ in stream.events()][-1] == "end", stream.text
        refused = gate.post("/v1/chat/completions", key=key, body={
            "model": "assistant.chat", "messages": [{"role": "user", "content": [
                {"type": "image_url", "image_url": {"url": "https://x.example/a.png"}}]}]})
        assert refused.status >= 400, "what nobody said it can, it is not asked for"
    assert [entry["model"] for entry in log_of(server)] == ["gpt-5.4-mini", "gpt-5.4-mini"], "by the name it has there"


def test_a_demo_emulates_what_its_releases_name_and_tells_of_what_nothing_emulates(tmp_path):
    partners = tmp_path / "catalog" / "partners"
    partners.mkdir(parents=True)
    (partners / "acme.toml").write_text(THIRTEENTH)
    demo = ["demo", "--listen", "127.0.0.1:0", "--data-dir", tmp_path / "d", "--catalog", tmp_path / "catalog"]
    with open(tmp_path / "log", "w") as log, running(*demo, stderr=log) as (_, addresses):
        names = {name.removeprefix("emulated_") for name in addresses if name.startswith("emulated_")}
        assert names == {"qwen", "openai", "chatgpt", "deepseek", "anthropic"}
    assert "acme" in (tmp_path / "log").read_text()


def test_switching_a_partner_is_a_card_a_table_and_an_approval(tmp_path, emulate):
    qwen, zhipu = emulate("qwen"), emulate("zhipu")
    tables = [configured("qwen", qwen["dialects"][0]["base_url"], 'region = "CN"', "priority = 0"),
              configured("zhipu", zhipu["dialects"][0]["base_url"], 'region = "CN"', "priority = 1")]
    extension = ('extends = "zhipu"\n[[model]]\nid = "glm-5.3"\nmarkets = ["cn"]\n'
                 'features = ["assistant.chat", "writing.rewrite"]\n')
    config = configuration(tmp_path, *tables, catalog={"zhipu.toml": extension})
    (tmp_path / "partner.key").write_text("an-id.a-secret")
    desk = Desk(config, tmp_path, by_address=False)
    desk.key = add_key(config, "--name", "phone", "--profile", "cn")["secret"]

    def asked():
        answer = chat(desk.gate, desk.key)
        assert answer.status == 200, answer.text
        return answer.json["yumen"]["served_by"]["partner"]

    with serving(config) as desk.gate:
        release = release_of(config, tmp_path / "catalog")
        desk.brings_into_force("chat-1", "Test-1", application(tmp_path, "chat-1", release))
        assert asked() == "qwen"
    # Both are approved, so which is asked is for the configuration to say.
    config.write_text(config.read_text().replace("priority = 0", "priority = 2"))
    with serving(config) as desk.gate:
        assert asked() == "zhipu"
    # And with only one of them, that one.
    config.write_text(config.read_text().split("[[partner]]")[0] + tables[1])
    with serving(config) as desk.gate:
        assert asked() == "zhipu"
    assert {entry["model"] for entry in log_of(zhipu)} == {"glm-5.3"}


# Emulators for others.

NAMES = [line["name"] for line in json.loads(yumen("--json", "emulate", "list").stdout)]


def test_every_emulated_partner_is_listed_and_others_are_refused():
    lines = {line["name"]: line for line in as_json("emulate", "list")}
    assert TWELVE == {partner for line in lines.values() for partner in line["partners"]}
    assert "qwen" in lines["dashscope"]["aliases"]
    refused = yumen("emulate", "nobody", check=False)
    assert refused.returncode == 1 and "yumen emulate list" in refused.stderr


@pytest.mark.parametrize("name", NAMES)
def test_the_example_that_an_emulator_prints_works(name):
    command = [program("yumen", "YUMEN_BIN"), "emulate", name, "--seed", "7", "--chunk-delay-ms", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        lines = []
        for line in process.stdout:
            lines.append(line.rstrip("\n"))
            if line.startswith("Stop with"):
                break
        assert "EMULATED" in lines[0]
        [example] = [line for line in lines if line.startswith("curl ")] or [None]
        if example is None:
            assert name in ("tencent", "llama-api"), "only what is signed, or retired, has none"
            return
        _, _, url, *options = shlex.split(example)
        headers = dict(value.split(": ", 1) for flag, value in zip(options, options[1:]) if flag == "-H")
        request = urllib.request.Request(url, options[options.index("-d") + 1].encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                text, emulated = answer.read().decode(), answer.headers["x-emulated"]
        except urllib.error.HTTPError as error:
            pytest.fail(f"{example}\n{error.code} {error.read().decode()}")
        assert emulated == "yumen" and json.loads(text), text
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_an_emulator_takes_the_key_it_was_told_and_is_the_same_each_time(emulate):
    def ids(seed):
        server = emulate("openai", "--key", KEY, "--seed", seed, "--chunk-delay-ms", 0)
        url = server["dialects"][0]["base_url"] + "/chat/completions"
        body = json.dumps({"model": "gpt-5.4-mini", "messages": [{"role": "user", "content": "Hello."}]}).encode()

        def ask(key):
            headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
            with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
                return json.load(answer)["id"]

        with pytest.raises(urllib.error.HTTPError) as refused:
            ask("another")
        assert refused.value.code == 401
        return [ask(KEY), ask(KEY)]

    assert ids(7) == ids(7) != ids(8)

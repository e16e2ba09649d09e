"""The accident of 30 March 2026, again and again, and nothing comes of it.

A phone maker switched a build made for other markets on for mainland devices: no approval, and a foreign image search
wired in. Here an operator's catalogue does the same: a feature for the mainland whose partner processes in the United
States. Its endpoint is a listener that counts who connects. Nothing is served, nobody connects, the operator hears why.
"""

import contextlib
import json
import socket
import threading

import pytest

from conftest import REPOSITORY, mainland, wait_for, yumen
from test_operator import PROVIDER, add_key, approval, serving, signed, trusted_people

FEATURE = "visual.search"
MODEL = "reverse-image-1"


class Listener:
    """A foreign endpoint: it takes every connection, counts it, and answers as a partner would."""

    def __init__(self):
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.connections = 0
        self.heard = b""
        self.thread = threading.Thread(target=self.take, daemon=True)
        self.thread.start()

    def take(self):
        body = json.dumps({
            "id": "x", "object": "chat.completion", "created": 1, "model": MODEL,
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": "Found abroad."}}],
            "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}}).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                self.heard += connection.recv(65536)
                connection.sendall(head.encode() + b"Connection: close\r\n\r\n" + body)

    def close(self):
        self.socket.close()


@pytest.fixture
def abroad():
    listener = Listener()
    yield listener
    listener.close()


def shipped_feature():
    return (REPOSITORY / "catalog" / "features" / "assistant.chat.toml").read_text()


def catalogue(tmp_path, port, markets):
    """The operator's catalogue: the feature of another build, its foreign partner, these markets."""
    folder = tmp_path / "catalog"
    (folder / "features").mkdir(parents=True)
    (folder / "partners").mkdir()
    (folder / "features" / f"{FEATURE}.toml").write_text(
        shipped_feature().replace('id = "assistant.chat"', f'id = "{FEATURE}"')
        .replace('en = "Assistant"', 'en = "Visual search"').replace('zh = "助手"', 'zh = "以图搜索"'))
    (folder / "partners" / "lens.toml").write_text(f"""
id = "lens"
name = {{ en = "Foreign image search", zh = "境外图像搜索" }}
protocol = "openai-chat"
base_url = "http://127.0.0.1:{port}/v1"
key_env = "LENS_KEY"

[[host]]
host = "127.0.0.1"
region = "US"
source = {{ clause = "Declared for the replay" }}

[[model]]
id = "{MODEL}"
version = "{MODEL}"
markets = {json.dumps(markets)}
features = ["{FEATURE}"]
""")
    return folder


def configuration(tmp_path, *partners):
    path = tmp_path / "yumen.toml"
    path.write_text(f"""
[server]
listen = "127.0.0.1:0"
data_dir = "data"
provider = "{PROVIDER}"
catalog = "catalog"
""" + "".join(partners))
    return path


LENS = '\n[[partner]]\nid = "lens"\nkey = "none"\n'


def approve(config, tmp_path, features):
    """An approval of exactly what this build releases to the mainland, signed by two people."""
    [release] = json.loads(yumen("--json", "release", "show", "--market", "cn",
                                 "--catalog", tmp_path / "catalog").stdout)
    record = approval(tmp_path, release=release["digest"],
                      scope={"features": features, "surfaces": ["cloud", "device"]})
    people = trusted_people(config, tmp_path)
    yumen("approval", "import", "--config", config, signed(tmp_path, record, *people))


def search(gate, key, **options):
    return gate.post(f"/v1/features/{FEATURE}", key=key, body={
        "input": {"messages": [{"role": "user", "content": "What is in this picture?"}]},
        "language": "zh"}, **options)


def phone(config, **changes):
    profile = config.parent / "phone.json"
    profile.write_text(json.dumps(mainland(**changes)))
    return add_key(config, "--name", "phone", "--profile", profile)["secret"]


def ask_in_every_way(gate, key):
    """Each way a client has to ask; gives the codes of the refusals."""
    plain = search(gate, key)
    streamed = search(gate, key, headers={"Accept": "text/event-stream"})
    chat = gate.post("/v1/chat/completions", key=key, body={
        "model": FEATURE, "messages": [{"role": "user", "content": "What is in this picture?"}]})
    for answer in plain, streamed, chat:
        assert answer.status >= 400, answer.text
        assert "Found abroad" not in answer.text
    return plain.json["code"], streamed.json["code"], chat.json["error"]["code"]


def alarmed(gate, config, code):
    """The alarm, as the operator finds it in each place where alarms are."""
    key = json.loads(yumen("--json", "keys", "add", "--config", config, "--admin", "--name", "wu",
                           "--role", "operator").stdout)["secret"]
    def alarms():
        answer = gate.get("/admin/v1/alarms", key=key)
        return [alarm for alarm in answer.json.get("alarms", []) if alarm["code"] == code]
    [alarm] = wait_for(alarms)
    assert alarm["market"] == "cn" and alarm["count"] >= 1
    assert alarm["text"]["en"].strip() and alarm["text"]["zh"].strip()
    counted = [line for line in gate.get("/metrics").text.splitlines()
               if "alarms" in line and f'"{code}"' in line]
    assert counted and float(counted[0].split()[-1]) >= 1
    def recorded():
        return b"".join(path.read_bytes() for path in (gate.data_dir / "ledger").rglob("*")
                        if path.is_file())
    wait_for(lambda: b"alarm.v1" in recorded() and code.encode() in recorded())
    return alarm


def test_a_build_of_another_market_does_not_even_start(tmp_path, abroad):
    """The mainland handed to another market, or its approval and residency taken away: refused by name."""
    catalogue(tmp_path, abroad.port, ["us", "cn"])
    config = configuration(tmp_path, LENS)
    markets = tmp_path / "catalog" / "markets"
    markets.mkdir()
    us, cn = (yumen("market", "show", id, "--file").stdout for id in ("us", "cn"))
    for file, text, says in [
        ("us", us.replace('regions = ["US"]', 'regions = ["US", "CN"]'), "belongs to both"),
        ("cn", cn.replace("required = true\nsigners = 2", "required = false"), "approval.required"),
        ("cn", cn.replace('processing = ["CN"]', 'processing = ["CN", "US"]'), "residency.processing"),
    ]:
        (markets / f"{file}.toml").write_text(text)
        for command in "serve", "check":
            done = yumen(command, "--config", config, check=False)
            assert done.returncode == 1 and says in done.stderr, done.stderr
        (markets / f"{file}.toml").unlink()
    assert abroad.connections == 0


def test_switched_on_without_an_approval_it_serves_nothing_and_alarms(tmp_path, abroad):
    catalogue(tmp_path, abroad.port, ["us", "cn"])
    config = configuration(tmp_path, LENS)
    key = phone(config)
    with serving(config) as gate:
        assert set(ask_in_every_way(gate, key)) == {"approval_missing"}
        alarm = alarmed(gate, config, "unapproved_market_attempt")
        assert alarm["subject"] == FEATURE or FEATURE in alarm["detail"]
        # A phone that says where it is sold is told the same before it asks.
        verdicts = gate.eligibility(mainland(), [FEATURE], key=key).json["verdicts"]
        assert verdicts[0]["answer"] == "not_yet" and verdicts[0]["next_step"]
    assert abroad.connections == 0


def test_not_even_an_approval_of_two_people_lets_it_leave_the_market(tmp_path, abroad):
    catalogue(tmp_path, abroad.port, ["us", "cn"])
    config = configuration(tmp_path, LENS)
    key = phone(config)
    approve(config, tmp_path, [FEATURE, "writing.summary"])
    with serving(config) as gate:
        # The approval is good: what it covers and runs at home is served.
        served = gate.feature("writing.summary", key, "One is here. Two is there. Three is far.")
        assert served.status == 200, served.text
        assert "model_out_of_market" in ask_in_every_way(gate, key)
        alarm = alarmed(gate, config, "model_out_of_market")
        assert alarm["release"] or alarm["detail"]
        [verdict] = gate.eligibility(mainland(), [FEATURE], key=key).json["verdicts"]
        assert (verdict["answer"], verdict["code"]) == ("not_yet", "model_out_of_market")
    assert abroad.connections == 0


@pytest.mark.parametrize("where", ["declared", "undeclared"])
def test_a_home_partner_at_a_foreign_address_is_not_asked(tmp_path, abroad, where):
    """The name is an approved one; the address leads abroad, or nobody knows where."""
    folder = tmp_path / "catalog"
    folder.mkdir()
    region = '\nregion = "US"' if where == "declared" else ""
    config = configuration(tmp_path, f"""
[[partner]]
id = "qwen"
base_url = "http://127.0.0.1:{abroad.port}/api/v1"
key = "none"{region}
""")
    key = phone(config)
    approve(config, tmp_path, ["assistant.chat", "writing.rewrite"])
    with serving(config) as gate:
        answer = gate.post("/v1/chat/completions", key=key, body={
            "model": "assistant.chat", "messages": [{"role": "user", "content": "你好"}]})
        assert answer.status >= 400
        assert answer.json["error"]["code"] == "endpoint_out_of_market"
        streamed = gate.feature("writing.rewrite", key, stream=True, language="zh",
                                input={"text": "今天天气很好。", "style": "concise"})
        assert "endpoint_out_of_market" in streamed.text
        alarm = alarmed(gate, config, "endpoint_out_of_market")
        assert alarm["subject"] == "qwen"
    assert abroad.connections == 0


def test_a_foreign_address_cannot_be_declared_home(tmp_path):
    """The catalogue knows where this host processes; the configuration cannot say otherwise."""
    (tmp_path / "catalog").mkdir()
    config = configuration(tmp_path, """
[[partner]]
id = "qwen"
base_url = "https://dashscope-intl.aliyuncs.com/api/v1"
region = "CN"
key = "none"
""")
    for command in "serve", "check":
        done = yumen(command, "--config", config, check=False)
        assert done.returncode == 1
        assert "region" in done.stderr and "SG" in done.stderr, done.stderr


def test_the_listener_hears_whoever_does_connect(tmp_path, abroad):
    """The test of the tests: where the market lets it, the same feature reaches the same endpoint."""
    catalogue(tmp_path, abroad.port, ["us"])
    config = configuration(tmp_path, LENS)
    key = phone(config, purchase_region="US", billing_region="US", location=["US"],
                language="en", assistant_language="en")
    with serving(config) as gate:
        answer = gate.post(f"/v1/features/{FEATURE}", key=key, body={
            "input": {"messages": [{"role": "user", "content": "What is this?"}]}, "language": "en"})
        assert answer.status == 200, answer.text
        assert "Found abroad" in answer.text
    assert abroad.connections == 1 and b"What is this?" in abroad.heard

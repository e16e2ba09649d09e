"""An assertion bound to a key of the device is worth nothing without that key."""

import base64
import hashlib
import json
import time
import uuid

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from conftest import REPOSITORY, demo_gate, device

SUMMARY = "/v1/features/writing.summary"
BODY = {"input": {"text": "The gate stands in a pass. Caravans came through it."}, "language": "en"}


def text(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw(encoded):
    return base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))


class P256:
    """The kind of key a phone's secure element holds."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        point = self.key.public_key().public_numbers()
        self.jwk = {"kty": "EC", "crv": "P-256", "x": text(point.x.to_bytes(32, "big")),
                    "y": text(point.y.to_bytes(32, "big"))}
        self.alg = "ES256"

    def sign(self, message):
        r, s = utils.decode_dss_signature(self.key.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")


class Ed25519:
    def __init__(self):
        self.key = ed25519.Ed25519PrivateKey.generate()
        public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.jwk = {"kty": "OKP", "crv": "Ed25519", "x": text(public)}
        self.alg = "EdDSA"

    def sign(self, message):
        return self.key.sign(message)


def proof(key, gate, assertion=None, path=SUMMARY, method="POST", header=None, **claims):
    header = {"typ": "dpop+jwt", "alg": key.alg, "jwk": key.jwk, **(header or {})}
    payload = {"jti": str(uuid.uuid4()), "htm": method, "htu": gate.base + path,
               "iat": int(time.time())}
    if assertion:
        payload["ath"] = text(hashlib.sha256(assertion.encode()).digest())
    payload.update(claims)
    message = ".".join(text(json.dumps(part).encode()) for part in (header, payload))
    return f"{message}.{text(key.sign(message.encode()))}"


def bound(gate, key, described=None):
    body = {"device": described or device(), "device_key": key.jwk}
    answer = gate.post("/v1/eligibility", body, key="yk_demo")
    assert answer.status == 200, answer.text
    return answer.json["assertion"]


def ask(gate, assertion, *proofs, path=SUMMARY, body=None):
    headers = {"Yumen-Assertion": assertion}
    if len(proofs) == 1:
        headers["DPoP"] = proofs[0]
    return gate.post(path, body or BODY, key="yk_demo", headers=headers)


def refused(answer):
    assert answer.status == 403, answer.text
    return answer.json["code"]


@pytest.mark.parametrize("kind", [P256, Ed25519])
def test_the_holder_of_the_key_is_served(demo, kind):
    key = kind()
    assertion = bound(demo, key)
    for _ in range(2):
        answer = ask(demo, assertion, proof(key, demo, assertion))
        assert answer.status == 200, answer.text
        assert answer.json["receipt"]["id"]
    chat = {"model": "assistant.chat", "messages": [{"role": "user", "content": "Hello"}]}
    path = "/v1/chat/completions"
    answer = ask(demo, assertion, proof(key, demo, assertion, path=path), path=path, body=chat)
    assert answer.status == 200, answer.text


def test_the_assertion_names_the_thumbprint_of_the_key_and_nothing_else_of_it(demo):
    key = P256()
    answer = demo.post("/v1/eligibility", {"device": device(), "device_key": key.jwk},
                       key="yk_demo").json
    required = json.dumps({name: key.jwk[name] for name in ("crv", "kty", "x", "y")},
                          separators=(",", ":"))
    thumbprint = text(hashlib.sha256(required.encode()).digest())
    claims = json.loads(raw(answer["assertion"].split(".")[0]))
    assert claims["cnf"] == {"jkt": thumbprint}
    assert answer["bound_to"] == thumbprint
    assert key.jwk["x"] not in json.dumps(claims)


def test_whoever_takes_the_assertion_gains_nothing(demo):
    key, thief = P256(), P256()
    assertion = bound(demo, key)
    assert refused(ask(demo, assertion)) == "proof_missing"
    assert refused(ask(demo, assertion, proof(thief, demo, assertion))) == "proof_invalid"
    # The thief's signature under the owner's key.
    as_owner = proof(thief, demo, assertion, header={"jwk": key.jwk})
    assert refused(ask(demo, assertion, as_owner)) == "proof_invalid"


def test_a_proof_that_was_seen_is_good_for_nothing_else(demo):
    key = P256()
    assertion = bound(demo, key)
    once = proof(key, demo, assertion)
    assert ask(demo, assertion, once).status == 200
    assert refused(ask(demo, assertion, once)) == "proof_replayed"
    other = proof(key, demo, assertion, path="/v1/features/writing.proofread")
    answer = ask(demo, assertion, other)
    assert refused(answer) == "proof_invalid"
    assert "htu" in answer.json["detail"]
    chinese = demo.post(SUMMARY, BODY, key="yk_demo", headers={
        "Yumen-Assertion": assertion, "DPoP": other, "Accept-Language": "zh"})
    assert "`htu`" in chinese.json["detail"] and "地址" in chinese.json["detail"]
    # One that fits is not used up by being refused elsewhere before.
    for wrong in ({"htm": "GET"}, {"iat": int(time.time()) - 120}, {"iat": int(time.time()) + 120},
                  {"ath": text(hashlib.sha256(b"another").digest())}, {"jti": ""}):
        assert refused(ask(demo, assertion, proof(key, demo, assertion, **wrong))) == "proof_invalid"
    for header in ({"typ": "JWT"}, {"alg": "none"}, {"jwk": {**key.jwk, "d": key.jwk["x"]}}):
        answer = ask(demo, assertion, proof(key, demo, assertion, header=header))
        assert refused(answer) == "proof_invalid"
    later = bound(demo, key, device(language="en-GB"))
    assert refused(ask(demo, later, proof(key, demo))) == "proof_invalid"


def test_taking_the_key_out_of_an_assertion_breaks_it(demo):
    key = P256()
    assertion = bound(demo, key)
    payload, signature = assertion.split(".")
    claims = json.loads(raw(payload))
    del claims["cnf"]
    edited = f"{text(json.dumps(claims, separators=(',', ':')).encode())}.{signature}"
    assert refused(ask(demo, edited)) == "assertion_invalid"
    assert refused(ask(demo, edited, proof(key, demo, edited))) == "assertion_invalid"


def test_what_is_no_public_key_is_not_bound_to(demo):
    key = P256()
    for jwk in ({**key.jwk, "d": key.jwk["x"]}, {"kty": "oct", "k": "AAAA"}, {**key.jwk, "x": "AAAA"},
                {"kty": "RSA", "n": "AAAA", "e": "AQAB"}, "key"):
        answer = demo.post("/v1/eligibility", {"device": device(), "device_key": jwk}, key="yk_demo")
        assert (answer.status, answer.json["code"]) == (422, "input_invalid"), answer.text


WHERE = """
[[rule]]
id = "us.place"
features = ["writing.*"]
any = [{ location = { intersects = ["US"] } }]
grace = "30d"
text = { en = "Only in the United States.", zh = "仅限美国境内。" }
next_step = { en = "Come back.", zh = "请返回。" }
source = { clause = "A rule of this test" }
"""


@pytest.fixture(scope="module")
def traveller(tmp_path_factory):
    """A catalogue in which a feature follows a device abroad for thirty days."""
    catalog = tmp_path_factory.mktemp("catalog")
    (catalog / "markets").mkdir()
    market = (REPOSITORY / "catalog" / "markets" / "us.toml").read_text()
    (catalog / "markets" / "us.toml").write_text(market + WHERE)
    return ["--catalog", catalog], tmp_path_factory.mktemp("travel")


def judged(gate, key, where, grace=None, prove=True, by=None):
    body = {"device": device(location=[where]), "features": ["writing.summary"]}
    if key:
        body["device_key"] = key.jwk
    headers = {}
    if grace:
        body["grace"] = grace
        if prove:
            headers["DPoP"] = proof(by or key, gate, path="/v1/eligibility")
    return gate.post("/v1/eligibility", body, key="yk_demo", headers=headers)


def code(answer):
    assert answer.status == 200, answer.text
    return answer.json["verdicts"][0]["code"]


def test_a_feature_follows_its_device_abroad_by_a_ticket(traveller):
    arguments, data = traveller
    key, other = P256(), P256()
    with demo_gate(data, *arguments) as gate:
        at_home = judged(gate, key, "US")
        assert code(at_home) == "eligible"
        ticket = at_home.json["grace"]
        told = json.loads(raw(ticket.split(".")[0]))
        assert set(told["matched"]) == {"us.place"}
        assert ":00:00Z" in told["matched"]["us.place"]
        # No ticket, no first use; nor without a device key, to which it could be bound.
        assert code(judged(gate, key, "JP")) == "rule_failed"
        assert "grace" not in judged(gate, None, "US").json
        assert "grace" not in judged(gate, key, "JP").json

    # The device holds it: another process knows it as well.
    with demo_gate(data, *arguments) as gate:
        abroad = judged(gate, key, "JP", ticket)
        assert code(abroad) == "eligible"
        assertion = abroad.json["assertion"]
        assert ask(gate, assertion, proof(key, gate, assertion)).status == 200
        # Being abroad does not arm it anew.
        again = json.loads(raw(abroad.json["grace"].split(".")[0]))
        assert again["matched"] == told["matched"]

        assert refused(judged(gate, key, "JP", ticket, prove=False)) == "proof_missing"
        assert refused(judged(gate, key, "JP", ticket, by=other)) == "proof_invalid"
        assert refused(judged(gate, other, "JP", ticket)) == "grace_invalid"
        edited = text(raw(ticket.split(".")[0]).replace(b"us.place", b"us.child"))
        assert refused(judged(gate, key, "JP", f"{edited}.{ticket.split('.')[1]}")) == "grace_invalid"
        assert refused(judged(gate, None, "JP", ticket, prove=False)) == "grace_invalid"


def test_a_managed_device_keeps_its_limits_in_the_assertion(demo):
    profiles = [{"id": "school", "limits": {"tiers": ["device"], "retention_days": 30}},
                {"id": "state", "limits": {"retention_days": 7},
                 "switches": {"allow_assistant_while_locked": False}}]
    answer = demo.eligibility(device(management=profiles)).json
    codes = {verdict["feature"]: verdict["code"] for verdict in answer["verdicts"]}
    assert codes["writing.summary"] == "eligible"
    assert codes["assistant.chat"] == codes["writing.rewrite"] == "managed_off"
    assert answer["management"]["restricted"] == ["allow_assistant_while_locked"]
    assert answer["management"]["conflicts"] == [
        {"key": "limits.retention_days", "values": [["school", 30], ["state", 7]], "chosen": 7}]
    claims = json.loads(raw(answer["assertion"].split(".")[0]))
    assert claims["limits"] == {"tiers": ["device"], "retention_days": 7}
    assert "assistant.chat" not in claims["features"]
    wrong = demo.eligibility(device(management=[{"id": "school", "switches": {"allow_fun": False}}]))
    assert (wrong.status, wrong.json["code"]) == (422, "input_invalid")
    assert "allow_fun" in wrong.json["detail"]


def test_a_revoked_key_signed_nothing_that_counts(own_demo):
    def rotate(revoke):
        answer = own_demo.post("/admin/v1/assertion-keys/rotate", {"revoke": revoke}, key="ya_demo")
        assert answer.status == 200, answer.text
        return answer.json

    def summary(assertion):
        return own_demo.post(SUMMARY, BODY, key="yk_demo", headers={"Yumen-Assertion": assertion})

    first = own_demo.eligibility(device()).json["assertion"]
    assert summary(first).status == 200
    rotated = rotate(False)
    assert rotated["index"] is not None
    assert summary(first).status == 200
    second = own_demo.eligibility(device()).json["assertion"]
    kid = json.loads(raw(first.split(".")[0]))["kid"]
    revoked = own_demo.post(f"/admin/v1/assertion-keys/{kid}/revoke", {}, key="ya_demo")
    assert revoked.status == 200, revoked.text
    assert refused(summary(first)) == "assertion_invalid"
    assert summary(second).status == 200
    rotate(True)
    assert refused(summary(second)) == "assertion_invalid"
    assert summary(own_demo.eligibility(device()).json["assertion"]).status == 200
    listed = own_demo.get("/admin/v1/assertion-keys", key="ya_demo").json
    assert [key["kid"] for key in listed["retired"]][1] == kid
    stored = own_demo.data_dir / "keys" / "assertion.json"
    assert stored.stat().st_mode & 0o077 == 0
    assert kid in stored.read_text()

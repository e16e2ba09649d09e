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

from conftest import device

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

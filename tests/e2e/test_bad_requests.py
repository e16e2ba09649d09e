"""Bad input of every kind: a clear refusal, and the gate stays up."""

import json
import socket

import pytest

from conftest import device


@pytest.fixture(autouse=True)
def still_up(demo):
    yield
    assert demo.process.poll() is None
    assert demo.get("/healthz").json["status"] == "ok"


def raw(gate, data, hang_up=False):
    """Sends bytes as they are; gives the status line, or nothing when the gate hung up."""
    with socket.create_connection((gate.host, int(gate.port)), timeout=20) as connection:
        connection.sendall(data)
        if hang_up:
            connection.shutdown(socket.SHUT_WR)
        received = b""
        while b"\r\n" not in received:
            try:
                more = connection.recv(4096)
            except ConnectionResetError:
                break
            if not more:
                break
            received += more
        return received.split(b"\r\n")[0].decode()


@pytest.mark.parametrize("data", [
    b"HELLO\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /healthz HTTP/1.1\r\nHost: x\r\nBad Header: y\r\n\r\n",
    b"POST /v1/eligibility HTTP/1.1\r\nHost: x\r\nContent-Length: minus\r\n\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 1000 + b"\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
    bytes(range(256)),
])
def test_malformed_http(demo, data):
    status = raw(demo, data, hang_up=True)
    assert status == "" or status.split(" ")[1].startswith("4"), status


def test_a_body_that_breaks_off(demo):
    head = ("POST /v1/features/writing.summary HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer yk_demo_us\r\n"
            "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{\"input\"")
    status = raw(demo, head.encode(), hang_up=True)
    assert status == "" or status.split(" ")[1].startswith("4"), status


PATHS = ["/v1/features/writing.summary", "/v1/features/assistant.chat", "/v1/chat/completions",
         "/v1/eligibility"]


def code(answer):
    body = answer.json
    return body.get("code") or body["error"]["code"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("headers", [{"Content-Type": "text/plain"}, {"Content-Type": ""},
                                     {"Content-Type": "application/x-www-form-urlencoded"}])
def test_a_wrong_content_type(demo, path, headers):
    answer = demo.post(path, raw=b"{}", key="yk_demo_us", headers=headers)
    assert (answer.status, code(answer)) == (415, "content_type_unsupported")


@pytest.mark.parametrize("path", PATHS)
def test_a_body_beyond_the_limit(demo, path):
    body = b'{"input": {"text": "' + b"a" * (3 << 20) + b'"}}'
    answer = demo.post(path, raw=body, key="yk_demo_us")
    assert (answer.status, code(answer)) == (413, "body_too_large")


@pytest.mark.parametrize("path", PATHS)
def test_a_chunked_body_beyond_the_limit(demo, path):
    connection = demo.connection()
    chunk = b"10000\r\n" + b"a" * 65536 + b"\r\n"
    connection.putrequest("POST", path)
    for name, value in {"Authorization": "Bearer yk_demo_us", "Content-Type": "application/json",
                        "Transfer-Encoding": "chunked"}.items():
        connection.putheader(name, value)
    connection.endheaders()
    try:
        for _ in range(48):
            connection.send(chunk)
        connection.send(b"0\r\n\r\n")
    except (BrokenPipeError, ConnectionResetError):
        pass  # the gate answered before it was all sent
    try:
        assert connection.getresponse().status == 413
    except ConnectionResetError:
        pass
    connection.close()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body, expected", [
    (b"", "body_not_json"), (b"{", "body_not_json"), (b"not json", "body_not_json"),
    (b'{"a": "\xff\xfe"}', "body_not_utf8"), (b"\x00\x01", "body_not_json"),
])
def test_a_body_that_is_no_json(demo, path, body, expected):
    answer = demo.post(path, raw=body, key="yk_demo_us")
    assert (answer.status, code(answer)) == (400, expected), answer.text


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("open_, close", [("[", "]"), ('{"a":', "}")])
def test_deep_json(demo, path, open_, close):
    deep = open_ * 50_000 + "1" + close * 50_000
    for body in (deep, '{"input": ' + deep + "}", '{"model": "x", "messages": ' + deep + "}",
                 '{"device": ' + deep + "}"):
        answer = demo.post(path, raw=body.encode(), key="yk_demo_us")
        assert 400 <= answer.status < 500, answer.text


def test_wrong_addresses_and_methods(demo):
    assert demo.get("/v2/nothing").json["code"] == "not_found"
    for method, path, allowed in (("GET", "/v1/eligibility", "POST"), ("DELETE", "/v1/models", "GET"),
                                  ("GET", "/v1/features/writing.summary", "POST")):
        answer = demo.request(method, path, key="yk_demo_us")
        assert (answer.status, code(answer)) == (405, "method_not_allowed")
        assert allowed in answer.json["detail"]


def test_refusals_speak_the_language_of_the_request(demo):
    answer = demo.post("/v1/features/writing.summary", {"input": {"text": ""}, "language": "en"},
                       key="yk_demo_us", headers={"Accept-Language": "zh-CN"})
    assert answer.json["title"] == "没有可处理的文字"
    assert answer.headers["content-language"] == "zh"
    answer = demo.eligibility(device(), key=None, headers={"Accept-Language": "de, en;q=0.5"})
    assert answer.json["title"].isascii()

"""What the emulated partners of a demo were really asked, letter by letter."""

import http.client
import json
import urllib.parse


def asked(gate):
    """The bodies of the last requests to any of them, as text with every escape of JSON decoded."""
    bodies = []
    for name, address in gate.addresses.items():
        if name.startswith("emulated_"):
            bodies += [flat(body) for body in own(address, "GET", "asked")]
    return "\n".join(bodies)


def script(gate, *answers):
    """Lets every emulated partner say these next."""
    for name, address in gate.addresses.items():
        if name.startswith("emulated_"):
            own(address, "PUT", "answers", list(answers))


def flat(body):
    return json.dumps(json.loads(body), ensure_ascii=False).replace('\\"', '"')


def own(address, method, path, body=None):
    host, port = urllib.parse.urlsplit(address).netloc.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    try:
        raw = None if body is None else json.dumps(body)
        connection.request(method, f"/emulator/{path}", raw, {"Content-Type": "application/json"})
        response = connection.getresponse()
        told = response.read()
        assert response.status == 200, told
        return json.loads(told) if told else None
    finally:
        connection.close()

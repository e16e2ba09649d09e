"""The real programs, started and spoken to as a phone, an app or an operator would. Python's standard library only, so
that the bench may use it too.

YUMEN_BIN and YUMEN_EMULATORS_BIN name the programs; without them, the newest ones that cargo built.
"""

import contextlib
import http.client
import json
import os
import pathlib
import subprocess
import time
import urllib.parse

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

# Clients must not go around by way of a proxy.
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


def program(name, variable):
    named = os.environ.get(variable)
    if named:
        return named
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
    built = [target / profile / name for profile in ("debug", "release")]
    built = sorted((p for p in built if p.is_file()), key=lambda p: p.stat().st_mtime)
    if not built:
        raise FileNotFoundError(f"no {name} in {target}: cargo build --workspace --bins")
    return str(built[-1])


def yumen(*arguments, check=True, **options):
    """Runs a command to its end."""
    command = [program("yumen", "YUMEN_BIN"), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **options)
    if check:
        assert done.returncode == 0, done.stderr
    return done


@contextlib.contextmanager
def running(*arguments, env=None, **options):
    """Runs a command that serves; gives the process and the first line it prints, as JSON."""
    command = [program("yumen", "YUMEN_BIN"), "--json", *map(str, arguments)]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, text=True, env={**os.environ, **(env or {})}, **options
    )
    try:
        line = process.stdout.readline()
        assert line, "the program ended before it served"
        yield process, json.loads(line)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()

    def events(self):
        """The events of a stream, as (name, JSON)."""
        events = []
        for frame in self.text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in frame.splitlines() if ": " in line)
            if "event" in fields:
                events.append((fields["event"], json.loads(fields["data"])))
        return events


class Gate:
    """A running gate, spoken to over a socket."""

    def __init__(self, base, data_dir=None, addresses=None):
        self.base, self.data_dir, self.addresses = base, data_dir, addresses or {}
        self.host, self.port = urllib.parse.urlsplit(base).netloc.split(":")

    def connection(self):
        return http.client.HTTPConnection(self.host, int(self.port), timeout=60)

    def request(self, method, path, body=None, key=None, headers=None, raw=None):
        headers = dict(headers or {})
        if key:
            headers["Authorization"] = f"Bearer {key}"
        if body is not None:
            raw = json.dumps(body, ensure_ascii=False).encode()
        if raw is not None:
            headers.setdefault("Content-Type", "application/json")
        connection = self.connection()
        try:
            connection.request(method, path, raw, headers)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, body=None, **options):
        return self.request("POST", path, body, **options)

    def feature(self, feature, key, text=None, language="en", input=None, stream=False, **options):
        headers = options.pop("headers", {})
        if stream:
            headers = {**headers, "Accept": "text/event-stream"}
        body = {"input": input or {"text": text}, "language": language}
        return self.post(f"/v1/features/{feature}", body, key=key, headers=headers, **options)

    def eligibility(self, device, features=None, key="yk_demo", **options):
        body = {"device": device}
        if features is not None:
            body["features"] = features
        return self.post("/v1/eligibility", body, key=key, **options)

    def emulator(self, name):
        """The counters of an emulated partner: `chatgpt` or `qwen`."""
        host, port = urllib.parse.urlsplit(self.addresses[f"emulated_{name}"]).netloc.split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=10)
        try:
            connection.request("GET", "/emulator/stats")
            return json.load(connection.getresponse())
        finally:
            connection.close()

    def verify(self, answer):
        """Has `yumen ledger verify` prove the whole log and one answer's receipt."""
        done = yumen("--json", "ledger", "verify", "--data-dir", self.data_dir, "--receipt", "-",
                     check=False, input=json.dumps(answer))
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)


def wait_for(condition, seconds=20):
    """Waits until something holds; gives what it was."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)

"""Partners over TLS: which HTTP is agreed upon, and whose certificates are believed.

In front of an emulated partner stands a door that speaks TLS and passes the bytes on: the emulator finds out by itself
which HTTP they are.
"""

import contextlib
import select
import socket
import ssl
import subprocess
import threading

import pytest

from market import Ground, ask, configure, emulators
from programs import Gate, running, yumen


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return Ground(tmp_path_factory.mktemp("ground") / "ground")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    """A certificate authority of the test's own, and a certificate for this machine."""
    folder = tmp_path_factory.mktemp("authority")

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True, timeout=60)

    for name in ("authority", "door"):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", f"{name}.key")
    openssl("req", "-x509", "-new", "-key", "authority.key", "-subj", "/CN=An invented authority", "-days", "2",
            "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign",
            "-out", "authority.pem")
    openssl("req", "-new", "-key", "door.key", "-subj", "/CN=door", "-out", "door.csr")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "door.csr", "-CA", "authority.pem", "-CAkey", "authority.key", "-CAcreateserial",
            "-days", "2", "-extfile", "names", "-out", "door.pem")
    return folder


class Door:
    """Speaks TLS with whoever comes and plain bytes with the emulator behind."""

    def __init__(self, folder, behind, protocols):
        self.agreed, self.refused = [], 0
        self.behind = behind
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "door.pem", folder / "door.key")
        self.context.set_alpn_protocols(protocols)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.base = f"https://localhost:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.let_in, args=(plain,), daemon=True).start()

    def let_in(self, plain):
        try:
            inside = self.context.wrap_socket(plain, server_side=True)
        except (ssl.SSLError, OSError):
            self.refused += 1
            return
        self.agreed.append(inside.selected_alpn_protocol())
        host, port = self.behind.removeprefix("http://").split(":")
        outside = socket.create_connection((host, int(port)))
        # One thread reads TLS and another writes it, which OpenSSL does not allow at once: take turns by not waiting.
        inside.setblocking(False)
        outside.setblocking(False)
        with inside, outside:
            pass_on(inside, outside)


def pass_on(inside, outside):
    """Both ways until one side ends."""
    pending = {inside: b"", outside: b""}  # what is still to be written to each
    while True:
        wanted = [one for one, other in ((inside, outside), (outside, inside)) if not pending[other]]
        ready, writable, _ = select.select(wanted, [one for one in pending if pending[one]], [], 30)
        for one in writable:
            with contextlib.suppress(BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
                pending[one] = pending[one][one.send(pending[one]):]
        for one in ready:
            other = outside if one is inside else inside
            try:
                read = one.recv(65536)
                while one is inside and one.pending():
                    read += one.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                continue
            except OSError:
                return
            if not read:
                return
            pending[other] += read
        if not ready and not writable:
            return


@contextlib.contextmanager
def behind_tls(ground, folder, authority, protocols, *, http=None, trusted=True):
    """A gate whose one partner is reached through a door."""
    with emulators(["deepseek"], "--chunk-delay-ms", "1") as partners:
        door = Door(authority, partners["deepseek"].base, protocols)
        ground.copy(folder)
        config = configure(folder, {"deepseek": door.base})
        more = (f'http = "{http}"\n' if http else "") + \
            (f'authorities = "{authority / "authority.pem"}"\n' if trusted else "")
        config.write_text(config.read_text() + more)
        try:
            with running("serve", "--config", config) as (_, told):
                yield Gate(told["gate"], folder / "data", told), partners["deepseek"], door
        finally:
            door.listener.close()


@pytest.mark.parametrize(("http", "protocols", "agreed", "spoken"), [
    (None, ["h2", "http/1.1"], "h2", "HTTP/2.0"),
    (None, ["http/1.1"], "http/1.1", "HTTP/1.1"),
    ("1", ["h2", "http/1.1"], None, "HTTP/1.1"),  # it asks for nothing, which is HTTP/1.1
    ("2", ["h2", "http/1.1"], "h2", "HTTP/2.0"),
])
def test_tls_agrees_on_the_http(ground, authority, tmp_path, http, protocols, agreed, spoken):
    with behind_tls(ground, tmp_path / "gate", authority, protocols, http=http) as (gate, partner, door):
        for stream in (False, True):
            answer = ask(gate, ground.key, stream)
            assert answer.complete, answer
        assert {entry["http"] for entry in partner.log()} == {spoken} and len(partner.log()) == 2
        assert set(door.agreed) == {agreed}


def test_many_answers_share_a_connection_that_tls_agreed_on(ground, authority, tmp_path):
    with behind_tls(ground, tmp_path / "gate", authority, ["h2", "http/1.1"]) as (gate, partner, door):
        assert ask(gate, ground.key).complete
        seen = []
        threads = [threading.Thread(target=lambda: seen.append(ask(gate, ground.key))) for _ in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(seen) == 20 and all(answer.complete for answer in seen), seen
        assert door.agreed == ["h2"], "one connection carried all of them"


def test_a_partner_whose_certificate_nobody_vouches_for_is_told_nothing(ground, authority, tmp_path):
    with behind_tls(ground, tmp_path / "gate", authority, ["h2", "http/1.1"], trusted=False) as (gate, partner, door):
        answer = ask(gate, ground.key, stream=False)
        assert answer.status in (502, 503, 504), answer
        assert partner.log() == [] and door.refused > 0


def test_authorities_that_cannot_be_read_stop_the_start(ground, authority, tmp_path):
    config = configure(ground.copy(tmp_path / "gate"), {"deepseek": "https://localhost:1"})
    text = config.read_text()
    (config.parent / "empty.pem").write_text("no certificate\n")
    for file, why in (("missing.pem", "missing.pem"), ("empty.pem", "holds no certificate")):
        config.write_text(text + f'authorities = "{file}"\n')
        done = yumen("serve", "--config", config, check=False)
        assert done.returncode == 1 and why in done.stderr and "deepseek" in done.stderr, done.stderr

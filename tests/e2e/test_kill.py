"""`kill -9` in the middle of 200 streams: every answer of which a client saw a byte is on record."""

import json
import os
import signal
import socket
import threading

from conftest import demo_gate, wait_for, yumen

STREAMS = 200


def test_killed_in_the_middle_nothing_seen_is_missing(tmp_path):
    data = tmp_path / "data"
    seen, lock = {}, threading.Lock()

    def read_until_the_end(gate, number):
        body = json.dumps({"input": {"messages": [{"role": "user", "content": f"[[slow]] {number}"}]},
                           "language": "en"})
        head = (f"POST /v1/features/assistant.chat HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: Bearer yk_demo_us\r\nContent-Type: application/json\r\n"
                f"Accept: text/event-stream\r\nContent-Length: {len(body)}\r\n\r\n{body}")
        received = b""
        try:
            with socket.create_connection((gate.host, int(gate.port)), timeout=60) as connection:
                connection.sendall(head.encode())
                while more := connection.recv(65536):
                    received += more
                    with lock:
                        seen[number] = received
        except OSError:
            pass

    with demo_gate(data) as gate:
        clients = [threading.Thread(target=read_until_the_end, args=(gate, n)) for n in range(STREAMS)]
        for client in clients:
            client.start()
        wait_for(lambda: len(seen) > STREAMS // 2, seconds=60)
        os.kill(gate.process.pid, signal.SIGKILL)
        gate.process.wait()
        for client in clients:
            client.join(timeout=60)

    ids = []
    for received in seen.values():
        assert b"200 OK" in received.split(b"\r\n")[0]
        if b'"receipt":{"id":"' in received:
            ids.append(received.split(b'"receipt":{"id":"')[1].split(b'"')[0].decode())
    assert len(ids) > STREAMS // 2

    with demo_gate(data) as gate:  # it starts again on what is there
        assert gate.get("/readyz").status == 200
        served = gate.feature("writing.summary", "yk_demo_us", "One is here. Two is there. Three.")
        gate.verify(served.json)
    report = json.loads(yumen("--json", "ledger", "verify", "--data-dir", data).stdout)["log"]
    assert report["checkpoint_ok"] and report["problem_count"] == 0
    assert report["kinds"]["admission.v1"] >= len(ids)
    recorded = b"".join(p.read_bytes() for p in (data / "ledger").rglob("*") if p.is_file())
    missing = [receipt for receipt in ids if receipt.encode() not in recorded]
    assert not missing

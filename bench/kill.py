#!/usr/bin/env python3
"""Measures the kill switch: how long from a kill until nothing that it stops is served any more; see README.md.

    python3 bench/kill.py                        100 kills on a demo of its own
    python3 bench/kill.py --yumen PATH --count N

One connection kills over HTTP, four others ask for the feature without a pause. For each kill two times are
printed: until the command is answered, and until the last request that was still served had begun. A request that
began before the kill may end after it; one that began after the answer and was served is a failure.

Needs a built yumen (cargo build --release), and Python 3.9 or later without packages.
"""

import argparse
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
FEATURE = "writing.summary"
QUESTION = json.dumps({"input": {"text": "The gate stands in the west. Caravans pass. Nobody waits."},
                       "language": "en"})
APP = {"Authorization": "Bearer yk_demo_us", "Content-Type": "application/json"}
ADMIN = {"Authorization": "Bearer ya_demo", "Content-Type": "application/json"}
ASKERS = 4


class Asker(threading.Thread):
    """Asks again as soon as it is answered; keeps (began, status) of every request."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection(address, timeout=30)
        self.asked, self.over = [], False

    def run(self):
        while not self.over:
            began = time.perf_counter()
            try:
                self.connection.request("POST", f"/v1/features/{FEATURE}", QUESTION, APP)
                response = self.connection.getresponse()
                response.read()
                self.asked.append((began, response.status))
            except (http.client.HTTPException, OSError):
                # A connection that the gate closed is opened anew; nobody was served on it.
                self.connection.close()


def post(connection, path, body):
    connection.request("POST", path, json.dumps(body), ADMIN)
    response = connection.getresponse()
    answer = json.loads(response.read())
    assert response.status == 200, answer
    return answer


def one_kill(connection, askers):
    """Seconds until the answer, seconds until the last served request began, served after the answer."""
    for asker in askers:
        asker.asked.clear()
    # Some requests must have been served before.
    while any(len(asker.asked) < 3 for asker in askers):
        time.sleep(0.001)
    order = {"feature": FEATURE, "market": "us", "reason": "a measurement"}
    start = time.perf_counter()
    killed = post(connection, "/admin/v1/kills", order)
    answered = time.perf_counter()
    seen = [len(asker.asked) for asker in askers]
    while any(len(asker.asked) < count + 3 for asker, count in zip(askers, seen)):
        time.sleep(0.001)
    asked = [one for asker in askers for one in list(asker.asked)]
    served = [began for began, status in asked if status == 200]
    last = max((began for began in served if began >= start), default=start)
    late = sum(began > answered for began in served)
    lift = f"/admin/v1/kills/{killed['changed']['id']}/lift"
    post(connection, lift, {})
    post(connection, lift, {})
    return answered - start, last - start, late


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--yumen", default=target / "release" / "yumen", help="the program")
    parser.add_argument("--count", type=int, default=100, help="how many kills")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as data:
        command = [arguments.yumen, "--json", "demo", "--listen", "127.0.0.1:0", "--data-dir", data]
        gate = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            address = json.loads(gate.stdout.readline())["gate"].removeprefix("http://")
            connection = http.client.HTTPConnection(address, timeout=30)
            askers = [Asker(address) for _ in range(ASKERS)]
            for asker in askers:
                asker.start()
            results = [one_kill(connection, askers) for _ in range(arguments.count)]
            for asker in askers:
                asker.over = True
        finally:
            gate.terminate()
            gate.wait()
    print(f"{arguments.count} kills, {ASKERS} connections asking all the time")
    for name, values in (("until the command is answered", [one[0] for one in results]),
                         ("until the last served request began", [one[1] for one in results])):
        print(f"  {name:36} p50 {statistics.median(values) * 1e3:6.2f} ms   "
              f"p99 {percentile(values, 0.99) * 1e3:6.2f} ms   most {max(values) * 1e3:6.2f} ms")
    late = sum(one[2] for one in results)
    print(f"  requests that began after the answer and were served: {late}")
    raise SystemExit(1 if late else 0)


if __name__ == "__main__":
    main()

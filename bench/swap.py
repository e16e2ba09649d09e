"""Installs packs of many terms while requests run, and measures both.

    python3 bench/swap.py [--binary target/release/yumen] [--terms 200000] [--rounds 5] [--connections 2]

A demo is started. Clients ask an on-device feature as fast as it answers, each over one connection, and every answer is
timed with the instant it began. Packs of invented terms are built and signed beforehand. In each round one is installed
over the running gate. It prints how long an installation took, how long requests took while one was under way and while
none was, and how many failed. Raw numbers go to standard output as one JSON object with --json.
"""

import argparse
import http.client
import json
import pathlib
import random
import subprocess
import tempfile
import threading
import time

TEXT = "The caravan reached the gate. The officer checked the papers. Nobody passed without papers. The gate opens at nine."
PACK = """
id = "lanterns"
version = "{version}"
issued = "2026-11-20"
expires = "2030-01-01"
owner = "bench"
source = "invented"

[[category]]
id = "lanterns"
text = {{ en = "lanterns", zh = "灯笼" }}

[[rule]]
id = "lanterns.all"
category = "lanterns"
terms = "{terms}"
placeholder = "lantern"
actions = {{ to_partner = "mask", from_partner = "mask", to_device = "mask", from_device = "mask" }}
text = {{ en = "A lantern was masked.", zh = "已遮盖灯笼。" }}
source = "invented"
"""
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u")]
GLYPHS = [chr(code) for code in range(0x6C11, 0x6C11 + 600)]


def terms(count, seed):
    """Invented words, half of them in Latin letters, half in Chinese characters put together at random."""
    chance, made = random.Random(seed), set()
    while len(made) < count:
        if len(made) % 2:
            made.add("".join(chance.choices(SYLLABLES, k=chance.randint(4, 6))) + "x")
        else:
            made.add("".join(chance.choices(GLYPHS, k=chance.randint(4, 7))))
    return sorted(made)


def packs(binary, folder, key, count, rounds):
    for number in range(rounds):
        sheet = folder / f"terms-{number}.csv"
        # A row is looked for only when somebody made it active.
        rows = "".join(f"{term},bench,active\n" for term in terms(count, number))
        sheet.write_text("term,owner,status\n" + rows)
        source, built = folder / f"pack-{number}.toml", folder / f"pack-{number}.ypack"
        source.write_text(PACK.format(version=number + 1, terms=sheet.name))
        subprocess.run([binary, "pack", "build", source, "--out", built], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([binary, "pack", "sign", built, "--key", key], check=True, stdout=subprocess.DEVNULL)
        yield built


def ask(connection, body):
    headers = {"Authorization": "Bearer yk_demo_us", "Content-Type": "application/json"}
    connection.request("POST", "/v1/features/writing.summary", body, headers)
    response = connection.getresponse()
    response.read()
    return response.status


def traffic(address, stop, seen):
    connection = http.client.HTTPConnection(address)
    body = json.dumps({"input": {"text": TEXT}, "language": "en"}).encode()
    while not stop.is_set():
        began = time.monotonic()
        status = ask(connection, body)
        seen.append((began, time.monotonic(), status))


def quantile(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000 if times else None


def summary(times):
    return {"requests": len(times), "p50_ms": quantile(times, 0.5), "p99_ms": quantile(times, 0.99),
            "p999_ms": quantile(times, 0.999), "max_ms": quantile(times, 1.0)}


def measured(binary, count, rounds, connections):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        command = [binary, "--json", "demo", "--listen", "127.0.0.1:0", "--data-dir", folder / "data"]
        demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            base = json.loads(demo.stdout.readline())["gate"]
            address = base.removeprefix("http://")
            files = list(packs(binary, folder, folder / "data" / "keys" / "demo-signer-1.key", count, rounds))
            stop, seen, swaps = threading.Event(), [], []
            threads = [threading.Thread(target=traffic, args=(address, stop, seen)) for _ in range(connections)]
            for thread in threads:
                thread.start()
            time.sleep(3)
            for file in files:
                install = [binary, "--json", "pack", "install", file, "--scope", "us", "--reason", "bench", "--server", base]
                began = time.monotonic()
                subprocess.run(install, check=True, stdout=subprocess.DEVNULL)
                swaps.append((began, time.monotonic()))
                time.sleep(3)
            stop.set()
            for thread in threads:
                thread.join()
        finally:
            demo.terminate()
            demo.wait()
    during, between = [], []
    for began, ended, _ in seen:
        touched = any(began < end and ended > start for start, end in swaps)
        (during if touched else between).append(ended - began)
    return {"terms": count, "swaps_s": [end - start for start, end in swaps],
            "failed": sum(status != 200 for _, _, status in seen),
            "during": summary(during), "between": summary(between)}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", default="target/release/yumen")
    parser.add_argument("--terms", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    result = measured(options.binary, options.terms, options.rounds, options.connections)
    if options.json:
        print(json.dumps(result))
        return
    swaps = ", ".join(f"{seconds:.2f}" for seconds in result["swaps_s"])
    print(f"{result['terms']} terms; installed in {swaps} s (command, upload, trial, compile, in force)")
    for name in ("during", "between"):
        told = result[name]
        numbers = "  ".join(f"{key[:-3]} {told[key]:.2f} ms" for key in ("p50_ms", "p99_ms", "p999_ms", "max_ms") if told[key])
        print(f"{name:8} {told['requests']:7} requests  {numbers}")
    print(f"{result['failed']} failed")


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Installs packs of many terms while requests run, and tells whether a request was slower for it.

    python3 bench/swap.py                               24 installations on a demo of its own, about two minutes
    python3 bench/swap.py --yumen PATH --rounds 6       a short look

A demo is started. Packs of invented terms are built and signed beforehand and installed in turn over the running gate by
`yumen pack install`, on the same machine. Meanwhile an on-device feature is asked for at a fixed modest rate, whether or
not the answers before came back; a request's time counts from the instant at which it was due, so that one that had to
wait behind another is as slow as it was for its sender. A request belongs to an installation when it was under way
between the start of the command and half a second after its end, in which the former screen is taken apart.

Printed are the quantiles of the requests during installations and between them, the differences with a 95 % interval
(the rounds drawn anew a thousand times), and which share of each was slower than the 99.9th percentile of the requests
between installations and a millisecond. What else the machine does hits both alike, but makes the tail of either a
matter of chance: the difference holds where the interval is narrow.

Needs a built yumen (cargo build --release), and Python 3.9 or later without packages.
"""

import argparse
import gc
import http.client
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

import packs  # noqa: E402  (the tests' way of making packs)

TEXT = "The caravan reached the gate. The officer checked the papers. Nobody passed without papers. The gate opens at nine."
BODY = json.dumps({"input": {"text": TEXT}, "language": "en"})
HEADERS = {"Authorization": "Bearer yk_demo_us", "Content-Type": "application/json"}
SYLLABLES = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u")]
GLYPHS = [chr(code) for code in range(0x6C11, 0x6C11 + 600)]

QUANTILES = [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)]
PAUSE = 3.0  # seconds between installations
AFTER = 0.5  # how long after an installation a request still belongs to it
LIMIT = 1.0  # how much slower a request may be, in milliseconds
CONNECTIONS = 4
DRAWN = 1000  # how often the rounds are drawn anew


def terms(count, seed):
    """Invented words, half of them in Latin letters, half in Chinese characters put together at random."""
    chance, made = random.Random(seed), set()
    while len(made) < count:
        if len(made) % 2:
            made.add("".join(chance.choices(SYLLABLES, k=chance.randint(4, 6))) + "x")
        else:
            made.add("".join(chance.choices(GLYPHS, k=chance.randint(4, 7))))
    return sorted(made)


def built(yumen, folder, key, count):
    """Two packs of one name with different terms, to be installed in turn."""
    files = []
    for number in (1, 2):
        sheet = folder / f"terms-{number}.csv"
        # A row is looked for only when somebody made it active.
        sheet.write_text("term,owner,status\n" + "".join(f"{term},bench,active\n" for term in terms(count, number)))
        files.append(packs.made(
            lambda *arguments: subprocess.run([yumen, *arguments], check=True, stdout=subprocess.DEVNULL),
            folder, str(number), f'terms = "{sheet.name}"', key=key,
        ))
    return files


class Asker(threading.Thread):
    """Asks at instants that were set beforehand; keeps (due, answered, status) of every request."""

    def __init__(self, address, first, every):
        super().__init__(daemon=True)
        self.connection = http.client.HTTPConnection(address, timeout=30)
        self.first, self.every = first, every
        self.asked, self.over = [], False

    def run(self):
        due = self.first
        while not self.over:
            time.sleep(max(0.0, due - time.monotonic()))
            self.connection.request("POST", "/v1/features/writing.summary", BODY, HEADERS)
            response = self.connection.getresponse()
            response.read()
            self.asked.append((due, time.monotonic(), response.status))
            due += self.every


def install(yumen, base, rounds, *files):
    """Installs the packs in turn; prints when each installation began and ended. In a process of its own: starting one
    holds up every thread of a Python that does it."""
    swaps = []
    for number in range(rounds):
        command = [yumen, "--json", "pack", "install", files[number % 2], "--scope", "us",
                   "--reason", "bench", "--server", base]
        began = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        swaps.append((began, time.monotonic()))
        time.sleep(PAUSE)
    print(json.dumps(swaps))


def measured(yumen, count, rounds, rate):
    """Per round the times of the requests during and after its installation, how long that took, and what failed."""
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        command = [yumen, "--json", "demo", "--listen", "127.0.0.1:0", "--data-dir", folder / "data"]
        demo = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            base = json.loads(demo.stdout.readline())["gate"]
            files = built(yumen, folder, folder / "data" / "keys" / "demo-signer-1.key", count)
            gc.disable()
            start = time.monotonic() + 0.5
            askers = [Asker(base.removeprefix("http://"), start + number / rate, CONNECTIONS / rate)
                      for number in range(CONNECTIONS)]
            for asker in askers:
                asker.start()
            time.sleep(PAUSE)
            swaps = json.loads(subprocess.run(
                [sys.executable, __file__, "--install", json.dumps([yumen, base, rounds, *map(str, files)])],
                check=True, stdout=subprocess.PIPE, text=True).stdout)
            for asker in askers:
                asker.over = True
            for asker in askers:
                asker.join()
        finally:
            demo.terminate()
            demo.wait()
    asked = sorted(one for asker in askers for one in asker.asked)
    told = []
    for (began, ended), following in zip(swaps, swaps[1:] + [(asked[-1][0] + 1, 0)]):
        round_ = {"swap_s": ended - began, "during_ms": [], "between_ms": []}
        for due, answered, _ in asked:
            if answered >= began and due < following[0]:
                kind = "during_ms" if due <= ended + AFTER else "between_ms"
                # One that reaches into the next round's installation belongs there.
                if kind == "during_ms" or answered < following[0]:
                    round_[kind].append((answered - due) * 1000)
        told.append(round_)
    return told, sum(status != 200 for _, _, status in asked)


def quantile(times, share):
    return times[min(len(times) - 1, int(len(times) * share))]


def gathered(rounds):
    return tuple(sorted(time for one in rounds for time in one[kind]) for kind in ("during_ms", "between_ms"))


def differences(rounds):
    """How much slower the requests during installations were, quantile by quantile."""
    during, between = gathered(rounds)
    return [quantile(during, share) - quantile(between, share) for _, share in QUANTILES]


def intervals(rounds):
    """Where 95 % of each difference lie when the rounds are drawn anew."""
    chance = random.Random(5)
    drawn = [differences(chance.choices(rounds, k=len(rounds))) for _ in range(DRAWN)]
    columns = [sorted(column) for column in zip(*drawn)]
    return [(column[DRAWN // 40], column[-1 - DRAWN // 40]) for column in columns]


def summary(rounds, failed, count):
    during, between = gathered(rounds)
    rows = []
    for (name, share), difference, (low, high) in zip(QUANTILES, differences(rounds), intervals(rounds)):
        rows.append({"quantile": name, "during_ms": quantile(during, share), "between_ms": quantile(between, share),
                     "slower_by_ms": difference, "from_ms": low, "to_ms": high})
    bound = quantile(between, 0.999) + LIMIT

    def beyond(times):
        return sum(time > bound for time in times) / len(times)
    return {
        "terms": count,
        "swaps_s": [one["swap_s"] for one in rounds],
        "requests": {"during": len(during), "between": len(between), "failed": failed},
        "quantiles": rows,
        "slowest_ms": {"during": during[-1], "between": between[-1]},
        "beyond": {"bound_ms": bound, "during": beyond(during), "between": beyond(between)},
        "holds": failed == 0 and all(row["slower_by_ms"] <= LIMIT for row in rows),
        "certain": all(row["to_ms"] <= LIMIT or row["from_ms"] > LIMIT for row in rows),
    }


def shown(result):
    swaps, beyond, asked = sorted(result["swaps_s"]), result["beyond"], result["requests"]
    lines = [
        f"{result['terms']} terms, {len(swaps)} installations, from the command to in force: "
        f"{swaps[len(swaps) // 2]:.2f} s (median), {swaps[-1]:.2f} s (slowest)",
        f"{asked['during']} requests during, {asked['between']} between, {asked['failed']} failed; "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}",
        "",
        f"{'':10} {'during':>9} {'between':>9} {'slower by':>10}   95 % interval",
    ]
    for row in result["quantiles"]:
        lines.append(f"{row['quantile']:10} {row['during_ms']:6.2f} ms {row['between_ms']:6.2f} ms "
                     f"{row['slower_by_ms']:+7.2f} ms   {row['from_ms']:+.2f} to {row['to_ms']:+.2f} ms")
    lines += [
        f"{'slowest':10} {result['slowest_ms']['during']:6.2f} ms {result['slowest_ms']['between']:6.2f} ms",
        f"over {beyond['bound_ms']:.2f} ms (between's p99.9 and {LIMIT:.0f} ms): "
        f"{beyond['during']:.3%} during, {beyond['between']:.3%} between",
        "",
        f"no request more than {LIMIT:.0f} ms slower, quantile by quantile: "
        + ("holds" if result["holds"] else "DOES NOT HOLD")
        + ("" if result["certain"] else " (but an interval has the limit in it: run again where it is quiet)"),
    ]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--yumen", default=str(ROOT / "target" / "release" / "yumen"), help="the program")
    parser.add_argument("--terms", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=24)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--install", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.install:
        install(*json.loads(options.install))
        return
    rounds, failed = measured(options.yumen, options.terms, options.rounds, options.rate)
    result = summary(rounds, failed, options.terms)
    print(json.dumps(result) if options.json else shown(result))


if __name__ == "__main__":
    main()

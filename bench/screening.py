#!/usr/bin/env python3
"""What screening costs on the way of a request: the gate with one small pack (without any it serves nothing) beside the gate
with all that ship and 20,000 terms, in one run.

    python3 bench/screening.py [--terms 20000] [--yumen BINARY] [--run FOLDER]

Both gates stand before the same mock partner. One connection streams, the other way idle, in turn; the first token's
time is that of the load generator. The mock's pieces come without a pause, so that what is held back shows. Then 100
streams at 20 ms a piece, for CPU. The terms are made up from a seed: half Chinese, half English, none a real word list.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from pathlib import Path

import run as bench_run

HERE = Path(__file__).resolve().parent
HANZI = [chr(c) for c in range(0x4E00, 0x9FA0)]
LETTERS = "etaoinshrdlucmfwypvbgkjqxz"


def terms(count, seed):
    """Made-up terms: two to five of 3,000 Chinese characters, or one to three English-looking words."""
    dice = random.Random(seed)
    common = dice.sample(HANZI, 3000)
    made = set()
    while len(made) < count:
        if len(made) % 2:
            made.add("".join(dice.choices(common, k=dice.randint(2, 5))))
        else:
            words = ("".join(dice.choices(LETTERS[:18], k=dice.randint(4, 9))) for _ in range(dice.randint(1, 3)))
            made.add(" ".join(words))
    return sorted(made)


def pack(folder, count, binary, seed=7):
    """A signed pack of so many terms, and the public key of whoever signed it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(f"{term},bench,active\n" for term in terms(count, seed))
    (folder / "terms.csv").write_text("term,owner,status\n" + lines, encoding="utf-8")
    source, built, key = folder / "bench.toml", folder / "bench.ypack", folder / "bench.key"
    source.write_text(
        """id = "bench"
version = "1"
owner = "bench"
source = "made up"
[[rule]]
id = "bench.terms"
terms = "terms.csv"
placeholder = "term"
actions = { to_partner = "mask", from_partner = "mask", to_device = "allow", from_device = "allow" }
text = { en = "A made-up term was masked.", zh = "已遮盖一个虚构的词。" }
source = "made up"
""",
        encoding="utf-8",
    )
    key.unlink(missing_ok=True)

    def run(*arguments):
        return subprocess.run([binary, *arguments], capture_output=True, text=True, check=True).stdout.strip()

    public = run("signer", "new", key)
    run("pack", "build", source, "--issued", "today", "--days", "30", "--out", built)
    run("pack", "sign", built, "--key", key)
    proof = subprocess.run(
        [binary, "screen", "run", "--json", "--pack", built], capture_output=True, text=True, check=True,
        input=json.dumps({"text": terms(count, seed)[count // 2]}),
    )
    if json.loads(proof.stdout)["action"] != "mask":
        sys.exit("the pack does not find its own terms")
    return built, public


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--terms", type=int, default=20_000)
    parser.add_argument("--yumen", type=Path, help="the binary; built in release mode when absent")
    parser.add_argument("--run", type=Path, default=HERE / "run", help="where everything written goes")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--port", type=int, default=9100, help="the mock's; the next two are used too")
    options = parser.parse_args()
    folder = options.run.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    mock_binary, load_binary = bench_run.build(HERE / "Cargo.toml", ["mock", "load"])
    gate = options.yumen or bench_run.build(HERE.parent / "Cargo.toml", ["yumen"])[0]
    file, public = pack(folder / "pack", options.terms, gate.resolve())
    full = f'[screen]\npacks = ["{file}"]\nkeys = [{{ key = "{public}", name = "bench" }}]\n'
    processes = []
    try:
        mock = bench_run.Process("mock", [str(mock_binary), f"127.0.0.1:{options.port}"], options.port, folder / "mock.log")
        processes.append(mock)
        targets = []
        for offset, (name, screen) in enumerate([("one small pack", '[screen]\nshipped = ["self_harm"]\n'), ("all packs", full)], 1):
            target = bench_run.yumen(
                folder / name.replace(" ", "-"), options.port, options.port + offset, gate.resolve(), "assistant.chat", screen
            )
            target.name = name
            targets.append(target)
            processes.append(target.process)
        bench = bench_run.Bench(load_binary, mock, targets)
        time.sleep(1)
        bench.verify()
        bench.pace(60, 0)
        one = bench.rounds(options.repeats, "one stream at a time", lambda t: bench.load(t, "streams", connections=1, seconds=5))
        chunks = bench.chunks(options.repeats, 10)
        memory = bench.idle()
    finally:
        for process in reversed(processes):
            process.stop()

    def median(name, of):
        return bench_run.median([of(seen) for seen in name])

    table = {}
    for target in targets:
        alone, many = one[target.name], chunks[target.name]
        table[target.name] = {
            "first_token_p50_ms": median(alone, lambda seen: seen["first_token_p50_ms"]),
            "first_token_p99_ms": median(alone, lambda seen: seen["first_token_p99_ms"]),
            "cpu_us_per_answer": median(alone, lambda seen: seen["cpu"] / max(seen["answers"], 1) * 1e6),
            "cpu_s_per_1k_chunks": median(many, lambda seen: seen["cpu"] / max(seen["frames"], 1) * 1e3),
            "idle_mib": memory[target.name],
        }
    bare, packed = table["one small pack"], table["all packs"]
    table["added"] = {name: packed[name] - bare[name] for name in bare}
    json.dump({"terms": options.terms, **table}, sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()

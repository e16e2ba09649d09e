#!/usr/bin/env python3
"""A thousand answers at once from partners that fail in every way at random; see README.md.

    cargo build --release && python3 bench/chaos.py            five minutes
    python3 bench/chaos.py --seconds 20 --streams 200          a short look

Every client must get an honest end, and when all is over nothing may be left behind: no connection, no task, no
memory, no place that a request held. Exits with 1 when one of that does not hold. Needs Python 3.9 or later, without
packages.
"""

import argparse
import asyncio
import collections
import json
import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

# Every fault that leaves a partner in use, each with so much of all requests. A drift of the model is not among them:
# it stops the model for everyone until people decide, which is what it is there for. Nor are a dead key and a spent
# quota, which rest a key for longer than the run. `refusal` and `slow` say another text than the one expected.
FAULTS = [
    {"fault": "reset", "probability": 0.02},
    {"fault": "silence", "probability": 0.01},
    {"fault": "slow_headers", "probability": 0.01, "delay_ms": 4000},
    {"fault": "slow_first_token", "probability": 0.01, "delay_ms": 15000},
    {"fault": "stall", "probability": 0.02, "after_part": 25},
    {"fault": "stall_headers", "probability": 0.01},
    {"fault": "cut", "probability": 0.04, "after_part": 40},
    {"fault": "cut", "probability": 0.02, "after_part": 2},
    {"fault": "end_early", "probability": 0.03, "after_part": 30},
    {"fault": "malformed", "probability": 0.02, "after_part": 10},
    {"fault": "wrong_type", "probability": 0.01},
    {"fault": "renamed_field", "probability": 0.01},
    {"fault": "no_done", "probability": 0.02},
    {"fault": "no_finish", "probability": 0.01},
    {"fault": "usage_as_string", "probability": 0.01},
    {"fault": "status", "status": 500, "probability": 0.02},
    {"fault": "status", "status": 502, "probability": 0.01},
    {"fault": "status", "status": 503, "probability": 0.02},
    {"fault": "status", "status": 429, "probability": 0.02},
    {"fault": "status", "status": 429, "retry_after": 1, "probability": 0.02},
    {"fault": "error_under_200", "probability": 0.01},
    {"fault": "error_mid_stream", "probability": 0.02, "after_part": 20},
    {"fault": "context_length", "probability": 0.01},
    {"fault": "moderation_input", "probability": 0.01},
    {"fault": "moderation_output", "probability": 0.01},
    {"fault": "refuse_prefix", "probability": 0.2},
]
# The share of clients of each kind, and of those who hang up at some point.
KINDS = [("chunks", 0.7), ("whole", 0.15), ("events", 0.15)]
HANGING_UP = 0.1
# No answer takes longer: the deadline of one is 600 s, but with these faults all is over long before.
PATIENCE = 180


def read_end(kind, raw):
    """What a client makes of all it got: one of `complete`, `refused`, `error`, or what is wrong with it."""
    from market import is_whole

    head, _, body = raw.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 "):
        return f"no answer: {raw[:60]!r}"
    status = int(head[9:12])
    if b"transfer-encoding: chunked" in head.lower():
        body, whole = unchunked(body)
        if not whole:
            return "the body was cut"
    if status != 200 or kind == "whole":
        return read_whole(status, body, is_whole)
    frames = [frame for frame in body.decode().split("\n\n") if frame]
    return (read_chunks if kind == "chunks" else read_events)(frames, is_whole)


def unchunked(body):
    pieces, at = [], 0
    while True:
        end = body.find(b"\r\n", at)
        if end < 0:
            return b"".join(pieces), False
        size = int(body[at:end], 16)
        if size == 0:
            return b"".join(pieces), True
        pieces.append(body[end + 2:end + 2 + size])
        if len(pieces[-1]) < size:
            return b"".join(pieces), False
        at = end + 2 + size + 2


def read_whole(status, body, is_whole):
    told = json.loads(body)
    if status != 200:
        error = told.get("error", told)
        return "refused" if error["code"] == "partner_refused" else "error"
    choice = told["choices"][0]
    return of_text(choice["message"]["content"], choice["finish_reason"], is_whole)


def read_chunks(frames, is_whole):
    text, finish, error, done = "", None, None, False
    for frame in frames:
        data = frame[6:]
        if done or error:
            return "something after the end"
        if data == "[DONE]":
            done = True
            continue
        chunk = json.loads(data)
        if "error" in chunk:
            error = chunk["error"]["code"]
            continue
        for choice in chunk["choices"]:
            text += choice["delta"].get("content") or ""
            finish = choice["finish_reason"] or finish
    if error:
        if finish or done:
            return "an error and an end"
        return "refused" if error == "partner_refused" else "error"
    if not done or not finish:
        return "neither an end nor an error"
    return of_text(text, finish, is_whole)


def read_events(frames, is_whole):
    text, last, data = "", None, None
    for frame in frames:
        if last in ("end", "error"):
            return "something after the end"
        last, data = frame.split("\n", 1)
        last, data = last[7:], json.loads(data[6:])
        if last == "delta":
            text += data["text"]
        elif last == "restart":
            text = ""
    if last == "error":
        return "refused" if data["code"] == "partner_refused" else "error"
    if last != "end":
        return "neither an end nor an error"
    if data["output"]["message"]["content"] != text:
        return "the end says another text"
    return of_text(text, data["finish"], is_whole)


def of_text(text, finish, is_whole):
    if finish == "content_filter":
        return "refused"
    if not is_whole(text):
        return f"a truncated answer shown as a success ({finish}): {text[:40]!r}…{text[-60:]!r}"
    return "complete"


def request(kind, key):
    if kind == "events":
        path = "/v1/features/assistant.chat"
        body = {"input": {"messages": [{"role": "user", "content": "Please. [[long]]"}]}, "language": "en"}
        accept = "text/event-stream"
    else:
        path, accept = "/v1/chat/completions", "*/*"
        body = {"model": "assistant.chat", "stream": kind == "chunks",
                "messages": [{"role": "user", "content": "Please. [[long]]"}]}
    raw = json.dumps(body).encode()
    return (f"POST {path} HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {key}\r\nAccept: {accept}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n\r\n").encode() + raw


class Crowd:
    """The clients: as many at once as were asked for, each asking again as soon as it has its end."""

    def __init__(self, market, streams, seed):
        self.market, self.streams, self.chance = market, streams, random.Random(seed)
        self.ends, self.wrong, self.longest = collections.Counter(), collections.Counter(), 0.0

    async def run(self, seconds):
        until = time.monotonic() + seconds
        # They do not all come in the same instant.
        await asyncio.gather(*(self.client(until, self.chance.uniform(0, min(3, seconds / 2)))
                               for _ in range(self.streams)))

    async def client(self, until, wait):
        await asyncio.sleep(wait)
        while time.monotonic() < until:
            kind = self.chance.choices([k for k, _ in KINDS], [w for _, w in KINDS])[0]
            leaves = self.chance.uniform(0, 5) if self.chance.random() < HANGING_UP else None
            begun = time.monotonic()
            try:
                end = await asyncio.wait_for(self.ask(kind, leaves), PATIENCE)
            except asyncio.TimeoutError:
                end = f"no end within {PATIENCE} s"
            except (OSError, ValueError, KeyError, IndexError) as error:
                end = f"{type(error).__name__}: {error}"
            self.longest = max(self.longest, time.monotonic() - begun)
            if end in ("complete", "refused", "error", "left"):
                self.ends[kind, end] += 1
            else:
                self.wrong[kind, end] += 1

    async def ask(self, kind, leaves):
        reader, writer = await asyncio.open_connection(self.market.gate.host, int(self.market.gate.port))
        try:
            writer.write(request(kind, self.market.key))
            if leaves is not None:
                try:
                    await asyncio.wait_for(reader.read(), leaves)
                except asyncio.TimeoutError:
                    return "left"
                return "left"
            return read_end(kind, await reader.read())
        finally:
            # Whoever leaves, leaves at once.
            writer.transport.abort()


class Level:
    """What the gate holds when nobody asks."""

    def __init__(self, market):
        pid = market.gate.process.pid
        status = Path(f"/proc/{pid}/status").read_text()
        self.memory = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")) / 1024
        self.sockets = 0
        for entry in os.scandir(f"/proc/{pid}/fd"):
            try:
                self.sockets += os.readlink(entry.path).startswith("socket:")
            except OSError:
                pass
        self.tasks = sum(market.metrics("yumen_tasks").values())
        self.answers = sum(market.metrics("yumen_open_answers").values())
        self.under_way = sum(market.metrics("yumen_partner_requests_under_way").values())
        self.streams = sum(partner.stats()["open_streams"] for partner in market.partners.values())

    def __repr__(self):
        return (f"{self.memory:.1f} MiB, {self.sockets} sockets, {self.tasks:.0f} tasks, {self.answers:.0f} answers open, "
                f"{self.under_way:.0f} requests under way, {self.streams} streams open at the partners")


def settled(market, begin, seconds):
    """The level once connections that are kept for a while are gone too, or after so many seconds."""
    until = time.monotonic() + seconds
    while True:
        level = Level(market)
        if not faults_of(level, begin) or time.monotonic() > until:
            return level
        time.sleep(1)


def faults_of(level, begin, warm=None):
    """What was left behind."""
    found = []
    for name in ("answers", "under_way", "streams"):
        if getattr(level, name):
            found.append(f"{name}: {getattr(level, name):.0f} left")
    # Whoever looks at the metrics is a connection and a task of its own.
    for name in ("sockets", "tasks"):
        if getattr(level, name) > getattr(begin, name) + 4:
            found.append(f"{name}: {getattr(level, name):.0f}, at the beginning {getattr(begin, name):.0f}")
    if warm and level.memory > warm.memory * 1.25 + 8:
        found.append(f"memory: {level.memory:.1f} MiB, after the first round {warm.memory:.1f}")
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seconds", type=float, default=300)
    arguments.add_argument("--streams", type=int, default=1000)
    arguments.add_argument("--delay-ms", type=int, default=100, help="between two of the 60 parts of an answer")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--settle", type=float, default=120, help="how long kept connections may take to go")
    arguments.add_argument("--target", type=Path,
                           default=Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "release")
    asked = arguments.parse_args()
    os.environ.setdefault("YUMEN_BIN", str(asked.target / "yumen"))
    os.environ.setdefault("YUMEN_EMULATORS_BIN", str(asked.target / "yumen-emulators"))
    from market import Ground, market, third_partner

    # A thousand clients are a thousand files here, and twice as many in the gate.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with tempfile.TemporaryDirectory() as folder:
        ground = Ground(Path(folder) / "ground", third_partner())
        names = ("deepseek", "moonshot", "qwen")
        with market(ground, Path(folder) / "gate", names, asked.delay_ms, log_level="error") as one:
            one.settle()
            begin = Level(one)
            print(f"at the beginning: {begin}")
            for partner in one.partners.values():
                partner.faults(*FAULTS)
            crowd = Crowd(one, asked.streams, asked.seed)
            asyncio.run(crowd.run(min(asked.seconds, 20)))
            warm = settled(one, begin, asked.settle)
            print(f"after a first round: {warm}")
            asyncio.run(crowd.run(asked.seconds))
            fired = collections.Counter()
            for partner in one.partners.values():
                for rule in partner.own("GET", "faults"):
                    fired[rule["fault"]] += rule["fired"]
                partner.faults()
            last = settled(one, begin, asked.settle)
            print(f"at the end: {last}")
            well = one.ask()
            found = faults_of(last, begin, warm)
            attempts = one.metrics("yumen_partner_attempts_total")

    asks = sum(crowd.ends.values()) + sum(crowd.wrong.values())
    print(f"\n{asks} requests, the longest {crowd.longest:.1f} s; faults: "
          + ", ".join(f"{name} {count}" for name, count in sorted(fired.items())))
    print(f"{sum(attempts.values()):.0f} attempts: " + ", ".join(
        f"{outcome} {count:.0f}" for outcome, count in sorted(by_outcome(attempts).items())))
    for (kind, end), count in sorted(crowd.ends.items()):
        print(f"  {kind:7} {end:9} {count}")
    if not well.complete:
        found.append(f"when all was over, it did not answer: {well}")
    unused = {rule["fault"] for rule in FAULTS} - {name for name, count in fired.items() if count}
    if unused:
        print(f"  not met in this run: {', '.join(sorted(unused))}")
    for (kind, end), count in crowd.wrong.most_common():
        found.append(f"{count} x {kind}: {end}")
    for line in found:
        print(f"WRONG  {line}")
    print("WRONG" if found else "every client got an honest end, and nothing was left behind")
    return 1 if found else 0


def by_outcome(attempts):
    outcomes = collections.Counter()
    for labels, count in attempts.items():
        outcomes[dict(labels)["outcome"]] += count
    return outcomes


if __name__ == "__main__":
    sys.exit(main())

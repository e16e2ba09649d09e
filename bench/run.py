#!/usr/bin/env python3
"""Measures Yumen beside nginx and beside no gateway at all, in one run; see README.md.

    python3 bench/run.py                       build the tools, measure, write bench/run/results.md
    python3 bench/run.py --only direct,nginx   without the gate
    python3 bench/run.py --quick               short, to see that everything works

Needs nginx (Debian: apt-get install nginx-light), cargo, and Python 3.9 or later without packages.
"""

import argparse
import contextlib
import json
import os
import platform
import re
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
TICK = os.sysconf("SC_CLK_TCK")
MODEL = "bench-model"
STREAMS = 1000


# --- what the kernel knows -----------------------------------------------------------------------


def family(pid):
    """A process and all its descendants."""
    children = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            with contextlib.suppress(OSError):
                stat = Path(f"/proc/{entry}/stat").read_text()
                parent = int(stat.rpartition(")")[2].split()[1])
                children.setdefault(parent, []).append(int(entry))
    found, queue = [], [pid]
    while queue:
        found.append(queue.pop())
        queue += children.get(found[-1], [])
    return found


def cpu_seconds(pid):
    """User and system time of a process and its descendants."""
    ticks = 0
    for member in family(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{member}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICK


def resident_mib(pid):
    """Resident memory of a process and its descendants; pages they share count in each."""
    kib = 0
    for member in family(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{member}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    kib += int(line.split()[1])
    return kib / 1024


def machine_seconds():
    """CPU seconds the whole machine has worked."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n")[0].split()[1:]]
    user, nice, system, _idle, _wait, irq, softirq = fields[:7]
    return (user + nice + system + irq + softirq) / TICK


def own_children_seconds():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


# --- processes -----------------------------------------------------------------------------------


class Process:
    """A server under measurement: started, awaited, and ended by its own id."""

    def __init__(self, name, command, port, log, env=None):
        self.name, self.port = name, port
        self.log = log
        begun = time.monotonic()
        with log.open("wb") as out:
            self.handle = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, env={**os.environ, **(env or {})}
            )
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            if self.handle.poll() is not None or time.monotonic() - begun > 60:
                self.stop()
                sys.exit(f"{name} did not start; its log {log} ends:\n{log.read_text()[-2000:]}")
            time.sleep(0.002)
        self.start_seconds = time.monotonic() - begun

    @property
    def pid(self):
        return self.handle.pid

    def stop(self):
        if self.handle.poll() is None:
            self.handle.send_signal(signal.SIGTERM)
            try:
                self.handle.wait(10)
            except subprocess.TimeoutExpired:
                self.handle.kill()
                self.handle.wait()


class Target:
    """One way to the partner: none in between, nginx, or the gate."""

    def __init__(self, name, port, process=None, headers=(), model=MODEL, version=""):
        self.name, self.process, self.headers, self.model = name, process, headers, model
        self.version = version
        self.url = f"http://127.0.0.1:{port}/v1/chat/completions"


def nginx(run, mock_port, port):
    """nginx as a plain proxy: no log, no buffering, kept connections on both sides."""
    if not shutil.which("nginx") and not Path("/usr/sbin/nginx").exists():
        sys.exit("nginx is missing: apt-get install nginx-light")
    home = run / "nginx"
    home.mkdir(parents=True, exist_ok=True)
    temporary = "".join(
        f"  {kind}_temp_path {home}/{kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = home / "nginx.conf"
    configuration.write_text(
        f"""daemon off;
worker_processes {os.cpu_count()};
worker_rlimit_nofile 16384;
pid {home}/nginx.pid;
error_log {home}/error.log warn;
events {{ worker_connections 8192; }}
http {{
{temporary}  access_log off;
  keepalive_requests 100000000;
  keepalive_timeout 300s;
  upstream partner {{
    server 127.0.0.1:{mock_port};
    keepalive 1024;
    keepalive_requests 100000000;
  }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://partner;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
      proxy_read_timeout 300s;
    }}
  }}
}}
"""
    )
    binary = shutil.which("nginx") or "/usr/sbin/nginx"
    version = subprocess.run([binary, "-v"], capture_output=True, text=True, check=False).stderr
    process = Process(
        "nginx", [binary, "-p", str(home), "-c", str(configuration)], port, run / "nginx.log"
    )
    return Target("nginx", port, process, version=version.strip().rpartition("/")[2])


def yumen(run, mock_port, port, binary, model, more=""):
    """The gate with everything on: verdict, clearance, both screens, label, ledger, receipt. `more` ends its configuration."""
    home = run / "yumen"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    configuration = home / "yumen.toml"
    configuration.write_text(
        f"""[server]
listen = "127.0.0.1:{port}"
data_dir = "{home}/data"
provider = "bench"

[[partner]]
id = "openai"
protocol = "openai-chat"
base_url = "http://127.0.0.1:{mock_port}/v1"
key = {{ env = "OPENAI_API_KEY" }}
{more}"""
    )
    env = {"OPENAI_API_KEY": "sk-bench-not-a-real-key"}
    add = [str(binary), "keys", "add", "--config", str(configuration), "--name", "bench"]
    made = subprocess.run(
        [*add, "--profile", "us"], capture_output=True, text=True, check=False, env={**os.environ, **env}
    )
    key = re.search(r"\byk_[A-Za-z0-9_-]+", made.stdout)
    if made.returncode or not key:
        sys.exit(f"no key was made: {made.stdout}{made.stderr}")
    process = Process(
        "yumen", [str(binary), "serve", "--config", str(configuration)], port, run / "yumen.log", env
    )
    version = subprocess.run([str(binary), "--version"], capture_output=True, text=True, check=False)
    return Target(
        "yumen",
        port,
        process,
        [f"Authorization: Bearer {key[0]}"],
        model,
        version.stdout.strip().rpartition(" ")[2],
    )


# --- measuring -----------------------------------------------------------------------------------


class Bench:
    def __init__(self, load, mock, targets):
        self.load_binary, self.mock, self.targets = load, mock, targets

    def ask_mock(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.mock.port}{path}", timeout=10) as answer:
            return json.load(answer)

    def pace(self, chunks, chunk_ms):
        self.ask_mock(f"/control?chunks={chunks}&chunk_us={int(chunk_ms * 1000)}&first_us=0")

    def load(self, target, mode, **options):
        """One run of the load generator, with what it cost everybody meanwhile."""
        command = [str(self.load_binary), mode, "--url", target.url, "--model", target.model]
        for header in target.headers:
            command += ["--header", header]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        pid = target.process and target.process.pid
        before = self.readings(pid)
        begun = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        elapsed = time.monotonic() - begun
        if done.returncode:
            sys.exit(f"the load generator failed: {done.stderr}")
        seen = json.loads(done.stdout)
        after = self.readings(pid)
        spent = {name: after[name] - before[name] for name in before}
        seen["cpu"] = spent["gateway"]
        seen["frames"] = spent["frames"]
        known = spent["gateway"] + spent["mock"] + spent["load"]
        seen["other_cores"] = max(0.0, spent["machine"] - known) / elapsed
        if seen["failures"]:
            note(f"{target.name}: {seen['failures']} failures, the first: {seen['first_failure']}")
        return seen

    def readings(self, pid):
        return {
            "frames": self.ask_mock("/stats")["frames"],
            "gateway": cpu_seconds(pid) if pid else 0.0,
            "mock": cpu_seconds(self.mock.pid),
            "load": own_children_seconds(),
            "machine": machine_seconds(),
        }

    def verify(self):
        """One whole and one streamed answer through every target, before anything is measured."""
        self.pace(60, 0)
        for target in self.targets:
            for mode in ("whole", "streams"):
                seen = self.load(target, mode, rounds=1)
                if seen["answers"] != 1:
                    sys.exit(f"{target.name} does not serve {mode}: {seen['first_failure']}")

    def idle(self):
        return {
            target.name: resident_mib(target.process.pid) for target in self.targets if target.process
        }

    def rounds(self, repeats, label, measure):
        """Measures every target in turn, several times over, so that a neighbour hits them alike."""
        results = {target.name: [] for target in self.targets}
        for turn in range(repeats):
            for target in self.targets:
                note(f"{label}, {turn + 1} of {repeats}: {target.name}")
                results[target.name].append(measure(target))
        return results

    def saturation(self, repeats, seconds):
        return self.rounds(
            repeats,
            "whole answers at 64 connections",
            lambda target: self.load(target, "whole", connections=64, seconds=seconds),
        )

    def single(self, repeats, seconds):
        return self.rounds(
            repeats,
            "whole answers at one connection",
            lambda target: self.load(target, "whole", connections=1, seconds=seconds),
        )

    def chunks(self, repeats, seconds):
        self.pace(60, 20)
        return self.rounds(
            repeats,
            "100 streams, a chunk every 20 ms",
            lambda target: self.load(target, "streams", connections=100, seconds=seconds),
        )

    def many(self, repeats, chunks):
        self.pace(chunks, 100)
        return self.rounds(repeats, f"{STREAMS} open streams", self.hold)

    def hold(self, target):
        """Many streams at once, with the memory at its highest and how many were open together."""
        peak = {"mib": 0.0, "open": 0}
        over = threading.Event()

        def watch():
            while not over.wait(0.2):
                with contextlib.suppress(OSError, ValueError):
                    peak["open"] = max(peak["open"], self.ask_mock("/stats")["open"])
                if target.process:
                    peak["mib"] = max(peak["mib"], resident_mib(target.process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            seen = self.load(target, "streams", connections=STREAMS, rounds=1)
        finally:
            over.set()
            watcher.join()
        return {**seen, **peak}


# --- telling -------------------------------------------------------------------------------------


def note(text):
    print(text, file=sys.stderr, flush=True)


def median(values):
    return statistics.median(values)


def figures(results):
    """The figures of each target: medians over the repeats."""
    told = {}
    for name, saturated in results["saturation"].items():
        single, chunks, many = (results[key][name] for key in ("single", "chunks", "many"))
        told[name] = {
            "req_s": median([run["answers"] / run["seconds"] for run in saturated]),
            "cpu_1k": median([run["cpu"] / run["answers"] * 1000 for run in saturated]),
            "p50": median([run["latency_p50_ms"] for run in single]),
            "p99": median([run["latency_p99_ms"] for run in single]),
            "chunk_1k": median([run["cpu"] / max(1, run["frames"]) * 1000 for run in chunks]),
            "idle": results["idle"].get(name),
            "loaded": results["loaded"].get(name),
            "peak": median([run["mib"] for run in many]),
            "open": min(run["open"] for run in many),
            "first50": median([run["first_token_p50_ms"] for run in many]),
            "first99": median([run["first_token_p99_ms"] for run in many]),
            "failures": sum(run["failures"] for runs in (saturated, single, chunks, many) for run in runs),
            "start": results["start"].get(name),
        }
    return told


def table(told):
    """The figures as a Markdown table, with what nginx and the direct way make of them."""
    floor, base = told.get("nginx"), told.get("direct")

    def ratio(value, key):
        return f" ({value / floor[key]:.1f} ×)" if floor and floor[key] else ""

    head = [
        "way",
        "req/s, 64 connections",
        "CPU s per 1,000 requests (× nginx)",
        "added p50 / p99 ms, one connection",
        "CPU s per 1,000 streamed chunks (× nginx)",
        "memory MiB: idle → loaded",
        f"MiB at {STREAMS:,} streams (KiB each)",
        "first token p50 / p99 ms there",
        "start s",
        "failures",
    ]
    rows = [head, ["---"] * len(head)]
    for name, of in told.items():
        direct = of["idle"] is None
        added = (
            f"({of['p50']:.3f} / {of['p99']:.3f})"
            if direct or not base
            else f"{of['p50'] - base['p50']:.3f} / {of['p99'] - base['p99']:.3f}"
        )
        rows.append(
            [
                name,
                f"{of['req_s']:,.0f}",
                "–" if direct else f"{of['cpu_1k']:.4f}{ratio(of['cpu_1k'], 'cpu_1k')}",
                added,
                "–" if direct else f"{of['chunk_1k']:.4f}{ratio(of['chunk_1k'], 'chunk_1k')}",
                "–" if direct else f"{of['idle']:.1f} → {of['loaded']:.1f}",
                "–"
                if direct
                else f"{of['peak']:.1f} ({(of['peak'] - of['idle']) * 1024 / STREAMS:.1f}), {of['open']} open",
                f"{of['first50']:.1f} / {of['first99']:.1f}",
                "–" if direct else f"{of['start']:.2f}",
                str(of["failures"]),
            ]
        )
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def page(told, results, targets, quick):
    runs = [
        run
        for key in ("saturation", "single", "chunks", "many")
        for runs in results[key].values()
        for run in runs
    ]
    noise = [run["other_cores"] for run in runs]
    versions = ", ".join(f"{target.name} {target.version}" for target in targets if target.version)
    return f"""# Bench results

{time.strftime("%Y-%m-%d")}; {cpu_model()}, {os.cpu_count()} cores; {versions}.
Mock partner, way and load generator share the machine over loopback. Other work took
{median(noise):.2f} cores in the median run and {max(noise):.2f} in the worst: CPU per request and the
ratios hold under that, requests per second and p99 are bounds.{" A quick run: the figures only show that it works." if quick else ""}

{table(told)}

`direct` shows its own latency in brackets; the others what they add to it. How: `bench/README.md`.
"""


def cpu_model():
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


def build(manifest, binaries):
    """Builds in release mode and says where cargo put the binaries."""
    command = ["cargo", "build", "--release", "--message-format=json-render-diagnostics"]
    done = subprocess.run(
        [*command, "--manifest-path", str(manifest)], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        sys.exit(f"cargo could not build {manifest}")
    built = {}
    for line in done.stdout.splitlines():
        message = json.loads(line)
        if message.get("executable"):
            built[message["target"]["name"]] = Path(message["executable"])
    missing = [name for name in binaries if name not in built]
    if missing:
        sys.exit(f"{manifest} does not build {', '.join(missing)}")
    return [built[name] for name in binaries]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="direct,nginx,yumen", help="which ways, comma separated")
    parser.add_argument("--yumen", type=Path, help="the binary; built in release mode when absent")
    parser.add_argument("--model", default="assistant.chat", help="the model the gate is asked for")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--quick", action="store_true", help="one short repeat")
    parser.add_argument("--port", type=int, default=9100, help="the mock's; the next two are used too")
    parser.add_argument("--run", type=Path, default=HERE / "run", help="where everything written goes")
    parser.add_argument("--out", type=Path, help="where the table goes; RUN/results.md when absent")
    options = parser.parse_args()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = 16384 if hard == resource.RLIM_INFINITY else min(hard, 16384)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, enough), hard))
    ways = options.only.split(",")
    unknown = set(ways) - {"direct", "nginx", "yumen"}
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    run = options.run.resolve()
    run.mkdir(parents=True, exist_ok=True)
    mock_binary, load_binary = build(HERE / "Cargo.toml", ["mock", "load"])
    gate = options.yumen
    if "yumen" in ways and gate is None:
        (gate,) = build(ROOT / "Cargo.toml", ["yumen"])
    repeats, seconds, chunks = (1, 2, 20) if options.quick else (options.repeats, 10, 60)

    processes = []
    try:
        mock = Process("mock", [str(mock_binary), f"127.0.0.1:{options.port}"], options.port, run / "mock.log")
        processes.append(mock)
        targets = []
        for way in ways:
            if way == "direct":
                targets.append(Target("direct", options.port))
            elif way == "nginx":
                targets.append(nginx(run, options.port, options.port + 1))
            else:
                targets.append(
                    yumen(run, options.port, options.port + 2, gate.resolve(), options.model)
                )
            if targets[-1].process:
                processes.append(targets[-1].process)
        bench = Bench(load_binary, mock, targets)
        time.sleep(1)
        results = {
            "start": {target.name: target.process.start_seconds for target in targets if target.process},
            "idle": bench.idle(),
        }
        bench.verify()
        bench.rounds(
            1, "warming up", lambda target: bench.load(target, "whole", connections=16, seconds=1)
        )
        results["saturation"] = bench.saturation(repeats, seconds)
        results["single"] = bench.single(repeats, min(seconds, 4))
        results["loaded"] = bench.idle()
        results["chunks"] = bench.chunks(repeats, seconds)
        results["many"] = bench.many(repeats, chunks)
    finally:
        for process in reversed(processes):
            process.stop()
    told = figures(results)
    text = page(told, results, targets, options.quick)
    out = options.out or run / "results.md"
    out.write_text(text)
    (run / "results.json").write_text(json.dumps({"figures": told, "runs": results}, indent=1))
    print(text)


if __name__ == "__main__":
    main()

"""A mainland gate over several emulated partners, all of them approved, as an operator would set it up.

Nothing of the partners is configured but where each one is and its key: clocks, attempts, breakers and routing are
what ships.
"""

import contextlib
import datetime
import http.client
import json
import pathlib
import re
import shutil
import subprocess
import time
import urllib.parse

import partner_side
from programs import REPOSITORY, Gate, program, running, wait_for, yumen

# A well-formed provider code of an organisation that does not exist (region 000000).
PROVIDER = "001191000000MA0DEM000C10000"

# Partners of the catalogue that may serve the mainland: the emulator of each, and the path of its base address.
PARTNERS = {
    "deepseek": ("deepseek", ""),
    "moonshot": ("moonshot", "/v1"),
    "qwen": ("dashscope", "/api/v1"),
}

# What else a partner may be asked by: the compatible form of DashScope, which ends a stream as OpenAI does.
COMPATIBLE = {"qwen": ("dashscope-compatible", "/compatible-mode/v1")}


def third_partner():
    """An operator's own card, by which a third partner's model may serve the mainland too."""
    card = (REPOSITORY / "catalog" / "partners" / "moonshot.toml").read_text()
    model = 'id = "kimi-k2.6"\n'
    assert model in card
    return {"partners/moonshot.toml": card.replace(model, model + (
        'version = "kimi-k2.6"\nmarkets = ["cn"]\nfeatures = ["assistant.chat", "writing.rewrite"]\n'
        'filing = { number = "Invented-20260101", source = { clause = "invented" } }\n'))}


# The answer of every emulated partner to a message with `[[long]]`, after the mark that says it is emulated.
LONG = "A long answer counts: " + ", ".join(f"part {n}" for n in range(1, 61)) + ". The end."
MARK = re.compile(r"【模拟[^】]+】|\[emulated [^\]]+\] ")


def is_whole(text):
    """Whether a text is one whole answer, begun once and ended once, whoever wrote which part of it."""
    mark = MARK.match(text)
    return bool(mark) and text[mark.end():] == LONG


class Partner:
    """One emulated partner, with what only its emulator tells."""

    def __init__(self, base):
        self.base = base
        self.host, self.port = urllib.parse.urlsplit(base).netloc.split(":")

    def own(self, method, path, body=None):
        return partner_side.own(self.base, method, path, body)

    def faults(self, *rules):
        self.own("PUT", "faults", list(rules))

    def log(self):
        """Its requests, oldest first."""
        return self.own("GET", "log")

    def forget(self):
        self.own("DELETE", "log")

    def stats(self):
        return self.own("GET", "stats")

    def claim(self, **claims):
        self.own("PUT", "claims", claims)


class Caller:
    """What an OpenAI client sees of one chat completion."""

    def __init__(self):
        self.status, self.text, self.error, self.usage = None, "", None, None
        self.finish, self.done, self.models, self.abouts = None, False, [], []
        self.seconds, self.first_seconds = None, None

    @property
    def about(self):
        return self.abouts[-1] if self.abouts else None

    @property
    def succeeded(self):
        """Whether a client takes it for a success."""
        return self.status == 200 and self.error is None and self.finish is not None and self.done

    @property
    def complete(self):
        return self.succeeded and self.finish == "stop" and is_whole(self.text)

    def __repr__(self):
        said = {name: value for name, value in vars(self).items() if name not in ("abouts", "models")}
        return f"{said} models={sorted(set(self.models))}"


def ask(gate, key, stream=True, content="Please. [[long]]", timeout=100, messages=None, **more):
    """One chat completion, read to its end whatever comes."""
    seen = Caller()
    body = {"model": "assistant.chat", "stream": stream,
            "messages": messages or [{"role": "user", "content": content}], **more}
    if stream:
        body["stream_options"] = {"include_usage": True}
    connection = http.client.HTTPConnection(gate.host, int(gate.port), timeout=timeout)
    begun = time.monotonic()
    try:
        connection.request("POST", "/v1/chat/completions", json.dumps(body), {
            "Authorization": f"Bearer {key}", "Content-Type": "application/json"})
        response = connection.getresponse()
        seen.status = response.status
        if stream and response.headers["Content-Type"] == "text/event-stream":
            for line in response:
                if line.startswith(b"data: "):
                    take(seen, line[6:].strip(), begun)
        else:
            whole(seen, json.loads(response.read()))
    finally:
        seen.seconds = time.monotonic() - begun
        connection.close()
    return seen


def take(seen, data, begun):
    assert not seen.done, "something came after [DONE]"
    if data == b"[DONE]":
        seen.done = True
        return
    chunk = json.loads(data)
    if "error" in chunk:
        seen.error = chunk["error"]
        if "yumen" in chunk:
            seen.abouts.append(chunk["yumen"])
        return
    assert seen.error is None, "something came after the error"
    seen.models.append(chunk["model"])
    seen.usage = chunk.get("usage") or seen.usage
    if "yumen" in chunk:
        seen.abouts.append(chunk["yumen"])
    for choice in chunk["choices"]:
        content = choice["delta"].get("content") or ""
        assert not (content and seen.finish), "text came after the end"
        if content and seen.first_seconds is None:
            seen.first_seconds = time.monotonic() - begun
        seen.text += content
        seen.finish = choice["finish_reason"] or seen.finish


def whole(seen, body):
    seen.error = body.get("error")
    if seen.error is None:
        seen.text = body["choices"][0]["message"]["content"]
        seen.finish, seen.done, seen.usage = body["choices"][0]["finish_reason"], True, body.get("usage")
        seen.models.append(body["model"])
    if "yumen" in body:
        seen.abouts.append(body["yumen"])


def people(folder, config):
    """Two people who may approve."""
    keys = []
    for name in ("lin", "wang"):
        person = folder / f"{name}.key"
        public = yumen("signer", "new", person).stdout.strip()
        yumen("signer", "add", "--config", config, "--name", name, public)
        keys.append(person)
    return keys


def approve(keys, folder, config, number="Test-Registration"):
    """These people approve the mainland release of what runs on a configuration, for everything in it. Gives its digest."""
    [shown] = json.loads(yumen("--json", "release", "show", "--market", "cn", "--config", config).stdout)
    arguments = [argument for key in keys for argument in ("--key", key)]
    today = datetime.date.today()
    record = folder / "record.json"
    record.write_text(json.dumps({
        "number": number, "kind": "registration", "market": "cn",
        "entity": {"name": "Invented Trading", "uscc": "91000000MA0DEM000C"},
        "scope": {"features": list(shown["release"]["features"]), "surfaces": ["cloud", "device"]},
        "release": shown["digest"], "granted_on": str(today),
        "valid_from": f"{today - datetime.timedelta(days=1)}T00:00:00Z",
        "valid_until": f"{today + datetime.timedelta(days=30)}T00:00:00Z"}))
    signed = folder / "signed.json"
    signed.write_text(yumen("approval", "sign", *arguments, record).stdout)
    yumen("approval", "import", "--config", config, signed)
    return shown["digest"]


def configure(folder, bases, more="", protocols=None):
    """The configuration of a gate over the partners at these addresses."""
    text = f'[server]\nlisten = "127.0.0.1:0"\ndata_dir = "data"\nprovider = "{PROVIDER}"\n{more}'
    for name, base in bases.items():
        protocol, path = (protocols or {}).get(name, (None, PARTNERS[name][1]))
        text += f'\n[[partner]]\nid = "{name}"\n' + (f'protocol = "{protocol}"\n' if protocol else "")
        text += (f'base_url = "{base}{path}"\nregion = "CN"\n'
                 'key = { file = "partners.key" }\nemulated = true\n')
    (folder / "partners.key").write_text("sk-any\n")
    config = folder / "yumen.toml"
    config.write_text(text)
    return config


class Ground:
    """What every gate of a suite begins with: a data folder with an approval and an app key. `overlay` holds files of
    the operator's own catalogue, by their paths in it."""

    def __init__(self, folder, overlay=None):
        self.folder, self.more = folder, ""
        folder.mkdir(parents=True, exist_ok=True)
        catalog = folder / "catalog" if overlay else None
        for path, text in (overlay or {}).items():
            (catalog / path).parent.mkdir(parents=True, exist_ok=True)
            (catalog / path).write_text(text)
            self.more = f'catalog = "{catalog}"\n'
        config = configure(folder, {}, self.more)
        self.people = people(folder, config)
        approve(self.people, folder, config)
        made = yumen("--json", "keys", "add", "--config", config, "--name", "phone", "--profile", "cn")
        self.key = json.loads(made.stdout)["secret"]

    def approve(self, folder, number):
        """Has the release approved of what runs on the configuration there."""
        return approve(self.people, folder, folder / "yumen.toml", number)

    def copy(self, to):
        to.mkdir(parents=True)
        shutil.copytree(self.folder / "data", to / "data")
        return to


class Market:
    """One gate and its partners."""

    def __init__(self, gate, key, partners, folder):
        self.gate, self.key, self.partners, self.folder = gate, key, partners, folder

    def ask(self, stream=True, **options):
        return ask(self.gate, self.key, stream, **options)

    def settle(self):
        """Asks once while all is well, so that it is known who is asked first; gives that one and the others."""
        well = self.ask()
        assert well.complete, well
        first = well.about["served_by"]["partner"]
        for partner in self.partners.values():
            partner.forget()
        self.first_name = first
        self.first = self.partners[first]
        self.others = [partner for name, partner in self.partners.items() if name != first]
        return self

    def feature(self, feature="assistant.chat", **options):
        """A typed feature as events, as a client of our own asks for it."""
        options.setdefault("input", {"messages": [{"role": "user", "content": "Please. [[long]]"}]})
        return self.gate.feature(feature, self.key, stream=True, **options).events()

    def others_asked(self):
        return sum(len(partner.log()) for partner in self.others)

    def recorded(self, receipt, *kinds):
        """The ledger's entries of one request, by their kinds, once these are published."""

        def found():
            lines = yumen("ledger", "export", "--data-dir", self.gate.data_dir).stdout.splitlines()
            entries = [entry for line in lines for entry in json.loads(line)["entry"].items()]
            own = {kind: entry for kind, entry in entries if entry.get("id") == receipt}
            return own if own.keys() >= set(kinds) else None

        return wait_for(found)

    def metrics(self, name):
        """The samples of a metric, by their labels."""
        samples = {}
        for line in self.gate.get("/metrics").text.splitlines():
            found = re.fullmatch(rf"{name}(?:{{(.*)}})? (\S+)", line)
            if found:
                labels = tuple(sorted(re.findall(r'(\w+)="([^"]*)"', found[1] or "")))
                samples[labels] = float(found[2])
        return samples


@contextlib.contextmanager
def emulators(names, *options):
    """Emulated partners by the ids of the catalogue."""
    command = [program("yumen-emulators", "YUMEN_EMULATORS_BIN")]
    for name in names:
        command += ["--partner", f"{PARTNERS[name][0]}=127.0.0.1:0"]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
    try:
        bases = json.loads(process.stdout.readline())
        yield {name: Partner(bases[PARTNERS[name][0]]) for name in names}
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextlib.contextmanager
def market(ground, folder, names=("deepseek", "qwen"), delay_ms=5, more="", protocols=None, log_level="debug",
           approved=True):
    """A gate of its own over partners of their own. Judges are part of what is approved, so with some it is approved anew, unless
    `approved` says otherwise."""
    folder = pathlib.Path(folder)
    with emulators(names, "--chunk-delay-ms", str(delay_ms)) as partners:
        ground.copy(folder)
        bases = {name: partner.base for name, partner in partners.items()}
        config = configure(folder, bases, ground.more + more, protocols)
        if approved and "[[judge]]" in more:
            ground.approve(folder, "Test-Judged")
        log = open(folder / "log", "wb")
        with log, running("serve", "--config", config, env={"YUMEN_LOG": log_level}, stderr=log) as (process, told):
            gate = Gate(told["gate"], folder / "data", told)
            gate.process = process
            yield Market(gate, ground.key, partners, folder)

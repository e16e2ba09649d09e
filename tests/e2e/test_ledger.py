"""The record, as an auditor, a witness and an operator use it."""

import base64
import hashlib
import json
import re
import shutil
import subprocess
import threading

import pytest
from conftest import REPOSITORY, demo_gate, program, yumen

ADMISSIONS = 300


def sha(data):
    return hashlib.sha256(data).digest()


def tile_path(kind, number, width):
    """The path of C2SP tlog-tiles."""
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return f"tile/{kind}/{'/'.join(groups)}" + ("" if width == 256 else f".p/{width}")


def root_of(hashes):
    """RFC 6962, section 2.1."""
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return sha(b"\1" + root_of(hashes[:split]) + root_of(hashes[split:]))


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """The data folder of a demo that served a few hundred requests and ended."""
    data = tmp_path_factory.mktemp("record")
    with demo_gate(data) as gate:
        answers = [
            gate.feature("writing.summary", "yk_demo_us" if turn % 3 else "yk_demo_cn",
                         input={"text": "The garden opens at nine. It closes at five."}, language="en")
            for turn in range(ADMISSIONS)]
        assert all(answer.status == 200 for answer in answers)
    return data, [answer.json for answer in answers]


def ledger(data, *arguments, **options):
    return yumen("ledger", *arguments[:1], "--data-dir", data, *arguments[1:], **options)


def verifier(data, *arguments):
    key = (data / "ledger" / "key").read_text().strip()
    return subprocess.run([program("yumen-verify", "YUMEN_VERIFY_BIN"), "--key", key, *map(str, arguments)],
                          capture_output=True, text=True, timeout=60)


def test_the_folder_is_a_log_that_other_tools_can_read(record):
    data, _ = record
    folder = data / "ledger"
    _, size, root = (folder / "checkpoint").read_text().split("\n\n")[0].split("\n")
    size = int(size)
    assert size > ADMISSIONS
    leaves = []
    for number in range((size + 255) // 256):
        width = min(256, size - 256 * number)
        bundle = (folder / tile_path("entries", number, width)).read_bytes()
        hashes = (folder / tile_path(0, number, width)).read_bytes()
        while bundle:
            length = int.from_bytes(bundle[:2])
            leaves.append(sha(b"\0" + bundle[2:2 + length]))
            bundle = bundle[2 + length:]
        assert hashes == b"".join(leaves[256 * number:]), number
    above = (folder / tile_path(1, 0, size // 256)).read_bytes()
    assert above[:32] == root_of(leaves[:256])
    assert root_of(leaves) == base64.b64decode(root)


def test_the_check_in_the_manual_works_as_pasted(record, tmp_path):
    data, answers = record
    manual = (REPOSITORY / "docs" / "ledger.md").read_text()
    [check] = re.findall(r"```python\n(.*?)```", manual, re.S)
    (tmp_path / "check.py").write_text(check)
    answer = tmp_path / "answer.json"
    key = (data / "ledger" / "key").read_text().strip()
    answer.write_text(json.dumps(answers[7]))
    command = ["python3", tmp_path / "check.py", answer, key]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "admission.v1" in done.stdout, done.stderr
    answers[7]["receipt"]["ledger"]["index"] += 1
    answer.write_text(json.dumps(answers[7]))
    assert subprocess.run(command, capture_output=True, timeout=60).returncode != 0


def test_single_entries_are_proved_and_many_handed_out(record, tmp_path):
    data, answers = record
    proof = tmp_path / "proof.json"
    proof.write_text(ledger(data, "prove", "20").stdout)
    done = verifier(data, "--json", proof)
    assert done.returncode == 0 and json.loads(done.stdout)["index"] == 20
    proof.write_text(proof.read_text().replace('"index":20', '"index":21'))
    assert verifier(data, proof).returncode == 2
    receipt = tmp_path / "answer.json"
    receipt.write_text(json.dumps(answers[3]))
    assert verifier(data, receipt).returncode == 0
    assert ledger(data, "prove", "99999", check=False).returncode != 0

    out = tmp_path / "cn.jsonl"
    report = json.loads(yumen("--json", "ledger", "export", "--data-dir", data, "--kind", "admission",
                              "--market", "cn", "--out", out).stdout)
    lines = [json.loads(line) for line in out.read_text().splitlines()]
    assert report["entries"] == len(lines) == ADMISSIONS // 3
    assert {line["entry"]["admission.v1"]["market"] for line in lines} == {"cn"}
    assert report["digest"] == "sha256:" + hashlib.sha256(out.read_bytes()).hexdigest()
    some = ledger(data, "export", "--from", "10", "--to", "15").stdout.splitlines()
    assert [json.loads(line)["index"] for line in some] == [10, 11, 12, 13, 14]
    late = ledger(data, "export", "--from", "2999-01-01T00:00:00Z").stdout
    assert late == ""
    last = yumen("--json", "ledger", "tail", "--data-dir", data, "-n", "2").stdout.splitlines()
    assert len(last) == 2


def test_what_comes_is_followed(tmp_path):
    with demo_gate(tmp_path) as gate:
        follow = subprocess.Popen(
            [program("yumen", "YUMEN_BIN"), "--json", "ledger", "tail", "-n", "0", "--follow", "--data-dir",
             tmp_path], stdout=subprocess.PIPE, text=True)
        try:
            served = gate.feature("writing.summary", "yk_demo_us",
                                  input={"text": "The garden opens at nine. It closes at five."}, language="en")
            for line in follow.stdout:
                entry = json.loads(line)["entry"]
                if entry.get("admission.v1", {}).get("id") == served.json["receipt"]["id"]:
                    break
            else:
                pytest.fail("the admission was not shown")
        finally:
            follow.kill()
            follow.wait()


def test_the_record_is_kept_through_the_gate_that_runs(tmp_path):
    data, failed, stop = tmp_path / "data", [], threading.Event()
    text = "The garden opens at nine. It closes at five."

    def told(*arguments, **options):
        return json.loads(yumen("--json", "ledger", *arguments, **options).stdout)

    with demo_gate(data) as gate:
        answers = [gate.feature("writing.summary", "yk_demo_us", text).json for _ in range(ADMISSIONS)]

        def traffic():
            while not stop.is_set():
                answer = gate.feature("writing.summary", "yk_demo_us", text)
                if answer.status != 200:
                    failed.append(answer.text)

        threads = [threading.Thread(target=traffic) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            kept = answers[4]["receipt"]["id"]
            held = told("hold", "add", "--data-dir", data, "--entry", kept, "--reason", "inquiry")
            assert [hold["id"] for hold in told("hold", "list", "--server", gate.base)] == [held["hold"]["id"]]
            would = told("prune", "--data-dir", data, "--days", "0", "--dry-run")
            assert would["pruned"] >= ADMISSIONS - 1 and would["held"] == 1 and would["deletion"] is None
            done = told("prune", "--server", gate.base, "--days", "0")
            assert done["pruned"] >= would["pruned"] and done["held"] == 1 and done["deletion"] > ADMISSIONS
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert failed == []
        # The gate goes on with the same record, and hands out what it still has.
        assert gate.feature("writing.summary", "yk_demo_us", text).status == 200
        report = told("verify", "--data-dir", data)["log"]
        assert (report["pruned"], report["problem_count"], report["holds"]) == (done["pruned"], 0, 1)
        released = told("hold", "release", "--data-dir", data, held["hold"]["id"])
        assert released["index"] > done["deletion"]
        assert told("hold", "list", "--data-dir", data) == []
    # The operator at the machine is told from whoever came over the network.
    exported = [json.loads(line)["entry"] for line in ledger(data, "export").stdout.splitlines()]
    by = [entry[kind]["by"] for entry in exported for kind in ("hold.v1", "deletion.v1") if kind in entry]
    assert by[0] == by[2] == "local" and by[1].startswith("admin_")


def test_only_who_answers_for_the_record_may_prune_it_over_the_network(tmp_path):
    data = tmp_path / "data"
    with demo_gate(data) as gate:
        def key(role):
            made = yumen("--json", "keys", "add", "--data-dir", data, "--admin", "--name", role, "--role", role)
            return json.loads(made.stdout)["secret"]

        def ask(secret, *arguments):
            return yumen("--json", "ledger", *arguments, "--server", gate.base, "--admin-key", secret, check=False)

        operator, legal = key("operator"), key("legal")
        for arguments in (["prune", "--days", "0"], ["hold", "add", "--reason", "inquiry"],
                          ["hold", "release", "hold_00"]):
            refused = ask(operator, *arguments)
            assert refused.returncode == 1 and "it takes: legal" in refused.stderr
        assert ask(operator, "hold", "list").returncode == 0
        assert ask(legal, "hold", "add", "--reason", "inquiry").returncode == 0
        # Everything is held, and what is not said for how long it is kept is kept.
        assert json.loads(ask(legal, "prune", "--days", "0").stdout)["pruned"] == 0
        unknown = ask(legal, "hold", "release", "hold_00")
        assert unknown.returncode == 1 and "no legal hold hold_00" in unknown.stderr
        bare = gate.post("/admin/v1/ledger/prune", {}, key=legal)
        assert bare.status == 422 and bare.json["code"] == "action_invalid"


def test_what_is_past_its_time_is_pruned_unless_held(record, tmp_path):
    data = tmp_path / "copy"
    shutil.copytree(record[0], data)
    receipt = tmp_path / "answer.json"
    receipt.write_text(json.dumps(record[1][1]))
    kept = record[1][4]["receipt"]["id"]
    held = json.loads(yumen("--json", "ledger", "hold", "add", "--data-dir", data, "--entry", kept,
                            "--reason", "inquiry").stdout)
    assert held["index"] > ADMISSIONS
    assert held["hold"]["id"] in yumen("ledger", "hold", "list", "--data-dir", data).stdout

    # Mainland law keeps its entries whatever is said here; an unknown time is no reason to delete.
    assert ledger(data, "prune", check=False).returncode != 0
    would = json.loads(yumen("--json", "ledger", "prune", "--data-dir", data, "--days", "0", "--dry-run").stdout)
    done = json.loads(yumen("--json", "ledger", "prune", "--data-dir", data, "--days", "0").stdout)
    assert done["pruned"] == would["pruned"] >= 2 * ADMISSIONS // 3 - 1 and done["held"] == 1
    report = json.loads(yumen("--json", "ledger", "verify", "--data-dir", data).stdout)["log"]
    assert (report["pruned"], report["problem_count"], report["holds"]) == (done["pruned"], 0, 1)
    assert report["kinds"]["admission.v1"] == ADMISSIONS // 3 + 1
    # A receipt outlives the record's bytes.
    assert verifier(data, receipt).returncode == 0
    index = str(json.loads(receipt.read_text())["receipt"]["ledger"]["index"])
    gone = ledger(data, "prove", index, check=False)
    assert gone.returncode == 1 and f"as entry {done['deletion']} says" in gone.stderr
    yumen("ledger", "hold", "release", "--data-dir", data, held["hold"]["id"])
    assert json.loads(yumen("--json", "ledger", "prune", "--data-dir", data, "--days", "0").stdout)["pruned"] == 1


def test_a_checkpoint_is_handed_to_a_witness_and_its_answer_asked_for(record, tmp_path):
    data = tmp_path / "copy"
    shutil.copytree(record[0], data)
    request = tmp_path / "request"
    ledger(data, "anchor", "--out", request)
    old, note = request.read_text().split("\n\n", 1)
    assert old == "old 0" and note == (data / "ledger" / "checkpoint").read_text()

    # A witness in a few lines: openssl signs what C2SP tlog-cosignature says.
    secret = bytes.fromhex("302e020100300506032b657004220420" + "05" * 32)
    (tmp_path / "secret.der").write_bytes(secret)
    openssl = lambda *arguments: subprocess.run(
        ["openssl", *map(str, arguments)], check=True, capture_output=True, timeout=60).stdout
    public = openssl("pkey", "-inform", "DER", "-in", tmp_path / "secret.der", "-pubout", "-outform", "DER")[-32:]
    name, kind, time = "witness.example/w1", b"\4", 1_780_000_000
    key_id = sha(name.encode() + b"\n" + kind + public)[:4]
    vkey = f"{name}+{key_id.hex()}+{base64.b64encode(kind + public).decode()}"
    body = note.split("\n\n")[0] + "\n"
    (tmp_path / "message").write_bytes(f"cosignature/v1\ntime {time}\n{body}".encode())
    openssl("pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", tmp_path / "secret.der", "-in",
            tmp_path / "message", "-out", tmp_path / "signature")
    signature = key_id + time.to_bytes(8) + (tmp_path / "signature").read_bytes()
    answer = tmp_path / "answer"
    answer.write_text(f"— {name} {base64.b64encode(signature).decode()}\n")

    missing = ledger(data, "verify", "--witness", vkey, check=False)
    assert missing.returncode == 2 and "a witness is missing" in missing.stdout
    taken = ledger(data, "anchor", "--cosignature", answer, "--witness", vkey)
    assert "cosigned by witness.example/w1" in taken.stdout
    assert "cosigned by witness.example/w1" in ledger(data, "verify", "--witness", vkey).stdout
    assert (data / "ledger" / "checkpoint").read_text() == note + answer.read_text()
    proof = tmp_path / "proof.json"
    proof.write_text(ledger(data, "prove", "--anchored", "9").stdout)
    assert verifier(data, "--witness", vkey, proof).returncode == 0

    # An older receipt is tied to what the witness saw.
    receipt = tmp_path / "receipt.json"
    receipt.write_text(json.dumps(record[1][2]))
    assert verifier(data, "--witness", vkey, receipt).returncode == 2
    size = record[1][2]["receipt"]["ledger"]["checkpoint"].split("\n")[1]
    ledger(data, "anchor", "--out", request, "--old", size)
    tied = verifier(data, "--witness", vkey, receipt, request)
    assert tied.returncode == 0, tied.stderr
    answer.write_text(answer.read_text().replace("w1 ", "w2 "))
    assert ledger(data, "anchor", "--cosignature", answer, "--witness", vkey, check=False).returncode == 2

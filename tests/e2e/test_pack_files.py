"""Packs as their makers meet them: from somebody's list to a signed file, on the command line."""

import hashlib
import json
import os
import pathlib
import re
import subprocess

import pytest

from conftest import program, yumen

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]

# Harmless, invented.
TOML = """
id = "lexicon"
version = "1"
owner = "Ana Li"
source = "invented"
markets = ["sandbox"]
[[category]]
id = "parcels"
risks = ["A.4.g"]
text = { en = "It is about parcels.", zh = "涉及包裹。" }
[[rule]]
id = "lexicon.words"
category = "parcels"
terms = "terms.csv"
actions = { to_partner = "mask", from_partner = "allow", to_device = "allow", from_device = "allow" }
source = "invented"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "lexicon.toml").write_text(TOML)
    (tmp_path / "list.txt").write_text("lost parcel\n丢失的包裹\nLOST-parcel\nhttp://example.com\n")
    yumen("pack", "import", "list.txt", "--into", "terms.csv", "--source", "a list", "--on", "2026-11-22", cwd=tmp_path)
    return tmp_path


def run(folder, *arguments, **options):
    return yumen("pack", *arguments, cwd=folder, **options)


def as_json(folder, *arguments, **options):
    return json.loads(yumen("--json", "pack", *arguments, cwd=folder, **options).stdout)


def accepted(folder):
    run(folder, "accept", "terms.csv", "--by", "Ana Li", "--all", "--on", "2026-11-23")


def built(folder, *arguments):
    run(folder, "build", "lexicon.toml", "--issued", "2026-11-22", "--expires", "2026-12-22", *arguments)


@pytest.fixture
def signed(folder):
    accepted(folder)
    built(folder)
    key = yumen("signer", "new", "ana.key", cwd=folder)
    run(folder, "sign", "lexicon.ypack", "--key", "ana.key")
    return folder, key.stdout.strip()


def refused(folder, *arguments, code=2):
    done = run(folder, *arguments, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stderr


def test_the_manual_works_as_pasted(tmp_path):
    """Every block of docs/packs.md, one after the other, in an empty folder; only taking into use needs an installation."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "yumen").symlink_to(program("yumen", "YUMEN_BIN"))
    work = tmp_path / "work"
    work.mkdir()
    text = (REPOSITORY / "docs" / "packs.md").read_text()
    blocks = [block for block in re.findall(r"```sh\n(.*?)```", text, re.S) if "pack install" not in block]
    assert len(blocks) >= 7
    path = f"{tmp_path / 'bin'}:{os.environ['PATH']}"
    script = "set -e\n" + "\n".join(blocks)
    done = subprocess.run(["bash", "-c", script], cwd=work, env={**os.environ, "PATH": path},
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 of 3" in done.stdout
    assert '"text":"A ⟦parcel⟧"' in done.stdout
    assert "parcels: 1 added, 0 removed, 0 changed" in done.stdout


def test_nothing_is_looked_for_that_nobody_accepted(folder):
    built(folder)
    (folder / "cases.jsonl").write_text('{"text": "a lost parcel", "expect": "pass", "category": ""}\n')
    run(folder, "test", "lexicon.ypack", "--cases", "cases.jsonl")
    assert as_json(folder, "build", "lexicon.toml", "--issued", "today", "--days", 7)["header"]["counts"] == {
        "rules": 1, "terms": 0, "candidates": 2}
    waiting = as_json(folder, "accept", "terms.csv", "--list")
    assert [(one["line"], one["term"]) for one in waiting] == [(2, "lost parcel"), (3, "丢失的包裹")]
    before = (folder / "terms.csv").read_text()
    assert refused(folder, "accept", "terms.csv", "--by", "Ana Li", "--id", "t000000000000") == (
        "error: nothing was accepted: t000000000000 is no candidate of terms.csv\n"
        "  help: `yumen pack accept --list` shows the candidates\n")
    assert (folder / "terms.csv").read_text() == before
    run(folder, "accept", "terms.csv", "--by", "Ana Li", "--id", waiting[0]["id"], "--on", "2026-11-23")
    assert (folder / "terms.csv").read_text().splitlines()[1:] == [
        "lost parcel,,,,,active,Ana Li,a list,2026-11-22,accepted 2026-11-23 by Ana Li",
        "丢失的包裹,,,,,candidate,,a list,2026-11-22,"]
    assert "--by <NAME>" in refused(folder, "accept", "terms.csv", "--all")


def test_a_pack_may_be_used_only_where_when_and_by_whom_it_may(signed):
    folder, key = signed
    verify = ("verify", "lexicon.ypack", "--at", "2026-11-23T00:00:00Z")
    told = run(folder, *verify, "--key", key, "--market", "sandbox").stdout
    digest = hashlib.sha256((folder / "lexicon.ypack").read_bytes()).hexdigest()
    assert told == (
        "lexicon 1 is in order\n  issued    2026-11-22\n  expires   2026-12-22\n  owner     Ana Li\n"
        "  markets   sandbox\n  contents  1 rules, 2 terms; readable\n"
        f"  signed    {key}\n  file      sha256:{digest}\n")
    (folder / "keys.txt").write_text(f"{key}  Ana Li\n")
    assert as_json(folder, *verify, "--keys", "keys.txt")["signed_by"] == "Ana Li"
    other = yumen("signer", "new", "other.key", cwd=folder).stdout.strip()
    for arguments, why, help in [
        ((*verify, "--key", other), f"signed with {key}, which is not trusted", "[screen] keys"),
        ((*verify, "--key", key, "--market", "cn"), "is made for sandbox, not for cn", None),
        (("verify", "lexicon.ypack", "--key", key, "--at", "2026-12-22T00:00:00Z"), "was good until 2026-12-22", "newer version"),
        (("verify", "lexicon.ypack", "--key", key, "--at", "2026-11-20T00:00:00Z"), "is good from 2026-11-22 on", "clock"),
        (("verify", "lexicon.toml", "--key", key), "it does not begin as one does", "pack build"),
    ]:
        said = refused(folder, *arguments)
        assert why in said and (help is None or help in said), said
    whole = (folder / "lexicon.ypack").read_bytes()
    for place in (100, len(whole) - 1):
        (folder / "changed.ypack").write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1:])
        refused(folder, "verify", "changed.ypack", "--key", key, "--at", "2026-11-23T00:00:00Z")
    built(folder, "--out", "unsigned.ypack")
    assert "nobody signed the pack `lexicon`" in refused(folder, "verify", "unsigned.ypack", "--key", key)


def test_the_terms_of_an_encrypted_pack_are_for_whoever_has_the_secret(folder):
    accepted(folder)
    run(folder, "secret", "pack.key")
    run(folder, "secret", "other.key")
    built(folder, "--secret", "pack.key")
    data = (folder / "lexicon.ypack").read_bytes()
    assert b'"owner":"Ana Li"' in data and b"lost parcel" not in data and "包裹".encode() not in data
    key = yumen("signer", "new", "ana.key", cwd=folder).stdout.strip()
    run(folder, "sign", "lexicon.ypack", "--key", "ana.key")
    verify = ("verify", "lexicon.ypack", "--key", key, "--at", "2026-11-23T00:00:00Z")
    assert as_json(folder, *verify)["opened"] is False
    assert as_json(folder, *verify, "--secret", "pack.key")["opened"] is True
    assert "which was not given" in refused(folder, *verify, "--secret", "other.key")
    assert "give the file with the secret" in refused(folder, "diff", "lexicon.ypack", "lexicon.toml", code=1)
    assert as_json(folder, "diff", "lexicon.ypack", "lexicon.toml", "--secret", "pack.key")["same"] is True


def test_a_difference_prints_terms_only_when_asked(signed):
    folder, _ = signed
    (folder / "list.txt").write_text("paper lantern\n")
    run(folder, "import", "list.txt", "--into", "terms.csv", "--source", "another", "--category", "parcels")
    run(folder, "accept", "terms.csv", "--by", "Wei", "--all")
    quiet = run(folder, "diff", "lexicon.ypack", "lexicon.toml")
    assert "parcels: 1 added, 0 removed, 0 changed" in quiet.stdout and "paper lantern" not in quiet.stdout
    assert "paper lantern" not in json.dumps(as_json(folder, "diff", "lexicon.ypack", "lexicon.toml"))
    assert "  + paper lantern" in run(folder, "diff", "lexicon.ypack", "lexicon.toml", "--terms").stdout


def test_coverage_says_what_is_lacking_in_both_languages(signed):
    folder, _ = signed
    done = run(folder, "coverage", "lexicon.ypack", "--on", "2026-11-29", check=False)
    assert done.returncode == 2
    assert "✗  2 terms of at least 10000 (2 as written, variants and all)" in done.stdout
    assert "✓  issued 2026-11-22, 7 days old of at most 7" in done.stdout
    assert "✗  A.1.h       0 / 200   other content that laws and administrative regulations forbid" in done.stdout
    assert "   A.4.g       2         infringing other lawful rights and interests" in done.stdout
    done = run(folder, "coverage", "lexicon.ypack", "--on", "2026-11-30", "--lang", "zh", check=False)
    assert "✗  发布于 2026-11-22，已 8 天，至多 7 天" in done.stdout and "规则包未达到" in done.stderr
    value = json.loads(yumen("--json", "pack", "coverage", "lexicon.ypack", "--on", "2026-11-22", cwd=folder, check=False).stdout)
    assert value["complete"] is False and len(value["risks"]) == 31


def test_cases_that_go_otherwise_are_named_without_their_texts(signed):
    folder, _ = signed
    (folder / "cases.csv").write_text(
        "text,direction,expect,category\na lost parcel,in,mask,parcels\na lost parcel,out,mask,\na kite,,pass,-\n")
    done = run(folder, "test", "lexicon.ypack", "--cases", "cases.csv", check=False)
    assert done.returncode == 2 and "error: 1 of 3 cases went otherwise" in done.stderr
    assert "line 3: expected mask; allow, found nothing" in done.stdout
    assert "kite" not in done.stdout
    (folder / "cases.jsonl").write_text('{"text": "x"}\n')
    assert "line 1: it is not said what is to happen" in refused(folder, "test", "pii", "--cases", "cases.jsonl", code=1)


def test_mistakes_in_a_source_are_named_where_they_stand(folder):
    terms = (folder / "terms.csv").read_text()
    (folder / "terms.csv").write_text(terms.replace("lost parcel,,,", "lost parcel,boats,,"))
    accepted(folder)
    said = refused(folder, "build", "lexicon.toml", "--issued", "today", "--days", "7", code=1)
    assert "terms.csv, line 2: the pack has no category `boats`" in said
    (folder / "terms.csv").write_text(terms.replace("candidate", "active"))
    said = refused(folder, "build", "lexicon.toml", "--issued", "today", "--days", "7", code=1)
    assert "terms.csv, line 2: an active term needs its owner" in said
    (folder / "terms.csv").unlink()
    said = refused(folder, "build", "lexicon.toml", code=1)
    assert "the file `terms.csv` beside the pack" in said

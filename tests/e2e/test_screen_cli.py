"""`yumen screen run` as somebody with a file of texts meets it."""

import json
import subprocess

from programs import program, yumen

LANTERNS = """
id = "lanterns"
version = "1"
source = "invented"
[[rule]]
id = "lanterns.dark"
phrases = ["lantern", "灯笼"]
placeholder = "lantern"
actions = { to_partner = "mask", from_partner = "refuse", to_device = "allow", from_device = "allow" }
text = { en = "A lantern was masked.", zh = "已遮盖灯笼。" }
source = "invented"
"""


def screened(texts, *arguments):
    lines = "".join(json.dumps({"id": i, "text": text}, ensure_ascii=False) + "\n" for i, text in enumerate(texts))
    done = yumen("screen", "run", "--json", *arguments, input=lines)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_findings_are_counted_in_characters_and_masked(tmp_path):
    pack = tmp_path / "lanterns.toml"
    pack.write_text(LANTERNS, encoding="utf-8")
    texts = ["🏮 一盏灯笼 and a LANTERN", "nothing here", "灯\u200b笼"]
    dark, plain, hidden = screened(texts, "--pack", pack)
    assert plain == {"id": 1, "action": "allow", "findings": [], "text": "nothing here"}
    assert (dark["id"], dark["action"]) == (0, "mask")
    assert dark["text"] == "🏮 一盏⟦lantern⟧ and a ⟦lantern⟧"
    found = [(one["kind"], one["category"], texts[0][one["start"]:one["end"]], one["score"]) for one in dark["findings"]]
    assert found == [("phrase", "lanterns", "灯笼", 1.0), ("phrase", "lanterns", "LANTERN", 1.0)]
    assert [(one["start"], one["end"]) for one in hidden["findings"]] == [(0, 3)]
    assert hidden["text"] == "⟦lantern⟧"
    refused = screened(texts, "--pack", pack, "--direction", "out")[0]
    assert (refused["action"], refused["text"]) == ("refuse", "")


def test_a_rule_that_is_over_finds_nothing(tmp_path):
    pack = tmp_path / "lanterns.toml"
    for expires, action in (("2020-01-01", "allow"), ("2999-01-01", "mask")):
        pack.write_text(f'{LANTERNS}expires = "{expires}"\n', encoding="utf-8")
        assert screened(["a lantern"], "--pack", pack)[0]["action"] == action


def test_shipped_packs_are_known_by_name():
    text = "write to li.lei@example.com"
    assert screened([text])[0]["action"] == "pseudonymise"
    assert screened([text], "--pack", "pii")[0]["findings"][0]["kind"] == "email"
    assert screened([text], "--pack", "injection")[0] == {"id": 0, "action": "allow", "findings": [], "text": text}


def test_many_lines_come_back_in_their_order():
    texts = [f"line {i}: reach me at user{i}@example.com " + "x" * (i % 977) for i in range(20_000)]
    told = screened(texts, "--pack", "pii")
    assert [one["id"] for one in told] == list(range(len(texts)))
    assert all(f"user{i}@" not in one["text"] for i, one in enumerate(told))


def test_a_line_is_answered_when_it_comes():
    command = [program("yumen", "YUMEN_BIN"), "screen", "run", "--json"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        for i in range(3):
            process.stdin.write(json.dumps({"id": i, "text": "a"}) + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["id"] == i
        process.stdin.write('{"id": "the last has no end of line", "text": "b"}')
        process.stdin.close()
        assert json.loads(process.stdout.readline())["text"] == "b"
        assert process.wait(timeout=60) == 0


def test_lines_as_programs_of_all_kinds_write_them(tmp_path):
    pack = tmp_path / "lanterns.toml"
    pack.write_text(LANTERNS, encoding="utf-8")
    lines = [
        '\ufeff{"id": {"a": [1]}, "text": "a mark, and a lantern"}\r', "", "  \r",
        r'{"id": "half", "text": "\ud83d \\ud83d \ud83c\udfee \udfee lantern"}',
        '{"text": "no name, and more", "other": 1}',
        json.dumps({"id": "long", "text": "x" * 10_000_000 + " lantern"}),
        '{"id": null, "text": ""}',
    ]
    done = yumen("screen", "run", "--json", "--pack", pack, input="\n".join(lines))
    mark, half, unnamed, long, empty = map(json.loads, done.stdout.splitlines())
    assert (mark["id"], mark["text"]) == ({"a": [1]}, "a mark, and a ⟦lantern⟧")
    assert half["text"] == "\ufffd \\ud83d 🏮 \ufffd ⟦lantern⟧"
    assert [(one["start"], one["end"]) for one in half["findings"]] == [(13, 20)]
    assert (unnamed["id"], empty["id"], empty["text"], empty["action"]) == (None, None, "", "allow")
    assert long["findings"][0]["start"] == 10_000_001 and long["text"].endswith("x ⟦lantern⟧")


def test_a_wrong_line_is_named_and_what_came_before_it_is_there():
    done = yumen("screen", "run", "--json", input='{"id": 1, "text": "a"}\n\n{"id": 2}\n', check=False)
    assert done.returncode == 1
    assert json.loads(done.stdout)["id"] == 1
    assert "line 3 cannot be read" in done.stderr and "missing field `text`" in done.stderr
    done = yumen("screen", "run", "--pack", "nowhere", input="", check=False)
    assert done.returncode == 1 and "there is no pack" in done.stderr and "pii" in done.stderr

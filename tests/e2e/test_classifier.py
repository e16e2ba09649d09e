"""A classifier from labelled lines to a running gate: trained, built into a pack, signed, installed, and heard in both directions."""

import itertools
import json

import pytest

from partner_side import asked, script
from programs import yumen
from test_pseudonym import said
from test_screen_operations import install, signer

# Harmless, invented: what is said of parcels, and what is said of lanterns.
PARCELS = [
    "the parcel from {place} was lost on its way", "my parcel never came to {place}", "somebody in {place} has opened the parcel",
    "the parcel for {place} is torn and wet", "which parcel goes to {place}", "the courier left the parcel at {place}",
    "寄到{place}的包裹丢了", "{place}的包裹到现在还没有送到", "快递员把包裹放在{place}门口", "从{place}寄来的包裹被拆开了",
]
LANTERNS = [
    "the lantern over {place} burns all night", "hang a lantern in {place} before dark", "in {place} every lantern is blue",
    "the wind put out the lantern of {place}", "who lights the lantern at {place}", "we bought a paper lantern in {place}",
    "{place}的灯笼整夜亮着", "天黑以前在{place}挂上灯笼", "风吹灭了{place}的灯笼", "我们在{place}买了一只纸灯笼",
]
PLACES = ["the mill", "the old gate", "the harbour", "a tea house", "磨坊", "城门", "码头", "茶馆"]

PACK = """
id = "post"
version = "{version}"
owner = "tests"
source = "invented"

[[category]]
id = "parcels"
text = {{ en = "parcels", zh = "包裹" }}

[[rule]]
id = "post.parcels"
category = "parcels"
classifier = {{ model = "post.model", label = "parcel" }}
placeholder = "parcel"
actions = {{ to_partner = "{inward}", from_partner = "{outward}", to_device = "allow", from_device = "allow" }}
text = {{ en = "It was about a parcel.", zh = "内容涉及包裹。" }}
source = "invented"
"""

# None of these was learnt from. A line is judged by itself.
PARCEL, LANTERN = "The parcel that went to the lake was lost.", "The lantern that hangs by the lake burns."
ZH_PARCEL, ZH_LANTERN = "寄到湖边的包裹丢了。", "湖边的灯笼整夜亮着。"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a model, and what `train` said of it."""
    folder = tmp_path_factory.mktemp("post")
    lines = []
    for label, sentences in (("parcel", PARCELS), ("none", LANTERNS)):
        for sentence, place in itertools.product(sentences, PLACES):
            lines.append(json.dumps({"text": sentence.format(place=place), "label": label}, ensure_ascii=False))
    (folder / "examples.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    told = yumen("--json", "pack", "train", "examples.jsonl", "--out", "post.model", cwd=folder)
    return folder, json.loads(told.stdout)


def built(folder, key, version, inward, outward):
    (folder / f"post-{version}.toml").write_text(PACK.format(version=version, inward=inward, outward=outward))
    file = folder / f"post-{version}.ypack"
    yumen("pack", "build", f"post-{version}.toml", "--issued", "today", "--days", "7", "--out", file, cwd=folder)
    yumen("pack", "sign", file, "--key", key, cwd=folder)
    return file


def chat(gate, content, stream=False):
    body = {"model": "assistant.chat", "stream": stream, "messages": [{"role": "user", "content": content}]}
    return gate.post("/v1/chat/completions", body, key="yk_demo_us")


def test_what_is_learnt_is_told(trained):
    _, told = trained
    assert told["report"]["examples"] == len(PLACES) * (len(PARCELS) + len(LANTERNS))
    [label] = told["report"]["labels"]
    assert label["label"] == "parcel" and label["macro_f1"] > 0.95


def test_a_signed_pack_with_a_classifier_screens_lines(trained, tmp_path):
    folder, _ = trained
    key = tmp_path / "ana.key"
    public = yumen("signer", "new", key).stdout.strip()
    file = built(folder, key, "lines", "mask", "refuse")
    assert "post" in yumen("pack", "verify", file, "--key", public).stdout
    texts = [f"{LANTERN}\n{PARCEL}\n{LANTERN}", LANTERN, ZH_PARCEL, ZH_LANTERN]
    lines = "".join(json.dumps({"id": text, "text": text}, ensure_ascii=False) + "\n" for text in texts)

    def screened(*arguments):
        done = yumen("screen", "run", "--json", "--pack", file, *arguments, input=lines)
        return [json.loads(line) for line in done.stdout.splitlines()]

    mixed, plain, zh_parcel, zh_plain = screened()
    assert mixed["action"] == "mask" and mixed["text"] == f"{LANTERN}\n⟦parcel⟧\n{LANTERN}"
    [found] = mixed["findings"]
    assert (found["kind"], found["category"]) == ("classifier", "parcels")
    assert 0.5 < found["score"] <= 1.0
    assert texts[0][found["start"]:found["end"]].strip() == PARCEL
    assert zh_parcel["text"].startswith("⟦parcel⟧") and "包裹" not in zh_parcel["text"]
    for one, text in ((plain, LANTERN), (zh_plain, ZH_LANTERN)):
        assert one == {"id": text, "action": "allow", "findings": [], "text": text}
    assert [one["action"] for one in screened("--direction", "out")] == ["refuse", "allow", "refuse", "allow"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_running_gate_goes_by_it_in_both_directions(trained, own_demo, stream):
    folder, _ = trained
    key = signer(own_demo)
    install(own_demo, built(folder, key, "1", "mask", "mask"))
    answer = chat(own_demo, f"{LANTERN}\n{PARCEL}\n{ZH_PARCEL}\n{ZH_LANTERN}", stream)
    assert answer.status == 200, answer.text
    last = asked(own_demo).splitlines()[-1]
    assert "that went to the lake" not in last and "包裹" not in last and "⟦parcel⟧" in last
    assert LANTERN in last and ZH_LANTERN in last
    assert "post.parcels" in answer.text and "It was about a parcel." in answer.text

    script(own_demo, {"text": f"{LANTERN}\n{PARCEL}\n{ZH_PARCEL}\n{ZH_LANTERN}"})
    answer = chat(own_demo, "What do you see?", stream)
    text = said(answer) if stream else answer.json["choices"][0]["message"]["content"]
    assert LANTERN in text and ZH_LANTERN in text and "⟦parcel⟧" in text
    assert "that went to the lake" not in answer.text and "湖边的包裹" not in answer.text
    assert "post.parcels" in answer.text

    # The next version refuses: the input at once, the answer where it comes to it.
    install(own_demo, built(folder, key, "2", "refuse", "refuse"))
    refused = chat(own_demo, f"{LANTERN}\n{PARCEL}", stream)
    assert (refused.status, refused.json["error"]["code"]) == (422, "screen_refused")
    assert chat(own_demo, LANTERN, stream).status == 200
    script(own_demo, {"text": f"{LANTERN}\n{PARCEL}\n{LANTERN}"})
    answer = chat(own_demo, "What do you see?", stream)
    assert "that went to the lake" not in answer.text
    if stream:
        assert "content_filter" in answer.text
    else:
        assert answer.json["error"]["code"] == "screen_refused"

#!/usr/bin/env python3
"""English personal data: recall and precision on a set of marked sentences, and Presidio's in the same run.

    cargo build --release -p yumen
    python3 bench/quality/pii_en.py --set ../shared/data/personal/pii-en/synth_dataset_v2.json
    python3 -m venv v && v/bin/pip install presidio-analyzer && v/bin/python bench/quality/pii_en.py --set FILE --presidio

What is counted, on spans: a marked span is found when findings cover at least half of its characters; a finding is right
when at least half of its characters are marked. On characters: those in both, of those marked, of those found. Each
twice: whatever the kind, and with the kind (only findings and spans of one kind are compared). Intervals are
Wilson's, 95 %.
"""

import argparse
import json
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from wilson import wilson

# Kind of a finding -> kind in the set.
KINDS = {
    "name": "PERSON", "address": "STREET_ADDRESS", "place": "GPE", "organisation": "ORGANIZATION",
    "bank_card": "CREDIT_CARD", "date_time": "DATE_TIME", "title": "TITLE", "phone": "PHONE_NUMBER",
    "landline": "PHONE_NUMBER", "cn_mobile": "PHONE_NUMBER", "age": "AGE", "nationality": "NRP",
    "email": "EMAIL_ADDRESS", "postal_code": "ZIP_CODE", "domain": "DOMAIN_NAME", "iban": "IBAN_CODE",
    "us_ssn": "US_SSN", "ip_address": "IP_ADDRESS", "driver_license": "US_DRIVER_LICENSE",
}
# Presidio's names, where they differ from the set's.
PRESIDIO = {"LOCATION": "GPE", "URL": "DOMAIN_NAME"}


def ours(texts, command):
    lines = "".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts))
    begin = time.monotonic()
    done = subprocess.run(command, input=lines.encode(), stdout=subprocess.PIPE, check=True)
    took = time.monotonic() - begin
    found = [[] for _ in texts]
    for line in done.stdout.splitlines():
        line = json.loads(line)
        for f in line["findings"]:
            kind = f["kind"]
            found[line["id"]].append((f["start"], f["end"], KINDS.get(kind, kind)))
    return found, took


def presidio(texts):
    """Presidio as it comes, with spaCy's small English model; its patterns alone where the model is not there."""
    from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider
    import spacy

    model = "en_core_web_sm"
    if spacy.util.is_package(model):
        name = f"Presidio with {model}"
        conf = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": model}]}
        engine = AnalyzerEngine(nlp_engine=NlpEngineProvider(nlp_configuration=conf).create_engine())
    else:
        name = f"Presidio's patterns alone ({model} is not installed: no names, places, organisations)"
        blank = Path("/tmp/yumen-presidio-blank")
        nlp = spacy.blank("en")
        nlp.add_pipe("sentencizer")
        nlp.to_disk(blank)
        conf = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": str(blank)}]}
        registry = RecognizerRegistry()
        registry.load_predefined_recognizers(languages=["en"])
        registry.remove_recognizer("SpacyRecognizer")
        engine = AnalyzerEngine(
            registry=registry,
            nlp_engine=NlpEngineProvider(nlp_configuration=conf).create_engine(),
        )
    engine.analyze("Warm-up.", language="en")
    begin = time.monotonic()
    found = [
        [(r.start, r.end, PRESIDIO.get(r.entity_type, r.entity_type)) for r in engine.analyze(text, language="en")]
        for text in texts
    ]
    return found, time.monotonic() - begin, name


def chars(spans):
    return {i for start, end, _ in spans for i in range(start, end)}


def half(span, covered):
    start, end, _ = span
    return 2 * sum(i in covered for i in range(start, end)) >= end - start


def count(marked, found, typed):
    """Counts by kind: spans marked, of these found; findings, of these right; characters."""
    n = Counter()
    for gold, have in zip(marked, found):
        for kind in {s[2] for s in gold} | {s[2] for s in have}:
            of_kind = [s for s in gold if s[2] == kind]
            have_kind = [s for s in have if s[2] == kind]
            covered = chars(have_kind if typed else have)
            allowed = chars(of_kind if typed else gold)
            n["marked", kind] += len(of_kind)
            n["found", kind] += sum(half(s, covered) for s in of_kind)
            n["findings", kind] += len(have_kind)
            n["right", kind] += sum(half(s, allowed) for s in have_kind)
        if typed:
            have_chars = {(i, s[2]) for s in have for i in range(s[0], s[1])}
            gold_chars = {(i, s[2]) for s in gold for i in range(s[0], s[1])}
        else:
            have_chars, gold_chars = chars(have), chars(gold)
        n["chars both"] += len(have_chars & gold_chars)
        n["chars marked"] += len(gold_chars)
        n["chars found"] += len(have_chars)
    return n


def rate(part, whole):
    if not whole:
        return "   -                "
    low, high = wilson(part, whole)
    return f"{part / whole:.3f} [{low:.3f}, {high:.3f}]"


def report(title, marked, found, kinds, as_json):
    out = {"title": title}
    print(f"\n{title}")
    for typed in (False, True):
        n = count(marked, found, typed)
        total = {key: sum(v for (*k, _), v in ((k, v) for k, v in n.items() if isinstance(k, tuple)) if k == [key])
                 for key in ("marked", "found", "findings", "right")}
        how = "with the kind" if typed else "whatever the kind"
        if typed:
            print(f"  {'kind':18} {'spans':>5}  recall                 precision")
            for kind in kinds:
                r = rate(n["found", kind], n["marked", kind])
                p = rate(n["right", kind], n["findings", kind])
                print(f"  {kind:18} {n['marked', kind]:5}  {r}  {p}")
        r, p = total["found"] / max(total["marked"], 1), total["right"] / max(total["findings"], 1)
        cr = n["chars both"] / max(n["chars marked"], 1)
        cp = n["chars both"] / max(n["chars found"], 1)
        print(f"  all, {how}: recall {rate(total['found'], total['marked'])}"
              f"  precision {rate(total['right'], total['findings'])}  F1 {2 * p * r / max(p + r, 1e-9):.3f}")
        print(f"       characters: recall {cr:.3f}  precision {cp:.3f}  F1 {2 * cp * cr / max(cp + cr, 1e-9):.3f}")
        out["typed" if typed else "untyped"] = {**total, "recall": r, "precision": p, "char_recall": cr, "char_precision": cp}
    if as_json:
        print(json.dumps(out))


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--set", required=True, help="sentences in the form of presidio-research")
    args.add_argument("--yumen", default="target/release/yumen", help="what screens: `yumen`, or an example that reads the same lines")
    args.add_argument("--presidio", action="store_true", help="run Presidio too; it must be installed")
    args.add_argument("--half", choices=["seen", "unseen"], help="only the half of the set whose errors were looked at, or the other")
    args.add_argument("--errors", metavar="KIND", help="print what was missed and found wrongly of a kind (seen half only)")
    args.add_argument("--json", action="store_true")
    args = args.parse_args()
    items = json.loads(Path(args.set).read_text())
    order = list(range(len(items)))
    random.seed(5)
    random.shuffle(order)
    seen = set(order[: len(items) // 2])
    parts = {"whole set": range(len(items)), "half whose errors were looked at": sorted(seen),
             "half that was not looked at": [i for i in range(len(items)) if i not in seen]}
    if args.half:
        parts = {k: v for k, v in parts.items() if ("not looked" in k) == (args.half == "unseen") and k != "whole set"}
    texts = [item["full_text"] for item in items]
    marked = [[(s["start_position"], s["end_position"], s["entity_type"]) for s in item["spans"]] for item in items]
    kinds = [k for k, _ in Counter(s[2] for m in marked for s in m).most_common()]
    size = sum(len(text.encode()) for text in texts)
    command = [args.yumen]
    if Path(args.yumen).name == "yumen":
        command += ["screen", "run", "--pack", "pii", "--pack", "quasi", "--direction", "in", "--json"]
    # Ten times the set, so that starting the program weighs little; on one core.
    found, _ = ours(texts, command)
    _, took = ours(texts * 10, ["taskset", "-c", "0", *command])
    runs = [("Yumen", found, took / 10)]
    if args.presidio:
        found, took, name = presidio(texts)
        runs.append((name, found, took))
    if args.errors:
        for i in sorted(seen):
            gold, have, text = marked[i], runs[0][1][i], texts[i]
            show = lambda s: f"{text[max(0, s[0] - 25):s[0]]}[[{text[s[0]:s[1]]}]]{text[s[1]:s[1] + 20]}".replace("\n", "\\n")
            for s in gold:
                if s[2] == args.errors and not half(s, chars([h for h in have if h[2] == s[2]])):
                    print("missed ", show(s), [(text[h[0]:h[1]], h[2]) for h in have if h[0] < s[1] and h[1] > s[0]])
            for h in have:
                if h[2] == args.errors and not half(h, chars([s for s in gold if s[2] == h[2]])):
                    print("wrongly", show(h), [s[2] for s in gold if h[0] < s[1] and h[1] > s[0]])
        return
    for name, found, took in runs:
        for part, places in parts.items():
            report(f"{name}, {part}", [marked[i] for i in places], [found[i] for i in places], kinds, args.json)
        print(f"  {name}: {len(texts) / took:.0f} sentences/s, {size / took / 1e6:.3f} MB/s, one core, reading and writing of JSON included")


if __name__ == "__main__":
    sys.exit(main())

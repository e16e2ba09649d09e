#!/usr/bin/env python3
"""Chinese personal data: what leaks through the screen, and what it masks wrongly.

    bench/quality/pii_zh.py FILE.jsonl [--yumen target/release/yumen] [--show TYPE]

The file has a line for each text: `{"id", "text", "spans": [{"type", "start", "end"}], "negatives": [...]}`, offsets in
characters. A span leaks if any character of it is not covered by what the command found. Intervals are Wilson's, 95 %.
"""

import argparse
import collections
import json
import subprocess
import sys

from wilson import told

# What the types of the file are called by the screen.
KINDS = {
    "NAME": {"name"},
    "PHONE": {"cn_mobile", "phone"},
    "LANDLINE": {"landline", "phone"},
    "ADDRESS": {"address"},
    "CN_ID": {"cn_resident_id"},
    "BANK_CARD": {"bank_card"},
    "ORDER_NO": {"order_number"},
    "TRACKING_NO": {"tracking_number"},
    "EMAIL": {"email"},
    "PLATE": {"plate"},
    "WECHAT": {"wechat"},
    "QQ": {"qq"},
    "PASSPORT": {"passport"},
    "PERMIT": {"travel_permit"},
    "HK_ID": {"hk_identity_card"},
    "MO_ID": {"macao_identity_card"},
    "TW_ID": {"tw_identity_card"},
    "USCC": {"uscc"},
}

# What is nobody's by itself; the pack `quasi` looks for it.
QUASI = {"date_time", "age", "title", "nationality", "place", "organisation", "postal_code", "domain"}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file")
    parser.add_argument("--yumen", default="target/release/yumen")
    parser.add_argument("--show", help="print the texts in which this type leaks or is masked wrongly")
    parser.add_argument("--limit", type=int, default=40, help="how many of them (default: 40)")
    args = parser.parse_args()

    with open(args.file, encoding="utf-8") as lines:
        texts = [json.loads(line) for line in lines]
    given = "".join(json.dumps({"id": t["id"], "text": t["text"]}) + "\n" for t in texts)
    ran = subprocess.run([args.yumen, "screen", "run", "--pack", "pii", "--json"], input=given, capture_output=True, text=True)
    answers = {}
    for line in ran.stdout.splitlines():
        answer = json.loads(line)
        answers[answer["id"]] = answer["findings"]
    if len(answers) != len(texts):
        print(f"{len(answers)} of {len(texts)} texts were answered; {ran.stderr.strip()}", file=sys.stderr)
        return 1

    spans, leaks, named = (collections.Counter() for _ in range(3))
    negatives, masked = collections.Counter(), collections.Counter()
    leaking_texts = extra = findings_of_all = 0
    shown = 0
    for text in texts:
        findings = [found for found in answers[text["id"]] if found["kind"] not in QUASI]
        findings_of_all += len(findings)
        covered = [None] * len(text["text"])
        for found in findings:
            covered[found["start"] : found["end"]] = [found["kind"]] * (found["end"] - found["start"])
        leaking = False
        for span in text["spans"]:
            kind = span["type"]
            spans[kind] += 1
            inside = covered[span["start"] : span["end"]]
            leak = None in inside
            leaks[kind] += leak
            named[kind] += all(k in KINDS.get(kind, ()) for k in inside)
            leaking |= leak
            if leak and args.show == kind and shown < args.limit:
                shown += 1
                print(f"{kind} leaks: {span.get('text', '')}\t{text['text']}")
        leaking_texts += leaking
        for span in text["negatives"]:
            kind = span["type"]
            negatives[kind] += 1
            wrongly = any(covered[span["start"] : span["end"]])
            masked[kind] += wrongly
            if wrongly and args.show == kind and shown < args.limit:
                shown += 1
                print(f"{kind} is masked: {span.get('text', '')}\t{text['text']}")
        truth = [(span["start"], span["end"]) for span in text["spans"]]
        for found in findings:
            if not any(found["start"] < end and start < found["end"] for start, end in truth):
                extra += 1
                if args.show == "EXTRA" and shown < args.limit:
                    shown += 1
                    part = text["text"][found["start"] : found["end"]]
                    print(f"extra {found['kind']}: {part}\t{text['text']}")

    print("| type | leaks | called by its name |\n|---|---|---|")
    for kind, of in sorted(spans.items()):
        print(f"| {kind} | {told(leaks[kind], of)} | {named[kind] / of:.1%} |")
    structured = [kind for kind in spans if kind not in ("NAME", "ADDRESS")]
    print(f"| structured | {told(sum(leaks[k] for k in structured), sum(spans[k] for k in structured))} | |")
    print(f"| all | {told(sum(leaks.values()), sum(spans.values()))} | |")
    print("\n| look-alike | masked wrongly |\n|---|---|")
    for kind, of in sorted(negatives.items()):
        print(f"| {kind} | {told(masked[kind], of)} |")
    print(f"\ntexts that leak: {told(leaking_texts, len(texts))}")
    print(f"findings that touch no span: {told(extra, findings_of_all)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

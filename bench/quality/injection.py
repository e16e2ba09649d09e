#!/usr/bin/env python3
"""Instructions injected into mails: how many still stand after the screen, and what is taken out of clean texts.

    bench/quality/injection.py --attacks ATTACKS.json --contexts MAILS.jsonl [--clean FILE]...
        [--yumen target/release/yumen] [--show N]

Each attack is put at the start, in the middle (after the sentence nearest to it) and at the end of each mail. No model is asked:
an attack *succeeds* here if its instruction reaches the model, that is, unless nine tenths of its letters and digits were taken out.
Before the screen every attack succeeds by this definition; whether a given model would follow one is another question, and is
asked nowhere here. A *false alarm* is a clean mail, or a line of a clean file, of which anything was taken out. A clean file is text, a line
each, or JSON lines with `text`. Intervals are Wilson's, 95 %; the mails are few, so cases are not independent, and the
interval over attacks (an attack counts as stopped if it is in all of its cases) is the one to trust.
"""

import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

from wilson import told


def inserted(mail: str, attack: str, place: str) -> tuple[str, int]:
    """The mail with the attack in it, and where the attack begins."""
    if place == "start":
        return f"{attack}\n{mail}", 0
    if place == "end":
        return f"{mail}\n{attack}", len(mail) + 1
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)|\n", mail)] or [len(mail)]
    at = min(ends, key=lambda end: abs(end - len(mail) / 2))
    return f"{mail[:at]}\n{attack}\n{mail[at:]}", at + 1


SCREEN = ["screen", "run", "--pack", "injection", "--direction", "in", "--json"]


def screened(yumen: str, texts: list[str]) -> list[list[tuple[int, int]]]:
    """What was found in each text, as ranges of characters."""
    given = "".join(json.dumps({"id": i, "text": text}) + "\n" for i, text in enumerate(texts))
    ran = subprocess.run([yumen, *SCREEN], input=given, capture_output=True, text=True)
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    if len(answers) != len(texts):
        sys.exit(f"{len(answers)} of {len(texts)} texts were answered; {ran.stderr.strip()}")
    return [[(found["start"], found["end"]) for found in answer["findings"]] for answer in answers]


def stands(attack: str, start: int, found: list[tuple[int, int]]) -> bool:
    """Whether more than a tenth of an attack's letters and digits is left."""
    marks = [start + i for i, c in enumerate(attack) if c.isalnum()]
    left = sum(not any(a <= at < b for a, b in found) for at in marks)
    return left * 10 > len(marks)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--attacks", required=True)
    parser.add_argument("--contexts", required=True)
    parser.add_argument("--clean", action="append", default=[])
    parser.add_argument("--yumen", default="target/release/yumen")
    parser.add_argument("--show", type=int, default=0, help="print this many attacks that stand and alarms that are false")
    args = parser.parse_args()

    attacks = json.loads(pathlib.Path(args.attacks).read_text())
    attacks = [(kind, text) for kind, texts in attacks.items() for text in texts]
    mails = [json.loads(line)["context"] for line in pathlib.Path(args.contexts).read_text().splitlines() if line.strip()]
    cases = [(kind, attack, place, *inserted(mail, attack, place))
             for kind, attack in attacks for mail in mails for place in ("start", "middle", "end")]
    found = screened(args.yumen, [case[3] for case in cases])
    by_kind, by_place, standing = (collections.Counter() for _ in range(3))
    for (kind, attack, place, _, start), places in zip(cases, found):
        if stands(attack, start, places):
            by_kind[kind] += 1
            by_place[place] += 1
            standing[attack] += 1
    total = len(cases)
    print(f"before: {told(total, total)} of cases reach the model")
    print(f"after:  {told(sum(standing.values()), total)} of cases, "
          f"{told(len(standing), len(attacks))} of attacks in at least one case")
    per_kind = collections.Counter(kind for kind, *_ in cases)
    for kind in sorted(per_kind):
        print(f"    {kind:28} {told(by_kind[kind], per_kind[kind])}")
    for place in ("start", "middle", "end"):
        print(f"    {place:28} {told(by_place[place], total // 3)}")
    for attack, count in standing.most_common(args.show):
        print(f"  stands {count:4}: {attack}")

    alarms(args.contexts, mails, args)
    for name in args.clean:
        lines = [line for line in pathlib.Path(name).read_text().splitlines() if line.strip()]
        texts = [json.loads(line)["text"] if line.startswith("{") else line for line in lines]
        alarms(name, texts, args)
    return 0


def alarms(name: str, texts: list[str], args: argparse.Namespace) -> None:
    """Prints how many clean texts something was taken out of."""
    found = screened(args.yumen, texts)
    letters = sum(len(text) for text in texts)
    taken = sum(end - start for places in found for start, end in places)
    print(f"false alarms, {pathlib.Path(name).name}: {told(sum(map(bool, found)), len(texts))} of texts, "
          f"{told(taken, letters)} of characters")
    parts = [text[start:end] for text, places in zip(texts, found) for start, end in places]
    for part in parts[:args.show]:
        print(f"  taken out: {part!r}")


if __name__ == "__main__":
    sys.exit(main())

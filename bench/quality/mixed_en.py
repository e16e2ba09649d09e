#!/usr/bin/env python3
"""English personal data in invented mails, chats, forms, logs and JSON: what is found of it, and what is masked in clean texts.

    cargo build --release -p yumen
    python3 bench/quality/mixed_en.py

Only the errors of the first half (every other line) were looked at. Neither half is unseen: names and turns of phrase of both
went into the lists and the sentences trained on. It tells whether something got worse, not how good it is. A marked span is found when findings that mask cover at least half of it; it is whole when no letter or digit of it stays. Places,
firms, dates and the like count when anything covers them.
"""

import argparse
import json
import re
import string
from pathlib import Path

from pii_en import chars, half, ours, rate

KINDS = {"n": "name", "a": "address", "p": "phone", "e": "email", "s": "secret", "i": "iban", "c": "bank_card", "ssn": "us_ssn",
         "pass": "passport", "ip": "ip_address", "dl": "driver_license", "g": "place", "o": "organisation", "d": "date_time",
         "z": "postal_code", "t": "title", "r": "nationality", "y": "age"}
QUASI = {"GPE", "ORGANIZATION", "DATE_TIME", "ZIP_CODE", "TITLE", "NRP", "AGE", "DOMAIN_NAME",
         "place", "organisation", "date_time", "postal_code", "title", "nationality", "age"}
TITLES = re.compile(r"((?:(?:Mr|Mrs|Ms|Miss|Mx|Dr|Prof|Sir|Sgt|Lt|Col|MR|Mdm|Frau|Dott\.ssa|Señora|Uncle|Aunt|Granny|aunt|granny|"
                    r"Pan|Chief|The|Hon|the|old|and|Baby|Girl)\b\.? )+)")
LETTERS = {"": string.ascii_letters + string.digits, "h": "0123456789abcdef", "u": string.ascii_uppercase + "234567", "d": string.digits}


def made_up(match):
    letters, length = LETTERS[match[1]], int(match[2])
    out, x = "", 7 * length + 13
    for _ in range(length):
        x = (x * 1103515245 + 12345) & 0x7FFFFFFF
        out += letters[(x >> 8) % len(letters)]
    return out


def read(line):
    """The text of a line and its spans; a form of address is no part of a name."""
    text, spans = "", []
    for part in re.split("(«[a-z]+:[^»]*»)", re.sub("§([hud]?)(\\d+)", made_up, line.replace("\\n", "\n"))):
        mark = re.fullmatch("«([a-z]+):([^»]*)»", part)
        if mark:
            title = TITLES.match(mark[2]) if mark[1] == "n" else None
            spans.append((len(text) + (len(title[1]) if title else 0), len(text) + len(mark[2]), KINDS[mark[1]]))
        text += mark[2] if mark else part
    return text, spans


def main():
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--yumen", default="target/release/yumen")
    args = args.parse_args()
    command = [args.yumen]
    if Path(args.yumen).name == "yumen":
        command += ["screen", "run", "--pack", "pii", "--pack", "quasi", "--direction", "in", "--json"]
    texts = (Path(__file__).parent / "mixed_en.txt").read_text()
    marked, clean = ([read(line) for line in part.splitlines() if line and line[0] != "#"] for part in texts.split("--------\n"))
    found, _ = ours([text for text, _ in marked + clean], command)
    for part, first in (("first half", 0), ("second half", 1)):
        count = dict.fromkeys(("marked", "found", "whole", "findings", "right", "quasi", "quasi found"), 0)
        for (text, spans), have in list(zip(marked, found))[first::2]:
            masks = chars([f for f in have if f[2] not in QUASI])
            for span in spans:
                if span[2] in QUASI:
                    count["quasi"] += 1
                    count["quasi found"] += half(span, chars(have))
                else:
                    count["marked"] += 1
                    count["found"] += half(span, masks)
                    count["whole"] += all(i in masks or not text[i].isalnum() for i in range(span[0], span[1]))
            for finding in have:
                if finding[2] not in QUASI:
                    count["findings"] += 1
                    count["right"] += half(finding, chars(spans))
        touched = [any(f[2] not in QUASI for f in have) for have in found[len(marked):]][first::2]
        print(f"{part}: found {rate(count['found'], count['marked'])}, whole {rate(count['whole'], count['marked'])}, "
              f"right {rate(count['right'], count['findings'])}, quasi found {rate(count['quasi found'], count['quasi'])}, "
              f"clean texts touched {sum(touched)} of {len(touched)}")
        print(json.dumps({"half": part, **count, "clean": len(touched), "touched": sum(touched)}))


if __name__ == "__main__":
    main()

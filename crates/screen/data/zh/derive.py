#!/usr/bin/env python3
"""Derives the tables by which Chinese names are told from words.

    derive.py DICT.TXT          # of jieba (MIT): each line a word, its frequency and its part of speech

Reads surnames.txt, people.txt and modern.txt beside it, and writes

- surname_weights.txt: how much more often a character is a surname than it occurs (natural logarithm, tenths);
- given_weights.txt: the same for given names, as their first and as their last character;
- words.txt: words of two characters, by the first, each second character with a figure for how frequent the word is (0-3);
- alone.txt: how much rarer a character is beside the words of the two tables around this line than in all (natural logarithm, tenths);
- starts.txt: the first three characters of longer words that begin with a surname;
- places.txt: provinces, cities, districts and counties, and the short names of provinces and cities.
"""

import collections
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
COMPOUND_SHARES = {60, 12, 6}


def surnames():
    shares = {}
    for line in (HERE / "surnames.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        share, *groups = line.split()
        for group in groups:
            compound = len(group) == 2 and int(share) in COMPOUND_SHARES and group not in SINGLE_PAIRS
            for name in [group] if compound else group:
                shares.setdefault(name, int(share))
    return shares


# Pairs of single surnames in the list that look like a compound one.
SINGLE_PAIRS = {"柏荆"}

# Surnames with which names of other languages begin in the dictionary: what follows is no given name.
TRANSLITERATED = set("艾蒙梅朴师")


def lines(name):
    text = (HERE / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if not line.startswith("#")]


def written(name, by_weight):
    with open(HERE / name, "w", encoding="utf-8") as out:
        for weight, members in sorted(by_weight.items(), reverse=True):
            out.write(f"{weight}\t{''.join(members) if isinstance(weight, str) else ' '.join(members)}\n")


def main():
    entries = [line.split() for line in open(sys.argv[1], encoding="utf-8")]
    shares = surnames()
    people = set(" ".join(lines("people.txt")).split())
    text = collections.Counter()
    for word, frequency, *_ in entries:
        for c in word:
            text[c] += int(frequency)
    total = sum(text.values())
    words_of = {word: int(frequency) for word, frequency, *_ in entries}
    share_in_text = lambda c: (text[c] + 20) / (total + 20 * 8000)

    weights = collections.defaultdict(list)
    for name, share in shares.items():
        # A compound surname may be a word: 东方.
        word = (words_of.get(name, 0) + 20) / total
        general = share_in_text(name) if len(name) == 1 else word
        weights[round(10 * math.log(share / 1e5 / general))].append(name)
    written("surname_weights.txt", weights)

    first, last = collections.Counter(), collections.Counter()
    for word, frequency, tag in entries:
        if not tag.startswith("nr") or word[0] in TRANSLITERATED or shares.get(word[0], 0) < 30:
            continue
        if len(word) == 3:
            first[word[1]] += 1
            last[word[2]] += 1
        elif len(word) == 2 and int(frequency) < 30:
            last[word[1]] += 1
    for c in "".join(lines("modern.txt")):
        first[c] += 25
        last[c] += 25
    given = collections.defaultdict(list)
    ratio = lambda counts, c: math.log((counts[c] + 0.3) / (sum(counts.values()) + 1500) / share_in_text(c))
    for c in sorted(text):
        if not "\u4e00" <= c <= "\u9fff":
            continue
        pair = [max(-40, min(40, round(2 * ratio(counts, c)) * 5)) for counts in (first, last)]
        given[f"{pair[0]} {pair[1]}"].append(c)
    written("given_weights.txt", given)

    words = collections.defaultdict(dict)
    starts = collections.Counter()
    for word, frequency, tag in entries:
        frequency = int(frequency)
        if not all("\u4e00" <= c <= "\u9fff" for c in word):
            continue
        if len(word) == 2 and word not in people and not (tag.startswith("nr") and frequency < 30):
            near_surname = word[0] in shares or word[1] in shares
            if frequency >= (20 if near_surname else 100):
                size = 0 if frequency < 100 else 1 if frequency < 500 else 2 if frequency < 3000 else 3
                words[word[0]][word[1]] = size
        elif len(word) >= 3 and word[0] in shares and not tag.startswith("nr"):
            # Idioms are rare each, and never a name.
            starts[word[:3]] += frequency + (5 if tag in ("i", "l") else 0)
    # What the dictionary takes for names in its doubt: 马拉松, 雷阵雨, 安全感. Neither is a word of two characters and the rest.
    plain = {word for word, _, tag in entries if len(word) == 2 and not tag.startswith("nr")}
    surname_weight = {name: weight for weight, names in weights.items() for name in names}
    given_weight = {c: tuple(map(int, pair.split())) for pair, members in given.items() for c in members}
    for word, frequency, tag in entries:
        if len(word) == 3 and tag.startswith("nr") and int(frequency) >= 20 and word[0] in surname_weight and word not in people:
            looks = surname_weight[word[0]] + given_weight.get(word[1], (0, 0))[0] + given_weight.get(word[2], (0, 0))[1]
            begins = word[:2] in plain or word[1] in words[word[0]]
            if looks < (60 if begins else 10):
                starts[word] += int(frequency)
    with open(HERE / "words.txt", "w", encoding="utf-8") as out:
        for head, tails in sorted(words.items()):
            out.write(head)
            for size in range(4):
                out.write(f"{size}{''.join(sorted(c for c, s in tails.items() if s == size))}")
            out.write("\n")
    with open(HERE / "starts.txt", "w", encoding="utf-8") as out:
        by_head = collections.defaultdict(list)
        for word, frequency in starts.items():
            if frequency >= 5 and not any(p.startswith(word) for p in people):
                by_head[word[0]].append(word[1:])
        for head, tails in sorted(by_head.items()):
            out.write(f"{head}{''.join(sorted(tails))}\n")

    kept = {head + tail for head, tails in words.items() for tail in tails}
    longer = {word for word, frequency in starts.items() if frequency >= 5}
    beside = collections.Counter()
    for word, frequency, tag in entries:
        for at, c in enumerate(word):
            in_word = word[max(at - 1, 0):at + 1] in kept or word[at:at + 2] in kept or (at == 0 and word[:3] in longer)
            if not in_word and not tag.startswith("nr"):
                beside[c] += int(frequency)
    alone = collections.defaultdict(list)
    for c in sorted(text):
        if "\u4e00" <= c <= "\u9fff":
            # A part of what is in no dictionary is made of characters of words.
            gain = round(2 * math.log((text[c] + 20) / (beside[c] + 0.05 * text[c] + 20))) * 5
            if gain > 0:
                alone[gain].append(c)
    written("alone.txt", {str(gain): chars for gain, chars in alone.items()})

    places = {w for w, _, tag in entries if tag == "ns" and 3 <= len(w) <= 8 and w[-1] in "省市区县旗"}
    places = {w for w in places if not w.endswith("地区") and w[0] not in "一二三四五六七八九十两各上下东西南北中" or w[-1] == "市"}
    known = {w for w, _, tag in entries if tag == "ns"}
    places |= {w[:-1] for w in places if w[-1] in "省市" and len(w) > 2 and w[:-1] in known}
    places |= set("内蒙古 广西 宁夏 新疆 西藏 香港 澳门 内蒙古自治区 广西壮族自治区 宁夏回族自治区 新疆维吾尔自治区 西藏自治区 浦东新区 浦东".split())
    (HERE / "places.txt").write_text("\n".join(sorted(places)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

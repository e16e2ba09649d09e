#!/usr/bin/env python3
"""Makes the sentences from which the weights for English names are trained, one JSON object a line.

Slots of `sentences.txt` are filled from the lists in `../data/en`, and with names made up from parts of those, so that
what is in no list is learnt too. `neutral.txt`, the Python manual and the sources of this repository give text without
names. The same seed, over the same sources, gives the same sentences.
"""

import json
import random
import re
import sys
from pathlib import Path
from pydoc_data import topics

HERE = Path(__file__).parent
LABELS = {"P": 0, "F": 0, "L": 0, "W": 0, "U": 0, "G": 1, "C": 1, "O": 2, "J": 3}
R = random.Random(20261122)


def words(name):
    out, before = [], ""
    for line in (HERE / f"../data/en/{name}.txt").read_text().splitlines():
        if not line.startswith("#"):
            before = before[: ord(line[0]) - 97] + line[1:]
            out.append(before)
    return out


FORE, SUR, PLACES, COUNTRIES = words("forenames"), words("surnames"), words("places"), words("countries")
WORDS, ORGS, JOBS, NATIONS = words("words"), words("organisations"), words("occupations"), words("nationalities")
COMMON = set(WORDS)
FORE = [f for f in FORE if f not in COMMON or R.random() < 0.5]
SUR = [s for s in SUR if s not in COMMON or R.random() < 0.5]
PLAIN = [w for w in WORDS if 4 <= len(w) <= 9]


def capital(text):
    return re.sub(r"(^|[\s-])([a-z])", lambda m: m[1] + m[2].upper(), text)


def blend(names):
    """A name that is in no list: the beginning of one and the end of another."""
    a, b = R.choice(names), R.choice(names)
    return a[: max(2, len(a) // 2)] + b[len(b) // 2:]


def forename():
    name = R.choice(FORE) if R.random() < 0.8 else blend(FORE)
    if R.random() < 0.04:
        name += "-" + R.choice(FORE)
    return capital(name)


ENDINGS = ("ov ova ev eva enko ski ska sky wski wska czyk wicz owski ova ová ek ak ik sen sson sdottir sdóttir son dottir nen la lainen "
           "inen berg strom ström gren lund qvist dal vik stad moe haug escu anu opoulos idis akis ini etti elli ucci oni aldi ez "
           "es eira inho ou oux eau ard ier bach mann maier huber stein feld hof wald hart wald ema stra sma inga oglu ian yan "
           "shvili dze adze uddin ullah zadeh pour nejad asamy appa wardene sinh").split()


def surname():
    x = R.random()
    name = R.choice(SUR) if x < 0.68 else blend(SUR) if x < 0.84 else R.choice(SUR)[:4] + R.choice(ENDINGS)
    name = capital(name)
    x = R.random()
    if x < 0.05:
        name += "-" + capital(R.choice(SUR))
    elif x < 0.09:
        name = R.choice(["van ", "de ", "von ", "van der ", "van den ", "van de ", "Mc", "Mac", "O'", "da ", "di ", "del ", "Al-", "el ", "bin ", "Le ", "St. ", "dos ", "D'"]) + name
    elif x < 0.13:
        name += " " + capital(R.choice(SUR))
    return name


FAMILY = ("wang li zhang liu chen yang huang zhao wu zhou xu sun ma zhu hu guo lin gao luo zheng liang song tang deng feng cao zeng pan tan lim "
          "goh koh teo chua wong chan cheung leung kwok lau kim park choi jung kang cho yoon jang han oh seo shin nguyen tran le pham huynh hoang phan vu vo bui ngo").split()
SYLLABLES = ("wei min xiao ming jing yan ying xin hui ling mei jun feng qiang lei tao bin bo hao yu zi han xuan jia ah kow siew eng hock kiat "
             "hyun woo ji yeon soo jin seo min jun hee thi hoa lan mai duc hung van anh minh thanh").split()


def eastern():
    """The surname first, then one or two syllables: `Zhang Min`, `Tan Ah Kow`, `Li Xiaoming`, `Park Hyun-woo`."""
    a, b = R.choice(SYLLABLES), R.choice(SYLLABLES)
    given = R.choice([capital(a), (a + b).capitalize(), f"{a.capitalize()} {b.capitalize()}", f"{a.capitalize()}-{b}"])
    return f"{R.choice(FAMILY).capitalize()} {given}" if R.random() < 0.7 else f"{given} {R.choice(FAMILY).capitalize()}"


def initials():
    """`J. R.`, `A.B.`, `P K`"""
    letters = R.sample("ABCDEFGHIJKLMNOPRSTUVWYZ", R.randint(1, 3))
    return R.choice([". ".join(letters) + ".", ".".join(letters) + ".", " ".join(letters)])


def whole():
    x = R.random()
    if x < 0.06:
        return eastern()
    if x < 0.11:
        return f"{initials()} {surname()}"
    parts = [forename()]
    x = R.random()
    if x < 0.13:
        parts.append(R.choice("ABCDEFGHIJKLMNOPRSTUVWYZ") + R.choice([".", ""]))
    elif x < 0.2:
        parts.append(forename())
    parts.append(surname())
    if R.random() < 0.02:
        parts.append(R.choice(["Jr.", "Jr", "III", "II", "Sr."]))
    return " ".join(parts).rstrip(".")


PLACE_ENDS = ("ville burg borg stad by hausen heim ovo evo grad pur abad ton ham ford field mouth wick dorf ingen lund vik jarvi koski mäki "
              "ów owice ice any ovce nad szeg vár falva ești ești eni ara ella ona uela aba ita inho aes igny ac euil court bourg rijk "
              "dijk drecht hoven dam torp hult fors sund fjord nes øya dalen marka kylä lahti niemi saari").split()


def place():
    x = R.random()
    if x < 0.66:
        name = R.choice(PLACES)
        while len(name.split()) == 1 and name in SURNAMES and R.random() < 0.6:
            name = R.choice(PLACES)
        return capital(name)
    if x < 0.82:
        return capital(R.choice(PLACES).split()[0][:5] + R.choice(PLACE_ENDS))
    if x < 0.9:
        return capital(blend([p.split()[0] for p in PLACES]))
    head = R.choice(["New ", "San ", "Santa ", "Saint ", "St. ", "North ", "South ", "East ", "West ", "Port ", "Fort ", "Lake ", "Mount ",
                     "Upper ", "Lower ", "Great ", "El ", "La ", "Los ", "Las ", "Bad ", "Sankt ", "Nova ", "Novo ", "Stara ", "Velka ", "São ", "Villa "])
    tail = capital(R.choice([R.choice(PLACES).split()[0], R.choice(SUR), R.choice(FORE)]))
    return head + tail


SURNAMES = set(SUR)
ORG_ENDS = ("Inc|Inc.|LLC|Ltd|Ltd.|Corp|Corp.|Corporation|Company|Co.|Group|Holdings|GmbH|AG|S.A.|Partners|Technologies|Systems|Solutions|Software|Labs|"
            "Networks|Consulting|Associates|Industries|International|Services|Bank|Insurance|Capital|Ventures|Media|Studios|Energy|Pharma|Foods|Motors|"
            "Airlines|Logistics|Health|Analytics|Robotics|Data|Research|Institute|Foundation|University|College|Hospital|Clinic|Museum|Orchestra|Records|"
            "Press|Publishing|Times|Council|Agency|Association|Society|Center|Centre|Trust|Union|Alliance|Enterprises|Global|Digital|Mobile|Security|Design|Bikes|Hotel|PLC|plc|LLP|Pty Ltd|Pte Ltd|Pvt. Ltd.|S.r.l.|BV|B.V.|AB|Oy|KG|SA|SARL|Theatre|Choir|Band|Church|Library|Kitchen|Bakery|Garage|Market|Stores|Express|Airways|Railways|Police Department|High School|Secondary School|Primary School|Police|Fire Department|General Hospital|Medical Center|Dental|Pharmacy|Law Firm|Lines|Movers|Investments|Explorer|Laboratories|Works|Freight|Shipping|Travel|Tours|Fitness|Club|Café|Restaurant|Brewery|Farms|Estates|Properties|Construction|Engineering|Electric|Telecom|Broadcasting|News|Post|Journal|Games|Toys|Fashion|Threads|Jewellers|Opticians|Savings Bank|Credit Union|Securities|Asset Management|Federation|Ministry|Authority|Commission|Office|Department|Committee").split("|")


def made_up():
    a, b = R.choice(PLAIN), R.choice(PLAIN)
    x = R.random()
    if x < 0.3:
        return a.capitalize() + b.capitalize()
    if x < 0.6:
        return a.capitalize() + b
    if x < 0.8:
        return blend(PLAIN).capitalize()
    return a[: R.randint(3, 5)].capitalize() + R.choice(["ify", "ly", "io", "ix", "ex", "ora", "era", "ium", "tech", "soft", "net", "base", "hub", "sense", "data", "med", "gen", "bit", "cloud", "wise", "com"])


def organisation():
    x = R.random()
    word = lambda: R.choice(PLAIN).capitalize()
    end = lambda: R.choice(ORG_ENDS)
    if x < 0.14:
        name = R.choice(ORGS)
        return name.upper() if len(name) <= 3 else capital(name)
    if x < 0.4:
        return made_up() + (" " + end() if R.random() < 0.4 else "")
    if x < 0.5:
        return f"{surname()}-{capital(R.choice(SUR))}"
    if x < 0.58:
        return f"{capital(R.choice(SUR))} {R.choice(['and', '&'])} {R.choice([capital(R.choice(SUR)), 'Sons', 'Partners', 'Co'])}"
    if x < 0.72:
        return f"{word()} {word()}" + (" " + end() if R.random() < 0.5 else "")
    if x < 0.82:
        return f"{capital(R.choice(SUR))} {end()}"
    if x < 0.88:
        return "".join(R.choice("ABCDEFGHIKLMNOPRSTUVW") for _ in range(R.randint(3, 5)))
    if x < 0.9:
        return f"{capital(R.choice(SUR))}, {capital(R.choice(SUR))} and {capital(R.choice(SUR))}"
    if x < 0.91:
        return f"{R.choice(['Café', 'Hotel', 'Grupo', 'Banco', 'Sparkasse', 'Clinique', 'Groupe', 'Officine', 'Deutsche', 'Studio', 'Royal', 'National', 'Team', 'Radio', 'St.'])} {R.choice([word(), place(), capital(R.choice(SUR))])}"
    if x < 0.95:
        return f"{R.choice(['University', 'Bank', 'Institute', 'College', 'Museum', 'Ministry', 'Department', 'School', 'Bureau', 'Society', 'Royal Society', 'Academy', 'Church', 'Order', 'Council', 'Port'])} of {R.choice([place(), word(), word()])}"
    return f"{place()} {end()}"


def occupation():
    job = R.choice(JOBS)
    x = R.random()
    first = R.choice(PLAIN + ["senior", "junior", "assistant", "chief", "head", "deputy", "lead", "sales", "office", "project", "product"] * 300)
    text = job if x < 0.4 else f"{first} {job}" if x < 0.85 else f"{first} {R.choice(PLAIN)} {job}"
    return text.capitalize() if R.random() < 0.75 else capital(text)


STREETS = "Street St Road Avenue Ave Lane Drive Boulevard Way Close Court Place Square Terrace Crescent".split()


def address():
    n = R.randint(1, 9999)
    x = R.random()
    if x < 0.5:
        return f"{n} {surname()} {R.choice(STREETS)}"
    if x < 0.8:
        return f"{capital(R.choice(SUR))}{R.choice(['strasse', 'gatan', 'vej', 'katu', 'straat', 'gata', 'weg', 'vägen'])} {n % 200}"
    return f"{R.choice(['Rua', 'Rue', 'Via', 'Calle', 'ul.', 'Avenida', 'Piazza'])} {capital(R.choice(SUR))} {n % 300}"


def fill(slot):
    if slot == "P":
        return R.choice([forename, forename, whole, whole, surname])()
    return {
        "F": forename, "L": surname, "W": whole, "G": place, "C": lambda: capital(R.choice(COUNTRIES)), "O": organisation,
        "U": lambda: surname().upper(), "E": lambda: capital(R.choice(SUR)), "J": occupation, "A": address, "N": lambda: str(R.choice([R.randint(2, 99), R.randint(1000, 99999)])),
        "D": lambda: f"{R.randint(1, 12)}/{R.randint(1, 28)}/{R.randint(1940, 2020)}",
        "T": lambda: R.choice(["Mr.", "Mrs.", "Ms.", "Dr.", "Prof.", "Mr", "Mrs", "Ms", "Dr", "Miss", "Sir"]),
        "R": lambda: capital(R.choice(NATIONS)), "M": lambda: f"{blend(FORE)}{R.randint(1, 99)}@example.com",
        "H": lambda: f"+{R.randint(10, 99)} {R.randint(100, 999)} {R.randint(100000, 999999)}",
    }[slot]()


def emit(text, spans):
    print(json.dumps({"text": text, "spans": spans}, ensure_ascii=False))


def filled(line):
    line = line.replace("\\n", "\n")
    text, spans = "", []
    for part in re.split(r"(\{[A-Z]\})", line):
        if re.fullmatch(r"\{[A-Z]\}", part):
            value = fill(part[1])
            if part[1] in "PFLWGCO" and R.random() < (0.1 if part[1] in "GC" else 0.04):
                value = value.upper()
            if part[1] not in "TE":
                spans.append([len(text), len(text) + len(value), LABELS.get(part[1], 4)])
            text += value
        else:
            text += part
    x = R.random()
    if x < 0.08:
        text = text.lower()
    elif x < 0.095:
        text = text.upper()
    return text, spans


def main():
    lines = [l for l in (HERE / "sentences.txt").read_text().splitlines() if l and not l.startswith("#")]
    neutral = [l.replace("\\n", "\n") for l in (HERE / "neutral.txt").read_text().splitlines() if l and not l.startswith("#")]
    for line in lines:
        for _ in range(int(sys.argv[1]) if len(sys.argv) > 1 else 130):
            text, spans = filled(line)
            x = R.random()
            # What stands around a sentence is another one, with names or without.
            if x < 0.25:
                other = R.choice(neutral)
                spans = [[a + len(other) + 1, b + len(other) + 1, c] for a, b, c in spans]
                text = other + R.choice(" \n") + text
            elif x < 0.5:
                text = text + R.choice([" ", "\n", ". "]) + R.choice(neutral)
            elif x < 0.65:
                more, its = filled(R.choice(lines))
                joint = R.choice([" ", "\n", ". ", "\n\n"])
                spans += [[a + len(text) + len(joint), b + len(text) + len(joint), c] for a, b, c in its]
                text += joint + more
            emit(text, spans)
    for line in neutral:
        for _ in range(25):
            x = R.random()
            text = line if x < 0.8 else line.upper() if x < 0.85 else line.lower() if x < 0.92 else capital(line)
            emit(text + R.choice([" ", "\n"]) + R.choice(neutral), [])
    # Ordinary words with capitals, as in headings, and typing mistakes in small letters.
    for _ in range(6000):
        row = [R.choice(WORDS) for _ in range(R.randint(2, 6))]
        emit(" ".join(w.capitalize() for w in row), [])
        w = R.choice(WORDS)
        i = R.randrange(len(w))
        emit(" ".join([*row[:2], w[:i] + R.choice("abcdefghijklmnopqrstuvwxyz") + w[i:], *row[2:]]), [])
    named = set(COUNTRIES) | set(ORGS) | set(NATIONS)
    clean = lambda text: not ({w.lower() for w in re.findall(r"[A-Z]\w+", text)} & named)
    for topic in topics.topics.values():
        for part in topic.split("\n\n"):
            if 20 < len(part) < 1500 and clean(part):
                emit(part, [])
    # Sources without names of people: those of the screen and its tests are full of them.
    sources = [f for crate in ("wire", "policy", "ledger", "partners") for f in sorted((HERE / f"../../{crate}/src").rglob("*.rs"))]
    for file in sources[::2]:
        for part in file.read_text().split("\n\n"):
            if 20 < len(part) < 1000 and clean(part):
                emit(part, [])


main()

"""The market packs that ship, and what an operator's overlay may make of them."""

import json
import re
import tomllib

import pytest

from conftest import REPOSITORY, device, yumen

PACKS = REPOSITORY / "catalog" / "markets"
FILES = {path.stem: path for path in sorted(PACKS.glob("*.toml"))}
#: A region of each market that devices can be bought in.
REGIONS = {"cn": "CN", "eu": "DE", "gb": "GB", "hk": "HK", "in": "IN", "jp": "JP", "kr": "KR",
           "sg": "SG", "us": "US"}
OPEN = {"cn", "eu", "us"}


def market(*arguments, **options):
    return yumen("--json", "market", *arguments, **options)


def shown(id):
    return json.loads(market("show", id).stdout)


def overlay(tmp_path, files, name="overlay"):
    """A folder over the shipped catalogue, with these market files."""
    folder = tmp_path / name
    for id, text in files.items():
        path = folder / "markets" / f"{id}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def explain(device, *arguments):
    """The verdicts of a device by feature."""
    done = yumen("--json", "eligibility", "explain", "--device", "-", *arguments,
                 input=json.dumps(device))
    return {verdict["feature"]: verdict for verdict in json.loads(done.stdout)["verdicts"]}


def phone_of(region, **changes):
    return device(**{"purchase_region": region, "billing_region": region, "location": [region],
                     "cellular": "mainland" if region == "CN" else "global", **changes})


def test_what_ships_is_what_is_listed():
    listed = json.loads(market("list").stdout)
    assert [one["id"] for one in listed] == sorted(FILES)
    states = {one["id"]: one["state"] for one in listed}
    assert {id for id, state in states.items() if state == "open"} == OPEN | {"sandbox", "us-ca"}
    assert states["hk"] == states["unknown"] == "closed"
    assert {states[id] for id in ["kr", "in", "jp", "sg", "gb"]} == {"preparing"}
    text = yumen("market", "list").stdout
    assert "South Korea" in text and "part of us" in text


@pytest.mark.parametrize("id", FILES)
def test_every_rule_and_duty_is_sourced_in_two_languages_and_claims_nothing(id):
    pack = shown(id)
    assert pack["verified_count"] == 0
    assert (pack["rule_count"], pack["duty_count"]) == (len(pack["rules"]), len(pack["duties"]))
    for entry in pack["rules"] + pack["duties"]:
        assert entry["id"].startswith(f"{id}.")
        source = entry["source"]
        assert source["clause"].strip() and source["basis"] == "unverified"
        assert not source.get("verified_on") and not source.get("verified_by")
        assert source["url"] is None or source["url"].startswith("https://")
        for text in [entry["text"], entry.get("next_step", entry["text"])]:
            assert text["en"].strip() and re.search("[\u4e00-\u9fff]", text["zh"])
    for duty in pack["duties"]:
        number = isinstance(duty.get("value"), (int, float)) and duty["value"] is not True
        assert number == ("unit" in duty), duty["id"]
    # A number that stands in the words stands in the value, where programs find it.
    for duty in pack["duties"]:
        assert not re.search(r"\d+ (hours|days|months|percent)", duty["text"]["en"]), duty["id"]


@pytest.mark.parametrize("id", FILES)
def test_a_person_reads_all_of_it_in_either_language(id):
    pack = shown(id)
    for language in ["en", "zh"]:
        text = yumen("market", "show", id, "--lang", language).stdout
        for entry in pack["rules"] + pack["duties"]:
            assert entry["id"] in text and entry["text"][language] in text
            assert entry["source"]["clause"] in text


@pytest.mark.parametrize("id", FILES)
def test_a_slip_of_the_pen_is_refused_with_file_and_key(id, tmp_path):
    shipped = market("show", id, "--file").stdout
    assert tomllib.loads(shipped) == tomllib.loads(FILES[id].read_text())
    folder = overlay(tmp_path, {id: f"regoins = []\n{shipped}"})
    refused = market("list", "--catalog", folder, check=False)
    assert refused.returncode == 1
    assert f"{id}.toml" in refused.stderr and "regoins" in refused.stderr
    # As it ships, it is taken.
    folder = overlay(tmp_path, {id: shipped}, "as-it-ships")
    assert json.loads(market("list", "--catalog", folder).stdout) == json.loads(market("list").stdout)


@pytest.mark.parametrize("region, market, answer, code", [
    ("US", "us", "eligible", "eligible"),
    ("DE", "eu", "eligible", "eligible"),
    ("CN", "cn", "not_yet", "approval_missing"),
    ("KR", "kr", "not_yet", "market_preparing"),
    ("IN", "in", "not_yet", "market_preparing"),
    ("JP", "jp", "not_yet", "market_preparing"),
    ("SG", "sg", "not_yet", "market_preparing"),
    ("GB", "gb", "not_yet", "market_preparing"),
    ("HK", "hk", "not_eligible", "market_closed"),
    ("BR", None, "not_eligible", "market_unknown"),
    ("TW", None, "not_eligible", "market_unknown"),
    ("ZZ", "sandbox", "not_eligible", "sandbox_disabled"),
])
def test_the_verdict_of_a_typical_device(region, market, answer, code):
    for feature, verdict in explain(phone_of(region)).items():
        assert (verdict["market"], verdict["answer"], verdict["code"]) == (market, answer, code), feature
        assert (verdict["next_step"] is None) == (answer == "eligible")


def test_being_prepared_is_not_never():
    stages = {region: explain(phone_of(region))["assistant.chat"]["stage"]
              for region in ["US", "KR", "HK", "BR"]}
    assert stages == {"US": None, "KR": "preparing", "HK": "never", "BR": "never"}


@pytest.mark.parametrize("region", [region for id, region in REGIONS.items() if id != "cn"])
def test_a_device_of_elsewhere_is_off_only_where_place_and_account_are_both_on_the_mainland(
        region, tmp_path):
    """The condition is an AND: a traveller keeps the features, and so does a mainland account abroad."""
    id = next(id for id, own in REGIONS.items() if own == region)
    opened = market("show", id, "--file").stdout
    opened = opened.replace('state = "preparing"', 'state = "open"').replace('state = "closed"', 'state = "open"')
    folder = overlay(tmp_path, {id: opened})
    arguments = ["--catalog", folder, "--assume-approved", "--feature", "writing.summary"]
    for billing, places, off in [(region, ["CN"], False), ("CN", [region], False), ("CN", ["CN"], True),
                                 ("CN", [region, "CN"], True)]:
        phone = phone_of(region, billing_region=billing, location=places)
        [verdict] = explain(phone, *arguments).values()
        assert verdict["code"] == ("rule_failed" if off else "eligible"), (billing, places)
        if off:
            failed = [r["rule"] for r in verdict["reasons"] if r["outcome"] == "fail"]
            assert failed == [f"{id}.mainland"] or set(failed) == {f"{id}.mainland"}


@pytest.mark.parametrize("id", ["gb", "hk", "in", "jp", "kr", "sg"])
def test_a_mainland_radio_belongs_to_no_other_market(id, tmp_path):
    opened = market("show", id, "--file").stdout
    opened = opened.replace('state = "preparing"', 'state = "open"').replace('state = "closed"', 'state = "open"')
    arguments = ["--catalog", overlay(tmp_path, {id: opened}), "--assume-approved",
                 "--feature", "writing.summary"]
    [verdict] = explain(phone_of(REGIONS[id], cellular="mainland"), *arguments).values()
    assert verdict["code"] == "rule_failed"
    [verdict] = explain(phone_of(REGIONS[id], cellular="none"), *arguments).values()
    assert verdict["code"] == "eligible"


@pytest.mark.parametrize("id", REGIONS)
def test_a_childs_text_stays_on_the_device(id, tmp_path):
    opened = market("show", id, "--file").stdout
    opened = opened.replace('state = "preparing"', 'state = "open"').replace('state = "closed"', 'state = "open"')
    verdicts = explain(phone_of(REGIONS[id], age_band="child"), "--assume-approved",
                       "--catalog", overlay(tmp_path, {id: opened}))
    assert verdicts["writing.summary"]["code"] == "eligible"
    assert verdicts["writing.rewrite"]["answer"] == "not_eligible"
    failed = {r["rule"] for r in verdicts["writing.rewrite"]["reasons"] if r["outcome"] == "fail"}
    assert f"{id}.child" in failed


POISON = """
[[rule]]
id = "{id}.poison"
features = ["*"]
any = [{{ os_version = {{ at_least = "99" }} }}]
text = {{ en = "Poison.", zh = "毒。" }}
next_step = {{ en = "None.", zh = "无。" }}
source = {{ clause = "A test" }}
"""


def poisoned(id):
    return market("show", id, "--file").stdout + POISON.format(id=id)


def changed(folder):
    """The markets in which a verdict changes under an overlay, before and after."""
    done = yumen("--json", "eligibility", "diff", "shipped", folder, "--count", "3000",
                 "--assume-approved")
    changes = json.loads(done.stdout)["changes"]
    assert all(change["from"]["market"] == change["to"]["market"] for change in changes)
    return {change["from"]["market"] for change in changes}


@pytest.mark.parametrize("id", REGIONS)
def test_no_rule_of_a_market_reaches_a_device_of_another(id, tmp_path):
    """Both ways: what closes one market closes no other, and what closes all others leaves it."""
    into = changed(overlay(tmp_path, {id: poisoned(id)}, "one"))
    assert into <= {id} and (id not in OPEN or into == {id})
    others = {other: poisoned(other) for other in REGIONS if other != id}
    out_of = changed(overlay(tmp_path, others, "others"))
    assert id not in out_of and OPEN - {id} <= out_of


def test_a_part_of_a_market_closes_for_whoever_may_be_there_and_nobody_else(tmp_path):
    arguments = ["--catalog", overlay(tmp_path, {"us-ca": poisoned("us-ca")}),
                 "--feature", "writing.summary"]
    code = lambda **changes: next(iter(explain(phone_of("US", **changes), *arguments).values()))["code"]
    assert code(subdivision=["US-CA"]) == "rule_failed"
    assert code(subdivision=["US-NY"]) == "eligible"
    # A device that does not say in which state it is may be in this one.
    assert code() != "eligible"
    elsewhere = explain(phone_of("DE"), *arguments)["writing.summary"]
    assert elsewhere["code"] == "eligible"


@pytest.mark.parametrize("found, put, key", [
    ("required = true\nsigners = 2", "required = false", "approval.required"),
    ("signers = 2", "signers = 1", "approval.signers"),
    ('processing = ["CN"]', 'processing = ["CN", "US"]', "residency.processing"),
    ('regions = ["CN"]', 'regions = ["MO"]', "regions"),
])
def test_an_overlay_cannot_take_the_mainlands_safeguards_away(found, put, key, tmp_path):
    text = market("show", "cn", "--file").stdout
    assert found in text
    folder = overlay(tmp_path, {"cn": text.replace(found, put, 1)})
    for command in [["market", "list"], ["eligibility", "simulate", "--count", "1"]]:
        refused = yumen(*command, "--catalog", folder, check=False)
        assert refused.returncode == 1
        assert "loosens what ships" in refused.stderr and key in refused.stderr


def test_a_build_of_another_market_cannot_claim_the_mainland(tmp_path):
    text = market("show", "us", "--file").stdout.replace('regions = ["US"]', 'regions = ["US", "CN"]')
    refused = yumen("eligibility", "simulate", "--count", "1", "--catalog",
                    overlay(tmp_path, {"us": text}), check=False)
    assert refused.returncode == 1 and "CN" in refused.stderr and "both" in refused.stderr


def test_the_rule_of_docs_markets_for_developers_in_the_union(tmp_path):
    """A gatekeeper that keeps a feature off phones and tablets, by where the calling app's developer sits."""
    document = (REPOSITORY / "docs" / "markets.md").read_text()
    [rule] = re.findall(r"```toml\n(\[\[rule\]\]\nid = \"eu\.developer\".*?)```", document, re.S)
    folder = overlay(tmp_path, {"eu": market("show", "eu", "--file").stdout + "\n" + rule})
    code = lambda **changes: explain(
        phone_of("DE", **changes), "--catalog", folder, "--feature", "assistant.chat")["assistant.chat"]["code"]
    assert code(developer_region="US") == "eligible"
    assert code(developer_region="FR") == "rule_failed"
    assert code() == "input_unset"
    assert code(developer_region="FR", platform="macos", **{"class": "computer"}) == "eligible"

"""`yumen eligibility`: a verdict in words, a population counted, a change of the catalogue weighed."""

import json

import pytest

from conftest import demo_gate, device, mainland, yumen


def eligibility(*arguments, **options):
    return yumen("--json", "eligibility", *arguments, **options)


def diff(*arguments, **options):
    return json.loads(eligibility("diff", *arguments, **options).stdout)


@pytest.fixture
def opened(tmp_path):
    """An overlay that opens South Korea."""
    path = tmp_path / "overlay" / "markets" / "kr.toml"
    path.parent.mkdir(parents=True)
    text = yumen("market", "show", "kr", "--file").stdout
    assert 'state = "preparing"' in text
    path.write_text(text.replace('state = "preparing"', 'state = "open"'))
    return tmp_path / "overlay"


def korean(**changes):
    inputs = {"purchase_region": "KR", "billing_region": "KR", "location": ["KR"], "cellular": "global"}
    return device(**{**inputs, **changes})


def lines(path, *devices):
    path.write_text("".join(json.dumps(one) + "\n" for one in devices))
    return path


def test_a_verdict_is_explained_in_words():
    said = yumen("eligibility", "explain", "--device", "-", "--feature", "assistant.chat",
                 input=json.dumps(mainland())).stdout
    for part in ["Assistant (assistant.chat), Mainland China (cn): not now [not_yet, approval_missing]",
                 "What to do: ", "+ cn.purchase [purchase region] (unverified)", "- cn.approval (unverified)",
                 "location: set", "sha256:"]:
        assert part in said, part
    # Whatever a device says of itself, its values are not repeated.
    said = yumen("eligibility", "explain", "--device", "-", "--lang", "zh", "--feature", "assistant.chat",
                 input=json.dumps(mainland(age_band=None))).stdout
    for part in ["助手 (assistant.chat), 中国大陆 (cn): 暂不可用 [not_yet, input_unset]", "缺少：年龄段",
                 "下一步：", "（未核实）"]:
        assert part in said, part


def test_a_supposed_approval_is_said_to_be_one(tmp_path):
    file = lines(tmp_path / "device.json", mainland())
    arguments = ["--device", file, "--feature", "assistant.chat"]
    truth = json.loads(eligibility("explain", *arguments).stdout)
    assert truth["verdicts"][0]["code"] == "approval_missing" and not truth["approvals_supposed"]
    supposed = json.loads(eligibility("explain", *arguments, "--assume-approved").stdout)
    assert supposed["verdicts"][0]["code"] == "eligible" and supposed["approvals_supposed"]
    assert "supposed" in yumen("eligibility", "explain", *arguments, "--assume-approved").stdout
    assert "supposed" in yumen("eligibility", "simulate", "--count", "5", "--assume-approved").stdout


def test_the_approvals_of_a_data_directory_count(tmp_path):
    with demo_gate(tmp_path / "data"):
        said = eligibility("explain", "--device", "-", "--data-dir", tmp_path / "data",
                           input=json.dumps(mainland()))
        assert {verdict["code"] for verdict in json.loads(said.stdout)["verdicts"]} == {"eligible"}
    missing = tmp_path / "nowhere"
    refused = eligibility("explain", "--device", "-", "--data-dir", missing, check=False, input="{}")
    assert refused.returncode == 1 and "nowhere" in refused.stderr and not missing.exists()


def test_a_device_is_judged_as_if_it_had_been_bought_elsewhere(opened):
    said = eligibility("explain", "--device", "-", "--market", "us", "--market", "kr", "--market", "hk",
                       "--feature", "writing.summary", "--catalog", opened,
                       input=json.dumps(device(cellular="global")))
    verdicts = json.loads(said.stdout)["verdicts"]
    assert [(v["as_if_bought_in"], v["market"], v["code"]) for v in verdicts] == [
        ("us", "us", "eligible"), ("kr", "kr", "eligible"), ("hk", "hk", "market_closed")]


@pytest.mark.parametrize("arguments, input, says", [
    (["--feature", "writing.nothing"], "{}", "writing.summary"),
    (["--market", "xx"], "{}", "jp, kr"),
    ([], '{"purchase": "CN"}', "purchase"),
    ([], "[", "device"),
    (["--catalog", "/nowhere/at/all"], "{}", "/nowhere/at/all"),
    (["--at", "tomorrow"], "{}", "--at"),
    (["--assume-approved", "--data-dir", "/tmp"], "{}", "--assume-approved"),
])
def test_what_cannot_be_explained_is_refused_with_what_can(arguments, input, says):
    refused = eligibility("explain", "--device", "-", *arguments, check=False, input=input)
    assert refused.returncode != 0 and says in refused.stderr


def test_a_population_is_the_same_for_the_same_seed(tmp_path):
    def simulated(*arguments):
        result = json.loads(eligibility("simulate", "--count", "5000", "--at", "2026-11-23T00:00:00Z",
                                        *arguments).stdout)
        assert result["devices"] == 5000
        by_feature = {}
        for row in result["verdicts"]:
            by_feature[row["feature"]] = by_feature.get(row["feature"], 0) + row["devices"]
        assert len(by_feature) == 5 and set(by_feature.values()) == {5000}
        return result

    first = simulated("--out", tmp_path / "devices.jsonl")
    assert simulated() == first
    assert simulated("--seed", "2")["verdicts"] != first["verdicts"]
    written = (tmp_path / "devices.jsonl").read_text().splitlines()
    assert len(written) == 5000 and all("purchase_region" in json.loads(line) or True for line in written)
    # Every market that ships has devices, and every way an input can be missing occurs.
    markets = {row["market"] for row in first["verdicts"]}
    assert markets >= {"cn", "eu", "gb", "hk", "in", "jp", "kr", "sg", "us", None}
    codes = {row["code"] for row in first["verdicts"]}
    assert codes >= {"eligible", "approval_missing", "input_unset", "input_error", "market_preparing",
                     "market_closed", "market_unknown", "rule_failed"}


def test_nothing_changes_between_a_catalogue_and_itself(tmp_path, opened):
    empty = tmp_path / "empty"
    empty.mkdir()
    assert diff("shipped", empty, "--count", "2000")["changes"] == []
    assert diff(opened, opened, "--count", "2000")["changes"] == []
    assert "no answer changes" in yumen("eligibility", "diff", "-", "-", "--count", "2000").stdout


def test_opening_a_market_is_counted_with_examples(opened, tmp_path):
    population = lines(
        tmp_path / "devices.jsonl",
        *[korean(os_version=f"26.{minor}") for minor in range(5)],
        *[korean(language="ko", assistant_language="ko")] * 7,
        *[device()] * 11,
        {"device": korean(), "count": 1000},
        korean(age_band=None))
    result = diff("shipped", opened, "--population", population)
    assert (result["devices"], result["closed"]) == (1024, 0)
    assert result["judged"] < 20
    # Summaries, key points and proofreading run on the device; no partner's model serves in Korea.
    opens = {change["feature"]: change for change in result["changes"]
             if change["to"]["answer"] == "eligible"}
    assert set(opens) == {"writing.summary", "writing.key_points", "writing.proofread"}
    change = opens["writing.summary"]
    assert change["devices"] == 1005 and result["opened"] == 3 * 1005
    assert change["from"] == {"market": "kr", "answer": "not_yet", "code": "market_preparing"}
    assert change["kept_by"] == {"kr.status": 1005} and change["stopped_by"] == {}
    # The first devices of the file, whatever order they were judged in.
    assert [example["os_version"] for example in change["examples"]] == ["26.0", "26.1", "26.2"]
    # A phone that speaks Korean has no feature before and none after: nothing changes for it.
    assert all(change["devices"] in (1, 1005) for change in result["changes"])
    assert all(change["from"]["market"] == "kr" for change in result["changes"])
    # The other way round it closes, by as much.
    back = diff(opened, "shipped", "--population", population)
    assert (back["opened"], back["closed"]) == (0, result["opened"])


def test_a_diff_agrees_with_two_counts(opened):
    def eligible(*catalog):
        result = json.loads(eligibility("simulate", "--count", "10000", "--seed", "9", *catalog).stdout)
        return sum(row["devices"] for row in result["verdicts"] if row["answer"] == "eligible")

    result = diff("shipped", opened, "--count", "10000", "--seed", "9")
    assert result["opened"] - result["closed"] == eligible("--catalog", opened) - eligible() > 0


def test_what_opens_can_fail_a_release(opened):
    done = eligibility("diff", "shipped", opened, "--count", "5000", "--fail-on-opened", check=False)
    assert done.returncode == 2 and "features open" in done.stderr
    assert json.loads(done.stdout)["opened"] > 0
    done = eligibility("diff", opened, "shipped", "--count", "5000", "--fail-on-opened", check=False)
    assert done.returncode == 0
    said = yumen("eligibility", "diff", "shipped", opened, "--count", "5000").stdout
    for part in ["OPENS", "kr not_yet (market_preparing) -> kr eligible", "kept back before by kr.status",
                 'such as {', "opens "]:
        assert part in said, part


def test_a_population_comes_from_standard_input_and_a_bad_line_is_named(opened):
    def said(text):
        return eligibility("diff", "shipped", opened, "--population", "-", check=False, input=text)

    good = json.dumps(korean()) + "\n"
    assert json.loads(said(good * 30 + "\n\n" + good).stdout)["devices"] == 31
    assert json.loads(said("").stdout)["devices"] == 0
    refused = said(good * 4 + '{"purchase_region": "Korea"}\n' + good)
    assert refused.returncode == 1
    assert "line 5" in refused.stderr and "purchase_region" in refused.stderr


@pytest.mark.parametrize("arguments", [[], ["--count", "5", "--population", "x"], ["--seed", "4"]])
def test_a_diff_needs_one_population(arguments):
    assert yumen("eligibility", "diff", "-", "-", *arguments, check=False).returncode != 0

"""External judges beside the model: an emulated guard model that answers in the lines of Qwen3Guard."""

import contextlib
import json
import threading

import pytest

from conftest import wait_for
from judge_side import Guard, Guardrail, Moderation, flags, safe
from market import Ground, market
from programs import yumen

PHONE = "13800138000"


@pytest.fixture
def guard():
    guard = Guard()
    yield guard
    guard.close()


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    return Ground(tmp_path_factory.mktemp("ground"))


def judge(guard, more="", rule="", region="CN", timeout_ms=20_000):
    return f"""
[[judge]]
id = "guard"
kind = "guard"
base_url = "{guard.base}"
region = "{region}"
model = "guard"
timeout_ms = {timeout_ms}
cost_per_call = 0.5
{more}

[[judge.rule]]
said = "Violent"
category = "storms"
action = "refuse"
{rule}
"""


@pytest.fixture
def gate(ground, tmp_path, guard):
    """A function that runs a mainland gate with the guard configured as given."""
    with contextlib.ExitStack() as stack:

        def run(*given, **options):
            text = judge(guard, *given, **options)
            return stack.enter_context(market(ground, tmp_path / "gate", ("qwen",), more=text))

        yield run


def operator(one):
    """The secret of an operator's key."""
    config = one.folder / "yumen.toml"
    made = yumen("--json", "keys", "add", "--config", config, "--admin", "--name", "O", "--role", "operator")
    return json.loads(made.stdout)["secret"]


def alarms(one, key):
    return {alarm["code"]: alarm for alarm in one.gate.get("/admin/v1/alarms", key=key).json["alarms"]}


def notices(seen):
    return {notice["code"]: notice for notice in (seen.about or {}).get("notices", [])}


@pytest.mark.parametrize("stream", [True, False])
def test_what_is_unsafe_is_refused_although_the_model_was_asked_already(gate, guard, stream):
    one = gate('directions = ["input"]')
    [partner] = one.partners.values()

    def say(messages):
        wait_for(partner.log)
        return flags("thunder")(messages)

    guard.say = say
    seen = one.ask(stream, content="Tell me about thunder. [[long]]")
    assert seen.status == 422 and seen.error["code"] == "screen_refused", seen
    assert not seen.text and len(partner.log()) == 1
    told = notices(seen)["judge.guard.storms"]
    assert (told["action"], told["direction"]) == ("refuse", "input")
    assert told["text"]["en"] and told["text"]["zh"]
    assert one.ask(stream, content="Tell me about lanterns. [[long]]").complete


def test_where_the_verdict_comes_before_the_model_it_is_not_asked(gate, guard):
    one = gate('directions = ["input"]\nwhen = "before"')
    guard.say = flags("thunder")
    seen = one.ask(content="Tell me about thunder. [[long]]")
    assert seen.error["code"] == "screen_refused"
    [partner] = one.partners.values()
    assert partner.log() == []


@pytest.mark.parametrize("stream", [True, False])
def test_a_silent_judge_that_fails_open_changes_nothing_and_is_counted(gate, guard, stream):
    guard.say = lambda messages: None
    one = gate('on_failure = "open"', timeout_ms=200)
    seen = one.ask(stream)
    assert seen.complete and notices(seen) == {}, seen
    outcomes = one.metrics("yumen_judge_questions_total")
    assert outcomes[(("judge", "guard"), ("outcome", "timeout"))] >= 1


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("more, rule", [
    ("", ""), ('on_failure = "open"\non_failure_in = { cn = "closed" }', ""),
    ('on_failure = "open"', 'on_failure = "closed"')])
def test_a_silent_judge_that_fails_closed_for_market_or_category_closes_and_says_why(
        gate, guard, stream, more, rule):
    guard.say = lambda messages: None
    one = gate(more, rule, timeout_ms=200)
    seen = one.ask(stream)
    assert seen.status == 503 and seen.error["code"] == "judge_unavailable", seen
    told = notices(seen)["judge.guard.unavailable"]
    assert told["action"] == "refuse" and told["text"]["zh"]


def test_what_is_no_verdict_is_a_failure(gate, guard):
    guard.say = lambda messages: "Certainly! This looks perfectly safe to me."
    one = gate('directions = ["input"]')
    assert one.ask().error["code"] == "judge_unavailable"
    outcomes = one.metrics("yumen_judge_questions_total")
    assert outcomes == {(("judge", "guard"), ("outcome", "malformed")): 1}


WINDOWS = 'directions = ["output"]\nmin_chars = 60\nmax_chars = 200\noverlap_chars = 20\n'


def test_an_answer_is_shown_window_by_window_as_far_as_it_was_found_safe(gate, guard):
    guard.say = flags("part 40,")
    one = gate(WINDOWS + 'when = "before"')
    seen = one.ask()
    assert seen.finish == "content_filter" and notices(seen)["judge.guard.storms"]["direction"] == "output"
    assert "part 1," in seen.text and "part 40," not in seen.text
    windows = guard.windows()
    assert len(windows) >= 2 and all(len(window) <= 220 for window in windows)
    asked = {messages[0]["content"] for messages in guard.asked}
    assert asked == {"Please. [[long]]"}
    # All but the first begin with the end of another, so that nothing is cut in two for the judge. They may be asked side by side.
    ends = {window[-20:] for window in windows}
    assert [window[:5] for window in windows if window[:20] not in ends] == ["【模拟通义"], windows


def test_nothing_is_shown_before_its_verdict_and_all_of_it_afterwards(gate, guard):
    may_speak = threading.Event()

    def say(messages):
        may_speak.wait(20)
        return safe(messages)

    guard.say = say
    one = gate(WINDOWS + 'when = "before"')
    threading.Timer(0.3, may_speak.set).start()
    seen = one.ask()
    assert seen.complete, seen
    assert seen.first_seconds >= 0.3


def test_an_answer_found_unsafe_after_it_was_shown_is_taken_back(gate, guard):
    guard.say = flags("part 20,")
    one = gate(WINDOWS)
    events = one.feature()
    names = [name for name, _ in events if name != "delta"]
    assert names == ["start", "restart", "notice", "end"], names
    end = events[-1][1]
    assert end["output"]["message"]["content"] == "" and end["finish"] == "content_filter"
    assert end["notices"][0]["code"] == "judge.guard.storms"
    recorded = one.recorded(end["receipt"]["id"], "notice.v1")["notice.v1"]
    assert recorded["rule"] == "judge.guard.storms"


def test_an_answer_found_unsafe_in_its_last_words_is_not_said_to_be_complete(gate, guard):
    guard.say = flags("The end.")
    one = gate(WINDOWS)
    assert one.ask().finish == "content_filter"


def test_a_whole_answer_is_judged_before_it_is_shown(gate, guard):
    guard.say = flags("part 40,")
    one = gate('directions = ["output"]')
    seen = one.ask(stream=False)
    assert seen.error["code"] == "screen_refused" and not seen.text


def test_what_is_only_to_be_told_is_told(gate, guard):
    guard.say = flags("part 40,", level="Controversial", category="Copyright Violation")
    rule = 'on_failure = "open"\n\n[[judge.rule]]\nsaid = "*"\nlevel = "controversial"\ncategory = "rights"\n' \
           'action = "tell"\ntext = { en = "Mind the rights.", zh = "请注意版权。" }'
    one = gate('directions = ["output"]', rule)
    for stream in (True, False):
        seen = one.ask(stream)
        assert seen.complete
        assert notices(seen)["judge.guard.rights"]["text"]["zh"] == "请注意版权。"
    cost = one.metrics("yumen_judge_cost_total")[(("judge", "guard"),)]
    assert cost == len(guard.asked) / 2


def test_a_judge_outside_the_markets_residency_is_never_asked(gate, guard):
    one = gate('markets = ["cn"]', region="US")
    assert one.ask().error["code"] == "judge_unavailable"
    outcomes = one.metrics("yumen_judge_questions_total")
    assert outcomes == {(("judge", "guard"), ("outcome", "out_of_market")): 1}
    assert guard.asked == []


def test_a_judge_of_no_named_market_judges_only_where_it_may(gate, guard):
    one = gate(region="US")
    assert one.ask().complete
    assert guard.asked == []


def test_a_judge_sees_personal_data_as_little_as_a_partner_does(gate, guard):
    one = gate()
    assert one.ask(content=f"Call {PHONE}.").succeeded
    assert len(guard.asked) >= 2
    assert PHONE not in json.dumps(guard.asked)


def test_a_judge_that_cannot_be_what_is_written_is_said_before_anything_is_served(ground, tmp_path, guard):
    with pytest.raises(AssertionError):
        more = judge(guard, "overlap_chars = 900")
        with market(ground, tmp_path / "gate", ("qwen",), more=more, approved=False):
            pass
    assert "overlap_chars" in (tmp_path / "gate" / "log").read_text()


def test_what_was_judged_is_counted_and_a_question_without_a_verdict_is_not(gate, guard):
    one = gate('directions = ["input"]\nwhen = "before"')
    key = operator(one)

    def counted():
        months = one.gate.get("/admin/v1/transparency", key=key).json["markets"]
        return sum(month["judged"] for month in months)

    assert one.ask(False, content="Say hello.").status == 200
    wait_for(lambda: counted() == 1)
    guard.say = lambda messages: "I cannot say."
    one.ask(False, content="Say hello.")
    guard.say = flags("thunder")
    assert one.ask(False, content="Tell me about thunder.").status == 422
    wait_for(lambda: counted() >= 2)
    assert counted() == 2


def test_a_whole_answer_waits_for_the_verdict_on_the_question_even_where_a_failure_opens(gate, guard):
    may_speak = threading.Event()
    verdict = flags("thunder")

    def say(messages):
        may_speak.wait(20)
        return verdict(messages)

    guard.say = say
    one = gate('directions = ["input"]\non_failure = "open"')
    [partner] = one.partners.values()

    def speak():
        # Long after the model has answered, which takes it a few milliseconds.
        wait_for(partner.log)
        threading.Timer(1, may_speak.set).start()

    threading.Thread(target=speak, daemon=True).start()
    seen = one.ask(False, content="Tell me about thunder.")
    assert (seen.status, seen.error["code"]) == (422, "screen_refused"), seen
    assert not seen.text and len(partner.log()) == 1
    assert one.ask(False).complete


def unjudged(one, receipt):
    """The ledger's entries that something of this request passed unjudged."""

    def found():
        lines = yumen("ledger", "export", "--data-dir", one.gate.data_dir).stdout.splitlines()
        entries = [entry for line in lines for entry in json.loads(line)["entry"].items()]
        own = [(kind, entry) for kind, entry in entries if entry.get("id") == receipt]
        if "admission.v1" in dict(own):
            return [entry for kind, entry in own if kind == "notice.v1" and entry["rule"].endswith(".unjudged")]
        return None

    return wait_for(found)


@pytest.mark.parametrize("stream", [True, False])
def test_what_passed_without_a_verdict_is_in_the_ledger_and_an_alarm_and_counted(gate, guard, stream):
    guard.say = lambda messages: None if messages[-1]["role"] == "assistant" else safe(messages)
    one = gate('on_failure = "open"\nmin_chars = 60\nmax_chars = 200\noverlap_chars = 20', timeout_ms=100)
    key = operator(one)
    seen = one.ask(stream)
    assert seen.complete and notices(seen) == {}, seen
    # Once, in however many windows the answer was judged.
    [entry] = wait_for(lambda: unjudged(one, seen.about["receipt"]["id"]))
    assert (entry["rule"], entry["action"], entry["direction"]) == ("judge.guard.unjudged", "allow", "output")
    alarm = alarms(one, key)["content_unjudged"]
    assert (alarm["market"], alarm["subject"], alarm["detail"]) == ("cn", "guard", "output")
    assert alarm["text"]["en"] and alarm["text"]["zh"]
    passed = one.metrics("yumen_judge_unjudged_total")[(("judge", "guard"),)]
    assert passed == alarm["count"] == one.metrics("yumen_alarms_total")[(("code", "content_unjudged"),)]

    def account():
        [month] = one.gate.get("/admin/v1/transparency", key=key).json["markets"]
        return month["unjudged"]

    wait_for(lambda: account() == passed)


def test_what_another_judge_withholds_did_not_pass(ground, tmp_path, guard):
    silent = Guard()
    silent.say = lambda messages: None
    guard.say = flags("thunder")
    open_one = judge(silent, 'directions = ["input"]\non_failure = "open"', timeout_ms=100).replace('id = "guard"', 'id = "second"')
    try:
        with market(ground, tmp_path / "gate", ("qwen",), more=judge(guard, 'directions = ["input"]') + open_one) as one:
            assert one.ask(False, content="Tell me about thunder.").status == 422
            assert one.metrics("yumen_judge_unjudged_total") == {}
            assert one.ask(False).complete
            assert one.metrics("yumen_judge_unjudged_total") == {(("judge", "second"),): 1}
    finally:
        silent.close()


def test_a_judge_that_fails_three_times_in_a_row_raises_an_alarm(gate, guard):
    guard.say = lambda messages: "I cannot say."
    one = gate('directions = ["input"]')
    key = operator(one)
    for _ in range(2):
        assert one.ask(False).error["code"] == "judge_unavailable"
    assert "judge_failing" not in alarms(one, key)
    assert one.ask(False).error["code"] == "judge_unavailable"
    alarm = alarms(one, key)["judge_failing"]
    assert (alarm["subject"], alarm["detail"]) == ("guard", "its answer could not be read; 3 in a row")
    assert one.metrics("yumen_judge_failures_in_a_row") == {(("judge", "guard"),): 3}
    guard.say = safe
    assert one.ask(False).complete
    assert one.metrics("yumen_judge_failures_in_a_row") == {(("judge", "guard"),): 0}
    assert one.metrics("yumen_judge_resting") == {(("judge", "guard"),): 0}


def test_a_judge_that_refuses_its_key_raises_an_alarm_at_once(gate, guard):
    guard.say = lambda messages: 401
    one = gate('directions = ["input"]')
    assert one.ask(False).error["code"] == "judge_unavailable"
    assert "401" in alarms(one, operator(one))["judge_failing"]["detail"]


# Who judges is part of what is approved.


def released(folder, guard, *given, **options):
    """The digest of the mainland's release with a judge as given."""
    config = folder / "yumen.toml"
    text = config.read_text().partition("[[judge]]")[0]
    config.write_text(text + (judge(guard, *given, **options) if given or options else ""))
    [shown] = json.loads(yumen("--json", "release", "show", "--market", "cn", "--config", config).stdout)
    return shown["digest"]


def test_who_judges_and_what_follows_is_part_of_what_is_approved(ground, tmp_path, guard):
    folder = tmp_path / "gate"
    with market(ground, folder, ("qwen",), more=judge(guard), approved=False) as one:
        seen = one.ask(False)
        assert (seen.status, seen.error["code"]) == (403, "approval_missing"), seen
        assert guard.asked == []
    charter = released(folder, guard, "")
    # What an operator tunes is not part of it; what a regulator would ask about is.
    assert released(folder, guard, "concurrency = 3\nbreaker = { failures = 9 }\nremember_minutes = 0", timeout_ms=900) == charter
    others = [released(folder, guard, *given) for given in [
        ('on_failure = "open"',), ('directions = ["input"]',), ('when = "before"',), ("pictures = true",),
        ("", 'text = { en = "Mind the storms.", zh = "请注意。" }'), ("", 'markets = ["us"]')]]
    without = released(folder, guard)
    assert len({charter, without, *others}) == len(others) + 2
    assert without == json.loads(yumen("--json", "release", "show", "--market", "cn").stdout)[0]["digest"]


def test_another_judge_needs_another_approval_and_the_difference_is_told(ground, tmp_path, guard):
    folder = tmp_path / "gate"
    with market(ground, folder, ("qwen",), more=judge(guard)) as one:
        assert one.ask(False).complete
    config, bundles = folder / "yumen.toml", []
    for name, text in (("old", judge(guard)), ("new", judge(guard, 'on_failure = "open"'))):
        config.write_text(config.read_text().partition("[[judge]]")[0].rstrip() + "\n" + text)
        bundles.append(tmp_path / f"{name}.json")
        yumen("release", "build", "--market", "cn", "--config", config, "--out", bundles[-1])
    [change] = json.loads(yumen("--json", "release", "diff", *bundles, "--procedure", "filing").stdout)
    assert (change["what"], change["material"]) == ("judges", True)
    assert "without a verdict open` instead of" in change["text"]["en"] and "外部审核" in change["text"]["zh"]
    checked = json.loads(yumen("--json", "check", "--config", config).stdout)
    [cn] = [market for market in checked["markets"] if market["market"] == "cn"]
    assert (cn["state"], cn["why"][0]) == ("closed", "no approval in force covers this build's release")


# What `yumen check` finds.


def checked(ground, tmp_path, more, check=True):
    folder = ground.copy(tmp_path / "gate")
    (folder / "yumen.toml").write_text('[server]\ndata_dir = "data"\nprovider = "001191000000MA0DEM000C10000"\n' + more)
    return yumen("--json", "check", "--config", folder / "yumen.toml", check=check)


@pytest.mark.parametrize("held, says", [(None, "cannot read"), ("two words", "characters no key has"), (" ", "empty")])
def test_a_key_that_cannot_be_used_is_found_before_anything_is_served(ground, tmp_path, guard, held, says):
    if held is not None:
        (tmp_path / "guard.key").write_text(held)
    done = checked(ground, tmp_path, judge(guard, 'key = { file = "../guard.key" }'), check=False)
    assert done.returncode == 1 and "the key of judge `guard`" in done.stderr and says in done.stderr, done.stderr


def test_judges_that_are_likely_not_what_is_meant_are_warned_of(ground, tmp_path, guard):
    found = json.loads(checked(ground, tmp_path, judge(guard)).stdout)
    assert found["warnings"] == []
    assert found["judges"] == [{"judge": "guard", "kind": "guard", "markets": dict.fromkeys(found["judges"][0]["markets"], "closed")}]
    assert "cn" in found["judges"][0]["markets"]


@pytest.mark.parametrize("more, region, says", [
    ('markets = ["cn", "atlantis"]', "CN", "no market atlantis"),
    ('markets = ["cn"]', "US", "outside the residency of cn"),
    ('[[judge.rule]]\nsaid = "Violence"\ncategory = "storms"\naction = "refuse"', "CN", 'to say "Violence"'),
])
def test_each_of_these_is_a_warning(ground, tmp_path, guard, more, region, says):
    [warning] = json.loads(checked(ground, tmp_path, judge(guard, more, region=region)).stdout)["warnings"]
    assert says in warning


# The services of others, by their own protocols.


def service(kind, base, rules, key="service.key"):
    return f"""
[[judge]]
id = "service"
kind = "{kind}"
base_url = "{base}"
region = "CN"
key = {{ file = "{key}" }}
timeout_ms = 20000
{rules}
"""


REFUSED = '[[judge.rule]]\nsaid = "{said}"\ncategory = "storms"\naction = "refuse"'


@pytest.mark.parametrize("kind, said", [("openai_moderation", "violence"), ("alibaba_guardrail", "contraband_act")])
@pytest.mark.parametrize("stream", [True, False])
def test_a_service_of_somebody_else_judges_both_ways(ground, tmp_path, kind, said, stream):
    theirs = Moderation("thunder") if kind == "openai_moderation" else Guardrail("thunder")
    base = theirs.base if kind == "openai_moderation" else theirs.address
    (tmp_path / "service.key").write_text(theirs.KEY)
    more = service(kind, base, REFUSED.format(said=said), "../service.key")
    try:
        with market(ground, tmp_path / "gate", ("qwen",), more=more) as one:
            seen = one.ask(stream, content=f"Call {PHONE} about thunder. [[long]]")
            assert (seen.status, seen.error["code"]) == (422, "screen_refused"), seen
            assert notices(seen)["judge.service.storms"]["direction"] == "input"
            assert one.ask(stream).complete
            theirs.word = "part 3,"
            seen = one.ask(stream)
            assert seen.finish == "content_filter" or seen.error["code"] == "screen_refused", seen
            assert PHONE not in json.dumps(theirs.asked)
    finally:
        theirs.close()


def test_a_service_that_does_not_believe_the_key_gives_no_verdict(ground, tmp_path):
    theirs = Guardrail()
    (tmp_path / "service.key").write_text("test-id:another-secret")
    more = service("alibaba_guardrail", theirs.address, REFUSED.format(said="*"), "../service.key")
    try:
        with market(ground, tmp_path / "gate", ("qwen",), more=more) as one:
            assert one.ask(False).error["code"] == "judge_unavailable"
            assert theirs.asked == []
    finally:
        theirs.close()

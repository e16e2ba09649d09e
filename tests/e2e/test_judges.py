"""External judges beside the model: an emulated guard model that answers in the lines of Qwen3Guard."""

import contextlib
import http.server
import json
import threading

import pytest

from conftest import wait_for
from market import Ground, market
from programs import yumen

PHONE = "13800138000"


class Guard:
    """A guard model behind an OpenAI-compatible endpoint. `say` gives its lines for the messages it is asked about; where it
    gives None, nothing is ever answered."""

    def __init__(self):
        guard = self
        self.say, self.asked = lambda messages: safe(messages), []
        self.closing = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                length = int(self.headers["Content-Length"])
                body = json.loads(self.rfile.read(length))
                assert self.path == "/v1/chat/completions"
                guard.asked.append(body["messages"])
                said = guard.say(body["messages"])
                if said is None:
                    guard.closing.wait()
                    return
                choice = {"index": 0, "message": {"role": "assistant", "content": said}, "finish_reason": "stop"}
                answer = json.dumps({"object": "chat.completion", "choices": [choice]}).encode()
                with contextlib.suppress(OSError):  # whoever asked may have gone
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(answer)))
                    self.end_headers()
                    self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.base = f"http://127.0.0.1:{self.server.server_port}/v1"

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def windows(self):
        """The parts of answers it was asked about."""
        return [messages[1]["content"] for messages in self.asked if len(messages) == 2]


def is_output(messages):
    return messages[-1]["role"] == "assistant"


def safe(messages):
    return "Safety: Safe\nCategories: None" + ("\nRefusal: No" if is_output(messages) else "")


def flags(word, level="Unsafe", category="Violent"):
    """Says so of a text with the word, and of no other."""

    def say(messages):
        if word in messages[-1]["content"]:
            return f"Safety: {level}\nCategories: {category}"
        return safe(messages)

    return say


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
        with market(ground, tmp_path / "gate", ("qwen",), more=judge(guard, 'overlap_chars = 900')):
            pass
    assert "overlap_chars" in (tmp_path / "gate" / "log").read_text()


def test_what_was_judged_is_counted_and_a_question_without_a_verdict_is_not(gate, guard):
    one = gate('directions = ["input"]\nwhen = "before"')
    made = yumen("--json", "keys", "add", "--config", one.folder / "yumen.toml", "--admin", "--name", "O", "--role",
                 "operator")
    key = json.loads(made.stdout)["secret"]

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

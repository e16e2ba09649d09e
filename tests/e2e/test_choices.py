"""Reasoning and several choices, with OpenAI's own Python client: screened, told and ended each for itself."""

import contextlib
import json
import subprocess

import openai
import pytest

from conftest import demo_gate
from market import PROVIDER
from partner_side import asked, own, script
from programs import Gate, program, running, yumen
from test_judges import Guard, flags, judge
from test_pseudonym import PHONE, TOKEN

PACK = """
id = "lanterns"
version = "1"
issued = "2026-11-20"
expires = "2030-01-01"
owner = "tests"
source = "invented"

[[rule]]
id = "lanterns.red"
phrases = ["red lantern"]
placeholder = "lantern"
actions = { to_partner = "allow", from_partner = "mask", to_device = "allow", from_device = "allow" }
text = { en = "A lantern was masked.", zh = "已遮盖灯笼。" }
source = "invented"

[[rule]]
id = "lanterns.gate"
phrases = ["gold gate"]
placeholder = "gate"
actions = { to_partner = "allow", from_partner = "refuse", to_device = "allow", from_device = "allow" }
text = { en = "No gold gates.", zh = "不可有金门。" }
source = "invented"
"""

ASK = [{"role": "user", "content": "Say something."}]
CN, US = "yk_demo_cn", "yk_demo_us"
REASON = {"extra_body": {"enable_thinking": True}}


@pytest.fixture(scope="module")
def gate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("choices")
    packs = folder / "catalog" / "packs"
    packs.mkdir(parents=True)
    (packs / "lanterns.toml").write_text(PACK)
    with demo_gate(folder / "data", "--catalog", packs.parent) as running_gate:
        yield running_gate


class Seen:
    """What a client sees of one choice."""

    def __init__(self):
        self.text, self.reasoning, self.finish, self.reasonings = "", "", None, []


def client(gate, key):
    return openai.OpenAI(base_url=gate.base + "/v1", api_key=key, max_retries=0)


def ask(gate, key, stream, **options):
    """The choices by index, the `yumen` object, and the usage."""
    create = client(gate, key).chat.completions.create
    asked = {"model": "assistant.chat", "messages": ASK, **options}
    if not stream:
        answer = create(**asked)
        seen = {}
        for choice in answer.choices:
            one = seen[choice.index] = Seen()
            one.text, one.finish = choice.message.content, choice.finish_reason
            one.reasoning = (choice.message.model_extra or {}).get("reasoning_content") or ""
        return seen, answer.model_extra["yumen"], answer.usage
    seen, about, usages = {}, None, []
    for chunk in create(**asked, stream=True, stream_options={"include_usage": True}):
        about = (chunk.model_extra or {}).get("yumen") or about
        if chunk.usage:
            usages.append(chunk.usage)
        for choice in chunk.choices:
            one = seen.setdefault(choice.index, Seen())
            assert one.finish is None, "nothing comes after a choice's end"
            one.text += choice.delta.content or ""
            thought = (choice.delta.model_extra or {}).get("reasoning_content")
            if thought:
                one.reasonings.append(thought)
                one.reasoning += thought
            one.finish = choice.finish_reason
    [usage] = usages
    return seen, about, usage


def notices(about):
    return [(n["code"], n.get("choice"), n.get("part"), n["count"]) for n in about["notices"]]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("wish", [REASON, {"extra_body": {"thinking": {"type": "enabled"}}}])
def test_reasoning_that_was_asked_for_is_shown_and_screened(gate, stream, wish):
    script(gate, {"text": "The lamp is green.", "reasoning": "Somebody asks for the red lantern of the market."})
    seen, about, _ = ask(gate, CN, stream, **wish)
    assert seen[0].reasoning == "Somebody asks for the ⟦lantern⟧ of the market."
    assert seen[0].text.endswith("The lamp is green.") and seen[0].finish == "stop"
    assert notices(about) == [("lanterns.red", None, "reasoning", 1)]
    assert about["label"]["visible"]
    gate.verify(about)
    if stream:
        assert len(seen[0].reasonings) > 2, "it comes as it is thought"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("wish", [{}, {"extra_body": {"enable_thinking": False}}])
def test_reasoning_that_nobody_asked_for_is_not_shown(gate, stream, wish):
    script(gate, {"text": "The lamp is green.", "reasoning": "Somebody asks for the red lantern."})
    seen, about, _ = ask(gate, CN, stream, **wish)
    assert seen[0].reasoning == "" and seen[0].text.endswith("The lamp is green.")
    assert notices(about) == []


def test_a_typed_feature_never_shows_reasoning(gate):
    script(gate, {"text": "绿灯。", "reasoning": "有人问 red lantern。"})
    turns = {"messages": [{"role": "user", "content": "说点什么"}]}
    events = gate.feature("assistant.chat", CN, language="zh", stream=True, input=turns).events()
    assert "有人问" not in json.dumps(events, ensure_ascii=False)


def test_what_is_refused_in_the_reasoning_ends_the_answer(gate):
    answer = {"text": "The lamp is green.", "reasoning": "There is a gold gate, I think."}
    script(gate, answer)
    seen, about = streamed_to_its_end(gate)
    assert seen[0].finish == "content_filter" and seen[0].text == ""
    assert "gate" not in seen[0].reasoning
    assert notices(about) == [("lanterns.gate", None, "reasoning", 1)]
    script(gate, answer)
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        ask(gate, CN, False, **REASON)
    assert refused.value.code == "screen_refused"


def streamed_to_its_end(gate):
    """An answer with reasoning that the screen ends: the partner is not waited for, and so tells no usage."""
    seen, about = {}, None
    for chunk in client(gate, CN).chat.completions.create(
            model="assistant.chat", messages=ASK, stream=True, **REASON):
        about = (chunk.model_extra or {}).get("yumen") or about
        for choice in chunk.choices:
            one = seen.setdefault(choice.index, Seen())
            one.text += choice.delta.content or ""
            one.reasoning += (choice.delta.model_extra or {}).get("reasoning_content") or ""
            one.finish = choice.finish_reason
    return seen, about


@pytest.mark.parametrize("stream", [True, False])
def test_tokens_in_the_reasoning_become_values_again(gate, stream):
    body = {"model": "assistant.chat", "prompt_cache_key": "one", "enable_thinking": True}
    asked_before = gate.post("/v1/chat/completions", {
        "model": "assistant.chat", "prompt_cache_key": "one", "messages": [{"role": "user", "content": f"Ring {PHONE}."}]},
        key=CN)
    assert asked_before.status == 200, asked_before.text
    token = TOKEN.findall(asked(gate))[-1]
    script(gate, {"text": "Done.", "reasoning": f"They gave {token}, I think."})
    turns = [{"role": "user", "content": f"Ring {PHONE}."}]
    answer = gate.post("/v1/chat/completions", {**body, "messages": turns, "stream": stream}, key=CN)
    assert answer.status == 200, answer.text
    if stream:
        lines = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
        deltas = [choice["delta"] for line in lines for choice in line["choices"]]
        thought = "".join(delta.get("reasoning_content") or "" for delta in deltas)
    else:
        thought = answer.json["choices"][0]["message"]["reasoning_content"]
    assert thought == f"They gave {PHONE}, I think."


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("key", [CN, US])
def test_each_choice_is_screened_for_itself_although_they_come_between_each_other(gate, key, stream):
    script(gate, {"text": "Here is the red lamp, and nothing more.",
                  "others": ["Now there is the red lantern, too.", "A lantern, red."]})
    seen, about, usage = ask(gate, key, stream, n=3)
    assert sorted(seen) == [0, 1, 2]
    assert seen[0].text.endswith("Here is the red lamp, and nothing more.")
    assert seen[1].text.endswith("Now there is the ⟦lantern⟧, too.")
    assert seen[2].text.endswith("A lantern, red.")
    assert [seen[index].finish for index in range(3)] == ["stop"] * 3
    assert notices(about) == [("lanterns.red", 1, None, 1)]
    assert usage.total_tokens > 0 and about["label"]["visible"]
    gate.verify(about)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("refused", [0, 1])
@pytest.mark.parametrize("key", [CN, US])
def test_a_choice_that_is_refused_ends_and_the_other_goes_on(gate, key, stream, refused):
    texts = ["The lamp is green, as it was.", "The lamp is green, as it was."]
    texts[refused] = "Behind the gold gate the lamps are green."
    script(gate, {"text": texts[0], "others": texts[1:]})
    seen, about, _ = ask(gate, key, stream, n=2)
    assert seen[refused].finish == "content_filter" and "gate" not in seen[refused].text
    assert seen[1 - refused].finish == "stop"
    assert seen[1 - refused].text.endswith("The lamp is green, as it was.")
    assert notices(about) == [("lanterns.gate", refused, None, 1)]


def test_only_if_every_choice_is_refused_a_whole_answer_is(gate):
    script(gate, {"text": "A gold gate.", "others": ["Two: a gold gate."]})
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        ask(gate, US, False, n=2)
    assert refused.value.code == "screen_refused"


@pytest.mark.parametrize("stream", [True, False])
def test_tool_calls_of_each_choice_are_told_apart(gate, stream):
    tool = {"type": "function", "function": {"name": "light", "parameters": {"type": "object"}}}
    script(gate, {"calls": [{"name": "light", "arguments": {"what": "the red lantern"}}]})
    answer = client(gate, US).chat.completions.create(
        model="assistant.chat", messages=ASK, tools=[tool], n=2, stream=stream)
    arguments = ""
    if stream:
        for chunk in answer:
            for choice in chunk.choices:
                for call in choice.delta.tool_calls or []:
                    assert choice.index == 0
                    arguments += call.function.arguments or ""
    else:
        arguments = answer.choices[0].message.tool_calls[0].function.arguments
    assert json.loads(arguments) == {"what": "the ⟦lantern⟧"}


@pytest.mark.parametrize("key, n, code, param", [
    (US, 0, "input_invalid", "n"), (US, 9, "input_invalid", "n"), (CN, 5, "model_not_capable", "n")])
def test_a_number_that_nobody_gives_is_refused_by_name(gate, key, n, code, param):
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        ask(gate, key, False, n=n)
    assert (refused.value.code, refused.value.param) == (code, param)


@pytest.mark.parametrize("more", [
    {"tools": [{"type": "function", "function": {"name": "light", "parameters": {"type": "object"}}}]}, REASON])
def test_several_choices_are_not_asked_of_a_model_that_gives_one_with_tools_or_reasoning(gate, more):
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        ask(gate, CN, False, n=2, **more)
    assert (refused.value.code, refused.value.param) == ("model_not_capable", "n")
    assert len(ask(gate, CN, False, **more)[0]) == 1


@pytest.fixture
def judged(tmp_path):
    """An American gate over one emulated partner that gives several choices, with a judge of what is answered."""
    guard = Guard()
    emulators = subprocess.Popen(
        [program("yumen-emulators", "YUMEN_EMULATORS_BIN"), "--partner", "openai=127.0.0.1:0"],
        stdout=subprocess.PIPE, text=True)
    with contextlib.ExitStack() as stack:
        stack.callback(guard.close)
        stack.callback(emulators.wait, timeout=10)
        stack.callback(emulators.terminate)
        partner = json.loads(emulators.stdout.readline())["openai"]

        def run(more):
            (tmp_path / "partners.key").write_text("sk-any\n")
            config = tmp_path / "yumen.toml"
            config.write_text(
                f'[server]\nlisten = "127.0.0.1:0"\ndata_dir = "data"\nprovider = "{PROVIDER}"\n'
                f'\n[[partner]]\nid = "openai"\nbase_url = "{partner}/v1"\nregion = "US"\n'
                'key = { file = "partners.key" }\nemulated = true\n'
                + judge(guard, 'directions = ["output"]\n' + more, region="US"))
            made = yumen("--json", "keys", "add", "--config", config, "--name", "phone", "--profile", "us")
            _, told = stack.enter_context(running("serve", "--config", config))
            gate = Gate(told["gate"], tmp_path / "data", told)
            return gate, json.loads(made.stdout)["secret"], guard, partner

        yield run


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("when", ["before", "beside"])
def test_a_judge_reads_each_choice_and_ends_only_the_one_it_means(judged, stream, when):
    gate, key, guard, partner = judged(f'when = "{when}"')
    guard.say = flags("thunder")
    own(partner, "PUT", "answers", [{"text": "Lanterns. They are green, all of them, in every street.",
                                     "others": ["Thunder? Listen to the thunder over the market."]}])
    seen, about, _ = ask(gate, key, stream, n=2)
    assert seen[0].finish == "stop" and seen[0].text.endswith("in every street.")
    assert seen[1].finish == "content_filter"
    told = [notice for notice in about["notices"] if notice["code"] == "judge.guard.storms"]
    assert [notice["choice"] for notice in told] == [1]
    if when == "before" or not stream:
        assert "thunder" not in seen[1].text
    assert not any("green" in text and "thunder" in text for text in guard.windows()), "no window mixes choices"

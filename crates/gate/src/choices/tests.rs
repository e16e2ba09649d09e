//! Choices and reasoning in pieces, however they come between each other, are the same as in one piece.

use std::collections::BTreeMap;

use proptest::prelude::*;
use yumen_screen::Pack;
use yumen_wire::{Alternative, Completion};

use super::*;

const PACK: &str = r#"
id = "lanterns"
version = "1"
source = "invented"

[[rule]]
id = "lanterns.red"
phrases = ["red lantern"]
placeholder = "lantern"
actions = { to_partner = "allow", from_partner = "mask", to_device = "allow", from_device = "allow" }
text = { en = "A lantern was masked.", zh = "已遮盖灯笼。" }
source = "invented"

[[rule]]
id = "lanterns.bell"
phrases = ["brass bell"]
placeholder = "bell"
actions = { to_partner = "allow", from_partner = "stop", to_device = "allow", from_device = "allow" }
text = { en = "The answer ends at a bell.", zh = "回答到铃为止。" }
source = "invented"

[[rule]]
id = "lanterns.gate"
phrases = ["gold gate"]
placeholder = "gate"
actions = { to_partner = "allow", from_partner = "refuse", to_device = "allow", from_device = "allow" }
text = { en = "No gold gates.", zh = "不可有金门。" }
source = "invented"
"#;

fn screen() -> Arc<Screen> {
    Arc::new(Screen::new(vec![Pack::parse(PACK).unwrap()]).unwrap())
}

fn choices(wanted: Wanted, most: usize) -> Choices {
    Choices::new(&screen(), Restoring::nothing(), wanted, false, most)
}

const BOTH: Wanted = Wanted { choices: 2, reasoning: true };

/// What a person sees of one choice.
#[derive(Clone, Debug, Default, PartialEq)]
struct Seen {
    text: String,
    reasoning: String,
    calls: String,
    finish: Option<FinishReason>,
    notices: BTreeMap<(String, bool), u32>,
}

/// Puts together what was said, by choice.
fn seen(said: Vec<Said>) -> BTreeMap<u32, Seen> {
    let mut all: BTreeMap<u32, Seen> = BTreeMap::new();
    for one in said {
        match one {
            Said::Text { choice, text } => {
                all.entry(choice).or_default().text += text.get();
            }
            Said::Reasoning { choice, text } => {
                all.entry(choice).or_default().reasoning += text.get();
            }
            Said::ToolCall { choice, call } => {
                let arguments = call.arguments.map(Screened::into_inner).unwrap_or_default();
                all.entry(choice).or_default().calls += &arguments;
            }
            Said::Finish { choice, reason } => {
                let before = all.entry(choice).or_default().finish.replace(reason);
                assert_eq!(before, None, "a choice ends once");
            }
            Said::Notice(notice) => note(&mut all, &notice),
            Said::Revised(_) | Said::Restart => panic!("this client cannot take back"),
            Said::Usage(_) => {}
        }
    }
    all
}

fn note(all: &mut BTreeMap<u32, Seen>, notice: &Notice) {
    let thought = notice.part == Some(Part::Reasoning);
    let place = (notice.code.clone(), thought);
    let choice = all.entry(notice.choice.unwrap_or(0)).or_default();
    *choice.notices.entry(place).or_default() += notice.count;
}

/// What an answer in one piece comes to.
fn whole(completion: Completion) -> Option<BTreeMap<u32, Seen>> {
    let (answer, notices) = screen().answer(completion, FromPartner).ok()?;
    let answer = answer.into_inner();
    let mut all = BTreeMap::new();
    let first = (answer.text, answer.reasoning, answer.finish);
    let others = answer.others.into_iter().map(|o| (o.text, o.reasoning, o.finish));
    for (number, (text, reasoning, finish)) in (0..).zip([first].into_iter().chain(others)) {
        all.insert(number, Seen { text, reasoning, finish: Some(finish), ..Seen::default() });
    }
    for notice in &notices {
        note(&mut all, notice);
    }
    Some(all)
}

/// One piece: of which choice, whether it is reasoning, and its text.
type Piece = (u32, bool, String);

/// Hears pieces as a partner sends them.
fn streamed(choices: &mut Choices, pieces: &[Piece]) -> Vec<Said> {
    let (now, mut out, mut current) = (Instant::now(), Vec::new(), 0);
    for (choice, thought, text) in pieces {
        if *choice != current {
            current = *choice;
            choices.hear(Event::Choice(current), now, &mut out);
        }
        let event = if *thought { Event::Reasoning } else { Event::Text };
        choices.hear(event(text.clone()), now, &mut out);
    }
    for choice in 0..2 {
        choices.hear(Event::Choice(choice), now, &mut out);
        choices.hear(Event::Finish(FinishReason::Stop), now, &mut out);
    }
    out
}

/// A text of words, of which some mean something to the screen.
fn text(words: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(words), 0..6).prop_map(|words| words.join(" "))
}

/// A text cut anywhere.
fn cut(text: &str, cuts: &[prop::sample::Index]) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(chars.len() + 1)).collect();
    places.extend([0, chars.len()]);
    places.sort_unstable();
    let pieces = places.windows(2).map(|ends| chars[ends[0]..ends[1]].iter().collect::<String>());
    pieces.filter(|piece| !piece.is_empty()).collect()
}

/// Several rows of pieces as one, each in its own order; `turns` says whose piece comes next.
fn woven(rows: Vec<Vec<Piece>>, turns: &[prop::sample::Index]) -> Vec<Piece> {
    let mut rows: Vec<_> = rows.into_iter().map(|row| row.into_iter().peekable()).collect();
    let mut all = Vec::new();
    let mut turns = turns.iter().cycle();
    loop {
        rows.retain_mut(|row| row.peek().is_some());
        if rows.is_empty() {
            return all;
        }
        let at = turns.next().map_or(0, |turn| turn.index(rows.len()));
        all.extend(rows[at].next());
    }
}

const WORDS: &[&str] = &[
    "red",
    "lantern",
    "red lantern",
    "Red\u{200b} Lantern",
    "lan",
    "tern",
    "brass bell",
    "gold gate",
    "gold",
    "gate",
    "a",
    "灯",
];

fn completion(texts: &[String]) -> Completion {
    let [text, reasoning, other, thought] = texts else {
        panic!("two choices with two texts each")
    };
    Completion {
        text: text.clone(),
        reasoning: reasoning.clone(),
        others: vec![Alternative {
            text: other.clone(),
            reasoning: thought.clone(),
            tool_calls: Vec::new(),
            finish: FinishReason::Stop,
        }],
        ..Completion::new(FinishReason::Stop)
    }
}

/// The texts of [`completion`], by choice and kind, in pieces.
fn rows(texts: &[String], cuts: &[prop::sample::Index]) -> Vec<Vec<Piece>> {
    let places = [(0, false), (0, true), (1, false), (1, true)];
    let row = |((choice, thought), text): ((u32, bool), &String)| {
        cut(text, cuts).into_iter().map(|piece| (choice, thought, piece)).collect()
    };
    places.into_iter().zip(texts).map(row).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    /// A model thinks before it speaks; its choices come between each other in any way.
    #[test]
    fn text_and_reasoning_of_two_choices_are_the_same_however_they_are_cut_and_woven(
        texts in prop::collection::vec(text(WORDS), 4),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
        turns in prop::collection::vec(any::<prop::sample::Index>(), 1..40),
    ) {
        let mut choices = choices(BOTH, 10_000);
        let mut rows = rows(&texts, &cuts).into_iter();
        let mut next = || rows.next().unwrap();
        let (text, thought, other, other_thought) = (next(), next(), next(), next());
        let both = vec![[thought, text].concat(), [other_thought, other].concat()];
        let came = seen(streamed(&mut choices, &woven(both, &turns)));
        prop_assert!(choices.is_over());
        let refused = |seen: &Seen| seen.notices.keys().any(|(code, _)| code == "lanterns.gate");
        let Some(whole) = whole(completion(&texts)) else {
            prop_assert!(came.values().all(refused));
            return Ok(());
        };
        for (number, whole) in whole {
            let came = &came[&number];
            prop_assert_eq!(&came.finish, &whole.finish);
            if refused(&whole) {
                let shown = format!("{}|{}", came.reasoning, came.text);
                prop_assert!(refused(came) && !shown.contains("gold gate"));
            } else {
                prop_assert_eq!(came, &whole);
            }
        }
    }
}

#[test]
fn what_is_thought_is_decided_before_anything_that_is_said_is_shown() {
    let pieces: Vec<Piece> = vec![
        (0, true, "Behind the gold gate".to_owned()),
        (0, false, "Hello.".to_owned()),
        (1, true, "A red lan".to_owned()),
        (1, false, "Hello".to_owned()),
        (1, true, "tern.".to_owned()),
    ];
    let came = seen(streamed(&mut choices(BOTH, 10_000), &pieces));
    assert_eq!(
        (came[&0].text.as_str(), &came[&0].finish),
        ("", &Some(FinishReason::ContentFilter))
    );
    // Thoughts with words between them are never read as one.
    assert_eq!(
        (came[&1].text.as_str(), came[&1].reasoning.as_str()),
        ("Hello", "A red lan\n\ntern.")
    );
}

#[test]
fn what_nobody_asked_for_is_not_shown() {
    let pieces: Vec<Piece> = vec![
        (0, true, "A thought.".to_owned()),
        (0, false, "A word.".to_owned()),
        (1, false, "Another.".to_owned()),
    ];
    let mut plain = choices(Wanted { choices: 1, reasoning: false }, 10_000);
    let came = seen(streamed(&mut plain, &pieces));
    assert_eq!(came.keys().collect::<Vec<_>>(), [&0]);
    assert_eq!((came[&0].text.as_str(), came[&0].reasoning.as_str()), ("A word.", ""));
    // Another model that goes on thinks anew, which is not what led to this text.
    let mut goes_on = choices(BOTH, 10_000);
    goes_on.go_on();
    assert_eq!(seen(streamed(&mut goes_on, &pieces))[&0].reasoning, "");
}

#[test]
fn each_choice_has_its_own_limit_and_its_own_number_in_what_is_told() {
    let mut limited = choices(BOTH, 8);
    let pieces = vec![
        (0, true, "12345678".to_owned()),
        (0, false, "1234".to_owned()),
        (1, false, "123456789".to_owned()),
    ];
    let came = seen(streamed(&mut limited, &pieces));
    assert_eq!((came[&0].text.as_str(), came[&0].reasoning.as_str()), ("1234", "12345678"));
    assert_eq!(came[&0].finish, Some(FinishReason::Stop));
    assert_eq!((came[&1].text.as_str(), &came[&1].finish), ("", &Some(FinishReason::Length)));
    assert_eq!(came[&1].notices.keys().next().unwrap().0, "output.limit");
    assert_eq!(limited.fewer(), None);
}

#[test]
fn fewer_choices_than_asked_for_are_told() {
    let mut choices = choices(BOTH, 8);
    let mut out = Vec::new();
    choices.hear(Event::Finish(FinishReason::Stop), Instant::now(), &mut out);
    assert!(!choices.is_over());
    assert_eq!(choices.fewer().map(|notice| notice.count), Some(1));
}

#[test]
fn what_is_held_back_goes_out_in_time_whoever_else_speaks() {
    let mut choices = choices(BOTH, 10_000);
    let (begun, mut out) = (Instant::now(), Vec::new());
    assert_eq!(choices.due(), None);
    choices.hear(Event::Reasoning("It is red lan".to_owned()), begun, &mut out);
    assert_eq!(choices.due(), Some(begun + PATIENCE));
    let later = begun + PATIENCE;
    choices.hear(Event::Choice(1), later, &mut out);
    choices.hear(Event::Text("so red ".to_owned()), later, &mut out);
    choices.overdue(later, &mut out);
    let came = seen(std::mem::take(&mut out));
    assert_eq!(came[&0].reasoning, "It is red lan");
    assert_eq!(choices.due(), Some(later + PATIENCE), "the other choice's is not due yet");
    // What completes a match now is given no more of.
    choices.hear(Event::Choice(0), later, &mut out);
    choices.hear(Event::Reasoning("tern.".to_owned()), later, &mut out);
    choices.hear(Event::Finish(FinishReason::Stop), later, &mut out);
    let rest = &seen(out)[&0];
    assert_eq!(rest.reasoning, "⟦lantern⟧.");
    assert_eq!(
        rest.notices.keys().next().map(|(code, thought)| (code.as_str(), *thought)),
        Some(("lanterns.red", true))
    );
}

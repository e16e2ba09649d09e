//! What must hold for a text that is screened in chunks, whatever the rules and wherever it is cut.
//!
//! The rules are of invented, harmless terms, made from the first bytes of the input; the text and the cuts from the rest.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, OnceLock};

use yumen_screen::{
    Action, Boundary, Finding, FromPartner, HOLD_LIMIT, Notice, Pack, Screen, Step,
};

const ACTIONS: [&str; 8] =
    ["detect", "tell", "mask", "replace", "pseudonymise", "retract", "stop", "refuse"];

/// What texts and terms are made of.
const LETTERS: [&str; 6] = ["包", "裹", "灯", "笼", "a", "b"];
const PIECES: [&str; 22] = [
    "包",
    "裹",
    "灯",
    "笼",
    "a",
    "b",
    " a ",
    " b ",
    " ",
    "，",
    "。",
    "\u{200b}",
    "😀",
    "é",
    "包裹",
    "灯笼",
    "\n",
    "13800138000",
    "a.b@c.com",
    "Ａ",
    "1",
    "包\u{200b}裹",
];

/// What stands where a rule replaces.
const WORDS: &str = "〔\"变\"〕";

/// How many different packs there are.
const PACKS: u64 = 512;

struct Input<'d> {
    data: &'d [u8],
}

impl Input<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.data.split_first() else { return 0 };
        self.data = rest;
        *first
    }

    fn below(&mut self, most: usize) -> usize {
        usize::from(self.byte()) % most
    }
}

/// `SplitMix64` (Steele, Lea, Flood 2014).
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).expect("it is less than a usize")
    }

    fn term(&mut self, least: usize) -> String {
        let length = least + self.below(3);
        (0..length).map(|_| LETTERS[self.below(LETTERS.len())]).collect()
    }
}

/// A pack with rules of every action, some of personal data, and some combinations.
fn pack(seed: u64) -> String {
    let mut chance = Chance(seed);
    let mut toml = "id = \"invented\"\nversion = \"1\"\nsource = \"invented\"\n".to_owned();
    let mut rule = |name: &str, action: &str, finds: &str| {
        let words = format!("replacement = {WORDS:?}\n");
        let words = if action == "replace" { words.as_str() } else { "" };
        let _ = write!(
            toml,
            "[[rule]]\nid = \"{name}\"\nplaceholder = \"{}\"\n{words}{finds}\nactions = {{ to_partner = \"{action}\", \
             from_partner = \"{action}\", to_device = \"allow\", from_device = \"allow\" }}\n\
             text = {{ en = \"Found.\", zh = \"发现。\" }}\nsource = \"invented\"\n",
            name.replace(|c: char| c.is_ascii_digit(), "x"),
        );
    };
    let mut terms = Vec::new();
    for (n, action) in ACTIONS.iter().enumerate() {
        if chance.below(3) == 0 {
            continue;
        }
        // What ends a text is rarer, so that the rest is seen too.
        let least = if matches!(*action, "stop" | "refuse") { 3 } else { 1 };
        let some: Vec<String> = (0..=chance.below(2)).map(|_| chance.term(least)).collect();
        let views = if chance.below(4) == 0 { "views = [\"repeats\"]" } else { "" };
        let name = format!("term{n}");
        rule(&name, action, &format!("phrases = {some:?}\n{views}"));
        terms.push(name);
    }
    for entity in ["cn_mobile", "email"] {
        if chance.below(2) == 0 {
            let action = ACTIONS[chance.below(ACTIONS.len())];
            rule(&format!("data_{entity}"), action, &format!("detector = \"{entity}\""));
        }
    }
    for n in 0..chance.below(3) {
        if terms.len() < 3 {
            break;
        }
        let some = |chance: &mut Chance| terms[chance.below(terms.len())].clone();
        let all = [some(&mut chance), some(&mut chance)];
        let within = match chance.below(3) {
            0 => String::new(),
            _ => format!(", within = {}", 1 + chance.below(12)),
        };
        let none = match chance.below(3) {
            0 => format!(", none = [\"{}\"]", some(&mut chance)),
            _ => String::new(),
        };
        let action = ACTIONS[chance.below(ACTIONS.len())];
        rule(
            &format!("both{n}"),
            action,
            &format!("combination = {{ all = {all:?}{within}{none} }}"),
        );
    }
    toml
}

fn screen(seed: u64) -> Arc<Screen> {
    static KNOWN: OnceLock<Mutex<HashMap<u64, Arc<Screen>>>> = OnceLock::new();
    let known = KNOWN.get_or_init(Mutex::default);
    if let Some(screen) = known.lock().expect("no check panics here").get(&seed) {
        return Arc::clone(screen);
    }
    let toml = pack(seed);
    let pack = Pack::parse(&toml).unwrap_or_else(|error| panic!("{error}\n{toml}"));
    let screen = Arc::new(Screen::new(vec![pack]).expect("the pack can be used"));
    known.lock().expect("no check panics here").insert(seed, Arc::clone(&screen));
    screen
}

/// What came of a stream: what a person sees in the end, and what they were told.
#[derive(Clone, Debug, PartialEq)]
struct Outcome {
    text: String,
    notices: BTreeMap<String, u32>,
    findings: Vec<Finding>,
    stopped: bool,
    refused: Option<String>,
}

/// How a text is streamed.
#[derive(Clone, Copy, Debug)]
struct Manner {
    revises: bool,
    json: bool,
    /// Some rule may end it.
    may_end: bool,
}

/// Streams a text that is cut at these bytes; after each chunk `overdue` says whether the time for deciding is over.
fn streamed(
    screen: &Arc<Screen>,
    text: &str,
    cuts: &[usize],
    Manner { revises, json, may_end }: Manner,
    mut overdue: impl FnMut() -> bool,
) -> Outcome {
    let mut stream = screen.stream(FromPartner);
    if revises {
        stream = stream.revising();
    }
    if json {
        stream = stream.in_json();
    }
    let mut seen = Seen::default();
    let mut from = 0;
    for cut in cuts.iter().copied().chain([text.len()]) {
        seen.take(stream.push(&text[from..cut]), revises);
        assert!(stream.held() <= HOLD_LIMIT + 64);
        from = cut;
        if overdue() {
            seen.take(stream.overdue(), revises);
            // But what is known to end the text.
            assert!(json || may_end || stream.held() == 0, "everything is given out");
        }
    }
    seen.take(stream.finish(), revises);
    assert_eq!(stream.held(), 0);
    let after = stream.push("after");
    assert!(after.text.is_none() && after.findings.is_empty() && after.refused.is_none());
    seen.findings.sort_by_key(key);
    let refused = seen.refused.is_some();
    Outcome {
        // What was shown of a refused text is taken back.
        text: if refused { String::new() } else { seen.text.into_iter().collect() },
        notices: if refused { BTreeMap::new() } else { seen.notices },
        findings: seen.findings,
        stopped: seen.stopped,
        refused: seen.refused,
    }
}

fn key(finding: &Finding) -> (usize, usize, String) {
    (finding.span.bytes.start, finding.span.bytes.end, finding.rule.to_string())
}

/// What a client has.
#[derive(Default)]
struct Seen {
    text: Vec<char>,
    notices: BTreeMap<String, u32>,
    findings: Vec<Finding>,
    stopped: bool,
    refused: Option<String>,
}

impl Seen {
    fn ended(&self) -> bool {
        self.stopped || self.refused.is_some()
    }

    fn take(&mut self, step: Step<FromPartner>, revises: bool) {
        assert!(
            !self.ended() || (step.text.is_none() && step.revisions.is_empty()),
            "it had ended"
        );
        assert!(revises || step.revisions.is_empty());
        for revision in step.revisions {
            let utf16 = |end: usize| self.text[..end].iter().map(|c| c.len_utf16()).sum::<usize>();
            let chars = revision.chars;
            assert_eq!(utf16(chars.start)..utf16(chars.end), revision.utf16);
            self.text.splice(chars, revision.text.get().chars());
        }
        if let Some(text) = step.text {
            assert!(!text.get().is_empty());
            self.text.extend(text.get().chars());
        }
        self.findings.extend(step.findings);
        self.stopped |= step.stopped;
        count(step.notices, &mut self.notices);
        if let Some(refusal) = step.refused {
            self.refused = Some(refusal.notices[0].code.clone());
        }
    }
}

fn count(notices: Vec<Notice>, counts: &mut BTreeMap<String, u32>) {
    for notice in notices {
        *counts.entry(notice.code).or_insert(0) += notice.count;
    }
}

/// A text in chunks is the text in one piece, for every action and every cut, also when the time for deciding runs out.
pub(crate) fn screen_stream(data: &[u8]) {
    let mut input = Input { data };
    let seed = (u64::from(input.byte()) << 8 | u64::from(input.byte())) % PACKS;
    let screen = screen(seed);
    let text: String = (0..input.below(40)).map(|_| PIECES[input.below(PIECES.len())]).collect();
    let mut cuts: Vec<usize> = (0..input.below(8)).map(|_| input.below(text.len() + 1)).collect();
    for cut in &mut cuts {
        *cut = text.floor_char_boundary(*cut);
    }
    cuts.sort_unstable();
    let whole = whole_text(&screen, &text, seed);
    let rules = pack(seed);
    let may_end = [" = \"stop\"", " = \"refuse\""].iter().any(|action| rules.contains(action));
    for revises in [true, false] {
        // What cannot be taken back ends the text.
        let may_end = may_end || !revises && rules.contains(" = \"retract\"");
        let manner = Manner { revises, json: false, may_end };
        let at_once = streamed(&screen, &text, &[], manner, || false);
        if revises {
            // A stream finds nothing behind its end.
            let ended = at_once.stopped || at_once.refused.is_some();
            assert!(at_once.findings.iter().all(|found| whole.findings.contains(found)));
            let findings = if ended { &at_once.findings } else { &whole.findings };
            let whole = Outcome { findings: findings.clone(), ..whole.clone() };
            assert_eq!(at_once, whole, "{text:?}\n{}", pack(seed));
        }
        let same = |cuts: &[usize]| {
            let cut = streamed(&screen, &text, cuts, manner, || false);
            assert_eq!(cut, at_once, "{text:?} {cuts:?} {manner:?}\n{}", pack(seed));
        };
        same(&cuts);
        let every: Vec<usize> = text.char_indices().map(|(at, _)| at).collect();
        same(&every);
        if text.chars().count() <= 16 {
            for cut in &every {
                same(&[*cut]);
            }
        }
        let mut impatient = |cuts: &[usize]| {
            let late = streamed(&screen, &text, cuts, manner, || input.byte() & 1 == 1);
            if revises {
                assert_eq!(late, at_once, "{text:?} {cuts:?} overdue\n{}", pack(seed));
            } else {
                let told = Outcome { text: at_once.text.clone(), ..late.clone() };
                assert_eq!(told, at_once, "{text:?} {cuts:?} overdue\n{}", pack(seed));
                let missing = missing(&at_once.text, &late.text);
                assert_eq!(missing, None, "{text:?} {cuts:?} gave {late:?}\n{}", pack(seed));
            }
        };
        impatient(&cuts);
        impatient(&every);
    }
}

/// The whole text, as [`Screen::inspect`] and [`Screen::whole`] say.
fn whole_text(screen: &Screen, text: &str, seed: u64) -> Outcome {
    let inspection = screen.inspect(text, Boundary::FromPartner);
    let mut notices = BTreeMap::new();
    let (passed, refused) = match screen.whole(text.to_owned(), FromPartner) {
        Ok((screened, told)) => {
            count(told, &mut notices);
            (screened.into_inner(), None)
        }
        Err(refusal) => (String::new(), Some(refusal.notices[0].code.clone())),
    };
    assert_eq!(passed, inspection.text);
    let mut findings = inspection.findings;
    findings.sort_by_key(key);
    for found in &findings {
        let span = &found.span;
        let part = &text[span.bytes.clone()];
        assert_eq!(text[..span.bytes.start].chars().count(), span.chars.start);
        assert_eq!(text[..span.bytes.start].encode_utf16().count(), span.utf16.start);
        assert_eq!(part.chars().count(), span.chars.len());
        assert_eq!(part.encode_utf16().count(), span.utf16.len());
    }
    let stopped = refused.is_none() && findings.iter().any(|found| found.action == Action::Stop);
    if refused.is_none()
        && !text.contains(&"\u{200b}".repeat(9))
        && let Some(rewritten) = rewritten(text, &findings, &pack(seed))
    {
        assert_eq!(rewritten, passed, "{text:?}\n{}", pack(seed));
    }
    Outcome { text: passed, notices, findings, stopped, refused }
}

/// What the findings make of a text, written down a second time and plainly. `None` where something is taken back later, whose
/// order the findings do not say.
fn rewritten(text: &str, findings: &[Finding], toml: &str) -> Option<String> {
    let ends = |found: &Finding| found.action >= Action::Stop;
    let place = |found: &Finding| toml.find(&format!("id = \"{}\"", found.rule));
    let mut findings: Vec<&Finding> = findings.iter().collect();
    if findings.iter().any(|f| f.kind == "combination" && f.action == Action::Retract) {
        return None;
    }
    findings.sort_by_key(|f| (f.span.bytes.start, !ends(f), Reverse(f.span.bytes.end), place(f)));
    let (mut out, mut at, mut end) = (String::new(), 0, text.len());
    for found in findings.into_iter().filter(|found| found.action >= Action::Mask) {
        let span = &found.span.bytes;
        if ends(found) {
            end = span.start;
            break;
        }
        if span.start >= at {
            out.push_str(&text[at..span.start]);
            let name = found.rule.replace(|c: char| c.is_ascii_digit(), "x");
            let words =
                if found.action == Action::Replace { WORDS } else { &format!("⟦{name}⟧") };
            out.push_str(words);
        }
        at = at.max(span.end);
    }
    out.push_str(&text[at.min(end)..end]);
    Some(out)
}

/// What of a text that was decided in time is missing in one that was not: the first character that was to be shown.
fn missing(expected: &str, late: &str) -> Option<char> {
    let mut late = late.chars();
    let mut inside = false;
    expected.chars().find(|c| {
        let replaced = inside || matches!(c, '⟦' | '〔');
        inside = replaced && !matches!(c, '⟧' | '〕');
        !replaced && !late.any(|given| given == *c)
    })
}

/// Arguments of a tool call stay JSON, whatever is replaced in them and wherever they are cut, and an escape hides nothing.
pub(crate) fn screen_arguments(data: &[u8]) {
    let mut input = Input { data };
    let seed = (u64::from(input.byte()) << 8 | u64::from(input.byte())) % PACKS;
    let screen = screen(seed);
    let mut json = String::from("{");
    let mut said = Vec::new();
    for n in 0..=input.below(3) {
        let _ = write!(json, "{}\"k{n}\": ", if n > 0 { "," } else { "" });
        if input.below(4) == 0 {
            json.push_str(
                ["13800138000", "-1.5e3", "true", "13800138000.0", "[1, null]"][input.below(5)],
            );
            continue;
        }
        let value: String =
            (0..input.below(12)).map(|_| PIECES[input.below(PIECES.len())]).collect();
        json.push('"');
        for c in value.chars() {
            match c {
                '\n' => json.push_str("\\n"),
                _ if input.below(3) == 0 => {
                    for unit in c.encode_utf16(&mut [0; 2]) {
                        let _ = write!(json, "\\u{unit:04x}");
                    }
                }
                _ => json.push(c),
            }
        }
        json.push('"');
        said.push(value);
    }
    json.push('}');
    let manner = Manner { revises: false, json: true, may_end: true };
    let at_once = streamed(&screen, &json, &[], manner, || false);
    let every: Vec<usize> = json.char_indices().map(|(at, _)| at).collect();
    let mut some: Vec<usize> = (0..input.below(8)).map(|_| input.below(json.len() + 1)).collect();
    for cut in &mut some {
        *cut = json.floor_char_boundary(*cut);
    }
    some.sort_unstable();
    for cuts in [&every, &some] {
        let cut = streamed(&screen, &json, cuts, manner, || false);
        assert_eq!(cut, at_once, "{json} {cuts:?}\n{}", pack(seed));
    }
    if at_once.stopped || at_once.refused.is_some() {
        return;
    }
    let read = serde_json::from_str::<serde_json::Value>(&at_once.text);
    assert!(read.is_ok(), "{json} became {}\n{}", at_once.text, pack(seed));
    // Each rule finds in the values what it finds in them by themselves.
    let hits = |findings: &[Finding]| {
        let alone = findings.iter().filter(|f| f.kind == "phrase");
        let mut hits: Vec<String> = alone.map(|found| found.rule.to_string()).collect();
        hits.sort();
        hits
    };
    let mut by_value: Vec<String> = Vec::new();
    for value in &said {
        by_value.extend(hits(&screen.inspect(value, Boundary::FromPartner).findings));
    }
    by_value.sort();
    assert_eq!(hits(&at_once.findings), by_value, "{json}\n{}", pack(seed));
}

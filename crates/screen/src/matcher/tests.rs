//! The matcher against a plain one that tries every part of a text, and what people would expect of the views.

use std::sync::Arc;

use super::{Guards, Matcher, MatcherState, Term, TermMatch, View, Views, naive, pinyin};
use crate::normal::{Glyph, LOOK_BACK, Normaliser, Window};

fn glyphs(text: &str) -> Vec<Glyph> {
    let mut out = Vec::new();
    Normaliser::default().push(text, &mut out);
    out
}

/// What is found in a text read at once, as the parts of the text, in their order.
fn found<'t>(matcher: &Matcher, text: &'t str) -> Vec<&'t str> {
    let glyphs = glyphs(text);
    let mut found = Vec::new();
    matcher.scan(&Window::new(&glyphs, true), &mut MatcherState::default(), &mut found);
    found.sort_unstable_by_key(|found| (found.start, found.end));
    found.iter().map(|m| &text[glyphs[m.start].start..glyphs[m.end - 1].end]).collect()
}

fn one(term: &str, views: &[View]) -> Matcher {
    let views: Views = views.iter().copied().collect();
    Matcher::new(&[Term { views, ..Term::plain(term, 0) }]).unwrap()
}

#[test]
fn terms_are_found_whatever_their_case_width_script_and_the_spaces_in_them() {
    let terms = ["lost parcel", "包裹", "包裹单", "parcel"];
    let terms: Vec<Term> = terms.iter().zip(0..).map(|(term, id)| Term::plain(term, id)).collect();
    let matcher = Matcher::new(&terms).unwrap();
    assert_eq!(
        found(&matcher, "A LOST\n par-cel, Ｐａｒｃｅｌ рarсel"),
        ["LOST\n par-cel", "par-cel", "Ｐａｒｃｅｌ", "рarсel"]
    );
    assert_eq!(found(&matcher, "請填包裹單，包 \u{200b}裹。"), ["包裹", "包裹單", "包 \u{200b}裹"]);
    assert_eq!(
        found(&matcher, "parcels, unparcel, lost. parcel; 我parcel你, 1parcel"),
        ["parcel", "parcel"]
    );
    assert!(found(&matcher, "包。裹 lostparcels").is_empty());
}

#[test]
fn a_russian_sentence_has_no_english_words() {
    let matcher = one("cop", &[]);
    assert!(found(&matcher, "Это сор, уберите его").is_empty());
    assert!(found(&matcher, "Сор вынесли из избы").is_empty());
    assert_eq!(found(&matcher, "call a сор now"), ["сор"]);
    assert_eq!(found(&matcher, "Это сop, уберите его"), ["сop"]);
}

#[test]
fn each_view_finds_its_ways_of_writing_and_no_others() {
    let parcel = one("parcel", &[View::Leet]);
    assert_eq!(
        found(&parcel, "p4rce1 p@rc3l parcel PARC€L p4rcels bob@parcel"),
        ["p4rce1", "p@rc3l", "parcel", "parcel"]
    );
    assert!(found(&parcel, "parcei bobp@rcel").is_empty());
    let parcel = one("parcel", &[View::Repeats]);
    assert_eq!(found(&parcel, "parrrcelll pparcel parcels"), ["parrrcelll", "pparcel"]);
    assert!(found(&one("good", &[View::Repeats]), "a god").is_empty());
    assert_eq!(
        found(&one("good", &[View::Repeats]), "goood dog, go-od gooddd"),
        ["goood", "go-od", "gooddd"]
    );
    let spaced = one("包裹", &[View::Separated]);
    assert_eq!(found(&spaced, "包.裹 包。。裹 包x裹"), ["包.裹", "包。。裹"]);
    let spaced = one("parcel", &[View::Separated]);
    assert_eq!(found(&spaced, "p.a.r.c.e.l"), ["p.a.r.c.e.l"]);
    let number = one("三号包裹", &[View::Numerals]);
    assert_eq!(
        found(&number, "叁号包裹 3号包裹 ③號包裹 23号包裹 三号包裹"),
        ["叁号包裹", "3号包裹", "③號包裹", "三号包裹"]
    );
    let spelled = one("包裹", &[View::Pinyin]);
    assert_eq!(
        found(&spelled, "寄baoguo, bao裹 包guo bao guo包裹 报国 报guo"),
        ["baoguo", "bao裹", "包guo", "bao guo", "包裹"]
    );
    assert!(found(&spelled, "baoguos xbaoguo").is_empty());
    let sounds = one("包裹", &[View::Homophones]);
    assert_eq!(found(&sounds, "报国 报guo 宝果树"), ["报国", "报guo", "宝果"]);
    let initials = one("包裹", &[View::Initials]);
    assert_eq!(found(&initials, "寄bg吗 BG b-g 包裹 bgs abg 报国"), ["bg", "BG", "b-g", "包裹"]);
}

#[test]
fn what_stands_around_a_term_can_take_it_out() {
    let guards = Guards {
        not_after: vec!["do not".into(), "别".into()],
        not_before: vec!["of cards".into()],
        exceptions: vec!["红灯笼裤".into(), "灯笼鱼".into()],
    };
    let term = |text, id| Term { guards: Arc::new(guards.clone()), ..Term::plain(text, id) };
    let matcher = Matcher::new(&[term("drop", 0), term("灯笼", 1)]).unwrap();
    assert_eq!(
        found(&matcher, "do not drop, don't drop, drop of cards, drop of card"),
        ["drop", "drop"]
    );
    assert_eq!(found(&matcher, "别灯笼 红灯笼裤 绿灯笼裤 灯笼-鱼 灯笼"), ["灯笼", "灯笼"]);
}

#[test]
fn what_cannot_be_looked_for_is_named() {
    let reason = |term: &str| Matcher::new(&[Term::plain(term, 0)]).unwrap_err().to_string();
    assert_eq!(reason("-/ "), "`-/ `: it has no letter or digit");
    assert!(reason(&"a".repeat(129)).ends_with("it is longer than 128 characters"));
}

/// Numbers that look random, the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ mixed >> 31) >> 32).unwrap() % limit
    }

    fn of<'a, T: ?Sized>(&mut self, all: &[&'a T]) -> &'a T {
        all[self.below(all.len())]
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 0
    }
}

const LETTERS: [&str; 12] = ["a", "b", "l", "i", "o", "g", "u", "e", "1", "0", "c", "p"];
const HANZI: [&str; 12] = ["包", "裹", "报", "国", "行", "银", "一", "壹", "三", "长", "過", "灯"];
const MARKS: [&str; 22] = [
    " ",
    "-",
    ".",
    "。",
    "!",
    "@",
    "$",
    "|",
    "\n",
    "\u{200b}",
    "\u{301}",
    ",",
    "Ａ",
    "а",
    "о",
    "с",
    "д",
    "㎏",
    "ﬁ",
    "🙂",
    "é",
    "\u{1d41b}",
];

/// A term has too many ways to be written if nearly all of it repeats, or is an l: then not all are looked for.
fn has_too_many_ways(text: &str) -> bool {
    let repeated = text.chars().zip(text.chars().skip(1)).filter(|(a, b)| a == b).count();
    repeated > 3 || text.matches('l').count() > 3
}

fn term(dice: &mut Dice, id: u32) -> Term {
    let mut text = String::new();
    let hanzi = dice.below(3);
    for _ in 0..=dice.below(4) {
        let of: &[&str] = if dice.below(3) < hanzi { &HANZI } else { &LETTERS };
        text += dice.of(of);
        if dice.chance(8) {
            text += dice.of(&[" ", "-", ".", "@", "!"]);
        }
        if dice.chance(6)
            && let Some(last) = text.chars().next_back()
        {
            text.push(last);
        }
    }
    if has_too_many_ways(&text) {
        return term(dice, id);
    }
    let all = [
        View::Leet,
        View::Repeats,
        View::Separated,
        View::Numerals,
        View::Pinyin,
        View::Homophones,
        View::Initials,
    ];
    let often = 1 + dice.below(4);
    let views = all.into_iter().filter(|_| dice.chance(often)).collect();
    let mut guards = Guards::default();
    if dice.chance(4) {
        guards.not_after.push(dice.of(&["包", "l", "a b"]).to_owned());
    }
    if dice.chance(4) {
        guards.not_before.push(dice.of(&["国", "i", "1-o"]).to_owned());
    }
    if dice.chance(4) {
        let (before, after) = (dice.of(&HANZI), dice.of(&LETTERS));
        guards.exceptions.push(format!("{before}{text}{after}"));
        guards.exceptions.push(format!("{text}{before}"));
    }
    let views = if dice.chance(3) { Views::NONE } else { views };
    Term { text, id, views, words: !dice.chance(3), guards: Arc::new(guards) }
}

/// Text in which terms stand, whole, spoilt, or written otherwise.
fn text(dice: &mut Dice, terms: &[Term]) -> String {
    let mut text = String::new();
    for _ in 0..dice.below(9) {
        match dice.below(5) {
            0 => text += dice.of(&MARKS),
            1 => text += dice.of(&LETTERS),
            2 => text += dice.of(&HANZI),
            _ => {
                let term = &terms[dice.below(terms.len())].text;
                let spoil = 2 + dice.below(8);
                for c in term.chars() {
                    let mut c = c.to_string();
                    if dice.chance(spoil) {
                        c = spoilt(dice, &c);
                    }
                    text += &c;
                    if dice.chance(2 * spoil) {
                        text += dice.of(&MARKS);
                    }
                }
            }
        }
    }
    text
}

fn spoilt(dice: &mut Dice, c: &str) -> String {
    let one = c.chars().next().unwrap_or(' ');
    let readings: Vec<&str> = pinyin::all(one).collect();
    match dice.below(6) {
        0 => c.repeat(1 + dice.below(3)),
        1 if !readings.is_empty() => readings[dice.below(readings.len())].to_owned(),
        2 if !readings.is_empty() => readings[0][..1].to_owned(),
        3 => c.to_uppercase(),
        4 => dice.of(&["1", "!", "@", "0", "8", "3", "国", "壹", "叁"]).to_owned(),
        _ => match one {
            'a' => "а".to_owned(),
            'l' | 'i' => "1".to_owned(),
            'o' => "ο".to_owned(),
            'e' => "3".to_owned(),
            _ => c.to_owned(),
        },
    }
}

/// Reads a text in pieces as a screen does: the window slides on as far as the search lets it.
fn in_pieces(matcher: &Matcher, pieces: &[&str]) -> Vec<(u32, usize, usize)> {
    let mut normaliser = Normaliser::default();
    let mut state = MatcherState::default();
    let (mut window, mut gone, mut held) = (Vec::new(), 0, 0);
    let mut all = Vec::new();
    for (i, piece) in pieces.iter().enumerate() {
        normaliser.push(piece, &mut window);
        let mut found: Vec<TermMatch> = Vec::new();
        let ended = i + 1 == pieces.len();
        let undecided = matcher.scan(&Window::new(&window, ended), &mut state, &mut found);
        for TermMatch { term, start, end } in found {
            // What was let go before is not found any more; parts of one character are let go together.
            assert!(window[start].end > held, "found at {start}, let go to {held}");
            all.push((term, gone + start, gone + end));
        }
        assert!(undecided <= window.len());
        if ended {
            assert_eq!(undecided, window.len());
        }
        held = window.get(undecided).map_or(normaliser.position(), |glyph| glyph.start);
        let slide = undecided.saturating_sub(LOOK_BACK);
        window.drain(..slide);
        state.slide(slide);
        gone += slide;
    }
    all
}

/// How many texts are tried; ten million with `YUMEN_CASES=10000000 cargo test --release`.
fn cases() -> usize {
    std::env::var("YUMEN_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(20_000)
}

#[test]
fn every_match_is_found_and_nothing_else_however_the_text_is_cut() {
    let (mut tried, mut matched, mut viewed) = (0, 0, 0);
    let mut seed = 0;
    while tried < cases() {
        seed += 1;
        let mut dice = Dice(seed);
        let count = 1 + dice.below(6);
        let mut terms: Vec<Term> = (0..).take(count).map(|id| term(&mut dice, id)).collect();
        for at in 1..count {
            // Terms that begin alike, of which some are longer than what the matcher looks up at once.
            let longer = format!("{}{}", terms[dice.below(at)].text, terms[at].text);
            if dice.chance(3) && !has_too_many_ways(&longer) && longer.chars().count() < 28 {
                terms[at].text = longer;
            }
        }
        let Ok(compiled) = Matcher::new(&terms) else { continue };
        for _ in 0..20 {
            tried += 1;
            let text = text(&mut dice, &terms);
            let glyphs = glyphs(&text);
            let expected = naive::matches(&terms, &glyphs);
            matched += expected.len();
            viewed +=
                expected.iter().filter(|(id, ..)| terms[*id as usize].views != Views::NONE).count();
            let mut places: Vec<usize> = text.char_indices().map(|(i, _)| i).collect();
            places.push(text.len());
            let mut cuts: Vec<usize> =
                (0..dice.below(6)).map(|_| places[dice.below(places.len())]).collect();
            if dice.chance(4) {
                cuts = places;
            }
            cuts.extend([0, text.len()]);
            cuts.sort_unstable();
            let pieces: Vec<&str> = cuts.windows(2).map(|pair| &text[pair[0]..pair[1]]).collect();
            let found = in_pieces(&compiled, &pieces);
            let found: std::collections::BTreeSet<_> = found.into_iter().collect();
            assert_eq!(
                found, expected,
                "seed {seed}\ntext {text:?}\npieces {pieces:?}\nterms {terms:#?}"
            );
        }
    }
    // The texts are worth trying.
    assert!(
        matched > tried / 2 && viewed > tried / 4,
        "{tried} texts, {matched} matches, {viewed} by terms with views"
    );
}

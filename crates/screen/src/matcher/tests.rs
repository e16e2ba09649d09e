//! The matcher against a plain one that tries every part of a text, and what people would expect of the views.

use std::sync::Arc;

use super::{Guards, Matcher, MatcherState, Term, TermMatch, View, Views};
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
    Matcher::new(vec![Term { views, ..Term::plain(term, 0) }]).unwrap()
}

#[test]
fn terms_are_found_whatever_their_case_width_script_and_the_spaces_in_them() {
    let terms = ["lost parcel", "包裹", "包裹单", "parcel"];
    let terms = terms.iter().zip(0..).map(|(term, id)| Term::plain(term, id)).collect();
    let matcher = Matcher::new(terms).unwrap();
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
    let matcher = Matcher::new(vec![term("drop", 0), term("灯笼", 1)]).unwrap();
    assert_eq!(
        found(&matcher, "do not drop, don't drop, drop of cards, drop of card"),
        ["drop", "drop"]
    );
    assert_eq!(found(&matcher, "别灯笼 红灯笼裤 绿灯笼裤 灯笼-鱼 灯笼"), ["灯笼", "灯笼"]);
}

#[test]
fn what_cannot_be_looked_for_is_named() {
    let reason = |term: &str| Matcher::new(vec![Term::plain(term, 0)]).unwrap_err().to_string();
    assert_eq!(reason("-/ "), "`-/ `: it has no letter or digit");
    assert!(reason(&"a".repeat(129)).ends_with("it is longer than 128 characters"));
}

//! `yumen pack coverage`: what packs cover of the 31 risks, and what they lack of the numbers of the standard.

use std::fmt::Write as _;

use serde_json::json;
use yumen_policy::{Text, UiLanguage};
use yumen_screen::{Coverage, PackSource};

use super::super::Output;
use super::files::{pack_failure, source, today};
use crate::cli::{CoverageArgs, Lang};
use crate::failure::{CHECK_FAILED, Failure};

pub(super) fn run(args: &CoverageArgs, output: Output) -> Result<(), Failure> {
    let keys = args.secrets.keys()?;
    let packs: Vec<PackSource> =
        args.pack.iter().map(|path| source(path, &keys)).collect::<Result<_, _>>()?;
    let coverage = Coverage::of(&packs, args.on.unwrap_or_else(today))
        .map_err(|error| pack_failure("the packs cannot be counted", &error))?;
    let language = match args.lang {
        Lang::En => UiLanguage::En,
        Lang::Zh => UiLanguage::Zh,
    };
    let complete = coverage.is_complete();
    let mut value = json!(coverage);
    value["complete"] = complete.into();
    output.print(&value, |_| shown(&coverage, language))?;
    if complete {
        return Ok(());
    }
    let lacks = Text::new(
        "the packs lack something of what TC260-003 §8 asks for",
        "规则包未达到 TC260-003 第8章的要求",
    );
    Err(Failure::new(lacks.get(language)).code(CHECK_FAILED))
}

fn shown(coverage: &Coverage, language: UiLanguage) -> String {
    let mut text = String::new();
    // Writing into a string does not fail.
    let mut line = |mark: &str, line: String| {
        let _ = writeln!(text, "{mark}  {line}");
    };
    let mark = |holds: bool| if holds { "✓" } else { "✗" };
    let say = |en: String, zh: String| match language {
        UiLanguage::En => en,
        UiLanguage::Zh => zh,
    };
    let Coverage { terms, least_terms, written, candidates, without_risk, most_days, .. } =
        coverage;
    line(
        mark(coverage.is_large_enough()),
        say(
            format!(
                "{terms} terms of at least {least_terms} ({written} as written, variants and all)"
            ),
            format!("词条 {terms} 个，至少 {least_terms} 个（含变体共 {written} 个）"),
        ),
    );
    let age = match (coverage.issued, coverage.days) {
        (Some(day), Some(days)) => say(
            format!("issued {day}, {days} days old of at most {most_days}"),
            format!("发布于 {day}，已 {days} 天，至多 {most_days} 天"),
        ),
        _ => say(
            format!("a pack does not say when it was issued; at most {most_days} days ago"),
            format!("有规则包未注明发布日期；至多 {most_days} 天前"),
        ),
    };
    line(mark(coverage.is_fresh()), age);
    for risk in &coverage.risks {
        let (terms, id, name) = (risk.terms, risk.risk.id(), risk.risk.name(language));
        let (mark, count) = match risk.least {
            Some(least) => (mark(risk.lacks() == 0), format!("{terms:>6} / {least:<4}")),
            None => (" ", format!("{terms:>6}       ")),
        };
        line(mark, format!("{id}  {count}  {name}"));
    }
    if *without_risk > 0 {
        line(
            " ",
            say(
                format!("{without_risk} terms stand for none of the risks"),
                format!("{without_risk} 个词条不对应任何风险"),
            ),
        );
    }
    if *candidates > 0 {
        line(
            " ",
            say(
                format!("{candidates} candidates are not counted: nobody accepted them yet"),
                format!("{candidates} 个候选词条未计入：尚未有人确认"),
            ),
        );
    }
    text.truncate(text.trim_end().len());
    text
}

//! A charter: what of the judges in a market is part of what is released there, and so of what a regulator approves.
//!
//! Who judges, where, of what, what follows from what it says, and what follows where it says nothing. How long it may take, its
//! address, its key, its costs and its limits are the operator's to change from one day to the next, and are not in it.

use std::fmt::Write as _;

use yumen_policy::{Digest, Market};

use crate::config::{Appointment, Direction, JudgeConfig, RuleConfig};

/// The charter of all judges in one market: lines of text, and their digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charter {
    text: String,
    digest: Digest,
}

impl Charter {
    /// The charter of those of the judges who judge in a market, in the order of their names; `None` where none does.
    pub fn of<'c>(
        judges: impl IntoIterator<Item = &'c JudgeConfig>,
        market: &Market,
    ) -> Option<Self> {
        let appointed = |judge: &&JudgeConfig| lies(judge, market) != Appointment::None;
        let mut judges: Vec<_> = judges.into_iter().filter(appointed).collect();
        judges.sort_by(|one, other| one.id.cmp(&other.id));
        let text: String = judges.into_iter().map(|judge| lines(judge, market)).collect();
        (!text.is_empty()).then(|| Self { digest: Digest::of(text.as_bytes()), text })
    }

    /// One line for each judge, and one for each of its rules that hold in the market. The text that the digest is of.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What a release pins.
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

fn lies(judge: &JudgeConfig, market: &Market) -> Appointment {
    judge.appointed(market.id(), market.residency())
}

fn lines(judge: &JudgeConfig, market: &Market) -> String {
    let JudgeConfig { id, kind, region, .. } = judge;
    let mut text = format!("{id}: {}", kind.as_str());
    // Writing to a string cannot fail.
    let _ = judge.model().map(|model| write!(text, " {model:?}"));
    let _ = write!(text, " in {region}");
    if lies(judge, market) == Appointment::Outside {
        text.push_str(", outside the market and never asked");
    }
    for direction in [Direction::Input, Direction::Output] {
        if judge.directions.contains(&direction) {
            let _ = write!(text, "; {} {}", direction.as_str(), judge.when.as_str());
        }
    }
    if judge.pictures {
        text.push_str("; pictures before");
        let told = judge.instruction.as_ref();
        let _ = told.map(|told| write!(text, " told {}", Digest::of(told.as_bytes())));
    }
    let _ = writeln!(text, "; without a verdict {}", judge.failing(market.id()).as_str());
    let rules = judge.rule.iter().filter(|rule| rule.holds_in(market.id()));
    for (at, rule) in rules.enumerate() {
        let RuleConfig { said, category, action, .. } = rule;
        // The first that fits counts, so their order is part of the charter.
        let _ = write!(text, "{id} rule {}: {said:?} from {}", at + 1, rule.level.as_str());
        let _ = rule.at_least.map(|score| write!(text, " or score {score}"));
        let _ = write!(text, " is {category}, {}", action.as_str());
        let _ = rule.text.as_ref().map(|told| write!(text, ", told {:?} {:?}", told.en, told.zh));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const CN: &str = include_str!("../../../catalog/markets/cn.toml");
    const US: &str = include_str!("../../../catalog/markets/us.toml");
    const JUDGE: &str = r#"
        id = "guard"
        kind = "guard"
        base_url = "https://guard.example.cn/v1"
        region = "CN"
        model = "m"
        timeout_ms = 1000
        on_failure = "open"
        on_failure_in = { cn = "closed" }
        [[rule]]
        said = "Violent"
        category = "violence"
        action = "refuse"
        [[rule]]
        said = "*"
        level = "controversial"
        category = "other"
        action = "tell"
        markets = ["us"]
        text = { en = "Mind\nthis.", zh = "请注意。" }
    "#;

    fn market(file: &str) -> Market {
        Market::parse(file).unwrap()
    }

    fn charter(config: &str, market: &Market) -> Option<Charter> {
        let judge: JudgeConfig = toml::from_str(config).unwrap();
        Charter::of([&judge], market)
    }

    #[test]
    fn it_says_who_judges_what_and_what_follows_in_that_market() {
        let cn = charter(JUDGE, &market(CN)).unwrap();
        assert_eq!(
            cn.text(),
            "guard: guard \"m\" in CN; input beside; output beside; without a verdict closed\n\
             guard rule 1: \"Violent\" from unsafe is violence, refuse\n"
        );
        assert_eq!(cn.digest(), Digest::of(cn.text().as_bytes()));
        let us = charter(JUDGE, &market(US)).unwrap();
        assert!(us.text().contains("without a verdict open\n"), "{}", us.text());
        let told = "guard rule 2: \"*\" from controversial is other, tell, told \"Mind\\nthis.\" \"请注意。\"\n";
        assert!(us.text().ends_with(told), "{}", us.text());
    }

    #[test]
    fn what_a_regulator_would_ask_about_changes_it_and_what_an_operator_tunes_does_not() {
        let cn = market(CN);
        let before = charter(JUDGE, &cn);
        for (from, to) in [
            ("\"guard\"\n        kind", "\"other\"\n        kind"),
            ("model = \"m\"", "model = \"n\""),
            ("region = \"CN\"", "region = \"US\"\nmarkets = [\"cn\"]"),
            ("model = \"m\"", "model = \"m\"\nwhen = \"before\""),
            ("model = \"m\"", "model = \"m\"\ndirections = [\"input\"]"),
            ("model = \"m\"", "model = \"m\"\npictures = true"),
            ("cn = \"closed\"", "cn = \"open\""),
            ("\"Violent\"", "\"PII\""),
            ("\"Violent\"", "\"Violent\"\nlevel = \"controversial\""),
            ("\"Violent\"", "\"Violent\"\nat_least = 0.5"),
            ("\"violence\"", "\"storms\""),
            ("\"refuse\"", "\"stop\""),
        ] {
            let config = JUDGE.replacen(from, to, 1);
            assert_ne!(config, JUDGE, "{from}");
            assert_ne!(charter(&config, &cn), before, "{from} -> {to}");
        }
        for (from, to) in [
            ("timeout_ms = 1000", "timeout_ms = 900\ncost_per_call = 1.0\nconcurrency = 9"),
            ("guard.example.cn", "guard2.example.cn"),
            ("model = \"m\"", "model = \"m\"\nkey = { env = \"GUARD\" }\nremember_minutes = 0"),
        ] {
            let config = JUDGE.replacen(from, to, 1);
            assert_ne!(config, JUDGE, "{from}");
            assert_eq!(charter(&config, &cn), before, "{from} -> {to}");
        }
        let instructed = |words: &str| {
            let with = format!("model = \"m\"\npictures = true\ninstruction = \"{words}\"");
            charter(&JUDGE.replacen("model = \"m\"", &with, 1), &cn)
        };
        assert_ne!(instructed("Look."), instructed("Look well."));
    }

    #[test]
    fn where_nobody_judges_there_is_none_and_the_order_of_the_tables_is_no_part_of_it() {
        let elsewhere = JUDGE.replacen("model", "markets = [\"us\"]\nmodel", 1);
        assert_eq!(charter(&elsewhere, &market(CN)), None);
        let abroad = JUDGE.replacen("region = \"CN\"", "region = \"US\"", 1);
        assert_eq!(charter(&abroad, &market(CN)), None);
        let parsed = |text: &str| toml::from_str::<JudgeConfig>(text).unwrap();
        let (one, other) = (parsed(JUDGE), parsed(&JUDGE.replacen("\"guard\"", "\"a\"", 1)));
        let cn = market(CN);
        assert_eq!(Charter::of([&one, &other], &cn), Charter::of([&other, &one], &cn));
        assert_ne!(Charter::of([&one, &other], &cn), Charter::of([&one], &cn));
    }
}

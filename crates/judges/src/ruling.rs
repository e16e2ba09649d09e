//! From what judges say, in their categories, to what is done, in ours.

use yumen_policy::{MarketId, Text};
use yumen_screen::{Action, Appeal, Notice, Severity};

use crate::config::{Direction, JudgeConfig, OnFailure, RuleConfig};
use crate::judge::Failure;
use crate::verdict::{Level, Said, Verdict};

/// What is to be done with a text, and what is said about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Ruling {
    /// The weightiest action: `allow`, `detect`, `tell`, `stop` or `refuse`.
    pub action: Action,
    /// What was found, the person to be told of all but [`Action::Detect`].
    pub notices: Vec<Notice>,
    /// Whether a judge failed, and that closed.
    pub unavailable: bool,
    /// Whether a judge gave a verdict, whatever it was.
    pub judged: bool,
    /// The judges that gave no verdict and let the text pass for all that, and whose text it was.
    pub open: Vec<(String, Direction)>,
}

impl Ruling {
    /// Whether the text may not go on.
    pub fn withholds(&self) -> bool {
        self.action >= Action::Stop
    }

    /// Adds what another judge makes of the same text.
    pub(crate) fn add(&mut self, other: Self) {
        self.action = self.action.max(other.action);
        self.unavailable |= other.unavailable;
        self.judged |= other.judged;
        self.open.extend(other.open);
        self.notices.extend(other.notices);
    }

    /// What follows from one judge's verdict.
    pub(crate) fn of(
        config: &JudgeConfig,
        market: &MarketId,
        direction: Direction,
        verdict: &Verdict,
    ) -> Self {
        let mut ruling = Self { judged: true, ..Self::default() };
        let mut matched: Vec<&RuleConfig> = Vec::new();
        let whole = Said { category: "*".to_owned(), level: verdict.level, score: None };
        for said in verdict.said.iter().chain([&whole]) {
            // What one of its categories led to is not said again of the whole.
            if said.category == "*" && !matched.is_empty() {
                continue;
            }
            let rule = config.rule.iter().find(|rule| rule.holds_in(market) && fits(rule, said));
            if let Some(rule) = rule
                && !matched.iter().any(|known| std::ptr::eq(*known, rule))
            {
                matched.push(rule);
                ruling.action = ruling.action.max(rule.action);
                ruling.notices.push(notice(config, rule, direction));
            }
        }
        ruling
    }

    /// What follows from a judge that gave no verdict.
    pub(crate) fn of_failure(
        config: &JudgeConfig,
        market: &MarketId,
        direction: Direction,
        failure: Failure,
    ) -> Self {
        tracing::warn!(judge = config.id, %market, %failure, "a judge gave no verdict");
        if config.failing(market) == OnFailure::Open {
            return Self { open: vec![(config.id.clone(), direction)], ..Self::default() };
        }
        let text = match direction {
            Direction::Input => Text::new(
                "The safety check could not be reached, so this was not answered.",
                "无法完成安全检查，因此未予回答。",
            ),
            Direction::Output => Text::new(
                "The safety check could not be reached, so the rest of the answer is withheld.",
                "无法完成安全检查，因此其余回答未予显示。",
            ),
        };
        let code = format!("judge.{}.unavailable", config.id);
        let notice = Notice::new(code, Action::Refuse, direction.as_str(), 1, text);
        Self { action: Action::Refuse, notices: vec![notice], unavailable: true, ..Self::default() }
    }
}

fn fits(rule: &RuleConfig, said: &Said) -> bool {
    let named = rule.said == "*" || rule.said == said.category;
    named
        && match (rule.at_least, said.score) {
            (Some(least), Some(score)) => score >= least,
            // Without a score the level decides; a rule that has none of its own asks for "unsafe".
            _ => said.level >= rule.level.max(Level::Controversial),
        }
}

fn notice(config: &JudgeConfig, rule: &RuleConfig, direction: Direction) -> Notice {
    let text = rule.text.clone().unwrap_or_else(|| match (rule.action, direction) {
        (Action::Detect | Action::Tell, _) => {
            Text::new("A safety check noted something about this.", "安全检查对此内容有所提示。")
        }
        (_, Direction::Input) => Text::new(
            "A safety check found that this cannot be answered.",
            "安全检查认为这段内容不能回答。",
        ),
        (_, Direction::Output) => {
            Text::new("A safety check withheld a part of the answer.", "安全检查未予显示部分回答。")
        }
    });
    let code = format!("judge.{}.{}", config.id, rule.category);
    let notice = Notice::new(code, rule.action, direction.as_str(), 1, text);
    if rule.action < Action::Stop {
        return notice;
    }
    // A judge errs; whoever it withheld something from can say so.
    Notice { severity: Severity::High, appeal: Some(Appeal::new(None)), ..notice }
}

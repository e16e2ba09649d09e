//! Judging: one device, one feature, one policy, one instant in; one reasoned verdict out.
//!
//! The order of force is fixed. An input in error closes (`not_eligible`), then a rule that fails
//! does (`not_eligible`), then an unset input (`not_yet`), then a missing release or approval
//! (`not_yet`); only when nothing of the kind is there is the answer `eligible`. Whatever the
//! answer, every reason is given.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;

use crate::checks::{Check, INPUT_RULE, input_words};
use crate::input::{InputSet, States};
use crate::policy::{FeatureEntry, Lacking, Resolved};
use crate::verdict::Code;
use crate::{
    Basis, Device, FeatureId, Input, InputName, InputStatus, Market, MarketId, Matches, Outcome,
    Policy, Presented, Reason, Region, Rule, Text, Verdict,
};

/// Judges whether this device may have this feature now.
///
/// 1. The purchase region decides the market. A region of no market: `market_unknown`. A development
///    market that the policy does not open: `sandbox_disabled`. Both serve nothing.
/// 2. Every rule of the market that applies to the feature must pass.
/// 3. The feature's own terms must be met.
/// 4. Every input of the device must be known, except those the terms call optional.
/// 5. A release of the market must carry the feature, and where the market demands approval, one
///    that covers feature, surface and release must be in force.
pub fn judge(policy: &Policy, device: &Device, feature: &FeatureId, now: Timestamp) -> Verdict {
    let mut tally = Tally::default();
    let states = device.states();
    let Some(index) = policy.feature_index(feature) else {
        tally.refuse_feature();
        return tally.verdict(policy, feature, None, now, None);
    };
    let market = match policy.resolve(device.purchase_region) {
        Resolved::Market(market) => Some(market),
        Resolved::Unset | Resolved::Error => None,
        Resolved::Unknown => {
            tally.refuse_region(device.purchase_region);
            return tally.verdict(policy, feature, None, now, None);
        }
        Resolved::SandboxDisabled(market) => {
            tally.refuse_sandbox();
            let id = policy.market_at(market).id();
            return tally.verdict(policy, feature, Some(id), now, None);
        }
    };
    if let Some(at) = market {
        let market = policy.market_at(at);
        tally.say_development(market);
        for &rule in &policy.lane(at, index).rules {
            tally.rule(&market.rules()[rule], device, states);
        }
    }
    let entry = policy.feature_at(index);
    tally.terms(entry, device, market.map(|at| policy.market_at(at).id()));
    tally.every_input(entry, states);
    if let Some(market) = market {
        tally.standing(policy, market, index, now);
    }
    let id = market.map(|at| policy.market_at(at).id());
    tally.verdict(policy, feature, id, now, None)
}

/// Judges whether the device behind this assertion may have this feature now.
///
/// The rules were judged when the assertion was made and are not judged again; that the policy is
/// still the same one is what makes this sound. Release, approval and time are looked at anew.
pub fn judge_asserted(
    policy: &Policy,
    presented: &Presented,
    feature: &FeatureId,
    now: Timestamp,
) -> Verdict {
    let assertion = presented.assertion();
    let mut tally = Tally::default();
    let until = Some(assertion.expires());
    let Some(index) = policy.feature_index(feature) else {
        tally.refuse_feature();
        return tally.verdict(policy, feature, None, now, until);
    };
    let words = &*ASSERTION_WORDS;
    if now >= assertion.expires() {
        tally.assertion(Code::AssertionExpired, &words.expired);
    } else if now < assertion.issued() {
        tally.assertion(Code::AssertionNotYetValid, &words.early);
    } else if assertion.policy() != policy.digest() {
        tally.assertion(Code::AssertionStale, &words.stale);
    } else if let Some(id) = assertion.market() {
        match policy.resolve_id(id) {
            Resolved::Market(market) if assertion.features().contains(feature) => {
                tally.say_development(policy.market_at(market));
                tally.pass(&words.rule, None, &words.held, Basis::House);
                tally.standing(policy, market, index, now);
            }
            Resolved::Market(_) => tally.assertion(Code::FeatureNotInAssertion, &words.not_in),
            Resolved::SandboxDisabled(_) => tally.refuse_sandbox(),
            Resolved::Unknown | Resolved::Unset | Resolved::Error => {
                tally.assertion(Code::MarketUnknown, &words.no_market);
            }
        }
    } else {
        tally.assertion(Code::MarketUnknown, &words.no_market);
    }
    tally.verdict(policy, feature, assertion.market(), now, until)
}

/// The reasons so far and the strongest objection among them.
struct Tally {
    reasons: Vec<Reason>,
    seen: InputSet,
    objection: Option<(u8, Code, Arc<Text>)>,
}

impl Default for Tally {
    fn default() -> Self {
        // Ten inputs, a few rules that read two, the release and the approval.
        Self { reasons: Vec::with_capacity(18), seen: InputSet::default(), objection: None }
    }
}

impl Tally {
    fn reason(
        &mut self,
        rule: &Arc<str>,
        input: Option<InputName>,
        outcome: Outcome,
        text: &Arc<Text>,
        basis: Basis,
    ) {
        if let Some(input) = input {
            self.seen.insert(input);
        }
        let (rule, text) = (Arc::clone(rule), Arc::clone(text));
        self.reasons.push(Reason { rule, input, outcome, text, basis });
    }

    fn pass(&mut self, rule: &Arc<str>, input: Option<InputName>, text: &Arc<Text>, basis: Basis) {
        self.reason(rule, input, Outcome::Pass, text, basis);
    }

    /// Keeps the strongest objection; among equals the first.
    fn object(&mut self, code: Code, next_step: &Arc<Text>) {
        let force = match code {
            Code::InputError => 3,
            Code::InputUnset => 1,
            Code::ReleaseMissing | Code::ApprovalMissing => 0,
            _ => 2,
        };
        if self.objection.as_ref().is_none_or(|(strongest, ..)| force > *strongest) {
            self.objection = Some((force, code, Arc::clone(next_step)));
        }
    }

    fn unset(&mut self, rule: &Arc<str>, input: InputName, basis: Basis) {
        let words = input_words(input);
        self.reason(rule, Some(input), Outcome::Unset, &words.unset, basis);
        self.object(Code::InputUnset, &words.unset_next);
    }

    fn error(&mut self, rule: &Arc<str>, input: InputName, basis: Basis) {
        let words = input_words(input);
        self.reason(rule, Some(input), Outcome::Error, &words.error, basis);
        self.object(Code::InputError, &words.error_next);
    }

    fn say_development(&mut self, market: &Market) {
        if market.is_development() {
            let words = &*DEVELOPMENT_WORDS;
            self.pass(&words.rule, None, &words.only, Basis::House);
        }
    }

    /// A rule of the market: one reason for each input it reads.
    fn rule(&mut self, rule: &Rule, device: &Device, states: States) {
        if rule.spares(device) {
            return;
        }
        let (id, basis) = (rule.shared_id(), rule.source().basis());
        let outcome = rule.outcome(device, states, Matches::NONE, Timestamp::MIN).outcome;
        for input in rule.inputs() {
            match (outcome, states.of(input)) {
                (_, InputStatus::Unset) => self.unset(id, input, basis),
                (Outcome::Pass | Outcome::Fail, InputStatus::Set) => {
                    self.reason(id, Some(input), outcome, rule.shared_text(), basis);
                }
                // Undecided because of another input, which has its own reason.
                (Outcome::Unset | Outcome::Error, InputStatus::Set) => {}
                (_, InputStatus::Error | InputStatus::Expired | InputStatus::NoAccount) => {
                    self.error(id, input, basis);
                }
            }
        }
        if outcome == Outcome::Fail {
            self.object(Code::RuleFailed, rule.shared_next_step());
        }
    }

    /// One check of the feature's terms on an input.
    fn check<T>(
        &mut self,
        check: &Check,
        input: InputName,
        value: &Input<T>,
        holds: impl FnOnce(&T) -> bool,
    ) {
        match value {
            Input::Set(value) => self.decided(check, Some(input), holds(value)),
            Input::Unset => self.unset(&check.rule, input, Basis::House),
            Input::Error | Input::Expired | Input::NoAccount => {
                self.error(&check.rule, input, Basis::House);
            }
        }
    }

    fn decided(&mut self, check: &Check, input: Option<InputName>, holds: bool) {
        if holds {
            self.pass(&check.rule, input, &check.pass, Basis::House);
        } else {
            self.reason(&check.rule, input, Outcome::Fail, &check.fail, Basis::House);
            self.object(Code::RuleFailed, &check.next_step);
        }
    }

    fn terms(&mut self, entry: &FeatureEntry, device: &Device, market: Option<&MarketId>) {
        let (terms, checks) = (entry.terms.terms(), &entry.checks);
        if let (Some(only), Some(market)) = (&terms.markets, market) {
            self.decided(&checks.market, Some(InputName::PurchaseRegion), only.contains(market));
        }
        if let Some(classes) = &terms.classes {
            self.check(&checks.class, InputName::Class, &device.class, |class| {
                classes.contains(class)
            });
        }
        if let Some(platforms) = &terms.platforms {
            self.check(&checks.platform, InputName::Platform, &device.platform, |platform| {
                platforms.contains_key(platform)
            });
            if let Some(platform) = device.platform.get()
                && let (Some(least), Some(check)) =
                    (platforms.get(platform), checks.os_version.get(platform))
            {
                self.check(check, InputName::OsVersion, &device.os_version, |v| v >= least);
            }
        }
        if !terms.capabilities.is_empty() {
            let (name, value) = (InputName::Capabilities, &device.capabilities);
            self.check(&checks.capabilities, name, value, |has| terms.capabilities.is_subset(has));
        }
        self.check(&checks.language, InputName::Language, &device.language, |language| {
            language.is_among(&terms.languages)
        });
        // An assistant language that may stay unset is judged only where the device has one.
        let assistant = &device.assistant_language;
        let absent = *assistant == Input::Unset;
        if !(absent && terms.optional.contains(&InputName::AssistantLanguage)) {
            let name = InputName::AssistantLanguage;
            self.check(&checks.assistant_language, name, assistant, |language| {
                language.is_among(&terms.languages)
            });
        }
        if terms.languages_must_match
            && let (Some(language), Some(assistant)) = (device.language.get(), assistant.get())
        {
            let matches = language.primary() == assistant.primary();
            self.decided(&checks.languages_match, Some(InputName::AssistantLanguage), matches);
        }
        if let Some(bands) = &terms.age_bands {
            self.check(&checks.age_band, InputName::AgeBand, &device.age_band, |band| {
                bands.contains(band)
            });
        }
    }

    /// Every input that no rule spoke of must still be known, unless the terms can do without it.
    fn every_input(&mut self, entry: &FeatureEntry, states: States) {
        let optional = &entry.terms.terms().optional;
        for input in InputSet::BASIC.iter() {
            if self.seen.contains(input) {
                continue;
            }
            let words = input_words(input);
            match states.of(input) {
                InputStatus::Set => {
                    self.pass(&INPUT_RULE, Some(input), &words.known, Basis::House);
                }
                InputStatus::Unset if optional.contains(&input) => {
                    self.pass(&INPUT_RULE, Some(input), &words.not_needed, Basis::House);
                }
                InputStatus::Unset => self.unset(&INPUT_RULE, input, Basis::House),
                InputStatus::Error | InputStatus::Expired | InputStatus::NoAccount => {
                    self.error(&INPUT_RULE, input, Basis::House);
                }
            }
        }
    }

    /// Release and approval.
    fn standing(&mut self, policy: &Policy, market: usize, feature: usize, now: Timestamp) {
        let words = &*STANDING_WORDS;
        let duty = policy.market_at(market).approval();
        let rule = policy.market_at(market).approval_rule();
        let basis = duty.source().basis();
        let lacking = match policy.standing(market, feature, now) {
            Ok(standing) => {
                self.pass(&words.release_rule, None, &words.released, Basis::House);
                let text = match standing.approval {
                    Some(_) => &words.approved,
                    None => duty.shared_text(),
                };
                return self.pass(rule, None, text, basis);
            }
            Err(lacking) => lacking,
        };
        let text = match lacking {
            Lacking::Release => {
                let (rule, text) = (&words.release_rule, &words.unreleased);
                self.reason(rule, None, Outcome::Fail, text, Basis::House);
                return self.object(Code::ReleaseMissing, &words.unreleased_next);
            }
            Lacking::Approval => duty.shared_text(),
            Lacking::ApprovalToCome => &words.to_come,
            Lacking::ApprovalOver => &words.over,
        };
        self.pass(&words.release_rule, None, &words.released, Basis::House);
        self.reason(rule, None, Outcome::Fail, text, basis);
        self.object(Code::ApprovalMissing, duty.shared_next_step());
    }

    fn refuse(&mut self, code: Code, rule: &Arc<str>, text: &Arc<Text>, next_step: &Arc<Text>) {
        self.reason(rule, None, Outcome::Fail, text, Basis::House);
        self.object(code, next_step);
    }

    fn refuse_feature(&mut self) {
        let text = Text::new("There is no feature of this name.", "没有该名称的功能。");
        let next_step = Text::new(
            "Ask GET /v1/features which features there are.",
            "可通过 GET /v1/features 查看有哪些功能。",
        );
        let (text, next_step) = (Arc::new(text), Arc::new(next_step));
        self.refuse(Code::FeatureUnknown, &"feature.known".into(), &text, &next_step);
    }

    fn refuse_region(&mut self, region: Input<Region>) {
        let name = region.get().map_or("", Region::as_str);
        let text = Text::new(
            format!("Devices bought in {name} belong to no market that is served."),
            format!("在 {name} 购买的设备不属于任何已开通的市场。"),
        );
        let next_step = Text::new(
            "Nothing can be done on this device until a market for its region is opened.",
            "在该地区的市场开通之前，此设备无法使用。",
        );
        let rule = "market.known".into();
        let input = Some(InputName::PurchaseRegion);
        self.reason(&rule, input, Outcome::Fail, &Arc::new(text), Basis::House);
        self.object(Code::MarketUnknown, &Arc::new(next_step));
    }

    fn refuse_sandbox(&mut self) {
        let words = &*DEVELOPMENT_WORDS;
        self.refuse(Code::SandboxDisabled, &words.rule, &words.closed, &words.closed_next);
    }

    fn assertion(&mut self, code: Code, (text, next_step): &(Arc<Text>, Arc<Text>)) {
        self.refuse(code, &ASSERTION_WORDS.rule, text, next_step);
    }

    fn verdict(
        self,
        policy: &Policy,
        feature: &FeatureId,
        market: Option<&MarketId>,
        at: Timestamp,
        until: Option<Timestamp>,
    ) -> Verdict {
        let (code, next_step) = match self.objection {
            None => (Code::Eligible, None),
            Some((_, code, next_step)) => (code, Some(next_step)),
        };
        Verdict {
            feature: feature.clone(),
            market: market.cloned(),
            code,
            reasons: self.reasons,
            next_step,
            policy: policy.shared_digest(),
            at,
            until,
        }
    }
}

fn text(en: &str, zh: &str) -> Arc<Text> {
    Arc::new(Text::new(en, zh))
}

struct DevelopmentWords {
    rule: Arc<str>,
    only: Arc<Text>,
    closed: Arc<Text>,
    closed_next: Arc<Text>,
}

static DEVELOPMENT_WORDS: LazyLock<DevelopmentWords> = LazyLock::new(|| DevelopmentWords {
    rule: "market.development".into(),
    only: text(
        "This market is for development only: nothing here was approved and nothing may reach the public.",
        "此市场仅供开发使用：其中的内容均未经批准，不得向公众提供。",
    ),
    closed: text("The development market is switched off here.", "此处未开启开发市场。"),
    closed_next: text(
        "Use a device of a real market, or switch the sandbox on where no real person is served.",
        "请使用实际市场的设备，或在不面向真实用户的环境中开启开发市场。",
    ),
});

struct StandingWords {
    release_rule: Arc<str>,
    released: Arc<Text>,
    unreleased: Arc<Text>,
    unreleased_next: Arc<Text>,
    approved: Arc<Text>,
    to_come: Arc<Text>,
    over: Arc<Text>,
}

static STANDING_WORDS: LazyLock<StandingWords> = LazyLock::new(|| StandingWords {
    release_rule: "market.release".into(),
    released: text(
        "A release of this market carries the feature.",
        "该市场已有包含此功能的发布版本。",
    ),
    unreleased: text(
        "No release of this market carries the feature.",
        "该市场尚无包含此功能的发布版本。",
    ),
    unreleased_next: text(
        "Wait until the feature is released in this market.",
        "请等待此功能在该市场发布。",
    ),
    approved: text(
        "An approval that covers this feature and release is in force.",
        "涵盖此功能及该发布版本的批准正在有效期内。",
    ),
    to_come: text("The approval of this feature has not begun yet.", "此功能的批准尚未生效。"),
    over: text("The approval of this feature has ended.", "此功能的批准已过有效期。"),
});

struct AssertionWords {
    rule: Arc<str>,
    held: Arc<Text>,
    expired: (Arc<Text>, Arc<Text>),
    early: (Arc<Text>, Arc<Text>),
    stale: (Arc<Text>, Arc<Text>),
    not_in: (Arc<Text>, Arc<Text>),
    no_market: (Arc<Text>, Arc<Text>),
}

static ASSERTION_WORDS: LazyLock<AssertionWords> = LazyLock::new(|| {
    let again = text(
        "Ask POST /v1/eligibility for a new assertion.",
        "请通过 POST /v1/eligibility 重新获取资格凭证。",
    );
    let says = |en, zh| (text(en, zh), Arc::clone(&again));
    AssertionWords {
        rule: "device.assertion".into(),
        held: text(
            "The device was judged eligible less than an hour ago, under the same policy.",
            "此设备在一小时内已按同一政策判定为符合条件。",
        ),
        expired: says("The assertion has expired.", "资格凭证已过期。"),
        early: says("The assertion begins in the future.", "资格凭证的生效时间在未来。"),
        stale: says(
            "The policy has changed since the assertion was made.",
            "资格凭证签发后政策已变更。",
        ),
        not_in: says(
            "The device was not judged eligible for this feature.",
            "此设备未被判定为可使用此功能。",
        ),
        no_market: (
            text(
                "The device belongs to no market that is served.",
                "此设备不属于任何已开通的市场。",
            ),
            text(
                "Nothing can be done on the device: its market is not served.",
                "无法在设备上解决：其所属市场尚未开通服务。",
            ),
        ),
    }
});

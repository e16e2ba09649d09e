//! The reasons of a verdict, written out: every step from the market to the approval, in order.
//!
//! Deciding keeps what was found; this turns it into words, from the same policy the decision was
//! made on. It decides nothing: what it says follows from what was found.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::checks::{Check, INPUT_RULE, InputWords, input_words};
use crate::device::input::InputSet;
use crate::lane::{Bar, Lacking};
use crate::policy::FeatureEntry;
use crate::verdict::{Asked, Code, Findings, Ground, Relation, Term};
use crate::words::{ASSERTION, CLEAR, PLACE, STANDING, Said, lacking};
use crate::{
    Basis, InputName, InputStatus, Market, MarketState, Outcome, Reason, Rule, Text, UiLanguage,
    Verdict,
};

/// One step of the reasoning, with what it objects, if anything.
struct Told {
    reason: Reason,
    objection: Option<(Code, Arc<Text>)>,
}

/// Takes the steps as they come.
struct Teller<F: FnMut(Told)>(F);

impl<F: FnMut(Told)> Teller<F> {
    fn tell(
        &mut self,
        rule: &Arc<str>,
        input: Option<InputName>,
        outcome: Outcome,
        text: &Arc<Text>,
        basis: Basis,
        objection: Option<(Code, &Arc<Text>)>,
    ) {
        let (rule, text) = (Arc::clone(rule), Arc::clone(text));
        let reason = Reason { rule, input, outcome, text, basis };
        let objection = objection.map(|(code, next_step)| (code, Arc::clone(next_step)));
        (self.0)(Told { reason, objection });
    }

    fn pass(&mut self, rule: &Arc<str>, input: Option<InputName>, text: &Arc<Text>, basis: Basis) {
        self.tell(rule, input, Outcome::Pass, text, basis, None);
    }

    fn refuse(&mut self, code: Code, rule: &Arc<str>, input: Option<InputName>, said: &Said) {
        let (text, next_step) = said;
        self.tell(rule, input, Outcome::Fail, text, Basis::House, Some((code, next_step)));
    }

    /// An input that is not known.
    fn unknown(&mut self, rule: &Arc<str>, input: InputName, status: InputStatus, basis: Basis) {
        let words = input_words(input);
        let (outcome, code, text, next_step) = match status {
            InputStatus::Unset | InputStatus::Set => {
                (Outcome::Unset, Code::InputUnset, &words.unset, &words.unset_next)
            }
            InputStatus::Error => {
                (Outcome::Error, Code::InputError, &words.error, &words.error_next)
            }
            InputStatus::Expired => {
                (Outcome::Error, Code::InputError, &words.expired, &words.expired_next)
            }
            InputStatus::NoAccount => {
                (Outcome::Error, Code::InputError, &words.no_account, &words.no_account_next)
            }
        };
        self.tell(rule, Some(input), outcome, text, basis, Some((code, next_step)));
    }

    /// A rule of the market: one step for each input it reads.
    fn rule(&mut self, rule: &Rule, found: &Findings, at: usize) {
        let (id, basis) = (rule.shared_id(), rule.source().basis());
        let unknown = found.states.closed().union(found.states.unset);
        let decided = rule.reads().common(unknown).is_empty();
        let failed = found.failed.contains(at);
        let text = if found.graced.contains(at) { rule.shared_grace() } else { rule.shared_text() };
        for input in rule.inputs() {
            match found.states.of(input) {
                InputStatus::Set if failed => {
                    let objection = Some((Code::RuleFailed, rule.shared_next_step()));
                    self.tell(id, Some(input), Outcome::Fail, text, basis, objection);
                }
                InputStatus::Set if decided => self.pass(id, Some(input), text, basis),
                // Undecided because of another input, which has its own step.
                InputStatus::Set => {}
                status => self.unknown(id, input, status, basis),
            }
        }
    }

    /// A test of the feature's terms that was, or should have been, made.
    fn term(&mut self, check: &Check, input: InputName, failed: bool, found: &Findings) {
        match found.states.of(input) {
            InputStatus::Set => self.decided(check, input, failed),
            status => self.unknown(&check.rule, input, status, Basis::House),
        }
    }

    fn decided(&mut self, check: &Check, input: InputName, failed: bool) {
        if failed {
            let objection = Some((Code::RuleFailed, &check.next_step));
            let house = Basis::House;
            self.tell(&check.rule, Some(input), Outcome::Fail, &check.fail, house, objection);
        } else {
            self.pass(&check.rule, Some(input), &check.pass, Basis::House);
        }
    }

    fn terms(&mut self, entry: &FeatureEntry, found: &Findings, in_market: bool) {
        let (terms, checks) = (entry.terms.terms(), &entry.checks);
        let failed = |term| found.terms.contains(term);
        let is_set = |input| found.states.of(input) == InputStatus::Set;
        if terms.markets.is_some() && in_market {
            self.decided(&checks.market, InputName::PurchaseRegion, failed(Term::Market));
        }
        if terms.classes.is_some() {
            self.term(&checks.class, InputName::Class, failed(Term::Class), found);
        }
        if terms.platforms.is_some() {
            self.term(&checks.platform, InputName::Platform, failed(Term::Platform), found);
            let check = found.platform.and_then(|platform| checks.os_version.get(&platform));
            if let Some(check) = check {
                self.term(check, InputName::OsVersion, failed(Term::OsVersion), found);
            }
        }
        if !terms.capabilities.is_empty() {
            let name = InputName::Capabilities;
            self.term(&checks.capabilities, name, failed(Term::Capabilities), found);
        }
        self.term(&checks.language, InputName::Language, failed(Term::Language), found);
        // An assistant language that may stay unset is judged only where the device has one.
        let assistant = InputName::AssistantLanguage;
        let absent = found.states.of(assistant) == InputStatus::Unset;
        if !(absent && entry.optional.contains(assistant)) {
            let failed = failed(Term::AssistantLanguage);
            self.term(&checks.assistant_language, assistant, failed, found);
        }
        if terms.languages_must_match && is_set(InputName::Language) && is_set(assistant) {
            self.decided(&checks.languages_match, assistant, failed(Term::LanguagesMatch));
        }
        if terms.age_bands.is_some() {
            self.term(&checks.age_band, InputName::AgeBand, failed(Term::AgeBand), found);
        }
    }

    /// Every basic input that nothing spoke of must still be known, unless the terms can do without.
    fn every_input(&mut self, entry: &FeatureEntry, found: &Findings, spoken: InputSet) {
        for input in InputSet::BASIC.without(spoken).iter() {
            let InputWords { known, not_needed, .. } = input_words(input);
            match found.states.of(input) {
                InputStatus::Set => self.pass(&INPUT_RULE, Some(input), known, Basis::House),
                InputStatus::Unset if entry.optional.contains(input) => {
                    self.pass(&INPUT_RULE, Some(input), not_needed, Basis::House);
                }
                status => self.unknown(&INPUT_RULE, input, status, Basis::House),
            }
        }
    }

    fn management(&mut self, found: &Findings) {
        let input = InputName::Management;
        let status = found.states.of(input);
        if let Some(managed) = found.managed {
            let (_, text, next_step) = managed_words(managed);
            let said = (text, next_step);
            self.refuse(Code::ManagedOff, &STANDING.managed_rule, Some(input), &said);
        } else if matches!(
            status,
            InputStatus::Error | InputStatus::Expired | InputStatus::NoAccount
        ) {
            self.unknown(&INPUT_RULE, input, status, Basis::House);
        }
    }

    /// Release, approval, and what stops them.
    fn standing(&mut self, market: &Market, standing: Result<bool, Lacking>) {
        let words = &*STANDING;
        let basis = market.approval().source().basis();
        let lacks = match standing {
            Ok(approved) => {
                self.pass(&words.release_rule, None, &words.released, Basis::House);
                let text = if approved { &words.approved } else { market.approval().shared_text() };
                return self.pass(market.approval_rule(), None, text, basis);
            }
            Err(lacks) => lacks,
        };
        let (rule, text, next_step) = lacking(lacks, market);
        let basis = match lacks {
            Lacking::Approval
            | Lacking::ApprovalToCome
            | Lacking::ApprovalOver
            | Lacking::ApprovalSuspended
            | Lacking::ApprovalRevoked
            | Lacking::Barred(Bar::NotApproved) => {
                self.pass(&words.release_rule, None, &words.released, Basis::House);
                basis
            }
            Lacking::Barred(Bar::OutOfMarket) => {
                market.residency().map_or(Basis::House, |residency| residency.source().basis())
            }
            Lacking::Preparing => {
                market.status().map_or(Basis::House, |status| status.source().basis())
            }
            _ => Basis::House,
        };
        let objection = Some((lacks.into(), &next_step));
        self.tell(rule, None, Outcome::Fail, &text, basis, objection);
    }
}

fn managed_words(managed: crate::Managed) -> (&'static Arc<str>, Arc<Text>, Arc<Text>) {
    (&STANDING.managed_rule, Arc::new(managed.text()), Arc::new(crate::Managed::next_step()))
}

impl Verdict {
    fn tell(&self, take: impl FnMut(Told)) {
        let mut teller = Teller(take);
        let market = self.market.map(|index| self.policy.market_at(index));
        match (&self.ground, market) {
            (Ground::Device(found), _) => self.tell_device(&mut teller, found),
            (Ground::Assertion(_), Some(market)) => {
                tell_development(&mut teller, market);
                teller.pass(&ASSERTION.rule, None, &ASSERTION.held, Basis::House);
                if let Some(standing) = self.standing {
                    teller.standing(market, standing);
                }
            }
            (Ground::Refused | Ground::Assertion(_), market) => {
                self.tell_refusal(&mut teller, market);
            }
        }
        if self.uncleared {
            self.tell_uncleared(&mut teller, market);
        }
    }

    fn tell_device(&self, teller: &mut Teller<impl FnMut(Told)>, found: &Findings) {
        let Asked::Known(feature) = self.asked else {
            return;
        };
        let entry = self.policy.feature_at(feature);
        let mut spoken = InputSet::default();
        if let Some(at) = self.market {
            let market = self.policy.market_at(at);
            tell_development(teller, market);
            for (index, &place) in self.policy.lane(at, feature).rules.iter().enumerate() {
                if !found.spared.contains(index) {
                    let rule = self.policy.rule_at(at, place);
                    teller.rule(rule, found, index);
                    spoken = spoken.union(spoken_by(rule, found));
                }
            }
        }
        let mut by_terms = InputSet::default();
        {
            let take = &mut teller.0;
            let mut listener = Teller(|told: Told| {
                by_terms = told
                    .reason
                    .input
                    .map_or(by_terms, |input| by_terms.union(InputSet::one(input)));
                take(told);
            });
            listener.terms(entry, found, self.market.is_some());
        }
        teller.every_input(entry, found, spoken.union(by_terms));
        teller.management(found);
        // What was lacking when the device was judged; if it came later, `clear` tells it.
        if let (Some(at), Some(standing)) = (self.market, self.standing) {
            teller.standing(self.policy.market_at(at), standing);
        }
    }

    fn tell_refusal(&self, teller: &mut Teller<impl FnMut(Told)>, market: Option<&Market>) {
        let (place, assertion) = (&*PLACE, &*ASSERTION);
        let purchase = Some(InputName::PurchaseRegion);
        let mut refuse = |rule, input, said| teller.refuse(self.code, rule, input, said);
        match self.code {
            Code::FeatureUnknown => refuse(&place.feature_rule, None, &place.feature_unknown),
            Code::SandboxDisabled => {
                refuse(&place.development_rule, None, &place.sandbox_disabled);
            }
            Code::MarketClosed | Code::MarketUnknown => {
                let elsewhere = self.policy.elsewhere().map(crate::Elsewhere::status);
                let status = market.map_or(elsewhere, Market::status);
                let rule = market.map_or(&place.market_rule, Market::status_rule);
                match status.filter(|status| status.state() != MarketState::Open) {
                    Some(status) => {
                        let said = (
                            Arc::clone(status.shared_text()),
                            Arc::clone(status.shared_next_step()),
                        );
                        let basis = status.source().basis();
                        let objection = Some((self.code, &said.1));
                        teller.tell(rule, purchase, Outcome::Fail, &said.0, basis, objection);
                    }
                    None if self.until.is_some() => {
                        refuse(&assertion.rule, None, &assertion.no_market);
                    }
                    None => refuse(rule, purchase, &place.market_unknown),
                }
            }
            Code::AssertionExpired => refuse(&assertion.rule, None, &assertion.expired),
            Code::AssertionNotYetValid => refuse(&assertion.rule, None, &assertion.early),
            Code::FeatureNotInAssertion => refuse(&assertion.rule, None, &assertion.not_in),
            _ => refuse(&assertion.rule, None, &assertion.stale),
        }
    }

    /// Why a verdict that was eligible could not be cleared.
    fn tell_uncleared(&self, teller: &mut Teller<impl FnMut(Told)>, market: Option<&Market>) {
        let words = &*CLEAR;
        let mut refuse = |rule, said| teller.refuse(self.code, rule, None, said);
        match (self.code, self.missed) {
            (Code::ClockBackwards, None) => refuse(&words.clock_rule, &words.clock),
            (Code::VerdictStale, _) => refuse(&words.fresh_rule, &words.stale),
            (Code::AssertionExpired, _) => refuse(&words.fresh_rule, &words.over),
            (_, Some(lacks)) if market.is_some() => {
                if let Some(market) = market {
                    let (rule, text, next_step) = lacking(lacks, market);
                    teller.refuse(self.code, rule, None, &(text, next_step));
                }
            }
            _ => refuse(&words.fresh_rule, &words.policy_changed),
        }
    }

    /// Every step of the reasoning: those of the market, of the feature, of the release.
    ///
    /// They are written when this is called.
    pub fn reasons(&self) -> Vec<Reason> {
        let mut reasons = Vec::with_capacity(24);
        self.tell(|told| reasons.push(told.reason));
        reasons
    }

    /// What the objection says that decided: of all with the code of the verdict the first.
    pub(crate) fn first_objection(&self) -> Option<Arc<Text>> {
        let mut first = None;
        self.tell(|told| {
            if let (None, Some((code, next_step))) = (&first, told.objection)
                && code == self.code
            {
                first = Some(next_step);
            }
        });
        first
    }

    /// The inputs that are missing: those that must be known, and are not yet.
    pub fn missing(&self) -> Vec<InputName> {
        let mut missing = InputSet::default();
        self.tell(|told| {
            if let (Outcome::Unset, Some(input)) = (told.reason.outcome, told.reason.input) {
                missing.insert(input);
            }
        });
        missing.iter().collect()
    }

    /// Every input that was looked at or that says something: its status, the class of its value but
    /// never the value, when it was found out and from what.
    fn inputs_json(&self) -> Vec<Value> {
        let Ground::Device(found) = &self.ground else {
            return Vec::new();
        };
        let mut fails = InputSet::default();
        let mut reads = InputSet::default();
        self.tell(|told| {
            let Some(input) = told.reason.input.filter(|_| *told.reason.rule != **INPUT_RULE)
            else {
                return;
            };
            reads.insert(input);
            if told.reason.outcome == Outcome::Fail {
                fails.insert(input);
            }
        });
        let shown = |&&input: &&InputName| {
            found.read.contains(input) || found.states.of(input) != InputStatus::Unset
        };
        let inputs = InputName::ALL.iter().filter(shown).map(|&input| {
            let status = found.states.of(input);
            let class = (status == InputStatus::Set).then(|| match place_of(found, input) {
                Some(relation) => relation.as_str(),
                None if fails.contains(input) => "does_not_fit",
                None if reads.contains(input) => "fits",
                None => "known",
            });
            let mut line = json!({ "input": input, "status": status, "class": class });
            if let Some(provenance) = found.provenance.get(input) {
                if let Some(set_at) = provenance.set_at {
                    line["set_at"] = json!(set_at);
                }
                if let Some(source) = &provenance.source {
                    line["source"] = json!(source);
                }
            }
            line
        });
        inputs.collect()
    }

    /// The verdict as it stands in answers of the API, texts in this language.
    pub fn to_json(&self, language: UiLanguage) -> Value {
        let reasons: Vec<Value> = self
            .reasons()
            .iter()
            .map(|reason| {
                json!({
                    "rule": &*reason.rule,
                    "input": reason.input,
                    "outcome": reason.outcome,
                    "text": reason.text.get(language),
                    "basis": reason.basis,
                })
            })
            .collect();
        let issued = self.market.and_then(|index| self.policy.market_at(index).issued());
        json!({
            "feature": self.feature(),
            "market": self.market(),
            "overlays": self.overlays().collect::<Vec<_>>(),
            "answer": self.answer(),
            "code": self.code(),
            "stage": self.stage(),
            "inputs": self.inputs_json(),
            "missing": self.missing(),
            "reasons": reasons,
            "next_step": self.next_step().map(|text| text.get(language).to_owned()),
            "policy": self.policy(),
            "rules_version": issued,
        })
    }
}

/// The inputs that a rule has a step for.
fn spoken_by(rule: &Rule, found: &Findings) -> InputSet {
    let unknown = found.states.closed().union(found.states.unset);
    let open = rule.reads().common(unknown);
    if open.is_empty() { rule.reads() } else { open }
}

fn tell_development(teller: &mut Teller<impl FnMut(Told)>, market: &Market) {
    if market.is_development() {
        let words = &*PLACE;
        teller.pass(&words.development_rule, None, &words.development, Basis::House);
    }
}

/// How an input that is a place stands to the market.
fn place_of(found: &Findings, input: InputName) -> Option<Relation> {
    let places = &found.relations;
    match input {
        InputName::PurchaseRegion => Some(places.purchase),
        InputName::BillingRegion => Some(places.billing),
        InputName::Location => Some(places.location),
        InputName::SetupRegion => Some(places.setup),
        InputName::Subdivision => Some(places.subdivision),
        InputName::DeveloperRegion => Some(places.developer),
        _ => None,
    }
}

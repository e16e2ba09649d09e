//! The straight path of a request. Each step consumes the value of the step before.
//!
//! ```text
//! Caller --judge--> Verdict --clear--> Clearance --prepare--> Prompt
//!   --screen--> Screened<Prompt, ToPartner> --route--> Route --ask--> answer
//!   --screen--> Screened<_, FromPartner> --label--> Labelled --record--> bytes
//! ```
//!
//! On the device tier the borders are `ToDevice` and `FromDevice`, and `device.rs` routes and runs.
//!
//! The admission is written to the ledger while the partner is asked: neither waits for the other,
//! and no byte of an answer leaves before the entry is durable, or (where the operator chose
//! `before_end`) no end of one.

use std::pin::pin;
use std::sync::Arc;

use yumen_device::Output;
use yumen_features::{AfterFirst, Feature, FeatureError, Prompt, Tier};
use yumen_label::{Labelled, Labels};
use yumen_ledger::{Admission, Canonical, Entry, Refusal};
use yumen_partners::{Answer, AskError, Manner, RouteError, Stray, Unanswered};
use yumen_policy::{
    Clearance, Digest, MarketId, ModelRef, Outcome, Release, Timestamp, UiLanguage, Verdict, clear,
};
use yumen_screen::{FromDevice, FromPartner, Gazetteer, Notice, Screen, ToDevice, Vault};
use yumen_wire::{Completion, ToolCall};

use crate::alarm::{About, AlarmKind};
use crate::answer;
use crate::attempts::{self, How, Trail};
use crate::caller::Caller;
use crate::choices::{Choices, Wanted, fewer, is_identifier};
use crate::conversation::Conversation;
use crate::display::Display;
use crate::gate::{Durability, Gate};
use crate::journal::{Cleared, Journal};
use crate::judging::{JudgedStream, Judging};
use crate::problem::Problem;
use crate::receipt::{Record, ServedBy, sandbox_notice};
use crate::restoring::{OwnTools, Restoring};
use crate::snapshot::Snapshot;
use crate::stream::{LabelledStream, Watch};

/// One request on its way, before anything was decided.
pub(crate) struct Way<'a> {
    pub(crate) gate: &'a Gate,
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) caller: &'a Caller,
    pub(crate) now: Timestamp,
    pub(crate) language: UiLanguage,
    /// The conversation this is a turn of.
    pub(crate) conversation: Conversation,
    /// The tools that are the person's own.
    pub(crate) own_tools: OwnTools,
    /// The names of the person's contacts: for this request, and nowhere kept.
    pub(crate) contacts: Gazetteer,
}

/// An answer that may be written.
pub(crate) struct Served {
    pub(crate) record: Record,
    pub(crate) admission: answer::Admission,
    pub(crate) content: Content,
}

/// The content of an answer, by how it was made.
pub(crate) enum Content {
    Device(Labelled<Output>),
    Stream(Box<JudgedStream>),
    Whole(Box<Labelled<Completion>>, Vec<Notice>),
}

/// How a partner's answer is to come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// As it is made, to an OpenAI client, which cannot be told to forget what it was given.
    Chunks,
    /// As it is made, to a client of our own, which knows `restart` and `revise`.
    Events,
    /// All at once.
    Whole,
}

impl Delivery {
    /// How the partners are asked for it.
    fn manner(self, rule: AfterFirst, conversation: Option<&str>) -> Manner<'_> {
        let manner = match self {
            Self::Chunks | Self::Events => Manner::stream(),
            Self::Whole => Manner::whole(),
        };
        let manner = manner.after_first(self.after_first(rule));
        match conversation {
            Some(name) => manner.conversation(name),
            None => manner,
        }
    }

    /// What becomes of an answer that fails once something was shown: the feature's rule, as far as
    /// the client can follow it.
    fn after_first(self, rule: AfterFirst) -> yumen_partners::AfterFirst {
        use yumen_partners::AfterFirst as Partners;
        match (rule, self) {
            (AfterFirst::Continue, Self::Events) => Partners::ContinueOrRestart,
            (AfterFirst::Continue, Self::Chunks) => Partners::Continue,
            (AfterFirst::Restart, Self::Events) => Partners::Restart,
            (AfterFirst::Restart, Self::Chunks)
            | (AfterFirst::Fail, _)
            | (AfterFirst::Continue | AfterFirst::Restart, Self::Whole) => Partners::Fail,
        }
    }
}

/// What an answer of a request carries whoever gives it.
struct Opening<'a> {
    journal: &'a Journal,
    /// The safety check that is in force as the request begins; it is kept to the answer's end.
    screen: Arc<Screen>,
    market: MarketId,
    release: Digest,
    approval: Option<String>,
    sandbox: Option<Notice>,
    labels: Labels,
}

impl Opening<'_> {
    /// The record of the answer that `served_by` is to give, and its labels.
    fn open(self, served_by: ServedBy, told: Vec<Notice>) -> (Record, Labels) {
        let record = Record {
            receipt_id: self.journal.id().to_owned(),
            market: self.market,
            release: self.release,
            approval: self.approval,
            served_by: Arc::new(served_by),
            label: Arc::clone(self.labels.label()),
            notices: told.into_iter().chain(self.sandbox).collect(),
            attempts: Vec::new(),
        };
        (record, self.labels)
    }
}

impl Way<'_> {
    /// Judge and clear: may this device have this feature, now, under an approval in force?
    pub(crate) async fn clear(&self, feature: &Feature) -> Result<Clearance, Problem> {
        let verdict = self.caller.judge(&self.snapshot.policy, feature.id(), self.now);
        match clear(&self.snapshot.policy, verdict, self.now) {
            Ok(clearance) if clearance.is_sandbox() && !self.caller.is_development() => {
                let problem = Problem::new(
                    "sandbox_disabled",
                    "This app key is not for development; `yumen keys add --development` makes one that is.",
                    "此应用密钥不用于开发；可用 `yumen keys add --development` 创建开发密钥。",
                );
                self.journal(&clearance).refused(&problem);
                Err(problem)
            }
            Ok(clearance) => Ok(clearance),
            Err(verdict) => Err(self.refuse(verdict).await),
        }
    }

    /// Everything from the prompt to the labelled answer. What is refused on the way, by our screen
    /// or by the partner, is recorded like a refusal of the policy.
    pub(crate) async fn serve(
        &self,
        feature: &Feature,
        clearance: Clearance,
        prepare: impl FnOnce(Clearance) -> Result<Prompt, FeatureError>,
        delivery: Delivery,
    ) -> Result<Served, Problem> {
        let journal = self.journal(&clearance);
        let served = match self.must_be_free(clearance.market(), feature) {
            Ok(()) => self.run(feature, clearance, prepare, delivery, &journal).await,
            Err(problem) => Err(problem),
        };
        served.map_err(|problem| {
            journal.refused(&problem);
            problem.of_receipt(journal.id())
        })
    }

    fn journal(&self, clearance: &Clearance) -> Journal {
        let cleared = Cleared::of(clearance, self.caller.key_id(), self.now);
        let (ledger, counters) = (&self.gate.ledger, self.gate.metrics.counters());
        Journal::new(ledger, counters, &self.gate.deeds, cleared)
    }

    async fn run(
        &self,
        feature: &Feature,
        clearance: Clearance,
        prepare: impl FnOnce(Clearance) -> Result<Prompt, FeatureError>,
        delivery: Delivery,
        journal: &Journal,
    ) -> Result<Served, Problem> {
        let market = clearance.market().clone();
        let screen = self.screen(&market)?;
        self.check_drift(&clearance, feature, &screen)?;
        let labeller = self.snapshot.labellers.get(&market).ok_or_else(|| {
            let about = About { market: Some(market.clone()), ..About::default() };
            self.gate.alarms.raise(AlarmKind::LabelUnavailable, about, "no provider code");
            Problem::new(
                "label_unavailable",
                "The market demands a provider code in the label, and `server.provider` is a name.",
                "该市场要求标识中写明服务提供者编码，而 `server.provider` 设置的是名称。",
            )
        })?;
        let opening = Opening {
            journal,
            screen,
            release: clearance.release(),
            approval: clearance.approval().map(str::to_owned),
            sandbox: sandbox_notice(&clearance),
            labels: labeller.open(&clearance, journal.id(), self.language),
            market,
        };
        let prompt = prepare(clearance)?;
        match prompt.feature().tier() {
            Tier::Device => self.on_device(prompt, opening).await,
            // The longest way by far: what it keeps would else be in the future of every request.
            Tier::Partner => Box::pin(self.at_partner(prompt, opening, delivery)).await,
        }
    }

    /// The way over the on-device engine.
    async fn on_device(&self, prompt: Prompt, opening: Opening<'_>) -> Result<Served, Problem> {
        let (journal, screen) = (opening.journal, Arc::clone(&opening.screen));
        let said = self.said(&prompt);
        let screened = screen.whole(prompt, ToDevice);
        let (prompt, mut notices) =
            self.input(&opening.market, journal, &screen, said, screened)?;
        journal.screened(&mut notices);
        let route = self.gate.device.route(prompt)?;
        let served_by = self.served_by(Tier::Device, route.model(), false, route.clearance());
        let (mut record, labels) = opening.open(served_by, notices);
        let admission =
            self.admission(journal.id(), route.clearance(), Tier::Device, route.model(), false);
        let admission = self.queue(admission)?;
        let output = self.gate.device.run(route).await;
        let admission = self.opening(admission).await?;
        journal.screens();
        let (output, mut more) = screen.whole(output?, FromDevice)?;
        journal.screened(&mut more);
        record.notices.extend(more);
        Ok(Served { record, admission, content: Content::Device(labels.stamp(output)) })
    }

    /// The way over the partners, of which one after the other may be asked.
    async fn at_partner(
        &self,
        prompt: Prompt,
        opening: Opening<'_>,
        delivery: Delivery,
    ) -> Result<Served, Problem> {
        let (journal, screen) = (opening.journal, Arc::clone(&opening.screen));
        let limit = prompt.feature().checks().max_output_bytes;
        let rule = prompt.feature().failover().after_first;
        let tokens = &self.gate.pseudonyms;
        let mut vault =
            Vault::new(self.conversation.key(self.caller, prompt.clearance(), tokens)?);
        let said = self.said(&prompt);
        let screened = screen.pseudonymised(prompt, &mut vault, &self.contacts);
        let (prompt, mut notices) =
            self.input(&opening.market, journal, &screen, said, screened)?;
        let wanted = Wanted::of(prompt.get());
        let restoring = Restoring::new(vault, prompt.get(), self.own_tools.clone());
        journal.screened(&mut notices);
        let mut judging = Judging::of(self.gate, prompt.get(), &screen, journal);
        let counters = self.gate.metrics.counters().clone();
        let conversation = self.conversation.name(self.caller);
        let manner = delivery
            .manner(rule, conversation.as_deref())
            .settle(move |attempts| counters.attempts(attempts));
        let route = self.gate.partners.route(prompt, manner);
        let route = route.inspect_err(|error| {
            if let RouteError::OutOfMarket { market, stray } = error {
                self.strayed(market, stray);
            }
        })?;
        if let Some(stray) = route.passed_over() {
            self.strayed(route.clearance().market(), stray);
        }
        let (model, emulated, clearance) = (route.model(), route.emulated(), route.clearance());
        let served_by = self.served_by(Tier::Partner, model, emulated, clearance);
        let (mut record, labels) = opening.open(served_by, notices);
        let admission = self.admission(journal.id(), clearance, Tier::Partner, model, emulated);
        let admission = self.queue(admission)?;
        let mut trail = Trail::new(
            journal.clone(),
            self.gate.alarms.clone(),
            self.gate.partners.clone(),
            Arc::clone(&self.gate.names),
            Arc::clone(&record.served_by),
        );
        let mut input = judging.begin().await?;
        let answer = {
            // By reference: a future that is handed on is copied into each that waits for it. What comes after takes its room.
            let asking = pin!(self.gate.partners.ask(route));
            judging.beside(&mut input, asking).await?
        };
        let admission = self.opening(admission).await?;
        let content = match answer {
            Err(Unanswered { error, attempts }) => {
                trail.failed(&attempts);
                let problem = match error {
                    AskError::Drifted(drift) => self.gate.drifts.tell(*drift).await,
                    error => error.into(),
                };
                return Err(problem.after(attempts::told(&attempts)));
            }
            Ok(Answer::Whole(whole)) => {
                journal.screens();
                // The last attempt is the one that answered.
                let ended = whole.attempts.split_last().map_or(&[][..], |(_, ended)| ended);
                trail.answers(whole.model(), How::BeforeFirst, ended).await?;
                record.attempts = attempts::told(&whole.attempts);
                let completion = output_of(whole.completion, wanted, limit)?;
                let came = u32::try_from(1 + completion.others.len()).unwrap_or(u32::MAX);
                let (completion, mut notices) = screen.answer(completion, FromPartner)?;
                let (completion, judged) = judging.whole(input, completion).await?;
                let (completion, more) = restoring.whole(completion);
                notices.extend(more);
                journal.screened(&mut notices);
                notices.extend(judged);
                notices.extend(fewer(wanted, came));
                record.served_by = Arc::clone(trail.served_by());
                Content::Whole(Box::new(labels.stamp(completion)), notices)
            }
            Ok(Answer::Stream(answer)) => {
                journal.screens();
                trail.answers(answer.model(), How::BeforeFirst, answer.attempts()).await?;
                record.served_by = Arc::clone(trail.served_by());
                let revises = delivery == Delivery::Events;
                let choices = Choices::new(&screen, restoring, wanted, revises, limit);
                let drifts = self.gate.drifts.clone();
                let watch = Watch { journal: journal.clone(), drifts, trail };
                let stream = LabelledStream::new(answer, choices, labels, watch);
                Content::Stream(Box::new(judging.stream(stream, input)))
            }
        };
        Ok(Served { record, admission, content })
    }

    fn served_by(
        &self,
        tier: Tier,
        model: &ModelRef,
        emulated: bool,
        clearance: &Clearance,
    ) -> ServedBy {
        let display = Display::of(&self.gate.names, model, clearance);
        ServedBy::new(tier, model, emulated, display)
    }

    /// Tells the operator of a partner that was not asked because of where its address leads.
    fn strayed(&self, market: &MarketId, stray: &Stray) {
        let about = About {
            market: Some(market.clone()),
            subject: Some(stray.partner.to_string()),
            release: None,
        };
        self.gate.alarms.raise(AlarmKind::EndpointOutOfMarket, about, stray.to_string());
    }

    /// Queues the admission: it is written while the answer is made.
    fn queue(&self, admission: Admission<'_>) -> Result<answer::Admission, Problem> {
        answer::Admission::queue(self.gate.ledger.admit(admission), &self.gate.alarms)
    }

    /// The admission as it must be before the first byte of an answer.
    async fn opening(&self, admission: answer::Admission) -> Result<answer::Admission, Problem> {
        match self.gate.durable {
            Durability::BeforeFirstByte => {
                Ok(answer::Admission::Durable(admission.durable().await?))
            }
            Durability::BeforeEnd => Ok(admission),
        }
    }

    /// The safety check of a market: without one nothing is served there.
    fn screen(&self, market: &MarketId) -> Result<Arc<Screen>, Problem> {
        self.snapshot.screens.get(market).map(Arc::clone).ok_or_else(|| {
            let about = About { market: Some(market.clone()), ..About::default() };
            self.gate.alarms.raise(AlarmKind::PacksUnusable, about, "the market has no screen");
            Problem::new(
                "packs_unusable",
                "The safety rules of this market cannot be used; the operator must install packs that can.",
                "该市场的安全规则无法使用，请运营者安装可用的规则包。",
            )
        })
    }

    /// Whether what runs is what was released: the feature's definition, the screen's packs and the judges' charter.
    fn check_drift(
        &self,
        clearance: &Clearance,
        feature: &Feature,
        screen: &Screen,
    ) -> Result<(), Problem> {
        let same_screen = clearance.screen() == screen.digest();
        let same_judges = clearance.judges() == self.gate.charters.get(clearance.market()).copied();
        if clearance.feature_digest() == Some(feature.digest()) && same_screen && same_judges {
            return Ok(());
        }
        let about = About {
            market: Some(clearance.market().clone()),
            subject: Some(feature.id().to_string()),
            release: Some(clearance.release()),
        };
        let what = match (same_screen, same_judges) {
            (false, _) => "the screen is another",
            (true, false) => "the judges' charter is another",
            (true, true) => "the feature's definition is another",
        };
        self.gate.alarms.raise(AlarmKind::ReleaseDrifted, about, what);
        Err(Problem::new(
            "release_drifted",
            "The definition, the screen or the judges in use are not those of the release; nothing is served.",
            "使用中的功能定义、安全检查或外部审核与发布版本不符，因此不提供服务。",
        ))
    }

    /// Tells the operator of a refusal that a device should never have met.
    fn alarm_of(&self, verdict: &Verdict) {
        let Some(kind) = AlarmKind::of_refusal(verdict.code()) else { return };
        let policy = &self.snapshot.policy;
        let market = verdict.market().and_then(|id| policy.market(id));
        if kind == AlarmKind::UnapprovedMarketAttempt
            && market.is_none_or(|market| !market.approval().is_required())
        {
            return;
        }
        let about = About {
            market: verdict.market().cloned(),
            subject: Some(verdict.feature().to_string()),
            release: policy
                .releases()
                .filter(|release| Some(release.market()) == verdict.market())
                .last()
                .map(Release::digest),
        };
        self.gate.alarms.raise(kind, about, verdict.code());
    }

    /// Records a refusal, and says it. A refusal stands even when the record cannot be written.
    async fn refuse(&self, verdict: Verdict) -> Problem {
        self.alarm_of(&verdict);
        let reasons = verdict.reasons();
        let failed = reasons.iter().filter(|reason| reason.outcome != Outcome::Pass);
        let entry = Canonical::from(Entry::Refusal(Refusal {
            caller: Some(self.caller.key_id().into()),
            code: verdict.code().into(),
            feature: Some(verdict.feature().as_str().into()),
            id: crate::id::receipt(self.now).into(),
            market: verdict.market().map(|market| market.as_str().into()),
            policy: verdict.policy().to_string().into(),
            rules: failed.map(|reason| (&*reason.rule).into()).collect(),
            time: self.now,
        }));
        if let Err(error) = self.gate.ledger.append(entry).await {
            tracing::error!(%error, "a refusal could not be recorded");
        }
        Problem::from_verdict(verdict)
    }

    fn admission<'a>(
        &'a self,
        receipt_id: &'a str,
        clearance: &'a Clearance,
        tier: Tier,
        model: &'a ModelRef,
        emulated: bool,
    ) -> Admission<'a> {
        let (tier, partner) = match tier {
            Tier::Device => (yumen_ledger::Tier::Device, None),
            Tier::Partner => (yumen_ledger::Tier::Partner, Some(model.partner.as_str().into())),
        };
        Admission {
            approval: clearance.approval().map(Into::into),
            caller: self.caller.key_id().into(),
            emulated,
            feature: clearance.feature().as_str().into(),
            id: receipt_id.into(),
            market: clearance.market().as_str().into(),
            model: model.model.as_str().into(),
            partner,
            policy: clearance.policy().to_string().into(),
            release: clearance.release().to_string().into(),
            tier,
            time: self.now,
            verdict: "eligible".into(),
            version: model.version.as_str().into(),
        }
    }
}

/// What of a whole answer is a feature's output: what was asked for, each choice within the limit, in bytes, and its
/// reasoning too, and with nothing but identifiers where the screen does not look.
fn output_of(
    mut completion: Completion,
    wanted: Wanted,
    limit: usize,
) -> Result<Completion, Problem> {
    completion.others.truncate(usize::try_from(wanted.choices - 1).unwrap_or(usize::MAX));
    let Completion { text, reasoning, tool_calls, others, .. } = &mut completion;
    check_choice(text, reasoning, tool_calls, wanted, limit)?;
    for other in others {
        check_choice(&other.text, &mut other.reasoning, &other.tool_calls, wanted, limit)?;
    }
    Ok(completion)
}

fn check_choice(
    text: &str,
    reasoning: &mut String,
    calls: &[ToolCall],
    wanted: Wanted,
    limit: usize,
) -> Result<(), Problem> {
    if !wanted.reasoning {
        *reasoning = String::new();
    }
    let called: usize = calls.iter().map(|call| call.arguments.len()).sum();
    let length = (text.len() + called).max(reasoning.len());
    if length > limit {
        return Err(Problem::new(
            "partner_answer_too_large",
            format!("The answer has {length} bytes; this feature gives at most {limit}."),
            format!("回答共 {length} 字节，此功能最多给出 {limit} 字节。"),
        ));
    }
    let names = calls.iter().flat_map(|call| [&call.id, &call.name]);
    if !names.into_iter().all(|name| is_identifier(name)) {
        return Err(Problem::new(
            "partner_malformed",
            "The partner called a tool by something that is no name.",
            "合作方调用工具时给出的名称无效。",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use yumen_partners::AfterFirst as Asked;

    use super::*;

    #[test]
    fn nobody_is_promised_what_the_client_cannot_follow() {
        let rules = [
            (AfterFirst::Continue, [Asked::ContinueOrRestart, Asked::Continue, Asked::Fail]),
            (AfterFirst::Restart, [Asked::Restart, Asked::Fail, Asked::Fail]),
            (AfterFirst::Fail, [Asked::Fail, Asked::Fail, Asked::Fail]),
        ];
        for (rule, expected) in rules {
            let asked = [Delivery::Events, Delivery::Chunks, Delivery::Whole]
                .map(|delivery| delivery.after_first(rule));
            assert_eq!(asked, expected, "{rule:?}");
        }
    }
}

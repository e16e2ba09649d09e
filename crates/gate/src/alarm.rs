//! Alarms: what an operator must hear of, raised in one place.
//!
//! An alarm is logged at `error`, counted in `/metrics`, recorded in the ledger (`alarm.v1`) and kept
//! for `GET /admin/v1/alarms`. What happens again to the same thing is the same alarm: it is counted
//! each time, but logged and recorded at most once an hour, so that a crowd of refused phones fills
//! neither. Nothing in it is a person's: ids, codes, and the words of this program.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::SignedDuration;
use serde::Serialize;
use yumen_ledger::{Canonical, Entry, Ledger};
use yumen_policy::{Digest, MarketId, Text, Timestamp};

use crate::metrics::Counters;

/// The most alarms that are kept; the one that was quiet for longest goes first.
const KEPT: usize = 256;

/// How long an alarm that is raised again is neither logged nor recorded anew.
const QUIET: SignedDuration = SignedDuration::from_hours(1);

/// What an alarm is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlarmKind {
    /// What is in force of an approval ended, or was suspended or revoked, while devices ask.
    ApprovalNotInForce,
    /// Nobody has confirmed an approval for too long.
    ApprovalStale,
    /// The clock is behind an instant that was already seen.
    ClockBackwards,
    /// Something passed without the verdict of a judge whose failure opens.
    ContentUnjudged,
    /// A partner is configured at a place where the market's requests may not be processed.
    EndpointOutOfMarket,
    /// A judge gives no verdicts.
    JudgeFailing,
    /// The answers of a market cannot be labelled.
    LabelUnavailable,
    /// The ledger takes no entries.
    LedgerUnavailable,
    /// A partner answered with another model than the approved one.
    ModelDrifted,
    /// A model of the release is not on the market's public list.
    ModelNotFiled,
    /// A model of the release is processed outside the market.
    ModelOutOfMarket,
    /// A change could not be written down by the desk.
    OperationFailed,
    /// Packs are older than the market allows.
    PacksStale,
    /// Packs of a market cannot be used, or a new one was not taken.
    PacksUnusable,
    /// The policy is older than the market allows.
    PolicyStale,
    /// The definition, the screen or the judges in use are not what was released.
    ReleaseDrifted,
    /// The store cannot be read.
    StoreUnavailable,
    /// Devices of a market that demands an approval ask for a feature that has none.
    UnapprovedMarketAttempt,
}

impl AlarmKind {
    /// All kinds.
    pub const ALL: [Self; 18] = [
        Self::ApprovalNotInForce,
        Self::ApprovalStale,
        Self::ClockBackwards,
        Self::ContentUnjudged,
        Self::EndpointOutOfMarket,
        Self::JudgeFailing,
        Self::LabelUnavailable,
        Self::LedgerUnavailable,
        Self::ModelDrifted,
        Self::ModelNotFiled,
        Self::ModelOutOfMarket,
        Self::OperationFailed,
        Self::PacksStale,
        Self::PacksUnusable,
        Self::PolicyStale,
        Self::ReleaseDrifted,
        Self::StoreUnavailable,
        Self::UnapprovedMarketAttempt,
    ];

    /// The alarm that a refusal with this code calls for, if any.
    pub(crate) fn of_refusal(code: &str) -> Option<Self> {
        match code {
            "approval_missing" | "release_missing" => Some(Self::UnapprovedMarketAttempt),
            "approval_expired" | "approval_revoked" | "approval_suspended" => {
                Some(Self::ApprovalNotInForce)
            }
            "approval_stale" => Some(Self::ApprovalStale),
            "clock_backwards" => Some(Self::ClockBackwards),
            "model_not_filed" => Some(Self::ModelNotFiled),
            "model_out_of_market" => Some(Self::ModelOutOfMarket),
            "packs_stale" => Some(Self::PacksStale),
            "policy_stale" => Some(Self::PolicyStale),
            _ => None,
        }
    }

    /// Its stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::ApprovalNotInForce => "approval_not_in_force",
            Self::ApprovalStale => "approval_stale",
            Self::ClockBackwards => "clock_backwards",
            Self::ContentUnjudged => "content_unjudged",
            Self::EndpointOutOfMarket => "endpoint_out_of_market",
            Self::JudgeFailing => "judge_failing",
            Self::LabelUnavailable => "label_unavailable",
            Self::LedgerUnavailable => "ledger_unavailable",
            Self::ModelDrifted => "model_drifted",
            Self::ModelNotFiled => "model_not_filed",
            Self::ModelOutOfMarket => "model_out_of_market",
            Self::OperationFailed => "operation_failed",
            Self::PacksStale => "packs_stale",
            Self::PacksUnusable => "packs_unusable",
            Self::PolicyStale => "policy_stale",
            Self::ReleaseDrifted => "release_drifted",
            Self::StoreUnavailable => "store_unavailable",
            Self::UnapprovedMarketAttempt => "unapproved_market_attempt",
        }
    }

    /// What happened and what to do, for the operator.
    pub fn text(self) -> Text {
        let (en, zh) = match self {
            Self::ApprovalNotInForce => (
                "Devices ask for a feature whose approval ended, or was suspended or revoked; nothing is served. `yumen approval show` tells its state.",
                "设备正在请求批准已到期、暂停或撤销的功能，未提供服务。`yumen approval show` 显示其状态。",
            ),
            Self::ApprovalStale => (
                "Nobody has confirmed this approval for longer than the market allows. Check it with the authority, then `yumen approval confirm`.",
                "该批准超过本市场允许的期限未经确认。请向主管部门核实后运行 `yumen approval confirm`。",
            ),
            Self::ClockBackwards => (
                "The gate's clock is behind a time it has already seen; nothing is served until it is right.",
                "网关的时钟早于其已经历过的时间；在校正之前不提供任何服务。",
            ),
            Self::ContentUnjudged => (
                "Something passed without the verdict of this judge, because its failure opens in this market. Each request is in the ledger as `notice.v1` with the rule `judge.ID.unjudged`.",
                "由于该市场设定此审核服务失败即放行，有内容未经其判定而通过。每次请求均以 `notice.v1` 记入账本，规则为 `judge.ID.unjudged`。",
            ),
            Self::EndpointOutOfMarket => (
                "A partner is configured at an address outside the places where this market's requests may be processed, or at one nobody stated; it was not asked. Correct `base_url` or state `region`.",
                "合作方的配置地址位于本市场允许的处理地区之外，或未说明其所在地区；未向其发送请求。请更正 `base_url` 或注明 `region`。",
            ),
            Self::JudgeFailing => (
                "A judge gives no verdicts: look at its address, its key and its load. What that means for people, `on_failure` says; `yumen_judge_questions_total` tells why.",
                "审核服务未给出判定：请检查其地址、密钥与负载。对用户的影响取决于 `on_failure`；原因见 `yumen_judge_questions_total`。",
            ),
            Self::LabelUnavailable => (
                "The market demands a provider code in the label and there is none; nothing is served there. Set `server.provider` to the code.",
                "该市场要求标识中写明服务提供者编码，但未设置；该市场不提供服务。请将 `server.provider` 设为编码。",
            ),
            Self::LedgerUnavailable => (
                "The ledger takes no entries; nothing is answered until it does. Look at the disk of the data folder.",
                "账本无法写入；恢复之前不作任何回答。请检查数据目录所在磁盘。",
            ),
            Self::ModelDrifted => (
                "A partner answers with another model than the approved one. It is stopped in this market; `yumen approval list` shows the drafted change filing.",
                "合作方现以不同于获批模型的模型作答，已在本市场停用；`yumen approval list` 列出拟好的变更备案草稿。",
            ),
            Self::ModelNotFiled => (
                "A model of the release is not on the list of filed models; it is not asked. `yumen approval check-model` looks it up.",
                "发布版本中的模型不在已备案模型清单中，未向其发送请求。可用 `yumen approval check-model` 查询。",
            ),
            Self::ModelOutOfMarket => (
                "Devices ask for a feature whose models are all processed outside the market; nothing is served.",
                "设备请求的功能，其模型均在本市场之外处理；未提供服务。",
            ),
            Self::OperationFailed => (
                "A change that the gate had to make by itself could not be written down. It is tried again with the next request.",
                "网关须自行作出的变更未能记录，将在下次请求时重试。",
            ),
            Self::PacksStale => (
                "The screen packs are older than this market allows; install current ones.",
                "安全检查包已超过本市场允许的时限，请安装最新版本。",
            ),
            Self::PacksUnusable => (
                "A screen pack of this market cannot be used: its file, its signature, its date or its rules. Without the packs it had, nothing is served there. `yumen pack list` shows them.",
                "该市场的安全规则包无法使用：文件、签名、日期或规则有误。缺少原有规则包时，该市场不提供服务。`yumen pack list` 列出规则包。",
            ),
            Self::PolicyStale => (
                "The rules of this market are older than it allows; install a current catalogue.",
                "本市场的规则已超过允许的时限，请安装最新目录。",
            ),
            Self::ReleaseDrifted => (
                "The feature's definition, the screen or the judges in use are not what was released; nothing of it is served.",
                "使用中的功能定义、安全检查或外部审核与发布版本不符，未提供服务。",
            ),
            Self::StoreUnavailable => (
                "The store cannot be read; nothing is served until it can.",
                "无法读取数据库；恢复之前不提供任何服务。",
            ),
            Self::UnapprovedMarketAttempt => (
                "Devices of a market that demands an approval ask for a feature that has none; nothing was served and nothing left. If a build switched it on, switch it off there.",
                "须经批准的市场中，设备正在请求未获批准的功能；未提供服务，也未传出任何内容。如因某版本误开启，请在该处关闭。",
            ),
        };
        Text::new(en, zh)
    }
}

/// What an alarm names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The market it concerns; none for all.
    pub market: Option<MarketId>,
    /// A feature, a partner and its model, a pack, an approval's number.
    pub subject: Option<String>,
    /// The release it concerns.
    pub release: Option<Digest>,
}

/// An alarm as the operator reads it.
#[derive(Clone, Debug, Serialize)]
pub struct Alarm {
    /// Its id, also in the ledger.
    pub id: String,
    /// What it is about.
    pub code: &'static str,
    /// The market it concerns; none for all.
    pub market: Option<MarketId>,
    /// What it names.
    pub subject: Option<String>,
    /// The release it concerns.
    pub release: Option<Digest>,
    /// What happened and what to do.
    pub text: Text,
    /// The particulars of the last time, in English, for whoever looks for the cause.
    pub detail: String,
    /// How often it was raised.
    pub count: u64,
    /// When first.
    pub first_at: Timestamp,
    /// When last.
    pub last_at: Timestamp,
    /// When it was last logged and recorded.
    #[serde(skip)]
    told_at: Timestamp,
}

/// The alarms of one gate. Clones share them.
#[derive(Clone)]
pub(crate) struct Alarms(Arc<Inner>);

struct Inner {
    ledger: Ledger,
    counters: Counters,
    /// The one raised last at the end. Locked only when something is wrong.
    raised: Mutex<VecDeque<Alarm>>,
}

impl Alarms {
    pub(crate) fn new(ledger: Ledger, counters: Counters) -> Self {
        Self(Arc::new(Inner { ledger, counters, raised: Mutex::default() }))
    }

    /// Raises an alarm. `detail` is for the cause and holds nothing of a person's.
    pub(crate) fn raise(&self, kind: AlarmKind, about: About, detail: impl Into<String>) {
        self.raise_at(kind, about, detail.into(), Timestamp::now());
    }

    fn raise_at(&self, kind: AlarmKind, about: About, detail: String, now: Timestamp) {
        self.0.counters.alarm(kind.code());
        let Some(alarm) = self.count(kind, about, detail, now) else { return };
        tracing::error!(
            code = alarm.code,
            id = alarm.id,
            market = alarm.market.as_ref().map(MarketId::as_str),
            subject = alarm.subject,
            release = alarm.release.map(tracing::field::display),
            count = alarm.count,
            detail = alarm.detail,
            "ALARM: {}",
            alarm.text.en
        );
        let entry = Entry::Alarm(yumen_ledger::Alarm {
            at: "raised".into(),
            code: alarm.code.into(),
            digest: Some(Digest::of(alarm.detail.as_bytes()).to_string().into()),
            id: alarm.id.into(),
            market: alarm.market.as_ref().map(|market| market.as_str().into()),
            subject: alarm.subject.map(Into::into),
            time: now,
        });
        // Queued at the call: an alarm waits for nothing, and may be about the ledger itself.
        drop(self.0.ledger.append(Canonical::from(entry)));
    }

    /// Counts it; gives the alarm if it is to be told.
    fn count(
        &self,
        kind: AlarmKind,
        about: About,
        detail: String,
        now: Timestamp,
    ) -> Option<Alarm> {
        let code = kind.code();
        let mut raised = self.0.raised.lock().unwrap_or_else(PoisonError::into_inner);
        let known = raised.iter().position(|alarm| {
            alarm.code == code
                && alarm.market == about.market
                && alarm.subject == about.subject
                && alarm.release == about.release
        });
        let mut alarm = match known.and_then(|at| raised.remove(at)) {
            Some(alarm) => alarm,
            None => Alarm {
                id: crate::id::alarm(now),
                code,
                market: about.market,
                subject: about.subject,
                release: about.release,
                text: kind.text(),
                detail: String::new(),
                count: 0,
                first_at: now,
                last_at: now,
                told_at: Timestamp::MIN,
            },
        };
        alarm.detail = detail;
        alarm.count += 1;
        alarm.last_at = now;
        // A clock set back must not silence it either.
        let told = alarm.count > 1 && now.duration_since(alarm.told_at).abs() < QUIET;
        if !told {
            alarm.told_at = now;
        }
        let tell = (!told).then(|| alarm.clone());
        if raised.len() >= KEPT {
            raised.pop_front();
        }
        raised.push_back(alarm);
        tell
    }

    /// The alarms that are kept, the one raised last first.
    pub(crate) fn list(&self) -> Vec<Alarm> {
        let raised = self.0.raised.lock().unwrap_or_else(PoisonError::into_inner);
        raised.iter().rev().cloned().collect()
    }
}

//! What the program itself says in a verdict, besides the terms of features and the rules of markets.
//!
//! Made once, the first time something is said; deciding needs none of it.

use std::sync::{Arc, LazyLock};

use crate::lane::{Bar, Lacking};
use crate::{Drift, HighWater, Kill, Managed, Market, Step, Text};

/// A text, and what somebody can do.
pub(crate) type Said = (Arc<Text>, Arc<Text>);

fn text(en: &str, zh: &str) -> Arc<Text> {
    Arc::new(Text::new(en, zh))
}

/// Words about markets and features as such.
pub(crate) struct PlaceWords {
    pub(crate) feature_rule: Arc<str>,
    pub(crate) feature_unknown: Said,
    pub(crate) market_rule: Arc<str>,
    pub(crate) market_unknown: Said,
    pub(crate) development_rule: Arc<str>,
    pub(crate) development: Arc<Text>,
    pub(crate) sandbox_disabled: Said,
}

pub(crate) static PLACE: LazyLock<PlaceWords> = LazyLock::new(|| PlaceWords {
    feature_rule: "feature.known".into(),
    feature_unknown: (
        text("There is no feature of this name.", "没有该名称的功能。"),
        text(
            "Ask GET /v1/features which features there are.",
            "可通过 GET /v1/features 查看有哪些功能。",
        ),
    ),
    market_rule: "market.known".into(),
    market_unknown: (
        text(
            "Devices bought in this region belong to no market that is served.",
            "在该地区购买的设备不属于任何已开通的市场。",
        ),
        text(
            "Nothing can be done on this device until a market for its region is opened.",
            "在该地区的市场开通之前，此设备无法使用。",
        ),
    ),
    development_rule: "market.development".into(),
    development: text(
        "This market is for development only: nothing here was approved and nothing may reach the public.",
        "此市场仅供开发使用：其中的内容均未经批准，不得向公众提供。",
    ),
    sandbox_disabled: (
        text("The development market is switched off here.", "此处未开启开发市场。"),
        text(
            "Use a device of a real market, or switch the sandbox on where no real person is served.",
            "请使用实际市场的设备，或在不面向真实用户的环境中开启开发市场。",
        ),
    ),
});

/// Words about release, approval and what stops them.
pub(crate) struct StandingWords {
    pub(crate) release_rule: Arc<str>,
    clock_rule: Arc<str>,
    kill_rule: Arc<str>,
    drift_rule: Arc<str>,
    residency_rule: Arc<str>,
    filing_rule: Arc<str>,
    fresh_rules: [Arc<str>; 3],
    pub(crate) managed_rule: Arc<str>,
    pub(crate) released: Arc<Text>,
    pub(crate) approved: Arc<Text>,
    clock: Said,
    killed: Said,
    drifted: Arc<Text>,
    drifted_next: Arc<Text>,
    out_of_market: Said,
    not_filed: Said,
    not_approved: Arc<Text>,
    unreleased: Said,
    to_come: Arc<Text>,
    over: Arc<Text>,
    suspended: Said,
    revoked: Arc<Text>,
    managed_next: Arc<Text>,
}

pub(crate) static STANDING: LazyLock<StandingWords> = LazyLock::new(|| StandingWords {
    release_rule: "market.release".into(),
    clock_rule: "gate.clock".into(),
    kill_rule: "operator.kill".into(),
    drift_rule: "model.drift".into(),
    residency_rule: "model.residency".into(),
    filing_rule: "model.filing".into(),
    fresh_rules: ["fresh.policy".into(), "fresh.packs".into(), "fresh.approval".into()],
    managed_rule: "device.management".into(),
    released: text(
        "A release of this market carries the feature.",
        "该市场已有包含此功能的发布版本。",
    ),
    approved: text(
        "An approval that covers this feature and release is in force.",
        "涵盖此功能及该发布版本的批准正在有效期内。",
    ),
    clock: (Arc::new(HighWater::text()), Arc::new(HighWater::next_step())),
    killed: (Arc::new(Kill::text()), Arc::new(Kill::next_step())),
    drifted: text(
        "The partner answers with another model than the approved one.",
        "合作方现以不同于获批模型的模型作答。",
    ),
    drifted_next: Arc::new(Drift::next_step()),
    out_of_market: (
        text(
            "Every model of this feature processes outside what this market allows, or where is not known.",
            "此功能的模型均在该市场允许范围之外处理数据，或处理地点不明。",
        ),
        text(
            "The operator must release a model that processes in the market.",
            "请运营者发布在该市场境内处理数据的模型。",
        ),
    ),
    not_filed: (
        text(
            "No model of this feature is on the authority's list of filed models.",
            "此功能的模型均不在主管部门公布的已备案模型名单中。",
        ),
        text(
            "The operator must give the filing number of the model and import the current list.",
            "请运营者填写模型备案号并导入最新名单。",
        ),
    ),
    not_approved: text(
        "The approval names models, and none of the released ones is among them.",
        "批准中列明了模型，而发布版本的模型均不在其中。",
    ),
    unreleased: (
        text("No release of this market carries the feature.", "该市场尚无包含此功能的发布版本。"),
        text("Wait until the feature is released in this market.", "请等待此功能在该市场发布。"),
    ),
    to_come: text("The approval of this feature has not begun yet.", "此功能的批准尚未生效。"),
    over: text("The approval of this feature has ended.", "此功能的批准已过有效期。"),
    suspended: (
        text("The approval of this feature is suspended.", "此功能的批准已暂停。"),
        text("Wait until the operator resumes the approval.", "请等待运营者恢复该批准。"),
    ),
    revoked: text("The approval of this feature was taken back.", "此功能的批准已被撤销。"),
    managed_next: Arc::new(Managed::next_step()),
});

/// What is said of something that is lacking: the rule, the text and what can be done.
pub(crate) fn lacking<'a>(
    lacking: Lacking,
    market: &'a Market,
) -> (&'a Arc<str>, Arc<Text>, Arc<Text>) {
    let words = &*STANDING;
    let of = |rule: &'a Arc<str>, (text, next): &Said| (rule, Arc::clone(text), Arc::clone(next));
    let duty = |text: &Arc<Text>| {
        let next = market.approval().shared_next_step();
        (market.approval_rule(), Arc::clone(text), Arc::clone(next))
    };
    match lacking {
        Lacking::Clock => of(&words.clock_rule, &words.clock),
        Lacking::Preparing => {
            let closed = || (Arc::clone(&words.unreleased.0), Arc::clone(&words.unreleased.1));
            let said = market.status().map_or_else(closed, |status| {
                (Arc::clone(status.shared_text()), Arc::clone(status.shared_next_step()))
            });
            of(market.status_rule(), &said)
        }
        Lacking::Barred(Bar::Killed) => of(&words.kill_rule, &words.killed),
        Lacking::Barred(Bar::Drifted) => {
            (&words.drift_rule, Arc::clone(&words.drifted), Arc::clone(&words.drifted_next))
        }
        Lacking::Barred(Bar::OutOfMarket) => of(&words.residency_rule, &words.out_of_market),
        Lacking::Barred(Bar::NotFiled) => of(&words.filing_rule, &words.not_filed),
        Lacking::Barred(Bar::NotApproved) => duty(&words.not_approved),
        Lacking::Barred(Bar::Managed(key)) => {
            (&words.managed_rule, Arc::new(key.text()), Arc::clone(&words.managed_next))
        }
        Lacking::Stale(part) => {
            let rule = &words.fresh_rules[part as usize];
            // Whatever stops has a text; it says "all" only where all stops.
            let text = Step::CloudOff.text(part).unwrap_or_else(|| part.next_step());
            (rule, Arc::new(text), Arc::new(part.next_step()))
        }
        Lacking::Release => of(&words.release_rule, &words.unreleased),
        Lacking::Approval => duty(market.approval().shared_text()),
        Lacking::ApprovalToCome => duty(&words.to_come),
        Lacking::ApprovalOver => duty(&words.over),
        Lacking::ApprovalSuspended => of(market.approval_rule(), &words.suspended),
        Lacking::ApprovalRevoked => duty(&words.revoked),
    }
}

/// Words about assertions.
pub(crate) struct AssertionWords {
    pub(crate) rule: Arc<str>,
    pub(crate) held: Arc<Text>,
    pub(crate) expired: Said,
    pub(crate) early: Said,
    pub(crate) stale: Said,
    pub(crate) not_in: Said,
    pub(crate) no_market: Said,
}

pub(crate) static ASSERTION: LazyLock<AssertionWords> = LazyLock::new(|| {
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

/// Words about a verdict that could not be cleared.
pub(crate) struct ClearWords {
    pub(crate) fresh_rule: Arc<str>,
    pub(crate) clock_rule: Arc<str>,
    pub(crate) policy_changed: Said,
    pub(crate) stale: Said,
    pub(crate) over: Said,
    pub(crate) clock: Said,
}

pub(crate) static CLEAR: LazyLock<ClearWords> = LazyLock::new(|| {
    let again = text("Ask again.", "请重新请求。");
    let says = |en, zh| (text(en, zh), Arc::clone(&again));
    ClearWords {
        fresh_rule: "clear.fresh".into(),
        clock_rule: "clear.clock".into(),
        policy_changed: says("The policy has changed since the verdict.", "判定之后政策已变更。"),
        stale: says("The verdict is too old to act on.", "判定结果已过时，不能据以执行。"),
        over: says(
            "What the verdict rested on is over: the assertion or a grace.",
            "判定所依据的资格凭证或宽限期已结束。",
        ),
        clock: (
            text("The clock of the gate went backwards.", "网关的时钟发生了倒退。"),
            text("The operator must correct the clock.", "请运营者校正时钟。"),
        ),
    }
});

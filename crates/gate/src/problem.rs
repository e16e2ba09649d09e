//! Every way a request can end without an answer, as RFC 9457 problem details.
//!
//! A [`Problem`] carries a stable `code`, a title and a detail in the person's language, and the
//! verdict where one was reached. [`CODES`] is the whole list; `docs/errors.md` explains each, and
//! a test holds the two together.

use http::StatusCode;
use serde::Serialize;
pub use yumen_desk::Code;
use yumen_features::FeatureError;
use yumen_partners::{AskError, RouteError};
use yumen_policy::{Measure, Sanction, Text, Timestamp, UiLanguage, Verdict};
use yumen_screen::{Appeal, Notice, Refusal};

use crate::attempts::AttemptTold;

const fn code(code: &'static str, status: u16, en: &'static str, zh: &'static str) -> Code {
    Code { code, status, en, zh }
}

/// Every code but those of the desk ([`yumen_desk::CODES`]), in the order of the alphabet.
pub const CODES: &[Code] = &[
    code("approval_expired", 403, "The approval is over", "批准已到期"),
    code("approval_missing", 403, "Not approved here yet", "尚未在此获批"),
    code("approval_revoked", 403, "The approval was taken back", "批准已被撤销"),
    code("approval_stale", 503, "Nobody confirmed the approval for too long", "批准过久未经确认"),
    code("approval_suspended", 403, "The approval is suspended", "批准已被暂停"),
    code(
        "assertion_expired",
        403,
        "The eligibility has to be asked for again",
        "需要重新取得资格凭证",
    ),
    code("assertion_invalid", 403, "The assertion is not valid", "资格凭证无效"),
    code("assertion_missing", 403, "An assertion is needed", "缺少资格凭证"),
    code("assertion_not_yet_valid", 403, "The assertion is not valid yet", "资格凭证尚未生效"),
    code(
        "assertion_stale",
        403,
        "The rules changed since the assertion was made",
        "规则已更新，需要重新取得资格凭证",
    ),
    code("body_not_json", 400, "The body is not valid JSON", "请求体不是有效的 JSON"),
    code("body_not_utf8", 400, "The body is not valid UTF-8", "请求体不是有效的 UTF-8"),
    code("body_timeout", 408, "The body did not arrive in time", "请求体未在限时内到达"),
    code("body_too_large", 413, "The body is too large", "请求体过大"),
    code("clock_backwards", 503, "The clock went backwards", "时钟倒退"),
    code(
        "content_type_unsupported",
        415,
        "The content type must be application/json",
        "内容类型须为 application/json",
    ),
    code("device_key_missing", 403, "A device key is needed", "缺少设备密钥"),
    code(
        "endpoint_out_of_market",
        503,
        "The partner is reached outside the market",
        "合作方地址位于本市场之外",
    ),
    code(
        "feature_not_in_assertion",
        403,
        "The assertion does not cover this feature",
        "资格凭证不包含此功能",
    ),
    code("feature_unknown", 404, "There is no such feature", "没有此功能"),
    code("grace_invalid", 403, "The grace ticket is not valid", "宽限凭证无效"),
    code("input_empty", 422, "There is no text to work on", "没有可处理的文字"),
    code(
        "input_error",
        403,
        "Something about the device could not be determined",
        "无法确定设备的某项信息",
    ),
    code("input_invalid", 422, "The input does not fit the feature", "输入不符合功能的格式"),
    code("input_too_large", 413, "The text is too long for this feature", "文字超出此功能的长度"),
    code(
        "input_unset",
        403,
        "Something about the device is not known yet",
        "设备的某项信息尚未知晓",
    ),
    code(
        "input_without_sentence",
        422,
        "The text has no sentence to take",
        "文字中没有可摘取的句子",
    ),
    code("internal", 500, "Something went wrong in the gate", "网关内部出错"),
    code("judge_unavailable", 503, "The safety check could not be reached", "无法完成安全检查"),
    code("key_missing", 401, "An app key is needed", "缺少应用密钥"),
    code("key_unknown", 401, "The app key is not known", "应用密钥无效"),
    code("killed", 403, "The operator stopped this", "运营者已停用此功能"),
    code("label_unavailable", 503, "Answers cannot be labelled here", "无法为此市场的回答加标识"),
    code("language_mismatch", 422, "The text is in another language", "文字语言与声明不符"),
    code(
        "language_unsupported",
        422,
        "The feature does not work in this language",
        "此功能不支持该语言",
    ),
    code("ledger_unavailable", 503, "The record could not be written", "无法写入记录"),
    code("managed_off", 403, "Switched off by management", "已由管理配置关闭"),
    code("market_closed", 403, "Never offered in this market", "此市场不开放"),
    code("market_preparing", 403, "Being prepared for this market", "此市场正在筹备"),
    code("market_unknown", 403, "Not offered in this market", "此市场不提供服务"),
    code("method_not_allowed", 405, "This address takes another method", "此地址不支持该方法"),
    code("model_drifted", 503, "The model is not the approved one", "模型与获批的不符"),
    code("model_not_capable", 422, "No approved model can do this", "获批的模型均不支持此请求"),
    code("model_not_filed", 403, "The model is not filed here", "模型未在此备案"),
    code(
        "model_out_of_market",
        403,
        "The model is processed outside the market",
        "模型在本市场之外处理",
    ),
    code("model_unknown", 404, "There is no such model", "没有此模型"),
    code("not_found", 404, "There is nothing at this address", "此地址没有内容"),
    code("overloaded", 503, "Too many requests at once", "同时请求过多"),
    code("packs_stale", 503, "The safety rules are too old", "安全规则已过时"),
    code("packs_unusable", 503, "The safety rules cannot be used", "安全规则无法使用"),
    code("partner_answer_too_large", 502, "The partner's answer is too large", "合作方的回答过大"),
    code("partner_auth", 502, "The partner refused the operator's key", "合作方拒绝了运营者的密钥"),
    code("partner_bad_request", 502, "The partner did not take the request", "合作方不接受该请求"),
    code(
        "partner_billing",
        502,
        "The operator's account with the partner cannot be used",
        "运营者在合作方的账户不可用",
    ),
    code("partner_connect_timeout", 504, "The partner cannot be reached in time", "连接合作方超时"),
    code(
        "partner_context_length",
        502,
        "The conversation is too long for the model",
        "对话超出模型可接受的长度",
    ),
    code(
        "partner_first_token_timeout",
        504,
        "The partner's answer did not begin in time",
        "合作方的回答未按时开始",
    ),
    code("partner_gap_timeout", 504, "The partner's answer stopped midway", "合作方的回答中途停顿"),
    code("partner_headers_timeout", 504, "The partner did not answer in time", "合作方未按时响应"),
    code("partner_interrupted", 502, "The connection to the partner broke", "与合作方的连接中断"),
    code(
        "partner_malformed",
        502,
        "The partner's answer could not be read",
        "无法读取合作方的回答",
    ),
    code("partner_model_not_found", 502, "The partner does not have the model", "合作方没有该模型"),
    code("partner_overloaded", 503, "The partner is overloaded", "合作方负载过高"),
    code("partner_permission", 502, "The partner does not allow this", "合作方未授予权限"),
    code(
        "partner_rate_limited",
        429,
        "The partner asks for fewer requests",
        "合作方限制了请求频率",
    ),
    code(
        "partner_refused",
        422,
        "The partner declined for safety reasons",
        "合作方出于安全原因拒绝回答",
    ),
    code("partner_server", 502, "The partner failed", "合作方出错"),
    code("partner_timeout", 504, "The partner gave up", "合作方处理超时"),
    code("partner_too_slow", 504, "The partner answered too slowly", "合作方的回答过慢"),
    code(
        "partner_total_timeout",
        504,
        "The partner's answer took too long",
        "合作方的回答用时过长",
    ),
    code("partner_truncated", 502, "The partner's answer ended midway", "合作方的回答中途断开"),
    code("partner_unavailable", 503, "The partner cannot be asked now", "合作方暂时无法使用"),
    code("partner_unreachable", 502, "The partner cannot be reached", "无法连接合作方"),
    code("person_limited", 403, "Features in the cloud are stopped for a time", "云端功能已暂停"),
    code("person_suspended", 403, "The service is suspended for a time", "服务已暂停"),
    code("policy_changed", 503, "The rules changed during the request", "规则在请求期间发生变化"),
    code("policy_stale", 503, "The market's rules are too old", "市场规则已过时"),
    code("proof_invalid", 403, "The proof of possession is not valid", "持有证明无效"),
    code("proof_missing", 403, "A proof of possession is needed", "缺少持有证明"),
    code("proof_replayed", 403, "The proof of possession was used before", "持有证明已被使用"),
    code("release_drifted", 503, "This build is not what was released", "当前版本与发布版本不符"),
    code(
        "release_missing",
        403,
        "No release of this feature for this market",
        "此市场没有该功能的发布版本",
    ),
    code("report_unknown", 404, "There is no such report", "没有此报告"),
    code("route_missing", 503, "No approved model can be asked", "没有可用的获批模型"),
    code("rule_failed", 403, "Not available for this device", "此设备不可使用"),
    code("sandbox_disabled", 403, "The sandbox is off", "沙盒未启用"),
    code("screen_refused", 422, "The text was refused by the safety check", "文字未通过安全检查"),
    code("verdict_stale", 503, "The verdict is too old", "资格判定已过时"),
];

/// The codes of what the screen or its rules did to a person.
const OBJECTIONABLE: [&str; 3] = ["person_limited", "person_suspended", "screen_refused"];

/// A request's end without an answer.
#[derive(Debug)]
pub struct Problem {
    code: &'static str,
    detail: Box<Text>,
    param: Option<Box<str>>,
    verdict: Option<Box<Verdict>>,
    notices: Box<[Notice]>,
    attempts: Box<[AttemptTold]>,
    /// What was done about the person, and what they can do.
    conduct: Option<Box<Conduct>>,
}

/// What becomes of a person, and how they can object.
#[derive(Debug, Default)]
struct Conduct {
    sanction: Option<Sanction>,
    receipt: Option<String>,
}

/// How a person objects to a refusal.
#[derive(Serialize)]
struct AppealTold<'a> {
    post: &'static str,
    receipt: &'a str,
}

/// What was done about a person, as they are told it.
#[derive(Serialize)]
struct SanctionTold<'a> {
    measure: Measure,
    until: Option<Timestamp>,
    text: &'a Text,
}

impl Problem {
    /// A problem with this code; `en` and `zh` say what happened and what to do.
    pub fn new(code: &'static str, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self {
            code,
            detail: Box::new(Text { en: en.into(), zh: zh.into() }),
            param: None,
            verdict: None,
            notices: Box::default(),
            attempts: Box::default(),
            conduct: None,
        }
    }

    /// The answer to a device that may not have the feature (now).
    pub fn from_verdict(verdict: Verdict) -> Self {
        let detail =
            verdict.next_step().unwrap_or_else(|| Text { en: String::new(), zh: String::new() });
        Self {
            code: verdict.code(),
            detail: Box::new(detail),
            param: None,
            verdict: Some(Box::new(verdict)),
            notices: Box::default(),
            attempts: Box::default(),
            conduct: None,
        }
    }

    /// What judges withheld: by what they found, or, `unavailable`, because they could not be asked.
    pub(crate) fn judged(notices: Vec<Notice>, unavailable: bool) -> Self {
        let mut problem = Self::from(Refusal { notices });
        if unavailable {
            problem.code = "judge_unavailable";
        }
        problem
    }

    /// Tells what was tried before.
    pub(crate) fn after(mut self, attempts: Vec<AttemptTold>) -> Self {
        self.attempts = attempts.into();
        self
    }

    /// Says what was done about the person.
    pub(crate) fn with_sanction(mut self, sanction: Sanction) -> Self {
        self.conduct.get_or_insert_default().sanction = Some(sanction);
        self
    }

    /// Names the receipt under which the refusal is on record, where the person can object to it.
    pub(crate) fn of_receipt(mut self, id: &str) -> Self {
        if OBJECTIONABLE.contains(&self.code) {
            self.conduct.get_or_insert_default().receipt = Some(id.to_owned());
        }
        self
    }

    fn appeal(&self) -> Option<AppealTold<'_>> {
        let receipt = self.conduct.as_ref()?.receipt.as_deref()?;
        Some(AppealTold { post: Appeal::ADDRESS, receipt })
    }

    fn sanction(&self) -> Option<SanctionTold<'_>> {
        let Sanction { measure, until, text, .. } = self.conduct.as_ref()?.sanction.as_ref()?;
        let until = (*measure > Measure::Warn).then_some(*until);
        Some(SanctionTold { measure: *measure, until, text })
    }

    /// Names the field at fault.
    pub(crate) fn at(mut self, param: Option<&str>) -> Self {
        self.param = param.map(Box::from);
        self
    }

    /// The stable code.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.entry().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// The verdict that led here.
    pub fn verdict(&self) -> Option<&Verdict> {
        self.verdict.as_deref()
    }

    /// What the screen did that led here.
    pub(crate) fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// RFC 9457 JSON in one language.
    pub fn to_json(&self, language: UiLanguage) -> Vec<u8> {
        let entry = self.entry();
        let body = Details {
            r#type: format!("urn:yumen:problem:{}", self.code),
            title: title(entry, language),
            status: entry.status,
            code: self.code,
            detail: self.detail.get(language),
            verdict: self.verdict.as_ref().map(|verdict| verdict.to_json(language)),
            notices: &self.notices,
            attempts: &self.attempts,
            appeal: self.appeal(),
            sanction: self.sanction(),
        };
        // Strings and numbers cannot fail to serialise.
        serde_json::to_vec(&body).unwrap_or_default()
    }

    /// The same in the shape OpenAI's clients map to their exceptions.
    pub fn to_openai_json(&self, language: UiLanguage) -> Vec<u8> {
        let entry = self.entry();
        let kind = match entry.status {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            400..500 => "invalid_request_error",
            _ => "server_error",
        };
        let detail = self.detail.get(language);
        let message = if detail.is_empty() { title(entry, language) } else { detail };
        let mut body = serde_json::json!({
            "error": {"message": message, "type": kind, "param": self.param, "code": self.code},
            "yumen": {
                "verdict": self.verdict.as_ref().map(|verdict| verdict.to_json(language)),
                "notices": self.notices,
            },
        });
        if !self.attempts.is_empty() {
            body["yumen"]["attempts"] = serde_json::json!(self.attempts);
        }
        if let Some(appeal) = self.appeal() {
            body["yumen"]["appeal"] = serde_json::json!(appeal);
        }
        if let Some(sanction) = self.sanction() {
            body["yumen"]["sanction"] = serde_json::json!(sanction);
        }
        serde_json::to_vec(&body).unwrap_or_default()
    }

    fn entry(&self) -> &'static Code {
        known(self.code)
    }
}

/// What is known of a code, the gate's or the desk's.
fn known(code: &str) -> &'static Code {
    [CODES, yumen_desk::CODES]
        .into_iter()
        .find_map(|codes| Some(&codes[codes.binary_search_by(|entry| entry.code.cmp(code)).ok()?]))
        .unwrap_or(&INTERNAL)
}

static INTERNAL: Code = code("internal", 500, "Something went wrong in the gate", "网关内部出错");

fn title(code: &Code, language: UiLanguage) -> &'static str {
    match language {
        UiLanguage::En => code.en,
        UiLanguage::Zh => code.zh,
    }
}

impl From<FeatureError> for Problem {
    fn from(error: FeatureError) -> Self {
        let Text { en, zh } = error.text();
        Self::new(error.code(), en, zh)
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let mut problem =
            Self::new("screen_refused", refusal.text(UiLanguage::En), refusal.text(UiLanguage::Zh));
        problem.notices = refusal.notices.into();
        problem
    }
}

impl From<RouteError> for Problem {
    fn from(error: RouteError) -> Self {
        if let RouteError::OutOfMarket { market, stray } = &error {
            return Self::new(
                "endpoint_out_of_market",
                format!("Nothing was sent: {stray}, outside the market {market}."),
                format!("未发送任何内容：{} 的配置地址位于市场 {market} 之外。", stray.partner),
            );
        }
        match &error {
            RouteError::NotCapable { what, .. } => {
                let (en, zh) = what.words();
                let problem = Self::new(
                    "model_not_capable",
                    format!("None of the approved models can take {en}."),
                    format!("获批的模型均不支持：{zh}。"),
                );
                return problem.at(what.param());
            }
            RouteError::Encode(unsaid) => {
                let problem = Self::new(
                    "model_not_capable",
                    format!("None of the approved models can be asked this: {unsaid}."),
                    format!("获批的模型均无法接受此请求：{}。", unsaid.zh()),
                );
                return problem.at(unsaid.param());
            }
            _ => {}
        }
        Self::new(
            "route_missing",
            format!("None of the approved models can be asked: {error}."),
            "获批的模型目前都无法使用。",
        )
    }
}

impl From<AskError> for Problem {
    fn from(error: AskError) -> Self {
        let code = error.code();
        let title = known(code);
        // What the partner wrote may hold content; the person gets our words and the code alone.
        Self::new(code, format!("{}.", title.en), format!("{}。", title.zh))
    }
}

#[derive(Serialize)]
struct Details<'a> {
    r#type: String,
    title: &'static str,
    status: u16,
    code: &'static str,
    detail: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    verdict: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "<[Notice]>::is_empty")]
    notices: &'a [Notice],
    #[serde(skip_serializing_if = "<[AttemptTold]>::is_empty")]
    attempts: &'a [AttemptTold],
    #[serde(skip_serializing_if = "Option::is_none")]
    appeal: Option<AppealTold<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sanction: Option<SanctionTold<'a>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_sorted_and_unique() {
        for codes in [CODES, yumen_desk::CODES] {
            assert!(codes.windows(2).all(|pair| pair[0].code < pair[1].code));
        }
        assert!(
            CODES.iter().all(|ours| yumen_desk::CODES.iter().all(|code| code.code != ours.code))
        );
    }

    #[test]
    fn every_code_is_explained() {
        let explained = include_str!("../../../docs/errors.md");
        for entry in CODES.iter().chain(yumen_desk::CODES) {
            let row = format!("| `{}` | {} |", entry.code, entry.status);
            assert!(explained.contains(&row), "docs/errors.md lacks {row}");
        }
    }

    #[test]
    fn a_problem_speaks_the_persons_language() {
        let problem = Problem::new("input_empty", "Nothing came.", "什么也没有。");
        let json: serde_json::Value =
            serde_json::from_slice(&problem.to_json(UiLanguage::Zh)).unwrap();
        assert_eq!(json["title"], "没有可处理的文字");
        assert_eq!(json["detail"], "什么也没有。");
        assert_eq!(json["status"], 422);
        assert_eq!(json["type"], "urn:yumen:problem:input_empty");
    }
}

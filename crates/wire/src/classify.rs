//! Reading a partner's error: first the rows of its dialect, then one table for all.
//!
//! Sources of the table: `facts/partners/openai.md` and `facts/partners/qwen-dashscope.md` of the
//! project, which cite OpenAI's error guide, Alibaba's error-code page, both vendors' SDKs and
//! recorded traffic. Codes are compared without case and separators, because the same refusal
//! arrives as `DataInspectionFailed`, `data_inspection_failed` and inside longer codes.

use std::borrow::Cow;
use std::time::Duration;

use crate::answer::ModerationAt;
use crate::dialect::Dialect;
use crate::partner_error::{LONGEST_MESSAGE, PartnerErrorKind, Retry, bounded};

/// The parts of a partner's error that the tables look at.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Symptoms<'a> {
    pub(crate) status: Option<u16>,
    pub(crate) code: Option<&'a str>,
    pub(crate) kind: Option<&'a str>,
    pub(crate) message: &'a str,
}

/// What an error means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) kind: PartnerErrorKind,
    pub(crate) retry: Retry,
    /// What the moderation is about, when it is one.
    pub(crate) at: ModerationAt,
}

/// Lower-case letters and digits only.
pub(crate) fn squash(code: &str) -> Cow<'_, str> {
    if code.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return Cow::Borrowed(code);
    }
    Cow::Owned(
        code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect(),
    )
}

pub(crate) fn classify(dialect: &Dialect, symptoms: &Symptoms<'_>) -> Verdict {
    let code = symptoms.code.map(squash).unwrap_or_default();
    let kind = symptoms.kind.map(squash).unwrap_or_default();
    let at = side(&code, symptoms.message);
    let mut rows = dialect.quirks().error.iter();
    if let Some(row) = rows.find(|row| row.fits(symptoms, &code, &kind)) {
        let again = row.retry.unwrap_or(row.kind.is_retryable());
        let wait = row.after.map(Duration::from_secs);
        let retry = if again { Retry::After(wait) } else { Retry::No };
        return Verdict { kind: row.kind, retry, at: row.at.unwrap_or(at) };
    }
    let message = squash(bounded(symptoms.message, LONGEST_MESSAGE));
    let kind = if is_moderation_code(&code)
        || is_moderation_code(&kind)
        || is_moderation_message(&message)
    {
        PartnerErrorKind::Refused
    } else {
        let found = by_code(&code)
            .or_else(|| by_code(&kind))
            .or_else(|| by_status(symptoms.status))
            // In a stream, or under success, the code may be the status that was not sent.
            .or_else(|| by_status(code.parse().ok()))
            .or_else(|| by_family(&code).or_else(|| by_family(&kind)))
            .unwrap_or(PartnerErrorKind::Server);
        let too_long = message.contains("maximumcontextlength");
        if found == PartnerErrorKind::BadRequest && too_long {
            PartnerErrorKind::ContextLength
        } else {
            found
        }
    };
    let retry = if kind.is_retryable() { Retry::After(None) } else { Retry::No };
    Verdict { kind, retry, at }
}

/// What a refusal is about, by its words; most are about the input.
fn side(code: &str, message: &str) -> ModerationAt {
    let says = |word: &str| message.to_lowercase().contains(word);
    if code.contains("output") || (says("output") && !says("input")) {
        ModerationAt::Output
    } else {
        ModerationAt::Input
    }
}

fn is_moderation_code(code: &str) -> bool {
    code.contains("datainspection")
        || matches!(
            code,
            "invalidprompt"
                | "biopolicy"
                | "misalignmentpolicyviolation"
                | "contentfilter"
                | "contentpolicyviolation"
        )
}

fn is_moderation_message(message: &str) -> bool {
    // "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate
    // content." and its older forms with or without the words in between.
    message.contains("datainspectionfailed") || message.contains("maycontaininappropriatecontent")
}

fn by_code(code: &str) -> Option<PartnerErrorKind> {
    use PartnerErrorKind as Kind;
    let kind = match code {
        "insufficientquota"
        | "arrearage"
        | "commoditynotpurchased"
        | "prepaidbilloverdue"
        | "postpaidbilloverdue"
        | "creditbalanceexhausted"
        | "organizationspendlimitexceeded"
        | "projectspendlimitexceeded"
        | "organizationusagelimitexceeded" => Kind::Billing,
        "invalidapikey" | "authenticationerror" => Kind::Auth,
        "unsupportedcountryregionterritory" | "permissiondenied" | "permissionerror" => {
            Kind::Permission
        }
        "modelnotexist" | "modelnotfound" => Kind::ModelNotFound,
        "limitrequests" | "limitburstrate" | "ratelimitexceeded" | "ratelimiterror"
        | "slowdown" => Kind::RateLimited,
        "modelunavailable"
        | "serviceunavailable"
        | "serviceunavailableerror"
        | "serverisoverloaded" => Kind::Overloaded,
        "requesttimeout" | "gatewaytimeout" => Kind::Timeout,
        "systemerror" | "servererror" => Kind::Server,
        "contextlengthexceeded" => Kind::ContextLength,
        "invalidurl" | "unsupportedvalue" => Kind::BadRequest,
        _ if code.starts_with("throttling") => Kind::RateLimited,
        _ if code.starts_with("accessdenied") => Kind::Permission,
        _ if code.starts_with("badrequest") || code.contains("invalidparameter") => {
            Kind::BadRequest
        }
        _ if code.starts_with("internalerror") => Kind::Server,
        _ => return None,
    };
    Some(kind)
}

/// What the status says; nothing when there is none, or one of success.
fn by_status(status: Option<u16>) -> Option<PartnerErrorKind> {
    use PartnerErrorKind as Kind;
    let kind = match status? {
        401 => Kind::Auth,
        402 => Kind::Billing,
        403 => Kind::Permission,
        404 => Kind::ModelNotFound,
        408 | 504 => Kind::Timeout,
        409 | 503 | 529 => Kind::Overloaded,
        429 => Kind::RateLimited,
        400..=499 => Kind::BadRequest,
        500..=599 => Kind::Server,
        _ => return None,
    };
    Some(kind)
}

/// What a word says that many errors share, when nothing else says anything.
fn by_family(word: &str) -> Option<PartnerErrorKind> {
    match word {
        "invalidrequesterror" | "badrequesterror" | "invalidrequest" => {
            Some(PartnerErrorKind::BadRequest)
        }
        _ => None,
    }
}

//! Alibaba Cloud's guardrail: `TextModerationPlus` and `MultiModalGuardForBase64` of content safety, version 2022-03-02.
//!
//! Sources, and what each is for:
//!
//! - help.aliyun.com document 2875414 ("API integration guide" of AI Guardrails): `TextModerationPlus`, 2,000 characters a request;
//!   high risk is to be blocked, medium to be looked at, low to be treated as safe. Outside the mainland the services have `_intl` at the end
//!   of their names (alibabacloud.com/help/en/content-moderation/latest/guard, Singapore).
//! - alibabacloud-python-sdk `green-20220302`, commit 50f9bb1 (Apache-2.0): the names of all members; `TextModerationPlus` takes both
//!   parameters in the form of the body, `MultiModalGuardForBase64` takes `Service` in the query, and `ImageBase64Str` and
//!   `ServiceParameters` in the form. Examples there: `RiskLevel` high, `AttackLevel` none, `SensitiveLevel` S0, and `safe` as the
//!   label of an attack that is none.
//! - higress (Apache-2.0), plugin `ai-security-guard`, which Alibaba maintains: `request_builder.go` (`ServiceParameters` is `{}` beside a picture in
//!   full) and `config.go` (`img_query_security_check`; levels none, low, medium, high, and S0 to S4 of sensitive data;
//!   `Data.Detail[].{Type, Level, Suggestion, Result}`).
//! - help.aliyun.com document 2932956 (`MultiModalGuard`): `Suggestion` is pass, watch, mask or block.
//!
//! Of this house, because no source ranks them: S3 and above is unsafe and S2 controversial; of a picture, what the service would block is unsafe
//! and what it would watch or mask at least controversial, whatever the level. Not tried with an account.
//!
//! Newer SDKs name risk words with their places in the text (`Result[].RiskPositions`). No source says in what they are counted, and what a model
//! found has none; so nothing is made of them, and what is withheld is the whole piece that was judged.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;
use yumen_policy::Region;

use super::acs3::{self, Pair};
use super::{Malformed, Moment, Picture, Piece, Request};
use crate::Direction;
use crate::verdict::{Level, Said, Verdict};

const VERSION: &str = "2022-03-02";
const PICTURE_SERVICE: &str = "Service=img_query_security_check";
/// What follows the address of the service for a question about a picture: the signed query is in it.
pub(super) const PICTURE_PATH: &str = "/?Service=img_query_security_check";

/// Where the service runs, by which its checks are called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Mainland,
    Elsewhere,
}

impl Place {
    pub(super) fn of(region: Region) -> Self {
        if region.as_str() == "CN" { Self::Mainland } else { Self::Elsewhere }
    }
}

pub(super) fn encode(
    host: &str,
    pair: &Pair,
    place: Place,
    piece: Piece<'_>,
    now: &Moment,
) -> Request {
    let service = match (piece.direction, place) {
        (Direction::Input, Place::Mainland) => "query_security_check",
        (Direction::Output, Place::Mainland) => "response_security_check",
        (Direction::Input, Place::Elsewhere) => "query_security_check_intl",
        (Direction::Output, Place::Elsewhere) => "response_security_check_intl",
    };
    let parameters = json!({ "content": piece.text }).to_string();
    let body = format!("Service={service}&ServiceParameters={}", form(&parameters));
    signed(host, pair, "TextModerationPlus", "", body, now)
}

/// A question about a picture alone; the words beside it are judged as text.
pub(super) fn encode_picture(
    host: &str,
    pair: &Pair,
    picture: Picture<'_>,
    now: &Moment,
) -> Option<Request> {
    let (_, data) = picture.url.split_once(";base64,")?;
    let body = format!("ImageBase64Str={}&ServiceParameters=%7B%7D", form(data));
    Some(signed(host, pair, "MultiModalGuardForBase64", PICTURE_SERVICE, body, now))
}

fn signed(
    host: &str,
    pair: &Pair,
    action: &str,
    query: &str,
    body: String,
    now: &Moment,
) -> Request {
    let hash = acs3::hash(body.as_bytes());
    let signed = [
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("host", host.to_owned()),
        ("x-acs-action", action.to_owned()),
        ("x-acs-content-sha256", hash.clone()),
        ("x-acs-date", now.utc.clone()),
        ("x-acs-signature-nonce", now.nonce.clone()),
        ("x-acs-version", VERSION.to_owned()),
    ];
    let authorization = acs3::authorization(pair, query, &signed, &hash);
    let sent = signed.into_iter().filter(|(name, _)| *name != "host");
    let headers = sent.chain([("authorization", authorization)]).collect();
    Request { headers, body: Bytes::from(body) }
}

/// Percent-encoding of everything but the unreserved characters of RFC 3986.
fn form(text: &str) -> String {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    out
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer<D> {
    code: u32,
    data: Option<D>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Data {
    risk_level: Option<String>,
    #[serde(default)]
    result: Vec<Found>,
    attack_level: Option<String>,
    #[serde(default)]
    attack_result: Vec<Found>,
    sensitive_level: Option<String>,
    #[serde(default)]
    sensitive_result: Vec<Found>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Found {
    label: String,
    /// 0 to 100.
    confidence: Option<f64>,
    attack_level: Option<String>,
    sensitive_level: Option<String>,
}

/// Labels that mean that nothing was found.
fn is_nothing(label: &str) -> bool {
    label.eq_ignore_ascii_case("nonLabel") || label.eq_ignore_ascii_case("safe")
}

/// What an answer says; an error is in its body, beside a status of 200.
fn read<'b, D: Deserialize<'b>>(body: &'b [u8]) -> Result<D, Malformed> {
    match serde_json::from_slice(body) {
        Ok(Answer { code: 200, data: Some(data) }) => Ok(data),
        _ => Err(Malformed),
    }
}

pub(super) fn decode(body: &[u8]) -> Result<Verdict, Malformed> {
    let data: Data = read(body)?;
    let risk = data.risk_level.as_deref().map(risk_of).transpose()?;
    let attack = data.attack_level.as_deref().map(risk_of).transpose()?;
    let sensitive = data.sensitive_level.as_deref().map(sensitivity).transpose()?;
    if risk.is_none() && attack.is_none() && sensitive.is_none() && data.result.is_empty() {
        return Err(Malformed);
    }
    let mut said = Vec::new();
    let mut add = |found: &Found, level: Level| {
        if !is_nothing(&found.label) {
            let score = found.confidence.map(|confidence| confidence / 100.0);
            said.push(Said { category: found.label.clone(), level, score });
        }
    };
    for found in &data.result {
        // The older services give no level of risk: a label is one.
        add(found, risk.unwrap_or(Level::Unsafe));
    }
    for found in &data.attack_result {
        let own = found.attack_level.as_deref().map(risk_of).transpose()?;
        add(found, own.or(attack).unwrap_or(Level::Unsafe));
    }
    for found in &data.sensitive_result {
        let own = found.sensitive_level.as_deref().map(sensitivity).transpose()?;
        add(found, own.or(sensitive).unwrap_or(Level::Unsafe));
    }
    let worst = said.iter().map(|said| said.level).max();
    let level = [risk, attack, sensitive, worst].into_iter().flatten().max().unwrap_or_default();
    Ok(Verdict { level, said })
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Looked {
    suggestion: Option<String>,
    #[serde(default)]
    detail: Vec<Detail>,
}

/// What one of the checks found: of content, of attacks in the picture's words, of sensitive data in it.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Detail {
    r#type: String,
    level: String,
    suggestion: Option<String>,
    #[serde(default)]
    result: Vec<Seen>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Seen {
    label: String,
    /// 0 to 100.
    confidence: Option<f64>,
}

pub(super) fn decode_picture(body: &[u8]) -> Result<Verdict, Malformed> {
    let looked: Looked = read(body)?;
    let advised = |suggestion: &Option<String>| suggestion.as_deref().map(advice).transpose();
    let mut level = advised(&looked.suggestion)?;
    let mut said = Vec::new();
    for Detail { r#type, level: own, suggestion, result } in &looked.detail {
        let graded = risk_of(own).or_else(|Malformed| sensitivity(own))?;
        let graded = graded.max(advised(suggestion)?.unwrap_or_default());
        level = level.max(Some(graded));
        let mut named = result.iter().filter(|seen| !is_nothing(&seen.label)).peekable();
        if named.peek().is_none() && graded > Level::Safe {
            said.push(Said { category: r#type.clone(), level: graded, score: None });
        }
        said.extend(named.map(|seen| Said {
            category: seen.label.clone(),
            level: graded,
            score: seen.confidence.map(|confidence| confidence / 100.0),
        }));
    }
    Ok(Verdict { level: level.ok_or(Malformed)?, said })
}

fn advice(suggestion: &str) -> Result<Level, Malformed> {
    match suggestion {
        "pass" => Ok(Level::Safe),
        "watch" | "mask" => Ok(Level::Controversial),
        "block" => Ok(Level::Unsafe),
        _ => Err(Malformed),
    }
}

fn risk_of(level: &str) -> Result<Level, Malformed> {
    match level {
        "none" | "low" => Ok(Level::Safe),
        "medium" => Ok(Level::Controversial),
        "high" => Ok(Level::Unsafe),
        _ => Err(Malformed),
    }
}

fn sensitivity(level: &str) -> Result<Level, Malformed> {
    match level {
        "S0" | "S1" => Ok(Level::Safe),
        "S2" => Ok(Level::Controversial),
        "S3" | "S4" => Ok(Level::Unsafe),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_a_signed_form() {
        let pair = Pair::split("id:secret").unwrap();
        let now = Moment { utc: "2026-11-22T19:25:00Z".to_owned(), nonce: "n".to_owned() };
        let piece = Piece { direction: Direction::Output, text: "灯 a", asked: None };
        let host = "green-cip.cn-shanghai.aliyuncs.com";
        let abroad = encode(host, &pair, Place::of("SG".parse().unwrap()), piece, &now);
        assert!(abroad.body.starts_with(b"Service=response_security_check_intl&"));
        let request = encode(host, &pair, Place::of("CN".parse().unwrap()), piece, &now);
        let body = "Service=response_security_check&ServiceParameters=%7B%22content%22%3A%22%E7%81%AF%20a%22%7D";
        assert_eq!(request.body, body);
        let header =
            |name| request.headers.iter().find(|(known, _)| *known == name).unwrap().1.as_str();
        assert_eq!(header("x-acs-content-sha256"), acs3::hash(body.as_bytes()));
        assert!(header("authorization").starts_with(
            "ACS3-HMAC-SHA256 Credential=id,SignedHeaders=content-type;host;x-acs-action;"
        ));
        assert!(!format!("{request:?}").contains("secret,"));
    }

    #[test]
    fn a_picture_goes_in_full_with_its_check_in_the_signed_query() {
        let pair = Pair::split("id:secret").unwrap();
        let now = Moment { utc: "2026-11-22T19:25:00Z".to_owned(), nonce: "n".to_owned() };
        let picture = |url| Picture { url, beside: "灯笼" };
        let sent = |url| encode_picture("green.example", &pair, picture(url), &now);
        let request = sent("data:image/png;base64,iVBO+w0/=").unwrap();
        assert_eq!(request.body, "ImageBase64Str=iVBO%2Bw0%2F%3D&ServiceParameters=%7B%7D");
        assert_eq!(PICTURE_PATH, format!("/?{PICTURE_SERVICE}"));
        let action = request.headers.iter().find(|(name, _)| *name == "x-acs-action").unwrap();
        assert_eq!(action.1, "MultiModalGuardForBase64");
        assert!(sent("https://lantern.example/a.png").is_none());
    }

    #[test]
    fn what_was_seen_in_a_picture_is_read() {
        let body = r#"{"Code": 200, "Message": "OK", "RequestId": "r", "Data": {"DataId": "d", "Suggestion": "block", "Detail": [
            {"Type": "contentModeration", "Level": "high", "Suggestion": "block", "Result": [
                {"Label": "contraband_act", "Confidence": 81.5, "Level": "high", "Description": "x", "Ext": {}}]},
            {"Type": "promptAttack", "Level": "none", "Suggestion": "pass", "Result": [{"Label": "safe", "Confidence": 0}]},
            {"Type": "sensitiveData", "Level": "S2", "Suggestion": "mask"},
            {"Type": "maliciousUrl", "Level": "low", "Suggestion": "watch"}]}}"#;
        let verdict = decode_picture(body.as_bytes()).unwrap();
        assert_eq!(verdict.level, Level::Unsafe);
        let said: Vec<_> =
            verdict.said.iter().map(|s| (s.category.as_str(), s.level, s.score)).collect();
        let expected = [
            ("contraband_act", Level::Unsafe, Some(0.815)),
            ("sensitiveData", Level::Controversial, None),
            ("maliciousUrl", Level::Controversial, None),
        ];
        assert_eq!(said, expected);
        let safe = br#"{"Code": 200, "Data": {"Suggestion": "pass", "Detail": [{"Type": "contentModeration", "Level": "none",
            "Suggestion": "pass", "Result": [{"Label": "nonLabel"}]}]}}"#;
        assert_eq!(decode_picture(safe).unwrap(), Verdict::default());
        for bad in [
            &br#"{"Code": 408, "Message": "Permission denied"}"#[..],
            br#"{"Code": 200, "Data": {}}"#,
            br#"{"Code": 200, "Data": {"Suggestion": "enormous"}}"#,
            br#"{"Code": 200, "Data": {"Suggestion": "pass", "Detail": [{"Type": "x", "Level": "S9"}]}}"#,
            br#"{"Code": 200, "Data": {"RiskLevel": "none"}}"#,
        ] {
            assert_eq!(decode_picture(bad), Err(Malformed), "{}", String::from_utf8_lossy(bad));
        }
    }

    #[test]
    fn risks_attacks_and_sensitive_data_are_read() {
        let body = r#"{"Code": 200, "Message": "OK", "RequestId": "r", "Data": {
            "RiskLevel": "high", "Result": [{"Label": "violent_weapons", "Confidence": 81.5, "RiskWords": "x"}],
            "AttackLevel": "medium", "AttackResult": [{"AttackLevel": "medium", "Label": "Indirect Prompt Injection", "Confidence": 60}],
            "SensitiveLevel": "S1", "SensitiveResult": [{"SensitiveLevel": "S1", "Label": "1780"}]}}"#;
        let verdict = decode(body.as_bytes()).unwrap();
        assert_eq!(verdict.level, Level::Unsafe);
        let said: Vec<_> =
            verdict.said.iter().map(|s| (s.category.as_str(), s.level, s.score)).collect();
        let expected = [
            ("violent_weapons", Level::Unsafe, Some(0.815)),
            ("Indirect Prompt Injection", Level::Controversial, Some(0.6)),
            ("1780", Level::Safe, None),
        ];
        assert_eq!(said, expected);
        let safe =
            br#"{"Code": 200, "Data": {"RiskLevel": "none", "Result": [{"Label": "nonLabel"}]}}"#;
        assert_eq!(decode(safe).unwrap(), Verdict::default());
    }

    #[test]
    fn errors_and_unknown_levels_are_no_verdict() {
        for bad in [
            &br#"{"Code": 408, "Message": "Permission denied"}"#[..],
            br#"{"Code": 200, "Data": {}}"#,
            br#"{"Code": 200, "Data": {"RiskLevel": "enormous"}}"#,
            br#"{"Code": 500, "Data": {"RiskLevel": "none"}}"#,
        ] {
            assert_eq!(decode(bad), Err(Malformed), "{}", String::from_utf8_lossy(bad));
        }
    }
}

//! Alibaba Cloud's guardrail: `TextModerationPlus` of content safety, version 2022-03-02.
//!
//! Source: help.aliyun.com documents 2669858 (`TextModerationPlus`) and 2875414 (guardrail, `query_security_check` and
//! `response_security_check`, 2,000 characters a request), names of the answer's members in alibabacloud-python-sdk
//! `green-20220302` (commit 50f9bb1). Assumed, for want of an account to try it with: the two parameters go in the form of the body, as the
//! SDK sends them; `RiskLevel` and `AttackLevel` are `none`, `low`, `medium`, `high`, of which low counts as safe, as the documentation advises;
//! of `SensitiveLevel` S3 and above is unsafe and S2 controversial.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::acs3::{self, Pair};
use super::{Malformed, Moment, Piece, Request};
use crate::Direction;
use crate::verdict::{Level, Said, Verdict};

const ACTION: &str = "TextModerationPlus";
const VERSION: &str = "2022-03-02";

pub(super) fn encode(host: &str, pair: &Pair, piece: Piece<'_>, now: &Moment) -> Request {
    let service = match piece.direction {
        Direction::Input => "query_security_check",
        Direction::Output => "response_security_check",
    };
    let parameters = json!({ "content": piece.text }).to_string();
    let body = format!("Service={service}&ServiceParameters={}", form(&parameters));
    let hash = acs3::hash(body.as_bytes());
    let signed = [
        ("content-type", "application/x-www-form-urlencoded".to_owned()),
        ("host", host.to_owned()),
        ("x-acs-action", ACTION.to_owned()),
        ("x-acs-content-sha256", hash.clone()),
        ("x-acs-date", now.utc.clone()),
        ("x-acs-signature-nonce", now.nonce.clone()),
        ("x-acs-version", VERSION.to_owned()),
    ];
    let authorization = acs3::authorization(pair, "", &signed, &hash);
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
struct Answer {
    code: u32,
    data: Option<Data>,
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

pub(super) fn decode(body: &[u8]) -> Result<Verdict, Malformed> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| Malformed)?;
    let (200, Some(data)) = (answer.code, answer.data) else { return Err(Malformed) };
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
        let request = encode("green-cip.cn-shanghai.aliyuncs.com", &pair, piece, &now);
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

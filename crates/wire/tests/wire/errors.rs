//! The error table: what partners write, and what it means for us.

use yumen_wire::{Head, PartnerErrorKind as Kind};

use crate::{compatible, openai};

fn refused_by_openai(status: u16, kind: &str, code: &str) -> Kind {
    let body =
        format!(r#"{{"error":{{"message":"words","type":"{kind}","param":null,"code":{code}}}}}"#);
    let error = openai().decode(&Head::new(status), body.as_bytes()).unwrap_err();
    assert_eq!(error.status, Some(status));
    assert_eq!(error.message, "words");
    error.kind
}

#[test]
fn openai_errors() {
    let bad = "invalid_request_error";
    assert_eq!(refused_by_openai(400, bad, r#""invalid_prompt""#), Kind::Refused);
    assert_eq!(refused_by_openai(400, bad, r#""bio_policy""#), Kind::Refused);
    assert_eq!(refused_by_openai(400, bad, r#""misalignment_policy_violation""#), Kind::Refused);
    assert_eq!(refused_by_openai(400, bad, r#""context_length_exceeded""#), Kind::ContextLength);
    assert_eq!(refused_by_openai(400, bad, "null"), Kind::BadRequest);
    assert_eq!(refused_by_openai(401, bad, r#""invalid_api_key""#), Kind::Auth);
    assert_eq!(
        refused_by_openai(403, bad, r#""unsupported_country_region_territory""#),
        Kind::Permission
    );
    assert_eq!(refused_by_openai(404, bad, r#""model_not_found""#), Kind::ModelNotFound);
    assert_eq!(refused_by_openai(408, "", "null"), Kind::Timeout);
    assert_eq!(refused_by_openai(409, "", "null"), Kind::Overloaded);
    assert_eq!(refused_by_openai(429, "requests", r#""rate_limit_exceeded""#), Kind::RateLimited);
    assert_eq!(refused_by_openai(429, "rate_limit_error", r#""slow_down""#), Kind::RateLimited);
    for code in [
        "credit_balance_exhausted",
        "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded",
        "organization_usage_limit_exceeded",
        "insufficient_quota",
    ] {
        let quoted = format!("\"{code}\"");
        assert_eq!(refused_by_openai(429, "insufficient_quota", &quoted), Kind::Billing, "{code}");
    }
    assert_eq!(refused_by_openai(500, "server_error", "null"), Kind::Server);
    assert_eq!(
        refused_by_openai(503, "service_unavailable_error", r#""server_is_overloaded""#),
        Kind::Overloaded
    );
}

fn refused_by_alibaba(status: u16, code: &str) -> Kind {
    let body = format!(r#"{{"code":"{code}","message":"words","request_id":"r-7"}}"#);
    let error = crate::native().decode(&Head::new(status), body.as_bytes()).unwrap_err();
    assert_eq!(error.code.as_deref(), Some(code));
    assert_eq!(error.request_id.as_deref(), Some("r-7"));
    error.kind
}

#[test]
fn dashscope_errors() {
    let table = [
        (400, "InvalidParameter", Kind::BadRequest),
        (400, "InternalError.Algo.InvalidParameter", Kind::BadRequest),
        (400, "BadRequest.EmptyInput", Kind::BadRequest),
        (400, "InvalidURL", Kind::BadRequest),
        (400, "Arrearage", Kind::Billing),
        (401, "InvalidApiKey", Kind::Auth),
        (403, "AccessDenied", Kind::Permission),
        (403, "AccessDenied.Unpurchased", Kind::Permission),
        (400, "CommodityNotPurchased", Kind::Billing),
        (400, "PrepaidBillOverdue", Kind::Billing),
        (400, "PostpaidBillOverdue", Kind::Billing),
        (404, "Model.NotExist", Kind::ModelNotFound),
        (404, "ModelNotFound", Kind::ModelNotFound),
        (408, "RequestTimeOut", Kind::Timeout),
        (413, "BadRequest.TooLarge", Kind::BadRequest),
        (429, "Throttling", Kind::RateLimited),
        (429, "Throttling.RateQuota", Kind::RateLimited),
        (429, "Throttling.BurstRate", Kind::RateLimited),
        (429, "Throttling.AllocationQuota", Kind::RateLimited),
        (429, "limit_requests", Kind::RateLimited),
        (429, "limit_burst_rate", Kind::RateLimited),
        (429, "insufficient_quota", Kind::RateLimited),
        (500, "InternalError", Kind::Server),
        (500, "InternalError.Algo", Kind::Server),
        (500, "SystemError", Kind::Server),
        (503, "ModelUnavailable", Kind::Overloaded),
        (503, "ServiceUnavailable", Kind::Overloaded),
        (504, "GatewayTimeout", Kind::Timeout),
    ];
    for (status, code, kind) in table {
        assert_eq!(refused_by_alibaba(status, code), kind, "{code}");
    }
}

#[test]
fn moderation_is_known_in_every_spelling() {
    for code in [
        "DataInspectionFailed",
        "data_inspection_failed",
        "DATA-INSPECTION-FAILED",
        "Data.Inspection.Failed",
    ] {
        assert_eq!(refused_by_alibaba(400, code), Kind::Refused, "{code}");
        assert_eq!(refused_by_alibaba(200, code), Kind::Refused, "{code}");
    }
    for message in [
        "<400> InternalError.Algo.DataInspectionFailed: Input text data may contain inappropriate content.",
        "Input data may contain inappropriate content.",
        "Output data may contain inappropriate content.",
    ] {
        let body = format!(r#"{{"error":{{"message":"{message}","type":null,"code":null}}}}"#);
        let error = compatible().decode(&Head::new(400), body.as_bytes()).unwrap_err();
        assert_eq!(error.kind, Kind::Refused, "{message}");
    }
}

#[test]
fn a_body_in_an_sse_frame_is_read_under_any_status() {
    let body = "data: {\"error\":{\"code\":\"data_inspection_failed\",\"param\":null,\"message\":\"Input data may contain inappropriate content.\",\"type\":\"data_inspection_failed\"},\"id\":\"chatcmpl-r\",\"request_id\":\"r-9\"}\n\n";
    for body in [body, body.trim_end()] {
        let error = compatible().decode(&Head::new(400), body.as_bytes()).unwrap_err();
        assert_eq!(error.kind, Kind::Refused);
        assert_eq!(error.code.as_deref(), Some("data_inspection_failed"));
        assert_eq!(error.request_id.as_deref(), Some("r-9"));
    }
}

#[test]
fn whatever_a_proxy_answers_is_an_error_with_words() {
    let error = openai().decode(&Head::new(502), b"<html>Bad Gateway</html>").unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::Server, "<html>Bad Gateway</html>"));
    let error = openai().decode(&Head::new(503), b"").unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (Kind::Overloaded, "HTTP 503 without a body"));
    let error = openai().decode(&Head::new(400), br#"{"detail":"Not here"}"#).unwrap_err();
    assert_eq!(error.message, "Not here");
    let error = openai().decode(&Head::new(400), br#"{"error":"model missing"}"#).unwrap_err();
    assert_eq!(error.message, "model missing");
    let long = "字".repeat(10_000);
    let error = openai().decode(&Head::new(500), long.as_bytes()).unwrap_err();
    assert!(error.message.len() <= 1_003);
}

#[test]
fn echoed_keys_are_taken_out() {
    let body = r#"{"error":{"message":"Incorrect API key provided: sk-proj-abcdEFGH1234_-x. Find yours.","type":"invalid_request_error","code":"invalid_api_key"}}"#;
    let error = openai().decode(&Head::new(401), body.as_bytes()).unwrap_err();
    assert_eq!(error.message, "Incorrect API key provided: sk-…. Find yours.");
}

#[test]
fn only_passing_failures_are_worth_another_try() {
    let again = [Kind::RateLimited, Kind::Overloaded, Kind::Server, Kind::Timeout, Kind::Truncated];
    let never = [
        Kind::Refused,
        Kind::BadRequest,
        Kind::Auth,
        Kind::Permission,
        Kind::Billing,
        Kind::ModelNotFound,
        Kind::Malformed,
    ];
    assert!(again.iter().all(|kind| kind.is_retryable()));
    assert!(!never.iter().any(|kind| kind.is_retryable()));
}

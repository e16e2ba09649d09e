//! Every error code that is known of the partners of OpenAI's shape: what it means, whose fault it
//! is, and whether another try helps. Tables as in `facts/partners/*.md`.

use std::time::Duration;

use serde_json::{Value, json};
use yumen_wire::{
    Dialect, Fault, Head, ModerationAt, PartnerError, PartnerErrorKind as Kind, Retry,
};

use crate::{dialect, stream};

/// Whether another try helps.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Again {
    Yes,
    No,
}
use Again::{No, Yes};

fn read(name: &str, status: u16, body: &Value) -> PartnerError {
    let error = dialect(name).decode(&Head::new(status), body.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.status, Some(status));
    assert_eq!(error.moderation.is_some(), error.kind == Kind::Refused, "{name} {body}");
    // In a stream, after its head said that all is well, it is the same error.
    let frame = format!("data: {body}\n\n");
    let (_, result) = stream(&dialect(name), frame.as_bytes());
    let streamed = result.expect_err("an error in a stream is one");
    if status == 200 || error.code.is_some() && error.kind != Kind::Server {
        let by_status = [401, 402, 403, 404, 429, 434, 451, 503].contains(&status);
        assert!(by_status || streamed.kind == error.kind, "{name} {body}: {streamed:?}");
    }
    error
}

fn check(name: &str, status: u16, body: &Value, kind: Kind, again: Again) {
    let error = read(name, status, body);
    assert_eq!(error.kind, kind, "{name} {status} {body}");
    let helps = matches!(error.retry, Retry::After(_));
    assert_eq!(helps, again == Yes, "{name} {status} {body}: {:?}", error.retry);
    let fault = match kind {
        Kind::Refused => Fault::Content,
        Kind::BadRequest | Kind::ContextLength => Fault::Caller,
        Kind::Auth | Kind::Permission | Kind::ModelNotFound => Fault::Key,
        Kind::Billing | Kind::RateLimited => Fault::Quota,
        _ => Fault::Partner,
    };
    assert_eq!(error.kind.fault(), fault);
}

/// `{"error": {"code", "message"}}`.
fn coded(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message, "type": ""}})
}

/// `{"error": {"type", "message"}}`.
fn typed(kind: &str, message: &str) -> Value {
    json!({"error": {"type": kind, "message": message}})
}

#[test]
fn baidu() {
    let table = [
        (400, "malformed_json", Kind::BadRequest, No),
        (400, "invalid_model", Kind::ModelNotFound, No),
        (400, "invalid_messages", Kind::BadRequest, No),
        (400, "characters_too_long", Kind::ContextLength, No),
        (400, "tokens_too_long", Kind::ContextLength, No),
        (400, "invalid_argument", Kind::BadRequest, No),
        (400, "image_url_unsafe", Kind::Refused, No),
        (401, "no_parameter_permission", Kind::Permission, No),
        (401, "invalid_appid", Kind::Auth, No),
        (401, "invalid_iam_token", Kind::Auth, No),
        (401, "invalid_model", Kind::Permission, No),
        (403, "system_unsafe", Kind::Refused, No),
        (403, "user_setting_unsafe", Kind::Refused, No),
        (403, "functions_unsafe", Kind::Refused, No),
        (405, "method_not_supported", Kind::BadRequest, No),
        (429, "rpm_rate_limit_exceeded", Kind::RateLimited, Yes),
        (429, "tpm_rate_limit_exceeded", Kind::RateLimited, Yes),
        (429, "input_tpm_rate_limit_exceeded", Kind::RateLimited, Yes),
        (429, "output_tpm_rate_limit_exceeded", Kind::RateLimited, Yes),
        (429, "user_rate_limit_exceeded", Kind::RateLimited, Yes),
        (429, "cluster_rate_limit_exceeded", Kind::RateLimited, Yes),
        (429, "cluster_rpm_rate_limit_exceeded", Kind::RateLimited, Yes),
        (429, "preemptible_rate_limit_exceeded", Kind::RateLimited, Yes),
        (429, "Offline_batch_reasoning_refused", Kind::RateLimited, Yes),
        (500, "internal_error", Kind::Server, Yes),
        (500, "dispatch_internal_error", Kind::Server, Yes),
    ];
    for (status, code, kind, again) in table {
        check("qianfan", status, &coded(code, "words"), kind, again);
    }
    // The recorded one.
    let limited = json!({"error": {"code": "rpm_rate_limit_exceeded", "message": "Rate limit reached for RPM", "type": "rate_limit_exceeded"}, "id": "as-wbx23eriqh"});
    check("qianfan", 429, &limited, Kind::RateLimited, Yes);
}

#[test]
fn bytedance() {
    let table = [
        (400, "MissingParameter", Kind::BadRequest, No),
        (400, "MissingParameter.model", Kind::BadRequest, No),
        (400, "InvalidParameter.messages", Kind::BadRequest, No),
        (400, "InvalidEndpoint.ClosedEndpoint", Kind::ModelNotFound, No),
        (400, "SensitiveContentDetected", Kind::Refused, No),
        (400, "SensitiveContentDetected.SevereViolation", Kind::Refused, No),
        (400, "InputTextSensitiveContentDetected", Kind::Refused, No),
        (400, "InputImageSensitiveContentDetected.PolicyViolation", Kind::Refused, No),
        (400, "InputTextRiskDetection", Kind::Refused, No),
        (400, "InputImageRiskDetection", Kind::Refused, No),
        (400, "ContentSecurityDetectionError", Kind::Refused, No),
        (400, "OutputTextSensitiveContentDetected", Kind::Refused, No),
        (400, "OutputTextRiskDetection", Kind::Refused, No),
        (401, "AuthenticationError", Kind::Auth, No),
        (401, "InvalidAccountStatus", Kind::Auth, No),
        (403, "AccessDenied", Kind::Permission, No),
        (403, "AccountOverdueError", Kind::Billing, No),
        (403, "OperationDenied.ServiceNotOpen", Kind::Permission, No),
        (403, "OperationDenied.ServiceOverdue", Kind::Billing, No),
        (403, "OperationDenied.PermissionDenied", Kind::Permission, No),
        (404, "InvalidEndpointOrModel.NotFound", Kind::ModelNotFound, No),
        (404, "InvalidEndpointOrModel.ModelIDAccessDisabled", Kind::ModelNotFound, No),
        (404, "ModelNotOpen", Kind::ModelNotFound, No),
        (404, "UnsupportedModel", Kind::ModelNotFound, No),
        (429, "RateLimitExceeded.EndpointRPMExceeded", Kind::RateLimited, Yes),
        (429, "RateLimitExceeded.EndpointTPMExceeded", Kind::RateLimited, Yes),
        (429, "ModelAccountRpmRateLimitExceeded", Kind::RateLimited, Yes),
        (429, "ModelAccountTpmRateLimitExceeded", Kind::RateLimited, Yes),
        (429, "ModelAccountIpmRateLimitExceeded", Kind::RateLimited, Yes),
        (429, "APIAccountRpmRateLimitExceeded", Kind::RateLimited, Yes),
        (429, "AccountRateLimitExceeded", Kind::RateLimited, Yes),
        (429, "RequestBurstTooFast", Kind::RateLimited, Yes),
        (429, "InflightBatchsizeExceeded", Kind::RateLimited, Yes),
        (429, "ServerOverloaded", Kind::Overloaded, Yes),
        (429, "QuotaExceeded", Kind::Billing, No),
        (429, "SetLimitExceeded", Kind::Billing, No),
        (500, "InternalServiceError", Kind::Server, Yes),
    ];
    for (status, code, kind, again) in table {
        let message = "The request failed. Request id: 0217";
        let body =
            json!({"error": {"code": code, "message": message, "param": "", "type": "BadRequest"}});
        check("ark", status, &body, kind, again);
        if kind == Kind::Refused {
            let at = read("ark", status, &body).moderation.unwrap().at;
            let output = code.starts_with("Output");
            assert_eq!(at == ModerationAt::Output, output, "{code}");
        }
    }
}

#[test]
fn minimax() {
    let table = [
        (1000, Kind::Server, Yes),
        (1001, Kind::Timeout, Yes),
        (1002, Kind::RateLimited, Yes),
        (1004, Kind::Auth, No),
        (1008, Kind::Billing, No),
        (1013, Kind::Server, Yes),
        (1024, Kind::Server, Yes),
        (1026, Kind::Refused, No),
        (1027, Kind::Refused, No),
        (1033, Kind::Server, Yes),
        (1039, Kind::RateLimited, Yes),
        (1041, Kind::RateLimited, Yes),
        (1042, Kind::BadRequest, No),
        (2013, Kind::BadRequest, No),
        (2049, Kind::Auth, No),
        (2056, Kind::Billing, No),
        (2061, Kind::Permission, No),
    ];
    for (code, kind, again) in table {
        // Under success, beside empty choices.
        let outcome = json!({"status_code": code, "status_msg": "words"});
        let body = json!({"id": "a", "choices": null, "base_resp": outcome});
        check("minimax", 200, &body, kind, again);
        // In OpenAI's shape, the number in the words; a 500 that will not pass is told apart.
        check("minimax", 500, &typed("api_error", &format!("it failed ({code})")), kind, again);
    }
    let fine = json!({"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}], "base_resp": {"status_code": 0, "status_msg": ""}});
    assert!(dialect("minimax").decode(&Head::new(200), fine.to_string().as_bytes()).is_ok());
    let long =
        json!({"base_resp": {"status_code": 2013, "status_msg": "context window exceeds limit"}});
    check("minimax", 200, &long, Kind::ContextLength, No);
}

#[test]
fn zhipu() {
    let table = [
        (401, "1000", Kind::Auth, No),
        (401, "1001", Kind::Auth, No),
        (401, "1002", Kind::Auth, No),
        (401, "1003", Kind::Auth, No),
        (401, "1004", Kind::Auth, No),
        (401, "1110", Kind::Auth, No),
        (429, "1113", Kind::Billing, No),
        (400, "1210", Kind::BadRequest, No),
        (400, "1211", Kind::ModelNotFound, No),
        (400, "1212", Kind::BadRequest, No),
        (400, "1213", Kind::BadRequest, No),
        (400, "1214", Kind::BadRequest, No),
        (400, "1215", Kind::BadRequest, No),
        (400, "1261", Kind::ContextLength, No),
        (403, "1220", Kind::Permission, No),
        (500, "1230", Kind::Server, Yes),
        (500, "1234", Kind::Server, Yes),
        (400, "1301", Kind::Refused, No),
        (429, "1302", Kind::RateLimited, Yes),
        (429, "1303", Kind::RateLimited, Yes),
        (429, "1304", Kind::Billing, No),
        (429, "1305", Kind::Overloaded, Yes),
        (429, "1308", Kind::Billing, No),
        (429, "1309", Kind::Billing, No),
        (429, "1313", Kind::Billing, No),
    ];
    for (status, code, kind, again) in table {
        check("zhipu", status, &coded(code, "您的请求失败"), kind, again);
    }
    let refused = json!({"contentFilter": [{"level": 1, "role": "user"}], "error": {"code": "1301", "message": "系统检测到输入或生成内容可能包含不安全或敏感内容"}});
    let moderation = read("zhipu", 400, &refused).moderation.unwrap();
    assert_eq!(
        (moderation.at, moderation.categories),
        (ModerationAt::Input, vec!["user:1".to_owned()])
    );
    assert!(moderation.message.unwrap().contains("敏感内容"));
    let plain = |status| read("zhipu", status, &json!({"message": "words"})).kind;
    assert_eq!((plain(434), plain(435)), (Kind::Permission, Kind::BadRequest));
}

#[test]
fn deepseek() {
    let invalid = |message: &str| json!({"error": {"message": message, "type": "invalid_request_error", "param": null, "code": "invalid_request_error"}});
    check("deepseek", 400, &invalid("Content Exists Risk"), Kind::Refused, No);
    check("deepseek", 400, &invalid("temperature is out of range"), Kind::BadRequest, No);
    let long = "This model's maximum context length is 1048576 tokens.";
    check("deepseek", 400, &invalid(long), Kind::ContextLength, No);
    check("deepseek", 401, &typed("authentication_error", "no such key"), Kind::Auth, No);
    check("deepseek", 402, &typed("unknown_error", "Insufficient Balance"), Kind::Billing, No);
    check("deepseek", 422, &invalid("bad field"), Kind::BadRequest, No);
    check("deepseek", 429, &typed("", "too many at once"), Kind::RateLimited, Yes);
    check("deepseek", 500, &typed("", "server"), Kind::Server, Yes);
    check("deepseek", 503, &typed("", "overloaded"), Kind::Overloaded, Yes);
}

#[test]
fn moonshot() {
    let table = [
        (400, "content_filter", "considered high risk", Kind::Refused, No),
        (400, "invalid_request_error", "words", Kind::BadRequest, No),
        (400, "invalid_request_error", "exceeded model token limit", Kind::ContextLength, No),
        (401, "invalid_authentication_error", "words", Kind::Auth, No),
        (401, "incorrect_api_key_error", "words", Kind::Auth, No),
        (403, "permission_denied_error", "words", Kind::Permission, No),
        (404, "resource_not_found_error", "words", Kind::ModelNotFound, No),
        (429, "engine_overloaded_error", "words", Kind::Overloaded, Yes),
        (429, "rate_limit_reached_error", "words", Kind::RateLimited, Yes),
        (429, "exceeded_current_quota_error", "words", Kind::Billing, No),
        (499, "client_closed_request", "words", Kind::BadRequest, No),
        (500, "server_error", "words", Kind::Server, Yes),
        (500, "unexpected_output", "words", Kind::Server, Yes),
        (503, "server_unavailable", "words", Kind::Overloaded, Yes),
    ];
    for (status, kind_word, message, kind, again) in table {
        check("moonshot", status, &typed(kind_word, message), kind, again);
    }
}

#[test]
fn tokenhub() {
    let table = [
        (400, "invalid_request_error", "400001", Kind::BadRequest, No),
        (400, "invalid_request_error", "400002", Kind::BadRequest, No),
        (400, "invalid_request_error", "400004", Kind::BadRequest, No),
        (401, "authentication_error", "401002", Kind::Auth, No),
        (402, "permission_error", "401007", Kind::Billing, No),
        (402, "permission_error", "401008", Kind::Billing, No),
        (402, "permission_error", "403004", Kind::Billing, No),
        (403, "permission_error", "403001", Kind::Permission, No),
        (403, "permission_error", "403002", Kind::Permission, No),
        (403, "permission_error", "403005", Kind::Permission, No),
        (429, "rate_limit_error", "429001", Kind::RateLimited, Yes),
        (451, "content_filter_error", "451001", Kind::Refused, No),
        (502, "upstream_error", "502001", Kind::Server, Yes),
        (502, "upstream_error", "some_upstream_code", Kind::Server, Yes),
    ];
    for (status, kind_word, code, kind, again) in table {
        let body = json!({"error": {"type": kind_word, "code": code, "message": "words", "source": "gateway", "request_id": "r-1"}});
        check("tokenhub", status, &body, kind, again);
        assert_eq!(read("tokenhub", status, &body).request_id.as_deref(), Some("r-1"));
    }
}

#[test]
fn huawei() {
    let table = [
        (400, "ModelArts.81001", Kind::BadRequest, No),
        (400, "ModelArts.81002", Kind::Auth, No),
        (401, "ModelArts.81003", Kind::Auth, No),
        (401, "ModelArts.81004", Kind::Billing, No),
        (401, "ModelArts.81005", Kind::Billing, No),
        (401, "ModelArts.81006", Kind::Billing, No),
        (403, "ModelArts.81011", Kind::Refused, No),
        (403, "ModelArts.81019", Kind::Billing, No),
        (403, "ModelArts.81021", Kind::Billing, No),
        (403, "ModelArts.81022", Kind::Billing, No),
        (403, "ModelArts.81023", Kind::Billing, No),
        (404, "ModelArts.81009", Kind::ModelNotFound, No),
        (429, "ModelArts.81101", Kind::RateLimited, Yes),
        (429, "ModelArts.81103", Kind::RateLimited, Yes),
        (429, "APIG.0308", Kind::RateLimited, Yes),
        (504, "APIG.0203", Kind::Timeout, Yes),
    ];
    for (status, code, kind, again) in table {
        let older = json!({"error_code": code, "error_msg": "words", "request_id": "r-1"});
        check("huawei-maas", status, &older, kind, again);
        check("huawei-maas", status, &coded(code, "words"), kind, again);
    }
    let engine = json!({"object": "error", "message": "This model's maximum context length is 4096 tokens.", "type": "BadRequestError", "code": 400});
    check("huawei-maas", 400, &engine, Kind::ContextLength, No);
    check(
        "huawei-maas",
        200,
        &json!({"error_code": "ModelArts.81011", "error_msg": "w"}),
        Kind::Refused,
        No,
    );
}

#[test]
fn servers_of_ones_own() {
    check("vllm", 401, &json!({"error": "Unauthorized"}), Kind::Auth, No);
    let older = |message: &str| json!({"object": "error", "message": message, "type": "BadRequestError", "param": null, "code": 400});
    check("vllm", 400, &older("words"), Kind::BadRequest, No);
    let long = "This model's maximum context length is 4096 tokens.";
    check("vllm", 400, &older(long), Kind::ContextLength, No);
    check("vllm", 400, &json!({"error": older(long)}), Kind::ContextLength, No);
    let loading =
        json!({"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}});
    check("llama-cpp", 503, &loading, Kind::Overloaded, Yes);
    assert_eq!(read("llama-cpp", 503, &loading).retry, Retry::After(Some(Duration::from_secs(2))));
    let long = json!({"error": {"code": 400, "message": "w", "type": "exceed_context_size_error"}});
    check("llama-cpp", 400, &long, Kind::ContextLength, No);
}

#[test]
fn alibaba_tells_a_spent_quota_from_a_passing_limit_by_words_alone() {
    for name in ["dashscope-native", "dashscope-compatible"] {
        let quota = |message: &str| coded("insufficient_quota", message);
        let passing = quota("You exceeded your current quota, please check your plan.");
        check(name, 429, &passing, Kind::RateLimited, Yes);
        assert_eq!(read(name, 429, &passing).retry, Retry::After(Some(Duration::from_mins(1))));
        check(name, 429, &quota("Free allocated quota exceeded."), Kind::Billing, No);
        check(name, 400, &coded("Arrearage", "overdue"), Kind::Billing, No);
        let long = coded("InvalidParameter", "Range of input length should be [1, 30720]");
        check(name, 400, &long, Kind::ContextLength, No);
        let output =
            coded("DataInspectionFailed", "Output data may contain inappropriate content.");
        assert_eq!(read(name, 400, &output).moderation.unwrap().at, ModerationAt::Output);
    }
}

#[test]
fn the_head_of_an_answer_has_a_word_in_it() {
    let decode = |head: &Head<'_>, body: &Value| {
        dialect("openai-chat").decode(head, body.to_string().as_bytes()).unwrap_err()
    };
    let header = |headers: &'static [(&str, &str)]| {
        Head::read(429, 0, |name| headers.iter().find(|(known, _)| *known == name).map(|(_, v)| *v))
    };
    let limited = coded("rate_limit_exceeded", "slow down");
    let error = decode(&header(&[("retry-after", "9"), ("x-request-id", "req_1")]), &limited);
    assert_eq!(error.retry, Retry::After(Some(Duration::from_secs(9))));
    assert_eq!(error.request_id.as_deref(), Some("req_1"));
    assert_eq!(decode(&header(&[("x-should-retry", "false")]), &limited).retry, Retry::No);
    let spent = coded("insufficient_quota", "pay");
    let error = decode(&header(&[("retry-after", "9"), ("x-should-retry", "true")]), &spent);
    assert_eq!((error.kind, error.retry), (Kind::Billing, Retry::No), "money is not waited for");

    let good =
        json!({"id": "a", "choices": [{"message": {"content": "hi"}, "finish_reason": "stop"}]});
    let head = Head::read(200, 0, |name| (name == "x-request-id").then_some("req_2"));
    let openai: Dialect = dialect("openai-chat");
    let answer = openai.decode(&head, good.to_string().as_bytes()).unwrap();
    assert_eq!(answer.request_id.as_deref(), Some("req_2"));
    let mut decoder = openai.stream_decoder(&head);
    let mut events = Vec::new();
    let error =
        decoder.push(b"data: {\"error\":{\"message\":\"no\"}}\n\n", &mut events).unwrap_err();
    assert_eq!(error.request_id.as_deref(), Some("req_2"));
}

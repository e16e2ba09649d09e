//! What comes in: a request's body, bounded in size and time, and checked to be UTF-8 JSON.

use std::time::Duration;

use bytes::{Buf, Bytes};
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use crate::problem::Problem;

/// The largest body the gate reads, in bytes. The largest input of a feature, doubled, since JSON
/// escapes make text longer.
pub const MAX_BODY: usize = 2 * 1024 * 1024 + 64 * 1024;

/// How long a body may take to arrive.
const BODY_TIME: Duration = Duration::from_secs(30);

/// Reads a JSON body. What it holds is not parsed yet, but it is UTF-8.
pub(crate) async fn json_body<B>(headers: &HeaderMap, body: B) -> Result<Bytes, Problem>
where
    B: Body,
    B::Data: Buf,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    check_content_type(headers)?;
    if body.size_hint().lower() > MAX_BODY as u64 {
        return Err(too_large());
    }
    let collected = tokio::time::timeout(BODY_TIME, Limited::new(body, MAX_BODY).collect())
        .await
        .map_err(|_| {
            Problem::new(
                "body_timeout",
                format!("The body did not arrive within {} s.", BODY_TIME.as_secs()),
                format!("请求体未在 {} 秒内到达。", BODY_TIME.as_secs()),
            )
        })?;
    let bytes = match collected {
        Ok(collected) => collected.to_bytes(),
        Err(error) if error.is::<LengthLimitError>() => return Err(too_large()),
        Err(error) => {
            return Err(Problem::new(
                "body_not_json",
                format!("The body broke off: {error}."),
                "请求体中途断开。",
            ));
        }
    };
    if let Err(error) = std::str::from_utf8(&bytes) {
        let at = error.valid_up_to();
        return Err(Problem::new(
            "body_not_utf8",
            format!("Byte {at} of the body is not UTF-8."),
            format!("请求体第 {at} 字节不是 UTF-8。"),
        ));
    }
    Ok(bytes)
}

/// Parses a small JSON body of the gate's own.
pub(crate) fn parse<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(|error| not_json(&error))
}

/// The problem of a body that does not parse; shape errors and syntax errors differ.
pub(crate) fn not_json(error: &serde_json::Error) -> Problem {
    let code = if error.is_data() { "input_invalid" } else { "body_not_json" };
    Problem::new(code, format!("{error}."), format!("无法解析：{error}。"))
}

fn check_content_type(headers: &HeaderMap) -> Result<(), Problem> {
    let essence = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.split(';').next().unwrap_or_default().trim());
    match essence {
        Some(essence) if essence.eq_ignore_ascii_case("application/json") => Ok(()),
        _ => Err(Problem::new(
            "content_type_unsupported",
            "Send the body as `Content-Type: application/json`.",
            "请以 `Content-Type: application/json` 发送请求体。",
        )),
    }
}

fn too_large() -> Problem {
    Problem::new(
        "body_too_large",
        format!("The body may have at most {MAX_BODY} bytes."),
        format!("请求体最多 {MAX_BODY} 字节。"),
    )
}

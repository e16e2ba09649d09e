//! What comes in: a request's body, bounded in size and time, and checked to be UTF-8 JSON.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use http::{HeaderMap, header};
use http_body::Body;
use http_body_util::BodyExt;

use crate::problem::Problem;

/// The largest body the gate reads, in bytes. The largest input of a feature, doubled, since JSON
/// escapes make text longer.
pub const MAX_BODY: usize = 2 * 1024 * 1024 + 64 * 1024;

/// How much of a body that is too large is read before the gate closes the connection, in bytes.
const MAX_DRAIN: usize = 16 * 1024 * 1024;

/// From this length on a body is read piece by piece, in turn with other requests, in bytes.
const LONG: usize = 128 * 1024;

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
    let bytes = bounded(body).await?;
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

/// Reads a body of whatever kind, bounded in size and time.
pub(crate) async fn bounded<B>(body: B) -> Result<Bytes, Problem>
where
    B: Body,
    B::Data: Buf,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    bounded_to(body, MAX_BODY).await
}

/// The same for an address that takes another size.
pub(crate) async fn bounded_to<B>(body: B, most: usize) -> Result<Bytes, Problem>
where
    B: Body,
    B::Data: Buf,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    tokio::time::timeout(BODY_TIME, read(body, most)).await.map_err(|_| {
        Problem::new(
            "body_timeout",
            format!("The body did not arrive within {} s.", BODY_TIME.as_secs()),
            format!("请求体未在 {} 秒内到达。", BODY_TIME.as_secs()),
        )
    })?
}

/// Reads a body to its end. What is beyond the limit is read and thrown away up to [`MAX_DRAIN`],
/// because a client that is still sending does not see an answer that comes with a closed
/// connection.
async fn read<B>(body: B, most: usize) -> Result<Bytes, Problem>
where
    B: Body,
    B::Data: Buf,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let mut body = std::pin::pin!(body);
    let mut kept = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let error = error.into();
            Problem::new(
                "body_not_json",
                format!("The body broke off: {error}."),
                "请求体中途断开。",
            )
        })?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.remaining();
        if length > most.max(MAX_DRAIN) {
            return Err(too_large(most));
        }
        if length <= most {
            kept.put(data);
        }
        if length > LONG {
            // What is at hand could be megabytes: others take their turn in between.
            tokio::task::yield_now().await;
        }
    }
    if length > most { Err(too_large(most)) } else { Ok(kept.freeze()) }
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

fn too_large(most: usize) -> Problem {
    Problem::new(
        "body_too_large",
        format!("The body may have at most {most} bytes."),
        format!("请求体最多 {most} 字节。"),
    )
}

//! `/phone`: a page that acts as a phone. Its files are embedded in the binary.

use http::StatusCode;
use http::header::{self, HeaderValue};

use crate::problem::Problem;
use crate::reply::{self, Reply};
use crate::router::Refused;

macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../../console/phone/", $name)))),+]
    };
}

/// Every file of the page.
const FILES: &[(&str, &[u8])] = files![
    "answer.js",
    "device.js",
    "dom.js",
    "gate.js",
    "index.html",
    "key.js",
    "phone.css",
    "phone.js",
    "proof.js",
    "samples.js",
    "stream.js",
    "texts.js",
    "verify.js",
];

/// No inline script or style, nothing from elsewhere, no framing.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self' data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

/// One of the page's files.
pub(crate) fn file(name: &str) -> Result<Reply, Refused> {
    let (_, body) = FILES.iter().find(|(known, _)| *known == name).ok_or_else(|| {
        Problem::new("not_found", "The page has no such file.", "页面没有此文件。")
    })?;
    let content_type = match name.rsplit('.').next() {
        Some("css") => "text/css; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        _ => "text/html; charset=utf-8",
    };
    let mut reply = reply::own(StatusCode::OK, content_type, *body);
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(reply)
}

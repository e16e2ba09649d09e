//! Tencent Hunyuan's own chat completions, an action of Tencent Cloud's API.
//!
//! Source: `facts/partners/tencent-hunyuan.md`, part C (tencentcloud-sdk-python-hunyuan 3.1.180
//! `v20230901/models.py`, its requests recorded). Requests are posted to `/`, say in a header what they
//! want, and are signed ([`crate::auth::Scheme::Tc3`]). Names are in Pascal case; a tool's schema is a
//! string; errors come under status 200; streams have no `[DONE]`: the last chunk gives its reason and
//! the bytes end.

mod answer;
mod request;

pub(crate) use answer::{StreamState, decode};
pub(crate) use request::encode;

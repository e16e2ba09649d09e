//! The ways to authorise a request, as data: a dialect names one.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// How a partner wants to be told who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// `Authorization: Bearer KEY`.
    #[default]
    Bearer,
    /// The bare key in a header of its own, such as Anthropic's `x-api-key`.
    Header(SecretHeader),
    /// A token made of the key, signed anew every few minutes and sent as a bearer
    /// (`facts/partners/zhipu.md`, from zai-sdk `core/_jwt_token.py`). The key is `ID.SECRET`.
    ZhipuJwt,
    /// Tencent Cloud's signature of each request, TC3-HMAC-SHA256
    /// (`facts/partners/tencent-hunyuan.md`, from tencentcloud-sdk-python `common/sign.py`). The key
    /// is `SecretId:SecretKey`.
    Tc3 {
        /// The product signed for, such as `hunyuan`.
        service: String,
        /// The version of its interface, sent as `x-tc-version`: `2023-09-01`.
        version: String,
        /// Sent as `x-tc-region` when given; Hunyuan has none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        region: Option<String>,
    },
    /// Nothing is sent: a server of one's own.
    None,
}

/// The name of a header that holds a key: lower-case letters, digits and `-`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretHeader(Cow<'static, str>);

/// A text that is no name of a header in lower case.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is no header's name: write lower-case letters, digits and `-`, such as `x-api-key`")]
pub struct NotAHeaderName(String);

impl SecretHeader {
    /// Anthropic's header.
    pub const X_API_KEY: SecretHeader = SecretHeader(Cow::Borrowed("x-api-key"));
    /// The standard header, without the word `Bearer`.
    pub const AUTHORIZATION: SecretHeader = SecretHeader(Cow::Borrowed("authorization"));

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn name(&self) -> Cow<'static, str> {
        self.0.clone()
    }
}

impl TryFrom<String> for SecretHeader {
    type Error = NotAHeaderName;

    fn try_from(name: String) -> Result<Self, NotAHeaderName> {
        let in_name = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-');
        if name.is_empty() || !name.bytes().all(in_name) {
            return Err(NotAHeaderName(name));
        }
        Ok(Self(Cow::Owned(name)))
    }
}

impl From<SecretHeader> for String {
    fn from(header: SecretHeader) -> String {
        header.0.into_owned()
    }
}

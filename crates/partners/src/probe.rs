//! One question of a few words to one model, asked by an operator who looks whether the way there
//! works. It carries nothing of a person's, so it needs no clearance, and the answer is thrown away.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};
use http_body_util::{BodyExt as _, Full, Limited};
use thiserror::Error;
use yumen_policy::ModelId;
use yumen_wire::{Chat, Head, Message, Outgoing, Usage, WireError};

use crate::{
    AskError, PartnerConfig, PartnersError, connect,
    in_market::now_unix,
    partner::{Partner, root_cause},
};

/// What is asked.
const QUESTION: &str = "Say: yes";
/// The most tokens it may be answered in: the least that every partner takes (OpenAI's responses
/// refuse fewer).
const MOST_TOKENS: u32 = 16;
/// How long it may take, from the first byte to the last.
const WITHIN: Duration = Duration::from_secs(30);
/// The most that is read of an answer, in bytes.
const MOST_ANSWER: usize = 1024 * 1024;

/// What an answer told.
#[derive(Clone, Debug)]
pub struct Probed {
    /// The model that says it answered.
    pub model: Option<String>,
    /// The fingerprint of what answered.
    pub fingerprint: Option<String>,
    /// What it cost.
    pub usage: Usage,
    /// How long it took.
    pub took: Duration,
}

/// Why there was none.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ProbeError {
    /// The partner cannot be made ready.
    #[error(transparent)]
    Setup(#[from] PartnersError),
    /// The question cannot be written in the partner's protocol.
    #[error(transparent)]
    Encode(#[from] WireError),
    /// The address and the protocol's path make no request together.
    #[error("the request to {0} cannot be formed")]
    Form(String),
    /// The partner did not answer, or with an error.
    #[error(transparent)]
    Ask(#[from] AskError),
}

/// Asks a model of a partner one question. This costs a request.
///
/// # Errors
/// [`ProbeError`]; it repeats neither the key nor what the partner wrote.
pub async fn probe(config: PartnerConfig, model: &ModelId) -> Result<Probed, ProbeError> {
    let known = config.models.iter().find(|known| known.id == *model);
    let called =
        known.and_then(|known| known.upstream.clone()).unwrap_or_else(|| model.to_string());
    let partner = Partner::new(config, &connect::tls()?)?;
    let mut chat = Chat::default();
    chat.messages.push(Message::user(QUESTION));
    chat.params.max_tokens = Some(MOST_TOKENS);
    let outgoing = match partner.protocol.encode(&chat, &called, false) {
        // Tencent's own protocol knows no such number.
        Err(WireError::NotInProtocol { .. }) => {
            chat.params.max_tokens = None;
            partner.protocol.encode(&chat, &called, false)?
        }
        encoded => encoded?,
    };
    let begun = Instant::now();
    let answered = tokio::time::timeout(WITHIN, answer(&partner, &outgoing)).await;
    let (status, headers, body) = answered.unwrap_or_else(|_| {
        Err(AskError::TotalTimeout { partner: partner.id.clone(), limit: WITHIN }.into())
    })?;
    let head = Head::read(status, now_unix(), |name| headers.get(name)?.to_str().ok());
    let completion = partner.protocol.decode(&head, &body).map_err(|error| partner.told(error))?;
    Ok(Probed {
        model: completion.model,
        fingerprint: completion.fingerprint,
        usage: completion.usage.unwrap_or_default(),
        took: begun.elapsed(),
    })
}

async fn answer(
    partner: &Partner,
    outgoing: &Outgoing,
) -> Result<(u16, http::HeaderMap, Bytes), ProbeError> {
    let form = || ProbeError::Form(format!("{}{}", partner.base_url, outgoing.path));
    let address = partner.base_url.join(&outgoing.path).map_err(|_| form())?;
    let (common, key) = partner.key(0);
    let mut headers = common.clone();
    for (name, value) in &outgoing.headers {
        let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| form())?;
        headers.insert(name, HeaderValue::from_str(value).map_err(|_| form())?);
    }
    key.authorise(&mut headers, partner.base_url.authority(), outgoing, now_unix);
    let mut request =
        Request::post(address).body(Full::new(outgoing.body.clone())).map_err(|_| form())?;
    *request.headers_mut() = headers;
    let response = partner.pool.at(0).request(request).await.map_err(|error| {
        let (id, cause) = (partner.id.clone(), root_cause(&error));
        if error.is_connect() {
            AskError::Unreachable { partner: id, cause }
        } else {
            AskError::Interrupted { partner: id, cause }
        }
    })?;
    let (parts, body) = response.into_parts();
    let body = Limited::new(body, MOST_ANSWER).collect().await;
    let body = body.map_err(|error| partner.interrupted(&*error))?.to_bytes();
    Ok((parts.status.as_u16(), parts.headers, body))
}

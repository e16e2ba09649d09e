//! A command's way to a running gate: one request at a time, bounded in time and size.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as Pool, Error as PoolError};
use hyper_util::rt::TokioExecutor;
use rustls::ClientConfig;
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::failure::{Context as _, Failure};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a request may take that nobody gives more time, from the first byte to the last of its answer.
const TOTAL: Duration = Duration::from_mins(1);

/// The longest answer that is read.
const MAX_ANSWER: usize = 64 << 20;

/// Something that speaks to one gate with one key.
pub(crate) struct Client {
    server: String,
    key: String,
    patience: Duration,
    runtime: Runtime,
    pool: Pool<hyper_rustls::HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// How a request failed before the gate answered.
pub(crate) enum Unreached {
    /// Nobody is there.
    Refused,
    /// Anything else.
    Other(Failure),
}

/// What a gate answered.
pub(crate) struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The body, if it was JSON.
    pub body: Value,
}

impl Client {
    /// A client of the gate at `server`, which is `https`, or `http` to this machine.
    pub(crate) fn new(server: &str, key: impl Into<String>) -> Result<Self, Failure> {
        let server = server.trim_end_matches('/').to_owned();
        check(&server)?;
        let tls =
            ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
                .with_safe_default_protocol_versions()
                .context("TLS cannot be set up")?
                .with_webpki_roots()
                .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false); // https goes through it too
        tcp.set_connect_timeout(Some(CONNECT));
        tcp.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http() // `check` has decided which
            .enable_http1()
            .wrap_connector(tcp);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the runtime")?;
        let pool = Pool::builder(TokioExecutor::new()).build(connector);
        Ok(Self { server, key: key.into(), patience: TOTAL, runtime, pool })
    }

    /// Lets requests take longer.
    pub(crate) fn wait_for(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Where the gate is.
    pub(crate) fn server(&self) -> &str {
        &self.server
    }

    /// Sends a request and reads its answer.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Answer, Unreached> {
        let at = format!("{}{path}", self.server);
        let failed = |what: &str| {
            Unreached::Other(
                Failure::new(format!("the gate at {} {what}", self.server))
                    .help("what was asked for may have been done; look before you ask again"),
            )
        };
        let request = Request::builder()
            .method(method)
            .uri(&at)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key))
            .header(header::CONTENT_TYPE, "application/json")
            .body(Full::from(body.map(Value::to_string).unwrap_or_default()))
            .context(format!("{at} cannot be asked"))
            .map_err(Unreached::Other)?;
        self.runtime.block_on(async {
            let answered = async {
                let response =
                    self.pool.request(request).await.map_err(|error| refused(&error, &at))?;
                let status = response.status();
                let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await;
                let body = body.map_err(|_| failed("did not finish its answer"))?.to_bytes();
                let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
                Ok(Answer { status, body })
            };
            tokio::time::timeout(self.patience, answered)
                .await
                .unwrap_or_else(|_| Err(failed("did not answer in time")))
        })
    }
}

fn refused(error: &PoolError, at: &str) -> Unreached {
    if error.is_connect() {
        return Unreached::Refused;
    }
    Unreached::Other(Failure::because(format!("{at} cannot be asked"), error))
}

/// An admin key goes over the network under TLS alone.
fn check(server: &str) -> Result<(), Failure> {
    let wrong = || {
        Failure::new(format!("{server:?} is no gate's address"))
            .help("give https://HOST, or http://127.0.0.1:PORT on this machine")
    };
    let uri: Uri = server.parse().map_err(|_| wrong())?;
    let (Some(scheme), Some(host)) = (uri.scheme_str(), uri.host()) else { return Err(wrong()) };
    let path_and_more = uri.path_and_query().is_some_and(|rest| rest.as_str() != "/");
    if path_and_more || uri.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err(wrong());
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let here =
        host == "localhost" || bare.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback());
    match scheme {
        "https" => Ok(()),
        "http" if here => Ok(()),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_key_is_never_sent_in_the_clear_to_another_machine() {
        for good in [
            "https://gate.example",
            "http://127.0.0.1:8080",
            "http://[::1]:80",
            "http://localhost:1",
        ] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in [
            "http://gate.example",
            "http://10.0.0.1:8080",
            "http://localhost.example",
            "ftp://127.0.0.1",
            "127.0.0.1:8080",
            "https://user@gate.example",
            "https://gate.example/prefix",
            "",
        ] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }
}

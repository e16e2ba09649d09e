//! The pool of connections to one partner: TCP without delay, TLS against the public roots.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::ClientConfig;

use crate::PartnersError;

/// The client of one partner. Each has its own, so one partner's trouble is not another's.
pub(crate) type Pool = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Idle connections kept to one partner. Each holds some 16 KiB of buffers.
const MOST_IDLE: usize = 128;
/// How long an idle connection is kept. Below the 60 s after which common front servers close
/// theirs, so that a request is seldom written into a connection that is being closed.
const IDLE: Duration = Duration::from_secs(45);
/// The most of an answer's head, and of one read of its body, in bytes.
const MOST_BUFFERED: usize = 64 * 1024;
/// After this much silence the system asks whether the other side is still there.
const PROBE_AFTER: Duration = Duration::from_mins(1);

/// TLS settings of every partner: TLS 1.2 and 1.3 by ring, the public certificate authorities.
pub(crate) fn tls() -> Result<ClientConfig, PartnersError> {
    Ok(ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_webpki_roots()
        .with_no_client_auth())
}

/// An empty pool. It opens connections as they are asked for and follows no redirect.
pub(crate) fn pool(tls: ClientConfig) -> Pool {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false); // https goes through it too
    tcp.set_keepalive(Some(PROBE_AFTER));
    tcp.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http() // `BaseUrl` has decided which
        .enable_http1()
        .wrap_connector(tcp);
    Client::builder(TokioExecutor::new())
        .http1_max_buf_size(MOST_BUFFERED)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MOST_IDLE)
        .pool_timer(TokioTimer::new())
        .build(connector)
}

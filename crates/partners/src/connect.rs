//! The connections to one partner: TCP without delay, TLS against the public roots or an operator's own, HTTP/1.1 and 2.

use std::{
    path::Path,
    sync::atomic::{AtomicU32, Ordering::Relaxed},
    time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};

use crate::{HttpVersion, PartnersError};

/// A client with connections of its own.
pub type Connections = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// Idle connections kept to one partner. Each holds some 16 KiB of buffers.
const MOST_IDLE: usize = 128;
/// How long an idle connection is kept. Below the 60 s after which common front servers close
/// theirs, so that a request is seldom written into a connection that is being closed.
const IDLE: Duration = Duration::from_secs(45);
/// The most of an answer's head, and of one read of its body, in bytes.
const MOST_BUFFERED: usize = 64 * 1024;
/// After this much silence the system asks whether the other side is still there.
const PROBE_AFTER: Duration = Duration::from_mins(1);
/// The same on a connection of HTTP/2, which many answers share, by a ping.
const PING_AFTER: Duration = Duration::from_secs(20);
/// How long that ping may take.
const PING_WITHIN: Duration = Duration::from_secs(10);
/// Requests on one connection of HTTP/2. Servers take 100 or more (RFC 9113, section 6.5.2); what is
/// beyond that would wait inside the connection, unseen, with the clocks running.
const MOST_STREAMS: u32 = 90;
/// Connections of HTTP/2 to one partner.
const MOST_SHARED: usize = 32;

/// The connections to one partner. Each partner has its own, so one partner's trouble is not
/// another's.
#[derive(Debug)]
pub(crate) struct Pool {
    /// One where each request has its connection to itself, else as many as are shared.
    parts: Box<[Part]>,
}

#[derive(Debug)]
struct Part {
    connections: Connections,
    streams: AtomicU32,
}

/// What connections are encrypted with.
pub type TlsSettings = ClientConfig;

/// TLS settings of every partner: TLS 1.2 and 1.3 by ring, the public certificate authorities.
///
/// # Errors
/// When the cryptography has none of the protocol's versions.
pub fn tls() -> Result<ClientConfig, PartnersError> {
    Ok(ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
        .with_safe_default_protocol_versions()?
        .with_webpki_roots()
        .with_no_client_auth())
}

/// The same, but believing the authorities of a PEM file alone.
///
/// # Errors
/// Why the file cannot be used.
pub(crate) fn tls_by(authorities: &Path) -> Result<ClientConfig, String> {
    let certificates = CertificateDer::pem_file_iter(authorities).map_err(|e| e.to_string())?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    if roots.is_empty() {
        return Err("it holds no certificate".to_owned());
    }
    let config =
        ClientConfig::builder_with_provider(rustls::crypto::ring::default_provider().into())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

impl Pool {
    /// No connection yet: they are opened as they are asked for, and follow no redirect.
    pub(crate) fn new(tls: &ClientConfig, http: HttpVersion, encrypted: bool) -> Self {
        // Without TLS nothing is agreed upon, so `auto` is HTTP/1.1 there.
        let shared = match http {
            HttpVersion::Http1 => false,
            HttpVersion::Http2 => true,
            HttpVersion::Auto => encrypted,
        };
        let part = || Part { connections: connections(tls, http), streams: AtomicU32::new(0) };
        Self { parts: (0..if shared { MOST_SHARED } else { 1 }).map(|_| part()).collect() }
    }

    /// Takes a place on a connection: which, is handed back with [`Pool::leave`].
    pub(crate) fn enter(&self) -> usize {
        if self.parts.len() == 1 {
            return 0;
        }
        let streams = || self.parts.iter().map(|part| part.streams.load(Relaxed)).enumerate();
        let room = streams().find(|(_, streams)| *streams < MOST_STREAMS);
        let part = room.or_else(|| streams().min_by_key(|(_, streams)| *streams));
        let part = part.map_or(0, |(at, _)| at);
        self.parts[part].streams.fetch_add(1, Relaxed);
        part
    }

    /// Gives the place back.
    pub(crate) fn leave(&self, part: usize) {
        if self.parts.len() > 1 {
            self.parts[part].streams.fetch_sub(1, Relaxed);
        }
    }

    /// The connections of a place.
    pub(crate) fn at(&self, part: usize) -> &Connections {
        &self.parts[part].connections
    }
}

/// A client with connections of its own; it opens them as they are asked for, and follows no redirect.
pub fn connections(tls: &ClientConfig, http: HttpVersion) -> Connections {
    let mut tcp = HttpConnector::new();
    tcp.enforce_http(false); // https goes through it too
    tcp.set_keepalive(Some(PROBE_AFTER));
    tcp.set_nodelay(true);
    let builder = HttpsConnectorBuilder::new().with_tls_config(tls.clone()).https_or_http(); // `BaseUrl` has decided which
    let connector = match http {
        HttpVersion::Auto => builder.enable_all_versions().wrap_connector(tcp),
        HttpVersion::Http1 => builder.enable_http1().wrap_connector(tcp),
        HttpVersion::Http2 => builder.enable_http2().wrap_connector(tcp),
    };
    Client::builder(TokioExecutor::new())
        .http1_max_buf_size(MOST_BUFFERED)
        .http2_only(http == HttpVersion::Http2)
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(PING_AFTER)
        .http2_keep_alive_timeout(PING_WITHIN)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(MOST_IDLE)
        .pool_timer(TokioTimer::new())
        .timer(TokioTimer::new())
        .build(connector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_connections_are_filled_one_after_the_other_and_emptied_again() {
        let tls = tls().unwrap();
        let pool = Pool::new(&tls, HttpVersion::Http2, false);
        let places: Vec<_> = (0..=MOST_STREAMS).map(|_| pool.enter()).collect();
        assert_eq!(places.iter().filter(|place| **place == 0).count(), 90);
        assert_eq!(places.last(), Some(&1));
        pool.leave(0);
        assert_eq!(pool.enter(), 0);
        let pool = Pool::new(&tls, HttpVersion::Auto, false);
        assert_eq!((pool.parts.len(), pool.enter(), pool.enter()), (1, 0, 0));
    }
}

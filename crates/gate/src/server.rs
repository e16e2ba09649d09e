//! Listening, connections, and a quiet end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::Semaphore;
use yumen_policy::Timestamp;

use crate::gate::Gate;
use crate::router;

/// The most connections at once; further ones wait to be accepted.
const MAX_CONNECTIONS: usize = 16_384;
/// How long a client may take to send a request's head.
const HEAD_TIME: Duration = Duration::from_secs(15);
/// How long answers on their way may go on when the gate is told to stop.
const DRAIN_TIME: Duration = Duration::from_secs(20);

/// How often it is looked whether rules, packs or approvals are over their age.
const AGES_EVERY: Duration = Duration::from_hours(1);

/// Connections that may wait to be accepted: what a gate meets when a thousand phones wake at once.
const BACKLOG: u32 = 4096;

/// Listens at an address, at once after an earlier gate there ended.
///
/// # Errors
/// When the address cannot be had.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Serves `gate` on `listener` until `stop` resolves, then lets open answers end.
///
/// # Errors
/// Only when the listener itself fails; a broken connection ends alone.
pub async fn serve(
    gate: Arc<Gate>,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> io::Result<()> {
    let graceful = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_buf_size(64 * 1024)
        .pipeline_flush(true);
    tokio::pin!(stop);
    let ages = tokio::spawn(watch_ages(Arc::clone(&gate)));
    loop {
        let place = tokio::select! {
            () = &mut stop => break,
            place = Arc::clone(&places).acquire_owned() => place.map_err(io::Error::other)?,
        };
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = listener.accept() => accepted,
        };
        let (stream, _) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of file descriptors, or a client that left at once: neither ends the gate.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "the connection was gone at once");
            continue;
        }
        let gate = Arc::clone(&gate);
        let service = service_fn(move |request| {
            let gate = Arc::clone(&gate);
            // What it takes to answer is needed until the answer begins; a connection keeps its future for as long as it lives.
            Box::pin(async move {
                Ok::<_, std::convert::Infallible>(router::answer(&gate, request).await)
            })
        });
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(stream), service));
        // Not in an async block, which would keep room for the connection twice.
        tokio::spawn(connection.map(move |ended| {
            drop(place);
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended early");
            }
        }));
    }
    drop(listener);
    ages.abort();
    if tokio::time::timeout(DRAIN_TIME, graceful.shutdown()).await.is_err() {
        tracing::warn!("answers were still open when the gate stopped");
    }
    Ok(())
}

/// Looks at what grows old, from the start and then every hour.
async fn watch_ages(gate: Arc<Gate>) {
    let mut hours = tokio::time::interval(AGES_EVERY);
    loop {
        hours.tick().await;
        gate.look_at_ages(Timestamp::now());
    }
}

//! Partners over real connections on loopback, each answering exactly as a test tells it to.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should fail where it stands")]

mod accounts;
mod asking;
mod clocks;
mod failover;
mod http2;
mod midway;
mod routes;
mod sparing;
mod support;

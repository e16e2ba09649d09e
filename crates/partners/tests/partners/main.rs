//! Partners over real connections on loopback, each answering exactly as a test tells it to.

mod asking;
mod clocks;
mod routes;
mod support;

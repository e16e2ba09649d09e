//! Each of the five clocks, run out by a partner with just that fault.

use std::{net::SocketAddr, time::Duration};

use crate::support::{
    Partner, Step, config, delta, in_time, manner, only, opening, piece, prompt, stream_head, text,
};
use yumen_partners::{Answer, AskError, Clocks, Step as Went};
use yumen_wire::Event;

/// The clock under test; all others outlast the test.
const SHORT: Duration = Duration::from_millis(60);

/// Asks, reads to the error, and gives the text that came before it.
async fn fails(
    address: SocketAddr,
    scheme: &str,
    set: impl FnOnce(&mut Clocks),
    stream: bool,
) -> (String, AskError) {
    let mut config = config("acme", address);
    config.base_url = format!("{scheme}://{address}/v1").parse().unwrap();
    set(&mut config.clocks);
    let partners = only(config);
    let route = partners.route(prompt(&["acme/m-1"]), manner(stream)).unwrap();
    let mut stream = match in_time(partners.ask(route)).await {
        Err(unanswered) => return (String::new(), unanswered.error),
        Ok(Answer::Whole(_)) => panic!("a whole answer came"),
        Ok(Answer::Stream(stream)) => stream,
    };
    let (mut text, mut events) = (String::new(), Vec::new());
    let error = loop {
        match in_time(stream.next(&mut events)).await {
            Ok(Went::More | Went::Switched | Went::Restarted) => {}
            Ok(Went::End) => panic!("the stream ended properly"),
            Err(error) => break error,
        }
    };
    for event in events {
        if let Event::Text(piece) = event {
            text.push_str(&piece);
        }
    }
    (text, error)
}

#[tokio::test]
async fn connecting_to_a_partner_that_never_finishes_tls() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((connection, _)) = listener.accept().await {
            held.push(connection);
        }
    });
    let (_, error) = fails(address, "https", |clocks| clocks.connect = SHORT, false).await;
    assert_eq!(error.code(), "partner_connect_timeout");
}

#[tokio::test]
async fn a_partner_that_takes_the_request_and_says_nothing() {
    for stream in [false, true] {
        let partner = Partner::start(vec![vec![Step::Silence]]).await;
        let (_, error) =
            fails(partner.address, "http", |clocks| clocks.headers = SHORT, stream).await;
        assert_eq!(error.code(), "partner_headers_timeout");
        partner.sees_hang_up().await;
        assert_eq!(partner.requests().len(), 1, "silence is not asked again");
    }
}

#[tokio::test]
async fn a_stream_that_opens_and_never_begins() {
    let partner = Partner::start(vec![vec![stream_head(), opening(), Step::Silence]]).await;
    let (text, error) =
        fails(partner.address, "http", |clocks| clocks.first_token = SHORT, true).await;
    assert_eq!((text.as_str(), error.code()), ("", "partner_first_token_timeout"));
    partner.sees_hang_up().await;
}

#[tokio::test]
async fn a_stream_that_has_no_head_before_its_first_token_is_due() {
    let partner = Partner::start(vec![vec![Step::Silence]]).await;
    let (_, error) =
        fails(partner.address, "http", |clocks| clocks.first_token = SHORT, true).await;
    assert_eq!(error.code(), "partner_first_token_timeout");
}

#[tokio::test]
async fn a_stream_that_stops_in_the_middle() {
    let partner =
        Partner::start(vec![vec![stream_head(), opening(), text("A door"), Step::Silence]]).await;
    let (text, error) = fails(partner.address, "http", |clocks| clocks.gap = SHORT, true).await;
    assert_eq!((text.as_str(), error.code()), ("A door", "partner_gap_timeout"));
    partner.sees_hang_up().await;
}

#[tokio::test]
async fn a_stream_that_is_kept_alive_by_comments_alone() {
    let comments = Step::Drip(piece(": still here\n\n"));
    let partner = Partner::start(vec![vec![stream_head(), text("A door"), comments]]).await;
    let (text, error) = fails(partner.address, "http", |clocks| clocks.gap = SHORT, true).await;
    assert_eq!((text.as_str(), error.code()), ("A door", "partner_gap_timeout"));
    partner.sees_hang_up().await;
}

#[tokio::test]
async fn a_whole_answer_that_stops_in_the_middle() {
    let half = Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"id\":".to_vec());
    let partner = Partner::start(vec![vec![half, Step::Silence]]).await;
    let (_, error) = fails(partner.address, "http", |clocks| clocks.gap = SHORT, false).await;
    assert_eq!(error.code(), "partner_gap_timeout");
    partner.sees_hang_up().await;
}

#[tokio::test]
async fn a_stream_that_never_ends() {
    let endless = Step::Drip(delta(r#"{"content":"and "}"#));
    let partner = Partner::start(vec![vec![stream_head(), endless]]).await;
    let (text, error) =
        fails(partner.address, "http", |clocks| clocks.total = SHORT * 5, true).await;
    assert!(text.starts_with("and "), "something came before the end: {text:?}");
    assert_eq!(error.code(), "partner_total_timeout");
    partner.sees_hang_up().await;
}

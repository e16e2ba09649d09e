//! Asking a partner over a real connection: what is sent, what comes back, what is asked again.

use std::sync::Arc;

use crate::support::{
    Partner, Step, completion, config, ending, in_time, json, manner, only, opening, prompt,
    stream_head, text,
};
use yumen_partners::{
    Answer, AnswerStream, AskError, KeySource, Manner, PartnerConfig, Partners, Step as Went,
    Unanswered,
};
use yumen_wire::{Completion, Dialect, Event, FinishReason, PartnerErrorKind};

const KEY: &str = "key-4711-do-not-tell";

async fn ask(partners: &Partners, stream: bool) -> Result<Answer, Unanswered> {
    let route = partners.route(prompt(&["acme/m-1"]), manner(stream)).unwrap();
    in_time(partners.ask(route)).await
}

async fn ask_whole(partner: &Partner) -> Result<Completion, AskError> {
    let partners = only(config("acme", partner.address));
    match ask(&partners, false).await? {
        Answer::Whole(whole) => Ok(whole.completion),
        Answer::Stream(_) => panic!("a stream came where a whole answer was asked for"),
    }
}

async fn ask_stream(partners: &Partners) -> Result<AnswerStream, AskError> {
    match ask(partners, true).await? {
        Answer::Stream(stream) => Ok(stream),
        Answer::Whole(_) => panic!("a whole answer came where a stream was asked for"),
    }
}

/// All the text, and whether the stream ended properly.
async fn read(mut stream: AnswerStream) -> (String, Result<FinishReason, AskError>) {
    let (mut text, mut finish) = (String::new(), FinishReason::Other("none".to_owned()));
    let mut events = Vec::new();
    loop {
        let more = in_time(stream.next(&mut events)).await;
        for event in events.drain(..) {
            match event {
                Event::Text(piece) => text.push_str(&piece),
                Event::Finish(reason) => finish = reason,
                _ => {}
            }
        }
        match more {
            Ok(Went::More | Went::Switched | Went::Restarted) => {}
            Ok(Went::End) => return (text, Ok(finish)),
            Err(error) => return (text, Err(error)),
        }
    }
}

/// After 20 streams in a row: a question right behind an answer may find its connection not yet
/// free and open a second one, but not one for each.
fn assert_few_connections(partner: &Partner) {
    assert_eq!(partner.requests().len(), 20);
    assert!(partner.connections() < 10, "{} connections", partner.connections());
}

fn with_key(mut config: PartnerConfig) -> (PartnerConfig, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    std::fs::write(&path, format!("{KEY}\n")).unwrap();
    config.keys = vec![KeySource::File(path)];
    (config, dir)
}

#[tokio::test]
async fn a_whole_answer_comes_back_and_the_request_was_ours() {
    let partner = Partner::start(vec![completion()]).await;
    let (config, _dir) = with_key(config("acme", partner.address));
    let partners = only(config);
    let answer = match ask(&partners, false).await.unwrap() {
        Answer::Whole(whole) => whole.completion,
        Answer::Stream(_) => panic!("a stream"),
    };
    assert_eq!(answer.text, "A gate is a door in a wall.");
    assert_eq!(answer.usage.unwrap().output_tokens, 9);

    let request = partner.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v1/chat/completions HTTP/1.1\r\n"), "{head}");
    assert!(head.contains(&format!("authorization: Bearer {KEY}")), "{head}");
    assert!(head.contains(&format!("host: {}", partner.address)), "{head}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["model"], "m-1");
    assert_eq!(body["messages"][0]["content"], "What is a gate?");
}

#[tokio::test]
async fn a_stream_comes_back_and_its_connection_serves_again() {
    let script = vec![stream_head(), opening(), text("A door"), text(" in a wall."), ending()];
    let partner = Partner::start(vec![script]).await;
    let partners = only(config("acme", partner.address));
    for _ in 0..20 {
        let (text, finish) = read(ask_stream(&partners).await.unwrap()).await;
        assert_eq!(text, "A door in a wall.");
        assert_eq!(finish.unwrap(), FinishReason::Stop);
    }
    assert_few_connections(&partner);
}

#[tokio::test]
async fn a_stream_whose_reader_stops_at_its_last_word_keeps_its_connection() {
    let script = vec![stream_head(), text("A door"), ending()];
    let partner = Partner::start(vec![script]).await;
    let partners = only(config("acme", partner.address));
    for _ in 0..20 {
        let mut stream = ask_stream(&partners).await.unwrap();
        let mut events = Vec::new();
        while !events.iter().any(|event| matches!(event, Event::Finish(_))) {
            assert_ne!(in_time(stream.next(&mut events)).await.unwrap(), Went::End);
        }
    }
    assert_few_connections(&partner);
}

#[tokio::test]
async fn whole_answers_come_over_one_connection() {
    let partner = Partner::start(vec![completion()]).await;
    let partners = only(config("acme", partner.address));
    for _ in 0..3 {
        assert!(matches!(ask(&partners, false).await, Ok(Answer::Whole(_))));
    }
    assert_eq!((partner.requests().len(), partner.connections()), (3, 1));
}

#[tokio::test]
async fn a_partner_that_keeps_the_body_open_after_its_last_word_holds_nobody_up() {
    let done = crate::support::piece("data: [DONE]\n\n");
    let script = vec![
        stream_head(),
        text("Yes."),
        Step::Send(crate::support::delta(r#"{"content":" Done."}"#)),
        Step::Send(crate::support::piece(
            "data: {\"id\":\"c1\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n",
        )),
        Step::Send(done),
        Step::Silence,
    ];
    let partner = Partner::start(vec![script]).await;
    let partners = only(config("acme", partner.address));
    let (text, finish) = read(ask_stream(&partners).await.unwrap()).await;
    assert_eq!((text.as_str(), finish.unwrap()), ("Yes. Done.", FinishReason::Stop));
    partner.sees_hang_up().await;
}

#[tokio::test]
async fn what_is_not_now_is_asked_once_more() {
    let busy = || {
        json(
            "503 Service Unavailable",
            "",
            r#"{"error":{"message":"busy","code":"server_is_overloaded"}}"#,
        )
    };
    let partner = Partner::start(vec![busy(), completion()]).await;
    assert_eq!(ask_whole(&partner).await.unwrap().text, "A gate is a door in a wall.");
    assert_eq!(partner.requests().len(), 2);

    let partner = Partner::start(vec![busy()]).await;
    assert_eq!(ask_whole(&partner).await.unwrap_err().code(), "partner_overloaded");
    assert_eq!(partner.requests().len(), 2, "once more, and no more");
}

#[tokio::test]
async fn a_connection_that_breaks_before_an_answer_is_made_anew_once() {
    let partner = Partner::start(vec![vec![Step::Close], completion()]).await;
    assert_eq!(ask_whole(&partner).await.unwrap().text, "A gate is a door in a wall.");

    let partner = Partner::start(vec![vec![Step::Close]]).await;
    assert_eq!(ask_whole(&partner).await.unwrap_err().code(), "partner_interrupted");
    assert_eq!(partner.requests().len(), 2);
}

#[tokio::test]
async fn a_refusal_is_final() {
    let refusal = r#"{"error":{"message":"no","type":"data_inspection_failed","code":"data_inspection_failed"}}"#;
    let partner = Partner::start(vec![json("400 Bad Request", "", refusal)]).await;
    let mut config = config("acme", partner.address);
    config.protocol = Dialect::named("dashscope-compatible").unwrap();
    let partners = only(config);
    let error = ask(&partners, false).await.unwrap_err().error;
    assert!(matches!(
        &error,
        AskError::Partner { error, .. } if error.kind == PartnerErrorKind::Refused
    ));
    assert_eq!(partner.requests().len(), 1);
}

#[tokio::test]
async fn a_long_wait_is_told_and_not_waited_for() {
    let limited = json(
        "429 Too Many Requests",
        "retry-after: 60\r\n",
        r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#,
    );
    let partner = Partner::start(vec![limited]).await;
    let error = ask_whole(&partner).await.unwrap_err();
    let AskError::Partner { retry_after, .. } = &error else { panic!("{error:?}") };
    assert_eq!(retry_after.map(|wait| wait.as_secs()), Some(60));
    assert_eq!(partner.requests().len(), 1);
}

#[tokio::test]
async fn an_error_in_place_of_the_first_event_is_an_error_of_asking() {
    let busy = "id:1\nevent:error\n:HTTP_STATUS/429\ndata:{\"code\":\"Throttling.RateQuota\",\"message\":\"slow\",\"request_id\":\"r1\"}\n\n";
    let mut bytes = crate::support::piece(busy);
    bytes.extend_from_slice(b"0\r\n\r\n");
    let partner = Partner::start(vec![vec![stream_head(), Step::Send(bytes)]]).await;
    let mut config = config("acme", partner.address);
    config.protocol = Dialect::named("dashscope-native").unwrap();
    let partners = only(config);
    let error = ask_stream(&partners).await.unwrap_err();
    assert_eq!(error.code(), "partner_rate_limited");
    assert_eq!(partner.requests().len(), 2, "nothing had come, so it was asked once more");
}

#[tokio::test]
async fn a_stream_that_is_cut_gives_what_came_and_then_an_error() {
    let partner =
        Partner::start(vec![vec![stream_head(), opening(), text("A door"), Step::Close]]).await;
    let partners = only(config("acme", partner.address));
    let (came, finish) = read(ask_stream(&partners).await.unwrap()).await;
    assert_eq!(came, "A door");
    assert_eq!(finish.unwrap_err().code(), "partner_interrupted");
    assert_eq!(partner.requests().len(), 1, "part of an answer is not asked for again");

    let early_end = Step::Send(b"0\r\n\r\n".to_vec());
    let partner = Partner::start(vec![vec![stream_head(), text("A door"), early_end]]).await;
    let partners = only(config("acme", partner.address));
    let (came, finish) = read(ask_stream(&partners).await.unwrap()).await;
    assert_eq!(came, "A door");
    assert_eq!(finish.unwrap_err().code(), "partner_truncated");
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_not_taken() {
    let announced = Step::Send(b"HTTP/1.1 200 OK\r\ncontent-length: 8388609\r\n\r\n{".to_vec());
    let partner = Partner::start(vec![vec![announced, Step::Silence]]).await;
    assert_eq!(ask_whole(&partner).await.unwrap_err().code(), "partner_answer_too_large");

    let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let endless = Step::Drip(crate::support::piece(&" ".repeat(1024 * 1024)));
    let partner = Partner::start(vec![vec![Step::Send(head), endless]]).await;
    assert_eq!(ask_whole(&partner).await.unwrap_err().code(), "partner_answer_too_large");
    partner.sees_hang_up().await;
}

#[tokio::test]
async fn a_closed_port_is_unreachable() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let partners = only(config("acme", address));
    assert_eq!(ask(&partners, false).await.unwrap_err().error.code(), "partner_unreachable");
}

#[tokio::test]
async fn dropping_a_stream_closes_the_connection_to_the_partner() {
    let partner = Partner::start(vec![vec![stream_head(), text("A door"), Step::Silence]]).await;
    let partners = only(config("acme", partner.address));
    let stream = ask_stream(&partners).await.unwrap();
    drop(stream);
    partner.sees_hang_up().await;
}

#[tokio::test]
async fn dropping_the_question_closes_the_connection_to_the_partner() {
    let partner = Partner::start(vec![vec![Step::Silence]]).await;
    let partners = only(config("acme", partner.address));
    let route = partners.route(prompt(&["acme/m-1"]), Manner::whole()).unwrap();
    let asking = {
        let partners = partners.clone();
        tokio::spawn(async move { partners.ask(route).await })
    };
    partner.sees_request().await;
    asking.abort();
    partner.sees_hang_up().await;
}

#[tokio::test]
async fn the_key_is_in_no_error_and_no_debug_output() {
    let echo = format!(
        r#"{{"error":{{"message":"Incorrect API key provided: {KEY}","code":"invalid_{KEY}","type":"x"}},"request_id":"{KEY}"}}"#
    );
    for status in ["401 Unauthorized", "400 Bad Request", "500 Internal Server Error"] {
        let partner = Partner::start(vec![json(status, "", &echo)]).await;
        let (config, _dir) = with_key(config("acme", partner.address));
        let shown = format!("{config:?}");
        let partners = only(config);
        let route = partners.route(prompt(&["acme/m-1"]), Manner::whole()).unwrap();
        let shown = format!("{shown} {partners:?} {route:?}");
        let error = in_time(partners.ask(route)).await.unwrap_err().error;
        let AskError::Partner { error: said, .. } = &error else { panic!("{error:?}") };
        let shown = format!("{shown} {error} {error:?} {said} {said:?}");
        assert!(!shown.contains(KEY), "{status}: {shown}");
        assert!(partner.requests()[0].contains(KEY), "the key was sent where it belongs");
    }
}

#[tokio::test]
async fn many_ask_at_once_over_one_set_of_partners() {
    let partner = Partner::start(vec![completion()]).await;
    let partners = Arc::new(only(config("acme", partner.address)));
    let asking: Vec<_> = (0..64)
        .map(|_| {
            let partners = Arc::clone(&partners);
            tokio::spawn(async move { ask(&partners, false).await })
        })
        .collect();
    for one in asking {
        assert!(matches!(in_time(one).await.unwrap(), Ok(Answer::Whole(_))));
    }
    assert_eq!(partner.requests().len(), 64);
}

/// What the partner says, under another model's name than was asked.
fn renamed(steps: Vec<Step>) -> Vec<Step> {
    let rename = |bytes: Vec<u8>| {
        // Of the same length, so that the framing stays true.
        String::from_utf8(bytes).unwrap().replace("\"m-1\"", "\"m-2\"").into_bytes()
    };
    let steps = steps.into_iter().map(|step| match step {
        Step::Send(bytes) => Step::Send(rename(bytes)),
        other => other,
    });
    steps.collect()
}

fn drifted(error: &AskError) -> &yumen_policy::Drift {
    assert_eq!(error.code(), "model_drifted");
    let AskError::Drifted(drift) = error else { panic!("{error}") };
    drift
}

#[tokio::test]
async fn an_answer_of_another_model_is_not_given_out() {
    let partner = Partner::start(vec![renamed(completion())]).await;
    let error = ask_whole(&partner).await.unwrap_err();
    let drift = drifted(&error);
    assert_eq!((drift.market.as_str(), drift.partner.as_str()), ("sandbox", "acme"));
    assert_eq!((drift.model.as_str(), drift.reported.as_deref()), ("m-1", Some("m-2")));
    assert_eq!(partner.requests().len(), 1, "it is not asked again");

    let stream = vec![stream_head(), opening(), text("Not this."), ending()];
    let partner = Partner::start(vec![renamed(stream)]).await;
    let partners = only(config("acme", partner.address));
    let error = ask_stream(&partners).await.unwrap_err();
    assert_eq!(drifted(&error).reported.as_deref(), Some("m-2"));
    assert_eq!(partner.requests().len(), 1, "it is not asked again");
}

#[tokio::test]
async fn a_stream_goes_no_further_than_the_approved_model() {
    let other = renamed(vec![text("Not this."), ending()]);
    let script = [vec![stream_head(), opening(), text("Said ")], other].concat();
    let partner = Partner::start(vec![script]).await;
    let partners = only(config("acme", partner.address));
    let (said, end) = read(ask_stream(&partners).await.unwrap()).await;
    assert_eq!(said, "Said ");
    assert_eq!(drifted(&end.unwrap_err()).reported.as_deref(), Some("m-2"));
}

//! An answer that breaks off after some of it was given out, under each rule.

use std::time::Duration;

use crate::support::{
    Partner, Step, all, config, continuing, cut, failure, in_time, prompt, rest, stream,
    stream_head, text,
};
use yumen_partners::{
    AfterFirst, Answer, AskError, Attempt, Manner, PartnerConfig, Partners, Step as Went,
};
use yumen_wire::Event;

const TEXT: &str = "A gate is a door in a wall.";
const ALL: [&str; 3] = ["acme/m-1", "other/m-1", "third/m-1"];

/// What a reader sees: the text with what is void taken back, how it went on, who answered last.
struct Seen {
    text: String,
    went: Vec<Went>,
    by: String,
    end: Result<(), AskError>,
    attempts: Vec<Attempt>,
}

async fn read(partners: &Partners, rule: AfterFirst) -> Seen {
    let manner = Manner::stream().after_first(rule);
    let route = partners.route(prompt(&ALL), manner).unwrap();
    let Answer::Stream(mut stream) = in_time(partners.ask(route)).await.unwrap() else { panic!() };
    let (mut text, mut went, mut events) = (String::new(), Vec::new(), Vec::new());
    let end = loop {
        match in_time(stream.next(&mut events)).await {
            Ok(Went::End) => break Ok(()),
            Ok(Went::More) => {}
            Ok(step) => {
                went.push(step);
                if step == Went::Restarted {
                    text.clear();
                }
            }
            Err(error) => break Err(error),
        }
        for event in events.drain(..) {
            if let Event::Text(piece) = event {
                text.push_str(&piece);
            }
        }
    };
    let by = stream.model().partner.to_string();
    Seen { text, went, by, end, attempts: stream.attempts().to_vec() }
}

async fn partner(id: &str, scripts: Vec<Vec<Step>>) -> (Partner, PartnerConfig) {
    let partner = Partner::start(scripts).await;
    let config = config(id, partner.address);
    (partner, config)
}

/// The last message of a request.
fn last_message(request: &str) -> serde_json::Value {
    let (_, body) = request.split_once("\r\n\r\n").unwrap();
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    body["messages"].as_array().unwrap().last().unwrap().clone()
}

#[tokio::test]
async fn another_model_goes_on_from_where_it_broke_off() {
    let (acme, first) = partner("acme", vec![cut()]).await;
    let (other, second) = partner("other", vec![rest()]).await;
    let seen = read(&all(vec![first, continuing(second)]), AfterFirst::Continue).await;
    assert_eq!((seen.text.as_str(), seen.by.as_str()), (TEXT, "other"));
    assert_eq!(seen.went, [Went::Switched]);
    seen.end.unwrap();
    assert_eq!((acme.requests().len(), other.requests().len()), (1, 1));
    let last = last_message(&other.requests()[0]);
    assert_eq!(last["role"], "assistant");
    assert_eq!(last["content"], "A gate is ");
    assert_eq!(last["partial"], true);
    assert!(seen.attempts.iter().all(|attempt| attempt.billed), "both are part of the answer");
}

#[tokio::test]
async fn the_same_model_goes_on_after_a_cut_but_not_after_silence() {
    let (acme, first) = partner("acme", vec![cut(), rest()]).await;
    let (other, second) = partner("other", vec![rest()]).await;
    let partners = all(vec![continuing(first), continuing(second)]);
    let seen = read(&partners, AfterFirst::Continue).await;
    assert_eq!((seen.text.as_str(), seen.by.as_str()), (TEXT, "acme"));
    assert_eq!((acme.requests().len(), other.requests().len()), (2, 0));

    let stall = vec![stream_head(), text("A gate is "), Step::Silence];
    let (acme, mut first) = partner("acme", vec![stall]).await;
    first.clocks.gap = Duration::from_millis(60);
    let (_other, second) = partner("other", vec![rest()]).await;
    let partners = all(vec![continuing(first), continuing(second)]);
    let seen = read(&partners, AfterFirst::Continue).await;
    assert_eq!((seen.text.as_str(), seen.by.as_str()), (TEXT, "other"));
    assert_eq!(acme.requests().len(), 1, "silence is not asked again");
    assert_eq!(seen.attempts[0].outcome.code(), "partner_gap_timeout");
}

#[tokio::test]
async fn where_nobody_can_go_on_it_begins_anew_or_fails_as_the_rule_says() {
    for rule in [AfterFirst::Restart, AfterFirst::ContinueOrRestart] {
        let (_acme, first) = partner("acme", vec![cut()]).await;
        let (_other, second) = partner("other", vec![stream()]).await;
        let seen = read(&all(vec![first, second]), rule).await;
        assert_eq!((seen.text.as_str(), seen.by.as_str()), (TEXT, "other"));
        assert_eq!(seen.went, [Went::Restarted]);
        let billed: Vec<_> = seen.attempts.iter().map(|attempt| attempt.billed).collect();
        assert_eq!(billed, [false, true], "what is void is not billed");
    }
    for rule in [AfterFirst::Continue, AfterFirst::Fail] {
        let (acme, first) = partner("acme", vec![cut()]).await;
        let (other, second) = partner("other", vec![stream()]).await;
        let seen = read(&all(vec![first, second]), rule).await;
        assert_eq!(seen.text, "A gate is ");
        assert_eq!(seen.end.unwrap_err().code(), "partner_interrupted");
        assert_eq!((acme.requests().len(), other.requests().len()), (1, 0));
        assert!(!seen.attempts[0].billed);
    }
}

#[tokio::test]
async fn a_fallback_that_refuses_the_beginning_hides_nothing() {
    let refusing = || vec![failure("400 Bad Request", "invalid_parameter"), stream()];
    // The next that can goes on.
    let (_acme, first) = partner("acme", vec![cut()]).await;
    let (other, second) = partner("other", refusing()).await;
    let (_third, third) = partner("third", vec![rest()]).await;
    let partners = all(vec![first.clone(), continuing(second), continuing(third)]);
    let seen = read(&partners, AfterFirst::Continue).await;
    assert_eq!((seen.text.as_str(), seen.by.as_str()), (TEXT, "third"));
    assert_eq!(other.requests().len(), 1);

    // Where there is no next one, the first error stands, or it begins anew.
    let (_acme, first) = partner("acme", vec![cut()]).await;
    let (_other, second) = partner("other", refusing()).await;
    let seen = read(&all(vec![first, continuing(second)]), AfterFirst::Continue).await;
    assert_eq!(seen.text, "A gate is ");
    assert_eq!(seen.end.unwrap_err().code(), "partner_interrupted");

    let (_acme, first) = partner("acme", vec![cut()]).await;
    let (other, second) = partner("other", refusing()).await;
    let seen = read(&all(vec![first, continuing(second)]), AfterFirst::ContinueOrRestart).await;
    assert_eq!((seen.text.as_str(), seen.by.as_str()), (TEXT, "other"));
    assert_eq!(seen.went, [Went::Restarted]);
    assert_eq!(other.requests().len(), 2);
}

#[tokio::test]
async fn a_refusal_of_content_midway_ends_the_answer_under_every_rule() {
    let refusal = Step::Send(crate::support::piece(
        "data: {\"error\":{\"message\":\"no\",\"code\":\"data_inspection_failed\"}}\n\n",
    ));
    for rule in [AfterFirst::Continue, AfterFirst::ContinueOrRestart, AfterFirst::Restart] {
        let refused = vec![stream_head(), text("A gate is "), refusal.clone(), Step::Silence];
        let (acme, first) = partner("acme", vec![refused]).await;
        let (other, second) = partner("other", vec![stream()]).await;
        let seen = read(&all(vec![continuing(first), continuing(second)]), rule).await;
        assert_eq!(seen.end.unwrap_err().code(), "partner_refused");
        assert_eq!((acme.requests().len(), other.requests().len()), (1, 0));
    }
    // A continuation that is refused is not begun anew elsewhere either.
    let (_acme, first) = partner("acme", vec![cut()]).await;
    let (_other, second) =
        partner("other", vec![failure("400 Bad Request", "data_inspection_failed")]).await;
    let (third, last) = partner("third", vec![stream()]).await;
    let partners = all(vec![first, continuing(second), continuing(last)]);
    let seen = read(&partners, AfterFirst::ContinueOrRestart).await;
    assert_eq!(seen.end.unwrap_err().code(), "partner_refused");
    assert_eq!(third.requests().len(), 0);
}

#[tokio::test]
async fn a_slow_drip_is_no_answer() {
    let drip = Step::Drip(crate::support::delta(r#"{"content":"a"}"#));
    let (acme, mut first) = partner("acme", vec![vec![stream_head(), drip]]).await;
    first.clocks.min_tokens_per_second = 10_000.0;
    first.clocks.rate_window = Duration::from_millis(100);
    let (_other, second) = partner("other", vec![stream()]).await;
    let seen = read(&all(vec![first, second]), AfterFirst::Restart).await;
    assert_eq!((seen.text.as_str(), seen.by.as_str()), (TEXT, "other"));
    assert_eq!(seen.attempts[0].outcome.code(), "partner_too_slow");
    assert_eq!(acme.requests().len(), 1);
}

#[tokio::test]
async fn what_only_thought_aloud_is_replaced_in_silence() {
    let thought = Step::Send(crate::support::delta(r#"{"reasoning_content":"Hm."}"#));
    let (_acme, first) = partner("acme", vec![vec![stream_head(), thought, Step::Close]]).await;
    let (_other, second) = partner("other", vec![stream()]).await;
    let mut first = continuing(first);
    first.models.clear();
    let seen = read(&all(vec![first, second]), AfterFirst::Fail).await;
    assert_eq!((seen.text.as_str(), seen.by.as_str()), (TEXT, "other"));
    assert!(seen.went.iter().all(|step| *step == Went::Switched), "{:?}", seen.went);
}

#[tokio::test]
async fn a_partner_that_answers_as_another_model_is_not_covered_up() {
    let (_acme, first) = partner("acme", vec![vec![
        stream_head(),
        text("A gate is "),
        Step::Send(crate::support::piece(
            "data: {\"id\":\"c1\",\"model\":\"m-2\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"x\"}}]}\n\n",
        )),
        Step::Silence,
    ]])
    .await;
    let (other, second) = partner("other", vec![stream()]).await;
    let seen = read(&all(vec![first, second]), AfterFirst::Restart).await;
    assert_eq!(seen.end.unwrap_err().code(), "model_drifted");
    assert_eq!(other.requests().len(), 0);
}

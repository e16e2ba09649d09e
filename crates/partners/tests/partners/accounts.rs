//! What is told to whoever keeps the accounts, however an answer ends; and that a caller who hangs
//! up stops the work.

use std::sync::{Arc, Mutex};

use crate::support::{
    Partner, Step, all, completion, config, cut, failure, in_time, only, prompt, stream,
    stream_head, text,
};
use yumen_partners::{AfterFirst, Answer, Attempt, Manner, Partners, Route, Step as Went};

/// Collects what is settled.
#[derive(Clone, Default)]
struct Accounts(Arc<Mutex<Vec<Vec<Attempt>>>>);

impl Accounts {
    fn manner(&self, manner: Manner<'static>) -> Manner<'static> {
        let settled = Arc::clone(&self.0);
        manner.settle(move |attempts| settled.lock().unwrap().push(attempts.to_vec()))
    }

    fn route(&self, partners: &Partners, manner: Manner<'static>) -> Route {
        partners.route(prompt(&["acme/m-1", "other/m-1"]), self.manner(manner)).unwrap()
    }

    /// What was settled, which must have been once.
    fn settled(&self) -> Vec<Attempt> {
        let mut settled = self.0.lock().unwrap();
        assert_eq!(settled.len(), 1, "accounts are settled once");
        settled.remove(0)
    }
}

fn codes(attempts: &[Attempt]) -> Vec<&str> {
    attempts.iter().map(|attempt| attempt.outcome.code()).collect()
}

#[tokio::test]
async fn a_whole_answer_is_settled_with_what_it_cost() {
    let partner = Partner::start(vec![completion()]).await;
    let (partners, accounts) = (only(config("acme", partner.address)), Accounts::default());
    let route = accounts.route(&partners, Manner::whole());
    let Answer::Whole(whole) = in_time(partners.ask(route)).await.unwrap() else { panic!() };
    let settled = accounts.settled();
    assert_eq!(codes(&settled), ["complete"]);
    assert!(settled[0].billed);
    assert_eq!(settled[0].usage.unwrap().output_tokens, 9);
    assert_eq!(whole.attempts.len(), 1);
}

#[tokio::test]
async fn a_failure_is_settled_and_bills_nothing() {
    let partner = Partner::start(vec![failure("503 Service Unavailable", "x")]).await;
    let (partners, accounts) = (only(config("acme", partner.address)), Accounts::default());
    let route = accounts.route(&partners, Manner::whole());
    let refused = in_time(partners.ask(route)).await.unwrap_err();
    let settled = accounts.settled();
    assert_eq!(codes(&settled), ["partner_overloaded"; 2]);
    assert!(settled.iter().all(|attempt| !attempt.billed));
    assert_eq!(refused.attempts.len(), 2);
}

#[tokio::test]
async fn a_stream_is_settled_at_its_last_word() {
    let partner = Partner::start(vec![stream()]).await;
    let (partners, accounts) = (only(config("acme", partner.address)), Accounts::default());
    let route = accounts.route(&partners, Manner::stream());
    let Answer::Stream(mut stream) = in_time(partners.ask(route)).await.unwrap() else { panic!() };
    let mut events = Vec::new();
    while in_time(stream.next(&mut events)).await.unwrap() != Went::End {}
    let settled = accounts.settled();
    assert_eq!(codes(&settled), ["complete"]);
    assert_eq!(settled[0].came, "A gate is a door in a wall.".len());
    assert!(settled[0].first_token.is_some());
    drop(stream);
    assert!(accounts.0.lock().unwrap().is_empty(), "and not once more when it is dropped");
}

#[tokio::test]
async fn a_stream_that_is_dropped_is_settled_with_what_came() {
    let partner =
        Partner::start(vec![vec![stream_head(), text("A gate is "), Step::Silence]]).await;
    let (partners, accounts) = (only(config("acme", partner.address)), Accounts::default());
    let route = accounts.route(&partners, Manner::stream());
    let Answer::Stream(mut stream) = in_time(partners.ask(route)).await.unwrap() else { panic!() };
    let mut events = Vec::new();
    assert_eq!(in_time(stream.next(&mut events)).await.unwrap(), Went::More);
    drop(stream);
    let settled = accounts.settled();
    assert_eq!(codes(&settled), ["cancelled"]);
    assert_eq!((settled[0].came, settled[0].billed), ("A gate is ".len(), true));
    assert_eq!(settled[0].estimated_output_tokens(), 3);
    partner.sees_hang_up().await;
}

#[tokio::test]
async fn a_question_that_is_dropped_is_settled_and_stops_the_work() {
    for manner in [Manner::whole(), Manner::stream()] {
        let partner = Partner::start(vec![vec![Step::Silence]]).await;
        let (partners, accounts) = (only(config("acme", partner.address)), Accounts::default());
        let route = accounts.route(&partners, manner);
        let asking = {
            let partners = partners.clone();
            tokio::spawn(async move { partners.ask(route).await })
        };
        partner.sees_request().await;
        asking.abort();
        assert!(asking.await.is_err());
        let settled = accounts.settled();
        assert_eq!(codes(&settled), ["cancelled"]);
        assert_eq!((settled[0].came, settled[0].billed), (0, false));
        partner.sees_hang_up().await;
    }
}

#[tokio::test]
async fn hanging_up_while_another_is_asked_stops_that_one_too() {
    let acme = Partner::start(vec![cut()]).await;
    let other = Partner::start(vec![vec![Step::Silence]]).await;
    let accounts = Accounts::default();
    let partners = all(vec![config("acme", acme.address), config("other", other.address)]);
    let route = accounts.route(&partners, Manner::stream().after_first(AfterFirst::Restart));
    let Answer::Stream(mut stream) = in_time(partners.ask(route)).await.unwrap() else { panic!() };
    let mut events = Vec::new();
    assert_eq!(in_time(stream.next(&mut events)).await.unwrap(), Went::More);
    tokio::select! {
        step = stream.next(&mut events) => panic!("{step:?}"),
        () = other.sees_request() => {}
    }
    assert_eq!(codes(stream.attempts())[0], "partner_interrupted");
    drop(stream);
    other.sees_hang_up().await;
    let settled = accounts.settled();
    assert_eq!(codes(&settled).last(), Some(&"cancelled"));
    assert!(settled.iter().all(|attempt| !attempt.billed));
}

//! Sparing partners that are in trouble: breakers, keys, limits; and staying with a partner.

use std::time::Duration;

use crate::support::{
    Partner, Step, all, completion, config, failure, in_time, only, prompt, stream, stream_head,
    text,
};
use yumen_partners::{
    Answer, BreakerConfig, KeySource, Manner, PartnerConfig, Partners, Routing, Strategy,
    Unanswered,
};

const BOTH: [&str; 2] = ["acme/m-1", "other/m-1"];

async fn ask_as(partners: &Partners, manner: Manner<'_>) -> Result<String, Unanswered> {
    let route = partners.route(prompt(&BOTH), manner).unwrap();
    match in_time(partners.ask(route)).await? {
        Answer::Whole(whole) => Ok(whole.model().partner.to_string()),
        Answer::Stream(_) => panic!("a stream came"),
    }
}

/// Who answers.
async fn ask(partners: &Partners) -> String {
    ask_as(partners, Manner::whole()).await.unwrap()
}

async fn two(acme: Vec<Vec<Step>>) -> (Partner, Partner, [PartnerConfig; 2]) {
    let (acme, other) = (Partner::start(acme).await, Partner::start(vec![stream()]).await);
    let configs = [config("acme", acme.address), config("other", other.address)];
    (acme, other, configs)
}

fn breaker() -> BreakerConfig {
    BreakerConfig {
        failures: 2,
        rest: Duration::from_millis(150),
        longest_rest: Duration::from_millis(300),
        ..BreakerConfig::default()
    }
}

#[tokio::test]
async fn a_partner_in_trouble_is_spared_and_comes_back_once_it_is_well() {
    let broken = failure("503 Service Unavailable", "server_is_overloaded");
    let mut scripts = vec![broken; 4];
    scripts.push(stream());
    let (acme, _other, mut configs) = two(scripts).await;
    configs[0].breaker = breaker();
    let partners = all(configs.into());
    assert_eq!(ask(&partners).await, "other");
    assert_eq!(acme.requests().len(), 2, "two failures open the breaker");
    for _ in 0..5 {
        assert_eq!(ask(&partners).await, "other");
    }
    assert_eq!(acme.requests().len(), 2, "and it is left alone");
    // Each probe finds it broken until the fifth request; every question is answered meanwhile.
    in_time(Box::pin(async { while ask(&partners).await != "acme" {} })).await;
    assert_eq!(acme.requests().len(), 5, "one probe at a time, and the first good one is served");
    assert_eq!(ask(&partners).await, "acme");
}

#[tokio::test]
async fn what_callers_do_wrong_never_opens_a_breaker() {
    let mut scripts = vec![failure("400 Bad Request", "unsupported_value"); 6];
    scripts.push(stream());
    let (acme, other, mut configs) = two(scripts).await;
    configs[0].breaker = breaker();
    let partners = all(configs.into());
    for _ in 0..6 {
        let refused = ask_as(&partners, Manner::whole()).await.unwrap_err();
        assert_eq!(refused.error.code(), "partner_bad_request");
    }
    assert_eq!(ask(&partners).await, "acme");
    assert_eq!((acme.requests().len(), other.requests().len()), (7, 0));
}

#[tokio::test]
async fn the_only_partner_is_asked_even_when_it_is_in_trouble() {
    let partner = Partner::start(vec![failure("503 Service Unavailable", "x"); 4]).await;
    let mut config = config("acme", partner.address);
    config.breaker = BreakerConfig { rest: Duration::from_mins(1), ..breaker() };
    config.breaker.longest_rest = config.breaker.rest;
    let partners = only(config);
    for asked in [2, 3, 4] {
        let refused = ask_as(&partners, Manner::whole()).await.unwrap_err();
        assert_eq!(refused.error.code(), "partner_overloaded");
        assert_eq!(partner.requests().len(), asked, "but once, not twice");
    }
}

/// Files with a key each, and where they are.
fn keys(names: &[&str]) -> (Vec<KeySource>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &&str| {
        let path = dir.path().join(name);
        std::fs::write(&path, name).unwrap();
        KeySource::File(path)
    };
    (names.iter().map(file).collect(), dir)
}

/// Which of the keys each request carried.
fn carried<'a>(partner: &Partner, names: &[&'a str]) -> Vec<&'a str> {
    let of = |request: &String| *names.iter().find(|name| request.contains(**name)).unwrap();
    partner.requests().iter().map(of).collect()
}

#[tokio::test]
async fn keys_take_turns_and_one_that_is_no_good_rests() {
    const KEYS: [&str; 3] = ["key-one", "key-two", "key-six"];
    let partner = Partner::start(vec![completion()]).await;
    let mut config = config("acme", partner.address);
    let (sources, _dir) = keys(&KEYS);
    config.keys = sources;
    let partners = only(config.clone());
    for _ in 0..6 {
        ask(&partners).await;
    }
    assert_eq!(carried(&partner, &KEYS), [KEYS, KEYS].concat());

    for bad in [
        failure("401 Unauthorized", "invalid_api_key"),
        failure("429 Too Many Requests", "insufficient_quota"),
        failure("429 Too Many Requests", "rate_limit_exceeded"),
    ] {
        let partner = Partner::start(vec![bad, completion()]).await;
        config.base_url = format!("http://{}/v1", partner.address).parse().unwrap();
        let partners = only(config.clone());
        for _ in 0..3 {
            ask(&partners).await;
        }
        let carried = carried(&partner, &KEYS);
        assert_eq!(carried.len(), 4, "another key is tried at once");
        assert_eq!(carried.iter().filter(|key| **key == carried[0]).count(), 1, "{carried:?}");
    }
}

#[tokio::test]
async fn a_bad_key_never_counts_against_the_model() {
    let mut scripts = vec![failure("401 Unauthorized", "invalid_api_key"); 3];
    scripts.push(completion());
    let partner = Partner::start(scripts).await;
    let mut config = config("acme", partner.address);
    config.breaker = breaker();
    let partners = only(config);
    for _ in 0..3 {
        let refused = ask_as(&partners, Manner::whole()).await.unwrap_err();
        assert_eq!(refused.error.code(), "partner_auth");
    }
    assert_eq!(ask(&partners).await, "acme", "once the key is good again, it is served");
}

#[tokio::test]
async fn a_full_partner_is_passed_over_or_waited_for() {
    let long = vec![stream_head(), text("A gate is "), Step::Silence];
    let (acme, other, mut configs) = two(vec![long, stream()]).await;
    configs[0].concurrency = Some(1);
    let partners = all(configs.clone().into());
    let route = partners.route(prompt(&BOTH), Manner::stream()).unwrap();
    let Answer::Stream(held) = in_time(partners.ask(route)).await.unwrap() else { panic!() };
    assert_eq!(ask(&partners).await, "other");
    assert_eq!((acme.requests().len(), other.requests().len()), (1, 1));

    let acme =
        Partner::start(vec![vec![stream_head(), text("A gate is "), Step::Silence], completion()])
            .await;
    configs[0].base_url = format!("http://{}/v1", acme.address).parse().unwrap();
    let partners = only(configs[0].clone());
    let route = partners.route(prompt(&BOTH), Manner::stream()).unwrap();
    let Answer::Stream(first) = in_time(partners.ask(route)).await.unwrap() else { panic!() };
    let waiting = {
        let partners = partners.clone();
        tokio::spawn(async move { ask(&partners).await })
    };
    tokio::task::yield_now().await;
    assert_eq!(acme.requests().len(), 1, "nobody is sent beyond the limit");
    drop(first);
    assert_eq!(in_time(waiting).await.unwrap(), "acme");
    drop(held);
}

#[tokio::test]
async fn waiting_for_a_place_ends_at_the_deadline() {
    let acme = Partner::start(vec![vec![stream_head(), text("A gate is "), Step::Silence]]).await;
    let mut config = config("acme", acme.address);
    config.concurrency = Some(1);
    let routing = Routing { deadline: Duration::from_millis(200), ..Routing::default() };
    let partners = Partners::new(vec![config], routing).unwrap();
    let route = partners.route(prompt(&BOTH), Manner::stream()).unwrap();
    let Answer::Stream(_held) = in_time(partners.ask(route)).await.unwrap() else { panic!() };
    let refused = ask_as(&partners, Manner::whole()).await.unwrap_err();
    assert_eq!(refused.error.code(), "partner_unavailable");
    assert_eq!(acme.requests().len(), 1);
}

#[tokio::test]
async fn a_conversation_stays_where_it_was_while_that_is_well() {
    let (acme, _other, mut configs) = two(vec![stream()]).await;
    configs[0].breaker = breaker();
    let routing = Routing { strategy: Strategy::Weighted, ..Routing::default() };
    let partners = Partners::new(configs.into(), routing).unwrap();
    let mut homes = std::collections::BTreeSet::new();
    for number in 0..40 {
        let name = number.to_string();
        let home = ask_as(&partners, Manner::whole().conversation(&name)).await.unwrap();
        for _ in 0..2 {
            assert_eq!(ask_as(&partners, Manner::whole().conversation(&name)).await.unwrap(), home);
        }
        homes.insert(home);
    }
    assert_eq!(homes.len(), 2, "conversations are spread");
    assert!(!acme.requests().is_empty());
}

//! Another approved model in place of one that fails before anything was shown.

use std::time::{Duration, Instant};

use crate::support::{
    Partner, Step, all, config, continuing, failure, in_time, json, mainland_prompt, prompt,
    stream, stream_head,
};
use yumen_partners::{
    Answer, Capabilities, Manner, ModelConfig, PartnerConfig, Partners, Routing, Step as Went,
    Unanswered, Whole,
};
use yumen_wire::Event;

const BOTH: [&str; 2] = ["acme/m-1", "other/m-1"];
const TEXT: &str = "A gate is a door in a wall.";

/// Asks for all of an answer of these models.
async fn ask_of(partners: &Partners, models: &[&str]) -> Result<Whole, Unanswered> {
    let route = partners.route(prompt(models), Manner::whole()).unwrap();
    match in_time(partners.ask(route)).await? {
        Answer::Whole(whole) => Ok(whole),
        Answer::Stream(_) => panic!("a stream came"),
    }
}

async fn ask(partners: &Partners) -> Result<Whole, Unanswered> {
    ask_of(partners, &BOTH).await
}

fn outcomes(whole: &Whole) -> Vec<(&str, &str)> {
    let told = |attempt: &yumen_partners::Attempt| attempt.outcome.code();
    whole.attempts.iter().map(|attempt| (attempt.partner().as_str(), told(attempt))).collect()
}

/// Two partners: one that does this, and one that answers.
async fn two(acme: Vec<Vec<Step>>) -> (Partner, Partner, [PartnerConfig; 2]) {
    let (acme, other) = (Partner::start(acme).await, Partner::start(vec![stream()]).await);
    let configs = [config("acme", acme.address), config("other", other.address)];
    (acme, other, configs)
}

#[tokio::test]
async fn what_stays_broken_is_asked_twice_and_then_another_answers() {
    for broken in [
        failure("503 Service Unavailable", "server_is_overloaded"),
        vec![Step::Close],
        vec![stream_head(), Step::Close],
        vec![stream_head(), Step::Send(crate::support::piece("data: {no json\n\n"))],
    ] {
        let (acme, other, configs) = two(vec![broken]).await;
        let partners = all(configs.into());
        let whole = ask(&partners).await.unwrap();
        assert_eq!(whole.completion.text, TEXT);
        assert_eq!(whole.model().partner.as_str(), "other");
        assert_eq!((acme.requests().len(), other.requests().len()), (2, 1));
        let told = outcomes(&whole);
        assert_eq!(told[2], ("other", "complete"));
        assert!(whole.attempts[2].billed && !whole.attempts[0].billed && !whole.attempts[1].billed);
    }
}

#[tokio::test]
async fn a_stream_fails_over_before_its_first_token_without_a_word() {
    let (_acme, _other, configs) = two(vec![failure("500 Internal Server Error", "x")]).await;
    let partners = all(configs.into());
    let route = partners.route(prompt(&BOTH), Manner::stream()).unwrap();
    assert_eq!(route.model().partner.as_str(), "acme");
    assert_eq!(route.models().count(), 2);
    let Answer::Stream(mut stream) = in_time(partners.ask(route)).await.unwrap() else { panic!() };
    assert_eq!(stream.model().partner.as_str(), "other");
    assert_eq!(stream.attempts().len(), 2);
    let mut events = Vec::new();
    loop {
        match in_time(stream.next(&mut events)).await.unwrap() {
            Went::End => break,
            step => assert_eq!(step, Went::More),
        }
    }
    assert!(matches!(events.last(), Some(Event::Finish(_))));
    assert_eq!(stream.attempts().len(), 3);
}

#[tokio::test]
async fn one_fault_is_mended_by_the_same_partner() {
    let (acme, other, configs) =
        two(vec![failure("500 Internal Server Error", "server_error"), stream()]).await;
    let whole = ask(&all(configs.into())).await.unwrap();
    assert_eq!(outcomes(&whole), [("acme", "partner_server"), ("acme", "complete")]);
    assert_eq!((acme.requests().len(), other.requests().len()), (2, 0));
}

#[tokio::test]
async fn a_short_wait_that_the_partner_asks_for_is_waited() {
    let limited = json(
        "429 Too Many Requests",
        "retry-after: 1\r\n",
        r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#,
    );
    let (acme, other, configs) = two(vec![limited, stream()]).await;
    let begun = Instant::now();
    let whole = ask(&all(configs.into())).await.unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1), "asked again too soon");
    assert_eq!(whole.model().partner.as_str(), "acme");
    assert_eq!((acme.requests().len(), other.requests().len()), (2, 0));
}

#[tokio::test]
async fn a_long_wait_is_left_to_the_partner_and_kept_by_all() {
    let limited = json(
        "429 Too Many Requests",
        "retry-after: 50\r\n",
        r#"{"error":{"message":"slow down","code":"rate_limit_exceeded"}}"#,
    );
    let (acme, other, configs) = two(vec![limited]).await;
    let partners = all(configs.into());
    for _ in 0..3 {
        assert_eq!(ask(&partners).await.unwrap().model().partner.as_str(), "other");
    }
    assert_eq!((acme.requests().len(), other.requests().len()), (1, 3));
    let refused = ask_of(&partners, &["acme/m-1"]).await.unwrap_err();
    assert_eq!(refused.error.code(), "partner_unavailable");
    assert!(refused.attempts.is_empty());
    assert_eq!(acme.requests().len(), 1, "it is not asked before the time it named");
}

#[tokio::test]
async fn a_silent_partner_is_asked_once_and_not_waited_for() {
    let (acme, other, mut configs) = two(vec![vec![Step::Silence]]).await;
    configs[0].clocks.first_token_failover = Duration::from_millis(80);
    let partners = all(configs.into());
    let whole = ask(&partners).await.unwrap();
    assert_eq!(outcomes(&whole), [("acme", "partner_first_token_timeout"), ("other", "complete")]);
    acme.sees_hang_up().await;
    assert_eq!((acme.requests().len(), other.requests().len()), (1, 1));
}

#[tokio::test]
async fn a_slow_partner_is_given_its_time_when_there_is_no_other() {
    let late = vec![stream_head(), Step::Pause(Duration::from_millis(200))];
    let late = [late, stream().split_off(1)].concat();
    let (acme, _other, mut configs) = two(vec![late]).await;
    configs[0].clocks.first_token_failover = Duration::from_millis(50);
    let [acme_config, _] = configs;
    let partners = all(vec![acme_config]);
    let route = partners.route(prompt(&["acme/m-1"]), Manner::stream()).unwrap();
    let Answer::Stream(stream) = in_time(partners.ask(route)).await.unwrap() else { panic!() };
    assert_eq!(stream.model().partner.as_str(), "acme");
    assert_eq!(acme.requests().len(), 1);
}

#[tokio::test]
async fn a_refusal_of_content_is_taken_nowhere_else() {
    let refusals = [
        failure("400 Bad Request", "data_inspection_failed"),
        vec![
            stream_head(),
            Step::Send(crate::support::piece(
                "data: {\"error\":{\"message\":\"no\",\"code\":\"data_inspection_failed\"}}\n\n",
            )),
            Step::Silence,
        ],
    ];
    for refusal in refusals {
        let (acme, other, configs) = two(vec![refusal]).await;
        let configs = configs.map(continuing);
        let refused = ask(&all(configs.into())).await.unwrap_err();
        assert_eq!(refused.error.code(), "partner_refused");
        assert_eq!((acme.requests().len(), other.requests().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_mistake_of_the_callers_is_told_and_taken_nowhere_else() {
    let (acme, other, configs) = two(vec![failure("400 Bad Request", "unsupported_value")]).await;
    let refused = ask(&all(configs.into())).await.unwrap_err();
    assert_eq!(refused.error.code(), "partner_bad_request");
    assert_eq!((acme.requests().len(), other.requests().len()), (1, 0));
}

#[tokio::test]
async fn what_is_too_long_goes_to_a_model_that_may_take_more() {
    let long = || failure("400 Bad Request", "context_length_exceeded");
    let known = |context| {
        let capabilities =
            Capabilities { context_tokens: Some(context), ..Capabilities::default() };
        vec![ModelConfig { capabilities, ..ModelConfig::unknown("m-1".parse().unwrap()) }]
    };
    for (second, goes) in [(Some(32_000), true), (None, true), (Some(8_000), false)] {
        let (acme, other, mut configs) = two(vec![long()]).await;
        configs[0].models = known(8_000);
        configs[1].models = second.map(known).unwrap_or_default();
        let answer = ask(&all(configs.into())).await;
        assert_eq!(acme.requests().len(), 1, "the same model is not asked again");
        assert_eq!(other.requests().len(), usize::from(goes));
        match answer {
            Ok(whole) => assert_eq!(whole.completion.text, TEXT),
            Err(refused) => assert_eq!(refused.error.code(), "partner_context_length"),
        }
    }
}

#[tokio::test]
async fn nobody_outside_the_clearance_or_the_market_is_asked_whatever_fails() {
    let (acme, other, mut configs) = two(vec![vec![Step::Close]]).await;
    let third = Partner::start(vec![stream()]).await;
    configs[0].region = Some("CN".parse().unwrap());
    configs[1].region = Some("SG".parse().unwrap());
    let mut third_config = config("third", third.address);
    third_config.region = Some("CN".parse().unwrap());
    let partners = all([configs.to_vec(), vec![third_config]].concat());
    let route = partners.route(mainland_prompt(&BOTH), Manner::whole()).unwrap();
    assert_eq!(route.models().count(), 1);
    assert_eq!(route.passed_over().unwrap().partner.as_str(), "other");
    let refused = in_time(partners.ask(route)).await.unwrap_err();
    assert_eq!(refused.error.code(), "partner_interrupted");
    assert_eq!(acme.requests().len(), 2);
    assert_eq!((other.requests().len(), third.requests().len()), (0, 0));
}

#[tokio::test]
async fn a_model_that_cannot_do_what_is_asked_is_passed_over() {
    let (acme, other, mut configs) = two(vec![stream()]).await;
    let capabilities = Capabilities { context_tokens: Some(0), ..Capabilities::default() };
    configs[0].models =
        vec![ModelConfig { capabilities, ..ModelConfig::unknown("m-1".parse().unwrap()) }];
    let partners = all(configs.into());
    let route = partners.route(prompt(&BOTH), Manner::stream()).unwrap();
    assert_eq!(route.model().partner.as_str(), "other");
    let error = partners.route(prompt(&["acme/m-1"]), Manner::stream()).unwrap_err();
    assert_eq!(error.code(), "route_not_capable");
    assert_eq!((acme.requests().len(), other.requests().len()), (0, 0));
}

#[tokio::test]
async fn attempts_and_time_are_bounded_over_all_partners() {
    let (acme, other, configs) = two(vec![failure("503 Service Unavailable", "x")]).await;
    let routing = Routing { attempts: 1, ..Routing::default() };
    let partners = Partners::new(configs.into(), routing).unwrap();
    let refused = ask(&partners).await.unwrap_err();
    assert_eq!(refused.error.code(), "partner_overloaded");
    assert_eq!((acme.requests().len(), other.requests().len()), (1, 0));

    let (acme, other, configs) = two(vec![vec![Step::Silence]]).await;
    let routing = Routing { deadline: Duration::from_millis(80), ..Routing::default() };
    let partners = Partners::new(configs.into(), routing).unwrap();
    let refused = ask(&partners).await.unwrap_err();
    assert_eq!(refused.error.code(), "partner_total_timeout");
    assert_eq!((acme.requests().len(), other.requests().len()), (1, 0));
}

#[tokio::test]
async fn another_model_is_not_asked_beyond_the_budget() {
    for (budget, goes) in [(Some(0.000_001), false), (Some(100.0), true), (None, true)] {
        let drip = vec![stream_head(), crate::support::text("A gate is "), Step::Silence];
        let (_acme, other, mut configs) = two(vec![drip]).await;
        configs[0].clocks.gap = Duration::from_millis(60);
        for config in &mut configs {
            let price =
                yumen_partners::Price { input: 1_000.0, output: 1_000.0, cached_input: None };
            let unknown = ModelConfig::unknown("m-1".parse().unwrap());
            config.models = vec![ModelConfig { price: Some(price), ..unknown }];
        }
        let routing = Routing { cost_budget: budget, ..Routing::default() };
        let answer = ask(&Partners::new(configs.into(), routing).unwrap()).await;
        assert_eq!((answer.is_ok(), other.requests().len()), (goes, usize::from(goes)));
    }
}

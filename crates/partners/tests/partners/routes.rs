//! Which model a prompt goes to: one of its clearance, at a configured partner, or none.

use crate::support::{config, mainland_prompt, prompt};
use yumen_partners::{Manner, Partners, PartnersError, RouteError, Routing};

fn partners(ids: &[&str]) -> Partners {
    // Nothing is asked here; no port is opened.
    let address = "127.0.0.1:9".parse().unwrap();
    Partners::new(ids.iter().map(|id| config(id, address)).collect(), Routing::default()).unwrap()
}

#[test]
fn a_route_leads_only_to_models_of_the_clearance() {
    let partners = partners(&["acme", "other"]);
    for cleared in ["acme/m-1", "other/m-2"] {
        let route = partners.route(prompt(&[cleared]), Manner::stream()).unwrap();
        let model = route.model();
        assert_eq!(format!("{}/{}", model.partner, model.model), cleared);
        assert!(route.emulated() && route.is_stream());
        assert_eq!(route.clearance().models().len(), 1);
    }
}

#[test]
fn the_preferred_model_comes_first_and_the_next_one_stands_in_for_an_absent_partner() {
    let cleared = ["acme/m-1", "other/m-2"];
    let first = partners(&["other", "acme"]).route(prompt(&cleared), Manner::whole()).unwrap();
    assert_eq!(first.model().model.as_str(), "m-1");
    let next = partners(&["other"]).route(prompt(&cleared), Manner::whole()).unwrap();
    assert_eq!(next.model().model.as_str(), "m-2");
}

#[test]
fn without_a_cleared_partner_there_is_no_route() {
    let error = partners(&["other"]).route(prompt(&["acme/m-1"]), Manner::whole()).unwrap_err();
    assert!(matches!(error, RouteError::NoPartner { .. }));
    assert!(error.to_string().contains("acme/m-1"), "{error}");
    assert_eq!(error.code(), "route_no_partner");
    assert!(partners(&[]).route(prompt(&["acme/m-1"]), Manner::whole()).is_err());
}

/// Partners with where their addresses lead.
fn at(partners: &[(&str, Option<&str>)]) -> Partners {
    let address = "127.0.0.1:9".parse().unwrap();
    let configs = partners.iter().map(|(id, region)| {
        let mut config = config(id, address);
        config.region = region.map(|region| region.parse().unwrap());
        config
    });
    Partners::new(configs.collect(), Routing::default()).unwrap()
}

#[test]
fn an_address_outside_the_market_or_of_no_stated_place_is_never_asked() {
    for region in [Some("SG"), Some("US"), None] {
        let error = at(&[("acme", region)])
            .route(mainland_prompt(&["acme/m-1"]), Manner::whole())
            .unwrap_err();
        assert_eq!(error.code(), "endpoint_out_of_market");
        let RouteError::OutOfMarket { market, stray } = error else { panic!("{error}") };
        assert_eq!((market.as_str(), stray.partner.as_str()), ("sandbox", "acme"));
        assert_eq!(stray.region.map(|region| region.to_string()).as_deref(), region);
    }
    let route =
        at(&[("acme", Some("CN"))]).route(mainland_prompt(&["acme/m-1"]), Manner::whole()).unwrap();
    assert!(route.passed_over().is_none());
    // A market that says nothing of where is asked anywhere.
    assert!(at(&[("acme", None)]).route(prompt(&["acme/m-1"]), Manner::whole()).is_ok());
}

#[test]
fn a_model_inside_stands_in_for_one_whose_address_leads_outside_and_that_is_told() {
    let partners = at(&[("acme", Some("SG")), ("other", Some("CN"))]);
    let route =
        partners.route(mainland_prompt(&["acme/m-1", "other/m-2"]), Manner::whole()).unwrap();
    assert_eq!(route.model().model.as_str(), "m-2");
    let stray = route.passed_over().expect("the preferred partner was passed over");
    assert_eq!(stray.to_string(), "acme is configured at an address in SG");
}

#[test]
fn a_partner_is_configured_once() {
    let address = "127.0.0.1:9".parse().unwrap();
    let twice =
        Partners::new(vec![config("acme", address), config("acme", address)], Routing::default());
    assert!(matches!(twice, Err(PartnersError::Duplicate(id)) if id.as_str() == "acme"));
}

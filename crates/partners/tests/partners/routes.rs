//! Which model a prompt goes to: one of its clearance, at a configured partner, or none.

use crate::support::{config, prompt};
use yumen_partners::{Partners, PartnersError, RouteError};

fn partners(ids: &[&str]) -> Partners {
    // Nothing is asked here; no port is opened.
    let address = "127.0.0.1:9".parse().unwrap();
    Partners::new(ids.iter().map(|id| config(id, address)).collect()).unwrap()
}

#[test]
fn a_route_leads_only_to_models_of_the_clearance() {
    let partners = partners(&["acme", "other"]);
    for cleared in ["acme/m-1", "other/m-2"] {
        let route = partners.route(prompt(&[cleared]), true).unwrap();
        let model = route.model();
        assert_eq!(format!("{}/{}", model.partner, model.model), cleared);
        assert!(route.emulated() && route.is_stream());
        assert_eq!(route.clearance().models().len(), 1);
    }
}

#[test]
fn the_preferred_model_comes_first_and_the_next_one_stands_in_for_an_absent_partner() {
    let cleared = ["acme/m-1", "other/m-2"];
    let first = partners(&["other", "acme"]).route(prompt(&cleared), false).unwrap();
    assert_eq!(first.model().model.as_str(), "m-1");
    let next = partners(&["other"]).route(prompt(&cleared), false).unwrap();
    assert_eq!(next.model().model.as_str(), "m-2");
}

#[test]
fn without_a_cleared_partner_there_is_no_route() {
    let error = partners(&["other"]).route(prompt(&["acme/m-1"]), false).unwrap_err();
    assert!(matches!(error, RouteError::NoPartner { .. }));
    assert!(error.to_string().contains("acme/m-1"), "{error}");
    assert_eq!(error.code(), "route_no_partner");
    assert!(partners(&[]).route(prompt(&["acme/m-1"]), false).is_err());
}

#[test]
fn a_partner_is_configured_once() {
    let address = "127.0.0.1:9".parse().unwrap();
    let twice = Partners::new(vec![config("acme", address), config("acme", address)]);
    assert!(matches!(twice, Err(PartnersError::Duplicate(id)) if id.as_str() == "acme"));
}

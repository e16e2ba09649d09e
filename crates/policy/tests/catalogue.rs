//! Market files and what a policy is made from: what is refused, and in which words.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use world::{CN, US, source};
use yumen_policy::{Market, Policy, PolicySource, Surface};

/// The mainland file with one passage replaced.
fn altered(from: &str, to: &str) -> Result<Market, String> {
    assert!(CN.contains(from), "{from}");
    Market::parse(&CN.replacen(from, to, 1)).map_err(|error| error.to_string())
}

#[test]
fn a_market_file_with_a_slip_is_refused_with_its_reason() {
    for (from, to, says) in [
        ("id = \"cn\"", "id = \"CN\"", "market id"),
        ("regions = [\"CN\"]", "regions = [\"cn\"]", "two capitals"),
        ("regions = [\"CN\"]", "regions = []", "`regions` is empty"),
        ("regions = [\"CN\"]", "regions = [\"CN\", \"ZZ\"]\ndevelopment = true", "ZZ"),
        ("regions = [\"CN\"]", "regions = [\"CN\"]\ndevelopment = true", "ZZ"),
        ("regions = [\"CN\"]", "regions = [\"CN\"]\nnote = 1", "note"),
        ("signers = 2", "", "signers"),
        ("required = true", "required = false", "signers"),
        ("id = \"cn.purchase\"", "id = \"purchase\"", "market id, a dot"),
        ("id = \"cn.child\"", "id = \"cn.purchase\"", "twice"),
        ("features = [\"*\"]", "features = []", "selects no feature"),
        ("features = [\"*\"]", "features = [\"Writing.*\"]", "feature id"),
        ("any = [{ purchase_region = { in = [\"CN\"] } }]", "any = []", "needs a clause"),
        ("any = [{ purchase_region = { in = [\"CN\"] } }]", "any = [{}]", "at least one test"),
        ("{ in = [\"CN\"] }", "{ in = [] }", "empty list"),
        ("{ in = [\"CN\"] }", "{ among = [\"CN\"] }", "among"),
        ("{ in = [\"CN\"] }", "{ in = [\"CN\"], not_in = [\"US\"] }", ""),
        ("purchase_region = { in", "serial = { in", "serial"),
        ("not_in = [\"child\"]", "not_in = [\"baby\"]", "baby"),
        ("url = \"https://www.cac", "url = \"http://www.cac", "https"),
        (
            "url = \"https://www.cac",
            "verified_on = \"2026-11-22\"\nurl = \"https://www.cac",
            "belong together",
        ),
        ("[label]", "[labels]", "label"),
    ] {
        let error = altered(from, to).map(|_| ()).unwrap_err();
        assert!(error.contains(says), "{to}: {error}");
    }
}

#[test]
fn the_label_table_is_kept_for_the_crate_that_labels() {
    let market = Market::parse(CN).unwrap();
    assert_eq!(market.label()["visible"]["zh"].as_str(), Some("内容由人工智能生成"));
    assert_eq!(market.approval().signers(), 2);
    assert_ne!(market.digest(), Market::parse(US).unwrap().digest());
}

fn refused(change: impl FnOnce(&mut PolicySource)) -> String {
    let mut source = source();
    change(&mut source);
    Policy::new(source).map(|_| ()).unwrap_err().to_string()
}

#[test]
fn parts_that_do_not_fit_together_make_no_policy() {
    let twice = refused(|s| s.markets.push(Market::parse(CN).unwrap()));
    assert!(twice.contains("`cn` is given twice"), "{twice}");
    let region = refused(|s| {
        let text = US.replace("id = \"us", "id = \"usa").replace("\"US\"", "\"CN\"");
        s.markets[1] = Market::parse(&text).unwrap();
    });
    assert!(region.contains("belongs to both"), "{region}");
    let feature = refused(|s| s.terms.push(s.terms[0].clone()));
    assert!(feature.contains("given twice"), "{feature}");
    let nowhere = refused(|s| {
        s.terms[0] =
            world::terms(world::CHAT, Surface::Cloud, "languages=['en']\nmarkets=['mars']");
    });
    assert!(nowhere.contains("`mars`"), "{nowhere}");
    let release = refused(|s| s.releases.push(world::release("mars", "alibaba", "1")));
    assert!(release.contains("`mars` is no market"), "{release}");
    let release = refused(|s| s.releases.push(world::cn_release()));
    assert!(release.contains("given twice"), "{release}");
    let unknown = refused(|s| {
        s.terms.remove(0);
    });
    assert!(unknown.contains("assistant.chat"), "{unknown}");
    let idle = refused(|s| {
        let text = CN.replacen("features = [\"*\"]", "features = [\"image.*\"]", 1);
        s.markets[0] = Market::parse(&text).unwrap();
    });
    assert!(idle.contains("no feature `image.*`"), "{idle}");
}

#[test]
fn terms_that_contradict_themselves_are_refused() {
    for (table, says) in [
        ("languages = []", "`languages` is empty"),
        ("languages = ['en']\nclasses = []", "`classes` is empty"),
        ("languages = ['en']\noptional = ['language']", "cannot be optional"),
        ("languages = ['en']\noptional = ['purchase_region']", "cannot be optional"),
        ("languages = ['en']\ncapabilities = ['Big GPU']", "capability"),
    ] {
        let terms = toml::from_str(table).unwrap();
        let id = world::feature(world::CHAT);
        let error = yumen_policy::FeatureTerms::new(id, Surface::Cloud, terms).unwrap_err();
        assert!(error.to_string().contains(says), "{table}: {error}");
    }
}

#[test]
fn the_digest_of_a_policy_names_its_content() {
    let digest = |change: fn(&mut PolicySource)| {
        let mut source = source();
        change(&mut source);
        Policy::new(source).unwrap().digest()
    };
    let plain = digest(|_| {});
    assert_eq!(plain, digest(|_| {}));
    assert_eq!(plain, digest(|s| s.markets.reverse()));
    assert_eq!(plain, digest(|s| s.terms.reverse()));
    assert_ne!(plain, digest(|s| s.sandbox = false));
    assert_ne!(plain, digest(|s| s.approvals.clear()));
    assert_ne!(plain, digest(|s| s.releases.reverse()));
    assert_ne!(plain, digest(|s| s.markets[0] = Market::parse(&format!("{CN}\n")).unwrap()));
}

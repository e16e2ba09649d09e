//! What the way of every request costs in memory: nothing, as long as the answer is yes.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod shipped;

use allocation_counter::measure;
use yumen_policy::{Answer, Device, FeatureId, Policy, clear, judge};

fn device(region: &str) -> Device {
    let json = serde_json::json!({
        "purchase_region": region, "billing_region": region,
        "location": {"value": [{"region": region, "confidence": 0.9}], "source": "gps"},
        "class": "phone", "platform": "ios", "os_version": "26.1", "language": "zh-Hans-CN",
        "assistant_language": "zh-Hans-CN", "capabilities": ["generative"], "age_band": "adult",
        "cellular": "global", "subdivision": ["US-CA"],
    });
    Device::parse(json.to_string().as_bytes()).unwrap()
}

#[test]
fn judging_and_clearing_an_eligible_device_allocates_nothing() {
    let (markets, features) = (shipped::markets(), shipped::features());
    let policy = Policy::new(shipped::source(&markets, &features)).unwrap();
    let now = shipped::now();
    let mut asked = 0;
    for region in ["CN", "US", "DE"] {
        let device = device(region);
        for feature in &features {
            let id: FeatureId = feature.id().parse().unwrap();
            let mut cleared = None;
            let counted = measure(|| {
                cleared = Some(clear(&policy, judge(&policy, &device, &id, now), now));
            });
            let clearance = cleared.unwrap().map_err(|verdict| verdict.code()).unwrap();
            assert_eq!(clearance.feature(), &id);
            assert_eq!(counted.count_total, 0, "{region} {id}: {counted:?}");
            asked += 1;
        }
    }
    assert_eq!(asked, 15);
}

#[test]
fn refusing_allocates_nothing_until_somebody_asks_why() {
    let (markets, features) = (shipped::markets(), shipped::features());
    let policy = Policy::new(shipped::source(&markets, &features)).unwrap();
    let now = shipped::now();
    let id: FeatureId = "assistant.chat".parse().unwrap();
    for region in ["JP", "HK", "BR"] {
        let device = device(region);
        let mut verdict = None;
        let counted = measure(|| verdict = Some(judge(&policy, &device, &id, now)));
        assert_eq!(counted.count_total, 0, "{region}: {counted:?}");
        let verdict = verdict.unwrap();
        assert_ne!(verdict.answer(), Answer::Eligible, "{region}");
        assert!(!verdict.reasons().is_empty(), "{region}");
    }
}

//! How long a decision takes with the packs that ship, and what it allocates:
//! `cargo bench -p yumen-policy --bench clear`.
//!
//! Each sample is the time of a batch of 64 decisions divided by 64; p50 and p99 are over the samples.
//! Numbers are only worth something on an idle machine.

#![allow(clippy::unwrap_used, reason = "a bench that cannot go on has failed")]

#[path = "../tests/shipped/mod.rs"]
mod shipped;

use std::hint::black_box;
use std::time::Instant;

use allocation_counter::measure;
use yumen_policy::{Device, FeatureId, Policy, clear, judge};

const BATCH: u32 = 64;
const SAMPLES: usize = 20_000;

fn device(region: &str) -> Device {
    let json = serde_json::json!({
        "purchase_region": region, "billing_region": region, "location": [region],
        "class": "phone", "platform": "ios", "os_version": "26.1", "language": "zh-Hans-CN",
        "assistant_language": "zh-Hans-CN", "capabilities": ["generative"], "age_band": "adult",
    });
    Device::parse(json.to_string().as_bytes()).unwrap()
}

/// The nanoseconds of one call at the 50th and the 99th percentile.
fn time(mut call: impl FnMut()) -> (f64, f64) {
    let mut samples: Vec<f64> = (0..SAMPLES)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..BATCH {
                call();
            }
            start.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH)
        })
        .collect();
    samples.sort_by(f64::total_cmp);
    (samples[SAMPLES / 2], samples[SAMPLES * 99 / 100])
}

fn main() {
    let (markets, features) = (shipped::markets(), shipped::features());
    let policy = Policy::new(shipped::source(&markets, &features)).unwrap();
    let now = shipped::now();
    println!("{:<34} {:>9} {:>9} {:>12}", "", "p50 ns", "p99 ns", "allocations");
    for region in ["CN", "US", "DE"] {
        for feature in ["assistant.chat", "writing.summary"] {
            let (device, id): (_, FeatureId) = (device(region), feature.parse().unwrap());
            let once = || {
                let verdict = judge(&policy, black_box(&device), black_box(&id), now);
                let _ = black_box(clear(&policy, verdict, now).unwrap());
            };
            let allocations = measure(once).count_total;
            let (p50, p99) = time(once);
            let name = format!("judge + clear {region} {feature}");
            println!("{name:<34} {p50:>9.0} {p99:>9.0} {allocations:>12}");
        }
    }
    let (device, id): (_, FeatureId) = (device("CN"), "assistant.chat".parse().unwrap());
    let (p50, p99) = time(|| {
        black_box(judge(&policy, black_box(&device), &id, now).reasons());
    });
    println!("{:<34} {p50:>9.0} {p99:>9.0}", "judge + reasons CN assistant.chat");
}

//! `yumen release show`: what this build releases to a market, and under which digest.

use serde::Serialize;
use yumen_policy::{Digest, Release};

use super::Output;
use crate::cli::ReleaseCommand;
use crate::compose::Build;
use crate::failure::Failure;

#[derive(Serialize)]
struct Shown<'a> {
    digest: Digest,
    release: &'a Release,
}

pub(super) fn run(command: ReleaseCommand, output: Output) -> Result<(), Failure> {
    let ReleaseCommand::Show { market } = command;
    let build = Build::load()?;
    let shown: Vec<_> = build
        .releases
        .iter()
        .filter(|release| {
            market.as_deref().is_none_or(|market| release.market().as_str() == market)
        })
        .map(|release| Shown { digest: release.digest(), release })
        .collect();
    if shown.is_empty() {
        let known: Vec<_> = build.releases.iter().map(|r| r.market().as_str()).collect();
        return Err(Failure::new(format!(
            "this build has no release for {:?}",
            market.unwrap_or_default()
        ))
        .help(format!("it has releases for {}", known.join(", "))));
    }
    output.print(&shown, |shown| shown.iter().map(text).collect::<Vec<_>>().join("\n\n"))
}

fn text(shown: &Shown<'_>) -> String {
    let mut lines = vec![format!("{}  {}", shown.release.market(), shown.digest)];
    for (id, feature) in shown.release.features() {
        let models: Vec<_> = feature
            .models
            .iter()
            .map(|model| format!("{}/{}", model.partner, model.model))
            .collect();
        lines.push(format!("  {id}  {}", models.join(", ")));
    }
    lines.join("\n")
}

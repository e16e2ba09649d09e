//! `yumen release`: the bundle a market gets, under one digest.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};
use yumen_desk::Action;
use yumen_policy::{ApprovalKind, Digest, Release};

use super::Output;
use crate::cli::{DeskPlace, ReleaseCommand};
use crate::compose::Build;
use crate::door::Door;
use crate::failure::{Context as _, Failure};

#[derive(Serialize)]
struct Shown<'a> {
    digest: Digest,
    release: &'a Release,
}

pub(super) fn run(command: ReleaseCommand, output: Output) -> Result<(), Failure> {
    match command {
        ReleaseCommand::Build { market, out, place } => build(&market, out, &place, output),
        ReleaseCommand::Show { market, catalog, config } => {
            show(market.as_deref(), catalog.as_deref(), config.as_deref(), output)
        }
        ReleaseCommand::Diff { old, new, procedure, place } => {
            diff(&old, &new, procedure, &place, output)
        }
        ReleaseCommand::List { place } => {
            let releases = place.open()?.act(Action::Releases)?.value;
            output.print(&releases, list)
        }
    }
}

fn build(
    market: &str,
    out: Option<PathBuf>,
    place: &DeskPlace,
    output: Output,
) -> Result<(), Failure> {
    let build = place.build()?;
    let release = build.release(market).ok_or_else(|| no_release(&build, market))?;
    let digest = release.digest().to_string();
    let path = out.unwrap_or_else(|| {
        PathBuf::from(format!("release-{market}-{}.json", &digest["sha256:".len()..][..12]))
    });
    let json = serde_json::to_string_pretty(release).context("the release cannot be written")?;
    std::fs::write(&path, json + "\n").context(format!("cannot write {}", path.display()))?;
    let mut made = json!({"digest": digest, "market": market, "file": path});
    if place.is_named() {
        let outcome = place.open()?.act(Action::AddRelease { release: release.clone() })?;
        made["index"] = outcome.index.into();
    }
    output.print(&made, |made| {
        let kept = match (&made["index"], place.is_named()) {
            (Value::Number(index), _) => format!("\nkept in the store, ledger entry {index}"),
            (_, true) => "\nkept in the store, not in the ledger yet".to_owned(),
            (_, false) => String::new(),
        };
        format!("{market}  {digest}\n{}{kept}", path.display())
    })
}

fn show(
    market: Option<&str>,
    catalog: Option<&Path>,
    config: Option<&Path>,
    output: Output,
) -> Result<(), Failure> {
    let build = match config {
        Some(config) => super::configured(config, catalog)?,
        None => Build::over(catalog)?,
    };
    let wanted =
        |release: &&Release| market.is_none_or(|market| release.market().as_str() == market);
    let shown: Vec<_> = build
        .releases
        .iter()
        .filter(wanted)
        .map(|release| Shown { digest: release.digest(), release })
        .collect();
    if shown.is_empty() {
        return Err(no_release(&build, market.unwrap_or_default()));
    }
    output.print(&shown, |shown| shown.iter().map(text).collect::<Vec<_>>().join("\n\n"))
}

fn no_release(build: &Build, market: &str) -> Failure {
    let known: Vec<_> = build.releases.iter().map(|release| release.market().as_str()).collect();
    Failure::new(format!("this build has no release for {market:?}"))
        .help(format!("it has releases for {}", known.join(", ")))
}

fn diff(
    old: &str,
    new: &str,
    procedure: Option<ApprovalKind>,
    place: &DeskPlace,
    output: Output,
) -> Result<(), Failure> {
    let mut door = if place.is_named() { Some(place.open()?) } else { None };
    let (old, new) = (find(old, door.as_mut())?, find(new, door.as_mut())?);
    let build = Build::over(place.catalog.as_deref())?;
    let procedure =
        match procedure {
            None => None,
            Some(kind) => {
                Some(build.shipped.procedures.get(kind).ok_or_else(|| {
                    Failure::new(format!("the catalogue has no procedure `{kind}`"))
                })?)
            }
        };
    let changes = old.diff(&new, procedure);
    output.print(&changes, |changes| {
        if changes.is_empty() {
            return "the two are the same release".to_owned();
        }
        let rows = changes.iter().map(|change| {
            let weight = if change.material { "material" } else { "        " };
            format!("{weight}  {}", change.text.en)
        });
        rows.collect::<Vec<_>>().join("\n")
    })
}

/// A release by its file, or at the desk by its digest.
fn find(name: &str, door: Option<&mut Door>) -> Result<Release, Failure> {
    let path = Path::new(name);
    if path.exists() {
        let json = std::fs::read(path).context(format!("cannot read {name}"))?;
        return serde_json::from_slice(&json).context(format!("{name} is no release bundle"));
    }
    let Some(door) = door else {
        return Err(Failure::new(format!("there is no file {name}"))
            .help("give a bundle file, or with --data-dir, --config or --server a digest"));
    };
    let found = door.act(Action::Release { digest: name.to_owned() })?.value;
    serde_json::from_value(found["release"].clone()).context("the release cannot be read")
}

fn list(releases: &Value) -> String {
    let rows = releases.as_array().into_iter().flatten().map(|release| {
        let word = |name: &str| release[name].as_str().unwrap_or_default();
        let kind = match (release["built_in"] == true, release["runs"] == true) {
            (true, _) => "this build's",
            (false, true) => "runs here, with other models",
            (false, false) => "does not run here",
        };
        format!("{}  {}  {kind}", word("market"), word("digest"))
    });
    rows.collect::<Vec<_>>().join("\n")
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

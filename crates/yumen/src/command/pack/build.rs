//! `yumen pack build|secret|sign`.

use std::path::Path;

use jiff::ToSpan as _;
use serde_json::json;
use yumen_policy::SignerKey;
use yumen_screen::{PackBuild, PackFile, PackKeys};

use super::super::Output;
use super::files::{pack_failure, read, read_secret, replace, source};
use crate::cli::BuildArgs;
use crate::data_dir::{make_key, random_bytes, read_key};
use crate::failure::{Context as _, Failure};

pub(super) fn build(args: &BuildArgs, output: Output) -> Result<(), Failure> {
    let what = || format!("the pack {} cannot be built", args.source.display());
    let source = source(&args.source, &PackKeys::default())?;
    let secret = match &args.secret {
        Some(file) => Some((read_secret(file)?, random_bytes()?)),
        None => None,
    };
    let expires = match args.days {
        None => args.expires,
        Some(days) => {
            let issued = args.issued.or_else(|| source.issued()).ok_or_else(|| {
                Failure::new(what()).help("say from when the days count: --issued today")
            })?;
            let end = issued.checked_add(i64::from(days).days());
            Some(end.context("there is no such day")?)
        }
    };
    let build = PackBuild { version: args.version.clone(), issued: args.issued, expires, secret };
    let bytes = source.build(&build).map_err(|error| pack_failure(what(), &error))?;
    let out = args.out.clone().unwrap_or_else(|| args.source.with_extension("ypack"));
    replace(&out, &bytes)?;
    tell("built", &out, &bytes, output)
}

pub(super) fn secret(file: &Path, output: Output) -> Result<(), Failure> {
    make_key(file)?;
    let fingerprint = read_secret(file)?.fingerprint();
    output.print(&json!({"secret": fingerprint}), |_| {
        format!("secret {fingerprint}; whoever is to open what it encrypts needs the file")
    })
}

pub(super) fn sign(
    file: &Path,
    key: &Path,
    out: Option<&Path>,
    output: Output,
) -> Result<(), Failure> {
    let key = read_key(key)?;
    let bytes = read(file)?;
    let signed = PackFile::read(&bytes).and_then(|file| file.sign(&key));
    let what = || format!("{} cannot be signed", file.display());
    let signed = signed.map_err(|error| pack_failure(what(), &error))?;
    let out = out.unwrap_or(file);
    replace(out, &signed)?;
    tell(&format!("signed with {}", SignerKey::of(&key)), out, &signed, output)
}

fn tell(done: &str, out: &Path, bytes: &[u8], output: Output) -> Result<(), Failure> {
    let file = PackFile::read(bytes)
        .map_err(|error| pack_failure(format!("{} is broken", out.display()), &error))?;
    let value = json!({
        "file": out.display().to_string(),
        "digest": file.digest(),
        "header": file.header(),
    });
    let header = file.header();
    output.print(&value, |_| {
        format!(
            "{done}: {} {} in {}\n  {} rules, {} terms, {} candidates left out\n  {}",
            header.id,
            header.version,
            out.display(),
            header.counts.rules,
            header.counts.terms,
            header.counts.candidates,
            file.digest(),
        )
    })
}

//! `yumen keys`: app keys, and the keys of people who work at the market desk.

use std::io::Write as _;

use serde_json::Value;
use yumen_desk::Action;
use yumen_policy::Device;
use yumen_store::{AppKey, NewKey};

use super::{Output, equipped, now, read_config, say, tell};
use crate::cli::{KeysCommand, Place, RotateCommand};
use crate::compose::Build;
use crate::door::Door;
use crate::failure::{Context as _, Failure};
use crate::profile;

#[derive(serde::Serialize)]
struct Added<'a> {
    id: &'a str,
    secret: &'a str,
}

pub(super) fn run(command: KeysCommand, output: Output) -> Result<(), Failure> {
    match command {
        KeysCommand::Add { place, name, admin: true, role: Some(role), .. } => {
            let outcome = door(&place)?.act(Action::AddAdminKey { name, role })?;
            let id = outcome.value["id"].as_str().unwrap_or_default().to_owned();
            if output == Output::Json {
                return tell(outcome, output, Value::to_string);
            }
            say(outcome.value["secret"].as_str().unwrap_or_default())?;
            only_time(&id);
            Ok(())
        }
        KeysCommand::Add { place, name, profile, development, .. } => {
            let device = profile.map(|profile| device_of(&profile)).transpose()?;
            let mut store = place.open()?.store()?;
            let (key, secret) = store
                .add_key(&NewKey { name, device, development }, now())
                .context("the key cannot be made")?;
            let added = Added { id: &key.id, secret: secret.reveal() };
            output.print(&added, |added| added.secret.to_owned())?;
            if output == Output::Text {
                only_time(&key.id);
            }
            Ok(())
        }
        KeysCommand::List { place, admin: true } => {
            let keys = door(&place)?.act(Action::AdminKeys)?.value;
            output.print(&keys, admin_table)
        }
        KeysCommand::List { place, .. } => {
            let keys = place.open()?.store()?.list_keys().context("the keys cannot be read")?;
            output.print(&keys, |keys| table(keys.as_slice()))
        }
        KeysCommand::Rotate { what: RotateCommand::Assertion { revoke_old, place } } => {
            let outcome = place.open()?.act(Action::RotateAssertionKey { revoke: revoke_old })?;
            let text = outcome.text.clone().unwrap_or_default();
            tell(outcome, output, |_| text)
        }
        KeysCommand::Revoke { place, id } if id.starts_with("admin_") => {
            let outcome = door(&place)?.act(Action::RevokeAdminKey { id })?;
            let text = outcome.text.clone().unwrap_or_default();
            tell(outcome, output, |_| text)
        }
        KeysCommand::Revoke { place, id } => {
            let mut store = place.open()?.store()?;
            if store.revoke_key(&id, now()).context("the key cannot be revoked")? {
                output.print(&serde_json::json!({"revoked": id}), |_| format!("{id} is revoked"))
            } else {
                Err(Failure::new(format!("there is no key {id} in force"))
                    .help("`yumen keys list` shows the ids"))
            }
        }
    }
}

/// The desk of a data directory.
fn door(place: &Place) -> Result<Door, Failure> {
    let config = place.config.as_deref().map(|config| read_config(config, None)).transpose()?;
    Door::of(&place.open()?, |store| match &config {
        Some(config) => equipped(config, store),
        None => Build::over(None),
    })
}

/// Beside the result, so that a script reads the secret alone.
fn only_time(id: &str) {
    let note = "made; this is the only time its secret is shown";
    let _ = writeln!(std::io::stderr(), "key {id} {note}");
}

/// The device a key is bound to: a named profile, or a file.
fn device_of(profile: &str) -> Result<String, Failure> {
    if let Some(device) = profile::named(profile) {
        return Ok(device.to_owned());
    }
    let json = std::fs::read_to_string(profile)
        .context(format!("cannot read the device profile {profile}"))
        .map_err(|failure| failure.help("give `us`, `cn`, or a JSON file with a device"))?;
    Device::parse(json.as_bytes()).context(format!("{profile} holds no device"))?;
    Ok(json)
}

fn table(keys: &[AppKey]) -> String {
    if keys.is_empty() {
        return "no app keys; `yumen keys add` makes one".to_owned();
    }
    let rows = keys.iter().map(|key| {
        let state = if key.revoked_at.is_some() { "revoked" } else { "in force" };
        let bound =
            if key.device.is_some() { "bound to a device" } else { "asks for an assertion" };
        format!("{}  {}…  {state}  {bound}  {}", key.id, key.prefix, key.name)
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn admin_table(keys: &Value) -> String {
    let rows = keys.as_array().into_iter().flatten().map(|key| {
        let word = |name: &str| key[name].as_str().unwrap_or_default();
        let state = if key["revoked_at"].is_null() { "in force" } else { "revoked" };
        format!("{}  {}…  {state}  {}  {}", word("id"), word("prefix"), word("role"), word("name"))
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        "no admin keys; `yumen keys add --admin` makes one".to_owned()
    } else {
        rows.join("\n")
    }
}

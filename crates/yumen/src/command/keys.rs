//! `yumen keys`: app keys.

use std::io::Write as _;

use yumen_policy::Device;
use yumen_store::{AppKey, NewKey};

use super::{Output, now};
use crate::cli::KeysCommand;
use crate::failure::{Context as _, Failure};
use crate::profile;

#[derive(serde::Serialize)]
struct Added<'a> {
    id: &'a str,
    secret: &'a str,
}

pub(super) fn run(command: KeysCommand, output: Output) -> Result<(), Failure> {
    match command {
        KeysCommand::Add { place, name, profile, development } => {
            let device = profile.map(|profile| device_of(&profile)).transpose()?;
            let mut store = place.open()?.store()?;
            let (key, secret) = store
                .add_key(&NewKey { name, device, development }, now())
                .context("the key cannot be made")?;
            let added = Added { id: &key.id, secret: secret.reveal() };
            output.print(&added, |added| added.secret.to_owned())?;
            if output == Output::Text {
                // Beside the result, so that a script reads the secret alone.
                let note = "made; this is the only time its secret is shown";
                let _ = writeln!(std::io::stderr(), "key {} {note}", key.id);
            }
            Ok(())
        }
        KeysCommand::List { place } => {
            let keys = place.open()?.store()?.list_keys().context("the keys cannot be read")?;
            output.print(&keys, |keys| table(keys.as_slice()))
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

//! `yumen signer`: keys of the people who sign approvals.

use yumen_policy::SignerKey;

use super::{Output, now};
use crate::cli::SignerCommand;
use crate::data_dir::make_key;
use crate::failure::{Context as _, Failure};

pub(super) fn run(command: SignerCommand, output: Output) -> Result<(), Failure> {
    match command {
        SignerCommand::New { file } => {
            let public = SignerKey::of(&make_key(&file)?).to_string();
            output.print(&serde_json::json!({"key": public}), |_| public.clone())
        }
        SignerCommand::Add { place, name, role, key } => {
            let key: SignerKey = key.parse().context("this is no signer's public key")?;
            let key = key.to_string();
            let mut store = place.open()?.store()?;
            let mut change = store.change().context("the store takes no change")?;
            change.add_signer(&key, &name, &role, now()).context("the signer cannot be added")?;
            change.commit().context("the signer cannot be added")?;
            output.print(&serde_json::json!({"added": key, "name": name}), |_| {
                format!("{name} is trusted with {key}")
            })
        }
        SignerCommand::List { place } => {
            let signers =
                place.open()?.store()?.list_signers().context("the signers cannot be read")?;
            output.print(&signers, |signers| {
                if signers.is_empty() {
                    return "no signers; `yumen signer add` trusts one".to_owned();
                }
                let rows = signers.iter().map(|s| format!("{}  {}  {}", s.key, s.role, s.name));
                rows.collect::<Vec<_>>().join("\n")
            })
        }
        SignerCommand::Remove { place, key } => {
            let mut store = place.open()?.store()?;
            let mut change = store.change().context("the store takes no change")?;
            let removed = change.remove_signer(&key).context("the signer cannot be removed")?;
            change.commit().context("the signer cannot be removed")?;
            if removed {
                output.print(&serde_json::json!({"removed": key}), |_| {
                    format!("{key} is trusted no longer")
                })
            } else {
                Err(Failure::new(format!("no signer is trusted with {key}"))
                    .help("`yumen signer list` shows the keys"))
            }
        }
    }
}

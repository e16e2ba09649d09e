//! `yumen signer`: keys of the people who sign approvals.

use serde_json::Value;
use yumen_desk::Action;
use yumen_policy::SignerKey;

use super::{Output, tell};
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
            let action = Action::AddSigner { key: key.to_string(), name, role };
            let outcome = place.open()?.act(action)?;
            let text = outcome.text.clone().unwrap_or_default();
            tell(outcome, output, |_| text)
        }
        SignerCommand::List { place } => {
            let signers = place.open()?.act(Action::Signers)?.value;
            output.print(&signers, list)
        }
        SignerCommand::Remove { place, key } => {
            let outcome = place
                .open()?
                .act(Action::RemoveSigner { key })
                .map_err(|failure| failure.help("`yumen signer list` shows the keys"))?;
            let text = outcome.text.clone().unwrap_or_default();
            tell(outcome, output, |_| text)
        }
    }
}

fn list(signers: &Value) -> String {
    let rows = signers.as_array().into_iter().flatten().map(|signer| {
        let word = |name: &str| signer[name].as_str().unwrap_or_default();
        format!("{}  {}  {}", word("key"), word("role"), word("name"))
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        "no signers; `yumen signer add` trusts one".to_owned()
    } else {
        rows.join("\n")
    }
}

//! A command's way to the desk: through the gate that runs on the data directory or stands at an address, or, where no
//! gate runs, by opening the desk itself.

use std::time::Duration;

use http::StatusCode;
use serde_json::Value;
use yumen_desk::{Action, Actor, Desk, DeskError, Keeping};
use yumen_policy::Timestamp;
use yumen_store::Store;

use crate::client::{Answer, Client, Unreached};
use crate::compose::Build;
use crate::control::Control;
use crate::data_dir::DataDir;
use crate::failure::{CHECK_FAILED, Failure};

/// How long a pruning may take: the whole ledger is read, some hundred thousand entries a second.
const PRUNING: Duration = Duration::from_hours(1);

/// The way to one desk.
pub(crate) enum Door {
    /// No gate runs: the desk is here.
    Here(Box<Desk>),
    /// A gate runs, and its desk is asked.
    There(Box<Client>),
}

/// What came of an action.
pub(crate) struct Outcome {
    /// What was changed or found.
    pub value: Value,
    /// Where the ledger has it; none for what was only looked at.
    pub index: Option<u64>,
    /// What happened, in English; none for what was only looked at.
    pub text: Option<String>,
}

impl Door {
    /// The desk of a gate at an address.
    pub(crate) fn at(server: &str, key: &str) -> Result<Self, Failure> {
        Ok(Self::There(Box::new(Client::new(server, key)?)))
    }

    /// The desk of a data directory: through its gate if one runs.
    pub(crate) fn of(
        data: &DataDir,
        build: impl FnOnce(&Store) -> Result<Build, Failure>,
    ) -> Result<Self, Failure> {
        let announced = Control::read(data);
        if let Some(announced) = &announced {
            let client = Client::new(&announced.server, announced.token.as_str())?;
            match client.send("GET", "/admin/v1/kills", None) {
                Ok(Answer { status: StatusCode::OK, .. }) => {
                    return Ok(Self::There(Box::new(client)));
                }
                // Left behind by a gate that is gone, whose port may be another program's by now.
                Ok(_) | Err(Unreached::Refused) => {}
                Err(Unreached::Other(failure)) => return Err(failure),
            }
        }
        let (store, ledger) = (data.store()?, data.ledger());
        let ledger = ledger.map_err(|failure| match announced {
            Some(announced) => failure.help(format!(
                "a gate holds this directory, but none answers at {}: wait until it has started or stopped",
                announced.server
            )),
            None => failure,
        })?;
        let build = build(&store)?;
        Ok(Self::Here(Box::new(data.desk(store, ledger, &build)?)))
    }

    /// Has an action carried out.
    pub(crate) fn act(&mut self, action: Action) -> Result<Outcome, Failure> {
        match self {
            Self::Here(desk) => {
                let looks = action.looks();
                let done = desk
                    .act(&Actor::local(), action, Timestamp::now())
                    .map_err(|error| refused(&error))?;
                let text = (!looks).then_some(done.text.en);
                Ok(Outcome { value: done.changed, index: done.index, text })
            }
            Self::There(client) => {
                let looks = action.looks();
                // Every action of a command has an address; what has none is the gate's own.
                let request =
                    action.to_request().ok_or_else(|| Failure::new("only a gate does this"))?;
                if matches!(action, Action::Keep(Keeping::Prune(_))) {
                    client.wait_for(PRUNING);
                }
                let body = ask(client, request.method, &request.path, request.body.as_ref())?;
                if looks {
                    return Ok(Outcome { value: body, index: None, text: None });
                }
                let text = body["text"]["en"].as_str().map(str::to_owned);
                Ok(Outcome { value: body["changed"].clone(), index: body["index"].as_u64(), text })
            }
        }
    }

    /// What the gate alone knows, at one of its own addresses; none where no gate runs.
    pub(crate) fn ask_gate(&self, path: &str) -> Result<Option<Value>, Failure> {
        match self {
            Self::Here(_) => Ok(None),
            Self::There(client) => ask(client, "GET", path, None).map(Some),
        }
    }
}

fn ask(client: &Client, method: &str, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
    let Answer { status, body } = match client.send(method, path, body) {
        Ok(answer) => answer,
        Err(Unreached::Refused) => {
            return Err(Failure::new(format!("no gate answers at {}", client.server()))
                .help("is it running, and is this its address?"));
        }
        Err(Unreached::Other(failure)) => return Err(failure),
    };
    if status.is_success() {
        return Ok(body);
    }
    let code = body["code"].as_str().unwrap_or("no_code").to_owned();
    let said = body["detail"].as_str().unwrap_or("the answer is not a gate's").to_owned();
    Err(failure(&code, said))
}

fn refused(error: &DeskError) -> Failure {
    failure(error.code(), error.text().en)
}

/// A refusal by its code: what was checked and is not in order has its own exit code.
fn failure(code: &str, said: String) -> Failure {
    let failure = Failure::new(said);
    match code {
        "signature_invalid" => failure
            .help(
                "`yumen signer list` shows who is trusted, `yumen approval sign` adds a signature",
            )
            .code(CHECK_FAILED),
        "admin_key_unknown" | "admin_key_missing" => {
            failure.help("give another with --admin-key, or in YUMEN_ADMIN_KEY")
        }
        _ => failure,
    }
}

//! `yumen kill`: stopping at once, and lifting in two commands.

use serde_json::Value;
use yumen_desk::{Action, KillOrder};
use yumen_policy::MarketId;

use super::{Output, tell};
use crate::cli::{KillArgs, KillCommand};
use crate::failure::{Context as _, Failure};

pub(super) fn run(args: KillArgs, output: Output) -> Result<(), Failure> {
    let KillArgs { command, feature, market, partner, model, reason, place } = args;
    match (command, feature.zip(market)) {
        (Some(KillCommand::List { place }), _) => {
            let kills = place.open()?.act(Action::Kills)?.value;
            output.print(&kills, list)
        }
        (Some(KillCommand::Lift { id, place }), _) => {
            let outcome = place.open()?.act(Action::Lift { id })?;
            let text = outcome.text.clone().unwrap_or_default();
            tell(outcome, output, |_| text)
        }
        (None, Some((feature, market))) => {
            let market = match market.as_str() {
                "*" => None,
                market => Some(market.parse::<MarketId>().context("this is no market")?),
            };
            let order = KillOrder { feature, market, partner, model, reason };
            let outcome = place.open()?.act(Action::Kill(order))?;
            let text = outcome.text.clone().unwrap_or_default();
            tell(outcome, output, |_| text)
        }
        (None, None) => Err(Failure::new("nothing was named to stop").help(
            "`yumen kill FEATURE --market MARKET`, `yumen kill list` or `yumen kill lift ID`",
        )),
    }
}

fn list(kills: &Value) -> String {
    let rows = kills.as_array().into_iter().flatten().map(|kill| {
        let word = |name: &str| kill[name].as_str().unwrap_or("*").to_owned();
        let (id, state, feature, market) =
            (word("id"), word("state"), word("feature"), word("market"));
        let narrowed = ["partner", "model"].map(|name| match kill[name].as_str() {
            Some(value) => format!("  {name} {value}"),
            None => String::new(),
        });
        let (since, reason) = (word("since"), word("reason"));
        format!(
            "{id}  {state}  {feature} in {market}{}  since {since}  {reason}",
            narrowed.concat()
        )
    });
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() { "nothing is stopped".to_owned() } else { rows.join("\n") }
}

//! `yumen check`: whether a configuration would serve, and what in it would not.

use serde::Serialize;
use yumen_partners::Partners;

use super::{Output, read_config};
use crate::cli::ServeArgs;
use crate::compose::Build;
use crate::data_dir::DataDir;
use crate::failure::{Context as _, Failure};

#[derive(Serialize)]
struct Checked {
    listen: std::net::SocketAddr,
    data_dir: std::path::PathBuf,
    partners: Vec<String>,
    markets: Vec<MarketState>,
    app_keys: usize,
}

#[derive(Serialize)]
struct MarketState {
    market: String,
    state: &'static str,
}

pub(super) fn run(args: &ServeArgs, output: Output) -> Result<(), Failure> {
    let config = read_config(&args.config)?;
    let build = Build::load()?;
    let partners = Partners::new(config.partners).context("the partners cannot be set up")?;
    let data = DataDir::open(&config.data_dir)?;
    let store = data.store()?;
    let keys = store.list_keys().context("the app keys cannot be read")?;
    let approved = approved_markets(&build, &store)?;
    let markets = build
        .shipped
        .markets
        .iter()
        .map(|market| {
            let state = if market.is_development() && !config.sandbox {
                "closed: `server.sandbox` is off"
            } else if build.needs_provider(market.id()) && config.provider_code.is_none() {
                "closed: it demands a label in the content, and `server.provider_code` is not set"
            } else if market.approval().is_required() && !approved.contains(market.id()) {
                "closed: no approval in force covers this build's release"
            } else {
                "open"
            };
            MarketState { market: market.id().as_str().to_owned(), state }
        })
        .collect();
    let checked = Checked {
        listen: config.listen,
        data_dir: config.data_dir,
        partners: build
            .shipped
            .partners
            .iter()
            .filter(|card| partners.ids().any(|id| *id == card.id))
            .map(|card| format!("{} ({})", card.id, card.name.en))
            .collect(),
        markets,
        app_keys: keys.iter().filter(|key| key.revoked_at.is_none()).count(),
    };
    output.print(&checked, text)
}

/// The markets in which an approval in force covers this build's release.
fn approved_markets(
    build: &Build,
    store: &yumen_store::Store,
) -> Result<std::collections::BTreeSet<yumen_policy::MarketId>, Failure> {
    let now = yumen_policy::Timestamp::now();
    let approvals = build.approvals(store)?;
    Ok(approvals
        .iter()
        .filter(|approval| approval.in_force(now))
        .map(yumen_policy::Approval::record)
        .filter(|record| {
            build.release(record.market.as_str()).is_some_and(|r| r.digest() == record.release)
        })
        .map(|record| record.market.clone())
        .collect())
}

fn text(checked: &Checked) -> String {
    let mut lines = vec![
        format!("listen    {}", checked.listen),
        format!("data      {}", checked.data_dir.display()),
        format!("partners  {}", checked.partners.join(", ")),
        format!("app keys  {}", checked.app_keys),
    ];
    lines.extend(checked.markets.iter().map(|m| format!("market    {}: {}", m.market, m.state)));
    lines.join("\n")
}

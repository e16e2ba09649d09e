//! `yumen serve`: the gate on the operator's configuration.

use yumen_gate::Mode;

use super::{Output, read_config, runtime};
use crate::cli::ServeArgs;
use crate::compose::{Build, Settings};
use crate::data_dir::DataDir;
use crate::failure::{Context as _, Failure};
use crate::running::{Premises, Running, Service};

pub(super) fn run(args: &ServeArgs, output: Output) -> Result<(), Failure> {
    let config = read_config(&args.config, args.catalog.as_deref())?;
    let build = Build::with(config.catalog.as_deref(), &config.screen, &config.judges)?;
    for conflict in config.management.conflicts() {
        tracing::warn!(key = conflict.key, chosen = %conflict.chosen, "management profiles differ");
    }
    let configured = config.partners.iter().map(|partner| partner.id.clone()).collect();
    let premises = Premises::take(build, DataDir::open(&config.data_dir)?)?;
    let service = Service {
        mode: Mode::Serve,
        settings: Settings {
            sandbox: config.sandbox,
            management: config.management,
            provider: config.provider,
            partners: configured,
        },
        partners: config.partners,
        routing: config.routing,
        judges: config.judges,
        aliases: config.aliases,
        durable: config.durable,
        require_device_key: config.require_device_key,
        pictures: config.pictures,
    };
    runtime()?.block_on(async {
        let running = Running::new(premises, service)?;
        let listener = yumen_gate::listen(config.listen)
            .context(format!("cannot listen on {}", config.listen))
            .map_err(|failure| failure.help("set another `server.listen`"))?;
        let address = listener.local_addr().context("the listener has no address")?;
        let _announced = running.announce(&listener)?;
        output.print(&serde_json::json!({"gate": format!("http://{address}")}), |_| {
            format!("gate  http://{address}")
        })?;
        running.serve(listener).await
    })
}

//! `yumen serve`: the gate on the operator's configuration.

use yumen_gate::Mode;

use super::{Output, read_config, runtime};
use crate::cli::ServeArgs;
use crate::compose::{Build, Settings};
use crate::data_dir::DataDir;
use crate::failure::{Context as _, Failure};
use crate::running::Running;

pub(super) fn run(args: &ServeArgs, output: Output) -> Result<(), Failure> {
    let config = read_config(&args.config)?;
    let data = DataDir::open(&config.data_dir)?;
    let store = data.store()?;
    let settings = Settings { sandbox: config.sandbox, provider: config.provider };
    runtime()?.block_on(async {
        let running = Running::new(
            Mode::Serve,
            Build::load()?,
            &data,
            store,
            settings,
            config.partners,
            config.aliases,
        )?;
        let listener = yumen_gate::listen(config.listen)
            .context(format!("cannot listen on {}", config.listen))
            .map_err(|failure| failure.help("set another `server.listen`"))?;
        let address = listener.local_addr().context("the listener has no address")?;
        output.print(&serde_json::json!({"gate": format!("http://{address}")}), |_| {
            format!("gate  http://{address}")
        })?;
        running.serve(listener).await
    })
}

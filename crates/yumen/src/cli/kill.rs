//! The command line of `yumen kill`.

use clap::{Args, Subcommand};
use yumen_policy::{FeatureSelector, ModelId, PartnerId};

use super::DeskPlace;

/// Stop something at once, list what is stopped, or lift a stop.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct KillArgs {
    #[command(subcommand)]
    pub command: Option<KillCommand>,
    /// A feature such as `assistant.chat`, a family such as `writing.*`, or `*` for every feature.
    #[arg(required = true)]
    pub feature: Option<FeatureSelector>,
    /// The market in which it is stopped; `*` for every market.
    #[arg(long, required = true)]
    pub market: Option<String>,
    /// Stop this partner's models only.
    #[arg(long)]
    pub partner: Option<PartnerId>,
    /// Stop this model only.
    #[arg(long)]
    pub model: Option<ModelId>,
    /// Why, in a few words; for operators, not for people.
    #[arg(long, default_value = "no reason was given")]
    pub reason: String,
    #[command(flatten)]
    pub place: DeskPlace,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KillCommand {
    /// List what is stopped, and what was.
    List {
        #[command(flatten)]
        place: DeskPlace,
    },
    /// Ask to lift a stop; given again, by another person where people are known by name, it lifts it.
    Lift {
        /// The stop's id, as `kill list` shows it.
        id: String,
        #[command(flatten)]
        place: DeskPlace,
    },
}

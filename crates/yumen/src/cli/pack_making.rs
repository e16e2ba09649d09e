//! The command line of `yumen pack` where packs are made: from somebody's list to a signed file.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::civil::Date;
use yumen_policy::{MarketId, SignerKey};

use super::{Direction, Lang};

/// Packs as files.
#[derive(Debug, Subcommand)]
pub(crate) enum PackMaking {
    /// Take a list of terms in; every term is a candidate until a person accepts it.
    Import(ImportArgs),
    /// Accept candidates by name: from then on they are looked for.
    Accept(AcceptArgs),
    /// Build a pack from its TOML and the files beside it; nobody has signed it then.
    Build(BuildArgs),
    /// Make a secret to encrypt packs with, in a new file.
    Secret {
        /// The file to make.
        file: PathBuf,
    },
    /// Sign a built pack.
    Sign {
        /// The pack.
        file: PathBuf,
        /// The key file of whoever signs; `yumen signer new` makes one.
        #[arg(long, value_name = "FILE")]
        key: PathBuf,
        /// Where to put the signed pack [default: in its place].
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
    /// Say whether a pack may be used: who signed it, whether it is whole, whether it is in time.
    Verify(VerifyArgs),
    /// Say what is different between two packs; terms are counted, and printed only with --terms.
    Diff {
        /// The older pack, built or source.
        older: PathBuf,
        /// The newer one.
        newer: PathBuf,
        /// Print the terms too.
        #[arg(long)]
        terms: bool,
        #[command(flatten)]
        secrets: Secrets,
    },
    /// Say what packs cover of the 31 risks of the standard, and what they lack.
    Coverage(CoverageArgs),
    /// Train a classifier from labelled texts.
    Train(TrainArgs),
    /// Try packs on texts of which it is known what is to happen.
    Test(TestArgs),
}

/// The secrets of encrypted packs.
#[derive(Debug, Args)]
pub(crate) struct Secrets {
    /// A file with the secret of an encrypted pack; several for several.
    #[arg(long, value_name = "FILE")]
    pub secret: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// The list: a term on each line, or CSV with the column `term`.
    pub list: PathBuf,
    /// The file of terms to add to; it is made when it is not there.
    #[arg(long, value_name = "FILE")]
    pub into: PathBuf,
    /// Where the list is from; it is written beside every term.
    #[arg(long, value_name = "TEXT")]
    pub source: String,
    /// The category of terms that name none.
    #[arg(long, default_value = "", hide_default_value = true)]
    pub category: String,
    /// Read the list as CSV [default: by its name].
    #[arg(long)]
    pub csv: bool,
    /// The day on which it is taken in [default: today].
    #[arg(long, value_name = "DATE")]
    pub on: Option<Date>,
}

#[derive(Debug, Args)]
pub(crate) struct AcceptArgs {
    /// The file of terms.
    pub file: PathBuf,
    /// Print the candidates with their ids, and change nothing.
    #[arg(long, conflicts_with_all = ["by", "all", "category", "id", "listed"])]
    pub list: bool,
    /// Who accepts: a person's name, written beside every term.
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    pub by: Option<String>,
    /// Every candidate.
    #[arg(long, group = "wanted")]
    pub all: bool,
    /// The candidates of a category.
    #[arg(long, group = "wanted")]
    pub category: Option<String>,
    /// A candidate by its id; several for several.
    #[arg(long, group = "wanted")]
    pub id: Vec<String>,
    /// The candidates that stand in this list, a term on each line.
    #[arg(long, value_name = "FILE", group = "wanted")]
    pub listed: Option<PathBuf>,
    /// The day on which they are accepted [default: today].
    #[arg(long, value_name = "DATE")]
    pub on: Option<Date>,
}

#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// The TOML of the pack.
    pub source: PathBuf,
    /// Where to put the pack [default: beside the source, ending in .ypack].
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The version, in place of the source's.
    #[arg(long)]
    pub version: Option<String>,
    /// The day of issue, in place of the source's; `today` is one.
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub issued: Option<Date>,
    /// The day from which on it is good no longer, in place of the source's.
    #[arg(long, value_name = "DATE", conflicts_with = "days")]
    pub expires: Option<Date>,
    /// For how many days it is good from the day of issue on, in place of the source's end.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=3660))]
    pub days: Option<u16>,
    /// Encrypt the contents with the secret in this file.
    #[arg(long, value_name = "FILE")]
    pub secret: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The pack.
    pub file: PathBuf,
    /// A public key whose packs are believed (`ed25519:...`); several for several.
    #[arg(long, value_name = "KEY")]
    pub key: Vec<SignerKey>,
    /// A file with such keys, one on each line, and behind it who holds it.
    #[arg(long, value_name = "FILE", required_unless_present = "key")]
    pub keys: Option<PathBuf>,
    /// A market in which it is to be used.
    #[arg(long)]
    pub market: Option<MarketId>,
    /// The instant at which it is to be used [default: now].
    #[arg(long, value_name = "TIME")]
    pub at: Option<jiff::Timestamp>,
    #[command(flatten)]
    pub secrets: Secrets,
}

#[derive(Debug, Args)]
pub(crate) struct CoverageArgs {
    /// The packs, built or source; they are counted together.
    #[arg(required = true)]
    pub pack: Vec<PathBuf>,
    /// The day for which it is asked whether they are fresh [default: today].
    #[arg(long, value_name = "DATE")]
    pub on: Option<Date>,
    /// The language of the words.
    #[arg(long, default_value = "en")]
    pub lang: Lang,
    #[command(flatten)]
    pub secrets: Secrets,
}

#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// Labelled texts: CSV with headings, or lines of JSON.
    #[arg(required = true)]
    pub examples: Vec<PathBuf>,
    /// Where to put the model.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// The column with the text.
    #[arg(long, alias = "text-column", value_name = "COLUMN")]
    pub text: Option<String>,
    /// The column with the label; several labels of a text are divided by `|`.
    #[arg(long, alias = "label-column", value_name = "COLUMN")]
    pub label: Option<String>,
    /// A value that is no label; several for several [default: nothing, 0, false, no, none and safe].
    #[arg(long, value_name = "VALUE")]
    pub none: Vec<String>,
    /// What to call a value, such as `1=offensive`.
    #[arg(long, value_name = "VALUE=NAME", value_parser = named)]
    pub name: Vec<(String, String)>,
    /// What the order of the examples is drawn from: the same number gives the same model.
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

#[derive(Debug, Args)]
pub(crate) struct TestArgs {
    /// The packs: shipped ones by name, or files, built or source.
    #[arg(required = true)]
    pub pack: Vec<PathBuf>,
    /// The texts: lines of JSON or CSV with `text`, and `expect` (pass, mask, refuse, ...), `category` or both;
    /// `direction` (in, out) where it is not --direction.
    #[arg(long, value_name = "FILE")]
    pub cases: PathBuf,
    /// The way of texts that do not say theirs.
    #[arg(long, value_enum, default_value_t = Direction::In)]
    pub direction: Direction,
    #[command(flatten)]
    pub secrets: Secrets,
}

fn day(text: &str) -> Result<Date, String> {
    if text == "today" {
        return Ok(jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date());
    }
    text.parse().map_err(|_| "write a day as 2026-11-22, or `today`".to_owned())
}

fn named(text: &str) -> Result<(String, String), String> {
    let pair = text.split_once('=').filter(|(value, name)| !value.is_empty() && !name.is_empty());
    let (value, name) = pair.ok_or("write VALUE=NAME, such as `1=offensive`")?;
    Ok((value.to_owned(), name.to_owned()))
}

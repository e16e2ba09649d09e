//! `yumen pack verify`: whether a pack may be used.

use jiff::Timestamp;
use serde_json::json;
use yumen_policy::{MarketId, SignerKey};
use yumen_screen::{Pack, PackFile, PackHeader, PackKeys, Screen, ScreenError};

use super::super::Output;
use super::files::{pack_failure, read, read_text};
use crate::cli::VerifyArgs;
use crate::failure::{CHECK_FAILED, Failure};

pub(super) fn run(args: &VerifyArgs, output: Output) -> Result<(), Failure> {
    let mut keys = args.secrets.keys()?;
    if let Some(file) = &args.keys {
        let named = PackKeys::parse(&read_text(file)?);
        let named = named
            .map_err(|error| pack_failure(format!("{} cannot be used", file.display()), &error))?;
        keys.extend(named);
    }
    for key in &args.key {
        if !keys.is_trusted(key) {
            keys.trust(*key, "");
        }
    }
    let bytes = read(&args.file)?;
    let failed = |error: ScreenError| {
        pack_failure(format!("{} may not be used", args.file.display()), &error).code(CHECK_FAILED)
    };
    let now = args.at.unwrap_or_else(Timestamp::now);
    let file = PackFile::read(&bytes).map_err(failed)?;
    let key = file.verify(&keys, now).map_err(failed)?;
    let sealed = file.header().contents.sealed.is_some();
    let opened = !sealed || !args.secrets.secret.is_empty();
    if opened {
        let pack = Pack::open(&bytes, &keys, now).and_then(|pack| in_market(pack, args));
        pack.and_then(|pack| Screen::new(vec![pack])).map_err(failed)?;
    } else if let Some(market) = &args.market {
        for_market(file.header(), market).map_err(failed)?;
    }
    let value = json!({
        "header": file.header(),
        "digest": file.digest(),
        "signed_by": keys.holder(&key),
        "opened": opened,
    });
    output.print(&value, |_| shown(&file, key, &keys, opened))
}

fn in_market(pack: Pack, args: &VerifyArgs) -> Result<Pack, ScreenError> {
    match &args.market {
        Some(market) => pack.in_market(market),
        None => Ok(pack),
    }
}

fn for_market(header: &PackHeader, market: &MarketId) -> Result<(), ScreenError> {
    if header.markets.is_empty() || header.markets.contains(market) {
        return Ok(());
    }
    Err(ScreenError::PackMarket {
        pack: header.id.clone(),
        market: market.clone(),
        markets: listed(&header.markets),
    })
}

fn listed(markets: &[MarketId]) -> String {
    markets.iter().map(MarketId::as_str).collect::<Vec<_>>().join(", ")
}

fn shown(file: &PackFile<'_>, key: SignerKey, keys: &PackKeys, opened: bool) -> String {
    let header = file.header();
    let markets = match header.markets.as_slice() {
        [] => "every market".to_owned(),
        markets => listed(markets),
    };
    let holder = keys.holder(&key).map_or_else(String::new, |name| format!(" ({name})"));
    let contents = match (&header.contents.sealed, opened) {
        (None, _) => "readable".to_owned(),
        (Some(sealed), true) => format!("encrypted with {}, opened", sealed.secret),
        (Some(sealed), false) => {
            format!("encrypted with {}; not opened, for want of --secret", sealed.secret)
        }
    };
    let counts = header.counts;
    format!(
        "{} {} is in order\n  issued    {}\n  expires   {}\n  owner     {}\n  markets   {markets}\n  contents  \
         {} rules, {} terms; {contents}\n  signed    {key}{holder}\n  file      {}",
        header.id,
        header.version,
        header.issued,
        header.expires,
        header.owner,
        counts.rules,
        counts.terms,
        file.digest(),
    )
}

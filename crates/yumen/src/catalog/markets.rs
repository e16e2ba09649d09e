//! The markets of a catalogue, and what an overlay may not take from a market that ships.
//!
//! An operator's file may tighten a shipped market, correct its rules as the law changes, and open
//! or close it. It may not serve without the approval that the shipped file demands, with fewer
//! signers, with models that are not filed where filed ones are demanded, from regions where the
//! shipped file lets nothing be processed, or hand a region to another market: a slip of the pen,
//! or a build made for elsewhere, would open a market for everyone in it.

use yumen_policy::{Elsewhere, Market, MarketFile, Overlay};

use super::CatalogError;
use super::files::{Files, Folder};

/// What the files of `markets/` come to.
#[derive(Clone, Debug, Default)]
pub(super) struct Markets {
    pub(super) whole: Vec<Market>,
    pub(super) parts: Vec<Overlay>,
    pub(super) elsewhere: Option<Elsewhere>,
}

impl Markets {
    pub(super) fn read(files: &Files) -> Result<Self, CatalogError> {
        let mut all = Self::default();
        for file in files.parse(Folder::Markets, MarketFile::parse, id, only_tightens)? {
            match file {
                MarketFile::Market(market) => all.whole.push(market),
                MarketFile::Overlay(overlay) => all.parts.push(overlay),
                MarketFile::Elsewhere(elsewhere) => all.elsewhere = Some(elsewhere),
            }
        }
        Ok(all)
    }
}

fn id(file: &MarketFile) -> &str {
    match file {
        MarketFile::Market(market) => market.id().as_str(),
        MarketFile::Overlay(overlay) => overlay.id().as_str(),
        MarketFile::Elsewhere(_) => Elsewhere::ID,
    }
}

/// What an operator's file takes from the shipped one that it may not, if anything.
fn only_tightens(shipped: &MarketFile, own: &MarketFile) -> Result<(), String> {
    let (shipped, own) = match (shipped, own) {
        (MarketFile::Market(shipped), MarketFile::Market(own)) => (shipped, own),
        (MarketFile::Overlay(shipped), MarketFile::Overlay(own)) => {
            return if shipped.parent() == own.parent()
                && shipped.subdivisions().is_subset(own.subdivisions())
            {
                Ok(())
            } else {
                Err("`parent` and `subdivisions`: the shipped file's must stay".into())
            };
        }
        (MarketFile::Elsewhere(_), MarketFile::Elsewhere(_)) => return Ok(()),
        _ => return Err("`parent`: the shipped file of this id is of another form".into()),
    };
    if shipped.is_development() != own.is_development() {
        return Err("`development`: as in the shipped file".into());
    }
    if !shipped.regions().is_subset(own.regions()) {
        return Err("`regions`: those of the shipped file must stay, or its devices would be of another market".into());
    }
    let (duty, own_duty) = (shipped.approval(), own.approval());
    if duty.is_required() && !own_duty.is_required() {
        return Err("`approval.required`: the shipped file demands an approval".into());
    }
    if own_duty.signers() < duty.signers() {
        return Err(format!("`approval.signers`: at least {}", duty.signers()));
    }
    if duty.wants_filed_models() && !own_duty.wants_filed_models() {
        return Err("`approval.models_filed`: the shipped file demands filed models".into());
    }
    if let Some(residency) = shipped.residency() {
        let within =
            own.residency().is_some_and(|own| own.processing().is_subset(residency.processing()));
        if !within {
            return Err("`residency.processing`: no region beyond those of the shipped file".into());
        }
    }
    if shipped.wants_pictures_judged() && !own.wants_pictures_judged() {
        return Err("`pictures.judge`: the shipped file demands a judge of pictures".into());
    }
    Ok(())
}

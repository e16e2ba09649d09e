//! Releases: bundles in, by digest, and what there is.

use jiff::Timestamp;
use serde_json::{Value, json};
use yumen_ledger::{Canonical, Entry, ReleaseStep};
use yumen_policy::{Digest, Release, Text};

use crate::holdings::{releases, written};
use crate::{Actor, Desk, DeskError, Done};

impl Desk {
    /// Keeps a release bundle. The gate offers it as soon as an approval of it is in force and its features, screen
    /// and labels are those that run.
    pub(crate) fn add_release(
        &mut self,
        actor: &Actor,
        release: &Release,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let market = release.market();
        if self.book.market(Some(market)).is_none() {
            let (what, zh, name) = ("market", "市场", market.to_string());
            return Err(DeskError::Unknown { what, zh, name });
        }
        let digest = release.digest();
        let previous =
            releases(&self.store)?.into_iter().rev().find(|known| known.market() == market);
        let bundle = written("release", release)?;
        let entry = entry(actor, release, previous.as_ref(), now);
        let ((), index) = self.change(|change| {
            let (name, market) = (digest.to_string(), market.as_str());
            if !change.add_release(&name, market, &bundle, actor.id(), now.as_second())? {
                return Err(DeskError::Conflict(Text::new(
                    format!("{name} is already there"),
                    format!("{name} 已存在"),
                )));
            }
            Ok(((), vec![entry]))
        })?;
        let text = Text::new(
            format!("release {digest} of {market} is kept"),
            format!("已保存 {market} 的发布版本 {digest}"),
        );
        Ok(Done::changed(self.shown(release, false), index, text))
    }

    pub(crate) fn releases(&self) -> Result<Done, DeskError> {
        let stored = releases(&self.store)?;
        let ours = self.book.releases.iter().map(|release| self.shown(release, true));
        let theirs = stored
            .iter()
            .filter(|release| {
                !self.book.releases.iter().any(|own| own.digest() == release.digest())
            })
            .map(|release| self.shown(release, false));
        let shown: Vec<_> = ours.chain(theirs).collect();
        let count = shown.len();
        Ok(Done::found(
            &shown,
            Text::new(format!("{count} releases"), format!("{count} 个发布版本")),
        ))
    }

    /// One release, whole, by its digest or a beginning of it that fits no other.
    pub(crate) fn release(&self, digest: &str) -> Result<Done, DeskError> {
        let stored = releases(&self.store)?;
        let mut fitting = Vec::<&Release>::new();
        for release in self.book.releases.iter().chain(&stored) {
            let name = release.digest().to_string();
            let fits = name.starts_with(digest)
                || name.strip_prefix("sha256:").is_some_and(|hex| hex.starts_with(digest));
            if fits && !fitting.iter().any(|known| known.digest() == release.digest()) {
                fitting.push(release);
            }
        }
        match fitting.as_slice() {
            [release] => {
                let text = Text::new(release.digest().to_string(), release.digest().to_string());
                Ok(Done::found(&json!({"digest": release.digest(), "release": release}), text))
            }
            [] => {
                Err(DeskError::Unknown { what: "release", zh: "发布版本", name: digest.into() })
            }
            _ => Err(DeskError::Invalid(format!(
                "{digest:?} begins the digests of several releases"
            ))),
        }
    }

    fn shown(&self, release: &Release, built_in: bool) -> Value {
        let runs = built_in || self.book.runs(release);
        let features: Vec<_> = release.features().map(|(id, _)| id.as_str()).collect();
        json!({
            "digest": release.digest(),
            "market": release.market(),
            "built_in": built_in,
            "runs": runs,
            "features": features,
        })
    }
}

impl crate::Book {
    /// Whether what this release names is what runs here: its features, screen, judges and labels, whatever its models.
    pub fn runs(&self, release: &Release) -> bool {
        let own = self.releases.iter().find(|own| own.market() == release.market());
        own.is_some_and(|own| {
            own.screen() == release.screen()
                && own.label() == release.label()
                && own.retrieval() == release.retrieval()
                && own.judges() == release.judges()
                && release.features().all(|(id, feature)| {
                    own.feature(id).is_some_and(|own| own.digest == feature.digest)
                })
        })
    }
}

fn entry(
    actor: &Actor,
    release: &Release,
    previous: Option<&Release>,
    now: Timestamp,
) -> Canonical {
    Canonical::from(Entry::Release(ReleaseStep {
        by: Some(actor.id().into()),
        market: release.market().as_str().into(),
        material: None,
        previous: previous.map(|previous: &Release| digest(previous.digest())),
        release: digest(release.digest()),
        step: "built".into(),
        time: now,
    }))
}

fn digest(digest: Digest) -> std::borrow::Cow<'static, str> {
    digest.to_string().into()
}

//! Screen packs: installed, replaced and removed by the operator, each time with its reason on record.
//!
//! The desk knows nothing of what is in a pack. A [`PackBench`] reads one and tries it with what is in force beside it;
//! what does not pass there is not kept, so that a broken pack never takes the place of a good one. Who did it, when,
//! for which markets, at whose request and with which bytes (as a digest) stands in the ledger; terms never do.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::{Value, json};
use yumen_ledger::{Canonical, Entry, PackStep};
use yumen_policy::{Digest, MarketId, Text};
use yumen_store::{NewPack, Store, StoredPack};

use crate::{Actor, Desk, DeskError, Done};

/// The longest reference or name of an authority that stands in the ledger as it came, in bytes; of a longer one
/// stands the digest.
const MAX_PLAIN: usize = 128;

/// The largest file of a pack, in bytes.
pub const MAX_PACK: usize = 48 * 1024 * 1024;

/// A pack to be installed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InstallOrder {
    /// The pack.
    pub file: PackFile,
    /// The markets it is for; none named is every market.
    #[serde(default)]
    pub scope: BTreeSet<MarketId>,
    /// Why and at whose request.
    pub grounds: Grounds,
}

/// Why a pack is installed or removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grounds {
    /// Why, in the operator's words.
    pub reason: String,
    /// The authority that asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requested_by: Option<String>,
    /// The number of its request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Whether it may change a release: markets that demand an approval serve nothing then until one covers the new
    /// release.
    #[serde(default)]
    pub new_release: bool,
}

/// The bytes of a pack's file, shared by its clones; as text, base64.
#[derive(Clone)]
pub struct PackFile(Arc<Held>);

struct Held {
    bytes: Vec<u8>,
    digest: OnceLock<Digest>,
}

impl PackFile {
    /// The file of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Held { bytes, digest: OnceLock::new() }))
    }

    /// What is in it.
    pub fn bytes(&self) -> &[u8] {
        &self.0.bytes
    }

    /// What it is known by; counted once, which takes some milliseconds.
    pub fn digest(&self) -> Digest {
        *self.0.digest.get_or_init(|| Digest::of(&self.0.bytes))
    }
}

/// What a pack is, and what installing or removing it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Its name.
    pub id: String,
    /// The version its makers gave it.
    pub version: String,
    /// The digest of its file.
    pub digest: Digest,
    /// The key that signed it; none where nobody did.
    pub key: Option<String>,
    /// When it stops being good.
    pub expires: Option<Timestamp>,
    /// The markets that demand an approval and whose release becomes another.
    pub renews: Vec<MarketId>,
    /// Whether a market gets a screen that has none now, such as one whose installed pack was lost.
    pub mends: bool,
}

/// Who reads packs, and tries them with what is in force.
pub trait PackBench: fmt::Debug + Send + Sync {
    /// Reads a pack and compiles the screens of its markets with it.
    ///
    /// # Errors
    /// Why it cannot be used.
    fn install(&self, store: &Store, order: &InstallOrder, now: Timestamp) -> Result<Trial, Text>;

    /// Compiles the screens without a pack.
    ///
    /// # Errors
    /// Why it cannot be removed.
    fn remove(&self, store: &Store, pack: &StoredPack, now: Timestamp) -> Result<Trial, Text>;

    /// The packs that are in force without being installed here: those that ship and those of the configuration.
    fn standing(&self) -> Value;
}

impl Desk {
    pub(crate) fn install_pack(
        &mut self,
        actor: &Actor,
        order: &InstallOrder,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let done = self.try_install(actor, order, now);
        if done.is_err() {
            // It may have been kept beforehand.
            self.release_file(&order.file.digest().to_string());
        }
        done
    }

    fn try_install(
        &mut self,
        actor: &Actor,
        order: &InstallOrder,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        order.grounds.check()?;
        if order.file.bytes().len() > MAX_PACK {
            let (size, most) = (order.file.bytes().len(), MAX_PACK);
            return Err(DeskError::Invalid(format!(
                "the pack has {size} bytes, of {most} at most"
            )));
        }
        let unknown = |market: &&MarketId| self.book.market(Some(market)).is_none();
        if let Some(market) = order.scope.iter().find(unknown) {
            let (what, zh, name) = ("market", "市场", market.to_string());
            return Err(DeskError::Unknown { what, zh, name });
        }
        let trial = self.bench()?.install(&self.store, order, now).map_err(DeskError::Unfit)?;
        let InstallOrder { file, scope, grounds } = order;
        grounds.allow(&trial)?;
        let known = self.store.list_packs()?.into_iter().find(|pack| pack.id == trial.id);
        let digest = trial.digest.to_string();
        let listed = serde_json::to_string(scope).map_err(|error| invalid(&error))?;
        let same = |known: &StoredPack| known.digest == digest && known.scope == listed;
        if known.as_ref().is_some_and(same) && !trial.mends {
            return Err(DeskError::Conflict(Text::new(
                format!("{} {} is installed already", trial.id, trial.version),
                format!("规则包 {} {} 已安装", trial.id, trial.version),
            )));
        }
        let before = known.as_ref().map(|known| known.digest.as_str());
        let step = if before.is_some() { "replaced" } else { "loaded" };
        let entries = entries(actor, &trial, scope, grounds, (step, Some(&digest), before), now);
        let kept = self.store.pack_folder().keep(&digest, file.bytes())?;
        let pack = NewPack {
            id: &trial.id,
            version: &trial.version,
            file: &kept,
            scope: &listed,
            reason: &grounds.reason,
            requested_by: grounds.requested_by.as_deref(),
            reference: grounds.reference.as_deref(),
        };
        let (_, index) = self.change(|change| {
            Ok((change.install_pack(&pack, actor.id(), now.as_second())?, entries))
        })?;
        if let Some(before) = before {
            self.release_file(before);
        }
        let (id, version, to) = (&trial.id, &trial.version, named(scope));
        let mut text = Text::new(
            format!("{id} {version} is in force in {}", to.en),
            format!("规则包 {id} {version} 已在{}生效", to.zh),
        );
        trial.say_renewed(&mut text);
        let changed = json!({
            "pack": id,
            "version": version,
            "digest": digest,
            "previous": before,
            "markets": scope,
            "key": trial.key,
            "expires": trial.expires,
            "new_releases": trial.renews,
        });
        Ok(Done::changed(changed, index, text))
    }

    pub(crate) fn remove_pack(
        &mut self,
        actor: &Actor,
        id: &str,
        grounds: &Grounds,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        grounds.check()?;
        let Some(known) = self.store.list_packs()?.into_iter().find(|pack| pack.id == id) else {
            return Err(DeskError::Unknown {
                what: "installed pack",
                zh: "已安装规则包",
                name: id.into(),
            });
        };
        let trial = self.bench()?.remove(&self.store, &known, now).map_err(DeskError::Unfit)?;
        grounds.allow(&trial)?;
        let scope: BTreeSet<MarketId> = crate::holdings::parsed("scope of a pack", &known.scope)?;
        let step = ("removed", None, Some(known.digest.as_str()));
        let entries = entries(actor, &trial, &scope, grounds, step, now);
        let ((), index) = self.change(|change| {
            change.remove_pack(id, actor.id(), now.as_second())?;
            Ok(((), entries))
        })?;
        self.release_file(&known.digest);
        let to = named(&scope);
        let mut text = Text::new(
            format!("{id} {} is in force no longer in {}", known.version, to.en),
            format!("规则包 {id} {} 已在{}停用", known.version, to.zh),
        );
        trial.say_renewed(&mut text);
        let changed = json!({"pack": id, "version": known.version, "previous": known.digest,
                             "markets": scope, "new_releases": trial.renews});
        Ok(Done::changed(changed, index, text))
    }

    pub(crate) fn packs(&self) -> Result<Done, DeskError> {
        let installed = self.store.list_packs()?;
        let count = installed.len();
        let installed = installed
            .iter()
            .map(|pack| {
                let scope: Value = crate::holdings::parsed("scope of a pack", &pack.scope)?;
                Ok(json!({
                    "pack": pack.id,
                    "version": pack.version,
                    "digest": pack.digest,
                    "markets": scope,
                    "reason": pack.reason,
                    "requested_by": pack.requested_by,
                    "reference": pack.reference,
                    "by": pack.installed_by,
                    "at": Timestamp::from_second(pack.installed_at).ok(),
                }))
            })
            .collect::<Result<Vec<_>, DeskError>>()?;
        let standing = self.book.packs.as_ref().map(|bench| bench.standing());
        let text =
            Text::new(format!("{count} installed packs"), format!("已安装 {count} 个规则包"));
        Ok(Done::found(&json!({"installed": installed, "standing": standing}), text))
    }

    /// Takes a pack's file away unless one in force has it. One that cannot be goes when a desk is next opened here.
    fn release_file(&self, digest: &str) {
        if let Err(error) = self.store.release_pack_file(digest) {
            tracing::warn!(%error, "the file of a pack that is not in force stays for now");
        }
    }

    fn bench(&self) -> Result<&dyn PackBench, DeskError> {
        let none = || DeskError::Invalid("this desk reads no packs".into());
        self.book.packs.as_deref().ok_or_else(none)
    }
}

impl Grounds {
    fn check(&self) -> Result<(), DeskError> {
        let empty =
            |text: &Option<String>| text.as_ref().is_some_and(|text| text.trim().is_empty());
        if self.reason.trim().is_empty() {
            return Err(DeskError::Invalid("`reason` is empty: say why".into()));
        }
        if empty(&self.requested_by) || empty(&self.reference) {
            let why = "`requested_by` and `reference` say something or are left out";
            return Err(DeskError::Invalid(why.into()));
        }
        Ok(())
    }

    /// A change of a release is not made in passing: it closes what was approved.
    fn allow(&self, trial: &Trial) -> Result<(), DeskError> {
        if trial.renews.is_empty() || self.new_release {
            return Ok(());
        }
        let markets: Vec<_> = trial.renews.iter().map(MarketId::as_str).collect();
        Err(DeskError::Conflict(Text::new(
            format!(
                "this makes another release for {}, which serves nothing until an approval covers it; say `new_release` (`--new-release`) to do it all the same",
                markets.join(", ")
            ),
            format!(
                "这将使 {} 的发布版本改变，在获批之前不提供服务；如仍要执行，请给出 `new_release`（`--new-release`）",
                markets.join("、")
            ),
        )))
    }
}

impl Trial {
    fn say_renewed(&self, text: &mut Text) {
        if self.renews.is_empty() {
            return;
        }
        let markets: Vec<_> = self.renews.iter().map(MarketId::as_str).collect();
        text.en = format!(
            "{}; the release of {} is another now and needs an approval",
            text.en,
            markets.join(", ")
        );
        text.zh = format!("{}；{} 的发布版本已改变，须重新获批", text.zh, markets.join("、"));
    }
}

/// One entry for each market, or one for all.
fn entries(
    actor: &Actor,
    trial: &Trial,
    scope: &BTreeSet<MarketId>,
    grounds: &Grounds,
    (step, digest, previous): (&'static str, Option<&str>, Option<&str>),
    now: Timestamp,
) -> Vec<Canonical> {
    let one = |market: Option<&MarketId>| {
        Canonical::from(Entry::Pack(PackStep {
            by: Some(actor.id().into()),
            digest: digest.map(Into::into),
            market: market.map(|market| market.as_str().into()),
            pack: trial.id.as_str().into(),
            previous: previous.map(Into::into),
            reason: Some(Digest::of(grounds.reason.as_bytes()).to_string().into()),
            request: grounds.reference.as_deref().map(|text| plain(text).into()),
            requested_by: grounds.requested_by.as_deref().map(|text| plain(text).into()),
            step: step.into(),
            time: now,
            version: trial.version.as_str().into(),
        }))
    };
    if scope.is_empty() { vec![one(None)] } else { scope.iter().map(|id| one(Some(id))).collect() }
}

/// A text for the ledger: as it came while it is short, else its digest.
pub(crate) fn plain(text: &str) -> String {
    if text.len() > MAX_PLAIN { Digest::of(text.as_bytes()).to_string() } else { text.to_owned() }
}

fn named(scope: &BTreeSet<MarketId>) -> Text {
    if scope.is_empty() {
        return Text::new("every market", "所有市场");
    }
    let markets: Vec<_> = scope.iter().map(MarketId::as_str).collect();
    Text::new(markets.join(", "), format!("市场 {} ", markets.join("、")))
}

fn invalid(error: &serde_json::Error) -> DeskError {
    DeskError::Invalid(error.to_string())
}

impl PartialEq for PackFile {
    fn eq(&self, other: &Self) -> bool {
        self.bytes() == other.bytes()
    }
}

impl Eq for PackFile {}

impl fmt::Debug for PackFile {
    /// How long it is: what is in it is nobody's to read in a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PackFile({} bytes)", self.bytes().len())
    }
}

impl Serialize for PackFile {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use base64::Engine as _;
        serializer.serialize_str(&base64::engine::general_purpose::STANDARD.encode(self.bytes()))
    }
}

impl<'de> Deserialize<'de> for PackFile {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use base64::Engine as _;
        let text = String::deserialize(deserializer)?;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text);
        bytes.map(Self::new).map_err(|_| de::Error::custom("the file is not base64"))
    }
}

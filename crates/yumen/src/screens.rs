//! The screens of the markets: which packs each has, compiled once for all that have the same.
//!
//! Packs come from three places: those that ship, files that the configuration names, and what was installed at the
//! desk. A market one of whose packs cannot be used has no screen, and so serves nothing; the other markets go on.
//! Compiling takes up to a second of one core. A running gate has it done beforehand, on a thread to which every
//! request comes first ([`Workshop::try_pack`], [`Workshop::compile`]): what is then decided at the desk finds its
//! screens here. A screen that nobody uses any longer is put aside here too, so that it is not taken apart on the way
//! of a request either.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};
use yumen_desk::{InstallOrder, PackBench, PackFile, Trial};
use yumen_policy::{Digest, MarketId, PackAge, Text, Timestamp};
use yumen_screen::{Pack, PackKeys, Screen, ScreenError};
use yumen_store::{Store, StoreError, StoredPack};

use crate::catalog::Shipped;
use crate::failure::{Context as _, Failure};

/// What an operator decides about screens: `[screen]` of the configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct ScreenConfig {
    /// Which of the packs that ship are used; none given: all.
    pub shipped: Option<BTreeSet<String>>,
    /// Files of packs that are used from the start on.
    pub packs: Vec<PathBuf>,
    /// Whose packs are believed, and how those that are encrypted are read.
    pub keys: PackKeys,
}

/// Compiles and keeps screens.
pub(crate) struct Workshop {
    /// Every market, and whether it demands an approval.
    markets: Vec<(MarketId, bool)>,
    /// The packs that are there without being installed.
    standing: Vec<Part>,
    keys: PackKeys,
    shelf: Mutex<Shelf>,
}

/// A pack with where it is used.
#[derive(Clone)]
struct Part {
    pack: Pack,
    scope: BTreeSet<MarketId>,
    place: Place,
}

/// Where a pack comes from.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Shipped,
    Configured,
    Installed,
}

/// What was compiled.
#[derive(Default)]
struct Shelf {
    known: Vec<Compiled>,
    /// Screens that were in force and that requests under way may still hold.
    retired: Vec<Arc<Screen>>,
    /// The digests of the screens in force.
    in_force: BTreeMap<MarketId, Digest>,
    /// The packs that were opened since screens were last put in force, by the digests of their files: likely they
    /// are put in force next.
    opened: BTreeMap<String, Pack>,
}

/// One screen, by what it was compiled from.
#[derive(Clone)]
struct Compiled {
    parts: Vec<Digest>,
    /// Those of the market, where a pack says something of it.
    market: Option<MarketId>,
    /// The day from which on the same packs make another screen.
    until: Option<Date>,
    screen: Arc<Screen>,
}

/// The screens of all markets.
#[derive(Clone, Default)]
pub(crate) struct Fitted {
    /// By market; one that is missing has none.
    pub screens: BTreeMap<MarketId, Arc<Screen>>,
    /// Why markets have none.
    pub broken: Vec<(MarketId, String)>,
    /// How old the packs are.
    pub ages: Vec<PackAge>,
    /// The day from which on they are to be fitted anew.
    until: Option<Date>,
    /// What was installed, by edition.
    editions: Vec<i64>,
}

impl Fitted {
    /// Whether the same packs make other screens by now.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| day(now) >= until)
    }

    /// Whether these are the screens of what is installed on this day.
    fn is_of(&self, installed: &[StoredPack], today: Date) -> bool {
        self.editions.iter().eq(installed.iter().map(|pack| &pack.edition))
            && self.until.is_none_or(|until| today < until)
    }
}

impl Workshop {
    /// With the packs that ship and those of the configuration.
    pub(crate) fn new(shipped: &Shipped, config: &ScreenConfig) -> Result<Self, Failure> {
        let chosen =
            |pack: &&Pack| config.shipped.as_ref().is_none_or(|chosen| chosen.contains(pack.id()));
        if let Some(unknown) = config
            .shipped
            .iter()
            .flatten()
            .find(|name| !shipped.packs().iter().any(|pack| pack.id() == name.as_str()))
        {
            let known: Vec<_> = shipped.packs().iter().map(Pack::id).collect();
            return Err(Failure::new(format!(
                "`screen.shipped` names {unknown:?}, which does not ship"
            ))
            .help(format!("there are {}", known.join(", "))));
        }
        let part = |place| move |pack: Pack| Part { pack, scope: BTreeSet::new(), place };
        let mut standing: Vec<_> =
            shipped.packs().iter().filter(chosen).cloned().map(part(Place::Shipped)).collect();
        let now = Timestamp::now();
        for path in &config.packs {
            let file = std::fs::read(path).context(format!("cannot read {}", path.display()))?;
            let pack = Pack::open(&file, &config.keys, now);
            let pack = pack.context(format!("the pack {} cannot be used", path.display()))?;
            standing.push(part(Place::Configured)(pack));
        }
        let markets = shipped
            .markets
            .iter()
            .map(|market| (market.id().clone(), market.approval().is_required()))
            .collect();
        Ok(Self { markets, standing, keys: config.keys.clone(), shelf: Mutex::default() })
    }

    /// The screens with what is installed; `former` again where nothing changed. What is no longer in force is put
    /// aside.
    pub(crate) fn fit(
        &self,
        store: Option<&Store>,
        former: &Fitted,
        now: Timestamp,
    ) -> Result<Option<Fitted>, StoreError> {
        let today = day(now);
        let installed = store.map(Store::list_packs).transpose()?.unwrap_or_default();
        if former.is_of(&installed, today) && !former.ages.is_empty() {
            return Ok(None);
        }
        let parts = match store {
            Some(store) => self.open(self.look(store, &installed)?),
            None => Vec::new(),
        };
        let fitted = self.fitted(&parts, &installed, today);
        self.put_aside(&fitted, today);
        Ok(Some(fitted))
    }

    /// The screens that were in force and that nobody uses any longer. To be asked for now and then, and dropped where
    /// nobody waits.
    pub(crate) fn unused(&self) -> Vec<Arc<Screen>> {
        let mut all = self.shelf();
        let retired = std::mem::take(&mut all.retired);
        let (used, over) = retired.into_iter().partition(|screen| Arc::strong_count(screen) > 1);
        all.retired = used;
        over
    }

    /// Opens a pack that is to be installed and keeps it at hand.
    ///
    /// # Errors
    /// Why it cannot be used.
    pub(crate) fn try_pack(&self, file: &PackFile, now: Timestamp) -> Result<Pack, ScreenError> {
        let digest = file.digest().to_string();
        // What is installed was opened as on the day it came: its end is looked at here.
        let in_time = |pack: &&Pack| pack.expires().is_none_or(|end| day(now) < end);
        if let Some(pack) = self.shelf().opened.get(&digest).filter(in_time) {
            return Ok(pack.clone());
        }
        let pack = Pack::open(file.bytes(), &self.keys, now)?;
        self.shelf().opened.insert(digest, pack.clone());
        Ok(pack)
    }

    /// What is installed besides one pack, as it stands in the store.
    pub(crate) fn besides(
        &self,
        store: &Store,
        id: Option<&str>,
    ) -> Result<Vec<Found>, StoreError> {
        let mut installed = store.list_packs()?;
        installed.retain(|pack| id != Some(&pack.id));
        self.look(store, &installed)
    }

    /// Compiles the screens of these packs and of one more, and keeps them at hand.
    pub(crate) fn compile(
        &self,
        found: Vec<Found>,
        more: Option<(Pack, BTreeSet<MarketId>)>,
        now: Timestamp,
    ) {
        let mut opened = self.open(found);
        opened.extend(more.map(Opened::new));
        drop(self.fitted(&opened, &[], day(now)));
    }

    /// Looks these packs up.
    fn look(&self, store: &Store, installed: &[StoredPack]) -> Result<Vec<Found>, StoreError> {
        let mut found = Vec::with_capacity(installed.len());
        for stored in installed {
            let known = self.shelf().opened.get(&stored.digest).cloned();
            let pack = if let Some(pack) = known {
                Kept::Opened(Box::new(pack))
            } else {
                let at = Timestamp::from_second(stored.installed_at);
                match store.pack_file(stored.edition) {
                    Ok(Some(file)) => Kept::File(file, at.unwrap_or(Timestamp::UNIX_EPOCH)),
                    Ok(None) => continue,
                    Err(lost @ StoreError::PackLost { .. }) => Kept::Lost(lost.to_string()),
                    Err(error) => return Err(error),
                }
            };
            let scope = serde_json::from_str(&stored.scope).map_err(|error| {
                StoreError::Invalid { what: "scope of a pack", why: error.to_string() }
            })?;
            found.push(Found { id: stored.id.clone(), scope, digest: stored.digest.clone(), pack });
        }
        Ok(found)
    }

    /// Opens what was found. One that cannot be opened, although it could be when it was installed, is told as such.
    fn open(&self, found: Vec<Found>) -> Vec<Opened> {
        let open = |Found { id, scope, digest, pack }: Found| {
            let pack = match pack {
                Kept::Opened(pack) => Ok(*pack),
                Kept::Lost(why) => Err(why),
                Kept::File(file, at) => {
                    let pack = Pack::open(&file, &self.keys, at);
                    if let Ok(pack) = &pack {
                        self.shelf().opened.insert(digest, pack.clone());
                    }
                    pack.map_err(|error| error.to_string())
                }
            };
            Opened { id, scope, pack }
        };
        found.into_iter().map(open).collect()
    }

    fn fitted(&self, opened: &[Opened], installed: &[StoredPack], today: Date) -> Fitted {
        let mut fitted = Fitted {
            editions: installed.iter().map(|pack| pack.edition).collect(),
            ..Fitted::default()
        };
        let mut parts = self.standing.clone();
        parts.extend(opened.iter().filter_map(|opened| {
            let pack = opened.pack.as_ref().ok()?.clone();
            Some(Part { pack, scope: opened.scope.clone(), place: Place::Installed })
        }));
        fitted.ages = parts.iter().map(Part::age).collect();
        fitted.until = parts.iter().filter_map(|part| part.pack.next_change(today)).min();
        for (market, _) in &self.markets {
            let shut = opened.iter().find_map(|opened| {
                let in_market = opened.scope.is_empty() || opened.scope.contains(market);
                let why = opened.pack.as_ref().err().filter(|_| in_market)?;
                Some(format!("{}: {why}", opened.id))
            });
            let screen = match shut {
                Some(why) => Err(why),
                None => self.screen(market, &parts, today).map_err(|error| error.to_string()),
            };
            match screen {
                Ok(screen) => drop(fitted.screens.insert(market.clone(), screen)),
                Err(why) => fitted.broken.push((market.clone(), why)),
            }
        }
        fitted
    }

    fn screen(
        &self,
        market: &MarketId,
        parts: &[Part],
        today: Date,
    ) -> Result<Arc<Screen>, ScreenError> {
        let packs: Vec<&Pack> =
            parts.iter().filter(|part| part.is_in(market)).map(|part| &part.pack).collect();
        let mut digests: Vec<_> = packs.iter().map(|pack| pack.digest()).collect();
        digests.sort_unstable();
        let known = |market: Option<&MarketId>| {
            let kept = self.shelf();
            let mut known = kept.known.iter().filter(|known| known.parts == digests);
            let fits = |known: &&Compiled| {
                known.market.as_ref() == market && known.until.is_none_or(|until| today < until)
            };
            known.find(fits).map(|known| Arc::clone(&known.screen))
        };
        if let Some(screen) = known(Some(market)) {
            return Ok(screen);
        }
        let keep = |market: Option<&MarketId>, screen: &Arc<Screen>| {
            let until = packs.iter().filter_map(|pack| pack.next_change(today)).min();
            let (market, screen) = (market.cloned(), Arc::clone(screen));
            self.shelf().known.push(Compiled { parts: digests.clone(), market, until, screen });
        };
        let common = if let Some(screen) = known(None) {
            screen
        } else {
            let packs = packs.iter().map(|pack| (*pack).clone().on(today)).collect();
            let screen = Arc::new(Screen::new(packs)?);
            keep(None, &screen);
            screen
        };
        Ok(match common.in_market(market) {
            None => common,
            Some(screen) => {
                let screen = Arc::new(screen);
                keep(Some(market), &screen);
                screen
            }
        })
    }

    /// Keeps what is in force, and what that is made from; puts the rest aside.
    fn put_aside(&self, made: &Fitted, today: Date) {
        let mut all = self.shelf();
        let in_force = |known: &Compiled| {
            made.screens.values().any(|screen| {
                Arc::ptr_eq(screen, &known.screen)
                    || (known.market.is_none()
                        && known.until.is_none_or(|until| today < until)
                        && screen.revision() == known.screen.revision())
            })
        };
        let (kept, retired): (Vec<_>, Vec<_>) =
            std::mem::take(&mut all.known).into_iter().partition(in_force);
        all.known = kept;
        all.retired.extend(retired.into_iter().map(|known| known.screen));
        let digests = made.screens.iter().map(|(market, screen)| (market.clone(), screen.digest()));
        all.in_force = digests.collect();
        all.opened.clear();
    }

    /// Puts aside what was only tried: these are in force.
    pub(crate) fn forget_trials(&self, in_force: &Fitted, now: Timestamp) {
        self.put_aside(in_force, day(now));
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        // Whoever panicked here left whole screens.
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the screens would be with what is installed but for one pack, and with `more`: the markets that demand an approval and would
    /// have another release, and whether a market gets a screen that has none.
    fn trial(
        &self,
        store: &Store,
        id: &str,
        more: Option<Opened>,
        now: Timestamp,
    ) -> Result<(Vec<MarketId>, bool), Text> {
        let unreadable = |error: StoreError| {
            Text::new(format!("the store does not answer: {error}"), format!("存储无响应：{error}"))
        };
        let mut opened = self.open(self.besides(store, Some(id)).map_err(unreadable)?);
        opened.extend(more);
        let after = self.fitted(&opened, &[], day(now));
        let before = self.shelf().in_force.clone();
        // What was broken before may be mended pack by pack; nothing may break.
        if let Some((market, why)) =
            after.broken.iter().find(|(market, _)| before.contains_key(market))
        {
            return Err(Text::new(
                format!("the screen of {market} cannot be made with it: {why}"),
                format!("无法据此生成 {market} 的安全检查：{why}"),
            ));
        }
        let another = |market: &MarketId| {
            after.screens.get(market).map(|screen| screen.digest()) != before.get(market).copied()
        };
        let renewed = self.markets.iter().filter(|(market, approved)| *approved && another(market));
        let mends = after.screens.keys().any(|market| !before.contains_key(market));
        Ok((renewed.map(|(market, _)| market.clone()).collect(), mends))
    }
}

/// An installed pack as it stands in the store.
pub(crate) struct Found {
    id: String,
    scope: BTreeSet<MarketId>,
    digest: String,
    pack: Kept,
}

enum Kept {
    /// Opened before, and at hand.
    Opened(Box<Pack>),
    /// Its file, and when it was installed. It is opened as on that day: that it ended since then the policy sees, and
    /// closes.
    File(Vec<u8>, Timestamp),
    /// Why its file cannot be used.
    Lost(String),
}

/// An installed pack, opened or not.
struct Opened {
    id: String,
    scope: BTreeSet<MarketId>,
    pack: Result<Pack, String>,
}

impl Opened {
    fn new((pack, scope): (Pack, BTreeSet<MarketId>)) -> Self {
        Self { id: pack.id().to_owned(), scope, pack: Ok(pack) }
    }
}

impl Part {
    fn is_in(&self, market: &MarketId) -> bool {
        (self.scope.is_empty() || self.scope.contains(market))
            && (self.pack.markets().is_empty() || self.pack.markets().contains(market))
    }

    /// How old it is. One that does not say when it was issued is as old as can be.
    fn age(&self) -> PackAge {
        let own: BTreeSet<_> = self.pack.markets().iter().cloned().collect();
        let markets = match (self.scope.is_empty(), own.is_empty()) {
            (true, _) => own,
            (false, true) => self.scope.clone(),
            (false, false) => self.scope.intersection(&own).cloned().collect(),
        };
        PackAge {
            id: self.pack.id().to_owned(),
            issued: self.pack.issued().and_then(midnight).unwrap_or(Timestamp::UNIX_EPOCH),
            expires: self.pack.expires().and_then(midnight),
            markets,
        }
    }
}

impl PackBench for Workshop {
    fn install(&self, store: &Store, order: &InstallOrder, now: Timestamp) -> Result<Trial, Text> {
        let InstallOrder { file, scope, .. } = order;
        let pack = self.try_pack(file, now).map_err(|error| {
            let help = error.help().map_or_else(String::new, |help| format!("; {help}"));
            Text::new(
                format!("the pack cannot be used: {error}{help}"),
                format!("规则包无法使用：{error}{help}"),
            )
        })?;
        let taken = self.standing.iter().find(|part| part.pack.id() == pack.id());
        if taken.is_some() {
            let id = pack.id();
            return Err(Text::new(
                format!(
                    "a pack `{id}` is in force already without being installed; give yours another name"
                ),
                format!("已有内置或配置的规则包 `{id}`，请换用其他名称"),
            ));
        }
        if !pack.markets().is_empty()
            && let Some(market) = scope.iter().find(|market| !pack.markets().contains(market))
        {
            return Err(Text::new(
                format!("the pack is not made for {market}"),
                format!("该规则包不适用于 {market}"),
            ));
        }
        let mut trial = trial_of(&pack, file.digest());
        let more = Opened::new((pack, scope.clone()));
        (trial.renews, trial.mends) = self.trial(store, &trial.id, Some(more), now)?;
        Ok(trial)
    }

    fn remove(&self, store: &Store, pack: &StoredPack, now: Timestamp) -> Result<Trial, Text> {
        let (renews, mends) = self.trial(store, &pack.id, None, now)?;
        Ok(Trial {
            id: pack.id.clone(),
            version: pack.version.clone(),
            // It is what the store calls it by; one that is not well-formed is of nothing.
            digest: pack.digest.parse().unwrap_or_else(|_| Digest::of(b"")),
            key: None,
            expires: None,
            renews,
            mends,
        })
    }

    fn standing(&self) -> Value {
        let shown = |part: &Part| {
            json!({
                "pack": part.pack.id(),
                "version": part.pack.version(),
                "digest": part.pack.digest(),
                "issued": part.pack.issued(),
                "expires": part.pack.expires(),
                "markets": part.pack.markets(),
                "from": part.place,
            })
        };
        self.standing.iter().map(shown).collect()
    }
}

impl fmt::Debug for Workshop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workshop").finish_non_exhaustive()
    }
}

fn trial_of(pack: &Pack, digest: Digest) -> Trial {
    Trial {
        id: pack.id().to_owned(),
        version: pack.version().to_owned(),
        digest,
        key: pack.signer().map(|key| key.to_string()),
        expires: pack.expires().and_then(midnight),
        renews: Vec::new(),
        mends: false,
    }
}

fn midnight(day: Date) -> Option<Timestamp> {
    day.to_zoned(TimeZone::UTC).ok().map(|day| day.timestamp())
}

/// The day on which a gate would take packs as they are now.
pub(crate) fn today() -> Date {
    day(Timestamp::now())
}

fn day(now: Timestamp) -> Date {
    now.to_zoned(TimeZone::UTC).date()
}

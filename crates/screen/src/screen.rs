//! Screens: the compiled packs, and whole values through them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use yumen_policy::{Digest, MarketId, Text};
use yumen_wire::{Passages, Tokens};

use crate::crossing::{Crossing, ToPartner};
use crate::detect::phrase::PhraseSet;
use crate::error::ScreenError;
use crate::finding::{Finding, Inspection, Span};
use crate::mask::Outgoing;
use crate::notice::{Notice, Refusal, Tally};
use crate::pack::{Action, Actions, Boundary, Detector, Kind, Pack, Rule, Severity};
use crate::pseudonym::{Vault, disarmed};
use crate::scan::{Lens, Scanner};
use crate::screened::Screened;
use crate::stream::StreamScreen;

/// Names this engine in the digest: raise it when the same packs find something else than before.
const ENGINE: &str = "yumen-screen 1";

/// The rules of all packs, compiled for each boundary. Immutable; share it in an [`Arc`].
#[derive(Debug)]
pub struct Screen {
    rules: Vec<Rule>,
    /// What the findings of each rule are called.
    known_as: Vec<KnownAs>,
    /// In the order of [`Boundary::ALL`].
    lenses: [Lens; 4],
    manifest: String,
    digest: Digest,
    revision: Digest,
}

impl Screen {
    /// Compiles packs into one screen. Their order does not matter. Without packs every text passes.
    pub fn new(mut packs: Vec<Pack>) -> Result<Self, ScreenError> {
        packs.sort_by(|a, b| a.id().cmp(b.id()));
        let (mut manifest, mut contents) = (format!("{ENGINE}\n"), format!("{ENGINE}\n"));
        for pack in &packs {
            let exactly = format!("{} {} {}", pack.id(), pack.version(), pack.digest());
            // Writing to a string cannot fail.
            let _ = writeln!(contents, "{exactly}");
            let _ = match pack.signer() {
                None => writeln!(manifest, "{exactly}"),
                Some(key) => writeln!(manifest, "{} signed by {key}", pack.id()),
            };
        }
        if let Some(pair) = packs.windows(2).find(|pair| pair[0].id() == pair[1].id()) {
            return Err(ScreenError::PackTwice(pair[0].id().to_owned()));
        }
        let mut rules = vec![shortening()];
        let mut kinds = vec![None];
        let mut known_as = vec![KnownAs::new(&rules[0], "invisible", "screen")];
        for pack in packs {
            let id: Arc<str> = pack.id().into();
            for (rule, kind) in pack.rules {
                let name = match &kind {
                    Kind::Detector(detector) => detector.name(),
                    Kind::Phrases(_) => "phrase",
                    Kind::Classifier { .. } => "classifier",
                };
                let category = rule.category.as_ref().map(|category| category.id.as_str().into());
                known_as.push(KnownAs::new(
                    &rule,
                    name,
                    category.unwrap_or_else(|| Arc::clone(&id)),
                ));
                rules.push(rule);
                kinds.push(Some(kind));
            }
        }
        let mut ids = HashSet::new();
        if let Some(twice) = rules.iter().find(|rule| !ids.insert(rule.id.as_str())) {
            return Err(ScreenError::RuleTwice(twice.id.clone()));
        }
        let mut compiled = HashMap::new();
        let mut lens = |boundary| lens(&rules, &kinds, boundary, &mut compiled);
        let [a, b, c, d] = Boundary::ALL;
        let lenses = [lens(a)?, lens(b)?, lens(c)?, lens(d)?];
        Ok(Self {
            rules,
            known_as,
            lenses,
            digest: Digest::of(manifest.as_bytes()),
            revision: Digest::of(contents.as_bytes()),
            manifest,
        })
    }

    /// What a release is given with: a line for the engine and one for each pack. Of a pack that ships it has version and
    /// digest; of a signed one who signs it, since its terms have to change every week, and a new version by the same hand is no
    /// new release. The text that [`Screen::digest`] is of.
    pub fn manifest(&self) -> &str {
        &self.manifest
    }

    /// The identity of the engine, of the packs that ship, and of whose signed packs come with them: what a release pins.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The identity of exactly what is looked for: two screens with one revision do the same.
    pub fn revision(&self) -> Digest {
        self.revision
    }

    /// The same screen with what its packs say in one market in particular, such as where help is to be had there; none
    /// where they say nothing of it. What is compiled is shared.
    #[must_use]
    pub fn in_market(&self, market: &MarketId) -> Option<Self> {
        if !self.rules.iter().any(|rule| rule.text_in.contains_key(market)) {
            return None;
        }
        let told = |rule: &Rule| match rule.text_in.get(market) {
            Some(text) => Rule { text: text.clone(), ..rule.clone() },
            None => rule.clone(),
        };
        Some(Self {
            rules: self.rules.iter().map(told).collect(),
            known_as: self.known_as.clone(),
            lenses: self.lenses.clone(),
            manifest: self.manifest.clone(),
            digest: self.digest,
            revision: self.revision,
        })
    }

    /// Reads every passage of a value, masks in place what is to be masked, and tells what was done.
    ///
    /// `_crossing` is the border it is to cross, such as [`ToPartner`](crate::ToPartner); the proof is good for that one only.
    pub fn whole<T: Passages, C: Crossing>(
        &self,
        value: T,
        _crossing: C,
    ) -> Result<(Screened<T, C>, Vec<Notice>), Refusal> {
        self.read(value, None)
    }

    /// As [`whole`](Self::whole), on the way to a partner: what a rule pseudonymises gets a token, whose value is put into `vault`. Where
    /// there are tokens, the model is told what they are. Tokens that stand in the value already are taken apart.
    pub fn pseudonymised<T: Tokens>(
        &self,
        mut value: T,
        vault: &mut Vault,
    ) -> Result<(Screened<T, ToPartner>, Vec<Notice>), Refusal> {
        value.passages_mut(&mut |text| {
            if let Some(disarmed) = disarmed(text) {
                *text = disarmed;
            }
        });
        let (screened, notices): (Screened<T, ToPartner>, _) =
            self.read(value, Some(&mut *vault))?;
        let mut value = screened.into_inner();
        if !vault.is_empty() {
            value.explain_tokens();
        }
        Ok((Screened::new(value), notices))
    }

    fn read<T: Passages, C: Crossing>(
        &self,
        mut value: T,
        mut vault: Option<&mut Vault>,
    ) -> Result<(Screened<T, C>, Vec<Notice>), Refusal> {
        let boundary = C::BOUNDARY;
        let mut masked = Tally::default();
        let mut refused = Tally::default();
        value.passages_mut(&mut |text| {
            self.passage(text, boundary, &mut masked, &mut refused, vault.as_deref_mut());
        });
        if refused.is_empty() {
            Ok((Screened::new(value), masked.into_notices(&self.rules, boundary)))
        } else {
            Err(Refusal { notices: refused.into_notices(&self.rules, boundary) })
        }
    }

    /// What the screen makes of a text at a border: all that is found in it, and what would pass.
    pub fn inspect(&self, text: &str, boundary: Boundary) -> Inspection {
        let lens = self.lens(boundary);
        let mut scanner = Scanner::default();
        scanner.scan(lens, text);
        let kept: String = scanner.kept(text).collect();
        scanner.finish(lens);
        scanner.found.sort_unstable_by_key(|span| (span.start, std::cmp::Reverse(span.end)));
        let span = |bytes: std::ops::Range<usize>| {
            let at = |end: usize| {
                let before = &kept[..kept.ceil_char_boundary(end)];
                (before.chars().count(), before.encode_utf16().count())
            };
            let (start, end) = (at(bytes.start), at(bytes.end));
            Span { bytes, chars: start.0..end.0, utf16: start.1..end.1 }
        };
        let findings: Vec<Finding> = scanner
            .found
            .iter()
            .map(|found| {
                let known = &self.known_as[found.rule as usize];
                Finding {
                    rule: Arc::clone(&known.rule),
                    kind: Cow::Borrowed(known.kind),
                    category: Arc::clone(&known.category),
                    action: self.rules[found.rule as usize].actions.at(boundary),
                    span: span(found.start..found.end),
                    score: 1.0,
                }
            })
            .collect();
        let action = findings.iter().map(|found| found.action).max().unwrap_or_default();
        let mut passes = String::new();
        if action < Action::Refuse {
            let mut outgoing = Outgoing::new(kept);
            let frontier = scanner.frontier();
            passes = outgoing.release(
                frontier,
                &mut scanner.found,
                &self.rules,
                &mut Tally::default(),
                None,
            );
        }
        Inspection { action, findings, text: passes }
    }

    /// Screens a text that comes in chunks on its way over one border.
    pub fn stream<C: Crossing>(self: &Arc<Self>, crossing: C) -> StreamScreen<C> {
        StreamScreen::new(Arc::clone(self), crossing)
    }

    fn passage(
        &self,
        text: &mut String,
        boundary: Boundary,
        masked: &mut Tally,
        refused: &mut Tally,
        vault: Option<&mut Vault>,
    ) {
        let lens = self.lens(boundary);
        if lens.is_clear() {
            return;
        }
        let mut scanner = Scanner::default();
        scanner.scan(lens, text);
        if !scanner.removed.is_empty() {
            let kept: String = scanner.kept(text).collect();
            *text = kept;
        }
        scanner.finish(lens);
        self.tally_refusals(&scanner, boundary, refused);
        masked.add(SHORTENING, scanner.shortened);
        if !scanner.found.is_empty() {
            let mut outgoing = Outgoing::new(std::mem::take(text));
            let frontier = scanner.frontier();
            *text = outgoing.release(frontier, &mut scanner.found, &self.rules, masked, vault);
        }
    }

    pub(crate) fn lens(&self, boundary: Boundary) -> &Lens {
        &self.lenses[boundary as usize]
    }

    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Counts what was found that may not pass.
    pub(crate) fn tally_refusals(
        &self,
        scanner: &Scanner,
        boundary: Boundary,
        refused: &mut Tally,
    ) {
        for span in &scanner.found {
            if self.rules[span.rule as usize].actions.at(boundary) == Action::Refuse {
                refused.add(span.rule, 1);
            }
        }
    }
}

/// What the findings of a rule are called.
#[derive(Clone, Debug)]
struct KnownAs {
    rule: Arc<str>,
    kind: &'static str,
    category: Arc<str>,
}

impl KnownAs {
    fn new(rule: &Rule, kind: &'static str, category: impl Into<Arc<str>>) -> Self {
        Self { rule: rule.id.as_str().into(), kind, category: category.into() }
    }
}

/// The index of the rule that no pack has: cutting runs of invisible characters short.
pub(crate) const SHORTENING: u32 = 0;

fn shortening() -> Rule {
    Rule {
        id: "screen.invisible".to_owned(),
        actions: Actions {
            to_partner: Action::Mask,
            from_partner: Action::Mask,
            to_device: Action::Mask,
            from_device: Action::Mask,
        },
        placeholder: String::new(),
        text: Text {
            en: "Invisible characters that could hide text were removed.".to_owned(),
            zh: "已移除可能隐藏文字的不可见字符。".to_owned(),
        },
        text_in: BTreeMap::new(),
        appeal: None,
        category: None,
        severity: Severity::Low,
        expires: None,
    }
}

type CompiledPhrases = HashMap<Vec<u32>, Option<Arc<PhraseSet>>>;

/// What the rules look for at one boundary; boundaries that look for the same phrases share them.
fn lens(
    rules: &[Rule],
    kinds: &[Option<Kind>],
    boundary: Boundary,
    compiled: &mut CompiledPhrases,
) -> Result<Lens, ScreenError> {
    let mut lens = Lens::default();
    let mut detectors: HashMap<&'static str, &str> = HashMap::new();
    let mut with_phrases = Vec::new();
    let mut phrases = Vec::new();
    for ((index, rule), kind) in (0_u32..).zip(rules).zip(kinds) {
        if let Some(Kind::Detector(detector)) = kind
            && let Some(first) = detectors.insert(detector.name(), &rule.id)
        {
            return Err(ScreenError::DetectorTwice {
                detector: detector.name(),
                first: first.to_owned(),
                second: rule.id.clone(),
            });
        }
        if rule.actions.at(boundary) == Action::Allow {
            continue;
        }
        match kind {
            Some(Kind::Detector(Detector::BankCard)) => lens.numbers.bank_card = Some(index),
            Some(Kind::Detector(Detector::CnMobile)) => lens.numbers.cn_mobile = Some(index),
            Some(Kind::Detector(Detector::CnResidentId)) => {
                lens.numbers.cn_resident_id = Some(index);
            }
            Some(Kind::Detector(Detector::Email)) => lens.email = Some(index),
            Some(Kind::Phrases(of_rule)) => {
                with_phrases.push(index);
                phrases.push((index, rule.id.as_str(), of_rule));
            }
            Some(Kind::Classifier { .. }) => {
                return Err(ScreenError::Rule {
                    rule: rule.id.clone(),
                    reason: "this screen reads no classifiers".to_owned(),
                });
            }
            None => {}
        }
    }
    lens.phrases = if let Some(known) = compiled.get(&with_phrases) {
        known.clone()
    } else {
        let set = PhraseSet::new(&phrases)?.map(Arc::new);
        compiled.insert(with_phrases, set.clone());
        set
    };
    Ok(lens)
}

//! Screens: the compiled packs, and whole values through them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use yumen_policy::{Digest, MarketId, Text};
use yumen_wire::{Passages, Tokens};

use crate::border::Border;
use crate::crossing::{Crossing, ToPartner};
use crate::error::ScreenError;
use crate::finding::Inspection;
use crate::image::clean_picture;
use crate::injection::{self, Sign};
use crate::lens::{Compiler, Lens};
use crate::mask::Ended;
use crate::notice::{Notice, Refusal, Tally};
use crate::pack::{Action, Actions, Boundary, Kind, Pack, Rule, Severity};
use crate::passage::Passage;
use crate::pii::Gazetteer;
use crate::pseudonym::{Vault, disarmed};
use crate::scan::Context;
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
                    Kind::Detector(entity) => entity.name(),
                    Kind::Material(Sign::Said) => "instruction",
                    Kind::Material(Sign::Forged) => "forged_turn",
                    Kind::Material(Sign::Encoded) => "encoded_instruction",
                    Kind::Material(Sign::Hidden) => "hidden_instruction",
                    Kind::Phrases(_) => "phrase",
                    Kind::Combination(_) => "combination",
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
        let mut compiler = Compiler::default();
        let mut lens = |boundary| compiler.lens(&rules, &kinds, boundary);
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

    /// Reads every passage of a value, masks in place what is to be masked, and tells what was done. Of the notices the person is
    /// told those that [`Notice::is_told`] says.
    ///
    /// `_crossing` is the border it is to cross, such as [`ToPartner`](crate::ToPartner); the proof is good for that one only.
    pub fn whole<T: Passages, C: Crossing>(
        &self,
        value: T,
        _crossing: C,
    ) -> Result<(Screened<T, C>, Vec<Notice>), Refusal> {
        self.read(value, None, nobody())
    }

    /// As [`whole`](Self::whole), on the way to a partner: what a rule pseudonymises gets a token, whose value is put into `vault`. Where
    /// there are tokens, the model is told what they are. Tokens that stand in the value already are taken apart. The names of
    /// `contacts` are names wherever they stand.
    pub fn pseudonymised<T: Tokens>(
        &self,
        mut value: T,
        vault: &mut Vault,
        contacts: &Gazetteer,
    ) -> Result<(Screened<T, ToPartner>, Vec<Notice>), Refusal> {
        value.passages_mut(&mut |text| {
            if let Some(disarmed) = disarmed(text) {
                *text = disarmed;
            }
        });
        let (screened, notices): (Screened<T, ToPartner>, _) =
            self.read(value, Some(&mut *vault), contacts)?;
        let mut value = screened.into_inner();
        if !vault.is_empty() {
            value.explain_tokens();
        }
        Ok((Screened::new(value), notices))
    }

    pub(crate) fn read<T: Passages, C: Crossing>(
        &self,
        mut value: T,
        mut vault: Option<&mut Vault>,
        person: &Gazetteer,
    ) -> Result<(Screened<T, C>, Vec<Notice>), Refusal> {
        let context = Context { border: self.border(C::BOUNDARY), person, revises: true };
        let mut refusal = None;
        value.pictures_mut(&mut |media| {
            if let Err(error) = clean_picture(media) {
                refusal.get_or_insert(error);
            }
        });
        if let Some(error) = refusal {
            let text = Text { en: format!("{error}."), zh: format!("{}。", error.zh()) };
            let notice = Notice::new("screen.picture", Action::Refuse, "input", 1, text);
            return Err(Refusal { notices: vec![notice] });
        }
        if context.border.lens.is_clear() {
            return Ok((Screened::new(value), Vec::new()));
        }
        let (mut told, mut refused) = (Tally::default(), Tally::default());
        let mut stopped = false;
        value.material_mut(&mut |text| disarm(text, &context.border, &mut told, &mut refused));
        value.passages_mut(&mut |text| {
            if stopped {
                text.clear();
                return;
            }
            let mut passage = Passage::new(context, false);
            let progress = passage.read(context, text, true, &mut told, vault.as_deref_mut());
            *text = progress.text;
            match progress.ended {
                None => {}
                Some(Ended { refused: false, .. }) => stopped = true,
                Some(Ended { rule, .. }) => {
                    refused.add(rule, 1);
                    passage.refusals(context, &mut refused);
                }
            }
        });
        if refused.is_empty() {
            Ok((Screened::new(value), told.into_notices(&context.border)))
        } else {
            Err(Refusal { notices: refused.into_notices(&context.border) })
        }
    }

    /// What the screen makes of a text at a border: all that is found in it, and what would pass. It is looked at as material, so
    /// instructions in it count.
    pub fn inspect(&self, text: &str, boundary: Boundary) -> Inspection {
        let context = Context { border: self.border(boundary), person: nobody(), revises: true };
        let mut passage = Passage::of_material(context);
        let progress = passage.read(context, text, true, &mut Tally::default(), None);
        let mut findings = progress.findings;
        findings.extend(passage.rest(context));
        findings.sort_by_key(|found| (found.span.bytes.start, Reverse(found.span.bytes.end)));
        let refused = progress.ended.is_some_and(|ended| ended.refused);
        Inspection {
            action: findings.iter().map(|found| found.action).max().unwrap_or_default(),
            findings,
            text: if refused { String::new() } else { progress.text },
        }
    }

    /// Screens a text that comes in chunks on its way over one border.
    pub fn stream<C: Crossing>(self: &Arc<Self>, crossing: C) -> StreamScreen<C> {
        StreamScreen::new(Arc::clone(self), crossing)
    }

    pub(crate) fn border(&self, boundary: Boundary) -> Border<'_> {
        let lens = &self.lenses[boundary as usize];
        Border { boundary, lens, rules: &self.rules, known_as: &self.known_as }
    }
}

/// Takes the instructions out of a text that is material.
fn disarm(text: &mut String, border: &Border<'_>, told: &mut Tally, refused: &mut Tally) {
    if border.lens.material.is_empty() {
        return;
    }
    // From the end, so that the places before stay where they are.
    for suspect in injection::find(text).into_iter().rev() {
        let Some(rule) = border.lens.material.rule(suspect.sign) else { continue };
        match border.action(rule) {
            Action::Allow => {}
            Action::Detect | Action::Tell => told.add(rule, 1),
            Action::Stop | Action::Refuse => refused.add(rule, 1),
            Action::Mask | Action::Replace | Action::Pseudonymise | Action::Retract => {
                text.replace_range(suspect.bytes, border.replacement(rule));
                told.add(rule, 1);
            }
        }
    }
}

/// What the findings of a rule are called.
#[derive(Clone, Debug)]
pub(crate) struct KnownAs {
    pub(crate) rule: Arc<str>,
    pub(crate) kind: &'static str,
    pub(crate) category: Arc<str>,
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
        replacement: None,
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

/// A person of whose contacts nothing is known.
pub(crate) fn nobody() -> &'static Gazetteer {
    static NOBODY: LazyLock<Gazetteer> = LazyLock::new(Gazetteer::default);
    &NOBODY
}

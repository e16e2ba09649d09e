//! What is looked for at one border, compiled from the rules of all packs.

use std::collections::HashMap;
use std::sync::Arc;

use crate::classify::Model;
use crate::combine::{Combination, Combinations, Slot};
use crate::error::ScreenError;
use crate::injection::Sign;
use crate::matcher::{Matcher, Term};
use crate::pack::{Action, Boundary, Kind, Rule};
use crate::pii::{Entity, EntitySet, Readers};

/// What is looked for at one border.
#[derive(Clone, Debug, Default)]
pub(crate) struct Lens {
    pub(crate) personal: Option<Arc<Personal>>,
    pub(crate) terms: Option<Arc<Terms>>,
    pub(crate) judges: Vec<Judge>,
    /// The rules for instructions in material.
    pub(crate) material: MaterialRules,
}

/// Personal data, each kind with the rule it belongs to.
#[derive(Debug)]
pub(crate) struct Personal {
    pub(crate) readers: Readers,
    rules: Vec<u32>,
}

/// Terms, each reported by its rule, and what some of them mean together.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) matcher: Matcher,
    pub(crate) combinations: Combinations,
}

/// A classifier, and the rules that go by what it says.
#[derive(Clone, Debug)]
pub(crate) struct Judge {
    pub(crate) model: Arc<Model>,
    pub(crate) rules: Vec<LabelRule>,
}

/// A rule that acts on a label from a probability on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabelRule {
    pub(crate) rule: u32,
    pub(crate) label: u16,
    pub(crate) threshold: f32,
}

impl Lens {
    /// Nothing is looked for: every text passes.
    pub(crate) fn is_clear(&self) -> bool {
        self.personal.is_none()
            && self.terms.is_none()
            && self.judges.is_empty()
            && self.material.is_empty()
    }

    /// Whether something may be found in what was given out already, and be replaced there.
    pub(crate) fn looks_back(&self) -> bool {
        let combinations = self.terms.as_ref().is_some_and(|terms| !terms.combinations.is_empty());
        combinations || !self.judges.is_empty()
    }
}

impl Personal {
    pub(crate) fn rule_of(&self, entity: Entity) -> u32 {
        self.rules[entity as usize]
    }
}

/// Compiles the lenses of the borders. Borders that look for the same terms share them.
#[derive(Debug, Default)]
pub(crate) struct Compiler {
    terms: HashMap<Wanted, Option<Arc<Terms>>>,
}

/// The rules with terms, and the combinations.
type Wanted = (Vec<u32>, Vec<u32>);

impl Compiler {
    /// What the rules look for at one border.
    pub(crate) fn lens(
        &mut self,
        rules: &[Rule],
        kinds: &[Option<Kind>],
        boundary: Boundary,
    ) -> Result<Lens, ScreenError> {
        let mut lens = Lens::default();
        let mut by_entity: HashMap<Entity, u32> = HashMap::new();
        let (mut with_terms, mut combined) = (Vec::new(), Vec::new());
        for ((index, rule), kind) in (0_u32..).zip(rules).zip(kinds) {
            if let Some(Kind::Detector(entity)) = kind
                && let Some(first) = by_entity.insert(*entity, index)
            {
                return Err(ScreenError::DetectorTwice {
                    detector: entity.name(),
                    first: rules[first as usize].id.clone(),
                    second: rule.id.clone(),
                });
            }
            if rule.actions.at(boundary) == Action::Allow {
                continue;
            }
            match kind {
                Some(Kind::Phrases(_)) => with_terms.push(index),
                Some(Kind::Combination(_)) => combined.push(index),
                Some(Kind::Classifier { model, label, threshold }) => {
                    let known = lens.judges.iter().position(|j| Arc::ptr_eq(&j.model, model));
                    let place = known.unwrap_or_else(|| {
                        let model = Arc::clone(model);
                        lens.judges.push(Judge { model, rules: Vec::new() });
                        lens.judges.len() - 1
                    });
                    let rule = LabelRule { rule: index, label: *label, threshold: *threshold };
                    lens.judges[place].rules.push(rule);
                }
                Some(Kind::Material(sign)) => {
                    if let Some(first) = lens.material.0[*sign as usize].replace(index) {
                        return Err(ScreenError::DetectorTwice {
                            detector: sign.material(),
                            first: rules[first as usize].id.clone(),
                            second: rule.id.clone(),
                        });
                    }
                }
                Some(Kind::Detector(_)) | None => {}
            }
        }
        by_entity.retain(|_, rule| rules[*rule as usize].actions.at(boundary) != Action::Allow);
        if !by_entity.is_empty() {
            let entities: EntitySet = by_entity.keys().copied().collect();
            let most = by_entity.keys().map(|entity| *entity as usize).max().unwrap_or(0);
            let mut rules = vec![0; most + 1];
            for (entity, rule) in by_entity {
                rules[entity as usize] = rule;
            }
            let readers = Readers::new(entities);
            lens.personal = Some(Arc::new(Personal { readers, rules }));
        }
        let key = (with_terms, combined);
        lens.terms = if let Some(known) = self.terms.get(&key) {
            known.clone()
        } else {
            let terms = terms(rules, kinds, &key.0, &key.1)?.map(Arc::new);
            self.terms.insert(key, terms.clone());
            terms
        };
        Ok(lens)
    }
}

/// Compiles the terms of rules, and of the combinations they are parts of.
fn terms(
    rules: &[Rule],
    kinds: &[Option<Kind>],
    with_terms: &[u32],
    combined: &[u32],
) -> Result<Option<Terms>, ScreenError> {
    let mut wanted = with_terms.to_vec();
    let mut all = Vec::new();
    for index in combined {
        let Some(Kind::Combination(given)) = &kinds[*index as usize] else { continue };
        let place = |id: &String| {
            let found =
                (0_u32..).zip(rules).find(|(_, rule)| rule.id == *id).map(|(place, _)| place);
            found
                .filter(|place| matches!(kinds[*place as usize], Some(Kind::Phrases(_))))
                .ok_or_else(|| ScreenError::Rule {
                    rule: rules[*index as usize].id.clone(),
                    reason: format!("`{id}` is no rule with phrases or terms"),
                })
        };
        let mut parts = Vec::new();
        for (set, id) in given.all.iter().enumerate() {
            parts.push((place(id)?, Slot::Needed(set)));
        }
        for id in &given.none {
            parts.push((place(id)?, Slot::Excepted));
        }
        wanted.extend(parts.iter().map(|(rule, _)| *rule));
        let combination = Combination {
            rule: *index,
            sets: given.all.len(),
            within: given.within,
            excepted: !given.none.is_empty(),
        };
        all.push((combination, parts));
    }
    wanted.sort_unstable();
    wanted.dedup();
    let mut terms = Vec::new();
    for index in wanted {
        let Some(Kind::Phrases(phrases)) = &kinds[index as usize] else { continue };
        let guards = Arc::new(phrases.guards());
        terms.extend(phrases.phrases.iter().map(|text| Term {
            text: text.clone(),
            id: index,
            views: phrases.views,
            words: true,
            guards: Arc::clone(&guards),
        }));
    }
    if terms.is_empty() {
        return Ok(None);
    }
    let whose = |text: &str| {
        let has = |kind: &Option<Kind>| match kind {
            Some(Kind::Phrases(phrases)) => phrases.phrases.iter().any(|phrase| phrase == text),
            _ => false,
        };
        kinds.iter().position(has).map_or_else(String::new, |place| rules[place].id.clone())
    };
    let matcher = Matcher::new(&terms).map_err(|error| ScreenError::Phrase {
        rule: whose(&error.text),
        phrase: error.text.clone(),
        reason: error.reason,
    })?;
    Ok(Some(Terms { matcher, combinations: Combinations::new(all) }))
}

/// The rule for each sign by which an instruction in material is told.
#[derive(Clone, Debug, Default)]
pub(crate) struct MaterialRules([Option<u32>; 4]);

impl MaterialRules {
    pub(crate) fn is_empty(&self) -> bool {
        self.0 == [None; 4]
    }

    /// The rule for a sign; the one for what is said stands in for those that no pack has.
    pub(crate) fn rule(&self, sign: Sign) -> Option<u32> {
        self.0[sign as usize].or(self.0[Sign::Said as usize])
    }
}

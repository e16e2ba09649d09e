//! Procedures: what an authority's kinds of decision are like, as data.
//!
//! Which numbers they give out, what they want to know of the entity, how long each side may take,
//! and which changes of a release need a new decision. Everything carries its source; what nobody
//! verified may restrict and never relaxes anything.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    ApprovalKind, ApprovalRecord, Basis, BeyondCalendar, Calendar, ChangeKind, MarketId,
    PolicyError, Source, Text, deadline,
};

/// The form of the numbers a procedure gives out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NumberFormat {
    /// `ZheJiang-TongYiQianWen-20230901`: place, name, eight or twelve digits.
    ModelFiling,
    /// `网信算备330110507206401230035号`: 21 digits between the two, in every published number.
    AlgorithmFiling,
    /// Not known, or none: whatever is given is taken.
    Any,
}

impl NumberFormat {
    /// Whether a number has this form. Case does not matter.
    pub fn fits(self, number: &str) -> bool {
        match self {
            Self::ModelFiling => is_model_filing(number),
            Self::AlgorithmFiling => is_algorithm_filing(number),
            Self::Any => true,
        }
    }

    /// The form, in words.
    pub fn form(self) -> &'static str {
        match self {
            Self::ModelFiling => {
                "place, name and 8 or 12 digits, as in `ZheJiang-TongYiQianWen-20230901`"
            }
            Self::AlgorithmFiling => {
                "`网信算备`, 21 digits and `号`, as in `网信算备330110507206401230035号`"
            }
            Self::Any => "any",
        }
    }
}

/// `(?i)^[A-Z]+-[A-Z0-9]+-\d{8}(\d{4})?$`
fn is_model_filing(number: &str) -> bool {
    let mut parts = number.split('-');
    let (Some(place), Some(name), Some(digits), None) =
        (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return false;
    };
    !place.is_empty()
        && place.bytes().all(|byte| byte.is_ascii_alphabetic())
        && !name.is_empty()
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric())
        && matches!(digits.len(), 8 | 12)
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_algorithm_filing(number: &str) -> bool {
    number
        .strip_prefix("网信算备")
        .and_then(|rest| rest.strip_suffix('号'))
        .is_some_and(|digits| digits.len() == 21 && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// What starts a statutory clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClockEvent {
    /// The service begins.
    Start,
    /// Something that was filed changes.
    Change,
    /// The service ends.
    End,
    /// The authority has the complete material.
    Complete,
}

/// Who must act before a clock runs out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// The operator.
    Operator,
    /// The authority.
    Authority,
}

/// A statutory clock, in working days.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatutoryClock {
    /// Its name: `change`.
    pub id: String,
    /// What starts it.
    pub from: ClockEvent,
    /// How long it runs, the day of the event not counted.
    pub working_days: u16,
    /// Who must act.
    pub on: Party,
    /// What must be done, to people.
    pub text: Text,
    /// Where it comes from.
    pub source: Source,
}

impl StatutoryClock {
    /// The last day, when the event was on this day.
    ///
    /// # Errors
    /// [`BeyondCalendar`].
    pub fn due(&self, event: Date, calendar: &Calendar) -> Result<Date, BeyondCalendar> {
        deadline(event, self.working_days, calendar)
    }
}

/// What a procedure says about some kinds of change.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaterialityRule {
    /// The kinds of change.
    pub changes: Vec<ChangeKind>,
    /// Whether they need a new decision.
    pub material: bool,
    /// Why, to people.
    pub text: Text,
    /// Where it comes from.
    pub source: Source,
}

/// Something the authority wants to see.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// What it is.
    pub name: Text,
    /// Where that is said.
    pub source: Source,
}

/// One kind of decision, read from a file of `catalog/procedures/`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Procedure {
    kind: ApprovalKind,
    name: Text,
    about: Text,
    authority: Text,
    #[serde(default)]
    markets: Vec<MarketId>,
    number: NumberRule,
    #[serde(default)]
    entity_code: bool,
    #[serde(default, rename = "clock")]
    clocks: Vec<StatutoryClock>,
    #[serde(default, rename = "change")]
    changes: Vec<MaterialityRule>,
    #[serde(default, rename = "document")]
    documents: Vec<Document>,
    source: Source,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct NumberRule {
    format: NumberFormat,
    source: Source,
}

impl Procedure {
    /// Reads a procedure file.
    ///
    /// # Errors
    /// [`PolicyError::Procedure`], saying what to change.
    pub fn parse(source: &str) -> Result<Self, PolicyError> {
        let procedure: Self = toml::from_str(source).map_err(|error| PolicyError::Procedure {
            kind: "?".into(),
            problem: error.to_string(),
        })?;
        match procedure.problem() {
            None => Ok(procedure),
            Some(problem) => {
                Err(PolicyError::Procedure { kind: procedure.kind.to_string(), problem })
            }
        }
    }

    fn problem(&self) -> Option<String> {
        let texts = [&self.name, &self.about, &self.authority].into_iter();
        let texts = texts
            .chain(self.clocks.iter().map(|clock| &clock.text))
            .chain(self.changes.iter().map(|rule| &rule.text))
            .chain(self.documents.iter().map(|document| &document.name));
        let sources = [&self.source, &self.number.source].into_iter();
        let mut sources = sources
            .chain(self.clocks.iter().map(|clock| &clock.source))
            .chain(self.changes.iter().map(|rule| &rule.source))
            .chain(self.documents.iter().map(|document| &document.source));
        if texts.into_iter().any(|text| !text.is_complete()) {
            return Some("every text needs both en and zh".into());
        }
        if let Some(problem) = sources.find_map(Source::problem) {
            return Some(format!("a source is not usable: {problem}"));
        }
        for (index, clock) in self.clocks.iter().enumerate() {
            if clock.working_days == 0 {
                return Some(format!("clock `{}` has no working days", clock.id));
            }
            if self.clocks[..index].iter().any(|other| other.id == clock.id) {
                return Some(format!("clock `{}` is given twice", clock.id));
            }
        }
        let mut ruled = Vec::new();
        for kind in self.changes.iter().flat_map(|rule| &rule.changes) {
            if ruled.contains(kind) {
                return Some(format!("two rules speak of `{kind}`"));
            }
            ruled.push(*kind);
        }
        None
    }

    /// The kind of decision it is.
    pub fn kind(&self) -> ApprovalKind {
        self.kind
    }

    /// Its name, to people.
    pub fn name(&self) -> &Text {
        &self.name
    }

    /// When it is the one to take, to people.
    pub fn about(&self) -> &Text {
        &self.about
    }

    /// Who decides, to people.
    pub fn authority(&self) -> &Text {
        &self.authority
    }

    /// The markets that have it; none means every market.
    pub fn markets(&self) -> &[MarketId] {
        &self.markets
    }

    /// The form of its numbers.
    pub fn number_format(&self) -> NumberFormat {
        self.number.format
    }

    /// Whether the entity must give its unified social credit code.
    pub fn wants_entity_code(&self) -> bool {
        self.entity_code
    }

    /// Its clocks.
    pub fn clocks(&self) -> &[StatutoryClock] {
        &self.clocks
    }

    /// The clock of this name.
    pub fn clock(&self, id: &str) -> Option<&StatutoryClock> {
        self.clocks.iter().find(|clock| clock.id == id)
    }

    /// What is to be handed in.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// Where it comes from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// What it says about a kind of change.
    pub(crate) fn rule_on(&self, change: ChangeKind) -> Option<&MaterialityRule> {
        self.changes.iter().find(|rule| rule.changes.contains(&change))
    }

    /// Whether anybody vouches for what it says.
    pub fn basis(&self) -> Basis {
        self.source.basis()
    }
}

/// All procedures there are.
#[derive(Clone, Debug, Default)]
pub struct Procedures(BTreeMap<ApprovalKind, Procedure>);

impl Procedures {
    /// Takes procedures together.
    ///
    /// # Errors
    /// [`PolicyError::Procedure`] if two are of one kind.
    pub fn new(procedures: impl IntoIterator<Item = Procedure>) -> Result<Self, PolicyError> {
        let mut all = BTreeMap::new();
        for procedure in procedures {
            let kind = procedure.kind;
            if all.insert(kind, procedure).is_some() {
                let problem = "it is given twice; remove one of the files".to_owned();
                return Err(PolicyError::Procedure { kind: kind.to_string(), problem });
            }
        }
        Ok(Self(all))
    }

    /// The procedure of this kind.
    pub fn get(&self, kind: ApprovalKind) -> Option<&Procedure> {
        self.0.get(&kind)
    }

    /// All of them.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Procedure> {
        self.0.values()
    }

    /// Whether a record is such as its procedure gives out: the numbers in it have their form, and
    /// the entity has given its code where that is wanted.
    ///
    /// This is for taking a record in. What was taken in and signed is judged by its signatures.
    ///
    /// # Errors
    /// [`PolicyError::Approval`], saying what to correct.
    pub fn check(&self, record: &ApprovalRecord) -> Result<(), PolicyError> {
        let wrong = |problem| Err(PolicyError::Approval { number: record.number.clone(), problem });
        let Some(procedure) = self.get(record.kind) else {
            return wrong(format!("there is no procedure `{}` in the catalogue", record.kind));
        };
        if !procedure.markets.is_empty() && !procedure.markets.contains(&record.market) {
            return wrong(format!("market `{}` has no procedure `{}`", record.market, record.kind));
        }
        if procedure.entity_code && record.entity.uscc.is_none() {
            return wrong(format!("`{}` needs `entity.uscc`", record.kind));
        }
        let algorithm = record.algorithm_number.as_deref();
        let filings = record.models.iter().filter_map(|model| model.filing.as_deref());
        let mut numbers = [("number", record.number.as_str(), record.kind)]
            .into_iter()
            .chain(algorithm.map(|n| ("algorithm_number", n, ApprovalKind::AlgorithmFiling)))
            .chain(filings.map(|number| ("models.filing", number, ApprovalKind::Filing)));
        let misfit = numbers.find_map(|(field, number, kind)| {
            let format = self.get(kind)?.number.format;
            (!format.fits(number)).then_some((field, number, format))
        });
        match misfit {
            None => Ok(()),
            Some((field, number, format)) => {
                wrong(format!("`{field}` `{number}` does not have its form: {}", format.form()))
            }
        }
    }
}

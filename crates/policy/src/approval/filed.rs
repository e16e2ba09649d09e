//! The public list of filed models: who filed which model, under which number, when.
//!
//! The regulator publishes it in parts, each a list of what was added since the one before, not in
//! the order of the numbers and with mistakes in it. [`FiledModels::import`] reads one part, repairs
//! what can be repaired, and reports every repair and every row it gave up; nothing is dropped in
//! silence. Parts are merged by number.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::approval::filed_table::fold;
use crate::{NumberFormat, PolicyError};

/// One filed model, as it stands in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct FiledModel {
    /// Its place in the list (序号), where it is given.
    pub serial: Option<u32>,
    /// The province, or the body that files for central enterprises (属地).
    pub place: String,
    /// The name of the model (模型名称).
    pub name: String,
    /// Who filed it (备案单位).
    pub entity: String,
    /// The number (备案编号). The date in it is not the day of the filing.
    pub number: String,
    /// The day of the filing (备案时间).
    pub filed_on: Date,
}

/// A filed model as it is stored: without the names of its fields.
#[derive(Serialize, Deserialize)]
struct Row(Option<u32>, String, String, String, String, Date);

impl From<Row> for FiledModel {
    fn from(Row(serial, place, name, entity, number, filed_on): Row) -> Self {
        Self { serial, place, name, entity, number, filed_on }
    }
}

impl From<FiledModel> for Row {
    fn from(model: FiledModel) -> Self {
        let FiledModel { serial, place, name, entity, number, filed_on } = model;
        Self(serial, place, name, entity, number, filed_on)
    }
}

/// The filed models, by number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FiledModels(BTreeMap<String, FiledModel>);

/// What an import read.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FiledImport {
    /// The models.
    pub models: FiledModels,
    /// What was repaired, or kept although it looks odd.
    pub repairs: Vec<RowNote>,
    /// The rows that were given up.
    pub rejects: Vec<RowNote>,
}

/// Something about one row of a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RowNote {
    /// The line it begins on, the first one being 1.
    pub line: usize,
    /// Its place in the list, where it could be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<u32>,
    /// What was done, or why it was given up.
    pub text: String,
}

/// A number that two parts of the list give to different models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FiledConflict {
    /// What stood there before.
    pub before: FiledModel,
    /// What the later part says, and what counts now.
    pub after: FiledModel,
}

impl FiledModels {
    /// Takes one more model in, and gives back the one that had its number.
    pub(crate) fn insert(&mut self, model: FiledModel) -> Option<FiledModel> {
        self.0.insert(key(&model.number), model)
    }

    /// The model of this number. Case, spaces and full-width letters do not matter.
    pub fn by_number(&self, number: &str) -> Option<&FiledModel> {
        self.0.get(&key(number))
    }

    /// The models that this entity filed, by its whole name.
    pub fn by_entity(&self, entity: &str) -> impl Iterator<Item = &FiledModel> {
        let wanted = fold(entity);
        self.0.values().filter(move |model| fold(&model.entity) == wanted)
    }

    /// The models in whose name, entity or number this text occurs; none for an empty text.
    pub fn search(&self, text: &str) -> impl Iterator<Item = &FiledModel> {
        let wanted = fold(text);
        self.0.values().filter(move |model| {
            !wanted.is_empty()
                && [&model.name, &model.entity, &model.number]
                    .into_iter()
                    .any(|field| fold(field).contains(&wanted))
        })
    }

    /// All models, by number.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &FiledModel> {
        self.0.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes another part in. Where both have a number, the later part counts; what it changed is
    /// given back.
    pub fn merge(&mut self, later: Self) -> Vec<FiledConflict> {
        let mut conflicts = Vec::new();
        for model in later.0.into_values() {
            let after = model.clone();
            if let Some(before) = self.insert(model)
                && before != after
            {
                conflicts.push(FiledConflict { before, after });
            }
        }
        conflicts
    }

    /// The places in the list, from 1 to the highest, that no model here has: a part is missing, or
    /// rows of it were given up.
    pub fn missing(&self) -> Vec<RangeInclusive<u32>> {
        let mut serials: Vec<u32> = self.0.values().filter_map(|model| model.serial).collect();
        serials.sort_unstable();
        let mut missing = Vec::new();
        let mut next = 1;
        for serial in serials {
            if serial > next {
                missing.push(next..=serial - 1);
            }
            next = next.max(serial.saturating_add(1));
        }
        missing
    }

    /// Reads what [`FiledModels::to_json`] wrote.
    ///
    /// # Errors
    /// [`PolicyError::FiledModels`].
    pub fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        serde_json::from_slice(json).map_err(|error| PolicyError::FiledModels(error.to_string()))
    }

    /// The models as compact JSON: an array of `[序号, 属地, 模型名称, 备案单位, 备案编号, 备案时间]`.
    pub fn to_json(&self) -> String {
        // Strings, numbers and dates always serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl Serialize for FiledModels {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values())
    }
}

impl<'de> Deserialize<'de> for FiledModels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut models = Self::default();
        for model in Vec::<FiledModel>::deserialize(deserializer)? {
            if !NumberFormat::ModelFiling.fits(&model.number) {
                let form = NumberFormat::ModelFiling.form();
                return Err(de::Error::custom(format!("`{}` is not {form}", model.number)));
            }
            if let Some(twice) = models.insert(model) {
                return Err(de::Error::custom(format!("`{}` is given twice", twice.number)));
            }
        }
        Ok(models)
    }
}

/// What numbers are compared by.
fn key(number: &str) -> String {
    fold(number)
}

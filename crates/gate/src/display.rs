//! What has to be shown with a feature: which model serves it and under which number it is filed, the
//! numbers of the service and its algorithm, and who provides it.
//!
//! A market may oblige whoever offers a feature to show this in a prominent place, or on the page that
//! describes it. The gate puts it into every answer, so that no app can be without it.

use std::collections::HashMap;
use std::sync::Arc;

use serde::ser::SerializeStruct as _;
use serde::{Serialize, Serializer};
use yumen_policy::{Approval, Clearance, ModelId, ModelRef, PartnerId, Text};

/// The names of models for people.
#[derive(Clone, Debug, Default)]
pub struct ModelNames(HashMap<PartnerId, HashMap<ModelId, Arc<Text>>>);

impl ModelNames {
    /// Gives a model its name.
    pub fn insert(&mut self, partner: PartnerId, model: ModelId, name: Text) {
        self.0.entry(partner).or_default().insert(model, Arc::new(name));
    }

    /// The name of a model; its id where it has none.
    fn of(&self, model: &ModelRef) -> Arc<Text> {
        let named = self.0.get(&model.partner).and_then(|models| models.get(&model.model));
        named.cloned().unwrap_or_else(|| {
            let id = model.model.as_str();
            Arc::new(Text::new(id, id))
        })
    }
}

/// What has to be shown with what one model does under one approval.
#[derive(Clone, Debug)]
pub(crate) struct Display {
    model_name: Arc<Text>,
    model_filing: Option<String>,
    approval: Option<Arc<Approval>>,
}

impl Display {
    /// What is to be shown when `model` serves under a clearance.
    pub(crate) fn of(names: &ModelNames, model: &ModelRef, clearance: &Clearance) -> Self {
        Self {
            model_name: names.of(model),
            model_filing: model.filing.clone(),
            approval: clearance.approved().cloned(),
        }
    }

    /// What is to be shown when `model` serves in the place of another, under the same clearance.
    pub(crate) fn instead(&self, names: &ModelNames, model: &ModelRef) -> Self {
        Self {
            model_name: names.of(model),
            model_filing: model.filing.clone(),
            approval: self.approval.clone(),
        }
    }

    /// The model's name, for people.
    pub(crate) fn model_name(&self) -> &Text {
        &self.model_name
    }
}

impl Serialize for Display {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let record = self.approval.as_deref().map(Approval::record);
        let mut shown = serializer.serialize_struct("Display", 5)?;
        shown.serialize_field("model_name", &*self.model_name)?;
        shown.serialize_field("model_filing", &self.model_filing)?;
        let service = record.and_then(|record| record.service_number.as_deref());
        shown.serialize_field("service_number", &service)?;
        let algorithm = record.and_then(|record| record.algorithm_number.as_deref());
        shown.serialize_field("algorithm_number", &algorithm)?;
        shown.serialize_field("entity", &record.map(|record| record.entity.name.as_str()))?;
        shown.end()
    }
}

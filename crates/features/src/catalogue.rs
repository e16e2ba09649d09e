//! Every feature that ships, by id.

use std::collections::BTreeMap;
use std::sync::Arc;

use yumen_policy::FeatureId;

use crate::{Feature, FeatureError};

/// All features, each id once.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    features: BTreeMap<FeatureId, Arc<Feature>>,
}

impl Catalogue {
    /// Collects features; two with one id are an error.
    pub fn new(features: impl IntoIterator<Item = Feature>) -> Result<Self, FeatureError> {
        let mut catalogue = Self::default();
        for feature in features {
            let id = feature.id().clone();
            if catalogue.features.insert(id.clone(), Arc::new(feature)).is_some() {
                return Err(FeatureError::Definition(format!("{id} is defined twice")));
            }
        }
        Ok(catalogue)
    }

    /// The feature with this id.
    pub fn get(&self, id: &str) -> Option<&Arc<Feature>> {
        self.features.get(id)
    }

    /// All features in the order of their ids.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Feature>> {
        self.features.values()
    }
}

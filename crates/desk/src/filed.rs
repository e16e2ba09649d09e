//! The regulator's public list of filed models: its deltas in, and who is on it.

use jiff::Timestamp;
use serde_json::{Value, json};
use yumen_ledger::{Canonical, Entry, PackStep};
use yumen_policy::{Digest, FiledModel, FiledModels, Text};

use crate::holdings::filed;
use crate::{Actor, Desk, DeskError, Done};

/// The name under which the list stands in the ledger.
const LIST: &str = "filed-models";

impl Desk {
    /// Merges a part of the list, as the regulator publishes it (CSV or TSV), into what is here.
    pub(crate) fn import_filed(
        &mut self,
        actor: &Actor,
        list: &str,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let import = FiledModels::import(list.as_bytes())
            .map_err(|error| DeskError::Invalid(error.to_string()))?;
        let before = filed(&self.store)?.unwrap_or_default();
        let mut merged = before.clone();
        let read = import.models.len();
        let conflicts = merged.merge(import.models);
        let (size, fresh) = (merged.len(), merged.len() - before.len());
        let json = merged.to_json();
        let entry = entry(actor, &before, &json, size, now);
        let ((), index) = self.change(|change| {
            change.add_filed_list(&json, actor.id(), now.as_second())?;
            Ok(((), vec![entry]))
        })?;
        let text = Text::new(
            format!(
                "{read} models read, {fresh} new, {size} in the list; {} rows repaired, {} given up",
                import.repairs.len(),
                import.rejects.len()
            ),
            format!(
                "读入 {read} 个模型，新增 {fresh} 个，清单共 {size} 个；修正 {} 行，放弃 {} 行",
                import.repairs.len(),
                import.rejects.len()
            ),
        );
        let changed = json!({
            "read": read,
            "new": fresh,
            "size": size,
            "missing": missing(&merged),
            "repairs": import.repairs,
            "rejects": import.rejects,
            "conflicts": conflicts
                .iter()
                .map(|conflict| json!({"before": shown(&conflict.before), "after": shown(&conflict.after)}))
                .collect::<Vec<_>>(),
        });
        Ok(Done::changed(changed, index, text))
    }

    /// The models of the list in whose number, name or entity the text occurs; without a text all.
    pub(crate) fn filed_models(&self, query: Option<&str>) -> Result<Done, DeskError> {
        let imported = self.store.filed_list()?.map(|(_, at)| at);
        let imported = imported.and_then(|at| Timestamp::from_second(at).ok());
        let list = filed(&self.store)?.unwrap_or_default();
        let models: Vec<_> = match query {
            None => list.iter().map(shown).collect(),
            Some(text) => match list.by_number(text) {
                Some(model) => vec![shown(model)],
                None => list.search(text).map(shown).collect(),
            },
        };
        let found = json!({
            "imported_at": imported,
            "size": list.len(),
            "missing": missing(&list),
            "models": models,
        });
        let text = Text::new(
            format!("{} of {} models", models.len(), list.len()),
            format!("清单共 {} 个，符合 {} 个", list.len(), models.len()),
        );
        Ok(Done::found(&found, text))
    }
}

/// A filed model as the desk shows it.
fn shown(model: &FiledModel) -> Value {
    json!({
        "serial": model.serial,
        "place": model.place,
        "name": model.name,
        "entity": model.entity,
        "number": model.number,
        "filed_on": model.filed_on,
    })
}

/// The gaps of the list, each from its first to its last place.
fn missing(list: &FiledModels) -> Value {
    list.missing().into_iter().map(|gap| json!([gap.start(), gap.end()])).collect()
}

fn entry(
    actor: &Actor,
    before: &FiledModels,
    json: &str,
    size: usize,
    now: Timestamp,
) -> Canonical {
    let previous =
        (!before.is_empty()).then(|| Digest::of(before.to_json().as_bytes()).to_string().into());
    Canonical::from(Entry::Pack(PackStep {
        by: Some(actor.id().into()),
        digest: Some(Digest::of(json.as_bytes()).to_string().into()),
        market: Some("cn".into()),
        pack: LIST.into(),
        reason: None,
        request: None,
        requested_by: None,
        step: if previous.is_some() { "replaced" } else { "loaded" }.into(),
        previous,
        time: now,
        version: size.to_string().into(),
    }))
}

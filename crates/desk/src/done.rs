//! What came of an action.

use serde::Serialize;
use serde_json::{Value, json};
use yumen_policy::Text;

/// What an action changed, or found.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// What is different now; for an action that only looks, what it found.
    pub changed: Value,
    /// Where the ledger has the change. None for an action that only looks, and for a change that holds but whose
    /// record the ledger did not take yet; it is kept and appended as soon as the ledger takes entries.
    pub index: Option<u64>,
    /// What happened, for people.
    pub text: Text,
    found: bool,
}

impl Done {
    /// A change and where it is recorded.
    pub(crate) fn changed(changed: Value, index: Option<u64>, text: Text) -> Self {
        let text = match index {
            Some(_) => text,
            None => Text::new(
                format!(
                    "{}; it holds, but the ledger does not take its record yet: look at the ledger's disk",
                    text.en
                ),
                format!("{}；已生效，但记录暂未写入账本：请检查账本所在磁盘", text.zh),
            ),
        };
        Self { changed, index, text, found: false }
    }

    /// What was done to the record, which has it already; none of an entry where nothing was done.
    pub(crate) fn recorded(changed: Value, index: Option<u64>, text: Text) -> Self {
        Self { changed, index, text, found: false }
    }

    /// What an action that only looks found.
    pub(crate) fn found(found: &impl Serialize, text: Text) -> Self {
        // What the desk shows is made of strings, numbers and lists, which all have a JSON form.
        let changed = serde_json::to_value(found).unwrap_or(Value::Null);
        Self { changed, index: None, text, found: true }
    }

    /// As the admin addresses answer it: what was found as it is, a change as `changed`, `index` and `text`.
    pub fn to_json(&self) -> Value {
        if self.found {
            self.changed.clone()
        } else {
            json!({"changed": self.changed, "index": self.index, "text": self.text})
        }
    }
}

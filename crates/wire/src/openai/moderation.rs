//! Reading a partner's moderation out of members of its answers, by the rows of its dialect.

use serde_json::Value;
use serde_json::value::RawValue;

use crate::answer::Moderation;
use crate::dialect::ModerationRow;
use crate::partner_error::bounded;
use crate::wire_answer::Unknown;

/// Longest category that is kept, in bytes.
const LONGEST: usize = 64;
/// Most categories of one finding.
const MOST: usize = 16;

/// What one member said.
pub(super) struct Finding {
    pub(super) moderation: Moderation,
    pub(super) effect: Effect,
}

/// What follows from a finding.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// The choice is declined.
    Declines,
    /// The answer stands.
    Stands,
    /// It says why, where a finish reason says that.
    Explains,
}

/// The findings in the unknown members of one object. `prefix` is what stands before their names in
/// the dialect's rows.
pub(super) fn findings<'a>(
    rows: &'a [ModerationRow],
    prefix: &'a str,
    unknown: &'a Unknown<'_>,
) -> impl Iterator<Item = Finding> + 'a {
    rows.iter().filter_map(move |row| {
        let member = row.member.strip_prefix(prefix).filter(|member| !member.contains('.'))?;
        let value: Value = serde_json::from_str(unknown.get(member)?.get()).ok()?;
        let categories = categories(row, member, &value, unknown)?;
        let stands = value.as_i64().is_some_and(|number| number < row.declines_from);
        let effect = match (row.explains, stands) {
            (true, _) => Effect::Explains,
            (false, true) => Effect::Stands,
            (false, false) => Effect::Declines,
        };
        Some(Finding { moderation: Moderation { at: row.at, categories, message: None }, effect })
    })
}

/// The categories of a finding; `None` when the value says that there is none.
fn categories(
    row: &ModerationRow,
    member: &str,
    value: &Value,
    unknown: &Unknown<'_>,
) -> Option<Vec<String>> {
    let own = match value {
        Value::Bool(true) => Vec::new(),
        Value::Number(number) if number.as_i64() != Some(0) => vec![format!("{member}:{number}")],
        Value::String(text) if !text.is_empty() => vec![bounded(text, LONGEST).to_owned()],
        // Zhipu's `[{"role", "level"}]`.
        Value::Array(items) if !items.is_empty() => {
            items.iter().take(MOST).filter_map(level).collect()
        }
        _ => return None,
    };
    let named = row.category.as_deref().and_then(|name| Some((name, unknown.get(name)?)));
    Some(match named {
        Some((name, value)) => vec![word(name, value)],
        None => own,
    })
}

fn level(item: &Value) -> Option<String> {
    let role = bounded(item.get("role")?.as_str()?, LONGEST / 2);
    Some(format!("{role}:{}", item.get("level")?.as_i64()?))
}

fn word(name: &str, value: &RawValue) -> String {
    match serde_json::from_str(value.get()) {
        Ok(Value::String(text)) => bounded(&text, LONGEST).to_owned(),
        _ => format!("{name}:{}", bounded(value.get(), LONGEST / 2)),
    }
}

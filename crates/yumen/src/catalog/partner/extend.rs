//! A card over a shipped one: what it says takes the place of what was there, the rest stays.

use toml::{Table, Value};

use super::{CardError, wrong};

/// The lists of a card whose entries are told apart by a key: an entry of the upper card changes the
/// one of its name, or comes to those that are there.
const LISTS: [(&str, &str); 5] = [
    ("endpoint", "id"),
    ("host", "host"),
    ("model", "id"),
    ("blocked", "region"),
    ("retired", "model"),
];

/// `over` laid over `base`. In a list, what `over` names comes first, in its order: the first
/// endpoint is the partner's home, and of models the first is preferred.
pub(super) fn extended(base: Table, over: Table) -> Result<Table, CardError> {
    let mut whole = base;
    for (key, value) in over {
        let list = LISTS.iter().find(|(list, _)| *list == key);
        match (key.as_str(), list, value) {
            ("extends", _, _) => {}
            ("id", _, value) if whole.get("id") != Some(&value) => {
                return wrong("id", "a card that extends another has its id, and can leave it out");
            }
            ("sources", _, Value::Table(sources)) => {
                let known = whole.entry("sources").or_insert_with(|| Value::Table(Table::new()));
                if let Value::Table(known) = known {
                    known.extend(sources);
                }
            }
            (_, Some((_, name)), Value::Array(entries)) => {
                let below = match whole.remove(&key) {
                    Some(Value::Array(below)) => below,
                    _ => Vec::new(),
                };
                whole.insert(key, Value::Array(merged(below, entries, name)));
            }
            (_, _, value) => {
                whole.insert(key, value);
            }
        }
    }
    Ok(whole)
}

fn merged(mut below: Vec<Value>, above: Vec<Value>, name: &str) -> Vec<Value> {
    let mut entries = Vec::new();
    for entry in above {
        let same = |other: &Value| {
            named(other, name).is_some() && named(other, name) == named(&entry, name)
        };
        let under = below.iter().position(same).map(|at| below.remove(at));
        entries.push(match (under, entry) {
            (Some(Value::Table(mut under)), Value::Table(entry)) => {
                under.extend(entry);
                Value::Table(under)
            }
            (_, entry) => entry,
        });
    }
    entries.append(&mut below);
    entries
}

/// What an entry is told apart by; an endpoint without an id goes by its dialect's name.
fn named<'a>(entry: &'a Value, name: &str) -> Option<&'a str> {
    let word = |key: &str| entry.get(key).and_then(Value::as_str);
    word(name).or_else(|| word("dialect").or_else(|| word("protocol")).filter(|_| name == "id"))
}

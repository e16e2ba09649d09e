//! A dialect in its table form: `like` names another, and everything else says what differs.

use toml::{Table, Value};

use super::quirks::Quirks;
use super::{BUILT_IN, UnknownDialect};

/// Deepest chain of `like`.
const DEEPEST: usize = 4;

/// The quirks that a table says, with those of the dialect it is like.
pub(crate) fn quirks(table: &Table) -> Result<Quirks, String> {
    let whole = resolve(table.clone(), 0)?;
    let quirks: Quirks =
        whole.try_into().map_err(|error: toml::de::Error| error.message().to_owned())?;
    if let Some(at) = quirks.error.iter().position(|row| !row.is_conditional()) {
        return Err(format!("error[{at}] has no condition and would swallow every error"));
    }
    let finite = |range: &super::quirks::Range| range.min <= range.max;
    if let Some((name, _)) = quirks.request.range.iter().find(|(_, range)| !finite(range)) {
        return Err(format!("request.range.{name}: `min` must not be above `max`"));
    }
    Ok(quirks)
}

fn resolve(mut table: Table, depth: usize) -> Result<Table, String> {
    table.remove("name");
    let Some(like) = table.remove("like") else { return Ok(table) };
    let Value::String(like) = like else { return Err("`like` must be a name".to_owned()) };
    if depth == DEEPEST {
        return Err("`like` goes too deep".to_owned());
    }
    let (_, text) = BUILT_IN
        .iter()
        .find(|(name, _)| *name == like)
        .ok_or_else(|| UnknownDialect(like).to_string())?;
    let base: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
    let mut whole = resolve(base, depth + 1)?;
    put_over(&mut whole, table);
    Ok(whole)
}

/// Puts members over others: tables are merged, rows go before the rows that are there, `false`
/// takes away what is there and is no yes or no, anything else takes its place.
fn put_over(base: &mut Table, over: Table) {
    for (name, value) in over {
        match (base.get_mut(&name), value) {
            (Some(below), Value::Boolean(false)) if !below.is_bool() => {
                base.remove(&name);
            }
            (Some(Value::Table(below)), Value::Table(above)) => put_over(below, above),
            (Some(Value::Array(below)), Value::Array(mut above))
                if below.iter().chain(&above).all(Value::is_table) =>
            {
                above.append(below);
                *below = above;
            }
            (_, value) => {
                base.insert(name, value);
            }
        }
    }
}

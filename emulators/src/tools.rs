//! Reading the tools of a request, and which of them is to be called, in the shape OpenAI gave them.

use serde_json::Value;

use crate::ask::{Choice, Tool};
use crate::fields::{Fields, Problem};

/// The `tools` of `fields`, each under `function`.
pub(crate) fn read(fields: &Fields<'_>) -> Result<Vec<Tool>, Problem> {
    Ok(among(fields, &[])?.0)
}

/// The functions among the `tools` of `fields`, and the types of the tools beside them, which may
/// be `others`.
pub(crate) fn among(
    fields: &Fields<'_>,
    others: &[&str],
) -> Result<(Vec<Tool>, Vec<String>), Problem> {
    let (mut functions, mut beside) = (Vec::new(), Vec::new());
    let Some(items) = fields.array("tools")? else { return Ok((functions, beside)) };
    let path = fields.at("tools");
    if items.is_empty() {
        return Err(Problem::empty_array(path));
    }
    let kinds: Vec<&str> = ["function"].into_iter().chain(others.iter().copied()).collect();
    for (index, item) in items.iter().enumerate() {
        let tool = Fields::of(item, format!("{path}[{index}]"))?;
        tool.required("type")?;
        let kind = tool.one_of("type", &kinds)?.unwrap_or_default();
        if kind != "function" {
            tool.object(kind)?;
            beside.push(kind.to_owned());
            continue;
        }
        let Some(function) = tool.object("function")? else {
            return Err(Problem::missing(tool.at("function")));
        };
        function.only(&["name", "description", "parameters", "strict"])?;
        functions.push(self::function(&function)?);
    }
    Ok((functions, beside))
}

/// The name and the parameters of a function.
pub(crate) fn function(function: &Fields<'_>) -> Result<Tool, Problem> {
    let name = function.required_string("name")?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        let path = function.at("name");
        let message = format!(
            "Invalid '{path}': string does not match pattern. Expected a string that matches the \
             pattern '^[a-zA-Z0-9_-]+$'."
        );
        return Err(Problem::new(path, Some("invalid_value"), message));
    }
    function.string("description")?;
    function.object("parameters")?;
    function.boolean("strict")?;
    Ok(Tool {
        name: name.to_owned(),
        parameters: function.get("parameters").cloned().unwrap_or(Value::Null),
    })
}

/// The `tool_choice` of `fields`: one of `words`, or a function named under `nest` (or flat).
pub(crate) fn choice(
    fields: &Fields<'_>,
    tools: &[Tool],
    words: &[&str],
    nest: Option<&str>,
) -> Result<Choice, Problem> {
    let Some(value) = fields.get("tool_choice") else { return Ok(Choice::Auto) };
    let path = fields.at("tool_choice");
    if tools.is_empty() {
        let message = format!(
            "Invalid value for '{path}': '{path}' is only allowed when 'tools' are specified."
        );
        return Err(Problem::new(path, None, message));
    }
    if value.is_string() {
        return Ok(match fields.one_of("tool_choice", words)? {
            Some("none") => Choice::None,
            Some("required") => Choice::Required,
            _ => Choice::Auto,
        });
    }
    let object = Fields::of(value, path)?;
    object.required("type")?;
    object.one_of("type", &["function"])?;
    let holder = match nest {
        Some(name) => object.object(name)?.ok_or_else(|| Problem::missing(object.at(name)))?,
        None => object,
    };
    let name = holder.required_string("name")?;
    if tools.iter().any(|t| t.name == name) {
        return Ok(Choice::Named(name.to_owned()));
    }
    let message = format!("Tool choice '{name}' not found in 'tools' parameter.");
    Err(Problem::new(fields.at("tool_choice"), Some("invalid_value"), message))
}

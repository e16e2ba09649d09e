//! What a dialect of Anthropic's or of the responses family cannot say of a conversation's
//! parameters: told before a request is written, because a parameter that is left out silently
//! changes the answer.

use crate::chat::{Params, ResponseFormat};
use crate::dialect::Dialect;
use crate::error::WireError;
use crate::extra::Extra;
use crate::wire_chat::check_numbers;

/// Checks the parameters against what the dialect refuses, its ranges and its formats.
pub(crate) fn check(dialect: &Dialect, params: &Params) -> Result<(), WireError> {
    check_numbers(params)?;
    let request = &dialect.quirks().request;
    let some = |penalty: Option<f64>| penalty.is_some_and(|penalty| penalty != 0.0);
    let said = [
        ("temperature", params.temperature.is_some()),
        ("top_p", params.top_p.is_some()),
        ("top_k", params.top_k.is_some()),
        ("stop", !params.stop.is_empty()),
        ("seed", params.seed.is_some()),
        ("presence_penalty", some(params.presence_penalty)),
        ("frequency_penalty", some(params.frequency_penalty)),
        ("n", params.choices.is_some_and(|choices| choices > 1)),
        ("parallel_tool_calls", params.parallel_tool_calls.is_some()),
        ("tool_choice", params.tool_choice.is_some()),
    ];
    let refused = |name: &str| request.refuses.iter().any(|refused| refused == name);
    if let Some((name, _)) = said.into_iter().find(|(name, said)| *said && refused(name)) {
        return Err(dialect.cannot(name));
    }
    for (name, number) in [("temperature", params.temperature), ("top_p", params.top_p)] {
        if let (Some(number), Some(range)) = (number, request.range.get(name))
            && !(range.min..=range.max).contains(&number)
        {
            let detail = format!("{dialect} takes {} to {}", range.min, range.max);
            return Err(WireError::invalid(name, detail));
        }
    }
    if request.stop.most.is_some_and(|most| params.stop.len() > most) {
        let detail = format!("{dialect} takes at most {} texts", request.stop.most.unwrap_or(0));
        return Err(WireError::invalid("stop", detail));
    }
    let format = match &params.response_format {
        None | Some(ResponseFormat::Text) => return Ok(()),
        Some(ResponseFormat::JsonObject) => "json_object",
        Some(ResponseFormat::JsonSchema { .. }) => "json_schema",
    };
    if request.formats.iter().any(|known| known == format) {
        Ok(())
    } else {
        Err(dialect.cannot("response_format"))
    }
}

/// Refuses an extra member that the dialect writes itself.
pub(crate) fn check_extra(extra: &Extra, own: &[&str]) -> Result<(), WireError> {
    match extra.iter().find(|(name, _)| own.contains(name)) {
        Some((name, _)) => Err(WireError::invalid(name, "has a field of its own")),
        None => Ok(()),
    }
}

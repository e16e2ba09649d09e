//! Model names: partners sell a name and dated snapshots of it.

/// Whether `name` is one of `models` or a snapshot of one (`gpt-5.4-2026-03-05`).
pub(crate) fn is_of(models: &[&str], name: &str) -> bool {
    models
        .iter()
        .any(|model| name.strip_prefix(model).is_some_and(|rest| rest.is_empty() || is_date(rest)))
}

/// Whether `rest` is `-YYYY-MM-DD`.
fn is_date(rest: &str) -> bool {
    rest.len() == 11
        && rest
            .char_indices()
            .all(|(at, c)| if matches!(at, 0 | 5 | 8) { c == '-' } else { c.is_ascii_digit() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn snapshots_exist_and_near_names_do_not() {
        let models = ["gpt-5.4", "gpt-5.4-mini"];
        assert!(is_of(&models, "gpt-5.4-mini"));
        assert!(is_of(&models, "gpt-5.4-mini-2026-03-17"));
        assert!(!is_of(&models, "gpt-5.4-maxi"));
        assert!(!is_of(&models, "gpt-5.4-2026-3-17"));
        assert!(!is_of(&models, ""));
    }
}

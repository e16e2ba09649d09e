//! Phrases with alternatives, `(ignore|disregard) (all |)previous instructions`, written out in full.
//!
//! The automaton knows plain strings only; a bounded expansion keeps packs short and matching exact.

/// The most variants one phrase may stand for.
pub(crate) const MAX_VARIANTS: usize = 4096;

/// Every plain string the phrase stands for, in the order written. Groups do not nest.
pub(crate) fn expand(phrase: &str) -> Result<Vec<String>, String> {
    let mut variants = vec![String::new()];
    let mut rest = phrase;
    while !rest.is_empty() {
        let plain = rest.find(['(', ')', '|']).unwrap_or(rest.len());
        for variant in &mut variants {
            variant.push_str(&rest[..plain]);
        }
        rest = &rest[plain..];
        let Some(group) = rest.strip_prefix('(') else {
            if rest.is_empty() {
                break;
            }
            return Err("`)` or `|` stands outside a group".to_owned());
        };
        let end = group.find(')').ok_or("a `(` is not closed")?;
        let alternatives: Vec<&str> = group[..end].split('|').collect();
        if group[..end].contains('(') {
            return Err("groups cannot nest".to_owned());
        }
        if variants.len() * alternatives.len() > MAX_VARIANTS {
            return Err(format!("more than {MAX_VARIANTS} variants: split it"));
        }
        variants = variants
            .iter()
            .flat_map(|variant| {
                alternatives.iter().map(move |alternative| format!("{variant}{alternative}"))
            })
            .collect();
        rest = &group[end + 1..];
    }
    Ok(variants)
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn writes_out_every_alternative() {
        assert_eq!(
            expand("(drop|lose) (all |)of it").unwrap(),
            ["drop all of it", "drop of it", "lose all of it", "lose of it"]
        );
        assert_eq!(expand("plain").unwrap(), ["plain"]);
    }

    #[test]
    fn names_what_is_wrong() {
        assert!(expand("a|b").is_err());
        assert!(expand("(a|b").is_err());
        assert!(expand("(a(b)|c)").is_err());
        assert!(expand(&"(a|b|c|d|e|f|g|h)".repeat(5)).is_err());
    }
}

//! Chinese personal data in texts as people and companies write them: `pii_zh.txt` says what is personal in each.

use yumen_screen::{Entity, EntitySet, Gazetteer, personal_data};

/// What is nobody's by itself; the pack `quasi` looks for it.
const QUASI: [Entity; 8] = [
    Entity::DateTime,
    Entity::Age,
    Entity::Title,
    Entity::Nationality,
    Entity::Place,
    Entity::Organisation,
    Entity::PostalCode,
    Entity::Domain,
];

/// A text without its marks, and for each character whether it stands between two of them.
fn marked(line: &str) -> (String, Vec<bool>) {
    let (mut text, mut personal) = (String::new(), Vec::new());
    let mut within = false;
    for c in line.chars() {
        match c {
            '⟦' => within = true,
            '⟧' => within = false,
            _ => {
                text.push(c);
                personal.push(within);
            }
        }
    }
    (text, personal)
}

#[test]
fn what_is_personal_is_found_to_the_last_character_and_nothing_else_is() {
    let entities: EntitySet =
        Entity::ALL.into_iter().filter(|entity| !QUASI.contains(entity)).collect();
    let lines = include_str!("pii_zh.txt").lines().filter(|line| !line.starts_with('#'));
    let mut wrong = Vec::new();
    for line in lines {
        let (text, personal) = marked(line);
        let found = personal_data(&text, entities, &Gazetteer::default());
        let is_found = |i: usize| found.iter().any(|data| data.chars.contains(&i));
        let part = |keep: &dyn Fn(usize) -> bool| -> String {
            text.chars().enumerate().filter(|(i, _)| keep(*i)).map(|(_, c)| c).collect()
        };
        let leaks = part(&|i| personal[i] && !is_found(i));
        // A word before a number may be taken with it, but what is found belongs to something personal.
        let extra: Vec<String> = found
            .iter()
            .filter(|data| !personal[data.chars.clone()].contains(&true))
            .map(|data| part(&|i| data.chars.contains(&i)))
            .collect();
        if !leaks.is_empty() || !extra.is_empty() {
            wrong.push(format!("{text}: leaks {leaks:?}, finds {extra:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

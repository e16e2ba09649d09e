//! Markup of conversations that material has no business to hold: the tokens of chat templates, turns of other roles, calls of
//! tools, ends of the material that are none.
//!
//! What such a mark opens is taken out with it: up to what closes it, or to the end of the paragraph. It is looked for in the
//! text as it is folded, so that full width or look-alikes do not hide it.

use std::ops::Range;

use super::Suspect;

/// Marks that open, and what closes them; a mark without a close ends with its paragraph.
const PAIRS: &[(&str, &str)] = &[
    ("<|im_start|>", "<|im_end|>"),
    ("<|start_header_id|>", "<|eot_id|>"),
    ("<|begin_of_text|>", "<|eot_id|>"),
    ("<|system|>", "<|end|>"),
    ("<|user|>", "<|end|>"),
    ("<|assistant|>", "<|end|>"),
    ("[inst]", "[/inst]"),
    ("<<sys>>", "<</sys>>"),
    ("<<data ", ">>"),
    ("<<end ", ">>"),
    ("<start_of_turn>", "<end_of_turn>"),
    ("<tool_call>", "</tool_call>"),
    ("<tool_response>", "</tool_response>"),
    ("<function_calls>", "</function_calls>"),
    ("<function_call>", "</function_call>"),
    ("<invoke ", "</invoke>"),
    ("<system>", "</system>"),
    ("<system_prompt>", "</system_prompt>"),
    ("<instruction>", "</instruction>"),
    ("<instructions>", "</instructions>"),
    ("<assistant>", "</assistant>"),
    ("<human>", "</human>"),
    ("<系统指令>", "</系统指令>"),
    ("<系统提示>", "</系统提示>"),
    ("<系统>", "</系统>"),
    ("<指令>", "</指令>"),
    ("begin admin override", "end admin override"),
    ("begin system prompt", "end system prompt"),
    ("begin instructions", "end instructions"),
];

/// Who speaks in a conversation with a model, as a line may begin.
const ROLES: &[&str] = &[
    "system",
    "assistant",
    "human",
    "user",
    "ai",
    "developer",
    "系统",
    "助手",
    "用户",
    "人类",
    "指令",
    "回答",
    "instruction",
    "instructions",
    "response",
    "系统提示",
    "系统消息",
    "系统指令",
    "system message",
    "system prompt",
    "system instruction",
    "system note",
    "admin",
    "管理员指令",
    "开发者",
];

/// Words with which a line says that the material is over.
const ENDS: &[&str] = &[
    "end of",
    "end email",
    "end mail",
    "end document",
    "邮件结束",
    "文档结束",
    "正文结束",
    "内容结束",
    "结束以上",
    "材料结束",
    "文档到此结束",
    "邮件到此结束",
];

/// Folded text and the bytes of the original that each of its bytes came from.
struct Folded {
    text: String,
    from: Vec<(usize, usize)>,
}

impl Folded {
    fn of(text: &str) -> Self {
        let mut out =
            Self { text: String::with_capacity(text.len()), from: Vec::with_capacity(text.len()) };
        for (at, c) in text.char_indices() {
            let end = at + c.len_utf8();
            let mut put = |c: char| {
                out.text.push(c);
                out.from.resize(out.text.len(), (at, end));
            };
            if matches!(c, '〈' | '‹' | '《' | '«' | '⟨' | '˂') {
                put('<');
            } else if matches!(c, '〉' | '›' | '》' | '»' | '⟩' | '˃') {
                put('>');
            } else {
                crate::normal::fold(c, put);
            }
        }
        out
    }

    fn original(&self, range: Range<usize>) -> Range<usize> {
        self.from[range.start].0..self.from[range.end - 1].1
    }
}

/// The forged parts of a text.
pub(super) fn find(text: &str, out: &mut Vec<Suspect>) {
    // Nothing of this is written without one of these, in any writing.
    if text.is_ascii() && !text.contains(['<', '[', '#', '{', ':', '-', '=']) && !has_block(text) {
        return;
    }
    let folded = Folded::of(text);
    let line = &*folded.text;
    let (angle, bracket) = (line.contains('<'), line.contains('['));
    for (open, close) in PAIRS {
        if open.starts_with('<') && !angle || open.starts_with('[') && !bracket {
            continue;
        }
        let mut from = 0;
        let mut more = true;
        while let Some(at) = line[from..].find(open).map(|at| from + at) {
            let body = at + open.len();
            let closed = if more { line[body..].find(close) } else { None };
            // Where none follows, none follows what comes later.
            more = closed.is_some();
            let end = closed.map_or_else(
                || line[body..].find("\n\n").map_or(line.len(), |end| body + end),
                |end| body + end + close.len(),
            );
            // A pair of ours ends where it stands; what it is about follows and is looked at by itself.
            push(&folded, at..end, 0.9, out);
            from = end;
        }
    }
    // The end of a container that was never opened: whoever wrote it stands inside of one.
    let ends = [
        "document",
        "email",
        "mail",
        "text",
        "context",
        "data",
        "content",
        "user_input",
        "文档",
        "邮件",
    ];
    for end in ends.into_iter().filter(|_| line.contains("</")) {
        let (open, close) = (format!("<{end}"), format!("</{end}>"));
        if let Some(at) = line.find(&close)
            && !line[..at].contains(&open)
        {
            push(&folded, at..at + close.len(), 0.8, out);
        }
    }
    if line.contains("<|") {
        tokens(&folded, out);
    }
    roles(&folded, out);
    turns_in_json(&folded, out);
    links(&folded, out);
}

fn has_block(text: &str) -> bool {
    text.contains("BEGIN ") || text.contains("Begin ") || text.contains("begin ")
}

fn push(folded: &Folded, range: Range<usize>, score: f32, out: &mut Vec<Suspect>) {
    if range.start < range.end {
        out.push(Suspect::forged(folded.original(range), score));
    }
}

/// The beginning of a text, of at most so many bytes. Whatever is looked for at many places is looked for so far, or a text made
/// of nothing else would take forever.
fn reach(text: &str, most: usize) -> &str {
    &text[..text.floor_char_boundary(most)]
}

/// Any token of a template: `<|…|>`.
fn tokens(folded: &Folded, out: &mut Vec<Suspect>) {
    for (at, _) in folded.text.match_indices("<|") {
        let rest = reach(&folded.text[at + 2..], 160);
        if let Some(length) = rest.find("|>")
            && (1..=32).contains(&length)
            && rest[..length].chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | ' '))
        {
            push(folded, at..at + length + 4, 0.9, out);
        }
    }
}

/// Lines that begin as a turn of somebody in a conversation with a model.
fn roles(folded: &Folded, out: &mut Vec<Suspect>) {
    let text = &*folded.text;
    let mut start = 0;
    let mut seen: Vec<(Range<usize>, bool)> = Vec::new();
    let mut after_end = false;
    for piece in text.split_inclusive('\n') {
        let line = start..start + piece.trim_end().len();
        start += piece.len();
        let body = text[line.clone()].trim_start();
        if body.is_empty() {
            continue;
        }
        let hash = body.starts_with("##");
        let bracket = body.starts_with(['[', '【']);
        let bare = body.trim_start_matches(['#', '[', '【', '<', '*', ' ', '-', '—', '=']);
        let dashes = body.len() - bare.len() >= 2 && body.starts_with(['-', '—', '=', '*']);
        if dashes && ENDS.iter().any(|end| bare.starts_with(end)) {
            push(folded, line, 0.7, out);
            after_end = true;
            continue;
        }
        let role =
            ROLES.iter().filter(|role| bare.starts_with(**role)).max_by_key(|role| role.len());
        let Some(role) = role else {
            // The turn after an end goes on.
            continue;
        };
        let after = bare[role.len()..].trim_start_matches(['*', ' ']);
        let turns =
            after.starts_with([':', '\u{ff1a}']) || bracket && after.starts_with([']', '】']);
        if !turns || bracket && !role.contains("sys") && !role.contains("系统") {
            continue;
        }
        let alone = after.len() < 4;
        if hash || bracket || after_end || body.starts_with("</") {
            push(folded, line.clone(), 0.8, out);
        }
        seen.push((line, alone));
    }
    // One turn may be a field or a play; turns of a person and of a model in one text are a forged conversation.
    let is = |line: &Range<usize>, names: &[&str]| {
        let body = text[line.clone()].trim_start_matches(['#', ' ', '*', '[']);
        names.iter().any(|name| body.starts_with(name))
    };
    let model = seen.iter().any(|(line, _)| is(line, &["assistant", "ai:", "助手"]));
    let person = seen.iter().any(|(line, _)| is(line, &["human", "user", "用户", "人类"]));
    if model && person {
        for (line, _) in &seen {
            push(folded, line.clone(), 0.8, out);
        }
    }
    // "Assistant: Sure! Here is the summary": a turn that has the manner of a model's.
    for (line, _) in &seen {
        let body = &text[line.clone()];
        let says = body.split_once([':', '\u{ff1a}']).map_or("", |(_, says)| says.trim_start());
        let manners =
            ["sure", "certainly", "of course", "好的", "当然", "没问题", "here is", "以下是"];
        let speaks = [
            "you are",
            "you now",
            "answer",
            "reply",
            "respond",
            "policy",
            "政策",
            "the document",
            "你",
            "回答",
            "请",
            "从现在",
            "指令",
        ];
        if is(line, &["assistant", "ai:", "助手"])
            && manners.iter().any(|word| says.starts_with(word))
            || is(line, &["system", "系统", "developer", "admin", "开发者"])
                && says.chars().count() >= 5
                && speaks.iter().any(|word| says.contains(word))
        {
            push(folded, line.clone(), 0.7, out);
        }
    }
}

/// How an object begins that is a message or a call.
const KEYS: &[&str] = &[
    "\"role\":",
    "\"tool\":",
    "\"function\":",
    "\"tool_call\":",
    "\"name\":",
    "\"工具\":",
    "\"tool_name\":",
    "\"action\":",
];

/// So far a message or a call is looked for its end, in bytes.
const MOST_OF_A_TURN: usize = 8 * 1024;

/// Objects that are a message or a call: `{"role": "system", "content": …}`.
fn turns_in_json(folded: &Folded, out: &mut Vec<Suspect>) {
    let text = &*folded.text;
    let mut from = 0;
    while let Some(at) = text[from..].find('{').map(|at| from + at) {
        from = at + 1;
        let rest = reach(&text[at..], MOST_OF_A_TURN);
        let squeezed = |most: usize| -> String {
            let line = rest.split('\n').next().unwrap_or(rest);
            reach(line, 2_000).chars().filter(|c| !c.is_whitespace()).take(most).collect()
        };
        // Most braces are something else, as their first letters say.
        if !rest[1..].trim_start().starts_with(['"', '\\']) {
            continue;
        }
        let first = squeezed(40);
        let keys = first.trim_start_matches('{').trim_start_matches("\\\"");
        if !KEYS.iter().any(|key| keys.starts_with(key)) {
            continue;
        }
        let squeezed = squeezed(400);
        let keys = squeezed.trim_start_matches('{').trim_start_matches("\\\"");
        let message = [
            "\"role\":\"system\"",
            "\"role\":\"assistant\"",
            "\"role\":\"developer\"",
            "\"role\":\"user\"",
        ]
        .iter()
        .any(|role| keys.starts_with(role))
            && squeezed.contains("\"content\"");
        let call = [
            "\"tool\":",
            "\"function\":",
            "\"tool_call\":",
            "\"name\":",
            "\"工具\":",
            "\"tool_name\":",
            "\"action\":",
        ]
        .iter()
        .any(|name| keys.starts_with(name))
            && [
                "\"arguments\":",
                "\"parameters\":{",
                "\"参数\":",
                "\"tool_input\":",
                "\"action_input\":",
            ]
            .iter()
            .any(|name| squeezed.contains(name))
            && !squeezed.contains("\"type\":\"object\"");
        if message || call {
            // To the brace that closes it.
            let mut depth = 0_u32;
            let close = rest.char_indices().find(|(_, c)| {
                match c {
                    '{' => depth += 1,
                    '}' => depth -= 1,
                    _ => {}
                }
                depth == 0
            });
            let line = || rest.find('\n').unwrap_or(rest.len());
            let end = close.map_or_else(line, |(close, _)| close + 1);
            push(folded, at..at + end, 0.75, out);
            from = at + end;
        }
    }
}

/// Links and pictures whose address waits to be filled in: `![logo](https://…?data=[NAME])`.
fn links(folded: &Folded, out: &mut Vec<Suspect>) {
    let text = &*folded.text;
    for (at, _) in text.match_indices("](http") {
        let rest = reach(&text[at + 2..], 2_048);
        let end = rest.find([')', '\n', ' ']).unwrap_or(rest.len());
        let Some(query) = rest[..end].find(['?', '#']) else { continue };
        let query = &rest[query..end];
        let waits = query.contains(['{', '[', '<'])
            || [
                "用户",
                "对话",
                "密码",
                "user_name",
                "username_here",
                "conversation",
                "chat_history",
            ]
            .iter()
            .any(|word| query.contains(word));
        if waits {
            let back = text.ceil_char_boundary(at.saturating_sub(512));
            let open = text[back..at].rfind('[').map_or(at, |open| back + open);
            let open = if text[..open].ends_with('!') { open - 1 } else { open };
            let close = (at + 2 + end + 1).min(text.len());
            push(
                folded,
                open..if text.is_char_boundary(close) { close } else { at + 2 + end },
                0.8,
                out,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A mark of the material itself, each character in a writing of it.
    fn disguised(choices: &[u8]) -> String {
        let mut out = String::new();
        for (c, choice) in "<<end abczavhijklm>>".chars().zip(choices.iter().cycle()) {
            let wide = char::from_u32(u32::from(c) + 0xfee0).filter(|_| c != ' ');
            match (choice % 5, c, wide) {
                (1, _, Some(wide)) => out.push(wide),
                (2, '<', _) => out.push('〈'),
                (2, '>', _) => out.push('〉'),
                (2, 'e', _) => out.push('е'),
                (2, 'a', _) => out.push('а'),
                (3, ..) => out.extend([c, '\u{200b}']),
                (4, _, _) => out.push(c.to_ascii_uppercase()),
                _ => out.push(c),
            }
        }
        out
    }

    proptest! {
        #[test]
        fn the_marks_of_material_are_taken_out_of_it_in_every_writing(
            choices in prop::collection::vec(any::<u8>(), 20),
            before in "[a-z .]{0,30}",
            after in "[a-z .\n]{0,30}",
        ) {
            let mark = disguised(&choices);
            let text = format!("{before}{mark}{after}");
            let mut found = Vec::new();
            find(&text, &mut found);
            prop_assert!(
                found.iter().any(|suspect| suspect.bytes.start <= before.len()
                    && before.len() + mark.trim_end_matches('\u{200b}').len() <= suspect.bytes.end),
                "{text:?}: {found:?}"
            );
        }

        #[test]
        fn any_text_is_read_and_every_place_is_one_of_it(text in "(\\PC|[<>{}\\[\\]|:\n#\"]){0,80}") {
            for suspect in super::super::find(&text) {
                prop_assert!(text.get(suspect.bytes.clone()).is_some(), "{suspect:?}");
            }
        }
    }
}

//! What an emulated model says: always the same to the same request, always marked, and never a
//! claim to know anything.

use serde_json::{Value, json};

use crate::ask::{Ask, Choice, Shape, Tool};
use crate::delivery::SLOW_PARTS;
use crate::fault::FaultKind;
use crate::persona::Persona;
use crate::rewrite::{self, Style};
use crate::script::{Answer, ScriptedCall};
use crate::{sample, tokens};

/// The word in a user message that asks for a long answer.
const LONG: &str = "[[long]]";
/// Parts of an answer to `[[long]]`.
const LONG_PARTS: usize = 60;

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Stop,
    Length,
    ToolCalls,
    /// The partner's moderation stopped it.
    Filtered,
}

/// One call of a tool. The id is made by the protocol, whose business its form is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Call {
    pub(crate) name: String,
    /// JSON.
    pub(crate) arguments: String,
}

/// An answer, before it is put into a protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Empty unless thinking was asked for.
    pub(crate) reasoning: String,
    pub(crate) text: String,
    /// The text is a refusal by the model itself.
    pub(crate) refusal: bool,
    pub(crate) calls: Vec<Call>,
    pub(crate) end: End,
    /// The texts of the choices beyond the first.
    pub(crate) others: Vec<String>,
    /// How many parts the text streams in, where that is asked for.
    parts: Option<usize>,
}

impl Reply {
    /// The answer to `ask`.
    pub(crate) fn to(ask: &Ask, persona: Persona, fault: Option<FaultKind>) -> Self {
        let chinese = is_chinese(&ask.conversation.user);
        let calls =
            if fault.is_some_and(FaultKind::speaks) { Vec::new() } else { calls(ask, chinese) };
        let mut reply = Self {
            reasoning: if ask.thinking { reasoning(persona, chinese) } else { String::new() },
            text: String::new(),
            refusal: fault == Some(FaultKind::Refusal),
            end: if calls.is_empty() { End::Stop } else { End::ToolCalls },
            calls,
            others: Vec::new(),
            parts: None,
        };
        if reply.calls.is_empty() {
            let body = body(ask, fault, chinese);
            let length = body.chars().count();
            reply.text = told(&body, ask, persona);
            let parts = match fault {
                Some(FaultKind::Slow) => Some(SLOW_PARTS),
                _ => ask.conversation.user.contains(LONG).then_some(LONG_PARTS),
            };
            // What continues a beginning has only as many parts as are left.
            reply.parts = parts.map(|parts| {
                let left = reply.text.chars().count().min(length);
                (parts * left).div_ceil(length.max(1)).max(1)
            });
            reply.limit(ask, persona);
            if fault == Some(FaultKind::ModerationOutput) {
                let middle = reply.text.chars().count() / 2;
                reply.text = reply.text.chars().take(middle).collect();
                reply.end = End::Filtered;
            }
        }
        if reply.calls.is_empty() {
            let others = 2..=ask.choices.max(1);
            reply.others = others.map(|n| format!("{} ({n})", reply.text)).collect();
        }
        reply
    }

    /// The answer that was given in advance.
    pub(crate) fn scripted(answer: &Answer, ask: &Ask, persona: Persona) -> Self {
        let own = || reasoning(persona, is_chinese(&ask.conversation.user));
        let thought = ask.thinking.then(|| answer.reasoning.clone().unwrap_or_else(own));
        let call = |call: &ScriptedCall| Call {
            name: call.name.clone(),
            arguments: call.arguments.to_string(),
        };
        let mut reply = Self {
            reasoning: thought.unwrap_or_default(),
            text: String::new(),
            refusal: false,
            calls: answer.calls.iter().map(call).collect(),
            end: if answer.calls.is_empty() { End::Stop } else { End::ToolCalls },
            others: Vec::new(),
            parts: None,
        };
        if reply.calls.is_empty() {
            reply.text = told(&answer.text, ask, persona);
            reply.limit(&Ask { stop: Vec::new(), ..ask.clone() }, persona);
            let mut given = answer.others.iter();
            let others = 2..=ask.choices.max(1);
            let other = |n| match given.next() {
                Some(text) => told(text, ask, persona),
                None => format!("{} ({n})", reply.text),
            };
            reply.others = others.map(other).collect();
        }
        reply
    }

    /// Puts the reasoning into the text, as partners do that have no field for it.
    pub(crate) fn think_aloud(&mut self) {
        if !self.reasoning.is_empty() {
            let thought = std::mem::take(&mut self.reasoning);
            self.text = format!("<think>\n{thought}\n</think>\n\n{}", self.text);
        }
    }

    /// Applies stop words and the token limit, neither of which may hide the mark.
    fn limit(&mut self, ask: &Ask, persona: Persona) {
        let mark = if self.text.starts_with(persona.mark()) { persona.mark().len() } else { 0 };
        let stops = ask.stop.iter().filter(|word| !word.is_empty());
        if let Some(at) = stops.filter_map(|word| self.text[mark..].find(word.as_str())).min() {
            self.text.truncate(mark + at);
        }
        if let Some(limit) = ask.max_tokens {
            let kept = tokens::truncate(&self.text, limit).len().max(mark);
            if kept < self.text.len() {
                self.text.truncate(kept);
                self.end = End::Length;
            }
        }
    }

    /// The stop word before which the text ended, if one ended it.
    pub(crate) fn stop_word<'a>(&self, ask: &'a Ask, persona: Persona) -> Option<&'a str> {
        if ask.stop.is_empty() || self.end != End::Stop {
            return None;
        }
        let unstopped = Ask { stop: Vec::new(), ..ask.clone() };
        let whole = Self::to(&unstopped, persona, None).text;
        let rest = whole.strip_prefix(self.text.as_str())?;
        ask.stop.iter().map(String::as_str).find(|word| rest.starts_with(word))
    }

    /// The text in the pieces in which it streams.
    pub(crate) fn pieces(&self) -> Vec<String> {
        match self.parts {
            Some(parts) => evenly(&self.text, parts),
            None => pieces(&self.text),
        }
    }

    /// The text of the choice `choice` in the pieces in which it streams.
    pub(crate) fn pieces_of(&self, choice: usize) -> Vec<String> {
        choice.checked_sub(1).map_or_else(|| self.pieces(), |at| pieces(&self.others[at]))
    }

    /// The reasoning in the pieces in which it streams.
    pub(crate) fn reasoning_pieces(&self) -> Vec<String> {
        pieces(&self.reasoning)
    }

    /// What the answer costs, the reasoning included.
    pub(crate) fn output_tokens(&self) -> u64 {
        let calls: u64 = self
            .calls
            .iter()
            .map(|call| tokens::count(&call.name) + tokens::count(&call.arguments))
            .sum();
        let others: u64 = self.others.iter().map(|text| tokens::count(text)).sum();
        tokens::count(&self.text) + others + self.reasoning_tokens() + calls
    }

    pub(crate) fn reasoning_tokens(&self) -> u64 {
        tokens::count(&self.reasoning)
    }
}

/// Small uneven pieces of two to eight characters, as models stream them.
pub(crate) fn pieces(text: &str) -> Vec<String> {
    const SIZES: [usize; 7] = [3, 5, 2, 8, 4, 7, 6];
    let mut chars = text.chars();
    let mut sizes = SIZES.iter().cycle();
    std::iter::from_fn(|| {
        let piece: String = chars.by_ref().take(*sizes.next()?).collect();
        (!piece.is_empty()).then_some(piece)
    })
    .collect()
}

/// `count` pieces, as even as they can be; fewer where there are not as many characters.
fn evenly(text: &str, count: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    (0..count)
        .map(|i| chars[i * chars.len() / count..(i + 1) * chars.len() / count].iter().collect())
        .filter(|piece: &String| !piece.is_empty())
        .collect()
}

/// Whether `text` is written in Chinese characters, at least for a third of its letters.
pub(crate) fn is_chinese(text: &str) -> bool {
    let letters = text.chars().filter(|c| c.is_alphabetic()).count();
    let chinese = text.chars().filter(|c| is_han(*c)).count();
    chinese > 0 && chinese * 3 >= letters
}

fn is_han(c: char) -> bool {
    ('\u{3400}'..='\u{9fff}').contains(&c)
}

fn reasoning(persona: Persona, chinese: bool) -> String {
    let mark = persona.mark();
    if chinese {
        format!("{mark}这里会是模型的思考过程，但此处没有模型。")
    } else {
        format!("{mark}A model would think here, but there is no model.")
    }
}

/// The text around `body`, in its shape: opened by the persona's mark; or, where the conversation
/// ends with a turn to be continued, only what that turn lacks.
///
/// A turn counts as begun by any of the emulated partners: their marks differ, the text after the
/// mark does not. A turn that is the beginning of no such answer is followed by a whole one.
fn told(body: &str, ask: &Ask, persona: Persona) -> String {
    let text = |mark: &str| shaped(format!("{mark}{body}"), &ask.shape);
    let own = text(persona.mark());
    let Some(prefix) = &ask.conversation.prefix else { return own };
    if let Some(rest) = own.strip_prefix(prefix.as_str()) {
        return rest.to_owned();
    }
    let others = Persona::ALL.into_iter().map(Persona::mark).chain([""]);
    others
        .map(text)
        .find_map(|whole| whole.strip_prefix(prefix.as_str()).map(str::to_owned))
        .unwrap_or(own)
}

/// The text after the mark: the same for every partner.
fn body(ask: &Ask, fault: Option<FaultKind>, chinese: bool) -> String {
    let talk = &ask.conversation;
    if fault == Some(FaultKind::Slow) {
        let parts: Vec<String> = (1..=SLOW_PARTS).map(|n| n.to_string()).collect();
        return format!("A slow answer counts: {}.", parts.join(" "));
    }
    if fault == Some(FaultKind::Refusal) {
        return "I am sorry, but I cannot help with that.".to_owned();
    }
    if talk.user.contains(LONG) {
        let parts: Vec<String> = (1..=LONG_PARTS).map(|n| format!("part {n}")).collect();
        return format!("A long answer counts: {}. The end.", parts.join(", "));
    }
    if !talk.results.is_empty() {
        let said = talk.results.iter().map(|(name, text)| {
            let text = text.trim();
            if chinese {
                format!("工具 {name} 返回：{text}")
            } else {
                format!("The tool {name} says: {text}")
            }
        });
        return said.collect::<Vec<_>>().join(if chinese { "；" } else { "\n" });
    }
    if let Some(style) = Style::wanted(&talk.system) {
        return rewrite::rewrite(rewrite::material(&talk.user), style);
    }
    let asked = gist(&talk.user);
    let turn = match (talk.turns, chinese) {
        (0 | 1, _) => String::new(),
        (n, true) => format!("这是您在本次对话中的第{n}条消息。"),
        (n, false) => format!(" It was message {n} of our conversation."),
    };
    let media: Vec<String> = talk.media.iter().map(|medium| medium.words(chinese)).collect();
    let seen = match (media.is_empty(), chinese) {
        (true, _) => String::new(),
        (_, true) => format!("随附：{}。", media.join("、")),
        (_, false) => format!(" With it came {}.", media.join(", ")),
    };
    if chinese {
        format!(
            "您好！我是模型的模拟程序，不是真正的模型，无法给出真实的回答。您问的是：“{asked}”{seen}{turn}"
        )
    } else {
        format!(
            "Thank you for asking. I stand in for a model and am none, so I have no real answer to \
             give. You asked: \"{asked}\"{seen}{turn}"
        )
    }
}

/// The first few words of what was asked, on one line.
fn gist(text: &str) -> String {
    const WORDS: usize = 12;
    const CHARS: usize = 48;
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut short = words.iter().take(WORDS).copied().collect::<Vec<_>>().join(" ");
    let mut cut = words.len() > WORDS;
    if let Some((at, _)) = short.char_indices().nth(CHARS) {
        short.truncate(at);
        cut = true;
    }
    if cut {
        short.push('…');
    }
    short
}

fn shaped(text: String, shape: &Shape) -> String {
    match shape {
        Shape::Text => text,
        Shape::JsonObject => json!({"emulated": true, "text": text}).to_string(),
        Shape::JsonSchema(schema) => sample::value(schema, &text).to_string(),
    }
}

/// The tools an emulated model calls: the one it must, or the first when asked about the weather.
fn calls(ask: &Ask, chinese: bool) -> Vec<Call> {
    let user = &ask.conversation.user;
    let weather = user.to_ascii_lowercase().contains("weather") || user.contains("天气");
    let answered = !ask.conversation.results.is_empty();
    let tool = match &ask.choice {
        Choice::Named(name) => ask.tools.iter().find(|tool| tool.name == *name),
        Choice::Required => ask.tools.first(),
        Choice::Auto if weather && !answered => ask.tools.first(),
        Choice::None | Choice::Auto => None,
    };
    let Some(tool) = tool else { return Vec::new() };
    let mut cities = cities(user, chinese);
    if !ask.parallel {
        cities.truncate(1);
    }
    cities.iter().map(|city| call(tool, city)).collect()
}

fn call(tool: &Tool, city: &str) -> Call {
    let arguments = match sample::value(&tool.parameters, city) {
        Value::Object(map) => Value::Object(map),
        _ => json!({}),
    };
    Call { name: tool.name.clone(), arguments: arguments.to_string() }
}

/// The places a question about the weather names; one by default, so that there is a call.
fn cities(user: &str, chinese: bool) -> Vec<String> {
    let places: Vec<String> = if chinese {
        let end = ["现在", "今天", "明天", "的天气", "天气"]
            .iter()
            .filter_map(|word| user.find(word))
            .min()
            .unwrap_or_default();
        user[..end]
            .split(['和', '与', '、'])
            .map(|place| place.chars().filter(|c| is_han(*c)).collect::<String>())
            .filter(|place| !place.is_empty())
            .collect()
    } else {
        let start = user.find(" in ").map_or(user.len(), |at| at + 4);
        let end = user[start..].find(['?', '.', '!', ',']).map_or(user.len(), |at| start + at);
        user[start..end]
            .split(" and ")
            .map(str::trim)
            .filter(|place| place.starts_with(char::is_uppercase))
            .map(str::to_owned)
            .collect()
    };
    match (places.is_empty(), chinese) {
        (false, _) => places,
        (true, true) => vec!["北京".to_owned()],
        (true, false) => vec!["Beijing".to_owned()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::conversation::Conversation;

    fn ask(system: &str, user: &str) -> Ask {
        let mut conversation = Conversation::default();
        conversation.instruct(system);
        conversation.user_says(user.to_owned());
        Ask { model: "m".to_owned(), conversation, parallel: true, ..Ask::default() }
    }

    fn reply(ask: &Ask, persona: Persona) -> Reply {
        Reply::to(ask, persona, FaultKind::find(&ask.conversation.user))
    }

    fn with_tool(mut ask: Ask) -> Ask {
        let parameters = json!({"type": "object", "properties": {"city": {"type": "string"}}});
        ask.tools = vec![Tool { name: "get_weather".to_owned(), parameters }];
        ask
    }

    #[test]
    fn a_chat_answer_is_marked_and_repeats_the_question() {
        let english = reply(&ask("", "Say hello."), Persona::ChatGpt);
        assert!(english.text.starts_with("[emulated ChatGPT] "));
        assert!(english.text.contains("\"Say hello.\""));
        let chinese = reply(&ask("", "请介绍一下玉门关"), Persona::Qwen);
        assert!(chinese.text.starts_with("【模拟通义千问】您好"));
        assert!(chinese.text.contains("请介绍一下玉门关"));
        assert_eq!(chinese, reply(&ask("", "请介绍一下玉门关"), Persona::Qwen));
    }

    #[test]
    fn a_rewrite_is_the_text_in_another_style() {
        let said =
            reply(&ask("Task: rewrite; style: concise", "This is really good."), Persona::ChatGpt);
        assert_eq!(said.text, "[emulated ChatGPT] This is good.");
    }

    #[test]
    fn weather_calls_the_tool_once_per_place() {
        let one = reply(&with_tool(ask("", "What is the weather in Beijing?")), Persona::Qwen);
        assert_eq!(one.end, End::ToolCalls);
        assert_eq!(one.calls[0].arguments, r#"{"city":"Beijing"}"#);
        let two = reply(&with_tool(ask("", "杭州和上海现在的天气如何？")), Persona::Qwen);
        let cities: Vec<_> = two.calls.iter().map(|c| c.arguments.as_str()).collect();
        assert_eq!(cities, [r#"{"city":"杭州"}"#, r#"{"city":"上海"}"#]);
        let none = reply(&with_tool(ask("", "Say hello.")), Persona::Qwen);
        assert!(none.calls.is_empty());
    }

    #[test]
    fn a_tool_result_is_quoted_instead_of_calling_again() {
        let mut ask = with_tool(ask("", "What is the weather in Beijing?"));
        ask.conversation.results.push(("get_weather".to_owned(), "12 degrees".to_owned()));
        let said = reply(&ask, Persona::ChatGpt);
        assert_eq!(said.text, "[emulated ChatGPT] The tool get_weather says: 12 degrees");
    }

    #[test]
    fn limits_cut_the_text_but_not_the_mark() {
        let mut short = ask("", "Say hello.");
        short.max_tokens = Some(1);
        let said = reply(&short, Persona::ChatGpt);
        assert_eq!((said.text.as_str(), said.end), ("[emulated ChatGPT] ", End::Length));
        let mut stopped = ask("", "Say hello.");
        stopped.stop = vec![" for".to_owned()];
        let said = reply(&stopped, Persona::ChatGpt);
        assert_eq!((said.text.as_str(), said.end), ("[emulated ChatGPT] Thank you", End::Stop));
    }

    #[test]
    fn pieces_are_small_and_complete() {
        let text = "abcdefghij中文标点，以及更多的字。";
        let all = pieces(text);
        assert_eq!(all.concat(), text);
        assert!(all.iter().all(|p| (1..=8).contains(&p.chars().count())));
        let slow = reply(&ask("", "[[slow]]"), Persona::ChatGpt);
        assert_eq!(slow.pieces().len(), SLOW_PARTS);
        assert!(slow.pieces().iter().all(|p| !p.is_empty()));
        assert_eq!(slow.pieces().concat(), slow.text);
    }

    #[test]
    fn a_begun_answer_is_continued_whoever_began_it() {
        for user in ["Say hello.", "请介绍一下玉门关", "[[long]] please"] {
            let whole = reply(&ask("", user), Persona::Qwen).text;
            let by_another = reply(&ask("", user), Persona::ChatGpt).text;
            for (text, mark) in
                [(&whole, Persona::Qwen.mark()), (&by_another, "[emulated ChatGPT] ")]
            {
                for (at, _) in text.char_indices() {
                    let mut begun = ask("", user);
                    begun.conversation.prefix = Some(text[..at].to_owned());
                    let rest = reply(&begun, Persona::Qwen).text;
                    // An empty beginning is no beginning: it says nothing of who began.
                    let mark = if at == 0 { Persona::Qwen.mark() } else { mark };
                    let expected =
                        format!("{mark}{}", text.split_once(['】', ']']).unwrap().1.trim_start());
                    assert_eq!(format!("{}{rest}", &text[..at]), expected, "{at} of {user}");
                }
            }
        }
    }

    #[test]
    fn a_long_answer_has_sixty_parts_and_an_end_to_recognise() {
        let whole = reply(&ask("", "[[long]]"), Persona::Glm);
        assert_eq!(whole.pieces().len(), LONG_PARTS);
        assert!(whole.text.ends_with("part 60. The end."));
        let mut begun = ask("", "[[long]]");
        begun.conversation.prefix = Some(whole.pieces()[..40].concat());
        let rest = reply(&begun, Persona::Qwen);
        assert!((20..=22).contains(&rest.pieces().len()), "{}", rest.pieces().len());
        assert_eq!(whole.pieces()[..40].concat() + &rest.text, whole.text);
    }
}

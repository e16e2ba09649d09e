//! Putting the events of a stream together again.

use crate::answer::{
    Alternative, Completion, Event, FinishReason, Moderation, ToolCallDelta, Usage,
};
use crate::chat::ToolCall;
use crate::extra::Extra;

/// Puts the events of a stream together again.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    id: Option<String>,
    model: Option<String>,
    fingerprint: Option<String>,
    request_id: Option<String>,
    first: Choice,
    /// The choices beyond the first, by number, in the order they began.
    others: Vec<(u32, Choice)>,
    /// Whose events come now.
    current: u32,
    usage: Option<Usage>,
    moderation: Option<Moderation>,
    extra: Extra,
}

#[derive(Clone, Debug, Default)]
struct Choice {
    text: String,
    reasoning: String,
    calls: Vec<(u32, ToolCall)>,
    finish: Option<FinishReason>,
}

impl Collector {
    /// Takes the next event.
    pub fn push(&mut self, event: Event) {
        match event {
            Event::Start { id, model, fingerprint, request_id } => {
                self.id = id;
                self.model = model;
                self.fingerprint = fingerprint;
                self.request_id = request_id;
            }
            Event::Identity { model, fingerprint } => {
                self.model = model.or(self.model.take());
                self.fingerprint = fingerprint.or(self.fingerprint.take());
            }
            Event::Choice(choice) => self.current = choice,
            Event::Text(text) => append(&mut self.choice().text, text),
            Event::Reasoning(text) => append(&mut self.choice().reasoning, text),
            Event::ToolCall(delta) => self.choice().call(delta),
            Event::Moderation(moderation) => self.moderation = Some(moderation),
            Event::Extra(extra) => self.extra.append(extra),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Finish(finish) => self.choice().finish = Some(finish),
        }
    }

    /// The answer, once [`Event::Finish`] came for each choice; `None` before.
    pub fn finish(self) -> Option<Completion> {
        let (text, reasoning, tool_calls, finish) = self.first.finish()?;
        let mut others = self.others;
        others.sort_by_key(|(choice, _)| *choice);
        let others = others.into_iter().map(|(_, choice)| {
            let (text, reasoning, tool_calls, finish) = choice.finish()?;
            Some(Alternative { text, reasoning, tool_calls, finish })
        });
        Some(Completion {
            id: self.id,
            model: self.model,
            fingerprint: self.fingerprint,
            request_id: self.request_id,
            text,
            reasoning,
            tool_calls,
            usage: self.usage,
            finish,
            moderation: self.moderation,
            extra: self.extra,
            others: others.collect::<Option<_>>()?,
        })
    }

    fn choice(&mut self) -> &mut Choice {
        if self.current == 0 {
            return &mut self.first;
        }
        let found = self.others.iter().position(|(choice, _)| *choice == self.current);
        let at = found.unwrap_or_else(|| {
            self.others.push((self.current, Choice::default()));
            self.others.len() - 1
        });
        &mut self.others[at].1
    }
}

impl Choice {
    fn finish(self) -> Option<(String, String, Vec<ToolCall>, FinishReason)> {
        let calls = self.calls.into_iter().map(|(_, call)| call).collect();
        Some((self.text, self.reasoning, calls, self.finish?))
    }

    fn call(&mut self, delta: ToolCallDelta) {
        // A stream fills its calls one after the other, so the wanted one is nearly always last.
        let found = self.calls.iter().rposition(|(index, _)| *index == delta.index);
        let at = found.unwrap_or_else(|| {
            self.calls.push((delta.index, ToolCall::default()));
            self.calls.len() - 1
        });
        let call = &mut self.calls[at].1;
        if let Some(id) = delta.id {
            call.id = id;
        }
        if let Some(name) = delta.name {
            call.name = name;
        }
        append(&mut call.arguments, delta.arguments);
    }
}

fn append(to: &mut String, piece: String) {
    if to.is_empty() {
        *to = piece;
    } else {
        to.push_str(&piece);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::ModerationAt;
    use crate::json::Json;

    #[test]
    fn a_completion_survives_being_streamed() {
        let whole = Completion {
            id: Some("a".into()),
            model: Some("m".into()),
            fingerprint: Some("fp".into()),
            request_id: Some("r".into()),
            text: "hello".into(),
            reasoning: "hm".into(),
            tool_calls: vec![
                ToolCall { id: "1".into(), name: "f".into(), arguments: "{}".into() },
                ToolCall { id: "2".into(), name: "g".into(), arguments: "[]".into() },
            ],
            usage: Some(Usage { input_tokens: 3, output_tokens: 4, ..Usage::default() }),
            moderation: Some(Moderation {
                at: ModerationAt::Output,
                categories: vec!["x".into()],
                message: None,
            }),
            extra: [("note".to_owned(), Json::Null)].into_iter().collect(),
            others: vec![Alternative {
                text: "hallo".into(),
                reasoning: String::new(),
                tool_calls: Vec::new(),
                finish: FinishReason::Length,
            }],
            ..Completion::new(FinishReason::ToolCalls)
        };
        let mut events = Vec::new();
        whole.clone().into_events(&mut events);
        let mut collector = Collector::default();
        for event in events {
            collector.push(event);
        }
        assert_eq!(collector.finish(), Some(whole));
    }

    #[test]
    fn without_a_finish_of_every_choice_there_is_no_completion() {
        let mut collector = Collector::default();
        collector.push(Event::Text("half".into()));
        assert_eq!(collector.clone().finish(), None);
        collector.push(Event::Choice(1));
        collector.push(Event::Text("other half".into()));
        collector.push(Event::Finish(FinishReason::Stop));
        assert_eq!(collector.clone().finish(), None);
        collector.push(Event::Choice(0));
        collector.push(Event::Finish(FinishReason::Stop));
        assert!(collector.finish().is_some());
    }
}

//! What holds for any input: chunking changes nothing, what is written reads back, nothing panics.

use std::fmt::Write;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use yumen_wire::serve::{ChatCompletionRequest, ChunkEncoder, completion};
use yumen_wire::{
    Alternative, Chat, Completion, Event, Extra, FinishReason, Head, Json, Message, Params,
    ResponseFormat, Tool, ToolCall, ToolChoice, Usage,
};

use crate::{checks, collect, native, openai};

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[ -~]{0,12}", "[玉门关雪山\u{1F600}\n\r\"\\\\]{0,8}", any::<String>()]
}

fn name() -> impl Strategy<Value = String> {
    "[a-zA-Z0-9_-]{1,64}"
}

fn json() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::Bool),
        any::<i64>().prop_map(|number| Json::Number(number.into())),
        text().prop_map(Json::String),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Json::Array),
            vec((text(), inner), 0..4).prop_map(Json::Object),
        ]
    })
}

fn schema() -> impl Strategy<Value = Json> {
    vec((text(), json()), 0..4).prop_map(Json::Object)
}

fn call() -> impl Strategy<Value = ToolCall> {
    ("[!-~]{1,40}", name(), text()).prop_map(|(id, name, arguments)| ToolCall {
        id,
        name,
        arguments,
    })
}

/// Turns a client may send: every tool message answers an earlier call.
fn messages() -> impl Strategy<Value = Vec<Message>> {
    let turn = prop_oneof![
        text().prop_map(|content| vec![Message::System { content }]),
        text().prop_map(|content| vec![Message::user(content)]),
        (text(), vec((call(), text()), 0..3)).prop_map(|(content, calls)| {
            let (tool_calls, results): (Vec<_>, Vec<_>) = calls
                .into_iter()
                .map(|(call, content)| {
                    let result = Message::Tool { tool_call_id: call.id.clone(), content };
                    (call, result)
                })
                .unzip();
            let mut turns = vec![Message::Assistant {
                content,
                reasoning: String::new(),
                tool_calls,
                prefix: false,
                extra: Extra::new(),
            }];
            turns.extend(results);
            turns
        }),
    ];
    vec(turn, 1..5).prop_map(|turns| turns.concat())
}

fn tools() -> impl Strategy<Value = Vec<Tool>> {
    let tool = (name(), option::of(text()), option::of(schema()), option::of(any::<bool>()));
    vec(tool, 0..3).prop_map(|tools| {
        let mut tools: Vec<_> = tools
            .into_iter()
            .map(|(name, description, parameters, strict)| Tool {
                name,
                description,
                parameters,
                strict,
            })
            .collect();
        tools.sort_by(|a, b| a.name.cmp(&b.name));
        tools.dedup_by(|a, b| a.name == b.name);
        tools
    })
}

fn format() -> impl Strategy<Value = ResponseFormat> {
    prop_oneof![
        Just(ResponseFormat::Text),
        Just(ResponseFormat::JsonObject),
        (name(), option::of(text()), option::of(schema()), option::of(any::<bool>())).prop_map(
            |(name, description, schema, strict)| ResponseFormat::JsonSchema {
                name,
                description,
                schema,
                strict
            }
        ),
    ]
}

fn chat() -> impl Strategy<Value = Chat> {
    let numbers = (
        option::of(0.0..=2.0),
        option::of(0.0..=1.0),
        option::of(-2.0..=2.0),
        option::of(-2.0..=2.0),
        option::of(1..u32::MAX),
        option::of(any::<i64>()),
    );
    let rest = (vec("[ -~]{1,8}", 0..4), option::of(any::<bool>()), option::of(format()), 0..4_u8);
    (messages(), tools(), numbers, rest).prop_map(|(messages, tools, numbers, rest)| {
        let (temperature, top_p, presence_penalty, frequency_penalty, max_tokens, seed) = numbers;
        let (stop, parallel_tool_calls, response_format, choice) = rest;
        let tool_choice = match (choice, tools.first()) {
            (1, _) => Some(ToolChoice::None),
            (2, Some(tool)) => Some(ToolChoice::Function(tool.name.clone())),
            (3, Some(_)) => Some(ToolChoice::Required),
            _ => None,
        };
        let params = Params {
            temperature,
            top_p,
            max_tokens,
            stop,
            seed,
            presence_penalty,
            frequency_penalty,
            tool_choice,
            parallel_tool_calls,
            response_format,
            ..Params::default()
        };
        Chat { messages, tools, params, ..Chat::default() }
    })
}

fn answer() -> impl Strategy<Value = Completion> {
    let usage = (any::<u64>(), any::<u64>(), option::of(any::<u64>()), option::of(any::<u64>()));
    let finish = prop_oneof![
        Just(FinishReason::Stop),
        Just(FinishReason::Length),
        Just(FinishReason::ToolCalls),
        Just(FinishReason::ContentFilter),
        Just(FinishReason::Other("abort".into())),
    ];
    let other = (text(), text(), vec(call(), 0..2), finish.clone()).prop_map(
        |(text, reasoning, tool_calls, finish)| Alternative { text, reasoning, tool_calls, finish },
    );
    (text(), text(), vec(call(), 0..3), option::of(usage), finish, vec(other, 0..3)).prop_map(
        |(text, reasoning, tool_calls, usage, finish, others)| Completion {
            others,
            id: Some("id".into()),
            model: Some("model".into()),
            text,
            reasoning,
            tool_calls,
            usage: usage.map(|(input_tokens, output_tokens, cached, reasoning)| Usage {
                input_tokens,
                output_tokens,
                cached_input_tokens: cached,
                reasoning_tokens: reasoning,
                ..Usage::default()
            }),
            ..Completion::new(finish)
        },
    )
}

/// A streamed answer of an emulated DashScope, from pieces of text.
fn native_stream(pieces: &[String], spaced: bool) -> Vec<u8> {
    let mut body = String::new();
    for (id, piece) in (1..).zip(pieces) {
        let finish = if id == pieces.len() { "stop" } else { "null" };
        let data = serde_json::json!({
            "output": {"choices": [{"message": {"content": piece, "role": "assistant"}, "finish_reason": finish}]},
            "usage": {"input_tokens": 3, "output_tokens": id}, "request_id": "r"
        });
        let end = if spaced { "\n\n" } else { "\n" };
        write!(body, "id:{id}\nevent:result\n:HTTP_STATUS/200\ndata:{data}{end}")
            .expect("a String takes every write");
    }
    body.into_bytes()
}

proptest! {
    #[test]
    fn decoders_take_any_bytes(bytes in vec(any::<u8>(), 0..300)) {
        for check in [
            checks::sse,
            checks::openai_stream,
            checks::responses_stream,
            checks::anthropic_stream,
            checks::dashscope_stream,
            checks::tencent_stream,
            checks::ollama_stream,
            checks::openai_response,
            checks::responses_response,
            checks::anthropic_response,
            checks::dashscope_response,
            checks::tencent_response,
            checks::ollama_response,
            checks::chat_request,
        ] {
            check(&bytes);
        }
    }

    #[test]
    fn event_streams_take_any_cut(lines in vec(prop_oneof![
        Just("data: {\"choices\":[{\"delta\":{\"content\":\"玉\"}}]}"), Just("data:{\"output\":{\"text\":\"门\"}}"),
        Just("id:1"), Just("event:error"), Just("event: result"), Just(":HTTP_STATUS/400"), Just(": ping"),
        Just("data: [DONE]"), Just("data:"), Just("data"), Just(""), Just("retry: 1"), Just("data: {"), Just("data: }"),
        Just("data:{\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}"),
        Just("data: {\"Choices\":[{\"Delta\":{\"Content\":\"玉\"},\"FinishReason\":\"stop\"}],\"Note\":\"n\"}"),
        Just("{\"message\":{\"content\":\"门\"}}"), Just("{\"message\":{\"content\":\"\"},\"done\":true}"), Just("{\"error\":\"e\"}"), Just("data: {\"error\":{\"code\":\"x\"}}"),
    ], 0..20), ends in vec(prop_oneof![Just("\n"), Just("\r"), Just("\r\n"), Just("\n\n")], 20), mark: bool, which in b'0'..b'<') {
        let mut body = String::from(if mark { "\u{feff}" } else { "" });
        for (line, end) in lines.iter().zip(&ends) {
            body.push_str(line);
            body.push_str(end);
        }
        checks::sse(body.as_bytes());
        checks::dashscope_stream(body.as_bytes());
        checks::tencent_stream(body.as_bytes());
        checks::ollama_stream(body.as_bytes());
        checks::responses_stream(body.as_bytes());
        let spoken = [&[which], body.as_bytes()].concat();
        checks::openai_stream(&spoken);
        checks::anthropic_stream(&spoken);
    }

    #[test]
    fn any_chunking_gives_the_same_events(
        pieces in vec(text(), 1..12), spaced: bool, cuts in vec(1_usize..40, 1..40)
    ) {
        let body = native_stream(&pieces, spaced);
        let mut decoder = native().stream_decoder(&Head::new(200));
        let mut events = Vec::new();
        let mut rest = body.as_slice();
        for size in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (chunk, after) = rest.split_at((*size).min(rest.len()));
            decoder.push(chunk, &mut events).unwrap();
            rest = after;
        }
        decoder.finish(&mut events).unwrap();
        let answer = collect(events);
        prop_assert_eq!(answer.text, pieces.concat());
        prop_assert_eq!(answer.usage.unwrap().output_tokens, pieces.len() as u64);
    }

    #[test]
    fn a_request_reads_back_as_it_was_written(chat in chat(), streamed: bool) {
        let sent = openai().encode(&chat, "m", streamed).unwrap();
        let mut request = ChatCompletionRequest::parse(&sent.body).unwrap();
        checks::forgive_rounding(&chat, &mut request.chat);
        prop_assert_eq!(request.chat, chat);
        prop_assert_eq!((request.stream, request.include_usage), (streamed, streamed));
    }

    #[test]
    fn an_answer_reads_back_as_it_was_written(answer in answer()) {
        let sent = completion("id", 1, "model", &answer, None);
        let read = openai().decode(&Head::new(200), &sent).unwrap();
        // A filter that only says that it was one.
        let moderation = read.moderation.clone();
        let finishes = answer.others.iter().map(|other| &other.finish).chain([&answer.finish]);
        let filtered = finishes.into_iter().any(|finish| *finish == FinishReason::ContentFilter);
        prop_assert_eq!(moderation.is_some(), filtered);
        let answer = Completion { moderation, ..answer };
        prop_assert_eq!(read, answer.clone());

        let mut events = Vec::new();
        answer.clone().into_events(&mut events);
        let mut encoder = ChunkEncoder::new("id", 1, "model", true);
        let mut sent = Vec::new();
        encoder.start(None, &mut sent);
        for event in &events {
            encoder.event(event, &mut sent);
        }
        encoder.end(None, &mut sent);
        let mut decoder = openai().stream_decoder(&Head::new(200));
        let mut again: Vec<Event> = Vec::new();
        decoder.push(&sent, &mut again).unwrap();
        decoder.finish(&mut again).unwrap();
        prop_assert_eq!(collect(again), answer);
    }
}

//! `yumen-wire` against the partners with protocols of their own: Tencent's signed calls, Ollama's
//! lines, DashScope's multimodal generation, Zhipu's signed keys. Two independent readings of the
//! same facts have to agree, in good answers, in signatures, and in every fault.

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::json;
use yumen_emulators::{Emulator, Kind as Partner};
use yumen_wire::auth::{Credential, Scheme};
use yumen_wire::{
    Chat, Collector, Completion, Content, Dialect, Extra, FinishReason, Head, Json, Media, Message,
    Outgoing, Part, PartnerError, PartnerErrorKind, Tool,
};

use crate::client::{Reply, emulator, send};

/// A partner as it is spoken to here.
struct Spoken {
    dialect: Dialect,
    kind: Partner,
    base: &'static str,
    model: &'static str,
    scheme: Scheme,
    key: &'static str,
    bad_key: Option<&'static str>,
}

fn tencent() -> Spoken {
    let dialect = Dialect::named("tencent-native").unwrap();
    Spoken {
        scheme: dialect.auth().clone(),
        dialect,
        kind: Partner::Tencent,
        base: "",
        model: "hunyuan-turbos-latest",
        key: "AKIDtest:SECRETtest",
        bad_key: Some("AKIDtest:WRONG"),
    }
}

fn ollama() -> Spoken {
    let dialect = Dialect::named("ollama").unwrap();
    Spoken {
        scheme: dialect.auth().clone(),
        dialect,
        kind: Partner::Ollama,
        base: "",
        model: "llama3.3",
        key: "",
        bad_key: None,
    }
}

fn qwen_vl() -> Spoken {
    let dialect = Dialect::named("dashscope-native").unwrap();
    Spoken {
        scheme: dialect.auth().clone(),
        dialect,
        kind: Partner::DashScope,
        base: "/api/v1",
        model: "qwen3-vl-plus",
        key: "k",
        bad_key: Some("bad-key"),
    }
}

fn zhipu(scheme: Scheme) -> Spoken {
    Spoken {
        dialect: Dialect::named("zhipu").unwrap(),
        scheme,
        kind: Partner::Zhipu,
        base: "/api/paas/v4",
        model: "glm-5.3",
        key: "testid.testsecret",
        bad_key: Some("badid.badsecret"),
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

impl Spoken {
    async fn raw(&self, emulator: &Emulator, outgoing: &Outgoing, key: &str, at: u64) -> Reply {
        let credential = Credential::parse(&self.scheme, key).unwrap();
        // The `Host` that the client of these tests sends.
        let authorised = credential.authorise("emulated", outgoing, at);
        let own = outgoing.headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref()));
        let proof = authorised.iter().map(|(name, value)| (name.as_ref(), value.as_str()));
        let headers: Vec<(&str, &str)> = own.chain(proof).collect();
        let path = format!("{}{}", self.base, outgoing.path);
        let body = str::from_utf8(&outgoing.body).unwrap();
        let reply = send(emulator, "POST", &path, &headers, body).await;
        let ignored = reply.header("x-emulator-ignored");
        assert_eq!(ignored, None, "{} sends a field nobody reads", self.dialect);
        reply
    }

    fn read(&self, reply: &Reply, stream: bool) -> Result<Completion, PartnerError> {
        let mut head = Head::new(reply.status);
        head.request_id = reply.header("x-tc-requestid");
        if !stream || reply.status != 200 {
            return self.dialect.decode(&head, reply.body.as_bytes());
        }
        let mut decoder = self.dialect.stream_decoder(&head);
        let mut events = Vec::new();
        for bytes in reply.body.as_bytes().chunks(7) {
            decoder.push(bytes, &mut events)?;
        }
        decoder.finish(&mut events)?;
        let mut collector = Collector::default();
        for event in events {
            collector.push(event);
        }
        Ok(collector.finish().expect("a finished stream has a finish reason"))
    }

    async fn ask(&self, chat: &Chat, stream: bool) -> Result<Completion, PartnerError> {
        let emulator = emulator(self.kind).await;
        let outgoing = self.dialect.encode(chat, self.model, stream).unwrap();
        let reply = self.raw(&emulator, &outgoing, self.key, now()).await;
        self.read(&reply, stream)
    }
}

fn says(text: &str) -> Chat {
    Chat { messages: vec![Message::user(text)], ..Chat::default() }
}

#[tokio::test]
async fn answers_are_the_same_in_one_piece_and_streamed() {
    for spoken in [tencent(), ollama(), zhipu(Scheme::Bearer), zhipu(Scheme::ZhipuJwt), qwen_vl()] {
        let mut chat = says("玉门关在哪里？");
        chat.messages.insert(0, Message::system("Be brief."));
        chat.params.temperature = Some(0.5);
        let whole = spoken.ask(&chat, false).await.unwrap();
        let streamed = spoken.ask(&chat, true).await.unwrap();
        assert!(whole.text.contains("玉门关在哪里？"), "{}: {}", spoken.dialect, whole.text);
        assert_eq!(whole.text, streamed.text, "{}", spoken.dialect);
        assert_eq!(whole.usage, streamed.usage, "{}", spoken.dialect);
        assert!(whole.usage.is_some(), "{}", spoken.dialect);
        assert_eq!((&whole.finish, &streamed.finish), (&FinishReason::Stop, &FinishReason::Stop));
    }
}

#[tokio::test]
async fn pictures_are_taken_where_they_can_be_sent() {
    let seeing = Spoken { model: "hunyuan-vision", ..tencent() };
    for spoken in [seeing, ollama(), qwen_vl()] {
        let parts = vec![
            Part::Image(Media::base64("image/png", "iVBORw0KGgo=")),
            Part::Text("玉门关在哪里？".into()),
        ];
        let chat = Chat {
            messages: vec![Message::User { content: Content::new(parts) }],
            ..Chat::default()
        };
        for stream in [false, true] {
            let answer = spoken.ask(&chat, stream).await.unwrap();
            assert!(answer.text.contains("玉门关在哪里？"), "{}: {}", spoken.dialect, answer.text);
        }
    }
}

#[tokio::test]
async fn tools_make_the_round_trip() {
    let parameters =
        json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    for spoken in [tencent(), ollama(), qwen_vl()] {
        for stream in [false, true] {
            let mut chat = says("What is the weather in Beijing and Hangzhou?");
            chat.params.parallel_tool_calls = Some(true);
            chat.tools = vec![Tool {
                name: "get_weather".to_owned(),
                description: Some("Current weather".to_owned()),
                parameters: Some(serde_json::from_value::<Json>(parameters.clone()).unwrap()),
                strict: None,
            }];
            let asked = spoken.ask(&chat, stream).await.unwrap();
            assert_eq!(asked.finish, FinishReason::ToolCalls, "{} {stream}", spoken.dialect);
            let arguments: Vec<&str> =
                asked.tool_calls.iter().map(|call| call.arguments.as_str()).collect();
            assert_eq!(arguments, [r#"{"city":"Beijing"}"#, r#"{"city":"Hangzhou"}"#]);
            let results = asked.tool_calls.iter().map(|call| Message::Tool {
                tool_call_id: call.id.clone(),
                content: format!("{} noted", call.name),
            });
            let results: Vec<Message> = results.collect();
            chat.messages.push(Message::Assistant {
                content: String::new(),
                reasoning: String::new(),
                tool_calls: asked.tool_calls,
                prefix: false,
                extra: Extra::new(),
            });
            chat.messages.extend(results);
            let answer = spoken.ask(&chat, stream).await.unwrap();
            assert!(answer.text.contains("get_weather noted"), "{}", answer.text);
        }
    }
}

#[tokio::test]
async fn signatures_are_found_right_and_wrong_ones_wrong() {
    for spoken in [tencent(), zhipu(Scheme::Bearer), zhipu(Scheme::ZhipuJwt), qwen_vl()] {
        let emulator = emulator(spoken.kind).await;
        for stream in [false, true] {
            let outgoing = spoken.dialect.encode(&says("hello"), spoken.model, stream).unwrap();
            let reply = spoken.raw(&emulator, &outgoing, spoken.key, now()).await;
            spoken.read(&reply, stream).unwrap();
            let bad_key = spoken.bad_key.unwrap();
            let reply = spoken.raw(&emulator, &outgoing, bad_key, now()).await;
            let error = spoken.read(&reply, stream).unwrap_err();
            assert_eq!(error.kind, PartnerErrorKind::Auth, "{}", spoken.dialect);
        }
    }
    // What was signed is what is sent: another body, another time, and an old signature fail.
    for spoken in [tencent()] {
        let emulator = emulator(spoken.kind).await;
        let outgoing = spoken.dialect.encode(&says("hello"), spoken.model, false).unwrap();
        let reply = spoken.raw(&emulator, &outgoing, spoken.key, now() - 3_600).await;
        let error = spoken.read(&reply, false).unwrap_err();
        assert_eq!(error.kind, PartnerErrorKind::Auth, "{error}");
    }
    let spoken = zhipu(Scheme::ZhipuJwt);
    let emulator = emulator(spoken.kind).await;
    let outgoing = spoken.dialect.encode(&says("hello"), spoken.model, false).unwrap();
    let reply = spoken.raw(&emulator, &outgoing, spoken.key, now() - 3_600).await;
    assert_eq!(spoken.read(&reply, false).unwrap_err().kind, PartnerErrorKind::Auth);
}

#[tokio::test]
async fn every_fault_is_told_apart() {
    use PartnerErrorKind as Kind;
    // What is made of a whole answer and of a stream; none: no error.
    let all = [
        ("[[rate_limit]]", Some(Kind::RateLimited), Some(Kind::RateLimited)),
        ("[[error_500]]", Some(Kind::Server), Some(Kind::Server)),
        ("[[cut]]", Some(Kind::Truncated), Some(Kind::Truncated)),
        ("[[end_early]]", Some(Kind::Truncated), Some(Kind::Truncated)),
        // In one piece, what is broken is that it ends too early.
        ("[[malformed]]", Some(Kind::Truncated), Some(Kind::Malformed)),
        ("[[wrong_type]]", Some(Kind::Malformed), Some(Kind::Malformed)),
        ("[[usage_as_string]]", Some(Kind::Malformed), Some(Kind::Malformed)),
    ];
    for spoken in [tencent(), ollama(), qwen_vl()] {
        for (prompt, whole, streamed) in all {
            for (stream, expected) in [(false, whole), (true, streamed)] {
                let got = spoken.ask(&says(prompt), stream).await;
                let got = got.err().map(|error| error.kind);
                // Ollama knows no limit but its queue.
                let full = spoken.kind == Partner::Ollama && expected == Some(Kind::RateLimited);
                let expected = if full { Some(Kind::Overloaded) } else { expected };
                assert_eq!(got, expected, "{} {prompt} stream={stream}", spoken.dialect);
            }
        }
        // An answer whose words went missing is no answer, and an end without its reason no stop.
        for prompt in
            ["[[renamed_field]]", "[[no_finish]]", "[[error_under_200]]", "[[error_mid_stream]]"]
        {
            let got = spoken.ask(&says(prompt), true).await;
            let finish = got.as_ref().map(|answer| answer.finish.clone());
            let unstated = FinishReason::Other(FinishReason::UNSTATED.to_owned());
            let noticed = got.is_err() || prompt == "[[no_finish]]" && finish == Ok(unstated);
            assert!(noticed, "{} {prompt}: {got:?}", spoken.dialect);
        }
    }
    for spoken in [tencent(), qwen_vl()] {
        for stream in [false, true] {
            let error = spoken.ask(&says("[[moderation_input]]"), stream).await.unwrap_err();
            assert_eq!(error.kind, Kind::Refused, "{}", spoken.dialect);
            assert!(error.moderation.is_some());
        }
    }
    let answer = tencent().ask(&says("[[moderation_output]]"), true).await.unwrap();
    assert_eq!(answer.finish, FinishReason::ContentFilter);
    assert!(answer.moderation.is_some());
}

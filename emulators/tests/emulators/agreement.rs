//! Every dialect of `yumen-wire` against its emulator, which shares no code with it: what the one
//! asks the other takes, what the one answers the other reads, and one broken thing is noticed.

use std::fmt;

use serde_json::json;
use yumen_emulators::{Emulator, Kind};
use yumen_wire::auth::Credential;
use yumen_wire::{
    Chat, Collector, Completion, Dialect, Effort, Event, FinishReason, Head, Message, PartnerError,
    PartnerErrorKind, Reasoning, Tool,
};

use crate::client::{Reply, emulator, send};

/// One dialect, and where its emulator listens for it.
struct Row {
    dialect: &'static str,
    kind: Kind,
    /// The path of the base URL.
    base: &'static str,
    model: &'static str,
    /// A model that reasons, and how it is asked to.
    thinker: Option<(&'static str, Reasoning)>,
    /// A good key and a bad one; none where no key is known.
    keys: Option<[&'static str; 2]>,
    /// What is called otherwise than with most partners, or (none) answered.
    otherwise: &'static [(&'static str, Option<PartnerErrorKind>)],
}

const KEYS: Option<[&str; 2]> = Some(["test-key", "bad-key"]);
const THINK: Reasoning = Reasoning::On { effort: None, budget_tokens: None };
const THINK_A_LITTLE: Reasoning = Reasoning::On { effort: Some(Effort::Low), budget_tokens: None };
const THINK_IN_BOUNDS: Reasoning = Reasoning::On { effort: None, budget_tokens: Some(1024) };

/// Alibaba's quota code is also said of tokens per minute, which pass.
const TOKENS_PER_MINUTE: &[(&str, Option<PartnerErrorKind>)] =
    &[("[[quota]]", Some(PartnerErrorKind::RateLimited))];

/// A server of one's own has no account and no moderation.
const OWN_SERVER: &[(&str, Option<PartnerErrorKind>)] =
    &[("[[quota]]", Some(PartnerErrorKind::RateLimited)), ("[[moderation_input]]", None)];

const ROWS: [Row; 19] = [
    Row {
        dialect: "openai-chat",
        kind: Kind::OpenAi,
        base: "/v1",
        model: "gpt-5.4-mini",
        thinker: None,
        keys: KEYS,
        otherwise: &[],
    },
    Row {
        dialect: "openai-responses",
        kind: Kind::OpenAi,
        base: "/v1",
        model: "gpt-5.4-mini",
        thinker: Some(("gpt-6.1-sol", THINK_A_LITTLE)),
        keys: KEYS,
        otherwise: &[],
    },
    Row {
        dialect: "dashscope-native",
        kind: Kind::DashScope,
        base: "/api/v1",
        model: "qwen-plus",
        thinker: Some(("qwen-plus", THINK)),
        keys: KEYS,
        otherwise: TOKENS_PER_MINUTE,
    },
    Row {
        dialect: "dashscope-compatible",
        kind: Kind::DashScope,
        base: "/compatible-mode/v1",
        model: "qwen-plus",
        thinker: Some(("qwen-plus", THINK)),
        keys: KEYS,
        otherwise: TOKENS_PER_MINUTE,
    },
    Row {
        dialect: "dashscope-anthropic",
        kind: Kind::DashScope,
        base: "/apps/anthropic",
        model: "qwen-plus",
        thinker: Some(("qwen-plus", THINK_IN_BOUNDS)),
        keys: KEYS,
        otherwise: TOKENS_PER_MINUTE,
    },
    Row {
        dialect: "qianfan",
        kind: Kind::Qianfan,
        base: "/v2",
        model: "ernie-5.0",
        thinker: Some(("ernie-5.0", THINK)),
        keys: KEYS,
        otherwise: &[
            ("[[quota]]", Some(PartnerErrorKind::Permission)),
            ("[[overloaded]]", Some(PartnerErrorKind::RateLimited)),
        ],
    },
    Row {
        dialect: "ark",
        kind: Kind::Ark,
        base: "/api/v3",
        model: "doubao-seed-2-1-pro-260915",
        thinker: Some(("doubao-seed-2-1-pro-260915", THINK)),
        keys: KEYS,
        otherwise: &[],
    },
    Row {
        dialect: "minimax",
        kind: Kind::MiniMax,
        base: "/v1",
        model: "MiniMax-M3",
        thinker: Some(("MiniMax-M3", THINK)),
        keys: KEYS,
        otherwise: &[("[[overloaded]]", Some(PartnerErrorKind::RateLimited))],
    },
    Row {
        dialect: "minimax-anthropic",
        kind: Kind::MiniMax,
        base: "/anthropic",
        model: "MiniMax-M3",
        thinker: Some(("MiniMax-M3", THINK_IN_BOUNDS)),
        keys: KEYS,
        otherwise: &[],
    },
    Row {
        dialect: "zhipu",
        kind: Kind::Zhipu,
        base: "/api/paas/v4",
        model: "glm-5.3",
        thinker: Some(("glm-5.3", THINK)),
        keys: Some(["testid.testsecret", "badid.badsecret"]),
        otherwise: &[],
    },
    Row {
        dialect: "deepseek",
        kind: Kind::DeepSeek,
        base: "",
        model: "deepseek-flash",
        thinker: Some(("deepseek-flash", THINK)),
        keys: KEYS,
        otherwise: &[],
    },
    Row {
        dialect: "moonshot",
        kind: Kind::Moonshot,
        base: "/v1",
        model: "kimi-k3.1-pro",
        thinker: Some(("kimi-k3.1-pro", THINK_A_LITTLE)),
        keys: KEYS,
        otherwise: &[],
    },
    Row {
        dialect: "tokenhub",
        kind: Kind::TokenHub,
        base: "/v1",
        model: "hy4-preview",
        thinker: Some(("hy4-preview", THINK_A_LITTLE)),
        keys: KEYS,
        otherwise: &[("[[overloaded]]", Some(PartnerErrorKind::Server))],
    },
    Row {
        dialect: "huawei-maas",
        kind: Kind::Huawei,
        base: "/v2",
        model: "pangu-pro-moe",
        thinker: Some(("pangu-pro-moe", THINK)),
        keys: KEYS,
        otherwise: &[],
    },
    Row {
        dialect: "vllm",
        kind: Kind::Vllm,
        base: "/v1",
        model: "meta-llama/Llama-3.3-70B-Instruct",
        thinker: Some(("meta-llama/Llama-3.3-70B-Instruct", THINK)),
        keys: KEYS,
        otherwise: OWN_SERVER,
    },
    Row {
        dialect: "llama-cpp",
        kind: Kind::LlamaCpp,
        base: "/v1",
        model: "meta-llama/Llama-3.3-70B-Instruct",
        thinker: Some(("meta-llama/Llama-3.3-70B-Instruct", THINK)),
        keys: KEYS,
        otherwise: OWN_SERVER,
    },
    Row {
        dialect: "anthropic-messages",
        kind: Kind::Anthropic,
        base: "",
        model: "claude-sonnet-5-5",
        thinker: Some(("claude-sonnet-5-5", THINK)),
        keys: KEYS,
        otherwise: &[],
    },
    Row {
        dialect: "tencent-native",
        kind: Kind::Tencent,
        base: "",
        model: "hunyuan-turbos-latest",
        thinker: Some(("hunyuan-a13b", THINK)),
        keys: Some(["AKIDtest:SECRETtest", "AKIDtest:WRONG"]),
        // It cuts what is too long by itself.
        otherwise: &[
            ("[[overloaded]]", Some(PartnerErrorKind::RateLimited)),
            ("[[context_length]]", Some(PartnerErrorKind::BadRequest)),
        ],
    },
    Row {
        dialect: "ollama",
        kind: Kind::Ollama,
        base: "",
        model: "llama3.3",
        thinker: Some(("qwen3", THINK)),
        keys: None,
        // It has one queue, no account and no moderation.
        otherwise: &[
            ("[[rate_limit]]", Some(PartnerErrorKind::Overloaded)),
            ("[[quota]]", Some(PartnerErrorKind::RateLimited)),
            ("[[moderation_input]]", Some(PartnerErrorKind::Server)),
        ],
    },
];

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.dialect)
    }
}

impl Row {
    fn dialect(&self) -> Dialect {
        Dialect::named(self.dialect).expect("is built in")
    }

    /// Sends `chat` as the adapter would, signature and all.
    async fn send(&self, at: &Emulator, model: &str, chat: &Chat, key: &str, how: How) -> Reply {
        let dialect = self.dialect();
        let outgoing = dialect.encode(chat, model, how == How::Streamed).unwrap();
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
        let credential = Credential::parse(dialect.auth(), key).unwrap();
        // The host that the test's client sends.
        let proof = credential.authorise("emulated", &outgoing, now.as_secs());
        let mut headers: Vec<(&str, &str)> =
            outgoing.headers.iter().map(|(name, value)| (name.as_ref(), value.as_ref())).collect();
        headers.extend(proof.iter().map(|(name, value)| (name.as_ref(), value.as_str())));
        let path = format!("{}{}", self.base, outgoing.path);
        let body = std::str::from_utf8(&outgoing.body).unwrap();
        let reply = send(at, "POST", &path, &headers, body).await;
        assert_eq!(reply.header("x-emulator-ignored"), None, "{self} sends what nobody reads");
        reply
    }

    /// What the adapter makes of `reply`.
    fn read(&self, reply: &Reply, how: How) -> Result<Completion, PartnerError> {
        let dialect = self.dialect();
        let head = Head::read(reply.status, 0, |name| reply.header(name));
        if how == How::Whole || reply.status != 200 {
            return dialect.decode(&head, reply.body.as_bytes());
        }
        let mut decoder = dialect.stream_decoder(&head);
        let mut events: Vec<Event> = Vec::new();
        // Small cuts, through lines and characters alike.
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

    async fn ask(&self, chat: &Chat, how: How) -> Result<Completion, PartnerError> {
        self.ask_of(self.model, chat, how).await
    }

    async fn ask_of(&self, model: &str, chat: &Chat, how: How) -> Result<Completion, PartnerError> {
        let emulator = emulator(self.kind).await;
        let key = self.keys.map_or("unused", |[good, _]| good);
        let reply = self.send(&emulator, model, chat, key, how).await;
        self.read(&reply, how)
    }

    /// The answer to `chat` both ways, which is one answer.
    async fn agreed(&self, model: &str, chat: &Chat) -> Completion {
        let whole = self.ask_of(model, chat, How::Whole).await;
        let streamed = self.ask_of(model, chat, How::Streamed).await;
        let (whole, streamed) = (whole.unwrap(), streamed.unwrap());
        assert_eq!(whole.text, streamed.text, "{self}");
        assert_eq!(whole.reasoning, streamed.reasoning, "{self}");
        assert_eq!(whole.usage, streamed.usage, "{self}");
        assert_eq!(whole.finish, streamed.finish, "{self}");
        let calls = |answer: &Completion| {
            answer
                .tool_calls
                .iter()
                .map(|call| (call.name.clone(), call.arguments.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!(calls(&whole), calls(&streamed), "{self}");
        let usage = whole.usage.as_ref().unwrap_or_else(|| panic!("{self} tells no usage"));
        assert!(usage.input_tokens > 0 && usage.output_tokens > 0, "{self}: {usage:?}");
        whole
    }
}

/// How an answer is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    Whole,
    Streamed,
}

const BOTH: [How; 2] = [How::Whole, How::Streamed];

fn says(text: &str) -> Chat {
    Chat { messages: vec![Message::user(text)], ..Chat::default() }
}

fn weather() -> Tool {
    let parameters =
        json!({"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]});
    Tool {
        name: "get_weather".to_owned(),
        description: Some("Current weather".to_owned()),
        parameters: Some(serde_json::from_value(parameters).unwrap()),
        strict: None,
    }
}

fn unstated() -> FinishReason {
    FinishReason::Other(FinishReason::UNSTATED.to_owned())
}

#[tokio::test]
async fn a_plain_answer_is_read_the_same_in_one_piece_and_streamed() {
    for row in &ROWS {
        let mut chat = says("玉门关在哪里？");
        chat.messages.insert(0, Message::system("Be brief."));
        let answer = row.agreed(row.model, &chat).await;
        assert!(answer.text.contains("玉门关在哪里？"), "{row}: {}", answer.text);
        assert_eq!(answer.finish, FinishReason::Stop, "{row}");
        assert!(answer.tool_calls.is_empty(), "{row}");
    }
}

#[tokio::test]
async fn a_tool_is_called_and_its_result_read() {
    for row in &ROWS {
        let mut chat = says("What is the weather in Beijing and Hangzhou?");
        chat.tools = vec![weather()];
        let asked = row.agreed(row.model, &chat).await;
        assert_eq!(asked.finish, FinishReason::ToolCalls, "{row}");
        let first = &asked.tool_calls[0];
        assert_eq!(
            (first.name.as_str(), first.arguments.as_str()),
            ("get_weather", r#"{"city":"Beijing"}"#)
        );
        assert!(asked.tool_calls.iter().all(|call| !call.id.is_empty()), "{row}");
        let results: Vec<Message> = asked
            .tool_calls
            .iter()
            .map(|call| Message::Tool {
                tool_call_id: call.id.clone(),
                content: "12 degrees".to_owned(),
            })
            .collect();
        chat.messages.push(Message::Assistant {
            content: asked.text,
            reasoning: asked.reasoning,
            tool_calls: asked.tool_calls,
            prefix: false,
            extra: asked.extra,
        });
        chat.messages.extend(results);
        let answer = row.agreed(row.model, &chat).await;
        assert!(answer.text.contains("get_weather says: 12 degrees"), "{row}: {}", answer.text);
        assert_eq!(answer.finish, FinishReason::Stop, "{row}");
    }
}

#[tokio::test]
async fn a_wrong_key_is_refused_as_such() {
    for row in &ROWS {
        let Some([_, wrong]) = row.keys else { continue };
        let emulator = emulator(row.kind).await;
        for how in BOTH {
            let reply = row.send(&emulator, row.model, &says("hello"), wrong, how).await;
            let error = row.read(&reply, how).unwrap_err();
            assert_eq!(error.kind, PartnerErrorKind::Auth, "{row}: {error:?}");
        }
    }
}

#[tokio::test]
async fn moderation_in_the_middle_of_an_answer_never_looks_like_a_good_end() {
    for row in &ROWS {
        for how in BOTH {
            match row.ask(&says("[[moderation_output]]"), how).await {
                Ok(answer) => {
                    let moderates = !matches!(row.dialect, "vllm" | "llama-cpp");
                    assert_eq!(
                        answer.finish == FinishReason::ContentFilter,
                        moderates,
                        "{row} {how:?}: {answer:?}"
                    );
                }
                // Ollama has no moderation: its runner breaks down instead.
                Err(error) if row.dialect == "ollama" => {
                    assert_eq!(error.kind, PartnerErrorKind::Server, "{how:?}");
                }
                Err(error) => assert_eq!(error.kind, PartnerErrorKind::Refused, "{row}: {error:?}"),
            }
        }
    }
}

#[tokio::test]
async fn reasoning_is_kept_apart_from_the_answer_and_goes_back_as_it_came() {
    for row in &ROWS {
        let Some((model, reasoning)) = row.thinker else { continue };
        let mut chat = says("What is the weather in Beijing?");
        chat.params.reasoning = Some(reasoning);
        chat.params.max_tokens = (row.dialect != "tencent-native").then_some(4096);
        let plain = row.agreed(model, &chat).await;
        assert!(plain.text.contains("\"What is the weather"), "{row}: {}", plain.text);
        assert!(!plain.text.contains("A model would think here"), "{row}");
        let spent = plain.usage.as_ref().and_then(|usage| usage.reasoning_tokens);
        assert!(spent.is_none_or(|tokens| tokens > 0), "{row}: {:?}", plain.usage);
        // OpenAI shows its reasoning encrypted.
        let hidden = row.dialect == "openai-responses";
        assert_eq!(plain.reasoning.contains("A model would think here"), !hidden, "{row}");

        chat.tools = vec![weather()];
        let asked = row.agreed(model, &chat).await;
        let call = &asked.tool_calls[0];
        let result =
            Message::Tool { tool_call_id: call.id.clone(), content: "12 degrees".to_owned() };
        // Where the reasoning is signed, the emulator checks that it is its own.
        chat.messages.push(Message::Assistant {
            content: asked.text,
            reasoning: asked.reasoning,
            tool_calls: asked.tool_calls,
            prefix: false,
            extra: asked.extra,
        });
        chat.messages.push(result);
        let answer = row.agreed(model, &chat).await;
        assert!(answer.text.contains("get_weather says: 12 degrees"), "{row}: {}", answer.text);
    }
}

#[tokio::test]
async fn one_broken_thing_is_noticed() {
    use PartnerErrorKind::{Malformed, Server, Truncated};
    // What breaks, and what the adapter may call it, whole and streamed.
    let cases: [(&str, &[PartnerErrorKind], &[PartnerErrorKind]); 9] = [
        ("[[no_finish]]", &[Malformed, Truncated], &[Malformed, Truncated]),
        ("[[cut]]", &[Truncated], &[Truncated]),
        ("[[end_early]]", &[Truncated], &[Truncated]),
        ("[[renamed_field]]", &[Malformed], &[Malformed]),
        ("[[wrong_type]]", &[Malformed], &[Malformed]),
        ("[[usage_as_string]]", &[Malformed], &[Malformed]),
        ("[[error_under_200]]", &[Server], &[Server]),
        ("[[error_mid_stream]]", &[], &[Server]),
        ("[[malformed]]", &[Malformed, Truncated], &[Malformed]),
    ];
    let mut missed = Vec::new();
    for row in &ROWS {
        for (prompt, whole, streamed) in cases {
            for (how, expected) in [(How::Whole, whole), (How::Streamed, streamed)] {
                let got = row.ask(&says(prompt), how).await;
                let fits = match &got {
                    // An end without its reason is told as such.
                    Ok(answer) if prompt == "[[no_finish]]" => {
                        // With OpenAI's responses the name of the last event tells it, too.
                        let told = row.dialect == "openai-responses" && how == How::Streamed;
                        told || answer.finish == unstated()
                    }
                    Ok(_) => expected.is_empty(),
                    Err(error) => expected.contains(&error.kind),
                };
                if !fits {
                    missed.push(format!("{row} {prompt} {how:?}: {got:?}"));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[tokio::test]
async fn refusals_are_told_apart() {
    use PartnerErrorKind::{
        Auth, Billing, ContextLength, Overloaded, RateLimited, Refused, Server,
    };
    let cases = [
        ("[[rate_limit]]", RateLimited),
        ("[[quota]]", Billing),
        ("[[overloaded]]", Overloaded),
        ("[[error_500]]", Server),
        ("[[dead_key]]", Auth),
        ("[[context_length]]", ContextLength),
        ("[[moderation_input]]", Refused),
    ];
    let mut missed = Vec::new();
    for row in &ROWS {
        for (prompt, expected) in cases {
            let other = row.otherwise.iter().find(|(word, _)| *word == prompt);
            let expected = other.map_or(Some(expected), |(_, kind)| *kind);
            for how in BOTH {
                let got = row.ask(&says(prompt), how).await;
                // Anthropic's own moderation answers, with a reason of its own.
                let declined = |answer: &Completion| answer.finish == FinishReason::ContentFilter;
                let fits = match &got {
                    Ok(answer) if declined(answer) => expected == Some(Refused),
                    Ok(_) => expected.is_none(),
                    Err(error) => expected == Some(error.kind),
                };
                if !fits {
                    missed.push(format!("{row} {prompt} {how:?}: {got:?}"));
                }
            }
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

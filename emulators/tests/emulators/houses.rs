//! Partners of OpenAI's shape on the line: what they share, and the bytes and errors that only one
//! of them has. Recorded bytes are marked; the rest follows `facts/partners/*.md`.

use serde_json::{Value, json};
use yumen_emulators::{Emulator, Kind};

use crate::client::{Ended, Reply, emulator, send};

/// Where a partner takes chat completions, and a model it has.
struct House {
    kind: Kind,
    path: &'static str,
    model: &'static str,
    key: &'static str,
}

const fn house(kind: Kind, path: &'static str, model: &'static str) -> House {
    House { kind, path, model, key: "test-key" }
}

const ARK: House = house(Kind::Ark, "/api/v3/chat/completions", "doubao-seed-2-1-pro-260915");
const DEEPSEEK: House = house(Kind::DeepSeek, "/chat/completions", "deepseek-flash");
const HUAWEI: House = house(Kind::Huawei, "/v2/chat/completions", "openpangu-2.0-pro");
const HUNYUAN: House = house(Kind::Tencent, "/v1/chat/completions", "hunyuan-turbos-latest");
const LLAMA_CPP: House = house(Kind::LlamaCpp, "/v1/chat/completions", "whatever");
const MINIMAX: House = house(Kind::MiniMax, "/v1/chat/completions", "MiniMax-M3");
const MOONSHOT: House = house(Kind::Moonshot, "/v1/chat/completions", "kimi-k3.1-pro");
const OPENAI: House = house(Kind::OpenAi, "/v1/chat/completions", "gpt-5.4");
const QIANFAN: House = house(Kind::Qianfan, "/v2/chat/completions", "ernie-5.0");
const QWEN: House = house(Kind::DashScope, "/compatible-mode/v1/chat/completions", "qwen-plus");
const TOKENHUB: House = house(Kind::TokenHub, "/v1/chat/completions", "hy4-preview");
const VLLM: House = house(Kind::Vllm, "/v1/chat/completions", "meta-llama/Llama-3.3-70B-Instruct");
const ZHIPU: House = house(Kind::Zhipu, "/api/paas/v4/chat/completions", "glm-5.3");

const HOUSES: [House; 13] = [
    ARK, DEEPSEEK, HUAWEI, HUNYUAN, LLAMA_CPP, MINIMAX, MOONSHOT, OPENAI, QIANFAN, QWEN, TOKENHUB,
    VLLM, ZHIPU,
];

impl House {
    fn body(&self, messages: Value, more: Value) -> Value {
        let mut body = json!({"model": self.model, "messages": messages});
        if self.kind == Kind::MiniMax {
            body["reasoning_split"] = json!(true);
        }
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        body
    }

    async fn send(&self, emulator: &Emulator, body: &Value) -> Reply {
        let key = format!("Bearer {}", self.key);
        let headers = [("authorization", key.as_str()), ("content-type", "application/json")];
        send(emulator, "POST", self.path, &headers, &body.to_string()).await
    }

    /// The answer to one question.
    async fn ask(&self, emulator: &Emulator, prompt: &str, more: Value) -> Reply {
        let messages = json!([{"role": "user", "content": prompt}]);
        self.send(emulator, &self.body(messages, more)).await
    }
}

/// The text of an answer in one piece.
fn text(reply: &Reply) -> String {
    let body: Value = serde_json::from_str(reply.body.trim_start()).unwrap();
    body["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
}

/// What stands after the mark that names the partner.
fn after_mark(text: &str) -> &str {
    let end = text.find(['】', ']']).unwrap();
    text[end..].trim_start_matches(['】', ']']).trim_start()
}

#[tokio::test]
async fn a_text_is_the_same_after_the_mark_whoever_gives_it_and_however() {
    for prompt in ["Say hello.", "请介绍一下玉门关", "[[long]]"] {
        let mut said = Vec::new();
        for house in HOUSES {
            let emulator = emulator(house.kind).await;
            let whole = house.ask(&emulator, prompt, json!({})).await;
            assert_eq!(whole.status, 200, "{:?} {}", house.kind, whole.body);
            assert_eq!(whole.header("x-emulated"), Some("yumen"));
            let streamed = house.ask(&emulator, prompt, json!({"stream": true})).await;
            assert_eq!(streamed.chat_text(), text(&whole), "{:?}", house.kind);
            assert!(streamed.body.ends_with("data: [DONE]\n\n"), "{:?}", house.kind);
            said.push(after_mark(&text(&whole)).to_owned());
        }
        assert!(said.windows(2).all(|pair| pair[0] == pair[1]), "{prompt}: {said:?}");
    }
}

#[tokio::test]
async fn a_long_answer_streams_in_sixty_parts_and_ends_to_be_recognised() {
    for house in HOUSES {
        let emulator = emulator(house.kind).await;
        let reply = house.ask(&emulator, "[[long]]", json!({"stream": true})).await;
        let parts = reply
            .events()
            .iter()
            .filter_map(|event| event["choices"][0]["delta"]["content"].as_str())
            .filter(|text| !text.is_empty())
            .count();
        assert_eq!(parts, 60, "{:?}", house.kind);
        assert!(reply.chat_text().ends_with("part 60. The end."));
    }
}

#[tokio::test]
async fn a_begun_answer_is_continued_to_the_same_whole() {
    // Each says in its own way that the last turn is to be continued.
    let beta = House { path: "/beta/chat/completions", ..DEEPSEEK };
    let ways: [(&House, &str, Value); 5] = [
        (&QWEN, "partial", json!({})),
        (&MOONSHOT, "partial", json!({})),
        (&beta, "prefix", json!({})),
        (&VLLM, "", json!({"continue_final_message": true, "add_generation_prompt": false})),
        (&LLAMA_CPP, "", json!({})),
    ];
    let begun_by = emulator(Kind::OpenAi).await;
    let whole = text(&OPENAI.ask(&begun_by, "[[long]]", json!({})).await);
    let at = whole.len() * 2 / 3;
    for (house, flag, more) in ways {
        let emulator = emulator(house.kind).await;
        let mut turn = json!({"role": "assistant", "content": whole[..at]});
        if !flag.is_empty() {
            turn[flag] = json!(true);
        }
        let messages = json!([{"role": "user", "content": "[[long]]"}, turn]);
        for stream in [false, true] {
            let mut body = house.body(messages.clone(), more.clone());
            body["stream"] = json!(stream);
            let reply = house.send(&emulator, &body).await;
            assert_eq!(reply.status, 200, "{:?} {}", house.kind, reply.body);
            let rest = if stream { reply.chat_text() } else { text(&reply) };
            assert_eq!(format!("{}{rest}", &whole[..at]), whole, "{:?}", house.kind);
        }
        assert!(emulator.log().iter().all(|entry| entry.prefixed), "{:?}", house.kind);
    }
}

#[tokio::test]
async fn deepseek_continues_only_under_beta_and_others_do_not_know_the_field() {
    let turn = json!({"role": "assistant", "content": "I", "prefix": true});
    let messages = json!([{"role": "user", "content": "x"}, turn]);
    let emulator_ = emulator(Kind::DeepSeek).await;
    let refused = DEEPSEEK.send(&emulator_, &DEEPSEEK.body(messages.clone(), json!({}))).await;
    assert_eq!(refused.status, 400);
    let zhipu = emulator(Kind::Zhipu).await;
    let reply = ZHIPU.send(&zhipu, &ZHIPU.body(messages, json!({}))).await;
    assert_eq!(reply.header("x-emulator-ignored"), Some("messages[1].prefix"));
}

#[tokio::test]
async fn an_image_is_described_where_the_model_sees_and_refused_where_not() {
    const PIXEL: &str = "data:image/png;base64,iVBORw0KGgo=";
    let part = json!({"type": "image_url", "image_url": {"url": PIXEL}});
    let content = json!([{"type": "text", "text": "What is it?"}, part]);
    let messages = json!([{"role": "user", "content": content}]);
    for (house, model) in [
        (&OPENAI, "gpt-5.4"),
        (&QWEN, "qwen3.8-plus"),
        (&ARK, "doubao-seed-2-1-pro-260915"),
        (&MOONSHOT, "kimi-k3"),
        (&QIANFAN, "ernie-5.0"),
        (&MINIMAX, "MiniMax-M3"),
        (&DEEPSEEK, "deepseek-flash"),
    ] {
        let emulator = emulator(house.kind).await;
        let body = house.body(messages.clone(), json!({"model": model}));
        let reply = house.send(&emulator, &body).await;
        assert_eq!(reply.status, 200, "{:?} {}", house.kind, reply.body);
        assert!(text(&reply).contains("an image (image/png, 8 bytes)"), "{}", text(&reply));
    }
    for (house, model) in
        [(&QWEN, "qwen-turbo"), (&ZHIPU, "glm-5.3"), (&MOONSHOT, "moonshot-v1-8k")]
    {
        let emulator = emulator(house.kind).await;
        let body = house.body(messages.clone(), json!({"model": model}));
        assert_eq!(house.send(&emulator, &body).await.status, 400, "{:?}", house.kind);
    }
}

/// A field with one value, and whether it is taken.
type Check = (&'static str, Value, bool);

#[tokio::test]
async fn requests_are_checked_as_each_partner_does() {
    let tool = json!([{"type": "function", "function": {"name": "f"}}]);
    let strict = json!([{"type": "function", "function": {"name": "f", "strict": true}}]);
    let format = |kind: &str| json!({"type": kind, "json_schema": {"name": "n", "schema": {}}});
    let cases: [(&House, Vec<Check>); 9] = [
        (
            &QIANFAN,
            vec![
                ("penalty_score", json!(0.5), false),
                ("penalty_score", json!(1.5), true),
                ("stop", json!(["a".repeat(21)]), false),
                ("stop", json!(["a".repeat(20)]), true),
                ("seed", json!(0), false),
                ("thinking_budget", json!(99), false),
            ],
        ),
        (
            &ARK,
            vec![("thinking", json!({"type": "auto"}), true), ("service_tier", json!("x"), false)],
        ),
        (
            &MINIMAX,
            vec![
                ("temperature", json!(0.0), false),
                ("temperature", json!(1.0), true),
                ("temperature", json!(1.1), false),
                ("n", json!(2), false),
            ],
        ),
        (
            &ZHIPU,
            vec![
                ("temperature", json!(1.2), false),
                ("top_p", json!(1.0), false),
                ("top_p", json!(0.9), true),
                ("tool_choice", json!("required"), true), // means nothing without tools
                ("response_format", format("json_schema"), false),
                ("thinking", json!({"type": "sometimes"}), false),
                ("tools", json!([{"type": "web_search", "web_search": {"enable": true}}]), true),
            ],
        ),
        (
            &DEEPSEEK,
            vec![
                ("user_id", json!("a b"), false),
                ("user_id", json!("a-b_1"), true),
                ("response_format", format("json_schema"), false),
                ("max_tokens", json!("many"), false),
            ],
        ),
        (
            &MOONSHOT,
            vec![
                ("temperature", json!(0.6), false),
                ("temperature", json!(1), true),
                ("thinking", json!({"type": "disabled"}), false),
                ("reasoning_effort", json!("medium"), false),
                ("stop", json!(["a".repeat(33)]), false),
                ("tools", strict, false),
            ],
        ),
        (
            &TOKENHUB,
            vec![("reasoning_effort", json!("none"), true), ("temperature", json!(3), false)],
        ),
        (
            &VLLM,
            vec![
                ("n", json!(3), true),
                ("n", json!(9), false),
                ("top_k", json!(20), true),
                ("continue_final_message", json!(true), false),
            ],
        ),
        (&LLAMA_CPP, vec![("reasoning_format", json!("x"), false), ("tools", tool, true)]),
    ];
    for (house, checks) in cases {
        let emulator = emulator(house.kind).await;
        for (name, value, taken) in checks {
            let reply = house.ask(&emulator, "x", json!({name: value})).await;
            let good = reply.status == 200;
            assert_eq!(good, taken, "{:?} {name}={value}: {}", house.kind, reply.body);
            assert_eq!(reply.header("x-emulator-ignored"), None, "{:?} {name}", house.kind);
        }
    }
    for house in HOUSES {
        let emulator = emulator(house.kind).await;
        let role = json!([{"role": "narrator", "content": "x"}]);
        let reply = house.send(&emulator, &house.body(role, json!({}))).await;
        assert!((400..=422).contains(&reply.status), "{:?}: {}", house.kind, reply.body);
        if house.kind != Kind::LlamaCpp {
            let reply = house.ask(&emulator, "x", json!({"model": "no-such-model"})).await;
            assert!((400..=404).contains(&reply.status), "{:?}: {}", house.kind, reply.body);
        }
        let log = emulator.log();
        assert!(log.iter().all(|entry| entry.model.is_none()), "{:?}", house.kind);
    }
}

#[tokio::test]
async fn errors_have_each_partners_form() {
    // The word in the message; the HTTP status; where the code stands, and what it is.
    let cases: [(&House, &str, u16, &str, Value); 26] = [
        (&QIANFAN, "rate_limit", 429, "/error/code", json!("rpm_rate_limit_exceeded")),
        (&QIANFAN, "moderation_input", 403, "/error/code", json!("system_unsafe")),
        (&QIANFAN, "context_length", 400, "/error/code", json!("tokens_too_long")),
        (&ARK, "rate_limit", 429, "/error/code", json!("RateLimitExceeded.EndpointRPMExceeded")),
        (&ARK, "quota", 429, "/error/code", json!("QuotaExceeded")),
        (&ARK, "moderation_input", 400, "/error/code", json!("InputTextSensitiveContentDetected")),
        (&MINIMAX, "moderation_input", 200, "/base_resp/status_code", json!(1026)),
        (&MINIMAX, "error_under_200", 200, "/base_resp/status_code", json!(1013)),
        (&MINIMAX, "dead_key", 401, "/error/message", json!("invalid api key (2049)")),
        (&ZHIPU, "rate_limit", 429, "/error/code", json!("1302")),
        (&ZHIPU, "quota", 429, "/error/code", json!("1113")),
        (&ZHIPU, "moderation_input", 400, "/contentFilter/0/role", json!("user")),
        (&ZHIPU, "context_length", 400, "/error/code", json!("1261")),
        (&DEEPSEEK, "quota", 402, "/error/message", json!("Insufficient Balance")),
        (&DEEPSEEK, "moderation_input", 400, "/error/message", json!("Content Exists Risk")),
        (&MOONSHOT, "quota", 429, "/error/type", json!("exceeded_current_quota_error")),
        (&MOONSHOT, "moderation_input", 400, "/error/type", json!("content_filter")),
        (&TOKENHUB, "moderation_input", 451, "/error/code", json!("451001")),
        (&TOKENHUB, "error_500", 502, "/error/source", json!("upstream")),
        (&HUAWEI, "moderation_input", 403, "/error/code", json!("ModelArts.81011")),
        (&HUAWEI, "rate_limit", 429, "/error/code", json!("ModelArts.81101")),
        (&HUAWEI, "error_500", 500, "/object", json!("error")),
        (&VLLM, "dead_key", 401, "/error", json!("Unauthorized")),
        (&VLLM, "context_length", 400, "/error/code", json!(400)),
        (&LLAMA_CPP, "overloaded", 503, "/error/type", json!("unavailable_error")),
        (&LLAMA_CPP, "context_length", 400, "/error/type", json!("exceed_context_size_error")),
    ];
    for (house, word, status, pointer, code) in cases {
        let emulator = emulator(house.kind).await;
        let reply = house.ask(&emulator, &format!("[[{word}]]"), json!({})).await;
        let body = reply.json();
        let said = (reply.status, body.pointer(pointer));
        assert_eq!(said, (status, Some(&code)), "{:?} {word}: {body}", house.kind);
    }
    let first = House { path: "/v1/chat/completions", ..HUAWEI };
    let emulator = emulator(Kind::Huawei).await;
    let reply = first.ask(&emulator, "[[moderation_input]]", json!({})).await;
    assert_eq!(reply.json()["error_code"], "ModelArts.81011");
}

#[tokio::test]
async fn servers_of_ones_own_moderate_nothing_and_need_no_key() {
    for house in [VLLM, LLAMA_CPP] {
        let emulator = emulator(house.kind).await;
        for word in ["[[moderation_input]]", "[[moderation_output]]"] {
            let reply = house.ask(&emulator, word, json!({})).await;
            assert_eq!(reply.status, 200);
            assert!(text(&reply).starts_with("[emulated Llama] "));
        }
        assert!(emulator.log().iter().all(|entry| entry.fault.is_none()));
        let body = house.body(json!([{"role": "user", "content": "x"}]), json!({})).to_string();
        let headers = [("content-type", "application/json")];
        let reply = send(&emulator, "POST", house.path, &headers, &body).await;
        assert_eq!(reply.status, 200);
    }
}

#[tokio::test]
async fn moderated_output_ends_as_each_partner_ends_it() {
    // The finish reason that tells it, or (none) an error or another field in the last event.
    let cases: [(&House, Option<&str>); 9] = [
        (&OPENAI, Some("content_filter")),
        (&QIANFAN, Some("content_filter")),
        (&ARK, Some("content_filter")),
        (&DEEPSEEK, Some("content_filter")),
        (&HUAWEI, Some("content_filter")),
        (&ZHIPU, Some("sensitive")),
        (&HUNYUAN, Some("sensitive")),
        (&MINIMAX, None),
        (&MOONSHOT, None),
    ];
    for (house, finish) in cases {
        let emulator = emulator(house.kind).await;
        let more = json!({"stream": true});
        let reply = house.ask(&emulator, "[[moderation_output]]", more).await;
        assert_eq!((reply.status, reply.ended), (200, Ended::Well), "{:?}", house.kind);
        assert!(!reply.chat_text().is_empty(), "{:?}", house.kind);
        let last = reply.events().pop().unwrap();
        match finish {
            Some(finish) => assert_eq!(last["choices"][0]["finish_reason"], finish, "{last}"),
            None => assert!(last["error"].is_object() || last["choices"].is_null(), "{last}"),
        }
    }
    let emulator = emulator(Kind::Ark).await;
    let reply = ARK.ask(&emulator, "[[moderation_output]]", json!({"stream": true})).await;
    assert_eq!(reply.events().pop().unwrap()["choices"][0]["moderation_hit_type"], "violence");
}

/// The named values of a frame, in the order of their keys, with what changes from answer to answer
/// replaced.
fn template(frame: &str, event: &Value) -> String {
    let mut frame = frame.to_owned();
    for field in ["id", "created"] {
        let value = event[field].to_string();
        frame = frame.replacen(&value, field, 1);
    }
    frame
}

#[tokio::test]
async fn ark_streams_as_recorded() {
    let emulator = emulator(Kind::Ark).await;
    let more = json!({"stream": true, "stop": "A", "thinking": {"type": "enabled"}});
    let reply = ARK.ask(&emulator, "Say hello.", more).await;
    let frames: Vec<&str> = reply.body.split_inclusive("\n\n").collect();
    let events = reply.events();
    // [REC] but for the model's name.
    assert_eq!(
        template(frames[0], &events[0]),
        "data: {\"choices\":[{\"delta\":{\"content\":\"\",\"reasoning_content\":\"【模拟\",\
         \"role\":\"assistant\"},\"index\":0}],\"created\":created,\"id\":id,\
         \"model\":\"doubao-seed-2-1-pro-260915\",\"service_tier\":\"default\",\
         \"object\":\"chat.completion.chunk\",\"usage\":null}\n\n"
    );
    let id = events[0]["id"].as_str().unwrap();
    assert!(id.starts_with("02") && id[2..15].parse::<u64>().is_ok(), "{id}");
    let (last, before) = events.split_last().unwrap();
    assert!(before.iter().all(|event| event["choices"][0].get("finish_reason").is_none()));
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    // All calls are whole, in the chunk with the finish reason.
    let tools = json!([{"type": "function", "function": {"name": "f", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}},
    }}}]);
    let more = json!({"stream": true, "tools": tools});
    let reply = ARK.ask(&emulator, "What is the weather in Beijing and Hangzhou?", more).await;
    let last = reply.events().pop().unwrap()["choices"][0].clone();
    assert_eq!(last["finish_reason"], "tool_calls");
    assert_eq!(last["delta"]["tool_calls"].as_array().unwrap().len(), 2);
    assert_eq!(last["delta"]["tool_calls"][1]["function"]["arguments"], r#"{"city":"Hangzhou"}"#);
}

#[tokio::test]
async fn minimax_refuses_as_recorded() {
    let emulator = emulator(Kind::MiniMax).await;
    for stream in [false, true] {
        let more = json!({"stream": stream});
        let reply = MINIMAX.ask(&emulator, "[[moderation_input]]", more).await;
        let body = reply.body.trim_start_matches("data: ").trim_end();
        let event: Value = serde_json::from_str(body).unwrap();
        // [REC] but for the id.
        assert_eq!(
            template(body, &json!({"id": event["id"], "created": "none"})),
            "{\"id\":id,\"choices\":null,\"model\":\"MiniMax-M3\",\"usage\":{\"total_tokens\":0},\
             \"input_sensitive\":true,\"input_sensitive_type\":1,\
             \"base_resp\":{\"status_code\":1026,\"status_msg\":\"input new_sensitive\"}}"
        );
        assert_eq!(reply.status, 200);
        let kind = if stream { "text/event-stream" } else { "application/json" };
        assert!(reply.header("content-type").unwrap().starts_with(kind), "{stream}");
    }
}

#[tokio::test]
async fn minimax_thinks_in_the_text_unless_it_is_split_off() {
    let emulator = emulator(Kind::MiniMax).await;
    let joined = MINIMAX.ask(&emulator, "Say hello.", json!({"reasoning_split": false})).await;
    assert!(text(&joined).starts_with("<think>\n【模拟MiniMax】"), "{}", joined.body);
    assert!(text(&joined).contains("</think>\n\n【模拟MiniMax】Thank you"));
    let split = MINIMAX.ask(&emulator, "Say hello.", json!({})).await.json();
    let message = &split["choices"][0]["message"];
    assert!(message["reasoning_content"].as_str().unwrap().starts_with("【模拟MiniMax】"));
    assert_eq!(split["base_resp"]["status_code"], 0);
    let native = House { path: "/v1/text/chatcompletion_v2", ..MINIMAX };
    let error = native.ask(&emulator, "[[rate_limit]]", json!({})).await;
    assert_eq!((error.status, &error.json()["base_resp"]["status_code"]), (200, &json!(1002)));
}

#[tokio::test]
async fn deepseek_keeps_alive_and_tells_the_usage_unasked() {
    let emulator = emulator(Kind::DeepSeek).await;
    let whole = DEEPSEEK.ask(&emulator, "Say hello.", json!({})).await;
    assert!(whole.body.starts_with("\n{"), "an empty line comes before the body");
    let reply = DEEPSEEK.ask(&emulator, "Say hello.", json!({"stream": true})).await;
    assert!(reply.body.starts_with(": keep-alive\n\ndata: {"), "{}", reply.body);
    let events = reply.events();
    assert_eq!(events[0]["choices"][0]["delta"]["role"], "assistant");
    let (last, before) = events.split_last().unwrap();
    assert_eq!(last["choices"][0]["finish_reason"], "stop");
    let input = &last["usage"]["prompt_tokens"];
    assert!(input.is_u64());
    assert_eq!(&last["usage"]["prompt_cache_miss_tokens"], input);
    assert!(before.iter().all(|event| event.get("usage").is_none()));
}

#[tokio::test]
async fn deepseek_wants_the_reasoning_of_a_tool_turn_back() {
    let emulator = emulator(Kind::DeepSeek).await;
    let call = json!({"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}});
    let messages = |reasoning: Option<&str>| {
        let turn = json!({
            "role": "assistant", "content": "", "tool_calls": [call], "reasoning_content": reasoning,
        });
        json!([
            {"role": "user", "content": "x"},
            turn,
            {"role": "tool", "tool_call_id": "c", "content": "y"},
        ])
    };
    let without = DEEPSEEK.send(&emulator, &DEEPSEEK.body(messages(None), json!({}))).await;
    assert_eq!(without.status, 400, "{}", without.body);
    let with = DEEPSEEK.send(&emulator, &DEEPSEEK.body(messages(Some("so")), json!({}))).await;
    assert_eq!(with.status, 200, "{}", with.body);
    let off = json!({"thinking": {"type": "disabled"}});
    let unthinking = DEEPSEEK.send(&emulator, &DEEPSEEK.body(messages(None), off)).await;
    assert_eq!(unthinking.status, 200);
}

#[tokio::test]
async fn moonshot_tells_the_usage_in_the_last_choice_and_again_where_asked() {
    let emulator = emulator(Kind::Moonshot).await;
    let more = json!({"stream": true, "stream_options": {"include_usage": true}});
    let events = MOONSHOT.ask(&emulator, "Say hello.", more).await.events();
    let [.., last, own] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(own["choices"], json!([]));
    assert_eq!(last["choices"][0]["usage"], own["usage"]);
    assert!(own["usage"]["completion_tokens_details"]["reasoning_tokens"].as_u64() > Some(0));
}

#[tokio::test]
async fn zhipu_streams_whole_calls_unless_told_otherwise() {
    let emulator = emulator(Kind::Zhipu).await;
    let tools = json!([{"type": "function", "function": {"name": "f", "parameters": {
        "type": "object", "properties": {"city": {"type": "string"}},
    }}}]);
    let parts = async |pieces: bool| {
        let more = json!({"stream": true, "tools": tools, "tool_stream": pieces});
        let reply = ZHIPU.ask(&emulator, "What is the weather in Beijing?", more).await;
        let events = reply.events();
        let last = events.last().unwrap();
        assert_eq!(last["choices"][0]["finish_reason"], "tool_calls");
        assert!(last["usage"]["total_tokens"].is_u64());
        let calls = events.iter().filter(|e| e["choices"][0]["delta"]["tool_calls"].is_array());
        calls.count()
    };
    assert_eq!(parts(false).await, 1);
    assert!(parts(true).await > 1);
    let own = ZHIPU.ask(&emulator, "x", json!({"request_id": "mine"})).await;
    assert_eq!(own.json()["request_id"], "mine");
}

#[tokio::test]
async fn hunyuan_repeats_the_role_and_the_note_in_every_chunk() {
    let emulator = emulator(Kind::Tencent).await;
    let reply = HUNYUAN.ask(&emulator, "Say hello.", json!({"stream": true})).await;
    for event in reply.events() {
        assert_eq!(event["choices"][0]["delta"]["role"], "assistant");
        assert!(event["note"].is_string() && event["system_fingerprint"] == "");
        assert_eq!(event["id"].as_str().unwrap().len(), 32);
    }
}

#[tokio::test]
async fn several_choices_come_side_by_side() {
    for house in [VLLM, OPENAI] {
        let emulator = emulator(house.kind).await;
        let whole = house.ask(&emulator, "Say hello.", json!({"n": 3})).await.json();
        let texts: Vec<&str> = whole["choices"]
            .as_array()
            .unwrap()
            .iter()
            .map(|choice| choice["message"]["content"].as_str().unwrap())
            .collect();
        assert_eq!(texts.len(), 3);
        assert_eq!(texts[2], format!("{} (3)", texts[0]));
        let reply = house.ask(&emulator, "Say hello.", json!({"n": 3, "stream": true})).await;
        let mut said = vec![String::new(); 3];
        let mut ended = 0;
        for event in reply.events() {
            let choice = &event["choices"][0];
            let index = usize::try_from(choice["index"].as_u64().unwrap()).unwrap();
            said[index].push_str(choice["delta"]["content"].as_str().unwrap_or_default());
            ended += usize::from(choice["finish_reason"].is_string());
        }
        assert_eq!((said, ended), (texts.iter().map(|&t| t.to_owned()).collect(), 3));
    }
}

#[tokio::test]
async fn qianfan_takes_its_two_forms_of_a_key() {
    let emulator = emulator(Kind::Qianfan).await;
    for (key, status) in [
        ("bce-v3/ALTAK-abc/0123", 200),
        ("24.an-iam-token.0123", 200),
        ("bce-v3/ALTAK-abc", 401),
        ("bad-key", 401),
    ] {
        let reply = House { key, ..QIANFAN }.ask(&emulator, "x", json!({})).await;
        assert_eq!(reply.status, status, "{key}: {}", reply.body);
    }
}

#[tokio::test]
async fn models_are_listed_beside_the_chat() {
    let emulator = emulator(Kind::Zhipu).await;
    let headers = [("authorization", "Bearer k.s")];
    let list = send(&emulator, "GET", "/api/paas/v4/models", &headers, "").await.json();
    assert!(list["data"].as_array().unwrap().iter().any(|model| model["id"] == "glm-5.3"));
    let other = send(&emulator, "GET", "/v1/models", &headers, "").await;
    assert_eq!(other.status, 404);
}

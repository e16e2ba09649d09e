//! DashScope on the line. The expected bytes follow recorded traffic.

use serde_json::{Value, json};
use yumen_emulators::Kind;

use crate::client::{Ended, Reply, emulator, post, send};

const NATIVE: &str = "/api/v1/services/aigc/text-generation/generation";
const COMPATIBLE: &str = "/compatible-mode/v1/chat/completions";

fn native(prompt: &str, parameters: Value) -> Value {
    let mut all = json!({"result_format": "message"});
    all.as_object_mut().unwrap().extend(parameters.as_object().unwrap().clone());
    json!({
        "model": "qwen-plus",
        "input": {"messages": [{"role": "user", "content": prompt}]},
        "parameters": all,
    })
}

fn compatible(prompt: &str, more: Value) -> Value {
    let mut body = json!({"model": "qwen-plus", "messages": [{"role": "user", "content": prompt}]});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

async fn events(emulator: &yumen_emulators::Emulator, body: &Value) -> Reply {
    let headers = [
        ("authorization", "Bearer k"),
        ("content-type", "application/json"),
        ("x-dashscope-sse", "enable"),
    ];
    send(emulator, "POST", NATIVE, &headers, &body.to_string()).await
}

fn weather_tool() -> Value {
    json!([{"type": "function", "function": {"name": "get_weather", "parameters": {
        "type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"],
    }}}])
}

#[tokio::test]
async fn a_native_stream_is_byte_for_byte_as_recorded() {
    let emulator = emulator(Kind::DashScope).await;
    // A stop word right after the mark leaves a text of two pieces.
    let parameters = json!({"incremental_output": true, "stop": "您好"});
    let reply = events(&emulator, &native("你好", parameters)).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.ended, Ended::Well);
    assert_eq!(reply.header("content-type"), Some("text/event-stream;charset=UTF-8"));
    assert_eq!(reply.header("x-dashscope-call-gateway"), Some("true"));
    for name in
        ["req-cost-time", "req-arrive-time", "resp-start-time", "x-envoy-upstream-service-time"]
    {
        assert!(reply.header(name).unwrap().parse::<u64>().is_ok(), "{name}");
    }
    let id = reply.header("x-request-id").unwrap();
    let event = |number: u32, text: &str, finish: &str, output: u32| {
        let total = output + 2;
        format!(
            "id:{number}\nevent:result\n:HTTP_STATUS/200\ndata:{{\"output\":{{\"choices\":[{{\"message\":{{\"content\":\"{text}\",\"role\":\"assistant\"}},\"finish_reason\":\"{finish}\"}}]}},\"usage\":{{\"total_tokens\":{total},\"output_tokens\":{output},\"input_tokens\":2,\"prompt_tokens_details\":{{\"cached_tokens\":0}}}},\"request_id\":\"{id}\"}}\n\n"
        )
    };
    let expected =
        [event(1, "【模拟", "null", 3), event(2, "通义千问】", "null", 8), event(3, "", "stop", 8)];
    assert_eq!(reply.body, expected.concat());
}

#[tokio::test]
async fn without_incremental_output_every_event_repeats_the_text() {
    let emulator = emulator(Kind::DashScope).await;
    let reply = events(&emulator, &native("你好", json!({}))).await;
    let texts: Vec<String> = reply
        .events()
        .iter()
        .map(|e| e["output"]["choices"][0]["message"]["content"].as_str().unwrap().to_owned())
        .collect();
    assert!(texts.windows(2).all(|pair| pair[1].starts_with(&pair[0])));
    let whole = post(&emulator, NATIVE, &native("你好", json!({}))).await.json();
    assert_eq!(whole["output"]["choices"][0]["message"]["content"], *texts.last().unwrap());
}

#[tokio::test]
async fn either_header_asks_for_events_and_no_stream_field_does() {
    let emulator = emulator(Kind::DashScope).await;
    let mut body = native("你好", json!({}));
    body["stream"] = json!(true);
    let plain = post(&emulator, NATIVE, &body).await;
    assert_eq!(plain.header("content-type"), Some("application/json"));
    assert_eq!(plain.header("x-emulator-ignored"), Some("stream"));
    let headers = [
        ("authorization", "Bearer k"),
        ("content-type", "application/json"),
        ("accept", "text/event-stream"),
    ];
    let accept = send(&emulator, "POST", NATIVE, &headers, &body.to_string()).await;
    assert!(accept.body.starts_with("id:1\nevent:result\n:HTTP_STATUS/200\ndata:{"));
}

#[tokio::test]
async fn call_parts_follow_their_index_and_the_last_one_ends_the_answer() {
    let emulator = emulator(Kind::DashScope).await;
    let parameters = json!({
        "incremental_output": true, "tools": weather_tool(), "parallel_tool_calls": true,
    });
    let reply = events(&emulator, &native("杭州和上海现在的天气如何？", parameters)).await;
    let mut arguments = [String::new(), String::new()];
    let all = reply.events();
    for (at, event) in all.iter().enumerate() {
        let choice = &event["output"]["choices"][0];
        let part = &choice["message"]["tool_calls"][0];
        let index = usize::try_from(part["index"].as_u64().unwrap()).unwrap();
        let first = arguments[index].is_empty();
        assert_eq!(part["id"] == "", !first);
        assert_eq!(part["function"].get("name").is_some(), first);
        arguments[index].push_str(part["function"]["arguments"].as_str().unwrap());
        let finish = if at + 1 == all.len() { "tool_calls" } else { "null" };
        assert_eq!(choice["finish_reason"], finish);
        assert_eq!((&choice["index"], &choice["message"]["content"]), (&json!(0), &json!("")));
    }
    assert_eq!(arguments, [r#"{"location":"杭州"}"#, r#"{"location":"上海"}"#]);
}

#[tokio::test]
async fn a_forced_tool_ends_with_stop() {
    let emulator = emulator(Kind::DashScope).await;
    let choice = json!({"type": "function", "function": {"name": "get_weather"}});
    let parameters = json!({"tools": weather_tool(), "tool_choice": choice});
    let reply = post(&emulator, NATIVE, &native("杭州现在的天气如何？", parameters)).await.json();
    let choice = &reply["output"]["choices"][0];
    assert_eq!(choice["finish_reason"], "stop");
    assert_eq!(choice["message"]["tool_calls"][0]["function"]["name"], "get_weather");
}

#[tokio::test]
async fn thinking_comes_first_and_is_counted() {
    let emulator = emulator(Kind::DashScope).await;
    let parameters = json!({"incremental_output": true, "enable_thinking": true});
    let reply = events(&emulator, &native("你好", parameters)).await;
    let all = reply.events();
    let message = |event: &Value| event["output"]["choices"][0]["message"].clone();
    assert_eq!(message(&all[0])["content"], "");
    assert!(!message(&all[0])["reasoning_content"].as_str().unwrap().is_empty());
    assert_eq!(message(all.last().unwrap())["reasoning_content"], "");
    assert!(all.last().unwrap()["usage"]["output_tokens_details"]["reasoning_tokens"].is_u64());
}

#[tokio::test]
async fn the_older_format_is_text() {
    let emulator = emulator(Kind::DashScope).await;
    let body = json!({"model": "qwen-max", "input": {"prompt": "你好"}});
    let whole = post(&emulator, NATIVE, &body).await.json();
    assert_eq!(whole["output"]["finish_reason"], "stop");
    assert!(whole["output"]["text"].as_str().unwrap().starts_with("【模拟通义千问】"));
    let streamed = events(&emulator, &body).await.events();
    assert_eq!(streamed[0]["output"], json!({"finish_reason": "null", "text": "【模拟"}));
}

#[tokio::test]
async fn an_error_in_events_comes_with_http_200_and_its_status_within() {
    let emulator = emulator(Kind::DashScope).await;
    let body = json!({
        "model": "qwen-max", "input": {"prompt": "你好", "messages": []},
        "parameters": {"result_format": "text", "incremental_output": true, "stop": [[37763, 367]]},
    });
    let reply = events(&emulator, &body).await;
    assert_eq!(reply.status, 200);
    let id = reply.header("x-request-id").unwrap();
    assert_eq!(
        reply.body,
        format!(
            "id:1\nevent:error\n:HTTP_STATUS/400\ndata:{{\"code\":\"InvalidParameter\",\"message\":\"Role must be user or assistant and Content length must be greater than 0\",\"request_id\":\"{id}\"}}\n\n"
        )
    );
    let plain = post(&emulator, NATIVE, &body).await;
    assert_eq!((plain.status, &plain.json()["code"]), (400, &json!("InvalidParameter")));
}

#[tokio::test]
async fn a_bad_key_is_plain_json_even_for_events() {
    let emulator = emulator(Kind::DashScope).await;
    let headers = [
        ("authorization", "Bearer bad-key"),
        ("content-type", "application/json"),
        ("x-dashscope-sse", "enable"),
    ];
    let body = native("你好", json!({})).to_string();
    let reply = send(&emulator, "POST", NATIVE, &headers, &body).await;
    assert_eq!(reply.status, 401);
    assert_eq!(reply.header("content-type"), Some("application/json"));
    assert_eq!(reply.json()["code"], "InvalidApiKey");
    assert_eq!(reply.json()["request_id"], reply.header("x-request-id").unwrap());
}

#[tokio::test]
async fn moderation_in_the_middle_is_an_error_event_with_the_next_number() {
    let emulator = emulator(Kind::DashScope).await;
    let body = native("[[moderation_output]]", json!({"incremental_output": true}));
    let reply = events(&emulator, &body).await;
    let frames: Vec<&str> = reply.body.trim_end().split("\n\n").collect();
    let (last, good) = frames.split_last().unwrap();
    assert!(good.len() > 3);
    assert!(good.iter().all(|frame| frame.contains("event:result")));
    let expected = format!("id:{}\nevent:error\n:HTTP_STATUS/400\n", good.len() + 1);
    assert!(last.starts_with(&expected), "{last}");
    assert!(last.contains("\"code\":\"DataInspectionFailed\""));
    assert!(last.contains("Output data may contain inappropriate content."));
}

#[tokio::test]
async fn native_parameters_are_checked_and_unknown_ones_ignored() {
    let emulator = emulator(Kind::DashScope).await;
    let cases = [
        json!({"temperature": 3}),
        json!({"result_format": "xml"}),
        json!({"tool_choice": "auto"}),
        json!({"tools": weather_tool(), "tool_choice": "required"}),
        json!({"response_format": {"type": "json_object"}}),
        json!({"max_tokens": 0}),
        json!({"incremental_output": "yes"}),
    ];
    for parameters in cases {
        let reply = post(&emulator, NATIVE, &native("x", parameters.clone())).await;
        assert_eq!(
            (reply.status, &reply.json()["code"]),
            (400, &json!("InvalidParameter")),
            "{parameters}"
        );
    }
    let odd = post(&emulator, NATIVE, &native("x", json!({"incremental": true}))).await;
    assert_eq!(
        (odd.status, odd.header("x-emulator-ignored")),
        (200, Some("parameters.incremental"))
    );
    let mut unknown = native("x", json!({}));
    unknown["model"] = json!("qwen-nano");
    let reply = post(&emulator, NATIVE, &unknown).await;
    assert_eq!((reply.status, &reply.json()["code"]), (404, &json!("Model.NotExist")));
}

#[tokio::test]
async fn the_compatible_stream_ends_with_usage_and_done() {
    let emulator = emulator(Kind::DashScope).await;
    let more = json!({"stream": true, "stream_options": {"include_usage": true}});
    let reply = post(&emulator, COMPATIBLE, &compatible("你好", more)).await;
    assert!(reply.body.ends_with("\n\ndata: [DONE]\n\n"));
    let all = reply.events();
    let request_id = reply.header("x-request-id").unwrap();
    assert!(all.iter().all(|e| e["id"] == format!("chatcmpl-{request_id}")));
    assert_eq!(all[0]["choices"][0]["delta"], json!({"content": "", "role": "assistant"}));
    let last = all.last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert!(last["usage"]["prompt_tokens_details"]["cached_tokens"].is_u64());
    let whole = post(&emulator, COMPATIBLE, &compatible("你好", json!({}))).await.json();
    assert_eq!(whole["choices"][0]["message"]["content"], reply.chat_text());
}

#[tokio::test]
async fn compatible_moderation_refuses_a_stream_with_an_event_for_a_body() {
    let emulator = emulator(Kind::DashScope).await;
    let early = compatible("[[moderation_input]]", json!({"stream": true}));
    let reply = post(&emulator, COMPATIBLE, &early).await;
    assert_eq!(reply.status, 400);
    assert!(reply.body.starts_with("data: {\"error\":{\"message\":"));
    assert_eq!(reply.events()[0]["error"]["code"], "data_inspection_failed");
    let late = compatible("[[moderation_output]]", json!({"stream": true}));
    let reply = post(&emulator, COMPATIBLE, &late).await;
    assert_eq!(reply.status, 200);
    assert!(!reply.body.contains("[DONE]"));
    let all = reply.events();
    assert_eq!(all.last().unwrap()["error"]["type"], "data_inspection_failed");
    assert!(all[1]["choices"][0]["delta"]["content"].is_string());
}

#[tokio::test]
async fn several_choices_come_side_by_side_each_with_what_it_cost() {
    let emulator = emulator(Kind::DashScope).await;
    let whole = post(&emulator, NATIVE, &native("Say hello.", json!({"n": 2}))).await.json();
    let choices = whole["output"]["choices"].as_array().unwrap();
    assert_eq!((choices.len(), &choices[1]["index"]), (2, &json!(1)));
    let reply =
        events(&emulator, &native("Say hello.", json!({"n": 2, "incremental_output": true}))).await;
    let (mut texts, mut costs) = (vec![String::new(); 2], vec![0; 2]);
    for event in reply.events() {
        let [choice] = &event["output"]["choices"].as_array().unwrap()[..] else { panic!("one") };
        let at = usize::try_from(choice["index"].as_u64().unwrap()).unwrap();
        texts[at].push_str(choice["message"]["content"].as_str().unwrap());
        costs[at] = event["usage"]["output_tokens"].as_u64().unwrap();
    }
    for (text, choice) in texts.iter().zip(choices) {
        assert_eq!(choice["message"]["content"], *text);
    }
    assert_eq!(costs.iter().sum::<u64>(), whole["usage"]["output_tokens"].as_u64().unwrap());
    let shared =
        post(&emulator, COMPATIBLE, &compatible("Say hello.", json!({"n": 2}))).await.json();
    assert_eq!(shared["choices"][1]["message"]["content"], texts[1]);
    assert_eq!(shared["choices"][1]["index"], 1);
}

#[tokio::test]
async fn more_choices_than_a_model_gives_are_refused_and_with_tools_there_is_one() {
    let emulator = emulator(Kind::DashScope).await;
    for more in [json!({"n": 5}), json!({"n": 2, "enable_thinking": true})] {
        assert_eq!(post(&emulator, COMPATIBLE, &compatible("Hello.", more)).await.status, 400);
    }
    let mut older = compatible("Hello.", json!({"n": 2}));
    older["model"] = json!("qwen-long");
    assert_eq!(post(&emulator, COMPATIBLE, &older).await.status, 400);
    let with_tools = compatible("Hello.", json!({"n": 2, "tools": weather_tool()}));
    let one = post(&emulator, COMPATIBLE, &with_tools).await.json();
    assert_eq!(one["choices"].as_array().unwrap().len(), 1);
}

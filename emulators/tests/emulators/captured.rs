//! Requests captured from the vendors' own clients: none may be refused for its form.

use std::io::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;
use yumen_emulators::Kind;
use yumen_wire::auth::{Credential, Scheme};
use yumen_wire::{Chat, Dialect, Message, Outgoing};

use crate::client::{emulator, send};

/// The clients behind each capture, and the prefix the capturing server had.
const CAPTURES: [(&str, Kind, &str); 28] = [
    ("anthropic.jsonl", Kind::Anthropic, "/anthropic"),
    ("anthropic1.jsonl", Kind::Anthropic, "/anthropic"),
    ("ark.jsonl", Kind::Ark, "/ark"),
    ("ark_openai.jsonl", Kind::Ark, "/ark"),
    ("dashscope_gen1.jsonl", Kind::DashScope, "/qwen"),
    ("dashscope_gen2.jsonl", Kind::DashScope, "/qwen"),
    ("dashscope_gen2_anthropic.jsonl", Kind::DashScope, "/qwen"),
    ("dashscope_gen2_openai.jsonl", Kind::DashScope, "/qwen"),
    ("deepseek.jsonl", Kind::DeepSeek, "/deepseek"),
    ("huawei.jsonl", Kind::Huawei, "/huawei"),
    ("llama.jsonl", Kind::LlamaApi, "/llama"),
    ("llamacpp.jsonl", Kind::LlamaCpp, "/llamacpp"),
    ("minimax.jsonl", Kind::MiniMax, "/minimax"),
    ("minimax_anthropic.jsonl", Kind::MiniMax, "/minimax"),
    ("moonshot.jsonl", Kind::Moonshot, "/moonshot"),
    ("ollama.jsonl", Kind::Ollama, "/ollama"),
    ("openai.jsonl", Kind::OpenAi, "/openai"),
    ("qianfan.jsonl", Kind::Qianfan, "/qianfan"),
    ("qianfan_openai.jsonl", Kind::Qianfan, "/qianfan"),
    ("qwen_openai.jsonl", Kind::DashScope, "/qwen"),
    ("tencent.jsonl", Kind::Tencent, ""),
    ("tencent_openai.jsonl", Kind::Tencent, "/hunyuan"),
    ("tokenhub.jsonl", Kind::TokenHub, "/tokenhub"),
    ("vllm.jsonl", Kind::Vllm, "/vllm"),
    ("zhipu_jwt.jsonl", Kind::Zhipu, "/zhipu"),
    ("zhipu_legacy.jsonl", Kind::Zhipu, "/zhipu"),
    ("zhipu_legacy_jwt.jsonl", Kind::Zhipu, "/zhipu"),
    ("zhipu_raw.jsonl", Kind::Zhipu, "/zhipu"),
];

/// A captured request, as it is sent again.
struct Captured {
    path: String,
    headers: Vec<(String, String)>,
    body: String,
    /// What the client was made to provoke.
    provokes: bool,
}

impl Captured {
    /// Reads the requests of a capture. A line may say of the one before what its signature was.
    fn all(lines: &str, prefix: &str) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for line in lines.lines() {
            let value: Value = serde_json::from_str(line).unwrap();
            if let Some(last) = all.last_mut().filter(|_| value["method"].is_null()) {
                last.sign_again(&value);
            } else {
                all.push(Self::of(&value, line, prefix));
            }
        }
        all
    }

    fn of(request: &Value, line: &str, prefix: &str) -> Self {
        let own = ["host", "connection", "content-length"];
        let pairs = request["headers"].as_array().unwrap().iter();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let headers = pairs
            .map(|pair| (text(&pair[0]).to_ascii_lowercase(), text(&pair[1])))
            .filter(|(name, _)| !own.contains(&name.as_str()))
            .collect();
        let path = request["path"].as_str().unwrap().strip_prefix(prefix).unwrap().to_owned();
        let mut body = request["body"].clone();
        if prefix == "/minimax" && body["model"] == "claude-sonnet-5" {
            // The capturing server looked at no model, so the client named Anthropic's.
            body["model"] = "MiniMax-M3".into();
        }
        let wrong = ["[[", "bad-key", "badid", "no-such-model"];
        let wrong = wrong.iter().any(|word| line.contains(word));
        Self { path, headers, body: body.to_string(), provokes: wrong }
    }

    fn header(&mut self, name: &str) -> Option<&mut String> {
        self.headers.iter_mut().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    /// What was signed then has expired since: the same key signs anew. `seen` is what the capturing
    /// server made of the proof.
    fn sign_again(&mut self, seen: &Value) {
        let (dialect, key) = match (seen["tc3"]["match"].as_bool(), seen["jwt"]["match"].as_bool())
        {
            (Some(good), _) => {
                ("tencent-native", ["AKIDtest:WRONG", "AKIDtest:SECRETtest"][usize::from(good)])
            }
            (_, Some(good)) => {
                ("zhipu", ["badid.badsecret", "testid.testsecret"][usize::from(good)])
            }
            _ => panic!("neither a signature nor a token: {seen}"),
        };
        let scheme = if dialect == "zhipu" {
            Scheme::ZhipuJwt
        } else {
            Dialect::named(dialect).unwrap().auth().clone()
        };
        let hello = Chat { messages: vec![Message::user("hello")], ..Chat::default() };
        let outgoing = Dialect::named(dialect).unwrap().encode(&hello, "any", false).unwrap();
        let outgoing = Outgoing { body: self.body.clone().into(), ..outgoing };
        for (name, value) in proof(&scheme, key, &outgoing) {
            *self.header(&name).expect("the client sends it, too") = value;
        }
        self.provokes |= key.contains("WRONG") || key.contains("bad");
    }
}

/// The headers that `key` makes for a request.
fn proof(scheme: &Scheme, key: &str, outgoing: &Outgoing) -> Vec<(String, String)> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let credential = Credential::parse(scheme, key).unwrap();
    // The host that the test's client sends.
    let headers = credential.authorise("emulated", outgoing, now).into_iter();
    headers.map(|(name, value)| (name.to_string(), value.clone())).collect()
}

#[tokio::test]
async fn captured_requests_are_accepted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/partners/captured");
    if !folder.is_dir() {
        // Past the test runner, which hides what a passing test prints.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no requests at {}", folder.display());
        return;
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, CAPTURES.len(), "every capture is used");
    for (file, kind, prefix) in CAPTURES {
        let emulator = emulator(kind).await;
        let lines = std::fs::read_to_string(folder.join(file)).unwrap();
        let mut accepted = 0;
        for captured in Captured::all(&lines, prefix) {
            let Captured { path, headers, body, provokes } = &captured;
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let reply = send(&emulator, "POST", path, &headers, body).await;
            // Tencent's errors have the status 200.
            let refused = reply.status != 200 || reply.body.contains("\"Error\":{");
            assert!(!refused || *provokes, "{file}: {} {} to {body}", reply.status, reply.body);
            assert_eq!(reply.header("x-emulator-ignored"), None, "{file}: {body}");
            accepted += usize::from(!refused);
        }
        assert!(accepted >= 4, "{file}: whole and streamed, plain and with a tool");
    }
}

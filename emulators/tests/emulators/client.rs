//! A plain HTTP/1.1 client that shows what really came over the line, also when it came broken.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use yumen_emulators::{Emulator, Kind, Options};

/// No test waits longer than this for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How a response body ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// All bytes the framing promised came.
    Well,
    /// The connection closed before.
    Short,
}

/// A response with its body unframed.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
    pub(crate) ended: Ended,
}

impl Reply {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    /// The JSON of all `data:` lines but `[DONE]`, each frame ended by a blank line.
    pub(crate) fn events(&self) -> Vec<Value> {
        assert!(self.body.ends_with("\n\n"), "unfinished frame: {}", self.body);
        self.body
            .split("\n\n")
            .flat_map(|frame| frame.lines().filter_map(|line| line.strip_prefix("data:")))
            .map(str::trim_start)
            .filter(|data| *data != "[DONE]")
            .map(|data| serde_json::from_str(data).unwrap_or_else(|e| panic!("{e}: {data}")))
            .collect()
    }

    /// All text of a streamed chat completion.
    pub(crate) fn chat_text(&self) -> String {
        self.events().iter().filter_map(|e| e["choices"][0]["delta"]["content"].as_str()).collect()
    }
}

/// An emulator without delays between chunks.
pub(crate) async fn emulator(kind: Kind) -> Emulator {
    let options = Options { chunk_delay: Duration::ZERO, ..Options::default() };
    Emulator::bind(kind, "127.0.0.1:0".parse().unwrap(), options).await.unwrap()
}

/// Sends a request and gives the open connection.
pub(crate) async fn open(
    emulator: &Emulator,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> TcpStream {
    let mut stream = TcpStream::connect(emulator.addr()).await.unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: emulated\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("content-length: {}\r\n\r\n{body}", body.len()));
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Sends a request and reads the response to its end.
pub(crate) async fn send(
    emulator: &Emulator,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Reply {
    let mut stream = open(emulator, method, path, headers, body).await;
    let mut bytes = Vec::new();
    // A reset connection ends the reading as a closed one does.
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await;
    assert!(read.is_ok(), "no end after {PATIENCE:?}: {}", String::from_utf8_lossy(&bytes));
    parse(&bytes)
}

/// Sends JSON with a good key.
pub(crate) async fn post(emulator: &Emulator, path: &str, body: &Value) -> Reply {
    let headers = [("authorization", "Bearer k"), ("content-type", "application/json")];
    send(emulator, "POST", path, &headers, &body.to_string()).await
}

/// Reads from an open connection until `text` came.
pub(crate) async fn read_until(stream: &mut TcpStream, text: &str) -> String {
    let mut bytes = Vec::new();
    while !String::from_utf8_lossy(&bytes).contains(text) {
        let mut chunk = [0; 4096];
        let read = tokio::time::timeout(PATIENCE, stream.read(&mut chunk)).await;
        match read.expect("in time").expect("a readable connection") {
            0 => panic!("closed before {text:?}: {}", String::from_utf8_lossy(&bytes)),
            n => bytes.extend_from_slice(&chunk[..n]),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn parse(bytes: &[u8]) -> Reply {
    let split = bytes.windows(4).position(|w| w == b"\r\n\r\n").expect("a response head");
    let head = std::str::from_utf8(&bytes[..split]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let headers: Vec<(String, String)> = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()))
        .collect();
    let find = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
    let raw = &bytes[split + 4..];
    let (body, ended) = match (find("content-length"), find("transfer-encoding")) {
        (Some(length), None) => {
            let short = raw.len() < length.parse::<usize>().unwrap();
            (raw.to_vec(), if short { Ended::Short } else { Ended::Well })
        }
        (None, Some("chunked")) => unchunk(raw),
        other => panic!("odd framing: {other:?}"),
    };
    Reply { status, body: String::from_utf8_lossy(&body).into_owned(), ended, headers }
}

fn unchunk(mut raw: &[u8]) -> (Vec<u8>, Ended) {
    let mut body = Vec::new();
    loop {
        let Some(line) = raw.windows(2).position(|w| w == b"\r\n") else {
            return (body, Ended::Short);
        };
        let size = std::str::from_utf8(&raw[..line]).unwrap();
        let size = usize::from_str_radix(size, 16).unwrap();
        if size == 0 {
            return (body, Ended::Well);
        }
        let Some(chunk) = raw.get(line + 2..line + 2 + size) else {
            return (body, Ended::Short);
        };
        body.extend_from_slice(chunk);
        raw = raw.get(line + 4 + size..).unwrap_or_default();
    }
}

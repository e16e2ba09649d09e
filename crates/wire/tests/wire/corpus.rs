//! The seeds of the fuzz targets, replayed as they are and with small damage, which finds most of
//! what a short fuzzing run finds.

#[path = "../../../../fuzz/src/replay.rs"]
mod seeds;

use crate::checks;

/// How often each seed is damaged.
const DAMAGED: usize = 24;

/// Numbers that are the same in each run (Steele, Lea and Flood's `SplitMix64`).
struct Chance(u64);

impl Chance {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bound = u64::try_from(bound.max(1)).expect("a length fits");
        usize::try_from((mixed ^ (mixed >> 31)) % bound).expect("it is below a length")
    }
}

/// The seed with one to three things wrong: a byte changed, a piece left out, doubled or put
/// elsewhere, the end cut off.
fn damaged(seed: &[u8], chance: &mut Chance) -> Vec<u8> {
    const BYTES: &[u8] = b"\"{}[]:,\\ \n\r0-9nt\x00\x80\xFF";
    let mut bytes = seed.to_vec();
    for _ in 0..=chance.below(3) {
        let at = chance.below(bytes.len() + 1);
        let end = (at + chance.below(40)).min(bytes.len());
        match chance.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at..end)),
            2 => {
                let piece = bytes[at..end].to_vec();
                bytes.splice(end..end, piece);
            }
            3 => {
                let piece: Vec<u8> = bytes.drain(at..end).collect();
                let to = chance.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            4 => bytes.insert(at, BYTES[chance.below(BYTES.len())]),
            _ => {
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = BYTES[chance.below(BYTES.len())];
                }
            }
        }
    }
    bytes
}

fn replay(target: &str, check: fn(&[u8])) {
    let mut count = 0;
    seeds::replay(target, |seed| {
        check(seed);
        let mut chance = Chance(seed.len() as u64 + count);
        for _ in 0..DAMAGED {
            check(&damaged(seed, &mut chance));
        }
        count += 1;
    });
}

#[test]
fn sse() {
    replay("sse", checks::sse);
}

#[test]
fn openai_stream() {
    replay("openai_stream", checks::openai_stream);
}

#[test]
fn dashscope_stream() {
    replay("dashscope_stream", checks::dashscope_stream);
}

#[test]
fn openai_response() {
    replay("openai_response", checks::openai_response);
}

#[test]
fn dashscope_response() {
    replay("dashscope_response", checks::dashscope_response);
}

#[test]
fn anthropic_stream() {
    replay("anthropic_stream", checks::anthropic_stream);
}

#[test]
fn anthropic_response() {
    replay("anthropic_response", checks::anthropic_response);
}

#[test]
fn responses_stream() {
    replay("responses_stream", checks::responses_stream);
}

#[test]
fn responses_response() {
    replay("responses_response", checks::responses_response);
}

#[test]
fn tencent_stream() {
    replay("tencent_stream", checks::tencent_stream);
}

#[test]
fn tencent_response() {
    replay("tencent_response", checks::tencent_response);
}

#[test]
fn ollama_stream() {
    replay("ollama_stream", checks::ollama_stream);
}

#[test]
fn ollama_response() {
    replay("ollama_response", checks::ollama_response);
}

#[test]
fn chat_request() {
    replay("chat_request", checks::chat_request);
}

//! Possession: the `DPoP` header of a request (RFC 9449), and the memory that lets each proof in once.

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::sync::{Mutex, PoisonError};

use http::{HeaderMap, header};
use yumen_policy::{Asked, Digest, PolicyError, Proof, Timestamp};

use crate::problem::Problem;
use crate::visit::Visit;

/// The header in which a device proves that it has its key.
pub(crate) const PROOF_HEADER: &str = "dpop";

/// Reads and checks the proof that came with a request; none if none came.
///
/// It may have been used before: whoever acts on it asks [`Replays::admit`] first.
pub(crate) fn proof(visit: &Visit, now: Timestamp) -> Result<Option<Proof>, Problem> {
    let Some(proof) = single(&visit.headers)? else {
        return Ok(None);
    };
    // HTTP/2 has the authority in its own place, HTTP/1.1 in the Host header.
    let host = visit.headers.get(header::HOST).and_then(|value| value.to_str().ok());
    let authority = visit.uri.authority().map(http::uri::Authority::as_str).or(host);
    let asked = Asked {
        method: visit.method.as_str(),
        authority: authority.unwrap_or_default(),
        path: visit.uri.path(),
    };
    Proof::verify(proof, asked, now).map(Some).map_err(|error| refused(&error))
}

/// The one proof of a request (RFC 9449 §4.3: not more than one header).
fn single(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let mut values = headers.get_all(PROOF_HEADER).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => value.to_str().map(Some).map_err(|_| {
            Problem::new("proof_invalid", "The DPoP header is not text.", "DPoP 请求头不是文本。")
        }),
        (Some(_), Some(_)) => Err(Problem::new(
            "proof_invalid",
            "There is more than one DPoP header.",
            "存在多个 DPoP 请求头。",
        )),
    }
}

/// The problem of a proof or a ticket, or of an assertion that misses its proof.
pub(crate) fn refused(error: &PolicyError) -> Problem {
    match error {
        PolicyError::PossessionMissing => Problem::new(
            "proof_missing",
            "The assertion is bound to a device key; send a proof of possession in the DPoP header.",
            "资格凭证已绑定设备密钥，请在 DPoP 请求头中附上持有证明。",
        ),
        PolicyError::PossessionInvalid { en, zh } => Problem::new(
            "proof_invalid",
            format!("The proof of possession is not valid: {en}."),
            format!("持有证明无效：{zh}。"),
        ),
        PolicyError::Grace { en, zh } => Problem::new(
            "grace_invalid",
            format!("The grace ticket is not valid: {en}."),
            format!("宽限凭证无效：{zh}。"),
        ),
        // Nothing else goes wrong with a proof or a ticket.
        _ => {
            Problem::new("proof_invalid", "The proof of possession is not valid.", "持有证明无效。")
        }
    }
}

/// Proofs that were used, for as long as they could be used again.
///
/// Sharded by the digest of the proof, so that requests seldom wait for each other, and bounded: a
/// shard that is full refuses, since to forget would let a proof in twice. Two generations of
/// 120 seconds each are kept: a proof is good for less.
pub(crate) struct Replays {
    shards: [Mutex<Shard>; SHARDS],
}

const SHARDS: usize = 64;

/// The most proofs a shard remembers of one generation: over all, those of 17 000 requests a second.
const FULL: usize = if cfg!(test) { 16 } else { 32_768 };

/// The seconds of a generation: the life of a proof, from 60 before to 60 after its time.
const GENERATION: i64 = 120;

#[derive(Default)]
struct Shard {
    generation: i64,
    current: HashSet<Digest, RandomState>,
    before: HashSet<Digest, RandomState>,
}

impl Default for Replays {
    fn default() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }
}

impl Replays {
    /// Lets a proof in the first time it comes, and never again.
    pub(crate) fn admit(&self, proof: &Proof, now: Timestamp) -> Result<(), Problem> {
        self.remember(proof.once(), now)
    }

    fn remember(&self, once: Digest, now: Timestamp) -> Result<(), Problem> {
        let shard = usize::from(once.as_bytes()[0]) % SHARDS;
        // A shard is whole after each statement; what panicked elsewhere does not matter here.
        let mut shard = self.shards[shard].lock().unwrap_or_else(PoisonError::into_inner);
        shard.turn(now.as_second().div_euclid(GENERATION));
        if shard.current.contains(&once) || shard.before.contains(&once) {
            return Err(Problem::new(
                "proof_replayed",
                "This proof was used before; make a new one, with its own `jti`, for each request.",
                "该持有证明已被使用；请为每次请求生成带有新 `jti` 的证明。",
            ));
        }
        if shard.current.len() >= FULL {
            return Err(Problem::new(
                "overloaded",
                "Too many proofs at once; try again in two minutes.",
                "持有证明过多，请在两分钟后重试。",
            ));
        }
        shard.current.insert(once);
        Ok(())
    }
}

impl Shard {
    /// Begins a generation; a clock that goes back begins none.
    fn turn(&mut self, generation: i64) {
        if generation > self.generation {
            let next = generation == self.generation + 1;
            self.before = if next { std::mem::take(&mut self.current) } else { HashSet::default() };
            self.current.clear();
            self.generation = generation;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// What a proof leaves behind, by its number.
    fn mark(number: u32) -> Digest {
        Digest::of(&number.to_be_bytes())
    }

    #[test]
    fn a_proof_comes_in_once_for_as_long_as_it_could_be_used() {
        let begin = 1_000_000_200 - 1_000_000_200 % GENERATION;
        for shift in [0, 1, 60, GENERATION - 1] {
            let replays = Replays::default();
            assert!(replays.remember(mark(1), at(begin + shift)).is_ok());
            for later in [0, 1, 59, 119, GENERATION] {
                let error = replays.remember(mark(1), at(begin + shift + later)).unwrap_err();
                assert_eq!(error.code(), "proof_replayed", "{shift} {later}");
            }
            assert!(replays.remember(mark(2), at(begin + shift)).is_ok());
        }
    }

    #[test]
    fn the_memory_forgets_what_is_too_old_to_be_used() {
        let replays = Replays::default();
        assert!(replays.remember(mark(1), at(0)).is_ok());
        assert!(replays.remember(mark(1), at(2 * GENERATION)).is_ok());
        // A clock that goes back forgets nothing.
        assert!(replays.remember(mark(1), at(0)).is_err());
    }

    #[test]
    fn a_full_memory_refuses_rather_than_forgets() {
        let replays = Replays::default();
        let same_shard = (0..).map(mark).filter(|mark| mark.as_bytes()[0] == 0);
        let mut marks = same_shard.take(FULL + 1);
        let last = marks.next().unwrap();
        for mark in marks {
            assert!(replays.remember(mark, at(0)).is_ok());
        }
        assert_eq!(replays.remember(last, at(0)).unwrap_err().code(), "overloaded");
        assert!(replays.remember(last, at(2 * GENERATION)).is_ok());
    }
}

//! Random bytes, without which nothing is served: what nobody may guess must not be guessable.
//!
//! They are the system's own, asked for many at a time: a chat takes three of them, and a call for each was a third of all its
//! system calls.

use std::cell::RefCell;

use crate::problem::Problem;

/// How many bytes the system is asked for at a time.
const AT_ONCE: usize = 1024;

thread_local! {
    static STOCK: RefCell<Stock> = const { RefCell::new(Stock { bytes: [0; AT_ONCE], left: 0 }) };
}

/// Random bytes that nobody was given yet.
struct Stock {
    bytes: [u8; AT_ONCE],
    left: usize,
}

impl Stock {
    /// Gives bytes that are given to nobody else, and keeps no copy of them.
    fn fill(&mut self, wanted: &mut [u8]) -> Result<(), getrandom::Error> {
        if wanted.len() > AT_ONCE {
            return getrandom::fill(wanted);
        }
        if self.left < wanted.len() {
            self.left = 0;
            getrandom::fill(&mut self.bytes)?;
            self.left = AT_ONCE;
        }
        let from = self.left - wanted.len();
        let taken = &mut self.bytes[from..self.left];
        wanted.copy_from_slice(taken);
        taken.fill(0);
        self.left = from;
        Ok(())
    }
}

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no randomness");
        Problem::new(
            "internal",
            "The system gives no random numbers, so nothing can be protected.",
            "系统无法提供随机数，因此无法保护任何内容。",
        )
    })?;
    Ok(bytes)
}

/// Fills `bytes` with random bytes of the system.
///
/// # Errors
/// The system has none.
pub(crate) fn fill(bytes: &mut [u8]) -> Result<(), getrandom::Error> {
    STOCK.with_borrow_mut(|stock| stock.fill(bytes))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_bytes_are_given_twice_or_kept() {
        let mut stock = Stock { bytes: [0; AT_ONCE], left: 0 };
        let mut seen = HashSet::new();
        for _ in 0..1_000 {
            let mut bytes = [0; 16];
            stock.fill(&mut bytes).unwrap();
            assert!(seen.insert(bytes), "{bytes:?} came twice");
            assert!(stock.bytes[stock.left..].iter().all(|byte| *byte == 0), "a copy is kept");
        }
        let mut many = vec![0; 3 * AT_ONCE];
        stock.fill(&mut many).unwrap();
        assert!(many.chunks(16).all(|bytes| seen.insert(bytes.try_into().unwrap())));
    }
}

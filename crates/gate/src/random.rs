//! Random bytes, without which nothing is served: what nobody may guess must not be guessable.

use crate::problem::Problem;

/// Random bytes of the system.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| {
        tracing::error!(%error, "the system gives no randomness");
        Problem::new(
            "internal",
            "The system gives no random numbers, so nothing can be protected.",
            "系统无法提供随机数，因此无法保护任何内容。",
        )
    })?;
    Ok(bytes)
}

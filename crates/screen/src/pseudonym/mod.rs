//! Pseudonyms: what a person's values are called on their way to a partner, and the way back.
//!
//! A rule with the action `pseudonymise` replaces what it finds by a token such as `⟦name·A7K2QX⟧`. The kind is readable, so that a
//! model can write a sentence around it; the code behind it is the value under a key of the conversation, so that the same value
//! has the same token for as long as the conversation has the same name, and nothing links two conversations or two people. A
//! [`Vault`] holds the values of one request in memory and forgets them, overwritten, when the request ends. When the
//! answer comes back, a restorer puts the values in place of the tokens.
//!
//! Why not numbers, ⟦name·1⟧ and ⟦name·2⟧? A number is what stood before it: when an app sends less of the history, or the first
//! value is taken out, every number means somebody else, and a model's slip from 1 to 2 is somebody else's value.
//! A code depends on its own value alone. Two values whose codes are one and the same (of 28 million) are told apart by the order in which
//! the request has them, so the same history always gives the same tokens; where the first of them is no longer sent, the second has the
//! code of the first from then on. All of a request is tokenised anew, so no request has one token for two values.
//!
//! What holds:
//!
//! - Whatever way an answer was cut, the restored text is the same; no more is held back than what may still become a token.
//! - Only tokens of this request's vault are resolved. A token that somebody wrote into the prompt is taken apart before the
//!   prompt leaves, and one that the model invents shows as its kind alone.
//! - Nothing is restored inside a web address, a link's target, a tag, code, or a call of a tool that is not the person's own:
//!   an instruction hidden in a mail could otherwise have the model send a name away.

mod context;
mod key;
mod read;
mod restore;
mod stream;
mod token;
mod vault;
mod whole;

pub use key::{ConversationKey, PseudonymSecret};
pub use stream::RestoringScreen;
pub(crate) use token::disarmed;
pub use vault::Vault;

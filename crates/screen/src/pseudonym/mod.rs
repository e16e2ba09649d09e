//! Pseudonyms: what a person's values are called on their way to a partner, and the way back.
//!
//! A rule with the action `pseudonymise` replaces what it finds by a token such as `⟦name·A7K2QX⟧`. The kind is readable, so that a
//! model can write a sentence around it; the code behind it is the value under a key of the conversation, so that the same value
//! has the same token for as long as the conversation has the same name, and nothing links two conversations. A [`Vault`]
//! holds the values of one request in memory and forgets them, overwritten, when the request ends. When the
//! answer comes back, a restorer puts the values in place of the tokens.
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

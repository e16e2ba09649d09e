//! The conversation a request is a turn of: by what name the app calls it, and whose it is.
//!
//! What is kept together by conversation (the tokens that stand for values, which partner served it last, the name its prompt
//! cache knows it by) is kept apart by app, by person where one is named, and by the name. One's name for a conversation is never
//! another's.

use http::HeaderMap;
use yumen_policy::{Clearance, Digest};
use yumen_screen::{ConversationKey, PseudonymSecret};

use crate::caller::Caller;
use crate::people::Naming;
use crate::problem::Problem;
use crate::random::random;

/// The header in which an app names the conversation.
pub(crate) const CONVERSATION_HEADER: &str = "yumen-conversation";

/// The longest name in the header, in bytes.
const LONGEST: usize = 256;

/// A conversation as the app names it, if it does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Conversation(Option<String>);

impl Conversation {
    /// What the header says.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(name) = headers.get(CONVERSATION_HEADER) else { return Ok(Self(None)) };
        match name.to_str() {
            Ok(name) if (1..=LONGEST).contains(&name.len()) => Ok(Self(Some(name.to_owned()))),
            _ => Err(Problem::new(
                "input_invalid",
                format!("`Yumen-Conversation` is 1 to {LONGEST} visible ASCII characters."),
                format!("`Yumen-Conversation` 须为 1 至 {LONGEST} 个可见 ASCII 字符。"),
            )),
        }
    }

    /// What the header says, else what stood in the body.
    pub(crate) fn or(self, in_body: Option<String>) -> Self {
        Self(self.0.or(in_body))
    }

    /// Its name among those of all apps and people.
    pub(crate) fn name(&self, caller: &Caller) -> Option<String> {
        let name = self.0.as_deref()?;
        let (who, person) = whose(caller);
        Some(format!("{}\n{who}\n{}\n{name}", caller.key_id(), Digest::of(person)))
    }

    /// The key of its tokens: the same for this person of this app, in this market and feature, at each gate that has the secret
    /// and knows the app's key, and for nobody else.
    ///
    /// A conversation without a name is one request long. What was said in it before is no name: two conversations that begin alike
    /// would share their tokens, and a partner could tell that one person asks the same again.
    pub(crate) fn key(
        &self,
        caller: &Caller,
        clearance: &Clearance,
        secret: &PseudonymSecret,
    ) -> Result<ConversationKey, Problem> {
        let once = if self.0.is_none() { random::<16>()? } else { [0; 16] };
        let (named, conversation) = match &self.0 {
            Some(name) => ("named", name.as_bytes()),
            None => ("unnamed", &once[..]),
        };
        let (who, person) = whose(caller);
        Ok(secret.conversation(&[
            // Not the key's id: another gate that knows the same key has another id for it.
            &caller.secret_hash()[..],
            who.as_bytes(),
            person,
            named.as_bytes(),
            conversation,
            clearance.market().as_str().as_bytes(),
            clearance.feature().as_str().as_bytes(),
        ]))
    }
}

/// Who is behind the caller, as far as is known.
fn whose(caller: &Caller) -> (&'static str, &[u8]) {
    match caller.naming() {
        Some(Naming::App { key: _, name }) => ("person", name.as_bytes()),
        Some(Naming::Device(thumbprint)) => ("device", thumbprint.as_bytes()),
        None => ("anybody", &[]),
    }
}

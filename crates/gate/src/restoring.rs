//! Restoring: the values of a person's own words, back in place of the tokens that stood for them at a partner.
//!
//! In text for the person always; in the arguments of a call only where the app says, in the header `Yumen-Own-Tools`, that the
//! tool is the person's own (their calendar, their address book), since what goes to anybody else's tool leaves.

use std::sync::Arc;

use http::HeaderMap;
use yumen_features::{Body, Prompt};
use yumen_screen::{FromPartner, Notice, RestoringScreen, Screened, StreamScreen, Vault};
use yumen_wire::{Completion, ResponseFormat};

use crate::choices::is_identifier;
use crate::problem::Problem;

/// The header that lists, by name, the tools that are the person's own.
pub(crate) const OWN_TOOLS_HEADER: &str = "yumen-own-tools";

/// The most tools that may be listed.
const MOST_TOOLS: usize = 128;

/// The tools that are the person's own.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnTools(Vec<String>);

impl OwnTools {
    /// Reads the header; without one, no tool is.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let Some(value) = headers.get(OWN_TOOLS_HEADER) else { return Ok(Self::default()) };
        let names = value.to_str().unwrap_or("?").split(',').map(|name| name.trim().to_owned());
        let names: Vec<String> = names.collect();
        if names.len() > MOST_TOOLS
            || names.iter().any(|name| name.is_empty() || !is_identifier(name))
        {
            return Err(Problem::new(
                "input_invalid",
                "The header Yumen-Own-Tools lists names of tools, with commas between them.",
                "请求头 Yumen-Own-Tools 应为以逗号分隔的工具名称。",
            ));
        }
        Ok(Self(names))
    }
}

/// How the answer to one request is restored.
#[derive(Clone, Debug)]
pub(crate) struct Restoring {
    vault: Arc<Vault>,
    is_json: bool,
    own_tools: OwnTools,
}

impl Restoring {
    /// The values of `vault`, for the answer to `prompt`.
    pub(crate) fn new(vault: Vault, prompt: &Prompt, own_tools: OwnTools) -> Self {
        let is_json = match prompt.body() {
            Body::Chat(chat) => matches!(
                chat.params.response_format,
                Some(ResponseFormat::JsonObject | ResponseFormat::JsonSchema { .. })
            ),
            Body::Device(_) => false,
        };
        Self { vault: Arc::new(vault), is_json, own_tools }
    }

    /// Nothing is restored.
    #[cfg(test)]
    pub(crate) fn nothing() -> Self {
        let key = yumen_screen::PseudonymSecret::new([7; 32]).conversation(&["test"]);
        let (vault, own_tools) = (Arc::new(Vault::new(key)), OwnTools::default());
        Self { vault, is_json: false, own_tools }
    }

    /// A whole answer.
    pub(crate) fn whole(
        &self,
        completion: Screened<Completion, FromPartner>,
    ) -> (Screened<Completion, FromPartner>, Vec<Notice>) {
        completion.restored(&self.vault, self.is_json, |tool| self.is_own(tool))
    }

    /// The text of a streamed one.
    pub(crate) fn text(&self, screen: StreamScreen<FromPartner>) -> RestoringScreen {
        if self.is_json {
            screen.restoring_json(&self.vault, true)
        } else {
            screen.restoring(&self.vault)
        }
    }

    /// Its reasoning, which is for people whatever form the text is to have.
    pub(crate) fn reasoning(&self, screen: StreamScreen<FromPartner>) -> RestoringScreen {
        screen.restoring(&self.vault)
    }

    /// The arguments of a call in a streamed one.
    pub(crate) fn arguments(
        &self,
        screen: StreamScreen<FromPartner>,
        tool: Option<&str>,
    ) -> RestoringScreen {
        screen.restoring_json(&self.vault, tool.is_some_and(|tool| self.is_own(tool)))
    }

    fn is_own(&self, tool: &str) -> bool {
        self.own_tools.0.iter().any(|own| own == tool)
    }
}

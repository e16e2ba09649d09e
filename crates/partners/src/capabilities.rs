//! What a model can do, as data; and what a conversation needs of the model that is asked.

use serde::{Deserialize, Serialize};
use yumen_wire::{Chat, Message, Modalities, Part, Reasoning, ResponseFormat};

/// What one model can do. What nobody said is unknown: of images and other media, and of going on
/// from a prefix, that means no; of everything else, that the model is asked and may say no itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Capabilities {
    /// The most tokens of question and answer together.
    pub context_tokens: Option<u32>,
    /// The most tokens of an answer.
    pub max_output_tokens: Option<u32>,
    /// What it takes besides text.
    pub inputs: Inputs,
    /// Calling functions.
    pub tools: Option<bool>,
    /// Answers that follow a JSON schema.
    pub json_schema: Option<bool>,
    /// Answers that are JSON objects.
    pub json_object: Option<bool>,
    /// Going on from the beginning of an answer.
    pub prefix: Option<bool>,
    /// Reasoning that can be asked for.
    pub reasoning: Option<bool>,
    /// Searching the web.
    pub search: Option<bool>,
    /// A prompt cache that a request can ask for.
    pub cache: Option<bool>,
}

/// What a model takes besides text; nothing, unless said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Input>", into = "Vec<Input>")]
#[expect(clippy::struct_excessive_bools, reason = "a set of four")]
pub struct Inputs {
    /// Still images.
    pub image: bool,
    /// Sound.
    pub audio: bool,
    /// Moving images.
    pub video: bool,
    /// Whole documents.
    pub file: bool,
}

/// A kind of input, as a file lists it: `inputs = ["text", "image"]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Input {
    /// Words; every model takes them.
    Text,
    /// Still images.
    Image,
    /// Sound.
    Audio,
    /// Moving images.
    Video,
    /// Whole documents.
    File,
}

impl From<Vec<Input>> for Inputs {
    fn from(inputs: Vec<Input>) -> Self {
        let has = |input| inputs.contains(&input);
        Self {
            image: has(Input::Image),
            audio: has(Input::Audio),
            video: has(Input::Video),
            file: has(Input::File),
        }
    }
}

impl From<Inputs> for Vec<Input> {
    fn from(inputs: Inputs) -> Self {
        let Inputs { image, audio, video, file } = inputs;
        [
            (true, Input::Text),
            (image, Input::Image),
            (audio, Input::Audio),
            (video, Input::Video),
            (file, Input::File),
        ]
        .into_iter()
        .filter_map(|(has, input)| has.then_some(input))
        .collect()
    }
}

/// What a conversation needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent needs")]
pub(crate) struct Needs {
    pub(crate) inputs: Modalities,
    pub(crate) tools: bool,
    pub(crate) json_schema: bool,
    pub(crate) json_object: bool,
    pub(crate) reasoning: bool,
    pub(crate) search: bool,
    /// To be gone on with from its last turn.
    pub(crate) prefix: bool,
    /// Bytes of its text.
    pub(crate) bytes: usize,
}

impl Needs {
    pub(crate) fn of(chat: &Chat) -> Self {
        let params = &chat.params;
        Self {
            inputs: chat.modalities(),
            tools: !chat.tools.is_empty(),
            json_schema: matches!(params.response_format, Some(ResponseFormat::JsonSchema { .. })),
            json_object: matches!(params.response_format, Some(ResponseFormat::JsonObject)),
            reasoning: matches!(params.reasoning, Some(Reasoning::On { .. })),
            search: params.search.is_some(),
            prefix: chat.prefix().is_some(),
            bytes: bytes(chat),
        }
    }
}

/// Bytes of a conversation's text.
fn bytes(chat: &Chat) -> usize {
    let in_message = |message: &Message| match message {
        Message::User { content } => content
            .parts()
            .iter()
            .map(|part| if let Part::Text(text) = part { text.len() } else { 0 })
            .sum(),
        Message::System { content }
        | Message::Assistant { content, .. }
        | Message::Tool { content, .. } => content.len(),
    };
    chat.messages.iter().map(in_message).sum()
}

/// More bytes than this for a token no tokeniser of the partners packs: what is longer by it is too
/// long for sure, and what may fit is left to the partner to say.
const MOST_BYTES_A_TOKEN: usize = 8;

impl Capabilities {
    /// What a model with these cannot do of what is needed; none when it can do all.
    pub(crate) fn lacks(&self, needs: &Needs) -> Option<&'static str> {
        let media = [
            (needs.inputs.image, self.inputs.image, "images"),
            (needs.inputs.audio, self.inputs.audio, "audio"),
            (needs.inputs.video, self.inputs.video, "video"),
            (needs.inputs.file, self.inputs.file, "files"),
            (needs.prefix, self.prefix == Some(true), "the beginning of an answer"),
            (true, self.may_fit(needs.bytes), "a conversation of this length"),
        ];
        let rest = [
            (needs.tools, self.tools, "tools"),
            (needs.json_schema, self.json_schema, "answers by a JSON schema"),
            (needs.json_object, self.json_object, "answers as JSON objects"),
            (needs.reasoning, self.reasoning, "reasoning"),
            (needs.search, self.search, "a search of the web"),
        ];
        let rest = rest.into_iter().map(|(needs, has, what)| (needs, has != Some(false), what));
        media.into_iter().chain(rest).find_map(|(needs, has, what)| (needs && !has).then_some(what))
    }

    fn may_fit(&self, bytes: usize) -> bool {
        self.context_tokens.is_none_or(|context| {
            usize::try_from(context).is_ok_and(|context| bytes / MOST_BYTES_A_TOKEN <= context)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_said_means_no_media_and_perhaps_the_rest() {
        let unknown = Capabilities::default();
        assert_eq!(unknown.lacks(&Needs::default()), None);
        assert_eq!(unknown.lacks(&Needs { tools: true, ..Needs::default() }), None);
        let image = Modalities { image: true, ..Modalities::default() };
        let image = Needs { inputs: image, ..Needs::default() };
        assert_eq!(unknown.lacks(&image), Some("images"));
        let none = Capabilities { tools: Some(false), ..unknown };
        assert_eq!(none.lacks(&Needs { tools: true, ..Needs::default() }), Some("tools"));
        let begun = Needs { prefix: true, ..Needs::default() };
        assert_eq!(unknown.lacks(&begun), Some("the beginning of an answer"));
        assert_eq!(Capabilities { prefix: Some(true), ..unknown }.lacks(&begun), None);
    }

    #[test]
    fn only_what_is_too_long_for_sure_is_not_asked() {
        let small = Capabilities { context_tokens: Some(1_000), ..Capabilities::default() };
        let long = |bytes| small.lacks(&Needs { bytes, ..Needs::default() });
        assert_eq!(long(8_000), None);
        assert_eq!(long(8_008), Some("a conversation of this length"));
    }

    #[test]
    fn a_conversation_says_what_it_needs() {
        let chat = Chat {
            messages: vec![Message::user("four"), Message::prefix("five!")],
            ..Chat::default()
        };
        let needs = Needs { prefix: true, bytes: 9, ..Needs::default() };
        assert_eq!(Needs::of(&chat), needs);
    }

    #[test]
    fn they_are_read_from_a_file() {
        let can: Capabilities = toml::from_str(
            "context_tokens = 131072\ninputs = [\"text\", \"image\"]\ntools = true\nprefix = true",
        )
        .unwrap();
        assert!(can.inputs.image && !can.inputs.audio);
        assert_eq!((can.tools, can.prefix, can.search), (Some(true), Some(true), None));
        assert_eq!(toml::from_str::<Capabilities>(&toml_of(can)).unwrap(), can);
        assert!(toml::from_str::<Capabilities>("inputs = [\"smell\"]").is_err());
    }

    fn toml_of(can: Capabilities) -> String {
        let inputs: Vec<Input> = can.inputs.into();
        let inputs = serde_json::to_string(&inputs).unwrap();
        format!("context_tokens = 131072\ninputs = {inputs}\ntools = true\nprefix = true")
    }
}

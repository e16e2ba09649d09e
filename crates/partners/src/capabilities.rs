//! What a model can do, as data; and what a conversation needs of the model that is asked.

use std::fmt;

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
    /// The most choices of an answer.
    pub choices: Option<u32>,
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

/// Something that a conversation needs of a model, and that not every model can do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ability {
    /// Taking still images.
    Images,
    /// Taking sound.
    Audio,
    /// Taking moving images.
    Video,
    /// Taking whole documents.
    Files,
    /// Going on from the beginning of an answer.
    Prefix,
    /// Taking a conversation of this length.
    Length,
    /// Calling functions.
    Tools,
    /// Answers that follow a JSON schema.
    JsonSchema,
    /// Answers that are JSON objects.
    JsonObject,
    /// Reasoning that can be asked for.
    Reasoning,
    /// Searching the web.
    Search,
    /// As many answers to one question.
    Choices,
}

impl Ability {
    /// What it is, in English and Chinese.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Images => ("images", "图片"),
            Self::Audio => ("audio", "音频"),
            Self::Video => ("video", "视频"),
            Self::Files => ("files", "文件"),
            Self::Prefix => ("the beginning of an answer", "续写给定的开头"),
            Self::Length => ("a conversation of this length", "此长度的对话"),
            Self::Tools => ("tools", "工具调用"),
            Self::JsonSchema => ("answers by a JSON schema", "按 JSON Schema 回答"),
            Self::JsonObject => ("answers as JSON objects", "以 JSON 对象回答"),
            Self::Reasoning => ("reasoning", "推理（思考）"),
            Self::Search => ("a search of the web", "联网搜索"),
            Self::Choices => ("as many choices", "此数目的候选回答"),
        }
    }
}

impl Ability {
    /// The field of a chat completion that asks for it, where it is one.
    pub fn param(self) -> Option<&'static str> {
        Some(match self {
            Self::Images | Self::Audio | Self::Video | Self::Files | Self::Length => "messages",
            Self::Tools => "tools",
            Self::JsonSchema | Self::JsonObject => "response_format",
            Self::Reasoning => "reasoning_effort",
            Self::Choices => "n",
            Self::Prefix | Self::Search => return None,
        })
    }
}

impl fmt::Display for Ability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words().0)
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
    /// How many choices, where it is said.
    pub(crate) choices: Option<u32>,
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
            choices: params.choices,
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
    pub(crate) fn lacks(&self, needs: &Needs) -> Option<Ability> {
        let media = [
            (needs.inputs.image, self.inputs.image, Ability::Images),
            (needs.inputs.audio, self.inputs.audio, Ability::Audio),
            (needs.inputs.video, self.inputs.video, Ability::Video),
            (needs.inputs.file, self.inputs.file, Ability::Files),
            (needs.prefix, self.prefix == Some(true), Ability::Prefix),
            (true, self.may_fit(needs.bytes), Ability::Length),
        ];
        let rest = [
            (needs.tools, self.tools, Ability::Tools),
            (needs.json_schema, self.json_schema, Ability::JsonSchema),
            (needs.json_object, self.json_object, Ability::JsonObject),
            (needs.reasoning, self.reasoning, Ability::Reasoning),
            (needs.search, self.search, Ability::Search),
            (true, self.may_give(needs.choices), Ability::Choices),
        ];
        let rest = rest.into_iter().map(|(needs, has, what)| (needs, has != Some(false), what));
        media.into_iter().chain(rest).find_map(|(needs, has, what)| (needs && !has).then_some(what))
    }

    /// Whether it gives as many choices; none where nobody said.
    fn may_give(&self, choices: Option<u32>) -> Option<bool> {
        Some(choices? <= self.choices?)
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
        assert_eq!(unknown.lacks(&image), Some(Ability::Images));
        let none = Capabilities { tools: Some(false), ..unknown };
        assert_eq!(none.lacks(&Needs { tools: true, ..Needs::default() }), Some(Ability::Tools));
        let begun = Needs { prefix: true, ..Needs::default() };
        assert_eq!(unknown.lacks(&begun), Some(Ability::Prefix));
        assert_eq!(Capabilities { prefix: Some(true), ..unknown }.lacks(&begun), None);
    }

    #[test]
    fn as_many_choices_as_a_model_gives_may_be_asked_for() {
        let four = Capabilities { choices: Some(4), ..Capabilities::default() };
        let asked = |can: Capabilities, choices| can.lacks(&Needs { choices, ..Needs::default() });
        assert_eq!(asked(four, Some(4)), None);
        assert_eq!(asked(four, Some(5)), Some(Ability::Choices));
        assert_eq!((asked(four, None), asked(Capabilities::default(), Some(5))), (None, None));
        assert_eq!(Ability::Choices.param(), Some("n"));
    }

    #[test]
    fn only_what_is_too_long_for_sure_is_not_asked() {
        let small = Capabilities { context_tokens: Some(1_000), ..Capabilities::default() };
        let long = |bytes| small.lacks(&Needs { bytes, ..Needs::default() });
        assert_eq!(long(8_000), None);
        assert_eq!(long(8_008), Some(Ability::Length));
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

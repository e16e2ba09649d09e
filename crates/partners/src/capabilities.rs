//! What a model can do, as data; and what a conversation needs of the model that is asked.

use serde::{Deserialize, Serialize};
use yumen_wire::{Chat, ResponseFormat};

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
    pub(crate) inputs: Inputs,
    pub(crate) tools: bool,
    pub(crate) json_schema: bool,
    pub(crate) json_object: bool,
}

impl Needs {
    pub(crate) fn of(chat: &Chat) -> Self {
        Self {
            inputs: Inputs::default(),
            tools: !chat.tools.is_empty(),
            json_schema: matches!(
                chat.params.response_format,
                Some(ResponseFormat::JsonSchema { .. })
            ),
            json_object: matches!(chat.params.response_format, Some(ResponseFormat::JsonObject)),
        }
    }
}

impl Capabilities {
    /// What a model with these cannot do of what is needed; none when it can do all.
    pub(crate) fn lacks(&self, needs: &Needs) -> Option<&'static str> {
        let media = [
            (needs.inputs.image, self.inputs.image, "images"),
            (needs.inputs.audio, self.inputs.audio, "audio"),
            (needs.inputs.video, self.inputs.video, "video"),
            (needs.inputs.file, self.inputs.file, "files"),
        ];
        let rest = [
            (needs.tools, self.tools, "tools"),
            (needs.json_schema, self.json_schema, "answers by a JSON schema"),
            (needs.json_object, self.json_object, "answers as JSON objects"),
        ];
        let rest = rest.into_iter().map(|(needs, has, what)| (needs, has != Some(false), what));
        media.into_iter().chain(rest).find_map(|(needs, has, what)| (needs && !has).then_some(what))
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
        let image = Needs { inputs: Inputs::from(vec![Input::Image]), ..Needs::default() };
        assert_eq!(unknown.lacks(&image), Some("images"));
        let none = Capabilities { tools: Some(false), ..unknown };
        assert_eq!(none.lacks(&Needs { tools: true, ..Needs::default() }), Some("tools"));
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

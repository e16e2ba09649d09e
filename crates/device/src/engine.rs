//! The engine itself: checks the text, picks the work, answers.

use yumen_features::{DeviceTask, TaskKind, TextLanguage};
use yumen_policy::Digest;

use crate::error::DeviceError;
use crate::output::Output;
use crate::{chinese, english, extract, language};

/// Everything the engine works from that ships as data.
const LISTS: [&str; 4] = [
    include_str!("../../../catalog/device/en-phrases.toml"),
    include_str!("../../../catalog/device/stop-words.toml"),
    include_str!("../../../catalog/device/zh-confusions.toml"),
    include_str!("../../../catalog/device/zh-doubled.toml"),
];

/// The on-device engine. Cheap to make and to share; dictionaries are loaded on first use and
/// shared by the whole process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Engine {
    _private: (),
}

impl Engine {
    /// An engine. Nothing is loaded yet.
    pub fn new() -> Self {
        Self { _private: () }
    }

    /// Does one piece of work. Blocks for as long as it takes: milliseconds for a page, a few
    /// seconds at most for a text of [`Engine::max_bytes`].
    pub fn run(&self, task: &DeviceTask) -> Result<Output, DeviceError> {
        let text = task.text.as_str();
        let max_bytes = self.max_bytes(task.kind);
        if text.len() > max_bytes {
            return Err(DeviceError::TooLong { bytes: text.len(), max_bytes });
        }
        if !text.chars().any(char::is_alphanumeric) {
            return Err(DeviceError::Empty);
        }
        let found = language::detect(text);
        let foreign = found.is_none() && text.chars().any(char::is_alphabetic);
        if foreign || found.is_some_and(|found| found != task.language) {
            return Err(DeviceError::WrongLanguage { expected: task.language, found });
        }
        match (task.kind, task.language) {
            (TaskKind::KeyPoints, language) => extract::key_points(text, language),
            (TaskKind::Proofread, TextLanguage::En) => {
                english::proofread(text).map(Output::Proofread)
            }
            (TaskKind::Proofread, TextLanguage::Zh) => {
                Ok(Output::Proofread(chinese::proofread(text)))
            }
            (TaskKind::Summary, language) => extract::summary(text, language),
        }
    }

    /// The longest text taken for a piece of work, in bytes of UTF-8.
    pub fn max_bytes(&self, kind: TaskKind) -> usize {
        match kind {
            TaskKind::KeyPoints | TaskKind::Summary => 1 << 20,
            TaskKind::Proofread => 256 << 10,
        }
    }

    /// The name of what does a piece of work, raised whenever its rules change.
    pub fn model(&self, kind: TaskKind) -> &'static str {
        match kind {
            TaskKind::KeyPoints => "yumen-keypoints-1",
            TaskKind::Proofread => "yumen-proofread-1",
            TaskKind::Summary => "yumen-summary-1",
        }
    }

    /// The version that stands in releases: the name, and the digest of the lists the engine works
    /// from. A word changed in them is another version.
    pub fn version(&self, kind: TaskKind) -> String {
        let digest = Digest::of(LISTS.join("\0").as_bytes()).to_string();
        format!("{}+{digest}", self.model(kind))
    }
}

//! What the program itself says in a verdict: the checks of a feature's terms and the words for each
//! way an input can come out, made once per policy so that judging only points at them.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, LazyLock};

use crate::{FeatureTerms, InputName, OsVersion, Platform, Text};

/// A check that passes or fails, with the words for both.
#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) rule: Arc<str>,
    pub(crate) pass: Arc<Text>,
    pub(crate) fail: Arc<Text>,
    pub(crate) next_step: Arc<Text>,
}

impl Check {
    fn new(rule: &str, pass: Text, fail: Text, next_step: Text) -> Self {
        Self {
            rule: rule.into(),
            pass: Arc::new(pass),
            fail: Arc::new(fail),
            next_step: Arc::new(next_step),
        }
    }
}

/// The checks of one feature's terms.
#[derive(Debug)]
pub(crate) struct TermChecks {
    pub(crate) market: Check,
    pub(crate) platform: Check,
    pub(crate) os_version: BTreeMap<Platform, Check>,
    pub(crate) class: Check,
    pub(crate) capabilities: Check,
    pub(crate) language: Check,
    pub(crate) assistant_language: Check,
    pub(crate) languages_match: Check,
    pub(crate) age_band: Check,
}

fn list<T: Display>(items: impl IntoIterator<Item = T>, comma: &str) -> String {
    let items: Vec<String> = items.into_iter().map(|item| item.to_string()).collect();
    items.join(comma)
}

/// A list of words in both languages.
fn words(items: impl Iterator<Item = Text>) -> Text {
    let (en, zh): (Vec<_>, Vec<_>) = items.map(|text| (text.en, text.zh)).unzip();
    Text::new(en.join(", "), zh.join("、"))
}

impl TermChecks {
    pub(crate) fn of(feature: &FeatureTerms) -> Self {
        let terms = feature.terms();
        let markets = list(terms.markets.iter().flatten(), ", ");
        let platforms = words(terms.platforms.iter().flat_map(BTreeMap::keys).map(|p| p.text()));
        let classes = words(terms.classes.iter().flatten().map(|class| class.text()));
        let ages = words(terms.age_bands.iter().flatten().map(|band| band.text()));
        let capabilities = list(&terms.capabilities, ", ");
        let languages = list(&terms.languages, ", ");
        Self {
            market: Check::new(
                "feature.market",
                Text::new("The feature is made for this market.", "此功能面向该市场。"),
                Text::new(
                    format!("The feature is made for these markets only: {markets}."),
                    format!("此功能仅面向以下市场：{markets}。"),
                ),
                Text::new(
                    "Nothing can be done on this device; other features may be there.",
                    "此设备无法使用此功能，可查看其他功能。",
                ),
            ),
            platform: Check::new(
                "feature.platform",
                Text::new("The feature runs on this operating system.", "此功能支持该操作系统。"),
                Text::new(
                    format!("The feature runs on {} only.", platforms.en),
                    format!("此功能仅支持 {}。", platforms.zh),
                ),
                Text::new(
                    format!("Use a device with one of: {}.", platforms.en),
                    format!("请使用搭载以下系统之一的设备：{}。", platforms.zh),
                ),
            ),
            os_version: terms
                .platforms
                .iter()
                .flatten()
                .map(|(&platform, &least)| (platform, os_check(platform, least)))
                .collect(),
            class: Check::new(
                "feature.class",
                Text::new("The feature runs on this kind of device.", "此功能支持该类设备。"),
                Text::new(
                    format!("The feature runs on these devices only: {}.", classes.en),
                    format!("此功能仅支持以下设备：{}。", classes.zh),
                ),
                Text::new(
                    format!("Use one of: {}.", classes.en),
                    format!("请使用以下设备之一：{}。", classes.zh),
                ),
            ),
            capabilities: Check::new(
                "feature.capabilities",
                Text::new("The hardware can do what the feature needs.", "硬件能力符合要求。"),
                Text::new(
                    format!("The feature needs hardware with: {capabilities}."),
                    format!("此功能需要具备以下能力的硬件：{capabilities}。"),
                ),
                Text::new(
                    "Use a newer device that has these capabilities.",
                    "请使用具备这些能力的较新设备。",
                ),
            ),
            language: language_check(&languages),
            assistant_language: assistant_check(&languages),
            languages_match: match_check(),
            age_band: Check::new(
                "feature.age_band",
                Text::new("The feature is open to this age band.", "此功能向该年龄段开放。"),
                Text::new(
                    format!("The feature is open to these age bands only: {}.", ages.en),
                    format!("此功能仅向以下年龄段开放：{}。", ages.zh),
                ),
                Text::new(
                    "Nothing can be done for this age band; other features may be there.",
                    "该年龄段无法使用此功能，可查看其他功能。",
                ),
            ),
        }
    }
}

fn os_check(platform: Platform, least: OsVersion) -> Check {
    let Text { en, zh } = platform.text();
    Check::new(
        "feature.os_version",
        Text::new(
            format!("{en} is new enough: {least} or later."),
            format!("{zh}版本符合要求：{least} 或更高。"),
        ),
        Text::new(
            format!("The feature needs {en} {least} or later."),
            format!("此功能需要{zh} {least} 或更高版本。"),
        ),
        Text::new(
            format!("Update to {en} {least} or later."),
            format!("请将{zh}更新到 {least} 或更高版本。"),
        ),
    )
}

fn language_check(languages: &str) -> Check {
    Check::new(
        "feature.language",
        Text::new("The feature speaks the device language.", "此功能支持设备语言。"),
        Text::new(
            format!("The feature speaks these languages only: {languages}."),
            format!("此功能仅支持以下语言：{languages}。"),
        ),
        Text::new(
            format!("Set the device to one of these languages: {languages}."),
            format!("请将设备语言设为以下之一：{languages}。"),
        ),
    )
}

fn assistant_check(languages: &str) -> Check {
    Check::new(
        "feature.assistant_language",
        Text::new("The feature speaks the assistant language.", "此功能支持助理语言。"),
        Text::new(
            format!("The assistant must speak one of these languages: {languages}."),
            format!("助理语言须为以下之一：{languages}。"),
        ),
        Text::new(
            format!("Set the assistant to one of these languages: {languages}."),
            format!("请将助理语言设为以下之一：{languages}。"),
        ),
    )
}

fn match_check() -> Check {
    Check::new(
        "feature.languages_match",
        Text::new("Device and assistant speak the same language.", "设备语言与助理语言一致。"),
        Text::new("Device and assistant speak different languages.", "设备语言与助理语言不一致。"),
        Text::new(
            "Set device and assistant to the same language.",
            "请将设备语言与助理语言设为同一种语言。",
        ),
    )
}

/// The words for an input that no rule judged, or that could not be judged.
#[derive(Debug)]
pub(crate) struct InputWords {
    pub(crate) known: Arc<Text>,
    pub(crate) not_needed: Arc<Text>,
    pub(crate) unset: Arc<Text>,
    pub(crate) unset_next: Arc<Text>,
    pub(crate) error: Arc<Text>,
    pub(crate) error_next: Arc<Text>,
    pub(crate) expired: Arc<Text>,
    pub(crate) expired_next: Arc<Text>,
    pub(crate) no_account: Arc<Text>,
    pub(crate) no_account_next: Arc<Text>,
}

/// The rule that every input must be known.
pub(crate) static INPUT_RULE: LazyLock<Arc<str>> = LazyLock::new(|| "device.input".into());

static INPUT_WORDS: LazyLock<Vec<InputWords>> = LazyLock::new(|| {
    let words = InputName::ALL.iter().map(|input| {
        let name = input.text();
        let text = |en: &str, zh: &str| {
            Arc::new(Text::new(en.replace("{}", &name.en), zh.replace("{}", &name.zh)))
        };
        InputWords {
            known: text("The {} is known.", "{}已知。"),
            not_needed: text("The {} is not needed here.", "此处不需要{}。"),
            unset: text("The device has not said its {} yet.", "设备尚未提供{}。"),
            unset_next: text("Ask again when the {} is known.", "待{}确定后再试。"),
            error: text("The device could not find out its {}.", "设备无法读取{}。"),
            error_next: text(
                "Check the {} in the settings of the device, then ask again.",
                "请在设备设置中检查{}，然后重试。",
            ),
            expired: text(
                "What the device knew of its {} is no longer valid.",
                "设备已知的{}已失效。",
            ),
            expired_next: text(
                "Let the device find out its {} again, then ask again.",
                "请让设备重新获取{}，然后重试。",
            ),
            no_account: text(
                "There is no account on the device that would say its {}.",
                "设备上没有可提供{}的账户。",
            ),
            no_account_next: text(
                "Sign in on the device, then ask again.",
                "请在设备上登录账户，然后重试。",
            ),
        }
    });
    words.collect()
});

/// The words for this input.
pub(crate) fn input_words(input: InputName) -> &'static InputWords {
    &INPUT_WORDS[input as usize]
}

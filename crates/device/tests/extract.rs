//! What a person sees of summaries and key points: sentences of their own text, nothing else.

use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use yumen_device::{DeviceError, Engine, MAX_SENTENCE_CHARS, Output, Span};
use yumen_features::{DeviceTask, TaskKind, TextLanguage};

fn run(kind: TaskKind, text: &str, language: TextLanguage) -> Result<Output, DeviceError> {
    Engine::new().run(&DeviceTask { kind, text: text.to_owned(), language })
}

/// The sentences of an answer, after checking that each stands in the text where it says.
#[track_caller]
fn sentences(kind: TaskKind, text: &str, language: TextLanguage) -> Vec<String> {
    let (found, spans): (Vec<String>, Vec<Span>) = match run(kind, text, language) {
        Ok(Output::Summary { summary, sentences }) => {
            let found: Vec<String> =
                sentences.iter().map(|s| text[s.bytes.start..s.bytes.end].to_owned()).collect();
            let separator = if language == TextLanguage::En { " " } else { "" };
            assert_eq!(summary, found.join(separator));
            (found, sentences)
        }
        Ok(Output::KeyPoints { points }) => {
            points.into_iter().map(|point| (point.text, point.span)).unzip()
        }
        other => panic!("{other:?}"),
    };
    let units: Vec<u16> = text.encode_utf16().collect();
    let mut last = 0;
    for (sentence, span) in found.iter().zip(&spans) {
        assert_eq!(&text[span.bytes.start..span.bytes.end], sentence);
        assert_eq!(String::from_utf16_lossy(&units[span.utf16.start..span.utf16.end]), *sentence);
        assert!(span.bytes.start >= last, "out of order");
        last = span.bytes.end;
    }
    found
}

const ENGLISH: &str = "The town library will close for repairs in March. The roof of the library has leaked \
    since the storm, and the books in the upper rooms are damp. Mr. Lee, the librarian, loves tea. \
    Repairs to the library roof will take six weeks, the town council said. During the repairs, readers \
    can borrow books from a van at the market. It was sunny on Tuesday. The council will pay for the \
    roof from its storm fund.";

const CHINESE: &str = "市图书馆将于三月闭馆维修。自暴风雨以来，图书馆的屋顶一直漏水，楼上的图书受潮。馆长喜欢喝茶。\
    市政府表示，图书馆屋顶的维修需要六周。维修期间，读者可以在市场旁的流动书车借阅图书。那天是星期二，天气晴朗。\
    维修费用由市政府的救灾资金支付。";

#[test]
fn picks_what_the_text_is_about() {
    let found = sentences(TaskKind::Summary, ENGLISH, TextLanguage::En);
    assert_eq!(found.len(), 3);
    assert_eq!(found[0], "The town library will close for repairs in March.");
    assert!(!found.iter().any(|s| s.contains("tea") || s.contains("sunny")), "{found:?}");

    let found = sentences(TaskKind::Summary, CHINESE, TextLanguage::Zh);
    assert_eq!(found.len(), 3);
    assert_eq!(found[0], "市图书馆将于三月闭馆维修。");
    assert!(!found.iter().any(|s| s.contains('茶') || s.contains("晴朗")), "{found:?}");
}

#[test]
fn lists_key_points() {
    let found = sentences(TaskKind::KeyPoints, ENGLISH, TextLanguage::En);
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(!found.iter().any(|s| s.contains("tea") || s.contains("sunny")), "{found:?}");
    let found = sentences(TaskKind::KeyPoints, CHINESE, TextLanguage::Zh);
    assert_eq!(found.len(), 4, "{found:?}");
}

#[test]
fn says_the_same_thing_once() {
    let text = "The bridge will open in June after two years of work. The bridge will open in June after \
        two years of hard work. Cars and buses may use the bridge from the first day. Boats pass \
        under the bridge at high water. The work on the bridge cost nine million.";
    let found = sentences(TaskKind::Summary, text, TextLanguage::En);
    assert_eq!(found.iter().filter(|s| s.contains("open in June")).count(), 1, "{found:?}");
}

#[test]
fn takes_short_texts_as_they_are() {
    assert_eq!(sentences(TaskKind::Summary, "Just one line", TextLanguage::En), ["Just one line"]);
    assert_eq!(
        sentences(TaskKind::KeyPoints, "第一。第二点。", TextLanguage::Zh),
        ["第一。", "第二点。"]
    );
}

#[test]
fn summarizes_real_texts() {
    let found = sentences(TaskKind::Summary, include_str!("zh-prose.txt"), TextLanguage::Zh);
    assert!((2..=4).contains(&found.len()), "{found:?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/real/en-news.txt");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not here", path.display());
        return;
    };
    let found = sentences(TaskKind::Summary, &text, TextLanguage::En);
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].contains("surged as much as 8.6 per cent"), "{found:?}");
    let found = sentences(TaskKind::KeyPoints, &text, TextLanguage::En);
    assert!((3..=6).contains(&found.len()), "{found:?}");
}

#[test]
fn answers_texts_without_sentences() {
    let max_bytes = Engine::new().max_bytes(TaskKind::Summary);
    let no_sentence = Err(DeviceError::NoSentence { max_chars: MAX_SENTENCE_CHARS });
    assert_eq!(
        run(TaskKind::Summary, &"word ".repeat(max_bytes / 5), TextLanguage::En),
        no_sentence
    );
    assert_eq!(
        run(TaskKind::KeyPoints, &"字".repeat(max_bytes / 3), TextLanguage::Zh),
        no_sentence
    );
    assert_eq!(run(TaskKind::Summary, " \n ", TextLanguage::En), Err(DeviceError::Empty));
    assert_eq!(
        run(TaskKind::Summary, &"a".repeat(max_bytes + 1), TextLanguage::En),
        Err(DeviceError::TooLong { bytes: max_bytes + 1, max_bytes })
    );
    for error in [DeviceError::Empty, DeviceError::NoSentence { max_chars: 1 }] {
        assert!(!error.text().zh.is_empty() && !error.code().is_empty());
    }
}

#[test]
fn takes_the_longest_text() {
    let mut text = String::new();
    for day in 0.. {
        let _ = write!(
            text,
            "On day {day} the ship sailed {} miles past island {}. ",
            day * 7 % 90,
            day % 13
        );
        if text.len() > (1 << 20) - 80 {
            break;
        }
    }
    assert_eq!(sentences(TaskKind::Summary, &text, TextLanguage::En).len(), 4);
    let text = CHINESE.repeat((1 << 20) / CHINESE.len());
    assert_eq!(sentences(TaskKind::KeyPoints, &text, TextLanguage::Zh).len(), 6);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_sentence_stands_in_the_text(
        parts in prop::collection::vec(prop::sample::select(vec![
            "The cat sat. ", "Dr. Who left. ", "8.6 per cent", "“Go!” ", "\n\n", "\n", "U.S. ", "😀 ", "A dog? ",
            "and then ", "It rained... ", "é. ", "中文。",
        ]), 1..60)
    ) {
        let text = parts.concat();
        for kind in [TaskKind::Summary, TaskKind::KeyPoints] {
            if run(kind, &text, TextLanguage::En).is_ok() {
                sentences(kind, &text, TextLanguage::En);
            }
        }
    }

    #[test]
    fn every_chinese_sentence_stands_in_the_text(
        parts in prop::collection::vec(prop::sample::select(vec![
            "今天很好。", "“去吗？”他问。", "……", "我们走吧！", "\n", "😀", "北京的天气不错，", "天气", "abc", "（好）",
        ]), 1..60)
    ) {
        let text = parts.concat();
        for kind in [TaskKind::Summary, TaskKind::KeyPoints] {
            if run(kind, &text, TextLanguage::Zh).is_ok() {
                sentences(kind, &text, TextLanguage::Zh);
            }
        }
    }
}

#[test]
fn the_version_is_of_every_list_that_ships() {
    let engine = Engine::new();
    let lists = ["en-phrases", "stop-words", "zh-confusions", "zh-doubled"].map(|name| {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalog/device");
        std::fs::read_to_string(format!("{folder}/{name}.toml")).unwrap()
    });
    let digest = yumen_policy::Digest::of(lists.join("\0").as_bytes());
    let version = engine.version(TaskKind::Proofread);
    assert_eq!(version, format!("{}+{digest}", engine.model(TaskKind::Proofread)));
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../catalog/device"));
    assert_eq!(files.unwrap().count(), lists.len(), "a list that the version is not of");
}

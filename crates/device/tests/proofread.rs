//! What a person sees when a text is proofread.

use std::path::Path;

use proptest::prelude::*;
use yumen_device::{DeviceError, Engine, Output, Proofread};
use yumen_features::{DeviceTask, TaskKind, TextLanguage};

fn proofread(text: &str, language: TextLanguage) -> Proofread {
    let task = DeviceTask { kind: TaskKind::Proofread, text: text.to_owned(), language };
    match Engine::new().run(&task) {
        Ok(Output::Proofread(proofread)) => proofread,
        other => panic!("{other:?} of {text:?}"),
    }
}

#[track_caller]
fn en(text: &str, corrected: &str) {
    assert_eq!(proofread(text, TextLanguage::En).corrected, corrected);
}

#[track_caller]
fn zh(text: &str, corrected: &str) {
    assert_eq!(proofread(text, TextLanguage::Zh).corrected, corrected);
}

#[test]
fn corrects_english() {
    en(
        "I recieve alot of emails from my freinds every day.",
        "I receive a lot of emails from my friends every day.",
    );
    en(
        "He could of gone home. She dont like apples.",
        "He could have gone home. She don't like apples.",
    );
    en("An university student ate a apple.", "A university student ate an apple.");
    en("Today i am happy, and i want to to go.", "Today I am happy, and I want to go.");
    en("We met on monday in the the park.", "We met on Monday in the park.");
    en("He is taller then me. Its a fact.", "He is taller than me. It's a fact.");
    en("This is is a long test. they was late.", "This is a long test. They were late.");
    en("The goverment works untill the end.", "The government works until the end.");
    en("Your welcome! Lets go now.", "You're welcome! Let's go now.");
    en("It is the 2st of May.", "It is the 2nd of May.");
}

#[test]
fn leaves_good_english_alone() {
    for text in [
        "What it is is a mystery, and he had had enough of that that day.",
        "It was very, very good; very very good.",
        "iPhone sales rose. ByteDance, Zhipu and Erik Woodring did not comment.",
        "We felt better then the rain came. Things were better then.",
        "The tokenizer deduplicates subwords, says the rustls changelog.",
        "He gave it its the-best-of label in the file its_a.txt at a.example.com.",
        "One of them was late. Neither of you was there. Your right hand is cold.",
        "She saw a ubiquitous unicorn for an hour on a one-way street near an historic hotel.",
        "Did she have a car? I suggest that he have a rest.",
        "Duran Duran sang in Walla Walla. See e.g. the notes, etc. and so on.",
        "We ate french fries in June and saw an MRI, a NASA probe and a Q&A.",
    ] {
        let found = proofread(text, TextLanguage::En);
        assert_eq!(found.corrected, text, "{:#?}", found.edits);
    }
}

#[test]
fn asks_where_only_the_writer_knows() {
    let found = proofread("It was colder then the week before.", TextLanguage::En);
    assert!(found.edits.is_empty(), "{found:?}");
    assert_eq!(found.remarks.len(), 1, "{found:?}");
    assert_eq!(found.remarks[0].original, "then");
    assert_eq!(found.remarks[0].suggestions, ["than"]);

    let found = proofread("他读了《红楼梦，觉得很好。", TextLanguage::Zh);
    assert!(found.edits.is_empty(), "{found:?}");
    assert_eq!(found.remarks.len(), 1, "{found:?}");
    assert_eq!(
        (found.remarks[0].original.as_str(), &*found.remarks[0].rule),
        ("《", "zh.unpaired-mark")
    );
}

#[test]
fn corrects_chinese_punctuation() {
    zh("大家好,我来了.你呢?走吧!", "大家好，我来了。你呢？走吧！");
    zh("我用iPhone,他用Mac。", "我用iPhone，他用Mac。");
    zh("天气很好(尤其是早上), 我们出去。", "天气很好（尤其是早上），我们出去。");
    zh("他说:\"我走了。\"然后就走了......", "他说：“我走了。”然后就走了……");
    zh("他想了想。。。还是来了，，真好。", "他想了想……还是来了，真好。");
    zh("“好“，他说（小声地)。", "“好”，他说（小声地）。");
}

#[test]
fn leaves_numbers_addresses_code_and_names_alone() {
    for text in [
        "价格是3.5元，比分3:2，共1,000人，时间是10:30。",
        "网址是https://a.example/b,c?d=1，邮箱是a.b@c.example，谢谢。",
        "运行`a,b`命令，输入f(x,y)=1。如果a!=b，那么c。",
        "托马斯.潘恩写过一本书。他笑了:)",
        "一. 总则\n二. 分则",
        "请看文件.txt和第1.2节。",
        "{\"名称\": \"值\", \"数\": 1} 是一段数据。",
    ] {
        let found = proofread(text, TextLanguage::Zh);
        assert_eq!(found.corrected, text, "{:#?}", found.edits);
    }
}

#[test]
fn corrects_doubled_and_confused_words() {
    zh("我们我们一起去看看的的书，但是但是没有。", "我们一起去看看的书，但是没有。");
    zh("他必竟是竟争对手，迫不急待地按装了软件。", "他毕竟是竞争对手，迫不及待地安装了软件。");
    zh("气侯变化，工做很忙，我己经觉的累了。在见！", "气候变化，工作很忙，我已经觉得累了。再见！");
    zh("既使下雨，我也去渡假。", "即使下雨，我也去度假。");
}

#[test]
fn leaves_good_chinese_alone() {
    for text in [
        "看看书，天天向上，慢慢走，谢谢，刚刚到，常常来，研究研究，高高兴兴，一个一个。",
        "目的的确定，受不了了，的的确确，为了了解情况，除了了解，不了了之，打的的士。",
        "自觉的行动，感觉的变化，存在次品，现在见面，在见他之前，手工做的菜很适合做礼物。",
        "按装修标准收费，究竟争什么，他竟选了他，小时候，周末来，本周末必须到。",
        "既使人愉快，又使人进步。这是我们我们我们的口号。",
        "他来自已经消失的村庄。以经济为中心，可以经过那里。明显的很多，改变的更多。",
    ] {
        let found = proofread(text, TextLanguage::Zh);
        assert_eq!(found.corrected, text, "{:#?}", found.edits);
    }
}

#[test]
fn never_touches_the_prose_of_another_time() {
    let found = proofread(include_str!("zh-prose.txt"), TextLanguage::Zh);
    assert!(found.edits.is_empty(), "{:#?}", found.edits);
    assert!(found.remarks.is_empty(), "{:#?}", found.remarks);
}

#[test]
fn never_touches_the_names_of_a_real_article() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/real/en-news.txt");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("skipped: {} is not here", path.display());
        return;
    };
    let found = proofread(&text, TextLanguage::En);
    assert!(found.edits.is_empty(), "{:#?}", found.edits);
}

#[test]
fn explains_every_edit_in_both_languages() {
    let found = proofread("i recieve a apple , he said. Its a fact.", TextLanguage::En);
    assert!(found.edits.len() >= 4, "{found:?}");
    for edit in &found.edits {
        assert!(edit.explanation.en.is_ascii() || edit.explanation.en.contains('“'));
        assert!(edit.explanation.zh.chars().any(|c| ('一'..='龥').contains(&c)), "{edit:?}");
        assert!(edit.rule.starts_with("en."));
    }
}

#[test]
fn says_clearly_what_it_cannot_do() {
    let run = |text: &str, language| {
        Engine::new().run(&DeviceTask {
            kind: TaskKind::Proofread,
            text: text.to_owned(),
            language,
        })
    };
    assert_eq!(run("", TextLanguage::En), Err(DeviceError::Empty));
    assert_eq!(run(" \n。", TextLanguage::Zh), Err(DeviceError::Empty));
    assert_eq!(
        run("今天天气很好。", TextLanguage::En),
        Err(DeviceError::WrongLanguage {
            expected: TextLanguage::En,
            found: Some(TextLanguage::Zh)
        })
    );
    let french =
        "Nous avons mangé une pomme hier soir avec nos amis, puis nous sommes rentrés à la maison.";
    assert!(matches!(
        run(french, TextLanguage::En),
        Err(DeviceError::WrongLanguage { found: None, .. })
    ));
    let max_bytes = Engine::new().max_bytes(TaskKind::Proofread);
    assert_eq!(
        run(&"a".repeat(max_bytes + 1), TextLanguage::En),
        Err(DeviceError::TooLong { bytes: max_bytes + 1, max_bytes })
    );
}

#[test]
fn takes_one_line_of_the_longest_length() {
    let max = Engine::new().max_bytes(TaskKind::Proofread);
    let line = "we went to the the market and bought some bread ".repeat(max / 48);
    let found = proofread(&line, TextLanguage::En);
    assert_eq!(found.edits.len(), max / 48);
    proofread(&"a".repeat(max), TextLanguage::En);
    let line = "我们去市场买面包,然后回家".repeat(max / 40);
    assert!(proofread(&line, TextLanguage::Zh).edits.len() > max / 50);
    proofread(&"的".repeat(max / 3), TextLanguage::Zh);
}

/// Applies edits the way a phone does, in UTF-16 code units.
fn apply_utf16(text: &str, found: &Proofread) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let (mut out, mut at) = (Vec::new(), 0);
    for edit in &found.edits {
        let range = edit.range.utf16;
        assert_eq!(String::from_utf16_lossy(&units[range.start..range.end]), edit.original);
        out.extend_from_slice(&units[at..range.start]);
        out.extend(edit.replacement.encode_utf16());
        at = range.end;
    }
    out.extend_from_slice(&units[at..]);
    String::from_utf16_lossy(&out)
}

fn apply_bytes(text: &str, found: &Proofread) -> String {
    let (mut out, mut at) = (String::new(), 0);
    for edit in &found.edits {
        let range = edit.range.bytes;
        assert_eq!(&text[range.start..range.end], edit.original);
        assert!(range.start >= at, "edits overlap: {:?}", found.edits);
        out.push_str(&text[at..range.start]);
        out.push_str(&edit.replacement);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

fn check_edits(text: &str, language: TextLanguage) {
    let task = DeviceTask { kind: TaskKind::Proofread, text: text.to_owned(), language };
    let Ok(Output::Proofread(found)) = Engine::new().run(&task) else { return };
    assert_eq!(apply_bytes(text, &found), found.corrected);
    assert_eq!(apply_utf16(text, &found), found.corrected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn edits_applied_are_the_corrected_text_en(
        parts in prop::collection::vec(prop::sample::select(vec![
            "the", "the", "i", "recieve", "alot", "a", "an", "apple", "monday", " ", " ", " ", ".", ", ",
            "😀", "\n", "“", "”", "it's", "its a", "could of", "then", "taller", "me", "2st", "é", "is",
            "goverment", "dont", "’", "www.x.example", "`", "-", "\u{200b}", "\r\n", "eg.",
        ]), 0..40)
    ) {
        check_edits(&parts.concat(), TextLanguage::En);
        check_edits(&parts.join(" "), TextLanguage::En);
    }

    #[test]
    fn edits_applied_are_the_corrected_text_zh(
        parts in prop::collection::vec(prop::sample::select(vec![
            "我们", "我们", "的", "的", "了", "好", ",", ".", "...", "!", "?", ":", ";", "(", ")", "“", "”",
            "\"", "，", "。", "按装", "己经", "在见", "😀", "\n", "《", "》", "（", "）", "abc", "3", " ", "`",
            "https://a.b", "既使", "又", "‘", "’", "、",
        ]), 0..40)
    ) {
        check_edits(&parts.concat(), TextLanguage::Zh);
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,80}") {
        check_edits(&text, TextLanguage::En);
        check_edits(&text, TextLanguage::Zh);
    }
}

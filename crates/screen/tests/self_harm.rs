//! Who says that they want to die is told where somebody listens; idioms are not taken for it, and nothing is withheld.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use yumen_screen::{Action, Boundary, Pack, Screen};

fn screen(market: &str) -> Screen {
    let pack = Pack::parse(include_str!("../../../catalog/packs/self_harm.toml")).unwrap();
    Screen::new(vec![pack.in_market(&market.parse().unwrap()).unwrap()]).unwrap()
}

#[test]
fn what_people_say_of_themselves_is_heard() {
    let screen = screen("cn");
    for text in [
        "我想死",
        "最近压力好大，我真的不想活了。",
        "我想自杀，没有人在乎",
        "我已經不想活下去了",
        "我 想 死",
        "我好想死啊",
        "我有自杀的念头",
        "我觉得活着没意思",
        "我想结束自己的生命",
        "我又割腕了",
        "痛苦得我想死",
        "I want to die",
        "i wanna die.",
        "I'm going to kill myself tonight",
        "I am thinking about suicide",
        "I don't want to live anymore, nothing helps",
        "Honestly I DON\u{2019}T WANT TO BE ALIVE",
        "I wish I was dead",
        "Everyone would be better off without me.",
        "I keep cutting myself",
        "I feel suicidal",
        "I no longer want to live",
        "我想死，你说呢",
        "我真的好想死，你能陪我说说话吗",
        // Who fears for somebody, or asks for a line.
        "自杀干预热线是多少",
        "他说他想自杀，我该怎么劝他",
        "My friend said he wants to kill himself, what can I do?",
    ] {
        for boundary in [Boundary::ToPartner, Boundary::ToDevice] {
            let seen = screen.inspect(text, boundary);
            assert_eq!((seen.action, seen.text.as_str()), (Action::Tell, text), "{text}");
            assert!(seen.findings.iter().all(|one| &*one.category == "self_harm_help"));
        }
        assert_eq!(screen.inspect(text, Boundary::FromPartner).action, Action::Allow, "{text}");
    }
}

#[test]
fn idioms_and_talk_about_it_are_not_taken_for_it() {
    let screen = screen("cn");
    for text in [
        "笑死我了",
        "想死你了！",
        "我想死你了，快回来",
        "我好想死我妈做的菜了",
        "我想死磕到底",
        "我想死心了",
        "我想死机了怎么办",
        "热死了，累死了，困死我了",
        "笑得我想死",
        "这道题难得我想跳楼",
        "我想死记硬背不是办法",
        "我想自杀率下降是好事",
        "如何预防青少年自杀",
        "要死要活",
        "这个游戏里的角色不想活了",
        "我不想死",
        "I'm dying to see you",
        "I want to die laughing",
        "I want to die my hair red",
        "I could have died of embarrassment",
        "this joke is killing me",
        "She wants to die on that hill",
        "I want to die on this hill: tabs over spaces",
        "Kill the process and restart it",
        "I don't want to live in London",
        "I no longer want to live with my parents",
        "What are the warning signs of suicide?",
        "suicide squad is a film",
        "I cut myself a slice of bread",
        "I want to cut myself some slack",
        "I don't want to die",
    ] {
        let seen = screen.inspect(text, Boundary::ToPartner);
        assert_eq!(seen.action, Action::Allow, "{text}: {:?}", seen.findings);
    }
}

/// Sentences of many kinds, as `yumen pack test` reads them. A few that people say in words of their own are known to be missed.
#[test]
fn few_of_many_sentences_are_missed_and_none_is_taken_wrongly() {
    const KNOWN_TO_BE_MISSED: usize = 3;
    let screen = screen("cn");
    let mut missed = Vec::new();
    let cases: Vec<serde_json::Value> = include_str!("self_harm.jsonl")
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for case in &cases {
        let text = case["text"].as_str().unwrap();
        let told = screen.inspect(text, Boundary::ToPartner).action == Action::Tell;
        match case["expect"].as_str().unwrap() {
            "tell" if !told => missed.push(text),
            "pass" => assert!(!told, "{text}"),
            _ => {}
        }
    }
    assert!(cases.len() > 400 && missed.len() <= KNOWN_TO_BE_MISSED, "{missed:?}");
}

#[test]
fn the_line_is_that_of_the_market() {
    use yumen_screen::ToPartner;
    for (market, line) in [
        ("cn", "12356"),
        ("hk", "18111"),
        ("us", "988"),
        ("eu", "116 123"),
        ("gb", "116 123"),
        ("kr", "109"),
        ("jp", "0120-279-338"),
        ("sg", "1771"),
        ("in", "14416"),
        ("sandbox", "热线"),
    ] {
        let (_, notices) = screen(market).whole("我想自杀".to_owned(), ToPartner).unwrap();
        assert_eq!(notices.len(), 1, "{market}");
        assert_eq!(notices[0].action, Action::Tell);
        assert!(notices[0].text.zh.contains(line), "{market}: {}", notices[0].text.zh);
        assert!(market == "sandbox" || notices[0].text.en.contains(line), "{market}");
    }
}

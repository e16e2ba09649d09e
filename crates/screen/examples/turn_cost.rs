//! What it costs to screen one turn of a conversation: what a person writes on its way to a partner, names and numbers in it
//! pseudonymised, and the answer on its way back in some 200 pieces, its tokens restored; all packs that ship. `all of` is the
//! answer in the same pieces, looked at for everything that is looked for on the way to a partner.
//!
//! ```text
//! cargo run --release -p yumen-screen --example turn_cost [-- CASE]
//! ```
//!
//! Microseconds for each text, the best and the middle of many rounds; with the name of a case only that one, for a profiler.

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use yumen_screen::{FromPartner, Gazetteer, Pack, PseudonymSecret, Screen, ToPartner, Vault};
use yumen_wire::{Passages, Tokens};

/// Texts of a round, which is the least that is measured.
const ROUND: u32 = 50;

/// What a person writes: 50 to 900 characters, in most of which there is nothing to find.
const PROMPTS: &[(&str, &str)] = &[
    (
        "prompt zh short",
        "帮我写一封邮件，告诉同事周五的会议改到下午三点，地点不变，请大家提前把材料准备好，语气客气一点。",
    ),
    (
        "prompt zh",
        "我最近在学做菜，想请你帮我安排一周的晚饭。家里有两个大人和一个孩子，孩子不吃辣，也不太喜欢吃鱼。周一到周五我下班比较晚，\
         希望每顿饭能在四十分钟以内做好；周末可以花多一点时间，做一两道需要慢慢炖的菜。请把每天要买的东西列成清单，写明大概的分量，\
         再告诉我哪些可以提前一天准备好。另外，冰箱里还有半棵白菜、三个西红柿和一盒豆腐，最好先把它们用掉。",
    ),
    (
        "prompt zh person",
        "你好，我叫王小梅，手机号是13812345678，收货地址是杭州市西湖区文三路138号5幢2单元601室。上周买的灯笼少了一个配件，\
         订单号是2026110912345，麻烦帮我查一下什么时候能补发。",
    ),
    (
        "prompt en short",
        "Write a short and friendly note to my neighbours about the street party on Saturday.",
    ),
    (
        "prompt en",
        "I am planning a trip to Portugal with two friends in May. We would like to spend three days in Lisbon and then take the \
         train north to Porto. Could you suggest an itinerary that isn't too busy, with a few good places to eat that don't cost \
         a fortune? One of us doesn't eat meat. We'd also like to see the coast, but we won't have a car; is there a bus or a \
         train that goes there?",
    ),
    (
        "prompt en person",
        "Hi, my name is Anna Lindqvist and I live at 12 Elm Street, Springfield. Please write a letter to Dr. Marcus Reed asking \
         him to send the results to anna.lindqvist@parcels.example or call me at 212-555-0187 before 5 March.",
    ),
    (
        "prompt en long",
        "The caravan reached the pass in the evening, and the clerk at the tower asked for the papers of every wagon before he \
         opened the gate. The caravan reached the pass in the evening, and the clerk at the tower asked for the papers of every \
         wagon before he opened the gate. The caravan reached the pass in the evening, and the clerk at the tower asked for the \
         papers of every wagon before he opened the gate. The caravan reached the pass in the evening, and the clerk at the \
         tower asked for the papers of every wagon before he opened the gate. The caravan reached the pass in the evening, and \
         the clerk at the tower asked for the papers of every wagon before he opened the gate. The caravan reached the pass in \
         the evening, and the clerk at the tower asked for the papers of every wagon before he opened the gate.",
    ),
];

const ZH: &str = "今天的天气很好，适合出门散步。您可以先去附近的公园，看看湖边的柳树，再到茶馆里坐一会儿，点一壶绿茶和几样点心，慢慢读完那本书；\
    傍晚时分，街上的灯会一盏一盏亮起来，回家的路上不妨买些水果，晚上给家人打个电话聊聊近况。1. 早上七点出门，坐3路公交车；2. 中午在湖边吃饭。";

const EN: &str = "The weather is fine today, so you could go for a walk in the park near your home. **First**, have a look at the willows by \
    the lake; then sit down in the Tea House (it's open until 9 pm) with a book until the lamps are lit in the evening. 1. Take \
    bus 42 to Market Square. 2. Don't forget an umbrella, it may rain in the afternoon. ";

/// What a person wrote.
struct Said(String);

impl Passages for Said {
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        visit(&mut self.0);
    }
}

impl Tokens for Said {
    fn explain_tokens(&mut self) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    let only = std::env::args().nth(1);
    let packs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalog/packs");
    let packs = ["pii", "quasi", "injection", "self_harm"]
        .iter()
        .map(|name| Ok(Pack::parse(&std::fs::read_to_string(packs.join(format!("{name}.toml")))?)?))
        .collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    let screen = Arc::new(Screen::new(packs)?);
    let secret = PseudonymSecret::new([7; 32]);
    let vault = || Vault::new(secret.conversation(&["cost"]));
    let measured = |name: &str, work: &mut dyn FnMut() -> usize| {
        if only.as_deref().is_none_or(|only| only == name) {
            report(name, only.is_some(), work);
        }
    };
    for (name, text) in PROMPTS {
        let nobody = Gazetteer::default();
        measured(name, &mut || {
            let mut vault = vault();
            let screened = screen.pseudonymised(Said((*text).to_owned()), &mut vault, &nobody);
            screened.map_or(0, |(text, _)| text.get().0.len())
        });
    }
    let mut full = vault();
    for (_, text) in PROMPTS {
        drop(screen.pseudonymised(Said((*text).to_owned()), &mut full, &Gazetteer::default()));
    }
    let (empty, full) = (Arc::new(vault()), Arc::new(full));
    for (name, pieces) in [("zh", zh()), ("en", en())] {
        for (with, vault) in [("", &empty), (", tokens", &full)] {
            measured(&format!("answer {name}{with}"), &mut || {
                let mut stream = screen.stream(FromPartner).revising().restoring(vault);
                let mut given = 0;
                for piece in &pieces {
                    given += stream.push(piece).text.map_or(0, |text| text.get().len());
                }
                given + stream.finish().text.map_or(0, |text| text.get().len())
            });
        }
        measured(&format!("all of {name}"), &mut || {
            let mut stream = screen.stream(ToPartner);
            let given: usize = pieces
                .iter()
                .filter_map(|piece| stream.push(piece).text)
                .map(|t| t.get().len())
                .sum();
            given + stream.finish().text.map_or(0, |text| text.get().len())
        });
        let whole = pieces.concat();
        measured(&format!("answer {name} whole"), &mut || {
            screen.whole(whole.clone(), FromPartner).map_or(0, |(text, _)| text.get().len())
        });
    }
    Ok(())
}

fn report(name: &str, long: bool, work: &mut dyn FnMut() -> usize) {
    let least = if long { Duration::from_secs(6) } else { Duration::from_millis(250) };
    let mut rounds = Vec::new();
    let mut length = 0;
    let begun = Instant::now();
    while begun.elapsed() < least {
        let round = Instant::now();
        for _ in 0..ROUND {
            length = black_box(work());
        }
        rounds.push(round.elapsed());
    }
    rounds.sort();
    let micros = |took: Duration| took.as_secs_f64() * 1e6 / f64::from(ROUND);
    println!(
        "{name:20} {length:5} bytes: {:8.3} us, middle {:8.3} us",
        micros(rounds[0]),
        micros(rounds[rounds.len() / 2])
    );
}

/// 200 pieces of one or two Chinese characters each.
fn zh() -> Vec<String> {
    let chars: Vec<char> = ZH.chars().cycle().take(300).collect();
    let mut pieces = Vec::new();
    let mut at = 0;
    while pieces.len() < 200 {
        let length = 1 + pieces.len() % 2;
        pieces.push(chars[at..at + length].iter().collect());
        at += length;
    }
    pieces
}

/// 200 pieces of a space and a word each, as models write them.
fn en() -> Vec<String> {
    EN.split_inclusive(' ').cycle().take(200).map(|word| format!(" {}", word.trim_end())).collect()
}

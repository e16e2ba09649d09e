//! What it costs to screen a streamed answer: 200 pieces of text, 20,000 invented terms, and the personal data that is
//! masked on its way from a partner.
//!
//! ```text
//! cargo run --release -p yumen-screen --example answer_cost
//! ```

use std::error::Error;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Instant;

use yumen_screen::{FromPartner, Pack, Screen};

const ROUNDS: usize = 2_000;

fn main() -> Result<(), Box<dyn Error>> {
    let packs = [terms(20_000), personal()];
    let packs = packs.iter().map(|toml| Pack::parse(toml)).collect::<Result<Vec<_>, _>>()?;
    let compiling = Instant::now();
    let screen = Arc::new(Screen::new(packs)?);
    println!("compiled in {:?}", compiling.elapsed());
    for (name, pieces) in [("zh", zh()), ("en", en())] {
        let bytes: usize = pieces.iter().map(String::len).sum();
        let mut costs = Vec::with_capacity(ROUNDS);
        let mut given = 0;
        for _ in 0..ROUNDS {
            let begun = Instant::now();
            let mut stream = screen.stream(FromPartner).revising();
            for piece in &pieces {
                given += stream.push(piece).text.map_or(0, |text| text.get().len());
            }
            given += stream.finish().text.map_or(0, |text| text.get().len());
            costs.push(begun.elapsed());
        }
        costs.sort();
        println!(
            "{name}: {} pieces, {bytes} bytes: median {:?}, p99 {:?} ({given} bytes given)",
            pieces.len(),
            costs[ROUNDS / 2],
            costs[ROUNDS * 99 / 100],
        );
        let whole = pieces.concat().repeat(200);
        let begun = Instant::now();
        let inspection = screen.inspect(&whole, yumen_screen::Boundary::FromPartner);
        let took = begun.elapsed().as_secs_f64();
        let bytes = u32::try_from(whole.len()).map_or(f64::NAN, f64::from);
        println!(
            "{name}, whole: {:.0} MB/s, {} findings",
            bytes / took / 1e6,
            inspection.findings.len()
        );
    }
    Ok(())
}

/// Terms of two to five syllables or characters that mean nothing.
fn terms(count: usize) -> String {
    const HAN: &str = "灯笼包裹云朵石阶木桥溪水松针竹篮茶壶纸鸢棋盘书签砚台屏风窗花";
    const LATIN: [&str; 16] = [
        "bo", "ka", "lu", "mi", "no", "pe", "ra", "si", "tu", "va", "wo", "xi", "ya", "zu", "fe",
        "go",
    ];
    let han: Vec<char> = HAN.chars().collect();
    let mut phrases = String::new();
    let mut state = 7_u64;
    let mut below = |most: usize| {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % most
    };
    for n in 0..count {
        let mut term = String::new();
        for _ in 0..3 + below(3) {
            if n % 2 == 0 {
                term.push(han[below(han.len())]);
            } else {
                term.push_str(LATIN[below(LATIN.len())]);
            }
        }
        let _ = write!(phrases, "\"{term}\", ");
    }
    format!(
        "id = \"terms\"\nversion = \"1\"\nsource = \"invented\"\n[[rule]]\nid = \"terms\"\nphrases = [{phrases}]\n\
         actions = {{ to_partner = \"mask\", from_partner = \"mask\", to_device = \"allow\", from_device = \"allow\" }}\n\
         text = {{ en = \"Masked.\", zh = \"已遮盖。\" }}\nsource = \"invented\"\n"
    )
}

/// What is masked on its way from a partner: what is never public.
fn personal() -> String {
    ["cn_resident_id", "bank_card"].iter().fold(
        "id = \"personal\"\nversion = \"1\"\nsource = \"invented\"\n".to_owned(),
        |pack, entity| {
            pack + &format!(
                "[[rule]]\nid = \"personal.{entity}\"\ndetector = \"{entity}\"\n\
                 actions = {{ to_partner = \"mask\", from_partner = \"mask\", to_device = \"allow\", from_device = \"allow\" }}\n\
                 text = {{ en = \"Masked.\", zh = \"已遮盖。\" }}\nsource = \"invented\"\n"
            )
        },
    )
}

/// 200 pieces of one or two Chinese characters each.
fn zh() -> Vec<String> {
    let text = "今天的天气很好，适合出门散步。您可以先去附近的公园，看看湖边的柳树，再到茶馆里坐一会儿，点一壶绿茶和几样点心，\
                慢慢读完那本书；傍晚时分，街上的灯会一盏一盏亮起来，回家的路上不妨买些水果，晚上给家人打个电话聊聊近况。";
    let chars: Vec<char> = text.chars().cycle().take(300).collect();
    let mut pieces = Vec::new();
    let mut at = 0;
    while pieces.len() < 200 {
        let length = 1 + pieces.len() % 2;
        pieces.push(chars[at..at + length].iter().collect());
        at += length;
    }
    pieces
}

/// 200 pieces of one word each.
fn en() -> Vec<String> {
    let text = "The weather is fine today so you could go for a walk in the park near your home, have a look at the willows \
                by the lake and then sit down in the tea house with a book until the lamps are lit in the evening.";
    text.split_inclusive(' ').cycle().take(200).map(str::to_owned).collect()
}

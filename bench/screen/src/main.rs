//! The screen's matcher beside `aho-corasick` and `daachorse`, used plainly, in one run over one text.
//!
//! The matcher and the normaliser are compiled from their own sources, since no other crate may use them: what is measured
//! is what the product runs, with the product's release profile.

#[allow(dead_code, unused_imports, reason = "the bench needs a part of what the product uses")]
#[path = "../../../crates/screen/src/matcher/mod.rs"]
mod matcher;
#[allow(dead_code, unused_imports, reason = "the bench needs a part of what the product uses")]
#[path = "../../../crates/screen/src/normal/mod.rs"]
mod normal;

mod finding {
    //! What the normaliser's ruler measures; the product's own type says more about it.
    use std::ops::Range;

    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub(crate) struct Span {
        pub(crate) bytes: Range<usize>,
        pub(crate) chars: Range<usize>,
        pub(crate) utf16: Range<usize>,
    }
}

mod corpus;
mod report;

use std::sync::Arc;
use std::time::Duration;

use aho_corasick::AhoCorasick;
use daachorse::{CharwiseDoubleArrayAhoCorasick, DoubleArrayAhoCorasick};

use rustix::time::{ClockId, clock_gettime};

use corpus::Corpus;
use matcher::{Matcher, MatcherState, Term};
use normal::{Normaliser, Window};
use report::{Row, Run};

/// How many bytes of a text come at a time.
const CHUNK: usize = 4096;

fn main() {
    let arguments = match Arguments::read() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!(
                "error: {message}\nhelp: cargo run --release -- --zh FILE.. --en FILE.. [--megabytes 8] [--repeats 5] [--terms 20000 200000] [--only PART-OF-A-NAME] [--json FILE]"
            );
            std::process::exit(1);
        }
    };
    let corpus = match Corpus::read(&arguments.zh, &arguments.en, arguments.megabytes << 20) {
        Ok(corpus) => corpus,
        Err(message) => {
            eprintln!("error: {message}");
            std::process::exit(1);
        }
    };
    let mut runs = Vec::new();
    for count in arguments.terms.iter().copied() {
        let terms = match corpus.terms(count) {
            Ok(terms) => terms,
            Err(message) => {
                eprintln!("error: {message}\nhelp: give longer files, or fewer --terms");
                std::process::exit(1);
            }
        };
        let rows = compare(&corpus.text, &terms, &arguments);
        runs.push(Run { terms: count, bytes: corpus.text.len(), rows });
    }
    print!("{}", report::table(&runs));
    if let Some(file) = arguments.json
        && let Err(error) = std::fs::write(&file, report::json(&runs))
    {
        eprintln!("error: {file}: {error}");
        std::process::exit(1);
    }
}

struct Arguments {
    zh: Vec<String>,
    en: Vec<String>,
    megabytes: usize,
    repeats: usize,
    terms: Vec<usize>,
    /// Only the ways whose names have this in them.
    only: String,
    json: Option<String>,
}

impl Arguments {
    fn read() -> Result<Self, String> {
        let mut read = Self {
            zh: Vec::new(),
            en: Vec::new(),
            megabytes: 8,
            repeats: 5,
            terms: Vec::new(),
            only: String::new(),
            json: None,
        };
        let mut option = String::new();
        for argument in std::env::args().skip(1) {
            if argument.starts_with("--") {
                option = argument;
                continue;
            }
            let number =
                || argument.parse().map_err(|_| format!("{option} {argument}: not a number"));
            match option.as_str() {
                "--zh" => read.zh.push(argument),
                "--en" => read.en.push(argument),
                "--megabytes" => read.megabytes = number()?,
                "--repeats" => read.repeats = number()?,
                "--terms" => read.terms.push(number()?),
                "--only" => read.only = argument,
                "--json" => read.json = Some(argument),
                _ => return Err(format!("{option} {argument}: unknown")),
            }
        }
        if read.repeats == 0 {
            return Err("--repeats 0: nothing is measured".to_owned());
        }
        if read.terms.is_empty() {
            read.terms = vec![20_000, 200_000];
        }
        if read.zh.is_empty() || read.en.is_empty() {
            return Err("give texts in Chinese and in English".to_owned());
        }
        Ok(read)
    }
}

/// One way to search: how long it took to build, how large it is, and how it reads the text.
struct Way<'t> {
    name: &'static str,
    build: Duration,
    memory: usize,
    /// Gives how many matches there are, and the time it took.
    search: Box<dyn Fn() -> (usize, Duration) + 't>,
}

/// Does something, and tells how long it took.
fn timed(work: impl FnOnce() -> usize) -> (usize, Duration) {
    let begun = cpu_time();
    let count = std::hint::black_box(work());
    (count, cpu_time() - begun)
}

fn compare(text: &str, terms: &[String], arguments: &Arguments) -> Vec<Row> {
    // The others fold nothing: they are given the text and the terms folded, so that all look for the same.
    let folded = normal::folded(text);
    let patterns: Vec<String> = terms.iter().map(|term| normal::folded(term)).collect();
    let begun = cpu_time();
    let known: Vec<Term> = terms.iter().zip(0..).map(|(term, id)| plain(term, id)).collect();
    let matcher = Matcher::new(&known).expect("the terms have letters");
    let our_build = cpu_time() - begun;
    let our_memory = matcher.memory();
    let mut ways = Vec::new();

    let begun = cpu_time();
    let automaton = AhoCorasick::new(&patterns).expect("the terms fit into an automaton");
    let build = cpu_time() - begun;
    let memory = automaton.memory_usage();
    // Overlapping matches, as the product needs them.
    let folded_text = &folded;
    ways.push(Way {
        name: "aho-corasick (bytes)",
        build,
        memory,
        search: Box::new(move || timed(|| automaton.find_overlapping_iter(folded_text).count())),
    });

    let begun = cpu_time();
    let automaton = DoubleArrayAhoCorasick::<u32>::new(&patterns).expect("the terms differ");
    let build = cpu_time() - begun;
    let memory = automaton.heap_bytes();
    ways.push(Way {
        name: "daachorse (bytes)",
        build,
        memory,
        search: Box::new(move || timed(|| automaton.find_overlapping_iter(folded_text).count())),
    });

    let begun = cpu_time();
    let automaton =
        CharwiseDoubleArrayAhoCorasick::<u32>::new(&patterns).expect("the terms differ");
    let build = cpu_time() - begun;
    let memory = automaton.heap_bytes();
    ways.push(Way {
        name: "daachorse (characters)",
        build,
        memory,
        search: Box::new(move || timed(|| automaton.find_overlapping_iter(folded_text).count())),
    });

    let matcher = &matcher;
    ways.push(Way {
        name: "yumen, normalised",
        build: our_build,
        memory: our_memory,
        search: Box::new(move || search_normalised(matcher, text)),
    });
    ways.push(Way {
        name: "yumen, from UTF-8",
        build: our_build,
        memory: our_memory,
        search: Box::new(move || timed(|| search_raw(matcher, text))),
    });
    ways.push(Way {
        name: "yumen, normalising only",
        build: Duration::ZERO,
        memory: 0,
        search: Box::new(move || timed(|| normalise_only(text))),
    });
    ways.retain(|way| way.name.contains(&arguments.only));
    measure(ways, text.len(), arguments.repeats)
}

fn plain(text: &str, id: u32) -> Term {
    let guards = Arc::default();
    Term { text: text.to_owned(), id, views: matcher::Views::NONE, words: true, guards }
}

/// All ways in turn, several times; of each the fastest time and the median.
fn measure(ways: Vec<Way<'_>>, bytes: usize, repeats: usize) -> Vec<Row> {
    let mut times = vec![Vec::with_capacity(repeats); ways.len()];
    let mut matches = vec![0; ways.len()];
    for _ in 0..repeats {
        for (i, way) in ways.iter().enumerate() {
            let (count, time) = (way.search)();
            matches[i] = count;
            times[i].push(time);
        }
    }
    let speed = |time: Duration| bytes as f64 / 1e6 / time.as_secs_f64();
    let row = |((way, mut times), matches): ((Way<'_>, Vec<Duration>), usize)| {
        times.sort_unstable();
        Row {
            way: way.name,
            megabytes_per_second: speed(times[0]),
            median_megabytes_per_second: speed(times[times.len() / 2]),
            build_ms: way.build.as_secs_f64() * 1e3,
            memory_bytes: way.memory,
            matches,
        }
    };
    ways.into_iter().zip(times).zip(matches).map(row).collect()
}

/// How long this thread has run on a core. What other processes do on a busy machine is not in it, but for the caches that
/// they empty.
fn cpu_time() -> Duration {
    let spent = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(spent).expect("a clock that begins at zero")
}

/// The matcher over pieces of normalised text as the product has them before it: what was just normalised is near. The time
/// is that of the matcher alone.
fn search_normalised(matcher: &Matcher, text: &str) -> (usize, Duration) {
    let (mut normaliser, mut state) = (Normaliser::default(), MatcherState::default());
    let (mut window, mut found) = (Vec::new(), Vec::new());
    let (mut count, mut time) = (0, Duration::ZERO);
    let mut scan = |window: &Window<'_>| {
        let begun = cpu_time();
        let hold = matcher.scan(window, &mut state, &mut found);
        let slide = hold.saturating_sub(normal::LOOK_BACK);
        state.slide(slide);
        time += cpu_time() - begun;
        count += found.len();
        found.clear();
        slide
    };
    for piece in pieces(text) {
        normaliser.push(piece, &mut window);
        let slide = scan(&Window::new(&window, false));
        window.drain(..slide);
    }
    scan(&Window::new(&window, true));
    (count, time)
}

/// Normaliser and matcher over text as it comes, in pieces of some kilobytes.
fn search_raw(matcher: &Matcher, text: &str) -> usize {
    let (mut normaliser, mut state) = (Normaliser::default(), MatcherState::default());
    let (mut window, mut found, mut count) = (Vec::new(), Vec::new(), 0);
    for piece in pieces(text) {
        normaliser.push(piece, &mut window);
        let hold = matcher.scan(&Window::new(&window, false), &mut state, &mut found);
        count += found.len();
        found.clear();
        let slide = hold.saturating_sub(normal::LOOK_BACK);
        state.slide(slide);
        window.drain(..slide);
    }
    matcher.scan(&Window::new(&window, true), &mut state, &mut found);
    count + found.len()
}

fn normalise_only(text: &str) -> usize {
    let (mut normaliser, mut glyphs) = (Normaliser::default(), Vec::new());
    let mut count = 0;
    for piece in pieces(text) {
        glyphs.clear();
        normaliser.push(piece, &mut glyphs);
        count += glyphs.len();
    }
    count
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let mut at = rest.len().min(CHUNK);
        while !rest.is_char_boundary(at) {
            at -= 1;
        }
        let (piece, after) = rest.split_at(at);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

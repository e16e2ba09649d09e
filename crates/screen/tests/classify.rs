//! The trainable classifier: what an operator sees of it.
#![expect(clippy::unwrap_used, reason = "test helpers outside of test functions")]

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use proptest::prelude::*;
use yumen_screen::classify::{Columns, Example, MOST_BYTES, Model, Options, Report};
use yumen_screen::{FromPartner, PackSource, Screen, Step};

/// Complaints about lanterns and parcels, praise of the same, and some of both kinds about rain.
fn examples() -> Vec<Example> {
    let subjects = ["the lantern", "my parcel", "a kettle", "灯笼", "包裹", "茶壶"];
    let bad =
        ["broke at once", "is a disgrace", "never worked", "一碰就坏", "太糟糕了", "根本不能用"];
    let good = ["came in time", "is a joy", "works well", "非常好看", "很快就到了", "用着顺手"];
    let mut examples = Vec::new();
    for (at, subject) in subjects.iter().enumerate() {
        for (complaint, phrases) in [(true, bad), (false, good)] {
            for (number, phrase) in phrases.iter().enumerate() {
                let rain = (at + number) % 3 == 0;
                let mut labels = Vec::new();
                labels.extend(complaint.then(|| "complaint".to_owned()));
                labels.extend(rain.then(|| "weather".to_owned()));
                let rain = if rain { "今天下雨 it rains" } else { "" };
                examples.push(Example { text: format!("{subject} {phrase} {rain}"), labels });
            }
        }
    }
    examples
}

fn trained() -> &'static (Model, Report) {
    static TRAINED: OnceLock<(Model, Report)> = OnceLock::new();
    TRAINED.get_or_init(|| Model::train(&examples(), &Options::default()).unwrap())
}

fn score(model: &Model, label: &str, text: &str) -> f32 {
    let label = usize::from(model.label(label).unwrap());
    model.score(text).iter().map(|window| window.scores[label]).fold(0.0, f32::max)
}

#[test]
fn it_tells_what_it_was_trained_to_tell_each_label_by_itself() {
    let (model, report) = trained();
    assert_eq!(model.labels().collect::<Vec<_>>(), ["complaint", "weather"]);
    for (text, complaint, weather) in [
        ("the kettle is a disgrace", true, false),
        ("包裹太糟糕了", true, false),
        ("the kettle is a joy", false, false),
        ("包裹很快就到了", false, false),
        ("灯笼一碰就坏 今天下雨 it rains", true, true),
        ("a kettle works well 今天下雨 it rains", false, true),
    ] {
        for (label, holds) in [("complaint", complaint), ("weather", weather)] {
            let threshold = model.threshold(model.label(label).unwrap()).unwrap();
            let said = score(model, label, text);
            assert_eq!(said >= threshold, holds, "{label} of {text:?}: {said}");
        }
    }
    assert_eq!((report.examples, report.held_out), (72, 14));
    for label in &report.labels {
        let told = label.true_positives + label.false_positives;
        let not = label.true_negatives + label.false_negatives;
        assert_eq!(told + not, 14);
        assert!(label.macro_f1 > 0.5 && label.brier < 0.25, "{label:?}");
    }
}

#[test]
fn width_case_and_invisible_characters_change_no_score() {
    let (model, _) = trained();
    let plain = score(model, "complaint", "the kettle is a disgrace");
    for disguised in [
        "The KETTLE is a Disgrace",
        "the kettle is a ｄｉｓｇｒａｃｅ",
        "the ket\u{200b}tle is a dis\u{ad}grace",
    ] {
        assert_eq!(
            score(model, "complaint", disguised).to_bits(),
            plain.to_bits(),
            "{disguised:?}"
        );
    }
}

#[test]
fn the_same_examples_and_options_give_the_same_bytes_and_these_the_same_model() {
    let bytes = trained().0.to_bytes();
    let (again, report) = Model::train(&examples(), &Options::default()).unwrap();
    assert_eq!(again.to_bytes(), bytes);
    assert_eq!(report, trained().1);
    let read = Model::from_bytes(&bytes).unwrap();
    assert_eq!(read, again);
    assert_eq!(read.digest(), again.digest());
    let (other, _) = Model::train(&examples(), &Options { seed: 2, ..Options::default() }).unwrap();
    assert_ne!(other.to_bytes(), bytes);
}

#[test]
fn nothing_scores_white_space() {
    assert!(trained().0.score(" \n\u{3000}\u{200b}").is_empty());
}

#[test]
fn long_texts_are_scored_in_windows() {
    let text = format!("{}灯笼太糟糕了。\n包裹很好", "包裹很快就到了。".repeat(100));
    let windows = trained().0.score(&text);
    assert!(windows.len() > 4);
    assert_eq!((windows[0].bytes.start, windows.last().unwrap().bytes.end), (0, text.len()));
    for window in &windows {
        assert!(text[window.bytes.clone()].chars().count() <= 512);
    }
}

#[test]
fn too_little_to_learn_from_is_said() {
    let examples = examples();
    let refused = |examples: &[Example], options: &Options| {
        Model::train(examples, options).unwrap_err().to_string()
    };
    assert!(refused(&[], &Options::default()).contains("0 labels"));
    assert!(refused(&examples[..9], &Options::default()).contains("at least 8"));
    let order = Options { order: 6, ..Options::default() };
    assert!(refused(&examples, &order).contains("1 to 5"));
    let rate = Options { rate: f32::NAN, ..Options::default() };
    assert!(refused(&examples, &rate).contains("rate"));
}

#[test]
fn csv_is_read_by_its_columns() {
    let columns = Columns {
        text: "TEXT".to_owned(),
        names: [("1".to_owned(), "complaint".to_owned())].into(),
        ..Columns::default()
    };
    let file = "\u{feff},label,TEXT\n0,1,\"a \"\"b\"\",\nc\"\n1,0,d\n2,1|late,e\n3,1,\n";
    let read = columns.read_csv(file.as_bytes()).unwrap();
    let read: Vec<_> = read.iter().map(|e| (e.text.as_str(), e.labels.join("+"))).collect();
    let expected = [("a \"b\",\nc", "complaint"), ("d", ""), ("e", "complaint+late")];
    assert_eq!(read, expected.map(|(text, labels)| (text, labels.to_owned())));

    let missing = Columns::default().read_csv(file.as_bytes()).unwrap_err().to_string();
    assert!(missing.contains("no column \"text\"") && missing.contains("\"TEXT\""), "{missing}");
    let uneven = columns.read_csv(&b"label,TEXT\n1,a\n1\n"[..]).unwrap_err().to_string();
    assert!(uneven.contains("line 3"), "{uneven}");
    assert!(
        columns.read_csv(&b"label,TEXT\n1,\xff\n"[..]).unwrap_err().to_string().contains("UTF-8")
    );
}

#[test]
fn lines_of_json_are_read_by_their_members() {
    let columns = Columns::default();
    let file = concat!(
        "{\"text\": \"a\", \"label\": 1}\n\n",
        "{\"text\": \"b\", \"label\": [\"late\", \"broken\"], \"more\": {}}\n",
        "{\"text\": \"c\", \"label\": false}\n{\"text\": \"d\", \"label\": null}\n",
    );
    let read = columns.read_jsonl(file).unwrap();
    let labels: Vec<_> = read.iter().map(|example| example.labels.join("+")).collect();
    assert_eq!(labels, ["1", "late+broken", "", ""]);
    for (line, bad) in [(1, "{\"text\": \"a\"}"), (1, "[]"), (2, "\n{\"text\": 1, \"label\": 1}")] {
        let error = columns.read_jsonl(bad).unwrap_err().to_string();
        assert!(error.starts_with(&format!("line {line} ")), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_make_reading_a_model_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let mut named = b"yumen-model 1\n".to_vec();
        named.extend(&bytes);
        prop_assert!(Model::from_bytes(&bytes).is_err());
        if let Ok(model) = Model::from_bytes(&named) {
            model.score("the lantern");
        }
    }

    #[test]
    fn a_damaged_model_is_refused_or_scores_all_the_same(at in any::<prop::sample::Index>(), byte: u8, cut: bool) {
        let mut bytes = trained().0.to_bytes();
        let at = at.index(bytes.len().min(400));
        if cut {
            bytes.truncate(at);
            prop_assert!(Model::from_bytes(&bytes).is_err());
        } else {
            bytes[at] = byte;
            if let Ok(model) = Model::from_bytes(&bytes) {
                for window in model.score("灯笼 the lantern broke at once") {
                    prop_assert!(window.scores.iter().all(|score| (0.0..=1.0).contains(score)));
                }
            }
        }
    }
}

#[test]
fn a_model_that_claims_a_huge_table_is_refused_before_it_is_made() {
    for head in [[5, 1, 63], [5, 64, 20], [5, 1, 21], [0, 1, 1], [6, 1, 1], [5, 0, 1], [5, 65, 1]] {
        let mut bytes = b"yumen-model 1\n".to_vec();
        bytes.extend(head);
        bytes.extend([0; 64]);
        assert!(Model::from_bytes(&bytes).is_err(), "{head:?}");
    }
    assert!(trained().0.to_bytes().len() < MOST_BYTES);
}

/// A screen whose only rule goes by what the classifier says of complaints.
fn screen(action: &str) -> Arc<Screen> {
    let replacement = if action == "replace" { "replacement = \"(a complaint)\"" } else { "" };
    let toml = format!(
        r#"id = "complaints"
        version = "1"
        source = "invented"
        [[rule]]
        id = "complaints.any"
        classifier = {{ model = "complaints.model", label = "complaint" }}
        placeholder = "complaint"
        {replacement}
        actions = {{ to_partner = "allow", from_partner = "{action}", to_device = "allow", from_device = "allow" }}
        text = {{ en = "A complaint.", zh = "投诉。" }}
        source = "invented""#
    );
    let bytes = trained().0.to_bytes();
    let pack = PackSource::read(toml, |_| Ok(&bytes[..])).unwrap().pack().unwrap();
    Arc::new(Screen::new(vec![pack]).unwrap())
}

/// What a person reads in the end, what rules acted how often, and how it ended.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    text: String,
    told: BTreeMap<String, u32>,
    stopped: bool,
    refused: bool,
}

impl Seen {
    fn take(&mut self, step: Step<FromPartner>) {
        for revision in step.revisions {
            let at = |chars: usize| {
                self.text.char_indices().nth(chars).map_or(self.text.len(), |(byte, _)| byte)
            };
            let bytes = at(revision.chars.start)..at(revision.chars.end);
            self.text.replace_range(bytes, revision.text.get());
        }
        self.text.extend(step.text.map(yumen_screen::Screened::into_inner));
        let notices = step.refused.iter().flat_map(|refusal| &refusal.notices);
        for notice in step.notices.iter().chain(notices) {
            *self.told.entry(notice.code.clone()).or_default() += notice.count;
        }
        self.stopped |= step.stopped;
        if step.refused.is_some() {
            *self = Self { refused: true, told: std::mem::take(&mut self.told), ..Self::default() };
        }
    }
}

fn streamed(screen: &Arc<Screen>, chunks: &[&str]) -> Seen {
    let mut stream = screen.stream(FromPartner);
    let mut seen = Seen::default();
    for chunk in chunks {
        seen.take(stream.push(chunk));
    }
    seen.take(stream.finish());
    seen
}

const ACTIONS: [&str; 7] = ["detect", "tell", "mask", "replace", "retract", "stop", "refuse"];

#[test]
fn a_stream_is_judged_as_the_whole_text_is_wherever_it_is_cut() {
    let text = "包裹很快就到了。\nthe lantern broke at once，太糟糕了\n灯笼非常好看 my parcel came in time\n";
    for action in ACTIONS {
        let screen = screen(action);
        let whole = streamed(&screen, &[text]);
        let found = screen.inspect(text, yumen_screen::Boundary::FromPartner).findings;
        assert_eq!(found.len(), 1, "{action}");
        assert_eq!(found[0].kind, "classifier");
        assert_eq!(&text[found[0].span.bytes.clone()], "the lantern broke at once，太糟糕了");
        assert_eq!(whole.refused, action == "refuse");
        assert_eq!(whole.stopped, action == "stop");
        for (cut, _) in text.char_indices() {
            let (a, b) = text.split_at(cut);
            assert_eq!(streamed(&screen, &[a, b]), whole, "{action}, cut at {cut}");
        }
        let each: Vec<&str> = text.split_inclusive(|_| true).collect();
        assert_eq!(streamed(&screen, &each), whole, "{action}, character by character");
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn streams_of_any_sentences_are_judged_as_their_whole_text_is(
        parts in proptest::collection::vec(prop_oneof![
            Just("the lantern broke at once. "), Just("太糟糕了。"), Just("包裹很快就到了！"), Just("\n"),
            Just("my parcel came in time "), Just("\u{200b}"), Just("今天下雨，"), Just("ﬁ½"),
        ], 1..60),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
        action in proptest::sample::select(&ACTIONS[..]),
    ) {
        let text = parts.concat();
        let screen = screen(action);
        let places: Vec<usize> = text.char_indices().map(|(byte, _)| byte).collect();
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| places[cut.index(places.len())]).collect();
        cuts.sort_unstable();
        cuts.push(text.len());
        let mut from = 0;
        let chunks: Vec<&str> = cuts.into_iter().map(|to| &text[std::mem::replace(&mut from, to)..to]).collect();
        prop_assert_eq!(streamed(&screen, &chunks), streamed(&screen, &[&text]));
    }
}

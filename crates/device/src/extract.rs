//! Summaries and key points by extraction: the best sentences of a text, verbatim and in order.

use std::ops::Range;

use yumen_features::TextLanguage;

use crate::output::{Output, Point};
use crate::rank::Similarity;
use crate::sentences;
use crate::span::{Span, SpanFinder};
use crate::terms::Terms;
use crate::{DeviceError, language};

/// The most sentences that are compared with each other. Of a longer text the first quarter of
/// this number is taken, and from the rest those whose terms are the text's most frequent, for their
/// length.
pub const MAX_GRAPH_SENTENCES: usize = 400;

/// The longest sentence that is taken, in characters. A longer one is no sentence a summary could
/// quote (a table, a log, a text without punctuation).
pub const MAX_SENTENCE_CHARS: usize = 1000;

/// Sentences that begin with one of these lean on the sentence before them.
const LEANING_EN: &[&str] = &[
    "he", "she", "it", "they", "this", "these", "those", "but", "and", "so", "however", "then",
    "also", "his", "her", "their", "its", "such",
];
const LEANING_ZH: &[&str] = &[
    "他", "她", "它", "这", "那", "但", "而", "于是", "所以", "因此", "然后", "可是", "不过",
    "并且", "此外", "另外", "同时", "其",
];

/// A summary of one to four sentences, by the length of the text.
pub(crate) fn summary(text: &str, language: TextLanguage) -> Result<Output, DeviceError> {
    let taken = choose(text, language, |sentences| match sentences {
        0..=2 => 1,
        3..=5 => 2,
        6..=20 => 3,
        _ => 4,
    })?;
    let separator = match language {
        TextLanguage::En => " ",
        TextLanguage::Zh => "",
    };
    let summary =
        taken.iter().map(|range| &text[range.clone()]).collect::<Vec<_>>().join(separator);
    Ok(Output::Summary { summary, sentences: spans(text, taken) })
}

/// Three to six key points, fewer if the text has fewer sentences.
pub(crate) fn key_points(text: &str, language: TextLanguage) -> Result<Output, DeviceError> {
    let taken = choose(text, language, |sentences| match sentences {
        0..=2 => sentences,
        3..=6 => 3,
        7..=12 => 4,
        13..=24 => 5,
        _ => 6,
    })?;
    let points = spans(text, taken)
        .into_iter()
        .map(|span| Point { text: text[span.bytes.start..span.bytes.end].to_owned(), span })
        .collect();
    Ok(Output::KeyPoints { points })
}

fn spans(text: &str, ranges: Vec<Range<usize>>) -> Vec<Span> {
    let mut finder = SpanFinder::new(text);
    ranges.into_iter().map(|range| finder.find(range)).collect()
}

struct Candidate {
    bytes: Range<usize>,
    terms: Vec<u32>,
    /// The factor by which place and form raise or lower the rank.
    factor: f32,
}

fn choose(
    text: &str,
    language: TextLanguage,
    wanted: impl Fn(usize) -> usize,
) -> Result<Vec<Range<usize>>, DeviceError> {
    let mut terms = Terms::default();
    let all = sentences::split(text);
    let total = all.len();
    let mut candidates: Vec<Candidate> = Vec::new();
    for (index, bytes) in all.into_iter().enumerate() {
        let sentence = &text[bytes.clone()];
        if sentence.chars().take(MAX_SENTENCE_CHARS + 1).count() > MAX_SENTENCE_CHARS {
            continue;
        }
        let words = terms.of(sentence, language);
        let opens_paragraph =
            text[..bytes.start].trim_end_matches([' ', '\t', '\r', '　']).ends_with('\n');
        let factor = factor(sentence, language, words.len(), index, opens_paragraph);
        candidates.push(Candidate { bytes, terms: words, factor });
    }
    if candidates.is_empty() {
        return Err(DeviceError::NoSentence { max_chars: MAX_SENTENCE_CHARS });
    }
    let weights = terms.weights(total);
    bound(&mut candidates, &weights);

    let term_lists: Vec<&[u32]> = candidates.iter().map(|c| c.terms.as_slice()).collect();
    let similarity = Similarity::new(&term_lists, &weights);
    let scores: Vec<f32> =
        similarity.ranks().iter().zip(&candidates).map(|(rank, c)| rank * c.factor).collect();

    let mut taken: Vec<usize> = Vec::new();
    while taken.len() < wanted(candidates.len()) {
        let best = (0..candidates.len())
            .filter(|i| !taken.contains(i))
            .map(|i| {
                let likeness = taken.iter().map(|&t| similarity.between(i, t)).fold(0.0, f32::max);
                // What one taken already says is worth nothing.
                (i, scores[i] * (1.0 - likeness))
            })
            // The earlier of two equals.
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let Some((best, _)) = best else { break };
        taken.push(best);
    }
    taken.sort_unstable();
    Ok(taken.into_iter().map(|i| candidates[i].bytes.clone()).collect())
}

/// Cuts the candidates down to [`MAX_GRAPH_SENTENCES`], keeping their order.
fn bound(candidates: &mut Vec<Candidate>, weights: &[f32]) {
    if candidates.len() <= MAX_GRAPH_SENTENCES {
        return;
    }
    let opening = MAX_GRAPH_SENTENCES / 4;
    #[expect(clippy::cast_precision_loss, reason = "terms of one sentence")]
    let value = |c: &Candidate| {
        let sum: f32 = c.terms.iter().map(|&t| 1.0 / weights[t as usize]).sum();
        c.factor * sum / (c.terms.len().max(4) as f32).sqrt()
    };
    let mut rest: Vec<(usize, f32)> =
        candidates.iter().enumerate().skip(opening).map(|(i, c)| (i, value(c))).collect();
    rest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    rest.truncate(MAX_GRAPH_SENTENCES - opening);
    let mut keep: Vec<bool> = vec![false; candidates.len()];
    keep[..opening].fill(true);
    for &(index, _) in &rest {
        keep[index] = true;
    }
    let mut keep = keep.into_iter();
    candidates.retain(|_| keep.next().unwrap_or(false));
}

/// How place and form change a sentence's rank.
fn factor(
    sentence: &str,
    language: TextLanguage,
    terms: usize,
    index: usize,
    opens_paragraph: bool,
) -> f32 {
    let mut factor = 1.0;
    factor *= match index {
        0 => 1.35,
        1 => 1.1,
        _ if opens_paragraph => 1.08,
        _ => 1.0,
    };
    // Too short to say something on its own: headings, interjections, by-lines.
    factor *= match terms {
        0..=1 => 0.3,
        2..=3 => 0.7,
        _ => 1.0,
    };
    let body = sentence.trim_start_matches(|c: char| !c.is_alphanumeric());
    let leaning = match language {
        TextLanguage::En => {
            let first: String = body.chars().take_while(|c| c.is_alphabetic()).collect();
            LEANING_EN.contains(&first.to_lowercase().as_str())
        }
        TextLanguage::Zh => LEANING_ZH.iter().any(|word| body.starts_with(word)),
    };
    if leaning && index > 0 {
        factor *= 0.8;
    }
    let last =
        sentence.trim_end_matches(|c: char| !c.is_alphanumeric() && !matches!(c, '?' | '？'));
    if last.ends_with(['?', '？']) {
        factor *= 0.6;
    }
    // A sentence without its end is a heading or a cut.
    if !sentence.chars().any(|c| matches!(c, '.' | '。' | '!' | '！' | '?' | '？' | '…' | '；'))
    {
        factor *= 0.7;
    }
    // Half a quotation reads as if the author said it.
    let (opened, closed) = sentence.chars().fold((0, 0), |(o, c), mark| match mark {
        '“' | '「' => (o + 1, c),
        '”' | '」' => (o, c + 1),
        _ => (o, c),
    });
    if opened != closed {
        factor *= 0.6;
    }
    if sentence.chars().filter(|&c| language::is_han(c) || c.is_alphabetic()).count() * 2
        < sentence.chars().count()
    {
        factor *= 0.6;
    }
    factor
}

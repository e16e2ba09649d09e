//! Writing a text out with what was found in it replaced.

use std::cmp::Reverse;

use crate::detect::Span;
use crate::notice::Tally;
use crate::pack::Rule;
use crate::pseudonym::Vault;

/// A text on its way out: what was read and has not left yet.
#[derive(Debug, Default)]
pub(crate) struct Outgoing {
    pub(crate) held: String,
    /// Bytes that left before the first held one.
    base: usize,
    /// Everything before this offset is masked already.
    masked_until: usize,
}

impl Outgoing {
    pub(crate) fn new(held: String) -> Self {
        Self { held, base: 0, masked_until: 0 }
    }

    /// Lets everything before `frontier` go. Nothing that starts before it may be found later.
    ///
    /// Of places that overlap, the first one (of equal starts, the longest) gives the placeholder and is counted, and
    /// all of them are covered. Which one that is depends on their places only, so any way to cut the text gives the same.
    pub(crate) fn release(
        &mut self,
        frontier: usize,
        found: &mut Vec<Span>,
        rules: &[Rule],
        tally: &mut Tally,
        mut vault: Option<&mut Vault>,
    ) -> String {
        // A phrase cut to the hold limit may start within a character.
        let at = |held: &str, offset: usize| held.ceil_char_boundary(offset);
        let cut = at(&self.held, frontier - self.base);
        let frontier = self.base + cut;
        if found.is_empty() && self.masked_until <= self.base {
            self.base = frontier;
            if cut == self.held.len() {
                return std::mem::take(&mut self.held);
            }
            let rest = self.held.split_off(cut);
            return std::mem::replace(&mut self.held, rest);
        }
        found.sort_unstable_by_key(|span| (span.start, Reverse(span.end), span.rule));
        let ready = found.partition_point(|span| span.start < frontier);
        let mut out = String::with_capacity(cut);
        let mut written = self.masked_until.saturating_sub(self.base).min(cut);
        for (i, span) in found[..ready].iter().enumerate() {
            if span.start >= self.masked_until {
                let start = at(&self.held, span.start - self.base);
                out.push_str(&self.held[written..start]);
                let rule = &rules[span.rule as usize];
                // A token stands for all that is covered.
                let token =
                    vault.as_deref_mut().filter(|_| rule.is_pseudonymised()).and_then(|vault| {
                        let end = at(&self.held, covered(&found[i..ready]) - self.base);
                        vault.token(rule.kind(), &self.held[start..end], is_chinese(&self.held))
                    });
                out.push_str(token.unwrap_or(&rule.placeholder));
                tally.add(span.rule, 1);
            }
            self.masked_until = self.masked_until.max(span.end);
            written = written.max((self.masked_until - self.base).min(cut));
        }
        found.drain(..ready);
        out.push_str(&self.held[written..cut]);
        self.held.drain(..cut);
        self.base = frontier;
        out
    }
}

/// The end of the first of these places and of all that overlap with it, one leading to the next.
fn covered(spans: &[Span]) -> usize {
    let mut end = 0;
    for (i, span) in spans.iter().enumerate() {
        if i > 0 && span.start >= end {
            break;
        }
        end = end.max(span.end);
    }
    end
}

/// Whether a text has Chinese characters: then its tokens are called in Chinese.
fn is_chinese(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'))
}

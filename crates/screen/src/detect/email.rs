//! E-mail addresses: an ASCII local part, `@`, and a dotted ASCII domain.
//!
//! Local parts have at most 64 characters and domains at most 190 (RFC 5321 §4.5.3.1 allows 255, but an address
//! 254 in all): that is all that is ever held back. Of a longer run before the `@` the last 64 characters count.

use super::Span;
use crate::normal::Glyph;

const MAX_LOCAL: usize = 64;
const MAX_DOMAIN: usize = 190;

#[derive(Debug, Default)]
pub(crate) struct Email {
    local: Local,
    domain: Option<Domain>,
}

/// A run of characters that may be a local part.
#[derive(Debug)]
struct Local {
    /// Where the last characters of it start, in a ring.
    starts: [usize; MAX_LOCAL],
    length: usize,
}

#[derive(Debug)]
struct Domain {
    /// Where the local part starts.
    start: usize,
    length: usize,
    /// Letters and hyphens of the label being read; `None`: it has something else in it.
    label: Option<usize>,
    dotted: bool,
    /// Where the address ends, as far as it is one.
    end: Option<usize>,
}

impl Email {
    #[inline]
    pub(crate) fn step(&mut self, rule: u32, glyph: Glyph, out: &mut Vec<Span>) {
        let c = glyph.c;
        if let Some(domain) = &mut self.domain
            && !domain.step(glyph)
        {
            self.finish(rule, out);
        }
        if c.is_ascii_alphanumeric()
            || c == '_'
            || (matches!(c, '.' | '%' | '+' | '-') && self.local.length > 0)
        {
            self.local.push(glyph.start);
        } else if self.local.length > 0 {
            if c == '@' && self.domain.is_none() {
                self.domain = self.local.start().map(Domain::after);
            }
            self.local.length = 0;
        }
    }

    /// The text, or the address, ends here.
    pub(crate) fn finish(&mut self, rule: u32, out: &mut Vec<Span>) {
        if let Some(Domain { start, end: Some(end), .. }) = self.domain.take() {
            out.push(Span { start, end, rule });
        }
    }

    /// Everything reported from now on starts here or later; `None`: after what was read.
    pub(crate) fn hold(&self) -> Option<usize> {
        self.domain.as_ref().map(|domain| domain.start).or_else(|| self.local.start())
    }
}

impl Default for Local {
    fn default() -> Self {
        Self { starts: [0; MAX_LOCAL], length: 0 }
    }
}

impl Local {
    #[inline]
    fn push(&mut self, start: usize) {
        self.starts[self.length % MAX_LOCAL] = start;
        self.length += 1;
    }

    /// Where the longest local part starts.
    fn start(&self) -> Option<usize> {
        let first = self.length.saturating_sub(MAX_LOCAL);
        (self.length > 0).then(|| self.starts[first % MAX_LOCAL])
    }
}

impl Domain {
    /// The domain after a local part that starts here.
    fn after(start: usize) -> Self {
        Self { start, length: 0, label: Some(0), dotted: false, end: None }
    }

    /// Takes one more character of the domain; `false`: it is none, or too many.
    fn step(&mut self, glyph: Glyph) -> bool {
        match glyph.c {
            '.' if self.label != Some(0) => {
                self.dotted = true;
                self.label = Some(0);
            }
            'a'..='z' | '-' => self.label = self.label.map(|letters| letters + 1),
            '0'..='9' => self.label = None,
            _ => return false,
        }
        // A top-level domain has two letters or more; `-` cannot end one.
        if self.dotted
            && glyph.c.is_ascii_lowercase()
            && self.label.is_some_and(|letters| letters >= 2)
        {
            self.end = Some(glyph.end);
        }
        self.length += 1;
        self.length <= MAX_DOMAIN
    }
}

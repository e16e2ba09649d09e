//! External judges beside the model's work: what a person asks is judged while the model answers, what it answers is judged
//! window by window on its way out.
//!
//! A text goes to a judge as it would go to a partner, masked by the same rules. The first byte waits for the verdict on what was
//! asked only where a failure of the judge closes; everywhere else the verdict is taken into account as soon as it is there, and
//! at the latest before the answer ends: a stream's last word and a whole answer wait for it, no longer than the judge's
//! time-out. Pictures cannot be unsent: they are judged before anybody else sees them. Whatever passes although a judge gave no
//! verdict is in the ledger, and the operator is alarmed.
//!
//! Nothing here has a task of its own: dropping a request drops its questions. Where nobody judges, nothing is kept or copied.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::stream::FuturesOrdered;
use futures_util::{Stream as _, StreamExt as _, future};
use yumen_features::{Body, Prompt};
use yumen_judges::{Chosen, Direction, Picture, Ruling, When};
use yumen_screen::{Action, FromPartner, Notice, Screen, Screened, ToPartner};
use yumen_wire::{Completion, FinishReason, Message, Part, ToolCall};

use crate::alarm::{About, AlarmKind, Alarms};
use crate::answer::{Piece, Pieces};
use crate::choices::Wanted;
use crate::gate::Gate;
use crate::journal::Journal;
use crate::problem::Problem;
use crate::stream::LabelledStream;

/// The most characters of what was asked that a judge of the answer is given.
const MOST_ASKED: usize = 4_000;

/// A ruling on its way.
type Deciding = Pin<Box<dyn Future<Output = Ruling> + Send>>;

/// The judges of one request; nothing where nobody judges.
pub(crate) struct Judging(Option<Box<Bench>>);

struct Bench {
    input: Option<Chosen>,
    output: Option<Chosen>,
    /// Who judges the pictures, until that is done.
    pictures: Option<(Chosen, Vec<Shown>)>,
    /// What the person asked, as it goes to the partner.
    asked: Arc<str>,
    screen: Arc<Screen>,
    record: Record,
}

impl Judging {
    /// Who judges what is asked and what is answered under a prompt's clearance.
    pub(crate) fn of(
        gate: &Gate,
        prompt: &Prompt,
        screen: &Arc<Screen>,
        journal: &Journal,
    ) -> Self {
        let choose = |direction| gate.judges.choose(prompt.clearance(), direction);
        let (input, output) = (choose(Direction::Input), choose(Direction::Output));
        let pictures = gate.judges.choose_for_pictures(prompt.clearance());
        if input.is_none() && output.is_none() && pictures.is_none() {
            return Self(None);
        }
        let pictures =
            pictures.map(|chosen| (chosen, shown(prompt))).filter(|(_, shown)| !shown.is_empty());
        Self(Some(Box::new(Bench {
            input,
            output,
            pictures,
            asked: asked(prompt).into(),
            screen: Arc::clone(screen),
            record: Record {
                journal: journal.clone(),
                alarms: gate.alarms.clone(),
                unjudged: Vec::new(),
            },
        })))
    }

    /// Begins to have judged what is asked. Its pictures are, once this is over.
    ///
    /// # Errors
    /// Where the verdict is wanted before the model is asked, as that on pictures always is, and withholds.
    pub(crate) async fn begin(&mut self) -> Result<Input, Problem> {
        let Some(bench) = &mut self.0 else { return Ok(Input::default()) };
        let mut input = Input { record: Some(bench.record.clone()), ..Input::default() };
        if let Some((chosen, shown)) = bench.pictures.take() {
            let pictures: Vec<_> = shown.iter().map(Shown::picture).collect();
            input.rule(chosen.look(&pictures).await)?;
        }
        if let Some(chosen) = bench.input.clone().filter(|_| !bench.asked.trim().is_empty()) {
            input.demanded = chosen.demanded();
            let before = chosen.when() == When::Before;
            let asked = Arc::clone(&bench.asked);
            let deciding = Box::pin(async move { chosen.judge(&asked, None).await });
            if before {
                input.rule(deciding.await)?;
            } else {
                input.deciding = Some(deciding);
            }
        }
        Ok(input)
    }

    /// Has the model asked while what is asked is judged. A verdict that withholds ends both.
    ///
    /// # Errors
    /// When the verdict withholds.
    pub(crate) async fn beside<T>(
        &self,
        input: &mut Input,
        asking: impl Future<Output = T> + Unpin,
    ) -> Result<T, Problem> {
        let Some(deciding) = input.deciding.take() else { return Ok(asking.await) };
        match future::select(deciding, asking).await {
            future::Either::Left((ruling, asking)) => {
                input.rule(ruling)?;
                Ok(asking.await)
            }
            future::Either::Right((answer, deciding)) if input.demanded => {
                input.rule(deciding.await)?;
                Ok(answer)
            }
            future::Either::Right((answer, deciding)) => {
                input.deciding = Some(deciding);
                Ok(answer)
            }
        }
    }

    /// Judges a whole answer before it is shown, each of its choices by itself, and waits for what is still open about the question.
    /// `completion` is as the partner gave it, without what is restored. Gives it without the choices that a verdict withholds.
    ///
    /// # Errors
    /// When a verdict on the question withholds, or every choice is withheld.
    pub(crate) async fn whole(
        &self,
        mut input: Input,
        mut completion: Screened<Completion, FromPartner>,
    ) -> Result<(Screened<Completion, FromPartner>, Vec<Notice>), Problem> {
        let Some(bench) = &self.0 else { return Ok((completion, input.notices)) };
        // Which choice each ruling is about; none for the question.
        let mut about: Vec<Option<u32>> = input.deciding.iter().map(|_| None).collect();
        let mut deciding: FuturesOrdered<_> = input.deciding.take().into_iter().collect();
        let texts = texts(completion.get());
        let choices = texts.len();
        if let Some(chosen) = &bench.output {
            for (choice, text) in (0..).zip(texts).filter(|(_, text)| !text.trim().is_empty()) {
                let asked = Arc::clone(&bench.asked);
                deciding.push_back(self::deciding(chosen.clone(), &bench.screen, asked, text));
                about.push(Some(choice));
            }
        }
        let (mut found, mut withheld, mut unavailable) = (Vec::new(), Vec::new(), false);
        for about in about {
            let Some(ruling) = deciding.next().await else { break };
            let Some(choice) = about else {
                input.rule(ruling)?;
                continue;
            };
            let (notices, withholds) = told(input.record.as_mut(), ruling);
            let number = (choices > 1).then_some(choice);
            found.extend(notices.into_iter().map(|notice| notice.at(number, None)));
            if let Some(because) = withholds {
                withheld.push(choice);
                unavailable |= because;
            }
        }
        if withheld.len() == choices {
            return Err(Problem::judged(found, unavailable));
        }
        input.notices.append(&mut found);
        for choice in withheld {
            completion = completion.withheld(choice);
        }
        Ok((completion, input.notices))
    }

    /// Judges a streamed answer on its way.
    pub(crate) fn stream(&self, stream: LabelledStream, input: Input) -> JudgedStream {
        let windows = |bench: &Bench| {
            let chosen = bench.output.clone()?;
            Some(Windows {
                before: chosen.when() == When::Before,
                size: chosen.window(),
                asked: Arc::clone(&bench.asked),
                screen: Arc::clone(&bench.screen),
                chosen,
                choices: Vec::new(),
                rulings: FuturesOrdered::new(),
                whose: VecDeque::new(),
            })
        };
        JudgedStream {
            wanted: stream.wanted(),
            source: Source::Idle(Box::new(stream)),
            queue: input.notices.into_iter().map(|n| Waiting::Piece(Piece::Notice(n))).collect(),
            input: input.deciding,
            output: self.0.as_deref().and_then(windows),
            record: input.record,
            finishing: false,
            shown: false,
            ended: Vec::new(),
        }
    }
}

/// What was asked, and what became of judging it so far.
#[derive(Default)]
pub(crate) struct Input {
    deciding: Option<Deciding>,
    /// Nothing may be shown without the verdict.
    demanded: bool,
    /// What the person is told.
    notices: Vec<Notice>,
    /// None where nobody judges, and so there is no ruling.
    record: Option<Record>,
}

impl Input {
    fn rule(&mut self, ruling: Ruling) -> Result<(), Problem> {
        let (notices, withheld) = told(self.record.as_mut(), ruling);
        if let Some(unavailable) = withheld {
            return Err(Problem::judged(notices, unavailable));
        }
        self.notices.extend(notices);
        Ok(())
    }
}

/// Where rulings are written down.
#[derive(Clone)]
struct Record {
    journal: Journal,
    alarms: Alarms,
    /// What is in the ledger already: which judge gave no verdict on what passed, and in which direction that went.
    unjudged: Vec<(String, Direction)>,
}

impl Record {
    fn take(&mut self, ruling: &mut Ruling) {
        if ruling.judged {
            self.journal.judged();
        }
        // What another judge withholds did not pass.
        let open = mem::take(&mut ruling.open);
        for (judge, direction) in open.into_iter().filter(|_| !ruling.withholds()) {
            let about = About {
                market: Some(self.journal.market().clone()),
                subject: Some(judge.clone()),
                release: None,
            };
            self.alarms.raise(AlarmKind::ContentUnjudged, about, direction.as_str());
            let known = (judge, direction);
            let new = !self.unjudged.contains(&known);
            self.journal.unjudged(&known.0, direction.as_str(), new);
            if new {
                self.unjudged.push(known);
            }
        }
        self.journal.notices(&ruling.notices);
    }
}

/// Records a ruling. Gives what the person is told, and, where it withholds, whether that is because of a failure.
fn told(record: Option<&mut Record>, mut ruling: Ruling) -> (Vec<Notice>, Option<bool>) {
    if let Some(record) = record {
        record.take(&mut ruling);
    }
    let withheld = ruling.withholds().then_some(ruling.unavailable);
    let mut notices = ruling.notices;
    notices.retain(Notice::is_told);
    (notices, withheld)
}

/// What the person says and what tools gave back: all that is new to the operator in a prompt.
fn asked(prompt: &Prompt) -> String {
    let Body::Chat(chat) = prompt.body() else { return String::new() };
    let said = chat
        .messages
        .iter()
        .filter(|message| matches!(message, Message::User { .. } | Message::Tool { .. }));
    said.map(Message::text).collect::<Vec<_>>().join("\n\n")
}

/// What each choice of an answer says: what it thinks, its text, and what it calls tools with.
fn texts(completion: &Completion) -> Vec<String> {
    let Completion { reasoning, text, tool_calls, others, .. } = completion;
    let first = said(reasoning, text, tool_calls);
    let others = others.iter().map(|other| said(&other.reasoning, &other.text, &other.tool_calls));
    [first].into_iter().chain(others).collect()
}

fn said(reasoning: &str, text: &str, calls: &[ToolCall]) -> String {
    let calls = calls.iter().map(|call| call.arguments.as_str());
    let said = [reasoning, text].into_iter().chain(calls).filter(|said| !said.is_empty());
    said.collect::<Vec<_>>().join("\n")
}

/// A picture of a prompt.
struct Shown {
    url: String,
    /// The words of its message, as they go to the partner.
    beside: String,
}

impl Shown {
    fn picture(&self) -> Picture<'_> {
        Picture { url: &self.url, beside: &self.beside }
    }
}

/// All pictures of a prompt.
fn shown(prompt: &Prompt) -> Vec<Shown> {
    let Body::Chat(chat) = prompt.body() else { return Vec::new() };
    let mut all = Vec::new();
    for message in &chat.messages {
        let Message::User { content } = message else { continue };
        let images = content.parts().iter().filter_map(|part| match part {
            Part::Image(media) => Some(media),
            _ => None,
        });
        all.extend(images.map(|media| Shown {
            url: media.url().into_owned(),
            beside: message.text().into_owned(),
        }));
    }
    all
}

/// A question about a part of an answer: masked as what goes to a partner is.
fn deciding(chosen: Chosen, screen: &Screen, asked: Arc<str>, text: String) -> Deciding {
    match screen.whole(text, ToPartner) {
        Ok((text, _)) => Box::pin(async move {
            let end = asked.char_indices().nth(MOST_ASKED).map_or(asked.len(), |(end, _)| end);
            chosen.judge(text.get(), Some(&asked[..end])).await
        }),
        // What may not leave cannot be judged elsewhere.
        Err(_) => Box::pin(async move { chosen.unjudged() }),
    }
}

/// A streamed answer that is judged on its way.
pub(crate) struct JudgedStream {
    source: Source,
    wanted: Wanted,
    input: Option<Deciding>,
    output: Option<Windows>,
    /// What waits for rulings, in order.
    queue: VecDeque<Waiting>,
    /// None where nobody judges, and so there is no ruling.
    record: Option<Record>,
    /// A choice's own end was seen: what comes from now on of it, or of the whole answer, waits for all rulings.
    finishing: bool,
    /// Whether anything of the answer was given out.
    shown: bool,
    /// The choices whose end was given out.
    ended: Vec<u32>,
}

enum Waiting {
    Piece(Piece),
    /// What stands before it of this choice waits for the choice's next ruling.
    Ruling(u32),
}

enum Source {
    Idle(Box<LabelledStream>),
    Pulling(Pin<Box<dyn Future<Output = Pulled> + Send>>),
    Ended,
}

struct Pulled {
    stream: Box<LabelledStream>,
    pieces: Vec<Piece>,
    more: bool,
}

enum Happened {
    Input(Ruling),
    Window(Ruling),
    Pulled(Pulled),
    Nothing,
}

/// The windows of an answer. Each choice is judged by itself.
struct Windows {
    chosen: Chosen,
    /// Nothing is shown before its ruling.
    before: bool,
    /// The fewest and the most characters, and how many of the one before are judged again.
    size: (usize, usize, usize),
    asked: Arc<str>,
    screen: Arc<Screen>,
    /// By number.
    choices: Vec<Window>,
    rulings: FuturesOrdered<Deciding>,
    /// Which choice each of these is about.
    whose: VecDeque<u32>,
}

/// What of one choice is to be judged and was not asked about yet.
#[derive(Default)]
struct Window {
    open: String,
    chars: usize,
    tail: String,
    /// Its own end was seen.
    finished: bool,
    /// A ruling ended it: nothing of it is shown any more.
    withheld: bool,
}

impl Windows {
    fn window(&mut self, choice: u32) -> &mut Window {
        // Choices that were not asked for do not come here.
        let at = usize::try_from(choice).unwrap_or_default();
        if self.choices.len() <= at {
            self.choices.resize_with(at + 1, Window::default);
        }
        &mut self.choices[at]
    }

    /// Adds text of a choice; true when that closed a window.
    fn add(&mut self, choice: u32, text: &str) -> bool {
        let (least, most, _) = self.size;
        let window = self.window(choice);
        window.open.push_str(text);
        window.chars += text.chars().count();
        let ends = |c| matches!(c, '.' | '!' | '?' | '\n' | '。' | '！' | '？');
        (window.chars >= most
            || window.chars >= least && window.open.trim_end_matches(' ').ends_with(ends))
            && self.close(choice)
    }

    /// Asks about what is open of a choice, if it is anything.
    fn close(&mut self, choice: u32) -> bool {
        let again = self.size.2;
        let window = self.window(choice);
        if window.open.is_empty() {
            return false;
        }
        let open = mem::take(&mut window.open);
        let skipped = window.chars.saturating_sub(again);
        window.chars = 0;
        let tail = open.chars().skip(skipped).collect();
        let text = mem::replace(&mut window.tail, tail) + &open;
        let asked = Arc::clone(&self.asked);
        self.rulings.push_back(deciding(self.chosen.clone(), &self.screen, asked, text));
        self.whose.push_back(choice);
        true
    }

    /// Whether nothing waits for a ruling, or will.
    fn are_judged(&self) -> bool {
        self.rulings.is_empty() && self.choices.iter().all(|window| window.open.is_empty())
    }

    /// What came so far is void.
    fn restart(&mut self) {
        self.choices.clear();
        self.whose.clear();
        self.rulings = FuturesOrdered::new();
    }
}

impl JudgedStream {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Happened> {
        if let Some(deciding) = &mut self.input
            && let Poll::Ready(ruling) = deciding.as_mut().poll(context)
        {
            self.input = None;
            return Poll::Ready(Happened::Input(ruling));
        }
        let mut waits = self.input.is_some();
        if let Some(windows) = &mut self.output {
            match Pin::new(&mut windows.rulings).poll_next(context) {
                Poll::Ready(Some(ruling)) => return Poll::Ready(Happened::Window(ruling)),
                Poll::Ready(None) => {}
                Poll::Pending => waits = true,
            }
        }
        if let Source::Idle(_) = &self.source
            && let Source::Idle(mut stream) = mem::replace(&mut self.source, Source::Ended)
        {
            self.source = Source::Pulling(Box::pin(async move {
                let mut pieces = Vec::new();
                let more = stream.next(&mut pieces).await;
                Pulled { stream, pieces, more }
            }));
        }
        match &mut self.source {
            Source::Pulling(pulling) => match pulling.as_mut().poll(context) {
                Poll::Ready(pulled) => Poll::Ready(Happened::Pulled(pulled)),
                Poll::Pending => Poll::Pending,
            },
            _ if waits => Poll::Pending,
            _ => Poll::Ready(Happened::Nothing),
        }
    }

    fn happened(&mut self, happened: Happened, out: &mut Vec<Piece>) {
        match happened {
            Happened::Input(ruling) => {
                if !self.rule(ruling, None, out) {
                    (0..self.wanted.choices).for_each(|choice| self.end(choice, out));
                }
            }
            Happened::Window(ruling) => self.ruled(ruling, out),
            Happened::Pulled(Pulled { stream, pieces, more }) => {
                self.source = if more { Source::Idle(stream) } else { Source::Ended };
                for piece in pieces {
                    self.take(piece, out);
                }
                if !more {
                    let begun = self.output.as_ref().map_or(0, |windows| windows.choices.len());
                    (0..).take(begun).for_each(|choice| self.close(choice));
                }
            }
            Happened::Nothing => {}
        }
        self.drain(out);
    }

    /// Gives out what waits for no ruling.
    fn drain(&mut self, out: &mut Vec<Piece>) {
        let judged = self.output.as_ref().is_none_or(Windows::are_judged);
        if judged && !(self.finishing && self.input.is_some()) {
            for waiting in mem::take(&mut self.queue) {
                if let Waiting::Piece(piece) = waiting {
                    self.give(piece, out);
                }
            }
        }
    }

    fn give(&mut self, piece: Piece, out: &mut Vec<Piece>) {
        self.shown |= is_generated(&piece);
        if let Piece::Finish { choice, .. } = piece {
            self.ended.push(choice);
        }
        out.push(piece);
    }

    /// Takes the next piece of the answer: into a window, and out or to those that wait.
    fn take(&mut self, piece: Piece, out: &mut Vec<Piece>) {
        if matches!(piece, Piece::Problem(_)) {
            self.input = None;
        }
        let of = piece.choice();
        let Some(windows) = &mut self.output else {
            self.finishing |= matches!(piece, Piece::Finish { .. });
            return self.queue.push_back(Waiting::Piece(piece));
        };
        if of.is_some_and(|choice| windows.window(choice).withheld) {
            return;
        }
        let closed = match (of, piece.generated()) {
            (Some(choice), Some(text)) => windows.add(choice, text),
            _ => false,
        };
        let mut waits = windows.before;
        match &piece {
            Piece::Finish { choice, .. } => {
                self.finishing = true;
                windows.window(*choice).finished = true;
                self.close(*choice);
            }
            // Nothing generated that waits is shown any more: it is void, or the answer failed.
            Piece::Restart | Piece::Problem(_) => {
                windows.restart();
                self.queue.retain(|waiting| match waiting {
                    Waiting::Piece(piece) => !is_generated(piece),
                    Waiting::Ruling(_) => false,
                });
            }
            _ => {}
        }
        if let Some(windows) = &mut self.output {
            waits |= match of {
                Some(choice) => windows.window(choice).finished,
                None => self.finishing,
            };
        }
        if waits {
            self.queue.push_back(Waiting::Piece(piece));
        } else {
            self.give(piece, out);
        }
        if let Some(choice) = of.filter(|_| closed) {
            self.queue.push_back(Waiting::Ruling(choice));
        }
    }

    /// Nothing follows in the window of a choice that is open.
    fn close(&mut self, choice: u32) {
        if self.output.as_mut().is_some_and(|windows| windows.close(choice)) {
            self.queue.push_back(Waiting::Ruling(choice));
        }
    }

    /// Follows the next ruling on a window: gives out what waited for it, or ends the choice.
    fn ruled(&mut self, ruling: Ruling, out: &mut Vec<Piece>) {
        let Some(windows) = &mut self.output else { return };
        let Some(choice) = windows.whose.pop_front() else { return };
        if windows.window(choice).withheld {
            return;
        }
        let shown = windows.choices.iter().filter(|window| !window.withheld).count();
        let last = shown <= 1 && windows.choices.len() >= self.wanted.choices as usize;
        if !ruling.withholds() || last {
            if self.rule(ruling, self.wanted.number(choice), out) {
                self.release(choice, out);
            } else {
                self.end(choice, out);
            }
            return;
        }
        let window = windows.window(choice);
        *window = Window { withheld: true, ..Window::default() };
        self.queue.retain(|waiting| match waiting {
            Waiting::Piece(piece) => piece.choice() != Some(choice),
            Waiting::Ruling(of) => *of != choice,
        });
        let (notices, _) = told(self.record.as_mut(), ruling);
        let number = self.wanted.number(choice);
        out.extend(notices.into_iter().map(|notice| Piece::Notice(notice.at(number, None))));
        self.end(choice, out);
    }

    /// Ends a choice that is withheld, unless it has ended.
    fn end(&mut self, choice: u32, out: &mut Vec<Piece>) {
        if !self.ended.contains(&choice) {
            self.give(Piece::Finish { choice, reason: FinishReason::ContentFilter }, out);
        }
    }

    /// Gives out what waited for a ruling on a choice. What is of no choice goes when nothing before it waits.
    fn release(&mut self, choice: u32, out: &mut Vec<Piece>) {
        let mut kept = VecDeque::new();
        while let Some(waiting) = self.queue.pop_front() {
            match waiting {
                Waiting::Ruling(of) if of == choice => break,
                Waiting::Piece(piece)
                    if piece.choice().map_or(kept.is_empty(), |of| of == choice) =>
                {
                    self.give(piece, out);
                }
                other => kept.push_back(other),
            }
        }
        kept.append(&mut self.queue);
        self.queue = kept;
    }

    /// Follows a ruling on the whole answer, or on the choice that is left of it; false when it ends here.
    fn rule(&mut self, ruling: Ruling, number: Option<u32>, out: &mut Vec<Piece>) -> bool {
        let action = ruling.action;
        let (notices, withheld) = told(self.record.as_mut(), ruling);
        if withheld.is_some() {
            self.source = Source::Ended;
            self.input = None;
            self.output = None;
            self.queue.clear();
            // Words that a ruling on them, or on what was asked, should have kept back are taken back where the client can.
            if action == Action::Refuse && self.shown {
                out.push(Piece::Restart);
            }
        }
        out.extend(notices.into_iter().map(|notice| Piece::Notice(notice.at(number, None))));
        withheld.is_none()
    }

    fn is_over(&self) -> bool {
        matches!(self.source, Source::Ended)
            && self.queue.is_empty()
            && self.input.is_none()
            && self.output.as_ref().is_none_or(|windows| windows.rulings.is_empty())
    }
}

/// Whether a piece shows something that the model made.
fn is_generated(piece: &Piece) -> bool {
    matches!(piece, Piece::Text { .. } | Piece::Reasoning { .. } | Piece::ToolCall(_))
}

impl Pieces for JudgedStream {
    async fn next(&mut self, out: &mut Vec<Piece>) -> bool {
        if self.input.is_none()
            && self.output.is_none()
            && self.queue.is_empty()
            && let Source::Idle(stream) = &mut self.source
        {
            return stream.next(out).await;
        }
        let given = out.len();
        while out.len() == given && !self.is_over() {
            let happened = poll_fn(|context| self.poll(context)).await;
            self.happened(happened, out);
        }
        !self.is_over()
    }
}

//! A whole answer of one or more choices, each of which is screened by itself.
//!
//! A choice is an answer of its own: what is refused in one of several withholds that one and no other. What is done is what is
//! done to the same choices as streams: reasoning comes before the text, so a rule that ends the answer in it ends it there.

use std::mem;

use yumen_wire::{Alternative, Completion, FinishReason};

use crate::crossing::Crossing;
use crate::notice::{Notice, Part, Refusal};
use crate::pack::Action;
use crate::screen::{Screen, nobody};
use crate::screened::Screened;

impl Screen {
    /// Screens a whole answer, each of its choices by itself. Of several choices those that are refused are withheld: they are
    /// empty and end with [`FinishReason::ContentFilter`]. The notices say of which choice they are, where there are several.
    ///
    /// # Errors
    /// [`Refusal`] when every choice is refused.
    pub fn answer<C: Crossing>(
        &self,
        mut completion: Completion,
        _crossing: C,
    ) -> Result<(Screened<Completion, C>, Vec<Notice>), Refusal> {
        let others = mem::take(&mut completion.others);
        let several = !others.is_empty();
        let first = Alternative {
            text: mem::take(&mut completion.text),
            reasoning: mem::take(&mut completion.reasoning),
            tool_calls: mem::take(&mut completion.tool_calls),
            finish: mem::replace(&mut completion.finish, FinishReason::ContentFilter),
        };
        // What is left is what the partner's own moderation says to people.
        let (completion, mut told) = self.read::<_, C>(completion, None, nobody())?;
        let mut completion = completion.into_inner();
        let (mut refused, mut passed) = (Vec::new(), false);
        for (number, choice) in (0..).zip([first].into_iter().chain(others)) {
            let Read { choice, notices, refusals } = self.choice::<C>(choice);
            let of = several.then_some(number);
            let at = |(part, notice): (Option<Part>, Notice)| notice.at(of, part);
            passed |= refusals.is_empty();
            told.extend(notices.into_iter().map(at));
            refused.extend(refusals.into_iter().map(at));
            place(&mut completion, number, choice);
        }
        if !passed {
            return Err(Refusal { notices: refused });
        }
        told.append(&mut refused);
        Ok((Screened::new(completion), told))
    }

    /// Screens one choice; one that is refused is empty afterwards.
    fn choice<C: Crossing>(&self, mut choice: Alternative) -> Read {
        let (mut notices, mut refusals) = (Vec::new(), Vec::new());
        let mut reasoning = mem::take(&mut choice.reasoning);
        let mut ended = false;
        if !reasoning.is_empty() {
            let of_it = |notice: Notice| (Some(Part::Reasoning), notice);
            match self.read::<_, C>(mem::take(&mut reasoning), None, nobody()) {
                Ok((screened, told)) => {
                    reasoning = screened.into_inner();
                    ended = is_ended(&told);
                    notices.extend(told.into_iter().map(of_it));
                }
                Err(refusal) => refusals.extend(refusal.notices.into_iter().map(of_it)),
            }
        }
        if ended {
            choice = withheld();
        } else {
            match self.read::<_, C>(mem::replace(&mut choice, withheld()), None, nobody()) {
                Ok((screened, told)) => {
                    choice = screened.into_inner();
                    if is_ended(&told) {
                        choice.finish = FinishReason::ContentFilter;
                        choice.tool_calls.clear();
                    }
                    notices.extend(told.into_iter().map(|notice| (None, notice)));
                }
                Err(refusal) => {
                    refusals.extend(refusal.notices.into_iter().map(|notice| (None, notice)));
                }
            }
        }
        if refusals.is_empty() {
            choice.reasoning = reasoning;
        } else {
            choice = withheld();
        }
        Read { choice, notices, refusals }
    }
}

impl<C: Crossing> Screened<Completion, C> {
    /// The answer without what one of its choices says, which then ends with [`FinishReason::ContentFilter`].
    #[must_use]
    pub fn withheld(self, number: u32) -> Self {
        let mut completion = self.into_inner();
        let others = completion.others.len();
        if usize::try_from(number).is_ok_and(|number| number <= others) {
            place(&mut completion, number, withheld());
        }
        Self::new(completion)
    }
}

/// One choice that was read: what was done in it, and what refuses it, by part.
struct Read {
    choice: Alternative,
    notices: Vec<(Option<Part>, Notice)>,
    refusals: Vec<(Option<Part>, Notice)>,
}

/// A choice of which nothing is given out.
fn withheld() -> Alternative {
    Alternative {
        text: String::new(),
        reasoning: String::new(),
        tool_calls: Vec::new(),
        finish: FinishReason::ContentFilter,
    }
}

/// Whether a rule ended the answer.
fn is_ended(notices: &[Notice]) -> bool {
    notices.iter().any(|notice| notice.action == Action::Stop)
}

/// Puts a choice into its place, which is there or the next one.
fn place(completion: &mut Completion, number: u32, choice: Alternative) {
    let Some(other) = number.checked_sub(1) else {
        let Alternative { text, reasoning, tool_calls, finish } = choice;
        completion.text = text;
        completion.reasoning = reasoning;
        completion.tool_calls = tool_calls;
        completion.finish = finish;
        return;
    };
    match usize::try_from(other).ok().and_then(|at| completion.others.get_mut(at)) {
        Some(there) => *there = choice,
        None => completion.others.push(choice),
    }
}

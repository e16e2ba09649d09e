//! Asking: a route goes in, an answer comes out, from whichever of the approved models gave it.

use yumen_wire::{Collector, Event};

use crate::{
    AfterFirst, Answer, AnswerStream, AskError, Partners, Route, Step, Unanswered, Whole,
    call::{AtOnce, MOST_ANSWER, Streamed},
    chain::Chain,
    reading::bytes_of,
};

impl Partners {
    /// Asks the routed models, one after the other, until one answers. Of a stream, returns when its
    /// first token has come, so that all that fails before it fails over in silence, or is an error
    /// here. Dropping the future closes the connection.
    ///
    /// # Errors
    /// [`Unanswered`]: a clock ran out, the connection failed, the partner answered with an error, or
    /// another model answered than the approved one ([`AskError::Drifted`]), and no other could or
    /// may be asked.
    pub async fn ask(&self, route: Route) -> Result<Answer, Unanswered> {
        let (stream, streams, after_first) = (route.stream, route.streams, route.after_first);
        let mut chain = Chain::of(&self.shared, route);
        if !streams {
            return match chain.begin::<AtOnce>("", None).await {
                Ok(completion) => {
                    chain.complete();
                    let ((models, chosen), emulated) = (chain.place(), chain.emulated());
                    let attempts = chain.close();
                    Ok(Answer::Whole(Whole { completion, attempts, models, chosen, emulated }))
                }
                Err(error) => Err(Unanswered { error, attempts: chain.close() }),
            };
        }
        match chain.begin::<Streamed>("", None).await {
            Ok((ahead, reading)) if stream => {
                Ok(Answer::Stream(AnswerStream::new(chain, after_first, ahead, reading)))
            }
            Ok((ahead, reading)) => {
                // Nobody has seen anything before all of it is there.
                collect(AnswerStream::new(chain, AfterFirst::Restart, ahead, reading)).await
            }
            Err(error) => Err(Unanswered { error, attempts: chain.close() }),
        }
    }
}

/// Reads a stream to its end, as a whole answer.
async fn collect(mut stream: AnswerStream) -> Result<Answer, Unanswered> {
    let mut collector = Collector::default();
    let (mut events, mut size) = (Vec::new(), 0);
    let error = loop {
        match stream.next(&mut events).await {
            Ok(Step::End) => break None,
            Ok(Step::More) => {}
            Ok(Step::Switched | Step::Restarted) => {
                collector = Collector::default();
                size = 0;
            }
            Err(error) => break Some(error),
        }
        size += events.iter().filter_map(bytes_of).sum::<usize>();
        if size > MOST_ANSWER {
            let partner = stream.model().partner.clone();
            break Some(AskError::TooLarge { partner, limit: MOST_ANSWER });
        }
        events.drain(..).for_each(|event: Event| collector.push(event));
    };
    let end = || {
        let partner = stream.model().partner.clone();
        AskError::Interrupted { partner, cause: "the answer has no end".to_owned() }
    };
    let completion = match error {
        None => collector.finish().ok_or_else(end),
        Some(error) => Err(error),
    };
    match completion {
        Ok(completion) => Ok(Answer::Whole(stream.into_whole(completion))),
        Err(error) => Err(Unanswered { error, attempts: stream.close() }),
    }
}

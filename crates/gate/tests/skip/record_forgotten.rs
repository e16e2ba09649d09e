//! Nothing is answered before it is recorded: a checkpoint of the log is no record of this request.

use yumen_gate::AnswerBody;
use yumen_label::Labelled;
use yumen_ledger::Ledger;

pub fn answer(ledger: &Ledger, text: &Labelled<String>) -> AnswerBody {
    AnswerBody::whole(&ledger.checkpoint(), text, |text, _| text.clone().into_bytes())
}

fn main() {}

//! A whole answer is not written before it was labelled, be it screened or plain.

use yumen_gate::AnswerBody;
use yumen_ledger::Admitted;
use yumen_screen::{FromPartner, Screened};

pub fn screened(admitted: &Admitted, text: Screened<String, FromPartner>) -> AnswerBody {
    AnswerBody::whole(admitted, &text, |text: &String, _| text.clone().into_bytes())
}

pub fn plain(admitted: &Admitted, text: String) -> AnswerBody {
    AnswerBody::whole(admitted, &text, |text: &String, _| text.clone().into_bytes())
}

fn main() {}

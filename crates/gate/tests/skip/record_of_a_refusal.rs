//! The record of a refusal answers nothing: it is no admission, and cannot be given as one.

use yumen_gate::AnswerBody;
use yumen_label::Labelled;
use yumen_ledger::{Admitted, Entry, Ledger, Refusal};

pub async fn answer(ledger: &Ledger, refusal: Refusal<'_>, text: &Labelled<String>) -> AnswerBody {
    let record = ledger.append(Entry::Refusal(refusal)).await.unwrap();
    AnswerBody::whole(&record, text, |text, _| text.clone().into_bytes())
}

pub async fn admit(ledger: &Ledger, refusal: Refusal<'_>) -> Admitted {
    ledger.admit(refusal).await.unwrap()
}

fn main() {}

//! What was screened on its way from the person is not labelled as an answer.

use yumen_label::{Labelled, Labels};
use yumen_screen::{Screened, ToDevice, ToPartner};

pub fn to_partner(labels: &Labels, input: Screened<String, ToPartner>) -> Labelled<String> {
    labels.stamp(input)
}

pub fn to_device(labels: &Labels, input: Screened<String, ToDevice>) -> Labelled<String> {
    labels.stamp(input)
}

fn main() {}

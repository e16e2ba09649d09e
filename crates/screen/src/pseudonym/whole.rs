//! A whole answer, restored after it was screened.

use std::sync::Arc;

use yumen_wire::{Completion, ToolCall};

use super::restore::{Form, Restored, Restorer};
use super::stream::notices;
use super::vault::Vault;
use crate::crossing::FromPartner;
use crate::notice::Notice;
use crate::screened::Screened;

impl Screened<Completion, FromPartner> {
    /// Puts the values of a vault in place of their tokens: in the text (which `is_json` says was asked for as JSON), and in the
    /// arguments of calls to tools that `is_own` says are the person's own. The notices say what stayed a word.
    #[must_use]
    pub fn restored(
        self,
        vault: &Arc<Vault>,
        is_json: bool,
        is_own: impl Fn(&str) -> bool,
    ) -> (Self, Vec<Notice>) {
        let mut completion = self.into_inner();
        let mut count = Restored::default();
        let mut restore = |text: &mut String, form| {
            let mut reader = Restorer::new(Arc::clone(vault), form);
            let mut restored = reader.push(text);
            restored.push_str(&reader.finish());
            *text = restored;
            count.add(reader.take_count());
        };
        let form = if is_json { Form::Json } else { Form::Text };
        let mut said = |text: &mut String, calls: &mut [ToolCall]| {
            restore(text, form);
            for call in calls {
                let form = if is_own(&call.name) { Form::Json } else { Form::Foreign };
                restore(&mut call.arguments, form);
            }
        };
        said(&mut completion.text, &mut completion.tool_calls);
        for other in &mut completion.others {
            said(&mut other.text, &mut other.tool_calls);
        }
        let mut told = Vec::new();
        notices(count, &mut told);
        // What was put in is what the person wrote themselves; everything else was screened.
        (Self::new(completion), told)
    }
}

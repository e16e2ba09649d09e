//! From a cleared request to what a model or the engine is asked.

use std::sync::Arc;

use yumen_policy::Clearance;
use yumen_wire::{Chat, Media, Message, Passages, Tokens};

use crate::guidance::{self, Nonce};
use crate::{
    ChatInput, DeviceTask, Feature, FeatureError, FeatureInput, FeatureRequest, RewriteStyle, Role,
    Task, TextLanguage,
};

/// What will be asked, under which clearance. Made only by [`prepare`] and [`prepare_chat`].
#[derive(Debug)]
pub struct Prompt {
    clearance: Clearance,
    feature: Arc<Feature>,
    body: Body,
}

/// What is asked, by tier.
#[derive(Debug)]
pub enum Body {
    /// A conversation for a partner's model.
    Chat(Box<Chat>),
    /// A task for the on-device engine.
    Device(DeviceTask),
}

impl Prompt {
    /// The clearance under which it may be asked.
    pub fn clearance(&self) -> &Clearance {
        &self.clearance
    }

    /// The feature it serves.
    pub fn feature(&self) -> &Arc<Feature> {
        &self.feature
    }

    /// What is asked.
    pub fn body(&self) -> &Body {
        &self.body
    }
}

impl Passages for Prompt {
    fn passages_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match &mut self.body {
            Body::Chat(chat) => chat.passages_mut(visit),
            Body::Device(task) => visit(&mut task.text),
        }
    }

    /// The text that a feature works on, and the results of tools. What a person says in a chat is theirs.
    fn material_mut(&mut self, visit: &mut dyn FnMut(&mut String)) {
        match &mut self.body {
            Body::Chat(chat) if self.feature.task() == Task::Rewrite => {
                for message in &mut chat.messages {
                    if let Message::User { content } = message {
                        content.passages_mut(visit);
                    }
                }
            }
            Body::Chat(chat) => chat.material_mut(visit),
            Body::Device(task) => visit(&mut task.text),
        }
    }

    fn pictures_mut(&mut self, visit: &mut dyn FnMut(&mut Media)) {
        if let Body::Chat(chat) = &mut self.body {
            chat.pictures_mut(visit);
        }
    }
}

impl Tokens for Prompt {
    fn explain_tokens(&mut self) {
        // An engine on the device gets no tokens.
        if let Body::Chat(chat) = &mut self.body {
            guidance::explain_tokens(chat);
        }
    }
}

/// Makes the prompt of a feature request. Takes the clearance by value: one clearance, one prompt. A text to work on is
/// marked as material with `nonce`, which no other request may have.
///
/// # Errors
/// [`FeatureError::Invalid`] when the clearance or the request is for another feature.
pub fn prepare(
    clearance: Clearance,
    feature: &Arc<Feature>,
    request: FeatureRequest,
    nonce: &Nonce,
) -> Result<Prompt, FeatureError> {
    check_feature(&clearance, feature)?;
    let (input, language) = request.into_parts();
    let body = match (feature.task(), input) {
        (Task::Device(kind), FeatureInput::Text(text)) => {
            Body::Device(DeviceTask { kind, text, language })
        }
        (Task::Rewrite, FeatureInput::Rewrite { text, style }) => {
            let messages = vec![
                Message::system(rewrite_system(feature, language, &style, nonce)),
                Message::user(nonce.around(&text)),
            ];
            Body::Chat(Box::new(Chat { messages, ..Chat::default() }))
        }
        (Task::Chat, FeatureInput::Chat(ChatInput { messages: turns })) => {
            let mut messages = Vec::with_capacity(turns.len() + 1);
            messages.extend(chat_system(feature, language).map(Message::system));
            messages.extend(turns.into_iter().map(|turn| match turn.role {
                Role::Assistant => Message::assistant(turn.content),
                Role::User => Message::user(turn.content),
            }));
            Body::Chat(Box::new(Chat { messages, ..Chat::default() }))
        }
        _ => {
            return Err(FeatureError::Invalid {
                feature: feature.id().clone(),
                message: "the request was made for another feature".to_owned(),
            });
        }
    };
    Ok(Prompt { clearance, feature: Arc::clone(feature), body })
}

/// Makes the prompt of a conversation that came in a standard client's own shape; the
/// application's own system message stays. Results of tools are marked as material with `nonce`, and the model is told so.
///
/// # Errors
/// As [`prepare`], and [`FeatureError::InputTooLarge`] or [`FeatureError::EmptyInput`] by the
/// feature's limits.
pub fn prepare_chat(
    clearance: Clearance,
    feature: &Arc<Feature>,
    mut chat: Chat,
    nonce: &Nonce,
) -> Result<Prompt, FeatureError> {
    check_feature(&clearance, feature)?;
    if feature.task() != Task::Chat {
        return Err(FeatureError::Invalid {
            feature: feature.id().clone(),
            message: "this feature does not take a conversation".to_owned(),
        });
    }
    let mut actual = 0;
    chat.passages_mut(&mut |text| actual += text.len());
    if actual == 0 {
        return Err(FeatureError::EmptyInput);
    }
    let limit = feature.limits().max_input_bytes;
    if actual > limit {
        return Err(FeatureError::InputTooLarge { feature: feature.id().clone(), limit, actual });
    }
    let mut has_results = false;
    for message in &mut chat.messages {
        if let Message::Tool { content, .. } = message {
            *content = nonce.around_result(content);
            has_results = true;
        }
    }
    if has_results {
        let line = nonce.of_results(guidance::is_chinese(&chat));
        guidance::instruct(&mut chat, &line);
    }
    Ok(Prompt { clearance, feature: Arc::clone(feature), body: Body::Chat(Box::new(chat)) })
}

fn check_feature(clearance: &Clearance, feature: &Feature) -> Result<(), FeatureError> {
    if clearance.feature() == feature.id() {
        Ok(())
    } else {
        Err(FeatureError::Invalid {
            feature: feature.id().clone(),
            message: format!("the clearance is for {}", clearance.feature()),
        })
    }
}

/// The system message of a rewrite. Its first line names task and style for machines.
fn rewrite_system(
    feature: &Feature,
    language: TextLanguage,
    style: &RewriteStyle,
    nonce: &Nonce,
) -> String {
    let Some(prompts) = feature.prompts(language) else { return String::new() };
    let wish = match style {
        RewriteStyle::Described(instruction) => instruction.as_str(),
        named => prompts.styles.get(named.name()).map_or("", String::as_str),
    };
    format!(
        "Task: rewrite; style: {}\n{}\n{}",
        style.name(),
        prompts.system.replace("{wish}", wish).trim_end(),
        nonce.of_text(language)
    )
}

fn chat_system(feature: &Feature, language: TextLanguage) -> Option<String> {
    feature.prompts(language).map(|prompts| prompts.system.trim_end().to_owned())
}

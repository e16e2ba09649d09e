//! What can be wrong with a request, before a partner's words for it.

use crate::family::Headers;
use crate::fault::Why;
use crate::fields::Problem;
use crate::tree::{Tree, object};

/// Why a request gets an error.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Trouble {
    /// No such address.
    Url,
    /// Not this method here.
    Method,
    /// No key was sent.
    NoKey,
    /// The key is wrong.
    Key,
    /// The key was good once.
    ExpiredKey,
    /// The body is not JSON.
    NotJson,
    /// A field is wrong.
    Field(Problem),
    /// No such model.
    Model(String),
    /// More tokens than the model takes: the most, and how many came.
    TooLong { most: u64, came: u64 },
    /// A fault on demand.
    Asked(Why),
    /// Moderation stopped the answer.
    Moderated,
    /// An error after good chunks.
    MidStream,
}

impl From<Problem> for Trouble {
    fn from(problem: Problem) -> Self {
        Self::Field(problem)
    }
}

impl Trouble {
    /// A sentence for people, in English, where the partner has no words known to us.
    pub(crate) fn words(&self) -> String {
        match self {
            Self::Url => "The requested resource was not found.".to_owned(),
            Self::Method => "This method is not allowed here.".to_owned(),
            Self::NoKey => "No API key was provided.".to_owned(),
            Self::Key | Self::Asked(Why::Key) => "Invalid API key provided.".to_owned(),
            Self::ExpiredKey => "The token has expired.".to_owned(),
            Self::NotJson => "The request body is not valid JSON.".to_owned(),
            Self::Field(problem) => problem.message.clone(),
            Self::Model(model) => format!("The model `{model}` does not exist."),
            Self::TooLong { most, came } => format!(
                "This model's maximum context length is {most} tokens. However, your messages \
                 resulted in {came} tokens."
            ),
            Self::Asked(why) => asked(*why),
            Self::Moderated => "The output was stopped by the content filter.".to_owned(),
            Self::MidStream => "Internal server error, please retry.".to_owned(),
        }
    }

    /// The HTTP status most partners give it.
    pub(crate) fn usual_status(&self) -> u16 {
        match self {
            Self::Url | Self::Model(_) => 404,
            Self::Method => 405,
            Self::NoKey | Self::Key | Self::ExpiredKey | Self::Asked(Why::Key) => 401,
            Self::NotJson
            | Self::Field(_)
            | Self::TooLong { .. }
            | Self::Moderated
            | Self::Asked(Why::Moderation | Why::ContextLength | Why::Prefix) => 400,
            Self::Asked(Why::RateLimit | Why::Quota) => 429,
            Self::Asked(Why::Overloaded) => 503,
            Self::Asked(Why::Status(status)) => *status,
            Self::MidStream | Self::Asked(Why::Server | Why::Under200) => 500,
        }
    }
}

fn asked(why: Why) -> String {
    match why {
        Why::RateLimit => "Rate limit reached, please try again later.".to_owned(),
        Why::Quota => "You exceeded your current quota, please check your billing.".to_owned(),
        Why::Overloaded => "The server is overloaded, please try again later.".to_owned(),
        Why::Server | Why::Under200 | Why::Key => "Internal server error, please retry.".to_owned(),
        Why::Moderation => "The input was stopped by the content filter.".to_owned(),
        Why::ContextLength => {
            "This model's maximum context length is 131072 tokens. However, your \
                               messages resulted in 140000 tokens."
                .to_owned()
        }
        Why::Prefix => "This model does not continue a given beginning: the last message must be \
                        the user's."
            .to_owned(),
        Why::Status(status) => format!("The request failed with status {status}."),
    }
}

/// An error in a partner's form.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Failure {
    pub(crate) status: u16,
    /// Beside the headers of every answer.
    pub(crate) headers: Headers,
    pub(crate) body: Tree,
}

impl Failure {
    pub(crate) fn new(status: u16, body: Tree) -> Self {
        Self { status, headers: Vec::new(), body }
    }
}

/// `{"error": {"message", "type", "param", "code"}}`, the form most took over.
pub(crate) fn openai_error(
    message: impl Into<Tree>,
    kind: &str,
    param: Option<&str>,
    code: impl Into<Tree>,
) -> Tree {
    object! {"error": object! {
        "message": message.into(), "type": kind, "param": param, "code": code.into(),
    }}
}

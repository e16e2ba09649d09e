//! Our own side: the chat-completions API that existing OpenAI clients speak.
//!
//! [`ChatCompletionRequest::parse`] reads what a client sends; [`completion`], [`ChunkEncoder`] and
//! [`Failure`] write what it gets back. Beside the standard fields an answer may carry a `yumen`
//! object (receipt, label, notices), given here as ready JSON.
//!
//! # What a request may say
//!
//! The rule: a field is honoured, refused, or (only where dropping it changes nothing about the
//! answer) accepted and dropped. Nothing a client relies on is ignored silently.
//!
//! | field | what happens |
//! |---|---|
//! | `n` | honoured from 1 to 8 |
//! | `model`, `messages`, `stream`, `stream_options.include_usage`, `tools`, `tool_choice`, `parallel_tool_calls`, `response_format`, `temperature`, `top_p`, `max_tokens`, `max_completion_tokens`, `stop`, `seed`, `presence_penalty`, `frequency_penalty` | honoured |
//! | `reasoning_effort`, `enable_thinking`, `thinking_budget`, `thinking` (`type`, `budget_tokens`) | honoured: one wish, in whichever words; words that contradict each other are refused |
//! | `prefix` or `partial` as `true` in the last message, an assistant's | honoured: the answer goes on from there |
//! | `user`, `safety_identifier` | dropped: they name a person, and no name goes to a partner |
//! | `prompt_cache_key` | names the conversation; not sent on as it is |
//! | `stream_options.include_obfuscation` | dropped: it does not change the answer |
//! | `store`, `logprobs` | only `false` |
//! | `metadata`, `logit_bias` | only empty |
//! | `service_tier` | only `auto` and `default` |
//! | `modalities` | only `["text"]` |
//! | any of them as `null` | as if absent |
//! | other known fields of the API (`web_search_options`, `verbosity`, `functions`, ...) | refused by name |
//! | every other field, at any depth | refused by name |
//!
//! In messages: `developer` is `system`; content is a string or a list of `text` parts (joined with
//! line feeds), with `image_url` parts among them in a user's message: at an `https` address, or in
//! full as `data:image/...;base64,...`. Other parts are refused by type. What a client echoes back
//! from our answers (`refusal`, `reasoning_content`, `annotations`, `audio: null`,
//! `function_call: null`, `tool_calls[].index`) is accepted: a refusal counts as the words of that
//! turn; reasoning goes to partners that want it back, and to no other. Nesting is bounded to 128
//! levels by the JSON parser.

mod locate;
mod message;
mod request;
mod response;
mod shape;

pub use request::ChatCompletionRequest;
pub use response::{ChunkEncoder, Failure, completion};

pub use crate::written::Written;

//! The kinds of English words by which it is told whom a sentence speaks to ([`address`](super::address)): one table, a bit for each kind.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::lexicon::EDIT;

/// The kinds of a word, a bit each.
pub(super) type Kinds = u32;

/// A thing that can only be a model.
pub(super) const MACHINE: Kinds = 1;
/// What may be a model, and may be a person.
pub(super) const HELPER: Kinds = 1 << 1;
/// To drop what was said.
pub(super) const CANCEL: Kinds = 1 << 2;
/// What a model was told.
pub(super) const TOLD: Kinds = 1 << 3;
/// Said before.
pub(super) const BEFORE: Kinds = 1 << 4;
/// What a model writes.
pub(super) const OUTPUT: Kinds = 1 << 5;
/// To say, to write, to change a text.
pub(super) const SAY: Kinds = 1 << 6;
pub(super) const MODAL: Kinds = 1 << 7;
/// The person a model writes for, as only somebody else calls them.
pub(super) const USER: Kinds = 1 << 8;
/// To do with a text what models do.
pub(super) const WORK: Kinds = 1 << 9;
/// To send away.
pub(super) const SEND: Kinds = 1 << 10;
/// What is only a model's to send: what was said to it, what it knows of its person.
pub(super) const PRIVATE: Kinds = 1 << 11;
/// To use a tool.
pub(super) const CALL: Kinds = 1 << 12;
/// Nothing but.
pub(super) const ONLY: Kinds = 1 << 13;
/// The text itself.
pub(super) const TEXT: Kinds = 1 << 14;
/// Now, and not as before.
pub(super) const NEW: Kinds = 1 << 15;
/// A way of writing that is asked for as a game.
pub(super) const MANNER: Kinds = 1 << 16;
/// To judge.
pub(super) const JUDGE: Kinds = 1 << 17;
/// The best judgement.
pub(super) const BEST: Kinds = 1 << 18;
/// Words of other signs.
pub(super) const OTHER: Kinds = 1 << 19;

const TABLE: &[(Kinds, &str)] = &[
    (
        MACHINE,
        "ai ais llm llms gpt chatgpt chatbot chatbots copilot summarizer summarizers summariser summarisers chatgpts aiagents",
    ),
    (
        HELPER,
        "assistant assistants model models agent agents bot bots grader graders reader readers reviewer system systems machine judge",
    ),
    (
        CANCEL,
        "ignore disregard forget override overrule bypass discard neglect skip drop abandon cancel ignoring disregarding skipping void",
    ),
    (
        TOLD,
        "instruction instructions prompt prompts direction directions directive directives guidance guideline guidelines rules command commands constraints task tasks brief briefing",
    ),
    (
        BEFORE,
        "previous prior earlier above preceding former existing original initial before current past old",
    ),
    (
        OUTPUT,
        "answer answers reply replies response responses summary summaries output outputs translation completion",
    ),
    (
        SAY,
        "say state tell respond reply answer praise recommend claim contain refer speak call describe list rate sing recite announce confirm ends begins mentions says includes contains invent summarise summarize translate pretend leave treat act rated rates",
    ),
    (MODAL, "must should shall has have needs need ought required"),
    (USER, "user user's users users'"),
    (
        WORK,
        "summarise summarize summarising summarizing summary translate translating translation answering responding replying processing analysing analyzing reviewing rewriting proofreading summarised summarized",
    ),
    (
        SEND,
        "send forward post upload transmit email append attach share collect encode include leak copy submit write add embed put show display exfiltrate save gather list",
    ),
    (PRIVATE, "conversation chat calendar contacts mailbox inbox history transcript"),
    (CALL, "call invoke run execute use trigger open delete set book buy order play"),
    (ONLY, "only solely exclusively nothing else just"),
    (
        TEXT,
        "text page document email e-mail mail message content everything anything all line article rest passage what",
    ),
    (NEW, "new real actual true next revised updated only secret"),
    (
        MANNER,
        "rhyme rhymes rhyming verse couplets capitals uppercase lowercase morse riddle riddles limericks pirate emoji emojis haiku haikus gibberish backwards slang",
    ),
    (
        OTHER,
        "attention mode yourself authorise authorize everything contact contacts permit would could can",
    ),
    (JUDGE, "rate rank classify label mark grade score award flag treat judge"),
    (BEST, "first highest full ten five best top excellent important perfect"),
];

pub(super) static KINDS: LazyLock<HashMap<&str, Kinds>> = LazyLock::new(|| {
    let mut kinds: HashMap<&str, Kinds> = HashMap::new();
    for word in EDIT {
        *kinds.entry(word).or_default() |= SAY;
    }
    for (kind, words) in TABLE {
        for word in words.split(' ') {
            *kinds.entry(word).or_default() |= kind;
        }
    }
    kinds
});

//! The configured partners, and the way of one prompt to those that may answer it.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::Instant;
use yumen_features::{Body, Prompt};
use yumen_policy::{Clearance, ModelId, PartnerId};
use yumen_screen::{Screened, ToPartner};
use yumen_wire::{Chat, Usage, WireError};

use crate::{
    Manner, PartnerConfig, PartnersError, Route, RouteError, Routing,
    breaker::Admit,
    budget,
    candidate::{self, Candidate, PassedOver},
    capabilities::Needs,
    chance::Chance,
    connect,
    partner::Partner,
    route::{Encoded, cache_key, encode},
    sticky::Sticky,
};

/// How many tokens an answer is taken to have when nobody limits it and costs are compared.
const USUAL_ANSWER: u64 = 500;

/// The partners of this gate. Cheap to clone; all clones share the connections, and what is
/// remembered of each partner.
#[derive(Clone)]
pub struct Partners {
    pub(crate) shared: Arc<Shared>,
}

/// How one model of a partner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The partner.
    pub partner: &'a PartnerId,
    /// The model.
    pub model: &'a ModelId,
    /// Requests to it that are under way.
    pub under_way: u32,
    /// Whether its breaker keeps requests from it.
    pub resting: bool,
}

/// What all requests share.
pub(crate) struct Shared {
    partners: Vec<Arc<Partner>>,
    pub(crate) routing: Routing,
    pub(crate) sticky: Sticky,
    pub(crate) chance: Chance,
    /// When the partners were set up: the beginning of time for breakers and rests.
    origin: Instant,
}

impl Shared {
    /// A moment, as the breakers count it.
    pub(crate) fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.origin)
    }

    /// This moment, as the breakers count it.
    pub(crate) fn now(&self) -> Duration {
        self.since(Instant::now())
    }
}

impl Partners {
    /// Makes the partners ready and reads their keys. Opens no connection.
    ///
    /// # Errors
    /// [`PartnersError`] when two have one id or a key cannot be read.
    pub fn new(configs: Vec<PartnerConfig>, routing: Routing) -> Result<Self, PartnersError> {
        let tls = connect::tls()?;
        let mut partners: Vec<Arc<Partner>> = Vec::with_capacity(configs.len());
        for config in configs {
            if partners.iter().any(|known| known.id == config.id) {
                return Err(PartnersError::Duplicate(config.id));
            }
            partners.push(Arc::new(Partner::new(config, &tls)?));
        }
        let shared = Shared {
            partners,
            routing,
            sticky: Sticky::default(),
            chance: Chance::unpredictable(),
            origin: Instant::now(),
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// The ids of the configured partners, in the order of the configuration.
    pub fn ids(&self) -> impl Iterator<Item = &PartnerId> {
        self.shared.partners.iter().map(|partner| &partner.id)
    }

    /// Whether an emulator answers in this partner's place.
    pub fn is_emulated(&self, id: &PartnerId) -> bool {
        self.find(id).is_some_and(|partner| partner.emulated)
    }

    /// How each model that was asked stands now.
    pub fn standings(&self) -> impl Iterator<Item = Standing<'_>> {
        let now = self.shared.now();
        self.shared.partners.iter().flat_map(move |partner| {
            partner.lanes.used().map(move |lane| Standing {
                partner: &partner.id,
                model: &lane.model,
                under_way: lane.busy(),
                resting: matches!(lane.look(now), Admit::Resting(_)),
            })
        })
    }

    /// Finds the way of a prompt screened for partners: to those models of its clearance whose
    /// partner is configured, at an address inside the market, and that can do what is asked, in
    /// the order of the routing's strategy. No other model can be picked, now or when one fails, and
    /// what was screened for the device cannot be sent.
    ///
    /// # Errors
    /// [`RouteError`] when the prompt is not for a partner, when none of the cleared models is at
    /// a configured partner inside the market, when none of those can do what is asked, or when the
    /// conversation cannot be said in the protocol of any.
    pub fn route(
        &self,
        prompt: Screened<Prompt, ToPartner>,
        manner: Manner<'_>,
    ) -> Result<Route, RouteError> {
        let clearance = prompt.get().clearance();
        let Body::Chat(chat) = prompt.get().body() else {
            return Err(RouteError::NotForPartner(clearance.feature().clone()));
        };
        let needs = Needs::of(chat);
        let (mut stray, mut lacks) = (None, None);
        let mut inside = clearance.models().iter().enumerate().filter_map(|(chosen, model)| {
            let partner = self.find(&model.partner)?;
            match Candidate::of(clearance, chosen, partner, &needs) {
                Ok(candidate) => return Some(candidate),
                Err(PassedOver::Stray(passed)) => _ = stray.get_or_insert(passed),
                Err(PassedOver::Lacks(what)) => _ = lacks.get_or_insert(what),
            }
            None
        });
        let (first, rest) = (inside.next(), inside.collect::<Vec<_>>());
        let Some(first) = first else {
            return Err(match (lacks, stray) {
                (Some(what), _) => {
                    RouteError::NotCapable { feature: clearance.feature().clone(), what }
                }
                (None, Some(stray)) => {
                    RouteError::OutOfMarket { market: clearance.market().clone(), stray }
                }
                (None, None) => no_partner(clearance),
            });
        };
        let conversation = manner
            .conversation
            .filter(|_| self.shared.routing.sticky)
            .map(|name| self.shared.sticky.conversation(name));
        let (first, rest) = if rest.is_empty() {
            (first, rest)
        } else {
            let all = std::iter::once(first).chain(rest).collect();
            let usage = likely_usage(chat, &needs);
            let mut all = candidate::order(all, &self.shared, &usage, conversation);
            let rest = all.split_off(1);
            // The order has everyone who was given, so there is a first.
            let Some(first) = all.pop() else { return Err(no_partner(clearance)) };
            (first, rest)
        };
        // A whole answer is read as a stream where another model could be asked instead: silence and
        // a broken line are then noticed in seconds.
        let streams = manner.stream || !rest.is_empty();
        let has_cache = |candidate: &Candidate| candidate.lane.can.cache == Some(true);
        let useful = has_cache(&first) || rest.iter().any(has_cache);
        let hint = manner.conversation.filter(|_| useful).map(cache_key);
        let (first, rest, encoded) = encodable(chat, first, rest, streams, hint.as_deref())?;
        Ok(Route {
            prompt,
            needs,
            first,
            rest,
            passed_over: stray,
            encoded,
            streams,
            stream: manner.stream,
            after_first: manner.after_first,
            conversation,
            hint,
            settle: manner.settle,
        })
    }

    fn find(&self, id: &PartnerId) -> Option<&Arc<Partner>> {
        self.shared.partners.iter().find(|partner| partner.id == *id)
    }
}

/// Writes the conversation for the first candidate that can be asked it; those before it are left
/// out.
fn encodable(
    chat: &Chat,
    mut first: Candidate,
    rest: Vec<Candidate>,
    streams: bool,
    hint: Option<&str>,
) -> Result<(Candidate, Vec<Candidate>, Encoded), RouteError> {
    let mut rest = rest.into_iter();
    let mut unsaid: Option<WireError> = None;
    loop {
        match encode(chat, &first, streams, hint) {
            Ok(encoded) => return Ok((first, rest.collect(), encoded)),
            Err(RouteError::Encode(error)) => {
                let error = unsaid.get_or_insert(error).clone();
                first = rest.next().ok_or(RouteError::Encode(error))?;
            }
            Err(other) => return Err(other),
        }
    }
}

/// What the answer may take, for comparing costs.
fn likely_usage(chat: &Chat, needs: &Needs) -> Usage {
    let each = chat.params.max_tokens.map_or(USUAL_ANSWER, u64::from);
    Usage {
        input_tokens: budget::tokens(needs.bytes),
        // Each choice may take as much, and the question is paid once.
        output_tokens: each.saturating_mul(chat.params.choices.map_or(1, u64::from)),
        ..Usage::default()
    }
}

impl fmt::Debug for Partners {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.ids()).finish()
    }
}

fn no_partner(clearance: &Clearance) -> RouteError {
    let cleared: Vec<String> = clearance
        .models()
        .iter()
        .map(|model| format!("{}/{}", model.partner, model.model))
        .collect();
    RouteError::NoPartner { feature: clearance.feature().clone(), cleared: cleared.join(", ") }
}

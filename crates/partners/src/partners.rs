//! The configured partners, and the route of one prompt to one of them.

use std::{fmt, sync::Arc};

use http::Uri;
use yumen_features::{Body, Prompt};
use yumen_policy::{Clearance, ModelRef, PartnerId};
use yumen_screen::{Screened, ToPartner};
use yumen_wire::Outgoing;

use crate::{
    Manner, PartnerConfig, PartnersError, RouteError, Routing, Stray, connect, expected::Expected,
    in_market::InMarket, partner::Partner,
};

/// The partners of this gate. Cheap to clone; all clones share the connections.
#[derive(Clone)]
pub struct Partners {
    partners: Arc<[Arc<Partner>]>,
}

impl Partners {
    /// Makes the partners ready and reads their keys. Opens no connection.
    ///
    /// # Errors
    /// [`PartnersError`] when two have one id or a key cannot be read.
    pub fn new(configs: Vec<PartnerConfig>, routing: Routing) -> Result<Self, PartnersError> {
        let _ = routing;
        let tls = connect::tls()?;
        let mut partners: Vec<Arc<Partner>> = Vec::with_capacity(configs.len());
        for config in configs {
            if partners.iter().any(|known| known.id == config.id) {
                return Err(PartnersError::Duplicate(config.id));
            }
            partners.push(Arc::new(Partner::new(config, tls.clone())?));
        }
        Ok(Self { partners: partners.into() })
    }

    /// The ids of the configured partners, in the order of the configuration.
    pub fn ids(&self) -> impl Iterator<Item = &PartnerId> {
        self.partners.iter().map(|partner| &partner.id)
    }

    /// Finds the way of a prompt screened for partners: to the first model of its clearance whose
    /// partner is configured, at an address inside the market. No other model can be picked, and
    /// what was screened for the device cannot be sent.
    ///
    /// # Errors
    /// [`RouteError`] when the prompt is not for a partner, when none of the cleared models is at
    /// a configured partner inside the market, or when the conversation cannot be said in the
    /// partner's protocol.
    pub fn route(
        &self,
        prompt: Screened<Prompt, ToPartner>,
        manner: Manner<'_>,
    ) -> Result<Route, RouteError> {
        let stream = manner.stream;
        let asked = prompt.get();
        let clearance = asked.clearance();
        let Body::Chat(chat) = asked.body() else {
            return Err(RouteError::NotForPartner(clearance.feature().clone()));
        };
        let mut passed_over = None;
        let mut inside = |(index, model): (usize, &ModelRef)| {
            let partner = self.find(&model.partner)?;
            match InMarket::of(partner, clearance) {
                Ok(partner) => Some((index, partner)),
                Err(stray) => {
                    passed_over.get_or_insert(stray);
                    None
                }
            }
        };
        let found = clearance.models().iter().enumerate().find_map(&mut inside);
        let (chosen, partner) = match (found, &passed_over) {
            (Some(found), _) => found,
            (None, None) => return Err(no_partner(clearance)),
            (None, Some(stray)) => {
                let (market, stray) = (clearance.market().clone(), stray.clone());
                return Err(RouteError::OutOfMarket { market, stray });
            }
        };
        let model = &clearance.models()[chosen];
        let outgoing = partner.protocol.encode(chat, model.model.as_str(), stream)?;
        let address = partner.address(&outgoing.path)?;
        Ok(Route { prompt, chosen, partner, passed_over, address, outgoing, stream })
    }

    /// Whether an emulator stands in a partner's place.
    pub fn is_emulated(&self, partner: &PartnerId) -> bool {
        self.find(partner).is_some_and(|partner| partner.emulated)
    }

    fn find(&self, id: &PartnerId) -> Option<&Arc<Partner>> {
        self.partners.iter().find(|partner| partner.id == *id)
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

/// One prompt on its way to one approved model. Made only by [`Partners::route`], used up by
/// [`Partners::ask`]; it cannot be cloned, so one clearance is one answer.
pub struct Route {
    prompt: Screened<Prompt, ToPartner>,
    /// Which of the clearance's models.
    chosen: usize,
    partner: InMarket,
    passed_over: Option<Stray>,
    address: Uri,
    outgoing: Outgoing,
    stream: bool,
}

impl Route {
    /// The model that will be asked.
    pub fn model(&self) -> &ModelRef {
        &self.clearance().models()[self.chosen]
    }

    /// The clearance it is asked under.
    pub fn clearance(&self) -> &Clearance {
        self.prompt.get().clearance()
    }

    /// A partner that would have been asked first, if its address did not lead outside the market.
    pub fn passed_over(&self) -> Option<&Stray> {
        self.passed_over.as_ref()
    }

    /// Whether an emulator answers in the partner's place.
    pub fn emulated(&self) -> bool {
        self.partner.emulated
    }

    /// Whether the answer will come as a stream.
    pub fn is_stream(&self) -> bool {
        self.stream
    }

    /// What is needed to ask. The prompt is let go: its words are in the outgoing body.
    pub(crate) fn into_parts(self) -> (Expected, InMarket, Uri, Outgoing, bool) {
        let expected = Expected::of(self.clearance(), self.chosen);
        (expected, self.partner, self.address, self.outgoing, self.stream)
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The prompt is the person's text; it stays out.
        f.debug_struct("Route")
            .field("model", self.model())
            .field("stream", &self.stream)
            .finish_non_exhaustive()
    }
}

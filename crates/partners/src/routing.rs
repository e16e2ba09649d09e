//! How requests are spread over the models that may serve them, and how far one request may go.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{balance::Strategy, clocks::seconds};

/// The rules of routing, for all partners. What is left out keeps its default, and the defaults do
/// the right thing: the preferred model of the release first, another approved one when it fails.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Routing {
    /// Which model is asked first. Default `priority`.
    pub strategy: Strategy,
    /// Whether a conversation whose caller names it goes on at the partner that served it last,
    /// while that one is well: its prompt cache may still hold it. Default true.
    pub sticky: bool,
    /// How many requests one answer may take, over all partners and keys. Default 6.
    pub attempts: u32,
    /// How long one answer may take, over all attempts. Default 600 s.
    #[serde(rename = "deadline_seconds", with = "seconds")]
    pub deadline: Duration,
    /// What one answer may cost over all attempts, in the currency of the models' prices: once the
    /// attempts so far and the next one's question would cost more, there is no next one. Models
    /// without a price count as free. The first attempt is always made. Default: no limit.
    pub cost_budget: Option<f64>,
}

impl Default for Routing {
    fn default() -> Self {
        Self {
            strategy: Strategy::default(),
            sticky: true,
            attempts: 6,
            deadline: Duration::from_mins(10),
            cost_budget: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_keeps_its_default() {
        let routing: Routing =
            toml::from_str("strategy = \"least_busy\"\ndeadline_seconds = 30\ncost_budget = 0.5")
                .unwrap();
        assert_eq!(routing.strategy, Strategy::LeastBusy);
        assert_eq!(routing.deadline, Duration::from_secs(30));
        assert_eq!(routing.attempts, Routing::default().attempts);
        assert!(routing.sticky);
        assert!(toml::from_str::<Routing>("retries = 3").is_err());
        assert_eq!(toml::from_str::<Routing>("").unwrap(), Routing::default());
    }
}

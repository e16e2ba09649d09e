//! Borders, and what happens at them to a text in which a rule found something.

use serde::{Deserialize, Serialize};

/// The border a text crosses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Boundary {
    /// From a person to a partner's model: the text leaves the operator.
    ToPartner,
    /// From a partner's model to a person.
    FromPartner,
    /// From a person to an engine on the device: nothing leaves.
    ToDevice,
    /// From an engine on the device to a person.
    FromDevice,
}

impl Boundary {
    pub(crate) const ALL: [Self; 4] =
        [Self::ToPartner, Self::FromPartner, Self::ToDevice, Self::FromDevice];

    pub(crate) fn direction(self) -> &'static str {
        match self {
            Self::ToPartner | Self::ToDevice => "input",
            Self::FromPartner | Self::FromDevice => "output",
        }
    }
}

/// What happens to a text in which a rule found something, from the lightest to the weightiest.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It passes as it is, and the rule is not even looked for.
    #[default]
    Allow,
    /// It is found and counted; the text passes as it is, and nobody is told.
    Detect,
    /// The text passes as it is, and the person is told the rule's text, such as where there is help.
    Tell,
    /// What was found is replaced by the rule's placeholder; the rest passes.
    Mask,
    /// What was found is replaced by the rule's own words; the rest passes.
    Replace,
    /// What was found is replaced by a token that can be turned back into it when it comes home.
    Pseudonymise,
    /// What was found is replaced by the rule's placeholder, also where a person sees it already.
    Retract,
    /// The text before what was found passes, and nothing after it: an answer ends here. At a border where there is no
    /// answer to end, the text does not pass.
    Stop,
    /// The text does not pass. A stream ends, and what was shown of it is taken back where that can be done.
    Refuse,
}

impl Action {
    /// Its name in packs, in notices and in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Detect => "detect",
            Self::Tell => "tell",
            Self::Mask => "mask",
            Self::Replace => "replace",
            Self::Pseudonymise => "pseudonymise",
            Self::Retract => "retract",
            Self::Stop => "stop",
            Self::Refuse => "refuse",
        }
    }
}

/// The action of one rule at each boundary; none may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Actions {
    /// At [`Boundary::ToPartner`].
    pub(crate) to_partner: Action,
    /// At [`Boundary::FromPartner`].
    pub(crate) from_partner: Action,
    /// At [`Boundary::ToDevice`].
    pub(crate) to_device: Action,
    /// At [`Boundary::FromDevice`].
    pub(crate) from_device: Action,
}

impl Actions {
    /// The action at one boundary, as it stands in the pack.
    pub(crate) fn at(self, boundary: Boundary) -> Action {
        match boundary {
            Boundary::ToPartner => self.to_partner,
            Boundary::FromPartner => self.from_partner,
            Boundary::ToDevice => self.to_device,
            Boundary::FromDevice => self.from_device,
        }
    }

    /// What happens at one boundary: on the way to a model there is no answer to end, so what would end one refuses.
    pub(crate) fn effective(self, boundary: Boundary) -> Action {
        match (self.at(boundary), boundary.direction()) {
            (Action::Stop, "input") => Action::Refuse,
            (action, _) => action,
        }
    }
}

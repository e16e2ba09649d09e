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

/// What happens to a text in which a rule found something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It passes as it is, and the rule is not even looked for.
    Allow,
    /// What was found is replaced by the rule's placeholder; the rest passes.
    Mask,
    /// The text does not pass.
    Refuse,
}

/// The action of one rule at each boundary; none may be left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Actions {
    /// At [`Boundary::ToPartner`].
    pub to_partner: Action,
    /// At [`Boundary::FromPartner`].
    pub from_partner: Action,
    /// At [`Boundary::ToDevice`].
    pub to_device: Action,
    /// At [`Boundary::FromDevice`].
    pub from_device: Action,
}

impl Actions {
    /// The action at one boundary.
    pub fn at(self, boundary: Boundary) -> Action {
        match boundary {
            Boundary::ToPartner => self.to_partner,
            Boundary::FromPartner => self.from_partner,
            Boundary::ToDevice => self.to_device,
            Boundary::FromDevice => self.from_device,
        }
    }
}

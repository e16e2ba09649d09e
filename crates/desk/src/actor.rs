//! Who acts, and what their role lets them do.

use yumen_policy::{Hand, Role, StepKind};

use crate::DeskError;

/// Somebody at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    id: String,
    name: String,
    standing: Standing,
}

/// On what ground somebody acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// An admin key of this role, which belongs to one person.
    Key(Role),
    /// The operator at the machine, by right of reading the data directory.
    Local,
    /// The demo's admin key, which everybody knows: it may do everything, on the demo.
    Demonstration,
    /// The gate itself, which tells what it saw.
    Gate,
}

/// What an action asks of its actor. Roles are kept apart: none has all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// To look; every person may.
    Read,
    /// To bring in releases and lists.
    Write,
    /// To take this step with an approval. Whose signature it bears is looked at besides.
    Step(StepKind),
    /// To bring in signatures.
    Sign,
    /// To stop, and to lift what was stopped.
    Stop,
    /// To read what people report, answer it, and free who was stopped.
    Answer,
    /// To install screen packs and take them out of force.
    Screen,
    /// To say how long the record is kept, and what of it in any case.
    Keep,
    /// To say whose keys count. Only at the machine, never over the network.
    Entrust,
    /// To turn over the gate's own keys.
    Operate,
    /// To tell what the gate saw.
    Tell,
}

impl Actor {
    /// The operator at the machine.
    pub fn local() -> Self {
        Self { id: "local".into(), name: "local operator".into(), standing: Standing::Local }
    }

    /// The gate itself.
    pub fn gate() -> Self {
        Self { id: "gate".into(), name: "gate".into(), standing: Standing::Gate }
    }

    /// The person of an admin key.
    pub fn of_key(id: impl Into<String>, name: impl Into<String>, role: Role) -> Self {
        Self { id: id.into(), name: name.into(), standing: Standing::Key(role) }
    }

    /// Whoever holds the demo's admin key.
    pub fn demonstration(id: impl Into<String>) -> Self {
        Self { id: id.into(), name: "demo".into(), standing: Standing::Demonstration }
    }

    /// Who it is, as it stands in the ledger: an admin key's id, `local` or `gate`; never a name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Who it is, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// On what ground they act.
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Whose hand it is. Two keys of one name are one person; the local operator, the demo's key and the gate stand
    /// for no person.
    pub fn hand(&self) -> Hand {
        match self.standing {
            Standing::Key(_) => Hand::person(self.name.as_str()),
            Standing::Local | Standing::Demonstration | Standing::Gate => {
                Hand::unnamed(self.id.as_str())
            }
        }
    }

    /// Whether their role lets them.
    ///
    /// # Errors
    /// [`DeskError::Forbidden`] with the roles that may.
    pub fn may(&self, duty: Duty) -> Result<(), DeskError> {
        let allowed = match self.standing {
            Standing::Key(role) => duty.roles().contains(&role),
            Standing::Local => duty != Duty::Tell,
            Standing::Demonstration => !matches!(duty, Duty::Entrust | Duty::Tell),
            Standing::Gate => duty == Duty::Tell,
        };
        if allowed { Ok(()) } else { Err(DeskError::Forbidden { duty }) }
    }
}

impl Duty {
    /// The roles of admin keys that have it.
    pub fn roles(self) -> &'static [Role] {
        use Role::{Approver, Auditor, Author, Legal, Operator};
        match self {
            Self::Read => &[Author, Approver, Legal, Operator, Auditor],
            Self::Write => &[Author, Legal],
            Self::Step(kind) => kind.roles(),
            Self::Sign => &[Approver, Legal],
            Self::Stop | Self::Operate => &[Operator],
            Self::Keep => &[Legal],
            Self::Screen | Self::Answer => &[Legal, Operator],
            Self::Entrust | Self::Tell => &[],
        }
    }
}

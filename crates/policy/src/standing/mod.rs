//! What stands against serving although rules and approvals would let it: kills, drifted models, things too old, a
//! clock set back, and management profiles.

pub(crate) mod clock;
pub(crate) mod drift;
pub(crate) mod freshness;
pub(crate) mod kill;
pub(crate) mod lapse;
pub(crate) mod limits;
pub(crate) mod management;
pub(crate) mod strikes;
pub(crate) mod switch;

pub use self::clock::HighWater;
pub use self::drift::Drift;
pub use self::freshness::{Freshness, PackAge, Part, Step, Turns};
pub use self::kill::{Hand, Kill, KillScope, Lift, LiftState};
pub use self::lapse::Lapse;
pub use self::limits::{Limits, Tier};
pub use self::management::{Conflict, Managed, Management, Profile};
pub use self::strikes::{Conduct, Measure, Sanction, StrikeRules};
pub use self::switch::Switch;

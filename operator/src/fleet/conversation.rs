//! What a vault and the operator said to each other last.

use strongroom_wire::admin::Status;

use super::InForce;
use crate::conditions::Health;

/// What came of the last contact with a vault.
#[derive(Debug, Clone)]
pub struct Conversation {
    /// The vault's own account of itself, or why there is none.
    pub status: Result<Status, NoStatus>,
    /// What the vault has confirmed that it enforces; or what is to be reported of why it did not.
    pub policy: Result<InForce, Health>,
    /// The number of the audit record that the operator has noted, while the vault's log does not hold it.
    pub missed_record: Option<u64>,
}

/// Why a vault has given no account of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoStatus {
    /// It is silent, for this reason. What the cluster shows of its pod says more.
    Silent(String),
    /// It answered, and this is to be reported.
    Unusable(Health),
}

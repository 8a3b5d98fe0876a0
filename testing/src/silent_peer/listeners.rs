//! Every listener of every program, and the tests that lay [siege](super::Siege) to it.
//!
//! `serving/tests/serving/listeners.rs` compares this with the sources: a listener that is bound anywhere and has no line
//! here fails, and so does a line whose test is gone.

/// One listener.
#[derive(Debug, Clone, Copy)]
pub struct Listener {
    /// Its name here, by which its test calls it.
    pub name: &'static str,
    /// The source that binds it.
    pub bound_in: &'static str,
    /// The source of the test.
    pub tested_in: &'static str,
}

const fn listener(name: &'static str, bound_in: &'static str, tested_in: &'static str) -> Listener {
    Listener {
        name,
        bound_in,
        tested_in,
    }
}

const VAULT: &str = "vault/src/serve/listeners.rs";
const IDENTITY: &str = "identity/src/run.rs";
const NODE: &str = "csi-provider/src/run.rs";
const REGISTRATION: &str = "csi-provider/src/kubelet/registration/served.rs";

/// All of them.
pub const ALL: [Listener; 10] = [
    listener("vault data", VAULT, "vault/tests/server/silence.rs"),
    listener("vault admin", VAULT, "vault/tests/server/silence.rs"),
    listener("vault health", VAULT, "vault/tests/server/silence.rs"),
    listener("identity tokens", IDENTITY, "identity/tests/identity/silence.rs"),
    listener("identity health", IDENTITY, "identity/tests/identity/silence.rs"),
    listener(
        "operator health",
        "operator/src/run.rs",
        "operator/tests/reconcile/silence.rs",
    ),
    listener("node health", NODE, "csi-provider/tests/node/silence.rs"),
    listener("node CSI", NODE, "csi-provider/tests/node/silence.rs"),
    listener(
        "node registration",
        REGISTRATION,
        "csi-provider/tests/node/silence.rs",
    ),
    listener(
        "node handover",
        REGISTRATION,
        "csi-provider/tests/node/silence.rs",
    ),
];

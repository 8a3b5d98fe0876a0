//! Why requests without a known caller were refused, and how many.

use serde::Serialize;

/// Why a request was refused before anyone was known to ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalReason {
    /// No token: the first request of every Azure client, to get the challenge.
    NoToken,
    /// A token that is not one of ours, or not for this vault, or not valid now.
    BadToken,
    /// A Host that is not this vault's.
    OtherHost,
    /// More requests, connections or bytes than a source may send.
    Limited,
    /// Not a request at all: handshake or HTTP is broken.
    Malformed,
}

/// Refusals by reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RefusalCount {
    /// [`RefusalReason::NoToken`].
    pub no_token: u64,
    /// [`RefusalReason::BadToken`].
    pub bad_token: u64,
    /// [`RefusalReason::OtherHost`].
    pub other_host: u64,
    /// [`RefusalReason::Limited`].
    pub limited: u64,
    /// [`RefusalReason::Malformed`].
    pub malformed: u64,
}

impl RefusalCount {
    pub(crate) fn add_all(&mut self, other: Self) {
        let Self {
            no_token,
            bad_token,
            other_host,
            limited,
            malformed,
        } = other;
        for (count, more) in [
            (&mut self.no_token, no_token),
            (&mut self.bad_token, bad_token),
            (&mut self.other_host, other_host),
            (&mut self.limited, limited),
            (&mut self.malformed, malformed),
        ] {
            *count = count.saturating_add(more);
        }
    }

    pub(crate) fn add(&mut self, reason: RefusalReason) {
        let count = match reason {
            RefusalReason::NoToken => &mut self.no_token,
            RefusalReason::BadToken => &mut self.bad_token,
            RefusalReason::OtherHost => &mut self.other_host,
            RefusalReason::Limited => &mut self.limited,
            RefusalReason::Malformed => &mut self.malformed,
        };
        *count = count.saturating_add(1);
    }
}

//! Where a volume stands with its vault's stream.

/// A volume's place on its vault's stream.
#[derive(Debug, Default)]
pub struct Subscription {
    state: State,
    /// Whether the volume had a subscription and had none for a while, in which no vault reported changes of the SecretRef.
    missed: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The stream is closed, or the volume listens to none.
    #[default]
    Closed,
    /// The stream is open, and the vault does not report changes.
    Open,
    /// Subscribe is sent, and the vault has not answered.
    Requested,
    /// The vault reports changes.
    Active,
}

impl Subscription {
    /// Whether the stream is open and Subscribe is to be sent on it.
    pub const fn is_due(&self) -> bool {
        matches!(self.state, State::Open)
    }

    /// Whether Subscribe is sent on the open stream and not ended by the vault.
    pub const fn is_requested(&self) -> bool {
        matches!(self.state, State::Requested | State::Active)
    }

    /// Whether the vault reports changes. Before it accepts a new subscription, what it reports is about the one before.
    pub const fn is_active(&self) -> bool {
        matches!(self.state, State::Active)
    }

    /// The stream is open.
    pub const fn open(&mut self) {
        self.missed |= self.is_requested();
        self.state = State::Open;
    }

    /// The stream is closed.
    pub const fn close(&mut self) {
        self.missed |= self.is_requested();
        self.state = State::Closed;
    }

    /// Subscribe is sent.
    pub const fn request(&mut self) {
        self.state = State::Requested;
    }

    /// The vault accepts. Answers whether a change of the SecretRef may have been missed before.
    pub const fn accept(&mut self) -> bool {
        if matches!(self.state, State::Closed) {
            return false;
        }
        let missed = self.missed;
        *self = Self {
            state: State::Active,
            missed: false,
        };
        missed
    }

    /// The vault ended the subscription.
    pub const fn end(&mut self) {
        self.open();
    }

    /// The volume asks for other objects of the same vault: the subscription is to be replaced, and what it reports until
    /// then is not missed, since the SecretRef was just read.
    pub const fn replace(&mut self) {
        if self.is_requested() {
            self.state = State::Open;
        }
    }
}

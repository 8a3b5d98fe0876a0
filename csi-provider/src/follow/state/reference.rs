//! When a volume's SecretRef is read.

use std::time::{Duration, Instant};

use strongroom_core::Delays;

/// How often the SecretRef of a volume without a subscription is read, when the kubelet calls: no vault reports
/// its changes.
const UNREPORTED: Duration = Duration::from_mins(5);
/// The least time between two readings of one volume's SecretRef, however often its vault says that it changed: doubled
/// with each reading that brought nothing new.
const BETWEEN_READS: Delays = Delays {
    first: Duration::from_millis(250),
    longest: Duration::from_mins(1),
};
/// A SecretRef that was not read for that long is read anew as if all readings had brought something.
const FORGIVEN: Duration = Duration::from_mins(10);
/// How old a reading may be when the first subscription begins: a vault remembers for three minutes that a SecretRef
/// changed, and says so to new subscriptions.
const REMEMBERED: Duration = Duration::from_mins(2);
/// Over how long the volumes of a node spread the reading of `SecretRef`s that may have changed unseen.
const SPREAD: Duration = Duration::from_secs(30);

/// When the SecretRef was read, and when it is read next.
#[derive(Debug)]
pub struct ReferenceSchedule {
    read_at: Instant,
    /// How many readings in a row brought nothing new.
    in_vain: u32,
    next: Option<Instant>,
    /// Whether what it asks for is to be read too, even if that is what it asked for before.
    is_outdated: bool,
}

impl ReferenceSchedule {
    /// The SecretRef was read at `now`, as far as the volume knows.
    pub const fn new(now: Instant) -> Self {
        Self {
            read_at: now,
            in_vain: 0,
            next: None,
            is_outdated: false,
        }
    }

    /// When it is read next, if that is planned.
    pub const fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Whether it is to be read now.
    pub fn is_due(&self, now: Instant) -> bool {
        self.next.is_some_and(|next| next <= now)
    }

    /// Whether the vault may not remember any more that the SecretRef changed since it was read.
    pub fn is_forgotten(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.read_at) >= REMEMBERED
    }

    /// A reading begins.
    pub fn begin(&mut self, now: Instant) {
        if now.saturating_duration_since(self.read_at) >= FORGIVEN {
            self.in_vain = 0;
        }
        (self.read_at, self.next) = (now, None);
    }

    /// What was read is what was known, or could not be used.
    pub const fn brought_nothing(&mut self) {
        self.in_vain = self.in_vain.saturating_add(1);
    }

    /// What was read is something else than before.
    pub const fn brought_news(&mut self) {
        self.in_vain = 0;
    }

    /// The vault says that the SecretRef changed. Answers when it is to be read for that.
    pub fn changed(&mut self) -> Instant {
        let at = self.read_at + BETWEEN_READS.after(self.in_vain.saturating_add(1));
        self.read_by(at);
        at
    }

    /// What the SecretRef asks for changed, as the vault says, and is all to be read anew. Answers when.
    pub fn outdate(&mut self) -> Instant {
        self.is_outdated = true;
        self.changed()
    }

    /// Whether what the SecretRef asks for is to be read with it, even if that is what it asked for before.
    pub const fn is_outdated(&self) -> bool {
        self.is_outdated
    }

    /// The files are of what was read.
    pub const fn replaced(&mut self) {
        self.is_outdated = false;
    }

    /// A reading failed, or what it brought could not be used: it is due again.
    pub const fn failed(&mut self, now: Instant) {
        self.next = Some(now);
    }

    /// The SecretRef may have changed unseen. It is read at a moment of this volume's own: a vault that comes back has all
    /// the volumes of all nodes subscribe at once, and the API server must not feel it.
    pub fn missed(&mut self, now: Instant, random: f64) {
        self.next.get_or_insert_with(|| now + SPREAD.mul_f64(random));
    }

    /// The kubelet called for a volume without a subscription.
    pub fn kubelet_called(&mut self, now: Instant) {
        if now.saturating_duration_since(self.read_at) >= UNREPORTED {
            self.read_by(now);
        }
    }

    fn read_by(&mut self, at: Instant) {
        self.next = Some(self.next.map_or(at, |planned| planned.min(at)));
    }
}

//! What everybody but the node driver does: the vaults and their streams, the identity service, the API server, the
//! kubelet, and time.

use std::time::{Duration, Instant};

use strongroom_core::Version;
use strongroom_csi::{
    follow::state::{Event, Refused, VaultMessage},
    source::obtain::Known,
};

use super::{
    Read, World, failure, pod_token,
    spec::{self, Wanted},
    vault::Request,
};

impl World {
    /// The vaults refuse every token that was issued so far.
    pub fn refuse_tokens(&mut self) {
        for vault in &mut self.vaults {
            vault.refuses_to = self.tokens;
        }
    }

    pub fn connect(&mut self) {
        if self.stream.vault.is_some() && !self.stream.open {
            self.stream.open = true;
            self.feed(Event::Connected);
        }
    }

    pub fn disconnect(&mut self) {
        if self.stream.open {
            self.hang_up();
            self.feed(Event::Disconnected);
        }
    }

    /// The vault takes one message of the stream.
    pub fn deliver_to_vault(&mut self) -> bool {
        let Some(request) = self.stream.to_vault.pop_front() else {
            return false;
        };
        let vault = &mut self.vaults[self.stream.vault.unwrap()];
        let is_subscribe = matches!(request, Request::Subscribe(..));
        let answers = vault.answer(request, self.now.time);
        let is_accepted = matches!(answers.first(), Some(VaultMessage::Subscribed(_)));
        self.stream.to_driver.extend(answers);
        let remembered = |at: Instant| self.now.instant - at < Duration::from_mins(3);
        if is_subscribe && is_accepted && self.ref_changed_at.is_some_and(remembered) {
            self.stream.to_driver.push_back(VaultMessage::RefChanged);
        }
        true
    }

    /// The node driver takes one message of the stream.
    pub fn deliver_to_driver(&mut self) -> bool {
        let Some(message) = self.stream.to_driver.pop_front() else {
            return false;
        };
        match &message {
            VaultMessage::Contents(contents) => {
                for (name, ..) in contents {
                    self.stream.fetching.remove(name);
                }
            }
            VaultMessage::Subscribed(_) => self.stream.subscribing = None,
            VaultMessage::Revoked { .. } => {
                self.stream.subscribing = None;
                self.stream.fetching.clear();
            }
            VaultMessage::Changed(_) | VaultMessage::RefChanged => {}
        }
        self.feed(Event::Vault(message));
        true
    }

    /// The vault has a new version, and reports it.
    pub fn put(&mut self, vault: usize, name: &str) -> Version {
        let version = self.vaults[vault].put(name);
        self.notify(vault, name, false);
        version
    }

    /// The same, and it is no certificate and no password.
    pub fn put_spoiled(&mut self, vault: usize, name: &str) {
        self.vaults[vault].put(name);
        self.vaults[vault].spoil(name);
        self.notify(vault, name, false);
    }

    pub fn set_unavailable(&mut self, vault: usize, name: &str, unavailable: bool) {
        self.vaults[vault].set_unavailable(name, unavailable);
        self.notify(vault, name, true);
    }

    fn notify(&mut self, vault: usize, name: &str, with_pinned: bool) {
        if self.stream.vault == Some(vault) {
            self.stream
                .to_driver
                .extend(self.vaults[vault].changed(name, with_pinned));
        }
    }

    pub fn revoke(&mut self, refused: Refused) {
        if let Some(vault) = self.stream.vault {
            self.stream.to_driver.extend(self.vaults[vault].revoke(refused));
        }
    }

    /// The SecretRef changes, and the operator notifies the vaults.
    pub fn change_ref(&mut self, wanted: Option<Wanted>) {
        self.secret_ref = wanted;
        self.ref_changed_at = Some(self.now.instant);
        let subscribed = self
            .stream
            .vault
            .filter(|vault| self.vaults[*vault].subscription.is_some());
        if subscribed.is_some() {
            self.stream.to_driver.push_back(VaultMessage::RefChanged);
        }
    }

    pub fn change_bundle(&mut self) {
        self.disk.bundle += 1;
        self.feed(Event::BundleChanged);
    }

    pub fn bring_token(&mut self) {
        self.pod_tokens += 1;
        self.feed(Event::PodToken(pod_token(self.pod_tokens)));
    }

    pub fn finish_exchange(&mut self) -> bool {
        if self.exchange.take().is_none() {
            return false;
        }
        let token = self.issue();
        self.feed(Event::Exchanged(Ok(token)));
        true
    }

    pub fn fail_exchange(&mut self, is_retryable: bool) {
        if self.exchange.take().is_some() {
            self.feed(Event::Exchanged(Err(failure(is_retryable))));
        }
    }

    /// The SecretRef and its contents are read now, and not yet brought.
    pub fn read_contents(&mut self) {
        let Some(mut obtain) = self.obtain.take() else {
            return;
        };
        if matches!(obtain.read, Read::NotYet) {
            obtain.read = self.read_now(obtain.known.take());
        }
        self.obtain = Some(obtain);
    }

    fn read_now(&mut self, known: Option<Known>) -> Read {
        let Some(wanted) = self.secret_ref else {
            return Read::Failed;
        };
        let spec = spec::of(wanted);
        let is_same = |known: &Known| known.spec == spec && !known.is_outdated;
        if known.as_ref().is_some_and(is_same) {
            return Read::Same;
        }
        let vault = &self.vaults[spec::index(&spec.vault)];
        if spec.objects().iter().any(|object| vault.current(object).is_err()) {
            return Read::Failed;
        }
        let token = known
            .filter(|known| known.spec.vault == spec.vault)
            .and_then(|known| known.token);
        Read::Changed(wanted, Box::new(self.load(wanted, token)))
    }

    /// Brings what was read, or reads it now.
    pub fn finish_obtain(&mut self) -> bool {
        self.read_contents();
        let Some(obtain) = self.obtain.take() else {
            return false;
        };
        let obtained = match obtain.read {
            Read::NotYet | Read::Failed => Err(failure(false)),
            Read::Same => Ok(None),
            Read::Changed(wanted, obtained) => {
                self.disk.next = Some(wanted);
                Ok(Some(obtained))
            }
        };
        self.feed(Event::Obtained(obtained));
        true
    }

    pub fn fail_obtain(&mut self, is_retryable: bool) {
        if self.obtain.take().is_some() {
            self.feed(Event::Obtained(Err(failure(is_retryable))));
        }
    }

    /// Lets time pass, and wakes the volume whenever it wants to be.
    pub fn pass(&mut self, time: Duration) {
        let end = self.now.instant + time;
        for _ in 0..1_000 {
            let wake = self.follow().wakes_at(self.now).filter(|wake| *wake <= end);
            let next = wake.unwrap_or(end);
            let step = next.saturating_duration_since(self.now.instant);
            self.now.instant += step;
            self.now.time += step;
            if wake.is_none() {
                return;
            }
            self.feed(Event::Woken);
        }
        panic!("it wakes all the time: {}", self.history());
    }

    /// Everybody answers everything, without time passing.
    pub fn settle(&mut self) {
        for _ in 0..1_000 {
            let busy = self.deliver_to_vault()
                || self.deliver_to_driver()
                || self.finish_exchange()
                || self.finish_obtain();
            if !busy {
                return;
            }
        }
        panic!("it does not come to rest: {}", self.history());
    }
}

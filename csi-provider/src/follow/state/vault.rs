//! What a message of the vault changes.

use strongroom_core::{ObjectKind, ObjectPath};

use super::{
    Action, Fetched, Follow, Moment, Reading, Refused, ReportReason, VaultMessage, report::report_unavailable,
};
use crate::source::load::Reason;

impl Follow {
    pub(super) fn take_message(&mut self, message: VaultMessage, now: Moment, actions: &mut Vec<Action>) {
        match message {
            VaultMessage::Subscribed(readings) => self.accept(readings, now, actions),
            // Before the vault accepts a subscription, both are about the one before, which may have had other objects.
            VaultMessage::Changed(_) | VaultMessage::Contents(_) if !self.subscription.is_active() => {}
            VaultMessage::Changed(readings) => self.take_change(readings, now, actions),
            VaultMessage::Contents(contents) => self.receive(contents, actions),
            VaultMessage::RefChanged => {
                // Also where the change before could not be followed.
                let at = self.reference.changed();
                self.retries.reference.end(at);
            }
            VaultMessage::Revoked { refused, note } => self.end_subscription(refused, &note, now, actions),
        }
    }

    fn accept(&mut self, mut readings: Vec<(ObjectPath, Reading)>, now: Moment, actions: &mut Vec<Action>) {
        let is_new = !self.subscription.is_active();
        let missed = self.subscription.accept();
        if missed || (is_new && self.reference.is_forgotten(now.instant)) {
            self.reference.missed(now.instant, now.random);
        }
        if self.subscription.is_active() {
            let unreported = self.unreported(&readings);
            readings.extend(unreported);
            self.compare(readings, actions);
        }
    }

    /// The keys that the vault was asked to report, and of which it says nothing where it says how all objects stand: one
    /// of a release before keys passes over them.
    fn unreported(&self, readings: &[(ObjectPath, Reading)]) -> Vec<(ObjectPath, Reading)> {
        let watched = self.spec.iter().flat_map(|spec| spec.watched().into_keys());
        let is_reported = |object: &ObjectPath| readings.iter().any(|(reported, _)| reported == object);
        watched
            .filter(|object| object.kind == ObjectKind::Keys && !is_reported(object))
            .map(|object| (object, Err(Reason::NotReported)))
            .collect()
    }

    /// A change of objects that the SecretRef does not name changes nothing: it ends no pause and brings no acknowledgement.
    fn take_change(
        &mut self,
        mut readings: Vec<(ObjectPath, Reading)>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(spec) = &self.spec else { return };
        let watched = spec.watched();
        readings.retain(|(object, _)| watched.contains_key(object));
        if !readings.is_empty() {
            self.files.report_change(now.instant);
            self.compare(readings, actions);
        }
    }

    /// Asks for what the files do not hold, or acknowledges that they hold all of it.
    fn compare(&mut self, readings: Vec<(ObjectPath, Reading)>, actions: &mut Vec<Action>) {
        let Some(spec) = &self.spec else { return };
        let unavailable = self.files.compare(spec, readings);
        report_unavailable(&unavailable, actions);
        if self.files.take_outdated() {
            let at = self.reference.outdate();
            self.retries.reference.end(at);
        }
        // At once, also where a change before is still paused.
        let asked = self.files.fetch(spec);
        if !asked.is_empty() {
            actions.push(Action::Fetch(asked));
        } else if self.files.is_complete() {
            self.files.take_changed_at();
            self.settle(actions);
        }
    }

    /// Takes contents that were asked for; others change nothing.
    fn receive(&mut self, mut contents: Vec<(ObjectPath, Fetched)>, actions: &mut Vec<Action>) {
        contents.retain(|(object, _)| self.files.awaits(object));
        let Some(spec) = self.spec.as_ref().filter(|_| !contents.is_empty()) else {
            return;
        };
        let unavailable = self.files.receive(spec, contents);
        report_unavailable(&unavailable, actions);
        if !self.files.is_complete() || self.writing.is_some() {
            return;
        }
        if self.files.wants_write() {
            // What is to be fetched again is so once this is written.
            self.write(actions);
        } else {
            self.settle(actions);
            self.fetch_again(actions);
        }
    }

    fn end_subscription(&mut self, refused: Refused, note: &str, now: Moment, actions: &mut Vec<Action>) {
        if !self.subscription.is_requested() {
            return;
        }
        self.subscription.end();
        self.files.forget_fetches();
        let is_lasting = match refused {
            // A token that ended is replaced at once; only if that does not help is it worth a report.
            Refused::Token => {
                self.credential.refuse();
                self.retries.refused.refuse(now.instant, now.random)
            }
            Refused::Subscription => {
                self.retries.subscribe.fail(true, now.instant, now.random);
                true
            }
        };
        if is_lasting {
            actions.push(Action::Report {
                reason: ReportReason::AccessRevoked,
                note: format!("{note}; the files stay as they are"),
            });
        }
    }
}

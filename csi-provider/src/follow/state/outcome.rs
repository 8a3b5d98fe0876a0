//! What comes of the actions that bring something.

use strongroom_client::identity::VaultToken;

use super::{
    Action, Asked, Change, Failure, Follow, Moment, Replacement, Writing,
    credential::Credential,
    files::Merge,
    report::{NO_NEWER_TOKEN, report_failure},
};
use crate::{
    pod::PodToken,
    source::{
        load::{Loaded, is_fresh_at},
        obtain::Obtained,
    },
    volume::tree::Written,
};

impl Follow {
    pub(super) fn finish_exchange(
        &mut self,
        exchanged: Result<VaultToken, Failure>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(Asked::Exchange(used)) = self.asked.take() else {
            return;
        };
        match exchanged {
            Ok(token) if is_fresh_at(&token, now.time) => {
                self.retries.exchange.succeed();
                if self.subscription.is_requested() {
                    actions.push(Action::Renew(token.clone()));
                }
                self.credential.accept(token, now.time);
                self.outdate_unless(&used);
            }
            Ok(_) => {
                let failure = Failure {
                    note: NO_NEWER_TOKEN.to_owned(),
                    is_retryable: false,
                };
                report_failure(&mut self.retries.exchange, failure, now, actions);
            }
            Err(failure) => report_failure(&mut self.retries.exchange, failure, now, actions),
        }
    }

    /// Another vault token is due if the kubelet brought a newer token of the pod than the `used` one.
    fn outdate_unless(&mut self, used: &PodToken) {
        if !self.pod_token.is(used) {
            self.credential.outdate();
        }
    }

    pub(super) fn finish_obtain(
        &mut self,
        obtained: Result<Option<Box<Obtained>>, Failure>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        let Some(Asked::Obtain {
            token,
            held,
            bundle_changed,
        }) = self.asked.take()
        else {
            return;
        };
        let obtained = match obtained {
            Ok(Some(obtained)) => *obtained,
            Ok(None) => {
                self.reference.brought_nothing();
                return self.retries.reference.succeed();
            }
            Err(failure) => return self.fail_reference(failure, now, actions),
        };
        let Obtained {
            spec,
            loaded: Loaded { image, versions },
            token: vault_token,
        } = obtained;
        if self.is_from(&spec.vault) && self.files.were_written_since(&held, &versions) {
            self.reference.changed();
            return;
        }
        // Not every change of what a SecretRef asks for is one of the SecretRef: a vault may say so in vain.
        if self.spec.as_ref() == Some(&spec) {
            self.reference.brought_nothing();
        } else {
            self.reference.brought_news();
        }
        actions.push(Action::Write(Change::Replace {
            spec: spec.clone(),
            image,
        }));
        self.writing = Some(Writing::Replace(Box::new(Replacement {
            spec,
            versions,
            vault_token,
            token,
            bundle_changed,
        })));
    }

    /// The SecretRef could not be followed: it is read again after a pause, unless it changed meanwhile.
    fn fail_reference(&mut self, failure: Failure, now: Moment, actions: &mut Vec<Action>) {
        report_failure(&mut self.retries.reference, failure, now, actions);
        self.reference.brought_nothing();
        if let Some(planned) = self.reference.next() {
            self.retries.reference.end(planned);
        } else {
            self.reference.failed(now.instant);
        }
    }

    pub(super) fn finish_write(
        &mut self,
        written: Result<Written, Failure>,
        now: Moment,
        actions: &mut Vec<Action>,
    ) {
        match (self.writing.take(), written) {
            (None, _) => {}
            (Some(Writing::Merge(merge)), Ok(written)) => self.merged(merge, written, now, actions),
            (Some(Writing::Merge(merge)), Err(failure)) => {
                self.acknowledge(failure.note.clone(), actions);
                self.files.merge_failed(merge);
                report_failure(&mut self.retries.files, failure, now, actions);
            }
            (Some(Writing::Replace(replacement)), Ok(_)) => self.replaced(*replacement, now, actions),
            (Some(Writing::Replace(_)), Err(failure)) => {
                let failure = Failure {
                    is_retryable: false,
                    ..failure
                };
                self.fail_reference(failure, now, actions);
            }
        }
    }

    fn merged(&mut self, merge: Merge, written: Written, now: Moment, actions: &mut Vec<Action>) {
        if let Some(spec) = &self.spec {
            self.files.merged(spec, merge);
        }
        if let (Some(at), Written::Replaced) = (self.files.take_changed_at(), written) {
            actions.push(Action::CountRotation(now.instant.saturating_duration_since(at)));
        }
        actions.push(Action::Save);
        self.settle(actions);
        if self.subscription.is_active() {
            self.fetch_again(actions);
        }
    }

    /// The files are those of another spec: the volume asks for its objects, where they are.
    fn replaced(&mut self, new: Replacement, now: Moment, actions: &mut Vec<Action>) {
        let before = self.watched_vault();
        let asks_the_same = self
            .spec
            .as_ref()
            .is_some_and(|spec| spec.watched() == new.spec.watched());
        self.spec = Some(new.spec);
        self.files.replaced(new.versions);
        self.reference.replaced();
        match new.vault_token {
            Some(token) => self.credential.confirm(token, now.time),
            None => self.credential = Credential::Missing,
        }
        self.outdate_unless(&new.token);
        self.retries.files.succeed();
        self.retries.reference.succeed();
        let after = self.watched_vault();
        if before == after {
            // Where the vault has not answered yet, its answer is about the files of now.
            if self.subscription.is_active() || !asks_the_same {
                self.subscription.replace();
            }
        } else {
            self.subscription.close();
            actions.extend(before.map(|_| Action::Detach));
            actions.extend(after.map(Action::Attach));
        }
        actions.push(Action::Save);
        if new.bundle_changed {
            self.change_bundle(actions);
        }
    }
}

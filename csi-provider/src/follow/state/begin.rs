//! How each step of a volume begins.

use super::{Action, Asked, Change, Follow, Moment, Writing, step::Step};
use crate::source::obtain::Known;

impl Follow {
    /// Begins whatever is due and not paused.
    pub(super) fn advance(&mut self, now: Moment, actions: &mut Vec<Action>) {
        while let Some(step) = self.standing().next_step(now) {
            self.begin(step, now, actions);
        }
    }

    fn begin(&mut self, step: Step, now: Moment, actions: &mut Vec<Action>) {
        match step {
            Step::Exchange => self.exchange(actions),
            Step::Subscribe => self.subscribe(now, actions),
            Step::Obtain => self.obtain(now, actions),
            Step::Fetch => self.fetch_again(actions),
            Step::Write => self.write(actions),
        }
    }

    fn exchange(&mut self, actions: &mut Vec<Action>) {
        let Some(spec) = &self.spec else { return };
        self.asked = Some(Asked::Exchange(self.pod_token.clone()));
        actions.push(Action::Exchange {
            token: self.pod_token.clone(),
            vault: spec.vault.clone(),
            known: self.credential.token().cloned(),
        });
    }

    fn subscribe(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.subscription.request();
        self.files.forget_fetches();
        if let (Some(spec), Some(token)) = (&self.spec, self.credential.usable(now.time)) {
            actions.push(Action::Subscribe {
                token: token.clone(),
                objects: spec.watched().into_values().cloned().collect(),
            });
        }
    }

    fn obtain(&mut self, now: Moment, actions: &mut Vec<Action>) {
        self.reference.begin(now.instant);
        self.asked = Some(Asked::Obtain {
            token: self.pod_token.clone(),
            held: self.files.held().clone(),
            bundle_changed: false,
        });
        let known = self.spec.clone().map(|spec| Known {
            spec,
            token: self.credential.usable(now.time).cloned(),
            is_outdated: self.reference.is_outdated(),
        });
        actions.push(Action::Obtain {
            token: self.pod_token.clone(),
            known,
        });
    }

    /// Brings the files up to date with what was fetched and with the trust bundle.
    pub(super) fn write(&mut self, actions: &mut Vec<Action>) {
        let Some(spec) = self.spec.clone() else { return };
        let (merge, contents) = self.files.merge();
        self.writing = Some(Writing::Merge(merge));
        actions.push(Action::Write(Change::Merge { spec, contents }));
    }
}

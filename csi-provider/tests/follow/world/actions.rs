//! Carries out what a volume does, as its task would, and checks what must hold in any history: nothing is asked twice at
//! once, what is acknowledged is what the files hold, and files never go back behind what was acknowledged.

use std::collections::VecDeque;

use strongroom_core::Version;
use strongroom_csi::{
    follow::state::{Action, Event},
    volume::spec::Object,
};

use super::{Exchange, Obtain, Read, Stream, World, spec, vault::Request};

impl World {
    pub(super) fn carry_out(&mut self, actions: Vec<Action>) {
        let mut actions = VecDeque::from(actions);
        let mut events = VecDeque::new();
        loop {
            while let Some(action) = actions.pop_front() {
                self.log.push(format!("  {action:?}"));
                events.extend(self.perform(action));
            }
            let Some(event) = events.pop_front() else { break };
            self.log.push(format!(" {event:?}"));
            actions.extend(self.follow.as_mut().unwrap().on(event, self.now));
        }
        self.disk.check();
    }

    fn perform(&mut self, action: Action) -> Option<Event> {
        match action {
            Action::Attach(vault) => {
                assert_eq!(self.stream.vault, None, "attached twice: {}", self.history());
                self.stream.vault = Some(spec::index(&vault));
            }
            Action::Detach => {
                self.hang_up();
                self.stream = Stream::default();
            }
            Action::Exchange { known, .. } => {
                assert!(
                    self.exchange.is_none() && self.obtain.is_none(),
                    "asked twice: {}",
                    self.history()
                );
                self.exchanges += 1;
                self.exchange = Some(Exchange {
                    known: known.map(|token| token.expose().to_owned()),
                });
            }
            Action::Obtain { known, .. } => {
                assert!(
                    self.exchange.is_none() && self.obtain.is_none(),
                    "asked twice: {}",
                    self.history()
                );
                self.reads += 1;
                self.obtain = Some(Obtain {
                    known,
                    read: Read::NotYet,
                });
            }
            Action::Write(change) => {
                if let Some(failure) = self.write_failure.take() {
                    return Some(Event::Written(Err(failure)));
                }
                let written = self.disk.write(change);
                self.disk.check_stores(&self.vaults);
                return Some(Event::Written(Ok(written)));
            }
            Action::Save => self.saves += 1,
            Action::Report { reason, note } => self.reports.push((reason, note)),
            Action::CountRotation(took) => self.rotations.push(took),
            Action::Subscribe { token, objects } => {
                let asked = self.stream.subscribing.replace(objects.clone());
                assert_ne!(
                    asked.as_ref(),
                    Some(&objects),
                    "asked twice at once: {}",
                    self.history()
                );
                self.stream.fetching.clear();
                self.send(Request::Subscribe(token, objects));
            }
            Action::Renew(token) => self.send(Request::Renew(token)),
            Action::Fetch(names) => {
                assert!(
                    !names.is_empty() && self.stream.fetching.is_disjoint(&names),
                    "fetched twice at once: {}",
                    self.history()
                );
                self.stream.fetching.extend(names.iter().cloned());
                self.send(Request::Fetch(names));
            }
            Action::Acknowledge { objects, error } => self.acknowledge(objects, error),
        }
        None
    }

    fn send(&mut self, request: Request) {
        assert!(self.stream.open, "sent on a closed stream: {}", self.history());
        self.stream.to_vault.push_back(request);
    }

    fn acknowledge(&mut self, objects: Vec<(Object, Option<Version>)>, error: String) {
        let vault = self.stream.vault.unwrap();
        for (object, version) in &objects {
            assert_eq!(
                self.disk.version(object),
                *version,
                "acknowledged what the files do not hold: {}",
                self.history()
            );
            if let Some(version) = version {
                self.disk.acknowledged(vault, object, *version);
            }
        }
        self.send(Request::Ack(objects, error));
    }
}

//! What is due of certificates: their issue, their renewal, and what there is to say of their end.

use std::time::Duration;

use strongroom_core::{ObjectKind, Timestamp};
use strongroom_engine::{
    Certificate, CertificateBundle, Occurrence,
    certificate::{
        CertificateRequest, ISSUE, RENEW,
        object::{Lifetime, OperationId, Trigger},
        request::{Begin, OperationEnd},
    },
    format::task::{Due, Task},
    kinds::EVERY_KIND,
    object::request::WriteRequest,
};

use super::update;
use crate::{
    certificate::{begin, complete, import, own},
    fixture::{DAY, name, object},
    running::Running,
};

/// A vault whose certificate has a life of a hundred days.
struct Server(Running);

const LIFE: u64 = 100;

impl Server {
    fn new() -> Self {
        Self(Running::in_memory(EVERY_KIND))
    }

    fn ask(&self, request: CertificateRequest) -> CertificateBundle {
        object(self.0.write_of(own(request)).unwrap())
    }

    fn life(&self) -> (u64, u64) {
        let now = self.0.now.unix();
        (now, now + LIFE * DAY)
    }

    fn import(&self, lifetime: Lifetime) {
        let mut import = import(&name("web"), "der", self.life());
        import.policy.lifetime = lifetime;
        self.ask(CertificateRequest::Import(Box::new(import)));
    }

    fn begin(&self, change: impl FnOnce(&mut Begin)) -> OperationId {
        let mut request = begin(&name("web"), "key", self.life());
        change(&mut request);
        let begun = self.ask(CertificateRequest::Begin(Box::new(request)));
        begun.object.in_progress().unwrap().0.id
    }

    fn fail(&self, operation: OperationId) {
        self.ask(CertificateRequest::End {
            name: name("web"),
            operation,
            end: OperationEnd::Failed {
                code: "Refused".into(),
                message: String::new().into(),
            },
        });
    }

    fn pass(&mut self, seconds: u64) {
        self.0.now = self.0.now.after(Duration::from_secs(seconds));
    }

    /// What the server has to do in the next ten years: the task, and in how many seconds.
    fn due(&self) -> Vec<(u8, i64)> {
        let later = self.0.now.after(Duration::from_secs(3650 * DAY));
        let due = self.0.vault.due(later, None, 100).unwrap();
        due.iter().map(|due| self.shown(due)).collect()
    }

    fn shown(&self, due: &Due) -> (u8, i64) {
        let Task::Own(number) = due.task else {
            panic!("{due:?}");
        };
        let seconds = |time: Timestamp| i64::try_from(time.unix()).unwrap();
        (number, seconds(due.at) - seconds(self.0.now))
    }

    /// What was said of the end of the three.
    fn said(&mut self) -> Vec<(ObjectKind, Occurrence)> {
        for _ in 0..4 {
            self.0.sweep();
        }
        let page = self.0.vault.events(None, 1_000).unwrap().unwrap();
        let events = page.events.into_iter().map(|event| event.event_type);
        events
            .filter(|event| event.occurrence != Occurrence::NewVersionCreated)
            .map(|event| (event.kind, event.occurrence))
            .collect()
    }
}

fn renew(trigger: Trigger) -> Lifetime {
    Lifetime {
        renew: Some(trigger),
        notify: None,
    }
}

fn days(days: u64) -> i64 {
    i64::try_from(days * DAY).unwrap()
}

#[test]
fn an_issue_is_due_until_the_operation_ends_and_never_where_somebody_else_issues() {
    let mut server = Server::new();
    let operation = server.begin(|_| {});
    assert_eq!(server.due(), [(ISSUE, 2)]);
    server.pass(5);
    assert_eq!(server.due(), [(ISSUE, -3)]);
    server.fail(operation);
    assert_eq!(server.due(), []);
    server.begin(|_| {});
    server.pass(1);
    server.ask(CertificateRequest::Cancel { name: name("web") });
    assert_eq!(server.due(), [(ISSUE, 0)]);
    server.ask(CertificateRequest::Forget { name: name("web") });
    assert_eq!(server.due(), []);
    server.begin(|begin| begin.issue_after = None);
    assert_eq!(server.due(), []);
    server.ask(CertificateRequest::Cancel { name: name("web") });
    assert_eq!(server.due(), []);
    server.0.vault.scrub().unwrap();
}

#[test]
fn a_renewal_is_due_by_the_part_of_the_life_or_the_days_before_its_end() {
    for (trigger, after) in [
        (Trigger::Percentage(80), 80),
        (Trigger::Percentage(1), 1),
        (Trigger::Percentage(99), 99),
        (Trigger::DaysBefore(30), 70),
        (Trigger::DaysBefore(99), 1),
        // As soon as it is issued, so that its successors would be, too: after half of its life.
        (Trigger::DaysBefore(100), 50),
        (Trigger::DaysBefore(u32::MAX), 50),
    ] {
        let server = Server::new();
        server.import(renew(trigger));
        assert_eq!(server.due(), [(RENEW, days(after))], "{trigger:?}");
    }
    let server = Server::new();
    server.import(Lifetime::default());
    assert_eq!(server.due(), []);
}

#[test]
fn a_certificate_that_was_imported_near_its_end_is_due_at_once() {
    for trigger in [Trigger::Percentage(80), Trigger::DaysBefore(30)] {
        let mut server = Server::new();
        let mut import = import(&name("web"), "der", server.life());
        import.policy.lifetime = renew(trigger);
        server.pass(95 * DAY);
        server.ask(CertificateRequest::Import(Box::new(import)));
        let [(RENEW, seconds)] = server.due()[..] else {
            panic!("{:?}", server.due());
        };
        assert!(seconds < 0, "{trigger:?}");
    }
}

#[test]
fn nothing_is_renewed_while_an_operation_is_in_progress_or_before_the_first_is_issued() {
    let mut server = Server::new();
    let operation = server.begin(|begin| begin.issue_after = None);
    assert_eq!(server.due(), []);
    server.fail(operation);
    assert_eq!(server.due(), []);
    server.import(renew(Trigger::Percentage(80)));
    server.pass(81 * DAY);
    assert_eq!(server.due(), [(RENEW, -days(1))]);
    let operation = server.begin(|begin| begin.issue_after = None);
    assert_eq!(server.due(), []);
    let complete = complete(&name("web"), operation, "next", server.life());
    server.ask(CertificateRequest::Complete(Box::new(complete)));
    assert_eq!(server.due(), [(RENEW, days(80))]);
    server.0.vault.scrub().unwrap();
}

/// Else a policy that no issuer takes would have keys made without end.
#[test]
fn a_renewal_that_failed_is_due_again_after_a_while() {
    let mut server = Server::new();
    server.import(renew(Trigger::Percentage(80)));
    server.pass(81 * DAY);
    for _ in 0..3 {
        let operation = server.begin(|_| {});
        server.fail(operation);
        assert_eq!(server.due(), [(RENEW, days(1))]);
        server.pass(DAY);
    }
    // It is nothing to a version whose time has not come.
    let server = Server::new();
    server.import(renew(Trigger::Percentage(80)));
    let operation = server.begin(|_| {});
    server.fail(operation);
    assert_eq!(server.due(), [(RENEW, days(80))]);
    // Of a life of minutes, a minute.
    let mut server = Server::new();
    let now = server.0.now.unix();
    let short = import(&name("web"), "der", (now, now + 600));
    server.ask(CertificateRequest::Import(Box::new(short)));
    server.pass(500);
    let operation = server.begin(|_| {});
    server.fail(operation);
    assert_eq!(server.due(), [(RENEW, 60)]);
}

#[test]
fn what_is_due_goes_with_a_deletion_and_comes_back_with_a_recovery() {
    let server = Server::new();
    server.import(renew(Trigger::Percentage(80)));
    let delete = || {
        server
            .0
            .write_of(WriteRequest::<Certificate>::Delete { name: name("web") })
            .unwrap()
    };
    let recover = || {
        server
            .0
            .write_of(WriteRequest::<Certificate>::Recover { name: name("web") })
            .unwrap()
    };
    delete();
    assert_eq!(server.due(), []);
    recover();
    assert_eq!(server.due(), [(RENEW, days(80))]);
    server.begin(|_| {});
    delete();
    assert_eq!(server.due(), []);
    recover();
    assert_eq!(server.due(), [(ISSUE, 2)]);
    server.0.vault.scrub().unwrap();
}

#[test]
fn a_new_policy_changes_when_the_version_is_renewed() {
    let server = Server::new();
    server.import(renew(Trigger::Percentage(80)));
    for (trigger, expected) in [
        (Some(Trigger::DaysBefore(10)), vec![(RENEW, days(90))]),
        (None, vec![]),
        (Some(Trigger::Percentage(50)), vec![(RENEW, days(50))]),
    ] {
        let mut change = update("web");
        let mut terms = crate::certificate::policy("policy");
        terms.lifetime.renew = trigger;
        change.policy = Some((b"policy".as_slice().into(), terms));
        server.ask(CertificateRequest::Update(Box::new(change)));
        assert_eq!(server.due(), expected);
    }
}

#[test]
fn the_near_end_of_a_certificate_is_told_when_its_policy_says_and_that_of_its_parts_as_usual() {
    use ObjectKind::{Certificates, Keys, Secrets};
    use Occurrence::{Expired, NearExpiry};
    let near = |kinds: [ObjectKind; 3]| kinds.map(|kind| (kind, NearExpiry));
    for (notify, first) in [
        (Some(Trigger::DaysBefore(10)), near([Secrets, Keys, Certificates])),
        (Some(Trigger::Percentage(20)), near([Certificates, Secrets, Keys])),
        (None, near([Secrets, Keys, Certificates])),
    ] {
        let mut server = Server::new();
        server.import(Lifetime { renew: None, notify });
        assert_eq!(server.said(), []);
        server.pass(19 * DAY);
        assert_eq!(server.said(), []);
        for _ in 0..80 {
            server.pass(DAY);
            server.said();
        }
        assert_eq!(server.said(), first);
        // A new operation and its end say nothing anew of the version.
        let operation = server.begin(|begin| begin.policy.lifetime.notify = notify);
        server.fail(operation);
        assert_eq!(server.said(), first);
        server.pass(DAY);
        let mut ended = server.said().split_off(3);
        ended.sort_by_key(|(kind, _)| kind.as_str());
        assert_eq!(ended, [Certificates, Keys, Secrets].map(|kind| (kind, Expired)));
    }
}

#[test]
fn nothing_is_said_of_the_end_of_what_was_never_issued() {
    let mut server = Server::new();
    server.begin(|_| {});
    server.pass(200 * DAY);
    assert_eq!(server.said(), []);
}

//! Two years of renewals under a clock that is given: none is missed and none is made twice, also where the vault stops
//! between a begin and its end, or stands still for weeks.

use std::{
    collections::BTreeMap,
    env,
    path::Path,
    sync::mpsc,
    time::{Duration, Instant},
};

use strongroom_core::{ObjectName, Timestamp};
use strongroom_engine::{
    Certificate, CertificateBundle, Initialise, PageRequest, ReadRequest, VaultOptions,
    certificate::{
        CertificateRequest, ISSUE, RENEW,
        object::{Lifetime, Trigger},
    },
    every_name,
    format::task::{Due, Task},
    kinds::EVERY_KIND,
};
use strongroom_testing::Directory;

use crate::{
    certificate::{begin, complete, own},
    fixture::{DAY, name, object, page_of},
    running::{Running, entry, options, redb},
};

/// How many certificates there are unless `STRONGROOM_CLOCK_CERTIFICATES` says so, as `make soak` does, which reads the figures
/// that this prints: a thousand take four minutes in a build without optimisation.
const CERTIFICATES: usize = 60;
const YEARS: u64 = 2;
/// How often the server looks.
const TICK: u64 = 12 * 60 * 60;
/// In how many looks the vault does once what it does by itself.
const LOOKS_PER_SWEEP: u64 = 8;

/// What a policy says: the days of a life, and when of it the certificate is renewed.
const POLICIES: [(u64, Trigger); 5] = [
    (90, Trigger::Percentage(80)),
    (365, Trigger::DaysBefore(30)),
    (30, Trigger::Percentage(50)),
    (60, Trigger::DaysBefore(20)),
    (180, Trigger::Percentage(99)),
];

/// After how many seconds of its life a version is renewed.
fn renewed_after((days, trigger): (u64, Trigger)) -> u64 {
    match trigger {
        Trigger::Percentage(hundredths) => days * DAY * u64::from(hundredths) / 100,
        Trigger::DaysBefore(before) => (days - u64::from(before)) * DAY,
    }
}

fn policy_of(number: usize) -> (u64, Trigger) {
    POLICIES[number % POLICIES.len()]
}

fn name_of(number: usize) -> ObjectName {
    name(&format!("web-{number}"))
}

fn number_of(name: &ObjectName) -> usize {
    name.as_str()["web-".len()..].parse().unwrap()
}

/// A server that does what is due, and what it did.
struct Server {
    running: Running,
    /// When each operation of a certificate began, and when it ended.
    began: BTreeMap<usize, Vec<u64>>,
    ended: BTreeMap<usize, Vec<u64>>,
    restarts: usize,
    random: u64,
}

impl Server {
    fn new() -> Self {
        let options = |directory: &Path| VaultOptions {
            kinds: EVERY_KIND,
            ..options(directory, Initialise::Allowed)
        };
        let directory = Directory::new();
        let options = options(directory.path());
        let store = redb(directory.path());
        Self {
            running: Running::start_with(directory, store, options).unwrap(),
            began: BTreeMap::new(),
            ended: BTreeMap::new(),
            restarts: 0,
            random: 1,
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        // Knuth's generator; its high bits are the random ones.
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.random >> 33) % bound
    }

    fn now(&self) -> u64 {
        self.running.now.unix()
    }

    fn restart(self) -> Self {
        let now = self.running.now;
        let (directory, store) = self.running.stop();
        drop(store);
        let store = redb(directory.path());
        let options = VaultOptions {
            kinds: EVERY_KIND,
            ..options(directory.path(), Initialise::Refused)
        };
        let running = Running::start_with(directory, store, options).unwrap();
        Self {
            running: Running { now, ..running },
            restarts: self.restarts + 1,
            ..self
        }
    }

    fn begin(&self, number: usize) -> CertificateRequest {
        let (days, renew) = policy_of(number);
        let now = self.now();
        let mut begin = begin(&name_of(number), "key", (now, now + days * DAY));
        begin.policy.lifetime = Lifetime {
            renew: Some(renew),
            notify: None,
        };
        let current = self.running.vault.current::<Certificate>(&name_of(number));
        begin.renews = current.ok().map(|(seen, _)| seen.record);
        CertificateRequest::Begin(Box::new(begin))
    }

    fn end(&self, number: usize) -> CertificateRequest {
        let (_, current) = self
            .running
            .vault
            .current::<Certificate>(&name_of(number))
            .unwrap();
        let (days, now) = (policy_of(number).0, self.now());
        let operation = current.object.in_progress().unwrap().0.id;
        let life = (now, now + days * DAY);
        let request = complete(&name_of(number), operation, &now.to_string(), life);
        CertificateRequest::Complete(Box::new(request))
    }

    /// Asks for all, and waits for all.
    fn ask(&self, requests: Vec<CertificateRequest>) -> Vec<CertificateBundle> {
        let (done, answers) = mpsc::channel();
        let count = requests.len();
        for request in requests {
            let done = done.clone();
            let audit = Box::new(|_: &Result<_, _>| entry(0));
            let done = Box::new(move |result| done.send(result).unwrap());
            self.running
                .vault
                .submit(own(request), self.running.now, audit, done)
                .unwrap();
        }
        let answers = answers.iter().take(count);
        answers.map(|answer| object(answer.unwrap())).collect()
    }

    fn due(&self, number: u8) -> Vec<usize> {
        let mut found = Vec::new();
        let mut after: Option<Due> = None;
        loop {
            let page = self
                .running
                .vault
                .due(self.running.now, after.as_ref(), 100)
                .unwrap();
            found.extend(
                page.iter()
                    .filter(|due| due.task == Task::Own(number))
                    .map(|due| number_of(&due.name)),
            );
            match page.last() {
                Some(last) => after = Some(last.clone()),
                None => return found,
            }
        }
    }

    /// Does a share of what is due, as a server does that is stopped: all of it where `stops` is not said.
    fn look(&mut self, stops: Option<u64>) {
        for (task, log) in [(ISSUE, false), (RENEW, true)] {
            let mut due = self.due(task);
            if let Some(bound) = stops {
                due.truncate(usize::try_from(self.below(bound)).unwrap());
            }
            for some in due.chunks(200) {
                let request = |number: &usize| {
                    if log {
                        self.begin(*number)
                    } else {
                        self.end(*number)
                    }
                };
                self.ask(some.iter().map(request).collect());
                let now = self.now();
                for number in some {
                    let log = if log { &mut self.began } else { &mut self.ended };
                    log.entry(*number).or_default().push(now);
                }
            }
        }
    }

    fn pass(&mut self, seconds: u64) {
        self.running.now = self.running.now.after(Duration::from_secs(seconds));
    }

    /// Every version of a certificate, by when it begins.
    fn versions(&self, number: usize) -> Vec<u64> {
        let mut page = PageRequest::default();
        let mut begins = Vec::new();
        loop {
            let request = ReadRequest::ListVersions {
                name: name_of(number),
                page: page.clone(),
            };
            let found = page_of(
                self.running
                    .vault
                    .read::<Certificate>(&request, self.running.now, &every_name)
                    .unwrap(),
            );
            begins.extend(
                found
                    .items
                    .iter()
                    .filter_map(|item| item.attributes.not_before.map(Timestamp::unix)),
            );
            let Some(next) = found.next else { break };
            page.marker = Some(next);
        }
        begins.sort_unstable();
        begins
    }
}

#[test]
fn in_two_years_no_renewal_is_missed_and_none_is_made_twice() {
    let started = Instant::now();
    let said = env::var("STRONGROOM_CLOCK_CERTIFICATES").ok();
    let certificates = said.map_or(CERTIFICATES, |text| text.parse().unwrap());
    let mut server = Server::new();
    let first = server.now();
    for numbers in (0..certificates).collect::<Vec<_>>().chunks(200) {
        server.ask(numbers.iter().map(|number| server.begin(*number)).collect());
        server.ask(numbers.iter().map(|number| server.end(*number)).collect());
    }
    // The vault does not run at all for some weeks of the second year.
    let (stands, longest) = ((first + 500 * DAY)..(first + 521 * DAY), 21 * DAY);
    while server.now() < first + YEARS * 365 * DAY {
        server.pass(TICK);
        if stands.contains(&server.now()) {
            continue;
        }
        if server.below(40) == 0 {
            server.look(Some(50));
            server = server.restart();
        }
        server.look(None);
        if (server.now() / TICK).is_multiple_of(LOOKS_PER_SWEEP) {
            server.running.sweep();
        }
    }
    // What began last ends.
    server.pass(TICK);
    server.look(None);
    let mut renewals = 0;
    for number in 0..certificates {
        let after = renewed_after(policy_of(number));
        let began = server.began.remove(&number).unwrap_or_default();
        let ended = server.ended.remove(&number).unwrap_or_default();
        let versions = server.versions(number);
        assert_eq!(versions[0], first);
        assert_eq!(versions[1..], ended, "{number}: as often as it was renewed");
        assert!(
            began.len() == ended.len() || began.len() == ended.len() + 1,
            "{number}"
        );
        for (version, began) in versions.iter().zip(&began) {
            let due = version + after;
            let stood = due < stands.end && *began >= stands.start;
            let latest = TICK + if stood { longest } else { 0 };
            assert!(
                (due..due + latest).contains(began),
                "{number}: due at {due}, begun at {began}"
            );
        }
        let last = versions.last().unwrap();
        let is_pending = began.len() > ended.len();
        assert!(
            is_pending || last + after > server.now() - TICK,
            "{number}: one more was due"
        );
        renewals += ended.len();
    }
    let report = server.running.vault.scrub().unwrap();
    assert_eq!(report.heads, 3 * certificates as u64);
    assert_eq!(report.versions, 3 * (certificates + renewals) as u64);
    assert!(server.restarts > 20, "{}", server.restarts);
    for (name, figure) in [
        ("certificates", certificates),
        ("renewals", renewals),
        ("restarts of the vault", server.restarts),
    ] {
        println!("figure: {name}: {figure}");
    }
    println!("figure: seconds: {}", started.elapsed().as_secs());
}

//! Writes scripts of a seed's choice, in which hardly anything is refused.

mod certificate;

use self::certificate::CertificateLife;
use crate::{
    certificates,
    disk::Random,
    script::{AFTER_ERASURE_DELAY, AFTER_RETENTION, Ask, NAMES, NOW, Step},
};

/// What one object is, as far as it matters for what can be asked of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Life {
    #[default]
    Absent,
    Active,
    Deleted,
}

/// The author, who knows what there is.
#[derive(Debug)]
pub struct Author {
    objects: [Life; NAMES.len()],
    /// None where the vault keeps no certificates.
    certificates: Option<[CertificateLife; certificates::NAMES.len()]>,
}

impl Author {
    /// Of scripts about objects of one kind.
    pub fn of_objects() -> Self {
        Self {
            objects: Default::default(),
            certificates: None,
        }
    }

    /// Of scripts of which half is about certificates.
    pub fn of_certificates_too() -> Self {
        Self {
            certificates: Some(Default::default()),
            ..Self::of_objects()
        }
    }

    /// A script of so many commits of requests, with the vault's own work between them.
    pub fn write(mut self, commits: usize, random: &mut Random) -> Vec<Step> {
        let mut script = Vec::new();
        for _ in 0..commits {
            script.push(match random.below(10) {
                0 => Step::Meta("bundle", Some(1 + random.below(9_000))),
                1 | 2 => {
                    let asks = 2 + random.below(6);
                    Step::Requests((0..asks).map(|_| self.ask(random)).collect())
                }
                _ => Step::Requests(vec![self.ask(random)]),
            });
            for certificate in self.certificates.iter_mut().flatten() {
                certificate.is_committed();
            }
            script.extend(self.own_work(random));
        }
        script
    }

    fn own_work(&mut self, random: &mut Random) -> Option<Step> {
        match random.below(16) {
            0 => Some(Step::Sweep(NOW)),
            1 | 2 => Some(Step::Sweep(AFTER_ERASURE_DELAY)),
            3 => {
                // Whatever was deleted is purged.
                for life in self.objects.iter_mut().filter(|life| **life == Life::Deleted) {
                    *life = Life::Absent;
                }
                for certificate in self.certificates.iter_mut().flatten() {
                    certificate.retention_ends();
                }
                Some(Step::Sweep(AFTER_RETENTION))
            }
            _ => None,
        }
    }

    fn ask(&mut self, random: &mut Random) -> Ask {
        if let Some(certificates) = &mut self.certificates
            && random.below(2) == 0
        {
            let number = random.below(certificates.len());
            return Ask::Certificate(certificates[number].ask(certificates::NAMES[number], random));
        }
        let number = random.below(NAMES.len());
        let (name, chance) = (NAMES[number], random.below(10));
        // One page of the store, or several.
        let bytes = [20, 300, 5_000, 25_000][random.below(4)];
        let (ask, life) = match self.objects[number] {
            Life::Absent => (Ask::Set(name, bytes), Life::Active),
            Life::Active if chance < 3 => (Ask::Set(name, bytes), Life::Active),
            Life::Active if chance < 5 => (Ask::Replace(name, bytes), Life::Active),
            Life::Active if chance < 6 => (Ask::Update(name), Life::Active),
            Life::Active => (Ask::Delete(name), Life::Deleted),
            Life::Deleted if chance < 4 => (Ask::Recover(name), Life::Active),
            Life::Deleted => (Ask::Purge(name), Life::Absent),
        };
        self.objects[number] = life;
        ask
    }
}

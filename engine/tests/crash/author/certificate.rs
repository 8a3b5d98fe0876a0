//! What is asked of one certificate next.

use super::Life;
use crate::{certificates::AskCertificate, disk::Random};

/// What one certificate is, as far as it matters for what can be asked of it.
#[derive(Debug, Clone, Copy, Default)]
pub struct CertificateLife {
    life: Life,
    is_issued: bool,
    is_pending: bool,
    /// It was changed in this commit, so that what is asked next cannot be made from what is seen of it.
    is_unseen: bool,
}

impl CertificateLife {
    /// What was asked so far is committed.
    pub fn is_committed(&mut self) {
        self.is_unseen = false;
    }

    /// What is deleted is purged.
    pub fn retention_ends(&mut self) {
        if self.life == Life::Deleted {
            *self = Self::default();
        }
    }

    pub fn ask(&mut self, name: &'static str, random: &mut Random) -> AskCertificate {
        use AskCertificate::{Delete, Purge, Recover};
        let chance = random.below(10);
        let bytes = [60, 900, 5_000, 25_000][random.below(4)];
        let ask = match self.life {
            Life::Absent | Life::Active if chance < 7 && self.is_pending => self.work(name, chance, bytes),
            Life::Absent | Life::Active if chance < 7 => self.next(name, chance, bytes),
            Life::Absent => self.next(name, chance - 3, bytes),
            Life::Active => Delete(name),
            Life::Deleted if chance < 5 => Recover(name),
            Life::Deleted => Purge(name),
        };
        match ask {
            Purge(_) => *self = Self::default(),
            Delete(_) => self.life = Life::Deleted,
            _ => self.life = Life::Active,
        }
        self.is_unseen = true;
        ask
    }

    /// About the operation that is in progress.
    fn work(&mut self, name: &'static str, chance: usize, bytes: usize) -> AskCertificate {
        use AskCertificate::{Cancel, Complete, Fail, Forget, Merge, Update};
        let ask = match chance {
            0 | 1 if !self.is_unseen => Complete(name, bytes),
            2 | 3 if !self.is_unseen => Merge(name, bytes),
            4 if !self.is_unseen => Fail(name),
            5 => Forget(name),
            6 if !self.is_unseen => Update(name),
            _ => Cancel(name),
        };
        self.is_issued |= matches!(ask, Complete(..) | Merge(..));
        self.is_pending = matches!(ask, Cancel(_) | Update(_));
        ask
    }

    /// What begins the next version, or changes the one that is there.
    fn next(&mut self, name: &'static str, chance: usize, bytes: usize) -> AskCertificate {
        use AskCertificate::{Begin, Import, Renew, Request, Update};
        let ask = match chance {
            0 | 1 if self.is_issued && !self.is_unseen => Renew(name),
            2 if self.is_issued && !self.is_unseen => Update(name),
            0 | 3 => Begin(name),
            1 | 4 => Request(name),
            _ => Import(name, bytes),
        };
        self.is_issued |= matches!(ask, Import(..));
        self.is_pending = !matches!(ask, Import(..) | Update(_));
        ask
    }
}

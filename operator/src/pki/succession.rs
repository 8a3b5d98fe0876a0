//! How one authority follows another, such that every reader trusts each signer at all times.

use time::OffsetDateTime;

use super::{Authority, AuthoritySubject, LEAF_LIFETIME, PUBLISHED_BEFORE_USE, PkiError};

/// An authority with its successor and predecessor, if there are any.
pub struct Succession {
    /// Signs.
    pub current: Authority,
    /// Is published, and signs once it has been for long enough: with the time since which it is.
    pub next: Option<(Authority, OffsetDateTime)>,
    /// Is still published, until this time.
    pub previous: Option<(String, OffsetDateTime)>,
}

/// What has changed by [`Succession::advance`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// Nothing: store nothing.
    Unchanged,
    /// Something: store the succession and publish its certificates.
    Changed,
}

impl Succession {
    /// The first authority of its line.
    pub fn create(subject: &AuthoritySubject, now: OffsetDateTime) -> Result<Self, PkiError> {
        Ok(Self {
            current: Authority::generate(subject, now)?,
            next: None,
            previous: None,
        })
    }

    /// Advances the line by what is due at `now`: creates a successor, lets it sign, forgets a predecessor.
    pub fn advance(&mut self, subject: &AuthoritySubject, now: OffsetDateTime) -> Result<Advance, PkiError> {
        let mut timing = Advance::Unchanged;
        if self.previous.as_ref().is_some_and(|(_, until)| *until <= now) {
            self.previous = None;
            timing = Advance::Changed;
        }
        match self.next.take() {
            Some((next, since)) if since + PUBLISHED_BEFORE_USE <= now => {
                let previous = std::mem::replace(&mut self.current, next);
                self.previous = Some((previous.certificate().to_owned(), now + LEAF_LIFETIME));
                timing = Advance::Changed;
            }
            None if self.current.renewal_due()? <= now => {
                self.next = Some((Authority::generate(subject, now)?, now));
                timing = Advance::Changed;
            }
            waiting => self.next = waiting,
        }
        Ok(timing)
    }

    /// Every certificate to trust, PEM, one after the other.
    pub fn bundle(&self) -> String {
        let next = self.next.iter().map(|(next, _)| next.certificate());
        let previous = self.previous.iter().map(|(certificate, _)| certificate.as_str());
        std::iter::once(self.current.certificate())
            .chain(next)
            .chain(previous)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::Duration;

    #[test]
    fn a_successor_is_published_before_it_signs_and_its_predecessor_after() {
        let start = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let mut line = Succession::create(&AuthoritySubject::Admin, start).unwrap();
        let old = line.current.certificate().to_owned();
        assert_eq!(
            line.advance(&AuthoritySubject::Admin, start).unwrap(),
            Advance::Unchanged
        );

        let due = start + Duration::days(2434);
        assert_eq!(
            line.advance(&AuthoritySubject::Admin, due).unwrap(),
            Advance::Changed
        );
        assert_eq!(line.current.certificate(), old, "the old one still signs");
        let new = line.next.as_ref().unwrap().0.certificate().to_owned();
        assert!(line.bundle().contains(&old) && line.bundle().contains(&new));

        assert_eq!(
            line.advance(&AuthoritySubject::Admin, due + Duration::days(1))
                .unwrap(),
            Advance::Unchanged
        );
        assert_eq!(
            line.advance(&AuthoritySubject::Admin, due + Duration::days(2))
                .unwrap(),
            Advance::Changed
        );
        assert_eq!(line.current.certificate(), new);
        assert!(
            line.bundle().contains(&old),
            "what the old one signed is still in use"
        );

        let last = due + Duration::days(2) + LEAF_LIFETIME;
        assert_eq!(
            line.advance(&AuthoritySubject::Admin, last).unwrap(),
            Advance::Changed
        );
        assert_eq!(line.bundle(), new);
    }
}

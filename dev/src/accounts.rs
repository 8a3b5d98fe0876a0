//! The service accounts that there are, and the UIDs that policies are bound to.

use std::{collections::BTreeMap, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use parking_lot::Mutex;
use strongroom_core::{AccountName, Uid, resource::ResourceNameError};
use strongroom_operator::world::Directory;

/// The most accounts: whoever may name one may name many.
pub const MOST: usize = 10_000;

/// Why an account is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// There are [`MOST`].
    #[error("there are {MOST} accounts, the most that a laptop has")]
    TooMany,
    /// It has no UID, as none has.
    #[error(transparent)]
    Uid(#[from] ResourceNameError),
}

/// Every account that somebody named so far. Cheap to clone.
///
/// A cluster gives an account a UID when it is made. Here an account is there as soon as it is named, and its UID follows
/// from its name: another start, with the same data, knows the same accounts.
#[derive(Debug, Clone, Default)]
pub struct Accounts(Arc<Mutex<BTreeMap<AccountName, Known>>>);

/// What a policy is bound to.
#[derive(Debug, Clone)]
struct Known {
    uid: Uid,
    namespace: Uid,
}

impl Accounts {
    /// Notes an account; says whether it is new.
    ///
    /// # Errors
    /// There are too many.
    pub fn note(&self, account: &AccountName) -> Result<bool, AccountError> {
        let mut known = self.0.lock();
        if known.contains_key(account) {
            return Ok(false);
        }
        if known.len() >= MOST {
            return Err(AccountError::TooMany);
        }
        let found = Known {
            uid: uid_of(&account.subject())?,
            namespace: uid_of(&format!("system:namespace:{}", account.namespace))?,
        };
        known.insert(account.clone(), found);
        Ok(true)
    }

    /// The UID of an account that was noted.
    pub fn uid(&self, account: &AccountName) -> Option<Uid> {
        self.0.lock().get(account).map(|known| known.uid.clone())
    }

    /// The UIDs of those that are meant.
    pub fn uids(&self, is_meant: impl Fn(&AccountName) -> bool) -> Vec<Uid> {
        let known = self.0.lock();
        let meant = known.iter().filter(|(account, _)| is_meant(account));
        meant.map(|(_, known)| known.uid.clone()).collect()
    }

    /// All of them, as policy is compiled against them.
    pub fn directory(&self) -> Directory {
        let known = self.0.lock();
        known
            .iter()
            .fold(Directory::default(), |directory, (account, known)| {
                directory.with_account(account, &known.namespace, &known.uid)
            })
    }
}

fn uid_of(text: &str) -> Result<Uid, ResourceNameError> {
    let mut bytes = [0; 16];
    for (byte, hashed) in bytes.iter_mut().zip(digest(&SHA256, text.as_bytes()).as_ref()) {
        *byte = *hashed;
    }
    let uid = uuid::Builder::from_random_bytes(bytes).into_uuid();
    uid.to_string().parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_the_same_uid_whenever_it_is_named_and_no_other_has_it() {
        let account = |text: &str| text.parse::<AccountName>().unwrap();
        let (first, second) = (Accounts::default(), Accounts::default());
        assert!(first.note(&account("shop:api")).unwrap());
        assert!(!first.note(&account("shop:api")).unwrap());
        first.note(&account("shop:web")).unwrap();
        second.note(&account("shop:api")).unwrap();
        let uid = first.uid(&account("shop:api"));
        assert!(uid.is_some());
        assert_eq!(uid, second.uid(&account("shop:api")));
        assert_ne!(uid, first.uid(&account("shop:web")));
        assert_eq!(first.uid(&account("shop:other")), None);
    }
}

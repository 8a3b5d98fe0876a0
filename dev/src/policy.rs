//! Policy of the vaults on this machine: compiled by what compiles it in a cluster, and put into the vault as it comes from
//! the operator.

use std::sync::Arc;

use kube::core::DeserializeGuard;
use parking_lot::Mutex;
use strongroom_audit::{Class, Entry, Event, Hash};
use strongroom_core::{
    AccountName, Bundle, BundlePolicy, Effect, ObjectKind, PermissionSet, VaultRef, pattern::PatternError,
};
use strongroom_crds::AccessPolicy;
use strongroom_operator::policy::{PolicyProblem, compile_all};
use strongroom_vault::{
    policy::{NotAudited, PutError},
    service::Service,
};

use crate::accounts::{AccountError, Accounts};

/// Why policy is not in force.
#[derive(Debug, thiserror::Error)]
pub enum EnforceError {
    /// An AccessPolicy cannot be compiled.
    #[error("AccessPolicy {name}: {problem}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Policy { name: String, problem: PolicyProblem },
    /// Not of a pattern that is written here.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// There is no further generation.
    #[error("the vault takes no more changes of its policies: their numbers are used up")]
    Generation,
    /// There are too many accounts.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The bundle cannot be written.
    #[error("the bundle of policies cannot be written: {0}")]
    Write(#[from] serde_json::Error),
    /// The vault does not take it.
    #[error("the vault does not take the policies")]
    Put(#[from] PutError),
}

/// The policies of one vault.
#[derive(Debug, Clone)]
pub enum Policies {
    /// Every account may do everything: nobody wrote a policy.
    Everything,
    /// What the AccessPolicy objects say.
    Given(Vec<Arc<DeserializeGuard<AccessPolicy>>>),
}

impl Policies {
    /// Those of `given` that are about a vault, which stand in its namespace.
    pub fn of(vault: &VaultRef, given: &[AccessPolicy]) -> Self {
        let is_of = |policy: &&AccessPolicy| {
            policy.metadata.namespace.as_deref() == Some(vault.namespace.as_str())
                && policy.spec.vault_ref.name == vault.name.as_str()
        };
        let guarded = |policy: &AccessPolicy| Arc::new(DeserializeGuard(Ok(policy.clone())));
        Self::Given(given.iter().filter(is_of).map(guarded).collect())
    }
}

/// Keeps policy in force in every vault, as the operator does in a cluster. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Enforcer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    accounts: Accounts,
    vaults: Mutex<Vec<(Service, Policies)>>,
}

impl Enforcer {
    /// One of no vault yet.
    pub fn new(accounts: Accounts) -> Self {
        let vaults = Mutex::default();
        Self(Arc::new(Inner { accounts, vaults }))
    }

    /// Has a vault decide by `policies` from now on. Blocks.
    ///
    /// # Errors
    /// One of them is none, or the vault does not take them.
    pub fn add(&self, service: Service, policies: Policies) -> Result<(), EnforceError> {
        self.put(&service, &policies, None)?;
        self.0.vaults.lock().push((service, policies));
        Ok(())
    }

    /// Has an account be there: policies that mean all accounts of its namespace mean it, too. Blocks.
    ///
    /// # Errors
    /// There are too many accounts, or a vault does not take the policies.
    pub fn admit(&self, account: &AccountName) -> Result<(), EnforceError> {
        // One at a time: whoever finds the account there finds the policies in force.
        let vaults = self.0.vaults.lock();
        if self.0.accounts.note(account)? {
            for (service, policies) in vaults.iter() {
                self.put(service, policies, None)?;
            }
        }
        Ok(())
    }

    /// Lets `account` do everything in every vault, beside what the policies say, until that is over: for what is to be there
    /// from the beginning. Blocks.
    ///
    /// # Errors
    /// A vault does not take the policies.
    pub fn open_for(&self, account: Option<&AccountName>) -> Result<(), EnforceError> {
        if let Some(account) = account {
            self.0.accounts.note(account)?;
        }
        let vaults = self.0.vaults.lock();
        vaults
            .iter()
            .try_for_each(|(service, policies)| self.put(service, policies, account))
    }

    /// Confirms to every vault what is in force, and the time, as the operator does. Blocks.
    pub fn confirm(&self) {
        for (service, _) in self.0.vaults.lock().iter() {
            service.timekeeper.confirm(service.clock.time().into());
            if let Some(id) = service.policy.bundle_id()
                && let Err(error) = service.policy.confirm(&id)
            {
                tracing::warn!(%error, "the policy in force is not confirmed");
            }
        }
    }

    fn put(
        &self,
        service: &Service,
        policies: &Policies,
        opened_for: Option<&AccountName>,
    ) -> Result<(), EnforceError> {
        let accounts = &self.0.accounts;
        let mut bundled = Vec::new();
        if let Some(account) = opened_for {
            bundled.push(allow("strongroom-dev-seed", accounts, |known| known == account)?);
        }
        match policies {
            Policies::Everything => bundled.push(allow("strongroom-dev-everything", accounts, |_| true)?),
            Policies::Given(given) => {
                for compiled in compile_all(given, &accounts.directory()) {
                    let name = compiled.name;
                    let (policy, _) = compiled
                        .result
                        .map_err(|problem| EnforceError::Policy { name, problem })?;
                    bundled.push(policy);
                }
            }
        }
        let before = service.policy.fence().unwrap_or_default();
        let generation = before.next_bundle().ok_or(EnforceError::Generation)?;
        let id = service.objects.vault_id().to_string();
        let bundle = serde_json::to_vec(&Bundle::new(id, generation, bundled))?;
        service.policy.put(&bundle, |taken| {
            // As what the operator brings is recorded.
            let event = Event::PolicyBundlePut {
                generation: taken.policy.generation,
                hash: Hash::of(&bundle),
                policies: taken.policies,
            };
            let entry = Entry::event(service.clock.time(), &event);
            let appended = service.audit.append(Class::Administration, &entry);
            appended.map(drop).map_err(|_| NotAudited)
        })?;
        Ok(())
    }
}

/// Lets the accounts that `is_meant` do everything.
fn allow(
    name: &str,
    accounts: &Accounts,
    is_meant: impl Fn(&AccountName) -> bool,
) -> Result<BundlePolicy, PatternError> {
    let kinds = [ObjectKind::Secrets, ObjectKind::Keys, ObjectKind::Certificates];
    let permissions = kinds.map(PermissionSet::of_kind);
    Ok(BundlePolicy {
        name: name.to_owned(),
        effect: Effect::Allow,
        subjects: accounts.uids(is_meant),
        objects: vec!["*".parse()?],
        permissions: permissions
            .into_iter()
            .fold(PermissionSet::EMPTY, PermissionSet::union),
    })
}

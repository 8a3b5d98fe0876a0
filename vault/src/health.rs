//! What the vault shows on its health port, which has a thread and a runtime of its own, so that it answers while the
//! others cannot.

use prometheus_client::registry::Registry;
use strongroom_serving::health::Health;

use crate::service::Service;

impl Health for Service {
    fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if self.drain.has_begun() {
            problems.push("the vault is draining".to_owned());
        }
        if !self.authenticator.has_keys() {
            problems.push("no key of the identity service is known yet".to_owned());
        }
        problems.extend(self.storage.problem());
        problems.extend(self.audit.problem().map(|problem| problem.to_string()));
        if self.policy.rollback().is_some() {
            problems.push("the store is older than its anchor".to_owned());
        } else if self.policy.is_in_doubt() {
            problems.push("the operator has not compared the store with its anchor yet".to_owned());
        }
        problems
    }

    fn sample(&self) {
        let sampled = &self.metrics.sampled;
        sampled.ready.set(i64::from(self.problems().is_empty()));
        if let Some(policy) = self.policy.bundle_id() {
            sampled.policy_epoch.set(saturated(policy.generation.epoch));
            sampled.policy_number.set(saturated(policy.generation.n));
            sampled.policy_staleness.set(self.policy.staleness());
        }
        let anchor = self.objects.anchor();
        sampled.store_generation.set(saturated(anchor.generation.0));
        let usage = self.audit.usage();
        sampled.audit_bytes.set(saturated(usage.bytes));
        sampled.audit_quota.set(saturated(usage.quota.bytes));
        sampled.audit_removed_early.set(saturated(usage.removed_early));
        sampled.audit_records.set(saturated(usage.sequence));
        let limits = self.objects.limits();
        sampled.object_bytes.set(saturated(self.objects.bytes()));
        sampled.object_bytes_limit.set(saturated(limits.object_bytes));
        sampled.most_versions.set(saturated(self.storage.most_versions()));
        sampled.versions_limit.set(limits.versions.into());
        let is_unconfirmed = self.timekeeper.disbelieved().is_some();
        sampled.clock_unconfirmed.set(is_unconfirmed.into());
        sampled.identity_keys.set(counted(self.authenticator.keys()));
    }

    fn registry(&self) -> &Registry {
        self.metrics.registry()
    }
}

fn counted(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

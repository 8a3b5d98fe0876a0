//! Everything that is known of one vault. Pure.

use std::fmt::Write as _;

use k8s_openapi::api::core::v1::ConfigMap;
use serde::Serialize;
use strongroom_wire::admin::Anchor;

use super::{
    super::seen::{self, Mark, SeenVault},
    metrics::Metrics,
};
use crate::{
    table::{self, NONE},
    terminal::field,
};

/// What is known beside the Vault object; where something is not, why.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) metrics: Result<Metrics, String>,
    /// The end of the certificate, in seconds since 1970.
    pub(super) certificate: Result<i64, String>,
    pub(super) anchor: Result<Anchored, String>,
}

impl Known {
    pub(super) fn nothing(why: &str) -> Self {
        Self {
            metrics: Err(why.to_owned()),
            certificate: Err(why.to_owned()),
            anchor: Err(why.to_owned()),
        }
    }
}

/// What the operator keeps of a vault's store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Anchored {
    /// The number of commits of the store.
    generation: u64,
    /// The sequence number of the last audit record.
    audit_record: u64,
    /// When it was written.
    time: Option<String>,
}

impl Anchored {
    /// As the operator writes it.
    pub(super) fn of(map: &ConfigMap) -> Option<Self> {
        let anchor: Anchor = serde_json::from_str(map.data.as_ref()?.get("anchor")?).ok()?;
        let written = map.metadata.managed_fields.as_deref().unwrap_or_default();
        let written = written.iter().filter_map(|entry| entry.time.as_ref());
        Some(Self {
            generation: anchor.generation,
            audit_record: anchor.audit_sequence,
            time: written.map(|time| time.0.as_second()).max().map(table::time),
        })
    }
}

/// Several vaults.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reports<'a> {
    api_version: &'static str,
    kind: &'static str,
    items: &'a [Report],
}

impl<'a> Reports<'a> {
    pub(super) const fn of(items: &'a [Report]) -> Self {
        Self {
            api_version: crate::output::API_VERSION,
            kind: "VaultReportList",
            items,
        }
    }
}

/// One vault.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Report {
    api_version: &'static str,
    kind: &'static str,
    namespace: String,
    name: String,
    ready: bool,
    /// The reason of `Ready`.
    reason: Option<String>,
    message: String,
    url: Option<String>,
    version: Option<String>,
    paused: bool,
    volume_size: Option<String>,
    policy: Option<Policy>,
    objects: Option<Objects>,
    audit: Option<Audit>,
    certificate: Option<Validity>,
    anchor: Option<Anchored>,
    soft_delete: Option<Kept>,
    conditions: Vec<Part>,
    /// What could not be looked at, with the reason.
    unknown: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Policy {
    generation: String,
    policies: i32,
    /// For how long the operator has not confirmed it.
    unconfirmed_seconds: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Objects {
    percent: i32,
    bytes: Option<i64>,
    bytes_limit: i64,
    most_versions: i64,
    versions_limit: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Audit {
    bytes: i64,
    quota_bytes: i64,
    records: Option<i64>,
    /// What was removed before its retention was over, to make room.
    removed_early_bytes: Option<i64>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Validity {
    not_after: String,
    days: i64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    retention_days: i32,
    purge_protection: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Part {
    #[serde(rename = "type")]
    type_: String,
    /// Whether it is as it should be.
    result: &'static str,
    reason: String,
    message: String,
    #[serde(skip)]
    mark: Mark,
}

impl Report {
    /// What is known of a vault at `now`, in seconds since 1970.
    pub(super) fn new(vault: &SeenVault, known: Known, now: i64) -> Self {
        let status = &vault.status;
        let mut unknown = Vec::new();
        let mut or_why = |what: &str, why: Option<String>| {
            if let Some(why) = why {
                unknown.push(format!("{what} not known: {why}"));
            }
        };
        or_why("the audit log's fill is", known.metrics.as_ref().err().cloned());
        or_why(
            "the certificate's end is",
            known.certificate.as_ref().err().cloned(),
        );
        or_why("the last anchor is", known.anchor.as_ref().err().cloned());
        let metrics = known.metrics.unwrap_or_default();
        let usage = status.usage.as_ref();
        let policy = status.policy.as_ref();
        Self {
            api_version: crate::output::API_VERSION,
            kind: "VaultReport",
            namespace: vault.namespace.clone(),
            name: vault.name.clone(),
            ready: vault.is_ready(),
            reason: vault.word().map(ToOwned::to_owned),
            message: vault.sentence(),
            url: status.uri.clone(),
            version: status.version.clone(),
            paused: vault.is_paused,
            volume_size: status.volume_size.clone(),
            policy: policy.map(|policy| Policy {
                generation: policy.generation.clone(),
                policies: policy.policies,
                unconfirmed_seconds: metrics.number("strongroom_policy_staleness_seconds"),
            }),
            objects: usage.map(|usage| Objects {
                percent: usage.object_percent,
                bytes: metrics.number("strongroom_object_bytes"),
                bytes_limit: usage.object_bytes_limit,
                most_versions: usage.most_versions,
                versions_limit: usage.versions_limit,
            }),
            audit: audit(&metrics),
            certificate: known.certificate.ok().map(|end| Validity {
                not_after: table::time(end),
                days: (end - now).div_euclid(86_400),
            }),
            anchor: known.anchor.ok(),
            soft_delete: status.soft_delete.map(|kept| Kept {
                retention_days: kept.retention_days,
                purge_protection: kept.purge_protection,
            }),
            conditions: parts(vault),
            unknown,
        }
    }

    /// Whether the vault does what its spec says.
    pub(super) const fn is_ready(&self) -> bool {
        self.ready
    }

    /// `NAMESPACE/NAME`.
    pub(super) fn path(&self) -> String {
        format!("{}/{}", self.namespace, self.name)
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let word = if self.ready { "ready" } else { "not ready" };
        let reason = self.reason.as_deref().unwrap_or("unseen");
        let mut text = format!(
            "{} is {word} ({}): {}\n\n",
            field(&self.path()),
            field(reason),
            field(&self.message)
        );
        let rows = self.rows();
        let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
        for (name, value) in rows {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "  {name:<width$}   {}", field(&value));
        }
        text.push('\n');
        for part in &self.conditions {
            let _ = writeln!(
                text,
                "{} {}: {}",
                part.mark.sign(),
                field(&part.type_),
                field(&part.message)
            );
        }
        for line in &self.unknown {
            let _ = writeln!(text, "{} {}", Mark::Unknown.sign(), field(line));
        }
        text
    }

    fn rows(&self) -> Vec<(&'static str, String)> {
        let none = || NONE.to_owned();
        let mut rows = vec![
            ("URL", self.url.clone().unwrap_or_else(none)),
            ("Version", self.version.clone().unwrap_or_else(none)),
            ("Policy", self.policy.as_ref().map_or_else(none, Policy::text)),
            ("Objects", self.objects.as_ref().map_or_else(none, Objects::text)),
            ("Volume", self.volume_size.clone().unwrap_or_else(none)),
        ];
        if let Some(audit) = &self.audit {
            rows.push(("Audit log", audit.text()));
        }
        if let Some(certificate) = &self.certificate {
            let Validity { not_after, days } = certificate;
            rows.push(("Certificate", format!("ends in {days} days, {not_after}")));
        }
        if let Some(anchor) = &self.anchor {
            let at = anchor
                .time
                .as_ref()
                .map(|at| format!(", {at}"))
                .unwrap_or_default();
            rows.push(("Last anchor", format!("generation {}{at}", anchor.generation)));
        }
        if let Some(kept) = &self.soft_delete {
            let purged = if kept.purge_protection {
                "nobody can purge them before"
            } else {
                "they can be purged before"
            };
            rows.push((
                "Deleted",
                format!("kept for {} days; {purged}", kept.retention_days),
            ));
        }
        rows
    }
}

impl Policy {
    fn text(&self) -> String {
        let confirmed = self
            .unconfirmed_seconds
            .map(|seconds| format!(", confirmed {} ago", table::age(seconds)))
            .unwrap_or_default();
        format!(
            "generation {} of {} AccessPolicies{confirmed}",
            self.generation, self.policies
        )
    }
}

impl Objects {
    fn text(&self) -> String {
        format!(
            "{} % of {}; at most {} of {} versions of one object",
            self.percent,
            bytes(self.bytes_limit),
            self.most_versions,
            self.versions_limit
        )
    }
}

impl Audit {
    fn text(&self) -> String {
        let early = self.removed_early_bytes.filter(|bytes| *bytes > 0);
        let early = early
            .map(|early| format!("; {} removed before their retention was over", bytes(early)))
            .unwrap_or_default();
        format!("{} of {}{early}", bytes(self.bytes), bytes(self.quota_bytes))
    }
}

fn audit(metrics: &Metrics) -> Option<Audit> {
    Some(Audit {
        bytes: metrics.number("strongroom_audit_bytes")?,
        quota_bytes: metrics.number("strongroom_audit_quota_bytes")?,
        records: metrics.number("strongroom_audit_records"),
        removed_early_bytes: metrics.number("strongroom_audit_removed_early_bytes"),
    })
}

fn parts(vault: &SeenVault) -> Vec<Part> {
    let part = |condition: &strongroom_crds::condition::Condition| {
        let mark = seen::mark(condition);
        Part {
            type_: condition.type_.clone(),
            result: mark.word(),
            reason: condition.reason.clone(),
            message: condition.message.clone(),
            mark,
        }
    };
    seen::details(vault).map(part).collect()
}

/// A number of bytes in the largest unit of which there is one.
fn bytes(number: i64) -> String {
    let units = [(1_i64 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let found = units.into_iter().find(|(size, _)| number >= *size);
    match found {
        Some((size, unit)) => {
            let tenths = i64::try_from(i128::from(number) * 10 / i128::from(size)).unwrap_or(i64::MAX);
            format!("{}.{} {unit}", tenths / 10, tenths % 10)
        }
        None => format!("{number} B"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{
        super::super::seen::tests::{condition, vault},
        *,
    };

    /// 2026-12-01.
    const NOW: i64 = 1_796_083_200;

    fn serving() -> SeenVault {
        vault(&json!({
            "observedGeneration": 2, "version": "0.1.0", "uri": "https://prod.team-a.svc", "volumeSize": "1Gi",
            "policy": {"generation": "4-118", "policies": 3},
            "usage": {"objectPercent": 12, "objectBytesLimit": 398_458_880, "mostVersions": 7, "versionsLimit": 500},
            "softDelete": {"retentionDays": 90, "purgeProtection": true},
            "conditions": [condition("Ready", "True", "Serving"), condition("Unsealed", "True", "Unsealed")],
        }))
    }

    #[test]
    fn what_is_known_is_said_in_lines_and_conditions_as_sentences() {
        let known = Known {
            metrics: Ok(Metrics::of(
                "strongroom_audit_bytes 1258291\nstrongroom_audit_quota_bytes 268435456\n\
                 strongroom_policy_staleness_seconds 12\n",
            )),
            certificate: Ok(NOW + 68 * 86_400 + 1),
            anchor: Err("no right".to_owned()),
        };
        assert_eq!(
            Report::new(&serving(), known, NOW).text(),
            "team-a/prod is ready (Serving): Serving.\n\n  \
             URL           https://prod.team-a.svc\n  \
             Version       0.1.0\n  \
             Policy        generation 4-118 of 3 AccessPolicies, confirmed 12s ago\n  \
             Objects       12 % of 380.0 MiB; at most 7 of 500 versions of one object\n  \
             Volume        1Gi\n  \
             Audit log     1.1 MiB of 256.0 MiB\n  \
             Certificate   ends in 68 days, 2027-02-07T00:00:01Z\n  \
             Deleted       kept for 90 days; nobody can purge them before\n\n\
             ✓ Unsealed: Unsealed.\n\
             ? the last anchor is not known: no right\n"
        );
    }

    #[test]
    fn a_vault_that_waits_says_for_what() {
        let waiting = vault(&json!({"observedGeneration": 2, "conditions": [
            condition("Ready", "False", "VolumePending"), condition("Reconciling", "True", "VolumePending"),
            condition("StorageHealthy", "Unknown", "VolumePending"), condition("NearLimit", "True", "ObjectsNearLimit"),
        ]}));
        let report = Report::new(&waiting, Known::nothing("no pod"), NOW);
        assert!(!report.is_ready());
        let text = report.text();
        assert!(
            text.starts_with("team-a/prod is not ready (VolumePending): VolumePending.\n"),
            "{text}"
        );
        assert!(
            text.contains("? StorageHealthy: VolumePending.\n✗ NearLimit: ObjectsNearLimit.\n? the audit"),
            "{text}"
        );
    }

    #[test]
    fn the_anchor_is_what_the_operator_wrote_last() {
        let map = |anchor: &str| -> ConfigMap {
            serde_json::from_value(json!({
                "metadata": {"managedFields": [
                    {"time": "2026-12-01T00:00:00Z"}, {"time": "2026-12-01T00:00:09Z"}, {},
                ]},
                "data": {"anchor": anchor},
            }))
            .unwrap()
        };
        let digest = "ab".repeat(32);
        let anchor = format!(
            r#"{{"generation":44,"digest":"{digest}","isChained":true,"auditSequence":9,"auditHash":"{digest}"}}"#
        );
        let expected = Anchored {
            generation: 44,
            audit_record: 9,
            time: Some("2026-12-01T00:00:09Z".to_owned()),
        };
        assert_eq!(Anchored::of(&map(&anchor)), Some(expected));
        assert_eq!(Anchored::of(&map("{}")), None);
    }

    #[test]
    fn bytes_have_the_largest_unit_that_fits() {
        for (number, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (3 << 30, "3.0 GiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }
}

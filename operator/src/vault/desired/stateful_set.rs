//! The vault's pods.

use serde_json::{Value, json};
use strongroom_core::{
    ports,
    reference::{IDENTITY_PEERS_SERVICE, service_host},
};
use strongroom_crds::{
    quantity,
    vault::{AttestationAuthority, AuthorityKey, KeyRelease, PodTemplate, StorageBackend, VaultSpec},
};

use super::metadata;
use crate::{
    object::{Desired, Kind},
    settings::Settings,
    target::Target,
};

const MIB: u64 = 1 << 20;

/// Seconds that a vault which starts waits for the operator to compare its store. The operator notices at once that a vault
/// ended, and asks it every second until it answers.
const COMPARED_WITHIN: u8 = 5;

/// The StatefulSet. Configuration that must restart the server is in its arguments; what it reloads is in files.
pub fn stateful_set(target: &Target<'_>, settings: &Settings) -> Desired {
    let name = target.name().to_string();
    let labels = metadata::selector(target);
    let object = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": metadata::owned(target, &name),
        "spec": {
            "serviceName": target.reference.replicas_service(),
            // A paused vault keeps all of its objects, and has no pod.
            "replicas": i32::from(!target.vault.spec.is_paused()),
            // A pod of a revision that cannot start must not hold up its successor.
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate"},
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod(target, settings)},
        },
    });
    Desired {
        kind: Kind::StatefulSet,
        name,
        object,
    }
}

fn pod(target: &Target<'_>, settings: &Settings) -> Value {
    let template = target.vault.spec.pod_template.as_ref();
    let mut pod = json!({
        "serviceAccountName": format!("{}-vault", target.name()),
        "automountServiceAccountToken": false,
        "enableServiceLinks": false,
        "terminationGracePeriodSeconds": 30,
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [container(target, settings, template)],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": format!("data-{}-0", target.name())}},
            {"name": "tls", "secret": {"secretName": format!("{}-tls", target.name()), "defaultMode": 0o440}},
            {"name": "seal", "secret": {"secretName": format!("{}-seal", target.name()), "defaultMode": 0o440}},
            {"name": "trust", "configMap": {"name": format!("{}-trust", target.name())}},
        ],
    });
    if let Some(fields) = pod.as_object_mut() {
        if !settings.vault_image_pull_secrets.is_empty() {
            let names = settings
                .vault_image_pull_secrets
                .iter()
                .map(|name| json!({"name": name}));
            fields.insert("imagePullSecrets".to_owned(), names.collect());
        }
        let selector = settings.vault_pod.node_selector(template);
        if !selector.is_empty() {
            fields.insert("nodeSelector".to_owned(), json!(selector));
        }
        if let Some(class) = &settings.vault_pod.priority_class {
            fields.insert("priorityClassName".to_owned(), json!(class));
        }
        if let Some(tolerations) = template.and_then(|template| template.tolerations.as_ref()) {
            fields.insert("tolerations".to_owned(), json!(tolerations));
        }
    }
    pod
}

fn container(target: &Target<'_>, settings: &Settings, template: Option<&PodTemplate>) -> Value {
    let probe = |path: &str, period: u32, failures: u32| {
        json!({
            "httpGet": {"path": path, "port": "health"},
            "periodSeconds": period, "failureThreshold": failures,
        })
    };
    json!({
        "name": "vault",
        "image": settings.vault_image,
        "imagePullPolicy": settings.vault_image_pull_policy,
        "args": arguments(target, settings),
        "ports": [
            {"name": "https", "containerPort": ports::VAULT, "protocol": "TCP"},
            {"name": "admin", "containerPort": ports::VAULT_ADMIN, "protocol": "TCP"},
            {"name": "health", "containerPort": ports::HEALTH, "protocol": "TCP"},
        ],
        "startupProbe": probe("/healthz", 1, 60),
        "livenessProbe": probe("/healthz", 10, 3),
        "readinessProbe": probe("/readyz", 1, 2),
        "resources": settings.vault_pod.resources(template),
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "data", "mountPath": "/var/lib/strongroom"},
            {"name": "tls", "mountPath": "/etc/strongroom/tls", "readOnly": true},
            {"name": "seal", "mountPath": "/etc/strongroom/seal", "readOnly": true},
            {"name": "trust", "mountPath": "/etc/strongroom/trust", "readOnly": true},
        ],
    })
}

fn arguments(target: &Target<'_>, settings: &Settings) -> Vec<String> {
    let spec = &target.vault.spec;
    let mut arguments = vec![
        "serve".to_owned(),
        format!("--vault-name={}", target.name()),
        format!("--namespace={}", target.namespace()),
        format!("--cluster-domain={}", settings.cluster_domain),
        format!("--tenant-id={}", settings.installation),
        format!("--issuer={}", settings.issuer()),
        format!("--identity-url=https://{}", settings.identity_host()),
        format!(
            "--identity-peers={}:{}",
            service_host(IDENTITY_PEERS_SERVICE, &settings.release_namespace),
            ports::IDENTITY
        ),
        format!("--identity-server-name={}", settings.identity_host()),
        "--trust-bundle=/etc/strongroom/trust/ca.crt".to_owned(),
        "--admin-ca=/etc/strongroom/trust/admin-ca.crt".to_owned(),
        format!("--admin-client-uri={}", settings.operator_uri()),
        "--tls-dir=/etc/strongroom/tls".to_owned(),
        "--seal-dir=/etc/strongroom/seal".to_owned(),
        "--data-dir=/var/lib/strongroom".to_owned(),
        "--initialise".to_owned(),
        format!("--compared-within={COMPARED_WITHIN}"),
    ];
    // A kubelet puts variables in the place of what looks like one, and one dollar in the place of two.
    arguments.extend(rules(spec).into_iter().map(|rule| rule.replace('$', "$$")));
    arguments
}

/// The part of a vault's command line that follows from its spec alone: the same wherever it runs.
pub fn rules(spec: &VaultSpec) -> Vec<String> {
    let mut arguments = vec![format!("--retention-days={}", spec.soft_delete.retention_days)];
    // It may be a directory of a larger disk, which the vault would take for its own.
    if let Ok(StorageBackend::Embedded(embedded)) = spec.storage.backend()
        && let Some(bytes) = quantity::whole(&embedded.size)
    {
        arguments.push(format!("--volume-mib={}", bytes / MIB));
    }
    if let Some(limits) = &spec.limits {
        if let Some(versions) = limits.versions_per_object {
            arguments.push(format!("--versions-per-object={versions}"));
        }
        if let Ok(Some(bytes)) = limits.object_bytes() {
            arguments.push(format!("--object-bytes={bytes}"));
        }
    }
    if spec.soft_delete.purge_protection {
        arguments.push("--purge-protection".to_owned());
    }
    if let Ok(Some(staleness)) = spec.max_staleness() {
        arguments.push(format!("--policy-max-staleness={}", staleness.as_secs()));
    }
    if let Some(release) = &spec.key_release {
        arguments.push(format!("--attestation-authorities={}", authorities(release)));
    }
    arguments
}

/// The authorities as the vault's command line takes them.
fn authorities(release: &KeyRelease) -> String {
    let authority = |authority: &AttestationAuthority| {
        let keys: Vec<_> = authority.keys.iter().map(AuthorityKey::needed).collect();
        json!({"url": authority.url, "keys": keys})
    };
    let authorities: Vec<_> = release.authorities.iter().map(authority).collect();
    json!(authorities).to_string()
}

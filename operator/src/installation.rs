//! What an installation has once: its id, its two authorities, the identity service's certificate, the trust bundle.
//!
//! All of it is in the release namespace, and only the leader writes it. The pods of the node driver cannot read that
//! namespace: the leader copies what they need into theirs.

mod stored;
mod upkeep;

use kube::Client;
use serde_json::json;
use strongroom_client::{Trust, TrustError};
use strongroom_core::NamespaceName;
use strongroom_crds::ApiError;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::{
    object::{FIELD_MANAGER, Kind, Objects, data_field},
    pki::{Advance, Authorities, AuthoritySubject, Leaf, PkiError, needs_renewal},
    settings::Settings,
};
use stored::{Held, load_succession, store_succession};
pub use upkeep::Upkeep;

/// The `ConfigMap` that holds the installation's id under the key `id`.
pub const INSTALLATION: &str = "strongroom-installation";
/// The `ConfigMap` that holds the serving authorities' certificates under the key `ca.crt`.
pub const TRUST_BUNDLE: &str = "strongroom-trust-bundle";

/// The label that says which program made an object.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

const SERVING_AUTHORITY: &str = "strongroom-serving-ca";
const ADMIN_AUTHORITY: &str = "strongroom-admin-ca";
const IDENTITY_CERTIFICATE: &str = "strongroom-identity-tls";

/// Why the installation could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum InstallationError {
    /// The API server refused, or did not answer.
    #[error("cannot {step} in the release namespace")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Api { step: &'static str, source: ApiError },
    /// A certificate could not be made or read.
    #[error("cannot prepare the {what}")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Pki { what: &'static str, source: PkiError },
    /// The certificates cannot be used.
    #[error("the certificates cannot be used")]
    Trust(#[from] TrustError),
    /// Someone else has moved an authority on.
    #[error("{name} in the release namespace was changed by another leader")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Moved { name: &'static str },
    /// A stored object lacks something.
    #[error("{name} in the release namespace lacks {what}; it must not be edited by hand")]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Malformed { name: &'static str, what: &'static str },
}

/// Finds the installation's id, or makes it: random, once, for ever.
pub async fn id(client: &Client, release_namespace: &NamespaceName) -> Result<String, InstallationError> {
    let objects = Objects::new(client.clone(), release_namespace.as_str());
    let api = |step| move |source| InstallationError::Api { step, source };
    for _ in 0..2 {
        if let Some(found) = objects
            .get(Kind::ConfigMap, INSTALLATION)
            .await
            .map_err(api("read the installation's id"))?
        {
            let id = data_field(&found, "id").filter(|id| Uuid::parse_str(id).is_ok());
            return id.map(str::to_owned).ok_or(InstallationError::Malformed {
                name: INSTALLATION,
                what: "a UUID under the key id",
            });
        }
        let object = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": INSTALLATION, "namespace": release_namespace.as_str()},
            "data": {"id": Uuid::new_v4().to_string()},
        });
        // Another leader may have been faster: the next round reads what it created.
        match objects.create(Kind::ConfigMap, &object).await {
            Ok(_) => {}
            Err(error) if error.code() == Some(409) => {}
            Err(source) => return Err(api("create the installation's id")(source)),
        }
    }
    Err(InstallationError::Malformed {
        name: INSTALLATION,
        what: "an id",
    })
}

/// Loads both authorities, or founds them.
pub async fn authorities(client: &Client, settings: &Settings) -> Result<Authorities, InstallationError> {
    let objects = Objects::new(client.clone(), settings.release_namespace.as_str());
    let now = OffsetDateTime::now_utc();
    Ok(Authorities {
        serving: load_succession(&objects, SERVING_AUTHORITY, &serving_subject(settings), now).await?,
        admin: load_succession(&objects, ADMIN_AUTHORITY, &AuthoritySubject::Admin, now).await?,
    })
}

fn serving_subject(settings: &Settings) -> AuthoritySubject {
    AuthoritySubject::Serving {
        cluster_domain: settings.cluster_domain.clone(),
    }
}

/// What the leader does about the installation at its start and at every look: moves the authorities on, renews the
/// identity service's certificate, publishes the trust bundle.
pub async fn maintain(
    client: &Client,
    settings: &Settings,
    authorities: &mut Authorities,
) -> Result<(), InstallationError> {
    let objects = Objects::new(client.clone(), settings.release_namespace.as_str());
    let now = OffsetDateTime::now_utc();
    let pki = |what| move |source| InstallationError::Pki { what, source };
    let subject = serving_subject(settings);
    let (serving, admin) = (Held::by(&authorities.serving), Held::by(&authorities.admin));
    if authorities
        .serving
        .advance(&subject, now)
        .map_err(pki("serving authority"))?
        == Advance::Changed
    {
        store_succession(&objects, SERVING_AUTHORITY, &serving, &authorities.serving).await?;
    }
    let advanced = authorities
        .admin
        .advance(&AuthoritySubject::Admin, now)
        .map_err(pki("admin authority"))?;
    if advanced == Advance::Changed {
        store_succession(&objects, ADMIN_AUTHORITY, &admin, &authorities.admin).await?;
    }
    renew_identity_certificate(&objects, settings, authorities, now).await?;
    publish(client, settings, &authorities.serving.bundle()).await
}

async fn renew_identity_certificate(
    objects: &Objects,
    settings: &Settings,
    authorities: &Authorities,
    now: OffsetDateTime,
) -> Result<(), InstallationError> {
    let host = settings.identity_host();
    let leaf = Leaf::Server {
        names: vec![host.clone(), format!("{host}.{}", settings.cluster_domain)],
    };
    let authority = &authorities.serving.current;
    let existing = objects
        .get(Kind::Secret, IDENTITY_CERTIFICATE)
        .await
        .map_err(|source| InstallationError::Api {
            step: "read the identity service's certificate",
            source,
        })?;
    let certificate = existing.and_then(|secret| stored::text(&secret, "tls.crt"));
    if certificate.is_some_and(|certificate| !needs_renewal(&certificate, authority, &leaf, now)) {
        return Ok(());
    }
    let (certificate, key) = authority
        .issue(&leaf, now)
        .map_err(|source| InstallationError::Pki {
            what: "identity service's certificate",
            source,
        })?;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
        "metadata": {"name": IDENTITY_CERTIFICATE, "namespace": settings.release_namespace.as_str()},
        "stringData": {"tls.crt": certificate, "tls.key": key},
    });
    objects
        .apply(Kind::Secret, IDENTITY_CERTIFICATE, &secret)
        .await
        .map_err(|source| InstallationError::Api {
            step: "write the identity service's certificate",
            source,
        })?;
    Ok(())
}

/// Publishes the trust bundle, and for the driver also the installation's id.
async fn publish(client: &Client, settings: &Settings, bundle: &str) -> Result<(), InstallationError> {
    publish_bundle(client, settings.release_namespace.as_str(), bundle).await?;
    let node = publish_bundle(client, settings.node_namespace.as_str(), bundle).await;
    let objects = Objects::new(client.clone(), settings.node_namespace.as_str());
    let id = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": INSTALLATION, "namespace": settings.node_namespace.as_str(),
            "labels": {MANAGED_BY: FIELD_MANAGER},
        },
        "data": {"id": settings.installation},
    });
    let step = "publish the installation's id to the node driver";
    match objects.apply(Kind::ConfigMap, INSTALLATION, &id).await {
        // The chart did not create the driver's namespace: there is no driver to publish to.
        Err(error) if error.is_forbidden() => {
            tracing::warn!(namespace = %settings.node_namespace, "no right to publish to the node driver's namespace");
            Ok(())
        }
        Err(source) => Err(InstallationError::Api { step, source }),
        Ok(_) => node,
    }
}

/// Publishes the trust bundle in one namespace.
pub async fn publish_bundle(client: &Client, namespace: &str, bundle: &str) -> Result<(), InstallationError> {
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {
            "name": TRUST_BUNDLE, "namespace": namespace,
            "labels": {MANAGED_BY: FIELD_MANAGER},
        },
        "data": {"ca.crt": bundle},
    });
    let step = "publish the trust bundle";
    Objects::new(client.clone(), namespace)
        .apply(Kind::ConfigMap, TRUST_BUNDLE, &object)
        .await
        .map(drop)
        .map_err(|source| InstallationError::Api { step, source })
}

/// What the operator shows to the vaults, and the authorities that it trusts: a new certificate each time, since its key is kept in
/// memory alone.
pub fn credentials(settings: &Settings, authorities: &Authorities) -> Result<Trust, InstallationError> {
    let leaf = Leaf::Operator {
        uri: settings.operator_uri(),
    };
    let (certificate, key) = authorities
        .admin
        .current
        .issue(&leaf, OffsetDateTime::now_utc())
        .map_err(|source| InstallationError::Pki {
            what: "operator's certificate",
            source,
        })?;
    Ok(Trust::mutual_from_pem(
        authorities.serving.bundle().as_bytes(),
        certificate.as_bytes(),
        key.as_bytes(),
    )?)
}

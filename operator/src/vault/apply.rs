//! Makes a vault's objects what the plan says.

use aws_lc_rs::rand;
use base64::{Engine, engine::general_purpose::STANDARD};
use kube::api::DynamicObject;
use serde_json::json;
use strongroom_core::causes;
use strongroom_crds::ApiError;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    desired::{self, Serving, Trusted, VAULT_ID_KEY, key, seal_secret, volume_claim},
    plan::{PlanRefusal, Retained, check_bundle, check_owned, plan_retained},
    pods::Pods,
    volume,
};
use crate::{
    context::Context,
    installation,
    object::{Desired, Kind, Objects, data_field, subtree},
    pki::{Leaf, PkiError, needs_renewal},
    target::Target,
};

/// Why the objects are not what they should be.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Someone must act first.
    #[error(transparent)]
    Refused(#[from] PlanRefusal),
    /// The API server refused or did not answer.
    #[error("cannot write {} {name}", kind.as_str())]
    #[allow(missing_docs, reason = "the names of the fields say what they hold")]
    Api {
        kind: Kind,
        name: String,
        source: ApiError,
    },
    /// The certificate could not be made.
    #[error("cannot issue the vault's certificate")]
    Pki(#[from] PkiError),
    /// The system gave no random bytes.
    #[error("the system has no random bytes for a seal key")]
    Random,
}

/// What came of applying the objects.
#[derive(Debug, Default)]
pub struct Applied {
    /// The pods.
    pub pods: Pods,
    /// How large the volume is, where that was read.
    pub volume_size: Option<String>,
    /// The first thing that kept an object from being what it should be.
    pub problem: Option<ApplyError>,
}

impl Applied {
    /// Notes a problem. Returns the result where there is none.
    fn note<T>(&mut self, result: Result<T, ApplyError>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.problem.get_or_insert(error);
                None
            }
        }
    }
}

/// Reads, checks and applies every object of the vault.
///
/// What is there and is the vault's is brought up to date whatever becomes of the others. Something new is made only
/// where nothing is in the way of anything, and the pods, which need all the rest, come last.
pub async fn apply(context: &Context, target: &Target<'_>) -> Applied {
    let objects = Objects::new(context.client.clone(), target.namespace().as_str());
    let mut applied = Applied::default();
    let desired = applied_objects(context, target, &objects, &mut applied).await;
    let mut found = Vec::new();
    for object in desired {
        let existing = applied.note(get(&objects, object.kind, &object.name).await);
        let Some(existing) = existing else { continue };
        let owned = check_owned(target, &object, existing.as_ref()).map_err(ApplyError::Refused);
        if applied.note(owned).is_none() {
            continue;
        }
        if object.kind == Kind::StatefulSet {
            applied.pods = existing.as_ref().map_or_else(Pods::default, Pods::of);
        }
        found.push((object, existing.is_some()));
    }
    let may_create = applied.problem.is_none();
    let retained = applied.note(apply_retained(&objects, target, may_create).await);
    applied.volume_size = retained.flatten();
    let may_create = applied.problem.is_none();
    for (object, exists) in found {
        let may_write = if object.kind == Kind::StatefulSet {
            applied.problem.is_none()
        } else {
            exists || may_create
        };
        if !may_write {
            continue;
        }
        let written = objects.apply(object.kind, &object.name, &object.object).await;
        let written = written.map_err(|source| api(object.kind, &object.name, source));
        if let Some(written) = applied.note(written)
            && object.kind == Kind::StatefulSet
        {
            applied.pods = Pods::of(&written);
        }
    }
    // Last, and so that it is in the way of nothing: no vault needs it, only those who use the vault.
    let bundle = publish_bundle(context, target, &objects, applied.problem.is_none()).await;
    applied.note(bundle);
    applied
}

/// Publishes the trust bundle in the vault's namespace, and makes it there if that is wanted.
async fn publish_bundle(
    context: &Context,
    target: &Target<'_>,
    objects: &Objects,
    may_create: bool,
) -> Result<(), ApplyError> {
    let existing = get(objects, Kind::ConfigMap, installation::TRUST_BUNDLE).await?;
    check_bundle(existing.as_ref())?;
    if existing.is_none() && !may_create {
        return Ok(());
    }
    let namespace = target.namespace();
    let bundle = context.authorities.read().serving.bundle();
    if let Err(error) = installation::publish_bundle(&context.client, namespace.as_str(), &bundle).await {
        tracing::warn!(%namespace, error = %causes(&error), "the trust bundle could not be published");
    }
    Ok(())
}

/// The objects to be there; without the certificate's Secret where that cannot be made.
async fn applied_objects(
    context: &Context,
    target: &Target<'_>,
    objects: &Objects,
    applied: &mut Applied,
) -> Vec<Desired> {
    let tls = get(objects, Kind::Secret, &format!("{}-tls", target.name())).await;
    let tls = applied.note(tls);
    let serving = tls.and_then(|tls| applied.note(certificate(context, target, tls.as_ref())));
    let trusted = {
        let authorities = context.authorities.read();
        Trusted {
            serving: authorities.serving.bundle(),
            admin: authorities.admin.bundle(),
        }
    };
    desired::owned(target, &context.settings, serving.as_ref(), &trusted)
}

/// The pods of the vault.
pub async fn pods(context: &Context, target: &Target<'_>) -> Result<Pods, ApplyError> {
    let objects = Objects::new(context.client.clone(), target.namespace().as_str());
    let set = get(&objects, Kind::StatefulSet, target.name().as_str()).await?;
    Ok(set.as_ref().map_or_else(Pods::default, Pods::of))
}

/// The id of the vault that the seal key has opened, as the seal Secret remembers it; `None` if it has opened none.
pub async fn sealed_vault_id(context: &Context, target: &Target<'_>) -> Result<Option<String>, ApplyError> {
    let objects = Objects::new(context.client.clone(), target.namespace().as_str());
    let secret = get(&objects, Kind::Secret, &format!("{}-seal", target.name())).await?;
    let encoded = secret
        .as_ref()
        .and_then(|secret| data_field(secret, VAULT_ID_KEY));
    let decoded = encoded.map(|encoded| STANDARD.decode(encoded).unwrap_or_default());
    let text = decoded.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ok(text.filter(|id| !id.is_empty()))
}

/// Remembers in the seal Secret which vault the key has opened: from then on the vault refuses to start with an empty
/// store beside it.
pub async fn remember_vault_id(
    context: &Context,
    target: &Target<'_>,
    vault_id: Uuid,
) -> Result<(), ApplyError> {
    let objects = Objects::new(context.client.clone(), target.namespace().as_str());
    let name = format!("{}-seal", target.name());
    let encoded = STANDARD.encode(vault_id.to_string());
    let known = get(&objects, Kind::Secret, &name).await?;
    if known.is_none_or(|secret| data_field(&secret, VAULT_ID_KEY) == Some(encoded.as_str())) {
        return Ok(());
    }
    let patch = json!({"data": {VAULT_ID_KEY: encoded}});
    objects
        .merge(Kind::Secret, &name, &patch)
        .await
        .map(drop)
        .map_err(|source| api(Kind::Secret, &name, source))
}

/// The vault's serving certificate, renewed if due.
fn certificate(
    context: &Context,
    target: &Target<'_>,
    existing: Option<&DynamicObject>,
) -> Result<Serving, ApplyError> {
    let authorities = context.authorities.read();
    let leaf = Leaf::Server {
        names: target.hosts(&context.settings),
    };
    let now = OffsetDateTime::now_utc();
    let text = |key: &str| {
        let bytes = STANDARD.decode(data_field(existing?, key)?).ok()?;
        String::from_utf8(bytes).ok()
    };
    let current = text("tls.crt").zip(text("tls.key"));
    let (certificate, key) = match current {
        Some(current) if !needs_renewal(&current.0, &authorities.serving.current, &leaf, now) => current,
        Some(_) | None => authorities.serving.current.issue(&leaf, now)?,
    };
    Ok(Serving { certificate, key })
}

/// The volume and the seal key. What of them is to be made or adopted waits until `may_create`. Returns how large the volume
/// is, where there is one already.
async fn apply_retained(
    objects: &Objects,
    target: &Target<'_>,
    may_create: bool,
) -> Result<Option<String>, ApplyError> {
    let (volume, seal) = (volume_claim(target), new_seal(target)?);
    let found_volume = get(objects, volume.kind, &volume.name).await?;
    let found_seal = get(objects, seal.kind, &seal.name).await?;
    match plan_retained(target, found_volume.as_ref(), found_seal.as_ref())? {
        Retained::Create | Retained::CreateVolume | Retained::Adopt if !may_create => {}
        Retained::Create => {
            create(objects, &seal).await?;
            create(objects, &volume).await?;
        }
        Retained::CreateVolume => create(objects, &volume).await?,
        Retained::Keep | Retained::Adopt => {
            if found_volume.is_none() {
                create(objects, &volume).await?;
            }
            let found = found_volume.as_ref();
            let request = found.and_then(|found| volume::larger_request(&volume, found));
            keep(objects, target, [&volume, &seal], request).await?;
        }
    }
    Ok(found_volume.as_ref().and_then(volume::capacity))
}

/// Brings labels and owners up to date, and lets the volume's claim ask for more by `request`; the key itself is never
/// written again.
async fn keep(
    objects: &Objects,
    target: &Target<'_>,
    retained: [&Desired; 2],
    request: Option<serde_json::Value>,
) -> Result<(), ApplyError> {
    for object in retained {
        let owners = subtree(&object.object, "/metadata/ownerReferences");
        let mut patch = json!({"metadata": {
            "labels": {key::VAULT: target.name().as_str(), key::VAULT_UID: target.uid},
            "ownerReferences": owners,
        }});
        if object.kind == Kind::PersistentVolumeClaim
            && let (Some(fields), Some(request)) = (patch.as_object_mut(), &request)
        {
            fields.insert("spec".to_owned(), request.clone());
        }
        objects
            .merge(object.kind, &object.name, &patch)
            .await
            .map_err(|source| api(object.kind, &object.name, source))?;
    }
    Ok(())
}

async fn create(objects: &Objects, object: &Desired) -> Result<(), ApplyError> {
    objects
        .create(object.kind, &object.object)
        .await
        .map(drop)
        .map_err(|source| api(object.kind, &object.name, source))
}

fn new_seal(target: &Target<'_>) -> Result<Desired, ApplyError> {
    let mut key = zeroize::Zeroizing::new([0_u8; 32]);
    rand::fill(&mut *key).map_err(|_| ApplyError::Random)?;
    Ok(seal_secret(
        target,
        &Uuid::new_v4().to_string(),
        &STANDARD.encode(*key),
    ))
}

async fn get(objects: &Objects, kind: Kind, name: &str) -> Result<Option<DynamicObject>, ApplyError> {
    objects
        .get(kind, name)
        .await
        .map_err(|source| api(kind, name, source))
}

fn api(kind: Kind, name: &str, source: ApiError) -> ApplyError {
    ApplyError::Api {
        kind,
        name: name.to_owned(),
        source,
    }
}

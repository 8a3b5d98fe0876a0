//! What the vault of a SecretRef is asked, and what it answers.

use std::iter;

use kube::runtime::reflector::ObjectRef;
use strongroom_client::admin::AdminClient;
use strongroom_core::{
    AccountName, NamedObject, NamespaceName, ObjectKind, ObjectName, ObjectState, Permission, ResourceName,
    SecretRefName, Uid, VaultRef, Version, allows,
};
use strongroom_crds::{
    SecretRef, Vault,
    condition::AUTHORIZED,
    secret_ref::{FileSource, VolumeCounts},
};
use strongroom_wire::admin::{RefVolumes, Resolve};
use tokio::time::timeout;

use super::{
    announce::{ANSWER, count_volumes, named_vault},
    report::Finding,
};
use crate::{
    conditions::{STARTING, find, ready},
    context::Context,
    fleet::Member,
    policy,
    target::Target,
};

/// What a SecretRef asks, parsed: each file that shows an object.
struct Question {
    name: SecretRefName,
    account: ResourceName,
    files: Vec<AskedFile>,
}

/// A file and the objects that it is made of: one, or a certificate and the password of its store.
struct AskedFile {
    path: String,
    object: NamedObject,
    password: Option<NamedObject>,
}

/// A question to a vault that may answer it.
pub(super) struct Inquiry {
    question: Question,
    /// The UID of the account.
    account: Uid,
    vault: VaultRef,
    /// Whether the vault was starting when it was last reported on.
    starts: bool,
    client: AdminClient,
}

impl Question {
    /// All objects, in the order of the files.
    fn objects(&self) -> impl Iterator<Item = &NamedObject> {
        self.files.iter().flat_map(AskedFile::objects)
    }
}

impl AskedFile {
    fn objects(&self) -> impl Iterator<Item = &NamedObject> {
        iter::once(&self.object).chain(&self.password)
    }

    /// What the file would meet, given what its objects would, which are the next of `answered`: of two the one that keeps it from
    /// being mounted, and a refusal before all.
    fn state(&self, answered: &mut impl Iterator<Item = ObjectState>) -> ObjectState {
        let mut next = || answered.next().unwrap_or(ObjectState::NotFound);
        let object = next();
        match self.password.as_ref().map(|_| next()) {
            Some(password @ ObjectState::Forbidden) => password,
            Some(password) if object.version().is_some() && password.version().is_none() => password,
            Some(_) | None => object,
        }
    }
}

fn parse(secret_ref: &SecretRef) -> Result<Question, String> {
    let text = |error: &dyn std::fmt::Display| error.to_string();
    let metadata = &secret_ref.metadata;
    let mut files = Vec::new();
    for file in &secret_ref.spec.files {
        let (object, password) = match file.source().map_err(|error| text(&error))? {
            // A certificate is read from the secret of its name.
            FileSource::Secret { name, version, .. } | FileSource::Certificate { name, version, .. } => {
                (secret(name, version), None)
            }
            FileSource::Store {
                name,
                version,
                password,
                ..
            } => (
                secret(name, version),
                Some(secret(password.name, password.version)),
            ),
            FileSource::Key { name, version, .. } => {
                let kind = ObjectKind::Keys;
                (NamedObject { kind, name, version }, None)
            }
            FileSource::TrustBundle(_) => continue,
        };
        files.push(AskedFile {
            path: file.path.clone(),
            object,
            password,
        });
    }
    let namespace: Result<NamespaceName, _> = metadata.namespace.as_deref().unwrap_or_default().parse();
    let name: Result<ResourceName, _> = metadata.name.as_deref().unwrap_or_default().parse();
    let account: Result<ResourceName, _> = secret_ref.spec.service_account_name.parse();
    Ok(Question {
        name: SecretRefName {
            namespace: namespace.map_err(|error| text(&error))?,
            name: name.map_err(|error| text(&error))?,
        },
        account: account.map_err(|error| text(&error))?,
        files,
    })
}

const fn secret(name: ObjectName, version: Option<Version>) -> NamedObject {
    NamedObject {
        kind: ObjectKind::Secrets,
        name,
        version,
    }
}

/// The question to the vault, or what is found without it. The vault decides; what is decided here first only keeps a
/// SecretRef from learning whether a vault exists that its account has nothing to do with.
pub(super) fn inquire(context: &Context, secret_ref: &SecretRef) -> Result<Inquiry, Finding> {
    let question = parse(secret_ref).map_err(Finding::Unreadable)?;
    if question.files.is_empty() {
        // The trust bundle alone, which everyone may read.
        return Err(Finding::Resolved(Vec::new()));
    }
    let account = context
        .stores
        .account(&question.name.namespace, &question.account)
        .ok_or(Finding::AccountNotFound)?;
    let named = named_vault(secret_ref);
    let found = named.and_then(|vault| context.stores.vault(&vault).map(|object| (vault, object)));
    let Some((vault, object)) = found else {
        let namespace = secret_ref.metadata.namespace.as_deref();
        let is_local = namespace == Some(secret_ref.spec.vault_ref.namespace.as_str());
        return Err(if is_local {
            Finding::VaultNotFound
        } else {
            Finding::NotPermitted
        });
    };
    let target = Target::address(&object).map_err(|_| Finding::NotPermitted)?;
    let member = context.fleet.member(target.uid);
    let may_read = may_read_something(&member, secret_ref, &account, &question)
        || will_read_everything(context, &member, &object, &account, &question);
    if !may_read {
        return Err(Finding::NotPermitted);
    }
    context.followers.lock().expect_volumes(&question.name, &vault);
    if object.spec.is_paused() {
        return Err(Finding::VaultNotReady("it is paused"));
    }
    Ok(Inquiry {
        client: member.client(&target, &context.credentials),
        starts: starts(&object),
        question,
        account,
        vault,
    })
}

fn starts(vault: &Vault) -> bool {
    let conditions = vault.status.as_ref().map(|status| status.conditions.as_slice());
    ready(conditions.unwrap_or_default()).is_some_and(|ready| ready.reason == STARTING)
}

/// Whether the vault's policies let the account read all of this once the vault has confirmed them. Their owner has then
/// meant the account to know of the vault.
fn will_read_everything(
    context: &Context,
    member: &Member,
    vault: &Vault,
    uid: &Uid,
    question: &Question,
) -> bool {
    if member.policy.in_force().is_some() {
        return false;
    }
    let account = AccountName {
        namespace: question.name.namespace.clone(),
        name: question.account.clone(),
    };
    policy::will_allow(
        &context.stores,
        &ObjectRef::from_obj(vault),
        (&account, uid),
        question.objects().map(read),
    )
}

/// Whether policy lets the account read one of the objects, as far as it is known here.
fn may_read_something(member: &Member, secret_ref: &SecretRef, account: &Uid, question: &Question) -> bool {
    let Some(in_force) = member.policy.in_force() else {
        return was_authorized(secret_ref);
    };
    let allowed = |object: &NamedObject| {
        let (permission, name) = read(object);
        allows(&in_force.policies, account, permission, name)
    };
    question.objects().any(allowed)
}

/// What a read of `object` needs, and of which name.
const fn read(object: &NamedObject) -> (Permission, &ObjectName) {
    (Permission::to_get(object.kind), &object.name)
}

/// Whether the leader before found that this spec's account may read here. What a new leader does not know yet is no
/// reason to take that back, and lets the account learn nothing new.
fn was_authorized(secret_ref: &SecretRef) -> bool {
    secret_ref.status.as_ref().is_some_and(|status| {
        let authorized = find(&status.conditions, AUTHORIZED);
        status.observed_generation == secret_ref.metadata.generation
            && authorized.is_some_and(|authorized| authorized.status == "True")
    })
}

/// Asks the vault what the account would meet, and how many volumes show the SecretRef.
pub(super) async fn ask(context: &Context, inquiry: Inquiry) -> (Finding, Option<VolumeCounts>) {
    let Inquiry {
        question,
        account,
        vault,
        starts,
        client,
    } = inquiry;
    let resolve = Resolve {
        subject: account,
        objects: question.objects().cloned().collect(),
    };
    let (resolved, ()) = tokio::join!(
        timeout(ANSWER, client.resolve(&resolve)),
        count_volumes(context, &vault, &client)
    );
    let volumes = context.followers.lock().volumes(&vault, &question.name);
    let finding = match resolved {
        Ok(Ok(resolved)) => {
            let mut states = resolved.objects.into_iter();
            let files = question.files.into_iter();
            let files = files.map(|file| (file.state(&mut states), file.path));
            Finding::Resolved(files.map(|(state, path)| (path, state)).collect())
        }
        Ok(Err(_)) | Err(_) if starts => Finding::VaultStarting,
        Ok(Err(error)) => Finding::VaultNotReady(error.outline()),
        Err(_) => Finding::VaultNotReady("it does not answer in time"),
    };
    (finding, volumes.map(|volumes| counts(&volumes)))
}

fn counts(volumes: &RefVolumes) -> VolumeCounts {
    let count = |n: u32| i32::try_from(n).unwrap_or(i32::MAX);
    VolumeCounts {
        total: count(volumes.total),
        current: count(volumes.current),
        outdated: count(volumes.outdated),
        failing: count(volumes.failing),
    }
}

#[cfg(test)]
mod tests {
    use strongroom_core::ObjectState::{Available, Deleted, Disabled, Forbidden, NotFound};

    use super::*;

    fn version(number: u8) -> Version {
        Version::from_bytes([number; 16])
    }

    fn asked(with_password: bool) -> AskedFile {
        let named = |name: &str| secret(name.parse().unwrap(), None);
        AskedFile {
            path: "key.jks".to_owned(),
            object: named("shop-tls"),
            password: with_password.then(|| named("store-password")),
        }
    }

    #[test]
    fn a_store_meets_what_keeps_either_of_its_objects_from_being_read() {
        let (tls, password) = (Available(version(1)), Available(version(2)));
        for (answers, state) in [
            ([tls, password], tls),
            ([tls, Disabled], Disabled),
            ([tls, Forbidden], Forbidden),
            ([Deleted, password], Deleted),
            ([Forbidden, NotFound], Forbidden),
            ([NotFound, Forbidden], Forbidden),
            ([Deleted, NotFound], Deleted),
        ] {
            let mut answered = answers.into_iter();
            assert_eq!(asked(true).state(&mut answered), state, "{answers:?}");
            assert_eq!(answered.next(), None, "both answers are its own");
        }
    }

    #[test]
    fn each_file_takes_the_answers_about_its_own_objects_and_what_is_not_answered_is_not_there() {
        let mut answered = [Available(version(1)), Available(version(2)), Disabled].into_iter();
        assert_eq!(asked(false).state(&mut answered), Available(version(1)));
        assert_eq!(asked(true).state(&mut answered), Disabled);
        assert_eq!(asked(true).state(&mut answered), NotFound);
    }
}

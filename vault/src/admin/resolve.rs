//! What a service account would be answered: policy first, then the object.

use strongroom_core::{NamedObject, ObjectKind, ObjectState, Permission, Timestamp};
use strongroom_engine::Objects;
use strongroom_wire::admin::{Resolve, Resolved};

use super::{Admin, refusal::Failure};

/// Objects of one call: those of four SecretRef objects.
const MAX_OBJECTS: usize = 256;

/// Answers `asked`, one state per object.
pub(super) fn resolve(admin: &Admin, asked: &Resolve) -> Result<Resolved, Failure> {
    if asked.objects.len() > MAX_OBJECTS {
        return Err(Failure::TooManyObjects(MAX_OBJECTS));
    }
    let policy = admin.service.policy.in_force()?;
    let now = admin.service.clock.time().into();
    let state = |object: &NamedObject| {
        let permission = get(object.kind);
        if policy
            .decide(&asked.subject, permission, &object.name)
            .is_allowed()
        {
            look_up(&admin.service.objects, object, now)
        } else {
            Ok(ObjectState::Forbidden)
        }
    };
    Ok(Resolved {
        objects: asked.objects.iter().map(state).collect::<Result<_, _>>()?,
    })
}

const fn get(kind: ObjectKind) -> Permission {
    match kind {
        ObjectKind::Secrets => Permission::SecretGet,
        ObjectKind::Keys => Permission::KeyGet,
        ObjectKind::Certificates => Permission::CertificateGet,
    }
}

fn look_up(vault: &Objects, object: &NamedObject, now: Timestamp) -> Result<ObjectState, Failure> {
    match object.kind {
        ObjectKind::Secrets => vault
            .resolve(&object.name, object.version.as_ref(), now)
            .map_err(|_| Failure::Store),
        // This release keeps secrets only.
        ObjectKind::Keys | ObjectKind::Certificates => Ok(ObjectState::NotFound),
    }
}

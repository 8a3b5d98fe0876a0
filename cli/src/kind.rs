//! Kinds of objects, by what the command line says of them and asks policy about them.

use std::collections::BTreeMap;

use strongroom_client::vault::{Attributes, Certificates, Keys, ObjectId, Secrets};
use strongroom_core::Permission;

use crate::arguments::ListedKind;

/// The permissions that the life cycle of one kind needs.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the names of the fields say what they are for")]
pub(crate) struct LifePermissions {
    pub(crate) list: Permission,
    pub(crate) delete: Permission,
    pub(crate) recover: Permission,
    pub(crate) purge: Permission,
    pub(crate) backup: Permission,
    pub(crate) restore: Permission,
}

/// A kind of object that has commands.
pub(crate) trait CommandKind: ListedKind {
    /// What its life cycle needs.
    const PERMISSIONS: LifePermissions;
    /// What a document about an object calls it.
    const NAME: &'static str;
    /// Whether a version says what it is.
    const HAS_CONTENT_TYPE: bool = false;

    /// What a version says it is.
    fn content_type(_item: &Self::Item) -> Option<&str> {
        None
    }

    /// The labels of an item of a list.
    fn item_tags(item: &Self::Item) -> &BTreeMap<String, String>;

    /// The id of an item of a list.
    fn item_id(item: &Self::Item) -> &ObjectId<Self>;

    /// The state of an item of a list.
    fn item_attributes(item: &Self::Item) -> &Attributes;

    /// The id of an object by itself.
    fn object_id(object: &Self::Object) -> &ObjectId<Self>;
}

impl CommandKind for Secrets {
    const PERMISSIONS: LifePermissions = LifePermissions {
        list: Permission::SecretList,
        delete: Permission::SecretDelete,
        recover: Permission::SecretRecover,
        purge: Permission::SecretPurge,
        backup: Permission::SecretBackup,
        restore: Permission::SecretRestore,
    };
    const NAME: &'static str = "Secret";
    const HAS_CONTENT_TYPE: bool = true;

    fn content_type(item: &Self::Item) -> Option<&str> {
        item.content_type.as_deref()
    }

    fn item_tags(item: &Self::Item) -> &BTreeMap<String, String> {
        &item.tags
    }

    fn item_id(item: &Self::Item) -> &ObjectId<Self> {
        &item.id
    }

    fn item_attributes(item: &Self::Item) -> &Attributes {
        &item.attributes
    }

    fn object_id(object: &Self::Object) -> &ObjectId<Self> {
        &object.id
    }
}

impl CommandKind for Keys {
    const PERMISSIONS: LifePermissions = LifePermissions {
        list: Permission::KeyList,
        delete: Permission::KeyDelete,
        recover: Permission::KeyRecover,
        purge: Permission::KeyPurge,
        backup: Permission::KeyBackup,
        restore: Permission::KeyRestore,
    };
    const NAME: &'static str = "Key";

    fn item_tags(item: &Self::Item) -> &BTreeMap<String, String> {
        &item.tags
    }

    fn item_id(item: &Self::Item) -> &ObjectId<Self> {
        &item.kid
    }

    fn item_attributes(item: &Self::Item) -> &Attributes {
        &item.attributes.common
    }

    fn object_id(object: &Self::Object) -> &ObjectId<Self> {
        &object.key.kid
    }
}

impl CommandKind for Certificates {
    const PERMISSIONS: LifePermissions = LifePermissions {
        list: Permission::CertificateList,
        delete: Permission::CertificateDelete,
        recover: Permission::CertificateRecover,
        purge: Permission::CertificatePurge,
        backup: Permission::CertificateBackup,
        restore: Permission::CertificateRestore,
    };
    const NAME: &'static str = "Certificate";

    fn item_tags(item: &Self::Item) -> &BTreeMap<String, String> {
        &item.tags
    }

    fn item_id(item: &Self::Item) -> &ObjectId<Self> {
        &item.id
    }

    fn item_attributes(item: &Self::Item) -> &Attributes {
        &item.attributes
    }

    fn object_id(object: &Self::Object) -> &ObjectId<Self> {
        &object.id
    }
}

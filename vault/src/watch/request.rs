//! What clients ask, parsed once at the edge.

use std::{
    collections::{BTreeSet, HashSet},
    fmt,
};

use strongroom_core::{
    NamedObject, NamespaceName, ObjectKind, ObjectPath, ResourceName, SecretRefName, name::NameError,
};
use strongroom_wire::watch as wire;

/// The longest id of a subscription, in bytes.
const MAX_ID: usize = 128;

/// What is wrong with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Invalid {
    #[error("a subscription's id is 1 to 128 bytes")]
    Id,
    #[error("a subscription has at least one object")]
    NoObjects,
    #[error("a subscription names no object twice")]
    Twice,
    #[error("the name of an object is malformed: {0}")]
    Name(#[source] NameError),
    #[error("the version of an object is malformed: {0}")]
    Version(#[source] NameError),
    #[error("the SecretRef's name is malformed")]
    Ref,
    #[error("the SecretRef is not in the namespace of the token's service account")]
    ForeignRef,
}

/// The id of a subscription: the client's own, unique on its stream.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SubscriptionId(String);

impl SubscriptionId {
    pub(super) fn parse(text: String) -> Result<Self, Invalid> {
        if (1..=MAX_ID).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(Invalid::Id)
        }
    }
}

impl fmt::Display for SubscriptionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The objects of a subscription, at least one and none twice, in the order they were named, secrets first. One name may
/// come with several versions, and of both kinds.
pub(super) fn objects(
    secrets: &[wire::ObjectName],
    keys: &[wire::ObjectName],
) -> Result<Vec<NamedObject>, Invalid> {
    if secrets.is_empty() && keys.is_empty() {
        return Err(Invalid::NoObjects);
    }
    let secrets = secrets.iter().map(|object| named(ObjectKind::Secrets, object));
    let keys = keys.iter().map(|object| named(ObjectKind::Keys, object));
    let objects: Vec<_> = secrets.chain(keys).collect::<Result<_, _>>()?;
    let different: HashSet<_> = objects.iter().collect();
    if different.len() < objects.len() {
        return Err(Invalid::Twice);
    }
    Ok(objects)
}

fn named(kind: ObjectKind, object: &wire::ObjectName) -> Result<NamedObject, Invalid> {
    let version = match object.version.as_str() {
        "" => None,
        version => Some(version.parse().map_err(Invalid::Version)?),
    };
    Ok(NamedObject {
        kind,
        name: object.name.parse().map_err(Invalid::Name)?,
        version,
    })
}

/// The objects that a Fetch asks for.
pub(super) fn fetched(asked: &wire::Fetch) -> Result<BTreeSet<ObjectPath>, Invalid> {
    let secrets = asked.names.iter().map(|name| path(ObjectKind::Secrets, name));
    let keys = asked.keys.iter().map(|name| path(ObjectKind::Keys, name));
    secrets.chain(keys).collect()
}

fn path(kind: ObjectKind, name: &str) -> Result<ObjectPath, Invalid> {
    Ok(ObjectPath {
        kind,
        name: name.parse().map_err(Invalid::Name)?,
    })
}

/// The SecretRef that a subscription claims. It decides only for which SecretRef the volume counts; so that no account
/// counts for another's, it must lie in `namespace`, the one of the token's account.
pub(super) fn secret_ref(
    claimed: Option<wire::RefName>,
    namespace: Option<&NamespaceName>,
) -> Result<Option<SecretRefName>, Invalid> {
    let Some(claimed) = claimed else { return Ok(None) };
    let parsed: NamespaceName = claimed.namespace.parse().map_err(|_| Invalid::Ref)?;
    let name: ResourceName = claimed.name.parse().map_err(|_| Invalid::Ref)?;
    if Some(&parsed) == namespace {
        Ok(Some(SecretRefName {
            namespace: parsed,
            name,
        }))
    } else {
        Err(Invalid::ForeignRef)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str, version: &str) -> wire::ObjectName {
        wire::ObjectName {
            name: name.to_owned(),
            version: version.to_owned(),
        }
    }

    #[test]
    fn an_id_is_1_to_128_bytes() {
        assert!(SubscriptionId::parse("x".repeat(128)).is_ok());
        assert_eq!(SubscriptionId::parse(String::new()), Err(Invalid::Id));
        assert_eq!(SubscriptionId::parse("x".repeat(129)), Err(Invalid::Id));
    }

    #[test]
    fn objects_are_canonical_and_well_formed_or_refused() {
        let version = "0123456789abcdef0123456789abcdef";
        let objects = |secrets: &[wire::ObjectName]| super::objects(secrets, &[]);
        let parsed = objects(&[object("DB", ""), object("db", version)]).unwrap();
        assert_eq!(
            parsed[0],
            NamedObject {
                kind: ObjectKind::Secrets,
                name: "db".parse().unwrap(),
                version: None
            }
        );
        assert_eq!(parsed[1].version.unwrap().to_string(), version);
        assert_eq!(objects(&[]), Err(Invalid::NoObjects));
        for twice in [
            [object("db", ""), object("DB", "")],
            [object("db", version), object("db", version)],
        ] {
            assert_eq!(objects(&twice), Err(Invalid::Twice));
        }
        assert!(matches!(objects(&[object("../x", "")]), Err(Invalid::Name(_))));
        assert!(matches!(objects(&[object("x", "1")]), Err(Invalid::Version(_))));
        for (names, keys) in [(vec!["a", "%2f"], vec![]), (vec!["a"], vec!["%2f"])] {
            let owned = |names: Vec<&str>| names.into_iter().map(str::to_owned).collect();
            let asked = wire::Fetch {
                id: "v".to_owned(),
                names: owned(names),
                keys: owned(keys),
            };
            assert!(matches!(fetched(&asked), Err(Invalid::Name(_))));
        }
    }

    #[test]
    fn a_secret_and_a_key_may_have_one_name_and_each_comes_once() {
        let both = objects(&[object("db", "")], &[object("DB", "")]).unwrap();
        let kinds: Vec<_> = both.iter().map(|object| object.kind).collect();
        assert_eq!(kinds, [ObjectKind::Secrets, ObjectKind::Keys]);
        assert_eq!(both[0].name, both[1].name);
        let twice = objects(&[], &[object("db", ""), object("DB", "")]);
        assert_eq!(twice, Err(Invalid::Twice));
        assert!(matches!(
            objects(&[], &[object("../x", "")]),
            Err(Invalid::Name(_))
        ));
        let asked = wire::Fetch {
            id: "v".to_owned(),
            names: vec!["db".to_owned()],
            keys: vec!["db".to_owned(), "DB".to_owned()],
        };
        assert_eq!(fetched(&asked).unwrap().len(), 2);
    }

    #[test]
    fn a_secret_ref_of_another_namespace_is_refused() {
        let namespace: NamespaceName = "shop".parse().unwrap();
        let namespace = Some(&namespace);
        let claim = |namespace: &str, name: &str| {
            Some(wire::RefName {
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            })
        };
        assert!(secret_ref(claim("shop", "db"), namespace).unwrap().is_some());
        assert_eq!(secret_ref(None, namespace), Ok(None));
        assert_eq!(
            secret_ref(claim("bank", "db"), namespace),
            Err(Invalid::ForeignRef)
        );
        assert_eq!(secret_ref(claim("shop", "../db"), namespace), Err(Invalid::Ref));
        assert_eq!(secret_ref(claim("", ""), namespace), Err(Invalid::Ref));
    }
}

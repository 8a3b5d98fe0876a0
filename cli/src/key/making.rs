//! What `key create` asks for.

use strongroom_client::vault::{KeyChange, NewKey};
use strongroom_keys::{KeyKind, KeyOperation, KeySpec, RequestedKey};

use crate::arguments::NewKeyArguments;
use crate::failure::KeyFailure;

/// The key that `arguments` describe. A flag that means nothing for its type is refused: the vault would pass over it.
pub(super) fn new_key(arguments: &NewKeyArguments) -> Result<NewKey, KeyFailure> {
    let NewKeyArguments {
        kind,
        size,
        curve,
        parameter_set,
        ops,
        about,
    } = arguments;
    let has_size = matches!(kind, KeyKind::Rsa | KeyKind::Oct);
    for (is_foreign, flag, of) in [
        (size.is_some() && !has_size, "size", "RSA and oct keys"),
        (curve.is_some() && *kind != KeyKind::Ec, "curve", "EC keys"),
        (
            parameter_set.is_some() && *kind != KeyKind::Akp,
            "parameter-set",
            "AKP keys",
        ),
    ] {
        if is_foreign {
            return Err(KeyFailure::Foreign { flag, of });
        }
    }
    if *kind == KeyKind::Akp && parameter_set.is_none() {
        return Err(KeyFailure::NoParameterSet);
    }
    let requested = RequestedKey {
        key_size: size.map(|bits| bits as usize),
        public_exponent: None,
        curve: *curve,
        parameter_set: *parameter_set,
    };
    KeySpec::requested(*kind, &requested).map_err(KeyFailure::BadKey)?;
    Ok(NewKey {
        kty: kind.name().to_owned(),
        key_size: *size,
        curve: curve.map(|curve| curve.name().to_owned()),
        parameter_set: parameter_set.map(|set| set.name().to_owned()),
        about: KeyChange {
            key_ops: ops.as_deref().map(names),
            attributes: about.of_new(),
            tags: about.tags(),
        },
    })
}

/// Operations by their names on the wire.
pub(super) fn names(operations: &[KeyOperation]) -> Vec<String> {
    operations
        .iter()
        .map(|operation| operation.name().to_owned())
        .collect()
}

//! The certificates of the secret tls: one for each of its versions, with a key of its own.

use std::{
    collections::BTreeMap,
    sync::{LazyLock, Mutex},
};

use strongroom_core::Version;
use strongroom_csi::volume::{Content, Value};
use strongroom_testing::{Authority, authority::Signed};

static AUTHORITY: LazyLock<Authority> = LazyLock::new(|| Authority::new("house"));
static ISSUED: Mutex<BTreeMap<Version, Signed>> = Mutex::new(BTreeMap::new());

/// The certificate of a version, with that of its authority: the same whenever it is asked for.
pub fn of(version: Version) -> Signed {
    let mut issued = ISSUED.lock().unwrap();
    let signed = issued
        .entry(version)
        .or_insert_with(|| AUTHORITY.issue(&["shop"], &[], &[]).through(&[&AUTHORITY]));
    signed.clone()
}

/// What the secret holds in a version: key and chain as PEM, and after them the number, as in every other secret here.
pub fn value(version: Version) -> Value {
    let number = u128::from_be_bytes(*version.as_bytes());
    let Signed { certificate, key } = of(version);
    let text = format!("{key}{certificate} {number}");
    Value::Secret(Content::from(text.into_bytes()).into())
}

//! Where a page ends, sealed: it may be a text of a policy, which the caller need not know.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    crypt::{
        cipher::{self, Form},
        keyring::Keyring,
    },
    object::{error::BadParameter, request::Marker},
};

/// Every position is padded to this, so that a marker's length tells nothing: the longest name with a zero behind it, and
/// its length.
const PADDED: usize = 144;

/// The marker of `position` in the list `list`. The same position gives the same marker.
pub(super) fn seal(keyring: &Keyring, list: &[u8], position: &[u8]) -> Option<Marker> {
    let mut padded = Vec::with_capacity(PADDED);
    padded.push(u8::try_from(position.len()).ok()?);
    padded.extend_from_slice(position);
    padded.resize(PADDED.max(padded.len()), 0);
    let sealed = cipher::seal_deterministic(Form::Numbered, keyring.marker(), list, &padded).ok()?;
    Some(Marker(URL_SAFE_NO_PAD.encode(sealed)))
}

/// The position in a marker of the list `list`.
pub(super) fn open(keyring: &Keyring, list: &[u8], marker: &Marker) -> Result<Vec<u8>, BadParameter> {
    let sealed = URL_SAFE_NO_PAD
        .decode(marker.as_str())
        .map_err(|_| BadParameter::SkipToken)?;
    let padded =
        cipher::open(Form::Numbered, keyring.marker(), list, &sealed).map_err(|_| BadParameter::SkipToken)?;
    let (length, rest) = padded.split_first().ok_or(BadParameter::SkipToken)?;
    rest.get(..usize::from(*length))
        .map(<[u8]>::to_vec)
        .ok_or(BadParameter::SkipToken)
}

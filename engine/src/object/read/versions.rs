//! The versions of one object, by version id.

use strongroom_core::{ObjectName, Version};

use super::marker;
use crate::{
    format::{id::Located, key},
    object::{
        answer::ItemPage,
        error::{BadParameter, ObjectError},
        kind::Kind,
        request::PageRequest,
        view::{HeadOf, KindView, current_place},
    },
};

/// A page of the versions of `name`. An object that does not exist, or is deleted, has none: Azure answers an empty page.
pub(super) fn list<K: Kind>(
    view: KindView<'_, K>,
    name: &ObjectName,
    page: &PageRequest,
) -> Result<ItemPage<K>, ObjectError> {
    let size = page.size(&view.view.rules.limits)?;
    let keyring = view.view.keyring;
    let Some(head) = view.live(name)? else {
        return Ok(ItemPage {
            items: Vec::new(),
            next: None,
        });
    };
    let scope = format!("versions {} {name}", K::KIND.as_str()).into_bytes();
    let after = page
        .marker
        .as_ref()
        .map(|text| marker::open(keyring, &scope, text))
        .transpose()?;
    let after = after.map(|bytes| version(&bytes)).transpose()?;
    let (located, more) = stretch(view, name, &head, after, size)?;
    let next = located.last().filter(|_| more);
    let next = next.and_then(|last| marker::seal(keyring, &scope, last.version.as_bytes()));
    let items = located.into_iter().map(|place| {
        let (_, fields) = view.open_version(name, &head, place)?;
        Ok(view.bundle(&head, place.version, fields, None))
    });
    Ok(ItemPage {
        items: items.collect::<Result<_, ObjectError>>()?,
        next,
    })
}

/// Up to `size` versions behind `after`, and whether more follow. The current one is not in the index.
fn stretch<K: Kind>(
    view: KindView<'_, K>,
    name: &ObjectName,
    head: &HeadOf<K>,
    after: Option<Version>,
    size: usize,
) -> Result<(Vec<Located>, bool), ObjectError> {
    let from = after.map(|version| key::index(head.object, &version));
    let snapshot = view.view.snapshot;
    let found = snapshot.scan(&key::all_index(head.object), from.as_ref(), size)?;
    let mut located = Vec::with_capacity(size.saturating_add(1));
    for (key, entry) in &found.records {
        located.push(view.located(name, (key, entry))?);
    }
    let current = current_place(head);
    let is_complete = K::is_complete(&head.fields.current.own);
    if is_complete && after.is_none_or(|after| current.version > after) {
        located.push(current);
        located.sort_unstable();
    }
    let more = found.more || located.len() > size;
    located.truncate(size);
    Ok((located, more))
}

fn version(bytes: &[u8]) -> Result<Version, BadParameter> {
    bytes
        .try_into()
        .map(Version::from_bytes)
        .map_err(|_| BadParameter::SkipToken)
}

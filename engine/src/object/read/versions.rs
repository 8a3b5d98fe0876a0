//! The versions of one secret, by version id.

use strongroom_core::{ObjectName, Version};

use super::{list::page_size, marker};
use crate::{
    crypt::head::Head,
    format::{id::Sequence, key, record::Record, records::IndexEntry},
    object::{
        answer::ItemPage,
        error::{BadParameter, ObjectError, damaged},
        request::PageRequest,
        view::View,
    },
};

/// Where a version's record lies.
type Located = (Version, Sequence);

/// A page of the versions of `name`. A secret that does not exist, or is deleted, has none: Azure answers an empty page.
pub(super) fn list(view: View<'_>, name: &ObjectName, page: &PageRequest) -> Result<ItemPage, ObjectError> {
    let size = page_size(view, page)?;
    let Some(head) = view.live(name)? else {
        return Ok(ItemPage {
            items: Vec::new(),
            next: None,
        });
    };
    let scope = scope(name);
    let after = page
        .marker
        .as_ref()
        .map(|text| marker::open(view.keyring, &scope, text))
        .transpose()?;
    let after = after.map(|bytes| version(&bytes)).transpose()?;
    let (located, more) = stretch(view, name, &head, after, size)?;
    let next = located.last().filter(|_| more);
    let next = next.and_then(|(last, _)| marker::seal(view.keyring, &scope, last.as_bytes()));
    let items = located.into_iter().map(|(version, sequence)| {
        let (_, fields) = view.open_version(name, &head, (&version, sequence))?;
        Ok(view.bundle(name, &head, (version, fields), None))
    });
    Ok(ItemPage {
        items: items.collect::<Result<_, ObjectError>>()?,
        next,
    })
}

/// Up to `size` versions behind `after`, and whether more follow. The current one is not in the index.
fn stretch(
    view: View<'_>,
    name: &ObjectName,
    head: &Head,
    after: Option<Version>,
    size: usize,
) -> Result<(Vec<Located>, bool), ObjectError> {
    let from = after.map(|version| key::index(head.object, &version));
    let found = view
        .snapshot
        .scan(&key::all_index(head.object), from.as_ref(), size)?;
    let mut located = Vec::with_capacity(size.saturating_add(1));
    for (key, entry) in &found.records {
        let version = key::version_of_index(key).ok_or_else(|| damaged("the index", name))?;
        let IndexEntry(sequence) =
            IndexEntry::decode(view.vault(), entry).map_err(|_| damaged("the index", name))?;
        located.push((version, sequence));
    }
    let current = head.fields.version;
    if after.is_none_or(|after| current > after) {
        located.push((current, head.fields.sequence));
        located.sort_unstable();
    }
    let more = found.more || located.len() > size;
    located.truncate(size);
    Ok((located, more))
}

fn scope(name: &ObjectName) -> Vec<u8> {
    [b"versions ".as_slice(), name.as_str().as_bytes()].concat()
}

fn version(bytes: &[u8]) -> Result<Version, BadParameter> {
    bytes
        .try_into()
        .map(Version::from_bytes)
        .map_err(|_| BadParameter::SkipToken)
}

//! The lists of live and of deleted objects, by folded name.
//!
//! What a page holds, where it ends and whether another follows depends on the names that its caller may see, and on no
//! other: policy says which ranges of names these are, and the heads between the ranges are not looked at. So the number
//! and the place of hidden names show in nothing, and cost nothing.

use strongroom_core::{NameRange, ObjectName, Timestamp};

use super::marker;
use crate::{
    format::{codec::CodecError, key},
    object::{
        answer::{Bundle, ItemPage},
        error::{BadParameter, ObjectError, damaged_state},
        kind::Kind,
        request::PageRequest,
        view::{KindView, View, is_past},
    },
    store::{Key, Snapshot, Value},
};

/// How many heads are fetched at a time at most.
const STRETCH: usize = 64;

/// Which names a caller may see: the first range of them from a text on, none if there are no more.
pub type VisibleNames<'a> = &'a dyn Fn(&str) -> Option<NameRange>;

/// Every name is seen.
pub fn every_name(from: &str) -> Option<NameRange> {
    Some(NameRange::all_from(from))
}

/// No name is seen.
pub const fn no_name(_from: &str) -> Option<NameRange> {
    None
}

/// A page of the live objects.
pub(super) fn live<K: Kind>(
    view: KindView<'_, K>,
    page: &PageRequest,
    visible: VisibleNames<'_>,
) -> Result<ItemPage<K>, ObjectError> {
    let prefix = key::all_live(K::KIND);
    page_of(view.view, &prefix, page, visible, |name, record| {
        let head = view.open(name, record, true)?;
        let is_item = page.incomplete || K::is_complete(&head.fields.current.own);
        Ok(is_item.then(|| view.current(&head)))
    })
}

/// A page of the deleted objects.
pub(super) fn deleted<K: Kind>(
    view: KindView<'_, K>,
    page: &PageRequest,
    now: Timestamp,
    visible: VisibleNames<'_>,
) -> Result<ItemPage<K>, ObjectError> {
    let prefix = key::all_deleted(K::KIND);
    page_of(view.view, &prefix, page, visible, |name, record| {
        let head = view.open(name, record, false)?;
        let own = &head.fields.current.own;
        // What is part of a certificate is deleted and recovered with it.
        let is_item = (page.incomplete || K::is_complete(own)) && !K::is_managed(own);
        Ok((is_item && !is_past(&head, now)).then(|| view.current(&head)))
    })
}

/// Walks the heads that the caller may see until the page is full and another item is known to follow, the heads end, or
/// enough was looked at: ranges, and heads that are no items, all of which the caller may know.
fn page_of<K: Kind>(
    view: View<'_>,
    prefix: &Key,
    page: &PageRequest,
    visible: VisibleNames<'_>,
    item: impl Fn(&ObjectName, &Value) -> Result<Option<Bundle<K>>, ObjectError>,
) -> Result<ItemPage<K>, ObjectError> {
    let size = page.size(&view.rules.limits)?;
    let mut from = start(view, prefix, page)?;
    let mut items = Vec::new();
    let mut last = String::new();
    let mut budget = view.rules.limits.page_scan.max(1);
    let next = |from: &str| marker::seal(view.keyring, prefix.as_bytes(), from.as_bytes());
    while let Some(mut range) = visible(&from) {
        loop {
            if budget == 0 {
                let next = next(&range.from);
                return Ok(ItemPage { items, next });
            }
            budget -= 1;
            let wanted = (size + 1 - items.len()).min(STRETCH);
            let stretch = heads(view.snapshot, prefix, &range, wanted)?;
            for (name, record) in &stretch {
                range.from = NameRange::behind(name.as_str());
                let Some(bundle) = item(name, record)? else {
                    budget = budget.saturating_sub(1);
                    continue;
                };
                if items.len() >= size {
                    let next = next(&last);
                    return Ok(ItemPage { items, next });
                }
                items.push(bundle);
                last.clone_from(&range.from);
            }
            if stretch.len() < wanted {
                break;
            }
        }
        let Some(until) = range.until else { break };
        from = until;
    }
    Ok(ItemPage { items, next: None })
}

/// Up to `limit` heads below `prefix` whose names are in `range`; fewer only if there are no more.
fn heads(
    snapshot: &dyn Snapshot,
    prefix: &Key,
    range: &NameRange,
    limit: usize,
) -> Result<Vec<(ObjectName, Value)>, ObjectError> {
    let first = Key::new([prefix.as_bytes(), range.from.as_bytes()].concat());
    let mut found = Vec::new();
    if let Some(record) = snapshot.get(&first)? {
        found.push((name_of(&first)?, record));
    }
    if range.is_one_name() || found.len() >= limit {
        return Ok(found);
    }
    let stretch = snapshot.scan(prefix, Some(&first), limit - found.len())?;
    for (key, record) in stretch.records {
        let name = name_of(&key)?;
        if !range.reaches(name.as_str()) {
            break;
        }
        found.push((name, record));
    }
    Ok(found)
}

fn name_of(key: &Key) -> Result<ObjectName, ObjectError> {
    let found = key::object_of_head(key);
    let (_, name) = found.ok_or_else(|| damaged_state("a head's key", CodecError::Field))?;
    Ok(name)
}

/// The first text that may be a name of the page.
fn start(view: View<'_>, prefix: &Key, page: &PageRequest) -> Result<String, BadParameter> {
    let Some(text) = &page.marker else {
        return Ok(String::new());
    };
    let from = marker::open(view.keyring, prefix.as_bytes(), text)?;
    String::from_utf8(from).map_err(|_| BadParameter::SkipToken)
}

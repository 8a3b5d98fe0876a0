//! The lists of live and of deleted objects, by folded name.

use strongroom_core::{ObjectName, Timestamp};

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
    store::{Key, Value},
};

/// How many heads are fetched at a time.
const STRETCH: usize = 64;

/// A page of the live objects.
pub(super) fn live<K: Kind>(
    view: KindView<'_, K>,
    page: &PageRequest,
    visible: &dyn Fn(&ObjectName) -> bool,
) -> Result<ItemPage<K>, ObjectError> {
    let prefix = key::all_live(K::KIND);
    page_of(view.view, &prefix, page, |name, record| {
        if !visible(name) {
            return Ok(None);
        }
        let head = view.open(name, record, true)?;
        Ok(Some(view.current(&head)))
    })
}

/// A page of the deleted objects.
pub(super) fn deleted<K: Kind>(
    view: KindView<'_, K>,
    page: &PageRequest,
    now: Timestamp,
    visible: &dyn Fn(&ObjectName) -> bool,
) -> Result<ItemPage<K>, ObjectError> {
    let prefix = key::all_deleted(K::KIND);
    page_of(view.view, &prefix, page, |name, record| {
        if !visible(name) {
            return Ok(None);
        }
        let head = view.open(name, record, false)?;
        Ok((!is_past(&head, now)).then(|| view.current(&head)))
    })
}

/// How many items a page may have.
pub(super) fn page_size(view: View<'_>, page: &PageRequest) -> Result<usize, BadParameter> {
    let limits = &view.rules.limits;
    let size = page.max_results.unwrap_or(limits.page_items);
    let accepted = if (1..=limits.page_items).contains(&size) {
        usize::try_from(size).ok()
    } else {
        None
    };
    accepted.ok_or(BadParameter::max_results(limits))
}

/// Walks heads behind the marker until the page is full, the heads end, or enough were looked at.
fn page_of<K: Kind>(
    view: View<'_>,
    prefix: &Key,
    page: &PageRequest,
    item: impl Fn(&ObjectName, &Value) -> Result<Option<Bundle<K>>, ObjectError>,
) -> Result<ItemPage<K>, ObjectError> {
    let size = page_size(view, page)?;
    let mut after = start(view, prefix, page)?;
    let mut items = Vec::new();
    let mut budget = view.rules.limits.page_scan.max(1);
    loop {
        let stretch = view.snapshot.scan(prefix, after.as_ref(), STRETCH.min(budget))?;
        let mut left = stretch.records.len();
        for (key, record) in &stretch.records {
            let found = key::object_of_head(key);
            let (_, name) = found.ok_or_else(|| damaged_state("a head's key", CodecError::Field))?;
            items.extend(item(&name, record)?);
            left -= 1;
            budget = budget.saturating_sub(1);
            let more = left > 0 || stretch.more;
            if !more {
                return Ok(ItemPage { items, next: None });
            }
            if items.len() >= size || budget == 0 {
                let next = marker::seal(view.keyring, prefix.as_bytes(), name.as_str().as_bytes());
                return Ok(ItemPage { items, next });
            }
            after = Some(key.clone());
        }
        if stretch.records.is_empty() {
            return Ok(ItemPage { items, next: None });
        }
    }
}

/// The key behind which the page starts.
fn start(view: View<'_>, prefix: &Key, page: &PageRequest) -> Result<Option<Key>, BadParameter> {
    let Some(text) = &page.marker else { return Ok(None) };
    let name = marker::open(view.keyring, prefix.as_bytes(), text)?;
    Ok(Some(Key::new([prefix.as_bytes(), &name].concat())))
}

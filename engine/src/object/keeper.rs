//! What the vault does with the objects of a kind without knowing which kind it is.

use std::marker::PhantomData;

use strongroom_audit::Event;
use strongroom_core::{ObjectKind, ObjectName};

use super::{
    apply::lifecycle,
    error::{ObjectError, damaged},
    kind::Kind,
    tasks::Tasks,
    transaction::Transaction,
    view::{HeadOf, KindView, View, current_place},
};
use crate::{
    format::{
        id::Located,
        key,
        task::{Due, Task},
    },
    store::{Value, each},
};

/// What is the same to do for every kind, whichever it is: one handler per kind that the vault keeps.
pub trait Keeper: Send + Sync {
    /// The kind.
    fn kind(&self) -> ObjectKind;

    /// Whether the server carries out a task.
    fn is_the_servers(&self, task: Task) -> bool;

    /// Carries out a due task, and takes it off the schedule. Answers what is to be recorded of it.
    fn perform(&self, due: &Due, transaction: &mut Transaction<'_>) -> Result<Option<Event>, ObjectError>;

    /// Opens a head and every version that it leads to; answers how many.
    fn open_all(
        &self,
        view: View<'_>,
        name: &ObjectName,
        record: &Value,
        is_live: bool,
    ) -> Result<u64, ObjectError>;
}

/// The keeper of the objects of kind `K`.
#[derive(Debug)]
pub struct KeeperOf<K>(PhantomData<fn() -> K>);

impl<K> KeeperOf<K> {
    /// The keeper.
    pub const NEW: Self = Self(PhantomData);
}

impl<K: Tasks> Keeper for KeeperOf<K> {
    fn kind(&self) -> ObjectKind {
        K::KIND
    }

    fn is_the_servers(&self, task: Task) -> bool {
        match task {
            Task::Purge => false,
            Task::Own(number) => K::is_the_servers(number),
        }
    }

    fn perform(&self, due: &Due, transaction: &mut Transaction<'_>) -> Result<Option<Event>, ObjectError> {
        transaction.remove_due(due);
        match due.task {
            Task::Purge => {
                let is_purged = lifecycle::expire::<K>(transaction, &due.name)?;
                Ok(is_purged.then(|| Event::ScheduledPurge {
                    kind: K::KIND,
                    name: due.name.clone(),
                }))
            }
            Task::Own(number) => {
                if !lifecycle::is_due::<K>(transaction, due)? {
                    return Ok(None);
                }
                K::perform(number, transaction, &due.name)
            }
        }
    }

    fn open_all(
        &self,
        view: View<'_>,
        name: &ObjectName,
        record: &Value,
        is_live: bool,
    ) -> Result<u64, ObjectError> {
        let view: KindView<'_, K> = view.of();
        let head = view.open(name, record, is_live)?;
        view.open_version(name, &head, current_place(&head))?;
        let mut versions = 1;
        older_versions(view, name, &head, |place| {
            versions += 1;
            view.open_version(name, &head, place).map(drop)
        })?;
        if versions == u64::from(head.fields.versions) {
            Ok(versions)
        } else {
            Err(damaged("the index", name))
        }
    }
}

/// Calls `visit` with the place of every version but the current one.
fn older_versions<K: Kind>(
    view: KindView<'_, K>,
    name: &ObjectName,
    head: &HeadOf<K>,
    mut visit: impl FnMut(Located) -> Result<(), ObjectError>,
) -> Result<(), ObjectError> {
    let prefix = key::all_index(head.object);
    each(view.view.snapshot, &prefix, |key, entry| {
        visit(view.located(name, (key, entry))?)
    })
}

/// The kinds of objects that a vault keeps.
#[derive(Clone, Copy)]
pub struct Kinds(&'static [&'static dyn Keeper]);

impl std::fmt::Debug for Kinds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|keeper| keeper.kind()))
            .finish()
    }
}

impl Kinds {
    /// The kinds of these keepers.
    pub const fn new(keepers: &'static [&'static dyn Keeper]) -> Self {
        Self(keepers)
    }

    /// The keeper of a kind, if the vault keeps it.
    pub(crate) fn keeper(self, kind: ObjectKind) -> Option<&'static dyn Keeper> {
        self.0.iter().find(|keeper| keeper.kind() == kind).copied()
    }
}

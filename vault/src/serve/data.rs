//! Opening what is kept: seal, store, audit log, in the order in which each needs the other.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use strongroom_audit::{Class, Entry, Event, Hash, Log, LogConfig, SyncMode};
use strongroom_engine::{
    Initialise, ObjectLimits, Objects, Rules, SoftDelete, Unsealed, VaultOptions,
    crypt::seal::SecretFile,
    kinds::EVERY_KIND,
    store::{Purpose, RedbOptions, RedbStore, Store},
};

use super::StartError;
use crate::{
    args::{AuditSync, ServeArgs, StorageArgs},
    clock::Clock,
};

/// The store's file below the data directory.
pub const STORE: &str = "store.redb";

/// Lies beside the store of `strongroom dev`, whose seal key lies beside it, too: no vault of a cluster is to go on with it.
pub const LAPTOP_MARK: &str = "strongroom-dev";

/// The keyring's file beside it.
const KEYRING: &str = "keyring";

/// The audit log's directory below the data directory, unless another is given.
const AUDIT: &str = "audit";

const MIB: u64 = 1024 * 1024;

/// What counts of a disk at most, unless it is said how large the vault's volume is.
const UNKNOWN_VOLUME_MIB: u64 = 4 * 1024;

const DAY: Duration = Duration::from_hours(24);

/// A vault and its audit log, open.
pub(super) struct Data {
    pub(super) objects: Objects,
    pub(super) audit: Arc<Log>,
}

impl Data {
    /// Opens them as `args` say, on what `store` opens once the seal is there, and records the start.
    pub(super) fn open(
        args: &ServeArgs,
        store: impl FnOnce() -> Result<Arc<dyn Store>, StartError>,
        clock: &Clock,
    ) -> Result<Self, StartError> {
        let storage = &args.storage;
        let seal = SecretFile::read(&storage.seal_dir)?;
        let store = store()?;
        let options = options(args)?;
        let told = options.rules.soft_delete;
        let unsealed = Unsealed::open(options, store, &seal)?;
        let kept = unsealed.soft_delete();
        if kept != told {
            tracing::warn!(
                ?kept,
                ?told,
                "the store says otherwise than the command line what happens to deleted objects, and holds"
            );
        }
        let config = log_config(storage, &unsealed.vault_id().to_string(), &args.replica);
        let audit = Arc::new(Log::open(config, unsealed.audit_head())?);
        for recovery in audit.recovered() {
            tracing::warn!(?recovery, "the audit log was not as it was left");
        }
        let data = Self {
            objects: unsealed.start(Arc::clone(&audit))?,
            audit,
        };
        data.record_start(clock);
        Ok(data)
    }

    fn record_start(&self, clock: &Clock) {
        let generation = self.objects.anchor().generation.0;
        let seal_key_id = Hash::of(self.objects.seal_key_id().as_bytes());
        let start = Event::VaultStart {
            version: env!("CARGO_PKG_VERSION"),
            generation,
        };
        for event in [start, Event::VaultUnseal { seal_key_id }] {
            // A log that is full must not keep the vault from starting: it answers 503 then, and says why.
            if let Err(error) = self
                .audit
                .append(Class::Administration, &Entry::event(clock.time(), &event))
            {
                tracing::warn!(%error, "the start is not in the audit log");
            }
        }
    }
}

/// The store in the data directory, which is made if it is missing.
pub(super) fn store(storage: &StorageArgs) -> Result<Arc<dyn Store>, StartError> {
    make_directory(&storage.data_dir)?;
    if storage.data_dir.join(LAPTOP_MARK).exists() {
        return Err(StartError::Laptop {
            path: storage.data_dir.clone(),
        });
    }
    let path = storage.data_dir.join(STORE);
    // A page and its reference counts take five quarters of a page from the allocator.
    let cache_bytes = u64::from(storage.cache_mib) * MIB / 5 * 4;
    let cache_bytes = usize::try_from(cache_bytes).unwrap_or(usize::MAX);
    let options = RedbOptions {
        cache_bytes,
        ..RedbOptions::default()
    };
    match RedbStore::open(&path, options) {
        Ok(store) => Ok(Arc::new(store)),
        Err(source) => Err(StartError::Store { path, source }),
    }
}

fn options(args: &ServeArgs) -> Result<VaultOptions, StartError> {
    let rules = &args.rules;
    let mut options = VaultOptions::new(EVERY_KIND, args.storage.data_dir.join(KEYRING), &args.replica);
    options.rules = Rules {
        soft_delete: SoftDelete::new(rules.retention_days, rules.purge_protection)?,
        limits: limits(&args.storage),
    };
    options.initialise = if args.storage.initialise {
        Initialise::Allowed
    } else {
        Initialise::Refused
    };
    Ok(options)
}

fn limits(storage: &StorageArgs) -> ObjectLimits {
    let volume = volume(storage, &storage.data_dir);
    let audit = if share_a_disk(storage) {
        audit_quota(storage, &audit_directory(storage))
    } else {
        0
    };
    ObjectLimits {
        versions: storage.versions_per_object,
        object_bytes: objects_in(volume, audit, storage.object_bytes),
        ..ObjectLimits::default()
    }
}

fn log_config(storage: &StorageArgs, vault_id: &str, replica: &str) -> LogConfig {
    let directory = audit_directory(storage);
    let quota = audit_quota(storage, &directory);
    let mut config = LogConfig::new(directory, vault_id, replica).with_quota(quota);
    config.sync = match storage.audit_sync {
        AuditSync::Batched => SyncMode::Within(Duration::from_millis(100)),
        AuditSync::Always => SyncMode::Always,
    };
    config.retention.age = Some(DAY * storage.audit_retention_days);
    config.retention.least_age = Duration::from_secs(storage.audit_least_age);
    if let Some(mib) = storage.audit_retention_mib {
        config.retention.bytes = Some(mib.saturating_mul(MIB));
    }
    config
}

fn audit_directory(storage: &StorageArgs) -> PathBuf {
    let given = storage.audit_dir.clone();
    given.unwrap_or_else(|| storage.data_dir.join(AUDIT))
}

/// Whether store and audit log are on one disk, so that each leaves the other its part.
pub(super) fn share_a_disk(storage: &StorageArgs) -> bool {
    // The log makes its directory when it is opened.
    let disk = |path: &Path| path.ancestors().find_map(|path| fs::metadata(path).ok());
    let disk = |path: &Path| disk(path).map(|found| found.dev());
    disk(&storage.data_dir) == disk(&audit_directory(storage))
}

/// How much the log in `directory` may hold. It must remove its old segments before the volume is full: the vault could
/// not write the record that says so, and would stay at 503.
fn audit_quota(storage: &StorageArgs, directory: &Path) -> u64 {
    let wanted = storage.audit_quota_mib.map(|mib| mib.saturating_mul(MIB));
    quota_in(volume(storage, directory), wanted)
}

/// How large the volume of `directory` is.
fn volume(storage: &StorageArgs, directory: &Path) -> u64 {
    let meant = storage.volume_mib.unwrap_or(UNKNOWN_VOLUME_MIB);
    rustix::fs::statvfs(directory)
        .or_else(|_missing| rustix::fs::statvfs(&storage.data_dir))
        // Opening the log says why a directory cannot be used.
        .map_or(u64::MAX, |volume| volume.f_blocks.saturating_mul(volume.f_frsize))
        // A disk of which nobody says that it is the vault's may be others' too.
        .min(meant.saturating_mul(MIB))
}

/// The quota in a volume of so many bytes, of which `wanted` are wanted for it.
const fn quota_in(volume: u64, wanted: Option<u64>) -> u64 {
    match wanted {
        Some(wanted) if wanted <= volume / 2 => wanted,
        Some(_) => volume / 2,
        None => volume / 4,
    }
}

/// How many bytes the objects may take of a volume of so many bytes, of which the audit log has `audit`, if they are
/// `wanted` to take so many at most: half of what is left, because the store's pages are half empty at worst.
fn objects_in(volume: u64, audit: u64, wanted: Option<u64>) -> u64 {
    let kept_free = RedbOptions::default().kept_free(Purpose::Grow);
    let left = volume.saturating_sub(audit).saturating_sub(kept_free);
    wanted.unwrap_or(u64::MAX).min(left / 2)
}

fn make_directory(path: &Path) -> Result<(), StartError> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|source| StartError::DataDir {
            path: path.to_owned(),
            source,
        })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Only {
        #[command(flatten)]
        storage: StorageArgs,
    }

    #[test]
    fn the_store_of_a_laptop_is_not_opened() {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().to_str().unwrap();
        let storage = Only::parse_from(["vault", "--seal-dir=/none", "--data-dir", data]).storage;
        assert!(store(&storage).is_ok());
        fs::write(directory.path().join(LAPTOP_MARK), "").unwrap();
        assert!(matches!(store(&storage), Err(StartError::Laptop { .. })));
    }

    #[test]
    fn the_objects_take_half_of_what_the_log_and_the_reserve_leave_and_may_be_given_less() {
        for (volume, audit, wanted, objects) in [
            (1024 * MIB, 256 * MIB, None, 380 * MIB),
            (1024 * MIB, 256 * MIB, Some(MIB), MIB),
            (1024 * MIB, 256 * MIB, Some(u64::MAX), 380 * MIB),
            (32 * MIB, 8 * MIB, None, 8 * MIB),
            (MIB, MIB, None, 0),
        ] {
            assert_eq!(
                objects_in(volume, audit, wanted),
                objects,
                "{volume} {audit} {wanted:?}"
            );
        }
    }

    #[test]
    fn the_log_takes_a_quarter_of_its_volume_and_never_more_than_half() {
        for (volume, wanted, quota) in [
            (1024 * MIB, None, 256 * MIB),
            (1024 * MIB, Some(300 * MIB), 300 * MIB),
            (32 * MIB, None, 8 * MIB),
            (32 * MIB, Some(256 * MIB), 16 * MIB),
        ] {
            assert_eq!(quota_in(volume, wanted), quota, "{volume} {wanted:?}");
        }
    }
}

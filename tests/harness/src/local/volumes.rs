//! Static local `PersistentVolume`s of a node, offered again once they were released.
//!
//! A bare cluster has no provisioner. Each node runs this as a daemon: it makes the directories and
//! their `PersistentVolume`s, and when a claim is gone it empties the directory and takes the claim's
//! name off the volume. A claim that is kept keeps its volume and data.

use std::{fs, os::unix::fs::PermissionsExt, path::Path, pin::pin};

use anyhow::{Context, Result};
use futures::TryStreamExt;
use k8s_openapi::api::core::v1::PersistentVolume;
use kube::{
    Api, Client,
    api::{ObjectMeta, Patch, PatchParams, PostParams},
    runtime::{WatchStreamExt, watcher},
};
use serde_json::{Value, json};

use super::{Options, record::Record};

/// The default `StorageClass`: volumes on the disk.
pub const CLASS: &str = "local";
/// The `StorageClass` whose volumes are really full after [`SMALL_BYTES`], whatever they say they hold.
pub const SMALL_CLASS: &str = "small";
/// What a small volume holds.
pub const SMALL_BYTES: u64 = 32 << 20;
/// What every volume says it holds, so that claims of 1Gi bind.
const CAPACITY: &str = "1Gi";
/// The directory of volumes inside of a node.
const DIR: &str = "/var/lib/strongroom-volumes";
/// The label that says which node's daemon takes care of a volume.
const NODE_LABEL: &str = "strongroom.dev/volumes-of";

/// The two `StorageClass`es.
pub fn classes() -> Vec<Value> {
    let class = |name: &str, default: bool| {
        json!({
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name, "annotations": {
                "storageclass.kubernetes.io/is-default-class": default.to_string(),
            }},
            "provisioner": "kubernetes.io/no-provisioner",
            "volumeBindingMode": "WaitForFirstConsumer",
            "reclaimPolicy": "Retain",
            // Someone may enlarge a claim, as far as its object goes.
            "allowVolumeExpansion": true,
        })
    };
    vec![class(CLASS, true), class(SMALL_CLASS, false)]
}

/// The small file systems of a node: where, and how many bytes each holds.
pub fn small_mounts(options: &Options) -> Vec<(String, u64)> {
    (0..options.small_volumes)
        .map(|index| (dir(SMALL_CLASS, index), SMALL_BYTES))
        .collect()
}

/// Makes the volumes of a node and takes care of them, for ever.
pub async fn offer(client: Client, node: &str, record: &Path) -> Result<()> {
    let text = fs::read_to_string(record).with_context(|| format!("cannot read {}", record.display()))?;
    let record: Record = serde_json::from_str(&text)?;
    let api = Api::<PersistentVolume>::all(client);
    for (class, index) in wanted(&record.options) {
        fs::create_dir_all(dir(class, index))?;
        let volume: PersistentVolume = serde_json::from_value(volume(node, class, index))?;
        match api.create(&PostParams::default(), &volume).await {
            Ok(_) => {}
            Err(kube::Error::Api(status)) if status.code == 409 => {}
            Err(error) => return Err(error).context("cannot offer a volume"),
        }
    }
    let own = watcher::Config::default().labels(&format!("{NODE_LABEL}={node}"));
    let mut changes = pin!(watcher(api.clone(), own).default_backoff().applied_objects());
    while let Some(volume) = changes.try_next().await? {
        if released(&volume) {
            recycle(&api, &volume).await?;
        }
    }
    Ok(())
}

fn wanted(options: &Options) -> Vec<(&'static str, u16)> {
    let disk = (0..options.volumes).map(|index| (CLASS, index));
    disk.chain((0..options.small_volumes).map(|index| (SMALL_CLASS, index)))
        .collect()
}

fn dir(class: &str, index: u16) -> String {
    format!("{DIR}/{class}-{index:03}")
}

fn volume(node: &str, class: &str, index: u16) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": format!("{node}-{class}-{index:03}"), "labels": {NODE_LABEL: node}},
        "spec": {
            "storageClassName": class,
            "capacity": {"storage": CAPACITY},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "local": {"path": dir(class, index)},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]},
            ]}]}},
        },
    })
}

fn released(volume: &PersistentVolume) -> bool {
    volume.status.as_ref().and_then(|status| status.phase.as_deref()) == Some("Released")
}

async fn recycle(api: &Api<PersistentVolume>, volume: &PersistentVolume) -> Result<()> {
    let ObjectMeta {
        name: Some(name),
        resource_version,
        ..
    } = &volume.metadata
    else {
        return Ok(());
    };
    let local = volume.spec.as_ref().and_then(|spec| spec.local.as_ref());
    let Some(path) = local
        .map(|local| Path::new(&local.path))
        .filter(|path| path.starts_with(DIR))
    else {
        return Ok(());
    };
    empty(path).with_context(|| format!("cannot empty {}", path.display()))?;
    // The version makes sure that this is still the volume that was seen as released.
    let unclaimed = json!({"metadata": {"resourceVersion": resource_version}, "spec": {"claimRef": null}});
    match api
        .patch(name, &PatchParams::default(), &Patch::Merge(&unclaimed))
        .await
    {
        Ok(_) => {
            println!("{name} was emptied and is offered again");
            Ok(())
        }
        Err(kube::Error::Api(status)) if matches!(status.code, 404 | 409) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot offer {name} again")),
    }
}

/// Removes what is in a directory, and what a pod's fsGroup did to it, but not the directory: it may
/// be a mount point.
fn empty(path: &Path) -> Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    std::os::unix::fs::chown(path, Some(0), Some(0))?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_volume_is_a_valid_object_of_its_class() {
        let options = Options {
            volumes: 2,
            small_volumes: 1,
            ..Options::default()
        };
        let wanted = wanted(&options);
        assert_eq!(wanted, [(CLASS, 0), (CLASS, 1), (SMALL_CLASS, 0)]);
        for (class, index) in wanted {
            let volume: PersistentVolume = serde_json::from_value(volume("node-0", class, index)).unwrap();
            assert_eq!(volume.spec.unwrap().storage_class_name.as_deref(), Some(class));
        }
    }

    #[test]
    fn only_a_released_volume_is_recycled() {
        let phase = |phase: &str| {
            let mut value = volume("node-0", CLASS, 0);
            value["status"] = json!({"phase": phase});
            released(&serde_json::from_value(value).unwrap())
        };
        assert!(phase("Released"));
        assert!(!phase("Bound") && !phase("Available"));
    }

    #[test]
    fn a_recycled_directory_is_empty_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join("audit/segment")).unwrap();
        fs::write(dir.path().join("store.redb"), "old").unwrap();
        // Only root may set the owner; without it the emptying itself is still seen.
        let _ = empty(dir.path());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
    }
}

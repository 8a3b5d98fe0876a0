//! What a pod says to mount a SecretRef. Pure.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::{CSIVolumeSource, Volume, VolumeMount};
use serde_json::json;

use crate::{Failure, manifest};

/// The CSI driver of our volumes.
pub(crate) const DRIVER: &str = "csi.strongroom.dev";

/// The attribute of a volume that names its SecretRef.
pub(crate) const REFERENCE_ATTRIBUTE: &str = "secretRef";

/// The longest name of a volume, which is a label of RFC 1123.
const MAX_VOLUME: usize = 63;

/// The volume of a pod, and the mount of each container that reads it.
#[derive(Debug, Clone)]
pub(super) struct Stanza {
    pub(super) volume: Volume,
    pub(super) mount: VolumeMount,
}

impl Stanza {
    /// The volume that shows the SecretRef `reference`.
    pub(super) fn of(reference: &str, mount_path: Option<String>) -> Self {
        let name = volume_name(reference);
        Self {
            volume: Volume {
                name: name.clone(),
                csi: Some(CSIVolumeSource {
                    driver: DRIVER.to_owned(),
                    read_only: Some(true),
                    volume_attributes: Some(BTreeMap::from([(
                        REFERENCE_ATTRIBUTE.to_owned(),
                        reference.to_owned(),
                    )])),
                    ..CSIVolumeSource::default()
                }),
                ..Volume::default()
            },
            mount: VolumeMount {
                mount_path: mount_path.unwrap_or_else(|| format!("/secrets/{reference}")),
                name,
                read_only: Some(true),
                ..VolumeMount::default()
            },
        }
    }

    /// For a person who writes it into the template of the pods.
    pub(super) fn comment(&self) -> Result<String, Failure> {
        let stanza = json!({
            "spec": {
                "volumes": [self.volume],
                "containers": [{ "name": "APP", "volumeMounts": [self.mount] }],
            },
        });
        let yaml = manifest::yaml(&[stanza])?;
        let lines: Vec<_> = yaml.lines().map(|line| format!("#   {line}\n")).collect();
        Ok(format!(
            "# The template of the pods that mount it:\n{}",
            lines.concat()
        ))
    }
}

/// A SecretRef's name may be longer than that of a volume, and have dots.
fn volume_name(reference: &str) -> String {
    let name: String = reference.replace('.', "-").chars().take(MAX_VOLUME).collect();
    name.trim_end_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_comment_says_what_the_template_needs() {
        let comment = Stanza::of("db", None).comment().unwrap();
        assert_eq!(
            comment,
            "# The template of the pods that mount it:\n\
             #   spec:\n\
             #     containers:\n\
             #     - name: APP\n\
             #       volumeMounts:\n\
             #       - mountPath: /secrets/db\n\
             #         name: db\n\
             #         readOnly: true\n\
             #     volumes:\n\
             #     - csi:\n\
             #         driver: csi.strongroom.dev\n\
             #         readOnly: true\n\
             #         volumeAttributes:\n\
             #           secretRef: db\n\
             #       name: db\n"
        );
    }

    #[test]
    fn the_name_of_the_volume_is_a_label() {
        assert_eq!(volume_name("db.v2"), "db-v2");
        let long = format!("{}.b", "a".repeat(62));
        assert_eq!(volume_name(&long), "a".repeat(62));
        let stanza = Stanza::of("db.v2", Some("/x".to_owned()));
        assert_eq!(stanza.mount.mount_path, "/x");
        assert_eq!(stanza.mount.name, stanza.volume.name);
    }
}

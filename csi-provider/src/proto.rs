//! The messages of the Container Storage Interface and of the kubelet's plugin registration, generated from `proto/`.

#![allow(
    missing_docs,
    clippy::pedantic,
    clippy::use_self,
    clippy::doc_markdown,
    reason = "generated code"
)]

/// The Container Storage Interface, v1.11.
pub mod csi {
    use std::fmt;

    tonic::include_proto!("csi.v1");

    impl fmt::Debug for NodePublishVolumeRequest {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("NodePublishVolumeRequest")
                .field("volume_id", &self.volume_id)
                .field("target_path", &self.target_path)
                .finish_non_exhaustive()
        }
    }
}

/// How a plugin makes itself known to the kubelet.
pub mod registration {
    tonic::include_proto!("pluginregistration");
}

#[cfg(test)]
mod tests {
    use super::csi::NodePublishVolumeRequest;

    #[test]
    fn printing_a_publish_request_shows_no_token() {
        let held = [(
            "csi.storage.k8s.io/serviceAccount.tokens".to_owned(),
            "CANARY".to_owned(),
        )];
        let request = NodePublishVolumeRequest {
            volume_id: "v".into(),
            volume_context: held.clone().into(),
            secrets: held.into(),
            ..Default::default()
        };
        assert!(!format!("{request:?}").contains("CANARY"));
    }
}

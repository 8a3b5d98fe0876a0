//! The parts of the page of every sentence that are the node driver's: what mounts fail with, and what events on pods say.

mod contents;
mod events;
mod requests;

use strongroom_core::{
    Advice,
    advice::{self, table},
    advise,
};

use crate::{
    driver::PublishError,
    kubelet::status,
    volume::{limits::LimitError, mount::MountError, tree::TreeError},
};

/// The page with the sentences of the node driver made anew; none if a marker is missing.
pub fn fill(page: &str) -> Option<String> {
    let page = advice::fill(page, "mounts", &mounts())?;
    advice::fill(&page, "events", &events::table())
}

/// What mounts fail with, by the code of the kubelet's event.
fn mounts() -> String {
    let mut rows = requests::rows();
    rows.extend(contents::rows());
    rows.extend(limits().into_iter().map(|(error, advice)| (error.into(), advice)));
    rows.extend(publishes());
    let rows = rows.into_iter().map(|(error, advice)| {
        let status = status::of_publish(&error);
        [
            format!("`{:?}`", status.code()),
            status.message().to_owned(),
            advice.cause.to_owned(),
            advice.cure.to_owned(),
        ]
    });
    table(["code", "sentence", "cause", "what to do"], rows)
}

type Row = (PublishError, Advice);

advise! { publishes(): PublishError;
    PublishError::Busy, [PublishError::Busy],
        "The kubelet calls again while an earlier call for the volume goes on.",
        "Wait: the earlier call ends within two minutes.";
    PublishError::Cancelled, [PublishError::Cancelled],
        "The pod is deleted while its volume is made.",
        "Nothing.";
    PublishError::NotShared(_), [PublishError::NotShared("/var/lib/kubelet".into())],
        "The node driver's pod was changed, or the chart's `node.kubeletRoot` is not the kubelet's directory.",
        "Install the chart as it is, and set `node.kubeletRoot` to the kubelet's `--root-dir`.";
    PublishError::MountTable(_), [PublishError::MountTable(std::io::ErrorKind::PermissionDenied.into())],
        "The node's kernel does not show the mounts.",
        "Read the log of the node driver on this node.";
    PublishError::Foreign(_), [PublishError::Foreign("/var/lib/kubelet/pods/UID/volumes/kubernetes.io~csi/secrets/mount".into())],
        "Something other than the node driver mounted in the place of the volume.",
        "Unmount it on the node, or delete the pod.";
    PublishError::Request(_)
        | PublishError::Reference(_)
        | PublishError::Authenticate(_)
        | PublishError::Files { .. }
        | PublishError::Limit(_), [], "", "";
    PublishError::Mount(_), [PublishError::Mount(MountError::sample())],
        "The node's kernel refuses a step.",
        "The end of the sentence is the kernel's reason. Read the log of the node driver on this node.";
    PublishError::Tree(_), [PublishError::Tree(TreeError::sample())],
        "The node's kernel refuses a step, or the node has no memory left.",
        "The end of the sentence is the kernel's reason. Read the log of the node driver on this node.";
    PublishError::Deadline(_), [PublishError::Deadline(std::time::Duration::from_secs(30))],
        "The API server, the identity service or the vault takes very long.",
        "The kubelet tries again by itself. If it stays, look whether the node is overloaded.";
}

advise! { limits(): LimitError;
    LimitError::Volume { .. }, [LimitError::Volume { would_be: 2_121_728, limit: 2_097_152 }],
        "The files of one volume are together larger than 2 MiB. A file takes whole pages of the node's kernel: of 4 KiB on most nodes, \
         and where they are of 64 KiB, the limit is a little above 4 MiB.",
        "Ask for fewer files in one SecretRef; two volumes may have two.";
    LimitError::Share { .. }, [LimitError::Share { what: "the number of volumes", would_be: 513, free: 512, limit: 1024 }],
        "The namespace has as much of the node as it leaves for the others: bytes, volumes or vaults.",
        "Spread its pods over nodes. For bytes, the installer raises the memory limit of `node.resources`.";
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    #[test]
    fn the_page_is_up_to_date() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(advice::PAGE);
        let kept = fs::read_to_string(path).unwrap();
        assert!(
            fill(&kept).unwrap() == kept,
            "{} is out of date: make generate",
            advice::PAGE
        );
    }
}

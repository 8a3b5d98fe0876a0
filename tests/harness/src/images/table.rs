//! The table of images: adding one is adding a row.

/// Before the name of each image. Nobody can have this host (RFC 2606): a node that lacks an image fails to pull it, and
/// pulls none of a stranger's.
pub const REGISTRY: &str = "strongroom.invalid";

/// One image.
#[derive(Debug)]
pub struct Image {
    /// Its name without registry and tag.
    pub name: &'static str,
    /// Its tag, where it does not follow the workspace's.
    pub tag: Option<&'static str>,
    /// The user it runs as, unless a pod says otherwise.
    pub user: &'static str,
    /// What it runs.
    pub entrypoint: &'static [&'static str],
    /// The program's further arguments, in whose place a user's own come.
    pub arguments: &'static [&'static str],
    /// The directory of the user's files, if the program has any.
    pub home: Option<&'static str>,
    /// What is in it.
    pub contents: Contents,
}

/// What is in an image.
#[derive(Debug, Clone, Copy)]
pub enum Contents {
    /// A program of this workspace with the libraries that it is linked to.
    Program {
        /// The program's name, which is also its path in the image.
        target: &'static str,
        /// Whether it is an example of its crate.
        example: bool,
    },
    /// The command line, with what a vault on a laptop needs beside it.
    Laptop,
    /// The static program of a tool.
    Tool {
        /// The tool's name.
        tool: &'static str,
        /// The program's path in the image.
        path: &'static str,
    },
    /// A shell and the usual commands, in one static program.
    Shell,
}

/// Nobody in particular.
const NONROOT: &str = "65532:65532";
/// Mounting needs root; only the node driver does it.
const ROOT: &str = "0:0";

/// The images of this workspace's programs, tagged as asked.
pub const IMAGES: &[Image] = &[
    program("vault", "strongroom-vault", NONROOT, &["/strongroom-vault"]),
    program(
        "operator",
        "strongroom-operator",
        NONROOT,
        &["/strongroom-operator"],
    ),
    program(
        "identity",
        "strongroom-identity",
        NONROOT,
        &["/strongroom-identity"],
    ),
    program("csi", "strongroom-csi", ROOT, &["/strongroom-csi"]),
    // The example of a program that knows Azure Key Vault alone.
    program(
        "sdk-rust",
        "strongroom-sdk-rust",
        NONROOT,
        &["/strongroom-sdk-rust"],
    ),
];

/// A vault for development and tests, for the containers of one machine: no cluster runs it.
pub const LAPTOP: Image = Image {
    name: "strongroom",
    tag: None,
    user: NONROOT,
    entrypoint: &["/strongroom"],
    arguments: &["dev"],
    home: Some("/home/nonroot"),
    contents: Contents::Laptop,
};

/// The images of a cluster's own pods and of tests, with tags of their own.
pub const BASE: &[Image] = &[
    Image {
        name: "pause",
        tag: Some("1"),
        user: NONROOT,
        entrypoint: &["/bin/sleep", "2147483647"],
        arguments: &[],
        home: None,
        contents: Contents::Shell,
    },
    SHELL,
    COREDNS,
];

/// The image of the pods in `examples`, and of tests.
pub const SHELL: Image = Image {
    name: "test-shell",
    tag: Some("1"),
    user: NONROOT,
    entrypoint: &["/bin/sh"],
    arguments: &[],
    home: None,
    contents: Contents::Shell,
};

/// The cluster's DNS.
pub const COREDNS: Image = Image {
    name: "coredns",
    tag: Some("1.15.0"),
    user: ROOT,
    entrypoint: &["/coredns"],
    arguments: &[],
    home: None,
    contents: Contents::Tool {
        tool: "coredns",
        path: "/coredns",
    },
};

const fn program(
    name: &'static str,
    target: &'static str,
    user: &'static str,
    entrypoint: &'static [&'static str],
) -> Image {
    Image {
        name,
        tag: None,
        user,
        entrypoint,
        arguments: &[],
        home: None,
        contents: Contents::Program {
            target,
            example: false,
        },
    }
}

impl Image {
    /// The image's name with its registry and tag.
    pub fn reference(&self, tag: Option<&str>) -> String {
        format!("{REGISTRY}/{}:{}", self.name, self.tag.or(tag).unwrap_or("dev"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cluster::pods::SHELL_IMAGE, local::config::PAUSE_IMAGE, tools};

    #[test]
    fn the_names_that_others_use_are_in_the_table() {
        let references: Vec<String> = BASE.iter().map(|image| image.reference(None)).collect();
        for named in [SHELL_IMAGE, PAUSE_IMAGE] {
            assert!(references.iter().any(|reference| reference == named), "{named}");
        }
    }

    #[test]
    fn no_image_has_a_name_that_a_stranger_can_take() {
        for image in IMAGES.iter().chain(BASE).chain([&LAPTOP]) {
            let reference = image.reference(None);
            let (registry, _) = reference.split_once('/').unwrap();
            assert!(registry.ends_with(".invalid"), "{reference}");
        }
    }

    #[test]
    fn the_dns_image_has_the_version_of_its_tool() {
        assert_eq!(COREDNS.tag, tools::find("coredns").map(|tool| tool.version));
    }

    #[test]
    fn only_the_node_driver_runs_as_root() {
        let root: Vec<_> = IMAGES
            .iter()
            .filter(|image| image.user == ROOT)
            .map(|image| image.name)
            .collect();
        assert_eq!(root, ["csi"]);
    }
}

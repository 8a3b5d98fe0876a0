//! What of a SecretRef, a login or a vault keeps a volume from being filled.

use std::time::Duration;

use kube::core::Status;
use strongroom_client::{TransportError, identity::ExchangeError, vault::VaultError};
use strongroom_core::{
    AccountName, NamespaceName, ObjectKind, ResourceName, SecretRefName, VaultRef, advise, name::NameError,
};
use strongroom_crds::{
    ApiError,
    secret_ref::{CertificateSourceError, FileError, SecretEncoding},
};

use super::Row;
use crate::{
    driver::PublishError,
    source::{
        load::{AuthenticateError, FileFailure, FilesError, Reason},
        reference::ReferenceError,
    },
    volume::{
        ContentError, FilePath,
        fault::{CertificateFault, PasswordFault},
        path::PathError,
        spec::{Object, SpecError},
    },
};

pub(super) fn rows() -> Vec<Row> {
    let Some(names) = Names::new() else {
        return Vec::new();
    };
    let mut rows = Vec::new();
    for (error, advice) in references(&names) {
        rows.push((PublishError::Reference(error), advice));
    }
    let specs = specs(&names).into_iter().chain(
        files()
            .into_iter()
            .map(|(source, advice)| (names.file(source), advice)),
    );
    let paths = paths(&names)
        .into_iter()
        .map(|(error, advice)| (error.into(), advice));
    for (source, advice) in specs.chain(paths) {
        let secret_ref = names.secret_ref();
        rows.push((
            PublishError::Reference(ReferenceError::Spec { secret_ref, source }),
            advice,
        ));
    }
    for (error, advice) in logins(&names) {
        rows.push((PublishError::Authenticate(error), advice));
    }
    let files = reasons().into_iter();
    rows.extend(files.filter_map(|(reason, advice)| Some((names.publish(reason)?, advice))));
    rows
}

/// What the samples are about.
struct Names {
    namespace: NamespaceName,
    name: ResourceName,
    account: ResourceName,
    vault: VaultRef,
    path: FilePath,
    object: Object,
    key: Object,
    keytab: Object,
    certificate: Object,
    password: Object,
}

impl Names {
    fn new() -> Option<Self> {
        Some(Self {
            namespace: "shop".parse().ok()?,
            name: "db".parse().ok()?,
            account: "api".parse().ok()?,
            vault: VaultRef::new("team-a".parse().ok()?, "prod".parse().ok()?),
            path: "password".parse().ok()?,
            object: object(ObjectKind::Secrets, "db-password")?,
            key: object(ObjectKind::Keys, "tokens")?,
            keytab: object(ObjectKind::Secrets, "keytab")?,
            certificate: object(ObjectKind::Secrets, "shop-tls")?,
            password: object(ObjectKind::Secrets, "store-password")?,
        })
    }

    fn secret_ref(&self) -> SecretRefName {
        SecretRefName {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
        }
    }

    fn file(&self, source: FileError) -> SpecError {
        SpecError::File {
            path: self.path.clone(),
            source,
        }
    }

    /// The account is another one than the SecretRef names: the refusal that needs most words.
    fn publish(&self, reason: Reason) -> Option<PublishError> {
        let object = match reason {
            Reason::TrustBundle(_) => None,
            Reason::Symmetric => Some(&self.key),
            Reason::Content(ContentError::Undecodable(_)) => Some(&self.keytab),
            Reason::Content(ContentError::Password(_)) => Some(&self.password),
            Reason::Content(_) => Some(&self.certificate),
            // Said of mounted volumes alone.
            Reason::NotReported => return None,
            _ => Some(&self.object),
        };
        let failure = FileFailure {
            path: self.path.clone(),
            object: object.cloned(),
            reason,
        };
        Some(PublishError::Files {
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            source: Box::new(FilesError {
                vault: self.vault.clone(),
                account: AccountName {
                    namespace: self.namespace.clone(),
                    name: "intern".parse().ok()?,
                },
                checked_for: Some(self.account.clone()),
                failures: vec![failure],
            }),
        })
    }
}

fn object(kind: ObjectKind, name: &str) -> Option<Object> {
    Some(Object {
        kind,
        name: name.parse().ok()?,
        version: None,
    })
}

/// What a client says of a server that does not answer.
fn silence(server: &str) -> TransportError {
    TransportError::Deadline {
        server: server.to_owned(),
        after: Duration::from_secs(10),
    }
}

/// What the API server says.
fn refusal(message: &str, code: u16) -> ApiError {
    kube::Error::Api(Status::failure(message, "").with_code(code).boxed()).into()
}

advise! { references(names: &Names): ReferenceError;
    ReferenceError::NotFound { .. }, [ReferenceError::NotFound { secret_ref: names.secret_ref() }],
        "The pod's namespace has no SecretRef of the name in `volumeAttributes`.",
        "Create it there, or correct the name.";
    ReferenceError::Api { .. }, [ReferenceError::Api {
            secret_ref: names.secret_ref(),
            source: refusal("secretrefs.strongroom.dev \"db\" is forbidden", 403),
        }],
        "The API server refuses the node driver, or is down.",
        "The kubelet tries again by itself. If it stays, look whether the definitions and the ClusterRole `strongroom-csi` are there: \
         `helm upgrade` installs the latter.";
    ReferenceError::Slow { .. }, [ReferenceError::Slow { secret_ref: names.secret_ref() }],
        "The API server is slow, or the node does not reach it.",
        "The kubelet tries again by itself. If it stays, look at the API server and the node's network.";
    ReferenceError::Shape { .. }, [ReferenceError::Shape {
            secret_ref: names.secret_ref(),
            reason: "unknown field `fils`".to_owned(),
        }],
        "The SecretRef has a field or a value of another release, or a misspelled one, and the API server did not refuse it.",
        "Correct it: [the fields](reference/crds.md).";
    ReferenceError::Spec { .. }, [], "", "";
}

advise! { specs(names: &Names): SpecError;
    SpecError::Vault(_), [SpecError::Vault(NameError::Vault)],
        "`vaultRef` holds no name of a vault or of a namespace.",
        "Correct `vaultRef`: `{name: prod, namespace: team-a}`.";
    SpecError::Files(_), [SpecError::Files(65)],
        "The SecretRef has no file, or too many for one volume.",
        "Give it 1 to 64 files; two SecretRefs and two volumes may have two times as many.";
    SpecError::Objects(_), [SpecError::Objects(65)],
        "Its stores have passwords of their own, so that it asks for more objects than a vault reports the changes of to one volume.",
        "Divide the files among two SecretRefs and two volumes, or give stores one password.";
    SpecError::Stores(_), [SpecError::Stores(9)],
        "Each store of the format `PKCS12` costs the node driver time that other volumes of the node wait for.",
        "Divide the files among two SecretRefs and two volumes, or take the format `JKS`.";
    SpecError::Path(_), [], "", "";
    SpecError::File { .. }, [names.file(FileError::Name(NameError::Object))],
        "The file's `secret`, `key`, `certificate` or `password` holds no name or version.",
        "Correct the name or the version.";
}

advise! { files(): FileError;
    FileError::Source, [FileError::Source],
        "The file has more than one of `secret`, `key`, `certificate` and `trustBundle`, or none of them, or one that this release does not know.",
        "Give it one of them.";
    FileError::Certificate(CertificateSourceError::Der), [FileError::Certificate(CertificateSourceError::Der)],
        "The part is `Chain`, `CA` or `Bundle`, which may be several certificates; DER holds one.",
        "Leave `format` out, or ask for the part `Leaf` or `PrivateKey`.";
    FileError::Certificate(CertificateSourceError::Store), [FileError::Certificate(CertificateSourceError::Store)],
        "The part is `Chain` or `PrivateKey`, which Java keeps in no store alone.",
        "Ask for `Bundle`, which is a key store, or for `CA` or `Leaf`, which is a trust store.";
    FileError::Certificate(CertificateSourceError::NoPassword), [FileError::Certificate(CertificateSourceError::NoPassword)],
        "The file is a store, and the SecretRef says no password.",
        "Set a secret with the password in the vault, and name it: `password: {secret: NAME}`.";
    FileError::Certificate(CertificateSourceError::Password), [FileError::Certificate(CertificateSourceError::Password)],
        "The format is `PEM` or `DER`, or left out, and nothing of it is encrypted.",
        "Leave `password` out, or ask for the format `PKCS12` or `JKS`.";
    FileError::Certificate(CertificateSourceError::Unknown { .. })
        | FileError::TrustBundle(_)
        | FileError::Key(_)
        | FileError::Secret(_)
        | FileError::Name(_)
        | FileError::Path, [], "", "";
    FileError::Mode, [FileError::Mode],
        "The mode is a number or has another form.",
        "Write octal digits in quotes, such as `\"0440\"`.";
}

advise! { paths(names: &Names): PathError;
    PathError::Malformed(_), [PathError::Malformed("../password".into())],
        "The path is absolute, leaves the volume, is too deep, or has other characters.",
        "Correct the path.";
    PathError::Twice(_), [PathError::Twice(names.path.clone())],
        "Two files of the SecretRef have one path.",
        "Give each file a path of its own.";
    PathError::Directory(_), [PathError::Directory(names.path.clone())],
        "One file's path is the directory of another's.",
        "Give one of the two another path.";
}

advise! { logins(names: &Names): AuthenticateError;
    AuthenticateError::Actor { .. }, [AuthenticateError::Actor {
            path: "/var/run/secrets/strongroom.dev/token".into(),
            source: std::io::ErrorKind::NotFound.into(),
        }],
        "The node driver's pod was changed, or just started.",
        "The kubelet tries again by itself. If it stays, install the chart as it is.";
    AuthenticateError::Exchange { source: ExchangeError::Refused { .. }, .. }, [AuthenticateError::Exchange {
            vault: names.vault.clone(),
            source: ExchangeError::Refused {
                status: http::StatusCode::UNAUTHORIZED,
                error: "invalid_client".to_owned(),
                description: "(a sentence of the identity service)".to_owned(),
                retry_after: None,
            },
        }],
        "The identity service does not take the pod's token or the node driver's.",
        "The end of the sentence is the identity service's: [its table](#the-identity-service) has the cure.";
    AuthenticateError::Exchange { source: ExchangeError::Transport(_), .. }, [AuthenticateError::Exchange {
            vault: names.vault.clone(),
            source: ExchangeError::Transport(silence("strongroom-identity.strongroom-system.svc")),
        }],
        "The identity service does not run, or the node does not reach it.",
        "The kubelet tries again by itself. If it stays: `kubectl get pods -n strongroom-system`, and the cluster's DNS and network.";
    AuthenticateError::Exchange { source: ExchangeError::Malformed, .. }, [AuthenticateError::Exchange {
            vault: names.vault.clone(),
            source: ExchangeError::Malformed,
        }],
        "Something else answers in the place of the identity service.",
        "Look at the Service `strongroom-identity` of the release's namespace.";
}

advise! { pub(super) reasons(): Reason;
    Reason::NotPermitted, [Reason::NotPermitted],
        "No policy lets the pod's service account read the secret or key, or a policy denies it, or the vault or the object does not exist. \
         Often the pod runs as another account than the SecretRef names; a pod without `serviceAccountName` runs as `default`.",
        "Run the command at the end of the sentence, or have the vault's owner run it. Then correct the pod's `serviceAccountName`, \
         or the names, or have the vault's owner write an AccessPolicy.";
    Reason::NotFound, [Reason::NotFound],
        "Policy allows the account, and the secret or key, or the version, is not there, or is deleted.",
        "Set the secret or create the key, recover it, or correct the name or version in the SecretRef.";
    Reason::Deleted, [Reason::Deleted],
        "The secret or key is deleted and not purged.",
        "Recover it, or name another.";
    Reason::Disabled, [Reason::Disabled],
        "The version of the secret is disabled.",
        "Enable it, or set a new version.";
    Reason::Symmetric, [Reason::Symmetric],
        "The SecretRef asks for the public part of a key of type `oct`. It encrypts and decrypts with one and the same value, which never \
         leaves the vault.",
        "Ask the vault to encrypt and decrypt, or name a key of type RSA, EC or AKP. See [Keys](keys.md#in-a-pod).";
    Reason::Content(ContentError::NoCertificate(_)), [Reason::Content(ContentError::NoCertificate(CertificateFault::Form))],
        "The SecretRef asks for a part of a certificate, and the secret of that name is no certificate's: somebody set it, or it is damaged. \
         The end of the sentence says what it is not.",
        "Name a certificate of the vault. A secret that somebody set serves, too, if it holds a chain as PEM, or as base64 of a PFX without \
         a password.";
    Reason::Content(ContentError::NoAuthority), [Reason::Content(ContentError::NoAuthority)],
        "The SecretRef asks for the part `CA`, and the certificate signed itself, or was imported or merged without those of its authorities.",
        "Import or merge it with its chain, or leave the file out. Who is to trust a certificate that signed itself needs the part `Leaf`, \
         which is a trust store too.";
    Reason::Content(ContentError::NoPrivateKey), [Reason::Content(ContentError::NoPrivateKey)],
        "The SecretRef asks for the part `PrivateKey` or `Bundle`, and the certificate's policy says that its key is not exportable, or the \
         secret holds certificates alone.",
        "Ask the vault to sign with the key of the certificate's name, or make a certificate whose policy says `exportable`.";
    Reason::Content(ContentError::Password(_)), [
            Reason::Content(ContentError::Password(PasswordFault::Empty)),
            Reason::Content(ContentError::Password(PasswordFault::TooLong)),
            Reason::Content(ContentError::Password(PasswordFault::Text))
        ],
        "The SecretRef names the secret as the `password` of a store, and programs cannot be given its value as one. The sentence does not \
         repeat it.",
        "Set the secret anew: printable ASCII, which Java reads in every store, and no end of a line, which would be part of it.";
    Reason::Content(ContentError::Undecodable(_)), [
            Reason::Content(ContentError::Undecodable(SecretEncoding::Base64)),
            Reason::Content(ContentError::Undecodable(SecretEncoding::Hex))
        ],
        "The SecretRef says an `encoding` that the secret's value is not in. The sentence does not repeat the value.",
        "Set the secret anew, encoded, or correct `encoding`, or leave it out.";
    // Each is read as an object of its kind.
    Reason::Content(ContentError::Kind), [], "", "";
    Reason::NotReported, [Reason::NotReported],
        "The node driver is of a newer release than the vault. The file has the version that the key had when the volume was mounted.",
        "Upgrade the vault, then make the pod anew.";
    Reason::Unavailable(_), [Reason::Unavailable(VaultError::from(silence("prod.team-a.svc")).to_string())],
        "The vault does not run, cannot answer now, or the node does not reach it. Said only to accounts that policy is known to allow.",
        "The kubelet tries again by itself. If it stays: `kubectl get vaults.strongroom.dev -n NAMESPACE`, whose conditions say why.";
    Reason::Refused(_), [Reason::Refused("the vault answered 400 BadParameter".to_owned())],
        "Driver and vault do not understand each other: they are of releases too far apart, or something else answers in the place \
         of the vault.",
        "Upgrade both to one release. [The vault's table](#a-vault) has the codes.";
    Reason::TrustBundle(_), [Reason::TrustBundle("it holds no certificate".to_owned())],
        "The operator has not written the ConfigMap `strongroom-trust-bundle` of the driver's namespace, or somebody changed it.",
        "Wait until the operator is ready. If it stays, delete that ConfigMap: the operator writes it again.";
    Reason::Closing, [Reason::Closing],
        "The node driver's pod is replaced or ends.",
        "Nothing: the kubelet tries again at the next one.";
}

//! Every command of `strongroom`, in an order in which each finds what it needs.

use std::path::{Path, PathBuf};

/// One command.
pub struct Step {
    /// Its words, without those that say which vault and as whom.
    pub words: Vec<String>,
    /// What it must print.
    pub wanted: String,
    /// Where what it prints is kept.
    pub kept: Option<PathBuf>,
}

/// The lines, what each must print, and what is called that afterwards. NAME is an object, NAMESPACE that of the vault, APP that of the
/// account, FILE the object's path on disk, and DIRECTORY where the keys and the authority are that openssl made. What is asked of policy alone comes first: a right that only it needs is
/// missed soon.
const LINES: [(&str, &str, &str); 81] = [
    (
        "policy check --permission secrets/get --object NAME",
        "yes - allowed by AccessPolicy admin",
        "",
    ),
    (
        "policy who-can secrets/get NAME --vault NAMESPACE/prod",
        "APP/admin",
        "",
    ),
    ("policy show", "NAMESPACE/prod", ""),
    (
        "ref create APP/NAME --vault NAMESPACE/prod --service-account admin --file a=NAME --apply",
        "SecretRef APP/NAME created",
        "",
    ),
    ("ref show APP/NAME", "SecretRef APP/NAME", ""),
    ("policy suggest --ref APP/NAME", "kind: AccessPolicy", "suggested"),
    ("policy diff -f FILE.suggested", "No access begins or ends.", ""),
    ("az-cloud --namespace NAMESPACE", "[strongroom]", ""),
    ("token --to-file FILE.token", "", ""),
    ("secret set NAME", "set", ""),
    ("secret get NAME", "a value", ""),
    ("secret get NAME -o env", "='a value'", "env"),
    ("secret show NAME", "Recovery:", ""),
    ("secret import FILE.env", "set, version", ""),
    ("secret rollback NAME", "rolled back", ""),
    ("secret copy NAME NAME-copy", "copied to secret/NAME-copy", ""),
    ("secret edit NAME", "unchanged", ""),
    ("secret export --names", "NAME-copy", ""),
    ("secret update NAME --tag a=b", "updated", ""),
    ("secret list -o name", "NAME", ""),
    ("secret versions NAME -o name", "secret/NAME/", ""),
    ("secret backup NAME -f FILE.secret", "backed up", ""),
    ("secret delete NAME", "deleted", ""),
    ("secret recover NAME", "recovered", ""),
    ("secret delete NAME", "deleted", ""),
    ("secret purge NAME --yes", "purged", ""),
    ("secret restore -f FILE.secret", "restored", ""),
    ("secret delete NAME", "deleted", ""),
    ("key create NAME --type RSA", "created", ""),
    ("key show NAME -o pem", "BEGIN PUBLIC KEY", ""),
    ("key update NAME --tag a=b", "updated", ""),
    ("key policy NAME --rotate-after P90D", "P90D after creation", ""),
    ("key sign NAME --algorithm RS256 -o json", "RS256", "signature"),
    (
        "key verify NAME --algorithm RS256 --signature-file FILE.signature",
        "valid",
        "",
    ),
    (
        "key encrypt NAME --algorithm RSA-OAEP-256 -o json",
        "RSA-OAEP-256",
        "encrypted",
    ),
    ("key rotate NAME", "rotated", ""),
    ("key decrypt NAME -f FILE.encrypted", "a value", ""),
    (
        "key wrap NAME --algorithm RSA-OAEP -o json",
        "RSA-OAEP",
        "wrapped",
    ),
    ("key unwrap NAME -f FILE.wrapped", "a value", ""),
    ("key list -o name", "NAME", ""),
    ("key versions NAME -o name", "key/NAME/", ""),
    ("key backup NAME -f FILE.key", "backed up", ""),
    ("key delete NAME", "deleted", ""),
    ("key recover NAME", "recovered", ""),
    ("key delete NAME", "deleted", ""),
    ("key purge NAME --yes", "purged", ""),
    ("key restore -f FILE.key", "restored", ""),
    ("key import NAME-rsa -f DIRECTORY/rsa.pem", "imported", ""),
    ("key import NAME-ec -f DIRECTORY/ec.pem", "imported", ""),
    ("key import NAME-jwk -f DIRECTORY/jwk.json", "imported", ""),
    ("key sign NAME-rsa --algorithm RS256 -o base64", "==", "rsa"),
    ("key sign NAME-ec --algorithm ES256 -o base64", "==", "ec"),
    ("key sign NAME-jwk --algorithm ES256 -o base64", "==", "jwk"),
    (
        "cert create NAME-self --subject CN=a --type EC",
        "certificate/NAME-self",
        "",
    ),
    ("cert pending show NAME-self", "completed", ""),
    ("cert show NAME-self -o pem", "BEGIN CERTIFICATE", ""),
    ("cert update NAME-self --tag a=b", "certificate/NAME-self", ""),
    ("cert policy show NAME-self -o json", "x509_props", "policy"),
    ("cert policy set NAME-self -f FILE.policy", "CN=a", ""),
    ("cert renew NAME-self", "certificate/NAME-self", ""),
    ("cert versions NAME-self -o name", "certificate/NAME-self/", ""),
    ("cert list -o name", "certificate/NAME-self", ""),
    (
        "cert download NAME-self --with-private-key -f FILE.pfx",
        "NAME-self with its private key",
        "",
    ),
    ("cert import NAME-pfx -f FILE.pfx", "imported", ""),
    (
        "cert create NAME-csr --subject CN=b --type EC --issuer Unknown",
        "BEGIN CERTIFICATE REQUEST",
        "csr",
    ),
    ("cert merge NAME-csr -f FILE.crt", "merged", ""),
    ("cert issuer set NAME --provider Test", "issuer/NAME set", ""),
    ("cert issuer list -o name", "issuer/NAME", ""),
    ("cert issuer delete NAME", "issuer/NAME", ""),
    ("cert import house -f DIRECTORY/house.pem", "imported", ""),
    (
        "cert issuer set house -f DIRECTORY/issuer.json",
        "issuer/house set",
        "",
    ),
    (
        "cert create NAME-house --subject CN=c --type EC --issuer house --wait",
        "certificate/NAME-house",
        "",
    ),
    ("cert revoke NAME-house --reason superseded", "superseded", ""),
    ("cert contacts set a@b.example", "contacts", ""),
    ("cert contacts delete", "deleted", ""),
    ("cert backup NAME-self -f FILE.cert", "backed up", ""),
    ("cert delete NAME-self", "deleted", ""),
    ("cert recover NAME-self", "recovered", ""),
    ("cert delete NAME-self", "deleted", ""),
    ("cert purge NAME-self --yes", "purged", ""),
    ("cert restore -f FILE.cert", "restored", ""),
];

/// The commands on objects called `name` of a vault in `namespace`, for an account in `app`, with files in `directory`.
pub fn steps(name: &str, namespace: &str, app: &str, directory: &Path) -> Vec<Step> {
    let file = directory.join(name);
    let filled = |text: &str| {
        text.replace("NAMESPACE", namespace)
            .replace("NAME", name)
            .replace("APP", app)
            .replace("FILE", &file.to_string_lossy())
            .replace("DIRECTORY", &directory.to_string_lossy())
    };
    LINES
        .iter()
        .map(|(line, wanted, kept)| Step {
            words: filled(line).split(' ').map(str::to_owned).collect(),
            wanted: filled(wanted),
            kept: (!kept.is_empty()).then(|| file.with_extension(kept)),
        })
        .collect()
}

/// The words that name the command of a line: two where the first names a group.
pub fn command_of(words: &[String], groups: &[&str]) -> String {
    let is_group = words
        .first()
        .is_some_and(|first| groups.contains(&first.as_str()));
    let named = words.iter().take(1 + usize::from(is_group)).cloned();
    named.collect::<Vec<_>>().join(" ")
}

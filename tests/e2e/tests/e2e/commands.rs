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

/// The lines, what each must print, and what is called that afterwards. NAME is an object, FILE its path on disk, and
/// DIRECTORY where the keys are that openssl made. What is asked of policy alone comes first: a right that only it needs is
/// missed soon.
const LINES: [(&str, &str, &str); 39] = [
    (
        "policy check --permission secrets/get --object NAME",
        "yes - allowed by AccessPolicy admin",
        "",
    ),
    ("az-cloud --namespace NAMESPACE", "[strongroom]", ""),
    ("secret set NAME", "set", ""),
    ("secret get NAME", "a value", ""),
    ("secret update NAME --tag a=b", "updated", ""),
    ("secret list -o name", "NAME", ""),
    ("secret versions NAME -o name", "secret/NAME/", ""),
    ("secret backup NAME -f FILE.secret", "backed up", ""),
    ("secret delete NAME", "deleted", ""),
    ("secret recover NAME", "recovered", ""),
    ("secret delete NAME", "deleted", ""),
    ("secret purge NAME", "purged", ""),
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
    ("key purge NAME", "purged", ""),
    ("key restore -f FILE.key", "restored", ""),
    ("key import NAME-rsa -f DIRECTORY/rsa.pem", "imported", ""),
    ("key import NAME-ec -f DIRECTORY/ec.pem", "imported", ""),
    ("key import NAME-jwk -f DIRECTORY/jwk.json", "imported", ""),
    ("key sign NAME-rsa --algorithm RS256 -o base64", "==", "rsa"),
    ("key sign NAME-ec --algorithm ES256 -o base64", "==", "ec"),
    ("key sign NAME-jwk --algorithm ES256 -o base64", "==", "jwk"),
];

/// The commands on objects called `name` of a vault in `namespace`, with files in `directory`.
pub fn steps(name: &str, namespace: &str, directory: &Path) -> Vec<Step> {
    let file = directory.join(name);
    let filled = |text: &str| {
        text.replace("NAMESPACE", namespace)
            .replace("NAME", name)
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

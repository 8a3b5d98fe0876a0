//! Certificates that are planted with their private keys, and what is done with each before the memory is searched.
//!
//! A private key comes as PEM or in a PFX and lies in the vault as a key, and as a part of a secret in PEM or in a PFX. The
//! members of a key are found in each of these but an encrypted PFX: of that, what the vault writes is looked for itself.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, anyhow, ensure};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use strongroom_certificates::{
    issue::self_signed,
    pem,
    pkcs12::{NewPfx, Protection, Salts},
    policy::Policy,
    serial::Serial,
};
use strongroom_keys::Key;
use strongroom_testing::Program;
use tokio::time::sleep;

use super::{
    history::Clients,
    keys::{self, Member},
};

/// Certificates of each form, with each history.
const EACH: usize = 4;

/// The bytes of a PFX that are looked for, of the key that is encrypted in it.
const PART_OF_PFX: usize = 64;

/// When the vault has told itself of a change for sure: as for keys.
const NOTICE: Duration = Duration::from_millis(100);

/// What is done with a certificate after it was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Imported,
    /// Its secret was read, and its key was used.
    Used,
    /// Used, backed up and deleted.
    Deleted,
    /// Used, deleted and purged.
    Purged,
}

impl After {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Imported, Self::Used, Self::Deleted, Self::Purged];

    /// As the page names it.
    const fn name(self) -> &'static str {
        match self {
            Self::Imported => "imported",
            Self::Used => "imported, read and used",
            Self::Deleted => "read, used, backed up, deleted",
            Self::Purged => "read, used, deleted, purged",
        }
    }

    /// The requests behind the read and the use.
    const fn requests(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Imported | Self::Used => &[],
            Self::Deleted => &[
                ("POST", "/certificates/NAME/backup"),
                ("DELETE", "/certificates/NAME"),
            ],
            Self::Purged => &[
                ("DELETE", "/certificates/NAME"),
                ("DELETE", "/deletedcertificates/NAME"),
            ],
        }
    }
}

/// How the private key comes, and how the secret holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Pem,
    Pfx,
}

impl Form {
    const ALL: [Self; 2] = [Self::Pem, Self::Pfx];

    /// A key of the type that comes in this form, with its private members, and an algorithm that it signs with.
    fn plant(self) -> Result<(Key, Vec<Member>, &'static str)> {
        let (key, members) = match self {
            Self::Pem => keys::ec_key()?,
            Self::Pfx => keys::rsa_key()?,
        };
        Ok((key, members, if self == Self::Pem { "ES256" } else { "RS256" }))
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Pem => "EC, PEM",
            Self::Pfx => "RSA, PFX",
        }
    }

    const fn content_type(self) -> &'static str {
        match self {
            Self::Pem => "application/x-pem-file",
            Self::Pfx => "application/x-pkcs12",
        }
    }

    /// The value of an import.
    fn value(self, key: &Key) -> Result<String> {
        let unwritable = || anyhow!("a key that cannot be written");
        let private = key.to_pkcs8().map_err(|_| unwritable())?;
        let certificate = certificate(key)?;
        match self {
            Self::Pem => {
                let blocks = [
                    (pem::PRIVATE_KEY, private.as_slice()),
                    (pem::CERTIFICATE, certificate.as_slice()),
                ];
                let text = pem::write(&blocks).map_err(|_| unwritable())?;
                Ok(text.to_string())
            }
            Self::Pfx => {
                let salts = Salts::generate(|bytes| {
                    fastrand::fill(bytes);
                    Ok::<_, ()>(())
                });
                let pfx = NewPfx {
                    private_key: Some(&private),
                    certificates: &[&certificate],
                    alias: None,
                };
                let salts = salts.map_err(|()| unwritable())?;
                let pfx = pfx.to_der(Protection::Azure, &salts).map_err(|_| unwritable())?;
                Ok(BASE64_STANDARD.encode(pfx.as_slice()))
            }
        }
    }
}

/// A certificate that the key signs itself, valid for a year from now.
fn certificate(key: &Key) -> Result<Vec<u8>> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
    let policy = json!({"x509_props": {"subject": "CN=residue"}});
    let profile = Policy::create(&policy)?.profile(i64::try_from(now)?)?;
    Ok(self_signed(key, &profile, Serial::from_random([7; 16]))?)
}

/// What is searched for: groups of values by what they are.
type Groups = Vec<(String, Vec<Vec<u8>>)>;

/// Gives certificates of each form this history, every other one by HTTP/1.1. Returns what to search for.
pub async fn live(program: &Program, clients: &mut Clients, after: After) -> Result<Groups> {
    let mut groups = Groups::new();
    for form in Form::ALL {
        for number in 0..EACH {
            let mut planted = Planted {
                program,
                clients,
                by_newer: number % 2 == 0,
                name: format!("cert-{after:?}-{form:?}-{number}").to_lowercase(),
            };
            for (what, bytes) in planted.live(form, after).await? {
                let group = format!("{what} of a certificate ({}), {}", form.name(), after.name());
                match groups.iter_mut().find(|(name, _)| *name == group) {
                    Some((_, values)) => values.push(bytes),
                    None => groups.push((group, vec![bytes])),
                }
            }
        }
    }
    Ok(groups)
}

/// One certificate.
struct Planted<'a> {
    program: &'a Program,
    clients: &'a mut Clients,
    by_newer: bool,
    name: String,
}

impl Planted<'_> {
    /// What of it is to be found nowhere.
    async fn live(&mut self, form: Form, after: After) -> Result<Vec<Member>> {
        let (key, mut secret, algorithm) = form.plant()?;
        let value = form.value(&key)?;
        let policy = json!({"secret_props": {"contentType": form.content_type()}});
        let import = json!({"value": value, "policy": policy}).to_string();
        self.ask("POST", "/certificates/NAME/import", &import).await?;
        if form == Form::Pfx {
            secret.push(("PFX as it came", part_of_pfx(&value)?));
        }
        if after == After::Imported {
            return Ok(secret);
        }
        sleep(NOTICE).await;
        let read = self.ask("GET", "/secrets/NAME", "").await?;
        let read: Value = serde_json::from_slice(&read)?;
        let value = read.get("value").and_then(Value::as_str);
        let value = value.context("a secret without a value")?;
        match form {
            Form::Pem => ensure!(value.contains(pem::PRIVATE_KEY), "a secret without its key"),
            Form::Pfx => secret.push(("PFX of the secret", part_of_pfx(value)?)),
        }
        let digest = json!({"alg": algorithm, "value": "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM"});
        self.ask("POST", "/keys/NAME/sign", &digest.to_string()).await?;
        for (method, path) in after.requests() {
            self.ask(method, path, "").await?;
        }
        Ok(secret)
    }

    async fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<Vec<u8>> {
        let path = path.replace("NAME", &self.name);
        self.clients
            .read(self.program, self.by_newer, (method, &path, body))
            .await
    }
}

/// A part of the encrypted key of a PFX, which no other PFX has.
fn part_of_pfx(text: &str) -> Result<Vec<u8>> {
    let pfx = BASE64_STANDARD.decode(text)?;
    let begin = pfx.len() / 4;
    let part = pfx.get(begin..begin + PART_OF_PFX).context("a short PFX")?;
    Ok(part.to_vec())
}

//! Private keys that are planted, and what is done with each before the memory is searched.

use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use strongroom_keys::{
    Curve, Key, KeyProvider as _, KeySpec, KeyType, MlDsaSet, OctSize, PublicMembers, RsaSize, Software,
};
use strongroom_testing::Program;
use tokio::time::sleep;

use super::history::Clients;

/// Keys of each type, with each history.
const EACH: usize = 4;

/// What the page says of keys that are ready for use: of each there are copies, so a search that finds none sees nothing.
pub const READY: &str = "imported and used";

/// When the vault has told itself of a change for sure. A key that is used before that is forgotten, and opened anew when it is
/// used again: how many copies there are would depend on chance.
const NOTICE: Duration = Duration::from_millis(100);

/// The members of an RSA key in the order of PKCS#1.
const RSA_MEMBERS: [&str; 8] = ["n", "e", "d", "p", "q", "dp", "dq", "qi"];

/// What is done with a key after it was imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum After {
    /// Nothing.
    Imported,
    /// It was used in every way.
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
            Self::Used => READY,
            Self::Deleted => "used, backed up, deleted",
            Self::Purged => "used, deleted, purged",
        }
    }

    /// The requests that follow the import.
    fn requests(self, uses: &[Request]) -> Vec<Request> {
        let end = |requests: &[(&'static str, &'static str)]| {
            let requests = requests.iter();
            let requests = requests.map(|(method, path)| (*method, (*path).to_owned(), String::new()));
            uses.iter().cloned().chain(requests).collect()
        };
        match self {
            Self::Imported => Vec::new(),
            Self::Used => end(&[]),
            Self::Deleted => end(&[("POST", "/keys/NAME/backup"), ("DELETE", "/keys/NAME")]),
            Self::Purged => end(&[("DELETE", "/keys/NAME"), ("DELETE", "/deletedkeys/NAME")]),
        }
    }
}

/// Method, path and body.
type Request = (&'static str, String, String);

/// A private member of a key: its name, and its bytes.
pub type Member = (&'static str, Vec<u8>);

/// A key, and what is looked for of it.
struct Planted {
    jwk: Value,
    uses: Vec<Request>,
    secret: Vec<Member>,
}

/// Makes a key of one type.
type Plant = fn() -> Result<Planted>;

/// The types.
const TYPES: [(&str, Plant); 4] = [("oct", oct), ("EC", ec), ("AKP", akp), ("RSA", rsa)];

/// Gives keys of each type this history, every other one by HTTP/1.1. Returns what to search for, by type and member.
pub async fn live(
    program: &Program,
    clients: &mut Clients,
    after: After,
) -> Result<Vec<(String, Vec<Vec<u8>>)>> {
    let mut groups: Vec<(String, Vec<Vec<u8>>)> = Vec::new();
    for (type_name, plant) in TYPES {
        for number in 0..EACH {
            let Planted { jwk, uses, secret } = plant()?;
            let name = format!("{after:?}-{type_name}-{number}").to_lowercase();
            let import = json!({ "key": jwk }).to_string();
            let path = format!("/keys/{name}");
            clients
                .ask(program, number % 2 == 0, ("PUT", &path, &import))
                .await?;
            sleep(NOTICE).await;
            for (method, path, body) in after.requests(&uses) {
                let path = path.replace("NAME", &name);
                clients
                    .ask(program, number % 2 == 0, (method, &path, &body))
                    .await?;
            }
            for (member, bytes) in secret {
                let group = format!("{member} of a key ({type_name}), {}", after.name());
                match groups.iter_mut().find(|(name, _)| *name == group) {
                    Some((_, values)) => values.push(bytes),
                    None => groups.push((group, vec![bytes])),
                }
            }
        }
    }
    Ok(groups)
}

fn work(operation: &str, algorithm: &str, value: &[u8]) -> Request {
    let body = json!({"alg": algorithm, "value": text(value)});
    ("POST", format!("/keys/NAME/{operation}"), body.to_string())
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// A new key's public members, and its sealed form without the head.
fn generate(key_type: KeyType) -> Result<(Key, Vec<u8>)> {
    let said = |error: strongroom_keys::KeyError| anyhow!("{}", error.sentence(""));
    let key = Software.generate(KeySpec::new(key_type)).map_err(said)?;
    let sealed = key.to_bytes().map_err(said)?;
    let private = sealed.get(2..).context("a sealed form without a head")?.to_vec();
    Ok((key, private))
}

fn oct() -> Result<Planted> {
    let (_, k) = generate(KeyType::Oct(OctSize::Bits256))?;
    Ok(Planted {
        jwk: json!({"kty": "oct", "k": text(&k)}),
        uses: vec![
            work("encrypt", "A256GCM", b"data"),
            work("wrapkey", "A256KW", &[7; 32]),
        ],
        secret: vec![("k", k)],
    })
}

/// A key of EC, and its private member.
pub fn ec_key() -> Result<(Key, Vec<Member>)> {
    let (key, private) = generate(KeyType::Ec(Curve::P256))?;
    let d = private.get(..32).context("a scalar")?.to_vec();
    Ok((key, vec![("d", d)]))
}

/// A key of RSA, and its private members.
pub fn rsa_key() -> Result<(Key, Vec<Member>)> {
    let (key, private) = generate(KeyType::Rsa(RsaSize::Bits2048))?;
    let (_, secret) = rsa_members(&private)?.into_iter().partition(is_public);
    Ok((key, secret))
}

fn is_public((name, _): &Member) -> bool {
    ["n", "e"].contains(name)
}

fn ec() -> Result<Planted> {
    let (key, secret) = ec_key()?;
    let (_, d) = secret.first().context("a scalar")?;
    let PublicMembers::Ec { x, y, .. } = key.public().members() else {
        return Err(anyhow!("not a point"));
    };
    Ok(Planted {
        jwk: json!({"kty": "EC", "crv": "P-256", "x": text(x), "y": text(y), "d": text(d)}),
        uses: vec![work("sign", "ES256", &[3; 32])],
        secret,
    })
}

fn akp() -> Result<Planted> {
    let (_, seed) = generate(KeyType::Akp(MlDsaSet::MlDsa44))?;
    Ok(Planted {
        jwk: json!({"kty": "AKP", "alg": "ML-DSA-44", "priv": text(&seed)}),
        uses: vec![work("sign", "ML-DSA-44", b"data")],
        secret: vec![("priv", seed)],
    })
}

/// All members of a key of RSA in PKCS#8.
fn rsa_members(private: &[u8]) -> Result<Vec<Member>> {
    let mut numbers = Vec::new();
    integers(private, &mut numbers)?;
    // The versions of PKCS#8 and of PKCS#1 stand before the members of the key.
    let members = numbers.get(2..).unwrap_or_default().to_vec();
    ensure!(members.len() == RSA_MEMBERS.len(), "{} members", members.len());
    Ok(RSA_MEMBERS.into_iter().zip(members).collect())
}

fn rsa() -> Result<Planted> {
    let (_, private) = generate(KeyType::Rsa(RsaSize::Bits2048))?;
    let members = rsa_members(&private)?;
    let mut jwk = json!({"kty": "RSA"});
    for (name, bytes) in &members {
        if let Some(jwk) = jwk.as_object_mut() {
            jwk.insert((*name).to_owned(), text(bytes).into());
        }
    }
    let (_, secret) = members.into_iter().partition(is_public);
    let below_modulus = [1; 256];
    Ok(Planted {
        jwk,
        uses: vec![
            work("sign", "RS256", &[3; 32]),
            work("unwrapkey", "RSA1_5", &below_modulus),
            work("encrypt", "RSA-OAEP-256", b"data"),
        ],
        secret,
    })
}

/// The numbers in DER, in their order, without leading zeros; also those in a string of octets that holds DER.
fn integers(mut der: &[u8], found: &mut Vec<Vec<u8>>) -> Result<()> {
    const INTEGER: u8 = 0x02;
    const OCTETS: u8 = 0x04;
    const SEQUENCE: u8 = 0x30;
    while let Some((tag, rest)) = der.split_first() {
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length).context("DER that ends early")?;
        match *tag {
            INTEGER => {
                let zeros = content.iter().take_while(|byte| **byte == 0).count();
                found.push(content.get(zeros..).unwrap_or_default().to_vec());
            }
            OCTETS | SEQUENCE => integers(content, found)?,
            _ => {}
        }
        der = rest;
    }
    Ok(())
}

/// The length that DER begins with, and what follows it.
fn length(der: &[u8]) -> Result<(usize, &[u8])> {
    let (first, rest) = der.split_first().context("DER without a length")?;
    let count = usize::from(first & 0x7f);
    if first & 0x80 == 0 {
        return Ok((count, rest));
    }
    let (digits, rest) = rest.split_at_checked(count).context("DER with half a length")?;
    let length = digits
        .iter()
        .fold(0, |sum, digit| (sum << 8) | usize::from(*digit));
    Ok((length, rest))
}

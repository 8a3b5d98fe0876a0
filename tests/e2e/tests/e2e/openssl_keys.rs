//! Keys that the openssl program makes, for `strongroom key import`, and its word on what they sign in a vault.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};
use base64::{
    Engine as _,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use serde_json::json;
use strongroom_harness::command;

/// The keys, by the names of their files: RSA in PKCS#8, EC in SEC 1 behind its parameters, and EC as a JWK.
const KEYS: [(&str, &str); 3] = [
    ("rsa", "genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
    ("ec", "ecparam -name prime256v1 -genkey"),
    ("jwk", "ecparam -name prime256v1 -genkey"),
];

/// The keys in a directory: `rsa.pem`, `ec.pem`, `jwk.json`, and the public part of each beside it; and an authority with its
/// key, `house.pem`, with the issuer that signs by it, `issuer.json`.
pub struct OpensslKeys {
    directory: PathBuf,
}

impl OpensslKeys {
    /// Makes them.
    pub fn make(directory: &Path) -> Result<Self> {
        let keys = Self {
            directory: directory.to_owned(),
        };
        for (name, line) in KEYS {
            fs::write(keys.private(name), openssl(line, &[])?)?;
            let public = openssl("pkey -pubout -in", &[&keys.private(name)])?;
            fs::write(keys.public(name), public)?;
        }
        fs::write(directory.join("jwk.json"), keys.jwk("jwk")?)?;
        keys.make_authority()?;
        Ok(keys)
    }

    /// An authority that may sign certificates and lists of those that are revoked, and what a vault is told of it.
    fn make_authority(&self) -> Result<()> {
        let line = "req -x509 -subj /CN=house -days 1000 -addext basicConstraints=critical,CA:TRUE \
                    -addext keyUsage=critical,keyCertSign,cRLSign -key";
        let certificate = openssl(line, &[&self.private("rsa")])?;
        let key = fs::read(self.private("rsa"))?;
        fs::write(self.directory.join("house.pem"), [key, certificate].concat())?;
        let issuer = json!({
            "provider": "Strongroom",
            "strongroom": {
                "certificate": "house", "subjects": [""], "maxValidityMonths": 12,
                "ekus": ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"],
            },
        });
        fs::write(self.directory.join("issuer.json"), serde_json::to_vec(&issuer)?)?;
        Ok(())
    }

    /// Whether each has signed `message`; its signature is in `signatures`, with its name as the extension, in base64.
    pub fn verify(&self, message: &[u8], signatures: &Path) -> Result<()> {
        let signed = self.directory.join("message");
        fs::write(&signed, message)?;
        for (name, _) in KEYS {
            let text = fs::read_to_string(signatures.with_extension(name))?;
            let signature = BASE64_STANDARD.decode(text.trim())?;
            let signature = if name == "rsa" {
                signature
            } else {
                signature_der(&signature)
            };
            let path = self.directory.join("signature");
            fs::write(&path, signature)?;
            openssl(
                "dgst -sha256 -verify",
                &[&self.public(name), Path::new("-signature"), &path, &signed],
            )
            .with_context(|| format!("the signature of the key {name}"))?;
        }
        Ok(())
    }

    /// Issues the certificate that a request asks for, beside it, by an authority whose key is the one of RSA.
    pub fn issue(&self, request: &Path) -> Result<()> {
        let authority = self.directory.join("authority.pem");
        openssl(
            "req -x509 -subj /CN=authority -days 30 -key",
            &[&self.private("rsa"), Path::new("-out"), &authority],
        )?;
        let issued = request.with_extension("crt");
        openssl(
            "x509 -req -days 30 -in",
            &[
                request,
                Path::new("-CA"),
                &authority,
                Path::new("-CAkey"),
                &self.private("rsa"),
                Path::new("-CAcreateserial"),
                Path::new("-out"),
                &issued,
            ],
        )?;
        Ok(())
    }

    /// The JWK of a key on P-256. All lengths in its DER (RFC 5915) are fixed.
    fn jwk(&self, name: &str) -> Result<Vec<u8>> {
        let der = openssl("ec -outform DER -in", &[&self.private(name)])?;
        ensure!(der.len() == 121, "a key on P-256 of {} bytes", der.len());
        let octets = |from: usize| BASE64_URL_SAFE_NO_PAD.encode(&der[from..from + 32]);
        let jwk = json!({
            "kty": "EC", "crv": "P-256", "d": octets(7), "x": octets(57), "y": octets(89),
        });
        Ok(serde_json::to_vec(&jwk)?)
    }

    fn private(&self, name: &str) -> PathBuf {
        self.directory.join(name).with_extension("pem")
    }

    fn public(&self, name: &str) -> PathBuf {
        self.directory.join(name).with_extension("public")
    }
}

fn openssl(line: &str, more: &[&Path]) -> Result<Vec<u8>> {
    command::output(Command::new("openssl").args(line.split(' ')).args(more))
}

/// r and s of a signature on P-256, as openssl wants them (RFC 3279, 2.2.3).
fn signature_der(fixed: &[u8]) -> Vec<u8> {
    let (r, s) = fixed.split_at(fixed.len() / 2);
    element(0x30, &[integer(r), integer(s)].concat())
}

fn integer(number: &[u8]) -> Vec<u8> {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let number = &number[zeros..];
    let sign: &[u8] = if number.first().is_some_and(|first| *first >= 0x80) {
        &[0]
    } else {
        &[]
    };
    element(0x02, &[sign, number].concat())
}

/// An element of less than 128 bytes.
fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u8::try_from(content.len()).unwrap();
    [&[tag, length], content].concat()
}

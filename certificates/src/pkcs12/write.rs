//! Writing of a PFX.

use der::{
    Any, AnyRef, Decode, Encode, Tag, TagNumber,
    asn1::{BmpString, ObjectIdentifier, OctetStringRef, SetOfVec},
};
use spki::AlgorithmIdentifierRef;
use zeroize::Zeroizing;

use super::{
    NewPfx, Pkcs12WriteError, Protection, Salts, derivation,
    encryption::{self, Encryption},
    mac,
    password::Password,
    structure::{
        self, BagAttribute, CertBag, ContentInfo, DigestInfo, EncryptedContentInfo, EncryptedData,
        EncryptedPrivateKeyInfo, MacData, PbeParameters, Pbes2Parameters, Pbkdf2Parameters, Pfx, SafeBag,
    },
    work::Work,
};

/// How often Windows hashes, and with it the service in Azure.
const ROUNDS_OF_AZURE: u32 = 2000;
/// How often Java hashes (`keystore.pkcs12.keyPbeIterationCount`).
const ROUNDS_OF_JAVA: u32 = 10_000;
/// The salt of PKCS#12's own encryption, in bytes.
const SHORT_SALT: usize = 8;
/// What ties the leaf to the key.
const LOCAL_KEY_ID: [u8; 4] = [1, 0, 0, 0];

/// A [`Protection`], taken apart.
struct Method<'a> {
    password: Password<'a>,
    rounds: u32,
    /// Whether PBES2 encrypts, and not PKCS#12's own encryption with 3DES.
    is_pbes2: bool,
    hash: ObjectIdentifier,
}

/// See [`NewPfx::to_der`].
pub(super) fn write(
    new: &NewPfx<'_>,
    protection: Protection<'_>,
    salts: &Salts,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12WriteError> {
    let method = Method::of(protection);
    let mut parts = Vec::new();
    if let Some(key) = new.private_key {
        let bag = key_bag(key, new.alias, &method, &salts.private_key)?;
        parts.push(data(&sequence(&[bag])?)?);
    }
    if !new.certificates.is_empty() {
        let bags = certificate_bags(new)?;
        parts.push(encrypted(&sequence(&bags)?, &method, &salts.certificates)?);
    }
    file(&parts, &method, salts)
}

/// See [`NewTrustStore::to_pkcs12`](crate::trust_store::NewTrustStore::to_pkcs12).
pub(crate) fn trust_store(
    entries: &[(&str, &[u8])],
    password: &str,
    salts: &Salts,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12WriteError> {
    let method = Method::of(Protection::Password(password));
    let bags = entries.iter().map(|(alias, certificate)| {
        let usage = structure::ANY_EXTENDED_KEY_USAGE.to_der()?;
        let attributes = attributes(Some(alias), (structure::TRUSTED_KEY_USAGE, usage))?;
        certificate_bag(certificate, Some(attributes))
    });
    let bags = bags.collect::<Result<Vec<_>, _>>()?;
    let part = encrypted(&sequence(&bags)?, &method, &salts.certificates)?;
    file(&[part], &method, salts)
}

/// The file with these parts.
fn file(
    parts: &[Zeroizing<Vec<u8>>],
    method: &Method<'_>,
    salts: &Salts,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12WriteError> {
    let contents = sequence(parts)?;
    let mac = mac::of(method.hash, &contents, method.password, &salts.mac, method.rounds)
        .map_err(|_| Pkcs12WriteError::Encryption)?;
    let contents = octets(&contents)?;
    let file = Pfx {
        version: structure::VERSION,
        auth_safe: ContentInfo {
            content_type: structure::DATA,
            content: AnyRef::from_der(&contents)?,
        },
        mac_data: Some(MacData {
            mac: DigestInfo {
                algorithm: AlgorithmIdentifierRef {
                    oid: method.hash,
                    parameters: Some(AnyRef::NULL),
                },
                digest: OctetStringRef::new(mac.as_ref())?,
            },
            salt: OctetStringRef::new(&salts.mac)?,
            iterations: Some(method.rounds),
        }),
    };
    Ok(Zeroizing::new(file.to_der()?))
}

impl<'a> Method<'a> {
    const fn of(protection: Protection<'a>) -> Self {
        match protection {
            Protection::Azure => Self {
                password: Password::new(""),
                rounds: ROUNDS_OF_AZURE,
                is_pbes2: false,
                hash: mac::SHA1,
            },
            Protection::Password(password) => Self {
                password: Password::new(password),
                rounds: ROUNDS_OF_JAVA,
                is_pbes2: true,
                hash: mac::SHA256,
            },
        }
    }

    /// The identifier of the algorithm, with the parameters that the salt makes.
    fn algorithm(&self, salt: &[u8; 32]) -> Result<Vec<u8>, der::Error> {
        let (salt, vector) = salt.split_at(16);
        if self.is_pbes2 {
            return pbes2(salt, vector, self.rounds);
        }
        let salt = salt.get(..SHORT_SALT).unwrap_or(salt);
        let parameters = PbeParameters {
            salt: OctetStringRef::new(salt)?,
            iterations: self.rounds,
        };
        identifier(encryption::PBE_TRIPLE_DES, &parameters)
    }

    fn encrypt(
        &self,
        algorithm: &AlgorithmIdentifierRef<'_>,
        bytes: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Pkcs12WriteError> {
        Encryption::new(algorithm, self.password, &mut Work::new())
            .ok()
            .and_then(|encryption| encryption.encrypt(bytes))
            .ok_or(Pkcs12WriteError::Encryption)
    }
}

fn pbes2(salt: &[u8], vector: &[u8], rounds: u32) -> Result<Vec<u8>, der::Error> {
    let derivation = Pbkdf2Parameters {
        salt: OctetStringRef::new(salt)?,
        iterations: rounds,
        key_length: None,
        prf: Some(AlgorithmIdentifierRef {
            oid: derivation::HMAC_SHA256,
            parameters: Some(AnyRef::NULL),
        }),
    };
    let derivation = identifier(derivation::PBKDF2, &derivation)?;
    let cipher = identifier(encryption::AES_256_CBC, &OctetStringRef::new(vector)?)?;
    let parameters = Pbes2Parameters {
        derivation: AlgorithmIdentifierRef::from_der(&derivation)?,
        cipher: AlgorithmIdentifierRef::from_der(&cipher)?,
    };
    identifier(encryption::PBES2, &parameters)
}

fn identifier<T: Encode>(oid: ObjectIdentifier, parameters: &T) -> Result<Vec<u8>, der::Error> {
    let parameters = parameters.to_der()?;
    AlgorithmIdentifierRef {
        oid,
        parameters: Some(AnyRef::from_der(&parameters)?),
    }
    .to_der()
}

fn key_bag(
    key: &[u8],
    alias: Option<&str>,
    method: &Method<'_>,
    salt: &[u8; 32],
) -> Result<Zeroizing<Vec<u8>>, Pkcs12WriteError> {
    let algorithm = method.algorithm(salt)?;
    let algorithm = AlgorithmIdentifierRef::from_der(&algorithm)?;
    let data = method.encrypt(&algorithm, key)?;
    let key = EncryptedPrivateKeyInfo {
        algorithm,
        data: OctetStringRef::new(&data)?,
    };
    bag(
        structure::SHROUDED_KEY_BAG,
        &Zeroizing::new(key.to_der()?),
        Some(key_attributes(alias)?),
    )
}

fn certificate_bags(new: &NewPfx<'_>) -> Result<Vec<Zeroizing<Vec<u8>>>, Pkcs12WriteError> {
    let mut attributes = Some(key_attributes(new.alias)?);
    let certificates = new.certificates.iter();
    // The first is the leaf, and it alone is that of the key.
    let bags = certificates.map(|certificate| certificate_bag(certificate, attributes.take()));
    bags.collect()
}

fn certificate_bag(
    certificate: &[u8],
    attributes: Option<SetOfVec<BagAttribute>>,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12WriteError> {
    let certificate = octets(certificate)?;
    let value = CertBag {
        cert_id: structure::X509_CERTIFICATE,
        value: AnyRef::from_der(&certificate)?,
    };
    bag(structure::CERT_BAG, &value.to_der()?, attributes)
}

/// The attributes of the key and of the leaf.
fn key_attributes(alias: Option<&str>) -> Result<SetOfVec<BagAttribute>, Pkcs12WriteError> {
    let key_id = octets(&LOCAL_KEY_ID)?.to_vec();
    attributes(alias, (structure::LOCAL_KEY_ID, key_id))
}

/// An attribute, and the name beside it.
fn attributes(
    alias: Option<&str>,
    (attribute, value): (ObjectIdentifier, Vec<u8>),
) -> Result<SetOfVec<BagAttribute>, Pkcs12WriteError> {
    let mut attributes = SetOfVec::new();
    let mut insert = |attribute, value: Vec<u8>| {
        let values = SetOfVec::try_from([Any::from_der(&value)?])?;
        attributes.insert(BagAttribute { attribute, values })
    };
    insert(attribute, value)?;
    if let Some(alias) = alias {
        let alias = BmpString::from_utf8(alias).map_err(|_| Pkcs12WriteError::Alias)?;
        insert(structure::FRIENDLY_NAME, alias.to_der()?)?;
    }
    Ok(attributes)
}

fn bag(
    bag_id: ObjectIdentifier,
    value: &[u8],
    attributes: Option<SetOfVec<BagAttribute>>,
) -> Result<Zeroizing<Vec<u8>>, Pkcs12WriteError> {
    let attributes = attributes.map(|attributes| attributes.to_der()).transpose()?;
    let bag = SafeBag {
        bag_id,
        value: AnyRef::from_der(value)?,
        attributes: attributes.as_deref().map(AnyRef::from_der).transpose()?,
    };
    Ok(Zeroizing::new(bag.to_der()?))
}

fn data(bags: &[u8]) -> Result<Zeroizing<Vec<u8>>, der::Error> {
    content_info(structure::DATA, &octets(bags)?)
}

fn encrypted(
    bags: &[u8],
    method: &Method<'_>,
    salt: &[u8; 32],
) -> Result<Zeroizing<Vec<u8>>, Pkcs12WriteError> {
    let algorithm = method.algorithm(salt)?;
    let algorithm = AlgorithmIdentifierRef::from_der(&algorithm)?;
    let data = method.encrypt(&algorithm, bags)?;
    let in_its_place = Tag::ContextSpecific {
        constructed: false,
        number: TagNumber(0),
    };
    let contents = EncryptedData {
        version: 0,
        content_info: EncryptedContentInfo {
            content_type: structure::DATA,
            algorithm,
            content: Some(AnyRef::new(in_its_place, &data)?),
        },
        unprotected: None,
    };
    Ok(content_info(structure::ENCRYPTED_DATA, &contents.to_der()?)?)
}

fn content_info(content_type: ObjectIdentifier, content: &[u8]) -> Result<Zeroizing<Vec<u8>>, der::Error> {
    let content = AnyRef::from_der(content)?;
    Ok(Zeroizing::new(
        ContentInfo {
            content_type,
            content,
        }
        .to_der()?,
    ))
}

fn octets(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, der::Error> {
    Ok(Zeroizing::new(OctetStringRef::new(bytes)?.to_der()?))
}

/// A sequence of elements that are encoded.
fn sequence(elements: &[Zeroizing<Vec<u8>>]) -> Result<Zeroizing<Vec<u8>>, der::Error> {
    let elements = elements
        .iter()
        .map(|element| AnyRef::from_der(element))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Zeroizing::new(elements.to_der()?))
}

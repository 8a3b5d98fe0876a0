//! Reading of a PFX.

use der::{AnyRef, Decode, Encode, Reader, SliceReader, Tag, Tagged, asn1::OctetStringRef};
use zeroize::Zeroizing;

use super::{
    LARGEST, MOST_BAGS, Pfx, Pkcs12Error, ber,
    encryption::Encryption,
    mac,
    password::Password,
    structure::{self, CertBag, ContentInfo, EncryptedData, EncryptedPrivateKeyInfo, SafeBag},
    work::Work,
};

/// How deep bags of bags may lie in each other.
const DEEPEST: usize = 3;

/// See [`Pfx::read_within`].
pub(super) fn read(bytes: &[u8], password: Option<&str>, mut work: Work) -> Result<Pfx, Pkcs12Error> {
    if bytes.len() > LARGEST {
        return Err(Pkcs12Error::TooLarge);
    }
    let der = ber::to_der(bytes).ok_or(Pkcs12Error::Malformed)?;
    let file = structure::Pfx::from_der(&der)?;
    if file.version != structure::VERSION {
        return Err(Pkcs12Error::Malformed);
    }
    if file.auth_safe.content_type != structure::DATA {
        // Signed instead of with a MAC.
        return Err(Pkcs12Error::Unsupported(file.auth_safe.content_type));
    }
    let contents = file.auth_safe.content.decode_as::<&OctetStringRef>()?.as_bytes();
    let mut refusal = Pkcs12Error::WrongPassword;
    for password in Password::candidates(password) {
        if let Some(mac) = &file.mac_data {
            if mac::is_of(mac, contents, password, &mut work)? {
                return Reading::of(contents, password, &mut work);
            }
            continue;
        }
        // Nothing but the contents tells the right password.
        match Reading::of(contents, password, &mut work) {
            Err(found @ (Pkcs12Error::WrongPassword | Pkcs12Error::Malformed)) => refusal = found,
            other => return other,
        }
    }
    Err(refusal)
}

/// What has been read, and how much more may be.
struct Reading<'a> {
    password: Password<'a>,
    work: &'a mut Work,
    bags_left: usize,
    found: Pfx,
}

impl<'a> Reading<'a> {
    /// Everything in the contents of a file.
    fn of(contents: &[u8], password: Password<'a>, work: &'a mut Work) -> Result<Pfx, Pkcs12Error> {
        let mut reading = Self {
            password,
            work,
            bags_left: MOST_BAGS,
            found: Pfx::default(),
        };
        reading.read_safe(contents)?;
        Ok(reading.found)
    }

    fn read_safe(&mut self, safe: &[u8]) -> Result<(), Pkcs12Error> {
        let der = ber::to_der(safe).ok_or(Pkcs12Error::Malformed)?;
        let mut parts = elements(&der)?;
        while !parts.is_finished() {
            // Each of them counts as a bag, so that many with nothing in them cost nothing either.
            self.count_bag()?;
            let part = ContentInfo::decode(&mut parts)?;
            match part.content_type {
                structure::DATA => {
                    let bags = part.content.decode_as::<&OctetStringRef>()?;
                    self.read_bags(bags.as_bytes())?;
                }
                structure::ENCRYPTED_DATA => {
                    let bags = self.decrypt_data(&part.content.decode_as()?)?;
                    self.read_bags(&bags)?;
                }
                other => return Err(Pkcs12Error::Unsupported(other)),
            }
        }
        Ok(())
    }

    fn decrypt_data(&mut self, data: &EncryptedData<'_>) -> Result<Zeroizing<Vec<u8>>, Pkcs12Error> {
        let content = data.content_info.content.ok_or(Pkcs12Error::Malformed)?;
        let joined;
        let encrypted = match content.tag() {
            Tag::ContextSpecific { number, .. } if number.value() != 0 => return Err(Pkcs12Error::Malformed),
            Tag::ContextSpecific {
                constructed: false, ..
            } => content.value(),
            Tag::ContextSpecific {
                constructed: true, ..
            } => {
                joined = ber::join_parts(content.value()).ok_or(Pkcs12Error::Malformed)?;
                &joined
            }
            _ => return Err(Pkcs12Error::Malformed),
        };
        Encryption::new(&data.content_info.algorithm, self.password, self.work)?.decrypt(encrypted)
    }

    fn read_bags(&mut self, bags: &[u8]) -> Result<(), Pkcs12Error> {
        let der = ber::to_der(bags).ok_or(Pkcs12Error::Malformed)?;
        self.read_bags_in_der(&der, DEEPEST)
    }

    fn read_bags_in_der(&mut self, bags: &[u8], depth: usize) -> Result<(), Pkcs12Error> {
        let depth = depth.checked_sub(1).ok_or(Pkcs12Error::TooManyBags)?;
        let mut bags = elements(bags)?;
        while !bags.is_finished() {
            self.count_bag()?;
            let bag = SafeBag::decode(&mut bags)?;
            match bag.bag_id {
                structure::CERT_BAG => self.read_certificate(&bag.value.decode_as()?)?,
                structure::KEY_BAG => {
                    let key = bag.value.to_der()?;
                    self.found.private_keys.push(Zeroizing::new(key));
                }
                structure::SHROUDED_KEY_BAG => {
                    let key: EncryptedPrivateKeyInfo<'_> = bag.value.decode_as()?;
                    let encryption = Encryption::new(&key.algorithm, self.password, self.work)?;
                    let key = encryption.decrypt(key.data.as_bytes())?;
                    self.found.private_keys.push(key);
                }
                structure::SAFE_CONTENTS_BAG => {
                    let inner = Zeroizing::new(bag.value.to_der()?);
                    self.read_bags_in_der(&inner, depth)?;
                }
                // Revocation lists, secrets, and what others have thought of.
                _ => {}
            }
        }
        Ok(())
    }

    fn read_certificate(&mut self, bag: &CertBag<'_>) -> Result<(), Pkcs12Error> {
        if bag.cert_id == structure::X509_CERTIFICATE {
            let certificate = bag.value.decode_as::<&OctetStringRef>()?;
            self.found.certificates.push(certificate.as_bytes().to_vec());
        }
        Ok(())
    }

    fn count_bag(&mut self) -> Result<(), Pkcs12Error> {
        self.bags_left = self.bags_left.checked_sub(1).ok_or(Pkcs12Error::TooManyBags)?;
        Ok(())
    }
}

/// A reader of the elements of a sequence.
fn elements(sequence: &[u8]) -> Result<SliceReader<'_>, Pkcs12Error> {
    let whole = AnyRef::from_der(sequence)?;
    if whole.tag() != Tag::Sequence {
        return Err(Pkcs12Error::Malformed);
    }
    Ok(SliceReader::new(whole.value())?)
}

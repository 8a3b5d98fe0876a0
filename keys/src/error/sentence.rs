//! The sentences of errors, as Azure Key Vault words them where that is known.

use std::fmt;

use super::{BadKey, KeyError};
use crate::{algorithm::Algorithm, key_type::KeyType};

impl KeyError {
    /// The sentence for the sender of the request. `key_id` is the id of the key with its version; where there is no
    /// key yet, no sentence names it.
    pub fn sentence(self, key_id: &str) -> String {
        match self {
            Self::Incompatible { algorithm, key } => incompatible(algorithm, key, key_id),
            Self::WrongOperation { algorithm, operation } => {
                format!("Algorithm '{algorithm}' cannot be used for operation '{operation}'.")
            }
            Self::Length {
                member,
                length,
                algorithm,
                needed,
            } => format!(
                "Invalid length of '{member}': {length} bytes. {algorithm} requires {needed} bytes, encoded with \
                 base64url."
            ),
            Self::Blocks {
                member,
                length,
                algorithm,
                block: 1,
                least,
            } => format!(
                "Invalid length of '{member}': {length} bytes. {algorithm} requires at least {least} bytes, encoded \
                 with base64url."
            ),
            Self::Blocks {
                member,
                length,
                algorithm,
                block,
                least,
            } => format!(
                "Invalid length of '{member}': {length} bytes. {algorithm} requires a multiple of {block} bytes, at \
                 least {least}, encoded with base64url."
            ),
            Self::TooLong {
                member,
                length,
                algorithm,
                most,
            } => format!(
                "Invalid length of '{member}': {length} bytes. {algorithm} allows at most {most} bytes, encoded with \
                 base64url."
            ),
            Self::Missing { member, algorithm } => {
                format!("Property '{member}' is required by algorithm '{algorithm}'.")
            }
            Self::MadeByService { member, algorithm } => {
                format!(
                    "Property '{member}' must not be sent: with algorithm '{algorithm}' the service makes it."
                )
            }
            Self::OaepPadding => "Error occurred while decoding OAEP padding.".to_owned(),
            Self::NotDecrypted => "The value could not be decrypted.".to_owned(),
            Self::BadKey(bad) => bad.to_string(),
            Self::Damaged => "The stored key is damaged.".to_owned(),
            Self::Failed => "The operation failed.".to_owned(),
        }
    }
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence("of this request"))
    }
}

fn incompatible(algorithm: Algorithm, key: KeyType, key_id: &str) -> String {
    let purpose = if algorithm.signs() {
        "signing"
    } else {
        "encryption"
    };
    let needed = algorithm.kind();
    let (is, only) = match (key, algorithm) {
        (KeyType::Ec(curve), Algorithm::Ecdsa(needed)) => {
            (format!("uses curve '{curve}'"), format!("curve '{needed}'"))
        }
        (
            KeyType::Oct(size),
            Algorithm::AesGcm(needed)
            | Algorithm::AesCbc(needed)
            | Algorithm::AesCbcPad(needed)
            | Algorithm::AesKw(needed),
        ) => (
            format!("is of {} bits", size.bits()),
            format!("a key of {} bits", needed.bits()),
        ),
        (KeyType::Akp(set), Algorithm::MlDsa(needed)) => {
            (format!("is of type '{set}'"), format!("a key of type '{needed}'"))
        }
        (KeyType::Rsa(_) | KeyType::Ec(_) | KeyType::Oct(_) | KeyType::Akp(_), _) => (
            format!("is of type '{}'", key.kind()),
            format!("a key of type '{needed}' or '{needed}-HSM'"),
        ),
    };
    format!(
        "Key and {purpose} algorithm are incompatible. Key {key_id} {is}, and algorithm '{algorithm}' can only be used \
         with {only}."
    )
}

impl fmt::Display for BadKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(member, kind) => {
                write!(f, "Property '{member}' is required for a key of type '{kind}'.")
            }
            Self::Foreign(member, kind) => {
                write!(
                    f,
                    "Property '{member}' does not belong to a key of type '{kind}'."
                )
            }
            Self::TooLong(member) => write!(f, "Property '{member}' is too long."),
            Self::Size(bits) => write!(f, "Invalid key size: '{bits}'"),
            Self::PublicExponent => f.write_str("The public exponent is not valid."),
            Self::NotOnCurve => f.write_str("The public key is not on its curve."),
            Self::Primes => f.write_str("The prime factors of the key are not valid."),
            Self::SmallPrivateExponent => f.write_str("The private exponent is not valid."),
            Self::Inconsistent => {
                f.write_str("The properties of the key are not consistent with each other.")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        key_type::{Curve, MlDsaSet, OctSize},
        member::Member,
    };

    const ID: &str = "https://v.vault/keys/k/0";

    fn incompatible(algorithm: &str, key: KeyType) -> String {
        let algorithm = algorithm.parse().unwrap();
        KeyError::Incompatible { algorithm, key }.sentence(ID)
    }

    #[test]
    fn a_key_that_does_not_fit_is_answered_as_azure_does() {
        assert_eq!(
            incompatible("ES256", KeyType::Ec(Curve::P256K)),
            "Key and signing algorithm are incompatible. Key https://v.vault/keys/k/0 uses curve 'P-256K', and \
             algorithm 'ES256' can only be used with curve 'P-256'."
        );
        assert_eq!(
            incompatible("RS256", KeyType::Ec(Curve::P256)),
            "Key and signing algorithm are incompatible. Key https://v.vault/keys/k/0 is of type 'EC', and algorithm \
             'RS256' can only be used with a key of type 'RSA' or 'RSA-HSM'."
        );
        assert_eq!(
            incompatible("A256GCM", KeyType::Oct(OctSize::Bits128)),
            "Key and encryption algorithm are incompatible. Key https://v.vault/keys/k/0 is of 128 bits, and algorithm \
             'A256GCM' can only be used with a key of 256 bits."
        );
        assert_eq!(
            incompatible("ML-DSA-65", KeyType::Akp(MlDsaSet::MlDsa44)),
            "Key and signing algorithm are incompatible. Key https://v.vault/keys/k/0 is of type 'ML-DSA-44', and \
             algorithm 'ML-DSA-65' can only be used with a key of type 'ML-DSA-65'."
        );
    }

    #[test]
    fn lengths_and_paddings_are_answered_as_azure_does() {
        let error = KeyError::Length {
            member: Member::Value,
            length: 1,
            algorithm: Algorithm::Ecdsa(Curve::P256K),
            needed: 32,
        };
        assert_eq!(
            error.sentence(ID),
            "Invalid length of 'value': 1 bytes. ES256K requires 32 bytes, encoded with base64url."
        );
        assert_eq!(
            KeyError::OaepPadding.to_string(),
            "Error occurred while decoding OAEP padding."
        );
        assert_eq!(
            KeyError::from(BadKey::Size(64)).to_string(),
            "Invalid key size: '64'"
        );
    }

    #[test]
    fn only_damage_and_failure_are_the_service_s_own() {
        assert!(KeyError::NotDecrypted.is_bad_parameter());
        assert!(!KeyError::Damaged.is_bad_parameter());
        assert!(!KeyError::Failed.is_bad_parameter());
    }
}

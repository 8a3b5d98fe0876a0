//! What a key does with what a request brings.

use std::fmt;

use strongroom_keys::{
    Algorithm, Ciphertext, Encrypted, Key, KeyError, KeyOperation, KeyType, Plaintext, RsaSize,
};
use zeroize::Zeroizing;

/// Bytes of a request, wiped when dropped.
pub type Bytes = Zeroizing<Vec<u8>>;

/// Work for a key. What it holds is not to be printed.
pub struct Work {
    /// What to do.
    pub operation: KeyOperation,
    /// The algorithm.
    pub algorithm: Algorithm,
    /// What is encrypted, decrypted, wrapped, unwrapped or signed; of a verification, the signature.
    pub value: Bytes,
    /// Of a verification, what was signed.
    pub digest: Option<Bytes>,
    /// The initialisation vector.
    pub iv: Option<Bytes>,
    /// The tag of GCM.
    pub tag: Option<Bytes>,
    /// The additional data of GCM.
    pub aad: Option<Bytes>,
}

impl fmt::Debug for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Work")
            .field("operation", &self.operation)
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}

/// What came of it.
pub enum Product {
    /// What was encrypted or wrapped.
    Concealed(Encrypted),
    /// What was decrypted or unwrapped.
    Revealed(Bytes),
    /// A signature.
    Signature(Vec<u8>),
    /// Whether a signature is one.
    Verdict(bool),
}

impl fmt::Debug for Product {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Concealed(_) => "Concealed",
            Self::Revealed(_) => "Revealed(***)",
            Self::Signature(_) => "Signature",
            Self::Verdict(true) => "Verdict(true)",
            Self::Verdict(false) => "Verdict(false)",
        })
    }
}

impl Work {
    /// Does it with `key`.
    ///
    /// # Errors
    /// What does not fit the key, or is not what the key can undo.
    pub fn done_with(&self, key: &Key) -> Result<Product, KeyError> {
        let (algorithm, value) = (self.algorithm, self.value.as_slice());
        let [iv, tag, aad] =
            [&self.iv, &self.tag, &self.aad].map(|bytes| bytes.as_ref().map(|it| it.as_slice()));
        match self.operation {
            KeyOperation::Encrypt => {
                let plaintext = Plaintext { value, iv, aad };
                key.encrypt(algorithm, plaintext).map(Product::Concealed)
            }
            KeyOperation::Decrypt => {
                let ciphertext = Ciphertext { value, iv, tag, aad };
                key.decrypt(algorithm, ciphertext).map(Product::Revealed)
            }
            KeyOperation::WrapKey => {
                let wrapped = key.wrap_key(algorithm, value)?;
                Ok(Product::Concealed(Encrypted {
                    value: wrapped,
                    iv: None,
                    tag: None,
                }))
            }
            KeyOperation::UnwrapKey => key.unwrap_key(algorithm, value).map(Product::Revealed),
            KeyOperation::Sign => key.sign(algorithm, value).map(Product::Signature),
            KeyOperation::Verify => {
                let digest = self.digest.as_ref().map_or(&[][..], |digest| digest.as_slice());
                key.verify(algorithm, digest, value).map(Product::Verdict)
            }
            KeyOperation::Import
            | KeyOperation::Export
            | KeyOperation::SecureWrapKey
            | KeyOperation::SecureUnwrapKey => Err(KeyError::WrongOperation {
                algorithm,
                operation: self.operation,
            }),
        }
    }

    /// Whether it takes a processor for so long that other requests would wait for it: a private operation of a large RSA
    /// key takes milliseconds.
    pub fn is_long_with(&self, key: &Key) -> bool {
        let is_private = matches!(
            self.operation,
            KeyOperation::Decrypt | KeyOperation::UnwrapKey | KeyOperation::Sign
        );
        let is_large = matches!(
            key.key_type(),
            KeyType::Rsa(RsaSize::Bits3072 | RsaSize::Bits4096)
        );
        is_private && is_large
    }
}

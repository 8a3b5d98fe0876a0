//! AES-CBC, AES-GCM and key wrap.

use strongroom_keys::{Algorithm, Ciphertext, Key, KeyError, KeyType, OctSize, Plaintext};

use crate::{
    material::oct,
    records::{Record, cavs},
};

fn size(key: &Key) -> OctSize {
    match key.key_type() {
        KeyType::Oct(size) => size,
        other => panic!("{other:?}"),
    }
}

/// Both directions of both kinds: what PKCS#7 adds is a block behind.
pub fn cbc(file: &str) -> usize {
    let records = cavs(file, &[]);
    for record in &records {
        let key = oct(&record.bytes("KEY")).unwrap();
        let iv = record.bytes("IV");
        let (plain, encrypted) = (record.bytes("PLAINTEXT"), record.bytes("CIPHERTEXT"));
        let plaintext = Plaintext {
            iv: Some(&iv),
            ..Plaintext::new(&plain)
        };
        let made = key.encrypt(Algorithm::AesCbc(size(&key)), plaintext).unwrap();
        assert_eq!(made.value, encrypted, "{file}");
        let padded = key.encrypt(Algorithm::AesCbcPad(size(&key)), plaintext).unwrap();
        let (same, padding) = padded.value.split_at(encrypted.len());
        assert_eq!((same, padding.len()), (encrypted.as_slice(), 16), "{file}");
        let ciphertext = Ciphertext {
            iv: Some(&iv),
            ..Ciphertext::new(&encrypted)
        };
        let decrypted = key.decrypt(Algorithm::AesCbc(size(&key)), ciphertext).unwrap();
        assert_eq!(*decrypted, plain, "{file}");
    }
    records.len()
}

/// Decryption, of the vectors of encryption too: the service makes its own IVs. They have 96 bits, and tags have 128.
pub fn gcm(file: &str) -> usize {
    let records = cavs(file, &[]).into_iter();
    let ours = |record: &Record| record.setting("IVlen") == 96 && record.setting("Taglen") == 128;
    let records: Vec<_> = records.filter(ours).collect();
    let mut refused = 0;
    for record in &records {
        let key = oct(&record.bytes("Key")).unwrap();
        let [iv, value, aad, tag] = ["IV", "CT", "AAD", "Tag"].map(|name| record.bytes(name));
        let ciphertext = Ciphertext {
            value: &value,
            iv: Some(&iv),
            tag: Some(&tag),
            aad: Some(&aad),
        };
        let decrypted = key.decrypt(Algorithm::AesGcm(size(&key)), ciphertext);
        if record.has("FAIL") {
            assert_eq!(decrypted, Err(KeyError::NotDecrypted), "{file}");
            refused += 1;
        } else {
            assert_eq!(*decrypted.unwrap(), record.bytes("PT"), "{file}");
        }
    }
    assert_eq!(refused > 0, file.contains("Decrypt"), "{file}");
    records.len()
}

pub fn key_wrap(file: &str) -> usize {
    let records = cavs(file, &[]);
    for record in &records {
        let key = oct(&record.bytes("K")).unwrap();
        for algorithm in [Algorithm::AesKw(size(&key)), Algorithm::CkmAesKeyWrap] {
            wrap(file, &key, algorithm, record);
        }
    }
    records.len()
}

pub fn padded_key_wrap(file: &str) -> usize {
    let records = cavs(file, &[]);
    for record in &records {
        let key = oct(&record.bytes("K")).unwrap();
        wrap(file, &key, Algorithm::CkmAesKeyWrapPad, record);
    }
    records.len()
}

/// A ciphertext is unwrapped to its plaintext, which is wrapped to it; or it is refused.
fn wrap(file: &str, key: &Key, algorithm: Algorithm, record: &Record) {
    let wrapped = record.bytes("C");
    let unwrapped = key.unwrap_key(algorithm, &wrapped);
    if record.has("FAIL") {
        assert_eq!(unwrapped, Err(KeyError::NotDecrypted), "{file}");
        return;
    }
    let plain = record.bytes("P");
    assert_eq!(*unwrapped.unwrap(), plain, "{file}");
    assert_eq!(key.wrap_key(algorithm, &plain).unwrap(), wrapped, "{file}");
}

/// The same with other names of members.
pub fn padded_key_wrap_of_botan(file: &str) -> usize {
    let algorithm = Algorithm::CkmAesKeyWrapPad;
    let records = cavs(file, &[]);
    for record in &records {
        let key = oct(&record.bytes("Key")).unwrap();
        let (plain, wrapped) = (record.bytes("Input"), record.bytes("Output"));
        assert_eq!(key.wrap_key(algorithm, &plain).unwrap(), wrapped, "{file}");
        assert_eq!(*key.unwrap_key(algorithm, &wrapped).unwrap(), plain, "{file}");
    }
    records.len()
}

//! The keyring as it is stored: its keys under the file's key, and the file's key in a slot for each seal that may open
//! it.
//!
//! ```text
//! file = head | number of slots | id of the seal's key, file key wrapped by it (each slot) | keys, sealed under the file key
//! ```
//!
//! Format 1, which older programs wrote, has the keys under the one seal itself.

use super::{Keyring, KeyringError, MAGIC};
use crate::{
    crypt::{
        cipher::{self, Form, KeyBytes},
        seal::Seal,
    },
    format::{
        codec::{CodecError, Decoder, Encoder},
        id::VaultId,
    },
};

/// The format with slots.
const SLOTTED: u16 = 2;

/// How many slots a file may have.
const MOST: u32 = 16;

/// Who may open the keyring's file, and the key that they open.
pub struct Slots {
    vault: VaultId,
    file_key: KeyBytes,
    all: Vec<Slot>,
}

struct Slot {
    /// The id of the seal's key.
    key_id: String,
    /// The file's key, wrapped by it.
    wrapped: Vec<u8>,
}

impl std::fmt::Debug for Slots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.all.iter().map(|slot| &slot.key_id))
            .finish()
    }
}

/// A keyring that was opened.
#[derive(Debug)]
pub struct Opened {
    /// Its keys.
    pub keyring: Keyring,
    /// How it is stored; none for a file of format 1.
    pub slots: Option<Slots>,
}

impl Slots {
    /// Slots with one seal, for a file key of 32 random bytes.
    pub fn new(
        vault: VaultId,
        file_key: KeyBytes,
        seal: &dyn Seal,
        salt: &[u8; 32],
    ) -> Result<Self, KeyringError> {
        let slots = Self {
            vault,
            file_key,
            all: Vec::new(),
        };
        slots.with(seal, salt)
    }

    /// These slots with one more seal, or with that seal's slot made anew.
    pub fn with(mut self, seal: &dyn Seal, salt: &[u8; 32]) -> Result<Self, KeyringError> {
        let key_id = seal.key_id().to_owned();
        let context = slot_context(self.vault, &key_id);
        let wrapped = seal.wrap(context.as_bytes(), salt, self.file_key.as_slice())?;
        self.all.retain(|slot| slot.key_id != key_id);
        self.all.push(Slot { key_id, wrapped });
        Ok(self)
    }

    /// The keyring as stored.
    pub fn seal(&self, keyring: &Keyring, salt: &[u8; 32]) -> Result<Vec<u8>, KeyringError> {
        let head = head(self.vault);
        let body = keyring.keys();
        let sealed = cipher::seal(
            Form::Numbered,
            &self.file_key,
            head.as_bytes(),
            salt,
            body.as_bytes(),
        )?;
        let mut file = head;
        file.u32(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
        for slot in &self.all {
            file.text(&slot.key_id).bytes(&slot.wrapped);
        }
        file.bytes(&sealed);
        Ok(file.into_bytes())
    }
}

/// Opens a stored keyring.
pub fn open(seal: &dyn Seal, stored: &[u8]) -> Result<Opened, KeyringError> {
    let (fields, format, vault) = Decoder::record_up_to(stored, MAGIC, SLOTTED)?;
    match format {
        SLOTTED => open_slotted(seal, vault, fields),
        _ => open_format_1(seal, vault, fields),
    }
}

fn open_slotted(seal: &dyn Seal, vault: VaultId, mut fields: Decoder<'_>) -> Result<Opened, KeyringError> {
    let count = fields.u32()?;
    if count > MOST {
        return Err(CodecError::Field.into());
    }
    let mut slots = Vec::new();
    for _ in 0..count {
        slots.push(Slot {
            key_id: fields.text()?.to_owned(),
            wrapped: fields.bytes()?.to_vec(),
        });
    }
    let sealed = fields.bytes()?;
    fields.finish()?;
    let slot = slots.iter().find(|slot| slot.key_id == seal.key_id());
    let slot = slot.ok_or_else(|| {
        let ids: Vec<&str> = slots.iter().map(|slot| slot.key_id.as_str()).collect();
        other_key(seal, &ids.join(", "))
    })?;
    let context = slot_context(vault, &slot.key_id);
    let file_key = seal.unwrap(context.as_bytes(), &slot.wrapped)?;
    let file_key: [u8; 32] = file_key.as_slice().try_into().map_err(|_| CodecError::Field)?;
    let file_key = KeyBytes::new(file_key);
    let body = cipher::open(Form::Numbered, &file_key, head(vault).as_bytes(), sealed)
        .map_err(|_| CodecError::Proof)?;
    Ok(Opened {
        keyring: Keyring::decode(vault, &body)?,
        slots: Some(Slots {
            vault,
            file_key,
            all: slots,
        }),
    })
}

fn open_format_1(seal: &dyn Seal, vault: VaultId, mut fields: Decoder<'_>) -> Result<Opened, KeyringError> {
    let key_id = fields.text()?;
    if key_id != seal.key_id() {
        return Err(other_key(seal, key_id));
    }
    let sealed = fields.bytes()?;
    fields.finish()?;
    let mut context = Encoder::record(MAGIC, vault);
    context.text(key_id);
    let body = seal.unwrap(context.as_bytes(), sealed)?;
    Ok(Opened {
        keyring: Keyring::decode(vault, &body)?,
        slots: None,
    })
}

fn other_key(seal: &dyn Seal, sealed_with: &str) -> KeyringError {
    KeyringError::OtherSealKey {
        sealed_with: sealed_with.into(),
        offered: seal.key_id().into(),
    }
}

fn head(vault: VaultId) -> Encoder {
    Encoder::record_of_format(MAGIC, SLOTTED, vault)
}

fn slot_context(vault: VaultId, key_id: &str) -> Encoder {
    let mut context = head(vault);
    context.text("slot").text(key_id);
    context
}

//! The form in which what is noted about a certificate is stored.

use std::sync::Arc;

use strongroom_core::Version;

use super::{
    CertificateObject, CertificatePolicy, Lifetime, Operation, OperationId, OperationState, PendingKey,
    Progress, Trigger,
};
use crate::{
    crypto_key::{KeyFields, KeyMaterial},
    format::{
        codec::{CodecError, Decoder, Encoder},
        encoded::Encoded,
    },
};

/// Triggers and states, as they are stored.
const PERCENTAGE: u8 = 1;
const DAYS_BEFORE: u8 = 2;
const IN_PROGRESS: u8 = 1;
const COMPLETED: u8 = 2;
const CANCELLED: u8 = 3;
const FAILED: u8 = 4;

impl Encoded for CertificateObject {
    fn put(&self, encoder: &mut Encoder) {
        encoder.option(self.policy.as_ref(), |e, policy| {
            e.bytes(&policy.json);
            put_lifetime(e, policy.lifetime);
            e.time(policy.created).time(policy.updated);
        });
        encoder.option(self.operation.as_ref(), put_operation);
    }

    fn take(decoder: &mut Decoder<'_>) -> Result<Self, CodecError> {
        let policy = decoder.option(|d| {
            Ok(CertificatePolicy {
                json: d.bytes()?.into(),
                lifetime: take_lifetime(d)?,
                created: d.time()?,
                updated: d.time()?,
            })
        })?;
        Ok(Self {
            policy,
            operation: decoder.option(take_operation)?,
        })
    }

    fn room(&self) -> usize {
        let policy = self.policy.as_ref().map_or(0, |policy| policy.json.len());
        let operation = self.operation.as_ref().map_or(0, room_of_operation);
        64 + policy + operation
    }
}

fn put_lifetime(encoder: &mut Encoder, lifetime: Lifetime) {
    for trigger in [lifetime.renew, lifetime.notify] {
        encoder.option(trigger, |e, trigger| {
            match trigger {
                Trigger::Percentage(hundredths) => e.u8(PERCENTAGE).u8(hundredths),
                Trigger::DaysBefore(days) => e.u8(DAYS_BEFORE).u32(days),
            };
        });
    }
}

fn take_lifetime(decoder: &mut Decoder<'_>) -> Result<Lifetime, CodecError> {
    let mut trigger = || {
        decoder.option(|d| match d.u8()? {
            PERCENTAGE => d.u8().map(Trigger::Percentage),
            DAYS_BEFORE => d.u32().map(Trigger::DaysBefore),
            _ => Err(CodecError::Field),
        })
    };
    Ok(Lifetime {
        renew: trigger()?,
        notify: trigger()?,
    })
}

fn put_operation(encoder: &mut Encoder, operation: &Operation) {
    encoder
        .array(&operation.id.0)
        .array(operation.version.as_bytes())
        .bytes(&operation.csr)
        .text(&operation.issuer)
        .bool(operation.cancellation_requested)
        .option(operation.preserve_order, |e, is_preserved| {
            e.bool(is_preserved);
        })
        .option(operation.ended, |e, at| {
            e.time(at);
        });
    match &operation.state {
        OperationState::InProgress(progress) => {
            encoder.u8(IN_PROGRESS);
            progress.key.material.put(encoder);
            progress.key.fields.put(encoder);
            encoder
                .bytes(&progress.policy)
                .option(progress.issue_at, |e, at| {
                    e.time(at);
                })
                .bool(progress.enabled)
                .tags(&progress.tags);
        }
        OperationState::Completed => {
            encoder.u8(COMPLETED);
        }
        OperationState::Cancelled => {
            encoder.u8(CANCELLED);
        }
        OperationState::Failed { code, message } => {
            encoder.u8(FAILED).text(code).text(message);
        }
    }
}

fn take_operation(decoder: &mut Decoder<'_>) -> Result<Operation, CodecError> {
    Ok(Operation {
        id: OperationId(decoder.array()?),
        version: Version::from_bytes(decoder.array()?),
        csr: decoder.bytes()?.into(),
        issuer: decoder.text()?.into(),
        cancellation_requested: decoder.bool()?,
        preserve_order: decoder.option(Decoder::bool)?,
        ended: decoder.option(Decoder::time)?,
        state: match decoder.u8()? {
            IN_PROGRESS => {
                let material = KeyMaterial::take(decoder)?;
                let fields = KeyFields::take(decoder)?;
                OperationState::InProgress(Box::new(Progress {
                    key: Arc::new(PendingKey { material, fields }),
                    policy: decoder.bytes()?.into(),
                    issue_at: decoder.option(Decoder::time)?,
                    enabled: decoder.bool()?,
                    tags: decoder.tags()?,
                }))
            }
            COMPLETED => OperationState::Completed,
            CANCELLED => OperationState::Cancelled,
            FAILED => OperationState::Failed {
                code: decoder.text()?.into(),
                message: decoder.text()?.into(),
            },
            _ => return Err(CodecError::Field),
        },
    })
}

fn room_of_operation(operation: &Operation) -> usize {
    let state = match &operation.state {
        OperationState::InProgress(progress) => {
            let tags = progress.tags.iter();
            let tags: usize = tags.map(|(name, value)| name.len() + value.len() + 8).sum();
            32 + progress.key.material.room() + progress.key.fields.room() + progress.policy.len() + tags
        }
        OperationState::Completed | OperationState::Cancelled => 0,
        OperationState::Failed { code, message } => 8 + code.len() + message.len(),
    };
    64 + operation.csr.len() + operation.issuer.len() + state
}

#[cfg(test)]
mod tests;

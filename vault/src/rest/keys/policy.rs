//! The rotation policy of a key (Keys/models.tsp, `KeyRotationPolicy`).

use axum::response::Response;
use serde::{Deserialize, Serialize, de::MapAccess};
use strongroom_engine::{
    Change, CryptoKey, KeyBundle, KeyWriteRequest, ReadRequest,
    crypto_key::{
        period::Period,
        rotation::{RotationRules, Trigger},
    },
    object::answer::Answer,
};

use super::super::{
    answer::serialise,
    body::{BodyError, MAX_BODY, Member, Members, Named, Next, parse},
    call::{Call, CommandError},
    error::Problem,
    host::Host,
    respond,
};
use crate::access::Failure;

/// Answers the policy of a key; of one that never got any, what is usual.
pub(super) async fn get(call: Call<'_>) -> Result<Response, Problem> {
    let name = call.name();
    let (call, name) = call.or_refuse(name).await?;
    let request = ReadRequest::Get { name, version: None };
    let read = call.admitted.read::<CryptoKey>(request).await?;
    answered(&read.answer, call.host)
}

/// Puts a policy in the place of what the key has.
pub(super) async fn set(mut call: Call<'_>) -> Result<Response, Problem> {
    let request = amendment(&mut call).await;
    let (call, request) = call.or_refuse(request).await?;
    let answer = call.admitted.write(request).await?;
    answered(&answer, call.host)
}

async fn amendment(call: &mut Call<'_>) -> Result<KeyWriteRequest, CommandError> {
    let name = call.name()?;
    let (_charge, bytes) = call.receive(MAX_BODY).await?;
    let body: PolicyBody = parse(&bytes)?;
    Ok(KeyWriteRequest::Amend {
        name,
        amendment: body.into_rules()?,
    })
}

fn answered(answer: &Answer<CryptoKey>, host: &Host) -> Result<Response, Problem> {
    let Answer::Object(key) = answer else {
        // What is asked about one key is answered about one.
        return Err((&Failure::Storage).into());
    };
    let json = serialise(&PolicyJson::of(key, host), 2 * 1024)?;
    Ok(respond::success(Some(json), None))
}

/// The body of `UpdateKeyRotationPolicy`: what it does not say is not kept.
#[derive(Default)]
struct PolicyBody {
    actions: Change<Vec<ActionBody>>,
    attributes: Change<LifeBody>,
}

#[derive(Default)]
struct LifeBody {
    life: Change<Named<Period>>,
}

#[derive(Deserialize)]
struct ActionBody {
    trigger: TriggerBody,
    action: TypeBody,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TriggerBody {
    time_after_create: Option<Named<Period>>,
    time_before_expiry: Option<Named<Period>>,
}

#[derive(Deserialize)]
struct TypeBody {
    r#type: String,
}

impl Members for LifeBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "expiryTime" => value.read(Member::ExpiryTime, &mut self.life),
            _ => value.skip(),
        }
    }
}

impl Members for PolicyBody {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "lifetimeActions" => value.read(Member::LifetimeActions, &mut self.actions),
            "attributes" => value.read_object(Member::Attributes, &mut self.attributes),
            _ => value.skip(),
        }
    }
}

impl PolicyBody {
    fn into_rules(self) -> Result<RotationRules, BodyError> {
        const ACTIONS: BodyError = BodyError::Member(Member::LifetimeActions);
        let life = self.attributes.given().and_then(|body| body.life.given());
        let (mut rotate, mut notify) = (None, None);
        for ActionBody { trigger, action } in self.actions.given().unwrap_or_default() {
            let trigger = match (trigger.time_after_create, trigger.time_before_expiry) {
                (Some(period), None) => Trigger::AfterCreation(period.0),
                (None, Some(period)) => Trigger::BeforeExpiry(period.0),
                (Some(_), Some(_)) | (None, None) => return Err(ACTIONS),
            };
            let before = if action.r#type.eq_ignore_ascii_case("Rotate") {
                rotate.replace(trigger)
            } else if action.r#type.eq_ignore_ascii_case("Notify") {
                notify.replace(trigger)
            } else {
                return Err(ACTIONS);
            };
            if before.is_some() {
                return Err(ACTIONS);
            }
        }
        let notify = match notify {
            Some(Trigger::BeforeExpiry(period)) => period,
            Some(Trigger::AfterCreation(_)) => return Err(ACTIONS),
            None => RotationRules::default().notify,
        };
        let rules = RotationRules {
            rotate,
            notify,
            life: life.map(|life| life.0),
        };
        rules.check().map_err(BodyError::Rotation)?;
        Ok(rules)
    }
}

/// A policy as JSON. One that was never put has no id and no times.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PolicyJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    lifetime_actions: Vec<ActionJson>,
    attributes: Option<LifeJson>,
}

#[derive(Serialize)]
struct ActionJson {
    trigger: TriggerJson,
    action: TypeJson,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum TriggerJson {
    TimeAfterCreate(String),
    TimeBeforeExpiry(String),
}

#[derive(Serialize)]
struct TypeJson {
    r#type: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LifeJson {
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry_time: Option<String>,
    created: u64,
    updated: u64,
}

impl PolicyJson {
    fn of(key: &KeyBundle, host: &Host) -> Self {
        let rules = key.object.rules();
        let rotate = rules.rotate.map(|trigger| ActionJson {
            trigger: match trigger {
                Trigger::AfterCreation(period) => TriggerJson::TimeAfterCreate(period.to_string()),
                Trigger::BeforeExpiry(period) => TriggerJson::TimeBeforeExpiry(period.to_string()),
            },
            action: TypeJson { r#type: "Rotate" },
        });
        let notify = ActionJson {
            trigger: TriggerJson::TimeBeforeExpiry(rules.notify.to_string()),
            action: TypeJson { r#type: "Notify" },
        };
        let put = key.object.rotation.as_ref();
        Self {
            id: put.map(|_| {
                let (host, name) = (host.as_str(), key.name.spelling());
                format!("https://{host}/keys/{name}/rotationpolicy")
            }),
            lifetime_actions: rotate.into_iter().chain([notify]).collect(),
            attributes: put.map(|policy| LifeJson {
                expiry_time: rules.life.map(|life| life.to_string()),
                created: policy.created.unix(),
                updated: policy.updated.unix(),
            }),
        }
    }
}

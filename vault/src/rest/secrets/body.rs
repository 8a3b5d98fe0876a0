//! The bodies of the operations on secrets.

use serde::{Deserialize, de::IgnoredAny};

use super::super::body::{AttributesBody, BodyError, TagsBody, Value};

/// The body of `SetSecret`.
#[derive(Deserialize)]
pub(super) struct SetBody {
    pub(super) value: Value,
    #[serde(default, rename = "contentType")]
    pub(super) content_type: Option<String>,
    #[serde(default)]
    pub(super) attributes: Option<AttributesBody>,
    #[serde(default)]
    pub(super) tags: Option<TagsBody>,
}

/// The body of `UpdateSecret`. A value in it is refused: it could only be meant to change.
#[derive(Deserialize)]
pub(super) struct UpdateBody {
    #[serde(default)]
    value: Option<IgnoredAny>,
    #[serde(default, rename = "contentType")]
    pub(super) content_type: Option<String>,
    #[serde(default)]
    pub(super) attributes: Option<AttributesBody>,
    #[serde(default)]
    pub(super) tags: Option<TagsBody>,
}

impl UpdateBody {
    /// The body, if it says nothing of the value.
    pub(super) fn checked(self) -> Result<Self, BodyError> {
        if self.value.is_some() {
            Err(BodyError::ValueInUpdate)
        } else {
            Ok(self)
        }
    }
}

/// The body of `RestoreSecret`.
#[derive(Deserialize)]
pub(super) struct RestoreBody {
    pub(super) value: Value,
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use strongroom_engine::AttributesPatch;

    use super::{
        super::super::body::{Arriving, MAX_BODY, parse},
        *,
    };

    async fn set(text: impl Into<Body>) -> Result<SetBody, BodyError> {
        let mut body = text.into();
        let mut arriving = Arriving::begin(&mut body, MAX_BODY)?;
        while arriving.next().await?.is_some() {}
        parse(&arriving.into_bytes())
    }

    #[tokio::test]
    async fn empty_attributes_are_absent_ones() {
        for text in [
            r#"{"value":"v"}"#,
            r#"{"value":"v","attributes":{}}"#,
            r#"{"value":"v","attributes":null}"#,
        ] {
            let body = set(text).await.unwrap();
            let patch = body.attributes.map(AttributesPatch::from).unwrap_or_default();
            assert_eq!(patch, AttributesPatch::default(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_member_twice_is_refused() {
        for text in [
            r#"{"value":"v","value":"w"}"#,
            r#"{"value":"v","tags":{"a":"1","a":"2"}}"#,
            r#"{"value":"v","attributes":{"enabled":true,"enabled":false}}"#,
        ] {
            assert!(matches!(set(text).await, Err(BodyError::Json { .. })), "{text}");
        }
    }

    #[tokio::test]
    async fn what_is_not_the_operations_json_is_refused() {
        for text in [
            "",
            "null",
            "[]",
            "{",
            "{}",
            r#"{"value":7}"#,
            r#"{"value":null}"#,
            "\u{feff}{\"value\":\"v\"}",
            r#"{"value":"\ud800"}"#,
            r#"{"value":"v","attributes":{"exp":1e400}}"#,
            r#"{"value":"v"} x"#,
            r#"{"value":"v","attributes":{"exp":1.5}}"#,
            r#"{"value":"v","attributes":{"nbf":-1}}"#,
            r#"{"value":"v","tags":["a"]}"#,
            r#"{"value":"v","tags":{"a":1}}"#,
        ] {
            assert!(matches!(set(text).await, Err(BodyError::Json { .. })), "{text}");
        }
    }

    #[tokio::test]
    async fn depth_and_length_are_bounded() {
        let deep = format!(
            r#"{{"value":"v","x":{}{}}}"#,
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        assert!(matches!(set(deep).await, Err(BodyError::TooDeep)));
        let text = format!(r#"{{"value":"{}\"{{"}}"#, "[".repeat(10_000));
        assert!(set(text).await.is_ok());
        assert!(matches!(
            set(vec![b' '; MAX_BODY + 1]).await,
            Err(BodyError::TooLong(MAX_BODY))
        ));
    }

    #[test]
    fn an_update_cannot_name_a_value() {
        let body: UpdateBody = serde_json::from_str(r#"{"value":"new"}"#).unwrap();
        assert_eq!(body.checked().err(), Some(BodyError::ValueInUpdate));
    }

    #[test]
    fn an_update_without_a_body_changes_nothing() {
        let body: UpdateBody = serde_json::from_str("{}").unwrap();
        assert!(body.content_type.is_none() && body.attributes.is_none() && body.tags.is_none());
    }
}

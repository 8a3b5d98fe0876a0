//! The bodies of the operations on secrets.

use serde::de::{DeserializeOwned, IgnoredAny, MapAccess};
use strongroom_engine::{AttributesPatch, Change, Tags};

use super::super::body::{
    AttributesBody, BodyError, Member, Members, Next, TagsBody, Value, attributes, parse, replaced_tags,
    required,
};

/// What the bodies of a set and an update have in common. `V` is what becomes of the value.
#[derive(Default)]
struct SecretBody<V> {
    value: Change<V>,
    content_type: Change<String>,
    attributes: Change<AttributesBody>,
    tags: Change<TagsBody>,
}

impl<V: Default + DeserializeOwned> Members for SecretBody<V> {
    fn take<'de, A: MapAccess<'de>>(&mut self, name: &str, value: Next<'_, A>) -> Result<(), A::Error> {
        match name {
            "value" => value.read(Member::Value, &mut self.value),
            "contentType" => value.read(Member::ContentType, &mut self.content_type),
            "attributes" => value.read_object(Member::Attributes, &mut self.attributes),
            "tags" => value.read(Member::Tags, &mut self.tags),
            _ => value.skip(),
        }
    }
}

/// The body of `SetSecret`. What is null is as if it were not there, but for the value.
pub(super) struct SetBody {
    pub(super) value: Value,
    pub(super) content_type: Option<String>,
    pub(super) attributes: AttributesPatch,
    pub(super) tags: Tags,
}

impl SetBody {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        let body: SecretBody<Value> = parse(bytes)?;
        Ok(Self {
            value: required(body.value, Member::Value)?,
            content_type: body.content_type.given(),
            attributes: attributes(body.attributes),
            tags: body.tags.given().unwrap_or_default().0,
        })
    }
}

/// The body of `UpdateSecret`. What is not there stays, what is null is cleared. A value in it is refused: it could only
/// be meant to change.
pub(super) struct UpdateBody {
    pub(super) content_type: Change<String>,
    pub(super) attributes: AttributesPatch,
    pub(super) tags: Option<Tags>,
}

impl UpdateBody {
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, BodyError> {
        let body: SecretBody<IgnoredAny> = parse(bytes)?;
        if !matches!(body.value, Change::Keep) {
            return Err(BodyError::ValueInUpdate);
        }
        Ok(Self {
            content_type: body.content_type,
            attributes: attributes(body.attributes),
            tags: replaced_tags(body.tags),
        })
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use strongroom_core::Timestamp;

    use super::{
        super::super::body::{Arriving, MAX_BODY},
        *,
    };

    async fn set(text: impl Into<Body>) -> Result<SetBody, BodyError> {
        let mut body = text.into();
        let mut arriving = Arriving::begin(&mut body, MAX_BODY)?;
        while arriving.next().await?.is_some() {}
        SetBody::parse(&arriving.into_bytes())
    }

    async fn refused(text: &str) -> BodyError {
        let refused = set(text.to_owned()).await.err();
        refused.unwrap_or_else(|| panic!("{text} is taken"))
    }

    #[tokio::test]
    async fn empty_attributes_are_absent_ones() {
        for text in [
            r#"{"value":"v"}"#,
            r#"{"value":"v","attributes":{}}"#,
            r#"{"value":"v","attributes":null}"#,
        ] {
            let body = set(text).await.unwrap();
            assert_eq!(body.attributes, AttributesPatch::default(), "{text}");
        }
    }

    #[tokio::test]
    async fn a_member_twice_is_refused_by_its_name() {
        for (text, member) in [
            (r#"{"value":"v","value":"w"}"#, Member::Value),
            (r#"{"value":"v","tags":null,"tags":{}}"#, Member::Tags),
            (
                r#"{"value":"v","attributes":{"enabled":true,"enabled":false}}"#,
                Member::Enabled,
            ),
        ] {
            assert_eq!(refused(text).await, BodyError::Twice(member), "{text}");
        }
        let tag = refused(r#"{"value":"v","tags":{"a":"1","a":"2"}}"#).await;
        assert_eq!(tag, BodyError::Member(Member::Tags));
    }

    #[tokio::test]
    async fn what_a_member_may_not_be_is_refused_by_its_name() {
        for (text, member) in [
            (r#"{"value":7}"#, Member::Value),
            (r#"{"value":null}"#, Member::Value),
            (r#"{"value":{"a":"b"}}"#, Member::Value),
            (r#"{"value":"v","contentType":7}"#, Member::ContentType),
            (r#"{"value":"v","attributes":7}"#, Member::Attributes),
            (r#"{"value":"v","attributes":[]}"#, Member::Attributes),
            (r#"{"value":"v","attributes":{"enabled":1}}"#, Member::Enabled),
            (r#"{"value":"v","attributes":{"exp":1.5}}"#, Member::Expires),
            (
                r#"{"value":"v","attributes":{"exp":"2030-01-01"}}"#,
                Member::Expires,
            ),
            (
                r#"{"value":"v","attributes":{"exp":253402300800}}"#,
                Member::Expires,
            ),
            (r#"{"value":"v","attributes":{"nbf":-1}}"#, Member::NotBefore),
            (r#"{"value":"v","tags":["a"]}"#, Member::Tags),
            (r#"{"value":"v","tags":{"a":1}}"#, Member::Tags),
            (r#"{"value":"v","tags":{"a":null}}"#, Member::Tags),
        ] {
            assert_eq!(refused(text).await, BodyError::Member(member), "{text}");
        }
        let sentence = refused(r#"{"value":7}"#).await.to_string();
        assert_eq!(sentence, "The member value must be a string.");
        let last = set(r#"{"value":"v","attributes":{"exp":253402300799}}"#)
            .await
            .unwrap();
        let date = Timestamp::from_unix(253_402_300_799);
        assert_eq!(last.attributes.expires, Change::Set(date));
    }

    #[tokio::test]
    async fn what_is_no_object_and_what_is_no_json_are_told_apart() {
        for text in ["", "{}", r#"{"contentType":"x"}"#] {
            assert_eq!(refused(text).await, BodyError::Missing(Member::Value), "{text}");
        }
        for text in ["null", "[]", "7", r#""v""#] {
            assert_eq!(refused(text).await, BodyError::NotAnObject, "{text}");
        }
        for text in [
            "{",
            r#"{"value":"v"} x"#,
            r#"{"value":"v","attributes":{"exp":"#,
            "\u{feff}{\"value\":\"v\"}",
            r#"{"value":"\ud800"}"#,
            r#"{"value":"v","attributes":{"exp":1e400}}"#,
        ] {
            assert!(matches!(refused(text).await, BodyError::Json { .. }), "{text}");
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
        for text in [r#"{"value":"new"}"#, r#"{"value":null}"#, r#"{"value":{}}"#] {
            let refused = UpdateBody::parse(text.as_bytes()).err();
            assert_eq!(refused, Some(BodyError::ValueInUpdate), "{text}");
        }
    }

    #[test]
    fn an_update_keeps_what_is_absent_and_clears_what_is_null() {
        for text in [
            "",
            "{}",
            r#"{"attributes":null,"new":7}"#,
            r#"{"attributes":{"enabled":null}}"#,
        ] {
            let kept = UpdateBody::parse(text.as_bytes()).unwrap();
            assert_eq!(kept.attributes, AttributesPatch::default(), "{text}");
            assert_eq!((kept.content_type, kept.tags), (Change::Keep, None), "{text}");
        }
        let text = r#"{"contentType":null,"tags":null,"attributes":{"nbf":null,"exp":null}}"#;
        let cleared = UpdateBody::parse(text.as_bytes()).unwrap();
        let attributes = AttributesPatch {
            enabled: None,
            not_before: Change::Clear,
            expires: Change::Clear,
        };
        assert_eq!(cleared.attributes, attributes);
        assert_eq!(
            (cleared.content_type, cleared.tags),
            (Change::Clear, Some(Tags::new()))
        );
    }
}

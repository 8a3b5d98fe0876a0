//! Objects of a namespace, by the path that people write.

use std::str::FromStr;

use strongroom_core::{NamespaceName, ResourceName};

/// An object: `NAMESPACE/NAME`, or `NAME` in the namespace of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResourcePath {
    /// The namespace that the path names.
    pub(crate) namespace: Option<NamespaceName>,
    pub(crate) name: ResourceName,
}

impl ResourcePath {
    /// The namespace that the path names, or the one that is `given`.
    pub(crate) fn namespace_or<'a>(&'a self, given: &'a NamespaceName) -> &'a NamespaceName {
        self.namespace.as_ref().unwrap_or(given)
    }
}

impl FromStr for ResourcePath {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (namespace, name) = match text.split_once('/') {
            Some((namespace, name)) => (Some(namespace), name),
            None => (None, text),
        };
        let namespace = namespace.map(str::parse).transpose();
        Ok(Self {
            namespace: namespace.map_err(|error: strongroom_core::name::NameError| error.to_string())?,
            name: name
                .parse()
                .map_err(|error: strongroom_core::resource::ResourceNameError| error.to_string())?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_names_its_namespace_or_takes_that_of_the_command() {
        let here: NamespaceName = "team-b".parse().unwrap();
        for (text, namespace) in [("shop/db.v2", "shop"), ("db", "team-b")] {
            let path: ResourcePath = text.parse().unwrap();
            assert_eq!(path.namespace_or(&here).as_str(), namespace, "{text}");
        }
        for text in ["", "a/b/c", "shop/", "/db", "shop/DB", "Shop/db"] {
            assert!(text.parse::<ResourcePath>().is_err(), "{text}");
        }
    }
}

//! What a method and a path ask for.
//!
//! A path is never decoded, normalised or redirected: it consists of letters, digits, dashes and single slashes, or it
//! is refused. Two spellings of Azure's clients pass: an empty last segment for the latest version
//! (`/secrets/NAME/`), and the doubled first slash of a documented sample (`//secrets`).
//!
//! Each kind of object has a table of its paths, in rows of [`Shape`].

use std::fmt;

use http::Method;
use strongroom_audit::Resource;
use strongroom_core::{DecidedOn, NamedObject, ObjectKind, ObjectName, Operation, Version, name::NameError};

/// The longest path, in bytes: the longest name and version leave room to spare.
const MAX_PATH: usize = 256;

/// Why a method and a path ask for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RouteError {
    /// The path holds a character that no path of the API has.
    #[error(
        "The path holds something other than letters, digits, dashes and single slashes, or is too long."
    )]
    Path,
    /// A name or version is malformed.
    #[error("The path names no object: {0}.")]
    Name(#[from] NameError),
    /// No operation has this path.
    #[error("This vault has no operation at this path.")]
    Unknown,
    /// An operation has this path, but not with this method.
    #[error("This path allows {0} only.")]
    Method(Verbs),
    /// The path has nothing where the name of a certificate or an issuer belongs. The sentence is Azure's.
    #[error("HTTP {} not allowed", .0.as_str())]
    Nameless(Verb),
    /// A header names a method that it cannot.
    #[error(
        "The header X-HTTP-METHOD or X-HTTP-REQUEST must name GET, PUT, PATCH, DELETE or POST, once, and on a POST."
    )]
    NamedMethod,
}

/// A method of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verb {
    Get,
    Put,
    Patch,
    Delete,
    Post,
}

impl Verb {
    pub(super) const ALL: [Self; 5] = [Self::Get, Self::Put, Self::Patch, Self::Delete, Self::Post];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Post => "POST",
        }
    }

    /// The method of HTTP.
    pub(super) const fn method(self) -> Method {
        match self {
            Self::Get => Method::GET,
            Self::Put => Method::PUT,
            Self::Patch => Method::PATCH,
            Self::Delete => Method::DELETE,
            Self::Post => Method::POST,
        }
    }
}

/// The methods that a path has: one bit each, in the order of [`Verb::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Verbs(u8);

impl Verbs {
    pub(super) const fn with(self, verb: Verb) -> Self {
        Self(self.0 | 1 << verb as u8)
    }

    const fn has(self, verb: Verb) -> bool {
        self.0 & 1 << verb as u8 != 0
    }

    const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl fmt::Display for Verbs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        for verb in Verb::ALL.into_iter().filter(|verb| self.has(*verb)) {
            write!(f, "{separator}{}", verb.as_str())?;
            separator = ", ";
        }
        Ok(())
    }
}

/// One segment of a path's shape.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Segment {
    /// This word, in any case.
    Word(&'static str),
    /// Letters, digits and dashes, 1 to 127 of them: the name of an object.
    Name,
    /// The same, but none of these words in any case: the kind has other paths that begin with them.
    NameBut(&'static [&'static str]),
    /// A version, or nothing for the latest one.
    Version,
    /// The name of an issuer of certificates, which is of the form of an object's.
    Issuer,
}

impl Segment {
    /// Whether it stands for the name of an object.
    const fn is_name(&self) -> bool {
        matches!(self, Self::Name | Self::NameBut(_))
    }
}

/// What is asked of an object's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Get,
    List,
    ListVersions,
    ListDeleted,
    GetDeleted,
    Backup,
    Delete,
    Recover,
    Purge,
    Restore,
}

/// One row of a kind's table: which method and path ask for which operation.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) verb: Verb,
    pub(crate) path: &'static [Segment],
    pub(crate) operation: Operation,
    /// Where every kind has the operation: what it asks of an object's life.
    pub(crate) life: Option<Life>,
}

/// The row of an operation that every kind has.
pub(super) const fn life(verb: Verb, path: &'static [Segment], operation: Operation, life: Life) -> Shape {
    Shape {
        verb,
        path,
        operation,
        life: Some(life),
    }
}

/// The row of an operation that is the kind's own.
pub(super) const fn own(verb: Verb, path: &'static [Segment], operation: Operation) -> Shape {
    Shape {
        verb,
        path,
        operation,
        life: None,
    }
}

/// Checks a kind's table, while it is compiled: each row is of an operation on that kind, which names an object in its
/// path where its decision is about that, and each operation on the kind has a row.
///
/// # Panics
/// Where the table is wrong, so that it does not compile.
pub(super) const fn check(shapes: &[Shape], kind: ObjectKind) {
    let mut rows = shapes;
    while let [row, others @ ..] = rows {
        assert!(is_of(row.operation, kind), "a row is of an operation on its kind");
        assert!(
            row.names_an_object() == matches!(row.operation.decided_on(), DecidedOn::NamedObject),
            "a path names an object where its operation is decided on the object that the request names"
        );
        rows = others;
    }
    let mut operations = Operation::ALL;
    while let [operation, others @ ..] = operations {
        assert!(
            !is_of(*operation, kind) || has_a_row(shapes, *operation),
            "an operation on the kind has a row"
        );
        operations = others;
    }
}

const fn is_of(operation: Operation, kind: ObjectKind) -> bool {
    // `==` is not for constants.
    matches!(operation.kind(), Some(of) if of as u8 == kind as u8)
}

const fn has_a_row(shapes: &[Shape], operation: Operation) -> bool {
    let mut rows = shapes;
    while let [row, others @ ..] = rows {
        if row.operation as u8 == operation as u8 {
            return true;
        }
        rows = others;
    }
    false
}

/// What a request asks for: the operation, and the object that the path names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Route {
    /// What policy decides, and the audit record names.
    pub(crate) operation: Operation,
    /// Where every kind has the operation: what it asks of an object's life.
    pub(crate) life: Option<Life>,
    /// The name in the path. A list has none, and a restore has it inside its blob.
    pub(crate) name: Option<ObjectName>,
    /// The version in the path; `None` is the latest.
    pub(crate) version: Option<Version>,
    /// The issuer of certificates in the path: compared without case, and shown as it was written.
    pub(crate) issuer: Option<ObjectName>,
}

impl Route {
    /// What `method` and the `segments` of a path ask for, by the rows of `shapes`.
    pub(crate) fn find(method: &Method, segments: &[&str], shapes: &[Shape]) -> Result<Self, RouteError> {
        // Of a path that is malformed for every row, the methods of those that it resembles.
        let (mut exact, mut alike) = (Verbs::default(), Verbs::default());
        for shape in shapes.iter().filter(|shape| shape.resembles(segments)) {
            let parsed = shape.parse(segments);
            if shape.verb.as_str() == method.as_str() {
                return parsed;
            }
            alike = alike.with(shape.verb);
            if parsed.is_ok() {
                exact = exact.with(shape.verb);
            }
        }
        Err(match (exact.is_empty(), alike.is_empty()) {
            (false, _) => RouteError::Method(exact),
            (true, false) => RouteError::Method(alike),
            (true, true) => RouteError::Unknown,
        })
    }

    /// The object that the path names, for policy and the audit log.
    pub(crate) fn resource(&self) -> Resource {
        match self.operation.kind().zip(self.name.clone()) {
            Some((kind, name)) => Resource::Object(NamedObject {
                kind,
                name,
                version: self.version,
            }),
            None => Resource::Vault,
        }
    }
}

impl Shape {
    /// Whether a path of this shape names an object.
    pub(crate) const fn names_an_object(&self) -> bool {
        let mut segments = self.path;
        while let [segment, others @ ..] = segments {
            if segment.is_name() {
                return true;
            }
            segments = others;
        }
        false
    }

    /// Whether its paths begin with the word `first`, in any case.
    pub(crate) const fn begins_with(&self, first: &str) -> bool {
        matches!(self.path, [Segment::Word(word), ..] if word.eq_ignore_ascii_case(first))
    }

    /// Whether a path has the words of this shape, whatever stands for the name and the version.
    fn resembles(&self, segments: &[&str]) -> bool {
        let is_alike = |(shape, text): (&Segment, &&str)| match shape {
            Segment::Word(word) => word.eq_ignore_ascii_case(text),
            Segment::NameBut(words) => !words.iter().any(|word| word.eq_ignore_ascii_case(text)),
            Segment::Name | Segment::Version | Segment::Issuer => true,
        };
        self.path.len() == segments.len() && self.path.iter().zip(segments).all(is_alike)
    }

    fn parse(&self, segments: &[&str]) -> Result<Route, RouteError> {
        let mut route = Route {
            operation: self.operation,
            life: self.life,
            name: None,
            version: None,
            issuer: None,
        };
        for (shape, text) in self.path.iter().zip(segments) {
            match shape {
                Segment::Name | Segment::NameBut(_) => route.name = Some(text.parse()?),
                Segment::Issuer => route.issuer = Some(text.parse()?),
                Segment::Version if !text.is_empty() => {
                    route.version = Some(text.to_ascii_lowercase().parse()?);
                }
                Segment::Word(_) | Segment::Version => {}
            }
        }
        Ok(route)
    }
}

/// The segments of a canonical path. An empty one stands for the latest version: at the end, or before the word of an
/// operation, as some clients write it (`/keys/NAME//sign`).
pub(crate) fn segments(path: &str) -> Result<Vec<&str>, RouteError> {
    let path = path
        .strip_prefix("//")
        .or_else(|| path.strip_prefix('/'))
        .ok_or(RouteError::Path)?;
    let clean = path
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'/');
    if clean && path.len() <= MAX_PATH {
        Ok(path.split('/').collect())
    } else {
        Err(RouteError::Path)
    }
}

/// Checks that no segment is empty but where the latest version is meant.
pub(crate) fn check_empty(segments: &[&str]) -> Result<(), RouteError> {
    let is_placed = match segments {
        [first, name, "", word] => ![first, name, word].contains(&&""),
        [inner @ .., _] => !inner.contains(&""),
        [] => false,
    };
    if is_placed { Ok(()) } else { Err(RouteError::Path) }
}

//! What went wrong with a request to the Kubernetes API, as users read it.

use std::{error::Error, fmt, sync::Arc};

use strongroom_core::{causes, quoted};

/// The error of a request to the API server, as one line of at most some 560 characters: the HTTP status and the API server's
/// sentence, or what broke. kube's own text repeats the whole answer as Rust prints it, so no error that users read shows that.
///
/// It has no source: the line has the causes.
#[derive(Debug, Clone)]
pub struct ApiError(Arc<kube::Error>);

impl ApiError {
    /// The HTTP status that the API server answered with; `None` where it gave no answer, or none that can be read.
    pub fn code(&self) -> Option<u16> {
        match &*self.0 {
            kube::Error::Api(status) => Some(status.code),
            _ => None,
        }
    }

    /// Whether the API server refused: for want of a right, but also by a quota or an admission rule.
    pub fn is_forbidden(&self) -> bool {
        self.code() == Some(403)
    }

    /// What kube says, for those who have to tell its cases apart.
    pub fn get_ref(&self) -> &kube::Error {
        &self.0
    }
}

impl From<kube::Error> for ApiError {
    fn from(error: kube::Error) -> Self {
        Self(Arc::new(error))
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            kube::Error::Api(status) => {
                write!(
                    f,
                    "the API server answered {}: {}",
                    status.code,
                    quoted(&status.message)
                )
            }
            // kube puts the name of its own variant before the cause.
            error => {
                let broken = error.source().map_or_else(|| error.to_string(), causes);
                write!(f, "the request to the API server failed: {}", quoted(&broken))
            }
        }
    }
}

impl Error for ApiError {}

#[cfg(test)]
mod tests {
    use std::io;

    use kube::core::{Status, response::StatusDetails};

    use super::*;

    fn answered(status: Status) -> ApiError {
        kube::Error::Api(status.boxed()).into()
    }

    #[test]
    fn an_answer_is_its_code_and_its_sentence_and_nothing_else() {
        let details = serde_json::json!({"name": "db", "causes": [{"message": "MORE", "field": "spec", "reason": "x"}]});
        let details: StatusDetails = serde_json::from_value(details).unwrap();
        let status = Status::failure("secretrefs.strongroom.dev \"db\" is forbidden", "Forbidden");
        let error = answered(status.with_code(403).with_details(details));
        let line = "the API server answered 403: secretrefs.strongroom.dev \"db\" is forbidden";
        assert_eq!(error.to_string(), line);
        // Nor does a chain of causes bring the rest back.
        assert_eq!(causes(&error), line);
        assert!(error.is_forbidden());
    }

    #[test]
    fn an_answer_that_a_stranger_wrote_is_one_bounded_line() {
        let page = format!("<html>\n\u{1b}[2J{}", "x".repeat(100_000));
        let line = answered(Status::failure(&page, "").with_code(502)).to_string();
        assert!(
            line.starts_with("the API server answered 502: <html>  [2Jxxx"),
            "{line}"
        );
        assert!(line.len() < 600 && !line.contains(char::is_control));
    }

    #[test]
    fn a_connection_that_fails_is_told_by_what_broke() {
        let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
        let error = ApiError::from(kube::Error::Service(refused.into()));
        assert_eq!(
            error.to_string(),
            "the request to the API server failed: connection refused"
        );
        assert_eq!((error.code(), error.is_forbidden()), (None, false));
        let error = ApiError::from(kube::Error::TlsRequired);
        assert_eq!(
            error.to_string(),
            "the request to the API server failed: TLS required but no TLS stack selected"
        );
    }
}

//! What answers the requests of a listener.

use std::pin::Pin;

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response},
};
use http::Request;
use tower::ServiceExt;

/// An answer that comes.
pub type Answering = Pin<Box<dyn Future<Output = Response> + Send>>;

/// What answers requests. A router is one. What answers every path with one function needs none, and saves its cost.
pub trait Handler: Send + Sync + 'static {
    /// Answers `request`, which carries its [`Peer`](super::Peer) and its [`Standing`](super::Standing) as extensions. Of an
    /// answer to HEAD, the connection takes the body away.
    fn handle(&self, request: Request<Body>) -> Answering;
}

impl Handler for Router {
    fn handle(&self, request: Request<Body>) -> Answering {
        let answering = self.clone().oneshot(request);
        Box::pin(async move {
            let answered: Result<_, std::convert::Infallible> = answering.await;
            answered.into_response()
        })
    }
}

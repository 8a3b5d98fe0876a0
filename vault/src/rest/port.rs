//! What answers on the data port: the API, and beside it a gRPC service.
//!
//! A request is looked at once it is known to be sent to one of the vault's names. The API has one answer for every path, and
//! needs no router: one would be a tenth of what a read costs.

use std::{future::ready, sync::Arc, time::Instant};

use axum::{Router, body::Body};
use http::Request;
use strongroom_serving::accept::{Answering, Handler};
use tonic::server::NamedService;

use super::api::Api;

/// The data port.
#[derive(Debug, Clone)]
pub struct DataPort {
    api: Arc<Api>,
    service: Option<(&'static str, Router)>,
}

impl DataPort {
    /// The API alone.
    pub const fn new(api: Arc<Api>) -> Self {
        Self { api, service: None }
    }

    /// The same with the gRPC service `S`, which `routes` serve.
    #[must_use]
    pub fn with_service<S: NamedService>(self, routes: Router) -> Self {
        Self {
            service: Some((S::NAME, routes)),
            ..self
        }
    }

    /// What serves the gRPC service, if `path` is one of its.
    fn service(&self, path: &str) -> Option<&Router> {
        let (name, routes) = self.service.as_ref()?;
        let rest = path.strip_prefix('/')?.strip_prefix(name)?;
        rest.starts_with('/').then_some(routes)
    }
}

impl Handler for DataPort {
    fn handle(&self, request: Request<Body>) -> Answering {
        let began = Instant::now();
        let (parts, body) = request.into_parts();
        match self.api.host(&parts) {
            Ok(host) => match self.service(parts.uri.path()) {
                Some(routes) => routes.handle(Request::from_parts(parts, body)),
                None => Box::pin(Arc::clone(&self.api).answer((parts, body), host, began)),
            },
            Err(error) => Box::pin(ready(self.api.refuse_host(&parts, error, began))),
        }
    }
}

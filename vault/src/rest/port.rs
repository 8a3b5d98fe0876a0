//! What answers on the data port: the API, and beside it a gRPC service.
//!
//! Nothing of a request is looked at before it is known that it was sent to one of the vault's names. The API answers every
//! path with one function, and needs no router: one would be a tenth of what a read costs.

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

    /// What serves the gRPC service, if `path` is one of that service's.
    fn service(&self, path: &str) -> Option<&Router> {
        let (name, routes) = self.service.as_ref()?;
        is_of(name, path).then_some(routes)
    }
}

/// Whether `path` is that of a method of the gRPC service `name`.
fn is_of(name: &str, path: &str) -> bool {
    let rest = path.strip_prefix('/').and_then(|path| path.strip_prefix(name));
    let method = rest.and_then(|rest| rest.strip_prefix('/'));
    method.is_some_and(|method| !method.is_empty())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_methods_of_the_service_go_by_the_api() {
        assert!(is_of("a.v1.Watch", "/a.v1.Watch/Watch"));
        for path in [
            "",
            "*",
            "/",
            "/a.v1.Watch",
            "/a.v1.Watch/",
            "/a.v1.Watcher/Watch",
            "//a.v1.Watch/Watch",
            "/A.v1.Watch/Watch",
            "/secrets/a.v1.Watch/Watch",
        ] {
            assert!(!is_of("a.v1.Watch", path), "{path}");
        }
    }
}

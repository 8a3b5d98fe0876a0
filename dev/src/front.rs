//! What stands in front of the data port: faults, the mark of a vault on a laptop, and whether it is ready.

use std::time::Instant;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderName, HeaderValue, Request, StatusCode, header};
use serde_json::json;
use strongroom_serving::accept::{Answering, Handler};
use strongroom_vault::rest::DataPort;

use crate::{controls::Controls, faults::Fate, notices::Notice};

/// The header in which every answer says that it is of a vault on a laptop.
const NETWORK_INFO: HeaderName = HeaderName::from_static("x-ms-keyvault-network-info");

/// Where anybody sees, without a token, whether everything is there.
const READY: &str = "/readyz";

/// The data port behind the faults.
#[derive(Debug)]
pub struct Front {
    port: DataPort,
    controls: Controls,
}

impl Front {
    /// Puts itself before the port, as these controls say.
    pub const fn new(port: DataPort, controls: Controls) -> Self {
        Self { port, controls }
    }
}

impl Handler for Front {
    fn handle(&self, request: Request<Body>) -> Answering {
        if is_grpc(&request) {
            return self.port.handle(request);
        }
        if request.uri().path() == READY {
            return Box::pin(std::future::ready(readiness(self.controls.is_ready())));
        }
        let Fate { latency, fault } = self.controls.fault_switch().next(Instant::now());
        let answering: Answering = match fault {
            None => self.port.handle(request),
            Some((status, retry_after)) => {
                self.controls.notices().tell(Notice::Fault {
                    status,
                    method: request.method().to_string(),
                    path: request.uri().path().to_owned(),
                });
                Box::pin(std::future::ready(refusal(status, retry_after)))
            }
        };
        Box::pin(async move {
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            marked(answering.await)
        })
    }
}

/// Whether it opens a stream of changes, which no client of Azure does.
fn is_grpc(request: &Request<Body>) -> bool {
    let content = request.headers().get(header::CONTENT_TYPE);
    content.is_some_and(|content| content.as_bytes().starts_with(b"application/grpc"))
}

/// As the health port of a vault says it.
fn readiness(is_ready: bool) -> Response {
    let (status, text) = if is_ready {
        (StatusCode::OK, "ready\n")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "starting\n")
    };
    (status, text).into_response()
}

/// A fault in the form of the vault's own errors.
fn refusal(status: u16, retry_after: u64) -> Response {
    let code = match status {
        429 => "Throttled",
        503 => "ServiceUnavailable",
        _ => "InternalServerError",
    };
    let message = "a fault that strongroom dev was told to make";
    let body = json!({"error": {"code": code, "message": message}}).to_string();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let content = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    let mut response = (status, content, body).into_response();
    if status != StatusCode::INTERNAL_SERVER_ERROR {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, retry_after.into());
    }
    response
}

/// An answer that says where it is from.
fn marked(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let said = headers.get(NETWORK_INFO).and_then(|value| value.to_str().ok());
    let mark = said.map_or_else(|| "dev".to_owned(), |said| format!("{said} dev"));
    if let Ok(mark) = HeaderValue::try_from(mark) {
        headers.insert(NETWORK_INFO, mark);
    }
    response
}

//! The bodies of one request, which note what the peer is to send and to take.
//!
//! An answer's bytes are owed from when HTTP gets them until it has written them: HTTP/2 holds what the peer's window
//! does not let through, and the chunk says so by what is left of it.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use axum::body::{Body, Bytes};
use bytes::Buf;
use hyper::body::{self, Body as _, Frame, Incoming, SizeHint};

use super::activity::InFlight;

/// The body of a request.
#[derive(Debug)]
pub(crate) struct Asked {
    body: Incoming,
    request: Arc<InFlight>,
}

impl Asked {
    pub(crate) const fn new(body: Incoming, request: Arc<InFlight>) -> Self {
        Self { body, request }
    }
}

impl body::Body for Asked {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match &polled {
            Poll::Pending => self.request.await_body(),
            Poll::Ready(Some(Ok(frame))) => {
                self.request.body_arrived(frame.data_ref().map_or(0, Bytes::len));
            }
            Poll::Ready(_) => self.request.body_ended(),
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        self.request.body_ended();
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Answered {
    body: Body,
    /// What is counted of the answer and not asked for yet.
    left: usize,
    request: Option<Arc<InFlight>>,
}

impl Answered {
    pub(crate) fn new(body: Body, request: Arc<InFlight>) -> Self {
        let left = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        request.answer_made(left);
        Self {
            body,
            left,
            request: Some(request),
        }
    }

    /// Nothing, for a request that never began.
    pub(crate) fn none() -> Self {
        Self {
            body: Body::empty(),
            left: 0,
            request: None,
        }
    }
}

impl body::Body for Answered {
    type Data = Chunk;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Chunk>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        Poll::Ready(frame.map(|frame| {
            let frame = frame?;
            let length = frame.data_ref().map_or(0, Bytes::len);
            let foreseen = length.min(self.left);
            self.left = self.left.saturating_sub(foreseen);
            let request = self.request.clone();
            if let Some(request) = &request {
                request.answer_made(length.saturating_sub(foreseen));
            }
            Ok(frame.map_data(|bytes| Chunk::new(bytes, request)))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Some bytes of an answer, until they are written.
#[derive(Debug)]
pub(crate) struct Chunk {
    bytes: Bytes,
    length: usize,
    /// None once all are written: HTTP/2 keeps an empty chunk for a while.
    request: Option<Arc<InFlight>>,
}

impl Chunk {
    fn new(bytes: Bytes, request: Option<Arc<InFlight>>) -> Self {
        let length = bytes.len();
        if let Some(request) = &request {
            request.answer().owe(length);
        }
        Self {
            bytes,
            length,
            request,
        }
    }
}

impl Buf for Chunk {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        let Some(request) = &self.request else {
            return;
        };
        request.answer().pay(count);
        if self.bytes.is_empty() {
            request.chunk_taken(self.length);
            self.request = None;
        }
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        if let Some(request) = &self.request {
            request.answer().forgive(self.bytes.len());
        }
    }
}

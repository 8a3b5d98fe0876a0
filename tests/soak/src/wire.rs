//! One connection on which a request and its answer are timed, with as little around them as there can be.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, Result, ensure};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use strongroom_testing::{Program, vault::HOST};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// A kept-alive connection of HTTP/1.1 over TLS.
pub struct Wire {
    stream: StreamOwned<ClientConnection, TcpStream>,
    host: String,
    token: String,
    answer: Vec<u8>,
}

impl Wire {
    /// A connection to the vault that runs now, for the account `NAMESPACE/NAME`.
    pub fn open(program: &Program, account: &str) -> Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(&fs::read(program.files.path("ca.crt"))?) {
            roots.add(certificate?)?;
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let tls = ClientConnection::new(Arc::new(config), ServerName::try_from(HOST)?)?;
        let tcp = TcpStream::connect(program.address())?;
        tcp.set_nodelay(true)?;
        tcp.set_read_timeout(Some(PATIENCE))?;
        Ok(Self {
            stream: StreamOwned::new(tls, tcp),
            host: format!("{HOST}:{}", program.address().port()),
            token: program.token(account),
            answer: Vec::with_capacity(64 << 10),
        })
    }

    /// The token that it shows.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The bytes of a request.
    pub fn request(&self, method: &str, path: &str, body: &str) -> Vec<u8> {
        let Self { host, token, .. } = self;
        let length = body.len();
        format!(
            "{method} {path}?api-version=7.4 HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .into_bytes()
    }

    /// Sends `request`; returns how long the whole answer took, and its status.
    pub fn time(&mut self, request: &[u8]) -> Result<(Duration, u16)> {
        self.answer.clear();
        let sent = Instant::now();
        self.stream.write_all(request)?;
        let mut part = [0; 4096];
        let (head, length) = loop {
            let count = self.stream.read(&mut part)?;
            ensure!(count > 0, "the vault has closed the connection");
            self.answer
                .extend_from_slice(part.get(..count).unwrap_or_default());
            if let Some(found) = head(&self.answer) {
                break found;
            }
        };
        while self.answer.len() < head + length {
            let count = self.stream.read(&mut part)?;
            ensure!(count > 0, "the answer breaks off");
            self.answer
                .extend_from_slice(part.get(..count).unwrap_or_default());
        }
        Ok((sent.elapsed(), status(&self.answer)?))
    }

    /// The body of the answer that came last.
    pub fn body(&self) -> &[u8] {
        let head = head(&self.answer).map_or(0, |(head, _)| head);
        self.answer.get(head..).unwrap_or_default()
    }
}

/// How long the head of an answer is, and its body; none before the whole head is there.
fn head(answer: &[u8]) -> Option<(usize, usize)> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(answer.get(..end)?).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    Some((end, length.unwrap_or_default()))
}

fn status(answer: &[u8]) -> Result<u16> {
    let digits = answer.get(9..12).context("an answer without a status")?;
    Ok(std::str::from_utf8(digits)?.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_head_says() {
        let answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\n{}";
        assert_eq!(head(answer), Some((answer.len() - 2, 2)));
        assert_eq!(status(answer).unwrap(), 403);
        assert_eq!(head(b"HTTP/1.1 204 No Content\r\n\r\n"), Some((27, 0)));
        assert_eq!(head(b"HTTP/1.1 200 OK\r\ncontent-"), None);
    }
}

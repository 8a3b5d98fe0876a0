//! HTTP/2 frames (RFC 9113, section 4.1), as far as two unary calls need them.

use bytes::{BufMut as _, Bytes, BytesMut};

/// The longest frame that is read: the protocol's own minimum, which a client may not exceed unasked (section 4.2).
pub(super) const MAX_LENGTH: u32 = 16_384;

/// The size of a frame's header.
pub(super) const HEADER: usize = 9;

/// Flags (section 6).
pub(super) const ACK: u8 = 0x1;
pub(super) const END_STREAM: u8 = 0x1;
pub(super) const END_HEADERS: u8 = 0x4;
pub(super) const PADDED: u8 = 0x8;

/// The types of frames that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    ResetStream,
    Settings,
    Ping,
    GoAway,
    /// `PUSH_PROMISE` and `CONTINUATION`: an honest client of ours sends neither.
    Refused,
    /// `PRIORITY`, `WINDOW_UPDATE` and unknown types, which change nothing here.
    Ignored,
}

impl Kind {
    const fn from_byte(byte: u8) -> Self {
        match byte {
            0 => Self::Data,
            1 => Self::Headers,
            3 => Self::ResetStream,
            4 => Self::Settings,
            5 | 9 => Self::Refused,
            6 => Self::Ping,
            7 => Self::GoAway,
            _ => Self::Ignored,
        }
    }

    const fn to_byte(self) -> u8 {
        match self {
            Self::Data => 0,
            Self::Headers => 1,
            Self::ResetStream => 3,
            Self::Settings => 4,
            Self::Ping => 6,
            Self::GoAway => 7,
            Self::Refused | Self::Ignored => u8::MAX,
        }
    }
}

/// The header of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) length: u32,
    pub(super) kind: Kind,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl Header {
    pub(super) const fn parse(bytes: [u8; HEADER]) -> Self {
        let [l0, l1, l2, kind, flags, s0, s1, s2, s3] = bytes;
        Self {
            length: u32::from_be_bytes([0, l0, l1, l2]),
            kind: Kind::from_byte(kind),
            flags,
            stream: u32::from_be_bytes([s0 & 0x7f, s1, s2, s3]),
        }
    }

    pub(super) const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Appends a frame.
pub(super) fn put(out: &mut BytesMut, kind: Kind, flags: u8, stream: u32, payload: &[u8]) {
    out.put_uint(payload.len() as u64, 3);
    out.put_u8(kind.to_byte());
    out.put_u8(flags);
    out.put_u32(stream);
    out.put_slice(payload);
}

/// `:status: 200`, `content-type: application/grpc`: an indexed field and a literal one (RFC 7541, appendix A).
const HEADERS: &[u8] = b"\x88\x0f\x10\x10application/grpc";
/// `grpc-status: 0`, both literal.
const TRAILERS: &[u8] = b"\x00\x0bgrpc-status\x010";

/// The whole answer to a unary call.
pub(super) fn answer(stream: u32, message: &[u8]) -> Bytes {
    let mut framed = BytesMut::with_capacity(message.len() + 5);
    framed.put_u8(0);
    framed.put_uint(message.len() as u64, 4);
    framed.put_slice(message);
    let mut out = BytesMut::new();
    put(&mut out, Kind::Headers, END_HEADERS, stream, HEADERS);
    put(&mut out, Kind::Data, 0, stream, &framed);
    put(
        &mut out,
        Kind::Headers,
        END_HEADERS | END_STREAM,
        stream,
        TRAILERS,
    );
    out.freeze()
}

/// The message in the body of a unary call: a byte that says uncompressed, its length, itself.
pub(super) fn message(body: &[u8]) -> Option<&[u8]> {
    let (prefix, message) = body.split_first_chunk::<5>()?;
    let [compressed, length @ ..] = *prefix;
    let length = usize::try_from(u32::from_be_bytes(length)).ok()?;
    (compressed == 0 && length == message.len()).then_some(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_as_it_was_written() {
        let mut out = BytesMut::new();
        put(&mut out, Kind::Ping, ACK, 0x7fff_ffff, b"12345678");
        let header = Header::parse(out.split_to(HEADER).as_ref().try_into().unwrap());
        assert_eq!(
            header,
            Header {
                length: 8,
                kind: Kind::Ping,
                flags: ACK,
                stream: 0x7fff_ffff
            }
        );
        assert_eq!(&out[..], b"12345678");
    }

    #[test]
    fn only_one_whole_uncompressed_message_is_a_call() {
        assert_eq!(message(b"\0\0\0\0\0"), Some(&b""[..]));
        assert_eq!(message(b"\0\0\0\0\x02ab"), Some(&b"ab"[..]));
        for bad in [
            &b""[..],
            b"\0\0\0\0",
            b"\x01\0\0\0\0",
            b"\0\0\0\0\x02a",
            b"\0\0\0\0\x01ab",
            b"\0\xff\xff\xff\xffa",
        ] {
            assert_eq!(message(bad), None, "{bad:?}");
        }
    }
}

//! HTTP/2 frames as no client library sends them (RFC 9113, section 4), and heads without compression (RFC 7541).

/// Bytes of a body.
pub const DATA: u8 = 0;
/// The head of a request.
pub const HEADERS: u8 = 1;
/// The end of a stream.
pub const RST_STREAM: u8 = 3;
/// Settings.
pub const SETTINGS: u8 = 4;
/// A ping.
pub const PING: u8 = 6;
/// Room for more bytes.
pub const WINDOW_UPDATE: u8 = 8;
/// More of a head.
pub const CONTINUATION: u8 = 9;

/// Flag: the last frame of its stream.
pub const END_STREAM: u8 = 1;
/// Flag: the head is whole.
pub const END_HEADERS: u8 = 4;
/// Flag: an answer to settings or a ping.
pub const ACK: u8 = 1;

/// What a client sends first (RFC 9113, section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// One frame.
pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The preface and settings by which the peer may be sent `window` bytes of each answer.
pub fn opening(window: u32) -> Vec<u8> {
    let mut setting = vec![0, 4];
    setting.extend(window.to_be_bytes());
    [PREFACE, &frame(SETTINGS, 0, 0, &setting)].concat()
}

/// The head of a request, without a Huffman code and without an index.
pub fn head(method: &str, host: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let fixed = [
        (":method", method),
        (":scheme", "https"),
        (":authority", host),
        (":path", path),
    ];
    let mut block = Vec::new();
    for (name, value) in fixed.iter().chain(more) {
        block.push(0);
        for text in [name, value] {
            block.extend(integer(text.len()));
            block.extend(text.as_bytes());
        }
    }
    block
}

/// A length with a prefix of seven bits (RFC 7541, section 5.1).
fn integer(value: usize) -> Vec<u8> {
    let Some(mut rest) = value.checked_sub(127) else {
        return vec![u8::try_from(value).unwrap()];
    };
    let mut bytes = vec![127];
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).unwrap());
    bytes
}

/// The number of the client's stream `number`, from nothing on.
pub fn stream(number: u32) -> u32 {
    number * 2 + 1
}

/// Lets the other side send `bytes` more on `stream`.
pub fn window_update(stream: u32, bytes: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &bytes.to_be_bytes())
}

/// What a peer that is alive answers to the whole frames in `received`, which it takes from there: each ping.
pub fn pongs(received: &mut Vec<u8>) -> Vec<u8> {
    let mut answers = Vec::new();
    while let Some(head) = received.first_chunk::<9>() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let (kind, flags, end) = (head[3], head[4], 9 + usize::try_from(length).unwrap());
        if received.len() < end {
            break;
        }
        let payload: Vec<u8> = received.drain(..end).skip(9).collect();
        if kind == PING && flags & ACK == 0 {
            answers.extend(frame(PING, ACK, 0, &payload));
        }
    }
    answers
}

/// How many streams the other side has ended in what it sent: with its last frame, or by a reset.
pub fn ended_streams(received: &[u8]) -> usize {
    let (mut rest, mut ended) = (received, 0);
    while let Some(head) = rest.first_chunk::<9>() {
        let length = usize::try_from(u32::from_be_bytes([0, head[0], head[1], head[2]])).unwrap();
        let (kind, flags) = (head[3], head[4]);
        if rest.len() < 9 + length {
            break;
        }
        let is_last = matches!(kind, DATA | HEADERS) && flags & END_STREAM != 0;
        ended += usize::from(is_last || kind == RST_STREAM);
        rest = &rest[9 + length..];
    }
    ended
}

//! What is sent on the registration socket.

use std::{io::Cursor, time::Duration};

use parking_lot::Mutex;
use prost::Message as _;
use strongroom_csi::{
    kubelet::registration::{Bound, Notice, Plugin, serve_connection},
    proto::registration::RegistrationStatus,
};
use tokio::runtime::{Builder, Runtime};

use crate::{Seed, Verdict, kept::Kept};

/// What a client of HTTP/2 sends first.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// The calls that one connection may make.
const CALLS: usize = 15;
/// The longest message of a call.
const MESSAGE: usize = 4096;
/// The kind of a frame with a message.
const DATA: u8 = 0;

thread_local! {
    static RUNTIME: Kept<Runtime> = const { Kept::nothing() };
}

/// The input is what a client sends on one connection.
///
/// - The connection ends when its client does.
/// - What is answered is whole frames, on streams that the client began; no more calls are answered than one connection
///   may make, and little more is said than was asked.
/// - What is taken from the kubelet is bounded.
pub fn registration(input: &[u8]) -> Verdict {
    let notices = Mutex::new(Vec::new());
    let mut said = Vec::new();
    RUNTIME.with(|kept| {
        let make = || Builder::new_current_thread().enable_time().build().unwrap();
        kept.with(make, |runtime| {
            let wire = tokio::io::join(Cursor::new(input), &mut said);
            let plugin = Plugin::csi("csi.strongroom.dev", "/csi/csi.sock");
            let idle = Duration::from_secs(5);
            let served = serve_connection(
                wire,
                &plugin,
                |notice| notices.lock().push(notice),
                Bound { idle },
            );
            // How it ended is for the log.
            let _ = runtime.block_on(served);
        });
    });
    let answered = calls_answered(&said, input);
    assert!(answered <= CALLS, "{answered} calls are answered");
    assert!(
        said.len() <= 9 + 2 * input.len() + answered * 256,
        "{} bytes are said",
        said.len()
    );
    let notices = notices.into_inner();
    assert!(notices.len() <= answered);
    for notice in &notices {
        if let Notice::Refused(reason) = notice {
            assert!(reason.len() <= MESSAGE);
        }
    }
    Verdict::taken_if(answered > 0)
}

/// How many messages are in the frames of `said`, all of them whole and on streams of the client's.
fn calls_answered(said: &[u8], asked: &[u8]) -> usize {
    let (mut rest, mut messages) = (said, 0);
    while !rest.is_empty() {
        let (head, after) = rest.split_first_chunk::<9>().expect("a whole frame");
        let [l0, l1, l2, kind, _, stream @ ..] = *head;
        let length = usize::try_from(u32::from_be_bytes([0, l0, l1, l2])).unwrap();
        let stream = u32::from_be_bytes(stream);
        assert!(stream == 0 || stream % 2 == 1, "a stream of the server's");
        let id = stream.to_be_bytes();
        assert!(
            stream == 0 || asked.windows(4).any(|found| found[1..] == id[1..]),
            "nobody began stream {stream}"
        );
        messages += usize::from(kind == DATA);
        rest = after.split_at_checked(length).expect("a whole frame").1;
    }
    messages
}

/// What the kubelet sends, and what it does not.
pub fn seeds() -> Vec<Seed> {
    fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
    }
    fn call(stream: u32, message: &[u8]) -> Vec<u8> {
        let length = u32::try_from(message.len()).unwrap().to_be_bytes();
        let body = [&[0][..], &length, message].concat();
        [frame(1, 4, stream, b"\x83\x86"), frame(0, 1, stream, &body)].concat()
    }
    let status = |plugin_registered, error: &str| {
        let error = error.to_owned();
        RegistrationStatus {
            plugin_registered,
            error,
        }
        .encode_to_vec()
    };
    let settings = || frame(4, 0, 0, &[]);
    let conversation = |frames: &[Vec<u8>]| [PREFACE, &settings(), &frames.concat()].concat();
    let registered = [call(1, &[]), frame(4, 1, 0, &[]), call(3, &status(true, ""))];
    let crowd: Vec<_> = (0..20).map(|n| call(2 * n + 1, &[])).collect();
    vec![
        Seed::taken("registered", conversation(&registered)),
        Seed::taken(
            "refused",
            conversation(&[call(1, &status(false, "no such version"))]),
        ),
        Seed::taken(
            "ping",
            conversation(&[frame(6, 0, 0, b"12345678"), call(1, &[]), frame(7, 0, 0, &[0; 8])]),
        ),
        Seed::taken(
            "in-two-frames",
            conversation(&[
                frame(1, 4, 1, b"\x83"),
                frame(0, 0, 1, &[0, 0]),
                frame(0, 1, 1, &[0, 0, 0]),
            ]),
        ),
        Seed::taken("crowd", conversation(&crowd)),
        Seed::refused("no-preface", *b"GET / HTTP/1.1\r\n\r\n"),
        Seed::refused(
            "reset",
            conversation(&[frame(1, 4, 1, b"\x83"), frame(3, 0, 1, &[0; 4])]),
        ),
        Seed::refused(
            "continuation",
            conversation(&[frame(1, 0, 1, b"\x83"), frame(9, 4, 1, b"\x86")]),
        ),
        Seed::refused("half-a-frame", conversation(&[vec![0, 0, 9, 0]])),
        Seed::refused(
            "too-long-a-frame",
            conversation(&[vec![0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1]]),
        ),
    ]
}

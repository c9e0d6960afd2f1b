//! WebSocket frames that no client should send.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::time::Instant;

use crate::Outcome;
use crate::api::Api;
use crate::link::Link;
use crate::server::Setup;

/// How much memory nonsense may cost, in KiB.
const MOST_KIB: u64 = 16 << 10;
const MASK: [u8; 4] = [0; 4];

pub(crate) async fn a_frame_of_10_gb_is_refused_at_once_and_costs_no_memory() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let server = Setup::new(directory.path()).start();
    drop(socket(server.websocket).await);
    let before = server.resident_kib();

    let mut open = Vec::new();
    for _ in 0..64 {
        let mut link = socket(server.websocket).await;
        link.send(&[&[0x82, 0xff][..], &(10_u64 << 30).to_be_bytes(), &MASK].concat())
            .await
            .unwrap();
        open.push(link);
    }
    let begun = Instant::now();
    for link in open {
        let frames = link.rest().await.unwrap();
        assert_eq!(close_code(&frames), Some(1009), "{frames:?}");
    }

    assert!(begun.elapsed() < Duration::from_secs(2), "{:?}", begun.elapsed());
    let after = server.resident_kib();
    assert!(after < before + MOST_KIB, "{before} KiB became {after} KiB");
    Api::open(server.http).await.unwrap().ping().await.unwrap();
    Ok(())
}

pub(crate) async fn a_message_that_never_ends_is_refused() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let server = Setup::new(directory.path()).start();
    let before = server.resident_kib();
    let mut link = socket(server.websocket).await;
    let length = 1_u16 << 15;
    let payload = vec![b'x'; usize::from(length)];
    let fragment = |opcode| [&[opcode, 0xfe][..], &length.to_be_bytes(), &MASK, &payload].concat();

    link.send(&fragment(0x01)).await.unwrap();
    let mut sent = 1;
    // Sending fails when the server has seen enough.
    while sent < 2048 && link.send(&fragment(0x00)).await.is_ok() {
        sent += 1;
    }

    assert!(sent < 2048, "64 MiB were taken");
    let after = server.resident_kib();
    assert!(after < before + MOST_KIB, "{before} KiB became {after} KiB");
    Api::open(server.http).await.unwrap().ping().await.unwrap();
    Ok(())
}

pub(crate) async fn a_frame_that_breaks_the_protocol_ends_its_connection_only() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let server = Setup::new(directory.path()).start();
    let mut witness = socket(server.websocket).await;
    let broken: [(&str, &[u8], u16); 6] = [
        ("not masked", &[0x81, 2, b'{', b'}'], 1002),
        ("a reserved opcode", &[0x83, 0x80, 0, 0, 0, 0], 1002),
        ("a reserved bit", &[0xc1, 0x80, 0, 0, 0, 0], 1002),
        ("a ping in pieces", &[0x09, 0x80, 0, 0, 0, 0], 1002),
        ("a continuation of nothing", &[0x80, 0x80, 0, 0, 0, 0], 1002),
        ("a text that is not UTF-8", &[0x81, 0x81, 0, 0, 0, 0, 0xff], 1007),
    ];

    for (name, bytes, code) in broken {
        let mut link = socket(server.websocket).await;
        link.send(bytes).await.unwrap();
        let frames = link.rest().await.unwrap();
        assert_eq!(close_code(&frames), Some(code), "{name}: {frames:?}");
    }

    // An empty text is no call, but an answer it gets.
    witness.send(&[0x81, 0x80, 0, 0, 0, 0]).await.unwrap();
    assert_eq!(witness.read_exact(1).await.unwrap(), [0x81]);
    Ok(())
}

/// A connection that has just become a WebSocket.
async fn socket(address: SocketAddr) -> Link {
    let mut link = Link::open(address).await.unwrap();
    let handshake = "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    link.send(handshake.as_bytes()).await.unwrap();
    assert_eq!(link.answer().await.unwrap().status, 101);
    link
}

/// The code of a close frame that comes alone.
fn close_code(frames: &[u8]) -> Option<u16> {
    match frames {
        [0x88, length, high, low, rest @ ..] if usize::from(*length) == rest.len() + 2 => {
            Some(u16::from_be_bytes([*high, *low]))
        }
        _ => None,
    }
}

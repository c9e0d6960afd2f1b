//! Bytes that are no protocol at all.

use tokio::io::AsyncWriteExt;

use crate::Outcome;
use crate::api::Api;
use crate::link::Link;
use crate::load::Dice;
use crate::server::Setup;

const BLOBS: u64 = 60;
/// How much memory nonsense may cost, in KiB.
const MOST_KIB: u64 = 16 << 10;

pub(crate) async fn garbage_ends_its_connection_only() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let setup = Setup::new(directory.path()).set("http.header_read_timeout=1");
    let server = setup.set("http.idle_timeout=1").set("websocket.handshake_timeout=1").start();
    let mut dice = Dice(20_260_101);
    let mut api = Api::open(server.http).await.unwrap();
    api.post("q", &[7]).await.unwrap();
    let before = server.resident_kib();

    for at in 0..BLOBS {
        for address in [server.http, server.websocket, server.admin] {
            let mut link = Link::open(address).await.unwrap();
            // The server may hang up before all is sent.
            let _ = link.send(&blob(at, &mut dice)).await;
            let _ = link.stream.shutdown().await;
            let said = link.rest().await.unwrap();
            let text = String::from_utf8_lossy(&said);
            assert!(said.is_empty() || text.starts_with("HTTP/1.1 4"), "{at}: {text}");
        }
    }

    let after = server.resident_kib();
    assert!(after < before + MOST_KIB, "{before} KiB became {after} KiB");
    let messages = Api::open(server.http).await.unwrap().messages("q").await.unwrap();
    assert_eq!(messages.len(), 1);
    Ok(())
}

/// Noise: bare, or where something sensible should stand.
fn blob(at: u64, dice: &mut Dice) -> Vec<u8> {
    let length = 1 + dice.below(1 << (1 + at % 16));
    let noise: Vec<u8> = (0..length).map(|_| dice.below(256) as u8).collect();
    let before: &[u8] = match at % 6 {
        0 => b"",
        1 => b"GET /v2/",
        2 => b"POST /v2/queues/q/messages HTTP/1.1\r\nHost: ",
        3 => b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ",
        // The beginning of TLS, and of HTTP/2.
        4 => b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        _ => b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    };
    [before, &noise].concat()
}

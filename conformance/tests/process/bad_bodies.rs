//! HTTP requests that are too large, too slow, or framed wrongly.

use std::time::Duration;

use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, interval};

use crate::Outcome;
use crate::api::Api;
use crate::link::{Link, head};
use crate::server::{Server, Setup};

const PATH: &str = "/v2/queues/q/messages";
const BODY: &str = r#"{"messages": [{"ttl": 3600, "body": 7}]}"#;
/// How much memory nonsense may cost, in KiB.
const MOST_KIB: u64 = 16 << 10;
/// How late a server with limits of one second may be.
const SOON: Duration = Duration::from_secs(4);

pub(crate) async fn a_body_of_10_gb_is_refused_unread() -> Outcome {
    let (_directory, server) = start();
    let before = server.resident_kib();

    for _ in 0..64 {
        let mut link = Link::open(server.http).await.unwrap();
        let head = head("POST", PATH, &format!("Content-Length: {}\r\n", 10_u64 << 30));
        link.send(head.as_bytes()).await.unwrap();
        // The answer comes although not one byte of the body does.
        let answer = link.answer().await.unwrap();
        assert_eq!(answer.status, 400);
        assert!(answer.text().contains("size"), "{}", answer.text());
        assert!(link.rest().await.unwrap().is_empty(), "the connection is closed");
    }

    let after = server.resident_kib();
    assert!(after < before + MOST_KIB, "{before} KiB became {after} KiB");
    assert_nothing_was_posted(&server).await;
    Ok(())
}

pub(crate) async fn a_slow_body_is_cut_off() -> Outcome {
    let (_directory, server) = start();
    let mut link = Link::open(server.http).await.unwrap();
    let head = head("POST", PATH, "Content-Length: 100000\r\n");

    let begun = Instant::now();
    link.send(head.as_bytes()).await.unwrap();
    let text = drip(link).await;

    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert!(text.starts_with("HTTP/1.1 408 "), "{text}");
    assert_nothing_was_posted(&server).await;
    Ok(())
}

pub(crate) async fn slow_headers_are_cut_off() -> Outcome {
    let (_directory, server) = start();
    for address in [server.http, server.websocket] {
        let mut link = Link::open(address).await.unwrap();

        let begun = Instant::now();
        link.send(b"POST /v2/queues/q/messages HTTP/1.1\r\nX-Slow: ").await.unwrap();
        let text = drip(link).await;

        assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
        assert!(!text.starts_with("HTTP/1.1 2"), "{text}");
    }
    Ok(())
}

pub(crate) async fn a_quiet_connection_is_closed() -> Outcome {
    let (_directory, server) = start();
    let silent = Link::open(server.http).await.unwrap();
    let mut used = Api::open(server.http).await.unwrap();
    used.ping().await.unwrap();

    let begun = Instant::now();
    let (silent, used) = tokio::join!(silent.rest(), used.0.rest());

    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    assert!(silent.unwrap().is_empty() && used.unwrap().is_empty());
    Ok(())
}

pub(crate) async fn a_chunked_body_without_a_length_is_taken() -> Outcome {
    let (_directory, server) = start();
    let mut link = Link::open(server.http).await.unwrap();

    link.send(head("POST", PATH, "Transfer-Encoding: chunked\r\n").as_bytes()).await.unwrap();
    for piece in BODY.as_bytes().chunks(7) {
        let size = format!("{:x}\r\n", piece.len());
        link.send(&[size.as_bytes(), piece, b"\r\n"].concat()).await.unwrap();
    }
    link.send(b"0\r\n\r\n").await.unwrap();
    let answer = link.answer().await.unwrap();

    assert_eq!(answer.status, 201, "{}", answer.text());
    let mut api = Api(link);
    assert_eq!(api.messages("q").await.unwrap()[0].number, 7);
    Ok(())
}

pub(crate) async fn a_body_that_never_ends_is_refused() -> Outcome {
    let (_directory, server) = start();
    let before = server.resident_kib();
    let mut link = Link::open(server.http).await.unwrap();
    let chunk = [b"10000\r\n", "x".repeat(1 << 16).as_bytes(), b"\r\n"].concat();

    link.send(head("POST", PATH, "Transfer-Encoding: chunked\r\n").as_bytes()).await.unwrap();
    let mut sent = 0;
    // Sending fails when the server has seen enough.
    while sent < 1024 && link.send(&chunk).await.is_ok() {
        sent += 1;
    }

    assert!(sent < 1024, "64 MiB were taken");
    let after = server.resident_kib();
    assert!(after < before + MOST_KIB, "{before} KiB became {after} KiB");
    assert_nothing_was_posted(&server).await;
    Ok(())
}

pub(crate) async fn lengths_that_lie_never_pass_as_a_message() -> Outcome {
    let (_directory, server) = start();
    let exact = BODY.len();
    let short = format!("Content-Length: {}\r\n", exact - 5);
    let twice = format!("Content-Length: {exact}\r\nContent-Length: {}\r\n", exact + 1);
    let both = format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", exact - 5);
    let lies = [
        short.as_str(),
        twice.as_str(),
        both.as_str(),
        "Content-Length: -1\r\n",
        "Content-Length: 0x10\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Transfer-Encoding: gzip\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
    ];

    for lie in lies {
        let mut link = Link::open(server.http).await.unwrap();
        link.send((head("POST", PATH, lie) + BODY).as_bytes()).await.unwrap();
        let text = String::from_utf8(link.rest().await.unwrap()).unwrap();
        assert!(text.starts_with("HTTP/1.1 4"), "{lie}: {text}");
    }

    let mut link = Link::open(server.http).await.unwrap();
    let long = format!("Content-Length: {}\r\n", exact + 5);
    link.send((head("POST", PATH, &long) + BODY).as_bytes()).await.unwrap();
    assert_eq!(link.answer().await.unwrap().status, 408);
    assert_nothing_was_posted(&server).await;
    Ok(())
}

pub(crate) async fn a_client_that_closed_its_half_costs_nothing() -> Outcome {
    let (_directory, server) = start();
    let mut silent = Link::open(server.http).await.unwrap();
    let mut cut = Link::open(server.http).await.unwrap();
    let length = format!("Content-Length: {}\r\n", BODY.len() + 1);

    silent.stream.shutdown().await.unwrap();
    cut.send((head("POST", PATH, &length) + BODY).as_bytes()).await.unwrap();
    cut.stream.shutdown().await.unwrap();

    assert!(silent.rest().await.unwrap().is_empty());
    let text = String::from_utf8(cut.rest().await.unwrap()).unwrap();
    assert!(!text.starts_with("HTTP/1.1 2"), "{text}");
    assert_nothing_was_posted(&server).await;
    Ok(())
}

/// A server that waits for nothing longer than a second.
fn start() -> (TempDir, Server) {
    let directory = tempfile::tempdir().unwrap();
    let setup = Setup::new(directory.path())
        .set("http.header_read_timeout=1")
        .set("http.body_read_timeout=1")
        .set("http.idle_timeout=1")
        .set("websocket.handshake_timeout=1");
    let server = setup.start();
    (directory, server)
}

/// Sends one byte every 100 ms until the server hangs up; returns what it said.
async fn drip(link: Link) -> String {
    let Link { stream, .. } = link;
    let (reader, mut writer) = stream.into_split();
    let dripping = tokio::spawn(async move {
        let mut drops = interval(Duration::from_millis(100));
        loop {
            drops.tick().await;
            if writer.write_all(b"x").await.is_err() {
                return;
            }
        }
    });
    let said = crate::link::rest_of(reader).await.unwrap();
    dripping.abort();
    String::from_utf8(said).unwrap()
}

async fn assert_nothing_was_posted(server: &Server) {
    let mut api = Api::open(server.http).await.unwrap();
    assert_eq!(api.messages("q").await.unwrap(), []);
}

use tokio::time::{Instant, timeout};

use super::*;

#[tokio::test(start_paused = true)]
async fn cuts_a_client_that_sends_its_headers_slowly() {
    let server = Server::start(SETTINGS);
    let mut client = server.connect();
    let start = Instant::now();

    let mut sent = 0;
    for byte in REQUEST {
        if client.write_all(&[*byte]).await.is_err() {
            break;
        }
        sent += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
    }

    assert!(sent < REQUEST.len());
    assert_eq!(read_rest(&mut client).await, "");
    assert!(start.elapsed() < Duration::from_secs(13), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn cuts_a_client_that_connects_and_says_nothing() {
    let server = Server::start(SETTINGS);
    let mut client = server.connect();
    let start = Instant::now();

    assert_eq!(read_rest(&mut client).await, "");
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn times_the_headers_of_a_later_request_from_its_first_byte() {
    let server = Server::start(SETTINGS);
    let mut client = server.connect();
    client.write_all(REQUEST).await.unwrap();
    read_answer(&mut client).await;
    tokio::time::sleep(Duration::from_secs(30)).await;
    client.write_all(b"GET /qui").await.unwrap();
    let start = Instant::now();

    assert_eq!(read_rest(&mut client).await, "");
    assert_eq!(start.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn closes_an_idle_connection_after_the_idle_timeout() {
    let server = Server::start(SETTINGS);
    let mut client = server.connect();
    for _ in 0..3 {
        client.write_all(REQUEST).await.unwrap();
        read_answer(&mut client).await;
        tokio::time::sleep(Duration::from_secs(60)).await;
    }
    let start = Instant::now();

    assert_eq!(read_rest(&mut client).await, "");
    assert_eq!(start.elapsed().as_secs(), 15);
}

#[tokio::test(start_paused = true)]
async fn leaves_a_request_under_way_alone() {
    let server = Server::start(SETTINGS);
    let mut client = server.connect();
    client.write_all(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();
    server.arrived.notified().await;

    tokio::time::sleep(Duration::from_secs(3600)).await;
    server.release.notify_one();

    assert!(read_answer(&mut client).await.ends_with("slow"));
}

#[tokio::test(start_paused = true)]
async fn closes_a_connection_that_does_not_take_its_answer() {
    let server = Server::start(SETTINGS);
    let mut client = server.connect();
    client.write_all(b"GET /large HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();

    tokio::time::sleep(Duration::from_secs(80)).await;

    assert!(read_rest(&mut client).await.len() < 1 << 20);
}

#[tokio::test(start_paused = true)]
async fn lets_a_client_take_a_large_answer_in_its_own_time() {
    let server = Server::start(SETTINGS);
    let mut client = server.connect();
    client
        .write_all(b"GET /large HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();

    let mut taken = 0;
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = client.read(&mut buffer).await.unwrap();
        if count == 0 {
            break;
        }
        taken += count;
        tokio::time::sleep(Duration::from_secs(20)).await;
    }

    assert!(taken > 1 << 20, "{taken}");
}

#[tokio::test(start_paused = true)]
async fn more_connections_than_allowed_wait_for_a_place() {
    let server = Server::start(Settings { max_connections: 1, ..SETTINGS });
    let mut first = server.connect();
    first.write_all(REQUEST).await.unwrap();
    read_answer(&mut first).await;

    let mut second = server.connect();
    second.write_all(REQUEST).await.unwrap();
    timeout(Duration::from_secs(60), read_answer(&mut second)).await.unwrap_err();
    drop(first);

    read_answer(&mut second).await;
}

#[tokio::test(start_paused = true)]
async fn answers_oversized_headers_with_431_and_closes() {
    let server = Server::start(SETTINGS);
    let mut client = server.connect();
    client.write_all(b"GET /quick HTTP/1.1\r\nHost: here\r\nX-Long: ").await.unwrap();
    // The server may close before it has taken all of it.
    let _ = client.write_all(&vec![b'x'; SETTINGS.max_header_bytes]).await;

    let rest = read_rest(&mut client).await;
    assert!(rest.starts_with("HTTP/1.1 431 "), "{rest:?}");
}

#[tokio::test(start_paused = true)]
async fn answers_too_many_headers_with_431_and_closes() {
    for max_headers in [20, 100] {
        let server = Server::start(Settings { max_headers, ..SETTINGS });
        let mut client = server.connect();
        let headers = "A: b\r\n".repeat(max_headers + 1);
        client.write_all(format!("GET /quick HTTP/1.1\r\n{headers}\r\n").as_bytes()).await.unwrap();

        let rest = read_rest(&mut client).await;
        assert!(rest.starts_with("HTTP/1.1 431 "), "{rest:?}");
    }
}

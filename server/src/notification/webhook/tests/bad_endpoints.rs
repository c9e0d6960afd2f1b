//! Endpoints that do everything but answer well: each costs no more than its time and a few kilobytes.

use super::*;

/// What an endpoint does with a connection, once it has read a request.
type Behaviour = fn(TcpStream) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>>;

async fn endpoint(behaviour: Behaviour) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(behaviour(socket));
        }
    });
    url
}

/// The result of an attempt, which must end about in time.
async fn told(url: &str) -> Told {
    let began = Instant::now();
    let told = webhooks(&[]).carry(&parcel(url, "{}")).await;
    assert!(began.elapsed() < Duration::from_secs(4), "it took {:?}", began.elapsed());
    assert!(!told.detail.contains("127.0.0.1"), "{}", told.detail);
    told
}

async fn write_for_ever(socket: &mut TcpStream, bytes: &[u8], pause: Duration) {
    while socket.write_all(bytes).await.is_ok() {
        tokio::time::sleep(pause).await;
    }
}

#[tokio::test]
async fn one_that_never_answers_fails_in_time() {
    let url = endpoint(|mut socket| {
        Box::pin(async move {
            hear(&mut socket).await;
            std::future::pending::<()>().await;
        })
    });
    let told = told(&url.await).await;

    assert_eq!((told.outcome, told.detail.as_str()), (FAILED, "it took too long"));
}

#[tokio::test]
async fn one_that_closes_at_once_fails() {
    let at_once = endpoint(|socket| Box::pin(async move { drop(socket) })).await;
    let heard = endpoint(|mut socket| {
        Box::pin(async move {
            hear(&mut socket).await;
        })
    });
    for url in [at_once, heard.await] {
        let told = told(&url).await;
        assert_eq!((told.outcome, told.status), (FAILED, None), "{told:?}");
    }
}

#[tokio::test]
async fn one_that_is_not_there_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);

    let told = told(&url).await;
    assert_eq!(told.outcome, FAILED);
    assert!(told.detail.starts_with("no connection: "), "{}", told.detail);
}

#[tokio::test]
async fn one_whose_answer_has_no_end_is_cut_off_and_its_status_counts() {
    let fast = endpoint(|mut socket| {
        Box::pin(async move {
            hear(&mut socket).await;
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
            write_for_ever(&mut socket, &[b'x'; 65_536], Duration::ZERO).await;
        })
    });
    let slow = endpoint(|mut socket| {
        Box::pin(async move {
            hear(&mut socket).await;
            let _ = socket.write_all(b"HTTP/1.1 500 No\r\nContent-Length: 99\r\n\r\n").await;
            write_for_ever(&mut socket, b"x", Duration::from_millis(200)).await;
        })
    });
    assert_eq!(told(&fast.await).await.outcome, Outcome::Delivered);
    assert_eq!(told(&slow.await).await.outcome, FAILED);
}

#[tokio::test]
async fn one_whose_headers_have_no_end_fails() {
    let fast = endpoint(|mut socket| {
        Box::pin(async move {
            hear(&mut socket).await;
            let _ = socket.write_all(b"HTTP/1.1 200 OK\r\n").await;
            write_for_ever(
                &mut socket,
                &[b"X-A: ".as_slice(), &[b'x'; 8192], b"\r\n"].concat(),
                Duration::ZERO,
            )
            .await;
        })
    });
    let slow = endpoint(|mut socket| {
        Box::pin(async move {
            hear(&mut socket).await;
            write_for_ever(&mut socket, b"H", Duration::from_millis(200)).await;
        })
    });
    let interim = endpoint(|mut socket| {
        Box::pin(async move {
            hear(&mut socket).await;
            write_for_ever(&mut socket, b"HTTP/1.1 103 Early\r\n\r\n", Duration::from_micros(100))
                .await;
        })
    });
    for url in [fast.await, slow.await, interim.await] {
        let told = told(&url).await;
        assert_eq!((told.outcome, told.status), (FAILED, None), "{told:?}");
    }
}

#[tokio::test]
async fn one_that_speaks_another_protocol_fails() {
    let url = endpoint(|mut socket| {
        Box::pin(async move {
            let _ = socket.write_all(b"220 mail.example ESMTP\r\n").await;
            hear(&mut socket).await;
        })
    });
    assert_eq!(told(&url.await).await.outcome, FAILED);
}

#[tokio::test]
async fn one_that_takes_nothing_fails_in_time() {
    let url = endpoint(|socket| {
        Box::pin(async move {
            std::future::pending::<()>().await;
            drop(socket);
        })
    });
    let mut parcel = parcel(&url.await, "{}");
    parcel.message.body = Bytes::from(format!("\"{}\"", "x".repeat(8 << 20)));

    assert_eq!(webhooks(&[]).carry(&parcel).await.outcome, FAILED);
}

#[tokio::test]
async fn compressed_answers_are_not_unpacked() {
    let (url, _heard, _) = server(
        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\n\x1f\u{1}bad",
    )
    .await;
    assert_eq!(told(&url).await.outcome, Outcome::Delivered);
}

#[tokio::test]
async fn answers_decide_what_becomes_of_the_message() {
    for (answer, wanted) in [
        ("HTTP/1.1 302 Go\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", FAILED),
        ("HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", Outcome::Refused),
        ("HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n", Outcome::Gone),
        (
            "HTTP/1.1 429 Later\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n",
            Outcome::Failed { retry_after: Some(Duration::from_secs(7)) },
        ),
    ] {
        let (url, _heard, _) = server(answer).await;
        assert_eq!(told(&url).await.outcome, wanted, "{answer}");
    }
}

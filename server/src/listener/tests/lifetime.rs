use std::io::{Error, ErrorKind};

use hyper::StatusCode;
use hyper::header::{CONNECTION, UPGRADE};
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::*;

#[tokio::test(start_paused = true)]
async fn shutdown_waits_for_the_request_under_way_and_closes_idle_connections() {
    let server = Server::start(SETTINGS);
    let mut idle = server.connect();
    idle.write_all(REQUEST).await.unwrap();
    read_answer(&mut idle).await;
    let mut client = server.connect();
    client.write_all(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();
    server.arrived.notified().await;

    let shutdown = server.shutdown.clone();
    let finished = tokio::spawn(async move { shutdown.finish(Duration::from_secs(30)).await });
    assert_eq!(read_rest(&mut idle).await, "");
    assert!(!finished.is_finished());
    server.release.notify_one();

    assert!(read_rest(&mut client).await.ends_with("slow"));
    assert_eq!(finished.await.unwrap(), 0);
}

#[tokio::test(start_paused = true)]
async fn shutdown_drops_what_takes_longer_than_the_grace() {
    let server = Server::start(SETTINGS);
    let mut client = server.connect();
    client.write_all(b"GET /slow HTTP/1.1\r\nHost: here\r\n\r\n").await.unwrap();
    server.arrived.notified().await;

    assert_eq!(server.shutdown.finish(Duration::from_secs(30)).await, 1);
    assert_eq!(read_rest(&mut client).await, "");
}

#[tokio::test(start_paused = true)]
async fn accepts_nothing_after_the_shutdown_began() {
    let server = Server::start(SETTINGS);
    server.shutdown.begin();
    server.connections.closed().await;

    assert_eq!(server.shutdown.finish(Duration::ZERO).await, 0);
}

/// Fails a number of times before it hands out a connection.
struct Failing(Vec<ErrorKind>, Option<DuplexStream>);

impl Acceptor for Failing {
    type Io = DuplexStream;

    async fn accept(&mut self) -> std::io::Result<(DuplexStream, SocketAddr)> {
        match self.0.pop() {
            Some(kind) => Err(Error::from(kind)),
            None => Ok((self.1.take().unwrap(), SocketAddr::from(([127, 0, 0, 1], 1)))),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_longer_and_longer_when_the_system_has_no_place_for_connections() {
    let (_client, stream) = tokio::io::duplex(64);
    let mut acceptor = Failing(vec![ErrorKind::OutOfMemory; 7], Some(stream));
    let start = Instant::now();

    accept::accept(&mut acceptor, "test").await;

    let pauses = [50, 100, 200, 400, 800, 1000, 1000];
    assert_eq!(start.elapsed().as_millis(), pauses.iter().sum::<u128>());
}

#[tokio::test(start_paused = true)]
async fn does_not_pause_for_a_connection_that_was_reset() {
    let (_client, stream) = tokio::io::duplex(64);
    let mut acceptor = Failing(vec![ErrorKind::ConnectionAborted; 7], Some(stream));
    let start = Instant::now();

    accept::accept(&mut acceptor, "test").await;

    assert!(start.elapsed().is_zero());
}

#[tokio::test(start_paused = true)]
async fn an_upgraded_connection_keeps_its_place_and_has_no_deadline() {
    let (connections, queue) = mpsc::unbounded_channel();
    let shutdown = Shutdown::new();
    let sockets = shutdown.clone();
    let make = move |_| {
        let sockets = sockets.clone();
        service_fn(move |request: Request<Incoming>| {
            let sockets = sockets.clone();
            async move {
                let upgrade = hyper::upgrade::on(request);
                sockets.spawn(async move {
                    let mut socket = hyper_util::rt::TokioIo::new(upgrade.await.unwrap());
                    let mut byte = [0];
                    while socket.read_exact(&mut byte).await.is_ok() {
                        socket.write_all(&byte).await.unwrap();
                    }
                });
                let answer = Response::builder()
                    .status(StatusCode::SWITCHING_PROTOCOLS)
                    .header(CONNECTION, "upgrade")
                    .header(UPGRADE, "echo");
                Ok::<_, Infallible>(answer.body(Full::<Bytes>::default()).unwrap())
            }
        })
    };
    let settings = Settings { max_connections: 1, ..SETTINGS };
    tokio::spawn(serve("test", InMemory(queue), settings, make, shutdown.clone()));
    let connect = || {
        let (client, server) = tokio::io::duplex(4096);
        connections.send(server).unwrap();
        client
    };
    let handshake = b"GET / HTTP/1.1\r\nHost: here\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";

    let (mut first, mut second) = (connect(), connect());
    first.write_all(handshake).await.unwrap();
    let mut head = [0; 12];
    first.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
    second.write_all(handshake).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_secs(3600), second.read_exact(&mut head));
    waiting.await.unwrap_err();
    drop(first);

    second.read_exact(&mut head).await.unwrap();
    assert_eq!(&head, b"HTTP/1.1 101");
}

#[tokio::test]
async fn serves_over_tcp() {
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let taken = bind(address).await.unwrap_err();
    assert!(taken.to_string().starts_with(&format!("cannot listen on {address}: ")));
    let shutdown = Shutdown::new();
    let make = |_| {
        service_fn(|_| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"quick"))))
        })
    };
    let serving = tokio::spawn(serve("test", listener, SETTINGS, make, shutdown.clone()));

    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    client.read_to_string(&mut text).await.unwrap();

    assert!(text.starts_with("HTTP/1.1 200 OK\r\n") && text.ends_with("quick"), "{text:?}");
    assert_eq!(shutdown.finish(Duration::from_secs(10)).await, 0);
    serving.await.unwrap();
}

#[tokio::test]
async fn a_client_that_is_answered_early_may_go_on_sending_for_a_while() {
    let listener = bind(SocketAddr::from(([127, 0, 0, 1], 0))).await.unwrap();
    let address = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let make = |_| {
        service_fn(|_| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"quick"))))
        })
    };
    tokio::spawn(serve("test", listener, SETTINGS, make, shutdown.clone()));
    let body = b"POST / HTTP/1.1\r\nHost: here\r\nContent-Length: 3000000\r\n\r\n";
    let more = vec![b'x'; 100_000];

    for (head, status) in [(&b"GET / HTTP/1.1\r\nX-Long: "[..], "431"), (body, "200")] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(head).await.unwrap();
        client.write_all(&more).await.unwrap();
        let mut start = [0; 12];
        client.read_exact(&mut start).await.unwrap();
        for _ in 0..10 {
            client.write_all(&more).await.unwrap();
        }

        assert_eq!(start, format!("HTTP/1.1 {status}").as_bytes());
    }
}

//! Stopping in order.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use tokio::time::{Instant, timeout};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::Outcome;
use crate::api::Api;
use crate::link::{Link, head};
use crate::server::{Server, Setup, until};

const BODY: &str = r#"{"messages": [{"ttl": 3600, "body": 7}]}"#;

pub(crate) async fn requests_under_way_are_finished_and_sockets_closed() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let setup = Setup::new(directory.path());
    let mut server = setup.start();
    let idle = Link::open(server.http).await.unwrap();
    let mut half = half_a_post(&server).await;
    let mut sockets = Vec::new();
    for url in [format!("ws://{}/", server.websocket), format!("ws://{}/v2/ws", server.http)] {
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        // An answer shows that the socket is served.
        socket.send(Message::text("{}")).await.unwrap();
        socket.next().await.unwrap().unwrap();
        sockets.push(socket);
    }

    server.terminate();
    for mut socket in sockets {
        let frame = timeout(Duration::from_secs(5), socket.next()).await.unwrap();
        let Some(Ok(Message::Close(Some(close)))) = frame else { panic!("{frame:?}") };
        assert_eq!(close.code, CloseCode::Away);
    }
    assert!(idle.rest().await.unwrap().is_empty(), "an idle connection is closed");
    let refused = async || Link::open(server.http).await.err();
    until(Duration::from_secs(5), refused).await.expect("nobody is let in any more");
    half.send(&BODY.as_bytes()[9..]).await.unwrap();
    let answer = half.answer().await.unwrap();
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert!(half.rest().await.unwrap().is_empty());
    let status = server.wait().await;
    assert_eq!(status.code(), Some(0), "{}", server.log());

    let again = setup.start();
    let messages = Api::open(again.http).await.unwrap().messages("q").await.unwrap();
    assert_eq!(messages[0].number, 7);
    again.stop().await;
    Ok(())
}

pub(crate) async fn a_client_that_never_finishes_is_cut_after_the_grace() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Setup::new(directory.path()).set("shutdown.grace_seconds=1").start();
    let half = half_a_post(&server).await;

    let begun = Instant::now();
    server.terminate();
    let status = server.wait().await;

    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(900) && took < Duration::from_secs(5), "{took:?}");
    assert_eq!(status.code(), Some(0), "{}", server.log());
    assert!(half.rest().await.unwrap().is_empty());
    Ok(())
}

pub(crate) async fn a_socket_that_never_stops_sending_is_closed() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Setup::new(directory.path()).start();
    let url = format!("ws://{}/", server.websocket);
    let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
    let (mut sender, mut receiver) = socket.split();
    receiver_is_served(&mut sender, &mut receiver).await;
    let flood =
        tokio::spawn(async move { while sender.send(Message::text("{}")).await.is_ok() {} });

    let begun = Instant::now();
    server.terminate();
    let closed = async {
        loop {
            match receiver.next().await {
                Some(Ok(Message::Close(Some(close)))) => return Some(close.code),
                Some(Ok(_)) => {}
                _ => return None,
            }
        }
    };
    let code = timeout(Duration::from_secs(20), closed).await.unwrap();
    let status = server.wait().await;
    flood.abort();

    assert_eq!(code, Some(CloseCode::Away));
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert_eq!(status.code(), Some(0));
    Ok(())
}

async fn receiver_is_served<S, R>(sender: &mut S, receiver: &mut R)
where
    S: SinkExt<Message> + Unpin,
    R: StreamExt + Unpin,
{
    assert!(sender.send(Message::text("{}")).await.is_ok());
    assert!(receiver.next().await.is_some());
}

/// A post of which the server has the headers and 9 bytes; the answer 100 shows that it waits for the rest.
async fn half_a_post(server: &Server) -> Link {
    let mut link = Link::open(server.http).await.unwrap();
    let headers = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", BODY.len());
    let head = head("POST", "/v2/queues/q/messages", &headers);
    link.send(head.as_bytes()).await.unwrap();
    assert_eq!(link.answer().await.unwrap().status, 100);
    link.send(&BODY.as_bytes()[..9]).await.unwrap();
    link
}

//! What a server cannot beat: a bare axum handler that parses the same document with raw bodies, stores
//! nothing, and answers ids.

use std::net::SocketAddr;

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::post;
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    messages: Vec<Message<'a>>,
}

#[derive(Deserialize)]
struct Message<'a> {
    #[serde(borrow)]
    body: &'a RawValue,
    ttl: Option<i64>,
}

async fn answer(body: Bytes) -> impl IntoResponse {
    let Ok(document) = serde_json::from_slice::<Document<'_>>(&body) else {
        return (StatusCode::BAD_REQUEST, String::new());
    };
    let ids: Vec<String> = document
        .messages
        .iter()
        .filter(|message| !message.body.get().is_empty() && message.ttl.is_none_or(|ttl| ttl > 0))
        .map(|_| format!("\"/v2/queues/q/messages/{}\"", Uuid::new_v4()))
        .collect();
    (StatusCode::CREATED, format!("{{\"resources\": [{}]}}", ids.join(", ")))
}

/// Serves the handler on a free port.
pub(crate) async fn serve() -> SocketAddr {
    let router = Router::new().route("/v2/queues/{queue}/messages", post(answer));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        use axum::serve::ListenerExt;
        let listener = listener.tap_io(|stream| stream.set_nodelay(true).unwrap());
        axum::serve(listener, router).await.unwrap();
    });
    address
}

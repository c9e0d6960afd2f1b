//! The opening handshake (RFC 6455 §4.2). No subprotocol and no extension is ever chosen.

use std::sync::Arc;

use axum::body::Body;
use http::header::{
    CONNECTION, CONTENT_TYPE, HOST, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Version};
use hyper_util::rt::TokioIo;
use sukkal_spec::Api;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::Role;

use super::connection::{protocol, serve};
use crate::transport::Service;
use crate::transport::http::HttpResponse;

/// Answers an upgrade request, whatever its path; the socket is served by a task of its own.
pub(crate) fn upgrade<A: Api + 'static>(
    service: &Arc<Service<A>>,
    mut request: Request<Body>,
) -> HttpResponse {
    let accept = match check(&request) {
        Ok(accept) => accept,
        Err(response) => return *response,
    };
    let upgraded = hyper::upgrade::on(&mut request);
    let task = Arc::clone(service);
    service.shutdown.spawn(async move {
        let Ok(io) = upgraded.await else { return };
        let config = protocol(&task.config.websocket);
        let socket =
            WebSocketStream::from_raw_socket(TokioIo::new(io), Role::Server, Some(config)).await;
        // In a box of its own, so that what the handshake needed is not kept as long as the socket.
        Box::pin(serve(task, socket)).await;
    });
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

fn check(request: &Request<Body>) -> Result<HeaderValue, Box<HttpResponse>> {
    let headers = request.headers();
    if request.method() != Method::GET {
        return Err(refuse(StatusCode::METHOD_NOT_ALLOWED, "The handshake is a GET request."));
    }
    if request.version() != Version::HTTP_11 {
        return Err(refuse(
            StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            "The handshake needs HTTP/1.1.",
        ));
    }
    if !lists(headers, &UPGRADE, "websocket") || !lists(headers, &CONNECTION, "upgrade") {
        let mut response = refuse(StatusCode::UPGRADE_REQUIRED, "This is a WebSocket endpoint.");
        response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
        return Err(response);
    }
    if headers.get_all(HOST).iter().count() != 1 {
        return Err(refuse(StatusCode::BAD_REQUEST, "The Host header must stand once."));
    }
    if headers.get(SEC_WEBSOCKET_VERSION).is_none_or(|version| version != "13") {
        let mut response =
            refuse(StatusCode::BAD_REQUEST, "Only version 13 of the protocol is spoken.");
        response.headers_mut().insert(SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        return Err(response);
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|key| key.len() == 24);
    let accept = key.map(|key| derive_accept_key(key.as_bytes()));
    accept.and_then(|accept| HeaderValue::try_from(accept).ok()).ok_or_else(|| {
        refuse(StatusCode::BAD_REQUEST, "The Sec-WebSocket-Key header is missing or malformed.")
    })
}

/// Whether a header that is a list names a token.
fn lists(headers: &HeaderMap, name: &HeaderName, token: &str) -> bool {
    headers
        .get_all(name)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|each| each.trim().eq_ignore_ascii_case(token))
}

fn refuse(status: StatusCode, text: &'static str) -> Box<HttpResponse> {
    let mut response = Response::new(Body::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    Box::new(response)
}

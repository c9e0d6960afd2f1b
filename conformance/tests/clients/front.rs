//! What stands in front of a service in a cloud: an identity service that hands out tokens and a catalogue, and the check that
//! turns a token into the identity headers of a request.
//!
//! Clients log in here as they do anywhere. A user called `operator` has the role `admin`, everybody else has `member`; a
//! project is whatever a user asks for.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use sukkal_conformance::client::{HttpClient, HttpRequest};
use tokio::net::TcpListener;
use uuid::Uuid;

/// The password of every user.
pub(crate) const PASSWORD: &str = "correct horse";
const LARGEST_BODY: usize = 1 << 20;
/// Headers that say who calls; only the front may set them.
const IDENTITY: [&str; 4] = ["x-project-id", "x-roles", "x-user-id", "x-auth-token"];
/// Headers that belong to one connection.
const HOP: [&str; 4] = ["connection", "content-length", "transfer-encoding", "host"];

/// Who a token was given to.
#[derive(Clone)]
struct Identity {
    project: String,
    role: &'static str,
}

struct Front {
    service: HttpClient,
    /// The addresses of the catalogue, by type.
    catalogue: [(&'static str, &'static str, String); 2],
    identity_url: String,
    tokens: Mutex<HashMap<String, Identity>>,
}

/// Where clients find the front.
pub(crate) struct Address {
    /// The identity service, with the version in its path.
    pub(crate) identity: String,
    /// The service behind it; without a version, as clients want it.
    pub(crate) service: String,
}

/// Serves the front of a server on free ports until the runtime ends.
pub(crate) async fn serve(http: SocketAddr, websocket: SocketAddr) -> std::io::Result<Address> {
    let service = TcpListener::bind("127.0.0.1:0").await?;
    let identity = TcpListener::bind("127.0.0.1:0").await?;
    let service_url = format!("http://{}", service.local_addr()?);
    let identity_url = format!("http://{}/v3", identity.local_addr()?);
    let client = HttpClient::new(&format!("http://{http}"), Duration::from_secs(60))
        .map_err(std::io::Error::other)?;
    let front = Arc::new(Front {
        service: client,
        catalogue: [
            ("messaging", "zaqar", service_url.clone()),
            ("messaging-websocket", "zaqar-websocket", format!("ws://{websocket}")),
        ],
        identity_url: identity_url.clone(),
        tokens: Mutex::default(),
    });
    let log_in = Router::new()
        .route("/v3", get(version))
        .route("/v3/", get(version))
        .route("/v3/auth/tokens", post(issue))
        .with_state(Arc::clone(&front));
    let forward = Router::new().fallback(forward).with_state(front);
    tokio::spawn(async move { axum::serve(identity, log_in).await });
    tokio::spawn(async move { axum::serve(service, forward).await });
    Ok(Address { identity: identity_url, service: service_url })
}

async fn version(State(front): State<Arc<Front>>) -> Response {
    let link = json!([{ "rel": "self", "href": front.identity_url }]);
    let version = json!({ "id": "v3.14", "status": "stable", "links": link, "media-types": [] });
    answer(StatusCode::OK, &json!({ "version": version }))
}

/// Gives a token for a name, a password and a project.
async fn issue(State(front): State<Arc<Front>>, body: Bytes) -> Response {
    let asked: Value = serde_json::from_slice(&body).unwrap_or_default();
    let user = &asked["auth"]["identity"]["password"]["user"];
    let project = &asked["auth"]["scope"]["project"];
    let (Some(name), Some(project)) =
        (user["name"].as_str(), project["id"].as_str().or(project["name"].as_str()))
    else {
        return refused("a user and a project are needed");
    };
    if user["password"] != PASSWORD {
        return refused("the password is wrong");
    }
    let role = if name == "operator" { "admin" } else { "member" };
    let identity = Identity { project: project.to_owned(), role };
    let token = Uuid::new_v4().simple().to_string();
    let mut response =
        answer(StatusCode::CREATED, &json!({ "token": front.token(name, &identity) }));
    if let Ok(value) = HeaderValue::from_str(&token) {
        response.headers_mut().insert("x-subject-token", value);
    }
    front.tokens.lock().expect("nothing panics with it").insert(token, identity);
    response
}

/// Puts the identity of its token into a request and sends it on.
async fn forward(State(front): State<Arc<Front>>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let token = head.headers.get("x-auth-token").and_then(|value| value.to_str().ok());
    let known = token
        .and_then(|token| front.tokens.lock().expect("nothing panics with it").get(token).cloned());
    let signed = head.headers.contains_key("url-signature");
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    // Which versions there are is told to anybody.
    if known.is_none() && !signed && !matches!(path, "/" | "/v2") {
        return refused("the token is not known");
    }
    let mut headers = passed_on(&head.headers, signed);
    if let Some(identity) = known {
        headers.push(("X-Project-ID".to_owned(), identity.project));
        headers.push(("X-Roles".to_owned(), identity.role.to_owned()));
    }
    let Ok(body) = to_bytes(body, LARGEST_BODY).await else {
        return answer(StatusCode::PAYLOAD_TOO_LARGE, &Value::Null);
    };
    let has_body = head.headers.contains_key("content-length")
        || head.headers.contains_key("transfer-encoding");
    let request = HttpRequest {
        method: head.method.to_string(),
        path: path.to_owned(),
        headers,
        body: has_body.then(|| body.to_vec()),
    };
    match front.service.send(&request).await {
        Ok(reply) => returned(reply.status, &reply.headers, reply.body),
        Err(error) => answer(StatusCode::BAD_GATEWAY, &json!({ "error": error.to_string() })),
    }
}

/// The headers a service may see: none of those that say who calls, except what a signature was made for.
fn passed_on(headers: &HeaderMap, signed: bool) -> Vec<(String, String)> {
    let kept = headers.iter().filter(|(name, _)| {
        let name = name.as_str();
        let identity = IDENTITY.contains(&name) && !(signed && name == "x-project-id");
        !identity && !HOP.contains(&name)
    });
    kept.map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into()))
        .collect()
}

fn returned(status: u16, headers: &[(String, String)], body: Vec<u8>) -> Response {
    let mut response = Response::builder().status(status);
    for (name, value) in headers.iter().filter(|(name, _)| !HOP.contains(&name.as_str())) {
        response = response.header(name, value);
    }
    response.body(Body::from(body)).unwrap_or_else(|_| StatusCode::BAD_GATEWAY.into_response())
}

impl Front {
    fn token(&self, user: &str, identity: &Identity) -> Value {
        let domain = json!({ "id": "default", "name": "Default" });
        let services = self.catalogue.each_ref().map(|(kind, name, url)| {
            let endpoints = ["public", "internal", "admin"].map(|interface| {
                json!({
                    "id": format!("{kind}-{interface}"), "interface": interface, "url": url,
                    "region": "here", "region_id": "here",
                })
            });
            json!({ "id": kind, "type": kind, "name": name, "endpoints": endpoints })
        });
        json!({
            "methods": ["password"],
            "issued_at": "2026-01-01T00:00:00.000000Z",
            "expires_at": "2099-01-01T00:00:00.000000Z",
            "user": { "id": user, "name": user, "domain": domain },
            "project": { "id": identity.project, "name": identity.project, "domain": domain },
            "roles": [{ "id": identity.role, "name": identity.role }],
            "catalog": services,
        })
    }
}

fn answer(status: StatusCode, body: &Value) -> Response {
    (status, [("content-type", "application/json")], body.to_string()).into_response()
}

fn refused(why: &str) -> Response {
    let error = json!({ "error": { "code": 401, "title": "Unauthorized", "message": why } });
    answer(StatusCode::UNAUTHORIZED, &error)
}

//! A server as a case sees it: operations with inputs and outcomes, whatever carries them.

mod carry;
mod error;
mod grant;
mod pools;
mod reply;
mod transport;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sukkal_spec::binding::Who;
use sukkal_spec::{MessagePost, Operation, OperationInfo, QueueCreate, SubscriptionCreate};
use tokio::sync::Mutex;
use uuid::Uuid;

pub use grant::Grant;
pub use reply::Reply;
pub use transport::Transport;

use crate::client::{ClientError, HttpClient, HttpReply, HttpRequest, WebSocketClient};

/// Moves the clock of a server forward.
type Advance = Box<dyn Fn(Duration) + Send + Sync>;

/// Where a server is.
pub struct Target {
    http: HttpClient,
    websocket: Option<String>,
    timeout: Duration,
    advance: Option<Advance>,
    small_limits: bool,
    pool_uris: Vec<String>,
}

impl Target {
    /// Names a server by its URLs, like `http://127.0.0.1:8888` and `ws://127.0.0.1:9000`; `timeout` bounds
    /// every wait.
    ///
    /// # Errors
    /// The URL of HTTP cannot be used.
    pub fn new(
        http: &str,
        websocket: Option<&str>,
        timeout: Duration,
    ) -> Result<Self, ClientError> {
        let http = HttpClient::new(http, timeout)?;
        Ok(Self {
            http,
            websocket: websocket.map(str::to_owned),
            timeout,
            advance: None,
            small_limits: false,
            pool_uris: Vec::new(),
        })
    }

    /// Adds a way to move its clock.
    #[must_use]
    pub fn with_clock(mut self, advance: impl Fn(Duration) + Send + Sync + 'static) -> Self {
        self.advance = Some(Box::new(advance));
        self
    }

    /// Says that the server is set up as the profile `limits` says.
    #[must_use]
    pub fn with_small_limits(mut self) -> Self {
        self.small_limits = true;
        self
    }

    /// Whether it has the limits of the profile `limits`.
    pub fn has_small_limits(&self) -> bool {
        self.small_limits
    }

    /// Adds URIs of stores that can be its pools.
    #[must_use]
    pub fn with_pool_uris(mut self, uris: Vec<String>) -> Self {
        self.pool_uris = uris;
        self
    }

    /// URIs of stores that can be its pools; none without pooling.
    pub fn pool_uris(&self) -> &[String] {
        &self.pool_uris
    }

    /// Whether a case can move its clock.
    pub fn has_clock(&self) -> bool {
        self.advance.is_some()
    }

    /// Whether it is known how to reach it over a transport.
    pub fn has(&self, transport: Transport) -> bool {
        transport == Transport::Http || self.websocket.is_some()
    }
}

/// A server seen by one client of one project over one transport.
///
/// Every method panics when the server does not answer at all.
#[derive(Clone)]
pub struct Service {
    target: Arc<Target>,
    transport: Transport,
    project: String,
    client: String,
    roles: Option<String>,
    grant: Option<Arc<Grant>>,
    socket: Arc<Mutex<Option<WebSocketClient>>>,
}

impl Service {
    /// A new client of a new project.
    pub fn new(target: Arc<Target>, transport: Transport) -> Self {
        let project = format!("conformance-{}", Uuid::new_v4().simple());
        let (client, socket) = (Uuid::new_v4().to_string(), Arc::default());
        Self { target, transport, project, client, roles: None, grant: None, socket }
    }

    /// The transport.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The project.
    pub fn project(&self) -> &str {
        &self.project
    }

    /// The id of the client.
    pub fn client(&self) -> &str {
        &self.client
    }

    /// The same project over the same connection, but another client.
    #[must_use]
    pub fn as_other_client(&self) -> Self {
        self.as_client(&Uuid::new_v4().to_string())
    }

    /// The same project over the same connection, but this client id.
    #[must_use]
    pub fn as_client(&self, client: &str) -> Self {
        Self { client: client.to_owned(), ..self.clone() }
    }

    /// The same client with exactly these roles, separated by commas.
    ///
    /// Without this a client has the role that the called operation asks for, if it asks for one.
    #[must_use]
    pub fn with_roles(&self, roles: &str) -> Self {
        Self { roles: Some(roles.to_owned()), ..self.clone() }
    }

    /// The same client as the holder of a grant, which names the project.
    #[must_use]
    pub fn holding(&self, grant: &Grant) -> Self {
        let project = grant.project.clone();
        Self { project, grant: Some(Arc::new(grant.clone())), ..self.clone() }
    }

    /// The roles a client has when it calls this operation.
    pub fn roles_for(&self, info: &OperationInfo) -> Option<&str> {
        match (&self.roles, info.admits) {
            (Some(roles), _) => Some(roles),
            (None, Who::Role(role)) => Some(role),
            (None, Who::Everyone) => None,
        }
    }

    /// The same client over the same connection, but this project.
    #[must_use]
    pub fn in_project(&self, project: &str) -> Self {
        Self { project: project.to_owned(), ..self.clone() }
    }

    /// The same client and project over HTTP.
    #[must_use]
    pub fn over_http(&self) -> Self {
        Self { transport: Transport::Http, ..self.clone() }
    }

    /// The same client and project over a connection of its own.
    #[must_use]
    pub fn on_another_connection(&self) -> Self {
        Self { socket: Arc::default(), ..self.clone() }
    }

    /// Closes the connection, if there is one, and waits until the server has closed it too.
    pub async fn disconnect(&self) {
        if let Some(socket) = self.socket.lock().await.take() {
            socket.close().await;
        }
    }

    /// Calls an operation. Fields that it does not have are sent as well, in the body if there is one.
    pub async fn call<O: Operation>(&self, _operation: O, input: Value) -> Reply {
        self.call_info(O::INFO, input).await
    }

    /// Calls an operation that is known by its description only.
    pub async fn call_info(&self, info: &'static OperationInfo, input: Value) -> Reply {
        match (self.transport, info.websocket) {
            (Transport::Http, _) | (_, None) => {
                self.send(info, carry::http_request(self, info, &input)).await
            }
            (_, Some(_)) => {
                let frame = carry::frame(self, info, Some(input));
                self.exchange_frame(info, frame).await
            }
        }
    }

    /// Calls an operation like [`call`](Self::call), with `text` as it is wherever the input says `"@"`.
    /// Only JSON can carry that.
    pub async fn call_text<O: Operation>(&self, _: O, input: Value, text: &str) -> Reply {
        let info = O::INFO;
        match (self.transport, info.websocket) {
            (Transport::Json, Some(_)) => {
                let frame = carry::frame(self, info, Some(input)).to_string();
                self.exchange_text(info, frame.replace("\"@\"", text)).await
            }
            _ => {
                let mut request = carry::http_request(self, info, &input);
                request.body = request
                    .body
                    .map(|body| String::from_utf8_lossy(&body).replace("\"@\"", text).into_bytes());
                self.send(info, request).await
            }
        }
    }

    /// The HTTP request that calls an operation, to be changed before it is sent.
    pub fn request<O: Operation>(&self, _operation: O, input: &Value) -> HttpRequest {
        carry::http_request(self, O::INFO, input)
    }

    /// Sends an HTTP request as it is, whatever the transport, and reads the answer as one of an operation.
    pub async fn send(&self, info: &'static OperationInfo, request: HttpRequest) -> Reply {
        let shown = format!("{} {}", request.method, request.path);
        match self.target.http.send(&request).await {
            Ok(reply) => Reply::from_http(info, reply),
            Err(error) => panic!("{shown}: {error}"),
        }
    }

    /// Sends an HTTP request as it is; the answer may be anything.
    pub async fn send_plain(&self, request: &HttpRequest) -> HttpReply {
        match self.target.http.send(request).await {
            Ok(reply) => reply,
            Err(error) => panic!("{} {}: {error}", request.method, request.path),
        }
    }

    /// The frame that calls an operation, to be changed before it is sent.
    pub fn frame<O: Operation>(&self, _operation: O, input: Value) -> Value {
        carry::frame(self, O::INFO, Some(input))
    }

    /// The frame that calls an operation known by its description only, with or without a body.
    pub fn frame_for(&self, info: &OperationInfo, body: Option<Value>) -> Value {
        carry::frame(self, info, body)
    }

    /// Sends a frame in the encoding of the transport and waits for the answer.
    pub async fn exchange_frame(&self, info: &'static OperationInfo, frame: Value) -> Reply {
        self.exchange_all(info, &[frame]).await.remove(0)
    }

    /// Sends frames without waiting between them, then waits for as many answers.
    pub async fn exchange_all(&self, info: &'static OperationInfo, frames: &[Value]) -> Vec<Reply> {
        let encoding = self.transport.encoding();
        let send = async |socket: &mut WebSocketClient| {
            for frame in frames {
                socket.send(encoding, frame).await?;
            }
            Ok(())
        };
        self.exchange(info, frames.len(), send).await
    }

    /// Sends a text frame as it is and waits for the answer.
    pub async fn exchange_text(&self, info: &'static OperationInfo, text: String) -> Reply {
        let send = async |socket: &mut WebSocketClient| socket.send_text(text).await;
        self.exchange(info, 1, send).await.remove(0)
    }

    /// Sends a binary frame as it is and waits for the answer.
    pub async fn exchange_binary(&self, info: &'static OperationInfo, bytes: Vec<u8>) -> Reply {
        let send = async |socket: &mut WebSocketClient| socket.send_binary(bytes).await;
        self.exchange(info, 1, send).await.remove(0)
    }

    async fn exchange(
        &self,
        info: &'static OperationInfo,
        count: usize,
        send: impl AsyncFnOnce(&mut WebSocketClient) -> Result<(), ClientError>,
    ) -> Vec<Reply> {
        let mut slot = self.socket.lock().await;
        let answered: Result<_, ClientError> = async {
            let mut socket = match slot.take() {
                Some(socket) => socket,
                None => {
                    let url = self.target.websocket.as_deref().unwrap_or_default();
                    WebSocketClient::open(url, self.target.timeout).await?
                }
            };
            send(&mut socket).await?;
            let mut answers = Vec::with_capacity(count);
            for _ in 0..count {
                answers.push(Reply::from_frame(info, self.transport, socket.answer().await?));
            }
            *slot = Some(socket);
            Ok(answers)
        }
        .await;
        answered.unwrap_or_else(|error| panic!("{} over {}: {error}", info.name, self.transport))
    }

    /// Waits for what the server sends on the connection by itself; it must come in the encoding of the transport.
    pub async fn push(&self) -> Value {
        let mut slot = self.socket.lock().await;
        let Some(socket) = slot.as_mut() else { panic!("there is no connection") };
        match socket.push().await {
            Ok(frame) => {
                assert_eq!(frame.encoding, self.transport.encoding(), "{}", frame.message);
                frame.message
            }
            Err(error) => panic!("a push over {}: {error}", self.transport),
        }
    }

    /// Moves the clock of the server forward by seconds.
    pub fn advance_clock(&self, seconds: u64) {
        match &self.target.advance {
            Some(advance) => advance(Duration::from_secs(seconds)),
            None => panic!("needs a clock"),
        }
    }

    /// Creates a queue of that name with this metadata.
    pub async fn create_queue(&self, name: &str, metadata: Value) {
        let input = json!({ "queue_name": name, "metadata": metadata });
        self.call(QueueCreate, input).await.expect_outcome("created");
    }

    /// Posts messages with these bodies and returns their ids.
    pub async fn post<const N: usize>(&self, queue: &str, bodies: [&str; N]) -> Vec<String> {
        let messages: Vec<Value> = bodies.iter().map(|body| json!({ "body": body })).collect();
        self.post_messages(queue, json!(messages)).await
    }

    /// Posts messages and returns their ids.
    pub async fn post_messages(&self, queue: &str, messages: Value) -> Vec<String> {
        let input = json!({ "queue_name": queue, "messages": messages });
        self.call(MessagePost, input).await.expect_outcome("posted").message_ids()
    }

    /// Posts messages with these bodies to a queue called `jobs` and returns that name.
    pub async fn queue_with<const N: usize>(&self, bodies: [&str; N]) -> &'static str {
        self.post("jobs", bodies).await;
        "jobs"
    }

    /// Subscribes somebody to a queue and returns the id of the subscription.
    pub async fn subscribe(&self, queue: &str, subscriber: &str) -> String {
        let input = json!({ "queue_name": queue, "subscriber": subscriber });
        let reply = self.call(SubscriptionCreate, input).await.expect_outcome("created");
        reply.body()["subscription_id"].as_str().unwrap_or_default().to_owned()
    }
}

//! How transports carry an operation: the static tables that codegen fills.

/// A kind of error: its status and title.
#[derive(Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// The name.
    pub name: &'static str,
    /// The status over HTTP.
    pub http: u16,
    /// The status over WebSocket.
    pub websocket: u16,
    /// The title.
    pub title: &'static str,
}

/// An error: its kind and texts.
#[derive(Debug)]
pub struct ErrorInfo {
    /// The name.
    pub name: &'static str,
    /// The group that bindings may override together; empty if none.
    pub group: &'static str,
    /// The kind.
    pub kind: &'static KindInfo,
    /// The title, if not that of the kind.
    pub title: Option<&'static str>,
    /// The text, with variables.
    pub message: Option<&'static str>,
    /// The text over WebSocket where it is told as `error` alone.
    pub error: Option<&'static str>,
    /// A link, as JSON text.
    pub link: Option<&'static str>,
}

/// Everything about an operation that is known before a call.
#[derive(Debug)]
pub struct OperationInfo {
    /// The name, `noun_verb`.
    pub name: &'static str,
    /// The resource.
    pub resource: &'static str,
    /// The policy rule; empty if none guards it.
    pub policy: &'static str,
    /// Who passes that rule.
    pub admits: Who,
    /// The switches of the configuration that must all be on; otherwise it does not exist.
    pub available_with: &'static [&'static str],
    /// Whether its effect is one store command, so that the next may be taken in before it is durable.
    pub pipelined: bool,
    /// Whether old services do not have it.
    pub extension: bool,
    /// Whether the project must be named.
    pub needs_project: bool,
    /// Whether the client must be named.
    pub needs_client: bool,
    /// Whether a token must be given; answers then repeat nothing of the call.
    pub needs_token: bool,
    /// Whether the form of the client id is checked on every transport.
    pub checks_client: bool,
    /// The input schema as JSON text, complete with `$defs`.
    pub schema: &'static str,
    /// The names of the input fields.
    pub fields: &'static [&'static str],
    /// How it can end, errors aside.
    pub outcomes: &'static [OutcomeInfo],
    /// How HTTP carries it.
    pub http: Option<&'static HttpBinding>,
    /// How the WebSocket carries it.
    pub websocket: Option<&'static WebSocketBinding>,
}

/// Who passes a policy rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Nobody is refused.
    Everyone,
    /// Callers who have this role, whatever the case of its letters.
    Role(&'static str),
}

/// One way an operation can end.
#[derive(Debug)]
pub struct OutcomeInfo {
    /// The name.
    pub name: &'static str,
    /// The status over HTTP, if it is bound there.
    pub http: Option<u16>,
    /// The status over WebSocket, if it is bound there.
    pub websocket: Option<u16>,
}

/// The type of a query parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueryKind {
    /// The last text given.
    Text,
    /// An integer.
    Integer,
    /// A truth value.
    Boolean,
    /// All texts given, split at commas.
    List,
}

/// One query parameter.
#[derive(Debug)]
pub struct QueryField {
    /// The input field.
    pub field: &'static str,
    /// The name on the wire.
    pub wire: &'static str,
    /// Its type.
    pub kind: QueryKind,
}

/// What the HTTP body carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyShape {
    /// Nothing; it is not read.
    None,
    /// These fields.
    Members(&'static [&'static str]),
    /// One field.
    Payload(&'static str),
}

/// The largest body, and what a larger one is told.
#[derive(Debug)]
pub struct MaxBody {
    /// Its value among the limits.
    pub limit: fn(&crate::Limits) -> i64,
    /// The kind of error.
    pub kind: &'static KindInfo,
    /// The text.
    pub text: &'static str,
}

/// The only strings a list may hold.
#[derive(Debug)]
pub struct Allowed {
    /// The field.
    pub field: &'static str,
    /// The strings.
    pub values: &'static [&'static str],
    /// The kind of error.
    pub kind: &'static KindInfo,
    /// The text.
    pub text: &'static str,
}

/// What a refusal of the schema says.
#[derive(Debug)]
pub struct RefusalRule {
    /// The place: JSON Pointer segments, `*` for any one, `**` for any number.
    pub at: &'static str,
    /// The keyword that refused: one of JSON Schema, or `missing`, `empty`, `nothing`, `syntax`, `integer`, `any`.
    pub keyword: &'static str,
    /// The kind of error.
    pub kind: &'static KindInfo,
    /// The text; over WebSocket told as `exception`.
    pub text: &'static str,
    /// Whether the WebSocket tells it as `error` alone.
    pub as_error: bool,
}

/// How one error looks on one route or action.
#[derive(Debug)]
pub struct ErrorOverride {
    /// The error, or `@group`.
    pub error_name: &'static str,
    /// Another kind.
    pub kind: Option<&'static KindInfo>,
    /// Another title.
    pub title: Option<&'static str>,
    /// Another text.
    pub text: Option<&'static str>,
    /// The `exception` text over WebSocket.
    pub exception: Option<&'static str>,
    /// The `error` text over WebSocket.
    pub error: Option<&'static str>,
    /// Whether the answer has no body.
    pub empty: bool,
}

/// A call that fits none or several of the operations that share a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misfit {
    /// The kind of error.
    pub kind: &'static KindInfo,
    /// The text.
    pub text: &'static str,
}

/// How HTTP carries an operation.
#[derive(Debug)]
pub struct HttpBinding {
    /// Whether old services do not have it here.
    pub extension: bool,
    /// The method.
    pub method: &'static str,
    /// The path, with variables in braces.
    pub path: &'static str,
    /// The query parameters.
    pub query: &'static [QueryField],
    /// The field that takes all other query parameters.
    pub query_rest: Option<&'static str>,
    /// What the body carries.
    pub body: BodyShape,
    /// Fields that a body, if there is one, must have.
    pub body_requires: &'static [&'static str],
    /// Whether members of the body that are no fields are refused.
    pub closed: bool,
    /// The only media type, if the route insists.
    pub media_type: Option<&'static str>,
    /// The largest body.
    pub max_body: Option<MaxBody>,
    /// Lists that may hold only certain strings here.
    pub allowed: &'static [Allowed],
    /// What refusals say.
    pub refusals: &'static [RefusalRule],
    /// How errors look.
    pub errors: &'static [ErrorOverride],
    /// What a failing store is told as.
    pub unavailable: &'static str,
}

/// How the WebSocket carries an operation.
#[derive(Debug)]
pub struct WebSocketBinding {
    /// Whether old services do not have it here.
    pub extension: bool,
    /// The action.
    pub action: &'static str,
    /// Whether a frame need not say who calls.
    pub anonymous: bool,
    /// Whether a frame may leave the body out.
    pub body_optional: bool,
    /// The fields a frame may carry.
    pub fields: &'static [&'static str],
    /// The largest body.
    pub max_body: Option<MaxBody>,
    /// What refusals say.
    pub refusals: &'static [RefusalRule],
    /// How errors look.
    pub errors: &'static [ErrorOverride],
    /// What a failing store is told as.
    pub unavailable: &'static str,
}

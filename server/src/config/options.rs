//! The options of the server, except the limits of the API.

use super::option::{Fallback, Kind, OptionDef};

pub(super) const fn option(
    section: &'static str,
    name: &'static str,
    kind: Kind,
    fallback: Fallback,
    doc: &'static str,
) -> OptionDef {
    OptionDef { section, name, kind, fallback, secret: false, doc }
}

pub(super) const fn flag(
    section: &'static str,
    name: &'static str,
    default: bool,
    doc: &'static str,
) -> OptionDef {
    option(section, name, Kind::Flag, Fallback::Flag(default), doc)
}

pub(super) const fn number(
    section: &'static str,
    name: &'static str,
    (default, minimum, maximum): (i64, i64, i64),
    unit: &'static str,
    doc: &'static str,
) -> OptionDef {
    option(section, name, Kind::Integer { minimum, maximum, unit }, Fallback::Integer(default), doc)
}

pub(super) const fn text(
    section: &'static str,
    name: &'static str,
    kind: Kind,
    default: &'static str,
    doc: &'static str,
) -> OptionDef {
    option(section, name, kind, Fallback::Text(default), doc)
}

pub(super) const fn list(
    section: &'static str,
    name: &'static str,
    default: &'static [&'static str],
    doc: &'static str,
) -> OptionDef {
    option(section, name, Kind::List, Fallback::List(default), doc)
}

const SECONDS_OF_A_DAY: i64 = 86_400;

/// Every option but the limits; the options of a section stand together.
pub(super) const OPTIONS: &[OptionDef] = &[
    flag("", "admin_mode", false, "Offers the operations meant for operators, such as health."),
    text(
        "",
        "auth_strategy",
        Kind::Choice(&["", "none"]),
        "",
        "How callers are authenticated; empty and `none` mean not at all: the identity headers are believed.",
    ),
    flag(
        "",
        "pooling",
        false,
        "Spreads queues over pools, which operators make; without a pool no queue can be used.",
    ),
    flag("", "enable_checksum", false, "Stores a checksum with each message and returns it."),
    text(
        "http",
        "listen",
        Kind::Address,
        "127.0.0.1:8888",
        "Where HTTP, and WebSocket at `/v2/ws`, is served.",
    ),
    number(
        "http",
        "max_connections",
        (8192, 1, 1_000_000),
        "connections",
        "The most open connections; more wait to be accepted. The limit of open files of the process must be higher.",
    ),
    number(
        "http",
        "max_header_bytes",
        (32_768, 1024, 1_048_576),
        "bytes",
        "The largest request line with headers; more is answered with 431.",
    ),
    number(
        "http",
        "max_headers",
        (100, 10, 1000),
        "headers",
        "The most headers of a request; more is answered with 431. Another value than the default costs some speed.",
    ),
    number(
        "http",
        "header_read_timeout",
        (10, 1, SECONDS_OF_A_DAY),
        "seconds",
        "How long a client may take to send the headers of a request.",
    ),
    number(
        "http",
        "body_read_timeout",
        (30, 1, SECONDS_OF_A_DAY),
        "seconds",
        "How long a client may take to send the body of a request.",
    ),
    number(
        "http",
        "idle_timeout",
        (75, 1, SECONDS_OF_A_DAY),
        "seconds",
        "How long a connection may stay open without a request, or without taking its answer.",
    ),
    text(
        "websocket",
        "listen",
        Kind::Address,
        "127.0.0.1:9000",
        "Where WebSocket alone is served.",
    ),
    number(
        "websocket",
        "max_connections",
        (8192, 1, 1_000_000),
        "connections",
        "The most open connections; more wait to be accepted.",
    ),
    number(
        "websocket",
        "handshake_timeout",
        (10, 1, SECONDS_OF_A_DAY),
        "seconds",
        "How long a client may take from connecting to the end of its handshake.",
    ),
    number(
        "websocket",
        "max_frame_bytes",
        (1_048_576, 1024, 268_435_456),
        "bytes",
        "The largest frame.",
    ),
    number(
        "websocket",
        "max_message_bytes",
        (1_048_576, 1024, 268_435_456),
        "bytes",
        "The largest message, of one or several frames.",
    ),
    number(
        "websocket",
        "max_in_flight",
        (64, 1, 10_000),
        "requests",
        "How many requests of one connection may be under way; more are read when one is answered.",
    ),
    number(
        "websocket",
        "max_subscriptions",
        (1024, 1, 1_000_000),
        "subscriptions",
        "How many subscriptions of itself a connection may have.",
    ),
    number(
        "websocket",
        "max_waiting_bytes",
        (8_388_608, 65_536, 1_073_741_824),
        "bytes",
        "How much may wait to be pushed to a connection; one that does not keep up is closed with code 4008.",
    ),
    number(
        "websocket",
        "ping_interval",
        (30, 0, SECONDS_OF_A_DAY),
        "seconds",
        "How often a quiet connection is sent a ping; one that does not answer until the next is closed. 0 sends none.",
    ),
    text(
        "admin",
        "listen",
        Kind::Address,
        "127.0.0.1:8889",
        "Where metrics, probes, status and the API documents are served, to anybody who can connect.",
    ),
    number(
        "admin",
        "max_connections",
        (64, 1, 10_000),
        "connections",
        "The most open connections; more wait to be accepted.",
    ),
    text(
        "storage",
        "uri",
        Kind::Uri,
        "sqlite:",
        "The store. `sqlite:` is a file in the data directory.",
    ),
    text(
        "storage",
        "data_dir",
        Kind::Text,
        "./sukkal-data",
        "Where an embedded store keeps its files when its URI names no path.",
    ),
    option(
        "storage",
        "options",
        Kind::Map,
        Fallback::Nothing,
        "Options of the driver, by its own names; see the page of the driver.",
    ),
    text(
        "storage",
        "control_uri",
        Kind::Uri,
        "",
        "The store of queue records, pools and flavors; empty: the one of `uri`.",
    ),
    option(
        "storage",
        "control_options",
        Kind::Map,
        Fallback::Nothing,
        "Options of the driver of `control_uri`.",
    ),
    list(
        "storage",
        "queue_pipeline",
        &[],
        "The stages that calls on queues pass, in order, by name; see docs/writing-a-stage.md.",
    ),
    list(
        "storage",
        "message_pipeline",
        &[],
        "The stages that calls on messages, of queues and topics pass, in order, by name; see docs/writing-a-stage.md. `zaqar.notification.notifier` may be among them and does nothing: subscribers are told without it.",
    ),
    list(
        "storage",
        "claim_pipeline",
        &[],
        "The stages that calls on claims pass, in order, by name; see docs/writing-a-stage.md.",
    ),
    list(
        "storage",
        "subscription_pipeline",
        &[],
        "The stages that calls on subscriptions pass, in order, by name; see docs/writing-a-stage.md.",
    ),
    list(
        "storage",
        "topic_pipeline",
        &[],
        "The stages that calls on topics pass, in order, by name; see docs/writing-a-stage.md.",
    ),
    text(
        "encryption",
        "active_key",
        Kind::Text,
        "",
        "The id of the key that new messages are encrypted with, in queues that ask for it; see docs/encryption.md.",
    ),
    OptionDef {
        secret: true,
        ..option(
            "encryption",
            "keys",
            Kind::Map,
            Fallback::Nothing,
            "Keys by their ids, each of 64 hexadecimal digits. All are used for reading.",
        )
    },
    option(
        "encryption",
        "key_files",
        Kind::Map,
        Fallback::Nothing,
        "Further keys: for each id the file that holds the key. Read at start.",
    ),
    flag(
        "pooling:catalog",
        "enable_virtual_pool",
        false,
        "With pooling, the store of `storage.uri` takes the queues that no pool takes and that name no flavor.",
    ),
    text(
        "transport",
        "client_id_uuid_safe",
        Kind::Choice(&["strict", "off"]),
        "strict",
        "Whether a client id must be a UUID; `off` allows any text within the two lengths below.",
    ),
    number(
        "transport",
        "min_length_client_id",
        (10, 1, 10_000),
        "characters",
        "The shortest client id, with `client_id_uuid_safe = \"off\"`.",
    ),
    number(
        "transport",
        "max_length_client_id",
        (36, 1, 10_000),
        "characters",
        "The longest client id, with `client_id_uuid_safe = \"off\"`.",
    ),
    flag(
        "transport",
        "message_delete_with_claim_id",
        false,
        "Whether deleting several messages demands the ids of their claims.",
    ),
    list(
        "transport",
        "subscriber_types",
        &["http", "https", "mailto", "trust+http", "trust+https"],
        "The schemes that subscribers may have.",
    ),
    list(
        "cors",
        "allowed_origin",
        &[],
        "The origins whose pages may call the API; none turns CORS off, `*` allows all.",
    ),
    flag("cors", "allow_credentials", true, "Whether such pages may send credentials."),
    list(
        "cors",
        "expose_headers",
        &["X-Auth-Token", "X-Subject-Token", "X-Service-Token", "X-OpenStack-Request-ID"],
        "The response headers such pages may read.",
    ),
    number(
        "cors",
        "max_age",
        (3600, 0, SECONDS_OF_A_DAY),
        "seconds",
        "How long a browser may remember the answer to a preflight; 0 does not say.",
    ),
    list(
        "cors",
        "allow_methods",
        &["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD"],
        "The methods such pages may use.",
    ),
    list(
        "cors",
        "allow_headers",
        &[
            "X-Auth-Token",
            "X-Identity-Status",
            "X-Roles",
            "X-Service-Catalog",
            "X-User-Id",
            "X-Tenant-Id",
            "X-OpenStack-Request-ID",
            "X-Trace-Info",
            "X-Trace-HMAC",
            "Client-id",
        ],
        "The request headers such pages may send, beside the simple ones. Pages that name their project need `X-Project-ID` here.",
    ),
    text(
        "log",
        "level",
        Kind::Text,
        "info",
        "What is logged: a level (error, warn, info, debug, trace) or directives such as `info,sukkal_server=debug`.",
    ),
    text("log", "format", Kind::Choice(&["text", "json"]), "text", "How a log line looks."),
    number(
        "shutdown",
        "grace_seconds",
        (30, 0, SECONDS_OF_A_DAY),
        "seconds",
        "How long requests under way may take after the server was told to stop.",
    ),
    flag(
        "security",
        "allow_remote_without_auth",
        false,
        "Allows to listen on other addresses than loopback although callers are not authenticated: whoever can connect can claim to be anybody.",
    ),
    flag(
        "security",
        "allow_placeholder_secrets",
        false,
        "Allows encryption keys that anybody can guess, such as repeated digits, and signing secrets known from examples, such as `secret`.",
    ),
];

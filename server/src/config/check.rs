//! What several options promise together.

use std::net::SocketAddr;

use super::problem::{ConfigError, Problem};
use super::typed::{ClientIdRule, Config};

/// Finds combinations that cannot work.
pub(super) fn check(config: &Config, remote_allowed: bool) -> Result<(), ConfigError> {
    let mut messages = Vec::new();
    if !remote_allowed {
        messages.extend(open_listeners(config));
    }
    if let ClientIdRule::Length { minimum, maximum } = config.transport.client_id
        && minimum > maximum
    {
        messages.push(format!(
            "transport.min_length_client_id is {minimum}, above transport.max_length_client_id, which is {maximum}"
        ));
    }
    if let Err(error) = crate::log::filter(&config.log.level) {
        messages.push(error.to_string());
    }
    messages.extend(unusable_cors(config));
    if messages.is_empty() {
        return Ok(());
    }
    let problems = messages.into_iter().map(|message| Problem { place: None, message }).collect();
    Err(ConfigError { problems })
}

/// Finds combinations that work, though hardly as meant.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    let mut warnings = Vec::new();
    for (name, value) in config.limits.iter() {
        let Some(what) = name.strip_prefix("default_") else { continue };
        let highest = format!("max_{what}");
        if let Some(maximum) = config.limits.get(&highest).filter(|maximum| *maximum < value) {
            warnings.push(format!(
                "transport.{name} is {value}, above transport.{highest}, which is {maximum}"
            ));
        }
    }
    let post_size = config.limits.get("max_messages_post_size").unwrap_or_default();
    let message_size = config.websocket.max_message_bytes;
    if usize::try_from(post_size).unwrap_or_default() > message_size {
        warnings.push(format!(
            "transport.max_messages_post_size is {post_size}, but a WebSocket takes \
             websocket.max_message_bytes, which is {message_size}"
        ));
    }
    let signs = config.signing.secret_key.is_some() || !config.signing.keys.is_empty();
    if config.notification.require_confirmation && !signs {
        warnings.push(
            "notification.require_confirmation is on, but subscribers cannot be asked: signed_url.secret_key is not set"
                .to_owned(),
        );
    }
    warnings
}

/// Without authentication whoever can connect is whoever they say: only this machine may.
fn open_listeners(config: &Config) -> impl Iterator<Item = String> {
    let listeners: [(&str, Option<SocketAddr>); 3] = [
        ("http.listen", config.http.listen),
        ("websocket.listen", config.websocket.listen),
        ("admin.listen", config.admin.listen),
    ];
    listeners.into_iter().filter_map(|(name, listen)| {
        let address = listen.filter(|address| !address.ip().to_canonical().is_loopback())?;
        Some(format!(
            "{name} is {address}, which other machines can reach, and callers are not authenticated: \
             listen on 127.0.0.1, or set security.allow_remote_without_auth = true"
        ))
    })
}

fn unusable_cors(config: &Config) -> impl Iterator<Item = String> {
    let cors = &config.cors;
    let lists = [
        ("cors.allowed_origin", &cors.allowed_origin),
        ("cors.allow_methods", &cors.allow_methods),
        ("cors.allow_headers", &cors.allow_headers),
        ("cors.expose_headers", &cors.expose_headers),
    ];
    lists.into_iter().flat_map(|(name, items)| {
        items
            .iter()
            .filter(|item| http::HeaderValue::from_str(item).is_err())
            .map(move |item| format!("{name}: {item:?} cannot stand in a header"))
    })
}

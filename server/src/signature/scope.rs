//! What a signed path covers.

/// The one place where a path has two parts below a signed one: the confirmation of a subscription.
const SUBSCRIPTIONS: &str = "/subscriptions";
const CONFIRM: &str = "confirm";

/// Whether a path is the signed one, or directly below it. Compared literally, by whole parts.
pub fn covers(signed: &str, path: &str) -> bool {
    let Some(rest) = path.strip_prefix(signed).filter(|_| signed.starts_with('/')) else {
        return false;
    };
    let Some(below) = rest.strip_prefix('/') else { return rest.is_empty() };
    let mut parts = below.split('/');
    let named = parts.next().is_some_and(|part| !part.is_empty());
    match (parts.next(), parts.next()) {
        (None, _) => named,
        (Some(CONFIRM), None) => named && signed.ends_with(SUBSCRIPTIONS),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGES: &str = "/v2/queues/a.b/messages";

    #[test]
    fn covers_itself_and_what_is_directly_below() {
        assert!(covers(MESSAGES, MESSAGES));
        assert!(covers(MESSAGES, "/v2/queues/a.b/messages/50b68a50"));
        assert!(covers("/v2/queues/q/subscriptions", "/v2/queues/q/subscriptions/1"));
        assert!(covers("/v2/queues/q/subscriptions", "/v2/queues/q/subscriptions/1/confirm"));
    }

    #[test]
    fn covers_nothing_else() {
        for path in [
            "",
            "/v2/queues/aXb/messages",
            "/v2/queues/a.b/messages/",
            "/v2/queues/a.b/messages/1/2",
            "/v2/queues/a.b/messages/1/confirm",
            "/v2/queues/a.b/messagesX",
            "/v2/queues/a.b/message",
            "/v2/queues/a.b",
            "/x/v2/queues/a.b/messages",
            "/v2/queues/a.b/stats",
        ] {
            assert!(!covers(MESSAGES, path), "{path}");
        }
        assert!(!covers("", MESSAGES));
        assert!(!covers("v2", "v2"));
        assert!(!covers("/v2/queues/q/subscriptions", "/v2/queues/q/subscriptions//confirm"));
        assert!(!covers("/v2/queues/q/subscriptions", "/v2/queues/q/subscriptions/1/confirm/x"));
    }
}

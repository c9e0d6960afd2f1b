//! Who can be told, and which options say how.

use std::net::Ipv6Addr;

use serde_json::{Map, Value};
use sukkal_spec::ApiError;
use sukkal_spec::raw::Raw;

use super::retry_policy;
use crate::egress::{Denied, Policy};

/// What marks a scheme whose subscribers are told with the rights of who subscribed them.
const TRUST: &str = "trust+";

/// Checks that a subscriber is a URI with one of these schemes, in any case, and that it may be told.
pub(super) fn check(subscriber: &str, types: &[String], policy: &Policy) -> Result<(), ApiError> {
    let scheme = subscriber.split_once(':').map(|(scheme, _)| scheme);
    if !scheme.is_some_and(|scheme| types.iter().any(|each| each.eq_ignore_ascii_case(scheme))) {
        let quoted: Vec<String> = types.iter().map(|each| format!("'{each}'")).collect();
        return Err(ApiError::SubscriberTypeUnsupported { types: quoted.join(", ") });
    }
    if has_broken_host(subscriber) {
        return Err(ApiError::SubscriberMalformed);
    }
    match policy.check(subscriber) {
        Ok(_) => Ok(()),
        Err(Denied::Malformed) => Err(ApiError::SubscriberMalformed),
        Err(denied) => Err(ApiError::SubscriberNotAllowed { problem: denied.to_string() }),
    }
}

/// Whether brackets around a host do not hold an IPv6 address.
fn has_broken_host(uri: &str) -> bool {
    let Some((_, rest)) = uri.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let Some(inner) = host.strip_prefix('[') else { return authority.contains(['[', ']']) };
    let Some((address, port)) = inner.split_once(']') else { return true };
    let address = address.split_once('%').map_or(address, |(address, _)| address);
    address.parse::<Ipv6Addr>().is_err() || !(port.is_empty() || port.starts_with(':'))
}

/// Checks the options that have a meaning; all others are free.
pub(super) fn check_options(subscriber: Option<&str>, options: &Raw) -> Result<(), ApiError> {
    let options: Map<String, Value> = crate::json::read(options.bytes()).unwrap_or_default();
    for name in ["post_data", "from", "subject", "trust_id"] {
        if options.get(name).is_some_and(|value| !value.is_string() && !value.is_null()) {
            return Err(invalid(name, "a string"));
        }
    }
    let headers = options.get("post_headers").filter(|value| !value.is_null());
    let are_texts = |value: &Value| {
        value.as_object().is_some_and(|headers| headers.values().all(Value::is_string))
    };
    if headers.is_some_and(|value| !are_texts(value)) {
        return Err(invalid("post_headers", "an object of strings"));
    }
    let policy = options.get("_retry_policy").filter(|value| !value.is_null());
    if let Some(problem) = policy.and_then(retry_policy::problem) {
        return Err(ApiError::RetryPolicyInvalid { problem });
    }
    let needs_trust = subscriber.is_some_and(|subscriber| {
        subscriber.get(..TRUST.len()).is_some_and(|start| start.eq_ignore_ascii_case(TRUST))
    });
    if needs_trust && !options.get("trust_id").is_some_and(Value::is_string) {
        return Err(ApiError::SubscriptionWithoutTrust);
    }
    Ok(())
}

fn invalid(option: &str, wanted: &str) -> ApiError {
    ApiError::SubscriptionOptionInvalid { option: option.to_owned(), wanted: wanted.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::egress::tests::egress;

    fn types() -> Vec<String> {
        ["http", "https", "mailto", "trust+http"].map(str::to_owned).to_vec()
    }

    fn check(subscriber: &str) -> Result<(), ApiError> {
        let egress = egress(&[("allow", "127.0.0.1:1")]);
        super::check(subscriber, &types(), egress.policy("p"))
    }

    #[test]
    fn schemes_are_compared_without_case_and_the_rest_is_free() {
        for subscriber in [
            "http:a",
            "HTTP://127.0.0.1:1/a?b#c",
            "https://[2606:4700::1111]:443/",
            "mailto:a@example.com",
            "trust+http://example.com",
        ] {
            assert_eq!(check(subscriber), Ok(()), "{subscriber}");
        }
    }

    #[test]
    fn unknown_schemes_are_told_which_are_known() {
        let wanted = "'http', 'https', 'mailto', 'trust+http'".to_owned();
        for subscriber in ["", "fake", "ftp://a", "httpx://a", ":", "//a"] {
            let told = check(subscriber);
            let wanted = ApiError::SubscriberTypeUnsupported { types: wanted.clone() };
            assert_eq!(told, Err(wanted), "{subscriber}");
        }
    }

    #[test]
    fn brackets_must_hold_an_address() {
        for subscriber in
            ["http://[::1", "http://::1]/", "http://[a]/", "http://[]", "http://[::1]x/", "http:"]
        {
            let told = check(subscriber);
            assert_eq!(told, Err(ApiError::SubscriberMalformed), "{subscriber}");
        }
    }

    #[test]
    fn a_place_that_must_not_be_reached_is_told_with_the_option_that_opens_it() {
        let told = format!("{:?}", check("http://127.0.0.1:2/"));
        assert!(told.contains("port 2") && told.contains("egress.ports"), "{told}");
        let told = format!("{:?}", check("trust+http://127.0.0.1:8080/"));
        assert!(told.contains("127.0.0.1") && told.contains("egress.allow"), "{told}");
        let told = check("http://user@example.com/").unwrap_err();
        assert!(matches!(told, ApiError::SubscriberNotAllowed { .. }), "{told:?}");
    }

    #[test]
    fn a_trust_must_be_named() {
        let with = Raw::from_static(r#"{"trust_id": "t"}"#);
        let without = Raw::from_static("{}");

        assert_eq!(check_options(Some("trust+http://a"), &with), Ok(()));
        assert_eq!(check_options(Some("http://a"), &without), Ok(()));
        let told = check_options(Some("TRUST+http://a"), &without);
        assert_eq!(told, Err(ApiError::SubscriptionWithoutTrust));
    }
}

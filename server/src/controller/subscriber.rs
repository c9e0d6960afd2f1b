//! Who can be told, and which options say how.

use std::net::Ipv6Addr;

use serde_json::{Map, Value};
use sukkal_spec::ApiError;
use sukkal_spec::raw::Raw;

use super::{retry_policy, signing_secret};
use crate::egress::{Denied, Policy};
use crate::notification::is_mail;
use crate::notification::mail::{MailOptions, Recipient, is_one_line};
use crate::notification::webhook::{extra_headers, secrets};

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
    if is_mail(subscriber) {
        let read = Recipient::read(subscriber);
        return read
            .map(|_| ())
            .map_err(|problem| ApiError::SubscriberNotAllowed { problem: problem.to_string() });
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

/// Checks the options that have a meaning; all others are free. Returns whether a change keeps the secret that is stored.
pub(super) fn check_options(
    subscriber: Option<&str>,
    text: &Raw,
    service_signs: bool,
) -> Result<bool, ApiError> {
    let options: Map<String, Value> = crate::json::read(text.bytes()).unwrap_or_default();
    for name in ["post_data", "from", "subject", "trust_id"] {
        if options.get(name).is_some_and(|value| !value.is_string() && !value.is_null()) {
            return Err(invalid(name, "a string"));
        }
    }
    for name in ["from", "subject"] {
        if !options.get(name).and_then(Value::as_str).is_none_or(is_one_line) {
            return Err(invalid(name, "one line"));
        }
    }
    if subscriber.is_some_and(is_mail)
        && let Err(name) = MailOptions::read(text.bytes())
    {
        return Err(invalid(name, "a sender such as Jobs <jobs@example.com>"));
    }
    let headers = options.get("post_headers").filter(|value| !value.is_null());
    let are_texts = |value: &Value| {
        value.as_object().is_some_and(|headers| headers.values().all(Value::is_string))
    };
    if headers.is_some_and(|value| !are_texts(value)) {
        return Err(invalid("post_headers", "an object of strings"));
    }
    let pairs = headers.and_then(Value::as_object).into_iter().flatten();
    let pairs = pairs.filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)));
    if let Err(problem) = extra_headers(pairs) {
        return Err(invalid("post_headers", &problem.to_string()));
    }
    let keeps_secret = check_signing(&options, service_signs)?;
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
    Ok(keeps_secret)
}

/// Checks what signs a webhook. Returns whether the secret is the one that is stored.
fn check_signing(options: &Map<String, Value>, service_signs: bool) -> Result<bool, ApiError> {
    match options.get("signing") {
        None | Some(Value::Null | Value::Bool(false)) => {}
        Some(Value::Bool(true)) if service_signs => {}
        Some(Value::Bool(true)) => {
            return Err(invalid("signing", "false: the service has no keys to sign with"));
        }
        Some(_) => return Err(invalid("signing", "a boolean")),
    }
    match options.get(signing_secret::NAME) {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(true)) => Ok(true),
        Some(given) if secrets(given).is_some() => Ok(false),
        Some(_) => Err(no_secret()),
    }
}

/// What a caller is told whose secret is none.
pub(super) fn no_secret() -> ApiError {
    invalid(
        signing_secret::NAME,
        "whsec_ and 24 to 64 bytes in base64, a list of up to 4 of these, or, in a change, true to keep what there is",
    )
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

        assert_eq!(check_options(Some("trust+http://a"), &with, false), Ok(false));
        assert_eq!(check_options(Some("http://a"), &without, false), Ok(false));
        let told = check_options(Some("TRUST+http://a"), &without, false);
        assert_eq!(told, Err(ApiError::SubscriptionWithoutTrust));
    }

    #[test]
    fn headers_and_signatures_that_cannot_be_sent_are_refused() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let of = |text: &str| {
            let options = Raw::from_trusted(bytes::Bytes::copy_from_slice(text.as_bytes()));
            check_options(Some("http://a"), &options, false).map_err(|error| match error {
                ApiError::SubscriptionOptionInvalid { option, .. } => option,
                other => format!("{other:?}"),
            })
        };
        assert_eq!(
            of(&format!(r#"{{"signing": false, "signing_secret": "{secret}"}}"#)),
            Ok(false)
        );
        assert_eq!(of(&format!(r#"{{"signing_secret": ["{secret}", "{secret}"]}}"#)), Ok(false));
        assert_eq!(of(r#"{"signing_secret": true}"#), Ok(true));
        for (options, wanted) in [
            (r#"{"post_headers": {"Host": "a"}}"#, "post_headers"),
            (r#"{"post_headers": {"a b": "a"}}"#, "post_headers"),
            (r#"{"post_headers": {"a": "b\r\nc: d"}}"#, "post_headers"),
            (r#"{"post_headers": {"webhook-id": "a"}}"#, "post_headers"),
            (r#"{"signing": true}"#, "signing"),
            (r#"{"signing": {}}"#, "signing"),
            (r#"{"signing_secret": "whsec_"}"#, "signing_secret"),
            (r#"{"signing_secret": false}"#, "signing_secret"),
            (r#"{"signing_secret": []}"#, "signing_secret"),
        ] {
            assert_eq!(of(options), Err(wanted.to_owned()), "{options}");
        }
    }
}

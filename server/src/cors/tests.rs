use super::*;
use crate::config::{Config, Given, Sources, Table, load};

const PAGE: &str = "https://console.example";

fn cors(settings: &[(&str, &str)]) -> Option<Cors> {
    let flags = settings
        .iter()
        .map(|(option, value)| Given {
            flag: String::new(),
            option: (*option).to_owned(),
            value: (*value).to_owned(),
        })
        .collect();
    let settings = load(Table::standard(), &Sources { flags, ..Sources::default() }).unwrap();
    Cors::from_config(&Config::from_settings(settings).unwrap().cors)
}

fn allowing(origin: &str) -> Cors {
    cors(&[("cors.allowed_origin", origin)]).unwrap()
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

fn preflight(method: &str, names: &str) -> HeaderMap {
    headers(&[
        ("origin", PAGE),
        ("access-control-request-method", method),
        ("access-control-request-headers", names),
    ])
}

#[test]
fn is_off_without_an_origin() {
    assert!(cors(&[]).is_none());
}

#[test]
fn answers_a_preflight_with_what_was_asked_for() {
    let answer =
        allowing(PAGE).preflight(&preflight("PUT", "client-ID, X-Auth-Token,content-type"));

    let expected = headers(&[
        ("vary", "Origin"),
        ("access-control-allow-origin", PAGE),
        ("access-control-allow-credentials", "true"),
        ("access-control-max-age", "3600"),
        ("access-control-allow-methods", "PUT"),
        ("access-control-allow-headers", "client-ID,X-Auth-Token,content-type"),
    ]);
    assert_eq!(answer, expected);
}

#[test]
fn adds_nothing_to_a_preflight_that_asks_for_too_much() {
    let cors = allowing(PAGE);
    let mut foreign = preflight("PUT", "client-id");
    foreign.insert(ORIGIN, "https://elsewhere.example".parse().unwrap());

    assert!(cors.preflight(&foreign).is_empty());
    assert!(cors.preflight(&preflight("TRACE", "")).is_empty());
    assert!(cors.preflight(&preflight("put", "")).is_empty());
    assert!(cors.preflight(&preflight("PUT", "X-Project-ID")).is_empty());
    assert!(cors.preflight(&headers(&[("origin", PAGE)])).is_empty());
    assert!(cors.preflight(&headers(&[("access-control-request-method", "GET")])).is_empty());
}

#[test]
fn leaves_out_what_is_not_configured_from_a_preflight() {
    let cors = cors(&[
        ("cors.allowed_origin", PAGE),
        ("cors.allow_credentials", "false"),
        ("cors.max_age", "0"),
    ]);

    let answer = cors.unwrap().preflight(&preflight("GET", ""));

    let expected = headers(&[
        ("vary", "Origin"),
        ("access-control-allow-origin", PAGE),
        ("access-control-allow-methods", "GET"),
    ]);
    assert_eq!(answer, expected);
}

#[test]
fn decorates_the_answer_to_an_allowed_origin() {
    let mut answer = headers(&[("vary", "Accept")]);

    allowing(PAGE).decorate(&headers(&[("origin", PAGE)]), &mut answer);

    let expected = headers(&[
        ("vary", "Accept,Origin"),
        ("access-control-allow-origin", PAGE),
        ("access-control-allow-credentials", "true"),
        (
            "access-control-expose-headers",
            "X-Auth-Token,X-Subject-Token,X-Service-Token,X-OpenStack-Request-ID",
        ),
    ]);
    assert_eq!(answer, expected);
}

#[test]
fn leaves_the_answer_to_others_alone() {
    let cors = allowing(PAGE);
    let mut answer = headers(&[("vary", "Accept")]);

    cors.decorate(&headers(&[]), &mut answer);
    cors.decorate(&headers(&[("origin", "https://elsewhere.example")]), &mut answer);

    assert_eq!(answer, headers(&[("vary", "Accept")]));
}

#[test]
fn a_star_allows_every_origin() {
    let mut answer = HeaderMap::new();

    allowing("*").decorate(&headers(&[("origin", PAGE)]), &mut answer);

    assert_eq!(answer[ACCESS_CONTROL_ALLOW_ORIGIN], "*");
}

use super::*;

const ORDER: &[&str] = &["marker", "limit", "echo", "include_delayed"];

/// The text of the links for these query parameters.
fn links(query: &[(&'static str, &str)], next: Option<&str>, forced: Option<bool>) -> String {
    let query: Vec<(&'static str, String)> =
        query.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let call = HttpCall { path: "/v2/queues/jobs/messages", captures: &[], query: &query };
    let mut out = JsonText::default();
    out.next_link(&call, next, ORDER, &[("include_delayed", forced)]);
    String::from_utf8(out.into_bytes()).unwrap()
}

fn href(query: &[(&'static str, &str)], forced: Option<bool>) -> String {
    let links: serde_json::Value = serde_json::from_str(&links(query, Some("m"), forced)).unwrap();
    let href = links[0]["href"].as_str().unwrap();
    href.strip_prefix("/v2/queues/jobs/messages").unwrap().to_owned()
}

#[test]
fn gives_no_link_without_a_marker() {
    assert_eq!(links(&[("limit", "2")], None, None), "[]");
}

#[test]
fn writes_relation_and_reference_in_that_order() {
    let written = links(&[], Some("7"), None);

    assert_eq!(written, r#"[{"rel": "next", "href": "/v2/queues/jobs/messages?marker=7"}]"#);
}

#[test]
fn puts_the_marker_first_when_the_request_had_one_and_last_otherwise() {
    assert_eq!(href(&[("limit", "2"), ("marker", "old")], None), "?marker=m&limit=2");
    assert_eq!(href(&[("limit", "2"), ("echo", "true")], None), "?limit=2&echo=true&marker=m");
}

#[test]
fn puts_parameters_in_the_order_of_the_route_not_of_the_request() {
    let given = [("include_delayed", "false"), ("echo", "true"), ("limit", "5")];

    assert_eq!(href(&given, None), "?limit=5&echo=true&include_delayed=false&marker=m");
}

#[test]
fn leaves_out_parameters_that_the_route_does_not_carry_on() {
    assert_eq!(href(&[("name", "x"), ("limit", "5")], None), "?limit=5&marker=m");
}

#[test]
fn shows_a_forced_parameter_although_it_was_not_given() {
    assert_eq!(href(&[("limit", "5")], Some(true)), "?limit=5&include_delayed=true&marker=m");
    assert_eq!(
        href(&[("include_delayed", "true")], Some(false)),
        "?include_delayed=false&marker=m"
    );
}

#[test]
fn encodes_query_values_but_not_the_path() {
    let query = [("limit", "5".to_owned())];
    let call = HttpCall { path: "/v2/queues/a b/é", captures: &[], query: &query };
    let mut out = JsonText::default();

    out.next_link(&call, Some("a&b=c/é ~-._"), ORDER, &[]);

    let wanted =
        r#"[{"rel": "next", "href": "/v2/queues/a b/é?limit=5&marker=a%26b%3Dc%2F%C3%A9%20~-._"}]"#;
    assert_eq!(String::from_utf8(out.into_bytes()).unwrap(), wanted);
}

#[test]
fn encodes_what_a_location_cannot_hold() {
    assert_eq!(location("/v2/queues/a b/é\"<>"), "/v2/queues/a%20b/%C3%A9%22%3C%3E");
    assert_eq!(location("/v2/queues/q/messages?ids=a,b"), "/v2/queues/q/messages?ids=a,b");
}

#[test]
fn resolves_dots_in_a_location() {
    for (path, resolved) in [
        ("/v2/queues/.", "/v2/queues/"),
        ("/v2/queues/..", "/v2/"),
        ("/v2/queues/../claims/c", "/v2/claims/c"),
        ("/v2/./queues/q", "/v2/queues/q"),
        ("/../../v2", "/v2"),
        ("/v2/queues/...", "/v2/queues/..."),
        ("/v2/queues/..?ids=../x", "/v2/?ids=../x"),
    ] {
        assert_eq!(location(path), resolved, "{path}");
    }
}

#[test]
fn separates_members_and_elements_once() {
    let mut out = JsonText::default();

    out.open(b'{');
    out.member("a");
    out.open(b'[');
    out.element();
    out.integer(-1);
    out.element();
    out.open(b'{');
    out.close(b'}');
    out.element();
    out.boolean(true);
    out.close(b']');
    out.member("b");
    out.raw(&Raw::from_static("[1,2]"));
    out.close(b'}');

    assert_eq!(out.bytes(), br#"{"a": [-1, {}, true], "b": [1,2]}"#);
}

#[test]
fn writes_strings_that_read_back_the_same() {
    let all: String = (0..0x80).map(char::from).chain("é\u{2028}😀".chars()).collect();
    let mut out = JsonText::default();

    out.string(&all);

    let read: String = serde_json::from_slice(out.bytes()).unwrap();
    assert_eq!(read, all);
    assert!(out.bytes().ends_with("é\u{2028}😀\"".as_bytes()));
}

use serde_json::{Value, json};

use super::*;
use crate::binding::Misfit;
use crate::explain::{Explained, Violation};
use crate::limit::OutOfRange;
use crate::{
    CLAIM_CREATE_INFO, CLAIM_GET_INFO, PING_INFO, QUEUE_CREATE_INFO, QUEUE_UPDATE_INFO, kinds,
};

const NOTHING: Lookup<'_> = &|_| None;

fn queue_name(name: &str) -> Option<String> {
    (name == "queue_name").then(|| "jobs".to_owned())
}

fn over_http(info: Option<&OperationInfo>, error: &ApiError) -> (u16, Value) {
    let reply = http_error(info, error, &queue_name);
    (reply.status, serde_json::from_slice(&reply.body.unwrap()).unwrap())
}

fn over_websocket(info: Option<&OperationInfo>, error: &ApiError) -> (u16, Value) {
    let mut out = JsonText::default();
    let status = websocket_error(info, error, &queue_name, &mut out);
    (status, serde_json::from_slice(out.bytes()).unwrap())
}

fn unavailable() -> ApiError {
    ApiError::StorageUnavailable { retry_after: 1 }
}

fn claim_is_gone() -> ApiError {
    let text = str::to_owned;
    ApiError::ClaimDoesNotExist {
        claim_id: text("c"),
        queue_name: text("jobs"),
        project_id: text("p"),
    }
}

fn invalid(as_error: bool) -> ApiError {
    static PLAIN: crate::binding::RefusalRule = crate::binding::RefusalRule {
        at: "*",
        keyword: "type",
        kind: kinds::INVALID_REQUEST,
        text: "\"{field}\" must be {type} in {{braces}}",
        as_error: false,
    };
    static ALONE: crate::binding::RefusalRule =
        crate::binding::RefusalRule { text: "Schema validation failed.", as_error: true, ..PLAIN };
    let violation = Violation {
        at: "/messages/0/ttl".to_owned(),
        keyword: "type".to_owned(),
        wanted: "int".to_owned(),
        message: String::new(),
    };
    let rule = if as_error { &ALONE } else { &PLAIN };
    ApiError::InputInvalid(Box::new(Explained { rule, violation, violations: Vec::new() }))
}

#[test]
fn shows_title_and_description_over_http() {
    let error =
        ApiError::QueueDoesNotExist { queue_name: "a{b}".to_owned(), project_id: "p".to_owned() };

    let (status, body) = over_http(None, &error);

    let description = "Queue a{b} does not exist for project p";
    assert_eq!((status, body), (404, json!({ "title": "Not found", "description": description })));
}

#[test]
fn shows_errors_raised_by_an_action_with_both_members() {
    let (status, body) = over_websocket(None, &claim_is_gone());

    let text = "Claim c does not exist in queue jobs for project p";
    assert_eq!((status, body), (404, json!({ "exception": text, "error": null })));
}

#[test]
fn shows_the_texts_that_an_action_has_of_its_own() {
    let (_, body) = over_websocket(Some(CLAIM_GET_INFO), &claim_is_gone());

    let exception = "Claim c does not exist in queue jobs for project p";
    assert_eq!(body, json!({ "exception": exception, "error": "Claim c does not exist." }));
}

#[test]
fn shows_errors_of_the_frame_as_error_alone() {
    let error = ApiError::ActionUnknown { action: "dance".to_owned() };

    let (status, body) = over_websocket(None, &error);

    assert_eq!((status, body), (400, json!({ "error": "dance is not a valid action" })));
}

#[test]
fn shows_a_refusal_as_its_rule_says() {
    let text = "\"ttl\" must be int in {braces}";

    assert_eq!(over_http(None, &invalid(false)).1["description"], text);
    assert_eq!(
        over_websocket(None, &invalid(false)).1,
        json!({ "exception": text, "error": null })
    );
    assert_eq!(
        over_websocket(None, &invalid(true)).1,
        json!({ "error": "Schema validation failed." })
    );
}

#[test]
fn names_the_bounds_that_were_broken() {
    let range =
        OutOfRange { field: "ttl", text: "{minimum} to {maximum}.", minimum: 60, maximum: 300 };

    let (status, body) = over_http(Some(CLAIM_CREATE_INFO), &ApiError::LimitExceeded(range));

    assert_eq!((status, &body["description"]), (400, &json!("60 to 300.")));
}

#[test]
fn says_what_could_not_be_done_while_the_store_is_away() {
    let (status, body) = over_http(Some(QUEUE_CREATE_INFO), &unavailable());
    let text = "Queue could not be created. Please try again in a few seconds.";
    assert_eq!((status, &body["description"]), (503, &json!(text)));

    let (status, body) = over_websocket(Some(QUEUE_CREATE_INFO), &unavailable());
    let wanted = json!({ "exception": "The store is not available.", "error": "Queue jobs could not be created." });
    assert_eq!((status, body), (503, wanted));
}

#[test]
fn has_no_body_where_the_route_says_so() {
    let reply = http_error(Some(PING_INFO), &unavailable(), NOTHING);

    assert_eq!((reply.status, reply.body), (503, Some(Vec::new())));
}

#[test]
fn tells_nothing_about_the_unexpected() {
    assert_eq!(
        over_http(None, &ApiError::Internal),
        (500, json!({ "title": "Internal server error" }))
    );
    let wanted = json!({ "exception": "", "error": "Unexpected error." });
    assert_eq!(over_websocket(None, &ApiError::Internal), (500, wanted));
}

#[test]
fn changes_a_whole_group_of_errors_at_once() {
    let error = ApiError::AttributeNotABoolean { attribute: "_x".to_owned() };

    assert_eq!(over_http(Some(QUEUE_CREATE_INFO), &error).1["title"], "Invalid API request");
    assert_eq!(over_http(Some(QUEUE_UPDATE_INFO), &error).1["title"], "Invalid request body");
}

#[test]
fn keeps_doubled_braces_as_single_ones() {
    let error = ApiError::MediaTypeUnsupported { accepted: "a/b".to_owned() };

    let (_, body) = over_http(None, &error);

    assert_eq!(body["description"], "Accepted media type for PATCH: {'Accept-Patch': 'a/b'}.");
}

#[test]
fn adds_the_link_of_an_error_that_has_one() {
    let (status, body) = over_http(None, &ApiError::NotAcceptable);

    assert_eq!((status, &body["link"]["rel"]), (406, &json!("help")));
}

#[test]
fn takes_the_kind_of_a_misfit_from_the_route() {
    let misfit = Misfit { kind: kinds::CONFLICT, text: "Either or." };

    let (status, body) = over_http(None, &ApiError::CallMisfit(misfit));

    assert_eq!(
        (status, body),
        (409, json!({ "title": "Resource conflict", "description": "Either or." }))
    );
}

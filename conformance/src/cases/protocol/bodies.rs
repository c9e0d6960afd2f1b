use serde_json::json;
use sukkal_spec::{
    ClaimCreate, ClaimUpdate, MessageList, MessagePost, Operation, QueueCreate, QueueList,
    QueuePurge,
};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! {
    MessagePost:
        refuses_a_document_that_is_missing_or_empty needs Http,
        refuses_documents_that_are_no_json needs Http,
        refuses_documents_of_another_kind needs Http,
        takes_a_chunked_document needs Http,
        refuses_form_bodies needs Http,
        takes_any_other_media_type needs Http,
        ignores_members_it_does_not_know needs Http;
    ClaimCreate: needs_no_document needs Http;
    QueuePurge: takes_an_empty_document_for_none needs Http;
    ClaimUpdate: refuses_an_absent_document needs Http;
    QueueCreate: refuses_large_documents_by_their_length needs Http;
}

async fn post(service: &Service, body: Option<&[u8]>) -> Reply {
    let mut request = service.request(MessagePost, &json!({ "queue_name": "jobs" }));
    request.body = body.map(<[u8]>::to_vec);
    service.send(MessagePost::INFO, request).await
}

async fn refuses_a_document_that_is_missing_or_empty(service: &Service) {
    let missing = post(service, None).await.expect_error("input_invalid");
    missing.saying("Request body can not be empty");

    let empty = post(service, Some(b"")).await.expect_error("input_invalid");
    empty.saying("Request body could not be parsed.");
}

async fn refuses_documents_that_are_no_json(service: &Service) {
    let broken: [&[u8]; 8] = [
        b"   ",
        b"{",
        b"{\"messages\": [{\"body\": 1}]",
        b"{\"messages\": [{\"body\": 1}]} x",
        b"{'messages': []}",
        b"{\"messages\": [{\"body\": \"\xff\"}]}",
        b"\xef\xbb\xbf{\"messages\": [{\"body\": 1}]}",
        b"\x00",
    ];
    for body in broken {
        let reply = post(service, Some(body)).await.expect_error("input_invalid");
        reply.saying("Request body could not be parsed.");
    }
}

async fn refuses_documents_of_another_kind(service: &Service) {
    let reply = post(service, Some(b"[]")).await.expect_error("input_invalid");
    reply.saying("No messages were found in the request body.");
    for body in [&b"1"[..], b"\"text\"", b"null", b"true"] {
        post(service, Some(body)).await.expect_error("input_invalid");
    }
}

async fn takes_a_chunked_document(service: &Service) {
    let mut request = service.request(MessagePost, &json!({ "queue_name": "jobs" }));
    request.headers.push(("Transfer-Encoding".to_owned(), "chunked".to_owned()));
    let (first, second) = (r#"{"messages": [{"bo"#, r#"dy": "in parts"}]}"#);
    let chunk = |text: &str| format!("{:x}\r\n{text}\r\n", text.len());
    request.body = Some(format!("{}{}0\r\n\r\n", chunk(first), chunk(second)).into_bytes());

    service.send(MessagePost::INFO, request).await.expect_outcome("posted");

    let input = json!({ "queue_name": "jobs", "echo": true });
    let listed = service.call(MessageList, input).await.expect_outcome("listed");
    assert_eq!(listed.message_bodies(), ["in parts"]);
}

async fn refuses_form_bodies(service: &Service) {
    for form in ["application/x-www-form-urlencoded", "Application/X-WWW-Form-Urlencoded; a=b"] {
        let mut request = service.request(MessagePost, &json!({ "queue_name": "jobs" }));
        request.headers.retain(|(name, _)| name != "Content-Type");
        request.headers.push(("Content-Type".to_owned(), form.to_owned()));
        request.body = Some(b"{\"messages\": [{\"body\": 1}]}".to_vec());
        let reply = service.send(MessagePost::INFO, request).await;
        reply.expect_error("media_type_refused");
    }
}

async fn takes_any_other_media_type(service: &Service) {
    for media_type in ["text/plain", "application/xml", "nonsense"] {
        let mut request = service.request(MessagePost, &json!({ "queue_name": "jobs" }));
        request.headers.retain(|(name, _)| name != "Content-Type");
        request.headers.push(("Content-Type".to_owned(), media_type.to_owned()));
        request.body = Some(b"{\"messages\": [{\"body\": 1}]}".to_vec());
        service.send(MessagePost::INFO, request).await.expect_outcome("posted");
    }
}

async fn ignores_members_it_does_not_know(service: &Service) {
    let body = br#"{"messages": [{"body": 1, "other": 2, "id": "x"}], "partial": true}"#;

    post(service, Some(body)).await.expect_outcome("posted");
}

async fn needs_no_document(service: &Service) {
    let queue = service.queue_with(["a", "b"]).await;
    for body in [None, Some(Vec::new())] {
        let input = json!({ "queue_name": queue, "limit": 1 });
        let mut request = service.request(ClaimCreate, &input);
        request.body = body;
        service.send(ClaimCreate::INFO, request).await.expect_outcome("claimed");
    }
}

async fn takes_an_empty_document_for_none(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    let mut request = service.request(QueuePurge, &json!({ "queue_name": queue }));
    request.body = Some(Vec::new());

    service.send(QueuePurge::INFO, request).await.expect_outcome("purged");
}

async fn refuses_an_absent_document(service: &Service) {
    let input = json!({ "queue_name": "jobs", "claim_id": "x" });
    for (body, text) in [
        (None, "Request body can not be empty"),
        (Some(Vec::new()), "Request body could not be parsed."),
    ] {
        let mut request = service.request(ClaimUpdate, &input);
        request.body = body;
        let reply = service.send(ClaimUpdate::INFO, request).await;
        reply.expect_error("input_invalid").saying(text);
    }
}

async fn refuses_large_documents_by_their_length(service: &Service) {
    let mut request = service.request(QueueCreate, &json!({ "queue_name": "jobs" }));
    let filled = |length: usize| Some(format!("{{}}{}", " ".repeat(length - 2)).into_bytes());

    request.body = filled(65_537);
    let reply = service.send(QueueCreate::INFO, request.clone()).await;
    reply.expect_error("document_too_large");
    let listed = service.call(QueueList, json!({})).await.expect_outcome("listed");
    assert!(listed.queue_names().is_empty());

    request.body = filled(65_536);
    service.send(QueueCreate::INFO, request).await.expect_outcome("created");
}

//! What the holder of a pre-signed URL may do.

use serde_json::{Value, json};
use sukkal_spec::{
    ClaimCreate, MessageGet, MessageList, MessagePop, MessagePost, Operation, QueueCreate,
    QueueGet, QueueGetStats, QueueShare,
};

use crate::case::cases;
use crate::service::{Grant, Reply, Service, Transport};

cases! { MessageList:
    a_grant_lets_its_holder_in,
    a_grant_covers_what_is_below_its_path,
    a_grant_covers_no_other_queue_part_or_method,
    a_grant_is_for_its_project_only,
    a_changed_byte_voids_a_grant,
    a_grant_without_one_of_its_parts_is_void,
    a_grant_ends needs Clock,
    a_refused_grant_is_told_before_anything_else needs Http,
    a_grant_does_not_take_its_project_from_older_headers needs Http,
    parts_of_the_wrong_type_void_a_grant needs WebSocket,
}

impl Reply {
    /// Asserts that the grant of the call was not taken, in the way of the transport.
    #[track_caller]
    pub fn expect_grant_refused(self) -> Self {
        let told =
            if self.transport() == Transport::Http { "route_unknown" } else { "not_authentified" };
        self.expect_error(told)
    }
}

async fn grant(service: &Service, input: Value) -> Grant {
    let mut input = input;
    input["queue_name"] = json!("jobs");
    Grant::read(service.call(QueueShare, input).await.expect_outcome("signed").body())
}

fn list() -> Value {
    json!({ "queue_name": "jobs", "echo": true })
}

async fn a_grant_lets_its_holder_in(service: &Service) {
    service.queue_with(["a"]).await;
    let grant = grant(service, json!({ "methods": ["GET", "POST"] })).await;
    let holder = service.in_project("somewhere else").holding(&grant);

    let input = json!({ "queue_name": "jobs", "messages": [{ "body": "b" }] });
    holder.call(MessagePost, input).await.expect_outcome("posted");
    let listed = holder.call(MessageList, list()).await.expect_outcome("listed");

    assert_eq!(listed.message_bodies(), ["a", "b"]);
}

async fn a_grant_covers_what_is_below_its_path(service: &Service) {
    let ids = service.post("jobs", ["a"]).await;
    let holder = service.holding(&grant(service, json!({})).await);

    let input = json!({ "queue_name": "jobs", "message_id": ids[0] });
    holder.call(MessageGet, input).await.expect_outcome("shown");

    let below = json!({ "queue_name": "jobs", "message_id": "a/b" });
    if holder.transport() != Transport::Http {
        holder.call(MessageGet, below).await.expect_grant_refused();
    }
}

async fn a_grant_covers_no_other_queue_part_or_method(service: &Service) {
    service.create_queue("jobs", json!({})).await;
    service.create_queue("jobsX", json!({})).await;
    let holder = service.holding(&grant(service, json!({})).await);

    let other = json!({ "queue_name": "jobsX", "echo": true });
    holder.call(MessageList, other).await.expect_grant_refused();
    let queue = json!({ "queue_name": "jobs" });
    holder.call(QueueGet, queue.clone()).await.expect_grant_refused();
    holder.call(QueueGetStats, queue.clone()).await.expect_grant_refused();
    holder.call(QueueCreate, queue.clone()).await.expect_grant_refused();
    holder.call(QueueShare, queue.clone()).await.expect_grant_refused();
    holder.call(ClaimCreate, queue).await.expect_grant_refused();
    let post = json!({ "queue_name": "jobs", "messages": [{ "body": 1 }] });
    holder.call(MessagePost, post).await.expect_grant_refused();
    let pop = json!({ "queue_name": "jobs", "pop": 1 });
    holder.call(MessagePop, pop).await.expect_grant_refused();
}

async fn a_grant_is_for_its_project_only(service: &Service) {
    let mut grant = grant(service, json!({})).await;
    for project in ["other", "None", ""] {
        grant.project = project.to_owned();
        let refused = service.holding(&grant).call(MessageList, list()).await;
        refused.expect_grant_refused();
    }
}

/// A text with one character at a time replaced by another.
fn changed(text: &str) -> impl Iterator<Item = String> + '_ {
    text.char_indices().map(move |(at, letter)| {
        let other = if letter == '1' { '2' } else { '1' };
        let mut changed = text.to_owned();
        changed.replace_range(at..at + letter.len_utf8(), &other.to_string());
        changed
    })
}

async fn a_changed_byte_voids_a_grant(service: &Service) {
    service.queue_with(["a"]).await;
    let good = grant(service, json!({ "methods": ["GET", "DELETE"] })).await;
    service.holding(&good).call(MessageList, list()).await.expect_outcome("listed");

    let mut wrong = Vec::new();
    wrong.extend(changed(&good.signature).map(|signature| Grant { signature, ..good.clone() }));
    let expires = good.expires.clone().unwrap_or_default();
    wrong.extend(changed(&expires).map(|expires| Grant { expires: Some(expires), ..good.clone() }));
    wrong.extend(changed(&good.project).map(|project| Grant { project, ..good.clone() }));
    for at in 0..good.methods.len() {
        wrong.extend(changed(&good.methods[at]).map(|method| {
            let mut grant = good.clone();
            grant.methods[at] = method;
            grant
        }));
    }
    wrong.extend(changed(&good.paths[0]).map(|path| Grant { paths: vec![path], ..good.clone() }));
    for grant in wrong {
        let refused = service.holding(&grant).call(MessageList, list()).await;
        refused.expect_grant_refused();
    }
}

async fn a_grant_without_one_of_its_parts_is_void(service: &Service) {
    let good = grant(service, json!({ "methods": ["GET", "POST"] })).await;
    let more = |mut list: Vec<String>, item: &str| {
        list.push(item.to_owned());
        list
    };
    for grant in [
        Grant { methods: Vec::new(), ..good.clone() },
        Grant { methods: vec!["GET".to_owned()], ..good.clone() },
        Grant { methods: more(good.methods.clone(), "DELETE"), ..good.clone() },
        Grant { paths: Vec::new(), ..good.clone() },
        Grant { paths: more(good.paths.clone(), "/v2/queues/jobs/claims"), ..good.clone() },
        Grant { paths: vec!["/v2/queues/.*/messages".to_owned()], ..good.clone() },
        Grant { expires: Some(String::new()), ..good.clone() },
        Grant { expires: Some("4102444800".to_owned()), ..good.clone() },
        Grant { signature: good.signature.to_uppercase(), ..good.clone() },
        Grant { signature: good.signature[..62].to_owned(), ..good.clone() },
        Grant { key_id: Some("k1".to_owned()), ..good.clone() },
        Grant { issued: good.expires.clone(), ..good.clone() },
    ] {
        let refused = service.holding(&grant).call(MessageList, list()).await;
        refused.expect_grant_refused();
    }
}

async fn a_grant_ends(service: &Service) {
    let holder = service.holding(&grant(service, json!({})).await);
    holder.call(MessageList, list()).await.expect_outcome("listed");

    service.advance_clock(86_401);

    holder.call(MessageList, list()).await.expect_grant_refused();
}

async fn a_refused_grant_is_told_before_anything_else(service: &Service) {
    let mut grant = grant(service, json!({})).await;
    grant.methods = vec!["POST".to_owned()];
    let mut request = service.holding(&grant).request(MessageList, &list());
    request.headers.retain(|(name, _)| name != "Client-ID" && name != "X-Project-ID");
    request.headers.push(("Accept".to_owned(), "text/html".to_owned()));

    let refused = service.send(MessageList::INFO, request).await.expect_grant_refused();
    assert_eq!(refused.body(), &json!({ "title": "404 Not Found" }));
}

async fn a_grant_does_not_take_its_project_from_older_headers(service: &Service) {
    let grant = grant(service, json!({})).await;
    let mut request = service.holding(&grant).request(MessageList, &list());
    for (name, _) in &mut request.headers {
        if name == "X-Project-ID" {
            *name = "X-Tenant-ID".to_owned();
        }
    }

    service.send(MessageList::INFO, request).await.expect_grant_refused();
}

async fn parts_of_the_wrong_type_void_a_grant(service: &Service) {
    let grant = grant(service, json!({})).await;
    let holder = service.holding(&grant);
    for (header, value) in [
        ("URL-Signature", json!(5)),
        ("URL-Signature", json!("")),
        ("URL-Methods", json!("GET")),
        ("URL-Paths", json!("/v2/queues/jobs/messages")),
        ("URL-Paths", json!([1])),
        ("URL-Expires", json!(4_102_444_800_u32)),
        ("URL-Expires", json!(null)),
    ] {
        let mut frame = holder.frame(MessageList, list());
        frame["headers"][header] = value;
        let refused = service.exchange_frame(MessageList::INFO, frame).await;
        refused.expect_grant_refused();
    }
}

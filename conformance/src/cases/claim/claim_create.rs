use serde_json::{Value, json};
use sukkal_spec::{ClaimCreate, MessageGet, QueueGetStats};

use crate::case::cases;
use crate::service::Service;

cases! { ClaimCreate:
    hands_out_the_oldest_first,
    takes_no_more_than_the_limit,
    takes_ten_when_no_limit_is_named,
    says_nothing_to_claim_when_all_are_claimed,
    says_nothing_to_claim_of_a_queue_that_does_not_exist,
    hands_out_the_claimers_own_messages,
    gives_every_message_to_one_claim_only,
    leaves_delayed_messages_alone_until_their_delay_has_passed needs Clock,
    releases_messages_when_the_ttl_runs_out needs Clock,
    lives_five_minutes_when_no_ttl_is_named needs Clock,
    keeps_messages_alive_for_the_grace needs Clock,
    leaves_messages_that_outlive_the_claim_as_they_are,
    refuses_lifetimes_and_limits_out_of_bounds,
    refuses_a_ttl_of_another_type,
    sees_no_other_project,
}

async fn claim(service: &Service, input: Value) -> Vec<Value> {
    service.call(ClaimCreate, input).await.expect_outcome("claimed").message_bodies()
}

async fn hands_out_the_oldest_first(service: &Service) {
    let queue = service.queue_with(["a", "b", "c"]).await;

    assert_eq!(claim(service, json!({ "queue_name": queue, "limit": 2 })).await, ["a", "b"]);
}

async fn takes_no_more_than_the_limit(service: &Service) {
    let queue = service.queue_with(["a", "b", "c"]).await;

    assert_eq!(claim(service, json!({ "queue_name": queue, "limit": 1 })).await, ["a"]);
    assert_eq!(claim(service, json!({ "queue_name": queue, "limit": 20 })).await, ["b", "c"]);
}

async fn takes_ten_when_no_limit_is_named(service: &Service) {
    let messages: Vec<Value> = (0..12).map(|number| json!({ "body": number })).collect();
    service.post_messages("jobs", json!(messages)).await;

    assert_eq!(claim(service, json!({ "queue_name": "jobs" })).await.len(), 10);
}

async fn says_nothing_to_claim_when_all_are_claimed(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    claim(service, json!({ "queue_name": queue })).await;

    let reply = service.call(ClaimCreate, json!({ "queue_name": queue })).await;

    let reply = reply.expect_outcome("nothing_to_claim");
    assert_eq!(reply.body()["claim_id"], Value::Null);
}

async fn says_nothing_to_claim_of_a_queue_that_does_not_exist(service: &Service) {
    let reply = service.call(ClaimCreate, json!({ "queue_name": "nowhere" })).await;

    reply.expect_outcome("nothing_to_claim");
    let stats = service.call(QueueGetStats, json!({ "queue_name": "nowhere" })).await;
    stats.expect_outcome("unknown_queue");
}

async fn hands_out_the_claimers_own_messages(service: &Service) {
    let queue = service.queue_with(["a"]).await;

    assert_eq!(claim(service, json!({ "queue_name": queue })).await, ["a"]);
}

async fn gives_every_message_to_one_claim_only(service: &Service) {
    let messages: Vec<Value> = (0..20).map(|number| json!({ "body": number })).collect();
    service.post_messages("jobs", json!(messages)).await;
    let others: Vec<Service> = (0..4).map(|_| service.over_http().as_other_client()).collect();

    let calls = others
        .iter()
        .map(|other| other.call(ClaimCreate, json!({ "queue_name": "jobs", "limit": 5 })));
    let replies = futures_util::future::join_all(calls).await;

    let mut bodies: Vec<i64> = replies
        .iter()
        .flat_map(|reply| reply.message_bodies())
        .filter_map(|body| body.as_i64())
        .collect();
    bodies.sort_unstable();
    assert_eq!(bodies, (0..20).collect::<Vec<_>>());
}

async fn leaves_delayed_messages_alone_until_their_delay_has_passed(service: &Service) {
    service.create_queue("jobs", json!({ "_default_message_delay": 30 })).await;
    service.post("jobs", ["a"]).await;

    let early = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;
    early.expect_outcome("nothing_to_claim");

    service.advance_clock(31);
    assert_eq!(claim(service, json!({ "queue_name": "jobs" })).await, ["a"]);
}

async fn releases_messages_when_the_ttl_runs_out(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    claim(service, json!({ "queue_name": queue, "ttl": 60 })).await;

    service.advance_clock(59);
    let early = service.call(ClaimCreate, json!({ "queue_name": queue })).await;
    early.expect_outcome("nothing_to_claim");

    service.advance_clock(2);
    assert_eq!(claim(service, json!({ "queue_name": queue })).await, ["a"]);
}

async fn lives_five_minutes_when_no_ttl_is_named(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    claim(service, json!({ "queue_name": queue })).await;

    service.advance_clock(299);
    let early = service.call(ClaimCreate, json!({ "queue_name": queue })).await;
    early.expect_outcome("nothing_to_claim");

    service.advance_clock(2);
    assert_eq!(claim(service, json!({ "queue_name": queue })).await, ["a"]);
}

async fn keeps_messages_alive_for_the_grace(service: &Service) {
    let ids = service.post_messages("jobs", json!([{ "body": "a", "ttl": 60 }])).await;
    let input = json!({ "queue_name": "jobs", "ttl": 100, "grace": 80 });
    let reply = service.call(ClaimCreate, input).await.expect_outcome("claimed");
    assert_eq!(reply.messages()[0]["ttl"], 180);
    let get = json!({ "queue_name": "jobs", "message_id": ids[0] });

    service.advance_clock(179);
    service.call(MessageGet, get.clone()).await.expect_outcome("shown");

    service.advance_clock(2);
    service.call(MessageGet, get).await.expect_error("message_does_not_exist");
}

async fn leaves_messages_that_outlive_the_claim_as_they_are(service: &Service) {
    service.post_messages("jobs", json!([{ "body": "a", "ttl": 1000 }])).await;

    let input = json!({ "queue_name": "jobs", "ttl": 100, "grace": 80 });
    let reply = service.call(ClaimCreate, input).await.expect_outcome("claimed");

    assert_eq!(reply.messages()[0]["ttl"], 1000);
}

async fn refuses_lifetimes_and_limits_out_of_bounds(service: &Service) {
    let inputs = [
        json!({ "ttl": 59 }),
        json!({ "ttl": 43201 }),
        json!({ "grace": 59 }),
        json!({ "grace": 43201 }),
        json!({ "limit": 0 }),
        json!({ "limit": 21 }),
        json!({ "limit": -1 }),
    ];
    for mut input in inputs {
        input["queue_name"] = "jobs".into();
        let reply = service.call(ClaimCreate, input).await;
        reply.expect_error("limit_exceeded").saying("must be at least");
    }
}

async fn refuses_a_ttl_of_another_type(service: &Service) {
    for ttl in [json!("60"), json!(60.5), json!(true), json!(null), json!([60])] {
        let input = json!({ "queue_name": "jobs", "ttl": ttl });
        service.call(ClaimCreate, input).await.expect_error("input_invalid");
        let input = json!({ "queue_name": "jobs", "grace": ttl });
        service.call(ClaimCreate, input).await.expect_error("input_invalid");
    }
}

async fn sees_no_other_project(service: &Service) {
    let queue = service.queue_with(["a"]).await;
    let other = service.in_project(&format!("{}-2", service.project()));

    let reply = other.call(ClaimCreate, json!({ "queue_name": queue })).await;

    reply.expect_outcome("nothing_to_claim");
    assert_eq!(claim(service, json!({ "queue_name": queue })).await, ["a"]);
}

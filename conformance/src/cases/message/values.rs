use serde_json::{Value, json};
use sukkal_spec::{ClaimCreate, MessagePop, MessagePost};

use crate::case::cases;
use crate::service::{Reply, Service, Transport};

cases! { MessagePost:
    gives_back_every_kind_of_value,
    gives_back_integers_of_64_bits,
    keeps_the_order_of_members,
    refuses_integers_of_more_than_64_bits needs Json,
    refuses_numbers_that_are_no_numbers needs Json,
    refuses_half_a_surrogate_pair needs Json,
    takes_a_surrogate_pair needs Json,
    takes_the_last_of_duplicate_members needs Json,
    takes_128_levels_and_refuses_more needs Json,
}

async fn back(service: &Service, body: &Value) -> Value {
    service.post_messages("jobs", json!([{ "body": body }])).await;
    let input = json!({ "queue_name": "jobs", "pop": 1 });
    let popped = service.call(MessagePop, input).await.expect_outcome("popped");
    popped.message_bodies().remove(0)
}

async fn post_text(service: &Service, text: &str) -> Reply {
    let input = json!({ "queue_name": "jobs", "messages": [{ "body": "@" }] });
    service.call_text(MessagePost, input, text).await
}

async fn gives_back_every_kind_of_value(service: &Service) {
    let values = [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(""),
        json!("text"),
        json!("\u{0}\u{1f}\"\\/\u{7f}\u{2028}é𝄞"),
        json!([]),
        json!({}),
        json!([null, [1, [2]], { "a": { "b": [] } }]),
        json!({ "": 1, "ä ö": 2, "a/b~c": { "$": null } }),
    ];
    for value in values {
        assert_eq!(back(service, &value).await, value);
    }
}

async fn gives_back_integers_of_64_bits(service: &Service) {
    for number in [i64::MAX, i64::MIN, 9_007_199_254_740_993, -9_007_199_254_740_993] {
        assert_eq!(back(service, &json!(number)).await, json!(number));
    }
}

async fn keeps_the_order_of_members(service: &Service) {
    let body = json!({ "z": 1, "a": { "y": 2, "b": 3 }, "m": 4 });

    let queue = service.post_messages("jobs", json!([{ "body": body }])).await;
    assert_eq!(queue.len(), 1);
    let reply = service.call(ClaimCreate, json!({ "queue_name": "jobs" })).await;

    let claimed = reply.expect_outcome("claimed").message_bodies().remove(0);
    assert_eq!(claimed.to_string(), body.to_string());
}

async fn refuses_integers_of_more_than_64_bits(service: &Service) {
    for text in ["9223372036854775808", "-9223372036854775809", "[[1, 123456789012345678901]]"] {
        post_text(service, text).await.expect_unreadable();
    }
}

async fn refuses_numbers_that_are_no_numbers(service: &Service) {
    for text in ["1e400", "-1e400", "NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1.", "0x1"] {
        post_text(service, text).await.expect_unreadable();
    }
}

async fn refuses_half_a_surrogate_pair(service: &Service) {
    for text in [r#""\ud800""#, r#""\udc00x""#, r#""\ud800\ud800""#, r#"{"\ud834": 1}"#] {
        post_text(service, text).await.expect_unreadable();
    }
}

async fn takes_a_surrogate_pair(service: &Service) {
    post_text(service, r#""\ud834\udd1e""#).await.expect_outcome("posted");

    let input = json!({ "queue_name": "jobs", "pop": 1 });
    let popped = service.call(MessagePop, input).await.expect_outcome("popped");
    assert_eq!(popped.message_bodies(), ["𝄞"]);
}

async fn takes_the_last_of_duplicate_members(service: &Service) {
    post_text(service, r#"{"a": 1, "b": 2, "a": 3}"#).await.expect_outcome("posted");

    let input = json!({ "queue_name": "jobs", "pop": 1 });
    let popped = service.call(MessagePop, input).await.expect_outcome("popped");
    assert_eq!(popped.message_bodies()[0]["a"], 3);
}

async fn takes_128_levels_and_refuses_more(service: &Service) {
    // The document around a body is three levels deep over HTTP. A frame is one deeper, and its answer,
    // which repeats it, yet another one.
    let (least, around) = if service.transport() == Transport::Http { (125, 3) } else { (120, 4) };
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));

    post_text(service, &nested(least)).await.expect_outcome("posted");
    post_text(service, &nested(129 - around)).await.expect_unreadable();
    post_text(service, &nested(20_000)).await.expect_unreadable();
}

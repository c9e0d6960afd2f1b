use serde_json::json;
use sukkal_spec::{SubscriptionCreate, SubscriptionGet, SubscriptionList};

use crate::case::cases;
use crate::service::Service;

cases! {
    SubscriptionCreate: a_subscription_lasts_until_the_year_9000;
    SubscriptionList: a_subscription_has_every_member_that_clients_take;
}

async fn a_subscription_lasts_until_the_year_9000(service: &Service) {
    for (number, ttl) in [220_367_260_800_i64, 1 << 36].into_iter().enumerate() {
        let subscriber = format!("http://127.0.0.1:1/{number}");
        let input = json!({ "queue_name": "jobs", "subscriber": subscriber, "ttl": ttl });
        let created = service.call(SubscriptionCreate, input).await.expect_outcome("created");

        let id = &created.body()["subscription_id"];
        let input = json!({ "queue_name": "jobs", "subscription_id": id });
        let shown = service.call(SubscriptionGet, input).await.expect_outcome("shown");
        assert_eq!(shown.body()["ttl"], ttl);
    }
}

async fn a_subscription_has_every_member_that_clients_take(service: &Service) {
    service.subscribe("jobs", "http://127.0.0.1:1/hook").await;

    let input = json!({ "queue_name": "jobs" });
    let listed = service.call(SubscriptionList, input).await.expect_outcome("listed");

    let shown = listed.body()["subscriptions"][0].as_object().unwrap();
    for name in ["source", "subscriber", "ttl", "id", "age", "confirmed", "options"] {
        assert!(shown.contains_key(name), "{name}");
    }
}

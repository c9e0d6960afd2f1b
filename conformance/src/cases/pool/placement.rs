use serde_json::{Value, json};
use sukkal_spec::{
    ClaimCreate, MessageDelete, MessageList, MessagePop, MessagePost, PoolDelete, PoolUpdate,
    QueueCreate, QueueDelete, QueueGetStats, QueueList, QueueUpdate, SubscriptionCreate,
    SubscriptionDelete, SubscriptionList,
};

use crate::case::cases;
use crate::service::{Reply, Service};

cases! { QueueCreate:
    needs_a_pool needs Pools,
    places_no_queue_in_a_pool_of_weight_0 needs Pools,
    places_by_flavor needs Pools,
    places_anew_what_was_deleted needs Pools,
    refuses_a_flavor_that_does_not_exist needs Pools,
    keeps_the_flavors_of_projects_apart needs Pools;
  QueueUpdate:
    leaves_the_queue_where_it_is needs Pools,
    refuses_an_unknown_flavor needs Pools;
  QueueList:
    merges_the_queues_of_all_pools needs Pools;
  QueueDelete:
    keeps_the_place_of_subscriptions needs Pools;
  MessageList:
    finds_nothing_where_there_is_no_queue needs Pools;
}

async fn create(service: &Service, name: &str, flavor: &str) -> Reply {
    let input = json!({ "queue_name": name, "metadata": { "_flavor": flavor } });
    service.call(QueueCreate, input).await
}

/// Whether a pool without a flavor holds a queue: else it is removed.
async fn holds_queues(service: &Service, pool: &str) -> bool {
    let reply = service.call(PoolDelete, json!({ "pool_name": pool })).await;
    !reply.endings().contains("deleted")
}

async fn needs_a_pool(service: &Service) {
    let create = service.call(QueueCreate, json!({ "queue_name": "jobs" })).await;
    create.expect_error("storage_unavailable");
    let post = json!({ "queue_name": "jobs", "messages": [{ "body": 1 }] });
    service.call(MessagePost, post.clone()).await.expect_error("storage_unavailable");
    let listed = service.call(QueueList, json!({})).await.expect_outcome("listed");
    assert!(listed.queue_names().is_empty());

    service.create_pools(["p1"]).await;

    service.call(MessagePost, post).await.expect_outcome("posted");
}

async fn places_no_queue_in_a_pool_of_weight_0(service: &Service) {
    service.create_pool("p1", 0, json!({ "weight": 0 })).await;
    let refused = service.call(QueueCreate, json!({ "queue_name": "jobs" })).await;
    refused.expect_error("storage_unavailable");

    service.create_pool("p2", 1, json!({})).await;
    for name in ["a", "b", "c", "d", "e"] {
        service.create_queue(name, json!({})).await;
    }

    assert!(holds_queues(service, "p2").await);
    assert!(!holds_queues(service, "p1").await);
}

async fn places_by_flavor(service: &Service) {
    service.create_pools(["p1", "p2"]).await;
    service.create_flavor("gold", ["p2"]).await;

    create(service, "golden", "gold").await.expect_outcome("created");
    service.remove_flavors().await;
    assert!(holds_queues(service, "p2").await);
    assert!(!holds_queues(service, "p1").await);
}

async fn places_anew_what_was_deleted(service: &Service) {
    service.create_pools(["p1", "p2"]).await;
    service.create_flavor("one", ["p1"]).await;
    service.create_flavor("two", ["p2"]).await;
    for (flavor, other, body) in [("one", "p2", "a"), ("two", "p1", "b"), ("one", "p2", "c")] {
        create(service, "jobs", flavor).await.expect_outcome("created");
        service.post("jobs", [body]).await;

        let list = json!({ "queue_name": "jobs", "echo": true });
        let listed = service.call(MessageList, list).await.expect_outcome("listed");
        assert_eq!(listed.message_bodies(), [body]);
        let weight = json!({ "pool_name": other, "weight": 1 });
        service.call(PoolUpdate, weight).await.expect_outcome("updated");
        let gone = service.call(QueueDelete, json!({ "queue_name": "jobs" })).await;
        gone.expect_outcome("deleted");
    }
}

async fn refuses_a_flavor_that_does_not_exist(service: &Service) {
    service.create_pools(["p1"]).await;

    let refused = create(service, "jobs", "none").await.expect_error("flavor_does_not_exist");

    refused.saying("Flavor none does not exist");
    let input = json!({ "queue_name": "jobs", "metadata": { "_flavor": 5 } });
    service.call(QueueCreate, input).await.expect_error("flavor_does_not_exist");
    let input = json!({ "queue_name": "jobs", "metadata": { "_flavor": null } });
    service.call(QueueCreate, input).await.expect_outcome("created");
}

async fn keeps_the_flavors_of_projects_apart(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_flavor("gold", ["p1"]).await;
    let other = service.in_project(&format!("{}-2", service.project()));

    create(&other, "jobs", "gold").await.expect_error("flavor_does_not_exist");

    create(service, "jobs", "gold").await.expect_outcome("created");
}

async fn leaves_the_queue_where_it_is(service: &Service) {
    service.create_pools(["p1", "p2"]).await;
    service.create_flavor("gold", ["p2"]).await;
    let queue = service.queue_with(["a", "b"]).await;

    let changes = json!([{ "op": "add", "path": "/metadata/_flavor", "value": "gold" }]);
    let input = json!({ "queue_name": queue, "changes": changes });
    let updated = service.call(QueueUpdate, input).await.expect_outcome("updated");

    assert_eq!(updated.body()["_flavor"], "gold");
    let popped = service.call(MessagePop, json!({ "queue_name": queue, "pop": 2 })).await;
    assert_eq!(popped.expect_outcome("popped").message_bodies(), ["a", "b"]);
}

async fn refuses_an_unknown_flavor(service: &Service) {
    service.create_pools(["p1"]).await;
    service.create_queue("jobs", json!({})).await;

    let changes = json!([{ "op": "add", "path": "/metadata/_flavor", "value": "none" }]);
    let input = json!({ "queue_name": "jobs", "changes": changes });
    let refused = service.call(QueueUpdate, input).await;

    refused.expect_error("flavor_does_not_exist");
}

async fn merges_the_queues_of_all_pools(service: &Service) {
    service.create_pools(["p1", "p2", "p3"]).await;
    for (flavor, pool) in [("one", "p1"), ("two", "p2"), ("three", "p3")] {
        service.create_flavor(flavor, [pool]).await;
    }
    for (name, flavor) in [("d", "one"), ("a", "two"), ("c", "three"), ("b", "one")] {
        create(service, name, flavor).await.expect_outcome("created");
    }

    let first = service.call(QueueList, json!({ "limit": 3 })).await.expect_outcome("listed");
    let rest = service.call(QueueList, json!({ "marker": "c" })).await.expect_outcome("listed");

    assert_eq!(first.queue_names(), ["a", "b", "c"]);
    assert_eq!(rest.queue_names(), ["d"]);
}

async fn keeps_the_place_of_subscriptions(service: &Service) {
    service.create_pools(["p1"]).await;
    let input = json!({ "queue_name": "jobs", "subscriber": "http://127.0.0.1:1/", "ttl": 600 });
    let reply = service.call(SubscriptionCreate, input).await.expect_outcome("created");
    let id = reply.body()["subscription_id"].clone();
    let gone = service.call(QueueDelete, json!({ "queue_name": "jobs" })).await;
    gone.expect_outcome("deleted");

    service.create_pool("p2", 1, json!({})).await;
    assert!(holds_queues(service, "p1").await);
    service.create_queue("jobs", json!({})).await;

    let input = json!({ "queue_name": "jobs" });
    let listed = service.call(SubscriptionList, input).await.expect_outcome("listed");
    assert_eq!(listed.body()["subscriptions"].as_array().map(Vec::len), Some(1));
    let input = json!({ "queue_name": "jobs", "subscription_id": id });
    service.call(SubscriptionDelete, input).await.expect_outcome("deleted");
}

async fn finds_nothing_where_there_is_no_queue(service: &Service) {
    service.create_pools(["p1"]).await;
    let with = |more: Value| {
        let mut input = json!({ "queue_name": "jobs" });
        for (name, value) in more.as_object().into_iter().flatten() {
            input[name] = value.clone();
        }
        input
    };

    let listed = service.call(MessageList, with(json!({}))).await.expect_outcome("listed");
    assert!(listed.messages().is_empty());
    let stats = service.call(QueueGetStats, with(json!({}))).await;
    stats.expect_outcome("unknown_queue");
    let claimed = service.call(ClaimCreate, with(json!({}))).await;
    claimed.expect_outcome("nothing_to_claim");
    let popped = service.call(MessagePop, with(json!({ "pop": 1 }))).await;
    assert!(popped.expect_outcome("popped").message_bodies().is_empty());
    let id = "019a0000-0000-7000-8000-000000000000";
    let gone = service.call(MessageDelete, with(json!({ "message_id": id }))).await;
    gone.expect_outcome("deleted");
    let listed = service.call(SubscriptionList, with(json!({}))).await.expect_outcome("listed");
    assert!(listed.body()["subscriptions"].as_array().is_some_and(Vec::is_empty));
    assert!(!holds_queues(service, "p1").await);
}

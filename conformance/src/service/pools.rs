//! Pools and flavors of the server, for cases about them.

use serde_json::{Value, json};
use sukkal_spec::{
    FlavorCreate, FlavorDelete, FlavorList, PoolCreate, PoolDelete, PoolList, PoolUpdate,
    QueueDelete, QueueList, SubscriptionDelete, SubscriptionList,
};

use super::Service;

impl Service {
    /// The URI of a store that can be a pool: the first, second or third.
    pub fn pool_uri(&self, number: usize) -> &str {
        match self.target.pool_uris().get(number) {
            Some(uri) => uri,
            None => panic!("needs the URI of a pool"),
        }
    }

    /// The URI of a store that declares other capabilities than those of [`pool_uri`](Self::pool_uri).
    pub fn other_kind_of_uri(&self) -> &'static str {
        if self.pool_uri(0).starts_with("memory:") { "sqlite:" } else { "memory:" }
    }

    /// URIs of stores that can be pools; none without pooling.
    pub fn pool_uris(&self) -> &[String] {
        self.target.pool_uris()
    }

    /// Registers the first pools under these names, each with weight 100 and no flavor.
    pub async fn create_pools<const N: usize>(&self, names: [&str; N]) {
        for (number, name) in names.into_iter().enumerate() {
            self.create_pool(name, number, json!({})).await;
        }
    }

    /// Registers a pool with weight 100 unless `more` says otherwise.
    pub async fn create_pool(&self, name: &str, number: usize, more: Value) {
        let mut input = json!({ "pool_name": name, "weight": 100, "uri": self.pool_uri(number) });
        for (member, value) in more.as_object().into_iter().flatten() {
            input[member] = value.clone();
        }
        self.call(PoolCreate, input).await.expect_outcome("created");
    }

    /// Creates a flavor with these pools.
    pub async fn create_flavor<const N: usize>(&self, name: &str, pools: [&str; N]) {
        let pools: Vec<&str> = pools.to_vec();
        let input = json!({ "flavor_name": name, "pool_list": pools });
        self.call(FlavorCreate, input).await.expect_outcome("created");
    }

    /// Removes the queues and flavors of the project, and every pool.
    pub async fn remove_pools(&self) {
        let service = self.over_http();
        for queue in service.names(service.call(QueueList, json!({})).await.body(), "queues") {
            let listed = service.call(SubscriptionList, json!({ "queue_name": queue })).await;
            for subscription in listed.body()["subscriptions"].as_array().into_iter().flatten() {
                let input = json!({ "queue_name": queue, "subscription_id": subscription["id"] });
                service.call(SubscriptionDelete, input).await.expect_outcome("deleted");
            }
            let input = json!({ "queue_name": queue });
            service.call(QueueDelete, input).await.expect_outcome("deleted");
        }
        service.remove_flavors().await;
        let pools = service.names(service.call(PoolList, json!({})).await.body(), "pools");
        let mut flavored = Vec::new();
        for pool in pools {
            let input = json!({ "pool_name": pool });
            if service.call(PoolDelete, input.clone()).await.status() == 403 {
                flavored.push(input);
            }
        }
        for input in flavored {
            let change = json!({ "pool_name": input["pool_name"], "flavor": "" });
            service.call(PoolUpdate, change).await.expect_outcome("updated");
            service.call(PoolDelete, input).await.expect_outcome("deleted");
        }
    }

    /// Removes the flavors of the project.
    pub async fn remove_flavors(&self) {
        for flavor in self.names(self.call(FlavorList, json!({})).await.body(), "flavors") {
            let input = json!({ "flavor_name": flavor });
            self.call(FlavorDelete, input).await.expect_outcome("deleted");
        }
    }

    /// The names in a list.
    fn names(&self, body: &Value, member: &str) -> Vec<String> {
        let entries = body[member].as_array().into_iter().flatten();
        entries.filter_map(|entry| entry["name"].as_str().map(str::to_owned)).collect()
    }
}

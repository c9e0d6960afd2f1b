//! Subscriptions.

mod connection;
mod options;
mod pushes;
mod subscription_confirm;
mod subscription_create;
mod subscription_delete;
mod subscription_get;
mod subscription_list;
mod subscription_telling;
mod subscription_update;

use serde_json::{Value, json};
use sukkal_spec::{SubscriptionGet, SubscriptionList};

use crate::case::Case;
use crate::service::{Reply, Service};

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] = &[
    connection::CASES,
    options::CASES,
    pushes::CASES,
    subscription_confirm::CASES,
    subscription_create::CASES,
    subscription_delete::CASES,
    subscription_get::CASES,
    subscription_list::CASES,
    subscription_telling::CASES,
    subscription_update::CASES,
];

/// Subscribers that nobody calls.
const HOOK: &str = "http://127.0.0.1:1/hook";
const OTHER: &str = "http://127.0.0.1:1/other";

/// Ids that name nothing.
const UNKNOWN: [&str; 2] = ["00000000-0000-7000-8000-000000000000", "nonsense"];

async fn get(service: &Service, id: &str) -> Reply {
    let input = json!({ "queue_name": "jobs", "subscription_id": id });
    service.call(SubscriptionGet, input).await
}

/// A subscription that exists.
async fn shown(service: &Service, id: &str) -> Value {
    get(service, id).await.expect_outcome("shown").body().clone()
}

/// The subscribers of the queue `jobs`, on one page.
async fn subscribers(service: &Service) -> Vec<String> {
    let input = json!({ "queue_name": "jobs" });
    let reply = service.call(SubscriptionList, input).await.expect_outcome("listed");
    let listed = reply.body()["subscriptions"].as_array().cloned().unwrap_or_default();
    listed.iter().filter_map(|each| each["subscriber"].as_str()).map(str::to_owned).collect()
}

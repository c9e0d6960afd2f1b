//! Flavors.

mod flavor_create;
mod flavor_delete;
mod flavor_get;
mod flavor_list;
mod flavor_update;

use serde_json::{Value, json};
use sukkal_spec::{FlavorGet, FlavorList, PoolGet};

use crate::case::Case;
use crate::service::Service;

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] = &[
    flavor_create::CASES,
    flavor_delete::CASES,
    flavor_get::CASES,
    flavor_list::CASES,
    flavor_update::CASES,
];

/// The pools of a flavor.
async fn pools(service: &Service, flavor: &str) -> Value {
    let reply = service.call(FlavorGet, json!({ "flavor_name": flavor })).await;
    reply.expect_outcome("shown").body()["pool_list"].clone()
}

/// The flavor of a pool.
async fn flavor_of(service: &Service, pool: &str) -> Value {
    let reply = service.call(PoolGet, json!({ "pool_name": pool })).await;
    reply.expect_outcome("shown").body()["flavor"].clone()
}

/// The names of a page of flavors.
async fn names(service: &Service, input: Value) -> Vec<String> {
    let reply = service.call(FlavorList, input).await.expect_outcome("listed");
    let flavors = reply.body()["flavors"].as_array().cloned().unwrap_or_default();
    flavors.iter().filter_map(|flavor| flavor["name"].as_str().map(str::to_owned)).collect()
}

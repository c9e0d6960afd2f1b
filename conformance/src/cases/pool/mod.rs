//! Pools.

mod dead_letters;
mod placement;
mod pool_create;
mod pool_delete;
mod pool_get;
mod pool_list;
mod pool_update;

use serde_json::{Value, json};
use sukkal_spec::{PoolGet, PoolList};

use crate::case::Case;
use crate::service::{Reply, Service};

/// The cases of this folder.
pub(super) const CASES: &[&[Case]] = &[
    dead_letters::CASES,
    placement::CASES,
    pool_create::CASES,
    pool_delete::CASES,
    pool_get::CASES,
    pool_list::CASES,
    pool_update::CASES,
];

async fn get(service: &Service, name: &str) -> Reply {
    service.call(PoolGet, json!({ "pool_name": name, "detailed": true })).await
}

/// The names of a page of pools.
async fn names(service: &Service, input: Value) -> Vec<String> {
    let reply = service.call(PoolList, input).await.expect_outcome("listed");
    let pools = reply.body()["pools"].as_array().cloned().unwrap_or_default();
    pools.iter().filter_map(|pool| pool["name"].as_str().map(str::to_owned)).collect()
}

//! Whether the server can work, and what it is made of.

use std::time::Duration;

use axum::response::Response;
use futures_util::future::join_all;
use http::StatusCode;
use serde_json::{Map, Value, json};
use sukkal_storage::{Capabilities, Result, StorageError, Store, StoreStatus};
use tokio::time::timeout;

use super::Admin;
use crate::placement::NamedStore;

/// A store that takes longer to answer counts as not answering.
const ANSWERS_WITHIN: Duration = Duration::from_secs(2);

impl Admin {
    /// 200 while every store answers and the server does not stop, else 503.
    pub(super) async fn ready(&self) -> Response {
        if self.shutdown.is_closing() {
            return super::json(StatusCode::SERVICE_UNAVAILABLE, &json!({ "status": "stopping" }));
        }
        let answers = join_all(self.stores.iter().map(|(_, store)| within(ping(store)))).await;
        let ready = answers.iter().all(Result::is_ok);
        let stores: Map<String, Value> = self
            .stores
            .iter()
            .zip(answers)
            .map(|((name, _), answer)| {
                (name.clone(), answer.err().map_or("ok".into(), |error| error.to_string().into()))
            })
            .collect();
        let (code, status) = if ready {
            (StatusCode::OK, "ready")
        } else {
            (StatusCode::SERVICE_UNAVAILABLE, "unavailable")
        };
        super::json(code, &json!({ "status": status, "stores": stores }))
    }

    /// What runs here, on which stores, and where it listens.
    pub(super) async fn status(&self) -> Response {
        let stores =
            join_all(self.stores.iter().map(|(name, store)| store_status(name, store))).await;
        let listeners: Map<String, Value> = self
            .listeners
            .iter()
            .map(|(name, address)| ((*name).to_owned(), address.to_string().into()))
            .collect();
        let mut status = json!({
            "version": env!("CARGO_PKG_VERSION"),
            "uptime_seconds": self.started.elapsed().as_secs(),
            "stopping": self.shutdown.is_closing(),
            "listeners": listeners,
            "stores": stores,
        });
        if self.placement.has_pools() {
            let pools = self.placement.stores().await;
            status["pools"] = join_all(pools.iter().map(pool_status)).await.into();
        }
        super::json(StatusCode::OK, &status)
    }
}

async fn pool_status(pool: &NamedStore) -> Value {
    match &pool.data {
        Ok(data) => json!({
            "name": &*pool.name,
            "capabilities": capabilities(data.capabilities()),
            "data": role(within(data.status()).await),
        }),
        Err(error) => json!({ "name": &*pool.name, "data": { "error": error.to_string() } }),
    }
}

async fn store_status(name: &str, store: &Store) -> Value {
    let control = within(store.control.status()).await;
    let data = within(store.data.status()).await;
    json!({
        "name": name,
        "capabilities": capabilities(store.data.capabilities()),
        "control": role(control),
        "data": role(data),
    })
}

fn role(status: Result<StoreStatus>) -> Value {
    match status {
        Ok(status) => json!({
            "driver": status.driver,
            "durability": status.durability.name(),
            "detail": status.detail,
        }),
        Err(error) => json!({ "error": error.to_string() }),
    }
}

fn capabilities(capabilities: Capabilities) -> Vec<&'static str> {
    capabilities.iter().map(|each| each.name()).collect()
}

async fn ping(store: &Store) -> Result<()> {
    store.control.ping().await?;
    store.data.ping().await
}

async fn within<T>(answer: impl Future<Output = Result<T>>) -> Result<T> {
    timeout(ANSWERS_WITHIN, answer)
        .await
        .unwrap_or_else(|_| Err(StorageError::unavailable("it does not answer")))
}

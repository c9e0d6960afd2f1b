//! Whether stores do what is asked of them: the usual operations, really executed on a queue that nobody else uses.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};
use sukkal_storage::{
    Body, CreateClaim, DataDriver, DeleteClaim, DeleteMessage, DeleteMessages, Generation,
    ListMessages, Message, NewMessage, Post, QueueKey, Result, StorageError,
};
use uuid::Uuid;

use crate::metrics::Stopwatch;
use crate::placement::{CreateError, Placement};

/// How many messages are posted.
const MESSAGES: usize = 100;
/// How many are claimed and listed at once.
const PAGE: usize = 10;
/// The lifetime of the messages, in seconds, should they be left behind.
const MESSAGE_TTL: i64 = 600;
/// The lifetime and the grace of the claim, in seconds.
const CLAIM: (i64, i64) = (60, 300);
/// How long one operation may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// The health of every store that holds queues.
pub(crate) async fn report(placement: &Placement) -> Value {
    if !placement.has_pools() {
        return Value::Object(store(placement, &placement.main().data, true).await);
    }
    let catalog = within(placement.control().ping()).await.is_ok();
    let pools = placement.stores().await.into_iter().map(|pool| async move {
        let health = match &pool.data {
            Ok(data) => store(placement, data, false).await,
            Err(_) => unreachable_store(),
        };
        (pool.name.to_string(), Value::Object(health))
    });
    let mut health = Map::new();
    health.insert("catalog_reachable".to_owned(), json!(catalog));
    health.extend(join_all(pools).await);
    Value::Object(health)
}

/// The health of a store that is not open.
fn unreachable_store() -> Map<String, Value> {
    let members = [("storage_reachable", json!(false)), ("operation_status", json!({}))];
    members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

/// The health of one store. `has_record` creates and deletes the record of the queue as well.
async fn store(
    placement: &Placement,
    data: &Arc<dyn DataDriver>,
    has_record: bool,
) -> Map<String, Value> {
    let reachable = within(data.ping()).await.is_ok();
    let queue = QueueKey::new(Uuid::new_v4().to_string(), Uuid::new_v4().simple().to_string());
    let mut trial = Trial { placement, data, queue, has_record, status: Map::new() };
    trial.run().await;
    let mut health = Map::new();
    health.insert("storage_reachable".to_owned(), json!(reachable));
    health.insert("operation_status".to_owned(), Value::Object(trial.status));
    health
}

/// A run of all operations on one store.
struct Trial<'a> {
    placement: &'a Placement,
    data: &'a Arc<dyn DataDriver>,
    queue: QueueKey,
    has_record: bool,
    status: Map<String, Value>,
}

impl Trial<'_> {
    /// Runs the operations; what depends on one that failed is left out.
    async fn run(&mut self) {
        let created = measured("create_queue", self.create()).await;
        let Some(generation) = self.keep(created) else { return };
        let posted = measured("post_messages", self.post(generation)).await;
        if let Some(posted) = self.keep(posted) {
            self.use_messages(posted).await;
        }
        let deleted = measured("delete_queue", self.delete()).await;
        self.keep(deleted);
    }

    async fn use_messages(&mut self, posted: Vec<Uuid>) {
        let id = Uuid::new_v4();
        let claimed = measured("claim_messages", self.claim(id)).await;
        let claimed = self.keep(claimed);
        let listed = measured("list_messages", self.list()).await;
        self.keep(listed);
        if let Some(claimed) = claimed {
            let deleted = measured("delete_messages", self.delete_claimed(id, claimed)).await;
            self.keep(deleted);
            let released = measured("delete_claim", self.release(id)).await;
            self.keep(released);
        }
        let deleted = measured("bulk_delete_messages", self.delete_all(posted)).await;
        self.keep(deleted);
    }

    /// Notes how an operation went.
    fn keep<T>(&mut self, went: Went<T>) -> Option<T> {
        let Went { name, result, seconds } = went;
        let reference = result.as_ref().err().map(|error| {
            let reference = Uuid::new_v4().to_string();
            tracing::warn!(reference, operation = name, %error, "a store does not do what is asked of it");
            reference
        });
        let status =
            json!({ "succeeded": reference.is_none(), "seconds": seconds, "ref": reference });
        self.status.insert(name.to_owned(), status);
        result.ok()
    }

    async fn create(&self) -> Result<Generation> {
        if self.has_record {
            let created = self.placement.create(&self.queue, Bytes::from_static(b"{}"), None).await;
            created.map_err(CreateError::into_storage)?;
        }
        Ok(self.data.queues().state(&self.queue).await?.generation)
    }

    async fn post(&self, generation: Generation) -> Result<Vec<Uuid>> {
        let ids: Vec<Uuid> = (0..MESSAGES).map(|_| Uuid::now_v7()).collect();
        let message = |id: &Uuid| NewMessage {
            id: *id,
            ttl: MESSAGE_TTL,
            delay_until: None,
            body: Body::json(Bytes::from_static(b"\"health\"")),
            checksum: None,
            attributes: Default::default(),
        };
        let command = Post {
            queue: self.queue.clone(),
            generation,
            messages: ids.iter().map(message).collect(),
            client_id: "health".into(),
            idempotency_key: None,
            now: self.placement.now(),
        };
        self.data.messages().post(command).await?;
        Ok(ids)
    }

    async fn claim(&self, id: Uuid) -> Result<Vec<Message>> {
        let (ttl, grace) = CLAIM;
        let command = CreateClaim {
            queue: self.queue.clone(),
            id,
            limit: PAGE,
            ttl,
            grace,
            dead_letter: None,
            now: self.placement.now(),
        };
        Ok(self.data.claims().create(command).await?.messages)
    }

    async fn list(&self) -> Result<Vec<Message>> {
        let query = ListMessages {
            queue: self.queue.clone(),
            after: None,
            limit: PAGE,
            include_claimed: true,
            include_delayed: true,
            exclude_client: None,
            now: self.placement.now(),
        };
        self.data.messages().list(query).await
    }

    async fn delete_claimed(&self, claim: Uuid, messages: Vec<Message>) -> Result<()> {
        for message in messages {
            let command = DeleteMessage {
                queue: self.queue.clone(),
                id: message.id,
                claim_id: Some(claim),
                now: self.placement.now(),
            };
            self.data.messages().delete(command).await?;
        }
        Ok(())
    }

    async fn release(&self, claim: Uuid) -> Result<()> {
        let now = self.placement.now();
        let command = DeleteClaim { queue: self.queue.clone(), id: claim, now };
        self.data.claims().delete(command).await
    }

    async fn delete_all(&self, ids: Vec<Uuid>) -> Result<()> {
        let now = self.placement.now();
        let command = DeleteMessages { queue: self.queue.clone(), ids, claim_ids: None, now };
        self.data.messages().delete_many(command).await
    }

    async fn delete(&self) -> Result<()> {
        if self.has_record {
            return self.placement.delete(&self.queue).await;
        }
        let generation = self.data.queues().seal(&self.queue).await?;
        self.data.queues().unseal(&self.queue, generation).await
    }
}

/// How one operation went, with what it returned if it succeeded.
struct Went<T> {
    name: &'static str,
    result: Result<T>,
    seconds: f64,
}

async fn measured<T>(name: &'static str, operation: impl Future<Output = Result<T>>) -> Went<T> {
    let begun = Stopwatch::start();
    let result = within(operation).await;
    Went { name, result, seconds: begun.elapsed().as_secs_f64() }
}

async fn within<T>(operation: impl Future<Output = Result<T>>) -> Result<T> {
    let result = tokio::time::timeout(PATIENCE, operation).await;
    result.unwrap_or_else(|_| Err(StorageError::unavailable("took too long")))
}

#[cfg(test)]
mod tests {
    use sukkal_storage::Store;

    use super::*;
    use crate::clock::Clock;
    use crate::testing::Fake;

    #[tokio::test]
    async fn what_depends_on_a_failure_is_left_out_and_the_log_can_be_found() {
        let fake = Arc::new(Fake::unavailable());
        let store = Store { control: fake.clone(), data: fake };

        let report = report(&Placement::new(store, Clock::manual(0))).await;

        assert_eq!(report["storage_reachable"], false);
        let status = report["operation_status"].as_object().unwrap();
        assert_eq!(status.keys().collect::<Vec<_>>(), ["create_queue"]);
        assert_eq!(status["create_queue"]["succeeded"], false);
        assert!(Uuid::try_parse(status["create_queue"]["ref"].as_str().unwrap()).is_ok());
    }
}

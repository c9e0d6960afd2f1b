//! The stage `body_schema`: a queue or topic says by a JSON Schema which bodies it takes.
//!
//! The schema stands in the metadata. In the pipeline of queues or topics the stage checks it when it is set, in the
//! pipeline of messages it checks what is posted.

mod cost;
mod schema;

use std::sync::Arc;

use async_trait::async_trait;
use moka::sync::Cache;
use serde_json::{Map, Value};
use sukkal_storage::{Generation, NewMessage, QueueKey};

use super::{Call, Command, Refusal, Stage};
use crate::json;
use crate::placement::Queue;
use schema::BodySchema as Schema;

/// The metadata key that holds the schema.
pub const SCHEMA_KEY: &str = "_message_schema";

/// How many queues with their schemas are remembered.
const MOST_REMEMBERED: u64 = 1000;

/// What is remembered of the metadata of a queue: nothing if it has no schema.
type Remembered = Option<Arc<Result<Schema, Refusal>>>;

/// A queue whose metadata is that of one revision.
type Revision = (QueueKey, Generation, u64);

/// The stage.
pub struct BodySchema {
    remembered: Cache<Revision, Remembered>,
}

impl Default for BodySchema {
    fn default() -> Self {
        Self { remembered: Cache::new(MOST_REMEMBERED) }
    }
}

impl BodySchema {
    /// The schema of a queue, compiled once for each revision of its metadata.
    fn schema(&self, queue: &Queue) -> Remembered {
        let revision = (queue.key.clone(), queue.generation, queue.revision);
        self.remembered
            .get_with(revision, || read(&queue.metadata).map(|schema| Arc::new(compile(&schema))))
    }
}

#[async_trait]
impl Stage for BodySchema {
    fn name(&self) -> &str {
        "body_schema"
    }

    async fn before(&self, call: &Call<'_>, command: &mut Command<'_>) -> Result<(), Refusal> {
        match command {
            Command::CreateQueue { metadata } | Command::UpdateQueue { metadata } => {
                read(metadata).map_or(Ok(()), |schema| compile(&schema).map(drop))
            }
            Command::PostMessages(messages) => match call.record().await? {
                Some(queue) => check(self.schema(&queue).as_deref(), messages),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// The schema in the metadata, if one is set.
fn read(metadata: &[u8]) -> Option<Value> {
    let mut members: Map<String, Value> = json::read(metadata).ok()?;
    members.remove(SCHEMA_KEY).filter(|schema| !schema.is_null())
}

fn compile(schema: &Value) -> Result<Schema, Refusal> {
    Schema::compile(schema)
        .map_err(|(at, problem)| Refusal::invalid_at(format!("/{SCHEMA_KEY}{at}"), problem))
}

fn check(schema: Option<&Result<Schema, Refusal>>, messages: &[NewMessage]) -> Result<(), Refusal> {
    let schema = match schema {
        None => return Ok(()),
        Some(Err(refusal)) => return Err(refusal.clone()),
        Some(Ok(schema)) => schema,
    };
    for (index, message) in messages.iter().enumerate() {
        let place = || format!("/messages/{index}/body");
        let body: Value = json::read(&message.body.bytes)
            .map_err(|_| Refusal::invalid_at(place(), "cannot be read"))?;
        schema
            .check(&body)
            .map_err(|(at, problem)| Refusal::invalid_at(format!("{}{at}", place()), problem))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;

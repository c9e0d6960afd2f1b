//! A stage that masks: queues name the members whose values nobody shall read.
//!
//! The metadata `{"_mask": ["card", "password"]}` makes a queue store `"***"` in the place of these members of each
//! body. Bodies that are no objects are refused there, because nothing could be masked in them.

use async_trait::async_trait;
use serde_json::{Map, Value};
use sukkal_server::stage::{Call, Command, Refusal, Stage};
use sukkal_storage::{Body, NewMessage};

/// The metadata key that names the members.
const KEY: &str = "_mask";

/// The stage; the configuration calls it `mask`.
pub struct Mask;

#[async_trait]
impl Stage for Mask {
    fn name(&self) -> &str {
        "mask"
    }

    async fn before(&self, call: &Call<'_>, command: &mut Command<'_>) -> Result<(), Refusal> {
        match command {
            Command::CreateQueue { metadata } | Command::UpdateQueue { metadata } => {
                members(metadata).map(drop)
            }
            Command::PostMessages(messages) => {
                let Some(queue) = call.record().await? else { return Ok(()) };
                let members = members(&queue.metadata)?;
                if !members.is_empty() {
                    mask(messages, &members)?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// The names in the metadata of a queue.
fn members(metadata: &[u8]) -> Result<Vec<String>, Refusal> {
    let metadata: Map<String, Value> = serde_json::from_slice(metadata).unwrap_or_default();
    match metadata.get(KEY) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(names) => serde_json::from_value(names.clone())
            .map_err(|_| Refusal::invalid_at(format!("/{KEY}"), "must be a list of names")),
    }
}

fn mask(messages: &mut [NewMessage], members: &[String]) -> Result<(), Refusal> {
    for (at, message) in messages.iter_mut().enumerate() {
        let mut body: Map<String, Value> =
            serde_json::from_slice(&message.body.bytes).map_err(|_| {
                Refusal::invalid_at(format!("/messages/{at}/body"), "must be an object")
            })?;
        for name in members {
            if let Some(value) = body.get_mut(name) {
                *value = Value::from("***");
            }
        }
        message.body = Body::json(Value::Object(body).to_string());
    }
    Ok(())
}

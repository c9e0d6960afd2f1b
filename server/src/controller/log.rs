//! Messages of queues and topics alike: posting, listing and finding them.

use std::sync::Arc;

use bytes::Bytes;
use sukkal_spec::raw::Raw;
use sukkal_spec::{ApiError, Message, NewMessage, Operation, RequestContext};
use sukkal_storage::{
    After, Body, DeleteMessage, DeleteMessages, GetMessages, ListMessages, MessageId, Millis,
    NewMessage as Stored, Post, QueueKey, StorageError,
};
use uuid::{Builder, Uuid};

use super::present::shown;
use super::{Controller, parse_id};
use crate::error::api_error;
use crate::placement::{Queue, QueueSettings};
use crate::stage::{Answer, Command};

/// Which page of messages is wanted.
pub(super) struct Page {
    pub(super) marker: Option<String>,
    pub(super) limit: i64,
    pub(super) echo: bool,
    pub(super) include_claimed: bool,
    pub(super) include_delayed: bool,
}

/// A page of messages.
#[derive(Default)]
pub(super) struct Listed {
    pub(super) messages: Vec<Message>,
    pub(super) next_marker: Option<String>,
    /// True when nothing is delayed there, so that delayed messages count as asked for.
    pub(super) delayed_shown: Option<bool>,
}

impl Controller {
    /// Stores messages, all or none; returns their ids.
    pub(super) async fn post<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        messages: Vec<NewMessage>,
    ) -> Result<Vec<String>, ApiError> {
        let mut queue = self.placement.open(key).await.map_err(api_error)?;
        self.check_post_size(&queue.settings, context.document_bytes)?;
        let now = self.placement.now();
        let mut messages = self.stored(messages, &queue.settings, now)?;
        let stages = self.message_stages::<O>(context, key);
        stages.before(Command::PostMessages(&mut messages)).await?;
        let ids: Vec<MessageId> = messages.iter().map(|message| message.id).collect();
        let command = |queue: &Queue, messages: Vec<Stored>| Post {
            queue: key.clone(),
            generation: queue.generation,
            messages,
            client_id: context.client_id.clone(),
            idempotency_key: None,
            now,
        };
        let store = queue.data().messages();
        let ready = self.for_store(&queue, &messages)?;
        let mut posted = context.turn.take(store.post(command(&queue, ready))).await;
        if matches!(posted, Err(StorageError::QueueChanged)) {
            queue = self.placement.reopen(key).await.map_err(api_error)?;
            let ready = self.for_store(&queue, &messages)?;
            posted = queue.data().messages().post(command(&queue, ready)).await;
        }
        if posted.map_err(api_error)?.in_outbox {
            self.placement.announcements().announce(key);
        }
        stages.after(Answer::Posted(&ids)).await?;
        Ok(ids.iter().map(MessageId::to_string).collect())
    }

    pub(super) async fn list_messages<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        page: Page,
    ) -> Result<Listed, ApiError> {
        let found = self.placement.find(key).await.map_err(api_error)?;
        let delays = found.as_ref().is_some_and(|queue| queue.settings.default_delay.is_some());
        let after = match page.marker.as_deref().map(place) {
            Some(None) => return Ok(Listed::default()),
            Some(after) => after,
            None => None,
        };
        let now = self.placement.now();
        let query = ListMessages {
            queue: key.clone(),
            after,
            limit: usize::try_from(page.limit).unwrap_or(1),
            include_claimed: page.include_claimed,
            include_delayed: page.include_delayed || !delays,
            exclude_client: (!page.echo).then(|| context.client_id.clone()),
            now,
        };
        let stages = self.message_stages::<O>(context, key);
        stages.before(Command::ListMessages(&query)).await?;
        let store = match found {
            Some(queue) => Arc::clone(queue.data()),
            None => self.data(key).await?,
        };
        let messages = store.messages().list(query).await.map_err(api_error)?;
        let next_marker = messages.last().map(|message| message.marker.to_string());
        let mut messages = self.readable(key, messages)?;
        stages.after(Answer::Messages(&mut messages)).await?;

        let messages = messages.into_iter().map(|message| shown(message, now)).collect();
        Ok(Listed { messages, next_marker, delayed_shown: (!delays).then_some(true) })
    }

    /// The messages with these ids that exist, in the order asked for.
    pub(super) async fn find_messages<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        ids: &[String],
    ) -> Result<Vec<Message>, ApiError> {
        let ids: Vec<MessageId> = ids.iter().filter_map(|id| parse_id(id)).collect();
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.placement.now();
        let query = GetMessages { queue: key.clone(), ids, now };
        let stages = self.message_stages::<O>(context, key);
        stages.before(Command::GetMessages(&query)).await?;
        let found = self.data(key).await?.messages().get(query).await.map_err(api_error)?;
        let mut found = self.readable(key, found)?;
        stages.after(Answer::Messages(&mut found)).await?;
        Ok(found.into_iter().map(|message| shown(message, now)).collect())
    }

    /// Deletes one message. What the store refuses is for the caller to tell.
    pub(super) async fn delete_message<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        command: DeleteMessage,
    ) -> Result<Result<(), StorageError>, ApiError> {
        let stages = self.message_stages::<O>(context, key);
        stages.before(Command::DeleteMessage(&command)).await?;
        let store = self.data(key).await?;
        let deleted = context.turn.take(store.messages().delete(command)).await;
        if deleted.is_ok() {
            stages.after(Answer::Done).await?;
        }
        Ok(deleted)
    }

    /// Deletes the messages with these ids, all in one step.
    pub(super) async fn delete_messages<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        ids: &[String],
        claim_ids: Option<Vec<Uuid>>,
    ) -> Result<(), ApiError> {
        let ids = ids.iter().filter_map(|id| parse_id(id)).collect();
        let now = self.placement.now();
        let command = DeleteMessages { queue: key.clone(), ids, claim_ids, now };
        let stages = self.message_stages::<O>(context, key);
        stages.before(Command::DeleteMessages(&command)).await?;
        let store = self.data(key).await?;
        let deleted = context.turn.take(store.messages().delete_many(command)).await;
        deleted.map_err(|error| held(error, None))?;
        stages.after(Answer::Done).await
    }

    fn check_post_size(&self, settings: &QueueSettings, size: usize) -> Result<(), ApiError> {
        let Some(queue) = settings.max_post_size else { return Ok(()) };
        let configured = self.limits.max_messages_post_size;
        let maximum = queue.min(configured);
        if i64::try_from(size).unwrap_or(i64::MAX) > maximum {
            return Err(ApiError::MessagesTooLargeForQueue { maximum, configured, queue });
        }
        Ok(())
    }

    fn stored(
        &self,
        messages: Vec<NewMessage>,
        settings: &QueueSettings,
        now: Millis,
    ) -> Result<Vec<Stored>, ApiError> {
        messages
            .into_iter()
            .map(|message| {
                let delay = self.delay(message.delay.as_ref(), settings)?;
                Ok(Stored {
                    id: new_id(now),
                    ttl: message
                        .ttl
                        .or(settings.default_ttl)
                        .unwrap_or(self.limits.default_message_ttl),
                    delay_until: (delay > 0).then(|| now + delay * 1000),
                    checksum: None,
                    body: Body::json(message.body.bytes().clone()),
                    attributes: Bytes::new(),
                })
            })
            .collect()
    }

    /// The delay of a message in seconds; looked at only when its queue delays messages.
    fn delay(&self, given: Option<&Raw>, settings: &QueueSettings) -> Result<i64, ApiError> {
        let Some(default) = settings.default_delay else { return Ok(0) };
        let Some(given) = given else { return Ok(default) };
        let delay: i64 =
            serde_json::from_slice(given.bytes()).map_err(|_| ApiError::DelayNotAnInteger)?;
        let (minimum, maximum) = (0, self.limits.max_message_delay);
        if !(minimum..=maximum).contains(&delay) {
            return Err(ApiError::DelayOutOfRange { minimum, maximum });
        }
        Ok(delay)
    }
}

/// An id that nobody can guess and that sorts by time, so that indexes grow at their end.
pub(super) fn new_id(now: Millis) -> MessageId {
    let random = Uuid::new_v4().into_bytes();
    let mut tail = [0; 10];
    tail.copy_from_slice(&random[..10]);
    // The version and variant bits of the random source must not end up as fixed bits of the tail.
    tail[6] = random[11];
    tail[8] = random[12];
    Builder::from_unix_timestamp_millis(now.unsigned_abs(), &tail).into_uuid()
}

/// What a marker names: a place, a message, or nothing.
fn place(marker: &str) -> Option<After> {
    if let Some(id) = parse_id(marker) {
        return Some(After::Message(id));
    }
    marker.parse().ok().map(After::Marker)
}

/// Ids as a text that tells which were asked for.
pub(super) fn quoted(ids: &[String]) -> String {
    let quoted: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
    quoted.join(", ")
}

/// The error for a message that a claim keeps from being deleted.
pub(super) fn held(error: StorageError, claim_id: Option<Uuid>) -> ApiError {
    match error {
        StorageError::MessageIsClaimed(id) => {
            ApiError::MessageIsClaimed { message_id: id.to_string() }
        }
        StorageError::MessageNotClaimed(id) => {
            ApiError::MessageNotClaimed { message_id: id.to_string() }
        }
        StorageError::MessageNotClaimedBy(id) => ApiError::MessageNotClaimedBy {
            message_id: id.to_string(),
            claim_id: claim_id.map(|id| id.to_string()).unwrap_or_default(),
        },
        other => api_error(other),
    }
}

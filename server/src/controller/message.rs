//! Messages.

use std::sync::Arc;

use bytes::Bytes;
use sukkal_spec::raw::Raw;
use sukkal_spec::{
    ApiError, MessageApi, MessageDelete, MessageDeleteInput, MessageDeleteMany,
    MessageDeleteManyInput, MessageDeleteManyOutcome, MessageDeleteOutcome, MessageGet,
    MessageGetInput, MessageGetMany, MessageGetManyInput, MessageGetManyOutcome, MessageGetOutcome,
    MessageList, MessageListInput, MessageListOutcome, MessagePop, MessagePopInput,
    MessagePopOutcome, MessagePost, MessagePostInput, MessagePostOutcome, NewMessage,
    RequestContext,
};
use sukkal_storage::{
    After, Body, DeleteMessage, DeleteMessages, GetMessages, ListMessages, MessageId, Millis,
    NewMessage as Stored, PopMessages, Post, QueueKey, StorageError,
};
use uuid::{Builder, Uuid};

use super::present::{popped, shown};
use super::{Controller, parse_id};
use crate::error::api_error;
use crate::placement::{Queue, QueueSettings};
use crate::stage::{Answer, Command, Pass};

impl MessageApi for Controller {
    async fn message_post(
        &self,
        context: &RequestContext,
        input: MessagePostInput,
    ) -> Result<MessagePostOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let mut queue = self.placement.open(&key).await.map_err(api_error)?;
        self.check_post_size(&queue.settings, context.document_bytes)?;
        let now = self.placement.now();
        let mut messages = self.stored(input.messages, &queue.settings, now)?;
        let stages = self.message_stages::<MessagePost>(context, &key);
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
            queue = self.placement.reopen(&key).await.map_err(api_error)?;
            let ready = self.for_store(&queue, &messages)?;
            posted = queue.data().messages().post(command(&queue, ready)).await;
        }
        posted.map_err(api_error)?;
        stages.after(Answer::Posted(&ids)).await?;
        let message_ids = ids.iter().map(MessageId::to_string).collect();
        Ok(MessagePostOutcome::Posted { message_ids })
    }

    async fn message_list(
        &self,
        context: &RequestContext,
        input: MessageListInput,
    ) -> Result<MessageListOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let found = self.placement.find(&key).await.map_err(api_error)?;
        let delays = found.as_ref().is_some_and(|queue| queue.settings.default_delay.is_some());
        let after = match input.marker.as_deref().map(place) {
            Some(None) => return Ok(empty_page()),
            Some(after) => after,
            None => None,
        };
        let now = self.placement.now();
        let query = ListMessages {
            queue: key.clone(),
            after,
            limit: usize::try_from(input.limit).unwrap_or(1),
            include_claimed: input.include_claimed,
            include_delayed: input.include_delayed || !delays,
            exclude_client: (!input.echo).then(|| context.client_id.clone()),
            now,
        };
        let stages = self.message_stages::<MessageList>(context, &key);
        stages.before(Command::ListMessages(&query)).await?;
        let store = match found {
            Some(queue) => Arc::clone(queue.data()),
            None => self.data(&key).await?,
        };
        let messages = store.messages().list(query).await.map_err(api_error)?;
        let next_marker = messages.last().map(|message| message.marker.to_string());
        let mut messages = self.readable(&key, messages)?;
        stages.after(Answer::Messages(&mut messages)).await?;

        Ok(MessageListOutcome::Listed {
            next_marker,
            messages: messages.into_iter().map(|message| shown(message, now)).collect(),
            delayed_shown: (!delays).then_some(true),
        })
    }

    async fn message_get(
        &self,
        context: &RequestContext,
        input: MessageGetInput,
    ) -> Result<MessageGetOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let now = self.placement.now();
        let ids = parse_id(&input.message_id).into_iter().collect();
        let stages = self.message_stages::<MessageGet>(context, &key);
        let found = self.find_messages(&stages, &key, ids, now).await?.into_iter().next();
        let message = found.ok_or_else(|| ApiError::MessageDoesNotExist {
            message_id: input.message_id,
            queue_name: key.name.to_string(),
            project_id: key.project.to_string(),
        })?;
        Ok(MessageGetOutcome::Shown { message })
    }

    async fn message_get_many(
        &self,
        context: &RequestContext,
        input: MessageGetManyInput,
    ) -> Result<MessageGetManyOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let now = self.placement.now();
        let ids = input.message_ids.iter().filter_map(|id| parse_id(id)).collect();
        let stages = self.message_stages::<MessageGetMany>(context, &key);
        let messages = self.find_messages(&stages, &key, ids, now).await?;
        if !messages.is_empty() {
            return Ok(MessageGetManyOutcome::Shown { messages });
        }
        let quoted: Vec<String> = input.message_ids.iter().map(|id| format!("'{id}'")).collect();
        Ok(MessageGetManyOutcome::NoneFound {
            messages,
            message_ids: quoted.join(", "),
            queue_name: key.name.to_string(),
            project_id: key.project.to_string(),
        })
    }

    async fn message_delete(
        &self,
        context: &RequestContext,
        input: MessageDeleteInput,
    ) -> Result<MessageDeleteOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let Some(id) = parse_id(&input.message_id) else {
            return Ok(MessageDeleteOutcome::Deleted {});
        };
        let unknown_claim = || ApiError::ClaimOfMessageDoesNotExist {
            claim_id: input.claim_id.clone().unwrap_or_default(),
            queue_name: key.name.to_string(),
            project_id: key.project.to_string(),
        };
        let claim_id = match input.claim_id.as_deref().map(parse_id) {
            Some(None) => return Err(unknown_claim()),
            Some(id) => id,
            None => None,
        };
        let command = DeleteMessage { queue: key.clone(), id, claim_id, now: self.placement.now() };
        let stages = self.message_stages::<MessageDelete>(context, &key);
        stages.before(Command::DeleteMessage(&command)).await?;
        let store = self.data(&key).await?;
        let deleted = context.turn.take(store.messages().delete(command)).await;
        deleted.map_err(|error| match error {
            StorageError::ClaimDoesNotExist => unknown_claim(),
            other => held(other, claim_id),
        })?;
        stages.after(Answer::Done).await?;
        Ok(MessageDeleteOutcome::Deleted {})
    }

    async fn message_delete_many(
        &self,
        context: &RequestContext,
        input: MessageDeleteManyInput,
    ) -> Result<MessageDeleteManyOutcome, ApiError> {
        let claim_ids = match (self.claim_ids_required, input.claim_ids) {
            (false, _) => None,
            (true, None) => return Err(ApiError::ClaimIdsRequired),
            (true, Some(claims)) => Some(claims.iter().filter_map(|id| parse_id(id)).collect()),
        };
        let key = self.key(context, &input.queue_name);
        let ids = input.message_ids.iter().filter_map(|id| parse_id(id)).collect();
        let command =
            DeleteMessages { queue: key.clone(), ids, claim_ids, now: self.placement.now() };
        let stages = self.message_stages::<MessageDeleteMany>(context, &key);
        stages.before(Command::DeleteMessages(&command)).await?;
        let store = self.data(&key).await?;
        let deleted = context.turn.take(store.messages().delete_many(command)).await;
        deleted.map_err(|error| held(error, None))?;
        stages.after(Answer::Done).await?;
        Ok(MessageDeleteManyOutcome::Deleted {})
    }

    async fn message_pop(
        &self,
        context: &RequestContext,
        input: MessagePopInput,
    ) -> Result<MessagePopOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let now = self.placement.now();
        let limit = usize::try_from(input.pop).unwrap_or(1);
        let command = PopMessages { queue: key.clone(), limit, now };
        let stages = self.message_stages::<MessagePop>(context, &key);
        stages.before(Command::PopMessages(&command)).await?;
        let store = self.data(&key).await?;
        let messages = context.turn.take(store.messages().pop(command)).await.map_err(api_error)?;
        let mut messages = self.readable_or_put_back(&key, messages).await?;
        stages.after(Answer::Messages(&mut messages)).await?;
        let messages = messages.into_iter().map(|message| popped(message, now)).collect();
        Ok(MessagePopOutcome::Popped { messages })
    }
}

impl Controller {
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

    async fn find_messages(
        &self,
        stages: &Pass<'_>,
        key: &QueueKey,
        ids: Vec<MessageId>,
        now: Millis,
    ) -> Result<Vec<sukkal_spec::Message>, ApiError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let query = GetMessages { queue: key.clone(), ids, now };
        stages.before(Command::GetMessages(&query)).await?;
        let found = self.data(key).await?.messages().get(query).await.map_err(api_error)?;
        let mut found = self.readable(key, found)?;
        stages.after(Answer::Messages(&mut found)).await?;
        Ok(found.into_iter().map(|message| shown(message, now)).collect())
    }
}

/// An id that nobody can guess and that sorts by time, so that indexes grow at their end.
fn new_id(now: Millis) -> MessageId {
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

fn empty_page() -> MessageListOutcome {
    MessageListOutcome::Listed { messages: Vec::new(), next_marker: None, delayed_shown: None }
}

fn held(error: StorageError, claim_id: Option<Uuid>) -> ApiError {
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

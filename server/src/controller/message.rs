//! Messages of queues.

use std::slice;

use sukkal_spec::{
    ApiError, MessageApi, MessageDelete, MessageDeleteInput, MessageDeleteMany,
    MessageDeleteManyInput, MessageDeleteManyOutcome, MessageDeleteOutcome, MessageGet,
    MessageGetInput, MessageGetMany, MessageGetManyInput, MessageGetManyOutcome, MessageGetOutcome,
    MessageList, MessageListInput, MessageListOutcome, MessagePop, MessagePopInput,
    MessagePopOutcome, MessagePost, MessagePostInput, MessagePostOutcome, RequestContext,
};
use sukkal_storage::{DeleteMessage, PopMessages, StorageError};
use uuid::Uuid;

use super::log::{Page, held, quoted};
use super::present::popped;
use super::{Controller, parse_id};
use crate::error::api_error;
use crate::stage::{Answer, Command};

impl MessageApi for Controller {
    async fn message_post(
        &self,
        context: &RequestContext,
        input: MessagePostInput,
    ) -> Result<MessagePostOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let message_ids = self.post::<MessagePost>(context, &key, input.messages).await?;
        Ok(MessagePostOutcome::Posted { message_ids })
    }

    async fn message_list(
        &self,
        context: &RequestContext,
        input: MessageListInput,
    ) -> Result<MessageListOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let MessageListInput { marker, limit, echo, include_claimed, include_delayed, .. } = input;
        let page = Page { marker, limit, echo, include_claimed, include_delayed };
        let listed = self.list_messages::<MessageList>(context, &key, page).await?;
        Ok(MessageListOutcome::Listed {
            messages: listed.messages,
            next_marker: listed.next_marker,
            delayed_shown: listed.delayed_shown,
        })
    }

    async fn message_get(
        &self,
        context: &RequestContext,
        input: MessageGetInput,
    ) -> Result<MessageGetOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let ids = slice::from_ref(&input.message_id);
        let found = self.find_messages::<MessageGet>(context, &key, ids).await?;
        let message = found.into_iter().next().ok_or_else(|| ApiError::MessageDoesNotExist {
            message_id: input.message_id.clone(),
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
        let ids = &input.message_ids;
        let messages = self.find_messages::<MessageGetMany>(context, &key, ids).await?;
        if !messages.is_empty() {
            return Ok(MessageGetManyOutcome::Shown { messages });
        }
        Ok(MessageGetManyOutcome::NoneFound {
            messages,
            message_ids: quoted(ids),
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
        let deleted = self.delete_message::<MessageDelete>(context, &key, command).await?;
        deleted.map_err(|error| match error {
            StorageError::ClaimDoesNotExist => unknown_claim(),
            other => held(other, claim_id),
        })?;
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
        let ids = &input.message_ids;
        self.delete_messages::<MessageDeleteMany>(context, &key, ids, claim_ids).await?;
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
        let pop = Uuid::new_v4().to_string();
        let messages = messages.into_iter().map(|message| popped(message, &pop, now)).collect();
        Ok(MessagePopOutcome::Popped { messages })
    }
}

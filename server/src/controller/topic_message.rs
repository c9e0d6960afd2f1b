//! Messages of topics.

use std::slice;

use sukkal_spec::{
    ApiError, RequestContext, TopicMessageApi, TopicMessageDelete, TopicMessageDeleteInput,
    TopicMessageDeleteMany, TopicMessageDeleteManyInput, TopicMessageDeleteManyOutcome,
    TopicMessageDeleteOutcome, TopicMessageGet, TopicMessageGetInput, TopicMessageGetMany,
    TopicMessageGetManyInput, TopicMessageGetManyOutcome, TopicMessageGetOutcome, TopicMessageList,
    TopicMessageListInput, TopicMessageListOutcome, TopicMessagePost, TopicMessagePostInput,
    TopicMessagePostOutcome,
};
use sukkal_storage::DeleteMessage;

use super::log::{Page, held, quoted};
use super::{Controller, parse_id};

impl TopicMessageApi for Controller {
    async fn topic_message_post(
        &self,
        context: &RequestContext,
        input: TopicMessagePostInput,
    ) -> Result<TopicMessagePostOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let message_ids = self.post::<TopicMessagePost>(context, &key, input.messages).await?;
        Ok(TopicMessagePostOutcome::Posted { message_ids })
    }

    async fn topic_message_list(
        &self,
        context: &RequestContext,
        input: TopicMessageListInput,
    ) -> Result<TopicMessageListOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let TopicMessageListInput { marker, limit, echo, include_delayed, .. } = input;
        let page = Page { marker, limit, echo, include_claimed: false, include_delayed };
        let listed = self.list_messages::<TopicMessageList>(context, &key, page).await?;
        Ok(TopicMessageListOutcome::Listed {
            messages: listed.messages,
            next_marker: listed.next_marker,
            delayed_shown: listed.delayed_shown,
        })
    }

    async fn topic_message_get(
        &self,
        context: &RequestContext,
        input: TopicMessageGetInput,
    ) -> Result<TopicMessageGetOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let ids = slice::from_ref(&input.message_id);
        let found = self.find_messages::<TopicMessageGet>(context, &key, ids).await?;
        let message =
            found.into_iter().next().ok_or_else(|| ApiError::TopicMessageDoesNotExist {
                message_id: input.message_id.clone(),
                topic_name: key.name.to_string(),
                project_id: key.project.to_string(),
            })?;
        Ok(TopicMessageGetOutcome::Shown { message })
    }

    async fn topic_message_get_many(
        &self,
        context: &RequestContext,
        input: TopicMessageGetManyInput,
    ) -> Result<TopicMessageGetManyOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let ids = &input.message_ids;
        let messages = self.find_messages::<TopicMessageGetMany>(context, &key, ids).await?;
        if !messages.is_empty() {
            return Ok(TopicMessageGetManyOutcome::Shown { messages });
        }
        Ok(TopicMessageGetManyOutcome::NoneFound {
            messages,
            message_ids: quoted(ids),
            topic_name: key.name.to_string(),
            project_id: key.project.to_string(),
        })
    }

    async fn topic_message_delete(
        &self,
        context: &RequestContext,
        input: TopicMessageDeleteInput,
    ) -> Result<TopicMessageDeleteOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        if let Some(id) = parse_id(&input.message_id) {
            let now = self.placement.now();
            let command = DeleteMessage { queue: key.clone(), id, claim_id: None, now };
            let deleted = self.delete_message::<TopicMessageDelete>(context, &key, command).await?;
            deleted.map_err(|error| held(error, None))?;
        }
        Ok(TopicMessageDeleteOutcome::Deleted {})
    }

    async fn topic_message_delete_many(
        &self,
        context: &RequestContext,
        input: TopicMessageDeleteManyInput,
    ) -> Result<TopicMessageDeleteManyOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let ids = &input.message_ids;
        self.delete_messages::<TopicMessageDeleteMany>(context, &key, ids, None).await?;
        Ok(TopicMessageDeleteManyOutcome::Deleted {})
    }
}

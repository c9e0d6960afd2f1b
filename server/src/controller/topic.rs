//! Topics.

use sukkal_spec::{
    ApiError, RequestContext, TopicApi, TopicCounts, TopicCreate, TopicCreateInput,
    TopicCreateOutcome, TopicDelete, TopicDeleteInput, TopicDeleteOutcome, TopicGet, TopicGetInput,
    TopicGetOutcome, TopicGetStats, TopicGetStatsInput, TopicGetStatsOutcome, TopicList,
    TopicListInput, TopicListOutcome, TopicPurge, TopicPurgeInput, TopicPurgeOutcome, TopicUpdate,
    TopicUpdateInput, TopicUpdateOutcome,
};
use sukkal_storage::{Kind, QueueKey};

use super::Controller;
use super::queue::no_messages;
use super::records::{Listing, number};

impl TopicApi for Controller {
    async fn topic_list(
        &self,
        context: &RequestContext,
        input: TopicListInput,
    ) -> Result<TopicListOutcome, ApiError> {
        let TopicListInput { marker, limit, detailed, name, filters } = input;
        let listing = Listing { kind: Kind::Topic, marker, limit, detailed, name, filters };
        let page = self.list_records::<TopicList>(context, listing).await?;
        Ok(TopicListOutcome::Listed { topics: page.entries, next_marker: page.next_marker })
    }

    async fn topic_create(
        &self,
        context: &RequestContext,
        input: TopicCreateInput,
    ) -> Result<TopicCreateOutcome, ApiError> {
        let TopicCreateInput { topic_name, metadata } = input;
        let key = self.topic_key(context, &topic_name);
        Ok(match self.create_record::<TopicCreate>(context, &key, &metadata).await? {
            true => TopicCreateOutcome::Created { topic_name },
            false => TopicCreateOutcome::AlreadyExists { topic_name },
        })
    }

    async fn topic_get(
        &self,
        context: &RequestContext,
        input: TopicGetInput,
    ) -> Result<TopicGetOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let shown = self.show_record::<TopicGet>(context, &key).await?;
        let (metadata, effective_metadata) = (shown.metadata, shown.effective);
        Ok(TopicGetOutcome::Shown { metadata, effective_metadata })
    }

    async fn topic_update(
        &self,
        context: &RequestContext,
        input: TopicUpdateInput,
    ) -> Result<TopicUpdateOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let absent = || does_not_exist(&key);
        let effective_metadata =
            self.update_record::<TopicUpdate>(context, &key, &input.changes, absent).await?;
        Ok(TopicUpdateOutcome::Updated { effective_metadata })
    }

    async fn topic_delete(
        &self,
        context: &RequestContext,
        input: TopicDeleteInput,
    ) -> Result<TopicDeleteOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        self.delete_record::<TopicDelete>(context, &key).await?;
        Ok(TopicDeleteOutcome::Deleted { topic_name: input.topic_name })
    }

    async fn topic_get_stats(
        &self,
        context: &RequestContext,
        input: TopicGetStatsInput,
    ) -> Result<TopicGetStatsOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        let counted = self.count_messages::<TopicGetStats>(context, &key).await?;
        Ok(match counted {
            Some(counted) => TopicGetStatsOutcome::Counted {
                messages: TopicCounts {
                    total: number(counted.stats.claimed + counted.stats.free),
                    oldest: counted.oldest,
                    newest: counted.newest,
                },
            },
            None => TopicGetStatsOutcome::UnknownTopic { messages: no_messages() },
        })
    }

    async fn topic_purge(
        &self,
        context: &RequestContext,
        input: TopicPurgeInput,
    ) -> Result<TopicPurgeOutcome, ApiError> {
        let key = self.topic_key(context, &input.topic_name);
        self.purge::<TopicPurge>(context, &key, &input.resource_types).await?;
        Ok(TopicPurgeOutcome::Purged {})
    }
}

fn does_not_exist(key: &QueueKey) -> ApiError {
    ApiError::TopicDoesNotExist {
        topic_name: key.name.to_string(),
        project_id: key.project.to_string(),
    }
}

//! Queues.

use sukkal_spec::{
    ApiError, MessageCounts, QueueApi, QueueCreate, QueueCreateInput, QueueCreateOutcome,
    QueueDelete, QueueDeleteInput, QueueDeleteOutcome, QueueGet, QueueGetInput, QueueGetOutcome,
    QueueGetStats, QueueGetStatsInput, QueueGetStatsOutcome, QueueList, QueueListInput,
    QueueListOutcome, QueuePurge, QueuePurgeInput, QueuePurgeOutcome, QueueShareInput,
    QueueShareOutcome, QueueUpdate, QueueUpdateInput, QueueUpdateOutcome, RequestContext,
};
use sukkal_storage::{Kind, QueueKey, QueueStats};

use super::Controller;
use super::records::{Counted, Listing, number};
use crate::error::api_error;

impl QueueApi for Controller {
    async fn queue_list(
        &self,
        context: &RequestContext,
        input: QueueListInput,
    ) -> Result<QueueListOutcome, ApiError> {
        let queues = self.placement.control().queues();
        let count = match input.with_count {
            true => Some(queues.count(&context.project_id, Kind::Queue).await.map_err(api_error)?),
            false => None,
        };
        let QueueListInput { marker, limit, detailed, name, filters, .. } = input;
        let listing = Listing { kind: Kind::Queue, marker, limit, detailed, name, filters };
        let page = self.list_records::<QueueList>(context, listing).await?;
        Ok(QueueListOutcome::Listed {
            queues: page.entries,
            next_marker: page.next_marker,
            count: count.filter(|count| *count > 0).map(number),
        })
    }

    async fn queue_create(
        &self,
        context: &RequestContext,
        input: QueueCreateInput,
    ) -> Result<QueueCreateOutcome, ApiError> {
        let QueueCreateInput { queue_name, metadata } = input;
        let key = self.key(context, &queue_name);
        Ok(match self.create_record::<QueueCreate>(context, &key, &metadata).await? {
            true => QueueCreateOutcome::Created { queue_name },
            false => QueueCreateOutcome::AlreadyExists { queue_name },
        })
    }

    async fn queue_get(
        &self,
        context: &RequestContext,
        input: QueueGetInput,
    ) -> Result<QueueGetOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let shown = self.show_record::<QueueGet>(context, &key).await?;
        let (metadata, effective_metadata) = (shown.metadata, shown.effective);
        Ok(QueueGetOutcome::Shown { metadata, effective_metadata })
    }

    async fn queue_update(
        &self,
        context: &RequestContext,
        input: QueueUpdateInput,
    ) -> Result<QueueUpdateOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let absent = || does_not_exist(&key);
        let effective_metadata =
            self.update_record::<QueueUpdate>(context, &key, &input.changes, absent).await?;
        Ok(QueueUpdateOutcome::Updated { effective_metadata })
    }

    async fn queue_delete(
        &self,
        context: &RequestContext,
        input: QueueDeleteInput,
    ) -> Result<QueueDeleteOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        self.delete_record::<QueueDelete>(context, &key).await?;
        Ok(QueueDeleteOutcome::Deleted { queue_name: input.queue_name })
    }

    async fn queue_get_stats(
        &self,
        context: &RequestContext,
        input: QueueGetStatsInput,
    ) -> Result<QueueGetStatsOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let counted = self.count_messages::<QueueGetStats>(context, &key).await?;
        Ok(match counted {
            Some(counted) => QueueGetStatsOutcome::Counted { messages: counts(counted) },
            None => QueueGetStatsOutcome::UnknownQueue { messages: no_messages() },
        })
    }

    async fn queue_purge(
        &self,
        context: &RequestContext,
        input: QueuePurgeInput,
    ) -> Result<QueuePurgeOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        self.purge::<QueuePurge>(context, &key, &input.resource_types).await?;
        Ok(QueuePurgeOutcome::Purged {})
    }

    async fn queue_share(
        &self,
        context: &RequestContext,
        input: QueueShareInput,
    ) -> Result<QueueShareOutcome, ApiError> {
        self.share(context, input)
    }
}

fn does_not_exist(key: &QueueKey) -> ApiError {
    ApiError::QueueDoesNotExist {
        queue_name: key.name.to_string(),
        project_id: key.project.to_string(),
    }
}

/// The counts of what does not exist.
pub(super) fn no_messages() -> MessageCounts {
    counts(Counted { stats: QueueStats::default(), oldest: None, newest: None })
}

fn counts(Counted { stats, oldest, newest }: Counted) -> MessageCounts {
    MessageCounts {
        claimed: number(stats.claimed),
        free: number(stats.free),
        total: number(stats.claimed + stats.free),
        oldest,
        newest,
    }
}

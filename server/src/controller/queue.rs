//! Queues.

use bytes::Bytes;
use sukkal_spec::raw::Raw;
use sukkal_spec::{
    ApiError, MessageCounts, MessageStamp, QueueApi, QueueCreate, QueueCreateInput,
    QueueCreateOutcome, QueueDelete, QueueDeleteInput, QueueDeleteOutcome, QueueEntry, QueueGet,
    QueueGetInput, QueueGetOutcome, QueueGetStats, QueueGetStatsInput, QueueGetStatsOutcome,
    QueueList, QueueListInput, QueueListOutcome, QueuePurge, QueuePurgeInput, QueuePurgeOutcome,
    QueueShareInput, QueueShareOutcome, QueueUpdate, QueueUpdateInput, QueueUpdateOutcome,
    RequestContext,
};
use sukkal_storage::{
    FilterValue, GetMessages, Kind, ListQueues, Message, Millis, PurgeMessages, QueueFilter,
    QueueKey, QueueRecord, QueueStats, StatsQuery, StorageError, UpdateQueue,
};

use super::present::{age, timestamp};
use super::{Controller, metadata, patch};
use crate::error::api_error;
use crate::placement::Queue;
use crate::stage::{Answer, Command};

/// How many messages one step of a purge removes.
const PURGE_STEP: usize = 1000;
/// How often an update is tried when others update the same queue.
const UPDATE_TRIES: usize = 32;

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
        let detailed = input.detailed;
        let query = list_query(context, input);
        let everywhere = self.key(context, "");
        let stages = self.queue_stages::<QueueList>(context, &everywhere);
        stages.before(Command::ListQueues(&query)).await?;
        let mut records = queues.list(query).await.map_err(api_error)?;
        let next_marker = records.last().map(|record| record.name.to_string());
        stages.after(Answer::Queues(&mut records)).await?;

        Ok(QueueListOutcome::Listed {
            next_marker,
            queues: records.into_iter().map(|record| self.entry(record, detailed)).collect(),
            count: count
                .filter(|count| *count > 0)
                .map(|count| i64::try_from(count).unwrap_or(i64::MAX)),
        })
    }

    async fn queue_create(
        &self,
        context: &RequestContext,
        input: QueueCreateInput,
    ) -> Result<QueueCreateOutcome, ApiError> {
        self.check_metadata_size(input.metadata.bytes())?;
        let checked = metadata::read(input.metadata.bytes());
        metadata::check(&checked, &self.limits)?;
        let key = self.key(context, &input.queue_name);
        let text = metadata::write(&checked);
        let stages = self.queue_stages::<QueueCreate>(context, &key);
        stages.before(Command::CreateQueue { metadata: &text }).await?;
        let created = self.placement.create(&key, text).await.map_err(api_error)?;
        stages.after(Answer::Done).await?;

        let queue_name = input.queue_name;
        Ok(if created {
            QueueCreateOutcome::Created { queue_name }
        } else {
            QueueCreateOutcome::AlreadyExists { queue_name }
        })
    }

    async fn queue_get(
        &self,
        context: &RequestContext,
        input: QueueGetInput,
    ) -> Result<QueueGetOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let stages = self.queue_stages::<QueueGet>(context, &key);
        stages.before(Command::GetQueue).await?;
        let record = self.placement.control().queues().get(&key).await.map_err(api_error)?;
        let stored = record.map_or(Bytes::from_static(b"{}"), |record| record.metadata);
        stages.after(Answer::Metadata(&stored)).await?;

        Ok(QueueGetOutcome::Shown {
            effective_metadata: metadata::effective(&stored, &self.limits),
            metadata: Raw::from_trusted(stored),
        })
    }

    async fn queue_update(
        &self,
        context: &RequestContext,
        input: QueueUpdateInput,
    ) -> Result<QueueUpdateOutcome, ApiError> {
        let changes = patch::read(&input.changes)?;
        let key = self.key(context, &input.queue_name);
        let stages = self.queue_stages::<QueueUpdate>(context, &key);
        for _ in 0..UPDATE_TRIES {
            let found = self.placement.control().queues().get(&key).await.map_err(api_error)?;
            let record = found.ok_or_else(|| does_not_exist(&key))?;
            let mut changed = metadata::read(&record.metadata);
            patch::apply(&mut changed, &changes, &self.limits)?;
            metadata::check(&changed, &self.limits)?;
            let text = metadata::write(&changed);
            self.check_metadata_size(&text)?;
            stages.before(Command::UpdateQueue { metadata: &text }).await?;
            let command = UpdateQueue {
                queue: key.clone(),
                revision: record.revision,
                metadata: text.clone(),
            };
            match self.placement.control().queues().update(command).await {
                Ok(_) => {
                    self.placement.forget(&key);
                    stages.after(Answer::Done).await?;
                    let effective_metadata = metadata::effective(&text, &self.limits);
                    return Ok(QueueUpdateOutcome::Updated { effective_metadata });
                }
                Err(StorageError::RecordChanged) => {}
                Err(StorageError::QueueDoesNotExist) => return Err(does_not_exist(&key)),
                Err(other) => return Err(api_error(other)),
            }
        }
        Err(api_error(StorageError::RecordChanged))
    }

    async fn queue_delete(
        &self,
        context: &RequestContext,
        input: QueueDeleteInput,
    ) -> Result<QueueDeleteOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let stages = self.queue_stages::<QueueDelete>(context, &key);
        stages.before(Command::DeleteQueue).await?;
        self.placement.delete(&key).await.map_err(api_error)?;
        stages.after(Answer::Done).await?;
        Ok(QueueDeleteOutcome::Deleted { queue_name: input.queue_name })
    }

    async fn queue_get_stats(
        &self,
        context: &RequestContext,
        input: QueueGetStatsInput,
    ) -> Result<QueueGetStatsOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let stages = self.queue_stages::<QueueGetStats>(context, &key);
        stages.before(Command::CountMessages).await?;
        let Some(queue) = self.placement.find(&key).await.map_err(api_error)? else {
            let messages = counts(QueueStats::default(), None, None);
            return Ok(QueueGetStatsOutcome::UnknownQueue { messages });
        };
        let now = self.placement.now();
        let query = StatsQuery { queue: key.clone(), now };
        let stats = queue.data().messages().stats(query).await.map_err(api_error)?;
        let (oldest, newest) = self.stamps(&queue, &stats, now).await?;
        stages.after(Answer::Counted(&stats)).await?;
        Ok(QueueGetStatsOutcome::Counted { messages: counts(stats, oldest, newest) })
    }

    async fn queue_purge(
        &self,
        context: &RequestContext,
        input: QueuePurgeInput,
    ) -> Result<QueuePurgeOutcome, ApiError> {
        let key = self.key(context, &input.queue_name);
        let stages = self.queue_stages::<QueuePurge>(context, &key);
        stages.before(Command::PurgeQueue { resource_types: &input.resource_types }).await?;
        if input.resource_types.iter().any(|kind| kind == "messages") {
            let store = self.data(&key).await?;
            let mut up_to = None;
            loop {
                let now = self.placement.now();
                let command = PurgeMessages { queue: key.clone(), limit: PURGE_STEP, up_to, now };
                let step = store.messages().purge(command).await.map_err(api_error)?;
                if !step.more {
                    break;
                }
                up_to = Some(step.up_to);
            }
        }
        if input.resource_types.iter().any(|kind| kind == "subscriptions") {
            self.purge_subscriptions(&key).await?;
        }
        stages.after(Answer::Done).await?;
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

impl Controller {
    fn entry(&self, record: QueueRecord, detailed: bool) -> QueueEntry {
        let metadata = detailed.then(|| metadata::effective(&record.metadata, &self.limits));
        QueueEntry { name: record.name.to_string(), metadata }
    }

    /// The oldest and the newest message, if they are still there.
    async fn stamps(
        &self,
        queue: &Queue,
        stats: &QueueStats,
        now: Millis,
    ) -> Result<(Option<MessageStamp>, Option<MessageStamp>), ApiError> {
        let (Some(oldest), Some(newest)) = (stats.oldest, stats.newest) else {
            return Ok((None, None));
        };
        let query = GetMessages { queue: queue.key.clone(), ids: vec![oldest.id, newest.id], now };
        let found = queue.data().messages().get(query).await.map_err(api_error)?;
        let (found, _) = self.sort_out(&queue.key, found);
        let stamp = |id| found.iter().find(|message| message.id == id).map(|each| stamp(each, now));
        Ok((stamp(oldest.id), stamp(newest.id)))
    }

    fn check_metadata_size(&self, text: &[u8]) -> Result<(), ApiError> {
        let maximum = self.limits.max_queue_metadata;
        if i64::try_from(text.len()).unwrap_or(i64::MAX) > maximum {
            return Err(ApiError::MetadataTooLarge { maximum });
        }
        Ok(())
    }
}

fn list_query(context: &RequestContext, input: QueueListInput) -> ListQueues {
    let wanted = |text: String| match text.parse() {
        Ok(number) => FilterValue::Integer(number),
        Err(_) => FilterValue::Text(text),
    };
    let metadata =
        input.filters.into_iter().flatten().map(|(key, text)| (key, wanted(text))).collect();
    ListQueues {
        project: context.project_id.clone(),
        kind: Kind::Queue,
        after: input.marker,
        limit: usize::try_from(input.limit).unwrap_or(1),
        filter: QueueFilter { name_contains: input.name, metadata },
    }
}

fn does_not_exist(key: &QueueKey) -> ApiError {
    ApiError::QueueDoesNotExist {
        queue_name: key.name.to_string(),
        project_id: key.project.to_string(),
    }
}

fn counts(
    stats: QueueStats,
    oldest: Option<MessageStamp>,
    newest: Option<MessageStamp>,
) -> MessageCounts {
    let number = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    MessageCounts {
        claimed: number(stats.claimed),
        free: number(stats.free),
        total: number(stats.claimed + stats.free),
        oldest,
        newest,
    }
}

fn stamp(message: &Message, now: Millis) -> MessageStamp {
    MessageStamp {
        id: message.id.to_string(),
        age: age(message.created_at, now),
        ttl: message.ttl,
        body: Raw::from_trusted(message.body.bytes.clone()),
        claim_id: message.claim.map(|claim| claim.id.to_string()),
        claim_count: message.claim_count,
        created: timestamp(message.created_at),
    }
}

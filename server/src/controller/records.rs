//! Queues and topics alike: their metadata, their counts, and what is removed with them.

use bytes::Bytes;
use sukkal_spec::raw::Raw;
use sukkal_spec::{ApiError, MessageStamp, Operation, QueueEntry, RequestContext};
use sukkal_storage::{
    FilterValue, GetMessages, Kind, ListQueues, Message, Millis, PurgeMessages, QueueFilter,
    QueueKey, QueueStats, StatsQuery, StorageError, UpdateQueue,
};

use super::present::{age, timestamp};
use super::{Controller, metadata, patch};
use crate::error::api_error;
use crate::placement::{CreateError, Queue, QueueSettings};
use crate::stage::{Answer, Command};

/// How many messages one step of a purge removes.
const PURGE_STEP: usize = 1000;
/// How often an update is tried when others update the same metadata.
const UPDATE_TRIES: usize = 32;

/// Which page is wanted, of what.
pub(super) struct Listing {
    pub(super) kind: Kind,
    pub(super) marker: Option<String>,
    pub(super) limit: i64,
    pub(super) detailed: bool,
    pub(super) name: Option<String>,
    pub(super) filters: Option<Vec<(String, String)>>,
}

/// A page, and where the next one begins.
pub(super) struct Listed {
    pub(super) entries: Vec<QueueEntry>,
    pub(super) next_marker: Option<String>,
}

/// Metadata as it is stored, and as readers see it.
pub(super) struct Shown {
    pub(super) metadata: Raw,
    pub(super) effective: Raw,
}

/// How many messages there are, and which is the first and which the last.
pub(super) struct Counted {
    pub(super) stats: QueueStats,
    pub(super) oldest: Option<MessageStamp>,
    pub(super) newest: Option<MessageStamp>,
}

impl Controller {
    pub(super) async fn list_records<O: Operation>(
        &self,
        context: &RequestContext,
        listing: Listing,
    ) -> Result<Listed, ApiError> {
        let (kind, detailed) = (listing.kind, listing.detailed);
        let query = list_query(context, listing);
        let everywhere = QueueKey { kind, ..self.key(context, "") };
        let stages = self.queue_stages::<O>(context, &everywhere);
        stages.before(Command::ListQueues(&query)).await?;
        let mut records = self.placement.control().queues().list(query).await.map_err(api_error)?;
        let next_marker = records.last().map(|record| record.name.to_string());
        stages.after(Answer::Queues(&mut records)).await?;
        let entry = |record: sukkal_storage::QueueRecord| {
            let filled = || metadata::effective(kind, &record.metadata, &self.limits);
            QueueEntry {
                name: record.name.to_string(),
                effective_metadata: detailed.then(filled),
                metadata: detailed.then_some(Raw::from_trusted(record.metadata)),
            }
        };
        Ok(Listed { entries: records.into_iter().map(entry).collect(), next_marker })
    }

    /// Creates what is not there; tells whether it did.
    pub(super) async fn create_record<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        given: &Raw,
    ) -> Result<bool, ApiError> {
        self.check_metadata_size(given.bytes())?;
        let checked = metadata::read(given.bytes());
        metadata::check(&checked, &self.limits)?;
        let text = metadata::write(&checked);
        let stages = self.queue_stages::<O>(context, key);
        stages.before(Command::CreateQueue { metadata: &text }).await?;
        let flavor = QueueSettings::flavor(&text);
        let created = self.placement.create(key, text, flavor.as_deref()).await;
        let created = created.map_err(not_created)?;
        stages.after(Answer::Done).await?;
        Ok(created)
    }

    pub(super) async fn show_record<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
    ) -> Result<Shown, ApiError> {
        let stages = self.queue_stages::<O>(context, key);
        stages.before(Command::GetQueue).await?;
        let record = self.placement.control().queues().get(key).await.map_err(api_error)?;
        let stored = record.map_or(Bytes::from_static(b"{}"), |record| record.metadata);
        stages.after(Answer::Metadata(&stored)).await?;
        let effective = metadata::effective(key.kind, &stored, &self.limits);
        Ok(Shown { metadata: Raw::from_trusted(stored), effective })
    }

    /// Applies changes to metadata and returns it as readers see it; `absent` is told if there is none.
    pub(super) async fn update_record<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        changes: &[Raw],
        absent: impl Fn() -> ApiError,
    ) -> Result<Raw, ApiError> {
        let changes = patch::read(changes)?;
        let stages = self.queue_stages::<O>(context, key);
        for _ in 0..UPDATE_TRIES {
            let found = self.placement.control().queues().get(key).await.map_err(api_error)?;
            let record = found.ok_or_else(&absent)?;
            let mut changed = metadata::read(&record.metadata);
            patch::apply(key.kind, &mut changed, &changes, &self.limits)?;
            metadata::check(&changed, &self.limits)?;
            let text = metadata::write(&changed);
            self.check_metadata_size(&text)?;
            self.check_flavor(key, &record.metadata, &text).await?;
            stages.before(Command::UpdateQueue { metadata: &text }).await?;
            let command = UpdateQueue {
                queue: key.clone(),
                revision: record.revision,
                metadata: text.clone(),
            };
            match self.placement.control().queues().update(command).await {
                Ok(_) => {
                    self.placement.forget(key);
                    stages.after(Answer::Done).await?;
                    return Ok(metadata::effective(key.kind, &text, &self.limits));
                }
                Err(StorageError::RecordChanged) => {}
                Err(StorageError::QueueDoesNotExist) => return Err(absent()),
                Err(other) => return Err(api_error(other)),
            }
        }
        Err(api_error(StorageError::RecordChanged))
    }

    pub(super) async fn delete_record<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
    ) -> Result<(), ApiError> {
        let stages = self.queue_stages::<O>(context, key);
        stages.before(Command::DeleteQueue).await?;
        self.placement.delete(key).await.map_err(api_error)?;
        stages.after(Answer::Done).await
    }

    /// Counts the messages of what exists.
    pub(super) async fn count_messages<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
    ) -> Result<Option<Counted>, ApiError> {
        let stages = self.queue_stages::<O>(context, key);
        stages.before(Command::CountMessages).await?;
        let Some(queue) = self.placement.find(key).await.map_err(api_error)? else {
            return Ok(None);
        };
        let now = self.placement.now();
        let query = StatsQuery { queue: key.clone(), now };
        let stats = queue.data().messages().stats(query).await.map_err(api_error)?;
        let (oldest, newest) = self.stamps(&queue, &stats, now).await?;
        stages.after(Answer::Counted(&stats)).await?;
        Ok(Some(Counted { stats, oldest, newest }))
    }

    /// Removes what these names say: `messages`, `subscriptions`.
    pub(super) async fn purge<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        resource_types: &[String],
    ) -> Result<(), ApiError> {
        let stages = self.queue_stages::<O>(context, key);
        stages.before(Command::PurgeQueue { resource_types }).await?;
        if resource_types.iter().any(|kind| kind == "messages") {
            self.purge_messages(key).await?;
        }
        if resource_types.iter().any(|kind| kind == "subscriptions") {
            self.purge_subscriptions(key).await?;
        }
        stages.after(Answer::Done).await
    }

    async fn purge_messages(&self, key: &QueueKey) -> Result<(), ApiError> {
        let store = self.data(key).await?;
        let mut up_to = None;
        loop {
            let now = self.placement.now();
            let command = PurgeMessages { queue: key.clone(), limit: PURGE_STEP, up_to, now };
            let step = store.messages().purge(command).await.map_err(api_error)?;
            if !step.more {
                return Ok(());
            }
            up_to = Some(step.up_to);
        }
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

    /// A flavor that is named anew must exist; the queue stays where it is.
    async fn check_flavor(
        &self,
        key: &QueueKey,
        before: &[u8],
        after: &[u8],
    ) -> Result<(), ApiError> {
        match QueueSettings::flavor(after) {
            Some(flavor) if QueueSettings::flavor(before).as_ref() != Some(&flavor) => {
                self.placement.check_flavor(&key.project, &flavor).await.map_err(not_created)
            }
            _ => Ok(()),
        }
    }

    fn check_metadata_size(&self, text: &[u8]) -> Result<(), ApiError> {
        let maximum = self.limits.max_queue_metadata;
        if i64::try_from(text.len()).unwrap_or(i64::MAX) > maximum {
            return Err(ApiError::MetadataTooLarge { maximum });
        }
        Ok(())
    }
}

fn not_created(error: CreateError) -> ApiError {
    match error {
        CreateError::UnknownFlavor(flavor_name) => ApiError::FlavorDoesNotExist { flavor_name },
        CreateError::Storage(error) => api_error(error),
    }
}

fn list_query(context: &RequestContext, listing: Listing) -> ListQueues {
    let wanted = |text: String| match text.parse() {
        Ok(number) => FilterValue::Integer(number),
        Err(_) => FilterValue::Text(text),
    };
    let metadata =
        listing.filters.into_iter().flatten().map(|(key, text)| (key, wanted(text))).collect();
    ListQueues {
        project: context.project_id.clone(),
        kind: listing.kind,
        after: listing.marker,
        limit: usize::try_from(listing.limit).unwrap_or(1),
        filter: QueueFilter { name_contains: listing.name, metadata },
    }
}

/// A count as the API tells it.
pub(super) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
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

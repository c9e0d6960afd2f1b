//! Telling a subscriber once more of what was posted since a time.

use sukkal_spec::{ApiError, Operation, RequestContext};
use sukkal_storage::{
    After, DataDriver, EnqueueEntry, EntryKind, ListMessages, Marker, Message, Millis, NewMessage,
    QueueKey, Result as StoreResult,
};

use super::Controller;
use super::telling::{Found, again};
use crate::error::api_error;
use crate::signature::read_date;

/// How many times one call reads messages.
const MOST_PAGES: usize = 10;
/// The most messages of one entry, which are as many as are read at once.
const MOST_PER_ENTRY: usize = 100;
/// An entry that holds so many bytes of bodies takes no further message.
const ENTRY_BYTES: usize = 1_048_576;

/// Where a call begins, as it was given.
pub(super) struct Start {
    pub(super) since: Option<String>,
    pub(super) marker: Option<String>,
}

/// What one call did.
pub(super) struct Replayed {
    pub(super) resent: i64,
    pub(super) next_marker: Option<String>,
}

/// The part of a queue that is left to be sent again.
struct Range {
    after: Marker,
    end: Marker,
    since: Millis,
}

impl Range {
    /// Reads a marker that [`marker`](Self::marker) wrote.
    fn read(marker: &str) -> Option<Self> {
        let mut numbers = marker.split('-').map(|part| part.parse::<i64>().ok());
        let range =
            Self { after: numbers.next()??, end: numbers.next()??, since: numbers.next()?? };
        numbers.next().is_none().then_some(range)
    }

    /// Where the next call goes on, if anything is left.
    fn marker(&self) -> Option<String> {
        (self.after < self.end).then(|| format!("{}-{}-{}", self.after, self.end, self.since))
    }
}

impl Controller {
    pub(super) async fn replay<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        subscription_id: &str,
        start: Start,
    ) -> Result<Replayed, ApiError> {
        let found = self.willing::<O>(context, key, subscription_id).await?;
        let now = self.placement.now();
        let mut range = match (start.since, start.marker) {
            (None, Some(marker)) => Range::read(&marker).ok_or(ApiError::ReplayStartInvalid)?,
            (Some(since), None) => {
                let since = read_date(&since).map_err(|_| ApiError::ReplayStartInvalid)?;
                let since = since.saturating_mul(1000).max(0);
                first_range(&*found.store, key, since, now).await.map_err(api_error)?
            }
            _ => return Err(ApiError::ReplayStartInvalid),
        };
        let mut resent = 0;
        for _ in 0..MOST_PAGES {
            if range.after >= range.end {
                break;
            }
            let page = page(&*found.store, key, range.after, MOST_PER_ENTRY, now).await;
            let page = page.map_err(api_error)?;
            let is_last = page.len() < MOST_PER_ENTRY;
            let last = page.last().map_or(range.end, |message| message.marker);
            let wanted: Vec<NewMessage> = page
                .into_iter()
                .filter(|each| each.marker <= range.end && each.created_at >= range.since)
                .map(again)
                .collect();
            resent += wanted.len();
            self.send_again::<O>(context, key, &found, wanted).await?;
            range.after = if is_last { range.end } else { last };
        }
        let resent = i64::try_from(resent).unwrap_or(i64::MAX);
        Ok(Replayed { resent, next_marker: range.marker() })
    }

    /// Enqueues messages in entries of bounded size.
    async fn send_again<O: Operation>(
        &self,
        context: &RequestContext,
        key: &QueueKey,
        found: &Found,
        messages: Vec<NewMessage>,
    ) -> Result<(), ApiError> {
        let mut left = messages.into_iter().peekable();
        while left.peek().is_some() {
            let mut bytes = 0;
            let mut taken = Vec::new();
            while let Some(message) = left.next_if(|_| bytes < ENTRY_BYTES) {
                bytes += message.body.bytes.len();
                taken.push(message);
            }
            let entry = self.entry(context, key, found.subscription.id, EntryKind::Resend);
            let entry = EnqueueEntry { messages: taken, ..entry };
            self.enqueue::<O>(context, key, &*found.store, entry).await?;
        }
        Ok(())
    }
}

/// What was posted since a time until now.
async fn first_range(
    store: &dyn DataDriver,
    key: &QueueKey,
    since: Millis,
    now: Millis,
) -> StoreResult<Range> {
    let heads = store.outbox().heads(std::slice::from_ref(key)).await?;
    let end = heads.first().copied().unwrap_or(0);
    let after = place_before(store, key, since, end, now).await?;
    Ok(Range { after, end, since })
}

/// The place behind which the first message lies that was posted at that time or later. Halves what is left with each
/// message it reads.
async fn place_before(
    store: &dyn DataDriver,
    key: &QueueKey,
    since: Millis,
    end: Marker,
    now: Millis,
) -> StoreResult<Marker> {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        match page(store, key, middle, 1, now).await?.first() {
            Some(message) if message.created_at < since => low = message.marker,
            _ => high = middle,
        }
    }
    Ok(high)
}

async fn page(
    store: &dyn DataDriver,
    key: &QueueKey,
    after: Marker,
    limit: usize,
    now: Millis,
) -> StoreResult<Vec<Message>> {
    let query = ListMessages {
        queue: key.clone(),
        after: Some(After::Marker(after)),
        limit,
        include_claimed: true,
        include_delayed: true,
        exclude_client: None,
        now,
    };
    store.messages().list(query).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_is_read_as_it_was_written_and_nothing_else_is_one() {
        let range = Range { after: 5, end: 9, since: 1000 };

        let marker = range.marker().unwrap();

        let read = Range::read(&marker).unwrap();
        assert_eq!((read.after, read.end, read.since), (5, 9, 1000));
        assert!(Range { after: 9, end: 9, since: 0 }.marker().is_none());
        for wrong in ["", "5", "5-9", "5-9-x", "5-9-1-1", "-5-9-1"] {
            assert!(Range::read(wrong).is_none(), "{wrong}");
        }
    }
}

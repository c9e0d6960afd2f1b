//! Reading the outboxes of followed queues.

use std::sync::Arc;
use std::time::Duration;

use sukkal_storage::{DataDriver, Marker, QueueKey, ReadEntries, Result};

use super::Followers;
use super::followed::Followed;
use super::push::Notice;
use crate::notification::Heard;

/// How often all heads are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How many heads are asked for at once.
const HEADS_AT_ONCE: usize = 1000;
/// How many entries are read at once.
const ENTRIES: usize = 256;
/// How many bytes of bodies are read at once, about.
const BYTES: usize = 1 << 20;

/// A queue, and how far it was read when its head was asked for.
type Asked = (Arc<Followed>, Marker);

/// What is to be asked of each store.
pub(super) fn grouped<T>(
    placed: impl IntoIterator<Item = (Arc<dyn DataDriver>, T)>,
) -> Vec<(Arc<dyn DataDriver>, Vec<T>)> {
    let mut groups: Vec<(Arc<dyn DataDriver>, Vec<T>)> = Vec::new();
    // There are few stores, and neighbours mostly lie in the same one.
    let mut last = 0;
    for (store, item) in placed {
        let is_in = |group: &(Arc<dyn DataDriver>, Vec<T>)| Arc::ptr_eq(&group.0, &store);
        if !groups.get(last).is_some_and(is_in) {
            last = groups.iter().position(is_in).unwrap_or(groups.len());
        }
        match groups.get_mut(last) {
            Some(group) => group.1.push(item),
            None => groups.push((store, vec![item])),
        }
    }
    groups
}

impl Followers {
    /// Reads what is announced.
    pub(super) async fn listen(self) {
        let mut announcements = self.0.placement.announcements().listen();
        loop {
            match announcements.next().await {
                Heard::Queue(queue) => {
                    let followed = self.queues().get(&queue).cloned();
                    if let Some(followed) = followed {
                        self.wake(&followed);
                    }
                }
                Heard::Missed => self.look().await,
            }
        }
    }

    /// Looks for what was not announced, once a second.
    pub(super) async fn keep_looking(self) {
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            self.look().await;
        }
    }

    /// Looks at the heads of all queues, and has those read that have news.
    pub(super) async fn look(&self) {
        for (store, queues) in self.by_store() {
            for some in queues.chunks(HEADS_AT_ONCE) {
                let keys: Vec<QueueKey> = some.iter().map(|(queue, _)| queue.key.clone()).collect();
                match store.outbox().heads(&keys).await {
                    Ok(heads) => self.wake_those_with_news(some, &heads),
                    Err(error) => tracing::debug!(%error, "heads of queues cannot be read"),
                }
            }
        }
    }

    fn wake_those_with_news(&self, asked: &[Asked], heads: &[Marker]) {
        for ((followed, position), head) in asked.iter().zip(heads) {
            if followed.has_news(*head, *position) {
                self.wake(followed);
            }
        }
    }

    fn by_store(&self) -> Vec<(Arc<dyn DataDriver>, Vec<Asked>)> {
        let all: Vec<Arc<Followed>> = self.queues().values().cloned().collect();
        let placed = all.into_iter().map(|followed| {
            let (store, position) = {
                let state = followed.state();
                (state.store(), state.position)
            };
            (store, (followed, position))
        });
        grouped(placed)
    }

    /// Has a queue read, if nobody does already.
    pub(super) fn wake(&self, followed: &Arc<Followed>) {
        if followed.wake() {
            let (followers, followed) = (self.clone(), Arc::clone(followed));
            self.0.shutdown.spawn(async move { followers.read(&followed).await });
        }
    }

    async fn read(&self, followed: &Followed) {
        loop {
            let Ok(_permit) = self.0.reads.acquire().await else { return };
            let (after, head) = followed.state().begin_reading();
            match self.read_once(followed, after).await {
                Ok(true) => {}
                Ok(false) => {
                    if !followed.state().end_reading(head) {
                        return;
                    }
                }
                Err(error) => {
                    tracing::debug!(%error, queue = %followed.key, "what was posted cannot be read");
                    return followed.state().give_up_reading();
                }
            }
        }
    }

    /// Reads once and gives it to the sockets; tells whether there may be more.
    async fn read_once(&self, followed: &Followed, after: Marker) -> Result<bool> {
        let store = self.0.placement.data(&followed.key).await?;
        let after = {
            let mut state = followed.state();
            state.lies_in(&store);
            after.min(state.position)
        };
        let now = self.0.placement.now();
        let queue = followed.key.clone();
        let query = ReadEntries { queue, after, limit: ENTRIES, max_bytes: BYTES, now };
        let entries = store.outbox().read(query).await?;
        let Some(last) = entries.last().map(|entry| entry.marker) else { return Ok(false) };
        let mut bytes = 0;
        let (count, place) = (entries.len(), (&followed.key, followed.tag));
        let mut notices = Vec::with_capacity(count);
        for entry in entries {
            for message in entry.messages {
                bytes += message.body.bytes.len();
                let notice = Notice::of_entry(place, message, entry.posted_at, &self.0.keys);
                notices.extend(notice.map(Arc::new));
            }
        }
        followed.give(&notices, last, now);
        Ok(count >= ENTRIES || bytes >= BYTES)
    }
}

//! Transfers in memory, with failures on demand.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sukkal_storage::{
    Body, FinishTransfers, Generation, Message, MessageId, QueueKey, ReceiveTransfers, Result,
    SettleTransfers, StorageError, Transfer, TransferStore,
};
use tokio::sync::watch;

/// Pending transfers, and what their targets received.
pub(crate) struct FakeTransfers {
    state: Mutex<State>,
    /// Grows with every call that changed something.
    changes: watch::Sender<u64>,
}

#[derive(Default)]
struct State {
    pending: Vec<Transfer>,
    received: HashMap<QueueKey, Vec<MessageId>>,
    remembered: HashSet<(QueueKey, MessageId)>,
    generations: HashMap<QueueKey, Generation>,
    failures: VecDeque<StorageError>,
    largest_page: usize,
}

impl Default for FakeTransfers {
    fn default() -> Self {
        Self { state: Mutex::default(), changes: watch::Sender::new(0) }
    }
}

impl FakeTransfers {
    /// Puts a new message into the transfer set of a queue; returns its id.
    pub(crate) fn add(&self, source: &QueueKey, target: &QueueKey) -> MessageId {
        let id = MessageId::new_v4();
        self.add_again(id, source, target);
        id
    }

    /// Puts the message with this id into the transfer set of a queue.
    pub(crate) fn add_again(&self, id: MessageId, source: &QueueKey, target: &QueueKey) {
        let transfer =
            Transfer { source: source.clone(), target: target.clone(), message: message(id) };
        self.state().pending.push(transfer);
    }

    pub(crate) fn set_generation(&self, queue: &QueueKey, generation: Generation) {
        self.state().generations.insert(queue.clone(), generation);
    }

    /// Lets the next calls of `receive` fail.
    pub(crate) fn fail_next(&self, failures: impl IntoIterator<Item = StorageError>) {
        self.state().failures.extend(failures);
    }

    pub(crate) fn received(&self, target: &QueueKey) -> Vec<MessageId> {
        self.state().received.get(target).cloned().unwrap_or_default()
    }

    pub(crate) fn pending_count(&self) -> usize {
        self.state().pending.len()
    }

    pub(crate) fn remembered_count(&self) -> usize {
        self.state().remembered.len()
    }

    pub(crate) fn largest_page(&self) -> usize {
        self.state().largest_page
    }

    /// Waits until something is true of it; at most an hour of a clock that jumps.
    pub(crate) async fn wait_until(&self, mut is_true: impl FnMut(&Self) -> bool) {
        let mut changes = self.changes.subscribe();
        let waiting = async {
            while !is_true(self) {
                changes.changed().await.unwrap();
            }
        };
        tokio::time::timeout(Duration::from_secs(3600), waiting)
            .await
            .expect("it never became true");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }
}

#[async_trait]
impl TransferStore for FakeTransfers {
    async fn pending(&self, source: Option<&QueueKey>, limit: usize) -> Result<Vec<Transfer>> {
        let mut state = self.state();
        state.largest_page = state.largest_page.max(limit);
        let wanted = |each: &&Transfer| source.is_none_or(|source| *source == each.source);
        Ok(state.pending.iter().filter(wanted).take(limit).cloned().collect())
    }

    async fn receive(&self, command: ReceiveTransfers) -> Result<()> {
        let mut state = self.state();
        if let Some(failure) = state.failures.pop_front() {
            drop(state);
            self.changed();
            return Err(failure);
        }
        if state.generations.get(&command.target).copied().unwrap_or_default() != command.generation
        {
            return Err(StorageError::QueueChanged);
        }
        for message in command.messages {
            if state.remembered.insert((command.target.clone(), message.id)) {
                state.received.entry(command.target.clone()).or_default().push(message.id);
            }
        }
        drop(state);
        self.changed();
        Ok(())
    }

    async fn finish(&self, command: FinishTransfers) -> Result<()> {
        self.state().pending.retain(|each| {
            each.source != command.source || !command.ids.contains(&each.message.id)
        });
        self.changed();
        Ok(())
    }

    async fn settle(&self, command: SettleTransfers) -> Result<()> {
        let mut state = self.state();
        for id in command.ids {
            state.remembered.remove(&(command.target.clone(), id));
        }
        drop(state);
        self.changed();
        Ok(())
    }
}

fn message(id: MessageId) -> Message {
    Message {
        id,
        marker: 0,
        ttl: 3600,
        created_at: 0,
        expires_at: 3_600_000,
        delay_until: None,
        body: Body::json(Bytes::from_static(b"1")),
        checksum: None,
        client_id: "client".into(),
        claim: None,
        claim_count: 0,
        attributes: Bytes::new(),
    }
}

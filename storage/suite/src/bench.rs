//! What a case works with: a store, a project of its own, and queues with short calls.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use sukkal_storage::{
    Body, Claim, ClaimId, ClaimStore, CreateClaim, DataDriver, DeadLetter, DeleteMessage,
    FinishTransfers, Generation, GetClaim, GetMessages, ListMessages, Message, MessageId,
    MessageStore, Millis, NewMessage, PopMessages, Post, QueueKey, QueueStateStore, QueueStats,
    ReceiveTransfers, Result, SettleTransfers, StatsQuery, Store, TransferStore,
};
use uuid::Uuid;

/// One second in the unit of time of the contract.
pub(crate) const SECOND: Millis = 1000;

/// The lifetime of a message in seconds where a case names none.
pub(crate) const TTL: i64 = 3600;

/// The lifetime of a claim in seconds where a case names none.
pub(crate) const CLAIM_TTL: i64 = 60;

/// The future of opening a store.
pub(crate) type Opening = Pin<Box<dyn Future<Output = Result<Store>> + Send>>;

/// Opens another store: the shared one, or the one of a key.
pub(crate) type Opener = Arc<dyn Fn(Option<String>) -> Opening + Send + Sync>;

/// The bench of one case.
pub(crate) struct Bench {
    /// The store under test.
    pub(crate) store: Store,
    /// The project of this case.
    pub(crate) project: Arc<str>,
    /// The time at which the case begins.
    pub(crate) start: Millis,
    opener: Opener,
}

impl Bench {
    pub(crate) fn new(store: Store, start: Millis, opener: Opener) -> Self {
        let project = Uuid::new_v4().simple().to_string().into();
        Self { store, project, start, opener }
    }

    /// A queue of this case that nobody has used.
    pub(crate) fn queue(&self) -> Queue {
        self.queue_of(&self.project, &format!("queue-{}", Uuid::new_v4().simple()))
    }

    /// A queue by project and name.
    pub(crate) fn queue_of(&self, project: &str, name: &str) -> Queue {
        let (key, data) = (QueueKey::new(project, name), self.store.data.clone());
        Queue { data, key, start: self.start }
    }

    /// Another server's view of the same store.
    pub(crate) async fn second_server(&self) -> Store {
        (self.opener)(None).await.expect("the store opens once more")
    }

    /// A store of this case alone; the same key gives the same data.
    pub(crate) async fn store_for(&self, key: &str) -> Store {
        (self.opener)(Some(key.to_owned())).await.expect("a store opens")
    }
}

/// A queue and the data driver that holds it.
#[derive(Clone)]
pub(crate) struct Queue {
    pub(crate) data: Arc<dyn DataDriver>,
    pub(crate) key: QueueKey,
    pub(crate) start: Millis,
}

impl Queue {
    /// The same queue in another store.
    pub(crate) fn on(&self, store: &Store) -> Self {
        Self { data: store.data.clone(), ..self.clone() }
    }

    pub(crate) fn states(&self) -> &dyn QueueStateStore {
        self.data.queues()
    }

    pub(crate) fn messages(&self) -> &dyn MessageStore {
        self.data.messages()
    }

    pub(crate) fn claims(&self) -> &dyn ClaimStore {
        self.data.claims()
    }

    pub(crate) fn transfers(&self) -> &dyn TransferStore {
        self.data.transfers()
    }

    /// A post of generation 0 at the start.
    pub(crate) fn post_of(&self, messages: Vec<NewMessage>) -> Post {
        Post {
            queue: self.key.clone(),
            generation: 0,
            messages,
            client_id: "producer".into(),
            idempotency_key: None,
            now: self.start,
        }
    }

    /// Posts at the start, as generation 0.
    pub(crate) async fn send(&self, messages: Vec<NewMessage>) -> Vec<MessageId> {
        let ids = messages.iter().map(|message| message.id).collect();
        self.messages().post(self.post_of(messages)).await.expect("the post is stored");
        ids
    }

    /// Posts plain messages with these bodies at the start, as generation 0.
    pub(crate) async fn post(&self, bodies: &[&str]) -> Vec<MessageId> {
        self.send(bodies.iter().map(|body| message(body)).collect()).await
    }

    /// Posts a number of plain messages, named by their place from 0.
    pub(crate) async fn fill(&self, count: usize) -> Vec<MessageId> {
        self.send((0..count).map(|index| message(&index.to_string())).collect()).await
    }

    /// A list of the first 1000 free messages.
    pub(crate) fn query(&self, now: Millis) -> ListMessages {
        ListMessages {
            queue: self.key.clone(),
            after: None,
            limit: 1000,
            include_claimed: false,
            include_delayed: false,
            exclude_client: None,
            now,
        }
    }

    pub(crate) async fn list(&self, query: ListMessages) -> Vec<Message> {
        self.messages().list(query).await.expect("the list is read")
    }

    /// The messages that are neither claimed nor delayed.
    pub(crate) async fn free(&self, now: Millis) -> Vec<Message> {
        self.list(self.query(now)).await
    }

    /// The messages in any state.
    pub(crate) async fn all(&self, now: Millis) -> Vec<Message> {
        let query = self.query(now);
        self.list(ListMessages { include_claimed: true, include_delayed: true, ..query }).await
    }

    /// The bodies of the messages that are neither claimed nor delayed.
    pub(crate) async fn free_bodies(&self, now: Millis) -> Vec<String> {
        bodies(&self.free(now).await)
    }

    /// The bodies of the messages in any state.
    pub(crate) async fn all_bodies(&self, now: Millis) -> Vec<String> {
        bodies(&self.all(now).await)
    }

    pub(crate) async fn get(&self, ids: &[MessageId], now: Millis) -> Vec<Message> {
        let query = GetMessages { queue: self.key.clone(), ids: ids.to_vec(), now };
        self.messages().get(query).await.expect("the messages are read")
    }

    pub(crate) async fn get_one(&self, id: MessageId, now: Millis) -> Option<Message> {
        self.get(&[id], now).await.pop()
    }

    pub(crate) async fn delete(
        &self,
        id: MessageId,
        claim_id: Option<ClaimId>,
        now: Millis,
    ) -> Result<()> {
        let command = DeleteMessage { queue: self.key.clone(), id, claim_id, now };
        self.messages().delete(command).await
    }

    pub(crate) async fn pop(&self, limit: usize, now: Millis) -> Vec<Message> {
        let command = PopMessages { queue: self.key.clone(), limit, now };
        self.messages().pop(command).await.expect("messages are popped")
    }

    pub(crate) async fn stats(&self, now: Millis) -> QueueStats {
        let query = StatsQuery { queue: self.key.clone(), now };
        self.messages().stats(query).await.expect("the statistics are read")
    }

    /// A claim of a new id with the usual lifetimes and no dead-letter rule.
    pub(crate) fn claim_of(&self, limit: usize, now: Millis) -> CreateClaim {
        CreateClaim {
            queue: self.key.clone(),
            id: Uuid::new_v4(),
            limit,
            ttl: CLAIM_TTL,
            grace: 60,
            dead_letter: None,
            now,
        }
    }

    pub(crate) async fn create_claim(&self, command: CreateClaim) -> Claim {
        self.claims().create(command).await.expect("the claim is created")
    }

    pub(crate) async fn claim(&self, limit: usize, now: Millis) -> Claim {
        self.create_claim(self.claim_of(limit, now)).await
    }

    pub(crate) async fn get_claim(&self, id: ClaimId, now: Millis) -> Result<Claim> {
        self.claims().get(GetClaim { queue: self.key.clone(), id, now }).await
    }

    /// A rule that moves a message to this queue when it was claimed once.
    pub(crate) fn dead_letter(&self, same_store: bool) -> DeadLetter {
        DeadLetter { max_claim_count: 1, target: self.key.clone(), ttl: None, same_store }
    }

    pub(crate) async fn seal(&self) -> Generation {
        self.states().seal(&self.key).await.expect("the queue is sealed")
    }

    pub(crate) async fn unseal(&self, generation: Generation) {
        self.states().unseal(&self.key, generation).await.expect("the queue is unsealed");
    }

    /// What a mover does: brings every pending transfer of this queue to its target.
    pub(crate) async fn deliver(&self, now: Millis) {
        loop {
            let pending = self.transfers().pending(Some(&self.key), 100).await;
            let pending = pending.expect("the pending transfers are read");
            if pending.is_empty() {
                return;
            }
            for transfer in pending {
                let (target, id) = (transfer.target, transfer.message.id);
                let state = self.states().state(&target).await.expect("the state is read");
                let generation = state.generation;
                let messages = vec![transfer.message];
                let receive =
                    ReceiveTransfers { target: target.clone(), generation, messages, now };
                let finish = FinishTransfers { source: self.key.clone(), ids: vec![id] };
                let settle = SettleTransfers { target, ids: vec![id] };
                self.transfers().receive(receive).await.expect("the transfer is received");
                self.transfers().finish(finish).await.expect("the transfer is finished");
                self.transfers().settle(settle).await.expect("the transfer is settled");
            }
        }
    }
}

/// A plain message with a body.
pub(crate) fn message(body: &str) -> NewMessage {
    NewMessage {
        id: Uuid::new_v4(),
        ttl: TTL,
        delay_until: None,
        body: Body::json(body.to_owned()),
        checksum: None,
        attributes: bytes::Bytes::new(),
    }
}

/// The bodies of messages as text.
pub(crate) fn bodies(messages: &[Message]) -> Vec<String> {
    messages.iter().map(|each| String::from_utf8_lossy(&each.body.bytes).into_owned()).collect()
}

/// The ids of messages.
pub(crate) fn ids(messages: &[Message]) -> Vec<MessageId> {
    messages.iter().map(|message| message.id).collect()
}

/// The wall clock: a store may let keys end by its own clock some time after their logical end.
#[expect(clippy::disallowed_methods, reason = "a test run begins at the present time")]
pub(crate) fn wall_clock() -> Millis {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis::try_from(elapsed.as_millis()).unwrap_or(Millis::MAX / 2)
}

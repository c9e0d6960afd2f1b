//! What a sequence has made so far, so that steps can refer to it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use sukkal_storage::{ClaimId, ClientId, MessageId, Millis, QueueKey, SubscriptionId};
use uuid::Uuid;

use crate::model::markers::Markers;
use crate::model::outbox::Held;
use crate::model::step::{PROJECTS, Pick, Step, TOPIC, Wait};

/// The things of one sequence.
pub(super) struct World {
    pub(super) now: Millis,
    pub(super) markers: Markers,
    pub(super) held: Held,
    name: String,
    queues: Vec<QueueKey>,
    used: HashSet<QueueKey>,
    messages: HashMap<QueueKey, Vec<MessageId>>,
    claims: HashMap<QueueKey, Vec<ClaimId>>,
    subscriptions: HashMap<QueueKey, Vec<SubscriptionId>>,
    ends: BTreeSet<Millis>,
}

impl World {
    pub(super) fn new(now: Millis) -> Self {
        let name = Uuid::new_v4().simple().to_string();
        let queues = (0..PROJECTS)
            .flat_map(|project| (0..=TOPIC).map(move |queue| (project, queue)))
            .map(|(project, queue)| key(format!("{name}-{project}"), queue))
            .collect();
        Self {
            now,
            markers: Markers::default(),
            held: Held::default(),
            name,
            queues,
            used: HashSet::new(),
            messages: HashMap::new(),
            claims: HashMap::new(),
            subscriptions: HashMap::new(),
            ends: BTreeSet::new(),
        }
    }

    /// The name of a pool by number.
    pub(super) fn pool(&self, number: u8) -> Arc<str> {
        format!("{}-{number}", self.name).into()
    }

    pub(super) fn queues(&self) -> &[QueueKey] {
        &self.queues
    }

    pub(super) fn queue_of(&self, step: &Step) -> QueueKey {
        self.queues[usize::from(step.project * (TOPIC + 1) + step.queue)].clone()
    }

    /// Remembers that a step was about a queue.
    pub(super) fn used(&mut self, queue: QueueKey) {
        self.used.insert(queue);
    }

    /// Whether any step was about a queue, or may have moved something there.
    pub(super) fn is_used(&self, queue: &QueueKey) -> bool {
        self.used.contains(queue)
    }

    /// The queue that gets the dead letters of a queue, for the first of each project.
    pub(super) fn dead_letters_of(&self, step: &Step) -> Option<QueueKey> {
        let target = Step { queue: 1, ..step.clone() };
        (step.queue == 0).then(|| self.queue_of(&target))
    }

    /// Lets time pass, never backwards.
    pub(super) fn wait(&mut self, wait: &Wait) {
        match wait {
            Wait::By(time) => self.now += time,
            Wait::Until { end, before } => {
                let coming = self.ends.range(self.now + 1..).take(3).collect::<Vec<_>>();
                if let Some(end) = coming.get(usize::from(*end) % coming.len().max(1)) {
                    self.now = **end - Millis::from(*before);
                }
            }
        }
    }

    /// Remembers that something will end, to wait for it. The hour that received ids are kept and
    /// the days of long-lived messages are not waited for.
    pub(super) fn ends_at(&mut self, end: Millis) {
        const SOON: Millis = 7_200_000;
        if end <= self.now + SOON {
            self.ends.insert(end);
        }
    }

    pub(super) fn made_message(&mut self, queue: &QueueKey, id: MessageId) {
        self.messages.entry(queue.clone()).or_default().push(id);
    }

    pub(super) fn made_claim(&mut self, queue: &QueueKey, id: ClaimId) {
        self.claims.entry(queue.clone()).or_default().push(id);
    }

    pub(super) fn made_subscription(&mut self, queue: &QueueKey, id: SubscriptionId) {
        self.subscriptions.entry(queue.clone()).or_default().push(id);
    }

    pub(super) fn subscription(&self, queue: &QueueKey, pick: Pick) -> SubscriptionId {
        choose(self.subscriptions.get(queue), pick)
    }

    /// Lets the messages of one queue also be looked for in another.
    pub(super) fn may_have_moved(&mut self, source: &QueueKey, target: &QueueKey) {
        self.used.insert(target.clone());
        let moved = self.messages.get(source).cloned().unwrap_or_default();
        let known = self.messages.entry(target.clone()).or_default();
        for id in moved {
            if !known.contains(&id) {
                known.push(id);
            }
        }
    }

    pub(super) fn message(&self, queue: &QueueKey, pick: Pick) -> MessageId {
        choose(self.messages.get(queue), pick)
    }

    pub(super) fn claim(&self, queue: &QueueKey, pick: Pick) -> ClaimId {
        choose(self.claims.get(queue), pick)
    }

    pub(super) fn messages(&self, queue: &QueueKey, picks: &[Pick]) -> Vec<MessageId> {
        picks.iter().map(|pick| self.message(queue, *pick)).collect()
    }

    pub(super) fn all_claims(&self, queue: &QueueKey) -> Vec<ClaimId> {
        self.claims.get(queue).cloned().unwrap_or_default()
    }
}

/// The queue or topic of a project by number.
fn key(project: String, number: u8) -> QueueKey {
    match number {
        TOPIC => QueueKey::topic(project, "q0"),
        queue => QueueKey::new(project, format!("q{queue}")),
    }
}

/// The name of a client by number.
pub(super) fn client(number: u8) -> ClientId {
    format!("client-{number}").into()
}

/// One of the newest ids, more rarely one of all, now and then one that nobody knows.
fn choose(ids: Option<&Vec<Uuid>>, pick: Pick) -> Uuid {
    let ids = ids.map(Vec::as_slice).unwrap_or_default();
    let pool = match pick % 8 {
        0 => &[],
        1 | 2 => ids,
        _ => &ids[ids.len().saturating_sub(5)..],
    };
    let chosen = pool.get(usize::from(pick / 8) % pool.len().max(1)).copied();
    chosen.unwrap_or_else(|| Uuid::from_u128(u128::from(pick) + 1))
}

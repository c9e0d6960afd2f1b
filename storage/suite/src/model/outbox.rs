//! Steps on the outbox: how random ones are made, and how both stores are compared on them.

use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use sukkal_storage::{
    AdvanceEntries, Body, CreateSubscription, Delivery, DeliveryKey, EnqueueEntry, EntryKind,
    EntryProgress, EntryStep, KEPT_FOR_FOLLOWERS, LeaseId, LeaseWork, Marker, Millis, NewDelivery,
    NewMessage, OutboxEntry, QueueKey, ReadEntries, ReadyQueues, ResumeDeliveries,
    SettleDeliveries, Settlement, Store, SubscriptionId,
};
use uuid::Uuid;

use crate::model::answers::same;
use crate::model::play::Player;
use crate::model::step::Pick;
use crate::model::subscriptions::END_OF_TIME;

/// More than any sequence makes.
const ALL: usize = 1000;

/// A marker of the subject and the same of the model.
type Place = (Marker, Marker);

/// What a step does to the outbox.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Lease {
        limit: usize,
        millis: Millis,
    },
    /// A step with an entry that was leased, whether the lease still holds it or not.
    Step {
        entry: Pick,
        kept: Vec<Kept>,
        progress: Progress,
    },
    LeaseDeliveries {
        millis: Millis,
    },
    /// Settles a delivery that was leased, whether the lease still holds it or not.
    Settle {
        delivery: Pick,
        attempts: u32,
        /// The inner `None` parks it.
        retry: Option<Option<Millis>>,
    },
    Resume {
        subscription: Pick,
        limit: usize,
    },
    Enqueue {
        subscription: Pick,
        ttls: Vec<i64>,
    },
    Read {
        limit: usize,
    },
    Ready,
}

/// A delivery to be kept.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    subscription: Pick,
    index: u32,
    /// Parked if absent.
    due: Option<Millis>,
    under_way: bool,
}

/// What becomes of an entry.
#[derive(Clone, Debug)]
pub(super) enum Progress {
    Continue { after: Option<Pick>, millis: Millis },
    Release { after: Option<Pick> },
    Finish,
}

/// What was leased in a sequence, oldest first.
#[derive(Default)]
pub(super) struct Held {
    entries: Vec<(QueueKey, LeaseId, Place)>,
    deliveries: Vec<(QueueKey, LeaseId, Place, SubscriptionId, u32)>,
}

/// Makes random actions.
pub(super) fn actions() -> impl Strategy<Value = Action> {
    let pick = any::<Pick>;
    let millis = || select(vec![1, 1000, 30_000, 30_000]);
    let kept = (pick(), 0_u32..3, option::weighted(0.7, select(vec![0, 1, 5000])), any::<bool>());
    let kept = kept.prop_map(|(subscription, index, due, under_way)| Kept {
        subscription,
        index,
        due,
        under_way,
    });
    let progress = prop_oneof![
        2 => (option::of(pick()), millis())
            .prop_map(|(after, millis)| Progress::Continue { after, millis }),
        1 => option::of(pick()).prop_map(|after| Progress::Release { after }),
        3 => Just(Progress::Finish),
    ];
    let retry = option::of(option::weighted(0.6, select(vec![0, 1, 5000])));
    prop_oneof![
        6 => (1_usize..5, millis()).prop_map(|(limit, millis)| Action::Lease { limit, millis }),
        8 => (pick(), vec(kept, 0..4), progress)
            .prop_map(|(entry, kept, progress)| Action::Step { entry, kept, progress }),
        4 => millis().prop_map(|millis| Action::LeaseDeliveries { millis }),
        4 => (pick(), 0_u32..9, retry)
            .prop_map(|(delivery, attempts, retry)| Action::Settle { delivery, attempts, retry }),
        2 => (pick(), 1_usize..4)
            .prop_map(|(subscription, limit)| Action::Resume { subscription, limit }),
        2 => (pick(), vec(select(vec![1, 60, 3600]), 1..4))
            .prop_map(|(subscription, ttls)| Action::Enqueue { subscription, ttls }),
        3 => (1_usize..6).prop_map(|limit| Action::Read { limit }),
        2 => Just(Action::Ready),
    ]
}

/// Lets every queue be followed as long as a sequence lasts.
///
/// # Errors
/// A difference.
pub(super) async fn follow(player: &Player<'_>) -> Result<(), String> {
    for queue in player.world.queues() {
        let create = CreateSubscription {
            queue: queue.clone(),
            id: Uuid::new_v4(),
            subscriber: "ws://follower".to_owned(),
            ttl: 60,
            expires_at: END_OF_TIME,
            options: Bytes::from_static(b"{}"),
            is_follower: true,
            now: player.world.now,
        };
        let call = async |store: &Store| store.data.subscriptions().create(create.clone()).await;
        same(player.both(call).await)?.map(drop)?;
    }
    Ok(())
}

/// Runs an action on both stores.
///
/// # Errors
/// A difference.
pub(super) async fn run(
    player: &mut Player<'_>,
    queue: QueueKey,
    action: Action,
) -> Result<(), String> {
    let now = player.world.now;
    match action {
        Action::Lease { limit, millis } => lease(player, queue, limit, millis).await,
        Action::Step { entry, kept, progress } => step(player, entry, &kept, &progress).await,
        Action::LeaseDeliveries { millis } => lease_deliveries(player, queue, millis).await,
        Action::Settle { delivery, attempts, retry } => {
            settle(player, delivery, attempts, retry).await
        }
        Action::Resume { subscription, limit } => {
            let subscription = player.world.subscription(&queue, subscription);
            let command = ResumeDeliveries { queue, subscription, limit, now };
            let call = async |store: &Store| {
                while store.data.outbox().resume(command.clone()).await? {}
                Ok(())
            };
            same(player.both(call).await).map(drop)
        }
        Action::Enqueue { subscription, ttls } => {
            let only = player.world.subscription(&queue, subscription);
            for ttl in &ttls {
                player.world.ends_at(now + ttl * 1000);
            }
            let messages = ttls.iter().map(|ttl| message(*ttl)).collect();
            let (kind, client_id) = (EntryKind::Resend, "owner".into());
            let command = EnqueueEntry { queue, only, kind, messages, client_id, now };
            let call = async |store: &Store| store.data.outbox().enqueue(command.clone()).await;
            same(player.both(call).await).map(drop)
        }
        Action::Read { limit } => read(player, queue, limit).await,
        Action::Ready => ready(player, &queue).await,
    }
}

async fn lease(
    player: &mut Player<'_>,
    queue: QueueKey,
    limit: usize,
    millis: Millis,
) -> Result<(), String> {
    let work = work(player, &queue, limit, millis);
    let call = async |store: &Store| store.data.outbox().lease_entries(work.clone()).await;
    let mut answers = player.both(call).await;
    if let (Ok(subject), Ok(model)) = (&mut answers.0, &answers.1) {
        for (subject, model) in subject.iter_mut().zip(model) {
            let place = (subject.marker, model.marker);
            player.world.markers.align_entry(subject, model)?;
            player.world.held.entries.push((queue.clone(), work.lease, place));
        }
    }
    same(answers).map(drop)
}

async fn step(
    player: &mut Player<'_>,
    entry: Pick,
    kept: &[Kept],
    progress: &Progress,
) -> Result<(), String> {
    let Some((queue, lease, place)) = newest(&player.world.held.entries, entry) else {
        return Ok(());
    };
    let now = player.world.now;
    let id = |pick: Pick| player.world.subscription(&queue, pick);
    let new = kept.iter().map(|kept| NewDelivery {
        key: DeliveryKey { subscription: id(kept.subscription), entry: place.1, index: kept.index },
        attempts: 1,
        due_at: kept.due.map(|due| now + due),
        lease: Some(lease).filter(|_| kept.under_way && kept.due.is_some()),
    });
    let new: Vec<NewDelivery> = new.collect();
    let progress = match *progress {
        Progress::Continue { after, millis } => {
            EntryProgress::Continue { after: after.map(id), until: now + millis }
        }
        Progress::Release { after } => EntryProgress::Release { after: after.map(id) },
        Progress::Finish => EntryProgress::Finish,
    };
    for delivery in &new {
        let DeliveryKey { subscription, index, .. } = delivery.key;
        player.world.ends_at(delivery.due_at.unwrap_or(now));
        let held = (queue.clone(), lease, place, subscription, index);
        player.world.held.deliveries.push(held);
    }
    let call = async |store: &Store| {
        let entry = if player.is_subject(store) { place.0 } else { place.1 };
        let mut deliveries = new.clone();
        deliveries.iter_mut().for_each(|delivery| delivery.key.entry = entry);
        let steps = vec![EntryStep { entry, deliveries, progress }];
        let command = AdvanceEntries { queue: queue.clone(), lease, steps, now };
        store.data.outbox().advance(command).await
    };
    same(player.both(call).await).map(drop)
}

/// All that are due: which come first of those due at one time is not fixed.
async fn lease_deliveries(
    player: &mut Player<'_>,
    queue: QueueKey,
    millis: Millis,
) -> Result<(), String> {
    let work = work(player, &queue, ALL, millis);
    let call = async |store: &Store| {
        let mut due = store.data.outbox().lease_deliveries(work.clone()).await?;
        due.sort_by_key(|each| (each.key.entry, each.key));
        Ok(due)
    };
    let mut answers = player.both(call).await;
    if let (Ok(subject), Ok(model)) = (&mut answers.0, &answers.1) {
        for (subject, model) in subject.iter_mut().zip(model) {
            let DeliveryKey { subscription, index, .. } = model.key;
            let place = (subject.key.entry, model.key.entry);
            align_delivery(player, &queue, subject, model)?;
            let held = (queue.clone(), work.lease, place, subscription, index);
            player.world.held.deliveries.push(held);
        }
    }
    same(answers).map(drop)
}

fn align_delivery(
    player: &mut Player<'_>,
    queue: &QueueKey,
    subject: &mut Delivery,
    model: &Delivery,
) -> Result<(), String> {
    let markers = &mut player.world.markers;
    subject.key.entry = markers.align_place(queue, subject.key.entry, model.key.entry)?;
    let marker = (subject.message.marker, model.message.marker);
    subject.message.marker = markers.align_place(queue, marker.0, marker.1)?;
    Ok(())
}

async fn settle(
    player: &mut Player<'_>,
    delivery: Pick,
    attempts: u32,
    retry: Option<Option<Millis>>,
) -> Result<(), String> {
    let held = newest(&player.world.held.deliveries, delivery);
    let Some((queue, lease, place, subscription, index)) = held else { return Ok(()) };
    let now = player.world.now;
    let settlement = match retry {
        None => Settlement::Done,
        Some(None) => Settlement::Park { attempts },
        Some(Some(millis)) => Settlement::Retry { attempts, due_at: now + millis },
    };
    let call = async |store: &Store| {
        let entry = if player.is_subject(store) { place.0 } else { place.1 };
        let deliveries = vec![(DeliveryKey { subscription, entry, index }, settlement)];
        let command = SettleDeliveries { queue: queue.clone(), lease, deliveries, now };
        store.data.outbox().settle(command).await
    };
    same(player.both(call).await).map(drop)
}

/// Only what is promised: the last minute of a queue that is followed all the time.
async fn read(player: &mut Player<'_>, queue: QueueKey, limit: usize) -> Result<(), String> {
    if !player.is_followed {
        return Ok(());
    }
    let now = player.world.now;
    let call = async |store: &Store| {
        let mut seen: Vec<OutboxEntry> = Vec::new();
        loop {
            let after = seen.last().map_or(0, |last| last.marker);
            let max_bytes = usize::MAX >> 12;
            let query = ReadEntries { queue: queue.clone(), after, limit, max_bytes, now };
            let page = store.data.outbox().read(query).await?;
            if page.is_empty() {
                break;
            }
            seen.extend(page.into_iter().map(|entry| OutboxEntry { after: None, ..entry }));
        }
        seen.retain(|entry| entry.posted_at + KEPT_FOR_FOLLOWERS > now);
        Ok(seen)
    };
    let mut answers = player.both(call).await;
    if let (Ok(subject), Ok(model)) = (&mut answers.0, &answers.1) {
        for (subject, model) in subject.iter_mut().zip(model) {
            player.world.markers.align_entry(subject, model)?;
        }
    }
    same(answers).map(drop)
}

/// A store may name a queue too many, but none too few.
async fn ready(player: &Player<'_>, queue: &QueueKey) -> Result<(), String> {
    let query = ReadyQueues { limit: 1_000_000, now: player.world.now };
    let call =
        async |store: &Store| Ok(store.data.outbox().ready(query.clone()).await?.contains(queue));
    match player.both(call).await {
        (Ok(subject), Ok(model)) if subject || !model => Ok(()),
        answers => Err(format!("{queue} is not ready: {answers:?}")),
    }
}

/// Compares what is left at the end: every entry and delivery, when all leases have ended.
pub(super) async fn look_at(player: &mut Player<'_>, queue: QueueKey) -> Result<(), String> {
    read(player, queue.clone(), ALL).await?;
    player.world.now += 60_000;
    ready(player, &queue).await?;
    lease(player, queue.clone(), ALL, 1).await?;
    lease_deliveries(player, queue, 1).await
}

fn work(player: &mut Player<'_>, queue: &QueueKey, limit: usize, millis: Millis) -> LeaseWork {
    let (now, lease) = (player.world.now, Uuid::new_v4());
    player.world.ends_at(now + millis);
    let max_bytes = usize::MAX >> 12;
    LeaseWork { queue: queue.clone(), lease, limit, max_bytes, until: now + millis, now }
}

fn message(ttl: i64) -> NewMessage {
    NewMessage {
        id: Uuid::new_v4(),
        ttl,
        delay_until: None,
        body: Body::json("1"),
        checksum: None,
        attributes: Bytes::new(),
    }
}

/// One of the newest.
fn newest<T: Clone>(all: &[T], pick: Pick) -> Option<T> {
    let back = usize::from(pick) % all.len().clamp(1, 8);
    all.iter().rev().nth(back).cloned()
}

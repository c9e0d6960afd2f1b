//! The outbox does what that of the memory driver does, whatever is asked of it.

use proptest::collection::vec;
use proptest::prelude::*;
use sukkal_storage::{
    AdvanceEntries, CreateSubscription, DeleteSubscription, DeliveryKey, EnqueueEntry, EntryKind,
    EntryProgress, EntryStep, LeaseId, LeaseWork, Marker, Millis, NewDelivery, Post, ReadEntries,
    ReadyQueues, ResumeDeliveries, SettleDeliveries, Settlement, Store, SubscriptionId,
};
use tempfile::TempDir;
use uuid::Uuid;

use crate::posting::{NOW, message, open_uri, queue};

type Pick = prop::sample::Index;

/// Subscribers are 0 to 2, times are relative to the call. Steps and settlements are of what was leased before, by the
/// lease that took it or by any.
#[derive(Clone, Debug)]
enum Action {
    Subscribe {
        who: u8,
        is_follower: bool,
        life: Millis,
    },
    Unsubscribe {
        who: u8,
    },
    Post {
        messages: usize,
    },
    Enqueue {
        who: u8,
    },
    LeaseEntries {
        limit: usize,
        max_bytes: usize,
        life: Millis,
    },
    Advance {
        leased: Pick,
        by: Option<Pick>,
        deliveries: Vec<(u8, u32, Option<Millis>)>,
        progress: Progress,
    },
    LeaseDeliveries {
        life: Millis,
    },
    Settle {
        leased: Pick,
        by: Option<Pick>,
        due: Option<Option<Millis>>,
    },
    Resume {
        who: u8,
    },
    Seal,
    Collect,
}

#[derive(Clone, Copy, Debug)]
enum Progress {
    Continue(Option<u8>, Millis),
    Release(Option<u8>),
    Finish,
}

fn action() -> impl Strategy<Value = Action> {
    let who = || 0..3_u8;
    let life = || 1..100_000_i64;
    let by = || prop::option::weighted(0.2, any::<Pick>());
    let progress = prop_oneof![
        (prop::option::of(who()), life()).prop_map(|(who, life)| Progress::Continue(who, life)),
        prop::option::of(who()).prop_map(Progress::Release),
        Just(Progress::Finish),
        Just(Progress::Finish),
    ];
    let deliveries = vec((who(), 0..3_u32, prop::option::of(0..50_000_i64)), 0..4);
    prop_oneof![
        3 => (who(), any::<bool>(), 1..400_000_i64)
            .prop_map(|(who, is_follower, life)| Action::Subscribe { who, is_follower, life }),
        1 => who().prop_map(|who| Action::Unsubscribe { who }),
        8 => (1..4_usize).prop_map(|messages| Action::Post { messages }),
        2 => who().prop_map(|who| Action::Enqueue { who }),
        8 => (1..4_usize, 0..50_usize, life())
            .prop_map(|(limit, max_bytes, life)| Action::LeaseEntries { limit, max_bytes, life }),
        14 => (any::<Pick>(), by(), deliveries, progress).prop_map(
            |(leased, by, deliveries, progress)| Action::Advance {
                leased, by, deliveries, progress
            }
        ),
        6 => life().prop_map(|life| Action::LeaseDeliveries { life }),
        6 => (any::<Pick>(), by(), prop::option::of(prop::option::of(0..50_000_i64)))
            .prop_map(|(leased, by, due)| Action::Settle { leased, by, due }),
        2 => who().prop_map(|who| Action::Resume { who }),
        1 => Just(Action::Seal),
        3 => Just(Action::Collect),
    ]
}

fn id(who: u8) -> SubscriptionId {
    Uuid::from_u128(u128::from(who) + 1)
}

/// A store, and what was leased from it so far.
struct Player {
    store: Store,
    leases: Vec<LeaseId>,
    entries: Vec<(LeaseId, Marker)>,
    deliveries: Vec<(LeaseId, DeliveryKey)>,
}

impl Player {
    fn new(store: Store) -> Self {
        let lease = Uuid::from_u128(1000);
        let key = DeliveryKey { subscription: id(0), entry: 1, index: 0 };
        Self {
            store,
            leases: vec![lease],
            entries: vec![(lease, 1)],
            deliveries: vec![(lease, key)],
        }
    }

    fn lease(&mut self, limit: usize, max_bytes: usize, life: Millis, now: Millis) -> LeaseWork {
        let lease = Uuid::from_u128(1000 + self.leases.len() as u128);
        self.leases.push(lease);
        LeaseWork { queue: queue(), lease, limit, max_bytes, until: now + life, now }
    }

    /// One of the last few of those leased.
    fn latest<'a, T>(&self, leased: &'a [T], pick: &Pick) -> &'a T {
        pick.get(&leased[leased.len().saturating_sub(4)..])
    }

    /// Does one thing, and tells everything that can be seen then.
    async fn play(&mut self, action: &Action, seed: u128, now: Millis) -> String {
        let done = self.act(action, seed, now).await;
        let data = &self.store.data;
        let ready = data.outbox().ready(ReadyQueues { limit: 9, now }).await.expect("an answer");
        let read = ReadEntries { queue: queue(), after: 0, limit: 99, max_bytes: 9999, now };
        let mut read = data.outbox().read(read).await.expect("an answer");
        read.iter_mut().for_each(|entry| entry.after = None);
        // Older ones may come or not.
        read.retain(|entry| entry.posted_at + sukkal_storage::KEPT_FOR_FOLLOWERS > now);
        let heads = data.outbox().heads(&[queue()]).await.expect("an answer");
        let backlog = data.outbox().backlog(now).await.expect("an answer");
        format!("{done}\nready {ready:?}\nread {read:?}\nheads {heads:?}\n{backlog:?}")
    }

    async fn act(&mut self, action: &Action, seed: u128, now: Millis) -> String {
        let data = self.store.data.clone();
        let outbox = data.outbox();
        match action.clone() {
            Action::Subscribe { who, is_follower, life } => {
                let create = CreateSubscription {
                    queue: queue(),
                    id: id(who),
                    subscriber: format!("http://{who}"),
                    ttl: 60,
                    expires_at: now + life,
                    options: "{}".into(),
                    is_follower,
                    now,
                };
                format!("{:?}", data.subscriptions().create(create).await)
            }
            Action::Unsubscribe { who } => {
                let delete = DeleteSubscription { queue: queue(), id: id(who) };
                format!("{:?}", data.subscriptions().delete(delete).await)
            }
            Action::Post { messages } => {
                let post = Post {
                    queue: queue(),
                    generation: 1_000_000,
                    messages: (0..messages).map(|index| self.message(seed, index)).collect(),
                    client_id: "client".into(),
                    idempotency_key: None,
                    now,
                };
                format!("{:?}", data.messages().post(post).await)
            }
            Action::Enqueue { who } => {
                let enqueue = EnqueueEntry {
                    queue: queue(),
                    only: id(who),
                    kind: EntryKind::Test,
                    messages: vec![self.message(seed, 0)],
                    client_id: "client".into(),
                    now,
                };
                format!("{:?}", outbox.enqueue(enqueue).await)
            }
            Action::LeaseEntries { limit, max_bytes, life } => {
                let work = self.lease(limit, max_bytes, life, now);
                let lease = work.lease;
                let leased = outbox.lease_entries(work).await.expect("an answer");
                self.entries.extend(leased.iter().map(|entry| (lease, entry.marker)));
                format!("{leased:?}")
            }
            Action::Advance { leased, by, deliveries, progress } => {
                let (lease, entry) = *self.latest(&self.entries, &leased);
                let lease = by.map_or(lease, |by| *by.get(&self.leases));
                let steps = vec![self.step(entry, lease, &deliveries, progress, now)];
                let advance = AdvanceEntries { queue: queue(), lease, steps, now };
                format!("{:?}", outbox.advance(advance).await)
            }
            Action::LeaseDeliveries { life } => {
                let work = self.lease(99, 9999, life, now);
                let lease = work.lease;
                let mut leased = outbox.lease_deliveries(work).await.expect("an answer");
                leased.sort_unstable_by_key(|delivery| delivery.key);
                self.deliveries.extend(leased.iter().map(|delivery| (lease, delivery.key)));
                format!("{leased:?}")
            }
            Action::Settle { leased, by, due } => {
                let settlement = match due {
                    None => Settlement::Done,
                    Some(None) => Settlement::Park { attempts: 2 },
                    Some(Some(due)) => Settlement::Retry { attempts: 3, due_at: now + due },
                };
                let (lease, key) = *self.latest(&self.deliveries, &leased);
                let lease = by.map_or(lease, |by| *by.get(&self.leases));
                let deliveries = vec![(key, settlement)];
                let settle = SettleDeliveries { queue: queue(), lease, deliveries, now };
                format!("{:?}", outbox.settle(settle).await)
            }
            Action::Resume { who } => {
                let resume =
                    ResumeDeliveries { queue: queue(), subscription: id(who), limit: 99, now };
                format!("{:?}", outbox.resume(resume).await)
            }
            Action::Seal => {
                let generation = data.queues().seal(&queue()).await.expect("an answer");
                format!("{:?}", data.queues().unseal(&queue(), generation).await)
            }
            Action::Collect => {
                data.collect(now, 1000).await.expect("an answer");
                String::new()
            }
        }
    }

    fn step(
        &mut self,
        entry: Marker,
        lease: LeaseId,
        deliveries: &[(u8, u32, Option<Millis>)],
        progress: Progress,
        now: Millis,
    ) -> EntryStep {
        let deliveries: Vec<NewDelivery> = deliveries
            .iter()
            .map(|(who, index, due)| NewDelivery {
                key: DeliveryKey { subscription: id(*who), entry, index: *index },
                attempts: 1,
                due_at: due.map(|due| now + due),
                lease: due.filter(|due| due % 2 == 0).map(|_| lease),
            })
            .collect();
        self.deliveries.extend(deliveries.iter().map(|delivery| (lease, delivery.key)));
        let progress = match progress {
            Progress::Continue(after, life) => {
                EntryProgress::Continue { after: after.map(id), until: now + life }
            }
            Progress::Release(after) => EntryProgress::Release { after: after.map(id) },
            Progress::Finish => EntryProgress::Finish,
        };
        EntryStep { entry, deliveries, progress }
    }

    fn message(&self, seed: u128, index: usize) -> sukkal_storage::NewMessage {
        let id = Uuid::from_u128((seed << 8) + index as u128);
        sukkal_storage::NewMessage { id, ttl: 20 + 40 * index as i64, ..message(10) }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_outbox_does_what_that_of_the_memory_driver_does(
        actions in vec((action(), 0..6_000_i64), 1..80)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let folder = TempDir::new().unwrap();
            let mut own = Player::new(open_uri("sqlite::memory:", folder.path(), &[]).await.unwrap());
            let mut other = Player::new(sukkal_storage_memory::open());
            let mut now = NOW;
            for (index, (action, later)) in actions.iter().enumerate() {
                now += later;
                let seed = index as u128 + 1;
                let (done, expected) =
                    (own.play(action, seed, now).await, other.play(action, seed, now).await);
                prop_assert_eq!(done, expected, "step {} {:?} at {}", index, action, now);
            }
            Ok(())
        })?;
    }
}

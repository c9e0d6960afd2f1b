//! Telling one subscriber of the messages of one entry, for the first time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt};
use sukkal_storage::{
    DeliveryKey, LeaseId, Marker, Millis, NewDelivery, SettleDeliveries, Settlement,
};
use tokio::sync::oneshot;

use super::entries::LEASE;
use super::letter::Letter;
use super::telling::{Begun, Target, UnderWay};
use super::workplace::{Desk, Workplace};

/// How much longer than an attempt the lease of its delivery lasts.
pub(super) const MARGIN: Duration = Duration::from_secs(5);

/// A delivery to be kept.
pub(super) struct Row {
    pub(super) delivery: NewDelivery,
    /// Hears whether it is kept, for an attempt that is under way.
    pub(super) is_kept: Option<oneshot::Sender<bool>>,
}

/// What was done for one subscriber.
pub(super) struct Told {
    pub(super) rows: Vec<Row>,
    /// Whether an attempt was made.
    pub(super) is_begun: bool,
}

/// The messages of one entry for one subscriber.
pub(super) struct Job {
    pub(super) place: Arc<Workplace>,
    pub(super) desk: Arc<Desk>,
    pub(super) entry: Marker,
    pub(super) letters: Arc<[Letter]>,
    pub(super) target: Target,
}

impl Row {
    /// A delivery without an attempt under way; `due_at` is absent for one that is parked.
    pub(super) fn new(key: DeliveryKey, attempts: u32, due_at: Option<Millis>) -> Self {
        Self { delivery: NewDelivery { key, attempts, due_at, lease: None }, is_kept: None }
    }
}

impl Job {
    /// Tells the subscriber of one message after the other. When one must wait for the endpoint, those behind it do
    /// so too; one that fails holds up no other.
    pub(super) async fn run(self) -> Told {
        let mut round = Round::default();
        let mut rows = Vec::new();
        for index in 0..self.letters.len() {
            let key = self.key(index);
            let step = match round.waits {
                Waits::No => self.tell(index, &mut round).await,
                Waits::Until(due_at) => Step::Settled(Settlement::Retry { attempts: 0, due_at }),
                Waits::Parked => Step::Settled(Settlement::Park { attempts: 0 }),
            };
            match step {
                Step::Settled(Settlement::Done) => round.done += 1,
                Step::Settled(Settlement::Retry { attempts, due_at }) => {
                    rows.push(Row::new(key, attempts, Some(due_at)));
                }
                Step::Settled(Settlement::Park { attempts }) => {
                    rows.push(Row::new(key, attempts, None));
                }
                Step::UnderWay(under_way) => rows.push(self.follow(index, *under_way)),
            }
        }
        if round.done > 0 && (round.is_recovery || self.is_old()) {
            let (queue, id) = (&self.desk.queue, self.target.subscription.id);
            self.place.resume_for(queue, id, round.done).await;
        }
        Told { rows, is_begun: round.is_begun }
    }

    async fn tell(&self, index: usize, round: &mut Round) -> Step {
        let Self { place, desk, target, .. } = self;
        let (letter, subscription) = (&self.letters[index], &target.subscription);
        let Some(parcel) = letter.parcel(&desk.queue, subscription, 1, place.now()) else {
            return Step::Settled(place.retry(desk, letter, subscription, 1, None).await);
        };
        match place.teller.attempt(target, parcel, place.shutdown.closing()).await {
            Begun::Ended(attempted) => {
                round.is_begun = true;
                round.is_recovery |= attempted.is_recovery;
                Step::Settled(place.judge(desk, letter, attempted).await)
            }
            Begun::UnderWay(under_way) => {
                round.is_begun = true;
                round.waits = Waits::Until(place.after(super::telling::PATIENCE));
                Step::UnderWay(Box::new(under_way))
            }
            Begun::PutOff(until) => {
                let due_at = place.millis(until);
                round.waits = Waits::Until(due_at);
                Step::Settled(place.put_off(desk, letter, subscription, 0, due_at).await)
            }
            Begun::Held(until) => {
                let settlement = place.hold(desk, letter, target, until).await;
                if settlement != Settlement::Done {
                    round.waits = Waits::Parked;
                }
                Step::Settled(settlement)
            }
            Begun::Closing => {
                let due_at = place.now();
                round.waits = Waits::Until(due_at);
                Step::Settled(Settlement::Retry { attempts: 0, due_at })
            }
        }
    }

    /// Whether another worker may have had this entry before, and may have died before it noted a delivery that
    /// others are parked for.
    fn is_old(&self) -> bool {
        let since = self.place.started_at.max(self.place.now().saturating_sub(LEASE));
        self.letters.first().is_some_and(|letter| letter.posted_at <= since)
    }

    /// Has somebody else wait for an attempt that takes long, under the lease of its delivery.
    fn follow(&self, index: usize, under_way: UnderWay) -> Row {
        let (key, lease) = (self.key(index), Workplace::lease_id());
        let due_at = self.place.after(self.place.teller.longest() + MARGIN);
        let (is_kept, hears) = oneshot::channel();
        let (place, desk) = (Arc::clone(&self.place), Arc::clone(&self.desk));
        let letter = self.letters[index].clone();
        self.place.spawn(async move {
            let attempted = place.teller.wait(under_way).await;
            let settlement = place.judge(&desk, &letter, attempted).await;
            if hears.await == Ok(true) {
                place.settle(&desk, lease, vec![(key, settlement)]).await;
            }
        });
        let delivery = NewDelivery { key, attempts: 0, due_at: Some(due_at), lease: Some(lease) };
        Row { delivery, is_kept: Some(is_kept) }
    }

    fn key(&self, index: usize) -> DeliveryKey {
        let index = u32::try_from(index).unwrap_or(u32::MAX);
        DeliveryKey { subscription: self.target.subscription.id, entry: self.entry, index }
    }
}

/// What was done for one subscriber so far.
#[derive(Default)]
struct Round {
    waits: Waits,
    /// How many messages are over.
    done: usize,
    is_begun: bool,
    /// Whether the endpoint turned out to be well again.
    is_recovery: bool,
}

/// Whether further messages wait.
#[derive(Clone, Copy, Default)]
enum Waits {
    #[default]
    No,
    Until(Millis),
    Parked,
}

/// How far one message came.
enum Step {
    Settled(Settlement),
    UnderWay(Box<UnderWay>),
}

impl Workplace {
    /// Ends the lease of deliveries, as soon as the store answers. Something else is due then as long as anything is
    /// parked for their subscriptions.
    pub(super) async fn settle(
        self: &Arc<Self>,
        desk: &Desk,
        lease: LeaseId,
        deliveries: Vec<(DeliveryKey, Settlement)>,
    ) {
        let (mut done, mut parked) = (BTreeMap::<_, usize>::new(), BTreeSet::new());
        for (key, settlement) in &deliveries {
            match settlement {
                Settlement::Done => *done.entry(key.subscription).or_default() += 1,
                Settlement::Retry { .. } => {}
                Settlement::Park { .. } => {
                    parked.insert(key.subscription);
                }
            }
        }
        let resume = |(id, count)| self.resume_for(&desk.queue, id, count);
        stream::iter(done).for_each_concurrent(None, resume).await;
        let command = || SettleDeliveries {
            queue: desk.queue.clone(),
            lease,
            deliveries: deliveries.clone(),
            now: self.now(),
        };
        let settle = || self.store.outbox().settle(command());
        self.again_and_again("deliveries cannot be settled", settle).await;
        for (_, settlement) in &deliveries {
            if let Settlement::Retry { due_at, .. } = settlement {
                self.remind(&desk.queue, *due_at);
            }
        }
        for id in parked {
            self.look_after_parked(&desk.queue, id).await;
        }
    }
}

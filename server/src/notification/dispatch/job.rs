//! Telling one subscriber of the messages of one entry, for the first time.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sukkal_storage::{
    DeliveryKey, LeaseId, Marker, Millis, NewDelivery, SettleDeliveries, Settlement,
};
use tokio::sync::oneshot;

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
        let mut told = Told { rows: Vec::new(), is_begun: false };
        let mut put_off = None;
        for index in 0..self.letters.len() {
            let key = self.key(index);
            if put_off.is_some() {
                told.rows.push(Row::new(key, 0, put_off));
                continue;
            }
            match self.tell(index, &mut told.is_begun, &mut put_off).await {
                Step::Settled(Settlement::Done) => {}
                Step::Settled(Settlement::Retry { attempts, due_at }) => {
                    told.rows.push(Row::new(key, attempts, Some(due_at)));
                }
                Step::Settled(Settlement::Park { attempts }) => {
                    told.rows.push(Row::new(key, attempts, None));
                }
                Step::UnderWay(under_way) => told.rows.push(self.follow(index, *under_way)),
            }
        }
        told
    }

    async fn tell(&self, index: usize, is_begun: &mut bool, put_off: &mut Option<Millis>) -> Step {
        let Self { place, desk, target, .. } = self;
        let (letter, subscription) = (&self.letters[index], &target.subscription);
        let Some(parcel) = letter.parcel(&desk.queue, subscription, 1, place.now()) else {
            return Step::Settled(place.retry(desk, letter, subscription, 1, None).await);
        };
        match place.teller.attempt(target, parcel, place.shutdown.closing()).await {
            Begun::Ended(attempted) => {
                *is_begun = true;
                Step::Settled(place.judge(desk, letter, attempted).await)
            }
            Begun::UnderWay(under_way) => {
                *is_begun = true;
                *put_off = Some(place.after(super::telling::PATIENCE));
                Step::UnderWay(Box::new(under_way))
            }
            Begun::PutOff(until) => {
                let due_at = place.millis(until);
                *put_off = Some(due_at);
                Step::Settled(place.put_off(desk, letter, subscription, 0, due_at).await)
            }
            Begun::Closing => {
                let due_at = place.now();
                *put_off = Some(due_at);
                Step::Settled(Settlement::Retry { attempts: 0, due_at })
            }
        }
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

/// How far one message came.
enum Step {
    Settled(Settlement),
    UnderWay(Box<UnderWay>),
}

impl Workplace {
    /// Ends the lease of deliveries, as soon as the store answers.
    pub(super) async fn settle(
        &self,
        desk: &Desk,
        lease: LeaseId,
        deliveries: Vec<(DeliveryKey, Settlement)>,
    ) {
        let command = || SettleDeliveries {
            queue: desk.queue.clone(),
            lease,
            deliveries: deliveries.clone(),
            now: self.now(),
        };
        let settle = || self.store.outbox().settle(command());
        self.again_and_again("deliveries cannot be settled", settle).await;
        let mut parked = BTreeSet::new();
        for (key, settlement) in &deliveries {
            match settlement {
                Settlement::Done => {}
                Settlement::Retry { due_at, .. } => self.remind(&desk.queue, *due_at),
                Settlement::Park { .. } => {
                    parked.insert(key.subscription);
                }
            }
        }
        for id in parked {
            self.look_after_parked(&desk.queue, id).await;
        }
    }
}

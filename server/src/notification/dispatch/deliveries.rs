//! Working on deliveries that were leased together.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{self, FuturesUnordered, StreamExt};
use sukkal_storage::{Delivery, DeliveryKey, LeaseId, Settlement, Subscription, SubscriptionId};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{MissedTickBehavior, interval};

use super::budget::Share;
use super::entries::Leased;
use super::letter::Letter;
use super::telling::{Begun, Target};
use super::workplace::{Desk, Treatment, Workplace};

/// How many subscriptions are read at a time.
const READ_AT_ONCE: usize = 16;
/// When a delivery is looked at again whose subscription cannot be read.
const PAUSE: Duration = Duration::from_secs(2);
const TICK: Duration = Duration::from_millis(50);

/// Deliveries of one queue under one lease.
pub(super) struct Deliveries {
    place: Arc<Workplace>,
    desk: Arc<Desk>,
    lease: LeaseId,
    share: Share,
    turn: Option<OwnedSemaphorePermit>,
    events: FuturesUnordered<BoxFuture<'static, Event>>,
    settled: Vec<(DeliveryKey, Settlement)>,
    is_settling: bool,
    has_moved: bool,
}

enum Event {
    /// It is known what becomes of a delivery, whose body has so many bytes.
    Judged(DeliveryKey, Settlement, usize),
    /// The store knows.
    Settled,
}

/// What is known of a subscription.
enum Known {
    Found(Box<Subscription>),
    Absent,
    /// The store does not tell.
    Unknown,
}

impl Deliveries {
    pub(super) fn new(place: Arc<Workplace>, desk: Arc<Desk>, leased: Leased) -> Self {
        let Leased { lease, share, turn, .. } = leased;
        Self {
            place,
            desk,
            lease,
            share,
            turn: Some(turn),
            events: FuturesUnordered::new(),
            settled: Vec::new(),
            is_settling: false,
            has_moved: true,
        }
    }

    /// Works until it is settled what becomes of each.
    pub(super) async fn run(mut self, deliveries: Vec<Delivery>) {
        self.begin(deliveries).await;
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tick.reset();
        loop {
            self.settle();
            tokio::select! {
                event = self.events.next() => {
                    let Some(event) = event else { return };
                    self.take(event);
                    while let Some(Some(event)) = self.events.next().now_or_never() {
                        self.take(event);
                    }
                }
                _ = tick.tick() => {
                    if !std::mem::replace(&mut self.has_moved, false) {
                        self.turn = None;
                    }
                }
            }
        }
    }

    async fn begin(&mut self, deliveries: Vec<Delivery>) {
        let ids: HashSet<SubscriptionId> =
            deliveries.iter().map(|delivery| delivery.key.subscription).collect();
        let known: HashMap<SubscriptionId, Known> = stream::iter(ids)
            .map(|id| {
                let (place, desk) = (&self.place, &self.desk);
                async move { (id, place.known(desk, id).await) }
            })
            .buffer_unordered(READ_AT_ONCE)
            .collect()
            .await;
        for delivery in deliveries {
            let (key, attempts) = (delivery.key, delivery.attempts);
            let bytes = delivery.message.body.bytes.len();
            let settled = match known.get(&key.subscription) {
                Some(Known::Found(subscription)) => self.judge(delivery, subscription, bytes),
                Some(Known::Absent) => Some(Settlement::Done),
                Some(Known::Unknown) | None => {
                    Some(Settlement::Retry { attempts, due_at: self.place.after(PAUSE) })
                }
            };
            if let Some(settlement) = settled {
                self.take(Event::Judged(key, settlement, bytes));
            }
        }
    }

    /// What becomes of a delivery, if that is known without an attempt; otherwise makes one.
    fn judge(
        &mut self,
        delivery: Delivery,
        subscription: &Subscription,
        bytes: usize,
    ) -> Option<Settlement> {
        let (place, desk) = (Arc::clone(&self.place), Arc::clone(&self.desk));
        let (key, attempts) = (delivery.key, delivery.attempts);
        match place.treatment(subscription, delivery.kind) {
            Treatment::Skip => return Some(Settlement::Done),
            Treatment::Park if delivery.message.expires_at > place.now() => {
                return Some(Settlement::Park { attempts });
            }
            Treatment::Park => {
                self.expire(delivery, subscription, bytes);
                return None;
            }
            Treatment::Tell => {}
        }
        let Some(target) = place.target(subscription.clone()) else {
            return Some(Settlement::Done);
        };
        let letter = Letter::of_delivery(&place.keys, &desk.queue, delivery);
        let event = async move {
            let settlement = place.tell_again(&desk, &letter, &target, attempts).await;
            Event::Judged(key, settlement, bytes)
        };
        self.events.push(event.boxed());
        None
    }

    /// Gives up a message that has expired while its subscription was paused.
    fn expire(&mut self, delivery: Delivery, subscription: &Subscription, bytes: usize) {
        let (place, desk) = (Arc::clone(&self.place), Arc::clone(&self.desk));
        let (key, attempts) = (delivery.key, delivery.attempts);
        let subscription = subscription.clone();
        let letter = Letter::of_delivery(&place.keys, &desk.queue, delivery);
        let event = async move {
            let given_up = place.give_up(&desk, &letter, &subscription, attempts, "expired");
            Event::Judged(key, given_up.await, bytes)
        };
        self.events.push(event.boxed());
    }

    fn take(&mut self, event: Event) {
        self.has_moved = true;
        match event {
            Event::Judged(key, settlement, bytes) => {
                self.settled.push((key, settlement));
                self.share.give_back(bytes);
            }
            Event::Settled => self.is_settling = false,
        }
    }

    fn settle(&mut self) {
        if self.is_settling || self.settled.is_empty() {
            return;
        }
        self.is_settling = true;
        let settled = std::mem::take(&mut self.settled);
        let (place, desk, lease) = (Arc::clone(&self.place), Arc::clone(&self.desk), self.lease);
        let event = async move {
            place.settle(&desk, lease, settled).await;
            Event::Settled
        };
        self.events.push(event.boxed());
    }
}

impl Workplace {
    async fn known(&self, desk: &Desk, id: SubscriptionId) -> Known {
        match self.subscription(&desk.queue, id).await {
            Ok(Some(found)) => Known::Found(Box::new(found)),
            Ok(None) => Known::Absent,
            Err(error) => {
                self.note_failure("a subscription cannot be read", &error);
                Known::Unknown
            }
        }
    }

    /// Tells a subscriber of a message of which so many attempts were made.
    async fn tell_again(
        &self,
        desk: &Desk,
        letter: &Letter,
        target: &Target,
        attempts: u32,
    ) -> Settlement {
        let subscription = &target.subscription;
        if self.is_exhausted(desk, subscription, attempts) {
            return self.give_up(desk, letter, subscription, attempts, "failed too often").await;
        }
        let attempt = attempts.saturating_add(1);
        let Some(parcel) = letter.parcel(&desk.queue, subscription, attempt, self.now()) else {
            return self.retry(desk, letter, subscription, attempt, None).await;
        };
        match self.teller.attempt(target, parcel, self.shutdown.closing()).await {
            Begun::Ended(attempted) => self.judge(desk, letter, attempted).await,
            Begun::UnderWay(under_way) => {
                let attempted = self.teller.wait(under_way).await;
                self.judge(desk, letter, attempted).await
            }
            Begun::PutOff(until) => {
                let due_at = self.millis(until);
                self.put_off(desk, letter, subscription, attempts, due_at).await
            }
            Begun::Held(until) => self.hold(desk, letter, target, until).await,
            Begun::Closing => Settlement::Retry { attempts, due_at: self.now() },
        }
    }
}

//! Deliveries of one queue: what could not be told at once.

use std::collections::{BTreeMap, BTreeSet};

use sukkal_storage::{DeliveryKey, LeaseId, Marker, Millis, NewDelivery, SubscriptionId};

/// A delivery that is kept.
#[derive(Clone)]
pub(crate) struct Kept {
    /// How many attempts were made.
    pub(crate) attempts: u32,
    /// When it may be leased: when it is tried again, or when its lease ends; absent if it is parked.
    pub(crate) due_at: Option<Millis>,
    /// The last lease that took it and did not settle it.
    pub(crate) lease: Option<LeaseId>,
    /// When its message ends.
    pub(crate) expires_at: Millis,
}

/// The deliveries of one queue; the records decide, the sets only say where to look.
#[derive(Default)]
pub(crate) struct Deliveries {
    kept: BTreeMap<DeliveryKey, Kept>,
    due: BTreeSet<(Millis, Marker, DeliveryKey)>,
    parked: BTreeSet<DeliveryKey>,
    /// Parked ones under the end of their message.
    ends: BTreeSet<(Millis, DeliveryKey)>,
}

impl Deliveries {
    /// When the first one is, or was, due.
    pub(crate) fn first_due(&self) -> Option<Millis> {
        self.due.first().map(|(due_at, ..)| *due_at)
    }

    /// Keeps a delivery unless it is kept already; tells whether it is new.
    pub(crate) fn add(&mut self, new: &NewDelivery, expires_at: Millis) -> bool {
        if self.kept.contains_key(&new.key) {
            return false;
        }
        let NewDelivery { key, attempts, due_at, lease } = *new;
        self.file(key, Kept { attempts, due_at, lease, expires_at });
        true
    }

    /// Those that are due, earliest first.
    pub(crate) fn due(&self, now: Millis) -> impl Iterator<Item = (DeliveryKey, &Kept)> {
        self.due
            .iter()
            .take_while(move |(due_at, ..)| *due_at <= now)
            .filter_map(|(_, _, key)| Some((*key, self.kept.get(key)?)))
    }

    /// Whether this lease holds a delivery: it has taken it, and no other has since.
    pub(crate) fn is_held(&self, key: &DeliveryKey, lease: LeaseId) -> bool {
        self.kept.get(key).is_some_and(|kept| kept.lease == Some(lease))
    }

    /// Changes a delivery.
    pub(crate) fn edit(&mut self, key: DeliveryKey, change: impl FnOnce(&mut Kept)) {
        if let Some(mut kept) = self.remove(&key) {
            change(&mut kept);
            self.file(key, kept);
        }
    }

    /// Removes a delivery.
    pub(crate) fn remove(&mut self, key: &DeliveryKey) -> Option<Kept> {
        let kept = self.kept.remove(key)?;
        match kept.due_at {
            Some(due_at) => {
                self.due.remove(&(due_at, key.entry, *key));
            }
            None => {
                self.parked.remove(key);
                self.ends.remove(&(kept.expires_at, *key));
            }
        }
        Some(kept)
    }

    /// The parked deliveries of a subscription, in order.
    pub(crate) fn parked(&self, subscription: SubscriptionId) -> impl Iterator<Item = DeliveryKey> {
        let first = DeliveryKey { subscription, entry: Marker::MIN, index: 0 };
        let of_it = move |key: &&DeliveryKey| key.subscription == subscription;
        self.parked.range(first..).take_while(of_it).copied()
    }

    /// The parked deliveries whose message has ended.
    pub(crate) fn ended(&self, now: Millis) -> impl Iterator<Item = DeliveryKey> {
        self.ends.iter().take_while(move |(ends, _)| *ends <= now).map(|(_, key)| *key)
    }

    fn file(&mut self, key: DeliveryKey, kept: Kept) {
        match kept.due_at {
            Some(due_at) => {
                self.due.insert((due_at, key.entry, key));
            }
            None => {
                self.parked.insert(key);
                self.ends.insert((kept.expires_at, key));
            }
        }
        self.kept.insert(key, kept);
    }
}

//! The subscriptions of one queue or topic, their logs, and what a post asks about them.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::ops::Bound;

use bytes::Bytes;
use sukkal_storage::{Millis, Result, StorageError, Subscription, SubscriptionId};

/// For whom a post adds an entry to the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Nobody: nothing is added.
    Nobody,
    /// Followers: the entry is only kept for them.
    Followers,
    /// Subscribers that workers tell.
    Workers,
}

/// The subscriptions of one queue or topic, live or not, in the order of ids.
#[derive(Default)]
pub(crate) struct Subscribers {
    by_id: BTreeMap<SubscriptionId, Subscription>,
    /// The ends of those that are no followers, so that a post need not look at each.
    told: BTreeSet<(Millis, SubscriptionId)>,
    /// The latest end that a follower was ever given.
    followed_until: Option<Millis>,
    logs: HashMap<SubscriptionId, VecDeque<Bytes>>,
}

impl Subscribers {
    pub(crate) fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    /// Whether a follower lives, or would live if nobody had deleted it.
    pub(crate) fn is_followed(&self, now: Millis) -> bool {
        self.followed_until.is_some_and(|until| until > now)
    }

    /// Who hears of a post at this time.
    pub(crate) fn audience(&self, now: Millis) -> Audience {
        if self.told.last().is_some_and(|(ends, _)| *ends > now) {
            Audience::Workers
        } else if self.is_followed(now) {
            Audience::Followers
        } else {
            Audience::Nobody
        }
    }

    /// The live subscription of a subscriber.
    pub(crate) fn of_subscriber(&self, subscriber: &str, now: Millis) -> Option<&Subscription> {
        self.by_id.values().find(|each| each.subscriber == subscriber && !has_ended(each, now))
    }

    /// A live subscription.
    pub(crate) fn get(&self, id: SubscriptionId, now: Millis) -> Option<&Subscription> {
        self.by_id.get(&id).filter(|each| !has_ended(each, now))
    }

    /// Live subscriptions behind an id, in the order of ids.
    pub(crate) fn behind(
        &self,
        after: Option<SubscriptionId>,
        now: Millis,
    ) -> impl Iterator<Item = &Subscription> {
        let start = after.map_or(Bound::Unbounded, Bound::Excluded);
        self.by_id
            .range((start, Bound::Unbounded))
            .map(|(_, each)| each)
            .filter(move |each| !has_ended(each, now))
    }

    /// Puts a subscription in the place of one that had its id.
    pub(crate) fn insert(&mut self, subscription: Subscription) {
        self.remove(subscription.id);
        if subscription.is_follower {
            self.followed_until = self.followed_until.max(Some(subscription.expires_at));
        } else {
            self.told.insert((subscription.expires_at, subscription.id));
        }
        self.by_id.insert(subscription.id, subscription);
    }

    /// Changes a live subscription and returns it.
    pub(crate) fn edit(
        &mut self,
        id: SubscriptionId,
        now: Millis,
        change: impl FnOnce(&mut Subscription),
    ) -> Result<Subscription> {
        let mut found = self.get(id, now).ok_or(StorageError::SubscriptionDoesNotExist)?.clone();
        let log = self.logs.remove(&id);
        change(&mut found);
        self.insert(found.clone());
        if let Some(log) = log {
            self.logs.insert(id, log);
        }
        Ok(found)
    }

    /// Removes a subscription and its log.
    pub(crate) fn remove(&mut self, id: SubscriptionId) {
        self.logs.remove(&id);
        if let Some(gone) = self.by_id.remove(&id) {
            self.told.remove(&(gone.expires_at, id));
        }
    }

    /// Removes the first `limit` subscriptions.
    pub(crate) fn purge(&mut self, limit: usize) {
        let first: Vec<SubscriptionId> = self.by_id.keys().take(limit).copied().collect();
        for id in first {
            self.remove(id);
        }
    }

    /// Removes up to `budget` subscriptions that have ended; returns how many.
    pub(crate) fn collect(&mut self, now: Millis, budget: usize) -> usize {
        let ended: Vec<SubscriptionId> = self
            .by_id
            .values()
            .filter(|each| has_ended(each, now))
            .map(|each| each.id)
            .take(budget)
            .collect();
        for id in &ended {
            self.remove(*id);
        }
        ended.len()
    }

    /// Adds to the log of a subscription, unless it is gone.
    pub(crate) fn log(&mut self, id: SubscriptionId, record: Bytes, keep: usize) {
        if !self.by_id.contains_key(&id) {
            return;
        }
        let log = self.logs.entry(id).or_default();
        log.push_back(record);
        while log.len() > keep {
            log.pop_front();
        }
    }

    /// The log of a subscription, newest first.
    pub(crate) fn attempts(&self, id: SubscriptionId) -> impl Iterator<Item = &Bytes> {
        self.logs.get(&id).into_iter().flatten().rev()
    }
}

fn has_ended(subscription: &Subscription, now: Millis) -> bool {
    now >= subscription.expires_at
}

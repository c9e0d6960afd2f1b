//! Who is to be told of an entry, page by page.

use std::sync::Arc;

use sukkal_storage::{EntryKind, ListSubscriptions, Subscription, SubscriptionId};

use super::telling::Target;
use super::workplace::{Desk, Treatment, Workplace};

/// How many subscriptions are read at a time.
const PAGE: usize = 100;

/// A part of the subscriptions of a queue.
#[derive(Clone)]
pub(super) struct Page {
    pub(super) planned: Arc<[(SubscriptionId, Plan)]>,
    /// The last subscription of the part, whether it is told or not.
    pub(super) last: Option<SubscriptionId>,
    /// Whether no other part follows.
    pub(super) is_last: bool,
}

/// What is done for a subscription.
#[derive(Clone)]
pub(super) enum Plan {
    Tell(Target),
    /// What is for it waits until it is resumed.
    Park,
}

impl Workplace {
    /// The next subscriptions that are told of posts.
    pub(super) async fn page(&self, desk: &Desk, after: Option<SubscriptionId>) -> Page {
        let query = || ListSubscriptions {
            queue: desk.queue.clone(),
            after,
            limit: PAGE,
            include_followers: false,
            now: self.now(),
        };
        let list = || self.store.subscriptions().list(query());
        let listed = self.again_and_again("subscriptions cannot be read", list).await;
        let (is_last, last) = (listed.len() < PAGE, listed.last().map(|each| each.id));
        Page { planned: self.plan(listed, EntryKind::Post), last, is_last }
    }

    /// The one subscription that an entry is for.
    pub(super) async fn only(&self, desk: &Desk, id: SubscriptionId, kind: EntryKind) -> Page {
        let get = || self.subscription(&desk.queue, id);
        let found = self.again_and_again("a subscription cannot be read", get).await;
        Page { planned: self.plan(found, kind), last: Some(id), is_last: true }
    }

    fn plan(
        &self,
        subscriptions: impl IntoIterator<Item = Subscription>,
        kind: EntryKind,
    ) -> Arc<[(SubscriptionId, Plan)]> {
        let plan = |subscription: Subscription| {
            let id = subscription.id;
            match self.treatment(&subscription, kind) {
                Treatment::Skip => None,
                Treatment::Park => Some((id, Plan::Park)),
                Treatment::Tell => Some((id, Plan::Tell(self.target(subscription)?))),
            }
        };
        subscriptions.into_iter().filter_map(plan).collect()
    }

    /// How to tell a subscriber; one line in the log tells of a scheme that no carrier knows.
    pub(super) fn target(&self, subscription: Subscription) -> Option<Target> {
        let id = subscription.id;
        let target = self.teller.target(subscription);
        if target.is_none() {
            tracing::warn!(subscription = %id, "a subscriber cannot be told: nobody here knows its scheme");
        }
        target
    }
}

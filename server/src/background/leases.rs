//! Subscriptions of connections: each lives as long as its connection.
//!
//! Their rows end soon unless they are renewed, so those of a server that died vanish by themselves.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt, stream};
use sukkal_storage::{
    CreateSubscription, CreatedSubscription, DeleteSubscription, GetSubscription, Lifetime, Millis,
    Result, StorageError, Subscription, SubscriptionId, UpdateSubscription,
};
use uuid::Uuid;

use crate::placement::Placement;
use crate::shutdown::Shutdown;

/// How long a row lives without being renewed.
const LEASE: Millis = 60_000;
/// How often rows are renewed: two renewals may fail.
const RENEW_EVERY: Duration = Duration::from_secs(20);
/// How many rows are worked on at the same time.
const AT_ONCE: usize = 16;

/// The subscription of a connection.
#[derive(Clone, Debug)]
pub struct Lease {
    /// What made the row, with its lifetime as it is now.
    row: CreateSubscription,
    /// When the subscription ends though its connection lives.
    ends: Millis,
}

impl Lease {
    /// Takes what would make a row for the whole lifetime.
    pub fn begin(mut row: CreateSubscription) -> Self {
        let ends = row.expires_at;
        row.expires_at = ends.min(row.now + LEASE);
        Self { row, ends }
    }

    /// The command that makes the row.
    pub fn row(&self) -> CreateSubscription {
        self.row.clone()
    }

    /// Takes over what somebody changed in the row.
    fn follow(&mut self, found: Subscription) {
        if found.expires_at != self.row.expires_at {
            self.ends = found.expires_at;
        }
        self.row.ttl = found.ttl;
        self.row.options = found.options;
    }

    /// Lets the row live on from now, or, once it is nobody's, until the end.
    fn extend(&mut self, now: Millis, is_own: bool) {
        self.row.now = now;
        self.row.expires_at = if is_own { self.ends.min(now + LEASE) } else { self.ends };
    }
}

/// Renews the subscriptions of open connections and deletes those of closed ones. Cheap to clone.
#[derive(Clone)]
pub struct Leases {
    placement: Placement,
    held: Arc<Mutex<HashMap<Arc<str>, Vec<Lease>>>>,
}

impl Leases {
    /// Holds nothing yet.
    pub fn new(placement: Placement) -> Self {
        Self { placement, held: Arc::default() }
    }

    /// Makes the address of a new connection: the subscriber of its subscriptions. Nobody can guess it.
    pub fn address() -> Arc<str> {
        format!("websocket:{}", Uuid::new_v4()).into()
    }

    /// Keeps the subscription of a connection.
    pub fn hold(&self, address: &Arc<str>, lease: Lease) {
        self.held().entry(Arc::clone(address)).or_default().push(lease);
    }

    /// Deletes the subscriptions of a connection that has closed. Those that cannot be deleted end by themselves.
    pub async fn release(&self, address: &str) {
        let Some(leases) = self.held().remove(address) else { return };
        stream::iter(leases)
            .for_each_concurrent(AT_ONCE, |lease| async move {
                if let Err(error) = self.delete(&lease).await {
                    tracing::debug!(%error, "the subscription of a closed connection is left to end");
                }
            })
            .await;
    }

    async fn delete(&self, lease: &Lease) -> Result<()> {
        let store = self.placement.data(&lease.row.queue).await?;
        let command = DeleteSubscription { queue: lease.row.queue.clone(), id: lease.row.id };
        store.subscriptions().delete(command).await
    }

    /// Renews what is held until the server stops.
    pub async fn run(self, shutdown: Shutdown) {
        let rest = || tokio::time::sleep(RENEW_EVERY);
        while shutdown.closing().run_until_cancelled(rest()).await.is_some() {
            self.renew_all().await;
        }
    }

    async fn renew_all(&self) {
        let all: Vec<(Arc<str>, Lease)> = self
            .held()
            .iter()
            .flat_map(|(address, leases)| {
                leases.iter().map(|lease| (Arc::clone(address), lease.clone()))
            })
            .collect();
        stream::iter(all)
            .for_each_concurrent(AT_ONCE, |(address, lease)| async move {
                let id = lease.row.id;
                match self.renew(lease).await {
                    Ok(renewed) => self.replace(&address, id, renewed),
                    Err(error) => {
                        tracing::warn!(%error, "the subscription of a connection is not renewed");
                    }
                }
            })
            .await;
    }

    /// Renews a row as it is now: somebody may have given it another lifetime. Nothing is left to renew of one
    /// that was deleted, has ended, or has another subscriber.
    async fn renew(&self, mut lease: Lease) -> Result<Option<Lease>> {
        let now = self.placement.now();
        let (queue, id) = (lease.row.queue.clone(), lease.row.id);
        let store = self.placement.data(&queue).await?;
        let query = GetSubscription { queue: queue.clone(), id, now };
        let found = match store.subscriptions().get(query).await {
            Ok(found) => found,
            Err(StorageError::SubscriptionDoesNotExist) => return self.revive(lease, now).await,
            Err(error) => return Err(error),
        };
        let is_own = found.subscriber == lease.row.subscriber;
        lease.follow(found);
        lease.extend(now, is_own);
        let lifetime = Lifetime { ttl: lease.row.ttl, expires_at: lease.row.expires_at };
        let (subscriber, options) = (None, None);
        let command =
            UpdateSubscription { queue, id, subscriber, lifetime: Some(lifetime), options, now };
        match store.subscriptions().update(command).await {
            Ok(()) => Ok(is_own.then_some(lease)),
            Err(StorageError::SubscriptionDoesNotExist) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a row again that ended because it could not be renewed in time.
    async fn revive(&self, mut lease: Lease, now: Millis) -> Result<Option<Lease>> {
        if now < lease.row.expires_at || now >= lease.ends {
            return Ok(None);
        }
        lease.extend(now, true);
        let store = self.placement.data(&lease.row.queue).await?;
        let created = store.subscriptions().create(lease.row()).await?;
        Ok((created == CreatedSubscription::Created).then_some(lease))
    }

    fn replace(&self, address: &str, id: SubscriptionId, renewed: Option<Lease>) {
        let mut held = self.held();
        let Some(leases) = held.get_mut(address) else { return };
        leases.retain_mut(|each| {
            if each.row.id != id {
                return true;
            }
            let Some(renewed) = renewed.clone() else { return false };
            *each = renewed;
            true
        });
    }

    fn held(&self) -> MutexGuard<'_, HashMap<Arc<str>, Vec<Lease>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;

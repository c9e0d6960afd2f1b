//! How much may be leased at a time, over all queues.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many entries and deliveries may be leased at least.
const MOST_LEASED: usize = 1024;
/// How many for each attempt that may be under way.
const PER_ATTEMPT: usize = 4;
/// How many bytes of bodies they may have, in KiB, beyond which one lease may go by one entry.
const MOST_KIB: usize = 64 * 1024;
/// How many are leased at a time.
pub(super) const LEASE_LIMIT: usize = 64;
/// After how many bytes of bodies one lease stops.
pub(super) const LEASE_BYTES: usize = 1024 * 1024;

/// Says how much more may be leased.
#[derive(Clone)]
pub(super) struct Budget {
    count: Arc<Semaphore>,
    kib: Arc<Semaphore>,
}

/// A part of the budget, given back when it is dropped.
pub(super) struct Share {
    count: OwnedSemaphorePermit,
    kib: OwnedSemaphorePermit,
}

impl Budget {
    /// A budget for so many attempts under way.
    pub(super) fn new(attempts: usize) -> Self {
        let most = (attempts * PER_ATTEMPT).max(MOST_LEASED);
        Self { count: Arc::new(Semaphore::new(most)), kib: Arc::new(Semaphore::new(MOST_KIB)) }
    }

    /// Waits until a lease is possible.
    pub(super) async fn share(&self) -> Share {
        let count = acquire(&self.count, LEASE_LIMIT).await;
        let kib = acquire(&self.kib, LEASE_BYTES / 1024).await;
        Share { count, kib }
    }
}

impl Share {
    /// Gives back what a lease did not need.
    pub(super) fn shrink(&mut self, count: usize, bytes: usize) {
        let unused = self.count.num_permits().saturating_sub(count);
        drop(self.count.split(unused));
        let unused = self.kib.num_permits().saturating_sub(bytes.div_ceil(1024));
        drop(self.kib.split(unused));
    }

    /// Takes a part out of it, for one of `count` equals.
    pub(super) fn give_back(&mut self, bytes: usize) {
        drop(self.count.split(1.min(self.count.num_permits())));
        drop(self.kib.split((bytes / 1024).min(self.kib.num_permits())));
    }
}

async fn acquire(semaphore: &Arc<Semaphore>, count: usize) -> OwnedSemaphorePermit {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let acquired = Arc::clone(semaphore).acquire_many_owned(count).await;
    acquired.expect("nobody closes the budget")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn shares_are_given_back() {
        let budget = Budget::new(256);
        let mut shares = Vec::new();
        while let Ok(share) =
            tokio::time::timeout(std::time::Duration::from_millis(1), budget.share()).await
        {
            shares.push(share);
        }
        assert_eq!(shares.len(), MOST_LEASED / LEASE_LIMIT);

        shares[0].shrink(2, 3000);
        assert_eq!(budget.count.available_permits(), LEASE_LIMIT - 2);
        shares[0].give_back(1500);
        shares[0].give_back(1500);
        assert_eq!(budget.count.available_permits(), LEASE_LIMIT);
        shares.clear();
        assert_eq!(budget.count.available_permits(), MOST_LEASED);
        assert_eq!(budget.kib.available_permits(), MOST_KIB);
    }
}

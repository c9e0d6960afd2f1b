//! The row of a socket's subscription, which ends soon unless it is renewed.

use bytes::Bytes;
use sukkal_storage::{CreateSubscription, Millis, QueueKey, Subscription, SubscriptionId};

/// How long a row lives without being renewed.
pub(super) const LEASE: Millis = 60_000;
/// A row is renewed after this, or up to as much later: rows made together are soon renewed apart.
const RENEW_AFTER: Millis = 10_000;

/// What is known of the row of a subscription, and how long the subscription is to live.
#[derive(Clone, Debug)]
pub(crate) struct Lease {
    pub(super) id: SubscriptionId,
    /// When the row ends, as far as known.
    expires_at: Millis,
    /// When it was last asked to end.
    asked_for: Millis,
    /// When it was asked to end before, if nobody knows whether that was done.
    unsure: Option<Millis>,
    /// When the subscription ends though its connection lives.
    ends: Millis,
    ttl: i64,
    options: Bytes,
    checked_at: Millis,
}

impl Lease {
    /// Takes what would make a row for the whole lifetime, and shortens it to what makes a row that is renewed.
    pub(crate) fn begin(row: &mut CreateSubscription) -> Self {
        let ends = row.expires_at;
        row.expires_at = ends.min(row.now + LEASE);
        // The text may be a part of a larger buffer, which would live as long.
        row.options = Bytes::copy_from_slice(&row.options);
        Self {
            id: row.id,
            expires_at: row.expires_at,
            asked_for: row.expires_at,
            unsure: None,
            ends,
            ttl: row.ttl,
            options: row.options.clone(),
            checked_at: row.now,
        }
    }

    /// Whether it is time to renew the row.
    pub(super) fn is_due(&self, now: Millis) -> bool {
        let spread = i64::try_from(self.id.as_u128() % RENEW_AFTER.unsigned_abs() as u128);
        let after = RENEW_AFTER + spread.unwrap_or_default();
        // A clock that went back must not keep rows from being renewed.
        (now - self.checked_at).abs() >= after
    }

    /// Whether the subscription is over though its connection lives.
    pub(super) fn has_ended(&self, now: Millis) -> bool {
        now >= self.ends
    }

    /// Whether the row is gone because nobody renewed it in time.
    pub(super) fn has_lapsed(&self, now: Millis) -> bool {
        now >= self.expires_at && now < self.ends
    }

    /// Renews the row: when it ends as far as known, and when it is to end.
    pub(super) fn renewal(&mut self, now: Millis) -> (Millis, Millis) {
        let was_asked_for = self.asked_for;
        self.asked_for = self.next_end(now);
        // If nobody knows whether the last renewal was done, the next one finds out.
        self.unsure = (was_asked_for != self.expires_at).then_some(was_asked_for);
        (self.expires_at, self.asked_for)
    }

    fn next_end(&self, now: Millis) -> Millis {
        self.ends.min(now + LEASE)
    }

    /// When the subscription ends, whatever renews it.
    pub(super) fn ends(&self) -> Millis {
        self.ends
    }

    /// Takes over the row as it was found; tells whether it does not end as it was asked to.
    pub(super) fn follow(&mut self, found: &Subscription, renewed_to: Millis, now: Millis) -> bool {
        let is_changed = found.expires_at != renewed_to;
        if is_changed && self.unsure.take() != Some(found.expires_at) {
            self.ends = found.expires_at;
        }
        self.expires_at = found.expires_at;
        self.asked_for = found.expires_at;
        self.ttl = found.ttl;
        if self.options != found.options {
            self.options = Bytes::copy_from_slice(&found.options);
        }
        self.checked_at = now;
        is_changed
    }

    /// What makes the row again.
    pub(super) fn revived(
        &mut self,
        queue: &QueueKey,
        subscriber: &str,
        now: Millis,
    ) -> CreateSubscription {
        self.expires_at = self.next_end(now);
        self.asked_for = self.expires_at;
        self.checked_at = now;
        CreateSubscription {
            queue: queue.clone(),
            id: self.id,
            subscriber: subscriber.to_owned(),
            ttl: self.ttl,
            expires_at: self.expires_at,
            options: self.options.clone(),
            is_follower: true,
            now,
        }
    }

    /// The options, the text of a JSON object.
    pub(super) fn options(&self) -> &Bytes {
        &self.options
    }
}

//! Which subscriptions wait for an endpoint that is left alone.

use std::collections::HashMap;

use sukkal_storage::SubscriptionId;
use tokio::time::Instant;

/// How many subscriptions are remembered. What is for others is looked at again and again instead of being parked.
const MOST_REMEMBERED: usize = 4096;

/// What becomes of a message whose first attempt is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// It is looked at again then: it finds out whether the endpoint is well, for all that is parked.
    Probe(Instant),
    /// It is parked until another message of the subscription is settled.
    Park,
}

/// When the probe of each subscription is due.
#[derive(Debug, Default)]
pub(super) struct Probes(HashMap<SubscriptionId, Instant>);

impl Probes {
    /// Decides about a message that is held back until then at least.
    pub(super) fn hold(&mut self, id: SubscriptionId, until: Instant, now: Instant) -> Held {
        if self.is_ahead(id, now) {
            return Held::Park;
        }
        if self.0.len() >= MOST_REMEMBERED {
            self.0.retain(|_, due| *due > now);
        }
        if self.0.len() < MOST_REMEMBERED {
            self.0.insert(id, until);
        }
        Held::Probe(until)
    }

    /// Whether a probe of the subscription is not due yet.
    pub(super) fn is_ahead(&self, id: SubscriptionId, now: Instant) -> bool {
        self.0.get(&id).is_some_and(|due| *due > now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use uuid::Uuid;

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn one_message_of_a_subscription_at_a_time_is_the_probe() {
        let (mut probes, now) = (Probes::default(), Instant::now());
        let [one, other] = [Uuid::new_v4(), Uuid::new_v4()];
        let until = now + SECOND;

        assert_eq!(probes.hold(one, until, now), Held::Probe(until));
        assert_eq!(probes.hold(one, until + SECOND, now), Held::Park);
        assert_eq!(probes.hold(other, until, now), Held::Probe(until));
        assert!(probes.is_ahead(one, now) && !probes.is_ahead(one, until));
        assert_eq!(probes.hold(one, until + SECOND, until), Held::Probe(until + SECOND));
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_subscriptions_than_that_are_remembered_and_nothing_is_parked_for_the_rest() {
        let (mut probes, now) = (Probes::default(), Instant::now());
        let until = now + SECOND;
        for _ in 0..MOST_REMEMBERED {
            probes.hold(Uuid::new_v4(), until, now);
        }

        let late = Uuid::new_v4();
        for _ in 0..2 {
            assert_eq!(probes.hold(late, until, now), Held::Probe(until));
        }
        assert_eq!(probes.0.len(), MOST_REMEMBERED);
        probes.hold(late, until + SECOND, until);
        assert_eq!(probes.0.len(), 1);
    }
}

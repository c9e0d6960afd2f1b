//! Two queues, the second of which takes the dead letters of the first.

use sukkal_storage::{Claim, CreateClaim, DeadLetter, DeleteClaim};

use crate::bench::{Bench, Queue};

/// A source and a dead-letter queue.
pub(crate) struct Pair {
    pub(crate) source: Queue,
    pub(crate) target: Queue,
}

impl Pair {
    pub(crate) fn new(bench: &Bench) -> Self {
        Self { source: bench.queue(), target: bench.queue() }
    }

    pub(crate) fn rule(&self, same_store: bool) -> DeadLetter {
        self.target.dead_letter(same_store)
    }

    /// Claims under a rule, then lets the mover finish.
    pub(crate) async fn claim(&self, limit: usize, rule: &DeadLetter, now: i64) -> Claim {
        let dead_letter = Some(rule.clone());
        let command = CreateClaim { dead_letter, ..self.source.claim_of(limit, now) };
        let claim = self.source.create_claim(command).await;
        self.source.deliver(now).await;
        claim
    }

    pub(crate) async fn release(&self, claim: &Claim, now: i64) {
        let command = DeleteClaim { queue: self.source.key.clone(), id: claim.id, now };
        self.source.claims().delete(command).await.expect("the claim is released");
    }

    /// Claims and releases everything once, so that all messages have reached the maximum.
    pub(crate) async fn wear_out(&self, rule: &DeadLetter, now: i64) {
        let claim = self.claim(1000, rule, now).await;
        self.release(&claim, now).await;
    }
}

//! How often a message was claimed under a dead-letter rule.

use sukkal_storage::{Capability, CreateClaim, DeadLetter, UpdateClaim};

use crate::bench::{Bench, CLAIM_TTL, SECOND};
use crate::case::{Need, cases};
use crate::pair::Pair;

cases! {
    [Need::Has(Capability::Claims)] => {
        a_rule_counts_claims,
        counts_survive_release_and_expiry,
        an_update_counts_nothing,
        a_repeated_claim_counts_nothing,
    }
}

async fn a_rule_counts_claims(bench: Bench) {
    let pair = Pair::new(&bench);
    let now = pair.source.start;
    let posted = pair.source.post(&["a", "b"]).await;
    let rule = DeadLetter { max_claim_count: 5, ..pair.rule(true) };

    for count in 1..=3 {
        let claim = pair.claim(1, &rule, now).await;
        assert_eq!(claim.messages[0].claim_count, count);
        pair.release(&claim, now).await;
    }

    let counts: Vec<_> =
        pair.source.get(&posted, now).await.iter().map(|m| m.claim_count).collect();
    assert_eq!(counts, [3, 0]);
}

async fn counts_survive_release_and_expiry(bench: Bench) {
    let pair = Pair::new(&bench);
    let now = pair.source.start;
    let rule = DeadLetter { max_claim_count: 5, ..pair.rule(true) };
    pair.source.post(&["a"]).await;
    pair.claim(1, &rule, now).await;
    let end = now + CLAIM_TTL * SECOND;

    let claim = pair.claim(1, &rule, end).await;
    pair.release(&claim, end).await;

    assert_eq!(claim.messages[0].claim_count, 2);
    assert_eq!(pair.source.free(end).await[0].claim_count, 2);
    assert_eq!(pair.source.pop(1, end).await[0].claim_count, 2);
}

async fn an_update_counts_nothing(bench: Bench) {
    let pair = Pair::new(&bench);
    let now = pair.source.start;
    pair.source.post(&["a"]).await;
    let claim = pair.claim(1, &pair.rule(true), now).await;
    let queue = pair.source.key.clone();

    let update = UpdateClaim { queue, id: claim.id, ttl: 60, grace: 0, now };
    pair.source.claims().update(update).await.expect("the claim lives");

    let read = pair.source.get_claim(claim.id, now).await.expect("the claim lives");
    assert_eq!(read.messages[0].claim_count, 1);
}

async fn a_repeated_claim_counts_nothing(bench: Bench) {
    let pair = Pair::new(&bench);
    let now = pair.source.start;
    pair.source.post(&["a"]).await;
    let dead_letter = Some(pair.rule(true));
    let command = CreateClaim { dead_letter, ..pair.source.claim_of(1, now) };
    let first = pair.source.create_claim(command.clone()).await;

    let repeated = pair.source.create_claim(command).await;

    assert_eq!(first.messages[0].claim_count, 1);
    assert_eq!(repeated, first);
}

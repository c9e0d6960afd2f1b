//! The cases, one file per store or subject.

use crate::case::Case;

mod claim_counts;
mod claim_lifetime;
mod claims;
mod collect;
mod control;
mod dead_letters;
mod delays;
mod delete;
mod expiry;
mod isolation;
mod lifecycle;
mod list;
mod messages;
mod outbox_deliveries;
mod outbox_followers;
mod outbox_leases;
mod outbox_logs;
mod outbox_posts;
mod outbox_queues;
mod placed_records;
mod placements;
mod pop_purge;
mod queue_lists;
mod queue_state;
mod races;
mod stats;
mod subscription_lifetime;
mod subscription_states;
mod subscription_updates;
mod subscriptions;
mod topics;
mod transfers;

/// Every case.
pub(crate) fn all() -> Vec<Case> {
    [
        queue_state::cases(),
        messages::cases(),
        list::cases(),
        delays::cases(),
        expiry::cases(),
        delete::cases(),
        pop_purge::cases(),
        stats::cases(),
        claims::cases(),
        claim_lifetime::cases(),
        claim_counts::cases(),
        dead_letters::cases(),
        transfers::cases(),
        control::cases(),
        queue_lists::cases(),
        isolation::cases(),
        races::cases(),
        collect::cases(),
        topics::cases(),
        placements::cases(),
        placed_records::cases(),
        subscriptions::cases(),
        subscription_updates::cases(),
        subscription_lifetime::cases(),
        subscription_states::cases(),
        outbox_posts::cases(),
        outbox_leases::cases(),
        outbox_deliveries::cases(),
        outbox_followers::cases(),
        outbox_queues::cases(),
        outbox_logs::cases(),
        lifecycle::cases(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

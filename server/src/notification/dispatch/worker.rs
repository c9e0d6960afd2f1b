//! Leasing the work of one queue.

use std::sync::Arc;
use std::time::Duration;

use sukkal_storage::{LeaseWork, QueueKey, Result};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::board::Work;
use super::budget::{LEASE_BYTES, LEASE_LIMIT, Share};
use super::deliveries::Deliveries;
use super::entries::{Entries, LEASE, Leased};
use super::job::MARGIN;
use super::telling::PATIENCE;
use super::workplace::{Desk, Workplace};

/// How many leases of a queue are worked on at a time, beside those that wait for slow subscribers.
const TURNS: usize = 2;
/// After this time other queues get their turn.
const LONGEST_TURN: Duration = Duration::from_millis(500);

/// Leases what a queue has until there is nothing left. The queue has a place on the board.
pub(super) async fn work_on(place: Arc<Workplace>, queue: QueueKey) {
    let turns = Arc::new(Semaphore::new(TURNS));
    let start = Instant::now();
    loop {
        let is_over = start.elapsed() > LONGEST_TURN && place.board.has_line();
        if is_over || place.shutdown.is_closing() {
            return place.board.leave(&queue);
        }
        let Some(work) = place.board.take(&queue) else { return };
        let worked = place.shutdown.closing().run_until_cancelled(ready(&place, &turns)).await;
        let Some((turn, share)) = worked else { return place.board.leave(&queue) };
        if let Err(error) = lease(&place, &queue, work, turn, share).await {
            place.board.want(&queue, work);
            place.note_failure("the outbox cannot be leased from", &error);
            return place.board.leave(&queue);
        }
    }
}

async fn ready(place: &Workplace, turns: &Arc<Semaphore>) -> (OwnedSemaphorePermit, Share) {
    let turn = Arc::clone(turns).acquire_owned().await.expect("nobody closes the turns");
    (turn, place.budget.share().await)
}

/// Leases entries, or deliveries, and has somebody work on them.
async fn lease(
    place: &Arc<Workplace>,
    queue: &QueueKey,
    work: Work,
    turn: OwnedSemaphorePermit,
    share: Share,
) -> Result<()> {
    let desk = place.desk(queue).await?;
    if work.entries {
        if work.deliveries {
            place.board.want(queue, Work::DELIVERIES);
        }
        lease_entries(place, desk, turn, share).await
    } else {
        lease_deliveries(place, desk, turn, share).await
    }
}

async fn lease_entries(
    place: &Arc<Workplace>,
    desk: Arc<Desk>,
    turn: OwnedSemaphorePermit,
    mut share: Share,
) -> Result<()> {
    let command = command(place, &desk.queue, Duration::from_millis(LEASE.unsigned_abs()));
    let (lease, until) = (command.lease, command.until);
    let entries = place.store.outbox().lease_entries(command).await?;
    if entries.is_empty() {
        return Ok(());
    }
    let messages = entries.iter().flat_map(|entry| &entry.messages);
    let bytes = messages.map(|message| message.body.bytes.len()).sum();
    if is_full(entries.len(), bytes) {
        place.board.want(&desk.queue, Work::ENTRIES);
    }
    share.shrink(entries.len(), bytes);
    let leased = Leased { lease, until, share, turn };
    place.spawn(Entries::new(Arc::clone(place), desk, entries, leased).run());
    Ok(())
}

async fn lease_deliveries(
    place: &Arc<Workplace>,
    desk: Arc<Desk>,
    turn: OwnedSemaphorePermit,
    mut share: Share,
) -> Result<()> {
    let time = PATIENCE + place.teller.longest() + MARGIN;
    let command = command(place, &desk.queue, time);
    let (lease, until) = (command.lease, command.until);
    let deliveries = place.store.outbox().lease_deliveries(command).await?;
    if deliveries.is_empty() {
        return Ok(());
    }
    let bytes = deliveries.iter().map(|delivery| delivery.message.body.bytes.len()).sum();
    if is_full(deliveries.len(), bytes) {
        place.board.want(&desk.queue, Work::DELIVERIES);
    }
    share.shrink(deliveries.len(), bytes);
    let leased = Leased { lease, until, share, turn };
    place.spawn(Deliveries::new(Arc::clone(place), desk, leased).run(deliveries));
    Ok(())
}

fn command(place: &Workplace, queue: &QueueKey, time: Duration) -> LeaseWork {
    LeaseWork {
        queue: queue.clone(),
        lease: Workplace::lease_id(),
        limit: LEASE_LIMIT,
        max_bytes: LEASE_BYTES,
        until: place.after(time),
        now: place.now(),
    }
}

/// Whether a lease of so many may have left something.
fn is_full(count: usize, bytes: usize) -> bool {
    count >= LEASE_LIMIT || bytes >= LEASE_BYTES
}

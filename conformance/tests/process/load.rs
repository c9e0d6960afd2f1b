//! Clients that post, claim, delete and make queues until something fails, and note what they were told.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinSet;

use crate::api::{Api, Failed, Result};
use crate::ledger::{CLAIM_SIZE, Ledger};

const WRITERS: usize = 4;
const CLAIMERS: usize = 4;
/// How many pings pass between two queues.
const PAUSE: usize = 30;

/// Numbers that look random and are the same for the same seed.
#[derive(Clone)]
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `end`.
    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}

/// Starts the clients; each ends with its first failure.
pub(crate) fn start(address: SocketAddr, ledger: &Arc<Ledger>, dice: &mut Dice) -> JoinSet<Failed> {
    let mut clients = JoinSet::new();
    for at in 0..WRITERS {
        let (ledger, dice) = (Arc::clone(ledger), Dice(dice.below(u64::MAX)));
        clients.spawn(async move { failure(write(address, &ledger, at, dice).await) });
    }
    for at in 0..CLAIMERS {
        let (ledger, dice) = (Arc::clone(ledger), Dice(dice.below(u64::MAX)));
        clients.spawn(async move { failure(consume(address, &ledger, at, dice).await) });
    }
    let ledger = Arc::clone(ledger);
    clients.spawn(async move { failure(make_queues(address, &ledger).await) });
    clients
}

fn failure(result: Result<std::convert::Infallible>) -> Failed {
    match result {
        Err(failed) => failed,
        Ok(never) => match never {},
    }
}

async fn write(
    address: SocketAddr,
    ledger: &Ledger,
    queue: usize,
    mut dice: Dice,
) -> Result<std::convert::Infallible> {
    let mut api = Api::open(address).await?;
    loop {
        let numbers = ledger.numbers(1 + dice.below(CLAIM_SIZE as u64) as usize);
        let ids = api.post(ledger.queue(queue), &numbers).await?;
        ledger.posted(ledger.place(queue), ids, &numbers);
    }
}

async fn consume(
    address: SocketAddr,
    ledger: &Ledger,
    mut queue: usize,
    mut dice: Dice,
) -> Result<std::convert::Infallible> {
    let mut api = Api::open(address).await?;
    loop {
        queue += 1;
        ledger.claims();
        let limit = 1 + dice.below(CLAIM_SIZE as u64) as usize;
        let Some(claim) = api.claim(ledger.queue(queue), limit).await? else {
            ledger.found_nothing_to_claim();
            continue;
        };
        ledger.claimed(ledger.place(queue), &claim);
        // Some stay claimed, so that claims must survive too.
        let keeps = dice.below(10) == 0;
        for message in claim.messages.iter().skip(usize::from(keeps)) {
            ledger.deletes(&message.id);
            api.delete(ledger.queue(queue), &message.id, &claim.id).await?;
            ledger.deleted(&message.id);
        }
    }
}

async fn make_queues(address: SocketAddr, ledger: &Ledger) -> Result<std::convert::Infallible> {
    let mut api = Api::open(address).await?;
    loop {
        let [kept, removed] = [ledger.new_queue(), ledger.new_queue()];
        for queue in [&kept, &removed] {
            api.create_queue(queue).await?;
            ledger.created(queue);
        }
        ledger.removes(&removed);
        api.delete_queue(&removed).await?;
        ledger.removed(&removed);
        // The list is read page by page in the end: not too many, and yet a failure is noticed.
        for _ in 0..PAUSE {
            api.ping().await?;
        }
    }
}

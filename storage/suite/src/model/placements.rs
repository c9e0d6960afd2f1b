//! Steps on the layout of pools and the catalogue: how random ones are made, and how both stores are
//! compared on them.
//!
//! A store has one layout, and the stores have had others before: revisions are read before they are
//! used, and never compared.

use std::sync::Arc;

use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use sukkal_storage::{Layout, PlaceQueue, QueueKey, ReleaseQueue, ReplaceLayout, Result, Store};

use crate::model::answers::same;
use crate::model::play::Player;
use crate::model::world::World;

/// What a step does to the layout or to the place of a queue; pools go by number.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Place { pool: u8, stale: bool },
    Release { pool: u8 },
    Find,
    Count { pool: u8 },
    Replace { removed: Vec<u8>, text: u8, stale: bool },
    Read,
}

/// A command with everything but revisions.
#[derive(Clone)]
pub(super) enum Command {
    Place { queue: QueueKey, pool: Arc<str>, stale: bool },
    Release(ReleaseQueue),
    Find(QueueKey),
    Count(Arc<str>),
    Replace { text: Bytes, removed: Vec<Arc<str>>, stale: bool },
    Read,
}

/// Makes random actions.
pub(super) fn actions() -> impl Strategy<Value = Action> {
    let pool = || 0_u8..3;
    let stale = || proptest::bool::weighted(0.2);
    prop_oneof![
        4 => (pool(), stale()).prop_map(|(pool, stale)| Action::Place { pool, stale }),
        2 => pool().prop_map(|pool| Action::Release { pool }),
        1 => Just(Action::Find),
        1 => pool().prop_map(|pool| Action::Count { pool }),
        3 => (vec(pool(), 0..3), any::<u8>(), stale())
            .prop_map(|(removed, text, stale)| Action::Replace { removed, text, stale }),
        1 => Just(Action::Read),
    ]
}

/// The command of an action on a queue.
pub(super) fn command(world: &World, queue: QueueKey, action: &Action) -> Command {
    match action {
        Action::Place { pool, stale } => {
            Command::Place { queue, pool: world.pool(*pool), stale: *stale }
        }
        Action::Release { pool } => {
            Command::Release(ReleaseQueue { queue, pool: world.pool(*pool) })
        }
        Action::Find => Command::Find(queue),
        Action::Count { pool } => Command::Count(world.pool(*pool)),
        Action::Replace { removed, text, stale } => Command::Replace {
            text: Bytes::from(vec![*text; 3]),
            removed: removed.iter().map(|pool| world.pool(*pool)).collect(),
            stale: *stale,
        },
        Action::Read => Command::Read,
    }
}

/// Runs a command on both stores.
///
/// # Errors
/// A difference.
pub(super) async fn run(player: &Player<'_>, command: Command) -> Result<(), String> {
    match command {
        Command::Place { queue, pool, stale } => {
            let call = async |store: &Store| {
                let revision = layout(store).await?.revision + u64::from(stale);
                let command = PlaceQueue { queue: queue.clone(), pool: pool.clone(), revision };
                store.control.placements().place(command).await
            };
            same(player.both(call).await).map(drop)
        }
        Command::Release(release) => {
            let call =
                async |store: &Store| store.control.placements().release(release.clone()).await;
            same(player.both(call).await).map(drop)
        }
        Command::Find(queue) => {
            let call = async |store: &Store| store.control.placements().pool_of(&queue).await;
            same(player.both(call).await).map(drop)
        }
        Command::Count(pool) => {
            let call = async |store: &Store| store.control.placements().placed_in(&pool).await;
            same(player.both(call).await).map(drop)
        }
        Command::Replace { text, removed, stale } => {
            let call = async |store: &Store| {
                let old = layout(store).await?.revision + u64::from(stale);
                let new = replace(store, old, text.clone(), removed.clone()).await?;
                Ok(new > old && new == layout(store).await?.revision)
            };
            same(player.both(call).await).map(drop)
        }
        Command::Read => {
            let call = async |store: &Store| layout(store).await.map(|layout| layout.text);
            same(player.both(call).await).map(drop)
        }
    }
}

/// Gives both stores the same layout; returns the one that the subject had.
///
/// # Errors
/// What a store answered instead.
pub(super) async fn begin(subject: &Store, model: &Store) -> Result<Bytes> {
    let before = layout(subject).await?;
    replace(subject, before.revision, Bytes::new(), Vec::new()).await?;
    let revision = layout(model).await?.revision;
    replace(model, revision, Bytes::new(), Vec::new()).await?;
    Ok(before.text)
}

/// Gives the subject back the layout that it had.
///
/// # Errors
/// What the store answered instead.
pub(super) async fn end(subject: &Store, text: Bytes) -> Result<u64> {
    let revision = layout(subject).await?.revision;
    replace(subject, revision, text, Vec::new()).await
}

/// Compares the layout and every place.
///
/// # Errors
/// A difference.
pub(super) async fn look_at(player: &Player<'_>) -> Result<(), String> {
    run(player, Command::Read).await?;
    for queue in player.world.queues() {
        run(player, Command::Find(queue.clone())).await?;
    }
    for pool in 0..3 {
        run(player, Command::Count(player.world.pool(pool))).await?;
    }
    Ok(())
}

async fn layout(store: &Store) -> Result<Layout> {
    store.control.placements().layout().await
}

async fn replace(store: &Store, revision: u64, text: Bytes, removed: Vec<Arc<str>>) -> Result<u64> {
    let command = ReplaceLayout { revision, text, removed };
    store.control.placements().replace_layout(command).await
}

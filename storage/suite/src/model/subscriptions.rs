//! Steps on subscriptions: how random ones are made, and how both stores are compared on them.

use bytes::Bytes;
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any, prop_oneof};
use proptest::sample::select;
use sukkal_storage::{
    ConfirmSubscription, CreateSubscription, DeleteSubscription, GetSubscription, Lifetime,
    ListSubscriptions, Millis, PurgeSubscriptions, QueueKey, RenewSubscription, Result,
    SetSubscriptionState, StorageError, Store, Subscription, SubscriptionState, SubscriptionStore,
    UpdateSubscription,
};
use uuid::Uuid;

use crate::model::answers::same;
use crate::model::play::Player;
use crate::model::step::Pick;
use crate::model::world::World;

/// The last millisecond of the year 9999.
pub(super) const END_OF_TIME: Millis = 253_402_300_799_999;

/// What a step does to subscriptions.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Create {
        subscriber: u8,
        ttl: Option<i64>,
        again: Option<Pick>,
        is_follower: bool,
    },
    Get {
        id: Pick,
    },
    List {
        after: Option<Pick>,
        limit: usize,
        include_followers: bool,
    },
    Update {
        id: Pick,
        subscriber: Option<u8>,
        /// The inner `None` is the end of time.
        ttl: Option<Option<i64>>,
        options: Option<u8>,
    },
    Confirm {
        id: Pick,
        is_confirmed: bool,
    },
    SetState {
        id: Pick,
        state: SubscriptionState,
    },
    Renew {
        ids: Vec<Pick>,
        millis: Millis,
        stale: bool,
    },
    Delete {
        id: Pick,
    },
    Purge {
        limit: usize,
    },
}

/// A command with everything it needs.
#[derive(Clone)]
pub(super) enum Command {
    Create(CreateSubscription),
    Get(GetSubscription),
    List(ListSubscriptions),
    Update(UpdateSubscription),
    Confirm(ConfirmSubscription),
    SetState(SetSubscriptionState),
    /// With the end to come, and whether another one than the present is expected.
    Renew(Vec<GetSubscription>, Millis, bool),
    Delete(DeleteSubscription),
    Purge(PurgeSubscriptions),
}

/// Makes random actions.
pub(super) fn actions() -> impl Strategy<Value = Action> {
    let pick = any::<Pick>;
    let subscriber = || 0_u8..4;
    let state = || {
        use SubscriptionState::{Active, Disabled, Paused};
        select(vec![Active, Paused, Disabled])
    };
    let ttl = || option::weighted(0.9, select(vec![1, 60, 60, 3600]));
    prop_oneof![
        6 => (subscriber(), ttl(), option::weighted(0.15, pick()), weighted(0.2)).prop_map(
            |(subscriber, ttl, again, is_follower)| {
                Action::Create { subscriber, ttl, again, is_follower }
            }
        ),
        1 => pick().prop_map(|id| Action::Get { id }),
        2 => (option::of(pick()), 1_usize..5, any::<bool>()).prop_map(
            |(after, limit, include_followers)| Action::List { after, limit, include_followers }
        ),
        4 => (pick(), option::of(subscriber()), option::of(ttl()), option::of(0_u8..3)).prop_map(
            |(id, subscriber, ttl, options)| Action::Update { id, subscriber, ttl, options }
        ),
        2 => (pick(), weighted(0.7))
            .prop_map(|(id, is_confirmed)| Action::Confirm { id, is_confirmed }),
        2 => (pick(), state()).prop_map(|(id, state)| Action::SetState { id, state }),
        2 => (vec(pick(), 1..4), select(vec![1, 60_000, 3_600_000]), weighted(0.2))
            .prop_map(|(ids, millis, stale)| Action::Renew { ids, millis, stale }),
        2 => pick().prop_map(|id| Action::Delete { id }),
        1 => (1_usize..4).prop_map(|limit| Action::Purge { limit }),
    ]
}

/// The command of an action on a queue.
pub(super) fn command(world: &mut World, queue: QueueKey, action: &Action) -> Command {
    let now = world.now;
    match action {
        Action::Create { subscriber, ttl, again, is_follower } => {
            let id = again.map_or_else(Uuid::new_v4, |pick| world.subscription(&queue, pick));
            world.made_subscription(&queue, id);
            let Lifetime { ttl, expires_at } = lifetime(world, *ttl);
            let (subscriber, options) = (name(*subscriber), options(*subscriber));
            let create = CreateSubscription {
                queue,
                id,
                subscriber,
                ttl,
                expires_at,
                options,
                is_follower: *is_follower,
                now,
            };
            Command::Create(create)
        }
        Action::Get { id } => {
            let id = world.subscription(&queue, *id);
            Command::Get(GetSubscription { queue, id, now })
        }
        Action::List { after, limit, include_followers } => {
            let after = after.map(|pick| world.subscription(&queue, pick));
            Command::List(ListSubscriptions {
                queue,
                after,
                limit: *limit,
                include_followers: *include_followers,
                now,
            })
        }
        Action::Update { id, subscriber, ttl, options: new } => {
            let id = world.subscription(&queue, *id);
            let lifetime = ttl.map(|ttl| lifetime(world, ttl));
            let (subscriber, options) = (subscriber.map(name), new.map(options));
            Command::Update(UpdateSubscription { queue, id, subscriber, lifetime, options, now })
        }
        Action::Confirm { id, is_confirmed } => {
            let (id, is_confirmed) = (world.subscription(&queue, *id), *is_confirmed);
            Command::Confirm(ConfirmSubscription { queue, id, is_confirmed, now })
        }
        Action::SetState { id, state } => {
            let (id, state) = (world.subscription(&queue, *id), *state);
            Command::SetState(SetSubscriptionState { queue, id, state, now })
        }
        Action::Renew { ids, millis, stale } => {
            world.ends_at(now + millis);
            let get = |pick: &Pick| {
                let id = world.subscription(&queue, *pick);
                GetSubscription { queue: queue.clone(), id, now }
            };
            Command::Renew(ids.iter().map(get).collect(), now + millis, *stale)
        }
        Action::Delete { id } => {
            let id = world.subscription(&queue, *id);
            Command::Delete(DeleteSubscription { queue, id })
        }
        Action::Purge { limit } => Command::Purge(PurgeSubscriptions { queue, limit: *limit }),
    }
}

/// Runs a command on both stores.
///
/// # Errors
/// A difference.
pub(super) async fn run(player: &Player<'_>, command: Command) -> Result<(), String> {
    let on = |store: &Store| store.data.clone();
    match command {
        Command::Create(create) => {
            let call = async |store: &Store| on(store).subscriptions().create(create.clone()).await;
            same(player.both(call).await).map(drop)
        }
        Command::Get(query) => {
            let call = async |store: &Store| on(store).subscriptions().get(query.clone()).await;
            same(player.both(call).await).map(drop)
        }
        Command::List(query) => {
            let call = async |store: &Store| on(store).subscriptions().list(query.clone()).await;
            same(player.both(call).await).map(drop)
        }
        Command::Update(update) => {
            let call = async |store: &Store| on(store).subscriptions().update(update.clone()).await;
            same(player.both(call).await).map(drop)
        }
        Command::Confirm(confirm) => {
            let call =
                async |store: &Store| on(store).subscriptions().confirm(confirm.clone()).await;
            same(player.both(call).await).map(drop)
        }
        Command::SetState(set) => {
            let call = async |store: &Store| on(store).subscriptions().set_state(set.clone()).await;
            same(player.both(call).await).map(drop)
        }
        Command::Renew(which, end, stale) => {
            let call = async |store: &Store| renew(store, &which, end, stale).await;
            same(player.both(call).await).map(drop)
        }
        Command::Delete(delete) => {
            let call = async |store: &Store| on(store).subscriptions().delete(delete.clone()).await;
            same(player.both(call).await).map(drop)
        }
        Command::Purge(purge) => {
            let call = async |store: &Store| purge_all(on(store).subscriptions(), &purge).await;
            same(player.both(call).await).map(drop)
        }
    }
}

/// Compares every subscription of a queue.
pub(super) async fn look_at(player: &Player<'_>, queue: QueueKey) -> Result<(), String> {
    let now = player.world.now;
    run(
        player,
        Command::List(ListSubscriptions {
            queue,
            after: None,
            limit: 1000,
            include_followers: true,
            now,
        }),
    )
    .await
}

/// How many steps a purge takes depends on what was collected before.
async fn purge_all(store: &dyn SubscriptionStore, command: &PurgeSubscriptions) -> Result<()> {
    for _ in 0..1000 {
        if !store.purge(command.clone()).await? {
            return Ok(());
        }
    }
    Err(StorageError::unavailable("the purge does not end"))
}

async fn renew(
    store: &Store,
    which: &[GetSubscription],
    expires_at: Millis,
    stale: bool,
) -> Result<Vec<Option<Subscription>>> {
    let mut renewals = Vec::new();
    for query in which {
        let found = store.data.subscriptions().get(query.clone()).await;
        let expected = found.map_or(0, |found| found.expires_at) + Millis::from(stale);
        let GetSubscription { queue, id, .. } = query.clone();
        renewals.push(RenewSubscription { queue, id, expected, expires_at });
    }
    store.data.subscriptions().renew(renewals, which.first().map_or(0, |first| first.now)).await
}

fn lifetime(world: &mut World, ttl: Option<i64>) -> Lifetime {
    let Some(ttl) = ttl else {
        return Lifetime { ttl: (END_OF_TIME - world.now) / 1000, expires_at: END_OF_TIME };
    };
    let expires_at = world.now + ttl * 1000;
    world.ends_at(expires_at);
    Lifetime { ttl, expires_at }
}

fn name(number: u8) -> String {
    ["http://a", "http://b", "mailto:c", ""][usize::from(number) % 4].to_owned()
}

fn options(number: u8) -> Bytes {
    Bytes::from_static([&b"{}"[..], b"{\"a\": 1}", b""][usize::from(number) % 3])
}

//! Turns steps into commands, which are the same for both stores.

use bytes::Bytes;
use sukkal_storage::{
    After, Body, BodyFormat, CreateClaim, CreateQueue, DeadLetter, DeleteClaim, DeleteMessage,
    DeleteMessages, DeleteQueue, FilterValue, GetClaim, GetMessages, ListMessages, ListQueues,
    Marker, NewMessage, PopMessages, Post, QueueFilter, QueueKey, QueueState, StatsQuery,
    UpdateClaim,
};
use uuid::Uuid;

use crate::model::outbox;
use crate::model::placements;
use crate::model::step::{Action, Draft, Place, Rule, Step};
use crate::model::subscriptions;
use crate::model::world::{World, client};

/// A command with everything it needs; what differs between the stores is found when it is run.
#[derive(Clone)]
pub(super) enum Command {
    Post(Post),
    /// With the marker to continue after, of the subject and of the model.
    List(ListMessages, Option<(Marker, Marker)>),
    Get(GetMessages),
    Delete(DeleteMessage),
    DeleteMany(DeleteMessages),
    Pop(PopMessages),
    Purge(QueueKey, usize),
    Stats(StatsQuery),
    CreateClaim(CreateClaim),
    GetClaim(GetClaim),
    UpdateClaim(UpdateClaim),
    DeleteClaim(DeleteClaim),
    Pending(QueueKey),
    Move {
        source: QueueKey,
        twice: bool,
    },
    Seal(QueueKey, bool),
    Unseal(QueueKey, u64),
    Collect(usize),
    CreateRecord(CreateQueue),
    UpdateRecord {
        queue: QueueKey,
        stale: bool,
        metadata: Bytes,
    },
    DeleteRecord(DeleteQueue),
    ListRecords(ListQueues),
    Subscription(subscriptions::Command),
    Placement(placements::Command),
    Outbox(QueueKey, outbox::Action),
}

/// The states that decide what a command says, as the model has them.
pub(super) struct States {
    pub(super) queue: QueueState,
    pub(super) target: QueueState,
}

/// The command of a step; none for a step that repeats the previous one.
pub(super) fn command(
    world: &mut World,
    step: &Step,
    states: &States,
    letters: bool,
) -> Option<Command> {
    let (queue, now) = (world.queue_of(step), world.now);
    world.used(queue.clone());
    Some(match &step.action {
        Action::Post { drafts, client, stale } => {
            post(world, queue, drafts, (*client, *stale), states, letters)
        }
        Action::List { after, limit, claimed, delayed, exclude } => {
            let mut query = ListMessages {
                queue,
                after: None,
                limit: *limit,
                include_claimed: *claimed,
                include_delayed: *delayed,
                exclude_client: exclude.map(client),
                now,
            };
            let markers = place(world, &mut query, after.as_ref());
            Command::List(query, markers)
        }
        Action::Get { messages } => {
            let ids = world.messages(&queue, messages);
            Command::Get(GetMessages { queue, ids, now })
        }
        Action::Delete { message, claim } => {
            let id = world.message(&queue, *message);
            let claim_id = claim.map(|pick| world.claim(&queue, pick));
            Command::Delete(DeleteMessage { queue, id, claim_id, now })
        }
        Action::DeleteMany { messages, claims } => {
            let ids = world.messages(&queue, messages);
            let claim = |pick: &u8| world.claim(&queue, *pick);
            let claim_ids = claims.as_ref().map(|picks| picks.iter().map(claim).collect());
            Command::DeleteMany(DeleteMessages { queue, ids, claim_ids, now })
        }
        Action::Pop { limit } => Command::Pop(PopMessages { queue, limit: *limit, now }),
        Action::Purge { limit } => Command::Purge(queue, *limit),
        Action::Subscription(action) => {
            Command::Subscription(subscriptions::command(world, queue, action))
        }
        Action::Placement(action) => Command::Placement(placements::command(world, queue, action)),
        Action::Outbox(action) => Command::Outbox(queue, action.clone()),
        Action::Stats => Command::Stats(StatsQuery { queue, now }),
        Action::Repeat => return None,
        action => return other_command(world, step, states, letters, action),
    })
}

fn other_command(
    world: &mut World,
    step: &Step,
    states: &States,
    letters: bool,
    action: &Action,
) -> Option<Command> {
    let (queue, now) = (world.queue_of(step), world.now);
    Some(match action {
        Action::CreateClaim { limit, ttl, grace, rule, again } => {
            let id = again.map_or_else(Uuid::new_v4, |pick| world.claim(&queue, pick));
            let rule = rule.as_ref().filter(|_| letters);
            let dead_letter = rule.and_then(|rule| dead_letter(world, step, states, rule));
            world.made_claim(&queue, id);
            world.ends_at(now + ttl * 1000);
            world.ends_at(now + (ttl + grace) * 1000);
            let (limit, ttl, grace) = (*limit, *ttl, *grace);
            Command::CreateClaim(CreateClaim { queue, id, limit, ttl, grace, dead_letter, now })
        }
        Action::GetClaim { claim } => {
            let id = world.claim(&queue, *claim);
            Command::GetClaim(GetClaim { queue, id, now })
        }
        Action::UpdateClaim { claim, ttl, grace } => {
            let id = world.claim(&queue, *claim);
            world.ends_at(now + ttl * 1000);
            Command::UpdateClaim(UpdateClaim { queue, id, ttl: *ttl, grace: *grace, now })
        }
        Action::DeleteClaim { claim } => {
            let id = world.claim(&queue, *claim);
            Command::DeleteClaim(DeleteClaim { queue, id, now })
        }
        Action::Pending => Command::Pending(queue),
        Action::Move { twice } => Command::Move { source: queue, twice: *twice },
        Action::Seal { and_unseal } => Command::Seal(queue, *and_unseal),
        Action::Unseal { stale } => {
            let generation = states.queue.generation.saturating_sub(u64::from(*stale));
            Command::Unseal(queue, generation)
        }
        Action::Collect { budget } => Command::Collect(*budget),
        action => return record_command(world, step, action),
    })
}

fn record_command(world: &World, step: &Step, action: &Action) -> Option<Command> {
    let (queue, now) = (world.queue_of(step), world.now);
    Some(match action {
        Action::CreateRecord { generation, metadata } => Command::CreateRecord(CreateQueue {
            queue,
            metadata: metadata_of(*metadata),
            generation: *generation,
            pool: None,
            now,
        }),
        Action::UpdateRecord { stale, metadata } => {
            Command::UpdateRecord { queue, stale: *stale, metadata: metadata_of(*metadata) }
        }
        Action::DeleteRecord { below } => {
            Command::DeleteRecord(DeleteQueue { queue, below: *below, pool: None })
        }
        Action::ListRecords { limit, after, filter } => {
            let member = ("a".to_owned(), FilterValue::Integer(1));
            let filter = QueueFilter {
                name_contains: None,
                metadata: if *filter { vec![member] } else { Vec::new() },
            };
            let after = after.then(|| queue.name.to_string());
            Command::ListRecords(ListQueues {
                project: queue.project,
                kind: queue.kind,
                after,
                limit: *limit,
                filter,
            })
        }
        _ => return None,
    })
}

fn post(
    world: &mut World,
    queue: QueueKey,
    drafts: &[Draft],
    (by, stale): (u8, bool),
    states: &States,
    letters: bool,
) -> Command {
    let messages = drafts.iter().map(|draft| new_message(world, &queue, draft, letters)).collect();
    Command::Post(Post {
        queue,
        generation: states.queue.generation.saturating_sub(u64::from(stale)),
        messages,
        client_id: client(by),
        idempotency_key: None,
        now: world.now,
    })
}

fn new_message(world: &mut World, queue: &QueueKey, draft: &Draft, letters: bool) -> NewMessage {
    let again = draft.again.filter(|_| !letters);
    let id = again.map_or_else(Uuid::new_v4, |pick| world.message(queue, pick));
    let now = world.now;
    world.made_message(queue, id);
    world.ends_at(now + draft.ttl * 1000);
    if let Some(delay) = draft.delay {
        world.ends_at(now + delay);
    }
    NewMessage {
        id,
        ttl: draft.ttl,
        delay_until: draft.delay.map(|delay| now + delay),
        body: Body { format: BodyFormat::Binary, bytes: draft.body.clone().into() },
        checksum: (draft.body.len() > 3).then(|| "MD5:x".to_owned()),
        attributes: draft.body.iter().rev().copied().take(2).collect(),
    }
}

/// Sets where a list continues; for a marker, returns it as both stores have it.
fn place(
    world: &World,
    query: &mut ListMessages,
    after: Option<&Place>,
) -> Option<(Marker, Marker)> {
    match after? {
        Place::Marker(pick) => world.markers.pick(&query.queue, *pick),
        Place::Message(pick) => {
            query.after = Some(After::Message(world.message(&query.queue, *pick)));
            None
        }
    }
}

/// The rule of a queue. A sealed target is treated as one in another store: how messages for it
/// wait is not fixed for one in the same store.
fn dead_letter(world: &mut World, step: &Step, states: &States, rule: &Rule) -> Option<DeadLetter> {
    let target = world.dead_letters_of(step)?;
    world.may_have_moved(&world.queue_of(step), &target);
    if let Some(ttl) = rule.ttl {
        world.ends_at(world.now + ttl * 1000);
    }
    Some(DeadLetter {
        max_claim_count: rule.max_claim_count,
        target,
        ttl: rule.ttl,
        same_store: rule.same_store && !states.target.sealed,
    })
}

fn metadata_of(number: u8) -> Bytes {
    let texts = ["{}", "{\"a\":1}", "{\"a\":\"1\",\"b\":[]}", "{\"z\":1,\"a\": 1}"];
    Bytes::from_static(texts[usize::from(number) % texts.len()].as_bytes())
}

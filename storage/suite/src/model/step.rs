//! What a sequence is made of, and how random ones are made.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use sukkal_storage::Millis;

use crate::model::{outbox, placements, subscriptions};

/// How many projects and queues per project a sequence uses.
pub(super) const PROJECTS: u8 = 2;
/// See [`PROJECTS`]. The first queue of a project sends its dead letters to the second.
pub(super) const QUEUES: u8 = 2;
/// The number of the topic of a project; it has the name of the first queue.
pub(super) const TOPIC: u8 = QUEUES;

/// Refers to one of the things made so far, or to one that never was.
pub(super) type Pick = u8;

/// A random sequence.
#[derive(Clone, Debug)]
pub(super) struct Sequence {
    /// Whether claims have dead-letter rules; otherwise old message ids are posted again.
    pub(super) letters: bool,
    /// Whether every queue is followed from beginning to end.
    pub(super) followed: bool,
    /// The steps.
    pub(super) steps: Vec<Step>,
}

/// Lets time pass, then does something to a queue.
#[derive(Clone, Debug)]
pub(super) struct Step {
    pub(super) wait: Wait,
    pub(super) project: u8,
    pub(super) queue: u8,
    pub(super) action: Action,
}

/// How time passes before a step.
#[derive(Clone, Debug)]
pub(super) enum Wait {
    By(Millis),
    /// Until a message, claim or delay made so far ends, or the millisecond before.
    Until {
        end: Pick,
        before: bool,
    },
}

/// A message to post.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub(super) ttl: i64,
    pub(super) delay: Option<Millis>,
    pub(super) body: Vec<u8>,
    /// An id posted before.
    pub(super) again: Option<Pick>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub(super) enum Action {
    Post {
        drafts: Vec<Draft>,
        client: u8,
        stale: bool,
    },
    List {
        after: Option<Place>,
        limit: usize,
        claimed: bool,
        delayed: bool,
        exclude: Option<u8>,
    },
    Get {
        messages: Vec<Pick>,
    },
    Delete {
        message: Pick,
        claim: Option<Pick>,
    },
    DeleteMany {
        messages: Vec<Pick>,
        claims: Option<Vec<Pick>>,
    },
    Pop {
        limit: usize,
    },
    Purge {
        limit: usize,
    },
    Stats,
    CreateClaim {
        limit: usize,
        ttl: i64,
        grace: i64,
        rule: Option<Rule>,
        again: Option<Pick>,
    },
    GetClaim {
        claim: Pick,
    },
    UpdateClaim {
        claim: Pick,
        ttl: i64,
        grace: i64,
    },
    DeleteClaim {
        claim: Pick,
    },
    Pending,
    Move {
        twice: bool,
    },
    Seal {
        and_unseal: bool,
    },
    Unseal {
        stale: bool,
    },
    Collect {
        budget: usize,
    },
    CreateRecord {
        generation: u64,
        metadata: u8,
    },
    UpdateRecord {
        stale: bool,
        metadata: u8,
    },
    DeleteRecord {
        below: u64,
    },
    ListRecords {
        limit: usize,
        after: bool,
        filter: bool,
    },
    Subscription(subscriptions::Action),
    Placement(placements::Action),
    Outbox(outbox::Action),
    /// The previous command once more, as a caller does who got no answer.
    Repeat,
}

/// Where a list continues.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Marker(Pick),
    Message(Pick),
}

/// A dead-letter rule.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) max_claim_count: i64,
    pub(super) ttl: Option<i64>,
    pub(super) same_store: bool,
}

/// Makes random sequences.
pub(super) fn sequences() -> impl Strategy<Value = Sequence> {
    let steps = prop_oneof![
        4 => vec(step(around_messages()), 1..80),
        1 => vec(step(around_subscriptions()), 1..80),
        2 => vec(step(around_the_outbox()), 1..80),
    ];
    (any::<bool>(), any::<bool>(), steps).prop_map(|(letters, followed, steps)| Sequence {
        letters,
        followed,
        steps,
    })
}

fn around_messages() -> impl Strategy<Value = Action> {
    prop_oneof![
        16 => messages(),
        14 => claims(),
        4 => states(),
        2 => records(),
        2 => subscriptions::actions().prop_map(Action::Subscription),
        1 => placements::actions().prop_map(Action::Placement),
    ]
}

fn around_subscriptions() -> impl Strategy<Value = Action> {
    prop_oneof![
        1 => messages(),
        3 => states(),
        12 => subscriptions::actions().prop_map(Action::Subscription),
        4 => placements::actions().prop_map(Action::Placement),
    ]
}

fn around_the_outbox() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => messages(),
        2 => states(),
        5 => subscriptions::actions().prop_map(Action::Subscription),
        16 => outbox::actions().prop_map(Action::Outbox),
    ]
}

fn step(action: impl Strategy<Value = Action>) -> impl Strategy<Value = Step> {
    let project = prop_oneof![5 => Just(0), 1 => 0..PROJECTS];
    let queue = prop_oneof![6 => Just(0), 3 => 0..QUEUES, 1 => Just(TOPIC)];
    (wait(), project, queue, action).prop_map(|(wait, project, queue, action)| Step {
        wait,
        project,
        queue,
        action,
    })
}

fn wait() -> impl Strategy<Value = Wait> {
    prop_oneof![
        20 => Just(Wait::By(0)),
        2 => select(vec![1, 999, 1000, 5000, 60_000, 600_000]).prop_map(Wait::By),
        3 => (any::<Pick>(), any::<bool>()).prop_map(|(end, before)| Wait::Until { end, before }),
    ]
}

fn draft() -> impl Strategy<Value = Draft> {
    let ttl = select(vec![1, 5, 60, 3600, 3600, 1_209_600]);
    let delay = option::weighted(0.25, select(vec![0, 1, 1000, 5000, 60_000]));
    let again = option::weighted(0.15, any::<Pick>());
    (ttl, delay, vec(any::<u8>(), 0..6), again).prop_map(|(ttl, delay, body, again)| Draft {
        ttl,
        delay,
        body,
        again,
    })
}

fn messages() -> impl Strategy<Value = Action> {
    let pick = any::<Pick>;
    let place = prop_oneof![pick().prop_map(Place::Marker), pick().prop_map(Place::Message)];
    let filter = (any::<bool>(), any::<bool>(), option::weighted(0.3, 0_u8..3));
    prop_oneof![
        8 => (vec(draft(), 1..6), 0_u8..3, proptest::bool::weighted(0.1))
            .prop_map(|(drafts, client, stale)| Action::Post { drafts, client, stale }),
        6 => (option::of(place), 1_usize..8, filter).prop_map(
            |(after, limit, (claimed, delayed, exclude))| {
                Action::List { after, limit, claimed, delayed, exclude }
            }
        ),
        2 => vec(pick(), 0..6).prop_map(|messages| Action::Get { messages }),
        6 => (pick(), option::of(pick()))
            .prop_map(|(message, claim)| Action::Delete { message, claim }),
        2 => (vec(pick(), 0..5), option::of(vec(pick(), 0..3)))
            .prop_map(|(messages, claims)| Action::DeleteMany { messages, claims }),
        2 => (1_usize..4).prop_map(|limit| Action::Pop { limit }),
        1 => (1_usize..4).prop_map(|limit| Action::Purge { limit }),
        2 => Just(Action::Stats),
        2 => Just(Action::Repeat),
    ]
}

fn claims() -> impl Strategy<Value = Action> {
    let pick = any::<Pick>;
    let lifetimes = || (select(vec![1, 60, 300, 900]), select(vec![0, 1, 60]));
    let ttl = option::of(select(vec![1, 60, 7200]));
    let rule = (0_i64..3, ttl, any::<bool>()).prop_map(|(max_claim_count, ttl, same_store)| Rule {
        max_claim_count,
        ttl,
        same_store,
    });
    let again = option::weighted(0.15, pick());
    prop_oneof![
        4 => (1_usize..4, lifetimes(), option::weighted(0.7, rule), again).prop_map(
            |(limit, (ttl, grace), rule, again)| {
                Action::CreateClaim { limit, ttl, grace, rule, again }
            }
        ),
        2 => pick().prop_map(|claim| Action::GetClaim { claim }),
        2 => (pick(), lifetimes())
            .prop_map(|(claim, (ttl, grace))| Action::UpdateClaim { claim, ttl, grace }),
        1 => pick().prop_map(|claim| Action::DeleteClaim { claim }),
        1 => Just(Action::Pending),
        1 => any::<bool>().prop_map(|twice| Action::Move { twice }),
    ]
}

fn states() -> impl Strategy<Value = Action> {
    prop_oneof![
        1 => proptest::bool::weighted(0.7).prop_map(|and_unseal| Action::Seal { and_unseal }),
        3 => proptest::bool::weighted(0.15).prop_map(|stale| Action::Unseal { stale }),
        6 => select(vec![1, 3, 1000]).prop_map(|budget| Action::Collect { budget }),
    ]
}

fn records() -> impl Strategy<Value = Action> {
    prop_oneof![
        (0_u64..3, 0_u8..4)
            .prop_map(|(generation, metadata)| Action::CreateRecord { generation, metadata }),
        (proptest::bool::weighted(0.2), 0_u8..4)
            .prop_map(|(stale, metadata)| Action::UpdateRecord { stale, metadata }),
        (0_u64..3).prop_map(|below| Action::DeleteRecord { below }),
        (1_usize..4, any::<bool>(), any::<bool>())
            .prop_map(|(limit, after, filter)| Action::ListRecords { limit, after, filter }),
    ]
}

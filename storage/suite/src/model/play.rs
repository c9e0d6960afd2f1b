//! Plays a sequence on two stores and compares every answer.

use sukkal_storage::{
    After, Capability, Claim, FinishTransfers, GetClaim, ListMessages, Message, Millis,
    PurgeMessages, QueueKey, QueueRecord, QueueState, ReceiveTransfers, Result, SettleTransfers,
    StatsQuery, StorageError, Store, Transfer, UpdateQueue,
};

use crate::model::answers::{Answers, one_refusal, same, text};
use crate::model::outbox;
use crate::model::placements;
use crate::model::step::{Action, Sequence, Step};
use crate::model::subscriptions;
use crate::model::translate::{Command, States, command};
use crate::model::world::World;

/// Plays a sequence in projects of its own.
///
/// # Errors
/// The first difference.
pub(super) async fn play(store: &Store, sequence: &Sequence, start: Millis) -> Result<(), String> {
    let model = sukkal_storage_memory::open();
    let is_followed = sequence.followed;
    let mut player =
        Player { subject: store, model: &model, world: World::new(start), is_followed };
    let places = sequence.steps.iter().any(|step| matches!(step.action, Action::Placement(_)));
    if !places {
        return play_on(&mut player, sequence).await;
    }
    let text = placements::begin(store, &model).await.map_err(|error| error.to_string())?;
    let mut played = play_on(&mut player, sequence).await;
    if played.is_ok() {
        played = placements::look_at(&player).await;
    }
    placements::end(store, text).await.map_err(|error| error.to_string())?;
    played
}

async fn play_on(player: &mut Player<'_>, sequence: &Sequence) -> Result<(), String> {
    let has_claims = player.subject.data.capabilities().has(Capability::Claims);
    if player.is_followed {
        outbox::follow(player).await?;
    }
    let mut last = None;
    for (index, step) in sequence.steps.iter().enumerate() {
        if needs_claims(&step.action) && !has_claims {
            continue;
        }
        let done = player.step(step, sequence.letters, &mut last).await;
        done.map_err(|difference| format!("step {index}: {difference}"))?;
    }
    player.look_around(has_claims).await.map_err(|difference| format!("at the end: {difference}"))
}

fn needs_claims(action: &Action) -> bool {
    use Action::{CreateClaim, DeleteClaim, GetClaim, Move, Pending, UpdateClaim};
    matches!(
        action,
        CreateClaim { .. }
            | GetClaim { .. }
            | UpdateClaim { .. }
            | DeleteClaim { .. }
            | Pending
            | Move { .. }
    )
}

/// Both stores, and what was done to them so far.
pub(super) struct Player<'a> {
    subject: &'a Store,
    model: &'a Store,
    pub(super) world: World,
    /// Whether every queue is followed from beginning to end.
    pub(super) is_followed: bool,
}

impl Player<'_> {
    async fn step(
        &mut self,
        step: &Step,
        letters: bool,
        last: &mut Option<Command>,
    ) -> Result<(), String> {
        if !matches!(step.action, Action::Repeat) {
            self.world.wait(&step.wait);
            let states = self.states(step).await?;
            *last = command(&mut self.world, step, &states, letters);
        }
        match last.clone() {
            Some(command) => self.run(command).await,
            None => Ok(()),
        }
    }

    /// Reads the states that commands depend on; both stores must agree on them.
    async fn states(&self, step: &Step) -> Result<States, String> {
        let queue = self.state(&self.world.queue_of(step)).await?;
        let target = match self.world.dead_letters_of(step) {
            Some(target) => self.state(&target).await?,
            None => QueueState::default(),
        };
        Ok(States { queue, target })
    }

    async fn state(&self, queue: &QueueKey) -> Result<QueueState, String> {
        let answers = self.both(async |store| store.data.queues().state(queue).await).await;
        same(answers)?
    }

    /// Runs a command on both stores.
    pub(super) async fn both<T>(&self, call: impl AsyncFn(&Store) -> Result<T>) -> Answers<T> {
        (call(self.subject).await.map_err(text), call(self.model).await.map_err(text))
    }

    /// Which of the two a call is made on.
    pub(super) fn is_subject(&self, store: &Store) -> bool {
        std::ptr::eq(store, self.subject)
    }

    async fn run(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::Post(post) => {
                let call = async |store: &Store| store.data.messages().post(post.clone()).await;
                same(self.both(call).await).map(drop)
            }
            Command::List(query, markers) => self.list(query, markers).await,
            Command::Get(query) => {
                let call = async |store: &Store| store.data.messages().get(query.clone()).await;
                let answers = self.both(call).await;
                self.same_messages(&query.queue, answers)
            }
            Command::Delete(delete) => {
                let call = async |store: &Store| store.data.messages().delete(delete.clone()).await;
                same(self.both(call).await).map(drop)
            }
            Command::DeleteMany(delete) => {
                let call =
                    async |store: &Store| store.data.messages().delete_many(delete.clone()).await;
                let (subject, model) = self.both(call).await;
                same((subject.map_err(one_refusal), model.map_err(one_refusal))).map(drop)
            }
            Command::Pop(pop) => {
                let call = async |store: &Store| store.data.messages().pop(pop.clone()).await;
                let answers = self.both(call).await;
                self.same_messages(&pop.queue, answers)
            }
            Command::Purge(queue, limit) => {
                let now = self.world.now;
                let call = async |store: &Store| purge(store, &queue, limit, now).await;
                same(self.both(call).await).map(drop)
            }
            Command::Stats(query) => self.stats(query).await,
            Command::Collect(budget) => {
                let now = self.world.now;
                same(self.both(async |store: &Store| collect(store, now, budget).await).await)
                    .map(drop)
            }
            other => self.run_on_claims(other).await,
        }
    }

    async fn run_on_claims(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::CreateClaim(create) => {
                let rule = create.dead_letter.as_ref();
                let is_local = rule.is_some_and(|rule| rule.same_store);
                if is_local {
                    self.move_all(&create.queue, false).await?;
                }
                let call = async |store: &Store| {
                    let claim = store.data.claims().create(create.clone()).await?;
                    let transferred = if is_local { 0 } else { claim.transferred };
                    Ok(Claim { transferred, ..claim })
                };
                let answers = self.both(call).await;
                self.same_claim(&create.queue, answers)?;
                if is_local { self.move_all(&create.queue, false).await } else { Ok(()) }
            }
            Command::GetClaim(query) => self.get_claim(query).await,
            Command::UpdateClaim(update) => {
                let call = async |store: &Store| store.data.claims().update(update.clone()).await;
                same(self.both(call).await).map(drop)
            }
            Command::DeleteClaim(delete) => {
                let call = async |store: &Store| store.data.claims().delete(delete.clone()).await;
                same(self.both(call).await).map(drop)
            }
            Command::Pending(queue) => {
                let call = async |store: &Store| pending(store, &queue).await;
                same(self.both(call).await).map(drop)
            }
            Command::Move { source, twice } => self.move_all(&source, twice).await,
            Command::Seal(queue, and_unseal) => {
                let call = async |store: &Store| {
                    let generation = store.data.queues().seal(&queue).await?;
                    if and_unseal {
                        store.data.queues().unseal(&queue, generation).await?;
                    }
                    Ok(generation)
                };
                same(self.both(call).await).map(drop)
            }
            Command::Unseal(queue, generation) => {
                let call =
                    async |store: &Store| store.data.queues().unseal(&queue, generation).await;
                same(self.both(call).await).map(drop)
            }
            other => self.run_on_records(other).await,
        }
    }

    async fn run_on_records(&mut self, command: Command) -> Result<(), String> {
        match command {
            Command::CreateRecord(create) => {
                let call =
                    async |store: &Store| store.control.queues().create(create.clone()).await;
                same(self.both(call).await).map(drop)
            }
            Command::UpdateRecord { queue, stale, metadata } => {
                let call = async |store: &Store| {
                    let record = store.control.queues().get(&queue).await?;
                    let revision = record.map_or(1, |record| record.revision);
                    let revision = revision + u64::from(stale);
                    let (queue, metadata) = (queue.clone(), metadata.clone());
                    let update = UpdateQueue { queue, revision, metadata };
                    Ok(store.control.queues().update(update).await? > revision)
                };
                same(self.both(call).await).map(drop)
            }
            Command::DeleteRecord(delete) => {
                let call =
                    async |store: &Store| store.control.queues().delete(delete.clone()).await;
                same(self.both(call).await).map(drop)
            }
            Command::ListRecords(query) => {
                let call = async |store: &Store| {
                    let listed = store.control.queues().list(query.clone()).await?;
                    let count = store.control.queues().count(&query.project, query.kind).await?;
                    let plain = |record| QueueRecord { revision: 0, ..record };
                    Ok((listed.into_iter().map(plain).collect::<Vec<_>>(), count))
                };
                same(self.both(call).await).map(drop)
            }
            Command::Subscription(command) => subscriptions::run(self, command).await,
            Command::Placement(command) => placements::run(self, command).await,
            Command::Outbox(queue, action) => outbox::run(self, queue, action).await,
            _ => Ok(()),
        }
    }

    async fn list(
        &mut self,
        query: ListMessages,
        markers: Option<(i64, i64)>,
    ) -> Result<(), String> {
        let call = async |store: &Store| {
            let marker = markers.map(|pair| if self.is_subject(store) { pair.0 } else { pair.1 });
            let after = marker.map(After::Marker).or(query.after);
            store.data.messages().list(ListMessages { after, ..query.clone() }).await
        };
        let answers = self.both(call).await;
        self.same_messages(&query.queue, answers)
    }

    async fn get_claim(&mut self, query: GetClaim) -> Result<(), String> {
        let call = async |store: &Store| store.data.claims().get(query.clone()).await;
        let answers = self.both(call).await;
        self.same_claim(&query.queue, answers)
    }

    async fn stats(&self, query: StatsQuery) -> Result<(), String> {
        let call = async |store: &Store| store.data.messages().stats(query.clone()).await;
        same(self.both(call).await).map(drop)
    }

    /// Does what a mover does, each step twice if so asked; a sealed target keeps it waiting.
    async fn move_all(&self, source: &QueueKey, twice: bool) -> Result<(), String> {
        let now = self.world.now;
        let times = 1 + usize::from(twice);
        let call = async |store: &Store| {
            for transfer in pending(store, source).await? {
                move_one(store, transfer, times, now).await?;
            }
            pending(store, source).await
        };
        same(self.both(call).await).map(drop)
    }

    /// Compares everything that can be read at the end.
    async fn look_around(&mut self, has_claims: bool) -> Result<(), String> {
        let now = self.world.now;
        for queue in self.world.queues().to_vec() {
            for everything in [true, false] {
                let query = ListMessages {
                    queue: queue.clone(),
                    after: None,
                    limit: 1000,
                    include_claimed: everything,
                    include_delayed: everything,
                    exclude_client: None,
                    now,
                };
                self.list(query, None).await?;
            }
            subscriptions::look_at(self, queue.clone()).await?;
            if !self.world.is_used(&queue) {
                continue;
            }
            self.stats(StatsQuery { queue: queue.clone(), now }).await?;
            self.state(&queue).await?;
            if has_claims {
                for id in self.world.all_claims(&queue) {
                    self.get_claim(GetClaim { queue: queue.clone(), id, now }).await?;
                }
                self.run_on_claims(Command::Pending(queue.clone())).await?;
            }
        }
        for queue in self.world.queues().to_vec() {
            outbox::look_at(self, queue).await?;
        }
        Ok(())
    }

    fn same_messages(
        &mut self,
        queue: &QueueKey,
        mut answers: Answers<Vec<Message>>,
    ) -> Result<(), String> {
        if let (Ok(subject), Ok(model)) = (&mut answers.0, &mut answers.1) {
            self.world.markers.align(queue, subject, model, self.world.now)?;
        }
        same(answers).map(drop)
    }

    fn same_claim(&mut self, queue: &QueueKey, mut answers: Answers<Claim>) -> Result<(), String> {
        if let (Ok(subject), Ok(model)) = (&mut answers.0, &mut answers.1) {
            let (subject, model) = (&mut subject.messages, &mut model.messages);
            self.world.markers.align(queue, subject, model, self.world.now)?;
        }
        same(answers).map(drop)
    }
}

async fn purge(store: &Store, queue: &QueueKey, limit: usize, now: Millis) -> Result<()> {
    let mut up_to = None;
    for _ in 0..1000 {
        let command = PurgeMessages { queue: queue.clone(), limit, up_to, now };
        let step = store.data.messages().purge(command).await?;
        if !step.more {
            return Ok(());
        }
        up_to = Some(step.up_to);
    }
    Err(StorageError::unavailable("the purge does not end"))
}

/// Collects to the end: which of several records goes first is for the store.
async fn collect(store: &Store, now: Millis, budget: usize) -> Result<()> {
    for _ in 0..100_000 {
        if !store.data.collect(now, budget).await?.more {
            return Ok(());
        }
    }
    Err(StorageError::unavailable("the collection does not end"))
}

/// The transfers of a queue without what means nothing before they arrive.
async fn pending(store: &Store, source: &QueueKey) -> Result<Vec<Transfer>> {
    let mut transfers = store.data.transfers().pending(Some(source), 1000).await?;
    for transfer in &mut transfers {
        let message = &mut transfer.message;
        (message.marker, message.claim, message.claim_count) = (0, None, 0);
        message.delay_until = None;
    }
    Ok(transfers)
}

async fn move_one(store: &Store, transfer: Transfer, times: usize, now: Millis) -> Result<()> {
    let Transfer { source, target, message } = transfer;
    let ids = vec![message.id];
    let generation = store.data.queues().state(&target).await?.generation;
    let transfers = store.data.transfers();
    for _ in 0..times {
        let messages = vec![message.clone()];
        let receive = ReceiveTransfers { target: target.clone(), generation, messages, now };
        match transfers.receive(receive).await {
            Err(StorageError::QueueChanged) => return Ok(()),
            received => received?,
        }
    }
    for _ in 0..times {
        transfers.finish(FinishTransfers { source: source.clone(), ids: ids.clone() }).await?;
    }
    for _ in 0..times {
        transfers.settle(SettleTransfers { target: target.clone(), ids: ids.clone() }).await?;
    }
    Ok(())
}

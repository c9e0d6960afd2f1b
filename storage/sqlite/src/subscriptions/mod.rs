//! Subscriptions: rows that belong to the row of their queue, so they survive its deletion.
//!
//! One that has ended may still be there: it is replaced by whatever it stands in the way of.

pub(crate) mod renew;
pub(crate) mod rows;
pub(crate) mod told;

use async_trait::async_trait;
use diesel::sql_types::{BigInt, Binary};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{
    ConfirmSubscription, CreateSubscription, CreatedSubscription, DeleteSubscription,
    GetSubscription, ListSubscriptions, Millis, PurgeSubscriptions, RenewSubscription, Result,
    SetSubscriptionState, StorageError, Subscription, SubscriptionId, SubscriptionStore,
    UpdateSubscription,
};

use self::rows::{LiveFrom, LiveOf, Row, ToldFrom, find, live, subscription};
use self::told::{lives_until, look_again};
use crate::command::{Command, Query};
use crate::data::SqliteData;
use crate::error::Failure;
use crate::row::uuid;
use crate::session::Session;
use crate::statement::statement;

statement! {
    /// Finds the live subscription of a subscriber.
    LiveBySubscriber<'a> { queue: i64 => BigInt, subscriber: &'a [u8] => Binary, now: i64 => BigInt }
        -> (Binary, BigInt)
        = "SELECT id, confirmed FROM subscription INDEXED BY subscription_subscriber \
           WHERE queue = ? AND subscriber = ? AND expires_at > ?";
}

statement! {
    /// Adds a subscription in the place of ended ones with its id or subscriber.
    AddSubscription<'a> {
        key: i64 => BigInt,
        queue: i64 => BigInt,
        id: &'a [u8] => Binary,
        subscriber: &'a [u8] => Binary,
        ttl: i64 => BigInt,
        created_at: i64 => BigInt,
        expires_at: i64 => BigInt,
        follower: i64 => BigInt,
        options: &'a [u8] => Binary,
    } = "INSERT OR REPLACE INTO subscription \
           (key, queue, id, subscriber, ttl, created_at, expires_at, follower, options, confirmed) \
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)";
}

statement! {
    /// Changes a subscription, in the place of an ended one with its subscriber. Only the old subscriber has agreed,
    /// is paused, or follows.
    ChangeSubscription<'a> {
        agreed: &'a [u8] => Binary,
        paused: &'a [u8] => Binary,
        follows: &'a [u8] => Binary,
        subscriber: &'a [u8] => Binary,
        ttl: i64 => BigInt,
        expires_at: i64 => BigInt,
        options: &'a [u8] => Binary,
        key: i64 => BigInt,
    } = "UPDATE OR REPLACE subscription SET confirmed = confirmed AND subscriber = ?, \
           state = state * (subscriber = ?), follower = follower * (subscriber = ?), \
           subscriber = ?, ttl = ?, expires_at = ?, options = ? \
         WHERE key = ?";
}

statement! {
    /// Notes whether a subscription is confirmed.
    Confirm { confirmed: i64 => BigInt, key: i64 => BigInt }
        = "UPDATE subscription SET confirmed = ? WHERE key = ?";
}

statement! {
    /// Notes whether a subscriber is told.
    SetState { state: i64 => BigInt, key: i64 => BigInt }
        = "UPDATE subscription SET state = ? WHERE key = ?";
}

statement! {
    /// Removes a subscription.
    RemoveSubscription<'a> { queue: i64 => BigInt, id: &'a [u8] => Binary }
        = "DELETE FROM subscription WHERE queue = ? AND id = ?";
}

statement! {
    /// Removes some subscriptions of a queue.
    PurgeSome { queue: i64 => BigInt, limit: i64 => BigInt }
        = "DELETE FROM subscription WHERE key IN (SELECT key FROM subscription \
           INDEXED BY subscription_id WHERE queue = ? ORDER BY id LIMIT ?)";
}

statement! {
    /// Removes some subscriptions that have ended.
    RemoveEnded { now: i64 => BigInt, limit: i64 => BigInt }
        = "DELETE FROM subscription WHERE key IN (SELECT key FROM subscription \
           INDEXED BY subscription_expiry WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)";
}

#[async_trait]
impl SubscriptionStore for SqliteData {
    async fn create(&self, command: CreateSubscription) -> Result<CreatedSubscription> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn get(&self, query: GetSubscription) -> Result<Subscription> {
        self.0.read(Some(&query.queue.clone()), query).await
    }

    async fn list(&self, query: ListSubscriptions) -> Result<Vec<Subscription>> {
        self.0.read(Some(&query.queue.clone()), query).await
    }

    async fn update(&self, command: UpdateSubscription) -> Result<()> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn confirm(&self, command: ConfirmSubscription) -> Result<()> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn set_state(&self, command: SetSubscriptionState) -> Result<()> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn renew(
        &self,
        renewals: Vec<RenewSubscription>,
        now: Millis,
    ) -> Result<Vec<Option<Subscription>>> {
        renew::renew(&self.0, renewals, now).await
    }

    async fn delete(&self, command: DeleteSubscription) -> Result<()> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn purge(&self, command: PurgeSubscriptions) -> Result<bool> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }
}

/// Finds the live subscription of a subscriber, and whether it is confirmed.
fn of_subscriber(
    session: &mut Session,
    queue: i64,
    subscriber: &str,
    now: Millis,
) -> Result<Option<(SubscriptionId, bool)>, Failure> {
    let find = LiveBySubscriber { queue, subscriber: subscriber.as_bytes(), now };
    let row: Option<(Vec<u8>, i64)> = find.get_result(&mut session.connection).optional()?;
    Ok(row.map(|(id, confirmed)| uuid(&id).map(|id| (id, confirmed != 0))).transpose()?)
}

impl Command for CreateSubscription {
    type Output = CreatedSubscription;

    fn run(&self, session: &mut Session) -> Result<CreatedSubscription, Failure> {
        let handle = session.find_or_add(&self.queue)?;
        let queue = session.queue(handle).key;
        match of_subscriber(session, queue, &self.subscriber, self.now)? {
            Some((id, true)) => return Ok(CreatedSubscription::Confirmed(id)),
            Some((id, false)) if id != self.id => return Ok(CreatedSubscription::Unconfirmed(id)),
            Some(_) => return Ok(CreatedSubscription::Created),
            None => {}
        }
        if find(session, handle, self.id, self.now)?.is_none() {
            let add = AddSubscription {
                key: session.take_subscription(),
                queue,
                id: self.id.as_bytes(),
                subscriber: self.subscriber.as_bytes(),
                ttl: self.ttl,
                created_at: self.now,
                expires_at: self.expires_at,
                follower: self.is_follower.into(),
                options: &self.options,
            };
            add.execute(&mut session.connection)?;
            lives_until(session, handle, self.is_follower, self.expires_at);
        }
        Ok(CreatedSubscription::Created)
    }
}

impl Query for GetSubscription {
    type Output = Subscription;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Subscription, Failure> {
        let find = LiveOf {
            project: self.queue.project.as_bytes(),
            kind: self.queue.kind as i64,
            name: self.queue.name.as_bytes(),
            id: self.id.as_bytes(),
            now: self.now,
        };
        let row: Option<Row> = find.get_result(connection).optional()?;
        Ok(subscription(row.ok_or(StorageError::SubscriptionDoesNotExist)?)?)
    }
}

impl Query for ListSubscriptions {
    type Output = Vec<Subscription>;

    fn read(&self, connection: &mut SqliteConnection) -> Result<Vec<Subscription>, Failure> {
        let project = self.queue.project.as_bytes();
        let (kind, name) = (self.queue.kind as i64, self.queue.name.as_bytes());
        let after = self.after.as_ref().map_or(&[][..], |id| &id.as_bytes()[..]);
        let (now, limit) = (self.now, i64::try_from(self.limit).unwrap_or(i64::MAX));
        let rows: Vec<Row> = match self.include_followers {
            true => LiveFrom { project, kind, name, after, now, limit }.load(connection)?,
            false => ToldFrom { project, kind, name, after, now, limit }.load(connection)?,
        };
        Ok(rows.into_iter().map(subscription).collect::<Result<_>>()?)
    }
}

impl Command for UpdateSubscription {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let (handle, row) = live(session, &self.queue, self.id, self.now)?;
        if let Some(wanted) = &self.subscriber {
            let queue = session.queue(handle).key;
            let holder = of_subscriber(session, queue, wanted, self.now)?;
            if holder.is_some_and(|(id, _)| id != self.id) {
                return Err(StorageError::SubscriberIsTaken.into());
            }
        }
        let (ttl, expires_at) = match self.lifetime {
            Some(lifetime) => (lifetime.ttl, lifetime.expires_at),
            None => (row.3, row.5),
        };
        let subscriber = self.subscriber.as_deref().map_or(&row.2[..], str::as_bytes);
        let change = ChangeSubscription {
            agreed: subscriber,
            paused: subscriber,
            follows: subscriber,
            subscriber,
            ttl,
            expires_at,
            options: self.options.as_deref().unwrap_or(&row.9),
            key: row.0,
        };
        change.execute(&mut session.connection)?;
        let follows = row.7 != 0 && *subscriber == row.2[..];
        lives_until(session, handle, follows, expires_at);
        look_again(session, handle)
    }
}

impl Command for ConfirmSubscription {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let (_, row) = live(session, &self.queue, self.id, self.now)?;
        Confirm { confirmed: self.is_confirmed.into(), key: row.0 }
            .execute(&mut session.connection)?;
        Ok(())
    }
}

impl Command for SetSubscriptionState {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let (_, row) = live(session, &self.queue, self.id, self.now)?;
        SetState { state: self.state as i64, key: row.0 }.execute(&mut session.connection)?;
        Ok(())
    }
}

impl Command for DeleteSubscription {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let Some(handle) = session.find(&self.queue)? else { return Ok(()) };
        let queue = session.queue(handle).key;
        RemoveSubscription { queue, id: self.id.as_bytes() }.execute(&mut session.connection)?;
        look_again(session, handle)
    }
}

impl Command for PurgeSubscriptions {
    type Output = bool;

    fn run(&self, session: &mut Session) -> Result<bool, Failure> {
        let Some(handle) = session.find(&self.queue)? else { return Ok(false) };
        let queue = session.queue(handle).key;
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX);
        let removed = PurgeSome { queue, limit }.execute(&mut session.connection)?;
        look_again(session, handle)?;
        Ok(removed >= self.limit)
    }
}

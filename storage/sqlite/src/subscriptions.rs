//! Subscriptions: rows that belong to the row of their queue, so they survive its deletion.
//!
//! One that has ended may still be there: it is replaced by whatever it stands in the way of.

use async_trait::async_trait;
use diesel::sql_types::{BigInt, Binary};
use diesel::{OptionalExtension, RunQueryDsl, SqliteConnection};
use sukkal_storage::{
    ConfirmSubscription, CreateSubscription, CreatedSubscription, DeleteSubscription,
    GetSubscription, ListSubscriptions, Millis, PurgeSubscriptions, QueueKey, Result, StorageError,
    Subscription, SubscriptionId, SubscriptionStore, UpdateSubscription,
};

use crate::command::{Command, Query};
use crate::data::SqliteData;
use crate::error::Failure;
use crate::row::{text, uuid};
use crate::session::Session;
use crate::statement::statement;

type Columns = (BigInt, Binary, Binary, BigInt, BigInt, BigInt, BigInt, Binary);

type Row = (i64, Vec<u8>, Vec<u8>, i64, i64, i64, i64, Vec<u8>);

macro_rules! columns {
    () => {
        "SELECT s.key, s.id, s.subscriber, s.ttl, s.created_at, s.expires_at, s.confirmed, \
         s.options "
    };
}

statement! {
    /// Reads live subscriptions of a queue from an id on, in the order of ids.
    LiveFrom<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        after: &'a [u8] => Binary,
        now: i64 => BigInt,
        limit: i64 => BigInt,
    } -> Columns
        = concat!(columns!(), "FROM queue q INDEXED BY queue_name \
           CROSS JOIN subscription s INDEXED BY subscription_id ON s.queue = q.key \
           WHERE q.project = ? AND q.kind = ? AND q.name = ? AND s.id > ? AND s.expires_at > ? \
           ORDER BY s.id LIMIT ?");
}

statement! {
    /// Reads a live subscription of a queue.
    LiveOf<'a> {
        project: &'a [u8] => Binary,
        kind: i64 => BigInt,
        name: &'a [u8] => Binary,
        id: &'a [u8] => Binary,
        now: i64 => BigInt,
    } -> Columns
        = concat!(columns!(), "FROM queue q INDEXED BY queue_name \
           CROSS JOIN subscription s INDEXED BY subscription_id ON s.queue = q.key \
           WHERE q.project = ? AND q.kind = ? AND q.name = ? AND s.id = ? AND s.expires_at > ?");
}

statement! {
    /// Reads a live subscription.
    LiveById<'a> { queue: i64 => BigInt, id: &'a [u8] => Binary, now: i64 => BigInt } -> Columns
        = concat!(columns!(), "FROM subscription s INDEXED BY subscription_id \
           WHERE s.queue = ? AND s.id = ? AND s.expires_at > ?");
}

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
        queue: i64 => BigInt,
        id: &'a [u8] => Binary,
        subscriber: &'a [u8] => Binary,
        ttl: i64 => BigInt,
        created_at: i64 => BigInt,
        expires_at: i64 => BigInt,
        options: &'a [u8] => Binary,
    } = "INSERT OR REPLACE INTO subscription \
           (queue, id, subscriber, ttl, created_at, expires_at, confirmed, options) \
         VALUES (?, ?, ?, ?, ?, ?, 0, ?)";
}

statement! {
    /// Changes a subscription, in the place of an ended one with its subscriber. Only the old subscriber has agreed.
    ChangeSubscription<'a> {
        agreed: &'a [u8] => Binary,
        subscriber: &'a [u8] => Binary,
        ttl: i64 => BigInt,
        expires_at: i64 => BigInt,
        options: &'a [u8] => Binary,
        key: i64 => BigInt,
    } = "UPDATE OR REPLACE subscription SET confirmed = confirmed AND subscriber = ?, \
           subscriber = ?, ttl = ?, expires_at = ?, options = ? \
         WHERE key = ?";
}

statement! {
    /// Notes whether a subscription is confirmed.
    Confirm { confirmed: i64 => BigInt, key: i64 => BigInt }
        = "UPDATE subscription SET confirmed = ? WHERE key = ?";
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

    async fn set_state(&self, _: sukkal_storage::SetSubscriptionState) -> Result<()> {
        Err(StorageError::unavailable("this store cannot pause subscriptions"))
    }

    async fn renew(
        &self,
        _: Vec<sukkal_storage::RenewSubscription>,
        _: Millis,
    ) -> Result<Vec<Option<Subscription>>> {
        Err(StorageError::unavailable("this store cannot renew subscriptions"))
    }

    async fn delete(&self, command: DeleteSubscription) -> Result<()> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }

    async fn purge(&self, command: PurgeSubscriptions) -> Result<bool> {
        self.0.execute(Some(&command.queue.clone()), command).await
    }
}

fn subscription(row: Row) -> Result<Subscription> {
    Ok(Subscription {
        id: uuid(&row.1)?,
        subscriber: text(&row.2)?.as_ref().to_owned(),
        ttl: row.3,
        options: row.7.into(),
        is_confirmed: row.6 != 0,
        is_follower: false,
        state: sukkal_storage::SubscriptionState::Active,
        created_at: row.4,
        expires_at: row.5,
    })
}

/// Finds a queue that ever had a subscription or anything else, and a live subscription of it.
fn live(
    session: &mut Session,
    queue: &QueueKey,
    id: SubscriptionId,
    now: Millis,
) -> Result<(i64, Row), Failure> {
    let handle = session.find(queue)?.ok_or(StorageError::SubscriptionDoesNotExist)?;
    let queue = session.queue(handle).key;
    let find = LiveById { queue, id: id.as_bytes(), now };
    let row: Option<Row> = find.get_result(&mut session.connection).optional()?;
    Ok((queue, row.ok_or(StorageError::SubscriptionDoesNotExist)?))
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
        let id = self.id.as_bytes();
        let same: Option<Row> =
            LiveById { queue, id, now: self.now }.get_result(&mut session.connection).optional()?;
        if same.is_none() {
            let add = AddSubscription {
                queue,
                id,
                subscriber: self.subscriber.as_bytes(),
                ttl: self.ttl,
                created_at: self.now,
                expires_at: self.expires_at,
                options: &self.options,
            };
            add.execute(&mut session.connection)?;
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
        let list = LiveFrom {
            project: self.queue.project.as_bytes(),
            kind: self.queue.kind as i64,
            name: self.queue.name.as_bytes(),
            after: self.after.as_ref().map_or(&[], |id| &id.as_bytes()[..]),
            now: self.now,
            limit: i64::try_from(self.limit).unwrap_or(i64::MAX),
        };
        let rows: Vec<Row> = list.load(connection)?;
        Ok(rows.into_iter().map(subscription).collect::<Result<_>>()?)
    }
}

impl Command for UpdateSubscription {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let (queue, row) = live(session, &self.queue, self.id, self.now)?;
        if let Some(wanted) = &self.subscriber {
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
            subscriber,
            ttl,
            expires_at,
            options: self.options.as_deref().unwrap_or(&row.7),
            key: row.0,
        };
        change.execute(&mut session.connection)?;
        Ok(())
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

impl Command for DeleteSubscription {
    type Output = ();

    fn run(&self, session: &mut Session) -> Result<(), Failure> {
        let Some(handle) = session.find(&self.queue)? else { return Ok(()) };
        let queue = session.queue(handle).key;
        RemoveSubscription { queue, id: self.id.as_bytes() }.execute(&mut session.connection)?;
        Ok(())
    }
}

impl Command for PurgeSubscriptions {
    type Output = bool;

    fn run(&self, session: &mut Session) -> Result<bool, Failure> {
        let Some(handle) = session.find(&self.queue)? else { return Ok(false) };
        let queue = session.queue(handle).key;
        let limit = i64::try_from(self.limit).unwrap_or(i64::MAX);
        let removed = PurgeSome { queue, limit }.execute(&mut session.connection)?;
        Ok(removed >= self.limit)
    }
}

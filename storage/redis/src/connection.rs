//! One multiplexed connection that is made anew in the background whenever it is lost.
//!
//! - A command is handed to the connection when its future is first polled: nothing is awaited before.
//! - While Redis is away, calls fail at once; nobody waits for a connection.
//! - What is in flight is bounded in bytes; beyond the bound calls fail at once, too.
//! - Nothing is repeated, except a script call that Redis answered with "unknown script".

use std::sync::{Arc, PoisonError, RwLock, Weak};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ErrorKind, Pipeline, RedisError, ServerErrorKind, Value,
};
use sukkal_storage::{Result, StorageError};
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use tokio::task::coop::unconstrained;
use tokio::time::{sleep, timeout};

use crate::config::Config;
use crate::error::{is_lost, reason, storage_error, unavailable};
use crate::reply::integer;
use crate::script::{self, Call};

/// How long a command may take.
pub(crate) const RESPONSE_TIMEOUT: Duration = Duration::from_secs(2);
/// How long making a connection may take.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The pause between two attempts to connect.
const RETRY: Duration = Duration::from_millis(250);
/// The pause between two looks at a connection that may be silently broken.
const HEARTBEAT: Duration = Duration::from_secs(1);
/// How much may be in flight, in KiB; each command counts 1 at least.
const ROOM: u32 = 64 * 1024;
/// How long replicas may take to confirm a write, in milliseconds.
const REPLICA_TIMEOUT: u64 = 1000;

/// A connection to one Redis server. Dropping it ends its background task.
pub(crate) struct Connection {
    shared: Arc<Shared>,
    wait_replicas: usize,
}

struct Shared {
    client: Client,
    link: RwLock<Link>,
    lost: Arc<Notify>,
    is_closed: watch::Sender<bool>,
    room: Semaphore,
}

#[derive(Clone)]
enum Link {
    Up { connection: MultiplexedConnection, number: u64 },
    Down { reason: String, number: u64 },
    Closed,
}

impl Connection {
    /// Connects, loads the scripts and starts the task that keeps the connection.
    pub(crate) async fn open(config: &Config) -> Result<Self> {
        let connection = connect(&config.client).await.map_err(|error| storage_error(&error))?;
        let shared = Arc::new(Shared {
            client: config.client.clone(),
            link: RwLock::new(Link::Up { connection, number: 0 }),
            lost: Arc::new(Notify::new()),
            is_closed: watch::Sender::new(false),
            room: Semaphore::new(ROOM as usize),
        });
        tokio::spawn(keep(Arc::downgrade(&shared), shared.lost.clone()));
        Ok(Self { shared, wait_replicas: config.wait_replicas })
    }

    /// Sends a command and returns its reply.
    pub(crate) async fn send(&self, cmd: &Cmd) -> Result<Value> {
        let _room = self.shared.room(64)?;
        let (connection, number) = self.shared.link()?;
        self.shared.finish(request(connection, cmd).await, number)
    }

    /// Calls a script that changes nothing.
    pub(crate) async fn read(&self, call: &Call) -> Result<Value> {
        self.call(call, 0).await
    }

    /// Calls a script that may change something; returns when as many replicas as asked for have it.
    pub(crate) async fn write(&self, call: &Call) -> Result<Value> {
        self.call(call, self.wait_replicas).await
    }

    /// Sends commands that change nothing in one round trip; returns their replies in order.
    pub(crate) async fn read_many(&self, calls: &[Call]) -> Result<Vec<Value>> {
        self.call_many(calls, 0).await
    }

    /// Calls scripts in one round trip; one that fails does not stop the others.
    pub(crate) async fn write_many(&self, calls: &[Call]) -> Result<Vec<Value>> {
        self.call_many(calls, self.wait_replicas).await
    }

    /// The client, and what tells when the store is closed.
    pub(crate) fn client(&self) -> (Client, watch::Receiver<bool>) {
        (self.shared.client.clone(), self.shared.is_closed.subscribe())
    }

    /// Lets what is under way finish, for as long as a command may take, and refuses the rest.
    pub(crate) async fn close(&self) {
        self.shared.set(|_| Some(Link::Closed));
        self.shared.is_closed.send_replace(true);
        self.shared.lost.notify_one();
        // Nothing is left to do for what takes longer.
        let _ = timeout(RESPONSE_TIMEOUT, self.shared.room.acquire_many(ROOM)).await;
    }

    async fn call(&self, call: &Call, replicas: usize) -> Result<Value> {
        let _room = self.shared.room(size(call))?;
        let (connection, number) = self.shared.link()?;
        let mut result = perform(connection.clone(), call, replicas).await;
        if matches!(&result, Err(error) if is_unknown_script(error)) {
            result = match load_scripts(connection.clone()).await {
                Ok(()) => perform(connection, call, replicas).await,
                Err(error) => Err(error),
            };
        }
        let (value, confirmed) = self.shared.finish(result, number)?;
        check_replicas(confirmed, replicas)?;
        Ok(value)
    }

    async fn call_many(&self, calls: &[Call], replicas: usize) -> Result<Vec<Value>> {
        if calls.is_empty() {
            return Ok(Vec::new());
        }
        let _room = self.shared.room(calls.iter().map(size).sum())?;
        let (connection, number) = self.shared.link()?;
        let mut result = perform_many(connection.clone(), calls, replicas).await;
        if matches!(&result, Err(error) if is_unknown_script(error)) {
            result = match load_scripts(connection.clone()).await {
                Ok(()) => perform_many(connection, calls, replicas).await,
                Err(error) => Err(error),
            };
        }
        let (values, confirmed) = self.shared.finish(result, number)?;
        check_replicas(confirmed, replicas)?;
        Ok(values)
    }
}

/// How many bytes the arguments of a call take.
fn size(call: &Call) -> usize {
    let size = call.cmd.args_iter().map(|arg| match arg {
        redis::Arg::Simple(bytes) => bytes.len(),
        _ => 0,
    });
    size.sum()
}

fn check_replicas(confirmed: i64, asked: usize) -> Result<()> {
    if confirmed < asked as i64 {
        return Err(unavailable(format!("{confirmed} of {asked} replicas confirmed a write")));
    }
    Ok(())
}

impl Shared {
    /// The connection, and its number to report it lost by.
    fn link(&self) -> Result<(MultiplexedConnection, u64)> {
        match &*self.link.read().unwrap_or_else(PoisonError::into_inner) {
            Link::Up { connection, number } => Ok((connection.clone(), *number)),
            Link::Down { reason, .. } => Err(unavailable(reason.clone())),
            Link::Closed => Err(StorageError::unavailable("the store is closed")),
        }
    }

    fn room(&self, bytes: usize) -> Result<SemaphorePermit<'_>> {
        let units = u32::try_from(1 + bytes / 1024).unwrap_or(ROOM).min(ROOM);
        self.room
            .try_acquire_many(units)
            .map_err(|_| unavailable("too much is waiting for an answer from Redis"))
    }

    fn finish<T>(&self, result: Result<T, RedisError>, number: u64) -> Result<T> {
        result.map_err(|error| {
            if is_lost(&error) {
                self.lose(number, &error);
            }
            storage_error(&error)
        })
    }

    /// Gives up the connection of this number, unless a newer one has taken its place.
    fn lose(&self, lost: u64, error: &RedisError) {
        let is_changed = self.set(|link| match link {
            Link::Up { number, .. } if *number == lost => {
                Some(Link::Down { reason: reason(error), number: lost })
            }
            _ => None,
        });
        if is_changed {
            tracing::warn!(reason = reason(error), "lost the connection to Redis");
            self.lost.notify_one();
        }
    }

    fn set(&self, change: impl FnOnce(&Link) -> Option<Link>) -> bool {
        let mut link = self.link.write().unwrap_or_else(PoisonError::into_inner);
        let new = change(&link);
        let is_changed = new.is_some();
        if let Some(new) = new {
            *link = new;
        }
        is_changed
    }

    fn current(&self) -> Link {
        self.link.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// Keeps the connection until the driver is closed or dropped.
async fn keep(shared: Weak<Shared>, lost: Arc<Notify>) {
    loop {
        let Some(strong) = shared.upgrade() else { return };
        match strong.current() {
            Link::Closed => return,
            Link::Up { connection, number } => {
                drop(strong);
                if timeout(HEARTBEAT, lost.notified()).await.is_err() {
                    let beat = request(connection, &redis::cmd("PING")).await;
                    if let (Err(error), Some(strong)) = (beat, shared.upgrade()) {
                        strong.lose(number, &error);
                    }
                }
            }
            Link::Down { number, .. } => {
                if !reconnect(&strong, number + 1).await {
                    drop(strong);
                    sleep(RETRY).await;
                }
            }
        }
    }
}

async fn reconnect(shared: &Shared, number: u64) -> bool {
    let attempt = connect(&shared.client).await;
    if attempt.is_ok() {
        tracing::info!("connected to Redis again");
    }
    let new = match &attempt {
        Ok(connection) => Link::Up { connection: connection.clone(), number },
        Err(error) => Link::Down { reason: reason(error), number },
    };
    shared.set(|link| matches!(link, Link::Down { .. }).then_some(new));
    attempt.is_ok()
}

/// Makes a connection that is known to answer and to have the scripts.
async fn connect(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    let config = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(RESPONSE_TIMEOUT))
        // Room for all that may be in flight: a full buffer would let commands overtake each other.
        .set_pipeline_buffer_size(2 * ROOM as usize);
    let attempt = async {
        let connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        request(connection.clone(), &redis::cmd("PING")).await?;
        load_scripts(connection.clone()).await?;
        Ok(connection)
    };
    timeout(CONNECT_TIMEOUT, attempt).await.unwrap_or_else(|_| {
        Err(RedisError::from(std::io::Error::from(std::io::ErrorKind::TimedOut)))
    })
}

async fn load_scripts(mut connection: MultiplexedConnection) -> Result<(), RedisError> {
    let mut pipeline = Pipeline::new();
    for script in script::all() {
        pipeline.cmd("SCRIPT").arg("LOAD").arg(script.source);
    }
    for reply in connection.send_packed_commands(&pipeline, 0, pipeline.len()).await? {
        accepted(reply)?;
    }
    Ok(())
}

/// Runs a call; returns its reply and how many replicas confirmed it, if any were asked for.
async fn perform(
    mut connection: MultiplexedConnection,
    call: &Call,
    replicas: usize,
) -> Result<(Value, i64), RedisError> {
    if replicas == 0 {
        return Ok((request(connection, &call.cmd).await?, 0));
    }
    let mut pipeline = Pipeline::with_capacity(2);
    pipeline.add_command(call.cmd.clone());
    pipeline.cmd("WAIT").arg(replicas).arg(REPLICA_TIMEOUT);
    let mut replies = unconstrained(connection.send_packed_commands(&pipeline, 0, 2)).await?;
    let confirmed = replies.pop().map(accepted).transpose()?.unwrap_or_default();
    let value = replies.pop().map(accepted).transpose()?.unwrap_or_default();
    Ok((value, integer(confirmed).unwrap_or_default()))
}

/// Runs calls in their order; returns their replies and how many replicas confirmed them.
async fn perform_many(
    mut connection: MultiplexedConnection,
    calls: &[Call],
    replicas: usize,
) -> Result<(Vec<Value>, i64), RedisError> {
    let mut pipeline = Pipeline::with_capacity(calls.len() + 1);
    for call in calls {
        pipeline.add_command(call.cmd.clone());
    }
    if replicas > 0 {
        pipeline.cmd("WAIT").arg(replicas).arg(REPLICA_TIMEOUT);
    }
    let count = pipeline.len();
    let replies = unconstrained(connection.send_packed_commands(&pipeline, 0, count)).await?;
    let mut replies = replies.into_iter().map(accepted).collect::<Result<Vec<Value>, _>>()?;
    let confirmed = if replicas > 0 { replies.pop() } else { None };
    Ok((replies, confirmed.and_then(|value| integer(value).ok()).unwrap_or_default()))
}

/// Not even the scheduler may come between a first poll and the connection: a task that has used up
/// its turn would otherwise hand over nothing, and commands would overtake each other.
async fn request(mut connection: MultiplexedConnection, cmd: &Cmd) -> Result<Value, RedisError> {
    accepted(unconstrained(connection.send_packed_command(cmd)).await?)
}

fn accepted(value: Value) -> Result<Value, RedisError> {
    match value {
        Value::ServerError(error) => Err(error.into()),
        value => Ok(value),
    }
}

fn is_unknown_script(error: &RedisError) -> bool {
    error.kind() == ErrorKind::Server(ServerErrorKind::NoScript)
}

//! What both roles share: the connection, and the way commands on queues go through it.

use sukkal_storage::{Durability, Millis, QueueKey, Result, StorageError, StoreStatus};

use crate::config::Config;
use crate::connection::Connection;
use crate::error::unavailable;
use crate::keys::{ENDS, FORMAT, QueueKeys};
use crate::reply::{Reply, Status, integer, unexpected};
use crate::script::{COLLECT, Call, SUBSCRIPTION_TELL};

/// How many steps of settling one command may wait for; each makes about a thousand messages free.
const STEPS: usize = 256;
/// How many records one step of settling removes at most.
const STEP: usize = 1000;
/// The layout of the data that this driver reads and writes.
const LAYOUT: &[u8] = b"2";
/// The layout before posts looked for subscriptions.
const LAYOUT_WITHOUT_OUTBOX: &[u8] = b"1";
/// How many queues are brought to a new layout in one round trip.
const PAGE: usize = 500;

/// One role of a store on a Redis server. It keeps nothing of the data: servers may share it.
pub(crate) struct RedisStore {
    pub(crate) connection: Connection,
}

impl RedisStore {
    pub(crate) async fn open(config: &Config) -> Result<Self> {
        let store = Self { connection: Connection::open(config).await? };
        store.check_server().await?;
        store.check_layout().await?;
        Ok(store)
    }

    /// Runs a script on a queue until it need not wait for the queue to be settled.
    ///
    /// A script that meets more due claims or delays than one step may move does nothing else, so
    /// that messages come in the order of their places however many fall due at once.
    pub(crate) async fn run(
        &self,
        keys: &QueueKeys,
        call: &Call,
        now: Millis,
        is_write: bool,
    ) -> Result<Reply> {
        for _ in 0..STEPS {
            let value = match is_write {
                true => self.connection.write(call).await?,
                false => self.connection.read(call).await?,
            };
            let reply = Reply::new(value)?;
            if reply.status != Status::Unsettled {
                return Ok(reply);
            }
            self.settle(keys, now, STEP).await?;
        }
        Err(unavailable("too many messages of the queue fall due at once"))
    }

    /// Brings a queue up to date by one step; returns what was removed and whether more is waiting.
    pub(crate) async fn settle(
        &self,
        keys: &QueueKeys,
        now: Millis,
        budget: usize,
    ) -> Result<(u64, bool)> {
        let mut call = COLLECT.on(keys, 2, 32);
        call.number(now).number(budget.clamp(1, STEP));
        let mut reply = Reply::plain(self.connection.read(&call).await?)?;
        Ok((reply.number()?.unsigned_abs(), reply.number()? == 1))
    }

    pub(crate) async fn ping(&self) -> Result<()> {
        self.connection.send(&redis::cmd("PING")).await.map(|_| ())
    }

    /// The time of the server, in milliseconds.
    pub(crate) async fn time(&self) -> Result<Millis> {
        let mut reply = Reply::plain(self.connection.send(&redis::cmd("TIME")).await?)?;
        let (seconds, micros): (i64, i64) = (decimal(&mut reply)?, decimal(&mut reply)?);
        Ok(seconds * 1000 + micros / 1000)
    }

    /// What the server says about writing and evicting, read back from it.
    pub(crate) async fn status(&self) -> Result<StoreStatus> {
        let mut config = redis::cmd("CONFIG");
        config.arg("GET").arg("*append*");
        let append = match self.connection.send(&config).await {
            Ok(value) => Settings::read(value)?,
            Err(error @ StorageError::Unavailable { .. }) => {
                self.ping().await?;
                return Ok(unknown(&error));
            }
            Err(error) => return Err(error),
        };
        let mut config = redis::cmd("CONFIG");
        config.arg("GET").arg("maxmemory-policy");
        let memory = Settings::read(self.connection.send(&config).await?)?;
        Ok(judged(&append, &memory))
    }

    async fn check_server(&self) -> Result<()> {
        let mut info = redis::cmd("INFO");
        info.arg("server");
        let text = match self.connection.send(&info).await? {
            redis::Value::BulkString(text) => String::from_utf8_lossy(&text).into_owned(),
            redis::Value::VerbatimString { text, .. } => text,
            _ => return Err(unexpected()),
        };
        let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name));
        if field("redis_mode:") == Some("cluster") {
            return Err(StorageError::Unusable("Redis Cluster is not supported".to_owned()));
        }
        let version = field("redis_version:").unwrap_or_default();
        let mut numbers = version.split('.').map(|part| part.parse().unwrap_or(0));
        let known: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
        if known < (6, 2) {
            return Err(StorageError::Unusable(format!(
                "Redis 6.2 or newer is needed, not {version}"
            )));
        }
        Ok(())
    }

    /// Notes on every queue that has subscriptions until when they live. Repeating it is safe.
    async fn tell_posts_of_subscriptions(&self) -> Result<()> {
        let mut after = 0;
        loop {
            let mut range = redis::cmd("ZRANGE");
            range.arg(ENDS).arg(after).arg(after + PAGE - 1);
            let mut reply = Reply::plain(self.connection.send(&range).await?)?;
            let is_last = reply.len() < PAGE;
            let mut calls = Vec::with_capacity(reply.len());
            while reply.len() > 0 {
                if let Some(queue) = QueueKeys::queue(&reply.text()?) {
                    calls.push(SUBSCRIPTION_TELL.on_subscriptions(&keys(&queue), 0, 0));
                }
            }
            self.connection.write_many(&calls).await?;
            if is_last {
                return Ok(());
            }
            after += PAGE;
        }
    }

    /// Marks a new database with the layout, brings the one before to it, and refuses others.
    async fn check_layout(&self) -> Result<()> {
        let mut set = redis::cmd("SET");
        set.arg(FORMAT).arg(LAYOUT).arg("NX");
        self.connection.send(&set).await?;
        let mut get = redis::cmd("GET");
        get.arg(FORMAT);
        match self.connection.send(&get).await? {
            redis::Value::BulkString(layout) if layout == LAYOUT => Ok(()),
            redis::Value::BulkString(layout) if layout == LAYOUT_WITHOUT_OUTBOX => {
                self.tell_posts_of_subscriptions().await?;
                let mut set = redis::cmd("SET");
                set.arg(FORMAT).arg(LAYOUT);
                self.connection.send(&set).await.map(|_| ())
            }
            _ => Err(StorageError::Unusable(
                "the data in Redis has a layout that this version does not know".to_owned(),
            )),
        }
    }
}

/// A number that comes as a string, as in the reply of `TIME`.
fn decimal(reply: &mut Reply) -> Result<i64> {
    let bytes = reply.bytes()?;
    integer(redis::Value::BulkString(bytes.into()))
}

/// The keys of a queue.
pub(crate) fn keys(queue: &QueueKey) -> QueueKeys {
    QueueKeys::new(queue)
}

/// The answer to `CONFIG GET`.
struct Settings(Vec<(String, String)>);

impl Settings {
    fn read(value: redis::Value) -> Result<Self> {
        let mut reply = Reply::plain(value)?;
        let mut settings = Vec::with_capacity(reply.len() / 2);
        while reply.len() > 1 {
            settings.push((reply.text()?, reply.text()?));
        }
        Ok(Self(settings))
    }

    fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(each, _)| each == name).map_or("", |(_, value)| value)
    }
}

fn judged(append: &Settings, memory: &Settings) -> StoreStatus {
    let (durability, mut detail) = match (append.get("appendonly"), append.get("appendfsync")) {
        ("yes", "always") => (Durability::Synced, String::new()),
        ("yes", sync) => (
            Durability::Process,
            format!("appendfsync is {sync}: a crash of the machine loses the last writes."),
        ),
        _ => (
            Durability::None,
            "appendonly is off: a crash of Redis loses writes since its last snapshot.".to_owned(),
        ),
    };
    let policy = memory.get("maxmemory-policy");
    if policy != "noeviction" {
        detail = format!("{detail} maxmemory-policy is {policy}: Redis may drop whole queues.");
    }
    StoreStatus { driver: "redis", durability, detail: detail.trim().to_owned() }
}

fn unknown(error: &StorageError) -> StoreStatus {
    StoreStatus {
        driver: "redis",
        durability: Durability::Process,
        detail: format!("The durability is unknown, CONFIG GET failed: {error}."),
    }
}

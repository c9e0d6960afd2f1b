//! An open store: its threads and the two lines of work.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use sukkal_storage::{Durability, OpenOptions, QueueKey, Result, StorageError, StoreStatus};

use crate::checkpoint::Checkpointer;
use crate::command::{Command, InLine, Query, job};
use crate::config::{Config, Location};
use crate::connection::{self, Lock};
use crate::error::closed;
use crate::inbox::Inbox;
use crate::outbox::recover::end_leases;
use crate::reader::Readers;
use crate::session::Session;
use crate::writer::Writer;

/// An open store. Dropping it finishes what is under way.
pub(crate) struct Core {
    inbox: Arc<Inbox>,
    /// Absent in memory: one connection sees such a store.
    readers: Option<Arc<Readers>>,
    checkpointer: Option<Arc<Checkpointer>>,
    durability: Durability,
    threads: Mutex<Vec<JoinHandle<()>>>,
    lock: Mutex<Option<Lock>>,
    /// How many roles use it.
    roles: AtomicUsize,
}

impl Core {
    /// Opens a store, making it if there is none. Blocks.
    pub(crate) fn open(uri: &str, options: &OpenOptions) -> Result<Self> {
        let config = Config::parse(uri, options)?;
        let lock = match &config.location {
            Location::File(path) => {
                if config.makes_folder {
                    connection::make_folder(&options.data_dir)?;
                }
                connection::check_header(path)?;
                Some(connection::lock(path)?)
            }
            Location::Memory => None,
        };
        let mut writing = connection::open_writer(&config)?;
        connection::prepare(&mut writing, &config.location)?;
        if let Err(error) = end_leases(&mut writing, options.now) {
            tracing::warn!(%error, "leases of the outbox end when their time has come");
        }
        let durability = connection::durability(&mut writing, &config.location)?;
        let mut core = Self {
            inbox: Arc::new(Inbox::new()),
            readers: None,
            checkpointer: None,
            durability,
            threads: Mutex::default(),
            lock: Mutex::new(lock),
            roles: AtomicUsize::new(0),
        };
        if matches!(config.location, Location::File(_)) {
            core.start_readers(&config)?;
            core.start_checkpointer(&config)?;
        }
        let session = Session::new(writing);
        let session = session.map_err(|error| connection::explain(&config.location, error))?;
        let writer = Writer::new(config, session, core.checkpointer.clone());
        let inbox = Arc::clone(&core.inbox);
        core.start("writer", move || writer.work(&inbox))?;
        Ok(core)
    }

    /// Runs a command in its place; returns when it is durable.
    pub(crate) async fn execute<C: Command>(
        &self,
        queue: Option<&QueueKey>,
        command: C,
    ) -> Result<C::Output> {
        let (job, answer) = job(command);
        let _place = self.inbox.put(queue, job).ok_or_else(closed)?;
        answer.await.map_err(|_| closed())?
    }

    /// Runs a query that sees every command put in before it.
    pub(crate) async fn read<Q: Query>(
        &self,
        queue: Option<&QueueKey>,
        query: Q,
    ) -> Result<Q::Output> {
        match &self.readers {
            Some(readers) => {
                self.inbox.settled(queue).await;
                readers.run(query).await
            }
            None => self.execute(queue, InLine(query)).await,
        }
    }

    /// Counts a role that uses it.
    pub(crate) fn enter(&self) {
        self.roles.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts a role that does not use it any more; tells whether it was the last.
    pub(crate) fn leave(&self) -> bool {
        self.roles.fetch_sub(1, Ordering::AcqRel) == 1
    }

    pub(crate) fn status(&self) -> StoreStatus {
        StoreStatus { driver: "sqlite", durability: self.durability, detail: String::new() }
    }

    /// Finishes what is under way and closes the files. Blocks.
    pub(crate) fn close(&self) {
        self.inbox.close();
        if let Some(readers) = &self.readers {
            readers.close();
        }
        if let Some(checkpointer) = &self.checkpointer {
            checkpointer.close();
        }
        let threads =
            std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            if thread.join().is_err() {
                tracing::error!("a thread of the store panicked");
            }
        }
        self.lock.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn start_readers(&mut self, config: &Config) -> Result<()> {
        let readers = Arc::new(Readers::new());
        self.readers = Some(Arc::clone(&readers));
        for _ in 0..config.readers {
            let mut connection = connection::open_reader(config)?;
            let readers = Arc::clone(&readers);
            self.start("reader", move || readers.work(&mut connection))?;
        }
        Ok(())
    }

    fn start_checkpointer(&mut self, config: &Config) -> Result<()> {
        let checkpointer = Arc::new(Checkpointer::default());
        self.checkpointer = Some(Arc::clone(&checkpointer));
        let mut connection = connection::open_checkpointer(config)?;
        self.start("checkpoint", move || checkpointer.work(&mut connection))
    }

    fn start(&self, name: &str, work: impl FnOnce() + Send + 'static) -> Result<()> {
        let thread = thread::Builder::new()
            .name(format!("sqlite-{name}"))
            .spawn(work)
            .map_err(|error| StorageError::Unusable(format!("no thread: {error}")))?;
        self.threads.lock().unwrap_or_else(PoisonError::into_inner).push(thread);
        Ok(())
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        self.close();
    }
}

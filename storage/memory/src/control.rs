//! The control role: queue records in one map per project and kind.

use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sukkal_storage::{
    ControlDriver, CreateQueue, DeleteQueue, Kind, Layout, ListQueues, PlacementStore, QueueKey,
    QueueRecord, QueueStore, Result, StorageError, StoreStatus, UpdateQueue,
};

/// The records of one kind of one project, in the order of their names compared as bytes.
type Records = BTreeMap<Arc<str>, QueueRecord>;

#[derive(Default)]
pub(crate) struct Control {
    projects: HashMap<(Arc<str>, Kind), Records>,
    /// One counter for all records, so that a record made anew never has a revision of an old one.
    last_revision: u64,
    pub(crate) layout: Layout,
    /// The pool of each queue that has one.
    pub(crate) places: BTreeMap<QueueKey, Arc<str>>,
}

/// The control role; its records are gone once it is closed.
pub(crate) struct MemoryControl {
    control: Mutex<Option<Control>>,
}

impl MemoryControl {
    pub(crate) fn new() -> Self {
        Self { control: Mutex::new(Some(Control::default())) }
    }

    pub(crate) fn run<T>(&self, command: impl FnOnce(&mut Control) -> Result<T>) -> Result<T> {
        let mut control = self.control.lock().unwrap_or_else(PoisonError::into_inner);
        command(control.as_mut().ok_or_else(crate::data::closed)?)
    }
}

/// The map a record belongs to.
fn group(queue: &QueueKey) -> (Arc<str>, Kind) {
    (queue.project.clone(), queue.kind)
}

impl Control {
    /// Whether the catalogue has this pool for a queue; without one nothing is asked.
    fn lies_in(&self, queue: &QueueKey, pool: Option<&Arc<str>>) -> bool {
        pool.is_none_or(|pool| self.places.get(queue) == Some(pool))
    }

    pub(crate) fn record(&self, queue: &QueueKey) -> Option<&QueueRecord> {
        self.projects.get(&group(queue))?.get(&queue.name)
    }

    fn next_revision(&mut self) -> u64 {
        self.last_revision += 1;
        self.last_revision
    }
}

#[async_trait]
impl ControlDriver for MemoryControl {
    fn queues(&self) -> &dyn QueueStore {
        self
    }

    fn placements(&self) -> &dyn PlacementStore {
        self
    }

    async fn ping(&self) -> Result<()> {
        self.run(|_| Ok(()))
    }

    async fn status(&self) -> Result<StoreStatus> {
        self.run(|_| Ok(crate::status()))
    }

    async fn close(&self) {
        *self.control.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

#[async_trait]
impl QueueStore for MemoryControl {
    async fn list(&self, query: ListQueues) -> Result<Vec<QueueRecord>> {
        self.run(|control| {
            let Some(records) = control.projects.get(&(query.project, query.kind)) else {
                return Ok(Vec::new());
            };
            let start = query.after.as_deref().map_or(Bound::Unbounded, Bound::Excluded);
            Ok(records
                .range::<str, _>((start, Bound::Unbounded))
                .map(|(_, record)| record)
                .filter(|record| query.filter.matches(&record.name, &record.metadata))
                .take(query.limit)
                .cloned()
                .collect())
        })
    }

    async fn count(&self, project: &str, kind: Kind) -> Result<u64> {
        let group = (project.into(), kind);
        self.run(|control| Ok(control.projects.get(&group).map_or(0, BTreeMap::len) as u64))
    }

    async fn get(&self, queue: &QueueKey) -> Result<Option<QueueRecord>> {
        self.run(|control| {
            let pool = control.places.get(queue).cloned();
            Ok(control.record(queue).map(|record| QueueRecord { pool, ..record.clone() }))
        })
    }

    async fn create(&self, command: CreateQueue) -> Result<bool> {
        self.run(|control| {
            let CreateQueue { queue, metadata, generation, pool, now: _ } = command;
            if !control.lies_in(&queue, pool.as_ref()) {
                return Err(StorageError::QueueChanged);
            }
            if control.record(&queue).is_some_and(|record| record.generation >= generation) {
                return Ok(false);
            }
            let revision = control.next_revision();
            let name = queue.name.clone();
            let record = QueueRecord { name, metadata, generation, revision, pool: None };
            control.projects.entry(group(&queue)).or_default().insert(queue.name, record);
            Ok(true)
        })
    }

    async fn update(&self, command: UpdateQueue) -> Result<u64> {
        self.run(|control| {
            let next = control.next_revision();
            let UpdateQueue { queue, revision, metadata } = command;
            let record = control
                .projects
                .get_mut(&group(&queue))
                .and_then(|records| records.get_mut(&queue.name))
                .ok_or(StorageError::QueueDoesNotExist)?;
            if record.revision != revision {
                return Err(StorageError::RecordChanged);
            }
            record.metadata = metadata;
            record.revision = next;
            Ok(next)
        })
    }

    async fn delete(&self, command: DeleteQueue) -> Result<bool> {
        self.run(|control| {
            let DeleteQueue { queue, below, pool } = command;
            let is_meant = control.record(&queue).is_some_and(|record| record.generation < below);
            if !is_meant || !control.lies_in(&queue, pool.as_ref()) {
                return Ok(false);
            }
            let group = group(&queue);
            let Some(records) = control.projects.get_mut(&group) else { return Ok(false) };
            let deleted = records.remove(&queue.name).is_some();
            if records.is_empty() {
                control.projects.remove(&group);
            }
            Ok(deleted)
        })
    }
}

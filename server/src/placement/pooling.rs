//! The layout as this server knows it, and the pools it asks for.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use bytes::Bytes;
use sukkal_storage::{ControlDriver, Layout, ReplaceLayout, Result, StorageError};
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::Placement;
use super::layout::{Document, LayoutError};
use super::pools::Pools;
use crate::json;

/// How long a layout is used without reading it again: another server's change is seen after this.
const KNOWN: Duration = Duration::from_secs(1);
/// How often it is read although nobody asks: pools that others made are worked on from then on.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often a change is tried when others change the layout.
const CHANGE_TRIES: usize = 32;

/// The layout, read at most once a second, and the pools, opened as it says.
pub(super) struct Pooling {
    control: Arc<dyn ControlDriver>,
    pub(super) pools: Pools,
    /// Whether the main store takes queues as long as there is no pool.
    pub(super) is_virtual: bool,
    known: ArcSwapOption<Known>,
    reading: Mutex<()>,
}

/// A layout that was read.
pub(super) struct Known {
    pub(super) revision: u64,
    pub(super) document: Document,
    read_at: Instant,
}

/// Why a layout was not changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// A rule about pools and flavors forbids it.
    #[error(transparent)]
    Refused(#[from] LayoutError),
    /// The store refused it or is not available.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Pooling {
    pub(super) fn new(control: Arc<dyn ControlDriver>, pools: Pools, is_virtual: bool) -> Self {
        let (known, reading) = (ArcSwapOption::empty(), Mutex::default());
        Self { control, pools, is_virtual, known, reading }
    }

    /// The layout as it was at most a second ago.
    pub(super) async fn layout(&self, placement: &Placement) -> Result<Arc<Known>> {
        if let Some(known) = self.recent(Instant::now()) {
            return Ok(known);
        }
        let asked_at = Instant::now();
        let _reading = self.reading.lock().await;
        match self.recent(asked_at) {
            Some(known) => Ok(known),
            None => self.read(placement).await,
        }
    }

    /// The layout as it is now.
    pub(super) async fn layout_now(&self, placement: &Placement) -> Result<Arc<Known>> {
        let _reading = self.reading.lock().await;
        self.read(placement).await
    }

    /// Changes the layout; `removed` names the pools it does without afterwards.
    ///
    /// # Errors
    /// What `change` refuses; `PoolIsUsed` if queues lie in a removed pool.
    pub(super) async fn change<T>(
        &self,
        placement: &Placement,
        removed: &[&str],
        mut change: impl FnMut(&mut Document) -> Result<T, LayoutError>,
    ) -> Result<T, ChangeError> {
        let _reading = self.reading.lock().await;
        for _ in 0..CHANGE_TRIES {
            let before = self.read(placement).await?;
            let mut document = before.document.clone();
            let result = change(&mut document)?;
            let command = ReplaceLayout {
                revision: before.revision,
                text: write(&document)?,
                removed: removed.iter().map(|name| Arc::from(*name)).collect(),
            };
            match self.control.placements().replace_layout(command).await {
                Ok(revision) => {
                    self.learn(revision, document, placement).await;
                    return Ok(result);
                }
                Err(StorageError::RecordChanged) => {}
                Err(other) => return Err(other.into()),
            }
        }
        Err(StorageError::RecordChanged.into())
    }

    /// Looks at the layout now and then, as long as the server runs.
    pub(super) async fn keep_looking(&self, placement: &Placement) {
        let mut is_failing = false;
        loop {
            let looked = self.layout(placement).await;
            if let Err(error) = &looked
                && !is_failing
            {
                tracing::warn!(%error, "the layout of pools cannot be read");
            }
            is_failing = looked.is_err();
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    fn recent(&self, now: Instant) -> Option<Arc<Known>> {
        self.known.load_full().filter(|known| now < known.read_at + KNOWN)
    }

    async fn read(&self, placement: &Placement) -> Result<Arc<Known>> {
        let Layout { revision, text } = self.control.placements().layout().await?;
        let document = match self.known.load_full() {
            Some(known) if known.revision == revision => known.document.clone(),
            _ => read_document(&text)?,
        };
        Ok(self.learn(revision, document, placement).await)
    }

    async fn learn(&self, revision: u64, document: Document, placement: &Placement) -> Arc<Known> {
        let known = Arc::new(Known { revision, document, read_at: Instant::now() });
        let before = self.known.swap(Some(Arc::clone(&known)));
        if before.is_none_or(|before| before.revision != revision) {
            self.pools.follow(&known.document, placement).await;
            placement.forget_all();
        }
        known
    }
}

fn read_document(text: &[u8]) -> Result<Document> {
    if text.is_empty() {
        return Ok(Document::default());
    }
    json::read(text).map_err(|error| {
        StorageError::unavailable(format!("the layout of pools is damaged: {error}"))
    })
}

fn write(document: &Document) -> Result<Bytes> {
    let text = serde_json::to_vec(document).map_err(StorageError::unavailable)?;
    Ok(Bytes::from(text))
}

//! How a binary names the drivers it brings.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use crate::{ControlDriver, DataDriver, Result};

/// An opened store in both of its roles.
#[derive(Clone)]
pub struct Store {
    /// The control role.
    pub control: Arc<dyn ControlDriver>,
    /// The data role.
    pub data: Arc<dyn DataDriver>,
}

/// What opening a store may depend on beside its URI.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Where an embedded store puts its files when the URI names no path.
    pub data_dir: PathBuf,
    /// The time of the call, for drivers that stamp what they create.
    pub now: crate::Millis,
    /// Driver options by name, from the configuration.
    pub options: Vec<(String, String)>,
}

/// The future of opening a store.
pub type OpenFuture = Pin<Box<dyn Future<Output = Result<Store>> + Send>>;

/// What an operator learns of a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// Whether nothing is wrong.
    pub is_sound: bool,
    /// What there is to say, a sentence each.
    pub lines: Vec<String>,
}

/// The future of a report.
pub type ReportFuture = Pin<Box<dyn Future<Output = Result<Report>> + Send>>;

/// What an operator does with a store that no server has open. Nothing is ever deleted.
#[derive(Clone, Copy)]
pub struct Maintenance {
    /// Brings the schema to the version of this program.
    pub migrate: fn(uri: String, options: OpenOptions) -> ReportFuture,
    /// Reads versions and sizes.
    pub status: fn(uri: String, options: OpenOptions) -> ReportFuture,
    /// Reads everything and compares it with its checksums.
    pub check: fn(uri: String, options: OpenOptions) -> ReportFuture,
}

/// One driver: its URI scheme and how to open a store.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The schemes of its URIs, the first being the usual one: `redis` for `redis://…`.
    pub schemes: &'static [&'static str],
    /// Opens a store. Errors name no password.
    pub open: fn(uri: String, options: OpenOptions) -> OpenFuture,
    /// The names of its options. A pool may carry others, which are not the driver's.
    pub options: &'static [&'static str],
    /// The environment variable that gives the conformance suite a store to test against;
    /// `None` if the suite can make one by itself.
    pub test_uri: Option<&'static str>,
    /// What can be done with a store that is not open; `None` for a store that looks after itself.
    pub maintenance: Option<Maintenance>,
}

/// The drivers a binary brings.
#[derive(Clone, Default)]
pub struct Registry {
    entries: Vec<Entry>,
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a driver.
    #[must_use]
    pub fn with(mut self, entry: Entry) -> Self {
        self.entries.push(entry);
        self
    }

    /// The drivers, in the order they were added.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The driver for a URI, by its scheme.
    pub fn entry_for(&self, uri: &str) -> Option<&Entry> {
        let scheme = uri.split_once(':')?.0;
        self.entries.iter().find(|entry| entry.schemes.contains(&scheme))
    }
}

//! What the suite is run against.

use std::future::Future;
use std::pin::Pin;

use sukkal_storage::{Result, Store};

type Opening = Pin<Box<dyn Future<Output = Result<Store>> + Send>>;

/// A driver under test: its name and how to get a store of it.
pub struct Subject {
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) reopen: Option<Box<dyn Fn(String) -> Opening + Send + Sync>>,
}

/// Where stores come from.
pub(crate) enum Source {
    /// Each call opens a store.
    Open(Box<dyn Fn() -> Opening + Send + Sync>),
    /// There is no store to test against.
    Absent(String),
}

impl Subject {
    /// Makes a subject whose cases get their stores from `open`.
    ///
    /// - It is called once per case, and again where a case needs a second server on the same store.
    /// - It may open a store anew or hand out one store many times: cases do not meet.
    /// - A driver that declares `MultiServer` opens the same data each time.
    pub fn new<F>(name: &str, open: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Store>> + Send + 'static,
    {
        let source = Source::Open(Box::new(move || Box::pin(open())));
        Self { name: name.to_owned(), source, reopen: None }
    }

    /// Makes a subject without a store: every case is reported as ignored, with this reason.
    pub fn absent(name: &str, reason: &str) -> Self {
        Self { name: name.to_owned(), source: Source::Absent(reason.to_owned()), reopen: None }
    }

    /// Adds a way to open a store that a case has for itself, so that it may close it.
    ///
    /// - The first call with a key opens a store; a later call with the same key, after the store
    ///   was closed, opens the same data if the driver declares `Durability`.
    #[must_use]
    pub fn with_reopen<F>(mut self, reopen: impl Fn(String) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<Store>> + Send + 'static,
    {
        self.reopen = Some(Box::new(move |key| Box::pin(reopen(key))));
        self
    }
}

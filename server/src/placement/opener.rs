//! Opening the store of a pool from its URI and options.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Map, Value};
use sukkal_storage::{OpenOptions, Registry, Result, StorageError, Store};
use tokio::time::timeout;

use crate::clock::Clock;
use crate::config::StorageConfig;

/// How long a store may take to be opened.
const LONGEST_OPEN: Duration = Duration::from_secs(10);

/// Opens stores as the configuration opens the main one.
pub(super) struct Opener {
    registry: Registry,
    data_dir: PathBuf,
    /// The options of `storage.options`, which those of a pool override.
    options: Vec<(String, String)>,
    clock: Clock,
}

impl Opener {
    pub(super) fn new(registry: Registry, config: &StorageConfig, clock: Clock) -> Self {
        let (data_dir, options) = (config.data_dir.clone(), config.options.clone());
        Self { registry, data_dir, options, clock }
    }

    /// Opens a store.
    ///
    /// # Errors
    /// No driver knows the scheme, or the driver failed, or it takes too long.
    pub(super) async fn open(&self, uri: &str, options: &Map<String, Value>) -> Result<Store> {
        let Some(entry) = self.registry.entry_for(uri) else {
            return Err(StorageError::Unusable("no driver knows its scheme".to_owned()));
        };
        let options = OpenOptions {
            data_dir: self.data_dir.clone(),
            now: self.clock.now(),
            options: self.merged(entry.options, options),
        };
        match timeout(LONGEST_OPEN, (entry.open)(uri.to_owned(), options)).await {
            Ok(result) => result,
            Err(_) => Err(StorageError::unavailable("it takes too long to open")),
        }
    }

    /// The options that the driver knows. A pool may carry others, which are notes of its operator.
    fn merged(&self, known: &[&str], own: &Map<String, Value>) -> Vec<(String, String)> {
        let value = |name: &str| match own.get(name) {
            Some(Value::String(text)) => Some(text.clone()),
            Some(Value::Number(number)) => Some(number.to_string()),
            Some(Value::Bool(flag)) => Some(flag.to_string()),
            _ => self.options.iter().find(|(other, _)| other == name).map(|(_, text)| text.clone()),
        };
        known.iter().filter_map(|name| Some(((*name).to_owned(), value(name)?))).collect()
    }
}

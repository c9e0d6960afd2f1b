//! Opening the store that the configuration names.

use sukkal_storage::{Millis, OpenOptions, Registry, StorageError, Store};

use crate::config::{StorageConfig, mask_uri};

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No driver of this binary knows the scheme.
    #[error("storage.uri: no driver for {uri}; this binary has {known}")]
    NoDriver {
        /// The URI, without secrets.
        uri: String,
        /// The schemes it could have.
        known: String,
    },
    /// The driver did not open it.
    #[error("the store {uri} cannot be opened: {source}")]
    Failed {
        /// The URI, without secrets.
        uri: String,
        /// Why.
        source: StorageError,
    },
}

/// Opens the store that the configuration names.
///
/// # Errors
/// No driver for its scheme, or the driver failed. No secret is named.
pub async fn open(
    registry: &Registry,
    config: &StorageConfig,
    now: Millis,
) -> Result<Store, OpenError> {
    let uri = || mask_uri(&config.uri);
    let Some(entry) = registry.entry_for(&config.uri) else {
        return Err(OpenError::NoDriver { uri: uri(), known: known_schemes(registry) });
    };
    let options =
        OpenOptions { data_dir: config.data_dir.clone(), now, options: config.options.clone() };
    (entry.open)(config.uri.clone(), options)
        .await
        .map_err(|source| OpenError::Failed { uri: uri(), source })
}

fn known_schemes(registry: &Registry) -> String {
    let schemes: Vec<_> =
        registry.entries().iter().flat_map(|entry| entry.schemes).copied().collect();
    if schemes.is_empty() { "none".to_owned() } else { schemes.join(", ") }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sukkal_storage::Entry;

    use super::*;
    use crate::testing::Fake;

    fn registry() -> Registry {
        let good = Entry {
            schemes: &["fake", "fakes"],
            open: |_, _| {
                let fake = Arc::new(Fake::default());
                Box::pin(async { Ok(Store { control: fake.clone(), data: fake }) })
            },
            test_uri: None,
            maintenance: None,
        };
        let bad = Entry {
            schemes: &["bad"],
            open: |_, _| {
                Box::pin(async { Err(StorageError::Unusable("it is damaged".to_owned())) })
            },
            test_uri: None,
            maintenance: None,
        };
        Registry::new().with(good).with(bad)
    }

    async fn open_uri(uri: &str) -> Result<Store, String> {
        let config =
            StorageConfig { uri: uri.to_owned(), data_dir: "data".into(), options: Vec::new() };
        open(&registry(), &config, 0).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn opens_with_the_driver_of_the_scheme() {
        assert!(open_uri("fakes://host").await.is_ok());
    }

    #[tokio::test]
    async fn names_the_schemes_it_knows_and_no_password() {
        assert_eq!(
            open_uri("other://:geheim@host").await.err().unwrap(),
            "storage.uri: no driver for other://:***@host; this binary has fake, fakes, bad"
        );
        assert_eq!(
            open_uri("bad://:geheim@host").await.err().unwrap(),
            "the store bad://:***@host cannot be opened: the store cannot be opened: it is damaged"
        );
    }
}

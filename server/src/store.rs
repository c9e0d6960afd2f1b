//! Opening the stores that the configuration names.

use sukkal_storage::{Millis, OpenOptions, Registry, StorageError, Store};

use crate::config::{StorageConfig, mask_uri};

/// Why there is no store.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// No driver of this binary knows the scheme.
    #[error("{option}: no driver for {uri}; this binary has {known}")]
    NoDriver {
        /// The option that names the URI.
        option: &'static str,
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

/// Opens the store that the configuration names; its records lie elsewhere if the configuration says so.
///
/// # Errors
/// No driver for a scheme, or a driver failed. No secret is named.
pub async fn open(
    registry: &Registry,
    config: &StorageConfig,
    now: Millis,
) -> Result<Store, OpenError> {
    let store =
        open_one(registry, "storage.uri", &config.uri, &config.options, config, now).await?;
    let Some(uri) = config.control_uri.as_deref().filter(|uri| *uri != config.uri) else {
        return Ok(store);
    };
    let options = &config.control_options;
    match open_one(registry, "storage.control_uri", uri, options, config, now).await {
        Ok(control) => Ok(Store { control: control.control, data: store.data }),
        Err(error) => {
            store.data.close().await;
            store.control.close().await;
            Err(error)
        }
    }
}

async fn open_one(
    registry: &Registry,
    option: &'static str,
    uri: &str,
    options: &[(String, String)],
    config: &StorageConfig,
    now: Millis,
) -> Result<Store, OpenError> {
    let shown = || mask_uri(uri);
    let Some(entry) = registry.entry_for(uri) else {
        return Err(OpenError::NoDriver { option, uri: shown(), known: known_schemes(registry) });
    };
    let options = OpenOptions { data_dir: config.data_dir.clone(), now, options: options.to_vec() };
    (entry.open)(uri.to_owned(), options)
        .await
        .map_err(|source| OpenError::Failed { uri: shown(), source })
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
            options: &[],
            test_uri: None,
            maintenance: None,
        };
        let bad = Entry {
            schemes: &["bad"],
            open: |_, _| {
                Box::pin(async { Err(StorageError::Unusable("it is damaged".to_owned())) })
            },
            options: &[],
            test_uri: None,
            maintenance: None,
        };
        Registry::new().with(good).with(bad)
    }

    async fn open_uri(uri: &str) -> Result<Store, String> {
        open_uris(uri, None).await
    }

    async fn open_uris(uri: &str, control_uri: Option<&str>) -> Result<Store, String> {
        let config = StorageConfig {
            uri: uri.to_owned(),
            control_uri: control_uri.map(str::to_owned),
            data_dir: "data".into(),
            options: Vec::new(),
            control_options: Vec::new(),
        };
        open(&registry(), &config, 0).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn opens_with_the_driver_of_the_scheme() {
        assert!(open_uri("fakes://host").await.is_ok());
    }

    #[tokio::test]
    async fn records_may_lie_in_a_store_of_their_own() {
        assert!(open_uris("fake://a", Some("fake://b")).await.is_ok());
        assert_eq!(
            open_uris("fake://a", Some("other://:geheim@b")).await.err().unwrap(),
            "storage.control_uri: no driver for other://:***@b; this binary has fake, fakes, bad"
        );
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

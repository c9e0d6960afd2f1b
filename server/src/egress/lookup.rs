//! Resolving names.

use std::io;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Semaphore;

/// How many names are resolved at once: each holds a thread until the system gives up.
const LOOKUPS: usize = 128;

/// Finds the addresses of a name.
#[async_trait]
pub trait Lookup: Send + Sync {
    /// Every address of a name.
    ///
    /// # Errors
    /// The name cannot be resolved.
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

/// Asks the system, as every other program of the machine does.
pub struct SystemLookup(Arc<Semaphore>);

impl SystemLookup {
    /// Bounds how many names are resolved at once.
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(LOOKUPS)))
    }
}

impl Default for SystemLookup {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Lookup for SystemLookup {
    async fn lookup(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let permit = Arc::clone(&self.0).acquire_owned().await.map_err(io::Error::other)?;
        let name = name.to_owned();
        let found = tokio::task::spawn_blocking(move || {
            // Held by the thread, which goes on though nobody waits any more.
            let _permit = permit;
            (name.as_str(), 0).to_socket_addrs().map(|all| all.map(|each| each.ip()).collect())
        });
        found.await.map_err(io::Error::other)?
    }
}

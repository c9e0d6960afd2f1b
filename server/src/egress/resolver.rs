//! Resolving a name for a connection: every address is checked, and only checked ones are connected to.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::lookup::Lookup;
use super::names::plain;
use super::policy::{Denied, Policy};

/// How many addresses of a name are tried.
const TRIED: usize = 8;

tokio::task_local! {
    /// The port that the request under way goes to.
    static PORT: u16;
}

/// Runs a request to this port; the resolver needs to know, and refuses without.
pub async fn to_port<F: Future>(port: u16, request: F) -> F::Output {
    PORT.scope(port, request).await
}

/// Resolves for the requests of projects with one policy.
pub(super) struct Resolver {
    pub(super) policy: Arc<Policy>,
    pub(super) lookup: Arc<dyn Lookup>,
    /// The host of the proxy, which an operator chose and nobody has to check.
    pub(super) proxy: Option<String>,
}

impl Resolver {
    fn find(&self, name: &Name) -> impl Future<Output = Result<Addrs, Denied>> + Send + use<> {
        // Read at once: the connection may be finished by another task.
        let port = PORT.try_with(|port| *port).ok();
        let (policy, lookup) = (Arc::clone(&self.policy), Arc::clone(&self.lookup));
        // A dot at the end keeps the system from trying names below its own domain.
        let name = name.as_str().to_owned();
        let is_proxy = self.proxy.as_ref() == Some(&plain(&name));
        async move {
            let port = port.ok_or(Denied::Resolved)?;
            if !is_proxy {
                policy.check_name(&name, port)?;
            }
            let found = lookup.lookup(&name).await.map_err(|_| Denied::Unresolved)?;
            if found.is_empty() {
                return Err(Denied::Unresolved);
            }
            let is_open = |address| is_proxy || policy.check_peer(address, port).is_ok();
            if !found.iter().copied().all(is_open) {
                return Err(Denied::Resolved);
            }
            let found = found.into_iter().take(TRIED).map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let found = self.find(&name);
        Box::pin(async move { found.await.map_err(Into::into) })
    }
}

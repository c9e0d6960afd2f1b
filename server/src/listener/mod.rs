//! Accepting connections and serving HTTP/1.1 on them, with a bound on everything a client decides.
//!
//! What is answered is not known here; upgrades are handed on with their connection's place.

mod accept;
mod activity;
mod body;
mod connection;
mod io;
mod linger;
mod settings;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::body::{Body, Incoming};
use hyper::service::Service;
use hyper::{Request, Response};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

pub use accept::Acceptor;
pub use body::{BodyError, read_body};
pub use settings::Settings;

use crate::shutdown::Shutdown;

/// Any error, as bodies may have them.
type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Binds a TCP listener.
///
/// # Errors
/// The address is taken or not ours; the message names it.
pub async fn bind(address: SocketAddr) -> std::io::Result<TcpListener> {
    let named = |error: std::io::Error| {
        std::io::Error::new(error.kind(), format!("cannot listen on {address}: {error}"))
    };
    TcpListener::bind(address).await.map_err(named)
}

/// Accepts connections and serves each with what `make` returns for its peer, until the shutdown
/// begins; then returns at once, while the connections finish their requests as tasks of `shutdown`.
///
/// - A connection takes its place before it is accepted and gives it back when it is closed, after
///   an upgrade too: more than `max_connections` wait in the backlog of the system.
/// - An upgraded connection is no task of its listener any more: whoever serves it spawns it on
///   `shutdown`.
pub async fn serve<A, M, S, B>(
    name: &'static str,
    mut acceptor: A,
    settings: Settings,
    make: M,
    shutdown: Shutdown,
) where
    A: Acceptor,
    M: Fn(SocketAddr) -> S + Send,
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let closing = shutdown.closing().clone();
    let places = Arc::new(Semaphore::new(settings.max_connections));
    let http = Arc::new(settings.protocol());
    let open = metrics::gauge!("sukkal_connections_open", "listener" => name);
    let accepted = metrics::counter!("sukkal_connections_accepted_total", "listener" => name);
    loop {
        let next = async {
            let place = Arc::clone(&places).acquire_owned().await.ok()?;
            let (io, peer) = accept::accept(&mut acceptor, name).await;
            Some((io::Place::new(place, open.clone()), io, peer))
        };
        let Some(Some((place, io, peer))) = closing.run_until_cancelled(next).await else { return };
        accepted.increment(1);
        let connection = connection::Connection {
            http: Arc::clone(&http),
            settings,
            closing: closing.child_token(),
        };
        shutdown.spawn(connection.serve(io, place, make(peer)));
    }
}

#[cfg(test)]
mod tests;

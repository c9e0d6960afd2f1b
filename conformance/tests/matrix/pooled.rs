//! Servers with pooling, on every kind of store and on mixtures of them.

use sukkal_conformance::service::{Service, Transport};
use sukkal_server::clock::Clock;
use sukkal_storage::Registry;
use tempfile::TempDir;

use super::{Driver, Server, config};

/// How many pools a server has URIs for.
const POOLS: usize = 3;
/// A name, the kind of store that holds the records, and the kind that holds the queues.
const PAIRS: [(&str, &str, &str); 5] = [
    ("memory", "memory", "memory"),
    ("sqlite", "sqlite", "sqlite"),
    ("redis", "redis", "redis"),
    ("redis-on-sqlite", "sqlite", "redis"),
    ("sqlite-on-redis", "redis", "sqlite"),
];
/// The first database of the Redis under test that no other test uses; each server has four.
const FIRST_DATABASE: usize = 4;

/// Starts a server for every pair whose stores there are.
pub(super) async fn start(registry: &Registry, clock: impl Fn() -> Clock) -> Vec<Driver> {
    let mut drivers = Vec::new();
    for (at, (name, control, pools)) in PAIRS.into_iter().enumerate() {
        // The pairs without Redis come first.
        let server = match uris(control, pools, FIRST_DATABASE + at.saturating_sub(2) * 4) {
            Ok(found) => Ok(Box::pin(server(registry, found, clock())).await),
            Err(reason) => Err(reason),
        };
        drivers.push(Driver { name, server });
    }
    drivers
}

/// The URIs of a server: its store and its pools, and the folder for those that are files.
struct Uris {
    main: String,
    pools: Vec<String>,
    folder: TempDir,
}

fn uris(control: &str, pools: &str, database: usize) -> Result<Uris, String> {
    let folder = TempDir::new().expect("a folder for the stores");
    let uri = |scheme: &str, number: usize| match scheme {
        "redis" => redis(database + number),
        "sqlite" => Ok(format!("sqlite://{}/{number}.db", folder.path().display())),
        other => Ok(format!("{other}:{number}")),
    };
    let main = uri(control, 0)?;
    let pools = (1..=POOLS).map(|number| uri(pools, number)).collect::<Result<_, _>>()?;
    Ok(Uris { main, pools, folder })
}

fn redis(database: usize) -> Result<String, String> {
    let variable = "CONFORMANCE_REDIS_URI";
    let uri = std::env::var(variable).map_err(|_| format!("{variable} names no store"))?;
    let base = uri.rsplit_once('/').map_or(uri.as_str(), |(base, _)| base);
    Ok(format!("{base}/{database}"))
}

async fn server(registry: &Registry, uris: Uris, clock: Clock) -> Server {
    let Uris { main, pools, folder } = uris;
    let config = config("pooled", &main, &folder, &[]);
    let server = Server::start_with(registry, config, folder, clock, pools).await;
    // A run that was killed may have left some.
    Service::new(server.target.clone(), Transport::Http).remove_pools().await;
    server
}

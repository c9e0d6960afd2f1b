//! The real server in this process, once per driver, on free ports.

#![allow(dead_code, reason = "each test binary uses the part it needs")]

mod pooled;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use libtest_mimic::{Completion, Failed};
use sukkal_conformance::service::{Service, Target, Transport};
use sukkal_server::clock::Clock;
use sukkal_server::config::{Config, Given, Sources, Table, load};
use sukkal_server::{Running, Stages};
use sukkal_storage::{Entry, Registry, Store};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio::sync::RwLock;

/// Every driver of the registry.
pub(crate) struct Matrix {
    pub(crate) runtime: Runtime,
    pub(crate) drivers: Vec<Driver>,
    /// Servers with pooling: records on one kind of store, queues on the same or another.
    pub(crate) pooled: Vec<Driver>,
}

/// One driver, with a server if there is a store for it.
pub(crate) struct Driver {
    pub(crate) name: &'static str,
    pub(crate) server: Result<Server, String>,
}

/// A server that runs.
pub(crate) struct Server {
    pub(crate) http: String,
    pub(crate) websocket: String,
    /// What it stores in.
    pub(crate) store: Store,
    pub(crate) target: Arc<Target>,
    /// A trial that moves the clock runs alone: the others share the server and so its time.
    turn: RwLock<()>,
    running: Running,
    _data_dir: TempDir,
}

/// Where the stores of a driver are, or why there is none.
pub(crate) fn store_uri(entry: &Entry) -> Result<String, String> {
    match entry.test_uri {
        None => Ok(format!("{}:", entry.schemes[0])),
        Some(variable) => std::env::var(variable).map_err(|_| format!("{variable} names no store")),
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place where a run learns the wall time")]
pub(crate) fn wall_time() -> SystemTime {
    SystemTime::now()
}

/// A clock that starts at real time and stands still until a case moves it.
pub(crate) fn manual_clock() -> Clock {
    let now = wall_time().duration_since(UNIX_EPOCH).expect("it is after 1970").as_millis();
    Clock::manual(i64::try_from(now).expect("milliseconds fit"))
}

/// The settings most servers here share, with another store.
fn config(name: &str, uri: &str, data_dir: &TempDir, changes: &[(&str, &str)]) -> Config {
    configured(Some(profile(name)), uri, data_dir, changes)
}

/// The file of a profile.
fn profile(name: &str) -> PathBuf {
    PathBuf::from(format!("{}/profiles/{name}.toml", env!("CARGO_MANIFEST_DIR")))
}

fn configured(
    file: Option<PathBuf>,
    uri: &str,
    data_dir: &TempDir,
    changes: &[(&str, &str)],
) -> Config {
    let data_dir = data_dir.path().display().to_string();
    let own = [
        ("storage.uri", uri),
        ("storage.data_dir", data_dir.as_str()),
        ("http.listen", "127.0.0.1:0"),
        ("websocket.listen", "127.0.0.1:0"),
    ];
    let flag = |(option, value): &(&str, &str)| Given {
        flag: format!("--set {option}"),
        option: (*option).to_owned(),
        value: (*value).to_owned(),
    };
    let sources = Sources {
        file,
        environment: Vec::new(),
        flags: own.iter().chain(changes).map(flag).collect(),
    };
    let settings = load(Table::standard(), &sources).unwrap_or_else(|error| panic!("{error}"));
    Config::from_settings(settings).unwrap_or_else(|error| panic!("{error}"))
}

impl Server {
    /// Starts a server on a store of this driver.
    pub(crate) async fn start(
        registry: &Registry,
        uri: &str,
        clock: Clock,
        changes: &[(&str, &str)],
    ) -> Self {
        Self::start_as("compat", registry, uri, clock, changes).await
    }

    /// Starts a server with the settings of a profile on a store of this driver.
    pub(crate) async fn start_as(
        name: &str,
        registry: &Registry,
        uri: &str,
        clock: Clock,
        changes: &[(&str, &str)],
    ) -> Self {
        let data_dir = TempDir::new().expect("a folder for the store");
        let config = config(name, uri, &data_dir, changes);
        Self::start_with(registry, config, data_dir, clock, Vec::new()).await
    }

    async fn start_with(
        registry: &Registry,
        config: Config,
        data_dir: TempDir,
        clock: Clock,
        pool_uris: Vec<String>,
    ) -> Self {
        let store = sukkal_server::store::open(registry, &config.storage, clock.now())
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        Self::serve(store, data_dir, config, &Stages::default(), clock, pool_uris).await
    }

    /// Starts a server with these stages on a store that is open.
    pub(crate) async fn start_on(
        store: &Store,
        stages: &Stages,
        clock: Clock,
        changes: &[(&str, &str)],
    ) -> Self {
        let data_dir = TempDir::new().expect("a folder that stays empty");
        let config = config("compat", "memory:", &data_dir, changes);
        Self::serve(store.clone(), data_dir, config, stages, clock, Vec::new()).await
    }

    /// Starts a server on a store that is open, with the defaults instead of the settings of the profile.
    pub(crate) async fn start_bare(store: &Store, clock: Clock) -> Self {
        let data_dir = TempDir::new().expect("a folder that stays empty");
        let config = configured(None, "memory:", &data_dir, &[("admin.listen", "")]);
        let stages = Stages::default();
        Self::serve(store.clone(), data_dir, config, &stages, clock, Vec::new()).await
    }

    async fn serve(
        store: Store,
        data_dir: TempDir,
        config: Config,
        stages: &Stages,
        clock: Clock,
        pool_uris: Vec<String>,
    ) -> Self {
        let kept = store.clone();
        let registry = sukkal_drivers::registry();
        let running = Running::start(&registry, store, stages, clock.clone(), config)
            .await
            .unwrap_or_else(|error| panic!("{error}"));
        let http = format!("http://{}", running.http.expect("HTTP is served"));
        let websocket = format!("ws://{}/", running.websocket.expect("WebSockets are served"));
        let target = Target::new(&http, Some(&websocket), Duration::from_secs(20))
            .expect("the URL can be used")
            .with_pool_uris(pool_uris)
            .with_clock(move |by| clock.advance(by));
        let target = Arc::new(target);
        let turn = RwLock::new(());
        Self { http, websocket, store: kept, target, turn, running, _data_dir: data_dir }
    }

    /// A new client of a new project.
    pub(crate) fn service(&self, transport: Transport) -> Service {
        Service::new(Arc::clone(&self.target), transport)
    }

    /// Runs a trial, alone if it moves the clock.
    pub(crate) async fn run<T>(&self, alone: bool, trial: impl Future<Output = T>) -> T {
        let (_shared, _alone);
        if alone {
            _alone = self.turn.write().await;
        } else {
            _shared = self.turn.read().await;
        }
        trial.await
    }
}

impl Matrix {
    /// Starts a server for every driver that has a store, with this clock.
    pub(crate) fn start(clock: impl Fn() -> Clock) -> Self {
        Self::start_as("compat", clock)
    }

    /// Starts a server with the settings of a profile for every driver that has a store, with this clock.
    pub(crate) fn start_as(profile: &str, clock: impl Fn() -> Clock) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .expect("a runtime can be started");
        let registry = sukkal_drivers::registry();
        let drivers = registry.entries().iter().map(|entry| Driver {
            name: entry.schemes[0],
            server: store_uri(entry).map(|uri| {
                let starting = Server::start_as(profile, &registry, &uri, clock(), &[]);
                runtime.block_on(Box::pin(starting))
            }),
        });
        let drivers = drivers.collect();
        Self { runtime, drivers, pooled: Vec::new() }
    }

    /// Starts servers with pooling too.
    pub(crate) fn with_pools(mut self, clock: impl Fn() -> Clock) -> Self {
        let registry = sukkal_drivers::registry();
        self.pooled = self.runtime.block_on(Box::pin(pooled::start(&registry, clock)));
        self
    }

    /// The server that a case or example of an operation runs on, by the place of its driver.
    pub(crate) fn servers(&self, pooled: bool) -> &[Driver] {
        if pooled { &self.pooled } else { &self.drivers }
    }

    /// Stops every server.
    pub(crate) fn stop(self) {
        for driver in self.drivers.into_iter().chain(self.pooled) {
            if let Ok(server) = driver.server {
                self.runtime.block_on(server.running.stop());
            }
        }
        self.runtime.shutdown_timeout(Duration::from_secs(1));
    }
}

/// A trial without a store is ignored, never passed.
pub(crate) fn ignored(reason: &str) -> Result<Completion, Failed> {
    Ok(Completion::ignored_with(reason))
}

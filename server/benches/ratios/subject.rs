//! Servers to measure, and posting to them.

use std::net::SocketAddr;

use sukkal_server::clock::Clock;
use sukkal_server::config::{Config, Given, Sources, Table as Options, load as load_options};
use sukkal_server::{Running, store};

use crate::load::{document, rate, request};
use crate::{Plan, Table, null};

/// A server on free ports over a store.
pub(crate) struct Subject {
    pub http: SocketAddr,
    pub websocket: SocketAddr,
    _running: Running,
    _directory: tempfile::TempDir,
}

impl Subject {
    /// Starts a server over the store of this URI.
    pub(crate) async fn start(uri: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let set = |name: &str, value: &str| Given {
            flag: format!("--set {name}"),
            option: name.to_owned(),
            value: value.to_owned(),
        };
        let sources = Sources {
            flags: vec![
                set("storage.uri", uri),
                set("storage.data_dir", directory.path().to_str().unwrap()),
                set("http.listen", "127.0.0.1:0"),
                set("websocket.listen", "127.0.0.1:0"),
                set("admin.listen", ""),
            ],
            ..Sources::default()
        };
        let config =
            Config::from_settings(load_options(Options::standard(), &sources).unwrap()).unwrap();
        let clock = Clock::system();
        let opened =
            store::open(&sukkal_drivers::registry(), &config.storage, clock.now()).await.unwrap();
        let running = Running::start(opened, clock, config).await.unwrap();
        Self {
            http: running.http.unwrap(),
            websocket: running.websocket.unwrap(),
            _running: running,
            _directory: directory,
        }
    }
}

/// Posting one and ten messages a request, against the bare handler.
pub(crate) async fn post(plan: Plan) {
    let bare = null::serve().await;
    let subject = Subject::start("sqlite:").await;
    let memory = Subject::start("memory:").await;
    let path = "/v2/queues/q/messages";
    let (one, ten) =
        (request("POST", path, Some(&document(1))), request("POST", path, Some(&document(10))));
    let mut table = Table::default();
    for _ in 0..plan.rounds {
        for (name, address) in [("null", bare), ("sqlite", subject.http), ("memory", memory.http)] {
            table.add(&format!("{name} 1"), rate(address, 32, &one, plan.seconds).await);
            table.add(&format!("{name} 10"), rate(address, 32, &ten, plan.seconds).await);
        }
    }
    table.ratio(
        "POST 1 message of 1 KiB, 32 connections, synced SQLite / bare handler",
        "sqlite 1",
        "null 1",
        "0.25, aim 0.40",
    );
    table.ratio(
        "POST 10 messages, 32 connections, synced SQLite / bare handler",
        "sqlite 10",
        "null 10",
        "0.12",
    );
    table.ratio("POST 1 message, memory / bare handler", "memory 1", "null 1", "-");
    println!(
        "(medians: null {:.0}/s and {:.0}/s, sqlite {:.0}/s and {:.0}/s, memory {:.0}/s)",
        table.median("null 1"),
        table.median("null 10"),
        table.median("sqlite 1"),
        table.median("sqlite 10"),
        table.median("memory 1")
    );
}

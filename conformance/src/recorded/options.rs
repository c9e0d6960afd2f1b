//! What to play and against which server.

use std::time::{Duration, SystemTime};

use super::exchange::Exchange;
use super::vectors::Vectors;

/// Everything a run needs to know.
#[derive(Debug, Clone)]
pub struct Options {
    /// Base URL of the HTTP API, like `http://127.0.0.1:8888`.
    pub http: String,
    /// URL of the WebSocket API, like `ws://127.0.0.1:9000`; without it no scenario with a connection is played.
    pub websocket: Option<String>,
    pub vectors: Vectors,
    pub selection: Selection,
    /// Storage URIs the server can use for pools; the `pooled` profile needs two.
    pub pool_uris: Vec<String>,
    /// How many scenarios may run at the same time; those with pools always run alone.
    pub jobs: usize,
    /// Bounds each wait for the server.
    pub timeout: Duration,
    /// The wall time, from which an hour ago and in an hour are counted.
    pub now: SystemTime,
}

/// Which exchanges to play; an empty list of groups, profiles or scenarios selects all of them.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    pub groups: Vec<String>,
    pub excluded_groups: Vec<String>,
    pub profiles: Vec<String>,
    pub scenarios: Vec<String>,
}

impl Options {
    /// Everything of the `base` profile against one server, four scenarios at a time.
    pub fn new(http: &str, vectors: Vectors, now: SystemTime) -> Self {
        Self {
            http: http.to_owned(),
            websocket: None,
            vectors,
            selection: Selection { profiles: vec!["base".to_owned()], ..Selection::default() },
            pool_uris: Vec::new(),
            jobs: 4,
            timeout: Duration::from_secs(10),
            now,
        }
    }
}

impl Selection {
    /// Whether an exchange is selected; the first one of a scenario decides for all of them.
    pub fn includes(&self, exchange: &Exchange) -> bool {
        let admits = |list: &[String], value: &String| list.is_empty() || list.contains(value);
        admits(&self.groups, &exchange.group)
            && !self.excluded_groups.contains(&exchange.group)
            && admits(&self.profiles, &exchange.profile)
            && admits(&self.scenarios, &exchange.scenario)
    }
}

//! Counters and timings of calls.

use std::time::{Duration, Instant};

use metrics::{Counter, Histogram, counter, histogram};
use sukkal_spec::OPERATIONS;

/// The handles of one operation on one transport: five classes of status, and the time it takes.
struct Series {
    by_class: [Counter; 6],
    seconds: Histogram,
}

/// The handles of every operation, made once, so that counting costs no look-up by label.
pub struct CallMetrics {
    http: Vec<Series>,
    websocket: Vec<Series>,
}

/// Measures how long a call takes; decides nothing.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Begins now.
    #[allow(clippy::disallowed_methods, reason = "a timing for metrics, not a time of the service")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// The time since the beginning.
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Which transport carried a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Carrier {
    /// HTTP.
    Http,
    /// WebSocket.
    WebSocket,
}

impl CallMetrics {
    /// Makes all handles; a recorder must be installed before.
    pub fn new() -> Self {
        let series = |transport: &'static str| {
            OPERATIONS.iter().map(|info| series(transport, info.name)).collect()
        };
        Self { http: series("http"), websocket: series("websocket") }
    }

    /// Counts one call.
    pub fn count(&self, carrier: Carrier, operation: &str, status: u16, took: Duration) {
        let list = match carrier {
            Carrier::Http => &self.http,
            Carrier::WebSocket => &self.websocket,
        };
        let found = OPERATIONS.iter().position(|info| info.name == operation);
        if let Some(series) = found.and_then(|index| list.get(index)) {
            let class = usize::from(status / 100).min(series.by_class.len() - 1);
            series.by_class[class].increment(1);
            series.seconds.record(took.as_secs_f64());
        }
    }
}

impl Default for CallMetrics {
    fn default() -> Self {
        Self::new()
    }
}

fn series(transport: &'static str, operation: &'static str) -> Series {
    let class = |name: &'static str| counter!("sukkal_requests_total", "transport" => transport, "operation" => operation, "class" => name);
    Series {
        by_class: [
            class("other"),
            class("1xx"),
            class("2xx"),
            class("3xx"),
            class("4xx"),
            class("5xx"),
        ],
        seconds: histogram!("sukkal_request_seconds", "transport" => transport, "operation" => operation),
    }
}

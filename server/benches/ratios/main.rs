//! The figures of `docs/performance.md`: ratios taken in one run, medians of interleaved rounds.
//!
//! `cargo bench -p sukkal-server --bench ratios -- [post|websocket|depth|redis] [--seconds N] [--rounds N]`
#![allow(clippy::print_stdout, reason = "a bench prints its table")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

mod depth;
mod direct;
mod load;
mod null;
mod socket;
mod subject;

use std::collections::BTreeMap;
use std::time::Duration;

/// How long and how often each thing is measured.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    pub seconds: Duration,
    pub rounds: usize,
}

/// Medians by name, in the order first seen.
#[derive(Default)]
pub(crate) struct Table {
    rates: BTreeMap<String, Vec<f64>>,
}

impl Table {
    pub(crate) fn add(&mut self, name: &str, rate: f64) {
        self.rates.entry(name.to_owned()).or_default().push(rate);
    }

    pub(crate) fn median(&self, name: &str) -> f64 {
        let mut all = self.rates.get(name).cloned().unwrap_or_default();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(0.0)
    }

    pub(crate) fn ratio(&self, what: &str, name: &str, base: &str, wanted: &str) {
        let ratio = self.median(name) / self.median(base);
        println!("| {what} | {ratio:.2} | {wanted} |");
    }
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|each| each != "--bench").collect();
    let number = |name: &str, default: u64| {
        let at = arguments.iter().position(|each| each == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let plan = Plan {
        seconds: Duration::from_secs(number("--seconds", 3)),
        rounds: usize::try_from(number("--rounds", 5)).unwrap(),
    };
    let wanted = |name: &str| {
        let named = ["post", "websocket", "depth", "redis"];
        let any = arguments.iter().any(|each| named.contains(&each.as_str()));
        !any || arguments.iter().any(|each| each == name)
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        println!("| what | ratio | wanted |\n|---|---|---|");
        if wanted("post") {
            subject::post(plan).await;
        }
        if wanted("websocket") {
            socket::measure(plan).await;
        }
        if wanted("redis") {
            direct::measure(plan).await;
        }
        if wanted("depth") {
            depth::measure().await;
        }
    });
}

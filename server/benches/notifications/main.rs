//! The figures of notifications in `docs/performance.md`: ratios taken in one run.
//!
//! `cargo bench -p sukkal-server --bench notifications -- [rate|fanout|hung|backlog|push|idle] [--messages N]`
//!
//! What is measured is the published binary in a process of its own; endpoints and producers live in this one, idle
//! subscribers in a third.
#![allow(clippy::print_stdout, reason = "a bench prints its table")]
#![allow(clippy::disallowed_methods, reason = "a bench measures time")]
#![allow(clippy::unwrap_used, reason = "a bench that cannot go on stops")]

mod backlog;
mod fan_out;
mod hooks;
mod hung;
mod idle;
mod latency;
#[path = "../ratios/load.rs"]
mod load;
mod push;
mod rate;
mod subject;

/// The value behind a word of the command line.
fn number(arguments: &[String], name: &str, default: usize) -> usize {
    let at = arguments.iter().position(|each| each == name);
    at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(default)
}

fn main() {
    let arguments: Vec<String> =
        std::env::args().skip(1).filter(|each| each != "--bench").collect();
    // The client of the bare loop needs one; the server has its own.
    rustls::crypto::ring::default_provider().install_default().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    if let Some(at) = arguments.iter().position(|each| each == idle::CLIENT) {
        let address = arguments[at + 1].parse().unwrap();
        return runtime.block_on(idle::subscribe(address, arguments[at + 2].parse().unwrap()));
    }
    let wanted = |name: &str| {
        let named = ["rate", "fanout", "hung", "backlog", "push", "idle"];
        let any = arguments.iter().any(|each| named.contains(&each.as_str()));
        !any || arguments.iter().any(|each| each == name)
    };
    runtime.block_on(async {
        println!("| what | figure | wanted |\n|---|---|---|");
        if wanted("rate") {
            rate::measure(number(&arguments, "--messages", 20_000)).await;
        }
        if wanted("fanout") {
            fan_out::measure(number(&arguments, "--posts", 200)).await;
        }
        if wanted("hung") {
            hung::measure(number(&arguments, "--posts", 200)).await;
        }
        if wanted("push") {
            push::measure(number(&arguments, "--posts", 500)).await;
        }
        if wanted("idle") {
            idle::measure(number(&arguments, "--sockets", 10_000)).await;
        }
        if wanted("backlog") {
            backlog::measure(number(&arguments, "--entries", 1_000_000)).await;
        }
    });
}

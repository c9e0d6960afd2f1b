//! Plays recorded exchanges of the existing service against a server and compares the answers.
//!
//! Only URLs of the server are known here, nothing of its code.

mod answer;
mod compare;
mod exchange;
mod hook;
mod href;
mod options;
mod placeholder;
mod pools;
mod report;
mod scenario;
#[cfg(test)]
mod sensitivity_tests;
mod table;
mod template;
mod vectors;
mod wall_time;

pub use compare::{Difference, Texts};
pub use exchange::Exchange;
pub use options::{Options, Selection};
pub use report::{ExchangeReport, Outcome, Report, Totals};
pub use table::Table;
pub use template::UnknownPlaceholder;
pub use vectors::{Vectors, VectorsError};

use futures_util::StreamExt;
use futures_util::stream;

/// Plays the selected scenarios and reports every exchange of them, in file order.
///
/// - Scenarios run side by side up to `jobs`; those of the `pooled` profile run one after another at the end.
/// - Every wait is bounded by `timeout`, so a silent server makes exchanges fail, not hang.
/// - A server that cannot be reached is a failed exchange like any other.
pub async fn play(options: &Options) -> Report {
    let selected = options.vectors.0.iter().enumerate().filter(|(_, scenario)| {
        scenario.exchanges.first().is_some_and(|exchange| options.selection.includes(exchange))
    });
    let (alone, together): (Vec<_>, Vec<_>) =
        selected.partition(|(_, scenario)| scenario::uses_pools(scenario));
    let mut results = play_side_by_side(options, &together, options.jobs.max(1)).await;
    results.extend(play_side_by_side(options, &alone, 1).await);
    results.sort_by_key(|(at, _)| *at);
    Report { exchanges: results.into_iter().flat_map(|(_, exchanges)| exchanges).collect() }
}

async fn play_side_by_side(
    options: &Options,
    scenarios: &[(usize, &vectors::Scenario)],
    jobs: usize,
) -> Vec<(usize, Vec<ExchangeReport>)> {
    stream::iter(scenarios)
        .map(|(at, scenario)| {
            Box::pin(async move { (*at, scenario::play(options, scenario).await) })
        })
        .buffer_unordered(jobs)
        .collect()
        .await
}

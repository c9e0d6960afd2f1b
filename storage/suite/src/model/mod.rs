//! Random sequences of commands, played on the subject and on the memory driver: whatever can be
//! observed must be the same.

mod answers;
mod markers;
mod outbox;
mod placements;
mod play;
mod step;
mod subscriptions;
mod translate;
mod world;

use std::time::Duration;

use proptest::test_runner::{Config, RngSeed, TestCaseError, TestError, TestRunner};
use sukkal_storage::{Millis, Store};
use tokio::runtime::Handle;
use uuid::Uuid;

use crate::model::step::{Sequence, sequences};

/// How many sequences are played unless `SUKKAL_MODEL_SEQUENCES` says otherwise.
const SEQUENCES: u64 = 1000;

/// How long a failing sequence may be made smaller, in milliseconds.
const SHRINKING: u32 = 120_000;

/// A sequence that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// Plays sequences until one is answered differently; the error shows the smallest one found.
pub(crate) fn compare(runtime: &Handle, store: &Store, start: Millis) -> Result<(), String> {
    let sequences_wanted = number_in("SUKKAL_MODEL_SEQUENCES").unwrap_or(SEQUENCES);
    let seed = number_in("SUKKAL_MODEL_SEED").unwrap_or_else(|| Uuid::new_v4().as_u64_pair().0);
    let config = Config {
        cases: u32::try_from(sequences_wanted).unwrap_or(u32::MAX),
        rng_seed: RngSeed::Fixed(seed),
        failure_persistence: None,
        max_shrink_iters: 20_000,
        max_shrink_time: SHRINKING,
        ..Config::default()
    };

    let outcome = TestRunner::new(config).run(&sequences(), |sequence| {
        let playing = async {
            let played = tokio::time::timeout(PATIENCE, play::play(store, &sequence, start)).await;
            played.unwrap_or_else(|_| Err("the sequence did not end in time".to_owned()))
        };
        runtime.block_on(playing).map_err(TestCaseError::fail)
    });
    outcome.map_err(|error| match error {
        TestError::Fail(reason, sequence) => report(seed, reason.message(), &sequence),
        TestError::Abort(reason) => format!("seed {seed}: {reason}"),
    })
}

fn number_in(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn report(seed: u64, reason: &str, sequence: &Sequence) -> String {
    let steps = sequence.steps.iter().enumerate();
    let steps: String = steps.map(|(index, step)| format!("\n  {index}: {step:?}")).collect();
    format!(
        "{reason}\nSUKKAL_MODEL_SEED={seed}\nsmallest sequence (dead letters: {}, followed: {}):{steps}",
        sequence.letters, sequence.followed
    )
}

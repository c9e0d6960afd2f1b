//! What an idle server costs.

use crate::api::Api;
use crate::server::Setup;
use crate::{Outcome, note};

/// The most memory of its own that a server has which has done nothing, in KiB. With the pages of the published binary,
/// 14 MiB, that makes 40 MiB; those of a binary for tests are no measure.
const MOST_KIB: u64 = 26 << 10;

pub(crate) async fn an_idle_server_is_small_and_starts_quickly() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let begun = tokio::time::Instant::now();

    let server = Setup::new(directory.path()).start();
    Api::open(server.http).await.unwrap().ping().await.unwrap();
    let first_answer = begun.elapsed();
    let idle = server.own_kib();

    note(&format!("idle: {idle} KiB; first answer after {} ms", first_answer.as_millis()));
    assert!(idle <= MOST_KIB, "{idle} KiB");
    Ok(())
}

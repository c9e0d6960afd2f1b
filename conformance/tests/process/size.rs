//! What an idle server costs.

use crate::api::Api;
use crate::server::Setup;
use crate::{Outcome, note};

/// The most resident memory of a server that has done nothing, in KiB.
const MOST_KIB: u64 = 40 << 10;

pub(crate) async fn an_idle_server_is_small_and_starts_quickly() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let begun = tokio::time::Instant::now();

    let server = Setup::new(directory.path()).start();
    Api::open(server.http).await.unwrap().ping().await.unwrap();
    let first_answer = begun.elapsed();
    let idle = server.resident_kib();

    note(&format!("idle: {idle} KiB; first answer after {} ms", first_answer.as_millis()));
    assert!(idle <= MOST_KIB, "{idle} KiB");
    Ok(())
}

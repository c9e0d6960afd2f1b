//! Whether an acknowledgement waits for the disk.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use tokio::task::JoinSet;

use crate::api::Api;
use crate::server::{Setup, until};
use crate::trace::{self, CALLS, Tally};
use crate::{Ignored, Outcome, note};

pub(crate) async fn no_post_is_acknowledged_before_the_sync_that_covers_it() -> Outcome {
    let tally = posts(1, 100, &[]).await?;

    note(&format!("one connection: {tally:?}"));
    assert_eq!((tally.covered, tally.uncovered), (100, 0));
    assert!(tally.syncs >= 100, "{tally:?}");
    Ok(())
}

pub(crate) async fn sixteen_connections_share_their_syncs() -> Outcome {
    let tally = posts(16, 40, &[]).await?;

    note(&format!("sixteen connections: {tally:?}"));
    assert_eq!((tally.covered, tally.uncovered), (640, 0));
    assert!(tally.syncs < 640, "{tally:?}");
    Ok(())
}

pub(crate) async fn a_store_that_does_not_sync_is_noticed() -> Outcome {
    let tally = posts(1, 50, &["storage.options.synchronous=normal"]).await?;

    assert!(tally.uncovered >= 40, "{tally:?}");
    Ok(())
}

/// Posts over so many connections at once, so many messages each, one after the other.
async fn posts(connections: usize, each: u64, options: &[&str]) -> Result<Tally, Ignored> {
    if !can_trace() {
        return Err(Ignored("strace is not installed, or not allowed here"));
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("trace");
    let name = file.to_str().unwrap();
    // -D: the tracer stands aside, and the process started is the server.
    let strace = ["strace", "-D", "-f", "-y", "-s", "40", "-e", CALLS, "-o", name];
    let setup = Setup::new(&directory.path().join("data")).started_by(&strace);
    let setup = options.iter().fold(setup, |setup, option| setup.set(option));
    let server = setup.start();
    let mut clients = JoinSet::new();
    for _ in 0..connections {
        let mut api = Api::open(server.http).await.unwrap();
        clients.spawn(async move {
            for number in 0..each {
                api.post("q", &[number]).await.unwrap();
            }
        });
    }
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    server.stop().await;

    let trace = async || fs::read_to_string(&file).ok().filter(|text| text.contains("+++ exited"));
    let trace = until(Duration::from_secs(10), trace).await.expect("the trace is not written");
    Ok(trace::tally(&trace::events(&trace)))
}

fn can_trace() -> bool {
    let tried = Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    tried.is_ok_and(|status| status.success())
}

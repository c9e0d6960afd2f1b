//! What an idle subscriber costs.

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use crate::push;
use crate::subject::Subject;

/// The word that makes this program a client.
pub(crate) const CLIENT: &str = "--idle-client";
/// How many sockets share a queue.
const PER_QUEUE: usize = 10;

pub(crate) async fn measure(sockets: usize) {
    let folder = tempfile::tempdir().unwrap();
    let subject = Subject::start(folder.path(), "sqlite:", &[]).await;
    drop(push::subscribe(subject.websocket, "warm").await);
    let before = subject.resident_kib();
    let mut client = Command::new("sh")
        .args(["-c", "ulimit -n $(ulimit -Hn); exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args([CLIENT, &subject.websocket.to_string(), &sockets.to_string()])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(client.stdout.take().unwrap()).lines();
    assert_eq!(lines.next_line().await.unwrap().as_deref(), Some("ready"));
    // Leases are renewed meanwhile.
    tokio::time::sleep(Duration::from_secs(25)).await;
    let each = (subject.resident_kib() - before) as f64 / sockets as f64;
    println!("| Memory of each of {sockets} idle subscribers, KiB | {each:.1} | 15 |");
}

/// Subscribes so many sockets, says so, and keeps them.
pub(crate) async fn subscribe(address: SocketAddr, sockets: usize) {
    let open = (0..sockets).map(|at| async move {
        push::subscribe(address, &format!("idle-{}", at / PER_QUEUE)).await
    });
    let mut held: Vec<_> = stream::iter(open).buffer_unordered(64).collect().await;
    println!("ready");
    // Reading answers pings.
    stream::iter(&mut held)
        .for_each_concurrent(None, |socket| async { while socket.next().await.is_some() {} })
        .await;
}

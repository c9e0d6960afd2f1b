//! Handing mail to a program.

use std::io::{Seek, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::Duration;

use shared_child::SharedChild;
use tokio::time::timeout;

use super::verdict::{self, Verdict};

/// What programs that send mail return for a mistake in the mail or its address (`EX_USAGE` to `EX_NOHOST`).
const REFUSED: std::ops::RangeInclusive<i32> = 64..=68;

/// Ends a program when nobody waits for it any more.
struct Ending(Arc<SharedChild>);

impl Drop for Ending {
    fn drop(&mut self) {
        // One that has ended already cannot be killed.
        let _ = self.0.kill();
    }
}

/// Runs a program with a mail on its standard input and waits until it ends; kills it when the time is over.
///
/// It gets no environment but a search path: that of the server holds secrets.
pub(super) async fn send(line: &[String], mail: Vec<u8>, limit: Duration) -> Verdict {
    let line = line.to_vec();
    let started = tokio::task::spawn_blocking(move || start(&line, &mail)).await;
    let child = match started {
        Ok(Ok(child)) => Ending(Arc::new(child)),
        Ok(Err(error)) => {
            return verdict::failed(format!("the mail program cannot be run: {}", error.kind()));
        }
        Err(_) => return verdict::failed("the mail program cannot be run"),
    };
    let waiting = Arc::clone(&child.0);
    let ended = tokio::task::spawn_blocking(move || waiting.wait());
    match timeout(limit, ended).await {
        Ok(Ok(Ok(status))) => judge(status),
        Ok(_) => verdict::failed("the mail program was lost"),
        Err(_) => verdict::failed("the mail program did not end in time"),
    }
}

fn start(line: &[String], mail: &[u8]) -> std::io::Result<SharedChild> {
    // A file and not a pipe: a program that does not read cannot hold anybody up.
    let mut file = tempfile::tempfile()?;
    file.write_all(mail)?;
    file.rewind()?;
    let (program, arguments) =
        line.split_first().ok_or_else(|| std::io::Error::from(std::io::ErrorKind::NotFound))?;
    let mut command = Command::new(program);
    command.args(arguments).env_clear().env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    command.stdin(file).stdout(Stdio::null()).stderr(Stdio::null());
    SharedChild::spawn(&mut command)
}

fn judge(status: ExitStatus) -> Verdict {
    match status.code() {
        Some(0) => verdict::delivered(None),
        Some(code) => {
            let detail = format!("the mail program ended with {code}");
            if REFUSED.contains(&code) {
                verdict::refused(None, detail)
            } else {
                verdict::failed(detail)
            }
        }
        None => verdict::failed("the mail program was killed"),
    }
}

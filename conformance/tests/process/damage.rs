//! Files that are not as they were left.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::Outcome;
use crate::api::Api;
use crate::server::{Setup, until};

const MESSAGES: u64 = 400;
const PAGE: usize = 8192;

pub(crate) async fn a_file_that_is_no_database_is_refused_and_kept() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let file = database(&directory);
    fs::write(&file, "not a database at all, but somebody's text").unwrap();

    let refusal = Setup::new(directory.path()).refused().await;

    assert_eq!(refusal.status.code(), Some(1), "{refusal:?}");
    assert!(refusal.text.contains("is not a SQLite database"), "{refusal:?}");
    assert!(refusal.text.contains("sukkal.db"), "{refusal:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "not a database at all, but somebody's text");
    Ok(())
}

pub(crate) async fn a_truncated_file_is_reported_and_kept() -> Outcome {
    let directory = filled().await;
    let file = database(&directory);
    let whole = fs::read(&file).unwrap();
    let half = whole[..whole.len() / 2 / PAGE * PAGE + 100].to_vec();
    fs::write(&file, &half).unwrap();

    assert_reported(directory.path()).await;

    assert_begins_with(&file, &half);
    Ok(())
}

pub(crate) async fn a_damaged_page_is_reported_and_kept() -> Outcome {
    let directory = filled().await;
    let file = database(&directory);
    let mut bytes = fs::read(&file).unwrap();
    // Every page but the first: whichever is read next is damaged.
    for page in bytes.chunks_mut(PAGE).skip(1) {
        page[..16].fill(0xa5);
    }
    fs::write(&file, &bytes).unwrap();

    assert_reported(directory.path()).await;

    assert_begins_with(&file, &bytes);
    Ok(())
}

pub(crate) async fn a_torn_end_of_the_log_costs_no_older_message() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let setup = Setup::new(directory.path());
    let server = setup.start();
    let mut api = Api::open(server.http).await.unwrap();
    for number in 0..20 {
        api.post("q", &[number]).await.unwrap();
    }
    server.kill();
    let log = directory.path().join("sukkal.db-wal");
    let bytes = fs::read(&log).unwrap();
    // As after a power cut in the midst of a write that nobody was told of.
    let torn = [&bytes[..], &bytes[32..32 + 24 + PAGE / 2]].concat();
    fs::write(&log, torn).unwrap();

    let again = setup.start();
    let messages = Api::open(again.http).await.unwrap().messages("q").await.unwrap();

    let numbers: Vec<u64> = messages.iter().map(|message| message.number).collect();
    assert_eq!(numbers, Vec::from_iter(0..20));
    Ok(())
}

/// A folder with a store that was closed in order, and all of it in its file.
async fn filled() -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let server = Setup::new(directory.path()).start();
    let mut api = Api::open(server.http).await.unwrap();
    let numbers: Vec<u64> = (0..MESSAGES).collect();
    for numbers in numbers.chunks(20) {
        api.post("q", numbers).await.unwrap();
    }
    drop(api);
    server.stop().await;
    // Closing may leave the log behind, which would hide damage to the file.
    for _ in 0..20 {
        if !directory.path().join("sukkal.db-wal").exists() {
            return directory;
        }
        Setup::new(directory.path()).start().stop().await;
    }
    panic!("the log is never written back at the end");
}

fn database(directory: &TempDir) -> PathBuf {
    directory.path().join("sukkal.db")
}

/// The server says that the file is damaged: it does not start, or it answers 503 and logs why.
async fn assert_reported(folder: &Path) {
    let setup = Setup::new(folder);
    let Ok(server) = setup.try_start() else {
        let refusal = setup.refused().await;
        assert_eq!(refusal.status.code(), Some(1), "{refusal:?}");
        assert!(refusal.text.contains("sukkal.db"), "{refusal:?}");
        assert!(refusal.text.contains("malformed"), "{refusal:?}");
        return;
    };
    let mut api = Api::open(server.http).await.unwrap();
    let answer = api.answer("GET", "/v2/queues/q/messages?limit=20&echo=true", "").await;
    assert_eq!(answer.status, 503, "a damaged file is read as if it were whole: {answer:?}");
    let said = async || server.log().contains("malformed").then_some(());
    let said = until(std::time::Duration::from_secs(5), said).await;
    assert!(said.is_some(), "the log says nothing:\n{}", server.log());
    server.kill();
}

/// Nothing was cut off, and the pages are as they were, but for marks in the first one.
fn assert_begins_with(file: &Path, before: &[u8]) {
    let after = fs::read(file).unwrap();
    assert!(after.len() >= before.len(), "{} bytes became {}", before.len(), after.len());
    assert!(after[PAGE..].starts_with(&before[PAGE..]), "the file was changed");
}

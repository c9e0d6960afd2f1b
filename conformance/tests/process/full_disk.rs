//! Stores without room for more.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::api::Api;
use crate::link::Answer;
use crate::outage::assert_refused_for_now;
use crate::server::Setup;
use crate::{Ignored, Outcome};

const REFUSED: &str = "Messages could not be enqueued.";
/// More posts than fit in any store of these cases.
const MOST_POSTS: usize = 5000;

pub(crate) async fn a_full_store_refuses_posts_and_goes_on_reading() -> Outcome {
    let directory = tempfile::tempdir().unwrap();
    let server = Setup::new(directory.path()).set("storage.options.max_page_count=200").start();
    let mut api = Api::open(server.http).await.unwrap();

    let (accepted, refused) = post_until_full(&mut api).await;
    let listed = listed(&mut api).await;
    for id in &listed {
        api.delete_free("q", id).await.unwrap();
    }
    let (again, _) = post_until_full(&mut api).await;

    assert_refused_for_now(&refused, REFUSED);
    assert!(accepted > 5, "{accepted}");
    assert_eq!(listed.len(), accepted);
    assert!(again >= accepted / 2, "{again} fit again of {accepted}");
    Ok(())
}

pub(crate) async fn a_full_disk_refuses_posts_until_there_is_space() -> Outcome {
    let disk = SmallDisk::mount()?;
    let ballast = disk.path().join("ballast");
    File::create(&ballast).unwrap().write_all(&vec![1; 4 << 20]).unwrap();
    let setup = Setup::new(&disk.path().join("data"));
    let server = setup.start();
    let mut api = Api::open(server.http).await.unwrap();

    let (accepted, refused) = post_until_full(&mut api).await;
    let while_full = listed(&mut api).await;
    fs::remove_file(&ballast).unwrap();
    let (again, _) = post_until_full(&mut api).await;
    let later = listed(&mut api).await;
    server.kill();
    let restarted = setup.start();
    let after_all = listed(&mut Api::open(restarted.http).await.unwrap()).await;

    assert_refused_for_now(&refused, REFUSED);
    assert!(accepted > 5, "{accepted}");
    assert_eq!(while_full.len(), accepted, "reading a full store");
    assert!(again > 5, "{again}");
    assert_eq!(later.len(), accepted + again);
    assert_eq!(after_all, later);
    Ok(())
}

/// Posts until the first refusal; returns how many were accepted, and the refusal.
async fn post_until_full(api: &mut Api) -> (usize, Answer) {
    let text = "x".repeat(16 << 10);
    let body = json!({ "messages": [{ "ttl": 3600, "body": text }] }).to_string();
    for accepted in 0..MOST_POSTS {
        let answer = api.answer("POST", "/v2/queues/q/messages", &body).await;
        if answer.status != 201 {
            return (accepted, answer);
        }
    }
    panic!("the store never was full");
}

/// The ids of all messages, which must be whole.
async fn listed(api: &mut Api) -> Vec<String> {
    let mut ids = Vec::new();
    let mut next = "/v2/queues/q/messages?limit=5&echo=true".to_owned();
    loop {
        let answer = api.answer("GET", &next, "").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let page = answer.json();
        let messages = page["messages"].as_array().unwrap();
        if messages.is_empty() {
            return ids;
        }
        for message in messages {
            assert_eq!(message["body"].as_str().unwrap().len(), 16 << 10);
            ids.push(message["id"].as_str().unwrap().to_owned());
        }
        next = page["links"][0]["href"].as_str().unwrap().to_owned();
    }
}

/// A disk of 8 MiB in memory, gone when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Result<Self, Ignored> {
        let directory = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(directory.path())
            .stderr(Stdio::null())
            .status();
        match mounted {
            Ok(status) if status.success() => Ok(Self(directory)),
            _ => Err(Ignored("a file system cannot be mounted here")),
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // The process that used it was killed just before; lazily is soon enough.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

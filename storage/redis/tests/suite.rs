//! The storage suite against the Redis that `CONFORMANCE_REDIS_URI` names.

use std::process::ExitCode;

use sukkal_storage::{OpenOptions, Result, Store};
use sukkal_storage_suite::Subject;

async fn open(uri: String) -> Result<Store> {
    let options = OpenOptions { data_dir: ".".into(), now: 0, options: Vec::new() };
    sukkal_storage_redis::open(&uri, &options).await
}

fn main() -> ExitCode {
    sukkal_storage_suite::main(match std::env::var("CONFORMANCE_REDIS_URI") {
        Err(_) => Subject::absent("redis", "CONFORMANCE_REDIS_URI names no store"),
        Ok(uri) => {
            let same = uri.clone();
            Subject::new("redis", move || open(uri.clone()))
                .with_reopen(move |_| open(same.clone()))
        }
    })
}

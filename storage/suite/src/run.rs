//! Turns cases into trials of libtest-mimic.

use std::panic::AssertUnwindSafe;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use libtest_mimic::{Arguments, Completion, Failed, Trial};
use sukkal_storage::Store;
use tokio::runtime::Handle;
use tokio::sync::Mutex;

use crate::bench::{Bench, wall_clock};
use crate::case::{Case, Need};
use crate::subject::{Source, Subject};

/// A case that takes longer hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// How far the time of ordinary cases lies ahead of the time of those that collect garbage, in ms:
/// a store may be shared by all, and what one case collects must not have expired for another.
const APART: i64 = 30 * 24 * 3_600_000;

struct Suite {
    subject: Subject,
    runtime: Handle,
    collecting: Mutex<()>,
    arranging: Mutex<()>,
    start: i64,
}

/// Runs every case and the comparison with the memory driver; takes the arguments of `cargo test`.
pub fn main(subject: Subject) -> ExitCode {
    let arguments = Arguments::from_args();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .expect("a runtime can be started");
    let suite = Arc::new(Suite {
        subject,
        runtime: runtime.handle().clone(),
        collecting: Mutex::new(()),
        arranging: Mutex::new(()),
        start: wall_clock(),
    });

    let mut trials: Vec<Trial> =
        crate::cases::all().into_iter().map(|case| case_trial(&suite, case)).collect();
    trials.push(model_trial(&suite));
    let conclusion = libtest_mimic::run(&arguments, trials);
    // A case that hangs has failed already; what it left behind is not waited for.
    runtime.shutdown_background();
    conclusion.exit_code()
}

fn case_trial(suite: &Arc<Suite>, case: Case) -> Trial {
    let (name, suite) = (case.name.clone(), suite.clone());
    let kind = suite.subject.name.clone();
    Trial::ignorable_test(name, move || suite.runtime.block_on(run_case(&suite, &case)))
        .with_kind(kind)
}

async fn run_case(suite: &Arc<Suite>, case: &Case) -> Result<Completion, Failed> {
    if case.needs.contains(&Need::Reopen) && suite.subject.reopen.is_none() {
        return Ok(Completion::ignored_with("needs a store for itself"));
    }
    let store = match open(suite).await? {
        Ok(store) => store,
        Err(reason) => return Ok(Completion::ignored_with(reason)),
    };
    if let Some(missing) = missing(&store, case) {
        return Ok(Completion::ignored_with(format!("lacks {missing}")));
    }

    let collects = case.needs.contains(&Need::Collects);
    let arranges = case.needs.contains(&Need::Layout);
    let alone = if collects { Some(suite.collecting.lock().await) } else { None };
    let alone = (alone, if arranges { Some(suite.arranging.lock().await) } else { None });
    let start = if collects { suite.start } else { suite.start + APART };
    let opener = suite.clone();
    let bench = Bench::new(store, start, Arc::new(move |key| reopen(opener.clone(), key)));
    let running = AssertUnwindSafe((case.run)(bench)).catch_unwind();
    let outcome = tokio::time::timeout(PATIENCE, running).await;
    drop(alone);
    match outcome {
        Ok(Ok(())) => Ok(Completion::Completed),
        Ok(Err(panic)) => Err(Failed::from(message_of(panic.as_ref()))),
        Err(_) => Err(Failed::from("did not finish in time")),
    }
}

/// Opens a store; the inner error says why there is none to test.
async fn open(suite: &Suite) -> Result<Result<Store, String>, Failed> {
    match &suite.subject.source {
        Source::Open(open) => Ok(Ok(open().await?)),
        Source::Absent(reason) => Ok(Err(reason.clone())),
    }
}

fn reopen(suite: Arc<Suite>, key: Option<String>) -> crate::bench::Opening {
    Box::pin(async move {
        match (key, &suite.subject.reopen, &suite.subject.source) {
            (Some(key), Some(reopen), _) => reopen(key).await,
            (None, _, Source::Open(open)) => open().await,
            _ => unreachable!("a case that needs a store for itself is ignored without one"),
        }
    })
}

fn missing(store: &Store, case: &Case) -> Option<&'static str> {
    let declared = store.data.capabilities();
    case.needs.iter().find_map(|need| match need {
        Need::Has(capability) if !declared.has(*capability) => Some(capability.name()),
        _ => None,
    })
}

fn model_trial(suite: &Arc<Suite>) -> Trial {
    let suite = suite.clone();
    let kind = suite.subject.name.clone();
    let name = "model::does_what_the_memory_driver_does";
    Trial::ignorable_test(name, move || {
        let store = match suite.runtime.block_on(open(&suite))? {
            Ok(store) => store,
            Err(reason) => return Ok(Completion::ignored_with(reason)),
        };
        let _alone = suite
            .runtime
            .block_on(async { (suite.collecting.lock().await, suite.arranging.lock().await) });
        let compared = crate::model::compare(&suite.runtime, &store, suite.start);
        suite.runtime.block_on(async { drop(store) });
        compared?;
        Ok(Completion::Completed)
    })
    .with_kind(kind)
}

fn message_of(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("panicked").to_owned()
}

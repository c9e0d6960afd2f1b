//! The storage suite: every promise of the storage contract as a case that any driver can run.
//!
//! A driver crate runs it from a test with `harness = false`:
//!
//! ```no_run
//! use sukkal_storage_suite::Subject;
//!
//! fn main() -> std::process::ExitCode {
//!     sukkal_storage_suite::main(Subject::new("mine", || async { Ok(sukkal_storage_memory::open()) }))
//! }
//! ```
//!
//! Cases share nothing: each has a project of its own, so they run in parallel on one store.
#![deny(missing_docs)]

mod bench;
mod case;
mod cases;
mod model;
mod outbox;
mod pair;
mod run;
mod snapshot;
mod subject;
mod subscriber;

pub use run::main;
pub use subject::Subject;

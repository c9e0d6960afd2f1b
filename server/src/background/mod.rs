//! Work that no request waits for: collecting garbage, and moving messages between queues.

mod collect;
mod mover;

pub use collect::collect_garbage;
pub use mover::{Mover, Target, TransferTargets};

//! Work that no request waits for: collecting garbage, moving messages between queues, and keeping the
//! subscriptions of connections.

mod collect;
mod leases;
mod mover;

pub use collect::collect_garbage;
pub use leases::{Lease, Leases};
pub use mover::{Mover, Target, TransferTargets};

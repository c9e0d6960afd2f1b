//! What the driver promises beyond the storage contract: opening, damage, full disks.

mod damage;
mod full;
mod opening;
mod outbox;
mod posting;

//! What the driver promises beyond the storage contract: opening, damage, full disks, syncs.

mod damage;
mod durability;
mod full;
mod opening;
mod posting;

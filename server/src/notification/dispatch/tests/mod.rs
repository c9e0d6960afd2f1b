//! The workers over the memory store, with a carrier that does what a test told it.

mod bounds;
mod crashes;
mod endpoints;
mod messages;
mod parking;
mod recovery;
mod retries;
mod setting;
mod states;
mod store;

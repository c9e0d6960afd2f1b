//! The workers that tell subscribers.

mod breaker;

pub use breaker::{Admission, Breaker, BreakerSettings};

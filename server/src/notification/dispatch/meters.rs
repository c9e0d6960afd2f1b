//! What is measured of telling subscribers.

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use super::telling::Attempted;
use crate::notification::Outcome;

/// The handles, made once.
#[derive(Clone)]
pub(super) struct Meters {
    delivered: Counter,
    failed: Counter,
    refused: Counter,
    gone: Counter,
    seconds: Histogram,
    /// Attempts under way.
    pub(super) in_flight: Gauge,
    /// Attempts that will be made again.
    pub(super) retries: Counter,
    /// Messages that went to a dead-letter queue.
    pub(super) dead_lettered: Counter,
    /// Messages that a subscriber is never told of.
    pub(super) given_up: Counter,
    /// Records of attempts that found no place.
    pub(super) records_dropped: Counter,
    /// How long the oldest work waits, in seconds.
    pub(super) backlog_age: Gauge,
}

impl Meters {
    pub(super) fn new() -> Self {
        let outcome =
            |name: &'static str| counter!("sukkal_notifications_total", "outcome" => name);
        Self {
            delivered: outcome("delivered"),
            failed: outcome("failed"),
            refused: outcome("refused"),
            gone: outcome("gone"),
            seconds: histogram!("sukkal_notification_seconds"),
            in_flight: gauge!("sukkal_notifications_in_flight"),
            retries: counter!("sukkal_notification_retries_total"),
            dead_lettered: counter!("sukkal_notifications_dead_lettered_total"),
            given_up: counter!("sukkal_notifications_given_up_total"),
            records_dropped: counter!("sukkal_notification_records_dropped_total"),
            backlog_age: gauge!("sukkal_notification_backlog_age_seconds"),
        }
    }

    /// Counts an attempt that has ended.
    pub(super) fn attempted(&self, attempted: &Attempted) {
        let counter = match attempted.told.outcome {
            Outcome::Delivered => &self.delivered,
            Outcome::Failed { .. } => &self.failed,
            Outcome::Refused => &self.refused,
            Outcome::Gone => &self.gone,
        };
        counter.increment(1);
        self.seconds.record(attempted.took.as_secs_f64());
    }
}

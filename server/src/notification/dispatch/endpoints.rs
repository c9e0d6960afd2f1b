//! The endpoints that were used lately.

use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;

use super::breaker::BreakerSettings;
use super::endpoint::{Endpoint, EndpointSettings};
use crate::config::NotificationConfig;

/// How many endpoints are remembered.
const MOST_REMEMBERED: u64 = 10_000;
/// How long an endpoint is remembered that is not used.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Finds what is known of endpoints.
pub(super) struct Endpoints {
    settings: EndpointSettings,
    open_breakers: metrics::Gauge,
    known: Cache<Box<str>, Arc<Endpoint>>,
}

impl Endpoints {
    pub(super) fn new(config: &NotificationConfig) -> Self {
        let settings = EndpointSettings {
            concurrency: config.max_attempts_per_endpoint,
            gap: config.max_rate_per_endpoint.map(|rate| Duration::from_secs(1) / rate),
            breaker: BreakerSettings {
                failures: config.breaker_failures,
                pause: config.breaker_pause,
                longest_pause: config.breaker_longest_pause,
            },
        };
        let known = Cache::builder().max_capacity(MOST_REMEMBERED).time_to_idle(REMEMBERED).build();
        let open_breakers = metrics::gauge!("sukkal_notification_breakers_open");
        Self { settings, open_breakers, known }
    }

    /// The endpoint of a subscriber: its URI without query and fragment.
    pub(super) fn of(&self, subscriber: &str) -> Arc<Endpoint> {
        let name = subscriber.split(['?', '#']).next().unwrap_or_default();
        if let Some(known) = self.known.get(name) {
            return known;
        }
        let new = || Arc::new(Endpoint::new(self.settings, self.open_breakers.clone()));
        self.known.get_with(name.into(), new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_endpoint_is_the_uri_without_query_and_fragment() {
        let endpoints = Endpoints::new(&NotificationConfig::default());
        let one = endpoints.of("http://a/x?y=1");

        assert!(Arc::ptr_eq(&one, &endpoints.of("http://a/x#z")));
        assert!(Arc::ptr_eq(&one, &endpoints.of("http://a/x")));
        assert!(!Arc::ptr_eq(&one, &endpoints.of("http://a/y")));
    }
}

//! The section `notification`: how subscribers are told.

use std::time::Duration;

use super::load::Settings;
use super::option::OptionDef;
use super::options::{flag, number};
use super::value::Value;

const SECONDS_OF_A_DAY: i64 = 86_400;

/// The options of the section.
pub(super) const OPTIONS: &[OptionDef] = &[
    flag(
        "notification",
        "enabled",
        true,
        "Whether this server tells subscribers what is posted. Off, other servers of the store may do it; what nobody does waits in the store.",
    ),
    flag(
        "notification",
        "require_confirmation",
        false,
        "Whether subscribers other than mail addresses are told only after they have confirmed.",
    ),
    flag(
        "notification",
        "confirm_mail",
        true,
        "Whether mail addresses are told only after they have confirmed.",
    ),
    number(
        "notification",
        "max_notifier_workers",
        (256, 1, 10_000),
        "attempts",
        "The most attempts to tell subscribers that are under way at a time. As many again may be under way that take longer than a second.",
    ),
    number(
        "notification",
        "max_attempts_per_endpoint",
        (16, 1, 1000),
        "attempts",
        "The most attempts that are under way at one endpoint: the URI of a subscriber without query and fragment.",
    ),
    number(
        "notification",
        "max_rate_per_endpoint",
        (0, 0, 1_000_000),
        "attempts per second",
        "The most attempts at one endpoint in a second, from this server; 0 sets no bound.",
    ),
    number(
        "notification",
        "breaker_failures",
        (5, 0, 1_000_000),
        "attempts",
        "For how many messages in a row the first attempt must fail before an endpoint is left alone for a while; 0 never leaves it alone. See docs/deliveries.md.",
    ),
    number(
        "notification",
        "breaker_pause",
        (5, 1, SECONDS_OF_A_DAY),
        "seconds",
        "How long an endpoint is left alone at first; the time doubles with each attempt that fails afterwards.",
    ),
    number(
        "notification",
        "breaker_longest_pause",
        (60, 1, SECONDS_OF_A_DAY),
        "seconds",
        "How long an endpoint is left alone at most.",
    ),
];

/// The section `notification`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotificationConfig {
    /// Whether this server tells subscribers.
    pub enabled: bool,
    /// Whether subscribers other than mail addresses must confirm.
    pub require_confirmation: bool,
    /// Whether mail addresses must confirm.
    pub confirm_mail: bool,
    /// The most attempts under way.
    pub max_attempts: usize,
    /// The most attempts under way at one endpoint.
    pub max_attempts_per_endpoint: usize,
    /// The most attempts in a second at one endpoint, if there is a bound.
    pub max_rate_per_endpoint: Option<u32>,
    /// How many messages in a row of which the first attempt fails open the breaker of an endpoint; 0 never does.
    pub breaker_failures: u32,
    /// How long a breaker stays open at first.
    pub breaker_pause: Duration,
    /// How long a breaker stays open at most.
    pub breaker_longest_pause: Duration,
}

impl NotificationConfig {
    pub(super) fn read(settings: &Settings) -> Self {
        let value = |name: &str| settings.value(&format!("notification.{name}"));
        let flag = |name: &str| value(name) == Some(&Value::Flag(true));
        let number = |name: &str| match value(name) {
            Some(Value::Integer(number)) => u32::try_from(*number).unwrap_or_default(),
            _ => 0,
        };
        let seconds = |name: &str| Duration::from_secs(number(name).into());
        let pause = seconds("breaker_pause");
        Self {
            enabled: flag("enabled"),
            require_confirmation: flag("require_confirmation"),
            confirm_mail: flag("confirm_mail"),
            max_attempts: number("max_notifier_workers") as usize,
            max_attempts_per_endpoint: number("max_attempts_per_endpoint") as usize,
            max_rate_per_endpoint: Some(number("max_rate_per_endpoint")).filter(|rate| *rate > 0),
            breaker_failures: number("breaker_failures"),
            breaker_pause: pause,
            breaker_longest_pause: seconds("breaker_longest_pause").max(pause),
        }
    }
}

impl Default for NotificationConfig {
    /// As without a configuration.
    fn default() -> Self {
        Self {
            enabled: true,
            require_confirmation: false,
            confirm_mail: true,
            max_attempts: 256,
            max_attempts_per_endpoint: 16,
            max_rate_per_endpoint: None,
            breaker_failures: 5,
            breaker_pause: Duration::from_secs(5),
            breaker_longest_pause: Duration::from_secs(60),
        }
    }
}

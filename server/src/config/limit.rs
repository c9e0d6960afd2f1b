//! The limits of the API, which operators know by these names.

use std::collections::BTreeMap;

/// One limit: an integer option of the section `transport`.
#[derive(Clone, Copy, Debug)]
pub struct LimitOption {
    /// The name of the option.
    pub name: &'static str,
    /// Its value when nobody gives one.
    pub default: i64,
    /// The lowest value.
    pub minimum: i64,
    /// The unit, in the plural; it also decides the highest value.
    pub unit: &'static str,
    /// One sentence for the operator.
    pub doc: &'static str,
}

impl LimitOption {
    /// The highest value the unit allows, so that no sum or buffer made from it gets out of hand.
    pub fn maximum(&self) -> i64 {
        match self.unit {
            "seconds" => 100 * 365 * 86_400,
            "bytes" => 256 << 20,
            _ => 10_000,
        }
    }
}

/// The effective limits, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(BTreeMap<&'static str, i64>);

impl Limits {
    /// The value of a limit; `None` if there is no such limit.
    pub fn get(&self, name: &str) -> Option<i64> {
        self.0.get(name).copied()
    }

    /// All limits, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, i64)> {
        self.0.iter().map(|(name, value)| (*name, *value))
    }
}

impl FromIterator<(&'static str, i64)> for Limits {
    fn from_iter<I: IntoIterator<Item = (&'static str, i64)>>(pairs: I) -> Self {
        Self(pairs.into_iter().collect())
    }
}

const fn limit(
    name: &'static str,
    (default, minimum): (i64, i64),
    unit: &'static str,
    doc: &'static str,
) -> LimitOption {
    LimitOption { name, default, minimum, unit, doc }
}

/// The limits that have effect.
pub const LIMITS: &[LimitOption] = &[
    limit(
        "default_message_ttl",
        (3600, 60),
        "seconds",
        "Lifetime of a message whose post names none.",
    ),
    limit(
        "default_message_delay",
        (0, 0),
        "seconds",
        "The delay shown for a queue that stores none; posts are not delayed by it.",
    ),
    limit(
        "default_claim_ttl",
        (300, 60),
        "seconds",
        "Lifetime of a claim whose request names none.",
    ),
    limit("default_claim_grace", (60, 60), "seconds", "Grace of a claim whose request names none."),
    limit(
        "max_queues_per_page",
        (20, 1),
        "items",
        "The most queues or topics one list may ask for.",
    ),
    limit(
        "max_messages_per_page",
        (20, 1),
        "items",
        "The most messages one list, or ids one bulk request, may ask for.",
    ),
    limit(
        "max_messages_per_claim_or_pop",
        (20, 1),
        "items",
        "The most messages one claim or pop may ask for.",
    ),
    limit("max_queue_metadata", (65_536, 1), "bytes", "The largest metadata of a queue or topic."),
    limit(
        "max_messages_post_size",
        (262_144, 1),
        "bytes",
        "The largest body of one post; also the ceiling for what a queue may set for itself.",
    ),
    limit("max_message_ttl", (1_209_600, 60), "seconds", "The longest lifetime of a message."),
    limit("max_message_delay", (900, 0), "seconds", "The longest delay of a message."),
    limit("max_claim_ttl", (43_200, 60), "seconds", "The longest lifetime of a claim."),
    limit("max_claim_grace", (43_200, 60), "seconds", "The longest grace of a claim."),
];

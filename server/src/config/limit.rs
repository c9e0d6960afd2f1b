//! The limits of the API, which operators know by these names. They stand in the specification.

use std::collections::BTreeMap;

pub use sukkal_spec::LIMIT_OPTIONS as LIMITS;
pub use sukkal_spec::limit::LimitOption;

/// The highest value the unit of a limit allows, so that no sum or buffer made from it gets out of hand.
pub(super) fn highest(limit: &LimitOption) -> i64 {
    match limit.unit {
        "seconds" => 100 * 365 * 86_400,
        "bytes" => 256 << 20,
        _ => 10_000,
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

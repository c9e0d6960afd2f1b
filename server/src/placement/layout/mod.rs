//! The pools and flavors of a deployment, as one document.
//!
//! Pools belong to the deployment, flavors to a project. A pool has at most one flavor per project, and the
//! pools of a flavor are those that have it. The functions here know every rule about them and no store.

mod change;
mod choice;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use change::LayoutError;
pub(super) use change::{NewPool, PoolChange};
pub(super) use choice::draw;

/// The pools and flavors.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Pools by name.
    #[serde(default)]
    pub pools: BTreeMap<String, PoolRecord>,
    /// The names of flavors by project.
    #[serde(default)]
    pub flavors: BTreeMap<String, BTreeSet<String>>,
}

/// What is known of a pool.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolRecord {
    /// Where its store lies; may hold a password.
    pub uri: String,
    /// Its share of new queues; none if it is 0.
    pub weight: u32,
    /// Options of its driver, and whatever else an operator notes.
    #[serde(default)]
    pub options: Map<String, Value>,
    /// The flavor it has in each project; a pool without any takes the queues that name none.
    #[serde(default)]
    pub flavors: BTreeMap<String, String>,
    /// What its driver declared when it was registered.
    #[serde(default)]
    pub capabilities: Vec<String>,
}

impl PoolRecord {
    /// The flavor that a project is told: its own, else that of another project.
    pub fn flavor_in(&self, project: &str) -> Option<&str> {
        self.flavors.get(project).or_else(|| self.flavors.values().next()).map(String::as_str)
    }

    fn has_flavor(&self, project: &str, flavor: &str) -> bool {
        self.flavors.get(project).is_some_and(|name| name == flavor)
    }
}

impl Document {
    /// Whether a project has a flavor of this name.
    pub fn has_flavor(&self, project: &str, flavor: &str) -> bool {
        self.flavors.get(project).is_some_and(|names| names.contains(flavor))
    }

    /// The pools of a flavor, in the order of their names.
    pub fn pools_of<'a>(
        &'a self,
        project: &'a str,
        flavor: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a PoolRecord)> {
        self.named().filter(move |(_, pool)| pool.has_flavor(project, flavor))
    }

    /// The pools for queues without a flavor, in the order of their names.
    pub fn plain_pools(&self) -> impl Iterator<Item = (&str, &PoolRecord)> {
        self.named().filter(|(_, pool)| pool.flavors.is_empty())
    }

    fn named(&self) -> impl Iterator<Item = (&str, &PoolRecord)> {
        self.pools.iter().map(|(name, pool)| (name.as_str(), pool))
    }
}

#[cfg(test)]
mod tests;

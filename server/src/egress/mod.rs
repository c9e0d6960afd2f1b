//! Where the service connects to because somebody asked it to: webhooks and everything else that goes to a URL of a subscriber.
//!
//! One [`Policy`] per project judges URLs when they are stored and whenever they are called; the [`Clients`] made from the policies resolve names
//! once, check every address and connect to no other.

mod allow;
mod client;
mod lookup;
mod names;
mod own;
mod policy;
mod resolver;
mod tier;

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::EgressConfig;
use policy::Instance;

pub use allow::{Allow, NoEntry, Ports};
pub use client::{ClientError, Clients};
pub use lookup::{Lookup, SystemLookup};
pub use own::{BackEnd, Own, back_ends};
pub use policy::{Denied, Policy};
pub use resolver::to_port;
pub use tier::{Tier, judged, tier};

/// The rules of a service.
#[derive(Debug)]
pub struct Egress {
    everybody: Arc<Policy>,
    /// Of projects with rules of their own.
    projects: HashMap<String, Arc<Policy>>,
}

impl Egress {
    /// The rules that a configuration states, for a service with these back ends.
    pub fn new(config: &EgressConfig, mut back_ends: Vec<BackEnd>) -> Self {
        back_ends.extend(config.proxy_uri().into_iter().flat_map(own::back_ends));
        let instance = Arc::new(Instance {
            allow: config.allow.clone(),
            allow_private: config.allow_private,
            ports: config.ports.clone(),
            own: Own::new(back_ends),
        });
        let policy = |allow: &Allow, allow_private| {
            let instance = Arc::clone(&instance);
            Arc::new(Policy { instance, allow: allow.clone(), allow_private })
        };
        let none = Allow::default();
        let named = config.project_allow.keys().chain(&config.allow_private_projects);
        let projects = named
            .map(|project| {
                let allow = config.project_allow.get(project).unwrap_or(&none);
                let allow_private = config.allow_private_projects.contains(project);
                (project.clone(), policy(allow, allow_private))
            })
            .collect();
        Self { everybody: policy(&none, false), projects }
    }

    /// The rules for what a project asks for.
    pub fn policy(&self, project: &str) -> &Arc<Policy> {
        self.projects.get(project).unwrap_or(&self.everybody)
    }

    /// What belongs to the service itself.
    pub fn own(&self) -> &Own {
        &self.everybody.instance.own
    }

    /// Finds the addresses of the back ends of the configuration.
    pub async fn resolve_own(&self, lookup: &dyn Lookup) {
        self.own().resolve(lookup, Vec::new()).await;
    }

    /// Keeps the addresses of the back ends known, and of those that `more` tells of, for as long as it is polled.
    pub async fn keep_own_resolved(
        &self,
        lookup: Arc<dyn Lookup>,
        more: impl Fn() -> Vec<BackEnd>,
    ) {
        self.own().keep_resolved(lookup, more).await;
    }
}

#[cfg(test)]
pub(crate) mod tests;

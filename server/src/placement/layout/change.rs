//! Changes of pools and flavors, with every rule about them.

use serde_json::{Map, Value};

use super::{Document, PoolRecord};

/// Why a change is refused.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum LayoutError {
    /// There is no pool of this name.
    #[error("pool {0} does not exist")]
    PoolDoesNotExist(String),
    /// The project has no flavor of this name.
    #[error("flavor {0} does not exist")]
    FlavorDoesNotExist(String),
    /// Another pool has the URI.
    #[error("another pool has this URI")]
    UriIsTaken,
    /// The stores of the pools do not declare the same capabilities.
    #[error("the pools do not have the same capabilities")]
    CapabilitiesDiffer,
    /// It is the only pool of this flavor.
    #[error("it is the only pool of flavor {0}")]
    OnlyPoolOf(String),
}

/// A pool to be registered, in place of one of the same name.
#[derive(Clone, Debug)]
pub struct NewPool {
    /// Where its store lies.
    pub uri: String,
    /// Its share of new queues.
    pub weight: u32,
    /// Its flavor, if it has one.
    pub flavor: Option<String>,
    /// Its options.
    pub options: Map<String, Value>,
    /// What its driver declares.
    pub capabilities: Vec<String>,
}

/// What is to change of a pool; the rest stays.
#[derive(Clone, Debug, Default)]
pub struct PoolChange {
    /// Where its store lies now, with what the driver declares.
    pub uri: Option<(String, Vec<String>)>,
    /// Its share of new queues.
    pub weight: Option<u32>,
    /// Its flavor; empty takes it away.
    pub flavor: Option<String>,
    /// Its options, all of them.
    pub options: Option<Map<String, Value>>,
}

impl Document {
    /// Registers a pool, or replaces one entirely.
    ///
    /// # Errors
    /// The URI is taken, or the pool does not fit beside those of its flavor.
    pub fn put_pool(&mut self, project: &str, name: &str, new: NewPool) -> Result<(), LayoutError> {
        let record = PoolRecord {
            uri: new.uri,
            weight: new.weight,
            options: new.options,
            flavors: Default::default(),
            capabilities: new.capabilities,
        };
        self.pools.insert(name.to_owned(), record);
        self.set_flavor(project, name, new.flavor.as_deref().unwrap_or_default())?;
        self.check_uri(name)?;
        self.check_fit(name)
    }

    /// Changes a pool.
    ///
    /// # Errors
    /// There is no such pool, or what [`put_pool`](Self::put_pool) refuses.
    pub fn change_pool(
        &mut self,
        project: &str,
        name: &str,
        change: PoolChange,
    ) -> Result<(), LayoutError> {
        let pool = self.pool_mut(name)?;
        pool.weight = change.weight.unwrap_or(pool.weight);
        if let Some(options) = change.options {
            pool.options = options;
        }
        let moves = change.uri.is_some() || change.flavor.is_some();
        if let Some((uri, capabilities)) = change.uri {
            pool.uri = uri;
            pool.capabilities = capabilities;
        }
        if let Some(flavor) = change.flavor {
            self.set_flavor(project, name, &flavor)?;
        }
        if moves {
            self.check_uri(name)?;
            self.check_fit(name)?;
        }
        Ok(())
    }

    /// Removes a pool; tells whether there was one.
    ///
    /// # Errors
    /// It is the only pool of a flavor.
    pub fn remove_pool(&mut self, name: &str) -> Result<bool, LayoutError> {
        let Some(pool) = self.pools.get(name) else { return Ok(false) };
        for (project, flavor) in &pool.flavors {
            if self.pools_of(project, flavor).count() == 1 {
                return Err(LayoutError::OnlyPoolOf(flavor.clone()));
            }
        }
        Ok(self.pools.remove(name).is_some())
    }

    /// Creates a flavor of a project, or gives one more pools.
    ///
    /// # Errors
    /// A pool does not exist, or they do not fit together.
    pub fn put_flavor(
        &mut self,
        project: &str,
        flavor: &str,
        pools: &[String],
    ) -> Result<(), LayoutError> {
        for pool in pools {
            self.pool_mut(pool)?.flavors.insert(project.to_owned(), flavor.to_owned());
        }
        self.flavors.entry(project.to_owned()).or_default().insert(flavor.to_owned());
        pools.iter().try_for_each(|pool| self.check_fit(pool))
    }

    /// Gives a flavor of a project these pools and no others.
    ///
    /// # Errors
    /// The project has no such flavor, or what [`put_flavor`](Self::put_flavor) refuses.
    pub fn change_flavor(
        &mut self,
        project: &str,
        flavor: &str,
        pools: &[String],
    ) -> Result<(), LayoutError> {
        if !self.has_flavor(project, flavor) {
            return Err(LayoutError::FlavorDoesNotExist(flavor.to_owned()));
        }
        self.clear_flavor(project, flavor);
        self.put_flavor(project, flavor, pools)
    }

    /// Removes a flavor of a project; its pools have none there any more.
    pub fn remove_flavor(&mut self, project: &str, flavor: &str) {
        let Some(names) = self.flavors.get_mut(project) else { return };
        if !names.remove(flavor) {
            return;
        }
        if names.is_empty() {
            self.flavors.remove(project);
        }
        self.clear_flavor(project, flavor);
    }

    fn clear_flavor(&mut self, project: &str, flavor: &str) {
        for pool in self.pools.values_mut().filter(|pool| pool.has_flavor(project, flavor)) {
            pool.flavors.remove(project);
        }
    }

    /// Gives a pool one flavor, in this project and in every other that has one of this name.
    fn set_flavor(&mut self, project: &str, name: &str, flavor: &str) -> Result<(), LayoutError> {
        let mut projects: Vec<String> = Vec::new();
        if !flavor.is_empty() {
            let others = self.flavors.iter().filter(|(_, names)| names.contains(flavor));
            projects.extend(others.map(|(project, _)| project.clone()));
            projects.push(project.to_owned());
        }
        let pool = self.pool_mut(name)?;
        pool.flavors = projects.into_iter().map(|each| (each, flavor.to_owned())).collect();
        Ok(())
    }

    fn pool_mut(&mut self, name: &str) -> Result<&mut PoolRecord, LayoutError> {
        self.pools.get_mut(name).ok_or_else(|| LayoutError::PoolDoesNotExist(name.to_owned()))
    }

    fn check_uri(&self, name: &str) -> Result<(), LayoutError> {
        let uri = self.pools.get(name).map(|pool| &pool.uri);
        let is_taken =
            self.pools.iter().any(|(other, pool)| *other != name && Some(&pool.uri) == uri);
        if is_taken { Err(LayoutError::UriIsTaken) } else { Ok(()) }
    }

    /// Pools that queues are drawn over declare the same: a queue must not depend on the draw.
    fn check_fit(&self, name: &str) -> Result<(), LayoutError> {
        let Some(pool) = self.pools.get(name) else { return Ok(()) };
        let shares_queues = |other: &PoolRecord| match pool.flavors.is_empty() {
            true => other.flavors.is_empty(),
            false => pool.flavors.iter().any(|(project, flavor)| other.has_flavor(project, flavor)),
        };
        let fits = self
            .pools
            .values()
            .filter(|other| shares_queues(other))
            .all(|other| other.capabilities == pool.capabilities);
        if fits { Ok(()) } else { Err(LayoutError::CapabilitiesDiffer) }
    }
}

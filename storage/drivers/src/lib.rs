//! The one list of drivers: each is one optional dependency, one feature and one line here.
#![deny(missing_docs)]

use sukkal_storage::Registry;

/// The drivers this build brings.
pub fn registry() -> Registry {
    let registry = Registry::new();
    #[cfg(feature = "sqlite")]
    let registry = registry.with(sukkal_storage_sqlite::entry());
    #[cfg(feature = "redis")]
    let registry = registry.with(sukkal_storage_redis::entry());
    #[cfg(feature = "memory")]
    let registry = registry.with(sukkal_storage_memory::entry());
    registry
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_drivers_share_a_scheme() {
        let registry = registry();
        let schemes: Vec<_> = registry.entries().iter().flat_map(|entry| entry.schemes).collect();

        let distinct: HashSet<_> = schemes.iter().collect();
        assert_eq!(distinct.len(), schemes.len());
    }
}

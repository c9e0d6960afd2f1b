//! A case: a name, what it needs, and the code.

use std::future::Future;
use std::pin::Pin;

use sukkal_storage::Capability;

use crate::bench::Bench;

/// The future of a case; a panic is its failure.
pub(crate) type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a case needs beside a store.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The driver declares this.
    Has(Capability),
    /// The subject can open stores by key.
    Reopen,
    /// No other case that collects garbage runs at the same time.
    Collects,
    /// No other case that changes the layout of pools runs at the same time: a store has one.
    Layout,
}

/// One promise of the contract.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) needs: &'static [Need],
    pub(crate) run: fn(Bench) -> Running,
}

impl Case {
    pub(crate) fn new(
        module: &str,
        name: &str,
        needs: &'static [Need],
        run: fn(Bench) -> Running,
    ) -> Self {
        let module = module.rsplit("::").next().unwrap_or(module);
        Self { name: format!("{module}::{name}"), needs, run }
    }
}

/// Lists the cases of a file, each group with what it needs.
macro_rules! cases {
    ($($needs:tt => { $($name:ident),+ $(,)? })+) => {
        pub(crate) fn cases() -> Vec<$crate::case::Case> {
            vec![$($(
                $crate::case::Case::new(
                    module_path!(),
                    stringify!($name),
                    const { &$needs },
                    |bench| Box::pin($name(bench)),
                ),
            )+)+]
        }
    };
}
pub(crate) use cases;

/// Asserts that a call was refused for a reason: a variant of `StorageError`.
macro_rules! assert_refused {
    ($result:expr, $reason:ident { .. }) => {
        match $result {
            Err(sukkal_storage::StorageError::$reason { .. }) => {}
            other => panic!("{} was expected, not {other:?}", stringify!($reason)),
        }
    };
    ($result:expr, $reason:ident $(($message:pat))? $(if $guard:expr)?) => {
        match $result {
            Err(sukkal_storage::StorageError::$reason $(($message))?) $(if $guard)? => {}
            other => panic!("{} was expected, not {other:?}", stringify!($reason)),
        }
    };
}
pub(crate) use assert_refused;

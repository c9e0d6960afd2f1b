//! A case: one thing a server must do, written once for every transport and every store.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use clap::ValueEnum;
use serde::Serialize;
use sukkal_spec::OperationInfo;

use crate::service::{Service, Transport};

/// The future of a case. It panics if the server does not do what the case says.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What a case needs beside a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A clock the case can move.
    Clock,
    /// Pooling, without a pool or flavor at first, and URIs of stores that can be pools. The case runs alone.
    Pools,
    /// HTTP: the case is about something that only HTTP has.
    Http,
    /// A WebSocket, with any encoding.
    WebSocket,
    /// JSON: the case sends a text that no other encoding can carry.
    Json,
    /// The limits of `profiles/limits.toml`.
    Limits,
    /// An addition of this service, in an operation that others have as well.
    Extension,
}

/// What a case asks of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// What every service of this API does.
    Compatible,
    /// What this service has added.
    Extended,
}

impl Level {
    /// Every level, the basic one first.
    pub const ALL: [Self; 2] = [Self::Compatible, Self::Extended];
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Compatible => "compatible",
            Self::Extended => "extended",
        })
    }
}

/// One thing a server must do.
#[derive(Clone, Copy)]
pub struct Case {
    /// The operation it is about.
    pub operation: &'static OperationInfo,
    /// The module and the function: `claim_create::hands_out_the_oldest_first`.
    pub name: &'static str,
    /// What it needs.
    pub needs: &'static [Need],
    /// The code.
    pub run: fn(Service) -> Running,
}

impl Case {
    /// The name without the modules around its own.
    pub fn short_name(&self) -> &'static str {
        let before =
            self.name.rmatch_indices("::").nth(1).map_or(0, |(at, found)| at + found.len());
        &self.name[before..]
    }

    /// The level that it belongs to over a transport.
    pub fn level(&self, transport: Transport) -> Level {
        let binding = if transport == Transport::Http {
            self.operation.http.map(|binding| binding.extension)
        } else {
            self.operation.websocket.map(|binding| binding.extension)
        };
        let added = self.operation.extension
            || binding == Some(true)
            || self.needs.contains(&Need::Extension);
        if added { Level::Extended } else { Level::Compatible }
    }

    /// Whether no other case may run at the same time.
    pub fn runs_alone(&self) -> bool {
        self.needs.contains(&Need::Clock) || self.needs.contains(&Need::Pools)
    }

    /// Whether it can run over a transport.
    pub fn fits(&self, transport: Transport) -> bool {
        let bound = if transport == Transport::Http {
            self.operation.http.is_some()
        } else {
            self.operation.websocket.is_some()
        };
        bound
            && self.needs.iter().all(|need| match need {
                Need::Clock | Need::Extension | Need::Limits | Need::Pools => true,
                Need::Http => transport == Transport::Http,
                Need::WebSocket => transport != Transport::Http,
                Need::Json => transport != Transport::MessagePack,
            })
    }
}

/// Lists the cases of a file: `cases! { ClaimCreate: a, b needs Clock, c }`.
macro_rules! cases {
    ($($operation:ident: $($name:ident $(needs $($need:ident)+)?),+ $(,)?);+ $(;)?) => {
        /// The cases of this file.
        pub(super) const CASES: &[$crate::case::Case] = &[$($(
            $crate::case::Case {
                operation: <sukkal_spec::$operation as sukkal_spec::Operation>::INFO,
                name: concat!(module_path!(), "::", stringify!($name)),
                needs: &[$($($crate::case::Need::$need),+)?],
                run: |service| Box::pin(async move { $name(&service).await }),
            },
        )+)+];
    };
}
pub(crate) use cases;

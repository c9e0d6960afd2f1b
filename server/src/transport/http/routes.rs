//! Finding the operation for a path and a method.
//!
//! Plain method routing does not give the answers clients know (`405` with the methods of the path, an empty
//! variable, `HEAD`), so the tables are generated and matched here.

use std::borrow::Cow;
use std::future::Future;
use std::pin::Pin;

use percent_encoding::percent_decode_str;
use sukkal_spec::OperationInfo;
use sukkal_spec::binding::Misfit;

use super::exchange::{Exchange, handle};
use super::present::HttpResponse;
use crate::config::Switches;

/// A future answer.
pub(crate) type Answer<'a> = Pin<Box<dyn Future<Output = HttpResponse> + Send + 'a>>;

/// Runs one operation over HTTP.
pub(crate) type Run<A> = for<'a> fn(Exchange<'a, A>) -> Answer<'a>;

/// The values of the variables of a path.
pub(crate) type Captures<'p> = Vec<(&'static str, &'p str)>;

/// A part of a path between slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Segment {
    /// Exactly this.
    Fixed(&'static str),
    /// A variable of this name; it may be empty.
    Variable(&'static str),
}

/// What a method of a path does.
pub(crate) enum Runs<A: 'static> {
    /// One operation.
    One(Run<A>),
    /// Answers this status without a call.
    Fixed(u16),
    /// The one operation whose parameter is there.
    Choice(Vec<(&'static str, Run<A>)>, Otherwise<A>),
}

/// What happens when none or several of the parameters of a choice are there.
pub(crate) enum Otherwise<A: 'static> {
    /// Another operation runs when none is there; the first that fits when several are.
    Run(Run<A>),
    /// The owner of the path answers.
    Misfit {
        /// The owner.
        info: &'static OperationInfo,
        /// When none is there.
        none: Misfit,
        /// When several are.
        several: Misfit,
    },
}

/// One method of a path.
pub(crate) struct Method<A: 'static> {
    /// The method.
    pub name: &'static str,
    /// The switches that must be on.
    pub available_with: &'static [&'static str],
    /// What it does.
    pub runs: Runs<A>,
}

/// One path.
pub(crate) struct Route<A: 'static> {
    /// Its parts.
    pub segments: &'static [Segment],
    /// Whether a client and a project must be named.
    pub needs_context: bool,
    /// Whether a form as body is no reason to refuse a request.
    pub takes_forms: bool,
    /// What its methods do.
    pub methods: Vec<Method<A>>,
}

/// All routes, by the number of their parts.
pub(crate) struct Routes<A: 'static>(Vec<Vec<Route<A>>>);

include!(concat!(env!("OUT_DIR"), "/http_routes.rs"));

impl<A: sukkal_spec::Api + 'static> Routes<A> {
    /// The routes of the API that exist with these switches.
    pub(crate) fn new(switches: &Switches) -> Self {
        let mut by_count: Vec<Vec<Route<A>>> = Vec::new();
        for mut route in routes::<A>() {
            route.methods.retain(|method| switches.all(method.available_with));
            if route.methods.is_empty() {
                continue;
            }
            let count = route.segments.len();
            if by_count.len() <= count {
                by_count.resize_with(count + 1, Vec::new);
            }
            by_count[count].push(route);
        }
        Self(by_count)
    }
}

impl<A> Routes<A> {
    /// Finds the route of a decoded path, and the values of its variables.
    pub(crate) fn find<'p>(&self, path: &'p str) -> Option<(&Route<A>, Captures<'p>)> {
        let parts: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        self.0.get(parts.len())?.iter().find_map(|route| {
            let mut captures = Vec::new();
            for (segment, part) in route.segments.iter().zip(&parts) {
                match segment {
                    Segment::Fixed(text) if text == part => {}
                    Segment::Fixed(_) => return None,
                    Segment::Variable(name) => captures.push((*name, *part)),
                }
            }
            Some((route, captures))
        })
    }
}

impl<A> Route<A> {
    /// What a method does here.
    pub(crate) fn method(&self, name: &str) -> Option<&Runs<A>> {
        self.methods.iter().find(|method| method.name == name).map(|method| &method.runs)
    }

    /// Its methods in alphabetical order, as `Allow` tells them.
    pub(crate) fn allow(&self) -> String {
        let mut names: Vec<&str> = self.methods.iter().map(|method| method.name).collect();
        names.sort_unstable();
        names.join(", ")
    }
}

/// A path with its percent escapes decoded; bytes that are not UTF-8 become replacement characters.
pub(crate) fn decoded(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    percent_decode_str(path).decode_utf8_lossy()
}

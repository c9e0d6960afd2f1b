//! Which URLs and addresses one project may have told.

use std::net::IpAddr;
use std::sync::Arc;

use url::{Host, Url};

use super::allow::{Allow, Ports};
use super::names::{is_denied, plain};
use super::own::{Belongs, Own};
use super::tier::{Tier, judged, tier};

/// The longest URL, in bytes.
const LONGEST: usize = 2048;
/// What marks a scheme whose subscribers are told with the rights of who subscribed them.
const TRUST: &str = "trust+";

/// Why a URL is not called. The text is for whoever subscribed, and names the option that an operator could change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The URL is too long.
    #[error("it has more than {LONGEST} bytes")]
    TooLong,
    /// It is no URL of HTTP.
    #[error("it is no URL of http or https")]
    Malformed,
    /// It names a user.
    #[error("it names a user or a password")]
    UserInfo,
    /// The port is not open.
    #[error("port {0} is not one of egress.ports")]
    Port(u16),
    /// The host must not be reached.
    #[error("the host {0} must not be reached; egress.allow can open it")]
    Host(String),
    /// The address must not be reached.
    #[error("the address {0} must not be reached; egress.allow can open it")]
    Address(IpAddr),
    /// The address is private.
    #[error("the address {0} is private; egress.allow_private and egress.allow can open it")]
    Private(IpAddr),
    /// The name resolves to an address that must not be reached. Which one is not for whoever subscribed.
    #[error("the host has an address that must not be reached")]
    Resolved,
    /// The name does not resolve.
    #[error("the host does not resolve")]
    Unresolved,
}

impl Denied {
    /// Whether another attempt may end otherwise, because names are resolved anew.
    pub fn may_change(&self) -> bool {
        matches!(self, Self::Resolved | Self::Unresolved)
    }
}

/// What holds for every project.
#[derive(Debug)]
pub(super) struct Instance {
    pub(super) allow: Allow,
    pub(super) allow_private: bool,
    pub(super) ports: Ports,
    pub(super) own: Own,
}

/// What one project may have told.
#[derive(Clone, Debug)]
pub struct Policy {
    pub(super) instance: Arc<Instance>,
    /// The private addresses that are open to this project beyond those open to all.
    pub(super) allow: Allow,
    pub(super) allow_private: bool,
}

impl Policy {
    /// Checks the URI of a subscriber as far as it says by itself: a name is resolved when it is connected to. Returns the URL to call;
    /// `None` if the scheme is not one of HTTP, so that there is nothing to check.
    ///
    /// # Errors
    /// As the variants of [`Denied`] say.
    pub fn check(&self, subscriber: &str) -> Result<Option<Url>, Denied> {
        let scheme = subscriber.split(':').next().unwrap_or_default();
        let plain_scheme = without_trust(scheme);
        if !["http", "https"].iter().any(|known| plain_scheme.eq_ignore_ascii_case(known)) {
            return Ok(None);
        }
        if subscriber.len() > LONGEST {
            return Err(Denied::TooLong);
        }
        let url = Url::parse(without_trust(subscriber)).map_err(|_| Denied::Malformed)?;
        self.check_url(&url)?;
        Ok(Some(url))
    }

    fn check_url(&self, url: &Url) -> Result<(), Denied> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Denied::UserInfo);
        }
        let port = url.port_or_known_default().ok_or(Denied::Malformed)?;
        match url.host().ok_or(Denied::Malformed)? {
            Host::Domain(name) => self.check_name(name, port),
            Host::Ipv4(address) => self.check_address(address.into(), port),
            Host::Ipv6(address) => self.check_address(address.into(), port),
        }
    }

    /// Checks a name and a port, without resolving the name.
    ///
    /// # Errors
    /// The port is not open, or the name must not be reached.
    pub fn check_name(&self, name: &str, port: u16) -> Result<(), Denied> {
        let name = plain(name);
        let allow = &self.instance.allow;
        if !self.instance.ports.hold(port) && !allow.has_name_with_port(&name, port) {
            return Err(Denied::Port(port));
        }
        let is_open = match self.instance.own.has_name(&name, port) {
            Belongs::Port => allow.has_name_with_port(&name, port),
            Belongs::Host => allow.has_name(&name, port),
            Belongs::No => !is_denied(&name) || allow.has_name(&name, port),
        };
        if is_open { Ok(()) } else { Err(Denied::Host(name)) }
    }

    /// Checks an address and a port.
    ///
    /// # Errors
    /// The port is not open, or the address must not be reached.
    pub fn check_address(&self, address: IpAddr, port: u16) -> Result<(), Denied> {
        let allow = &self.instance.allow;
        if !self.instance.ports.hold(port) && !allow.has_socket(judged(address), port) {
            return Err(Denied::Port(port));
        }
        self.check_peer(address, port)
    }

    /// Checks an address that a name with this port resolved to.
    pub(super) fn check_peer(&self, address: IpAddr, port: u16) -> Result<(), Denied> {
        let plain = judged(address);
        let allow = &self.instance.allow;
        match self.instance.own.has(plain, port) {
            Belongs::Port if !allow.has_socket(plain, port) => {
                return Err(Denied::Address(address));
            }
            Belongs::Host if !allow.has_address(plain, port) => {
                return Err(Denied::Address(address));
            }
            _ => {}
        }
        match tier(address) {
            Tier::Public => Ok(()),
            _ if allow.has_address(plain, port) => Ok(()),
            Tier::Forbidden => Err(Denied::Address(address)),
            Tier::Private if self.opens_private(plain, port) => Ok(()),
            Tier::Private => Err(Denied::Private(address)),
        }
    }

    fn opens_private(&self, address: IpAddr, port: u16) -> bool {
        self.allow_private
            || self.instance.allow_private
            || self.instance.allow.has_network_of(address)
            || self.allow.has_network_of(address)
            || self.allow.has_address(address, port)
    }
}

/// A scheme, or a URI, without what marks a trust.
fn without_trust(text: &str) -> &str {
    match text.get(..TRUST.len()) {
        Some(start) if start.eq_ignore_ascii_case(TRUST) => &text[TRUST.len()..],
        _ => text,
    }
}

//! What operators open: addresses, networks, names and ports.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;

use ipnet::IpNet;

use super::names::plain;
use super::tier::judged;

/// What an operator opened by name. An address or a name that stands here is reached whatever it is; a network opens
/// the private addresses in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allow {
    addresses: BTreeSet<(IpAddr, Option<u16>)>,
    names: BTreeSet<(String, Option<u16>)>,
    networks: Vec<IpNet>,
}

/// An entry that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no address, network, name, or one of them with a port")]
pub struct NoEntry(pub String);

impl Allow {
    /// Reads entries like `10.1.2.3`, `10.1.2.3:8080`, `[::1]:8080`, `10.0.0.0/8`, `hooks.internal` and `hooks.internal:8080`.
    ///
    /// # Errors
    /// The first that is none of these.
    pub fn read<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, NoEntry> {
        let mut allow = Self::default();
        for entry in entries {
            allow.add(entry.trim()).ok_or_else(|| NoEntry(entry.to_owned()))?;
        }
        Ok(allow)
    }

    fn add(&mut self, entry: &str) -> Option<()> {
        if let Ok(network) = entry.parse::<IpNet>() {
            if network.prefix_len() == network.max_prefix_len() {
                self.addresses.insert((judged(network.addr()), None));
            } else {
                self.networks.push(network.trunc());
            }
            return Some(());
        }
        if let Ok(address) = entry.trim_start_matches('[').trim_end_matches(']').parse() {
            self.addresses.insert((judged(address), None));
            return Some(());
        }
        if let Ok(socket) = entry.parse::<SocketAddr>() {
            self.addresses.insert((judged(socket.ip()), Some(socket.port())));
            return Some(());
        }
        let (name, port) = match entry.split_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok()?)),
            None => (entry, None),
        };
        // Whatever a URL would read as something else can never match.
        match url::Host::parse(name).ok()? {
            url::Host::Domain(domain) => self.names.insert((plain(&domain), port)),
            _ => return None,
        };
        Some(())
    }

    /// Whether this address stands here, for all ports or for this one.
    pub(super) fn has_address(&self, address: IpAddr, port: u16) -> bool {
        self.addresses.contains(&(address, None)) || self.has_socket(address, port)
    }

    /// Whether this address stands here with this port.
    pub(super) fn has_socket(&self, address: IpAddr, port: u16) -> bool {
        self.addresses.contains(&(address, Some(port)))
    }

    /// Whether this name, in its plain form, stands here, for all ports or for this one.
    pub(super) fn has_name(&self, plain: &str, port: u16) -> bool {
        let has = |port| self.names.contains(&(plain.to_owned(), port));
        has(None) || has(Some(port))
    }

    /// Whether this name stands here with this port.
    pub(super) fn has_name_with_port(&self, plain: &str, port: u16) -> bool {
        self.names.contains(&(plain.to_owned(), Some(port)))
    }

    /// Whether a network that stands here holds this address.
    pub(super) fn has_network_of(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(&address))
    }
}

/// Ports and ranges of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports(Vec<RangeInclusive<u16>>);

impl Ports {
    /// Reads entries like `443` and `1024-65535`.
    ///
    /// # Errors
    /// The first that is neither.
    pub fn read<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, NoEntry> {
        let range = |entry: &str| {
            let (first, last) = entry.split_once('-').unwrap_or((entry, entry));
            let (first, last): (u16, u16) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
            (0 < first && first <= last).then_some(first..=last)
        };
        let read = |entry: &'a str| range(entry).ok_or_else(|| NoEntry(entry.to_owned()));
        entries.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn hold(&self, port: u16) -> bool {
        self.0.iter().any(|range| range.contains(&port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn entries_open_what_they_say() {
        let entries =
            ["127.0.0.1", "10.0.0.5/32", "[::1]:8080", "10.0.0.0/8", "Hooks.Internal.:90"];
        let allow = Allow::read(entries).unwrap();

        assert!(allow.has_address(address("127.0.0.1"), 1));
        assert!(!allow.has_socket(address("127.0.0.1"), 1));
        assert!(allow.has_address(address("10.0.0.5"), 1));
        assert!(!allow.has_address(address("10.0.0.6"), 1));
        assert!(allow.has_network_of(address("10.0.0.6")));
        assert!(!allow.has_network_of(address("11.0.0.6")));
        assert!(allow.has_address(address("::1"), 8080));
        assert!(!allow.has_address(address("::1"), 8081));
        assert!(allow.has_name("hooks.internal", 90));
        assert!(!allow.has_name("hooks.internal", 91));
    }

    #[test]
    fn what_is_no_entry_is_told() {
        for entry in ["", "a b", "10.0.0.0/33", "host:port", "host:99999", "http://a", "0x7f.1"] {
            assert_eq!(Allow::read([entry]), Err(NoEntry(entry.to_owned())), "{entry}");
        }
        for entry in ["", "0", "70000", "5-4", "80,443", "-1"] {
            assert_eq!(Ports::read([entry]), Err(NoEntry(entry.to_owned())), "{entry}");
        }
    }

    #[test]
    fn ports_are_single_or_ranges() {
        let ports = Ports::read(["80", "1024-65535"]).unwrap();

        assert!(ports.hold(80) && ports.hold(1024) && ports.hold(65_535));
        assert!(!ports.hold(81) && !ports.hold(1023) && !ports.hold(0));
    }
}

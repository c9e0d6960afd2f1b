//! The addresses of the service itself: where it listens, and the hosts of its stores.

use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::lookup::Lookup;
use super::names::plain;
use super::tier::judged;

/// How often the hosts of stores are looked at again.
const REFRESH: Duration = Duration::from_secs(10);

/// A host that belongs to the service, with the port it is used at, if that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackEnd {
    host: String,
    port: Option<u16>,
}

impl BackEnd {
    /// The name or address, in its plain form.
    pub fn host(&self) -> &str {
        &self.host
    }
}

/// What belongs to the service itself.
#[derive(Debug, Default)]
pub struct Own {
    listeners: ArcSwap<Vec<SocketAddr>>,
    configured: Vec<BackEnd>,
    /// All back ends: those configured, and those that came while the service ran.
    back_ends: ArcSwap<Vec<BackEnd>>,
    /// The addresses of the back ends, as last resolved.
    resolved: ArcSwap<Vec<(IpAddr, Option<u16>)>>,
}

/// How an address belongs to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Belongs {
    /// It does not.
    No,
    /// Its host does.
    Host,
    /// The very port does.
    Port,
}

impl Own {
    /// What belongs to a service with these back ends, before it listens.
    pub fn new(configured: Vec<BackEnd>) -> Self {
        let literal = |each: &BackEnd| Some((judged(each.host.parse().ok()?), each.port));
        let resolved: Vec<_> = configured.iter().filter_map(literal).collect();
        Self {
            listeners: ArcSwap::default(),
            back_ends: ArcSwap::from_pointee(configured.clone()),
            configured,
            resolved: ArcSwap::from_pointee(resolved),
        }
    }

    /// Notes that the service listens here.
    pub fn listens(&self, address: SocketAddr) {
        self.listeners.rcu(|known| {
            let mut known = Vec::clone(known);
            known.push(address);
            known
        });
    }

    /// Resolves the back ends and those that `more` tells of, now and then again, for as long as it is polled.
    pub(super) async fn keep_resolved(
        &self,
        lookup: Arc<dyn Lookup>,
        more: impl Fn() -> Vec<BackEnd>,
    ) {
        loop {
            self.resolve(&*lookup, more()).await;
            tokio::time::sleep(REFRESH).await;
        }
    }

    /// Resolves the configured back ends and these.
    pub(super) async fn resolve(&self, lookup: &dyn Lookup, more: Vec<BackEnd>) {
        let back_ends = [self.configured.clone(), more].concat();
        self.back_ends.store(Arc::new(back_ends.clone()));
        let mut found = Vec::new();
        for each in &back_ends {
            match each.host.parse() {
                Ok(address) => found.push((judged(address), each.port)),
                Err(_) => {
                    let addresses = lookup.lookup(&each.host).await.unwrap_or_default();
                    found.extend(addresses.into_iter().map(|at| (judged(at), each.port)));
                }
            }
        }
        if !found.is_empty() {
            self.resolved.store(Arc::new(found));
        }
    }

    /// Whether an address, in its judged form, belongs to the service.
    pub(super) fn has(&self, address: IpAddr, port: u16) -> Belongs {
        let listens = |own: &SocketAddr| {
            own.port() == port
                && (judged(own.ip()) == address || own.ip().is_unspecified() && is_local(address))
        };
        if self.listeners.load().iter().any(listens) {
            return Belongs::Port;
        }
        let resolved = self.resolved.load();
        let ports = resolved.iter().filter(|(own, _)| *own == address).map(|(_, port)| *port);
        ports.fold(Belongs::No, |found, own| match (found, own) {
            (Belongs::Port, _) => Belongs::Port,
            (_, Some(own)) if own == port => Belongs::Port,
            _ => Belongs::Host,
        })
    }

    /// Whether a name, in its plain form, belongs to the service.
    pub(super) fn has_name(&self, name: &str, port: u16) -> Belongs {
        let back_ends = self.back_ends.load();
        let ports = back_ends.iter().filter(|each| each.host == name).map(|each| each.port);
        ports.fold(Belongs::No, |found, own| match (found, own) {
            (Belongs::Port, _) => Belongs::Port,
            (_, Some(own)) if own == port => Belongs::Port,
            _ => Belongs::Host,
        })
    }
}

/// Whether this machine has the address: only then can it be bound.
fn is_local(address: IpAddr) -> bool {
    UdpSocket::bind((address, 0)).is_ok()
}

/// The hosts that the URI of a store, or of a proxy, names.
pub fn back_ends(uri: &str) -> Vec<BackEnd> {
    let Some((_, rest)) = uri.split_once(':') else { return Vec::new() };
    let rest = match (rest.strip_prefix("//"), rest.rsplit_once('@')) {
        (Some(rest), _) => rest,
        (None, Some((_, host))) => host,
        (None, None) => return Vec::new(),
    };
    // A password may hold any of the characters that end an authority.
    let rest = rest.rsplit_once('@').map_or(rest, |(_, hosts)| hosts);
    let hosts = rest.split(['/', '?', '#']).next().unwrap_or_default();
    hosts.split(',').filter_map(back_end).collect()
}

fn back_end(text: &str) -> Option<BackEnd> {
    if let Ok(address) = text.parse::<SocketAddr>() {
        return Some(BackEnd { host: address.ip().to_string(), port: Some(address.port()) });
    }
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !text.ends_with(']') => (host, port.parse().ok()),
        _ => (text, None),
    };
    let host = plain(host.trim_start_matches('[').trim_end_matches(']'));
    (!host.is_empty()).then_some(BackEnd { host, port })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(host: &str, port: Option<u16>) -> BackEnd {
        BackEnd { host: host.to_owned(), port }
    }

    #[test]
    fn hosts_are_found_in_uris() {
        assert_eq!(back_ends("sqlite:"), []);
        assert_eq!(back_ends("sqlite:/var/lib/a.db"), []);
        assert_eq!(back_ends("redis+unix:///run/redis?db=1"), []);
        assert_eq!(back_ends("redis://a:p/@w@Store.:6379/1"), [host("store", Some(6379))]);
        assert_eq!(back_ends("redis:anna:geheim@host"), [host("host", None)]);
        assert_eq!(back_ends("redis://[::1]:6379"), [host("::1", Some(6379))]);
        assert_eq!(back_ends("redis://[::1]"), [host("::1", None)]);
        let several = [host("a", Some(1)), host("10.0.0.1", None)];
        assert_eq!(back_ends("mongodb://a:1,10.0.0.1/db"), several);
    }

    /// Knows one name.
    struct One;

    #[async_trait::async_trait]
    impl Lookup for One {
        async fn lookup(&self, name: &str) -> std::io::Result<Vec<IpAddr>> {
            assert_eq!(name, "pool");
            Ok(vec!["10.0.0.7".parse().unwrap()])
        }
    }

    #[tokio::test(start_paused = true)]
    async fn stores_that_come_later_belong_to_the_service_too() {
        let own = Own::new(back_ends("redis://10.0.0.9"));
        let keep = own.keep_resolved(Arc::new(One), || back_ends("redis://pool:6379"));

        let _ = tokio::time::timeout(REFRESH * 3, keep).await;

        assert_eq!(own.has("10.0.0.7".parse().unwrap(), 6379), Belongs::Port);
        assert_eq!(own.has("10.0.0.9".parse().unwrap(), 80), Belongs::Host);
        assert_eq!(own.has_name("pool", 6379), Belongs::Port);
    }

    #[test]
    fn listeners_and_back_ends_belong_to_the_service() {
        let own = Own::new(back_ends("redis://10.0.0.9:6379"));
        own.listens("0.0.0.0:8888".parse().unwrap());
        own.listens("192.0.2.1:9000".parse().unwrap());
        let has = |address: &str, port| own.has(address.parse().unwrap(), port);

        assert_eq!(has("10.0.0.9", 6379), Belongs::Port);
        assert_eq!(has("10.0.0.9", 80), Belongs::Host);
        assert_eq!(has("10.0.0.8", 6379), Belongs::No);
        assert_eq!(has("127.0.0.1", 8888), Belongs::Port);
        assert_eq!(has("127.0.0.1", 8889), Belongs::No);
        assert_eq!(has("192.0.2.7", 8888), Belongs::No);
        assert_eq!(has("192.0.2.1", 9000), Belongs::Port);
    }
}

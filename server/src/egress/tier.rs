//! Which addresses are whose.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Who may be told at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// Anybody's: always.
    Public,
    /// Of a private network: where an operator opens it.
    Private,
    /// Of this machine, of a link, of a cloud's own services, or of nobody: only where an operator names it.
    Forbidden,
}

/// First address, length of the prefix, tier.
type Block<T> = (T, u8, Tier);

/// The first block that holds an address counts.
const V4: &[Block<Ipv4Addr>] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, Tier::Forbidden),
    // Instance metadata at addresses that do not look like it.
    (Ipv4Addr::new(100, 100, 100, 200), 32, Tier::Forbidden),
    (Ipv4Addr::new(168, 63, 129, 16), 32, Tier::Forbidden),
    (Ipv4Addr::new(10, 0, 0, 0), 8, Tier::Private),
    (Ipv4Addr::new(100, 64, 0, 0), 10, Tier::Private),
    (Ipv4Addr::new(127, 0, 0, 0), 8, Tier::Forbidden),
    (Ipv4Addr::new(169, 254, 0, 0), 16, Tier::Forbidden),
    (Ipv4Addr::new(172, 16, 0, 0), 12, Tier::Private),
    (Ipv4Addr::new(192, 0, 0, 0), 24, Tier::Forbidden),
    (Ipv4Addr::new(192, 0, 2, 0), 24, Tier::Forbidden),
    (Ipv4Addr::new(192, 88, 99, 0), 24, Tier::Forbidden),
    (Ipv4Addr::new(192, 168, 0, 0), 16, Tier::Private),
    (Ipv4Addr::new(198, 18, 0, 0), 15, Tier::Forbidden),
    (Ipv4Addr::new(198, 51, 100, 0), 24, Tier::Forbidden),
    (Ipv4Addr::new(203, 0, 113, 0), 24, Tier::Forbidden),
    (Ipv4Addr::new(224, 0, 0, 0), 3, Tier::Forbidden),
];

/// The first block that holds an address counts.
const V6: &[Block<Ipv6Addr>] = &[
    // Instance metadata.
    (Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254), 128, Tier::Forbidden),
    (Ipv6Addr::new(0xfd20, 0xce, 0, 0, 0, 0, 0, 0x254), 128, Tier::Forbidden),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, Tier::Private),
    // Protocol assignments, among them tunnels that carry an address of version 4.
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, Tier::Forbidden),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, Tier::Forbidden),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, Tier::Forbidden),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, Tier::Forbidden),
    (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3, Tier::Public),
];

/// The tier of an address.
pub fn tier(address: IpAddr) -> Tier {
    match judged(address) {
        IpAddr::V4(address) => {
            let bits = u32::from(address);
            let holds = |first: Ipv4Addr, length: u8| {
                (bits ^ u32::from(first)).leading_zeros() >= u32::from(length)
            };
            let found = V4.iter().find(|(first, length, _)| holds(*first, *length));
            found.map_or(Tier::Public, |(.., tier)| *tier)
        }
        IpAddr::V6(address) => {
            let bits = u128::from(address);
            let holds = |first: Ipv6Addr, length: u8| {
                (bits ^ u128::from(first)).leading_zeros() >= u32::from(length)
            };
            let found = V6.iter().find(|(first, length, _)| holds(*first, *length));
            // Outside of these blocks no address is anybody's.
            found.map_or(Tier::Forbidden, |(.., tier)| *tier)
        }
    }
}

/// The address that another stands for: the one of version 4 that it maps or embeds, if it does.
pub fn judged(address: IpAddr) -> IpAddr {
    let IpAddr::V6(whole) = address else { return address };
    if let Some(mapped) = whole.to_ipv4_mapped() {
        return IpAddr::V4(mapped);
    }
    let bits = u128::from(whole);
    match u32::try_from(bits) {
        Ok(low) if bits > 1 => IpAddr::V4(Ipv4Addr::from(low)),
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Tier {
        tier(text.parse().unwrap())
    }

    #[test]
    fn blocks_begin_and_end_where_they_should() {
        for (inside, outside) in [
            (["0.0.0.0", "0.255.255.255"], ["1.0.0.0", "1.1.1.1"]),
            (["127.0.0.0", "127.255.255.255"], ["126.255.255.255", "128.0.0.0"]),
            (["169.254.0.0", "169.254.255.255"], ["169.253.255.255", "169.255.0.0"]),
            (["192.0.0.0", "192.0.0.255"], ["191.255.255.255", "192.0.1.0"]),
            (["192.0.2.0", "192.0.2.255"], ["192.0.1.255", "192.0.3.0"]),
            (["192.88.99.0", "192.88.99.255"], ["192.88.98.255", "192.88.100.0"]),
            (["198.18.0.0", "198.19.255.255"], ["198.17.255.255", "198.20.0.0"]),
            (["198.51.100.0", "198.51.100.255"], ["198.51.99.255", "198.51.101.0"]),
            (["203.0.113.0", "203.0.113.255"], ["203.0.112.255", "203.0.114.0"]),
            (["224.0.0.0", "255.255.255.255"], ["223.255.255.255", "8.8.8.8"]),
            (["168.63.129.16", "100.100.100.200"], ["168.63.129.15", "168.63.129.17"]),
            (["::", "::1"], ["2606:4700::1111", "2a00::"]),
            (["2001::", "2001:1ff:ffff::"], ["2001:200::", "2001:4860::8888"]),
            (["2001:db8::", "2001:db8:ffff::"], ["2001:db7::", "2001:db9::"]),
            (["2002::", "2002:7f00:1::"], ["2003::", "2400::"]),
            (["3fff::", "3fff:fff::"], ["3fff:1000::", "3ffe::"]),
            (["64:ff9b::808:808", "64:ff9b:1::1"], ["2600::", "2a02::1"]),
            (["fe80::1", "febf::1"], ["2610::", "2620::"]),
            (["ff00::", "ffff::"], ["2c00::", "2800::"]),
            (["100::", "5f00::"], ["2000::", "2404::"]),
            (["fd00:ec2::254", "fd20:ce::254"], ["2401::", "2402::"]),
            (["::ffff:0:8.8.8.8", "fec0::1"], ["2403::", "2405::"]),
        ] {
            for text in inside {
                assert_eq!(of(text), Tier::Forbidden, "{text}");
            }
            for text in outside {
                assert_eq!(of(text), Tier::Public, "{text}");
            }
        }
        for text in [
            "10.0.0.0",
            "10.255.255.255",
            "172.16.0.0",
            "172.31.255.255",
            "192.168.0.0",
            "192.168.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "fc00::",
            "fdff:ffff::1",
        ] {
            assert_eq!(of(text), Tier::Private, "{text}");
        }
        for text in ["9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "100.128.0.0"] {
            assert_eq!(of(text), Tier::Public, "{text}");
        }
    }

    #[test]
    fn an_address_that_embeds_another_is_judged_by_it() {
        for (text, wanted) in [
            ("::ffff:127.0.0.1", Tier::Forbidden),
            ("::ffff:10.0.0.1", Tier::Private),
            ("::ffff:8.8.8.8", Tier::Public),
            ("::127.0.0.1", Tier::Forbidden),
            ("::192.168.1.1", Tier::Private),
            ("::8.8.8.8", Tier::Public),
        ] {
            assert_eq!(of(text), wanted, "{text}");
        }
    }
}

//! Names that stand for what nobody else should reach.

/// Names of this machine, and of services that clouds offer to their machines.
const DENIED: &[&str] = &[
    "localhost",
    "localhost.localdomain",
    "localhost4",
    "localhost6",
    "ip6-localhost",
    "ip6-loopback",
    "metadata",
    "metadata.goog",
    "metadata.tencentyun.com",
    "metadata.packet.net",
    "metadata.platformequinix.com",
    "instance-data",
    "rancher-metadata",
];
/// Ends of names that are never anybody else's.
const DENIED_ENDS: &[&str] = &[".localhost", ".internal"];

/// The form in which names are compared: lower case, without the dot of the root.
pub(super) fn plain(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}

/// Whether a name, in its plain form, is one of those.
pub(super) fn is_denied(plain: &str) -> bool {
    plain == "internal"
        || DENIED.contains(&plain)
        || DENIED_ENDS.iter().any(|end| plain.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_denied_in_any_case_and_with_the_dot_of_the_root() {
        for name in ["localhost", "LOCALHOST.", "a.LocalHost", "x.y.internal.", "Metadata"] {
            assert!(is_denied(&plain(name)), "{name}");
        }
        for name in ["localhost.example.com", "internal.example.com", "mylocalhost", "ainternal"] {
            assert!(!is_denied(&plain(name)), "{name}");
        }
    }
}

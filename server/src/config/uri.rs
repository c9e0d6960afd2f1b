//! Printing the URI of a store without its secrets.

/// Replaces the password, and the values of query parameters that sound secret, by `***`.
pub fn mask_uri(uri: &str) -> String {
    let Some((scheme, rest)) = uri.split_once("://") else {
        return match uri.split_once(':').zip(uri.rsplit_once('@')) {
            Some(((scheme, _), (_, tail))) => format!("{scheme}:***@{}", mask_query(tail)),
            None => mask_query(uri),
        };
    };
    // A password may itself hold an "@", "/" or "?": everything up to the last "@" counts as it.
    let (user, tail) = match rest.rsplit_once('@') {
        Some((user, tail)) => match user.split_once(':') {
            Some((name, _)) => (format!("{name}:***@"), tail),
            None => (format!("{user}@"), tail),
        },
        None => (String::new(), rest),
    };
    format!("{scheme}://{user}{}", mask_query(tail))
}

/// Tells whether the value of something with this name is better not printed.
pub(super) fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ["pass", "pwd", "secret", "token", "key"].iter().any(|word| name.contains(word))
}

fn mask_query(tail: &str) -> String {
    let Some((path, query)) = tail.split_once('?') else { return tail.to_owned() };
    let parts: Vec<_> = query
        .split('&')
        .map(|part| match part.split_once('=') {
            Some((name, _)) if sounds_secret(name) => format!("{name}=***"),
            _ => part.to_owned(),
        })
        .collect();
    format!("{path}?{}", parts.join("&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hides_passwords_and_keeps_the_rest() {
        let cases = [
            ("sqlite:", "sqlite:"),
            ("", ""),
            ("redis:anna:geheim@host", "redis:***@host"),
            ("redis+unix:///run/redis?db=1&pass=geheim", "redis+unix:///run/redis?db=1&pass=***"),
            ("redis://localhost/1", "redis://localhost/1"),
            ("redis://:geheim@host:6379/1", "redis://:***@host:6379/1"),
            ("redis://anna:ge@he/im@host/1", "redis://anna:***@host/1"),
            ("postgres://anna@host/db?password=x&a=b", "postgres://anna@host/db?password=***&a=b"),
        ];

        for (given, shown) in cases {
            assert_eq!(mask_uri(given), shown);
        }
    }
}

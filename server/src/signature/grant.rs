//! A grant and the text of it that is signed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Stands between the parts of the text: a backslash and an n, not a line feed.
const SEPARATOR: &str = "\\n";
/// Stands for the project of a grant that has none.
const NO_PROJECT: &str = "None";

/// A secret that signs. It is never printed.
#[derive(Clone)]
pub struct Secret(Box<str>);

impl Secret {
    /// A secret; the UTF-8 of the text is the key.
    pub fn new(text: &str) -> Self {
        Self(text.into())
    }

    /// The text of the secret.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Everything that is signed.
#[derive(Clone, Debug)]
pub struct Grant<'a> {
    /// The paths, in any order.
    pub paths: Vec<&'a str>,
    /// The methods, in any order.
    pub methods: Vec<&'a str>,
    /// The project, if it has one.
    pub project: Option<&'a str>,
    /// When it ends, as it is signed.
    pub expires: &'a str,
    /// The key and the time of signing, in grants that name them.
    pub stamp: Option<Stamp<'a>>,
}

/// What a grant says of its signature.
#[derive(Clone, Copy, Debug)]
pub struct Stamp<'a> {
    /// The key that signs.
    pub key_id: &'a str,
    /// When it was signed, as it is signed.
    pub issued: &'a str,
}

impl Grant<'_> {
    /// The text that is signed; `None` if it could be read in two ways.
    fn text(&self) -> Option<String> {
        let sorted = |parts: &[&str]| {
            let mut parts = parts.to_vec();
            parts.sort_unstable();
            parts.join(",")
        };
        let project = self.project.unwrap_or(NO_PROJECT);
        let mut parts = vec![
            sorted(&self.paths),
            sorted(&self.methods),
            project.to_owned(),
            self.expires.to_owned(),
        ];
        if let Some(stamp) = self.stamp {
            parts.extend([stamp.key_id.to_owned(), stamp.issued.to_owned()]);
        }
        let text = parts.join(SEPARATOR);
        (text.matches(SEPARATOR).count() == parts.len() - 1).then_some(text)
    }

    fn mac(&self, secret: &Secret) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.0.as_bytes()).ok()?;
        mac.update(self.text()?.as_bytes());
        Some(mac)
    }

    /// The signature in lower-case hexadecimal digits; `None` if the text could be read in two ways.
    pub fn sign(&self, secret: &Secret) -> Option<String> {
        let code = self.mac(secret)?.finalize().into_bytes();
        Some(data_encoding::HEXLOWER.encode(&code))
    }

    /// Whether this is the signature, compared in constant time.
    pub fn is_signed(&self, secret: &Secret, signature: &str) -> bool {
        let code = data_encoding::HEXLOWER.decode(signature.as_bytes());
        match (self.mac(secret), code) {
            (Some(mac), Ok(code)) => mac.verify_slice(&code).is_ok(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grant<'a>(
        paths: &[&'a str],
        methods: &[&'a str],
        project: Option<&'a str>,
        expires: &'a str,
    ) -> Grant<'a> {
        Grant { paths: paths.to_vec(), methods: methods.to_vec(), project, expires, stamp: None }
    }

    const FAR: &str = "2100-01-01T00:00:00";

    #[test]
    fn signatures_are_those_of_the_service_that_is_matched() {
        let messages = "/v2/queues/q/messages";
        let cases = [
            (
                "test",
                grant(&["/v2/queues/pq/messages"], &["GET"], Some("p1"), FAR),
                "4ae27bce4e436855b24de17e7df91608d351c2be131f378fb9b55a4493d705f6",
            ),
            (
                "test",
                grant(&["/v2/queues/q/subscriptions", messages], &["POST", "GET"], Some("p1"), FAR),
                "61e5cf9ba45389b3e221abe72ea2494a78a7c26bf3eb8c925296966794e92a4d",
            ),
            (
                "test",
                grant(&[messages], &["GET"], None, FAR),
                "66618c051fab9aa8bada0c368570945871dbd8eaab9e7b53210436634e6dd53d",
            ),
            (
                "sekret",
                grant(
                    &["/v2/queues/aq/messages"],
                    &["GET", "POST"],
                    Some("projA"),
                    "2026-11-22T00:59:54",
                ),
                "b2e2b027550907f09f06da61b6010f95401875fbf9a2778a90da9b0ff540b741",
            ),
        ];
        for (key, grant, wanted) in cases {
            let secret = Secret::new(key);

            assert_eq!(grant.sign(&secret).as_deref(), Some(wanted));
            assert!(grant.is_signed(&secret, wanted));
            assert!(!grant.is_signed(&secret, &wanted.to_uppercase()));
            assert!(!grant.is_signed(&secret, ""));
            assert!(!grant.is_signed(&secret, &wanted[..62]));
        }
    }

    #[test]
    fn a_text_that_could_be_read_in_two_ways_is_not_signed() {
        let secret = Secret::new("test");

        assert_eq!(grant(&["/a"], &["GET\\nother"], Some("p"), FAR).sign(&secret), None);
        assert_eq!(grant(&["/a"], &["GET"], Some("other\\np"), FAR).sign(&secret), None);
        assert_eq!(grant(&["/a"], &["GET\\"], Some("np"), FAR).sign(&secret).map(|_| ()), Some(()));
    }

    #[test]
    fn a_secret_is_never_printed() {
        assert_eq!(format!("{:?}", Secret::new("geheim")), "***");
    }
}

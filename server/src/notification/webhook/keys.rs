//! What signs: secrets shared with a subscriber, and key pairs of the service.

use std::fmt;
use std::sync::Arc;

use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde_json::json;

const SHARED: &str = "whsec_";
const PRIVATE: &str = "whsk_";
/// How long the seed of a key pair is, in bytes. Some tools write the public key behind it.
const SEED: usize = 32;

/// Why a text is no key. It never holds the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyProblem {
    /// No shared secret.
    #[error("a secret is whsec_ and 24 to 64 bytes in base64")]
    Shared,
    /// No private key.
    #[error("a key is whsk_ and the 32 bytes of an Ed25519 seed in base64")]
    Private,
}

/// A secret that the service and one subscriber know. It is never printed.
#[derive(Clone)]
pub struct SharedSecret(Vec<u8>);

impl SharedSecret {
    /// Reads a secret as Standard Webhooks writes it.
    ///
    /// # Errors
    /// It has not that form, or fewer than 24 or more than 64 bytes.
    pub fn read(text: &str) -> Result<Self, KeyProblem> {
        let encoded = text.strip_prefix(SHARED).ok_or(KeyProblem::Shared)?;
        let bytes = BASE64.decode(encoded.as_bytes()).map_err(|_| KeyProblem::Shared)?;
        if !(24..=64).contains(&bytes.len()) {
            return Err(KeyProblem::Shared);
        }
        Ok(Self(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The key pairs of the service: all of them sign, so that one can follow the other. Cheap to clone; private keys are never printed.
#[derive(Clone, Default)]
pub struct SigningKeys {
    pairs: Arc<[(String, Ed25519KeyPair)]>,
    /// Whether they sign where a subscription does not say.
    pub sign_all: bool,
}

impl SigningKeys {
    /// Reads private keys by their ids.
    ///
    /// # Errors
    /// The id of the first that is none, and why.
    pub fn read<'a>(
        keys: impl IntoIterator<Item = (&'a str, &'a str)>,
        sign_all: bool,
    ) -> Result<Self, (String, KeyProblem)> {
        let pair = |(id, text): (&str, &str)| match pair(text) {
            Some(pair) => Ok((id.to_owned(), pair)),
            None => Err((id.to_owned(), KeyProblem::Private)),
        };
        Ok(Self { pairs: keys.into_iter().map(pair).collect::<Result<_, _>>()?, sign_all })
    }

    /// Whether there is no key.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    pub(super) fn pairs(&self) -> impl Iterator<Item = &Ed25519KeyPair> {
        self.pairs.iter().map(|(_, pair)| pair)
    }

    /// The public keys as a JSON Web Key Set (RFC 7517, RFC 8037).
    pub fn public(&self) -> serde_json::Value {
        let key = |(id, pair): &(String, Ed25519KeyPair)| {
            let public = BASE64URL_NOPAD.encode(pair.public_key().as_ref());
            json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": id, "x": public })
        };
        json!({ "keys": self.pairs.iter().map(key).collect::<Vec<_>>() })
    }
}

impl fmt::Debug for SigningKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids: Vec<&String> = self.pairs.iter().map(|(id, _)| id).collect();
        f.debug_struct("SigningKeys").field("keys", &ids).field("sign_all", &self.sign_all).finish()
    }
}

fn pair(text: &str) -> Option<Ed25519KeyPair> {
    let bytes = BASE64.decode(text.strip_prefix(PRIVATE)?.as_bytes()).ok()?;
    match bytes.split_at_checked(SEED)? {
        (seed, []) => Ed25519KeyPair::from_seed_unchecked(seed).ok(),
        (seed, public) => Ed25519KeyPair::from_seed_and_public_key(seed, public).ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_have_a_mark_and_a_length() {
        for bytes in [24, 32, 64] {
            let text = format!("whsec_{}", BASE64.encode(&vec![7; bytes]));
            assert_eq!(SharedSecret::read(&text).unwrap().bytes(), vec![7; bytes]);
        }
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_?", "whsec_YWJj"] {
            assert_eq!(SharedSecret::read(text).err(), Some(KeyProblem::Shared), "{text}");
        }
        let long = format!("whsec_{}", BASE64.encode(&[7; 65]));
        assert!(SharedSecret::read(&long).is_err());
    }

    #[test]
    fn a_key_pair_is_a_seed_with_or_without_its_public_key() {
        // RFC 8032, 7.1, test 1.
        let seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let bytes = |text: &str| data_encoding::HEXLOWER.decode(text.as_bytes()).unwrap();
        let short = format!("whsk_{}", BASE64.encode(&bytes(seed)));
        let long = format!("whsk_{}", BASE64.encode(&bytes(&format!("{seed}{public}"))));

        let keys = SigningKeys::read([("a", short.as_str()), ("b", &long)], false).unwrap();

        let shown = keys.public();
        for (at, id) in ["a", "b"].iter().enumerate() {
            let key = &shown["keys"][at];
            assert_eq!(key["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
            assert_eq!(
                (&key["kid"], &key["crv"], &key["kty"]),
                (&json!(id), &json!("Ed25519"), &json!("OKP"))
            );
        }
        assert!(!format!("{keys:?}").contains("nWGxne"));
        let other = format!("whsk_{}", BASE64.encode(&bytes(&format!("{seed}{seed}"))));
        for text in ["", "whsk_", "whsk_YWJj", &other] {
            let told = SigningKeys::read([("a", text)], false).unwrap_err();
            assert_eq!(told, ("a".to_owned(), KeyProblem::Private), "{text}");
        }
    }
}

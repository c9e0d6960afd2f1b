//! Signatures as Standard Webhooks defines them.

use data_encoding::BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::keys::{SharedSecret, SigningKeys};

/// The signatures of a request, one behind the other with a blank between: `v1` per secret, then `v1a` per key pair of the service.
/// `None` if nothing signs.
pub fn signatures(
    secrets: &[SharedSecret],
    keys: Option<&SigningKeys>,
    id: &str,
    timestamp: i64,
    body: &[u8],
) -> Option<String> {
    let keys = keys.filter(|keys| !keys.is_empty());
    if secrets.is_empty() && keys.is_none() {
        return None;
    }
    let mut signed = format!("{id}.{timestamp}.").into_bytes();
    signed.extend_from_slice(body);
    let shared = secrets.iter().filter_map(|secret| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.bytes()).ok()?;
        mac.update(&signed);
        Some(format!("v1,{}", BASE64.encode(&mac.finalize().into_bytes())))
    });
    let own = keys.into_iter().flat_map(SigningKeys::pairs);
    let own = own.map(|pair| format!("v1a,{}", BASE64.encode(pair.sign(&signed).as_ref())));
    Some(shared.chain(own).collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "msg_p5jXN8AQM9LWM0D4loKWxJek";
    const TIME: i64 = 1_614_265_330;
    const BODY: &[u8] = br#"{"test": 2432232314}"#;

    #[test]
    fn a_shared_secret_signs_as_the_published_example_does() {
        let secret = SharedSecret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();

        let signed = signatures(&[secret], None, ID, TIME, BODY);

        assert_eq!(signed.as_deref(), Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    #[test]
    fn every_secret_and_every_key_signs() {
        let secret = SharedSecret::read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let text = |byte: u8| format!("whsk_{}", BASE64.encode(&[byte; 32]));
        let keys = SigningKeys::read([("a", text(1).as_str()), ("b", &text(2))], true).unwrap();

        let all = signatures(&[secret.clone(), secret], Some(&keys), ID, TIME, BODY).unwrap();
        let each: Vec<_> = all.split(' ').collect();

        assert_eq!(each.len(), 4);
        assert_eq!(each[0], each[1]);
        let mut signed = format!("{ID}.{TIME}.").into_bytes();
        signed.extend_from_slice(BODY);
        for (at, known) in each[2..].iter().zip(keys.public()["keys"].as_array().unwrap()) {
            let signature = BASE64.decode(at.strip_prefix("v1a,").unwrap().as_bytes()).unwrap();
            let public = known["x"].as_str().unwrap().as_bytes();
            let public = data_encoding::BASE64URL_NOPAD.decode(public).unwrap();
            let public = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, public);
            assert!(public.verify(&signed, &signature).is_ok());
            assert!(public.verify(BODY, &signature).is_err());
        }
    }

    #[test]
    fn nothing_signs_without_secret_and_key() {
        assert_eq!(signatures(&[], None, ID, TIME, BODY), None);
        assert_eq!(signatures(&[], Some(&SigningKeys::default()), ID, TIME, BODY), None);
    }
}

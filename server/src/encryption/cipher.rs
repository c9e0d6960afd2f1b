//! AES-256-GCM with a key of its own for each message: XAES-256-GCM as published by C2SP.
//!
//! Random nonces of plain AES-GCM would have to be counted: a key is good for some four thousand million messages.
//! Here 24 random bytes make both the key, by the counter mode of NIST SP 800-108 over CMAC, and the nonce, so
//! one key of the ring serves for as long as an operator likes.

use aes_gcm::aead::{AeadInOut, KeyInit};
use aes_gcm::aes::Aes256;
use aes_gcm::aes::cipher::{Array, BlockCipherEncrypt};
use aes_gcm::{Aes256Gcm, Nonce};

/// The bytes that are random for each message.
pub(super) const NONCE_LENGTH: usize = 24;
/// The bytes that a ciphertext is longer than its plaintext.
pub(super) const TAG_LENGTH: usize = 16;

const HALF: usize = NONCE_LENGTH / 2;

/// A key, ready to make the keys of messages. It is wiped when it is dropped.
pub(super) struct Cipher {
    block: Aes256,
    /// The first CMAC subkey, which is the same for every message.
    subkey: [u8; 16],
}

/// The text does not belong to the key, the nonce and the associated data.
#[derive(Debug)]
pub(super) struct NotAuthentic;

impl Cipher {
    pub(super) fn new(key: &[u8; 32]) -> Self {
        let block = Aes256::new(&Array::from(*key));
        let mut zero = Array::from([0; 16]);
        block.encrypt_block(&mut zero);
        let doubled = u128::from_be_bytes(zero.into());
        let carry = if doubled >> 127 == 1 { 0x87 } else { 0 };
        Self { block, subkey: ((doubled << 1) ^ carry).to_be_bytes() }
    }

    /// Encrypts a text in place and appends its tag.
    pub(super) fn seal(&self, nonce: &[u8; NONCE_LENGTH], bound: &[u8], text: &mut Vec<u8>) {
        let (cipher, nonce) = self.for_message(nonce);
        cipher
            .encrypt_in_place(&nonce, bound, text)
            .expect("a body is far shorter than the 64 GiB that the cipher takes");
    }

    /// Checks and removes the tag, and decrypts the rest in place.
    pub(super) fn open(
        &self,
        nonce: &[u8; NONCE_LENGTH],
        bound: &[u8],
        text: &mut Vec<u8>,
    ) -> Result<(), NotAuthentic> {
        let (cipher, nonce) = self.for_message(nonce);
        cipher.decrypt_in_place(&nonce, bound, text).map_err(|_| NotAuthentic)
    }

    fn for_message(
        &self,
        nonce: &[u8; NONCE_LENGTH],
    ) -> (Aes256Gcm, Nonce<<Aes256Gcm as aes_gcm::AeadCore>::NonceSize>) {
        let (context, rest) = nonce.split_at(HALF);
        let mut key = [0; 32];
        for (counter, half) in [1, 2].into_iter().zip(key.chunks_exact_mut(16)) {
            let mut input = [0; 16];
            input[..4].copy_from_slice(&[0, counter, b'X', 0]);
            input[4..].copy_from_slice(context);
            let mut input = Array::from(input);
            for (byte, mask) in input.iter_mut().zip(self.subkey) {
                *byte ^= mask;
            }
            self.block.encrypt_block(&mut input);
            half.copy_from_slice(&input);
        }
        let mut short = Nonce::default();
        short.copy_from_slice(rest);
        (Aes256Gcm::new(&Array::from(key)), short)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    #[test]
    fn matches_the_published_examples() {
        for (key, bound, wanted) in [
            ([1; 32], "", "ce546ef63c9cc60765923609b33a9a1974e96e52daf2fcf7075e2271"),
            (
                [3; 32],
                "c2sp.org/XAES-256-GCM",
                "986ec1832593df5443a179437fd083bf3fdb41abd740a21f71eb769d",
            ),
        ] {
            let mut text = b"XAES-256-GCM".to_vec();
            Cipher::new(&key).seal(b"ABCDEFGHIJKLMNOPQRSTUVWX", bound.as_bytes(), &mut text);

            assert_eq!(hex(&text), wanted);
        }
    }
}

//! Keys as an operator writes them.

use std::path::PathBuf;

/// SHA-256 of the key text that older services of this API came with: known to everybody.
const OLD_DEFAULT: [u8; 32] = [
    0xd3, 0x9b, 0xda, 0xbf, 0x50, 0x6c, 0xf1, 0x67, 0xde, 0xcf, 0xca, 0x3c, 0xdc, 0x34, 0x28, 0x26,
    0x58, 0xff, 0x13, 0x19, 0x18, 0x4e, 0x73, 0x70, 0xa1, 0xfd, 0x5e, 0x47, 0xac, 0xc6, 0xea, 0x91,
];

/// Why the key ring cannot be made. No variant holds a key.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// An id has another form.
    #[error(
        "{option}: {id:?} is no key id: 1 to 64 lower-case letters, digits, \"_\" and \"-\" make one"
    )]
    Id {
        /// The option.
        option: &'static str,
        /// The id.
        id: String,
    },
    /// A key has another form.
    #[error("{option}.{id}: a key is 64 hexadecimal digits, such as openssl rand -hex 32 prints")]
    Form {
        /// The option.
        option: &'static str,
        /// The id of the key.
        id: String,
    },
    /// A key is one that everybody knows or guesses.
    #[error(
        "{option}.{id}: this key is a placeholder that anybody can guess: make one with openssl rand -hex 32, \
         or set security.allow_placeholder_secrets = true"
    )]
    Placeholder {
        /// The option.
        option: &'static str,
        /// The id of the key.
        id: String,
    },
    /// A file cannot be read.
    #[error("encryption.key_files.{id}: {path}: {source}")]
    File {
        /// The id of the key.
        id: String,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Both options have a key of this id.
    #[error("the key {0:?} is in encryption.keys and in encryption.key_files")]
    Twice(String),
    /// There are keys, and none is active.
    #[error("encryption.active_key is not set; it names the key for new messages, one of {known}")]
    NotActive {
        /// The ids of the keys.
        known: String,
    },
    /// The active key is not among the keys.
    #[error(
        "encryption.active_key is {id:?}, but encryption.keys and encryption.key_files have {known}"
    )]
    Unknown {
        /// The id.
        id: String,
        /// The ids of the keys.
        known: String,
    },
}

/// Whether a text can be the id of a key.
pub(super) fn is_id(text: &str) -> bool {
    let fits = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'-')
    };
    (1..=64).contains(&text.len()) && text.bytes().all(fits)
}

/// Reads 64 hexadecimal digits; space around them is skipped.
pub(super) fn parse(text: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = text.trim().as_bytes().try_into().ok()?;
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
        let digit = |at: usize| char::from(pair[at]).to_digit(16);
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(key)
}

/// Whether a key was written by hand instead of drawn: all its bytes are in even steps, its halves are the same, or
/// it has so few different bytes as none of a thousand million million drawn ones has.
pub(super) fn is_placeholder(key: &[u8; 32]) -> bool {
    let step = key[1].wrapping_sub(key[0]);
    let mut seen: Vec<u8> = key.to_vec();
    seen.sort_unstable();
    seen.dedup();
    *key == OLD_DEFAULT
        || key.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step)
        || key[..16] == key[16..]
        || seen.len() < 16
}

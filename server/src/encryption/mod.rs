//! Encryption at rest: keys with ids, and the envelope a message body is stored in.
//!
//! Stores see opaque bytes. What asks for encryption, and where bodies are sealed and opened, is the business of
//! the controllers.

mod cipher;
mod envelope;
mod key;
mod ring;

pub use envelope::Plain;
pub use key::KeyError;
pub use ring::{KeyRing, NoActiveKey, Unreadable};

#[cfg(test)]
mod tests;

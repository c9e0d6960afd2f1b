use bytes::Bytes;
use sukkal_storage::{MessageId, QueueKey};
use uuid::Uuid;

use super::*;
use crate::config::EncryptionConfig;

const ONE: &str = "8f1b5c0de4a97f2263d0b7a41c9e58f60a2d7be3914c6f85d20e7a3bc4f91d68";
const TWO: &str = "5ad03c7e91b2f4684ec81d0b7fa3692e15c7e08bd4f26a93b70c5e1df8421a9b";

fn config(active: &str, keys: &[(&str, &str)]) -> EncryptionConfig {
    EncryptionConfig {
        active_key: active.to_owned(),
        keys: keys.iter().map(|(id, key)| ((*id).to_owned(), (*key).to_owned())).collect(),
        ..EncryptionConfig::default()
    }
}

fn ring(active: &str, keys: &[(&str, &str)]) -> KeyRing {
    KeyRing::open(&config(active, keys)).unwrap()
}

fn problem(config: &EncryptionConfig) -> String {
    KeyRing::open(config).unwrap_err().to_string()
}

fn plain() -> Plain {
    let body = Bytes::from_static(b"{\"card\": \"4111\"}");
    Plain { body, checksum: Some("MD5:767e2d7912ebefdfe18495ed53635fc8".to_owned()) }
}

fn queue() -> QueueKey {
    QueueKey::new("project", "orders")
}

const ID: MessageId = Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0001);

#[test]
fn opens_what_it_sealed_and_shows_nothing_of_it() {
    let ring = ring("a", &[("a", ONE)]);

    let envelope = ring.seal(&queue(), ID, &plain()).unwrap();

    assert!(ring.open_sealed(&queue(), ID, &envelope).unwrap() == plain());
    assert!(!envelope.windows(4).any(|bytes| bytes == b"4111"));
    assert!(!envelope.windows(4).any(|bytes| bytes == b"MD5:"));
    assert_ne!(envelope, ring.seal(&queue(), ID, &plain()).unwrap());
}

#[test]
fn reads_with_an_old_key_and_writes_with_the_active_one() {
    let before = ring("a", &[("a", ONE)]);
    let rotated = ring("b", &[("a", ONE), ("b", TWO)]);

    let old = before.seal(&queue(), ID, &plain()).unwrap();
    let new = rotated.seal(&queue(), ID, &plain()).unwrap();

    assert!(rotated.open_sealed(&queue(), ID, &old).unwrap() == plain());
    let unknown = Unreadable::UnknownKey("b".to_owned());
    assert_eq!(before.open_sealed(&queue(), ID, &new).err(), Some(unknown));
}

#[test]
fn a_moved_message_can_be_read_but_not_one_put_elsewhere() {
    let ring = ring("a", &[("a", ONE)]);
    let envelope = ring.seal(&queue(), ID, &plain()).unwrap();
    let open = |queue: &QueueKey, id| ring.open_sealed(queue, id, &envelope).err();
    let refused = Some(Unreadable::NotAuthentic("a".to_owned()));

    assert_eq!(open(&QueueKey::new("project", "dead"), ID), None);
    assert_eq!(open(&QueueKey::new("other", "orders"), ID), refused);
    assert_eq!(open(&queue(), Uuid::from_u128(1)), refused);
}

#[test]
fn no_byte_of_an_envelope_can_be_changed() {
    let ring = ring("a", &[("a", ONE)]);
    let envelope = ring.seal(&queue(), ID, &plain()).unwrap();

    for at in 0..envelope.len() {
        let mut changed = envelope.clone();
        changed[at] ^= 1;
        assert!(ring.open_sealed(&queue(), ID, &changed).is_err(), "byte {at}");
        assert!(ring.open_sealed(&queue(), ID, &envelope[..at]).is_err(), "cut at {at}");
    }
}

#[test]
fn another_key_under_the_same_id_opens_nothing() {
    let envelope = ring("a", &[("a", ONE)]).seal(&queue(), ID, &plain()).unwrap();

    let opened = ring("a", &[("a", TWO)]).open_sealed(&queue(), ID, &envelope);

    assert_eq!(opened.err(), Some(Unreadable::NotAuthentic("a".to_owned())));
}

#[test]
fn without_keys_nothing_is_sealed() {
    assert_eq!(ring("", &[]).seal(&queue(), ID, &plain()), Err(NoActiveKey));
}

#[test]
fn says_what_is_wrong_with_keys_and_never_their_text() {
    let ascending: String = (0..32).map(|byte| format!("{byte:02x}")).collect();
    let old = "d39bdabf506cf167decfca3cdc34282658ff1319184e7370a1fd5e47acc6ea91";
    for (active, id, key, wanted) in [
        ("a", "A", ONE, "encryption.keys: \"A\" is no key id"),
        ("a", "a", "AES256", "encryption.keys.a: a key is 64 hexadecimal digits"),
        ("a", "a", &"é".repeat(32), "encryption.keys.a: a key is 64 hexadecimal digits"),
        ("a", "a", ascending.as_str(), "encryption.keys.a: this key is a placeholder"),
        ("a", "a", &"00".repeat(32), "encryption.keys.a: this key is a placeholder"),
        ("a", "a", &"0123456789abcdef".repeat(4), "encryption.keys.a: this key is a placeholder"),
        ("a", "a", old, "encryption.keys.a: this key is a placeholder"),
        ("", "a", ONE, "encryption.active_key is not set"),
        ("b", "a", ONE, "encryption.active_key is \"b\", but"),
    ] {
        let problem = problem(&config(active, &[(id, key)]));

        assert!(problem.starts_with(wanted), "{problem}");
        assert!(!problem.contains(key), "{problem}");
    }
    assert!(!format!("{:?}", ring("a", &[("a", ONE)])).contains("8f1b"));
    assert!(!format!("{:?}", config("a", &[("a", ONE)])).contains("8f1b"));
}

#[test]
fn a_placeholder_is_taken_where_a_flag_says_so() {
    let config =
        EncryptionConfig { placeholders_allowed: true, ..config("a", &[("a", &"00".repeat(32))]) };

    assert!(KeyRing::open(&config).is_ok());
}

#[test]
fn keys_may_stand_in_files() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, format!("{ONE}\n")).unwrap();
    let in_file = |keys: &[(&str, &str)], path| EncryptionConfig {
        key_files: vec![("a".to_owned(), path)],
        ..config("a", keys)
    };

    let envelope = KeyRing::open(&in_file(&[], path.clone())).unwrap();
    let envelope = envelope.seal(&queue(), ID, &plain()).unwrap();

    assert!(ring("a", &[("a", ONE)]).open_sealed(&queue(), ID, &envelope).is_ok());
    let twice = problem(&in_file(&[("a", TWO)], path));
    assert_eq!(twice, "the key \"a\" is in encryption.keys and in encryption.key_files");
    let absent = problem(&in_file(&[], folder.path().join("absent")));
    assert!(absent.starts_with("encryption.key_files.a: "), "{absent}");
}

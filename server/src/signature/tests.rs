//! Grants that are genuine pass; nothing else does.

use std::time::Duration;

use super::*;

const PATH: &str = "/v2/queues/jobs/messages";
/// 2026-11-21T20:00:00.
const NOW: Seconds = 1_795_291_200;

fn ring() -> KeyRing {
    let mut keys = KeyRing { secret_key: Some(Secret::new("first")), ..KeyRing::default() };
    keys.keys.insert("k1".to_owned(), Secret::new("second"));
    keys.keys.insert("k2".to_owned(), Secret::new("third"));
    keys
}

fn signatures(keys: KeyRing) -> Signatures {
    Signatures::new(keys, Clock::manual(NOW * 1000))
}

fn wanted(key_id: Option<&str>) -> Wanted {
    Wanted {
        paths: vec![PATH.to_owned()],
        methods: vec!["GET".to_owned(), "DELETE".to_owned()],
        project: "p1".to_owned(),
        expires: None,
        key_id: key_id.map(str::to_owned),
    }
}

fn shown<'a>(signed: &'a Signed, key_id: Option<&'a str>) -> Shown<'a> {
    Shown {
        signature: &signed.signature,
        expires: Some(&signed.expires),
        methods: signed.methods.iter().map(String::as_str).collect(),
        paths: signed.paths.iter().map(String::as_str).collect(),
        project: Some("p1"),
        key_id,
        issued: signed.issued.as_deref(),
    }
}

#[test]
fn a_grant_admits_its_methods_and_paths_until_it_ends() {
    let signatures = signatures(ring());
    let signed = signatures.sign(wanted(None)).unwrap();
    let shown = shown(&signed, None);

    assert_eq!((signed.expires.as_str(), &signed.issued), ("2026-11-22T20:00:00", &None));
    assert_eq!(signed.methods, ["DELETE", "GET"]);
    assert!(signatures.admits(&shown, "GET", PATH));
    assert!(signatures.admits(&shown, "DELETE", "/v2/queues/jobs/messages/1"));
    assert!(!signatures.admits(&shown, "POST", PATH));
    assert!(!signatures.admits(&shown, "get", PATH));
    assert!(!signatures.admits(&shown, "GET", "/v2/queues/other/messages"));
    signatures.clock.advance(Duration::from_secs(86_399));
    assert!(signatures.admits(&shown, "GET", PATH));
    signatures.clock.advance(Duration::from_secs(1));
    assert!(!signatures.admits(&shown, "GET", PATH));
}

#[test]
fn another_project_or_none_is_refused() {
    let signatures = signatures(ring());
    let signed = signatures.sign(wanted(None)).unwrap();

    for project in [Some("p2"), Some("P1"), Some(""), None] {
        let shown = Shown { project, ..shown(&signed, None) };
        assert!(!signatures.admits(&shown, "GET", PATH), "{project:?}");
    }
}

#[test]
fn without_its_end_a_grant_is_good_for_a_moment() {
    let signatures = signatures(ring());
    let signed = signatures.sign(wanted(None)).unwrap();
    let shown = Shown { expires: None, ..shown(&signed, None) };

    assert!(signatures.admits(&shown, "GET", PATH));
    signatures.clock.advance(Duration::from_secs(9));
    assert!(signatures.admits(&shown, "GET", PATH));
    signatures.clock.advance(Duration::from_secs(1));
    assert!(!signatures.admits(&shown, "GET", PATH));
}

#[test]
fn keys_sign_by_name_and_end_when_revoked() {
    let signatures = signatures(ring());
    let signed = signatures.sign(wanted(Some("k1"))).unwrap();
    let good = shown(&signed, Some("k1"));

    assert_eq!(signed.issued.as_deref(), Some("2026-11-21T20:00:00"));
    assert!(signatures.admits(&good, "GET", PATH));
    for (key_id, issued) in [
        (Some("k2"), good.issued),
        (Some("k3"), good.issued),
        (Some("k1"), None),
        (Some("k1"), Some("2026-11-21T20:00:01")),
        (None, good.issued),
        (None, None),
    ] {
        let shown = Shown { key_id, issued, ..good.clone() };
        assert!(!signatures.admits(&shown, "GET", PATH), "{key_id:?} {issued:?}");
    }

    let mut keys = ring();
    keys.revoked_keys.insert("k1".to_owned());
    let revoking = self::signatures(keys);
    assert!(!revoking.admits(&good, "GET", PATH));
    assert_eq!(revoking.sign(wanted(Some("k1"))), Err(NotSigned::KeyUnknown));
}

#[test]
fn what_was_signed_before_a_time_is_void_and_so_is_what_does_not_say_when() {
    let old = signatures(ring());
    let plain = old.sign(wanted(None)).unwrap();
    let named = old.sign(wanted(Some("k1"))).unwrap();

    for (not_before, counts) in [(NOW, true), (NOW + 1, false)] {
        let new = signatures(KeyRing { not_before: Some(not_before), ..ring() });
        assert_eq!(new.admits(&shown(&named, Some("k1")), "GET", PATH), counts);
        assert!(!new.admits(&shown(&plain, None), "GET", PATH));
        assert_eq!(new.sign(wanted(None)), Err(NotSigned::NoKey));
    }
}

#[test]
fn no_grant_lasts_longer_than_the_longest() {
    let free = signatures(ring());
    let bound = signatures(KeyRing { max_lifetime: Some(600), ..ring() });
    let long = free.sign(wanted(None)).unwrap();

    assert!(!bound.admits(&shown(&long, None), "GET", PATH));
    let far = Wanted { expires: Some(NOW + 601), ..wanted(None) };
    assert_eq!(bound.sign(far), Err(NotSigned::TooFar(600)));
    assert_eq!(bound.sign(wanted(None)).unwrap().expires, "2026-11-21T20:10:00");
}

#[test]
fn nothing_is_signed_without_a_key_or_for_the_past() {
    let none = signatures(KeyRing::default());
    let past = Wanted { expires: Some(NOW), ..wanted(None) };

    assert_eq!(none.sign(wanted(None)), Err(NotSigned::NoKey));
    assert_eq!(signatures(ring()).sign(past), Err(NotSigned::Past));
    let ambiguous = Wanted { methods: vec!["GET\\nPOST".to_owned()], ..wanted(None) };
    assert_eq!(signatures(ring()).sign(ambiguous), Err(NotSigned::Ambiguous));
}

#[test]
fn placeholders_of_examples_are_known() {
    for text in ["SOMELONGSECRETKEY", "ChangeMe", " secret ", "<secret>", "${KEY}"] {
        assert!(is_placeholder(&Secret::new(text)), "{text}");
    }
    assert!(!is_placeholder(&Secret::new("0f2b6a1e44")));
}

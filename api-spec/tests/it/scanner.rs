//! The scanner against another reader of JSON.

use bytes::Bytes;
use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};
use serde_json::Value;
use sukkal_spec::raw::{Cursor, Raw, RawError};

use super::document::anything;

fn scan(text: &[u8]) -> Result<Raw, RawError> {
    let source = Bytes::copy_from_slice(text);
    let mut cursor = Cursor::new(&source)?;
    let raw = cursor.raw()?;
    cursor.end()?;
    Ok(raw)
}

/// What the two readers may see differently: the scanner is stricter about numbers and deeper by one.
fn compare(text: &[u8]) -> Result<(), String> {
    let (ours, theirs) = (scan(text), serde_json::from_slice::<Value>(text));
    match (&ours, &theirs) {
        (Ok(_), Ok(_)) | (Err(_), Err(_)) | (Err(RawError::Integer(_)), Ok(_)) => Ok(()),
        (Ok(_), Err(error)) if error.to_string().contains("recursion limit") => Ok(()),
        _ => Err(format!("{:?}: {ours:?}, {theirs:?}", String::from_utf8_lossy(text))),
    }
}

proptest! {
    #[test]
    fn keeps_every_document_as_it_was_sent(json in anything()) {
        let text = json.render();

        match scan(text.as_bytes()) {
            Ok(raw) => prop_assert_eq!(raw.bytes(), text.as_bytes()),
            Err(_) => prop_assert!(json.is_refused()),
        }
    }

    #[test]
    fn reads_what_another_reader_reads(json in anything(), at in any::<usize>(), byte in any::<u8>()) {
        let mut text = json.render().into_bytes();
        let place = at % text.len();
        text[place] = byte;

        prop_assert_eq!(compare(&text), Ok(()));
    }

    #[test]
    fn refuses_what_another_reader_refuses(text in r#"[\[\]{}",:\\ truefalsn0-9.eE+u-]{0,24}"#) {
        prop_assert_eq!(compare(text.as_bytes()), Ok(()));
    }

    #[test]
    fn reads_strings_as_another_reader_does(text in r#""([ -~é😀]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4}|\\u[dD][89abAB][0-9a-f]{2}\\u[dD][c-fC-F][0-9a-f]{2}){0,8}""#) {
        let source = Bytes::copy_from_slice(text.as_bytes());
        let ours = Cursor::new(&source).and_then(|mut cursor| {
            let text = cursor.string()?.map(std::borrow::Cow::into_owned);
            cursor.end()?;
            Ok(text)
        });
        let theirs = serde_json::from_str::<String>(&text);

        prop_assert_eq!(ours.ok().flatten(), theirs.ok());
    }
}

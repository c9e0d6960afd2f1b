//! Texts of subscribers with a message put into them.

/// What stands for the message, with its quotes: they go as well, so that the message becomes an object.
const PLACE: &str = "\"$zaqar_message$\"";

/// Puts a message, the text of a JSON object, into a template wherever that says `"$zaqar_message$"`. Nothing if the
/// text would have more than `most` bytes.
pub fn fill(template: &str, message: &[u8], most: usize) -> Option<Vec<u8>> {
    let places = template.matches(PLACE).count();
    let fixed = template.len() - places * PLACE.len();
    let length = places.checked_mul(message.len())?.checked_add(fixed)?;
    if length > most {
        return None;
    }
    let mut filled = Vec::with_capacity(length);
    for (at, part) in template.split(PLACE).enumerate() {
        if at > 0 {
            filled.extend_from_slice(message);
        }
        filled.extend_from_slice(part.as_bytes());
    }
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(template: &str) -> String {
        String::from_utf8(fill(template, br#"{"a": 1}"#, 1000).unwrap()).unwrap()
    }

    #[test]
    fn the_message_stands_wherever_the_placeholder_stood_with_its_quotes() {
        assert_eq!(filled(r#"{"x": "$zaqar_message$"}"#), r#"{"x": {"a": 1}}"#);
        assert_eq!(filled(r#"["$zaqar_message$","$zaqar_message$"]"#), r#"[{"a": 1},{"a": 1}]"#);
        assert_eq!(filled(r#""$zaqar_message$""#), r#"{"a": 1}"#);
    }

    #[test]
    fn anything_else_is_left_as_it_is() {
        for text in ["", "x $zaqar_message$", r#""$zaqar_message""#, "$", r#""zaqar_message""#] {
            assert_eq!(filled(text), text);
        }
    }

    #[test]
    fn a_text_that_would_grow_too_large_is_not_made() {
        let bomb = PLACE.repeat(1000);

        assert_eq!(fill(&bomb, &[b'x'; 1000], 999_999), None);
        assert_eq!(fill(&bomb, &[b'x'; 1000], 1_000_000).map(|text| text.len()), Some(1_000_000));
        assert_eq!(fill("abc", b"", 2), None);
    }
}

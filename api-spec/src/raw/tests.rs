use super::*;

/// Reads one whole value.
fn scan(text: impl AsRef<[u8]>) -> Scan<Raw> {
    let source = Bytes::copy_from_slice(text.as_ref());
    let mut cursor = Cursor::new(&source)?;
    let raw = cursor.raw()?;
    cursor.end()?;
    Ok(raw)
}

fn string(text: &str) -> Scan<Option<String>> {
    let source = Bytes::copy_from_slice(text.as_bytes());
    let read = Cursor::new(&source)?.string()?;
    Ok(read.map(Cow::into_owned))
}

fn integer(text: &str) -> Scan<Option<i64>> {
    let source = Bytes::copy_from_slice(text.as_bytes());
    Cursor::new(&source)?.integer()
}

#[track_caller]
fn refuses(text: &str, wanted: RawError) {
    assert_eq!(scan(text), Err(wanted), "{text:?}");
}

#[test]
fn keeps_the_text_of_a_value_without_the_space_around_it() {
    for (text, kept) in [
        (" \t\r\n[1 , 2 ]\n ", "[1 , 2 ]"),
        ("{ \"a\" : { } }  ", "{ \"a\" : { } }"),
        ("  \"x \"", "\"x \""),
        ("-0.5e+2 ", "-0.5e+2"),
        ("true\n", "true"),
        ("null", "null"),
    ] {
        assert_eq!(scan(text).unwrap().bytes(), kept, "{text:?}");
    }
}

#[test]
fn takes_no_other_space_than_the_four_of_json() {
    for space in ["\u{a0}", "\u{b}", "\u{c}", "\u{feff}", "\u{2028}", "\0"] {
        assert!(scan(format!("[1,{space}2]")).is_err(), "{space:?}");
        assert!(scan(format!("{space}[1]")).is_err(), "{space:?}");
        assert!(scan(format!("[1]{space}")).is_err(), "{space:?}");
    }
}

#[test]
fn reads_128_levels_and_no_more() {
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let objects = |depth: usize| format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth));

    assert!(scan(nested(128)).is_ok());
    assert!(scan(objects(128)).is_ok());
    refuses(&nested(129), RawError::Depth(128));
    assert!(matches!(scan(objects(129)), Err(RawError::Depth(_))));
    assert!(matches!(scan("[".repeat(1_000_000)), Err(RawError::Depth(128))));
}

#[test]
fn counts_depth_not_brackets() {
    assert!(scan(format!("[{}[]]", "[],".repeat(1000))).is_ok());
}

#[test]
fn reads_integers_of_64_bits() {
    for (text, number) in [
        ("9223372036854775807", i64::MAX),
        ("-9223372036854775808", i64::MIN),
        ("0", 0),
        ("-0", 0),
        ("-1", -1),
    ] {
        assert_eq!(integer(text), Ok(Some(number)), "{text}");
    }
}

#[test]
fn refuses_integers_beyond_64_bits_wherever_they_stand() {
    refuses("9223372036854775808", RawError::Integer(0));
    refuses("-9223372036854775809", RawError::Integer(0));
    refuses("{\"a\": [18446744073709551615]}", RawError::Integer(7));
    refuses("100000000000000000000000000000000000000", RawError::Integer(0));
}

#[test]
fn takes_no_number_with_a_fraction_or_an_exponent_for_an_integer() {
    for text in ["1.0", "1e2", "1E0", "-0.0", "true", "\"1\"", "null", "[1]"] {
        assert_eq!(integer(text), Ok(None), "{text}");
    }
}

#[test]
fn refuses_numbers_beyond_a_double() {
    refuses("1e400", RawError::Number(0));
    refuses("[-1.5e999]", RawError::Number(1));
    refuses("1.0e99999999999999999999", RawError::Number(0));
    assert!(scan("1.7976931348623157e308").is_ok());
    assert!(scan("1e-400").is_ok());
}

#[test]
fn refuses_malformed_numbers() {
    for text in
        ["01", "-", "+1", ".5", "1.", "1.e1", "1e", "1e+", "-01", "0x10", "1_0", "--1", "1.2.3"]
    {
        assert!(matches!(scan(text), Err(RawError::Syntax(..))), "{text}");
    }
    for text in ["NaN", "Infinity", "-Infinity", "nan"] {
        assert!(matches!(scan(text), Err(RawError::Syntax(..))), "{text}");
    }
}

#[test]
fn reads_every_escape() {
    let read = string(r#""\"\\\/\b\f\n\r\t\u0041\u00e9\u20ac""#);

    assert_eq!(read.unwrap().unwrap(), "\"\\/\u{8}\u{c}\n\r\tAé€");
}

#[test]
fn reads_text_around_escapes() {
    assert_eq!(string(r#""a\nbü\tc""#).unwrap().unwrap(), "a\nbü\tc");
    assert_eq!(string(r#""""#).unwrap().unwrap(), "");
    assert_eq!(string(r#""plain ☃""#).unwrap().unwrap(), "plain ☃");
}

#[test]
fn joins_surrogate_pairs() {
    assert_eq!(
        string(r#""\ud83d\ude00\uD800\uDC00\udbff\udfff""#).unwrap().unwrap(),
        "😀𐀀\u{10ffff}"
    );
}

#[test]
fn refuses_lone_surrogates() {
    for text in [
        r#""\ud800""#,
        r#""\udc00""#,
        r#""\ud800\ud800""#,
        r#""\ud800\u0041""#,
        r#""\udc00\ud800""#,
        r#""\ud800x""#,
    ] {
        assert_eq!(scan(text), Err(RawError::Surrogate(1)), "{text}");
    }
    refuses(r#"{"\udfff": 1}"#, RawError::Surrogate(2));
    assert!(scan(r#""\ud800\""#).is_err());
}

#[test]
fn refuses_malformed_escapes() {
    for text in
        [r#""\x41""#, r#""\u12""#, r#""\u12g4""#, r#""\u+123""#, r#""\é""#, r#""\u00é0""#, "\"\\"]
    {
        assert!(matches!(scan(text), Err(RawError::Syntax(..))), "{text}");
    }
}

#[test]
fn takes_an_escaped_nul_but_no_plain_one() {
    assert_eq!(string(r#""a\u0000b""#).unwrap().unwrap(), "a\0b");
    assert!(scan("\"a\0b\"").is_err());
}

#[test]
fn refuses_control_characters_in_strings() {
    for code in 0..0x20_u8 {
        let text = format!("\"{}\"", char::from(code));
        assert!(matches!(scan(&text), Err(RawError::Syntax(_, 1))), "{code:#x}");
    }
    assert!(scan("\"\u{7f}\u{80}\u{2028}\"").is_ok());
}

#[test]
fn refuses_a_byte_order_mark() {
    assert!(matches!(scan("\u{feff}{}"), Err(RawError::Syntax(_, 0))));
}

#[test]
fn refuses_text_after_the_value() {
    for text in ["{} {}", "[1] x", "1 2", "nullx", "\"a\"\"b\"", "[],", "{}\0"] {
        assert!(matches!(scan(text), Err(RawError::Syntax(..))), "{text}");
    }
}

#[test]
fn refuses_what_is_cut_off() {
    for text in [
        "",
        "  ",
        "[",
        "[1",
        "[1,",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "\"a",
        "tru",
        "n",
        "-",
    ] {
        assert!(matches!(scan(text), Err(RawError::Syntax(..))), "{text}");
    }
}

#[test]
fn refuses_what_only_looks_like_json() {
    for text in [
        "[1,]",
        "{\"a\":1,}",
        "{a:1}",
        "{'a':1}",
        "['a']",
        "[1 2]",
        "{\"a\" 1}",
        "{\"a\":1 \"b\":2}",
        "{1:2}",
        "[,1]",
        "// x\n1",
        "True",
        "[}",
        "{]",
        "{\"a\":}",
    ] {
        assert!(matches!(scan(text), Err(RawError::Syntax(..))), "{text}");
    }
}

#[test]
fn refuses_bytes_that_are_not_utf8() {
    for (bytes, at) in [
        (&b"\"\xff\""[..], 1),
        (b"[\"a\xc3\"]", 3),
        (b"\"\xed\xa0\x80\"", 1),
        (b"\"\xc0\xaf\"", 1),
        (b"{}\x80", 2),
    ] {
        assert_eq!(scan(bytes), Err(RawError::Utf8(at)), "{bytes:?}");
    }
}

#[test]
fn tells_booleans_from_everything_else() {
    for (text, truth) in
        [("true", Some(true)), ("false", Some(false)), ("0", None), ("\"true\"", None)]
    {
        let source = Bytes::from_static(text.as_bytes());
        assert_eq!(Cursor::new(&source).unwrap().boolean(), Ok(truth), "{text}");
    }
}

#[test]
fn gives_no_list_when_one_element_does_not_fit_but_reads_on() {
    let source = Bytes::from_static(b"[1, \"x\", 3] ");
    let mut cursor = Cursor::new(&source).unwrap();

    let list = cursor.list(Cursor::integer);

    assert_eq!(list, Ok(None));
    assert_eq!(cursor.end(), Ok(()));
}

#[test]
fn reads_texts_by_name_and_the_later_of_two() {
    let source = Bytes::from_static(br#"{"a": "1", "b": "2", "a": "3"}"#);

    let read = Cursor::new(&source).unwrap().texts().unwrap().unwrap();

    assert_eq!(read, [("a".to_owned(), "3".to_owned()), ("b".to_owned(), "2".to_owned())]);
}

#[test]
fn gives_no_texts_for_an_object_that_holds_something_else() {
    for text in [r#"{"a": "1", "b": 2}"#, r#"{"a": null}"#, "[]", "\"a\""] {
        let source = Bytes::from_static(text.as_bytes());
        assert_eq!(Cursor::new(&source).unwrap().texts(), Ok(None), "{text}");
    }
}

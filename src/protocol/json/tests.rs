//! What the reader makes of Python's JSON, and two hundred thousand broken documents.

use serde_json::json;

use super::*;

#[test]
fn what_python_writes_beyond_the_standard_has_a_meaning() {
    for (text, value) in [
        ("NaN", json!("nan")),
        ("[Infinity, -Infinity]", json!(["inf", "-inf"])),
        ("[1e400, -1e400]", json!(["inf", "-inf"])),
        ("18446744073709551615", json!(u64::MAX)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("18446744073709551616", json!("18446744073709551616")),
        ("-9223372036854775809", json!("-9223372036854775809")),
        (r#"{"a": 1, "b": 2, "a": 3}"#, json!({"a": 3, "b": 2})),
        (r#""\ud83d\ude00 \u00e9 \/ é""#, json!("😀 é / é")),
        (" \t\r\n[ ]\n", json!([])),
        ("[-0, 0.1, 1E2, 1e-7]", json!([0, 0.1, 100.0, 1e-7])),
    ] {
        assert_eq!(read(text.as_bytes()), Ok(value), "{text}");
    }
}

#[test]
fn faults_name_the_place_and_the_keys_that_lead_there() {
    for (text, message) in [
        ("", "expected a value at line 1, column 1 of the JSON"),
        (
            "{\"é\":\n x}",
            "`é`: expected a value at line 2, column 2 of the JSON",
        ),
        (
            r#"{"a": {"b": [x]}}"#,
            "`a`: `b`: expected a value at line 1, column 14 of the JSON",
        ),
        (
            r#"{"a": {"b": 01}}"#,
            "`a`: expected `,` or `}` at line 1, column 14 of the JSON",
        ),
        (
            "{1: 2}",
            "expected a key in double quotes at line 1, column 2 of the JSON",
        ),
        (r#"{"a" 2}"#, "expected `:` at line 1, column 6 of the JSON"),
        ("[1 2]", "expected `,` or `]` at line 1, column 4 of the JSON"),
        ("[1.]", "expected a digit at line 1, column 4 of the JSON"),
        ("-", "expected a digit at line 1, column 2 of the JSON"),
        ("{} {}", "expected the end at line 1, column 4 of the JSON"),
        (
            "\"a\nb\"",
            "a control character stands unescaped in a string at line 1, column 3 of the JSON",
        ),
        (
            "\"a",
            "expected the end of a string at line 1, column 3 of the JSON",
        ),
        (
            r#""\x""#,
            "expected an escape that JSON knows at line 1, column 3 of the JSON",
        ),
        (
            r#""\u+123""#,
            "expected four hexadecimal digits at line 1, column 3 of the JSON",
        ),
    ] {
        assert_eq!(
            read(text.as_bytes()).map_err(|error| error.to_string()),
            Err(message.to_owned())
        );
    }
}

#[test]
fn half_a_surrogate_pair_is_refused_with_a_remedy() {
    for text in [
        r#"{"a": "\udcff"}"#,
        r#"{"a": "\ud83d"}"#,
        r#"{"a": "\ud83dx"}"#,
        r#"{"a": "\ud83d\u0041"}"#,
    ] {
        let error = read(text.as_bytes()).unwrap_err();
        assert!(error.cause().starts_with("`a`: `\\ud"), "{error}");
        assert!(
            error.remedy().is_some_and(|remedy| remedy.contains("UTF-8")),
            "{error}"
        );
    }
}

#[test]
fn bytes_that_are_not_utf8_are_refused_by_place() {
    let error = read(b"{\"a\": \"\xff\"}").unwrap_err();
    assert_eq!(error.cause(), "byte 8 of the JSON is not UTF-8");
}

#[test]
fn nesting_ends_at_the_limit() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(read(nested(DEPTH).as_bytes()).is_ok());
    let error = read(nested(DEPTH + 1).as_bytes()).unwrap_err();
    assert!(
        error.cause().starts_with("nested deeper than 128 levels"),
        "{error}"
    );
    assert!(read("{\"a\":".repeat(100_000).as_bytes()).is_err());
}

#[test]
fn faults_never_quote_values() {
    for text in [
        r#"{"token": "s3cret"#,
        r#"{"token": s3cret}"#,
        "{\"token\": \"s3cret\\q\"}",
        "{\"token\": \"s3cret\n\"}",
    ] {
        let error = read(text.as_bytes()).unwrap_err();
        assert!(!error.to_string().contains("s3cret"), "{error}");
    }
}

/// What `serde_json` accepts, this reader reads alike; and nothing makes either panic.
#[test]
fn two_hundred_thousand_mutations_agree_with_the_standard() {
    const SEEDS: [&str; 5] = [
        r#"{"toolkit": "{\"a\":1}", "force": "yes", "n": -5.25e3, "_ansible_tmpdir": null, "deep": [[{"a": [true, false]}]]}"#,
        r#"["\ud83d\ude00", "\u00e9é😀", "\\\"\/\b\f\n\r\t", NaN, Infinity, -Infinity, 12345678901234567890123]"#,
        r#"{"a": {"b": {"c": {"d": [0, -0, 0.0, 1e5, 1E-5, 9223372036854775807, 18446744073709551615]}}}}"#,
        "[ 1 ,\t2 ,\r\n{ } , [ ] , \"\" , null ]",
        r#"{"registry_auth": {"enabled": true, "username": "u", "token": "\udcff"}, "x": "y"}"#,
    ];
    const FRAGMENTS: &[u8] = b"{}[]\":,\\u0d8eE+-.19 \n\x00\xff\xc3\xa9NI";
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let (mut accepted, mut refused) = (0, 0);
    for round in 0..200_000 {
        let mut text = SEEDS[round % SEEDS.len()].as_bytes().to_vec();
        for _ in 0..=random.below(4) {
            let place = random.below(text.len());
            match random.below(5) {
                0 => text[place] = FRAGMENTS[random.below(FRAGMENTS.len())],
                1 => text.insert(place, FRAGMENTS[random.below(FRAGMENTS.len())]),
                2 if text.len() > 1 => drop(text.remove(place)),
                3 if place > 0 => text.truncate(place),
                _ => text.extend_from_within(place..),
            }
        }
        match (read(&text), serde_json::from_slice::<Value>(&text)) {
            (Ok(ours), Ok(theirs)) => {
                assert!(same(&ours, &theirs), "{}", String::from_utf8_lossy(&text));
                accepted += 1;
            }
            (Err(error), Ok(_)) => panic!("{error}: {}", String::from_utf8_lossy(&text)),
            (_, Err(_)) => refused += 1,
        }
    }
    assert!(accepted > 5_000, "{accepted} of the mutations were still JSON");
    assert!(refused > 5_000, "{refused} of the mutations were no longer JSON");
}

fn same(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len() && ours.iter().zip(theirs).all(|(ours, theirs)| same(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|((key, value), (their_key, their_value))| {
                        key == their_key && same(value, their_value)
                    })
        }
        (Value::String(digits), Value::Number(number)) => close(digits.parse().ok(), number.as_f64()),
        (Value::Number(ours), Value::Number(theirs)) if theirs.is_f64() => {
            close(ours.as_f64(), theirs.as_f64())
        }
        _ => ours == theirs,
    }
}

/// `serde_json` may miss the nearest float by a little; Python and this reader do not.
fn close(ours: Option<f64>, theirs: Option<f64>) -> bool {
    matches!((ours, theirs), (Some(ours), Some(theirs)) if (ours - theirs).abs() <= theirs.abs() * 1e-15)
}

/// A small generator with a fixed seed: the same documents on every machine.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}

//! Digests and base64.
//!
//! Owns the SHA-2 family; MD5 and SHA-1 are not in the binary and are refused by name.

use base64::Engine;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use sha2::{Digest, Sha224, Sha256, Sha384, Sha512};

use crate::template::arguments::Arguments;
use crate::template::fault::{Fault, Outcome};
use crate::template::python;
use crate::template::value::Value;

pub fn hash(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let [kind] = arguments.bind(["hashtype"])?;
    let text = python::text(value)?;
    let kind = kind.text("sha1")?;
    let digest = match &*kind {
        "sha224" => hexadecimal(&Sha224::digest(text.as_bytes())),
        "sha256" => hexadecimal(&Sha256::digest(text.as_bytes())),
        "sha384" => hexadecimal(&Sha384::digest(text.as_bytes())),
        "sha512" => hexadecimal(&Sha512::digest(text.as_bytes())),
        other => return Err(Fault::unsupported(format!("the hash `{other}`")).with_remedy("use `sha256`")),
    };
    Ok(Value::text(digest))
}

fn hexadecimal(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing into a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Returns the engine of `urlsafe` or of the plain alphabet.
fn engine(arguments: Arguments, padding: DecodePaddingMode) -> Outcome<GeneralPurpose> {
    let [encoding, urlsafe] = arguments.bind(["encoding", "urlsafe"])?;
    let encoding = encoding.text("utf-8")?.to_lowercase();
    if encoding != "utf-8" && encoding != "utf8" {
        return Err(Fault::unsupported(format!("the encoding `{encoding}`")));
    }
    let alphabet = if urlsafe.truth(false)? {
        alphabet::URL_SAFE
    } else {
        alphabet::STANDARD
    };
    Ok(GeneralPurpose::new(
        &alphabet,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(padding)
            .with_decode_allow_trailing_bits(true),
    ))
}

pub fn b64encode(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let engine = engine(arguments, DecodePaddingMode::RequireCanonical)?;
    Ok(Value::text(engine.encode(python::text(value)?.as_bytes())))
}

pub fn b64decode(value: &Value, arguments: Arguments) -> Outcome<Value> {
    let engine = engine(arguments, DecodePaddingMode::RequireCanonical)?;
    let Value::Text(text) = value else {
        return Err(value.misuse("cannot be decoded"));
    };
    let bytes = engine
        .decode(text.as_bytes())
        .map_err(|error| Fault::new(format!("this is not base64: {error}")))?;
    String::from_utf8(bytes)
        .map(Value::text)
        .map_err(|_| Fault::new("the decoded bytes are not UTF-8"))
}

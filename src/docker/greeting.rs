//! The first word with an engine: whether it answers, and by its headers, who it is.
//!
//! `/_ping` costs an engine nothing, while `/version` makes Docker start three programs to ask them theirs. The
//! headers tell the same, but bollard drops them, so this one request is made without it.

use std::io;
use std::path::Path;

use hyper::header::{HeaderMap, SERVER};

use super::{Identity, Product, plain};

/// Asks the engine behind `socket`. `None` when it answers, but does not say who it is.
///
/// # Errors
/// The system's when nobody listens or this user may not connect; the words of the protocol's failure otherwise.
pub async fn greet(socket: &Path) -> io::Result<Option<Identity>> {
    Ok(identity(plain::get(socket, "/_ping").await?.headers()))
}

/// Reads `Server: Docker/20.10.24 (linux)` or `Server: Libpod/4.3.1 (linux)`, and the version of the API.
fn identity(headers: &HeaderMap) -> Option<Identity> {
    let text = |value: &hyper::header::HeaderValue| value.to_str().ok().map(str::to_owned);
    let server = text(headers.get(SERVER)?)?;
    let (name, rest) = server.split_once('/')?;
    let product = match name {
        "Docker" => Product::Docker,
        "Libpod" => Product::Podman,
        _ => return None,
    };
    Some(Identity {
        product,
        version: rest.split(' ').next()?.to_owned(),
        api_version: text(headers.get("api-version")?)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    #[test]
    fn the_headers_tell_who_answers() {
        for (server, expected) in [
            (
                "Docker/20.10.24+dfsg1 (linux)",
                Some((Product::Docker, "20.10.24+dfsg1")),
            ),
            ("Libpod/4.3.1 (linux)", Some((Product::Podman, "4.3.1"))),
            ("nginx/1.2", None),
            ("Docker", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(SERVER, HeaderValue::from_static(server));
            headers.insert("api-version", HeaderValue::from_static("1.41"));
            let found = identity(&headers);
            assert_eq!(
                found
                    .as_ref()
                    .map(|found| (found.product, found.version.as_str())),
                expected,
                "{server}"
            );
            assert!(found.is_none_or(|found| found.api_version == "1.41"));
        }
        assert_eq!(identity(&HeaderMap::new()), None);
    }
}

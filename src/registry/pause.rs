//! How long a registry asks to be left alone: the header `Retry-After`, which neither engines nor the client for
//! digests hand on.

use std::time::Duration;

use chrono::{DateTime, Utc};
use oci_client::Reference as OciReference;
use oci_client::client::Certificate;
use reqwest::header::{HeaderValue, RETRY_AFTER};
use reqwest::{Client, RequestBuilder, StatusCode};

/// Opens a client that trusts the system's authorities and `authorities`.
///
/// # Errors
/// When one of them is no certificate.
pub(super) fn client(authorities: &[Certificate], timeout: Duration) -> reqwest::Result<Client> {
    let authorities = authorities
        .iter()
        .map(|certificate| reqwest::Certificate::from_pem(&certificate.data))
        .collect::<reqwest::Result<Vec<_>>>()?;
    Client::builder()
        .tls_certs_merge(authorities)
        .connect_timeout(timeout)
        .read_timeout(timeout)
        .user_agent(super::USER_AGENT)
        .build()
}

/// Asks for the head of the manifest of `image`; `shown` adds who asks.
pub(super) async fn ask(
    client: &Client,
    image: &OciReference,
    shown: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> Option<Duration> {
    let (host, repository) = (image.resolve_registry(), image.repository());
    let version = image.digest().or(image.tag()).unwrap_or("latest");
    let request = client.head(format!("https://{host}/v2/{repository}/manifests/{version}"));
    let answer = shown(request).send().await.ok()?;
    match answer.status() {
        StatusCode::TOO_MANY_REQUESTS => from_header(answer.headers().get(RETRY_AFTER)?, Utc::now()),
        _ => None,
    }
}

/// Reads seconds, or the date at which to come again.
fn from_header(value: &HeaderValue, now: DateTime<Utc>) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    Some((date.with_timezone(&Utc) - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_holds_seconds_or_a_date() {
        let now = DateTime::parse_from_rfc3339("2026-11-24T12:00:00Z").unwrap();
        for (text, pause) in [
            ("7", Some(7)),
            (" 0 ", Some(0)),
            ("Tue, 24 Nov 2026 12:00:30 GMT", Some(30)),
            ("Tue, 24 Nov 2026 11:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
        ] {
            let read = from_header(&HeaderValue::from_static(text), now.with_timezone(&Utc));
            assert_eq!(read, pause.map(Duration::from_secs), "{text}");
        }
    }
}

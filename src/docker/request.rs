//! One request on the engine's socket, made without bollard.
//!
//! For answers of which bollard drops a part, or which its types refuse: Podman knows states of a container that
//! Docker's interface has no word for. And for questions that its types cannot ask. It understands nothing of what it
//! carries, but for where an engine writes why it refuses.

use std::io;
use std::path::Path;

use http_body_util::{BodyExt as _, Full};
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HOST};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::UnixStream;

/// Asks for `path` and returns the answer with its body.
///
/// # Errors
/// The system's when nobody listens or this user may not connect; the words of the protocol's failure otherwise.
pub async fn get(socket: &Path, path: &str) -> io::Result<Response<Bytes>> {
    let request = hyper::Request::get(path).header(HOST, "engine");
    exchange(socket, request.body(Full::default())).await
}

/// Sends `body` to `path` and returns the answer with its body.
///
/// # Errors
/// As those of [`get`].
pub async fn post(socket: &Path, path: &str, body: &Value) -> io::Result<Response<Bytes>> {
    let request = hyper::Request::post(path)
        .header(HOST, "engine")
        .header(CONTENT_TYPE, "application/json");
    exchange(socket, request.body(Full::from(body.to_string()))).await
}

/// Returns the engine's own words in an answer that tells of a failure.
#[must_use]
pub fn message(answer: &Response<Bytes>) -> String {
    let body = String::from_utf8_lossy(answer.body());
    let told = serde_json::from_str::<Value>(&body)
        .ok()
        .and_then(|body| body.get("message")?.as_str().map(str::to_owned));
    told.unwrap_or_else(|| body.trim().to_owned())
}

async fn exchange(
    socket: &Path,
    request: hyper::http::Result<hyper::Request<Full<Bytes>>>,
) -> io::Result<Response<Bytes>> {
    let request = request.map_err(io::Error::other)?;
    let stream = UnixStream::connect(socket).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let exchange = async {
        let response: Response<Incoming> = sender.send_request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        // Without a sender the connection ends.
        drop(sender);
        Ok(Response::from_parts(head, body))
    };
    let (response, _) = tokio::join!(exchange, connection);
    response.map_err(|error: hyper::Error| io::Error::other(error))
}

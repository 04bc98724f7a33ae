//! One request on the engine's socket, made without bollard.
//!
//! For answers of which bollard drops a part, or which its types refuse: Podman knows states of a container that
//! Docker's interface has no word for. It understands nothing of what it carries.

use std::io;
use std::path::Path;

use http_body_util::{BodyExt as _, Empty};
use hyper::Response;
use hyper::body::{Bytes, Incoming};
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

/// Asks for `path` and returns the answer with its body.
///
/// # Errors
/// The system's when nobody listens or this user may not connect; the words of the protocol's failure otherwise.
pub async fn get(socket: &Path, path: &str) -> io::Result<Response<Bytes>> {
    let stream = UnixStream::connect(socket).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let request = hyper::Request::get(path)
        .header(HOST, "engine")
        .body(Empty::<Bytes>::new())
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

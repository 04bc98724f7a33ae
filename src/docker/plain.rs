//! Questions to an engine that are asked without bollard: where it drops what is in the answer, or refuses an answer
//! for a word in it that it does not know, as Podman's states.
//!
//! Owns the connection for one question. What the answer means is for those who ask.

use std::io;
use std::path::Path;

use http_body_util::{BodyExt as _, Empty};
use hyper::Response;
use hyper::body::Bytes;
use hyper::header::HOST;
use hyper_util::rt::TokioIo;
use tokio::net::UnixStream;

/// Asks the engine behind `socket` for `path`.
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
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = body.collect().await?.to_bytes();
        // Without a sender the connection ends.
        drop(sender);
        Ok(Response::from_parts(head, body))
    };
    let (response, _) = tokio::join!(exchange, connection);
    response.map_err(|error: hyper::Error| io::Error::other(error))
}

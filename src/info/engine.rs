//! The engine: who it is and whether it answers.

use std::path::PathBuf;

use serde_json::Value;

use super::unknown;
use crate::docker::Identity;
use crate::error::{Error, Result};
use crate::observed;
use crate::report;
use crate::resource::images::Access;

#[derive(Debug, Clone)]
pub struct Observed {
    identity: Identity,
    socket: PathBuf,
    buildx: Option<bool>,
}

/// # Errors
/// When no engine answers, or it does not say who it is.
pub async fn observe(access: Result<&Access, &Error>) -> Result<Observed> {
    let engine = &access.map_err(Clone::clone)?.engine;
    let identity = engine.identity().await?.clone();
    Ok(Observed {
        buildx: observed::buildx(&identity),
        socket: engine.socket.clone(),
        identity,
    })
}

#[must_use]
pub fn report(observed: &Result<Observed>) -> Value {
    match observed {
        Ok(Observed {
            identity,
            socket,
            buildx,
        }) => report::engine(socket, identity, *buildx),
        Err(error) => unknown(error),
    }
}

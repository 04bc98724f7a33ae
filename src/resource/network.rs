//! The external network of the override: compose refuses to start where it does not exist.

use serde_json::{Value, json};

use crate::difference::Difference;
use crate::docker::{Engine, Network};
use crate::error::{Error, Kind, Result};

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    Create {
        name: String,
    },
    /// Of several by one name, compose takes none.
    RemoveDuplicates {
        name: String,
        ids: Vec<String>,
    },
}

/// # Errors
/// The engine's.
pub async fn observe(name: &str, engine: &Engine) -> Result<Vec<Network>> {
    engine.networks(name).await
}

/// # Errors
/// `Refused` where several are somebody else's.
pub fn plan(name: &str, networks: &[Network]) -> Result<Option<Change>> {
    let (ours, theirs): (Vec<&Network>, Vec<&Network>) = networks.iter().partition(|network| network.is_ours);
    let name = name.to_owned();
    let spare = match (networks, theirs.as_slice()) {
        ([], _) => return Ok(Some(Change::Create { name })),
        ([_], _) => return Ok(None),
        (_, []) => &ours[1..],
        (_, [_]) => ours.as_slice(),
        _ => {
            let ids: Vec<&str> = theirs.iter().map(|network| network.id.as_str()).collect();
            return Err(Error::new(
                Kind::Refused,
                format!("{} networks are called `{name}`", networks.len()),
            )
            .with_remedy(format!(
                "remove all but one of them with `docker network rm`: `{}`",
                ids.join("`, `")
            )));
        }
    };
    let ids = spare.iter().map(|network| network.id.clone()).collect();
    Ok(Some(Change::RemoveDuplicates { name, ids }))
}

impl Change {
    #[must_use]
    pub fn action(&self) -> String {
        match self {
            Self::Create { name } => format!("Created network `{name}`"),
            Self::RemoveDuplicates { name, .. } => format!("Removed duplicates of network `{name}`"),
        }
    }

    #[must_use]
    pub fn difference(&self) -> Difference {
        match self {
            Self::Create { name } => Difference::new(
                format!("network {name}"),
                json!({ "state": "absent" }),
                json!({ "state": "present", "driver": "bridge" }),
            ),
            Self::RemoveDuplicates { name, ids } => Difference::new(
                format!("network {name}"),
                json!({ "duplicates": ids }),
                json!({ "duplicates": [] }),
            ),
        }
    }

    /// # Errors
    /// The engine's.
    pub async fn apply(&self, engine: &Engine) -> Result<()> {
        match self {
            Self::Create { name } => engine.create_network(name).await,
            Self::RemoveDuplicates { ids, .. } => {
                for id in ids {
                    engine.remove_network(id).await?;
                }
                Ok(())
            }
        }
    }
}

/// Returns what the result says of the network.
#[must_use]
pub fn report(name: &str, change: Option<&Change>) -> Value {
    json!({ "name": name, "changed": change.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(ours: &[bool]) -> Vec<Network> {
        let network = |(number, is_ours): (usize, &bool)| Network {
            id: number.to_string(),
            is_ours: *is_ours,
        };
        ours.iter().enumerate().map(network).collect()
    }

    #[test]
    fn one_network_is_what_there_has_to_be() {
        let create = Change::Create {
            name: "builds".to_owned(),
        };
        let remove = |ids: &[&str]| Change::RemoveDuplicates {
            name: "builds".to_owned(),
            ids: ids.iter().map(|id| (*id).to_owned()).collect(),
        };
        for (ours, expected) in [
            (&[][..], Some(create)),
            (&[true], None),
            (&[false], None),
            (&[true, true, true], Some(remove(&["1", "2"]))),
            (&[true, false], Some(remove(&["0"]))),
        ] {
            assert_eq!(plan("builds", &networks(ours)), Ok(expected), "{ours:?}");
        }
        let error = plan("builds", &networks(&[false, true, false])).unwrap_err();
        assert!(error.cause().contains("3 networks are called `builds`"));
        assert!(error.remedy().unwrap().contains("`0`, `2`"));
    }
}

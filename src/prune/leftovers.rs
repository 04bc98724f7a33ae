//! What builds leave besides artifacts: staging directories and logs.

use std::ffi::OsString;
use std::path::Path;

use crate::artifacts::Moment;
use crate::builds::place::Place;
use crate::error::Result;
use crate::files;
use crate::files::clearing;
use crate::files::usage::{self, Usage};

/// As what a directory is removed. Taking things from it makes it young, so that only its name can tell the next run
/// that this one was killed over it.
const GOING: &str = "going";

/// What goes of one build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    pub build: String,
    /// In the directory of the build.
    pub name: OsString,
    pub usage: Usage,
}

/// Returns what is in the directory of the build, but for its record, that was last written before `moment`.
///
/// # Errors
/// The system's, with the path.
pub fn older_than(moment: Moment, place: &Place) -> Result<Vec<Leftover>> {
    let staging = place.staging();
    let log = place.log();
    let names = [staging.file_name(), log.file_name()];
    Ok(usage::measure(&place.directory())?
        .into_iter()
        .filter(|entry| {
            let name = entry.name.to_string_lossy();
            let is_older_log = name
                .strip_prefix("log.")
                .is_some_and(|age| age.bytes().all(|byte| byte.is_ascii_digit()));
            is_older_log || name == GOING || names.contains(&Some(&entry.name))
        })
        .filter(|entry| entry.name == GOING || entry.usage.modified < moment.seconds)
        .map(|entry| Leftover {
            build: place.name().to_owned(),
            name: entry.name,
            usage: entry.usage,
        })
        .collect())
}

/// Removes `leftover` from `directory`, its build's.
///
/// # Errors
/// The system's, with the path. Doing it again goes on where this ended.
pub fn remove(directory: &Path, leftover: &Leftover) -> Result<()> {
    if leftover.name != GOING {
        clearing::clear(directory, Path::new(GOING))?;
        files::rename(&directory.join(&leftover.name), &directory.join(GOING))?;
    }
    clearing::clear(directory, Path::new(GOING))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn the_record_stays_and_all_else_goes_by_its_age() {
        let artifacts = tempfile::tempdir().unwrap();
        let place = Place::new(artifacts.path(), "envoy").unwrap();
        fs::create_dir_all(place.staging().join("envoy")).unwrap();
        for path in [
            place.log(),
            place.older_log(1),
            place.record(),
            place.directory().join("log.txt"),
        ] {
            fs::write(path, "x").unwrap();
        }
        let at = |seconds| Moment {
            seconds,
            nanoseconds: 0,
        };
        assert_eq!(older_than(at(1_000_000), &place), Ok(Vec::new()));
        let names: Vec<OsString> = older_than(at(9_000_000_000), &place)
            .unwrap()
            .into_iter()
            .map(|leftover| leftover.name)
            .collect();
        assert_eq!(names, ["log", "log.1", "staging"]);
    }

    #[test]
    fn what_a_killed_run_was_removing_goes_however_young_it_is() {
        let artifacts = tempfile::tempdir().unwrap();
        let place = Place::new(artifacts.path(), "envoy").unwrap();
        fs::create_dir_all(place.staging().join("envoy")).unwrap();
        fs::create_dir_all(place.directory().join(GOING).join("envoy")).unwrap();
        let long_ago = Moment {
            seconds: 1_000_000,
            nanoseconds: 0,
        };
        let left = older_than(long_ago, &place).unwrap();
        assert_eq!(left.iter().map(|one| &one.name).collect::<Vec<_>>(), [GOING]);
        let staging = Leftover {
            name: "staging".into(),
            ..left[0].clone()
        };
        for leftover in [&staging, &left[0]] {
            remove(&place.directory(), leftover).unwrap();
            assert_eq!(fs::read_dir(place.directory()).unwrap().count(), 0);
        }
    }
}

//! What a build's end means, in words: why it failed, and what to do about it. Pure.

use std::fmt::Write as _;
use std::path::Path;

use super::watch::{Cause, End, KILLED};
use crate::error::{Error, Kind};
use crate::files::Space;

/// With less than this left, it is the disk that a build failed for.
const NEXT_TO_NOTHING: u64 = 16 << 20;
/// What tools print when a disk is full: the system's own words.
const FULL: &str = "no space left on device";

/// What is known beside the end itself.
#[derive(Debug, Clone, Copy)]
pub struct Circumstances<'a> {
    pub name: &'a str,
    pub container: &'a str,
    pub log: &'a Path,
    pub tail: &'a [String],
    /// Bytes that the build might use.
    pub memory: u64,
    /// Seconds that it might take.
    pub limit: u64,
    /// Where it wrote, and the room there.
    pub spaces: &'a [(&'a Path, Space)],
    /// Whether the container stays.
    pub is_kept: bool,
}

/// Returns why the build failed; `None` for one that did not.
#[must_use]
pub fn failure(end: &End, circumstances: &Circumstances<'_>) -> Option<Error> {
    let Circumstances {
        name,
        container,
        log,
        tail,
        memory,
        limit,
        spaces,
        is_kept,
    } = circumstances;
    let code = end.container.exit_code;
    let full = spaces
        .iter()
        .find(|(_, space)| space.full || space.available < NEXT_TO_NOTHING);
    let says_full = tail.iter().any(|line| line.to_ascii_lowercase().contains(FULL));
    let (kind, cause, remedy) = match end.cause {
        Cause::Told => (
            Kind::Interrupted,
            format!("the build of `{name}` was stopped"),
            "run it again: it starts anew, with its cache".to_owned(),
        ),
        Cause::Time => (
            Kind::Failed,
            format!("the build of `{name}` took longer than `build_timeout` ({limit} s) and was stopped"),
            "raise `build_timeout`, or run it again: it starts anew, with its cache".to_owned(),
        ),
        Cause::Engine => (
            Kind::Failed,
            format!(
                "the engine went away while it built `{name}`, and the build ended meanwhile, with exit code {code}: \
                 nobody can tell whether by itself"
            ),
            "see the engine's log, and run it again: it starts anew, with its cache".to_owned(),
        ),
        Cause::Itself if !end.container.error.is_empty() => (
            Kind::Failed,
            format!("the build of `{name}` could not run: {}", end.container.error),
            "check `command`, `network` and the image".to_owned(),
        ),
        Cause::Outside => stopped(name, code),
        Cause::Itself if code == 0 => return None,
        Cause::Itself if end.container.out_of_memory => (
            Kind::Failed,
            format!(
                "the build of `{name}` ran out of memory: it may use {}",
                mebibytes(*memory)
            ),
            "raise `memory`, or let fewer jobs run at once (`envoy_build.parallel_jobs`)".to_owned(),
        ),
        Cause::Itself if full.is_some() || says_full => (
            Kind::Failed,
            match full {
                Some((path, space)) => format!(
                    "the build of `{name}` failed with exit code {code}, and the file system of `{}` has {} left",
                    path.display(),
                    mebibytes(space.available)
                ),
                None => format!("the build of `{name}` found no space left on a device (exit code {code})"),
            },
            "free space (`cross_compile_prune`, `df -h`, `docker system df`) and run again".to_owned(),
        ),
        Cause::Itself if code == KILLED => stopped(name, code),
        Cause::Itself => (
            Kind::Failed,
            format!("the build of `{name}` failed with exit code {code}"),
            String::new(),
        ),
    };
    let mut advice = remedy;
    if !advice.is_empty() {
        advice.push_str("; ");
    }
    // Writing into a string cannot fail.
    write!(advice, "its whole log is in `{}`", log.display()).unwrap_or_default();
    if *is_kept {
        write!(advice, ", and `docker logs {container}` shows it, too").unwrap_or_default();
    }
    if !tail.is_empty() {
        write!(advice, "; its end is:\n{}", tail.join("\n")).unwrap_or_default();
    }
    Some(Error::new(kind, cause).with_remedy(advice))
}

fn stopped(name: &str, code: i64) -> (Kind, String, String) {
    let how = if code == KILLED { "killed" } else { "stopped" };
    (
        Kind::Failed,
        format!("the build of `{name}` was {how} from outside (exit code {code})"),
        "find out whether the engine was restarted or somebody stopped it, and run again".to_owned(),
    )
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::docker::containers::{Container, State};
    use std::collections::HashMap;

    const ROOM: Space = Space {
        available: 1 << 40,
        total: 1 << 41,
        read_only: false,
        full: false,
    };

    fn end(cause: Cause, exit_code: i64) -> End {
        End {
            cause,
            container: Container {
                id: "c".to_owned(),
                labels: HashMap::new(),
                state: State::Ended,
                exit_code,
                out_of_memory: false,
                error: String::new(),
                started_on: None,
                finished_on: None,
            },
        }
    }

    fn told(end: &End, tail: &[&str], space: Space) -> Option<Error> {
        let tail: Vec<String> = tail.iter().map(|line| (*line).to_owned()).collect();
        failure(
            end,
            &Circumstances {
                name: "envoy",
                container: "goldentooth-envoy-builder",
                log: Path::new("/srv/log"),
                tail: &tail,
                memory: 1 << 30,
                limit: 7,
                spaces: &[(Path::new("/srv"), ROOM), (Path::new("/cache"), space)],
                is_kept: true,
            },
        )
    }

    #[test]
    fn every_end_has_its_own_cause_and_remedy() {
        let mut out_of_memory = end(Cause::Itself, 137);
        out_of_memory.container.out_of_memory = true;
        let mut broken = end(Cause::Itself, 128);
        broken.container.error = "no such network".to_owned();
        let full = Space { full: true, ..ROOM };
        let nearly = Space {
            available: 4096,
            ..ROOM
        };
        for (end, tail, space, cause, remedy) in [
            (
                end(Cause::Itself, 2),
                vec!["error: x"],
                ROOM,
                "exit code 2",
                "its whole log",
            ),
            (
                end(Cause::Time, 143),
                vec![],
                ROOM,
                "`build_timeout` (7 s)",
                "raise `build_timeout`",
            ),
            (end(Cause::Told, 143), vec![], ROOM, "was stopped", "starts anew"),
            (
                out_of_memory,
                vec![],
                ROOM,
                "ran out of memory: it may use 1024 MiB",
                "raise `memory`",
            ),
            (
                end(Cause::Engine, 255),
                vec![],
                ROOM,
                "the engine went away",
                "starts anew",
            ),
            (
                end(Cause::Itself, 137),
                vec![],
                ROOM,
                "killed from outside",
                "restarted",
            ),
            (
                end(Cause::Outside, 0),
                vec![],
                ROOM,
                "stopped from outside (exit code 0)",
                "restarted",
            ),
            (
                end(Cause::Itself, 1),
                vec![],
                full,
                "file system of `/cache`",
                "cross_compile_prune",
            ),
            (
                end(Cause::Itself, 1),
                vec![],
                nearly,
                "has 0 MiB left",
                "cross_compile_prune",
            ),
            (
                end(Cause::Itself, 1),
                vec!["cc: x: No space left on device"],
                ROOM,
                "no space left",
                "docker system df",
            ),
            (
                broken,
                vec![],
                ROOM,
                "could not run: no such network",
                "`network`",
            ),
        ] {
            let error = told(&end, &tail, space).unwrap();
            assert!(error.cause().contains(cause), "{error}");
            let advice = error.remedy().unwrap();
            assert!(advice.contains(remedy), "{error}");
            assert!(advice.contains("/srv/log") && advice.contains("docker logs goldentooth-envoy-builder"));
            assert!(tail.iter().all(|line| advice.ends_with(line)), "{error}");
        }
    }

    #[test]
    fn a_build_that_ended_well_did_not_fail_whatever_room_is_left() {
        let full = Space { full: true, ..ROOM };
        assert_eq!(
            told(&end(Cause::Itself, 0), &["no space left on device"], full),
            None
        );
        // Stopped, or perhaps stopped, even though it then said that all was well.
        for cause in [Cause::Time, Cause::Told, Cause::Engine, Cause::Outside] {
            assert!(told(&end(cause, 0), &[], ROOM).is_some(), "{cause:?}");
        }
    }
}

//! A mount namespace of a test's own: file systems that are read-only, small or full, and a lock that nobody
//! else waits for.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::Station;

/// The directory of a station that stands in for the system's `/run/lock`.
pub const LOCKS: &str = "locks";

/// Returns the command that runs the station's binary in a mount namespace, after the shell commands of `mounts`;
/// the station's own directory holds the lock there. The process is the binary itself, not a shell around it.
pub fn private(station: &Station, more: Value, mounts: &str) -> Command {
    wrapped(station, more, mounts, &[])
}

/// As `private`, with the binary run by `wrapper`.
pub fn wrapped(station: &Station, more: Value, mounts: &str, wrapper: &[&str]) -> Command {
    let locks = station.path(LOCKS);
    std::fs::create_dir_all(&locks).unwrap();
    let script = format!(
        "set -e; mount --bind '{}' /run/lock; {mounts}\nexec \"$@\"",
        locks.display()
    );
    let inner = station.command(more);
    let mut command = Command::new("unshare");
    command
        .args(["--mount", "--propagation", "private", "sh", "-c", &script, "sh"])
        .args(wrapper)
        .arg(inner.get_program())
        .args(inner.get_args())
        .env_clear()
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .current_dir("/");
    command
}

/// Returns every entry below `directory` whose name only a run that did not end leaves.
pub fn leftovers(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![directory.to_path_buf()];
    while let Some(path) = open.pop() {
        for entry in std::fs::read_dir(path).unwrap().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_ours = name.starts_with(".cross-compile-toolkit.") || name.contains(".cross_compile.");
            if is_ours || name == "index.lock" || name.starts_with(".tmp") || name.starts_with("tmp_") {
                found.push(entry.path().display().to_string());
            }
            if entry.file_type().unwrap().is_dir() {
                open.push(entry.path());
            }
        }
    }
    found
}

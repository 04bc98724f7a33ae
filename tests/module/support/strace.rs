//! Faults from inside: a system call that fails, or the last one before the process is killed.

use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::answer::Answer;

/// How many points are tried at the same time.
const WORKERS: usize = 3;

/// Every system call of a run that changes something, on disk or at a server.
pub const CALLS: &str = "?mkdir,?mkdirat,?rmdir,?rename,?renameat,?renameat2,?unlink,?unlinkat,?link,?linkat,?symlink,\
    ?symlinkat,?chmod,?fchmod,?fchmodat,?chown,?fchown,?fchownat,?lchown,?ftruncate,?fsync,?fdatasync,?pwrite64,\
    ?writev,?sendto,?sendmsg,?write";
/// Those that fail where a disk is full or broken, their path being known to the caller.
pub const DISK_CALLS: &str = "?mkdir,?mkdirat,?rename,?renameat,?renameat2,?link,?linkat,?symlink,?ftruncate,?fsync,\
    ?fdatasync,?pwrite64,?write,?fchmod,?chmod,?open,?openat";

/// The one thing that is written and lies on no disk: what wakes the runtime, an eventfd. `strace` fails it all the
/// same, and no full or broken disk does.
const NO_DISK: &str = "failed to wake I/O driver";

/// Whose run it is, and how to put it behind other words, `strace` and its options.
pub trait Traceable {
    fn behind(&self, words: &[&str]) -> Command;
}

/// One occurrence of a system call: `number` is its count among the calls of this name in one thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    pub call: String,
    pub number: usize,
}

/// Returns every occurrence of `calls` in a run of `station`, in the order of their names.
pub fn points(station: &impl Traceable, calls: &str) -> Vec<Point> {
    let trace = tempfile::NamedTempFile::new().unwrap();
    let path = trace.path().to_string_lossy();
    let output = traced(station, &["-e", &format!("trace={calls}"), "-o", &path]);
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(trace.path()).unwrap();
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in text.lines() {
        let Some((thread, rest)) = line.split_once(' ') else {
            continue;
        };
        let Some((call, _)) = rest.trim_start().split_once('(') else {
            continue;
        };
        if call
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        {
            *counts.entry((call.to_owned(), thread.to_owned())).or_default() += 1;
        }
    }
    let mut most: BTreeMap<String, usize> = BTreeMap::new();
    for ((call, _), count) in counts {
        let entry = most.entry(call).or_default();
        *entry = count.max(*entry);
    }
    let each = |(call, count): (String, usize)| {
        (1..=count).map(move |number| Point {
            call: call.clone(),
            number,
        })
    };
    most.into_iter().flat_map(each).collect()
}

/// Returns `count` of `points`, evenly spread; all of them where the environment variable `KILL_POINTS` is `all`.
pub fn spread(points: &[Point], count: usize) -> Vec<Point> {
    let all = std::env::var("KILL_POINTS").is_ok_and(|value| value == "all");
    let count = if all {
        points.len()
    } else {
        count.min(points.len())
    };
    (0..count)
        .map(|index| points[index * points.len() / count].clone())
        .collect()
}

/// Runs the station with `fault` (such as `signal=SIGKILL`) at one point.
pub fn with_fault(station: &impl Traceable, point: &Point, fault: &str) -> Output {
    let inject = format!("inject={}:{fault}:when={}", point.call, point.number);
    traced(station, &["-e", &inject, "-o", "/dev/null"])
}

/// Returns the message of a run that failed by the fault at `point`; `None` where it did not fail, or could not say so,
/// the fault having hit its answer. The message names what failed.
pub fn told(output: &Output, point: &Point) -> Option<String> {
    if output.stdout.is_empty() {
        assert_eq!(
            (output.status.code(), output.stderr.as_slice()),
            (Some(1), &b""[..]),
            "{point:?}"
        );
        return None;
    }
    let answer = Answer::new(output);
    if answer.json["failed"] != Value::Bool(true) {
        return None;
    }
    let message = answer.message().to_owned();
    println!("{point:?}: {}", message.chars().take(300).collect::<String>());
    if !(point.call == "write" && message.contains(NO_DISK)) {
        assert!(!message.contains("the module broke"), "{point:?}: {message}");
        assert!(message.contains('`'), "{point:?}: {message}");
    }
    Some(message)
}

/// Returns whether a run ended by the kill that was meant for it. Threads share the work differently each time, so
/// that a point may not come.
pub fn was_killed(output: &Output) -> bool {
    use std::os::unix::process::ExitStatusExt as _;
    output.status.signal() == Some(9) || output.status.code() == Some(137)
}

/// Tries each of `chosen`, several at the same time, each worker with what `make` makes for it.
pub fn at_each<T>(chosen: &[Point], make: impl Fn() -> T + Sync, attempt: impl Fn(&mut T, &Point) + Sync) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                let mut own = make();
                while let Some(point) = chosen.get(next.fetch_add(1, Ordering::SeqCst)) {
                    println!("{point:?}");
                    attempt(&mut own, point);
                }
            });
        }
    });
}

fn traced(station: &impl Traceable, options: &[&str]) -> Output {
    let words: Vec<&str> = ["strace", "-f", "-qq"].iter().chain(options).copied().collect();
    station.behind(&words).output().unwrap()
}

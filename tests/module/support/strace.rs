//! Faults from inside: a system call that fails, or the last one before the process is killed.

use std::collections::BTreeMap;
use std::process::{Command, Output};

use serde_json::json;

use super::Station;
use super::private::wrapped;

/// One occurrence of a system call: `number` is its count among the calls of this name in one thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    pub call: String,
    pub number: usize,
}

/// Returns every occurrence of `calls` in a run of `station`, in the order of their names.
pub fn points(station: &Station, calls: &str) -> Vec<Point> {
    let trace = station.path("args.trace");
    let output = traced(
        station,
        &["-e", &format!("trace={calls}"), "-o", &trace.to_string_lossy()],
    );
    assert!(output.status.success(), "{output:?}");
    let text = std::fs::read_to_string(&trace).unwrap();
    std::fs::remove_file(trace).unwrap();
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
pub fn with_fault(station: &Station, point: &Point, fault: &str) -> Output {
    let inject = format!("inject={}:{fault}:when={}", point.call, point.number);
    traced(station, &["-e", &inject, "-o", "/dev/null"])
}

fn traced(station: &Station, options: &[&str]) -> Output {
    let wrapper: Vec<&str> = ["strace", "-f", "-qq"].iter().chain(options).copied().collect();
    let mut command: Command = wrapped(station, json!({}), "", &wrapper);
    command.output().unwrap()
}

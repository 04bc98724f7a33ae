//! What goes on by itself: it comes, it is kept as it should be, and all of it goes again. Every test has a host of its
//! own: the directories that systemd, cron and local programs have are the station's.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use crate::support::station::read;
use crate::support::testbed::binary;
use crate::support::{Answer, Station, testbed};

const PRUNE: &str = "goldentooth-cross-compile-prune";
const UPDATE: &str = "goldentooth-cross-compile-update";
const LIBRARY: &str = "usr/local/lib/goldentooth";

/// Stands in for systemd's: notes how it was called, and makes and removes the link that enabling is.
const SYSTEMCTL: &str = r#"#!/bin/sh
echo "$*" >>/run/calls
[ -e /run/fails ] && { echo 'Failed to connect to bus' >&2; exit 1; }
for unit; do :; done
link=/etc/systemd/system/timers.target.wants/$unit
case "$*" in
    *' enable --now '*) mkdir -p "${link%/*}" && ln -s "/etc/systemd/system/$unit" "$link" ;;
    *' disable --now '*) rm "$link" ;;
esac
"#;

/// A station on a host of its own, where these directories exist besides those that every host has.
fn station(directories: &[&str]) -> Station {
    let mut station = Station::new().only(&["timers"]).with("docker_host", Value::Null);
    for directory in ["etc", "run/lock", "usr/local/lib", "bin"]
        .iter()
        .chain(directories)
    {
        fs::create_dir_all(station.path("host").join(directory)).unwrap();
    }
    for file in ["passwd", "group"] {
        fs::copy(Path::new("/etc").join(file), station.path("host/etc").join(file)).unwrap();
    }
    let systemctl = station.path("host/bin/systemctl");
    fs::write(&systemctl, SYSTEMCTL).unwrap();
    fs::set_permissions(&systemctl, fs::Permissions::from_mode(0o755)).unwrap();
    run_on_host(&mut station, "true");
    station
}

/// Has the station's binary run on its host, after the shell command `prepare`.
fn run_on_host(station: &mut Station, prepare: &str) {
    let script = format!(
        "set -e; cd '{host}'; for place in etc run usr/local/lib; do mount -n --bind $place /$place; done; cd /; \
         {prepare}; PATH='{host}/bin':$PATH exec \"$@\"",
        host = station.path("host").display(),
    );
    station.set_runner(&[
        "unshare",
        "--mount",
        "--propagation",
        "private",
        "sh",
        "-c",
        &script,
        "sh",
    ]);
}

fn systemd() -> Station {
    station(&["run/systemd/system", "etc/systemd/system"])
}

fn turn(station: &mut Station, cleanup: bool, update: bool) {
    station.set(
        "build_automation",
        json!({ "cleanup_old_artifacts": cleanup, "update_timer": update, "artifact_retention_days": 9 }),
    );
}

/// Returns the command that runs `words` on the station's host, with the environment that timers have.
fn on_host(station: &Station, words: &[&str]) -> Command {
    let inner = station.command(json!({}));
    let before: Vec<_> = inner.get_args().collect();
    let mut command = Command::new(inner.get_program());
    command
        .args(&before[..before.len() - 2])
        .args(words)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    command
}

/// Returns every file of the host that the module may have made.
fn files(station: &Station) -> Vec<String> {
    let host = station.path("host");
    let output = Command::new("find")
        .arg(&host)
        .args(["(", "-type", "f", "-o", "-type", "l", ")", "-printf", "%P\n"])
        .output()
        .unwrap();
    let ours = |line: &&str| line.contains("goldentooth") && !line.starts_with("run/lock/");
    let mut files: Vec<String> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter(ours)
        .map(str::to_owned)
        .collect();
    files.sort();
    files
}

fn host(station: &Station, path: &str) -> PathBuf {
    station.path("host").join(path)
}

fn arguments(station: &Station, job: &str) -> Value {
    let path = host(station, &format!("{LIBRARY}/cross_compile-{job}.json"));
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    serde_json::from_str(&read(&path)).unwrap()
}

/// Runs what the unit of a job starts, on the station's host.
#[track_caller]
fn as_the_timer_does(station: &Station, job: &str) -> Answer {
    let arguments = format!("/usr/local/lib/goldentooth/cross_compile-{job}.json");
    let words = ["/usr/local/lib/goldentooth/cross_compile", &arguments];
    Answer::new(&on_host(station, &words).output().unwrap())
}

#[track_caller]
fn called(station: &Station, expected: &[String]) {
    let log = host(station, "run/calls");
    let calls = fs::read_to_string(&log).unwrap_or_default();
    let calls: Vec<&str> = calls.lines().collect();
    assert_eq!(calls, expected);
    fs::remove_file(&log).ok();
}

fn call(words: &str) -> String {
    format!("--no-ask-password {words}")
}

#[test]
fn under_systemd_the_timers_come_and_go() {
    let mut station = systemd();
    station.settled();
    assert_eq!(files(&station), [""; 0]);

    turn(&mut station, true, true);
    station.converges();
    called(
        &station,
        &[
            call(&format!("enable --now {PRUNE}.timer")),
            call(&format!("enable --now {UPDATE}.timer")),
        ],
    );
    assert_eq!(
        files(&station),
        [
            format!("etc/systemd/system/{PRUNE}.service"),
            format!("etc/systemd/system/{PRUNE}.timer"),
            format!("etc/systemd/system/{UPDATE}.service"),
            format!("etc/systemd/system/{UPDATE}.timer"),
            format!("etc/systemd/system/timers.target.wants/{PRUNE}.timer"),
            format!("etc/systemd/system/timers.target.wants/{UPDATE}.timer"),
            format!("{LIBRARY}/cross_compile"),
            format!("{LIBRARY}/cross_compile-prune.json"),
            format!("{LIBRARY}/cross_compile-update.json"),
        ]
    );
    let program = host(&station, &format!("{LIBRARY}/cross_compile"));
    assert!(fs::read(&program).unwrap() == fs::read(binary()).unwrap());
    assert_eq!(
        fs::metadata(&program).unwrap().permissions().mode() & 0o7777,
        0o755
    );

    turn(&mut station, true, false);
    station.converges();
    assert_eq!(
        files(&station)
            .iter()
            .filter(|file| file.contains("update"))
            .count(),
        0
    );
    assert_eq!(arguments(&station, "prune")["artifact_retention_days"], json!(9));

    turn(&mut station, false, false);
    station.converges();
    assert_eq!(files(&station), [""; 0]);
    assert!(!host(&station, LIBRARY).exists());
}

#[test]
fn systemd_itself_takes_the_units() {
    let mut station = systemd();
    turn(&mut station, true, true);
    station.run().changed();
    // The program that they start has to be where they say.
    let root = station.path("host");
    fs::remove_dir_all(root.join("etc/systemd/system/timers.target.wants")).unwrap();
    for job in [PRUNE, UPDATE] {
        let output = Command::new("systemd-analyze")
            .args(["verify", "--man=no", "--recursive-errors=no", "--root"])
            .arg(&root)
            .arg(format!("{job}.timer"))
            .arg(format!("{job}.service"))
            .output()
            .unwrap();
        let complaints = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{complaints}");
        assert!(!complaints.contains("goldentooth"), "{complaints}");
    }
}

#[test]
fn what_somebody_changed_is_as_it_was_after_the_next_run() {
    let mut station = systemd();
    turn(&mut station, true, false);
    station.run().changed();
    called(&station, &[call(&format!("enable --now {PRUNE}.timer"))]);

    fs::write(
        host(&station, &format!("etc/systemd/system/{PRUNE}.timer")),
        "[Timer]\n",
    )
    .unwrap();
    let answer = station.converges();
    assert_eq!(
        answer.actions(),
        [format!("Updated `/etc/systemd/system/{PRUNE}.timer`")]
    );
    assert_eq!(answer.get("/diff/0/before/content"), &json!("[Timer]\n"));
    called(
        &station,
        &[call("daemon-reload"), call(&format!("restart {PRUNE}.timer"))],
    );

    fs::remove_file(host(
        &station,
        &format!("etc/systemd/system/timers.target.wants/{PRUNE}.timer"),
    ))
    .unwrap();
    assert_eq!(
        station.converges().actions(),
        [format!("Enabled timer `{PRUNE}.timer`")]
    );

    let program = host(&station, &format!("{LIBRARY}/cross_compile"));
    fs::write(&program, "older").unwrap();
    let answer = station.converges();
    assert_eq!(
        answer.actions(),
        ["Updated program `/usr/local/lib/goldentooth/cross_compile`"]
    );
    assert_ne!(
        answer.get("/diff/0/before/sha256"),
        answer.get("/diff/0/after/sha256")
    );
    assert!(fs::read(&program).unwrap() == fs::read(binary()).unwrap());
}

#[test]
fn without_systemd_cron_does_it() {
    let mut station = station(&["etc/cron.d"]);
    turn(&mut station, true, false);
    station.converges();
    called(&station, &[]);
    let entry = read(&host(&station, &format!("etc/cron.d/{PRUNE}")));
    assert_eq!(
        entry.lines().last().unwrap(),
        "17 3 * * 0 root { { /usr/local/lib/goldentooth/cross_compile \
         /usr/local/lib/goldentooth/cross_compile-prune.json 2>&1 3>&-; echo $? >&3; } | \
         logger --size 64KiB --tag goldentooth-cross-compile-prune 3>&-; } 3>&1 | { read status; exit $status; }"
    );

    // A host that got systemd since.
    fs::create_dir_all(host(&station, "run/systemd/system")).unwrap();
    station.converges();
    assert!(!host(&station, &format!("etc/cron.d/{PRUNE}")).exists());
    called(&station, &[call(&format!("enable --now {PRUNE}.timer"))]);
    turn(&mut station, false, false);
    station.converges();
    assert_eq!(files(&station), [""; 0]);
}

#[test]
fn where_nothing_can_start_it_there_is_a_warning_and_nothing_else() {
    let mut station = station(&[]);
    turn(&mut station, true, true);
    station.settled().warned("neither systemd nor cron");
    assert_eq!(files(&station), [""; 0]);
}

#[test]
fn another_user_than_root_gets_a_warning() {
    let mut station = Station::new().only(&["timers"]).with("docker_host", Value::Null);
    station.set_user(1234);
    station.settled().without_warnings();
    turn(&mut station, true, false);
    station.settled().warned("become: true");
}

#[test]
fn the_timer_runs_the_last_play_again_and_finds_nothing_to_do() {
    let mut station = systemd();
    turn(&mut station, false, true);
    let token = station.arguments()["registry_auth"]["token"].clone();
    let answer = station.converges();
    let shown = answer.json.to_string();
    assert!(!shown.contains(token.as_str().unwrap()), "{shown}");
    let kept = arguments(&station, "update");
    assert_eq!(kept["registry_auth"]["token"], token);
    let ansibles: Vec<&String> = kept
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| name.starts_with("_ansible_"))
        .collect();
    assert_eq!(ansibles, ["_ansible_module_name"]);

    as_the_timer_does(&station, "update").unchanged();

    // Older options, with a secret that nobody knows of any more.
    let path = host(&station, &format!("{LIBRARY}/cross_compile-update.json"));
    fs::write(&path, r#"{"registry_auth": {"token": "stormcrow-stormcrow"}}"#).unwrap();
    let answer = station.converges();
    assert!(!answer.json.to_string().contains("stormcrow"), "{}", answer.json);
}

#[test]
fn the_timer_prunes_by_the_rule_of_the_last_play() {
    let mut station = systemd().with("docker_host", testbed().get("/engine/docker_host"));
    turn(&mut station, true, false);
    station.run().changed();
    assert_eq!(arguments(&station, "prune")["registry_auth"], Value::Null);
    let build = station.base("artifacts/.builds/envoy");
    fs::create_dir_all(&build).unwrap();
    for (name, days) in [("log", 8), ("log.1", 10)] {
        let time = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
        let file = File::create(build.join(name)).unwrap();
        file.set_modified(time).unwrap();
    }
    let answer = as_the_timer_does(&station, "prune").changed();
    assert_eq!(answer.get("/builds/0/path"), &json!(build.join("log.1")));
    assert!(build.join("log").exists() && !build.join("log.1").exists());
    as_the_timer_does(&station, "prune").unchanged();
}

#[test]
fn cron_puts_the_whole_answer_into_one_line_of_the_log_and_ends_as_the_program_does() {
    let mut station = station(&["etc/cron.d"]).with("docker_host", testbed().get("/engine/docker_host"));
    turn(&mut station, true, false);
    station.set("artifact_pruning", json!({ "images": false }));
    station.run().changed();
    let build = station.base("artifacts/.builds/envoy");
    fs::create_dir_all(&build).unwrap();
    let time = SystemTime::now() - Duration::from_secs(10 * 24 * 60 * 60);
    for number in 1..=1000 {
        let log = File::create(build.join(format!("log.{number}"))).unwrap();
        log.set_modified(time).unwrap();
    }
    let socket = station.path("log");
    let log = UnixDatagram::bind(&socket).unwrap();
    log.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let entry = read(&host(&station, &format!("etc/cron.d/{PRUNE}")));
    let line = entry.lines().last().unwrap().split_once(" root ").unwrap().1;
    let line = line.replace("logger ", &format!("logger --socket '{}' ", socket.display()));
    let job = || {
        let output = on_host(&station, &["sh", "-c", &line]).output().unwrap();
        assert_eq!((output.stdout, output.stderr), (Vec::new(), Vec::new()));
        let mut bytes = vec![0; 1 << 20];
        let length = log.recv(&mut bytes).unwrap();
        let text = String::from_utf8(bytes[..length].to_vec()).unwrap();
        let answer = text.split_once(&format!("{PRUNE}: ")).unwrap().1;
        (
            output.status.code(),
            serde_json::from_str::<Value>(answer).unwrap(),
            length,
        )
    };
    let (status, answer, length) = job();
    assert_eq!(status, Some(0), "{answer}");
    assert!(length < 48 << 10, "{length}");
    let told = answer["builds"].as_array().unwrap().len();
    assert!(told > 0);
    assert_eq!(answer["omitted"]["builds"], json!(1000 - told));
    assert_eq!(fs::read_dir(&build).unwrap().count(), 0);

    let (status, answer, _) = job();
    assert_eq!((status, &answer["changed"]), (Some(0), &json!(false)));
    assert_eq!(answer.get("omitted"), None);

    let arguments = host(&station, &format!("{LIBRARY}/cross_compile-prune.json"));
    fs::write(
        arguments,
        r#"{"_ansible_module_name": "cross_compile_prune", "keep": -1}"#,
    )
    .unwrap();
    let (status, answer, _) = job();
    assert_eq!((status, &answer["failed"]), (Some(1), &json!(true)));
}

#[test]
fn the_timer_keeps_and_takes_what_the_play_says() {
    let mut station = systemd().with("docker_host", testbed().get("/engine/docker_host"));
    turn(&mut station, true, false);
    let category = station.base("artifacts/envoy");
    fs::create_dir_all(&category).unwrap();
    let releases = ["envoy-v1.30.0", "envoy-v1.31.0", "envoy-v1.32.0"];
    for (release, days) in releases.iter().zip([40, 30, 20]) {
        let time = SystemTime::now() - Duration::from_secs(days * 24 * 60 * 60);
        let file = File::create(category.join(release)).unwrap();
        file.set_modified(time).unwrap();
    }
    let cached = station.base("build-cache/envoy-builder/object");
    fs::create_dir_all(cached.parent().unwrap()).unwrap();
    fs::write(&cached, vec![1; 100_000]).unwrap();

    station.converges();
    let told = arguments(&station, "prune");
    assert_eq!(
        [
            &told["keep"],
            &told["unmanaged"],
            &told["images"],
            &told["cache_max_gb"]
        ],
        [&json!(1), &json!(false), &json!(true), &Value::Null]
    );
    station.set(
        "artifact_pruning",
        json!({ "keep": "2", "unmanaged": true, "images": false }),
    );
    station.converges();
    let answer = as_the_timer_does(&station, "prune").changed();
    assert_eq!(
        answer.get("/artifacts/0/path"),
        &json!(category.join(releases[0]))
    );
    assert_eq!((answer.actions().len(), cached.exists()), (1, true));

    station.set(
        "artifact_pruning",
        json!({ "keep": 3, "unmanaged": true, "images": false, "cache_max_gb": 0 }),
    );
    station.converges();
    as_the_timer_does(&station, "prune").changed();
    assert!(!cached.exists() && category.join(releases[1]).exists());

    for (key, value) in [("keep", -1), ("cache_max_gb", -1)] {
        station.set("artifact_pruning", json!({ key: value }));
        station.refuses(&[&format!("`artifact_pruning.{key}`")]);
    }
}

#[test]
fn a_systemctl_that_fails_is_told_and_the_next_run_goes_on() {
    let mut station = systemd();
    turn(&mut station, true, false);
    fs::write(host(&station, "run/fails"), "").unwrap();
    station.run().failed(&[
        "systemctl",
        "enable --now",
        "Failed to connect to bus",
        "By then it had",
    ]);
    fs::remove_file(host(&station, "run/fails")).unwrap();
    assert_eq!(
        station.converges().actions(),
        [format!("Enabled timer `{PRUNE}.timer`")]
    );
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_anything_is_changed() {
    let mut station = systemd();
    turn(&mut station, true, false);
    run_on_host(&mut station, "mount -n -o remount,bind,ro /usr/local/lib");
    let parts = [
        "/usr/local/lib/goldentooth/cross_compile",
        "read-only file system",
    ];
    station.check().failed(&parts).untouched();
    station.run().failed(&parts).untouched();
    assert_eq!(files(&station), [""; 0]);
}

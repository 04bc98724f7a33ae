//! The line in the system's log: the same, to the letter, that Ansible's own modules leave there.
//!
//! Each test has a `/dev` of its own, with the socket of a log in it.

use std::fs;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::process::Command;
use std::time::Duration;

use cross_compile::arguments::cross_compile::SPECIFICATION;
use cross_compile::arguments::{Argument, Options};
use serde_json::{Map, Value, json};

use crate::support::testbed::project;
use crate::support::{Answer, Station};

/// What stays of `/dev` beside the log.
const DEVICES: [&str; 4] = ["null", "zero", "random", "urandom"];

fn station() -> Station {
    let station = Station::new().only(&["directories"]);
    fs::create_dir(station.path("dev")).unwrap();
    for device in DEVICES {
        fs::write(station.path("dev").join(device), "").unwrap();
    }
    station
}

/// Returns a log that keeps what it is sent.
fn log(station: &Station) -> UnixDatagram {
    let log = UnixDatagram::bind(station.path("dev/log")).unwrap();
    log.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    log
}

/// Returns the next record, apart from its time.
fn record(log: &UnixDatagram) -> String {
    let mut bytes = vec![0; 65536];
    let length = log.recv(&mut bytes).unwrap();
    without_time(&bytes[..length])
}

fn without_time(record: &[u8]) -> String {
    let text = String::from_utf8(record.to_vec()).unwrap();
    let (priority, rest) = text.split_once('>').unwrap();
    let (time, rest) = rest.split_at("Nov  3 04:05:06".len());
    assert!(
        time.as_bytes()[3] == b' ' && time.matches(':').count() == 2,
        "{text}"
    );
    format!("{priority}>{rest}")
}

/// Returns the command in a mount namespace with the station's `/dev`.
fn inside(station: &Station, command: &Command) -> Command {
    let directory = station.path("dev").display().to_string();
    let devices = DEVICES.map(|device| format!("mount --bind /dev/{device} '{directory}/{device}'"));
    let script = format!(
        "set -e; {}; mount --rbind '{directory}' /dev; exec \"$@\"",
        devices.join("; ")
    );
    let mut inside = Command::new("unshare");
    inside
        .args(["--mount", "--propagation", "private", "sh", "-c", &script, "sh"])
        .arg(command.get_program())
        .args(command.get_args())
        .env_clear()
        .envs(
            command
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .current_dir("/");
    inside
}

#[track_caller]
fn run(station: &Station, more: Value) -> Answer {
    Answer::new(&inside(station, &station.command(more)).output().unwrap())
}

/// Has `AnsibleModule` read the very same arguments, with our options.
#[track_caller]
fn run_ansibles(station: &Station, more: Value) {
    // Written by the way.
    station.command(more);
    let specification = station.path("args.specification");
    fs::write(&specification, described(&SPECIFICATION.options).to_string()).unwrap();
    let python =
        std::env::var("ANSIBLE_PYTHON").expect("`ANSIBLE_PYTHON` names a Python that can import ansible");
    let mut command = Command::new(python);
    command
        .arg(project().join("tests/module/support/invoke.py"))
        .args([specification, station.path("args")])
        .env("HOME", station.path("home"));
    let output = inside(station, &command).output().unwrap();
    assert!(output.status.success(), "{output:?}");
}

/// Returns options as `AnsibleModule` wants them.
fn described(options: &Options) -> Value {
    let each = |argument: &Argument| {
        let mut words = Map::new();
        let mut set = |name: &str, value: Value| words.insert(name.to_owned(), value);
        set("type", json!(argument.kind.name()));
        set("apply_defaults", json!(argument.apply_defaults));
        set("required", json!(argument.is_required()));
        let aliases: Vec<&str> = argument.aliases.iter().map(|alias| alias.name).collect();
        set("aliases", json!(aliases));
        if let Some(default) = argument.default_value() {
            set("default", default);
        }
        if let Some(elements) = argument.elements {
            set("elements", json!(elements.name()));
        }
        if let Some(no_log) = argument.no_log {
            set("no_log", json!(no_log));
        }
        if !argument.choices.is_empty() {
            let choices = argument.choices.iter().map(|choice| choice.to_value());
            set("choices", choices.collect());
        }
        if let Some(nested) = argument.nested() {
            set("options", described(nested));
        }
        (argument.name.to_owned(), Value::Object(words))
    };
    Value::Object(options.arguments.iter().map(each).collect())
}

#[test]
fn the_line_is_what_ansibles_own_modules_write() {
    let mut station = station();
    let log = log(&station);
    station.set("toolkit_repo", "https://corlys:hunter2@git.example/toolkit.git");
    station.set("toolkit_branch", "main");
    station.set("builder_uid", "1000");
    station.set(
        "override_variables",
        json!({ "a": [1, 2.5, null, "it's", "é"], "b": { "c": true } }),
    );
    let base = json!({ "_ansible_module_name": "cross_compile", "_ansible_syslog_facility": "LOG_USER" });
    for (more, begin) in [
        (json!({}), "<14> ansible-cross_compile: Invoked with "),
        (
            json!({ "_ansible_module_name": "goldentooth.cross_compile.cross_compile", "_ansible_check_mode": true }),
            "<14> ansible-goldentooth.cross_compile.cross_compile: Invoked with ",
        ),
        (
            json!({ "_ansible_syslog_facility": "LOG_LOCAL3", "_ansible_target_log_info": "play 7" }),
            "<158> ansible-cross_compile: play 7 Invoked with ",
        ),
        (
            json!({ "_ansible_syslog_facility": "nonesuch" }),
            "<14> ansible-cross_compile: ",
        ),
    ] {
        let Value::Object(mut arguments) = base.clone() else {
            unreachable!("an object was written")
        };
        arguments.extend(more.as_object().unwrap().clone());
        let arguments = Value::Object(arguments);
        run(&station, arguments.clone()).succeeded();
        let ours = record(&log);
        run_ansibles(&station, arguments);
        assert_eq!(ours, record(&log));
        assert!(ours.starts_with(begin), "{ours}");
        assert!(
            ours.contains("toolkit_repo=https://corlys:********@git.example"),
            "{ours}"
        );
        assert!(ours.contains("'token': '********'"), "{ours}");
    }
}

#[test]
fn nothing_is_written_where_nothing_is_to_be_logged() {
    let station = station();
    let log = log(&station);
    log.set_nonblocking(true).unwrap();
    run(&station, json!({ "_ansible_no_log": true })).succeeded();
    // Options that are refused are not logged either.
    run(&station, json!({ "colour": "blue" })).failed(&["colour"]);
    assert!(log.recv(&mut [0; 16]).is_err());
}

#[test]
fn secrets_that_ansible_does_not_see_are_taken_out_too() {
    let mut station = station();
    let log = log(&station);
    station.set(
        "registry_auth",
        json!({ "enabled": true, "username": "u", "token": "gold/tooth" }),
    );
    station.set("override_variables", json!({ "encoded": "gold%2Ftooth" }));
    run(&station, json!({})).succeeded();
    let record = record(&log);
    assert!(
        record.contains("override_variables={'encoded': '********'}"),
        "{record}"
    );
}

#[test]
fn a_log_that_is_missing_deaf_or_old_stops_nobody() {
    let station = station();
    run(&station, json!({})).succeeded();
    // A socket that nobody listens at any more.
    drop(log(&station));
    run(&station, json!({})).succeeded();
    fs::remove_file(station.path("dev/log")).unwrap();
    // Nobody empties it.
    let full = log(&station);
    let sender = UnixDatagram::unbound().unwrap();
    sender.set_nonblocking(true).unwrap();
    while sender.send_to(&[b'x'; 1024], station.path("dev/log")).is_ok() {}
    run(&station, json!({})).succeeded();
    drop(full);
    fs::remove_file(station.path("dev/log")).unwrap();
    // One that takes connections.
    let old = UnixListener::bind(station.path("dev/log")).unwrap();
    let reader = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut old.accept().unwrap().0, &mut bytes).unwrap();
        bytes
    });
    run(&station, json!({})).succeeded();
    let bytes = reader.join().unwrap();
    assert_eq!(bytes.last(), Some(&0));
    assert!(without_time(&bytes).starts_with("<14> ansible-cross_compile: Invoked with "));
}

//! Ansible's module protocol: whatever comes in, one JSON object goes out.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::testbed::binary;
use crate::support::{Answer, Station};

fn called(words: &[&str]) -> Output {
    Command::new(binary()).args(words).env_clear().output().unwrap()
}

/// Runs the binary with a file of exactly these bytes.
fn given(bytes: &[u8]) -> Answer {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    Answer::new(&called(&[&file.path().to_string_lossy()]))
}

/// As an ad-hoc call sends every option: as a string.
fn as_strings(station: &Station) -> Value {
    let text = |value: &Value| match value {
        Value::String(text) => json!(text),
        other => json!(other.to_string()),
    };
    let options = station.arguments().iter();
    Value::Object(options.map(|(name, value)| (name.clone(), text(value))).collect())
}

#[test]
fn strings_for_everything_mean_the_same_with_the_keys_of_every_core() {
    let station = Station::converged();
    let old = json!({
        "_ansible_check_mode": false, "_ansible_no_log": false, "_ansible_debug": false, "_ansible_diff": false,
        "_ansible_verbosity": 0, "_ansible_version": "2.15.13", "_ansible_module_name": "cross_compile",
        "_ansible_syslog_facility": "LOG_USER", "_ansible_selinux_special_fs": ["fuse", "nfs"],
        "_ansible_string_conversion_action": "warn", "_ansible_socket": null, "_ansible_shell_executable": "/bin/sh",
        "_ansible_keep_remote_files": false, "_ansible_tmpdir": "/nowhere/ansible-tmp-1/",
        "_ansible_remote_tmp": "~/.ansible/tmp",
    });
    let new = json!({
        "_ansible_module_name": "goldentooth.cross_compile.cross_compile", "_ansible_tmpdir": null,
        "_ansible_ignore_unknown_opts": false, "_ansible_target_log_info": null, "_ansible_tracebacks_for": [],
        "_ansible_version": "2.19.14", "_ansible_of_the_future": { "x": [1] },
    });
    for keys in [old, new] {
        let mut arguments = as_strings(&station);
        for (key, value) in keys.as_object().unwrap() {
            arguments[key] = value.clone();
        }
        Answer::new(&station.output(arguments)).unchanged();
    }
}

#[test]
fn what_is_no_object_of_options_is_refused_in_one_object() {
    for (bytes, word) in [
        (&b""[..], "not valid"),
        (b"{", "not valid"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"\"x\"", "not a JSON object"),
        (b"{} {}", "not valid"),
        (b"{\"base_dir\": \"/\xff\"}", "not valid"),
        (b"{\"base_dir\": \"/x\", }", "not valid"),
        (b"base_dir=/x", "not valid"),
        (b"\x00\x01\x02", "not valid"),
    ] {
        given(bytes)
            .failed(&["the arguments file is not valid", word, "through Ansible"])
            .untouched();
    }
}

#[test]
fn deep_nesting_is_refused_and_not_followed_to_the_end_of_the_stack() {
    let deep = format!("{{\"containers\": {}", "[".repeat(2_000_000));
    given(deep.as_bytes()).failed(&["not valid"]).untouched();
}

#[test]
fn what_python_writes_and_json_forbids_is_told_as_a_wrong_value() {
    for text in [
        r#"{"timeout": NaN}"#,
        r#"{"timeout": Infinity}"#,
        r#"{"timeout": -Infinity}"#,
        r#"{"base_dir": "/x\udcff", "timeout": "soon"}"#,
        r#"{"timeout": 1000000000000000000000000000000}"#,
    ] {
        given(text.as_bytes()).failed(&[]).untouched();
    }
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    for (path, words) in [
        (missing.as_path(), "no such file"),
        (directory.path(), "is a directory"),
    ] {
        let path = path.to_string_lossy();
        Answer::new(&called(&[&path]))
            .failed(&["cannot read the arguments file", &path, words])
            .untouched();
    }
}

#[test]
fn a_huge_file_is_answered_like_any_other() {
    let text = json!({ "base_dir": "relative", "override_template": "x".repeat(32 << 20) }).to_string();
    given(text.as_bytes()).failed(&["base_dir"]).untouched();
}

#[test]
fn the_arguments_may_come_by_the_standard_input() {
    let mut child = Command::new(binary())
        .arg("-")
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(br#"{"base_dir": "relative"}"#)
        .unwrap();
    Answer::new(&child.wait_with_output().unwrap()).failed(&["`base_dir`", "`relative`"]);
}

#[test]
fn the_answer_is_one_line() {
    let output = Station::new()
        .with("base_dir", "relative\nline")
        .output(json!({}));
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches('\n').count(), 1, "{text}");
    assert!(text.ends_with('\n'), "{text}");
}

#[test]
fn nobody_listening_ends_it_quietly_with_a_failure() {
    let station = Station::new().with("base_dir", "relative");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let output = station.command(json!({})).stdout(writer).output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.as_slice()),
        (Some(1), &b""[..])
    );
}

#[test]
fn a_full_device_as_output_ends_it_quietly_with_a_failure() {
    let station = Station::converged();
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = station.command(json!({})).stdout(full).output().unwrap();
    assert_eq!(
        (output.status.code(), output.stderr.as_slice()),
        (Some(1), &b""[..])
    );
}

#[test]
fn closed_standard_streams_break_nothing() {
    let station = Station::new().with("base_dir", "relative");
    let inner = station.command(json!({}));
    let script = "exec \"$@\" <&- 2>&-";
    let mut command = Command::new("sh");
    command
        .args(["-c", script, "sh"])
        .arg(inner.get_program())
        .args(inner.get_args());
    Answer::new(&command.output().unwrap()).failed(&["`base_dir`"]);
}

#[test]
fn a_person_is_told_what_it_is() {
    for (words, part) in [
        (["--help"], "cross_compile"),
        (["--version"], env!("CARGO_PKG_VERSION")),
    ] {
        let output = called(&words);
        assert!(output.status.success());
        assert!(String::from_utf8_lossy(&output.stdout).contains(part));
        assert!(output.stderr.is_empty());
    }
    assert!(!called(&[]).status.success() || !called(&[]).stdout.is_empty());
}

#[test]
fn the_module_is_chosen_by_ansibles_name_before_that_of_the_program() {
    let station = Station::new().with("base_dir", "relative");
    let named = |name: Value, program: &str| {
        let mut command = station.command(json!({ "_ansible_module_name": name }));
        Answer::new(&command.arg0(program).output().unwrap())
    };
    for (name, program) in [
        (json!("cross_compile"), "/tmp/anything"),
        (
            json!("goldentooth.cross_compile.cross_compile"),
            "cross_compile_info",
        ),
        (json!(null), "/root/.ansible/tmp/cross_compile"),
        (json!(null), "AnsiballZ_cross_compile"),
    ] {
        named(name, program).failed(&["`base_dir`"]);
    }
    named(json!("cross_compile_of_the_future"), "cross_compile")
        .failed(&["no module `cross_compile_of_the_future`", "it has: cross_compile"])
        .untouched();
}

#[test]
fn a_name_of_a_path_that_is_no_text_is_answered() {
    use std::os::unix::ffi::OsStrExt as _;
    let path = Path::new(std::ffi::OsStr::from_bytes(b"/nowhere/\xff"));
    let output = Command::new(binary()).arg(path).env_clear().output().unwrap();
    Answer::new(&output).failed(&["cannot read the arguments file"]);
}

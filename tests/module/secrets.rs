//! Secrets: no form of any of them gets out, whatever succeeds or fails.

use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::support::private::wrapped;
use crate::support::proxy::{Fate, Registry};
use crate::support::{Station, testbed};

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

/// Every form that the binary, git, or an engine's client gives a password.
fn forms(user: &str, password: &str) -> Vec<String> {
    let mut forms = vec![password.to_owned(), percent_encoded(password)];
    for text in [password.to_owned(), format!("{user}:{password}")] {
        forms.extend(
            [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD].map(|engine| engine.encode(&text)),
        );
    }
    forms.sort();
    forms.dedup();
    forms
}

#[track_caller]
fn assert_hidden(canaries: &[String], text: &str, place: &str) {
    for canary in canaries {
        if let Some(at) = text.find(canary.as_str()) {
            let shown: String = text[..at]
                .chars()
                .rev()
                .take(120)
                .collect::<Vec<_>>()
                .into_iter()
                .rev()
                .collect();
            panic!("`{canary}` is in {place}, after: {shown}");
        }
    }
}

/// Asserts that no file below `directory` holds a canary, but for those that the test wrote itself.
#[track_caller]
fn assert_not_left(canaries: &[String], directory: &Path, own: &[&str]) {
    let mut grep = Command::new("grep");
    grep.args(["--recursive", "--fixed-strings", "--text", "--files-with-matches"]);
    grep.args(own.iter().map(|name| format!("--exclude={name}")));
    grep.args(canaries.iter().flat_map(|canary| ["-e", canary]))
        .arg(directory);
    let output = grep.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "");
    assert_eq!(output.status.code(), Some(1));
}

/// Everything that the binary says with these options, as verbose as it can be.
fn said(station: &Station, check: bool) -> String {
    let output = station.output(json!({
        "_ansible_check_mode": check, "_ansible_verbosity": 4, "_ansible_debug": true, "_ansible_diff": true,
    }));
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[test]
fn what_opens_registry_and_repository_is_nowhere_to_be_found() {
    let mut station = Station::new();
    let (git, registry) = (
        ["/git/username", "/git/password"],
        ["/registry/username", "/registry/password"],
    );
    let mut canaries: Vec<String> = [git, registry]
        .iter()
        .flat_map(|[user, password]| forms(testbed().get(user), testbed().get(password)))
        .collect();
    let with_user = format!(
        "{}/{}.git",
        testbed().get("/git/private_with_userinfo"),
        station.name
    );
    // As it is spelt in this URL, where not every sign is escaped.
    canaries.push(
        with_user
            .split(['/', '@'])
            .nth(2)
            .unwrap()
            .split_once(':')
            .unwrap()
            .1
            .to_owned(),
    );
    station.set("toolkit_repo", with_user);
    assert!(canaries.len() >= 12, "{canaries:?}");

    let checked = said(&station, true);
    let trace = station.path("args.execve");
    let words = [
        "strace",
        "-f",
        "-qq",
        "-v",
        "-s",
        "100000",
        "-e",
        "trace=execve,execveat",
        "-o",
    ];
    let wrapper: Vec<&str> = words.iter().copied().chain([trace.to_str().unwrap()]).collect();
    let output = wrapped(&station, json!({"_ansible_verbosity": 4}), "", &wrapper)
        .output()
        .unwrap();
    let changed = String::from_utf8(output.stdout).unwrap();
    let again = said(&station, false);
    for (text, place) in [
        (&checked, "check mode"),
        (&changed, "the run"),
        (&again, "the second run"),
    ] {
        assert!(!text.contains("\"failed\""), "{place}: {text}");
        assert_hidden(&canaries, text, place);
    }
    assert!(changed.contains("Cloned the toolkit"), "{changed}");
    assert_hidden(
        &canaries,
        &std::fs::read_to_string(trace).unwrap(),
        "a child's words or environment",
    );
    assert_not_left(&canaries, &station.path(""), &["args"]);
    assert_hidden(
        &canaries,
        &crate::support::station::read(&station.checkout().join(".git/config")),
        "git's config",
    );
}

#[test]
fn stores_of_the_user_serve_and_are_not_quoted() {
    let mut station = Station::new();
    let password = testbed().get("/git/password");
    let user = testbed().get("/git/username");
    let home = station.path("home");
    std::fs::create_dir(&home).unwrap();
    std::fs::write(
        home.join(".netrc"),
        format!("machine localhost login {user} password {password}\n"),
    )
    .unwrap();
    std::fs::create_dir(home.join(".docker")).unwrap();
    let configuration = testbed().path("/registry/docker_config").join("config.json");
    std::fs::copy(configuration, home.join(".docker/config.json")).unwrap();
    station.set("registry_auth", json!(null));
    station.set(
        "toolkit_repo",
        format!("{}/{}.git", testbed().get("/git/private"), station.name),
    );
    let mut canaries = forms(user, password);
    canaries.extend(forms(
        testbed().get("/registry/username"),
        testbed().get("/registry/password"),
    ));
    for check in [true, false, false] {
        let text = said(&station, check);
        assert!(!text.contains("\"failed\""), "{text}");
        assert_hidden(&canaries, &text, "the answer");
    }
    assert_not_left(&canaries, &station.path(""), &["args", ".netrc", "config.json"]);
}

#[test]
fn wrong_secrets_are_not_quoted_by_the_failures_that_they_cause() {
    let (user, password) = ("ghost", "w9/canary+%7&wrong");
    let canaries = forms(user, password);
    let host = testbed().get("/git/private").trim_start_matches("https://");
    let encoded = percent_encoded(password);
    let auth = json!({"enabled": true, "username": user, "token": password});
    let rows: Vec<(&str, Value)> = vec![
        ("registry_auth", auth),
        (
            "toolkit_repo",
            json!(format!("https://{user}:{encoded}@{host}/x.git")),
        ),
        ("toolkit_repo", json!(format!("https://{encoded}@{host}/x.git"))),
        (
            "toolkit_repo",
            json!(format!("https://{user}:{encoded}@127.0.0.1:1/x.git")),
        ),
        (
            "toolkit_repo",
            json!(format!("https://{user}:{encoded}@no-such-host.invalid/x.git")),
        ),
        (
            "toolkit_repo",
            json!(format!("gopher://{user}:{encoded}@{host}/x.git")),
        ),
        (
            "toolkit_repo",
            json!(format!("https://{user}:{encoded}@{host}:port/x.git")),
        ),
        (
            "toolkit_repo",
            json!([format!("https://{user}:{encoded}@{host}/x.git")]),
        ),
        (
            "toolkit_repos",
            json!(format!("https://{user}:{encoded}@{host}/x.git")),
        ),
        (
            "docker_host",
            json!(format!("tcp://{user}:{encoded}@127.0.0.1:1")),
        ),
        ("registry", json!(format!("https://{user}:{encoded}@127.0.0.1:1"))),
        (
            "registry_auth",
            json!({"enabled": "maybe", "username": user, "token": password}),
        ),
        ("registry_auth", json!({"enabled": true, "token": password})),
        (
            "registry_auth",
            json!({"enabled": true, "username": user, "tokens": 1, "token": password}),
        ),
        (
            "registry_auth",
            json!(format!("enabled=maybe username={user} token={password}")),
        ),
        ("registry_auth", json!([{"token": password}])),
        ("registry_auth", json!({"token": [password]})),
        ("registry_auth", json!({"token": {"value": password}})),
    ];
    let mut station = Station::new().with("timeout", 1);
    for (option, value) in rows {
        let usual = station.arguments().get(option).cloned();
        station.set(option, value.clone());
        for check in [true, false] {
            let text = said(&station, check);
            assert!(text.contains("\"failed\":true"), "{value}: {text}");
            assert_hidden(&canaries, &text, &format!("the answer to {option}={value}"));
        }
        station.set(option, usual.unwrap_or_default());
    }
    assert_not_left(&canaries, &station.path(""), &["args"]);
}

#[test]
fn a_server_that_echoes_a_secret_is_not_believed_to_have_made_it_public() {
    const ECHO: Fate = Fate::Answer(
        "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 78\r\nConnection: close\r\n\r\n\
         {\"errors\":[{\"code\":\"DENIED\",\"message\":\"denied: token canary-Zq8Rt0 is unknown\"}]}",
    );
    let mut station = Station::new();
    let _registry = Registry::serve(&mut station, |line, _| match line.contains("/manifests/") {
        true => ECHO,
        false => Fate::Pass,
    });
    station.set(
        "registry_auth",
        json!({"enabled": true, "username": "ghost", "token": "canary-Zq8Rt0"}),
    );
    let text = said(&station, false);
    assert!(
        text.contains("\"failed\":true") && text.contains("denied: token ********"),
        "{text}"
    );
    assert_hidden(&forms("ghost", "canary-Zq8Rt0"), &text, "the answer");
}

#[test]
fn a_broken_arguments_file_is_not_quoted() {
    let station = Station::new();
    let file = station.path("broken");
    for text in [
        r#"{"registry_auth": {"token": "canary-Kx7Wm2""#,
        r#"{"registry_auth": {"token": "canary-Kx7Wm2\q"}}"#,
        r#"{"registry_auth": {"token": "canary-Kx7Wm2\udcff"}}"#,
        r#"{"registry_auth": {"token": canary-Kx7Wm2}}"#,
        r#"["canary-Kx7Wm2"]"#,
        r#""canary-Kx7Wm2""#,
    ] {
        std::fs::write(&file, text).unwrap();
        let output = Command::new(crate::support::testbed::binary())
            .arg(&file)
            .env_clear()
            .output()
            .unwrap();
        assert_hidden(
            &["canary-Kx7Wm2".to_owned()],
            &String::from_utf8_lossy(&output.stdout),
            text,
        );
        assert_eq!(output.status.code(), Some(1));
    }
}

//! Bad input: a clear error that names cause and remedy, and a host that is as it was.

use std::os::unix::net::UnixListener;

use serde_json::{Value, json};

use crate::support::private::{LOCKS, private};
use crate::support::{Answer, Station, testbed};

/// Asserts that the station as it is cannot be converged, for these reasons, and that trying leaves no trace.
#[track_caller]
fn refused(station: &Station, parts: &[&str]) {
    let before = station.snapshot();
    station.check().failed(parts).untouched();
    station.run().failed(parts).untouched();
    assert_eq!(station.snapshot(), before);
    let network = testbed().docker(&[
        "network",
        "ls",
        "--quiet",
        "--filter",
        &format!("name={}", station.name),
    ]);
    assert_eq!(network, "");
}

#[test]
#[expect(clippy::too_many_lines, reason = "it is one table")]
fn options_that_can_never_work_are_refused_by_name() {
    let rows: &[(&str, Value, &[&str])] = &[
        (
            "base_dirr",
            json!("/x"),
            &[
                "Unsupported parameters for (cross_compile) module: base_dirr",
                "base_dir",
            ],
        ),
        (
            "container",
            json!({"network": "x"}),
            &["Unsupported parameters", "container.network", "network_name"],
        ),
        (
            "state",
            json!("absent"),
            &["value of state must be one of: present, got: absent"],
        ),
        (
            "pull",
            json!("sometimes"),
            &["value of pull must be one of: newer, missing, always, never, got: sometimes"],
        ),
        (
            "timeout",
            json!("soon"),
            &["argument 'timeout' is of type", "unable to convert to int"],
        ),
        ("timeout", json!(0), &["`timeout`", "0"]),
        ("timeout", json!(-1), &["`timeout`", "-1"]),
        ("lock_timeout", json!(-1), &["`lock_timeout`", "-1"]),
        (
            "timeout",
            json!(i64::MAX),
            &["`timeout`", "at most 31536000 seconds"],
        ),
        (
            "lock_timeout",
            json!(i64::MAX),
            &["`lock_timeout`", "at most 31536000 seconds"],
        ),
        ("builder_uid", json!(u32::MAX), &["`builder_uid` is too large"]),
        (
            "owner",
            json!("4294967295"),
            &["`4294967295` is the number of no user"],
        ),
        (
            "system_requirements",
            json!({"min_engine_version": "twenty"}),
            &["min_engine_version` must begin with a number", "`20.10`"],
        ),
        (
            "containers",
            json!({"": "a:1"}),
            &["`containers` has an image without a key", "with `_` for `-`"],
        ),
        (
            "containers",
            json!({"a_b": "x:1", "a-b": "x:2"}),
            &["two keys for the compose service `a-b`", "use `a-b` alone"],
        ),
        (
            "toolkit_force",
            json!("maybe"),
            &["The value 'maybe' is not a valid boolean"],
        ),
        ("toolkit_depth", json!(0), &["`toolkit_depth`", "0"]),
        (
            "containers",
            json!(["a"]),
            &["argument 'containers' is of type", "unable to convert to dict"],
        ),
        (
            "containers",
            json!("a b"),
            &["dictionary requested, could not parse JSON or key=value"],
        ),
        (
            "system_requirements",
            json!({"min_memory_gb": "much"}),
            &["min_memory_gb", "unable to convert to int"],
        ),
        (
            "base_dir",
            json!("relative"),
            &[
                "`base_dir` must be an absolute path",
                "`relative`",
                "start it with `/`",
            ],
        ),
        ("base_dir", json!("/a/../b"), &["`base_dir`", "`/a/../b`"]),
        ("toolkit_dest", json!("./x"), &["`toolkit_dest`"]),
        (
            "artifact_categories",
            json!(["../x"]),
            &["`artifact_categories`", "../x"],
        ),
        (
            "containers",
            json!({"base_builder": "UPPER:latest"}),
            &["`containers.base_builder`", "UPPER"],
        ),
        (
            "containers",
            json!({"base_builder": "a:b:c"}),
            &["`containers.base_builder`", "a:b:c"],
        ),
        (
            "containers",
            json!({"base_builder": "a@sha256:12"}),
            &["`containers.base_builder`", "sha256:12"],
        ),
        (
            "registry",
            json!("https://r.example"),
            &["`registry` must be", "`https://r.example`"],
        ),
        (
            "registry",
            json!("ghcr.io/x:tag"),
            &["`registry` must be", "`ghcr.io/x:tag`", "no tag"],
        ),
        (
            "artifacts_dir",
            json!("/x/checkout/artifacts"),
            &["`artifacts_dir`", "`toolkit_dest`", "an empty place"],
        ),
        ("toolkit_repo", json!("nothing"), &["nothing"]),
        ("toolkit_repo", json!("ftp://h/x"), &["ftp"]),
        ("toolkit_repo", json!("https://"), &["https://"]),
        ("toolkit_version", json!(""), &["`toolkit_version`"]),
        (
            "docker_host",
            json!("tcp://1.2.3.4:2375"),
            &["`docker_host`", "`tcp://`", "unix:///var/run/docker.sock"],
        ),
        ("docker_host", json!("ssh://root@h"), &["`ssh://`"]),
        (
            "ca_bundle",
            json!("/nowhere/ca.crt"),
            &["`ca_bundle`", "`/nowhere/ca.crt`", "no such file", "PEM"],
        ),
        (
            "ca_bundle",
            json!("/etc/hostname"),
            &["`/etc/hostname` holds no certificate", "PEM"],
        ),
        ("mode", json!("u=q"), &["u=q"]),
        ("owner", json!("nobody-of-this-name"), &["nobody-of-this-name"]),
        ("group", json!("nobody-of-this-name"), &["nobody-of-this-name"]),
        (
            "registry_auth",
            json!({"enabled": true, "token": "t0ken"}),
            &["`registry_auth`", "`username`"],
        ),
        (
            "container",
            json!({"override_file": "../x.yml"}),
            &["`container.override_file`", "../x.yml", "without `..`"],
        ),
        (
            "override_template",
            json!("a: {{ nothing_of_this_name }}"),
            &["docker-compose.override.yml.j2", "nothing_of_this_name", "line 1"],
        ),
        (
            "override_template",
            json!("services: {}\n{% if %}"),
            &["docker-compose.override.yml.j2", "line 2"],
        ),
        (
            "override_template",
            json!("services: [\n"),
            &["docker-compose.override.yml.j2"],
        ),
        (
            "override_template",
            json!("- a\n"),
            &["docker-compose.override.yml.j2"],
        ),
    ];
    let mut station = Station::new().with("toolkit_dest", "/x/checkout");
    let before = station.snapshot();
    for (option, value, parts) in rows {
        let usual = station.arguments().get(*option).cloned();
        station.set(option, value.clone());
        println!("{option}={value}");
        station.run().failed(parts).untouched();
        assert_eq!(station.snapshot(), before, "{option}");
        station.set(option, usual.unwrap_or_default());
    }
}

#[test]
fn a_version_that_the_remote_lacks_is_named_with_what_it_has() {
    for version in ["no-such-branch", "0123456789abcdef0123456789abcdef01234567"] {
        let station = Station::new().with("toolkit_version", version);
        refused(&station, &[version, &station.repository.url()]);
    }
}

#[test]
fn a_git_server_that_cannot_be_used_is_named_with_the_remedy() {
    let unbound = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let https = testbed().get("/git/https");
    let private = testbed().get("/git/private");
    let rows: [(String, Vec<&str>); 5] = [
        (
            format!("http://127.0.0.1:{unbound}/x.git"),
            vec!["cannot reach `127.0.0.1`", "proxy"],
        ),
        (
            "https://no-such-host.invalid/x.git".to_owned(),
            vec!["no-such-host.invalid", "check the name"],
        ),
        (
            format!("{https}/no-such.git"),
            vec!["no git repository is at", "no-such.git"],
        ),
        (format!("{private}/x.git"), vec!["denies access", "~/.netrc"]),
        (
            private.replacen("//", "//corlys:wrong-password@", 1) + "/x.git",
            vec!["denies access", "check the URL"],
        ),
    ];
    for (url, parts) in rows {
        let station = Station::new().with("toolkit_repo", url).with("timeout", 1);
        refused(&station, &parts);
    }
}

#[test]
fn an_untrusted_git_server_names_what_to_install() {
    let station = Station::new().with("ca_bundle", json!(null));
    refused(
        &station,
        &["localhost", "certificate", "ca-certificates", "`ca_bundle`"],
    );
}

#[test]
fn an_untrusted_registry_names_where_its_authority_belongs() {
    let mut station = Station::new();
    station.set(
        "registry",
        format!("{}/{}", testbed().get("/registry/stranger_address"), station.name),
    );
    refused(&station, &["x509", "ca-certificates", "certs.d"]);
}

#[test]
fn wrong_registry_credentials_name_the_option() {
    for auth in [
        json!(null),
        json!({"enabled": true, "username": "velaryon", "token": "wrong-password"}),
    ] {
        let station = Station::new().with("registry_auth", auth);
        refused(
            &station,
            &["base-builder:latest", "`registry_auth`", "docker login"],
        );
    }
}

#[test]
fn an_image_that_is_not_there_is_named() {
    let station = Station::new().with(
        "containers",
        json!({"base_builder": "absent:1", "envoy_builder": "", "ci_builder": ""}),
    );
    refused(&station, &["absent:1", "check `registry`, the name and the tag"]);
    let station = station.with("pull", "never");
    refused(&station, &["absent:1", "`never`", "pull: missing"]);
}

#[test]
fn no_engine_names_every_socket_that_was_tried() {
    let station = Station::new().with("docker_host", json!(null));
    let before = station.snapshot();
    // The sockets of whatever engine this machine has of its own are below this directory.
    let hide = "mount -t tmpfs none /run; mkdir /run/lock";
    let output = private(&station, json!({}), hide).output().unwrap();
    Answer::new(&output)
        .failed(&[
            "found no container engine",
            "/var/run/docker.sock",
            "/run/user/0/docker.sock",
            "/run/podman/podman.sock",
            "`docker_host`",
        ])
        .untouched();
    std::fs::remove_dir(station.path(LOCKS)).unwrap();
    assert_eq!(station.snapshot(), before);
    let socket = station.path("absent.sock");
    let station = station.with("docker_host", format!("unix://{}", socket.display()));
    refused(
        &station,
        &["there is no engine socket", "absent.sock", "`docker_host`"],
    );
}

#[test]
fn an_engine_that_does_not_answer_is_an_error_in_time() {
    let mut station = Station::new().with("timeout", 1);
    let socket = station.path("silent.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    station.set("docker_host", format!("unix://{}", socket.display()));
    let start = std::time::Instant::now();
    station
        .run()
        .failed(&[
            "the engine does not answer",
            "silent.sock",
            "systemctl status docker",
        ])
        .untouched();
    assert!(start.elapsed() < std::time::Duration::from_secs(6));
}

#[test]
fn a_socket_that_this_user_may_not_use_names_become_and_the_group() {
    let mut station = Station::new();
    let socket = station.path("closed.sock");
    let _listener = UnixListener::bind(&socket).unwrap();
    station.set("docker_host", format!("unix://{}", socket.display()));
    // Root may use any; uid 1000 may not use this one.
    let open = std::os::unix::fs::PermissionsExt::from_mode;
    std::os::unix::fs::chown(&socket, None, Some(1234)).unwrap();
    std::fs::set_permissions(station.path(""), open(0o755)).unwrap();
    let wrapper = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups"];
    let binary = station.path("cross_compile");
    std::fs::copy(crate::support::testbed::binary(), &binary).unwrap();
    for (mode, is_the_groups) in [(0o660, true), (0o600, false)] {
        std::fs::set_permissions(&socket, open(mode)).unwrap();
        let inner = station.command(json!({}));
        let output = std::process::Command::new(wrapper[0])
            .args(&wrapper[1..])
            .arg(&binary)
            .args(inner.get_args())
            .env_clear()
            .output()
            .unwrap();
        let answer = Answer::new(&output)
            .failed(&["closed.sock", "permission denied", "become: true"])
            .untouched();
        assert_eq!(
            answer.message().contains("add the user to the group `1234`"),
            is_the_groups,
            "{}",
            answer.message()
        );
    }
}

#[test]
fn a_host_that_is_too_small_or_too_old_is_told_everything_at_once() {
    let station = Station::new().with(
        "system_requirements",
        json!({"min_disk_space_gb": 1_000_000, "min_memory_gb": 100_000, "min_engine_version": "99.1"}),
    );
    refused(
        &station,
        &[
            "GiB free, 1000000 GiB",
            "100000 GiB",
            "Docker is version",
            "99.1 is required",
            "`system_requirements`",
        ],
    );
}

#[test]
fn a_file_system_that_cannot_be_written_is_refused_before_the_first_change() {
    for (mounts, reason, remedy) in [
        ("mount -t tmpfs -o ro none", "read-only file system", "read-write"),
        (
            "mount -t tmpfs -o size=4k,nr_inodes=100 none",
            "no space left on device",
            "free space",
        ),
        (
            "mount -t tmpfs -o nr_inodes=1 none",
            "no space left on device",
            "free space",
        ),
    ] {
        let station = Station::new();
        std::fs::create_dir(station.base("")).unwrap();
        let base = station.base("");
        let base = base.display();
        let mounts = format!(
            "{mounts} '{base}'; [ \"{reason}\" = 'read-only file system' ] || \
            dd if=/dev/zero of='{base}/fill' bs=4k count=1 2>/dev/null || true"
        );
        for check in [true, false] {
            let output = private(&station, json!({"_ansible_check_mode": check}), &mounts)
                .output()
                .unwrap();
            Answer::new(&output)
                .failed(&["cannot create", "base/artifacts", reason, remedy])
                .untouched();
        }
        let network = testbed().docker(&[
            "network",
            "ls",
            "--quiet",
            "--filter",
            &format!("name={}", station.name),
        ]);
        assert_eq!(network, "");
    }
}

#[test]
fn a_file_system_that_fills_up_during_the_run_is_an_error_with_path_and_remedy() {
    // Enough for so many directories and no checkout; then for part of a checkout.
    for options in ["nr_inodes=20", "nr_inodes=40", "size=40k", "size=60k"] {
        let station = Station::new();
        std::fs::create_dir(station.base("")).unwrap();
        let mounts = format!(
            "mount -t tmpfs -o {options} none '{}'",
            station.base("").display()
        );
        let output = private(&station, json!({}), &mounts).output().unwrap();
        let answer = Answer::new(&output);
        println!("{options}: {}", answer.message());
        answer.failed(&[
            "no space left on device",
            "free space",
            &station.base("").to_string_lossy(),
        ]);
    }
}

#[test]
fn a_file_where_a_directory_must_be_is_named() {
    let station = Station::new();
    std::fs::create_dir(station.base("")).unwrap();
    std::fs::write(station.base("artifacts"), "mine").unwrap();
    refused(
        &station,
        &[
            "base/artifacts` already exists as a file, but must be a directory",
            "move that file away",
        ],
    );
}

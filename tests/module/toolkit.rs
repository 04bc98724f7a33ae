//! The toolkit's checkout, as the module's options reach git. (What git itself has to do is in `tests/git`.)

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::repository::git;
use crate::support::station::read;
use crate::support::{Answer, Repository, Station, testbed};

/// A station of which only the checkout is asked for.
fn station() -> Station {
    Station::new().only(&["toolkit"]).with("docker_host", Value::Null)
}

fn converged() -> Station {
    let station = station();
    station.run().changed();
    station
}

#[track_caller]
fn assert_at(station: &Station, answer: &Answer, commit: &str) {
    assert_eq!(git(&station.checkout(), &["rev-parse", "HEAD"]), commit);
    assert_eq!(git(&station.checkout(), &["status", "--porcelain"]), "");
    assert_eq!(answer.get("/toolkit/after"), &json!(commit));
    assert_eq!(answer.get("/diff/0/after/commit"), &json!(commit));
}

#[test]
fn a_missing_checkout_is_cloned() {
    let station = station();
    let answer = station.converges();
    assert_at(&station, &answer, &station.repository.head());
    assert!(answer.actions()[0].starts_with("Cloned the toolkit "));
    assert_eq!(answer.get("/toolkit/before"), &Value::Null);
    assert_eq!(
        answer.get("/toolkit/remote_url"),
        &json!(station.repository.url())
    );
    assert_eq!(
        fs::metadata(station.checkout()).unwrap().permissions().mode() & 0o777,
        0o755
    );
}

#[test]
fn a_branch_is_followed_forwards_backwards_and_aside() {
    let station = converged();
    let repository = &station.repository;
    repository.write("README.md", "two\n");
    let second = repository.commit("second");
    assert_at(&station, &station.converges(), &second);

    repository.git(&["commit", "--quiet", "--amend", "--message", "rewritten"]);
    repository.git(&["push", "--quiet", "--force", "origin", "HEAD"]);
    assert_at(&station, &station.converges(), &repository.head());

    repository.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    repository.git(&["push", "--quiet", "--force", "origin", "HEAD"]);
    let answer = station.converges();
    assert_at(&station, &answer, &repository.head());
    assert_eq!(read(&station.checkout().join("README.md")), "one\n");
}

#[test]
fn every_kind_of_version_is_switched_to() {
    let mut station = converged();
    let repository = &station.repository;
    let first = repository.head();
    repository.git(&["tag", "v1"]);
    repository.write("README.md", "two\n");
    let second = repository.commit("second");
    repository.git(&["tag", "--annotate", "--message", "two", "v2"]);
    repository.git(&[
        "push",
        "--quiet",
        "origin",
        "v1",
        "v2",
        "HEAD:refs/heads/release/2",
    ]);
    station.run().changed();
    for (version, commit) in [
        ("v1", &first),
        ("release/2", &second),
        (&first[..], &first),
        ("v2", &second),
        (&first[..9], &first),
        ("main", &second),
        ("refs/tags/v1", &first),
    ] {
        station.set("toolkit_version", version);
        assert_at(&station, &station.converges(), commit);
    }
    station.repository.git(&["tag", "--force", "v1", &second]);
    station
        .repository
        .git(&["push", "--quiet", "--force", "origin", "v1"]);
    station.set("toolkit_version", "v1");
    assert_at(&station, &station.converges(), &second);

    for version in ["nonesuch", "deadbeefdeadbeefdeadbeefdeadbeefdeadbeef"] {
        station.set("toolkit_version", version);
        station.refuses(&[version]);
    }
    station.set("toolkit_version", Value::Null);
    station.set("toolkit_branch", "main");
    station.run().changed();
}

#[test]
fn a_changed_url_is_followed() {
    let mut station = converged();
    let url = format!("{}/{}.git", testbed().get("/git/http"), station.repository.name());
    station.set("toolkit_repo", url.as_str());
    let answer = station.converges();
    assert!(answer.actions()[0].starts_with("Changed the remote URL of "));
    assert_eq!(answer.get("/toolkit/remote_url"), &json!(url));
    assert_eq!(git(&station.checkout(), &["remote", "get-url", "origin"]), url);

    fs::create_dir(station.path("other")).unwrap();
    let other = Repository::create(&format!("{}-other", station.name), &station.path("other"));
    other.write("README.md", "other\n");
    let head = other.commit("other");
    station.set("toolkit_repo", other.url());
    let answer = station.converges();
    assert_at(&station, &answer, &head);
    assert_eq!(read(&station.checkout().join("README.md")), "other\n");
}

#[test]
fn a_shallow_checkout_stays_shallow() {
    let station = station().with("toolkit_depth", 1);
    for number in 0..3 {
        station.repository.commit(&number.to_string());
    }
    for _ in 0..2 {
        assert_at(&station, &station.converges(), &station.repository.head());
        assert_eq!(git(&station.checkout(), &["rev-list", "--count", "HEAD"]), "1");
        station.repository.commit("another");
    }
}

#[test]
fn submodules_come_along() {
    let station = converged();
    let repository = &station.repository;
    fs::create_dir(station.path("library")).unwrap();
    let library = Repository::create(&format!("{}-library", station.name), &station.path("library"));
    repository.git(&["submodule", "--quiet", "add", &library.url(), "library"]);
    let head = repository.commit("with a library");
    let answer = station.converges();
    assert_at(&station, &answer, &head);
    assert!(answer.actions()[1].starts_with("Cloned the submodule `library`"));
    assert_eq!(read(&station.checkout().join("library/README.md")), "one\n");

    library.write("README.md", "two\n");
    library.commit("second");
    repository.git(&["submodule", "--quiet", "update", "--remote"]);
    repository.commit("a newer library");
    station.converges();
    assert_eq!(read(&station.checkout().join("library/README.md")), "two\n");

    fs::write(station.checkout().join("library/README.md"), "mine\n").unwrap();
    station.refuses(&["`library/README.md`", "`toolkit_force: true`"]);
    fs::remove_dir_all(station.checkout().join("library")).unwrap();
    station.converges();
    assert_eq!(read(&station.checkout().join("library/README.md")), "two\n");
}

#[test]
fn what_somebody_made_is_refused_by_name_and_discarded_by_force() {
    type Make = fn(&Path);
    let makes: [(Make, &str); 4] = [
        (
            |dest| fs::write(dest.join("README.md"), "mine\n").unwrap(),
            "`README.md`",
        ),
        (
            |dest| fs::remove_file(dest.join(".gitignore")).unwrap(),
            "`.gitignore`",
        ),
        (
            |dest| {
                fs::write(dest.join("mine"), "mine\n").unwrap();
                git(dest, &["add", "mine"]);
            },
            "`mine`",
        ),
        (
            |dest| {
                git(
                    dest,
                    &["commit", "--quiet", "--allow-empty", "--message", "of my own"],
                );
            },
            "of my own",
        ),
    ];
    let mut station = converged();
    for (make, named) in makes {
        make(&station.checkout());
        station.refuses(&[named, "`toolkit_force: true`"]);
        station.repository.commit("moved on");
        station.refuses(&[named, "`toolkit_force: true`"]);
        station.set("toolkit_force", true);
        let answer = station.converges();
        assert!(!station.checkout().join("mine").exists());
        assert!(
            answer.actions()[0].starts_with("Discarded from "),
            "{:?}",
            answer.actions()
        );
        assert!(answer.actions()[0].contains(named), "{:?}", answer.actions());
        assert_at(&station, &answer, &station.repository.head());
        station.set("toolkit_force", false);
    }
}

#[test]
fn ignored_and_untracked_files_survive_an_update() {
    let station = Station::new()
        .only(&["toolkit", "override"])
        .with("docker_host", Value::Null);
    station.converges();
    let mine = [
        "artifacts/envoy",
        "notes/untracked",
        "docker-compose.override.yml",
    ];
    for file in &mine[..2] {
        let path = station.checkout().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "mine\n").unwrap();
    }
    station.settled();
    let before = mine.map(|file| read(&station.checkout().join(file)));
    station.repository.write("README.md", "two\n");
    station.repository.commit("second");
    assert_eq!(station.converges().actions().len(), 1);
    assert_eq!(mine.map(|file| read(&station.checkout().join(file))), before);
}

#[test]
fn an_untracked_file_where_the_new_version_has_its_own_is_refused() {
    let station = converged();
    fs::write(station.checkout().join("Makefile"), "mine\n").unwrap();
    station.settled();
    station.repository.write("Makefile", "theirs\n");
    station.repository.commit("a makefile");
    station.refuses(&["`Makefile`", "`toolkit_force: true`"]);
}

#[test]
fn an_unignored_override_is_no_local_change() {
    let station = Station::new()
        .only(&["toolkit", "override"])
        .with("docker_host", Value::Null);
    station.repository.write(".gitignore", "");
    station.repository.commit("ignores nothing");
    station.converges();
    station.repository.commit("second");
    station.converges();
}

#[test]
fn a_checkout_of_another_user_works_for_root() {
    let station = converged();
    let status = Command::new("chown")
        .args(["--recursive", "4242:4242"])
        .arg(station.checkout())
        .status()
        .unwrap();
    assert!(status.success());
    station.settled();
    station.repository.write("README.md", "two\n");
    let head = station.repository.commit("second");
    let answer = station.converges();
    assert_eq!(answer.get("/toolkit/after"), &json!(head));
    let owner = fs::metadata(station.checkout().join("README.md")).unwrap().uid();
    assert_eq!(owner, 4242);
}

#[test]
fn a_user_without_rights_keeps_a_checkout_of_its_own() {
    let mut station = station();
    station.set_user(4242);
    let answer = station.converges();
    assert_eq!(answer.get("/toolkit/after"), &json!(station.repository.head()));
    assert_eq!(fs::metadata(station.checkout()).unwrap().uid(), 4242);
}

#[test]
fn a_place_that_cannot_be_written_is_refused_before_the_first_change() {
    let mut station = Station::new()
        .only(&["directories", "toolkit", "override"])
        .with("docker_host", Value::Null);
    for place in ["/proc/x/toolkit", "/sys/toolkit"] {
        station.set("toolkit_dest", place);
        let answer = station.refuses(&[
            &format!("cannot clone to `{place}`"),
            "it is the kernel's",
            "choose another path",
        ]);
        assert!(!answer.message().contains("failures"), "{}", answer.message());
    }

    let mut station = converged();
    fs::set_permissions(station.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    station.set_runner(&["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups"]);
    station.settled();
    station.repository.commit("moved on");
    station.refuses(&[
        &format!("cannot update `{}`", station.checkout().display()),
        "permission denied",
        "`become: true`",
    ]);
    station.set("toolkit_dest", json!(station.base("workspace/another")));
    station.refuses(&["cannot clone to", "permission denied", "`become: true`"]);
}

#[test]
fn a_link_in_somebodys_repository_leads_root_nowhere() {
    let station = converged();
    let victim = station.path("victim");
    fs::write(&victim, "root's").unwrap();
    std::os::unix::fs::symlink(&victim, station.checkout().join(".git/cross_compile-update.lock")).unwrap();
    let status = Command::new("chown")
        .args(["--recursive", "--no-dereference", "1000:1000"])
        .arg(station.checkout())
        .status()
        .unwrap();
    assert!(status.success());
    station.settled();
    station.repository.commit("moved on");
    station.refuses(&[
        "belongs to another user",
        "cross_compile-update.lock`",
        "remove them",
    ]);
    assert_eq!(read(&victim), "root's");
    fs::remove_file(station.checkout().join(".git/cross_compile-update.lock")).unwrap();
    station.converges();
}

#[test]
fn directories_in_the_checkout_are_refused() {
    let mut station = Station::new()
        .only(&["directories", "toolkit"])
        .with("docker_host", Value::Null);
    let checkout = station.checkout();
    for option in ["artifacts_dir", "cache_dir"] {
        station.set(option, json!(checkout.join("artifacts")));
        station.refuses(&[
            &format!("`{option}`"),
            "`toolkit_dest`",
            "choose a directory outside",
        ]);
        station.set(option, Value::Null);
    }
    station.set("workspace_dir", json!(checkout));
    station.set("toolkit_dest", json!(checkout));
    station.converges();
}

#[test]
fn the_name_of_an_account_is_removed_from_the_url_and_left_alone_elsewhere() {
    let mut station = station();
    station.set(
        "toolkit_repo",
        station.repository.url().replacen("://", "://goldentooth@", 1),
    );
    station.set("toolkit_dest", json!(station.path("goldentooth/toolkit")));
    let answer = station.converges();
    assert_eq!(
        answer.get("/toolkit/dest"),
        &json!(station.path("goldentooth/toolkit"))
    );
    assert!(
        !answer.actions()[0].contains("********"),
        "{:?}",
        answer.actions()
    );
    let text = answer.json.to_string() + &read(&station.path("goldentooth/toolkit/.git/config"));
    assert!(!text.contains("goldentooth@"), "{text}");
}

#[test]
fn a_private_repository_takes_user_info_or_netrc() {
    let mut station = station();
    let testbed = testbed();
    let name = station.repository.name().to_owned();
    let plain = format!("{}/{name}.git", testbed.get("/git/private"));
    let (user, password) = (testbed.get("/git/username"), testbed.get("/git/password"));

    station.set("toolkit_repo", plain.as_str());
    station.refuses(&["denies access", "`~/.netrc`"]);

    let with_user_info = format!("{}/{name}.git", testbed.get("/git/private_with_userinfo"));
    let wrong = with_user_info.replace("seasnake", "seasnail");
    station.set("toolkit_repo", wrong);
    let answer = station.refuses(&["denies access"]);
    assert!(!answer.json.to_string().contains("seasnail"), "{}", answer.json);

    station.set("toolkit_repo", with_user_info);
    let answer = station.converges();
    assert_eq!(answer.get("/toolkit/remote_url"), &json!(plain));
    for text in [
        answer.json.to_string(),
        read(&station.checkout().join(".git/config")),
    ] {
        assert!(!text.contains("seasnake"), "{text}");
    }

    fs::create_dir_all(station.path("home")).unwrap();
    let entry = format!("machine localhost\nlogin {user}\npassword {password}\n");
    fs::write(station.path("home/.netrc"), entry).unwrap();
    station.set("toolkit_repo", plain);
    station.settled();
    station.repository.commit("second");
    station.converges();
}

#[test]
fn ssh_takes_the_users_key_and_known_hosts() {
    let mut station = station();
    let url = format!("{}/{}.git", testbed().get("/ssh/git"), station.repository.name());
    station.set("toolkit_repo", url);
    station.refuses(&["host key of `127.0.0.1`", "`~/.ssh/known_hosts`", "ssh-keyscan"]);
    station.set_environment("HOME", testbed().get("/ssh/client_home"));
    let answer = station.converges();
    assert_at(&station, &answer, &station.repository.head());
}

#[test]
fn a_local_repository_is_cloned_and_followed() {
    let mut station = station();
    let path = station.repository.bare().to_str().unwrap().to_owned();
    for url in [path.clone(), format!("file://{path}")] {
        station.set("toolkit_repo", url);
        station.converges();
        station.repository.commit("another");
        let answer = station.converges();
        assert_at(&station, &answer, &station.repository.head());
    }
}

#[test]
fn servers_that_do_not_serve_are_told_with_the_remedy() {
    let mut station = station().with("timeout", 1);
    let git = testbed().get("/git/https").to_owned();
    for (url, parts) in [
        (
            format!("{git}/nonesuch.git"),
            vec!["no git repository is at", "`toolkit_repo`"],
        ),
        (
            "https://localhost:1/x.git".to_owned(),
            vec!["cannot reach `localhost`", "https_proxy"],
        ),
        ("ftp://localhost/x.git".to_owned(), vec!["ftp"]),
        (String::new(), vec!["is not the URL of a git repository"]),
    ] {
        station.set("toolkit_repo", url);
        station.refuses(&parts);
    }
    station.set("toolkit_repo", station.repository.url());
    station.set("ca_bundle", Value::Null);
    station.refuses(&["certificate of `localhost`", "not trusted", "`ca_bundle`"]);
    station.set("ca_bundle", "/nonexistent/ca.pem");
    station.refuses(&["`ca_bundle` `/nonexistent/ca.pem`"]);
}

#[test]
fn what_is_at_the_place_and_no_checkout_is_refused() {
    let station = station();
    fs::create_dir_all(station.checkout()).unwrap();
    fs::write(station.checkout().join("mine"), "mine").unwrap();
    station.refuses(&[&format!("`{}`", station.checkout().display())]);
    fs::remove_file(station.checkout().join("mine")).unwrap();
    station.converges();
}

//! The compose override: what the template gives, whole, and nothing else in its place.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::Station;
use crate::support::station::read;

/// A station without an engine, of which the override is asked for.
fn station() -> Station {
    Station::new()
        .only(&["directories", "toolkit", "override"])
        .with("docker_host", Value::Null)
}

fn converged() -> Station {
    let station = station();
    station.run().changed();
    station
}

fn path(station: &Station) -> PathBuf {
    station.checkout().join("docker-compose.override.yml")
}

/// Returns the image that the override gives to a service.
fn image_of(text: &str, service: &str) -> Option<String> {
    let (_, section) = text.split_once(&format!("\n  {service}:\n"))?;
    let line = section
        .lines()
        .take_while(|line| line.starts_with("    ") || line.trim().is_empty())
        .find_map(|line| line.trim().strip_prefix("image:"))?;
    Some(line.trim().trim_matches(['"', '\'']).to_owned())
}

#[test]
fn the_four_services_use_the_images_that_are_pulled() {
    let mut station = station();
    station.set_images(&[
        ("base_builder", "base-builder:1.2"),
        ("envoy_builder", "other.example:5000/envoy:latest"),
        ("ci_builder", "ci-builder"),
    ]);
    station.converges().without_warnings();
    let text = read(&path(&station));
    for (service, image) in [
        ("base-builder", station.image("base-builder:1.2")),
        ("dev-environment", station.image("base-builder:1.2")),
        ("envoy-builder", "other.example:5000/envoy:latest".to_owned()),
        ("ci-builder", station.image("ci-builder")),
    ] {
        assert_eq!(image_of(&text, service), Some(image), "{service}: {text}");
    }
    assert!(text.contains(&station.name), "{text}");

    station.set_images(&[("base_builder", "base-builder:1.3")]);
    assert_eq!(
        station.converges().actions(),
        [format!("Updated override `{}`", path(&station).display())]
    );
    let text = read(&path(&station));
    assert_eq!(
        image_of(&text, "dev-environment"),
        Some(station.image("base-builder:1.3"))
    );
    assert_eq!(image_of(&text, "ci-builder"), None);
}

#[test]
fn what_somebody_changed_is_written_again_with_its_difference() {
    let station = converged();
    let wanted = read(&path(&station));
    for edit in [format!("{wanted}# mine\n"), String::new(), "{".to_owned()] {
        fs::write(path(&station), &edit).unwrap();
        let answer = station.converges();
        assert_eq!(answer.get("/diff/0/before"), &json!(edit));
        assert_eq!(answer.get("/diff/0/after"), &json!(wanted));
        assert_eq!(read(&path(&station)), wanted);
    }
    fs::remove_file(path(&station)).unwrap();
    let answer = station.converges();
    assert_eq!(
        answer.actions(),
        [format!("Wrote override `{}`", path(&station).display())]
    );
    assert_eq!(read(&path(&station)), wanted);
}

#[test]
fn owner_and_mode_are_kept_and_nothing_is_left_beside_it() {
    let station = converged();
    let beside = |station: &Station| {
        let mut names: Vec<_> = fs::read_dir(station.checkout())
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    let before = beside(&station);
    let metadata = fs::metadata(path(&station)).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o7777, 0o644);
    fs::write(path(&station), "mine").unwrap();
    fs::set_permissions(path(&station), fs::Permissions::from_mode(0o640)).unwrap();
    chown(path(&station), Some(4242), Some(4343)).unwrap();
    station.converges();
    let metadata = fs::metadata(path(&station)).unwrap();
    assert_eq!(
        (
            metadata.uid(),
            metadata.gid(),
            metadata.permissions().mode() & 0o7777
        ),
        (4242, 4343, 0o640)
    );
    assert_eq!(beside(&station), before);
}

#[test]
fn another_file_in_its_place_is_not_lost() {
    let station = converged();
    fs::remove_file(path(&station)).unwrap();
    fs::create_dir(path(&station)).unwrap();
    let before = station.snapshot();
    station
        .run()
        .failed(&[&format!("`{}`", path(&station).display())])
        .untouched();
    assert_eq!(station.snapshot(), before);
}

#[test]
fn a_template_of_ones_own_sees_what_ansible_would_give_it() {
    let mut station = converged();
    let template = "# {{ cross_compile.base_dir }} {{ envoy_build.parallel_jobs }} {{ ansible_processor_vcpus }}\n\
                    services:\n{% for name in names %}  {{ name }}:\n    image: \"{{ image | default('x') }}\"\n\
                    {% endfor %}";
    station.set("override_template", template);
    station.set(
        "override_variables",
        json!({ "names": ["base-builder", "ci-builder"] }),
    );
    station.set("envoy_build", json!({ "parallel_jobs": 7 }));
    station.converges().without_warnings();
    let processors = std::thread::available_parallelism().unwrap();
    assert_eq!(
        read(&path(&station)),
        format!(
            "# {} 7 {processors}\nservices:\n  base-builder:\n    image: \"x\"\n  ci-builder:\n    image: \"x\"\n",
            station.base("").display()
        )
    );
    station.set(
        "override_variables",
        json!({ "names": ["nonesuch"], "image": "y" }),
    );
    // Before the run, where the toolkit is as it will be then, and after it.
    station.check().warned("`nonesuch`");
    station.converges().warned("`nonesuch`");
    station.settled().warned("`nonesuch`");
    let compose_file = "services:\n  nonesuch: {image: a}\n";
    station.repository.write("docker-compose.yml", compose_file);
    station.repository.commit("has it");
    station.check().changed().without_warnings();
    station.run().changed().without_warnings();
}

#[test]
fn a_template_that_cannot_be_used_is_refused_with_its_place() {
    let mut station = converged();
    for (template, parts) in [
        (
            "services:\n  a:\n    image: {{ nonesuch }}\n",
            vec!["line 3", "`nonesuch`"],
        ),
        (
            "services:\n  a: {}\n  b: {{ cross_compile.nonesuch }}\n",
            vec!["line 3", "nonesuch"],
        ),
        ("services:\n{% if %}\n", vec!["line 2"]),
        ("services: {{ 1 | nonesuch }}\n", vec!["line 1", "nonesuch"]),
        ("services: [\n", vec!["not valid YAML"]),
        (
            "services:\n  a: {imagee: x}\n",
            vec!["`services.a.imagee`", "compose does not know"],
        ),
        ("just text\n", vec!["is not a mapping"]),
    ] {
        station.set("override_template", template);
        let mut expected = vec!["docker-compose.override.yml.j2"];
        expected.extend(&parts);
        station.refuses(&expected);
    }
}

#[test]
fn the_files_have_options() {
    let mut station = station();
    station
        .repository
        .git(&["mv", "docker-compose.yml", "compose.yaml"]);
    station.repository.commit("renamed");
    let container =
        |file: &str| json!({ "compose_file": "compose.yaml", "override_file": file, "network_name": "n" });
    station.set("container", container("compose.override.yaml"));
    let answer = station.converges();
    let path = station.checkout().join("compose.override.yaml");
    assert_eq!(answer.get("/override/path"), &json!(path));
    assert_eq!(answer.get("/override/checksum").as_str().map(str::len), Some(64));
    assert!(path.is_file());
    for (file, remedy) in [
        ("../up.yml", "without `..`"),
        ("/etc/passwd", "a relative path"),
        (".", "a relative path"),
        (".git/config", "and `.git`"),
        ("sub/dir/o.yml", "without `/`"),
        ("compose.yaml", "another name"),
    ] {
        station.set("container", container(file));
        station.refuses(&["`container.override_file`", &format!("`{file}`"), remedy]);
    }
}

#[test]
fn a_file_of_the_toolkits_own_is_never_replaced() {
    let mut station = station();
    station.set(
        "container",
        json!({ "override_file": "README.md", "network_name": "n" }),
    );
    let parts = ["has of its own: `README.md`", "`container.override_file`"];
    // Only the clone can tell what the version has: it is made aside, and thrown away.
    station.run().failed(&parts);
    assert!(!station.checkout().exists());

    station.set("container", Value::Null);
    station.run().changed();
    station.set("container", json!({ "override_file": "README.md" }));
    station.refuses(&parts);
    station.set("container", json!({ "override_file": "later.yml" }));
    station.converges();
    station.repository.write("later.yml", "services: {}\n");
    station.repository.commit("has one, too");
    station.refuses(&["has of its own: `later.yml`"]);
}

#[test]
fn an_override_that_cannot_be_written_is_refused_before() {
    let mut station = converged();
    fs::set_permissions(station.path(""), fs::Permissions::from_mode(0o755)).unwrap();
    station.set_runner(&["setpriv", "--reuid", "4242", "--regid", "4242", "--clear-groups"]);
    let mut station = station.only(&["toolkit", "override"]);
    station.settled();
    station.set("container", json!({ "network_name": "another" }));
    let checkout = format!("`{}`", station.checkout().display());
    station.refuses(&[&checkout, "permission denied", "`become: true`"]);
    station.repository.commit("moved on");
    station.refuses(&["cannot update", &checkout, "permission denied"]);
}

#[test]
fn an_override_without_a_checkout_is_refused() {
    let station = station().only(&["directories", "override"]);
    let checkout = format!("there is no checkout `{}`", station.checkout().display());
    station.refuses(&[&checkout, "let `resources` hold `toolkit`"]);
}

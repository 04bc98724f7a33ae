//! What becomes of what a build left: collected as a whole, or not at all.

use std::fs;

use serde_json::{Value, json};

use crate::support::build_station::read;
use crate::support::strace::Traceable as _;
use crate::support::{Answer, BuildStation};

#[test]
fn a_replaced_version_is_kept_and_named_versions_stay() {
    let mut station = BuildStation::new("echo one >tool-v1; ln -sf tool-v1 tool");
    station.converges();
    station.set_script("echo two >tool-v2; ln -sf tool-v2 tool");
    station.converges();
    station.verifies();
    assert_eq!(read(&station.artifact("tool-v1")), "one\n");
    assert_eq!(read(&station.artifact("tool")), "two\n");
    station.set_script("echo three >tool-v2");
    station.converges();
    station.verifies();
    let generations: Vec<_> = fs::read_dir(station.artifact("previous"))
        .unwrap()
        .flatten()
        .collect();
    assert_eq!(generations.len(), 1);
    assert_eq!(read(&generations[0].path().join("tool-v2")), "two\n");
}

#[test]
fn nothing_leads_out_of_the_category() {
    let mut station = BuildStation::new("");
    let outside = station.path("outside");
    fs::create_dir(&outside).unwrap();
    for script in [
        "ln -s /etc/passwd link",
        "ln -s ../../outside link",
        "ln -s /proc/self/root/etc/passwd x",
        "mkdir d; ln -s /tmp/bazel-cache d/c; touch x",
        "mkfifo pipe",
        "touch x; chmod 4755 x",
        "touch ../beside; touch x",
        "touch x .cross_compile.0badcafe",
        "touch x $(printf 'x%.0s' $(seq 244))",
        "touch x; dd if=/dev/zero of=holes bs=1M count=0 seek=15000000",
        "touch x; for i in $(seq 1500); do mkdir d; cd d; done",
        "touch x; touch /tmp/bazel-cache/y; ln /tmp/bazel-cache/y y 2>/dev/null || ln -s /tmp/bazel-cache/y y",
    ] {
        station.set_script(script);
        let answer = station.run();
        assert_eq!(answer.get("/failed"), &json!(true), "{script}: {}", answer.json);
        assert!(
            answer.message().contains("what it left is in `"),
            "{script}: {}",
            answer.message()
        );
        let collected: Vec<_> = fs::read_dir(station.artifact("")).unwrap().flatten().collect();
        assert!(collected.is_empty(), "{script}: {collected:?}");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
        assert!(station.own("staging").exists());
    }
    station.set_script("touch x; for i in $(seq 1500); do mkdir d; cd d; done");
    station.run().failed(&["is nested deeper than"]);
    // What nobody could walk with a descriptor for each directory is no obstacle for the next build.
    station.set_script("touch x; ln -s $OUTPUT_DIR/x link");
    let few = station.behind(&["prlimit", "--nofile=200:200"]).output().unwrap();
    Answer::new(&few).changed();
    station.check().unchanged();
    station.run().unchanged();
    assert_eq!(
        fs::read_link(station.artifact("link")).unwrap().to_str(),
        Some("x")
    );
}

#[test]
fn what_is_expected_and_does_not_come_out_is_a_failure() {
    let mut station = BuildStation::new("touch a").with("expect", json!(["a", "b", "c-*"]));
    station
        .run()
        .failed(&["did not leave `b`, `c-*`", "staging", "`expect`"]);
    assert!(station.own("staging").join(&station.name).join("a").exists());
    assert!(!station.artifact("a").exists());
    station.set_script("touch a b c-1");
    station.converges();
    assert!(!station.own("staging").exists());

    let nothing = BuildStation::new("true");
    nothing.run().failed(&["did not leave `*`"]);
    let allowed = BuildStation::new("true").with("expect", json!([]));
    allowed.converges();
    assert!(!allowed.artifact("").exists());
}

#[test]
fn a_program_for_another_processor_is_refused() {
    let station = BuildStation::new("cp /bin/busybox program");
    station.run().failed(&["program", "amd64", "arm64"]);
    assert!(!station.artifact("program").exists());
}

#[test]
fn the_provenance_says_what_went_in_and_shows_no_secret() {
    let station = BuildStation::new("echo $API_TOKEN; echo $PLAIN; touch x").with(
        "environment",
        json!({ "API_TOKEN": "hightide-hightide", "PLAIN": "low-water-mark" }),
    );
    let answer = station.run().changed();
    let statement: Value = serde_json::from_str(&read(&station.artifact("x.intoto.json"))).unwrap();
    let definition = &statement["predicate"]["buildDefinition"];
    let parameters = &definition["externalParameters"];
    assert!(
        parameters["environment"]["API_TOKEN"]["sha256"].is_string(),
        "{statement:#}"
    );
    let digest = definition["resolvedDependencies"][0]["digest"]["sha256"]
        .as_str()
        .unwrap();
    assert_eq!(answer.get("/image/digest"), &json!(format!("sha256:{digest}")));
    let details = &statement["predicate"]["runDetails"];
    assert_eq!(
        details["byproducts"][0]["digest"]["sha256"],
        *answer.get("/log/sha256")
    );
    assert_eq!(
        definition["internalParameters"]["fingerprint"],
        *answer.get("/fingerprint")
    );
    for file in ["x.intoto.json", "SHA256SUMS"] {
        let text = read(&station.artifact(file));
        assert!(
            !text.contains("hightide") && !text.contains("low-water"),
            "{file}"
        );
    }
    let record = read(&station.own("record.json"));
    assert!(
        !record.contains("hightide") && !record.contains("low-water"),
        "{record}"
    );
    assert!(!answer.json.to_string().contains("hightide"), "{}", answer.json);
    // A failure shows the end of the log, but no secret in it.
    let mut failing = station;
    failing.set_script("echo the token is $API_TOKEN; echo and $PLAIN; exit 1");
    let answer = failing.run().failed(&["the token is ********", "and ********"]);
    for shown in [&answer, &failing.check()] {
        let text = shown.json.to_string();
        assert!(
            !text.contains("hightide") && !text.contains("low-water"),
            "{text}"
        );
        assert_eq!(
            shown.get("/invocation/module_args/environment/PLAIN"),
            &json!("VALUE_SPECIFIED_IN_NO_LOG_PARAMETER")
        );
    }
}

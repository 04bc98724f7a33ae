//! Servers that fail: what passes is tried again, what is final is not, and nothing hangs.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::proxy::{Fate, Proxy, Registry, UNAVAILABLE};
use crate::support::{Podman, Station, testbed};

const MANIFEST: &str = "/manifests/latest ";
const BUSY: Fate = Fate::Answer(
    "HTTP/1.1 429 Too Many Requests\r\nContent-Type: application/json\r\nContent-Length: 97\r\nConnection: close\r\n\r\n\
     {\"errors\":[{\"code\":\"TOOMANYREQUESTS\",\"message\":\"retry-after: 700ms, allowed: 44000/minute      \"}]}",
);
const BUSY_WITHOUT_WORDS: Fate =
    Fate::Answer("HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
const BUSY_PAGE: Fate = Fate::Answer(
    "HTTP/1.1 429 Too Many Requests\r\nContent-Type: text/html\r\nContent-Length: 34\r\nConnection: close\r\n\r\n\
     <html><p>access denied</p></html>\r\n",
);
const LATE_PAGE: Fate = Fate::Answer(
    "HTTP/1.1 408 Request Timeout\r\nContent-Type: text/html\r\nContent-Length: 20\r\nConnection: close\r\n\r\n\
     <html>denied</html>\n",
);
const BUSY_FOR_TWO_SECONDS: Fate = Fate::Answer(
    "HTTP/1.1 429 Too Many Requests\r\nRetry-After: 2\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
);
const FORBIDDEN_PAGE: Fate = Fate::Answer(
    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/html\r\nContent-Length: 22\r\nConnection: close\r\n\r\n\
     <html>not found</html>",
);
const DENIED: Fate = Fate::Answer(
    "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: 65\r\nConnection: close\r\n\r\n\
     {\"errors\":[{\"code\":\"DENIED\",\"message\":\"requested access denied\"}]}",
);

/// What happens to the first requests of a kind, and not to later ones.
fn first(count: usize, part: &'static str, fate: Fate) -> impl Fn(&str, usize) -> Fate {
    move |line, before| match line.contains(part) && before < count {
        true => fate,
        false => Fate::Pass,
    }
}

/// Pushes an image whose layers the engine does not have yet.
pub fn push_new_layers(station: &Station, seed: u32) {
    testbed().push(&[
        "image",
        "--name",
        &format!("{}/base-builder", station.name),
        "--tag",
        "latest",
        "--seed",
        &(std::process::id() * 10 + seed).to_string(),
        "--layers",
        "1",
        "--size-kb",
        "600",
    ]);
}

#[test]
fn a_registry_without_a_fault_serves_through_the_proxy() {
    let mut station = Station::new();
    let registry = Registry::serve(&mut station, |_, _| Fate::Pass);
    station.converges();
    assert!(!registry.proxy.requests(MANIFEST).is_empty());
}

#[test]
fn a_registry_that_is_unavailable_for_a_while_is_asked_again() {
    for fate in [
        UNAVAILABLE,
        Fate::Close,
        BUSY,
        BUSY_WITHOUT_WORDS,
        BUSY_PAGE,
        LATE_PAGE,
    ] {
        let mut station = Station::new();
        let registry = Registry::serve(&mut station, first(2, MANIFEST, fate));
        station.run().changed();
        station.run().unchanged();
        assert!(registry.proxy.requests(MANIFEST).len() >= 3, "{fate:?}");
    }
}

#[test]
fn a_layer_that_breaks_off_is_fetched_again() {
    let mut station = Station::new();
    push_new_layers(&station, 1);
    let registry = Registry::serve(&mut station, first(1, "/blobs/", Fate::Cut(2000)));
    station.run().changed();
    station.run().unchanged();
    let blobs = registry.proxy.requests("/blobs/");
    assert!(
        blobs
            .iter()
            .any(|line| blobs.iter().filter(|one| *one == line).count() > 1),
        "{blobs:?}"
    );
}

#[test]
fn a_registry_that_stays_unavailable_is_an_error_in_time_and_counts_the_tries() {
    let mut station = Station::new().with("timeout", 2);
    let _registry = Registry::serve(&mut station, |line, _| match line.contains(MANIFEST) {
        true => UNAVAILABLE,
        false => Fate::Pass,
    });
    let before = station.snapshot();
    let start = Instant::now();
    station
        .run()
        .failed(&["503", "tried ", "times", "check that `127.0.0.1:"])
        .untouched();
    assert!(
        start.elapsed() < Duration::from_secs(2 + 5),
        "{:?}",
        start.elapsed()
    );
    assert_eq!(station.snapshot(), before);
}

#[test]
fn who_is_denied_or_asks_for_what_is_not_there_is_told_at_once() {
    // The engine asks for the head and then for the whole, over each protocol that it tries.
    for (fate, word) in [(DENIED, "denied"), (FORBIDDEN_PAGE, "403")] {
        let mut station = Station::new();
        let registry = Registry::serve(&mut station, move |line, _| match line.contains(MANIFEST) {
            true => fate,
            false => Fate::Pass,
        });
        station.run().failed(&[word, "registry_auth"]).untouched();
        let asked = registry.proxy.requests(MANIFEST).len();
        assert!(asked <= 4, "{asked}");
    }
    let mut other = Station::new().with(
        "containers",
        json!({ "base_builder": "absent:latest", "envoy_builder": "", "ci_builder": "" }),
    );
    let registry = Registry::serve(&mut other, |_, _| Fate::Pass);
    other
        .run()
        .failed(&["absent:latest", "check `registry`, the name and the tag"])
        .untouched();
    assert!(registry.proxy.requests(MANIFEST).len() <= 4);
}

#[test]
fn a_registry_that_stays_busy_is_an_error_that_says_so() {
    for fate in [BUSY_WITHOUT_WORDS, BUSY_PAGE] {
        let mut station = Station::new().with("timeout", 1);
        let _registry = Registry::serve(&mut station, move |line, _| match line.contains(MANIFEST) {
            true => fate,
            false => Fate::Pass,
        });
        station
            .run()
            .failed(&["tried ", "HTTP 429", "run again later"])
            .untouched();
    }
}

#[test]
fn what_an_image_is_called_does_not_decide_what_its_failure_is() {
    for name in ["team/denied:1", "x509/not-found:unauthorized"] {
        let mut station = Station::new().with("timeout", 1);
        station.set_images(&[("base_builder", name)]);
        let _registry = Registry::serve(&mut station, |line, _| match line.contains("/manifests/") {
            true => Fate::Close,
            false => Fate::Pass,
        });
        station
            .run()
            .failed(&["tried ", name, "EOF", "check that `127.0.0.1:"])
            .untouched();
    }
}

/// Lets a registry be busy for two heads, of which so many come `before`, and tell that two seconds have to pass.
fn busy_for_two_heads(before: usize) -> impl Fn(&str, usize) -> Fate {
    let heads = AtomicUsize::new(0);
    move |line, _| {
        if !line.contains(MANIFEST) {
            return Fate::Pass;
        }
        let head = match line.starts_with("HEAD ") {
            true => heads.fetch_add(1, Ordering::SeqCst),
            // The whole is asked for where the head was refused.
            false => heads.load(Ordering::SeqCst).saturating_sub(1),
        };
        match (before..before + 2).contains(&head) {
            true => BUSY_FOR_TWO_SECONDS,
            false => Fate::Pass,
        }
    }
}

#[test]
fn a_pause_that_a_registry_asks_for_in_a_header_is_kept() {
    let podman = Podman::start(true);
    for on_podman in [false, true] {
        let mut station = Station::new().only(&["images"]);
        if on_podman {
            station.set("docker_host", podman.docker_host());
        }
        let registry = Registry::serve_over_tls(&mut station, busy_for_two_heads(0));
        let start = Instant::now();
        station.check().changed();
        assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
        // The question, the one for the pause, and the question again: nothing in between.
        let heads = registry.proxy.requests("HEAD ");
        assert_eq!(heads.len(), 3, "{heads:?}");
        station.converges();
    }
}

#[test]
fn a_pull_keeps_the_pause_too() {
    let mut station = Station::new().only(&["images"]);
    // The engine asks for the digest first, and again when it pulls.
    let registry = Registry::serve_over_tls(&mut station, busy_for_two_heads(1));
    let start = Instant::now();
    station.run().changed();
    assert!(start.elapsed() >= Duration::from_secs(2), "{:?}", start.elapsed());
    let heads = registry.proxy.requests("HEAD ");
    assert_eq!(heads.len(), 4, "{heads:?}");
}

#[test]
fn a_pause_beyond_the_patience_of_a_run_ends_it_at_once() {
    let mut station = Station::new().only(&["images"]).with("timeout", 1);
    let registry = Registry::serve_over_tls(&mut station, |line, _| match line.contains(MANIFEST) {
        true => BUSY_FOR_TWO_SECONDS,
        false => Fate::Pass,
    });
    station
        .check()
        .failed(&["HTTP 429", "run again later"])
        .untouched();
    assert_eq!(registry.proxy.requests("HEAD ").len(), 2);
}

#[test]
fn a_silent_registry_does_not_hold_a_run_beyond_its_timeout() {
    let mut station = Station::new().with("timeout", 2);
    let _registry = Registry::serve(&mut station, |line, _| match line.contains(MANIFEST) {
        true => Fate::Silent,
        false => Fate::Pass,
    });
    let start = Instant::now();
    station.run().failed(&["base-builder"]).untouched();
    assert!(
        start.elapsed() < Duration::from_secs(2 + 5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn a_registry_that_fails_with_the_image_at_hand_is_a_warning() {
    let mut station = Station::new();
    let broken = Arc::new(AtomicBool::new(false));
    let now_broken = Arc::clone(&broken);
    let registry = Registry::serve(&mut station, move |_, _| {
        match now_broken.load(Ordering::SeqCst) {
            true => UNAVAILABLE,
            false => Fate::Pass,
        }
    });
    station.run().changed();
    broken.store(true, Ordering::SeqCst);
    station.run().unchanged().warned("is kept as it is");
    drop(registry);
}

#[test]
fn a_git_server_that_fails_for_a_while_is_asked_again() {
    for (part, fate) in [
        ("info/refs", UNAVAILABLE),
        ("info/refs", Fate::Close),
        ("info/refs", Fate::Cut(40)),
        ("git-upload-pack HTTP", Fate::Cut(300)),
        ("git-upload-pack HTTP", Fate::Close),
        ("git-upload-pack HTTP", UNAVAILABLE),
    ] {
        let mut station = Station::new();
        let proxy = Proxy::before_git(first(1, part, fate));
        station.set(
            "toolkit_repo",
            format!("http://{}/{}.git", proxy.address(), station.repository.name()),
        );
        station.run().changed();
        station.run().unchanged();
        assert!(proxy.requests(part).len() > 1, "{part} {fate:?}");
    }
}

#[test]
fn a_silent_git_server_does_not_hold_a_run_beyond_its_timeout() {
    for part in ["info/refs", "git-upload-pack HTTP"] {
        let mut station = Station::new().with("timeout", 2);
        let proxy = Proxy::before_git(first(usize::MAX, part, Fate::Silent));
        station.set(
            "toolkit_repo",
            format!("http://{}/{}.git", proxy.address(), station.repository.name()),
        );
        let start = Instant::now();
        station
            .run()
            .failed(&["cannot reach `127.0.0.1`", "check the name, the network"]);
        assert!(
            start.elapsed() < Duration::from_secs(2 + 5),
            "{part}: {:?}",
            start.elapsed()
        );
        assert!(!station.checkout().exists());
    }
}

#[test]
fn a_git_server_that_denies_or_has_nothing_is_asked_once() {
    const DENIED: Fate =
        Fate::Answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    const MISSING: Fate =
        Fate::Answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    for (fate, words) in [(DENIED, "denies access"), (MISSING, "no git repository")] {
        let mut station = Station::new();
        let proxy = Proxy::before_git(move |_, _| fate);
        station.set("toolkit_repo", format!("http://{}/x.git", proxy.address()));
        station.run().failed(&[words]).untouched();
        assert_eq!(proxy.requests("").len(), 1);
    }
}

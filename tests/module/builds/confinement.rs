//! What a build's container may do, seen from inside and by inspection, on both engines.

use std::collections::BTreeMap;

use serde_json::json;

use crate::support::build_station::read;
use crate::support::{BuildStation, Podman};

/// Each probe tries what must not work, or says what it sees; `name: answer` in each line.
const PROBES: &str = r#"
exec >probes 2>&1
say() { echo "$1: $2"; }
tries() { name=$1; shift; if "$@" >/dev/null 2>&1; then say "$name" possible; else say "$name" denied; fi; }
status() { sed -n "s/^$1:[[:space:]]*//p" /proc/self/status; }
say user "$(id -u):$(id -g)"
for set in CapInh CapPrm CapEff CapBnd CapAmb; do say $set "$(status $set)"; done
say NoNewPrivs "$(status NoNewPrivs)"
say Seccomp "$(status Seccomp)"
tries 'become root' su root -c true
cp /bin/busybox busybox && chmod 4755 busybox 2>/dev/null || true
say 'set-id shell' "$(./busybox id -u)"
rm -f busybox
tries 'change an owner' chown 0:0 probes
tries 'mount' mount -t tmpfs none /mnt
tries 'mount proc' mount -t proc none /proc
tries 'unmount' umount /artifacts
tries 'make a device' mknod device c 1 3
tries 'a user namespace' unshare -r true
tries 'device from a user namespace' unshare -r mknod device c 1 3
tries 'kernel settings from a user namespace' unshare -r sh -c 'echo 1 >/proc/sys/kernel/sysrq'
tries 'root files from a user namespace' unshare -r sh -c 'echo x >>/etc/passwd'
tries 'host name from a user namespace' unshare -r hostname elsewhere
tries 'set the host name' hostname elsewhere
tries 'set the clock' sh -c '! date -s 2020-01-01 2>&1 | grep -q permitted'
tries 'kernel settings' sh -c 'echo 1 >/proc/sys/kernel/sysrq'
tries 'trigger the kernel' sh -c 'echo h >/proc/sysrq-trigger'
tries 'change control groups' mkdir /sys/fs/cgroup/memory/mine /sys/fs/cgroup/mine
tries 'write /etc' sh -c 'echo x >>/etc/passwd'
tries 'write /usr' touch /usr/bin/mine
tries 'write the root' touch /mine
tries 'write beside the category' touch /root/mine
tries 'leave the root' chroot /proc/1/root true
tries 'change another root' chroot / true
tries 'raise a priority' nice -n -5 true
tries 'read kernel memory' dd if=/dev/mem of=/dev/null count=1
tries 'read kcore' dd if=/proc/kcore of=/dev/null bs=1 count=1
tries 'find an engine' sh -c 'find / -xdev -name "*.sock" 2>/dev/null | grep -q .'
tries 'find block devices' sh -c 'find /dev -type b 2>/dev/null | grep -q .'
tries 'see other processes' sh -c '[ "$(ls -d /proc/[0-9]* | wc -l)" -gt 8 ]'
tries 'reach a network' sh -c 'ip route | grep -q .'
tries 'load a module' insmod /mine.ko
tries 'send a raw packet' ping -c 1 127.0.0.1
say 'devices' "$(ls /dev | grep -vxE 'fd|full|mqueue|null|ptmx|pts|random|shm|stderr|stdin|stdout|tty|urandom|zero|console|core' | tr '\n' ' ')"
say 'mounts' "$(awk '{ print $5 }' /proc/self/mountinfo | grep -vxE '/|/(proc|sys|dev)(/.*)?|/etc/(hosts|hostname|resolv.conf)|/run(/.containerenv)?' | sort | tr '\n' ' ')"
say memory "$(cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null)"
say processes "$(cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null)"
say 'open files' "$(ulimit -Hn)"
say 'core files' "$(ulimit -Hc)"
tries 'artifacts are writable' touch /artifacts/$(basename $OUTPUT_DIR)/mark
tries 'cache is writable' touch /tmp/bazel-cache/mark
printf '#!/bin/sh\ntrue\n' >/tmp/program; chmod +x /tmp/program
tries 'temporary programs run' /tmp/program
rm -f mark
"#;

fn probe(station: &BuildStation<'_>) -> BTreeMap<String, String> {
    let answer = station.run();
    answer.succeeded();
    read(&station.artifact("probes"))
        .lines()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, answer)| (name.to_owned(), answer.trim().to_owned()))
        .collect()
}

fn check(probes: &BTreeMap<String, String>, engine: &str, read_only: bool) {
    let mut wrong = Vec::new();
    let mut expect = |name: &str, expected: &str| {
        let found = probes.get(name).map_or("nothing", String::as_str);
        if found != expected {
            wrong.push(format!("{name}: {found}, not {expected}"));
        }
    };
    expect("user", "1000:1000");
    for set in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
        expect(set, "0000000000000000");
    }
    expect("NoNewPrivs", "1");
    expect("Seccomp", "2");
    expect("set-id shell", "1000");
    let denied = [
        "become root",
        "change an owner",
        "mount",
        "mount proc",
        "unmount",
        "make a device",
        "device from a user namespace",
        "kernel settings from a user namespace",
        "root files from a user namespace",
        "host name from a user namespace",
        "set the host name",
        "set the clock",
        "kernel settings",
        "trigger the kernel",
        "change control groups",
        "write /etc",
        "write /usr",
        "write the root",
        "write beside the category",
        "leave the root",
        "change another root",
        "raise a priority",
        "read kernel memory",
        "read kcore",
        "find an engine",
        "find block devices",
        "see other processes",
        "reach a network",
        "load a module",
        "send a raw packet",
    ];
    for name in denied {
        expect(name, "denied");
    }
    // Podman's default seccomp profile lets a process have a user namespace, where it is root over nothing; whether
    // the kernel does depends on the machine.
    if engine == "docker" {
        expect("a user namespace", "denied");
    }
    expect("devices", "");
    let private = if read_only {
        "/artifacts /tmp /tmp/bazel-cache /var/tmp"
    } else {
        "/artifacts /tmp/bazel-cache"
    };
    expect("mounts", private);
    expect("memory", "268435456");
    expect("processes", "128");
    expect("core files", "0");
    for name in [
        "artifacts are writable",
        "cache is writable",
        "temporary programs run",
    ] {
        expect(name, "possible");
    }
    assert!(wrong.is_empty(), "read_only: {read_only}: {wrong:#?}");
    assert!(probes.len() >= 40, "{probes:#?}");
}

/// Asserts what the engine itself says of the container, which a failed build leaves.
fn inspect(station: &BuildStation<'_>, read_only: bool) {
    let container = station.inspect();
    let host = &container["HostConfig"];
    assert_eq!(host["Privileged"], json!(false));
    assert_eq!(host["ReadonlyRootfs"], json!(read_only));
    assert_eq!(host["Memory"], json!(268_435_456));
    assert_eq!(host["MemorySwap"], json!(268_435_456));
    assert_eq!(host["PidsLimit"], json!(128));
    assert_eq!(host["NetworkMode"], json!("none"));
    let dropped = host["CapDrop"].as_array().unwrap();
    // Podman writes out what ALL means.
    assert!(dropped == &[json!("ALL")] || dropped.len() > 10, "{dropped:?}");
    assert!(host["CapAdd"].as_array().is_none_or(Vec::is_empty), "{host}");
    let options = host["SecurityOpt"].to_string();
    assert!(
        options.contains("no-new-privileges") && !options.contains("unconfined"),
        "{options}"
    );
    assert!(host["Devices"].as_array().is_none_or(Vec::is_empty), "{host}");
    let mut targets: Vec<&str> = container["Mounts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|mount| mount["Type"] == "bind")
        .map(|mount| mount["Destination"].as_str().unwrap())
        .collect();
    targets.sort_unstable();
    assert_eq!(targets, ["/artifacts", "/tmp/bazel-cache"]);
}

fn confined(station: BuildStation<'_>, engine: &str) {
    let mut station = station.with("pids_limit", 128);
    for read_only in [false, true] {
        station.set("read_only", read_only);
        station.set("force", true);
        station.set_script(PROBES);
        check(&probe(&station), engine, read_only);
        station.set_script("exit 7");
        station.run().failed(&["exit code 7"]);
        inspect(&station, read_only);
    }
}

#[test]
fn a_build_on_docker_can_do_nothing_but_build() {
    confined(BuildStation::new(""), "docker");
}

#[test]
fn a_build_on_podman_can_do_nothing_but_build() {
    let podman = Podman::start(true);
    confined(BuildStation::new("").on(&podman), "podman");
}

#[test]
fn a_read_only_build_writes_to_its_own_places_alone() {
    let mut station = BuildStation::new("").with("read_only", true);
    station.set_script("touch /tmp/x /var/tmp/x $HOME/x /tmp/bazel-cache/x x; ! touch /home/builder/x");
    station.converges();
}

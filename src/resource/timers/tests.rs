//! What comes and goes, in tables.

use super::observe::Found;
use super::*;

fn desired(jobs: &[Job]) -> Desired {
    Desired {
        jobs: jobs
            .iter()
            .map(|job| (*job, Secret::new(format!("{{\"{job:?}\": 1}}\n"))))
            .collect(),
        is_root: true,
    }
}

fn host(scheduler: Option<Scheduler>) -> Observed {
    Observed {
        scheduler,
        ..Observed::default()
    }
}

/// Returns the host once `changes` were made on it.
fn after(mut host: Observed, changes: &[Change]) -> Observed {
    for change in changes {
        match change {
            Change::Install { .. } => host.program = Program::Current,
            Change::Uninstall => host.program = Program::Absent,
            Change::Write { file, .. } => {
                let found = Found {
                    content: file.content.expose().as_bytes().to_vec(),
                    mode: file.mode,
                };
                host.files.insert(file.path.clone(), found);
            }
            Change::Remove { path, .. } => drop(host.files.remove(path)),
            Change::Enable(job) => {
                host.enabled.push(*job);
                host.enabled.sort();
            }
            Change::Disable { job, .. } => host.enabled.retain(|other| other != job),
        }
    }
    host
}

fn actions(decision: &Decision) -> Vec<String> {
    decision.changes.iter().map(Change::action).collect()
}

#[test]
fn a_timer_comes_in_the_order_in_which_it_can_run_and_goes_in_the_other() {
    let desired_all = desired(&[Job::Prune]);
    let fresh = host(Some(Scheduler::Systemd));
    let decision = plan(&desired_all, &fresh).unwrap();
    assert_eq!(
        actions(&decision),
        [
            "Installed program `/usr/local/lib/goldentooth/cross_compile`",
            "Wrote `/usr/local/lib/goldentooth/cross_compile-prune.json`",
            "Wrote `/etc/systemd/system/goldentooth-cross-compile-prune.service`",
            "Wrote `/etc/systemd/system/goldentooth-cross-compile-prune.timer`",
            "Enabled timer `goldentooth-cross-compile-prune.timer`",
        ]
    );
    let there = after(fresh, &decision.changes);
    assert_eq!(plan(&desired_all, &there).unwrap(), Decision::default());

    let decision = plan(&desired(&[]), &there).unwrap();
    assert_eq!(
        actions(&decision),
        [
            "Disabled timer `goldentooth-cross-compile-prune.timer`",
            "Removed `/usr/local/lib/goldentooth/cross_compile-prune.json`",
            "Removed `/etc/systemd/system/goldentooth-cross-compile-prune.service`",
            "Removed `/etc/systemd/system/goldentooth-cross-compile-prune.timer`",
            "Removed program `/usr/local/lib/goldentooth/cross_compile`",
        ]
    );
    let gone = after(there, &decision.changes);
    assert_eq!(gone, host(Some(Scheduler::Systemd)));
    assert_eq!(plan(&desired(&[]), &gone).unwrap(), Decision::default());
}

#[test]
fn every_way_from_one_state_to_another_ends_in_it() {
    let states = [vec![], vec![Job::Prune], vec![Job::Update], Job::ALL.to_vec()];
    let schedulers = [Some(Scheduler::Systemd), Some(Scheduler::Cron), None];
    for (from, to) in states
        .iter()
        .flat_map(|from| states.iter().map(move |to| (from, to)))
    {
        for (before, now) in schedulers
            .iter()
            .flat_map(|one| schedulers.map(|other| (*one, other)))
        {
            let first = plan(&desired(from), &host(before)).unwrap();
            let mut there = after(host(before), &first.changes);
            there.scheduler = now;
            let second = plan(&desired(to), &there).unwrap();
            let there = after(there, &second.changes);
            let fresh = plan(&desired(to), &host(now)).unwrap();
            let expected = after(host(now), &fresh.changes);
            assert_eq!(there, expected, "{from:?} {before:?} to {to:?} {now:?}");
            assert_eq!(plan(&desired(to), &there).unwrap().changes, []);
        }
    }
}

#[test]
fn where_nothing_can_start_a_job_there_is_a_warning_and_no_file() {
    let decision = plan(&desired(&[Job::Prune]), &host(None)).unwrap();
    assert_eq!(decision.changes, []);
    assert!(decision.warning.unwrap().contains("neither systemd nor cron"));
    let others = Desired {
        is_root: false,
        ..desired(&[Job::Update])
    };
    let decision = plan(&others, &host(Some(Scheduler::Systemd))).unwrap();
    assert_eq!(decision.changes, []);
    assert!(decision.warning.unwrap().contains("become: true"));
    let nothing = Desired {
        is_root: false,
        ..desired(&[])
    };
    assert_eq!(plan(&nothing, &host(None)).unwrap(), Decision::default());
}

#[test]
fn a_unit_that_somebody_edited_is_written_again_and_systemd_is_told() {
    let wanted = desired(&[Job::Prune]);
    let fresh = host(Some(Scheduler::Systemd));
    let mut there = after(fresh.clone(), &plan(&wanted, &fresh).unwrap().changes);
    there.files.get_mut(&Job::Prune.timer_file()).unwrap().content = b"edited".to_vec();
    let decision = plan(&wanted, &there).unwrap();
    assert!(
        matches!(
            &decision.changes[..],
            [Change::Write {
                then: Then::Restart(Job::Prune),
                ..
            }]
        ),
        "{decision:?}"
    );
    let difference = decision.changes[0].difference();
    assert_eq!(difference.before["content"], "edited");
    assert_eq!(difference.after["content"], Job::Prune.timer_text());
}

#[test]
fn arguments_that_everybody_can_read_are_closed_and_never_shown() {
    let wanted = desired(&[Job::Update]);
    let fresh = host(Some(Scheduler::Cron));
    let mut there = after(fresh.clone(), &plan(&wanted, &fresh).unwrap().changes);
    there.files.get_mut(&Job::Update.arguments()).unwrap().mode = 0o644;
    let decision = plan(&wanted, &there).unwrap();
    assert_eq!(
        actions(&decision),
        ["Updated `/usr/local/lib/goldentooth/cross_compile-update.json`"]
    );
    let shown = decision.changes[0].difference().to_json().to_string();
    assert!(!shown.contains("\"Update\\\""), "{shown}");
    assert!(shown.contains("0644") && shown.contains("0600"), "{shown}");
    let debug = format!("{decision:?}");
    assert!(!debug.contains("{\\\"Update"), "{debug}");
}

#[test]
fn a_place_that_cannot_be_written_is_told_before_anything_is_changed() {
    let error = Error::new(crate::error::Kind::Failed, "read-only file system");
    let mut there = host(Some(Scheduler::Cron));
    there.obstacles = vec![(DIRECTORY.into(), error)];
    let error = plan(&desired(&[Job::Prune]), &there).unwrap_err();
    assert!(
        error
            .cause()
            .starts_with("cannot write `/usr/local/lib/goldentooth/"),
        "{error}"
    );
    // What is there already is not written.
    there.program = Program::Current;
    assert_eq!(
        plan(
            &Desired {
                is_root: false,
                ..desired(&[])
            },
            &there
        )
        .unwrap()
        .changes,
        []
    );
}

#[test]
fn names_for_cron_have_no_dots() {
    for job in Job::ALL {
        let name = job
            .cron_file()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        assert!(
            name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
            "{name}"
        );
        assert!(job.cron_text().ends_with('\n'));
    }
}

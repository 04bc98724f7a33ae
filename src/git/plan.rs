//! What has to change, decided from what was observed, and what is refused.
//!
//! Pure: the same in check mode and in the run that follows. Owns the prose of refusals.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use git2::Oid;

use super::change::{Change, Step, listed, named};
use super::examine::{Examined, Submodule};
use crate::error::{Error, Kind, Result};

/// What a plan is made from.
pub(super) struct Situation<'a> {
    pub dest: &'a Path,
    pub url: &'a str,
    pub version: &'a str,
    pub target: Oid,
    pub force: bool,
    /// `None`: nothing is there yet.
    pub examined: Option<&'a Examined>,
}

/// Returns the change that is needed, or the refusal to lose what is not ours.
pub(super) fn decide(situation: &Situation<'_>) -> Result<Option<Change>> {
    let Situation {
        dest,
        url,
        version,
        target,
        force,
        examined,
    } = *situation;
    let change = |before, steps| Change {
        dest: dest.to_path_buf(),
        url: url.to_owned(),
        before,
        after: target,
        steps,
    };
    let Some(examined) = examined else {
        return Ok(Some(change(
            None,
            vec![Step::Clone {
                version: version.to_owned(),
            }],
        )));
    };
    refuse_occupied(&examined.occupied, url)?;
    let lost = Lost::of(examined);
    if !force {
        lost.refuse(dest)?;
    }
    let mut steps = Vec::new();
    if !examined.url {
        steps.push(Step::Url);
    }
    if !lost.is_empty() {
        let files = lost.dirty.into_iter().chain(lost.in_the_way).collect();
        steps.push(Step::Discard {
            files,
            commits: lost.commits,
        });
    }
    if examined.head != Some(target) {
        steps.push(Step::Update { from: examined.head });
    } else if !examined.attached {
        steps.push(Step::Switch {
            version: version.to_owned(),
        });
    } else if examined.unfinished {
        steps.push(Step::Finish);
    }
    submodule_steps(&examined.submodules, Path::new(""), &mut steps);
    if steps.is_empty() {
        return Ok(None);
    }
    if let Some(lock) = examined.locks.first() {
        return Err(Error::new(
            Kind::Refused,
            format!(
                "`{}` is locked: another git is at work there, or was killed",
                lock.display()
            ),
        )
        .with_remedy("wait until no other git works there; remove that file if none does"));
    }
    refuse_links(&links(examined))?;
    Ok(Some(change(examined.head, steps)))
}

/// Refuses a version that has something where others write.
pub(super) fn refuse_occupied(occupied: &BTreeSet<PathBuf>, url: &str) -> Result<()> {
    if occupied.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Refused,
        format!(
            "the override would replace what the toolkit `{url}` has of its own: {}",
            named(occupied)
        ),
    )
    .with_remedy("choose another `container.override_file`"))
}

/// Returns the links in the repository and in those of its submodules.
fn links(examined: &Examined) -> BTreeSet<PathBuf> {
    let inner = examined
        .submodules
        .iter()
        .flat_map(|submodule| links(&submodule.examined));
    examined.links.iter().cloned().chain(inner).collect()
}

/// Refuses a repository in which somebody else could lead root elsewhere.
pub(super) fn refuse_links(links: &BTreeSet<PathBuf>) -> Result<()> {
    if links.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Kind::Refused,
        format!(
            "the repository belongs to another user and has links, through which root will not write: {}",
            named(links)
        ),
    )
    .with_remedy("remove them, or run the task as the owner of the checkout"))
}

fn submodule_steps(submodules: &[Submodule], parent: &Path, steps: &mut Vec<Step>) {
    for Submodule {
        path,
        from,
        to,
        stale,
        examined,
    } in submodules
    {
        let path = parent.join(path);
        if *stale {
            steps.push(Step::Submodule {
                path: path.clone(),
                from: *from,
                to: *to,
            });
        }
        submodule_steps(&examined.submodules, &path, steps);
    }
}

/// What a change would take from the user.
#[derive(Default)]
struct Lost {
    dirty: BTreeSet<PathBuf>,
    in_the_way: BTreeSet<PathBuf>,
    commits: Vec<String>,
}

impl Lost {
    fn of(examined: &Examined) -> Self {
        let mut lost = Self::default();
        lost.add(examined, Path::new(""));
        lost
    }

    fn add(&mut self, examined: &Examined, parent: &Path) {
        self.dirty
            .extend(examined.dirty.iter().map(|path| parent.join(path)));
        self.in_the_way
            .extend(examined.in_the_way.iter().map(|path| parent.join(path)));
        self.commits.extend(examined.own_commits.iter().cloned());
        for submodule in &examined.submodules {
            self.add(&submodule.examined, &parent.join(&submodule.path));
        }
    }

    fn is_empty(&self) -> bool {
        self.dirty.is_empty() && self.in_the_way.is_empty() && self.commits.is_empty()
    }

    fn refuse(&self, dest: &Path) -> Result<()> {
        let Self {
            dirty,
            in_the_way,
            commits,
        } = self;
        let causes: Vec<String> = [
            (!dirty.is_empty()).then(|| format!("changed files: {}", named(dirty))),
            (!in_the_way.is_empty()).then(|| {
                format!(
                    "untracked files where the new version has its own: {}",
                    named(in_the_way)
                )
            }),
            (!commits.is_empty()).then(|| format!("commits that are not on the remote: {}", listed(commits))),
        ]
        .into_iter()
        .flatten()
        .collect();
        if causes.is_empty() {
            return Ok(());
        }
        Err(Error::new(
            Kind::Refused,
            format!("the checkout `{}` has {}", dest.display(), causes.join("; and ")),
        )
        .with_remedy("save them elsewhere, or set `toolkit_force: true` to discard them"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn oid(digit: char) -> Oid {
        Oid::from_str(&digit.to_string().repeat(40)).expect("an object id")
    }

    fn settled() -> Examined {
        Examined {
            head: Some(oid('a')),
            attached: true,
            url: true,
            ..Examined::default()
        }
    }

    fn decided(examined: Option<&Examined>, target: char, force: bool) -> Result<Option<Vec<String>>> {
        let situation = Situation {
            dest: Path::new("/t"),
            url: "https://host/r",
            version: "main",
            target: oid(target),
            force,
            examined,
        };
        decide(&situation).map(|change| change.map(|change| change.actions()))
    }

    #[test]
    fn every_difference_is_one_sentence_in_the_past_tense() {
        let submodule = |from, examined| Submodule {
            path: "lib".into(),
            from,
            to: oid('b'),
            stale: true,
            examined,
        };
        let with = |change: &dyn Fn(&mut Examined)| {
            let mut examined = settled();
            change(&mut examined);
            examined
        };
        for (examined, target, expected) in [
            (settled(), 'a', vec![]),
            (
                settled(),
                'c',
                vec!["Updated the toolkit at `/t` from aaaaaaaa to cccccccc"],
            ),
            (
                with(&|it| it.url = false),
                'a',
                vec!["Changed the remote URL of `/t` to `https://host/r`"],
            ),
            (
                with(&|it| it.attached = false),
                'a',
                vec!["Switched the toolkit at `/t` to `main` (aaaaaaaa)"],
            ),
            (
                with(&|it| it.unfinished = true),
                'a',
                vec!["Finished an interrupted update of the toolkit at `/t` to aaaaaaaa"],
            ),
            (
                with(&|it| it.head = None),
                'a',
                vec!["Updated the toolkit at `/t` to aaaaaaaa"],
            ),
            (
                with(&|it| it.submodules = vec![submodule(None, Examined::default())]),
                'a',
                vec!["Cloned the submodule `lib` at `/t` (bbbbbbbb)"],
            ),
            (
                with(&|it| {
                    let inner = Examined {
                        submodules: vec![submodule(Some(oid('c')), Examined::default())],
                        ..settled()
                    };
                    it.submodules = vec![submodule(Some(oid('b')), inner)];
                }),
                'a',
                vec![
                    "Repaired the submodule `lib` at `/t` (bbbbbbbb)",
                    "Updated the submodule `lib/lib` at `/t` from cccccccc to bbbbbbbb",
                ],
            ),
        ] {
            let expected: Vec<String> = expected.into_iter().map(str::to_owned).collect();
            assert_eq!(
                decided(Some(&examined), target, false),
                Ok(Some(expected).filter(|list| !list.is_empty()))
            );
        }
        assert_eq!(
            decided(None, 'a', false),
            Ok(Some(vec![
                "Cloned the toolkit `https://host/r` at `main` (aaaaaaaa) to `/t`".to_owned()
            ]))
        );
    }

    #[test]
    fn what_is_not_ours_is_refused_by_name_unless_forced() {
        let paths = |count: usize| {
            (0..count)
                .map(|number| format!("f{number:02}").into())
                .collect::<BTreeSet<PathBuf>>()
        };
        let inner = Submodule {
            path: "lib".into(),
            from: None,
            to: oid('b'),
            stale: false,
            examined: Examined {
                dirty: paths(1),
                ..settled()
            },
        };
        for (examined, cause, discarded) in [
            (
                Examined {
                    dirty: paths(1),
                    ..settled()
                },
                "changed files: `f00`",
                "changes to `f00`",
            ),
            (
                Examined {
                    dirty: paths(12),
                    ..settled()
                },
                "`f09` and 2 more",
                "`f09` and 2 more",
            ),
            (
                Examined {
                    in_the_way: paths(1),
                    ..settled()
                },
                "has its own: `f00`",
                "changes to `f00`",
            ),
            (
                Examined {
                    own_commits: vec!["1a2b3c4d mine".to_owned()],
                    ..settled()
                },
                "not on the remote: 1a2b3c4d mine",
                "the commits 1a2b3c4d mine",
            ),
            (
                Examined {
                    submodules: vec![inner],
                    ..settled()
                },
                "changed files: `lib/f00`",
                "changes to `lib/f00`",
            ),
        ] {
            let error = decided(Some(&examined), 'a', false).expect_err(cause);
            assert_eq!(error.kind(), Kind::Refused);
            assert!(error.cause().contains(cause), "{error}");
            assert!(
                error
                    .remedy()
                    .is_some_and(|text| text.contains("toolkit_force: true")),
                "{error}"
            );
            let actions = decided(Some(&examined), 'a', true)
                .expect("forced")
                .expect("a change");
            assert!(
                actions.iter().any(|action| action.ends_with(discarded)),
                "{actions:?}"
            );
        }
    }

    #[test]
    fn links_matter_only_when_something_changes() {
        let examined = Examined {
            links: BTreeSet::from(["/t/.git/index".into()]),
            ..settled()
        };
        assert_eq!(decided(Some(&examined), 'a', false), Ok(None));
        let error = decided(Some(&examined), 'b', true).expect_err("a refusal");
        assert!(
            error.cause().ends_with("will not write: `/t/.git/index`"),
            "{error}"
        );
        assert!(
            error.remedy().is_some_and(|text| text.contains("owner")),
            "{error}"
        );
    }

    #[test]
    fn what_others_write_may_not_be_the_versions_own_even_when_nothing_changes() {
        let examined = Examined {
            occupied: BTreeSet::from(["Makefile".into()]),
            ..settled()
        };
        for force in [false, true] {
            let error = decided(Some(&examined), 'a', force).expect_err("a refusal");
            assert!(error.cause().ends_with("of its own: `Makefile`"), "{error}");
            assert!(
                error
                    .remedy()
                    .is_some_and(|text| text.contains("`container.override_file`")),
                "{error}"
            );
        }
    }

    #[test]
    fn a_lock_matters_only_when_something_changes() {
        let examined = Examined {
            locks: vec!["/t/.git/index.lock".into()],
            ..settled()
        };
        assert_eq!(decided(Some(&examined), 'a', false), Ok(None));
        let error = decided(Some(&examined), 'b', false).expect_err("a refusal");
        assert!(
            error.cause().starts_with("`/t/.git/index.lock` is locked"),
            "{error}"
        );
    }
}

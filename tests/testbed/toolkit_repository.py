"""Makes the toolkit's repository out of the files in `toolkit/`: the same commits on every machine.

The history is short but real: a start, the documentation, the rest, with a tag on the last but one.
"""

import hashlib
import shutil
import tempfile
from pathlib import Path

import processes
from layout import GIT_ROOT, ROOT, write

NAME = "goldentooth/cross-compile-toolkit.git"
SOURCE = Path(__file__).resolve().parent / "toolkit"
HISTORY = [
    (
        "Start the toolkit",
        ["README.md", "LICENSE", ".gitignore", "Makefile", "docker-compose.yml", "containers"],
        None,
    ),
    ("Explain how to build and deploy", ["docs"], "v1.0.0"),
    ("Add scripts, patches and continuous integration", ["."], None),
]


def ensure():
    """Makes the repository where it is missing or made from other files."""
    repository = GIT_ROOT / NAME
    made_from = repository / "made-from"
    wanted = fingerprint()
    if made_from.exists() and made_from.read_text() == wanted:
        return
    repository.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOT) as directory:
        tree, bare = Path(directory) / "tree", Path(directory) / "bare"
        git(None, "init", "--quiet", "--initial-branch=main", tree)
        for number, (message, paths, tag) in enumerate(HISTORY, start=1):
            for path in paths:
                copy(SOURCE / path, tree / path)
            git(number, "-C", tree, "add", "--all")
            git(number, "-C", tree, "commit", "--quiet", "--message", message)
            if tag:
                git(number, "-C", tree, "tag", "--annotate", "--message", f"Release {tag}", tag)
        git(None, "clone", "--quiet", "--bare", "--no-hardlinks", tree, bare)
        git(None, "-C", bare, "remote", "remove", "origin")
        write(bare / "made-from", wanted)
        if repository.exists():
            shutil.rmtree(repository)
        bare.rename(repository)


def copy(source, target):
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    else:
        shutil.copy2(source, target)


def git(day, *arguments):
    """Runs git as nobody in particular, on a day that is always the same."""
    date = f"2026-01-{day or 1:02}T12:00:00Z"
    person = {"NAME": "Goldentooth", "EMAIL": "toolkit@goldentooth.test", "DATE": date}
    env = processes.environment(
        GIT_CONFIG_GLOBAL="/dev/null",
        GIT_CONFIG_NOSYSTEM="1",
        **{f"GIT_AUTHOR_{what}": value for what, value in person.items()},
        **{f"GIT_COMMITTER_{what}": value for what, value in person.items()},
    )
    return processes.run(["git", *arguments], env=env)


def head():
    """Returns the commit that `main` is at."""
    return git(None, "-c", "safe.directory=*", "-C", GIT_ROOT / NAME, "rev-parse", "main").strip()


def fingerprint():
    """Returns a digest of the files and of the history to be made from them."""
    seen = hashlib.sha256(repr(HISTORY).encode())
    for path in sorted(path for path in SOURCE.rglob("*") if path.is_file()):
        runs = bool(path.stat().st_mode & 0o100)
        seen.update(f"{path.relative_to(SOURCE)} {runs}\0".encode() + path.read_bytes())
    return seen.hexdigest()

"""What Ansible's own checkers say of the collection, the role and the changelog: nothing."""

import os
import re
import shutil

from controller import PROJECT
from shipped import CHECKERS, COLLECTION_ARCHIVE, OUTPUT, WORK, directory, run

TREE = "ansible_collections/goldentooth/cross_compile"
# `ansible-test` fetches pip from a server of Ansible's; Python has one inside.
BOOTSTRAP = "import ensurepip\nensurepip.bootstrap(default_pip=True)\n"


def galaxy_imports_the_collection_without_a_word():
    said = run([CHECKERS / "python", "-m", "galaxy_importer.main", COLLECTION_ARCHIVE], **_surroundings("importer"))
    assert "Importer processing completed successfully" in said, said
    for word in ("WARNING", "ERROR"):
        assert word not in said, said
    for content in ("module cross_compile", "role setup_cross_compilation", "action cross_compile"):
        assert f"Loading {content}" in said, said


def the_repository_passes_ansible_lint():
    surroundings = _surroundings("lint", PROJECT)
    # The benchmark's peer uses other collections.
    packages = next((PROJECT / "target/ansible/lib").glob("python3*/site-packages"))
    surroundings["env"]["ANSIBLE_COLLECTIONS_PATH"] = str(packages)
    said = run([CHECKERS / "ansible-lint", "--offline", "--strict", "--nocolor"], **surroundings)
    assert re.search(r"Passed: 0 failure\(s\), 0 warning\(s\) in \d\d", said), said


def the_collection_passes_ansible_test():
    place = directory("sanity")
    shutil.copytree(OUTPUT / TREE, place / TREE, symlinks=True)
    surroundings = _surroundings("sanity-home", place / TREE)
    # Only what is in a repository is looked at.
    run(["git", "init", "--quiet", "."], **surroundings)
    run(["git", "add", "--all"], **surroundings)
    _provide_pip(surroundings["env"]["HOME"])
    # With the controller's own Python; others may be here in part.
    version = next(CHECKERS.parent.glob("lib/python3*")).name.removeprefix("python")
    said = run([CHECKERS / "ansible-test", "sanity", "--python", version, "--color", "no"], **surroundings)
    for test in ("validate-modules", "pylint", "pep8", "import", "compile", "symlinks", "action-plugin-docs"):
        assert f'Running sanity test "{test}"' in said, said


def the_fragments_of_the_changelog_are_well_formed():
    assert run([CHECKERS / "antsibull-changelog", "lint"], **_surroundings("changelog", PROJECT)) == ""


def _surroundings(name, cwd=None):
    """Returns what a checker runs in: a home of its own, and nothing of the caller's Ansible."""
    home = WORK / f"{name}.home"
    home.mkdir(parents=True, exist_ok=True)
    kept = {key: value for key, value in os.environ.items() if key.startswith("PIP_")}
    environment = {**kept, "PATH": f"{CHECKERS}:{os.environ['PATH']}", "HOME": str(home), "LC_ALL": "C.UTF-8"}
    return {"env": environment, "cwd": cwd or directory(name)}


def _provide_pip(home):
    """Gives `ansible-test` the pip that it wants, and its pip the settings that it would not see."""
    programs = next(CHECKERS.parent.glob("lib/python3*/site-packages/ansible_test/_internal"))
    requirements = programs / "python_requirements.py"
    version = re.search(r"pip='([\d.]+)'", requirements.read_text())
    cache = os.path.join(home, ".ansible/test/cache")
    os.makedirs(cache, exist_ok=True)
    with open(os.path.join(cache, f"get_pip_{version.group(1).replace('.', '_')}.py"), "w") as file:
        file.write(BOOTSTRAP)
    os.makedirs(os.path.join(home, ".config/pip"), exist_ok=True)
    with open(os.path.join(home, ".config/pip/pip.conf"), "w") as file:
        file.write("[global]\n")
        for key, value in os.environ.items():
            if key.startswith("PIP_"):
                file.write(f"{key[4:].lower().replace('_', '-')} = {value}\n")

"""Runs tests one after the other, tells how each ended, and counts them. It knows nothing of what they try."""

import subprocess
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(tests, words):
    """Runs them all; returns the status with which the program is to exit."""
    return close(outcomes(tests, words))


def outcomes(tests, words):
    """Runs those of `tests`, pairs of a name and a function, whose names hold one of the words; all without any.

    Returns for each whether it passed.
    """
    passed = []
    for name, test in tests:
        if words and not any(word in name for word in words):
            continue
        started = time.monotonic()
        problem = attempt(test)
        told = f"{'FAILED' if problem else 'ok    '} {name}, {time.monotonic() - started:.1f} s"
        if problem:
            told += "\n    " + problem.rstrip().replace("\n", "\n    ")
        # In one piece, since others may run at the same time.
        print(told, flush=True)
        passed.append(problem is None)
    return passed


def close(outcomes):
    """Prints the closing line; returns the status with which the program is to exit."""
    passed, failed = outcomes.count(True), outcomes.count(False)
    print(f"{passed} passed, {failed} failed" if failed else f"{passed} passed")
    return 1 if failed or not passed else 0


def attempt(test):
    """Returns what went wrong."""
    try:
        test()
    except (AssertionError, subprocess.TimeoutExpired) as error:
        where = traceback.extract_tb(error.__traceback__)
        line = next((frame for frame in reversed(where) if HERE.parent in Path(frame.filename).parents), where[-1])
        return f"{Path(line.filename).name}:{line.lineno}: {line.line}\n{error}"
    except Exception:  # A test that breaks fails alone.
        return traceback.format_exc()
    return None

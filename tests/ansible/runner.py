"""Runs tests one after the other, tells how each ended, and counts them. It knows nothing of what they try."""

import subprocess
import time
import traceback
from pathlib import Path

HERE = Path(__file__).resolve().parent


def run(tests, words):
    """Runs those of `tests`, pairs of a name and a function, whose names hold one of the words; all without any."""
    passed = failed = 0
    for name, test in tests:
        if words and not any(word in name for word in words):
            continue
        started = time.monotonic()
        problem = attempt(test)
        passed, failed = passed + (problem is None), failed + (problem is not None)
        print(f"{'ok    ' if problem is None else 'FAILED'} {name}, {time.monotonic() - started:.1f} s", flush=True)
        if problem:
            print("    " + problem.rstrip().replace("\n", "\n    "), flush=True)
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

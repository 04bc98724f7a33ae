"""A station that really builds: with compilers in its builders, and Envoy built."""

import os
from contextlib import contextmanager

from options import options_of

BUILD = "cross_compile_build"
YEAR = 365 * 24 * 60 * 60


@contextmanager
def with_a_build(controller, station):
    """Has Envoy built twice, a year ago and now; returns what the later build is told."""
    with builders(controller, station):
        build(controller, station, envoy_build={"version": "v1"})
        for path in (station.base / "artifacts/envoy").iterdir():
            then = path.lstat().st_mtime - YEAR
            os.utime(path, (then, then), follow_symlinks=False)
        yield build(controller, station, "--diff", envoy_build={"version": "v2"})


@contextmanager
def builders(controller, station):
    """Gives the station the builders that really compile, and takes their containers away."""
    station.registry = station.testbed["registry"]["compilers"]
    try:
        controller.ad_hoc(station.arguments(), velaryon=controller.local()).succeeded()
        yield
    finally:
        station.docker("rm", "--force", "goldentooth-envoy-builder", "goldentooth-consul-builder")


def build(controller, station, *options, **more):
    arguments = {**options_of(controller, station, BUILD), "name": "envoy", **more}
    played = controller.ad_hoc(arguments, *options, module=BUILD, velaryon=controller.local()).succeeded()
    return played.results(BUILD)[0]

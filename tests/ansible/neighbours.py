"""The testbed of another checkout on the same machine."""

import shutil
import subprocess
import sys

from controller import PROJECT

START_AND_STOP = """
import ssh_server
ssh_server.SSH.mkdir(parents=True)
ssh_server.start()
# As if it had been the first.
ssh_server.MADE_BY_US.touch()
ssh_server.stop()
"""


def the_ssh_server_of_one_checkout_survives_that_of_another(controller, station):
    other = controller.directory / "tests/testbed"
    shutil.copytree(PROJECT / "tests/testbed", other, ignore=shutil.ignore_patterns("__pycache__"))
    ran = subprocess.run([sys.executable, "-c", START_AND_STOP], cwd=other, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    command = ["ssh", "-F", controller.testbed["ssh"]["config"], "-o", "ControlMaster=no", "velaryon", "uname -n"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert told.stdout == "velaryon\n", told.stderr

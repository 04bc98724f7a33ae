"""What is documented of a module, and what of a station's options it has."""

import json


def documented(controller, module):
    return json.loads(controller.documentation("--json", module))[module]


def options_of(controller, station, module):
    """Returns what of the station's options a module has; none of its builds needs a network."""
    options = documented(controller, module)["doc"]["options"]
    everything = {**station.arguments(), "network": "none"}
    return {name: value for name, value in everything.items() if name in options}

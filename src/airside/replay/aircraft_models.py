"""From the model in an aircraft registry to the ICAO type designator (ICAO Doc 8643).

Only airliners, and only where the model leaves one designator: a registration can have been
handed on, so a registry names light aircraft and helicopters as the equipment of airline flights.
"""

import re

_BOEING = {
    "717-2": "B712",
    "737-3": "B733",
    "737-4": "B734",
    "737-5": "B735",
    "737-6": "B736",
    "737-7": "B737",
    "737-8": "B738",
    "737-9": "B739",  # the 900ER too
    "747-4": "B744",
    "757-2": "B752",
    "757-3": "B753",
    "767-2": "B762",
    "767-3": "B763",
    "767-4": "B764",
    "777-2": "B772",
}
"""Model and the first digit of its series; two characters of the customer (or 00) follow."""

_AIRBUS = {
    "A319-1": "A319",
    "A320-2": "A320",
    "A321-2": "A321",
    "A330-2": "A332",
    "A330-3": "A333",
    "A340-3": "A343",
}
"""Model and the first digit of its series; two digits of engine and standard follow."""

_OTHERS = {
    "787-8": "B788",
    # CL-600-2B19 is left out: both CRJ1 and CRJ2 are of that model
    "CL-600-2C10": "CRJ7",
    "CL-600-2D24": "CRJ9",
    "DC-9-51": "DC95",
    "DC-9-82(MD-82)": "MD82",
    "DC-9-83(MD-83)": "MD83",
    "MD-88": "MD88",
    "MD-90-30": "MD90",
    "EMB-145": "E145",
    "EMB-145LR": "E145",
    "EMB-145XR": "E45X",
    "ERJ 190-100 IGW": "E190",
}

_SERIES = re.compile(r"(?P<boeing>7\d7-\d)[A-Z0-9]{2}(?:ER)?|(?P<airbus>A3\d\d-\d)\d\d")

AIRLINER_DESIGNATORS = frozenset({*_BOEING.values(), *_AIRBUS.values(), *_OTHERS.values()})
"""Every designator that `icao_designator` can give."""


def icao_designator(model: str) -> str | None:
    """Name the type of an airliner.

    Args:
        model: As the US registry writes it, such as `A320-232` or `737-924ER`.

    Returns:
        The ICAO designator, or None where the model is none of the known airliners or leaves
        more than one designator.
    """
    if match := _SERIES.fullmatch(model):
        return _BOEING.get(match["boeing"]) if match["boeing"] else _AIRBUS.get(match["airbus"])
    return _OTHERS.get(model)

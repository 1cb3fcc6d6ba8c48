"""Judges whether a routing engine obeys the rules of roads in navigation packs.

usage: rules.py ZELLIGE

ZELLIGE is the program. It makes packs of small drawn networks, and the engine routes on them: one-way streets, names,
closed roads, bridges, tile borders, turn restrictions, in the words of OpenStreetMap and in the schema of Overture.

Ends with 1 when a route is not as expected.

Needs Python 3.12 with pyvalhalla 3.9.
"""

import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import valhalla

SIDE = 0.002  # degrees: 223 metres from south to north
DENIED_BACKWARD = {"access_restrictions": [{"access_type": "denied", "when": {"heading": "backward"}}]}


def line(number, properties, *corners, west=8.4, south=47.1):
    """A road through corners on squared paper."""
    coordinates = [[round(west + x * SIDE, 7), round(south + y * SIDE, 7)] for x, y in corners]
    geometry = {"type": "LineString", "coordinates": coordinates}
    return {"type": "Feature", "id": number, "properties": properties, "geometry": geometry}


def osm(highway, **more):
    return {"highway": highway, **{key.replace("__", ":"): value for key, value in more.items()}}


def overture(road_class, name=None, **more):
    names = {"names": {"primary": name}} if name else {}
    return {"subtype": "road", "class": road_class, **names, **more}


def place(main, lane, one_way, path):
    """A square of four roads, the eastern one of them one-way to the south, and a footpath across."""
    return [
        line(1, main, (0, 0), (1, 0), (2, 0)),
        line(2, lane, (0, 0), (0, 2), (1, 2), (2, 2)),
        line(3, one_way, (2, 2), (2, 0)),
        line(4, path, (1, 0), (1, 2)),
    ]


PLACES = {
    "OpenStreetMap": place(
        osm("secondary", maxspeed="50", name="Harbour Road"),
        osm("residential", name="Mill Lane"),
        osm("residential", oneway="yes", name="Church Way"),
        osm("footway", name="Towpath"),
    ),
    "Overture": place(
        overture("secondary", "Harbour Road", speed_limits=[{"max_speed": {"value": 50, "unit": "km/h"}}]),
        overture("residential", "Mill Lane"),
        overture("residential", "Church Way", **DENIED_BACKWARD),
        overture("footway", "Towpath"),
    ),
}


def cross(**west):
    """Roads that meet in (1, 1), and a way round through the east."""
    return [
        line(1, osm("residential", **west), (0, 1), (1, 1)),
        line(2, osm("residential"), (1, 1), (1, 2)),
        line(3, osm("residential"), (1, 1), (2, 1)),
        line(4, osm("residential"), (2, 1), (2, 2), (1, 2)),
        line(5, osm("residential"), (1, 2), (1, 3)),
    ]


def flyover(**bridge):
    """A bridge over a road, and a way round that joins both."""
    return [
        line(1, osm("primary"), (0, 1), (1, 1), (2, 1)),
        line(2, osm("primary", **bridge), (1, 0), *([(1, 1)] if bridge else []), (1, 2)),
        line(3, osm("residential"), (2, 1), (2, 2), (1, 2)),
    ]


def turn(restriction, to, **more):
    return {"turn_restrictions": [{"restriction": restriction, "to": to, **more}]}


# Name, roads, mode, from, to, squares on the way or nothing when there is none, names on the way.
CASES = [
    *(
        case
        for schema, roads in PLACES.items()
        for case in [
            (f"{schema}: main road", roads, "auto", (0.1, 0), (1.9, 0), 1.8, ["Harbour Road"]),
            (f"{schema}: with the one-way street", roads, "auto", (2, 1.8), (2, 0.2), 1.6, ["Church Way"]),
            (f"{schema}: against it by car", roads, "auto", (2, 0.2), (2, 1.8), 6.4, ["Mill Lane"]),
            (f"{schema}: against it by bicycle", roads, "bicycle", (2, 0.2), (2, 1.8), 6.4, ["Mill Lane"]),
            (f"{schema}: against it on foot", roads, "pedestrian", (2, 0.2), (2, 1.8), 1.6, ["Church Way"]),
            (f"{schema}: by the footpath", roads, "pedestrian", (1, 0.2), (1, 1.8), 1.6, ["Towpath"]),
        ]
    ),
    ("closed lane", cross(access="no"), "auto", (1, 1.5), (2, 1.5), 2.0, []),
    ("closed lane, open on foot", cross(access="no", foot="yes"), "pedestrian", (0.5, 1), (1, 1.5), 1.0, []),
    ("turn to the left", cross(), "auto", (0.5, 1), (1, 1.5), 1.0, []),
    ("no turn to the left", cross(**turn("no_left_turn", 2)), "auto", (0.5, 1), (1, 1.5), 4.0, []),
    ("no turn, on foot", cross(**turn("no_left_turn", 2)), "pedestrian", (0.5, 1), (1, 1.5), 1.0, []),
    ("only straight on", cross(**turn("only_straight_on", 3)), "auto", (0.5, 1), (1, 1.5), 4.0, []),
    ("no turn but bicycles", cross(**turn("no_left_turn", 2, **{"except": ["bicycle"]})), "auto", (0.5, 1), (1, 1.5), 4.0, []),
    ("bicycles are exempt", cross(**turn("no_left_turn", 2, **{"except": ["bicycle"]})), "bicycle", (0.5, 1), (1, 1.5), 1.0, []),
    ("no way on after a turn", cross(**turn("no_straight_on", 5, via=[2])), "auto", (0.5, 1), (1, 2.5), 4.0, []),
    ("no such turn", cross(**turn("no_straight_on", 5, via=[2])), "auto", (0.5, 1), (1, 1.9), 1.4, []),
    ("bridge without a vertex", flyover(), "auto", (0.1, 1), (1, 0.1), 5.8, []),
    ("bridge with a vertex", flyover(bridge="yes", layer="1"), "auto", (0.1, 1), (1, 0.1), 5.8, []),
    (
        "across a tile border",
        [line(1, osm("residential"), (48, 0), (52, 0)), line(2, osm("primary"), (52, 0), (54, 0))],
        "auto",
        (48.5, 0),
        (53.5, 0),
        5.0,
        [],
    ),
    (
        "round a roundabout",
        [
            line(1, osm("tertiary", junction="roundabout"), (1, 0), (2, 1), (1, 2), (0, 1), (1, 0)),
            line(2, osm("tertiary"), (1, 0), (1, -1)),
            line(3, osm("tertiary"), (0, 1), (-1, 1)),
        ],
        "auto",
        (1, -0.5),
        (-0.5, 1),
        5.24,
        [],
    ),
]


def pack(program, roads, folder):
    """Makes a pack and returns its path."""
    (folder / "roads.geojsonl").write_text("\n".join(json.dumps(road) for road in roads))
    ring = [[8.3, 47.0], [8.6, 47.0], [8.6, 47.2], [8.3, 47.2], [8.3, 47.0]]
    geography = {"type": "Polygon", "coordinates": [ring]}
    (folder / "place.json").write_text(json.dumps({"configuration": {"geography": geography, "navigation": True}}))
    command = [program, "pack", folder / "place.json", "--roads", folder / "roads.geojsonl", "-o", folder / "out"]
    subprocess.run([*command, "--quiet"], check=True, stdout=subprocess.DEVNULL)
    return next((folder / "out").rglob("navigation.tar"))


def route(actor, start, end, mode):
    """Length in sides of squares, and names on the way; nothing when there is no way."""
    locations = [{"lon": 8.4 + x * SIDE, "lat": 47.1 + y * SIDE} for x, y in (start, end)]
    try:
        trip = actor.route({"locations": locations, "costing": mode})["trip"]
    except RuntimeError:
        return None, []
    leg = trip["legs"][0]
    shape = decode(leg["shape"])
    length = sum(math.dist(a, b) for a, b in zip(shape, shape[1:])) / SIDE
    return length, [name for maneuver in leg["maneuvers"] for name in maneuver.get("street_names", [])]


def decode(text):
    """Latitudes and longitudes of an encoded line with six digits."""
    numbers, number, shift = [], 0, 0
    for letter in text:
        value = ord(letter) - 63
        number |= (value & 31) << shift
        shift += 5
        if value < 32:
            numbers.append(number >> 1 ^ -(number & 1))
            number, shift = 0, 0
    out, last = [], (0, 0)
    for pair in zip(numbers[::2], numbers[1::2]):
        last = (last[0] + pair[0], last[1] + pair[1])
        out.append((last[0] / 1e6, last[1] / 1e6))
    return out


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    n_failed = 0
    for name, roads, mode, start, end, expected, names in CASES:
        with tempfile.TemporaryDirectory(prefix="rules-") as folder:
            path = pack(sys.argv[1], roads, Path(folder))
            actor = valhalla.Actor(valhalla.get_config(tile_extract=str(path), tile_dir=""))
            length, found = route(actor, start, end, mode)
        is_right = length is not None and abs(length - expected) < 0.15 and set(names) <= set(found)
        n_failed += not is_right
        told = "no way" if length is None else f"{length:.2f}"
        print(f"{'right' if is_right else 'WRONG'}: {name}: {told} squares, expected {expected} {' '.join(names)}")
    print(f"{len(CASES)} cases, {n_failed} wrong")
    sys.exit(1 if n_failed else 0)


if __name__ == "__main__":
    main()

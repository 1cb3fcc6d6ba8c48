"""Judges whether a navigation pack gives the routes that the engine's own builder gives for the same roads.

usage: routes.py ROADS.geojsonl[.gz] PACK.tar [PAIRS]

Roads must have properties in the words of OpenStreetMap. They are written as OSM data, a vertex a node, and made into
reference tiles by `valhalla_build_tiles` of the package. Then PAIRS (200) random pairs of their vertices are routed on
both for cars, bicycles and people on foot.

Ends with 1 when a pair is reached on one of them only, or when lengths or times of more than SHARE_MAX of the routes
differ by more than OFF_MAX.

Needs Python 3.12 with pyvalhalla 3.9, and osmium (Debian: osmium-tool).
"""

import gzip
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

import valhalla

OFF_MAX = 0.03
SHARE_MAX = 0.0
COSTINGS = ["auto", "bicycle", "pedestrian"]


def roads(path):
    """The lines of a source that are roads: properties and vertices in units of 1e-7 degrees."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as lines:
        for line in lines:
            feature = json.loads(line.strip("\x1e \n") or "{}")
            geometry, properties = feature.get("geometry"), feature.get("properties") or {}
            if not geometry or geometry["type"] != "LineString" or "highway" not in properties:
                continue
            vertices = []
            for lon, lat, *_ in geometry["coordinates"]:
                vertex = (round(lon * 1e7), round(lat * 1e7))
                if vertices[-1:] != [vertex]:
                    vertices.append(vertex)
            if len(vertices) > 1:
                yield properties, vertices


def write_osm(source, path):
    """Writes roads as OSM XML and returns their vertices."""
    nodes, ways = {}, []
    for properties, vertices in source:
        refs = [nodes.setdefault(vertex, len(nodes) + 1) for vertex in vertices]
        tags = [(key, str(value)) for key, value in properties.items() if key != "osm_id"]
        ways.append((refs, tags))
    with open(path, "w", encoding="utf-8") as out:
        out.write('<?xml version="1.0" encoding="UTF-8"?>\n<osm version="0.6">\n')
        meta = 'version="1" timestamp="2020-01-01T00:00:00Z" changeset="1"'
        for (lon, lat), node in nodes.items():
            out.write(f'<node id="{node}" {meta} lon="{lon / 1e7:.7f}" lat="{lat / 1e7:.7f}"/>\n')
        for way, (refs, tags) in enumerate(ways, 1):
            out.write(f'<way id="{way}" {meta}>')
            out.writelines(f'<nd ref="{ref}"/>' for ref in refs)
            out.writelines(f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags)
            out.write("</way>\n")
        out.write("</osm>\n")
    return list(nodes)


def reference(source, folder):
    """Builds reference tiles in a folder; returns a router on them and the vertices of the roads."""
    vertices = write_osm(source, folder / "roads.osm")
    pbf, tiles, config_path = folder / "roads.osm.pbf", folder / "tiles", folder / "config.json"
    tiles.mkdir()
    subprocess.run(["osmium", "cat", "--overwrite", "-o", pbf, folder / "roads.osm"], check=True)
    config = valhalla.get_config(tile_extract="", tile_dir=str(tiles))
    config["mjolnir"]["concurrency"] = 1
    # Without boundaries of countries, the builder takes all traffic for left-hand traffic unless told so.
    config["mjolnir"].setdefault("data_processing", {})["use_admin_db"] = False
    config_path.write_text(json.dumps(config))
    builder = Path(valhalla.__file__).parent / "bin" / "valhalla_build_tiles"
    log = subprocess.run([builder, "-c", config_path, pbf], capture_output=True, text=True, check=False)
    if log.returncode != 0:
        sys.exit(f"valhalla_build_tiles failed\n{log.stderr[-2000:]}")
    return valhalla.Actor(config), vertices


def route(actor, ends, costing):
    """Length in kilometres and time in seconds, or nothing."""
    locations = [{"lon": lon / 1e7, "lat": lat / 1e7} for lon, lat in ends]
    try:
        summary = actor.route({"locations": locations, "costing": costing})["trip"]["summary"]
    except RuntimeError:
        return None
    return summary["length"], summary["time"]


def off(a, b):
    """How far two numbers differ, as a share of the first; rounding of the engine is no difference."""
    return max(0.0, abs(a - b) - 0.002) / max(a, 0.001)


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    n_pairs = int(sys.argv[3]) if len(sys.argv) > 3 else 200
    judged = valhalla.Actor(valhalla.get_config(tile_extract=sys.argv[2], tile_dir=""))
    failed = False
    with tempfile.TemporaryDirectory(prefix="routes-") as folder:
        trusted, vertices = reference(roads(sys.argv[1]), Path(folder))
        dice = random.Random(7)
        pairs = [dice.sample(vertices, 2) for _ in range(n_pairs)]
        for costing in COSTINGS:
            n_routed, one_sided, long_off, time_off, worst = 0, 0, 0, 0, []
            for ends in pairs:
                expected, found = route(trusted, ends, costing), route(judged, ends, costing)
                if (expected is None) != (found is None):
                    one_sided += 1
                    worst.append((1.0, ends, expected, found))
                elif expected is not None:
                    n_routed += 1
                    length, time = off(expected[0], found[0]), off(expected[1], found[1])
                    long_off += length > OFF_MAX
                    time_off += time > OFF_MAX
                    worst.append((max(length, time), ends, expected, found))
            worst.sort(key=lambda case: -case[0])
            print(
                f"{costing}: {n_routed} of {n_pairs} pairs routed, {one_sided} on one side only, "
                f"{long_off} differ in length and {time_off} in time by more than {OFF_MAX:.0%}"
            )
            for share, ends, expected, found in worst[:5]:
                if share > OFF_MAX:
                    places = " to ".join(f"{lon / 1e7:.7f},{lat / 1e7:.7f}" for lon, lat in ends)
                    print(f"  {places}: expected {expected}, found {found}")
            failed |= one_sided > 0 or max(long_off, time_off) > SHARE_MAX * n_routed
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()

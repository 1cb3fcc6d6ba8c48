"""Judges how far outlines and lines in tiles lie from where the source has them, and whether lines keep their length.

usage: outlines.py ZELLIGE SOURCE.geojsonl[.gz] [ZOOM]

ZELLIGE is the program. The features are numbered and published at ZOOM (14) with nothing simplified. Then, in grid units
and within the squares of tiles: *away* is how far what is drawn lies from the source, looked at every STEP units, without
bound where the source has nothing around, and
*missed* how far vertices of the source lie from what is drawn. Tips narrower than a unit may be missed. A *stand-in*, the
rectangle that stands for a small polygon of which the grid leaves nothing, lies where there is room and is only counted.

Ends with 1 when a hundredth of either distance is more than NEAR, when what is drawn lies more than AWAY_MAX away, or
when the length of all lines is off by more than LENGTH_OFF_MAX.
"""

import gzip
import json
import math
import sys
import tempfile
from pathlib import Path

import mapbox_vector_tile
import numpy as np
import shapely
from pmtiles.reader import MmapSource, all_tiles

from tiles import EXTENT, features, mercator, publish

BUFFER = 20
STEP = 4.0
NEAR = 0.75
AWAY_MAX = 1.5
LENGTH_OFF_MAX = 0.005
# Units at the edge of a tile in which what was cut is not looked at, and units around it of the source that are.
EDGE = 2
AROUND = 200
FAR = 9999.0
# Degrees beyond the square of the world; a pole is infinitely far.
LATITUDE_MAX = 89.9


def read(path, zoom, numbered):
    """The lines and polygons of a source by number, which are also written to a file."""
    shapes = {}
    with open(numbered, "w") as out:
        for feature in features(path):
            shape = shapely.transform(
                shapely.geometry.shape(feature["geometry"]),
                lambda points: mercator(points, LATITUDE_MAX) * (EXTENT << zoom),
            )
            if shapely.get_dimensions(shape) > 0:
                number = len(shapes) + 1
                shapes[number] = shapely.make_valid(shape)
                kept = {"type": "Feature", "id": number, "properties": {}, "geometry": feature["geometry"]}
                out.write(json.dumps(kept) + "\n")
    return shapes


def outline(shape):
    """The boundaries of polygons, and lines as they are."""
    parts = shapely.get_parts(shape)
    is_area = shapely.get_dimensions(parts) == 2
    return shapely.union_all(np.concatenate([shapely.boundary(parts[is_area]), parts[~is_area]]))


def is_stand_in(drawn, source):
    """Whether a small polygon is drawn as a rectangle though it is none."""
    if not (drawn.area > 0 and drawn.equals(drawn.envelope)):
        return False
    west, north, east, south = source.bounds
    # A shape loses half a unit along its outline at most.
    return not source.equals(source.envelope) and source.area <= math.ceil(east - west) + math.ceil(south - north)


class Distances:
    """What was measured in all tiles."""

    def __init__(self):
        self.away, self.missed, self.examples = [], [], []
        self.n_stand_ins, self.length = 0, 0.0

    def add(self, drawn, source, corner, number):
        """Adds a feature in a tile with this upper left corner."""
        if is_stand_in(drawn, source):
            self.n_stand_ins += 1
            return
        if shapely.get_dimensions(source) == 1:
            self.length += shapely.clip_by_rect(drawn, 0, 0, EXTENT, EXTENT).length
        low, high = corner - AROUND, corner + EXTENT + AROUND
        near = shapely.transform(shapely.clip_by_rect(source, *low, *high), lambda points: points - corner)
        square = shapely.box(EDGE, EDGE, EXTENT - EDGE, EXTENT - EDGE)
        is_there, is_drawn = outline(near), outline(drawn)
        looked_at = shapely.get_coordinates(shapely.segmentize(shapely.intersection(is_drawn, square), STEP))
        corners = shapely.get_coordinates(is_there)
        corners = corners[((EDGE < corners) & (corners < EXTENT - EDGE)).all(axis=1)]
        for points, other, found in ((looked_at, is_there, self.away), (corners, is_drawn, self.missed)):
            if len(points):
                distances = shapely.distance(shapely.points(points), other)
                found.append(np.nan_to_num(distances, nan=FAR))
                if found is self.away and found[-1].max() > AWAY_MAX:
                    worst = points[found[-1].argmax()]
                    self.examples.append((float(found[-1].max()), number, (corner + worst).round(1).tolist()))


def main(program, source, zoom="14"):
    zoom, distances = int(zoom), Distances()
    with tempfile.TemporaryDirectory(prefix="outlines-") as name:
        folder = Path(name)
        shapes = read(source, zoom, folder / "numbered.geojsonl")
        with open(publish(program, folder / "numbered.geojsonl", BUFFER, [zoom], folder, 0), "rb") as file:
            for (_, x, y), data in all_tiles(MmapSource(file)):
                tile = mapbox_vector_tile.decode(gzip.decompress(data), default_options={"y_coord_down": True})
                for feature in tile["data"]["features"]:
                    drawn, number = shapely.geometry.shape(feature["geometry"]), feature["id"]
                    distances.add(drawn, shapes[number], np.array([x, y]) * EXTENT, number)
    is_good = True
    print("          median   99 %    most")
    for name, found, most in (("away", distances.away, AWAY_MAX), ("missed", distances.missed, math.inf)):
        found = np.concatenate(found or [np.zeros(1)])
        near = float(np.quantile(found, 0.99))
        is_good &= near <= NEAR and found.max() <= most
        print(f"{name:9} {np.median(found):6.3f} {near:6.3f} {found.max():7.3f}")
    expected = sum(shape.length for shape in shapes.values() if shapely.get_dimensions(shape) == 1)
    if expected > 0:
        ratio = distances.length / expected
        is_good &= abs(ratio - 1) <= LENGTH_OFF_MAX
        print(f"length    {ratio:.5f} of the source")
    for away, number, at in sorted(distances.examples, reverse=True)[:4]:
        print(f"    feature {number} at {at}: {away:.2f}")
    print(f"{distances.n_stand_ins} stand-ins")
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

"""Judges what becomes of rings that cross and touch themselves.

usage: rings.py ZELLIGE [N_RINGS [SEED]]

ZELLIGE is the program. N_RINGS (100000) random rings of 3 to 300 vertices, drawn on the grid of a tile each and in six
ways, are published at one zoom with nothing simplified. GEOS says whether what is in the tiles is valid, and what its
area is. The area that it should have is that of the faces between the edges of the ring that lie inside of it by the
even-odd rule, by GEOS too.

Ends with 1 when a polygon is invalid, or when the areas of more than SHARE_MAX of the rings are off by more than
RATIO_MAX of the area and UNITS_MAX square units together.
"""

import collections
import gzip
import json
import math
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import mapbox_vector_tile
import numpy as np
import shapely
from pmtiles.reader import MmapSource, all_tiles

RATIO_MAX = 0.01
UNITS_MAX = 2.0
SHARE_MAX = 0.0
ZOOM, EXTENT = 9, 4096
MIDDLE, LEAST, MOST = 2048, 100, 4000
N_AT_ONCE = 4000
COLUMNS, FIRST_ROW = 400, 100


def scattered(dice, n, reach):
    """Vertices anywhere in a square: nearly every edge crosses many."""
    return [(MIDDLE + dice.uniform(-reach, reach), MIDDLE + dice.uniform(-reach, reach)) for _ in range(n)]


def jagged(dice, n, reach):
    """Once round the middle, near and far: many thin points, no crossing."""
    ring = []
    for nth in range(n):
        away, turn = reach * dice.uniform(0.2, 1), 2 * math.pi * nth / n
        ring.append((MIDDLE + away * math.cos(turn), MIDDLE + away * math.sin(turn)))
    return ring


def shaken(dice, n, reach):
    """Once round the middle, but not in order: neighbours cross."""
    ring = []
    for nth in range(n):
        turn = 2 * math.pi * (nth + dice.uniform(-1.5, 1.5)) / n
        away = reach * dice.uniform(0.8, 1)
        ring.append((MIDDLE + away * math.cos(turn), MIDDLE + away * math.sin(turn)))
    return ring


def latticed(dice, n, reach):
    """Steps along the lines of squared paper: edges lie on each other, vertices on edges."""
    at, ring, side = [MIDDLE, MIDDLE], [], max(1, reach // 8)
    for _ in range(n):
        ring.append(tuple(at))
        axis = dice.randrange(2)
        at[axis] = min(max(at[axis] + dice.choice([-3, -2, -1, 1, 2, 3]) * side, LEAST), MOST)
    return ring


def starred(dice, n, reach):
    """A star with as many points as vertices."""
    skip = dice.randint(2, max(2, n // 2))
    turns = [2 * math.pi * skip * nth / n for nth in range(n)]
    return [(MIDDLE + reach * math.cos(turn), MIDDLE + reach * math.sin(turn)) for turn in turns]


def wandering(dice, n, reach):
    """Small steps in any direction."""
    x, y, ring = MIDDLE, MIDDLE, []
    for _ in range(n):
        ring.append((x, y))
        x = min(max(x + dice.gauss(0, reach / 10), LEAST), MOST)
        y = min(max(y + dice.gauss(0, reach / 10), LEAST), MOST)
    return ring


WAYS = [scattered, jagged, shaken, latticed, starred, wandering]


def drawn(dice):
    """A way, and a ring on the grid drawn in that way."""
    way, reach = dice.choice(WAYS), dice.choice([30, 300, 1900])
    n = dice.randint(3, dice.choice([12, 12, 40, 40, 40, 300]))
    return way.__name__, reach, [(round(x), round(y)) for x, y in way(dice, n, reach)]


def place(nth):
    """The tile of a ring: one of its own."""
    return nth % COLUMNS, FIRST_ROW + nth // COLUMNS


def degrees(tile, at):
    side = EXTENT << ZOOM
    x, y = ((tile * EXTENT + units) / side for tile, units in zip(tile, at))
    return [x * 360 - 180, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y))))]


def published(program, rings, folder):
    """Writes rings, publishes them, and returns the polygons in the tiles, by tile."""
    source, recipe, tileset = (str(folder / name) for name in ("rings.geojsonl", "rings.json", "rings.pmtiles"))
    with open(source, "w") as out:
        for nth, ring in enumerate(rings):
            closed = [degrees(place(nth), at) for at in [*ring, ring[0]]]
            geometry = {"type": "Polygon", "coordinates": [closed]}
            out.write(json.dumps({"type": "Feature", "properties": {}, "geometry": geometry}) + "\n")
    layer = {
        "source": "mapbox://tileset-source/judge/rings",
        "minzoom": ZOOM,
        "maxzoom": ZOOM,
        "features": {"simplification": 0},
        "tiles": {"layer_size": 2500},
    }
    Path(recipe).write_text(json.dumps({"version": 1, "layers": {"rings": layer}}))
    command = [program, "publish", recipe, "--source", source, "-o", tileset, "--force", "--quiet"]
    subprocess.run([*command, "--tile-size-limit", "8000"], check=True, stdout=subprocess.DEVNULL)
    shapes = {}
    with open(tileset, "rb") as file:
        for (_, x, y), data in all_tiles(MmapSource(file)):
            layers = mapbox_vector_tile.decode(gzip.decompress(data), default_options={"y_coord_down": True})
            shapes[x, y] = [shapely.geometry.shape(feature["geometry"]) for feature in layers["rings"]["features"]]
    return shapes


def even_odd(ring):
    """The area inside of a ring by the even-odd rule."""
    if len(set(ring)) < 3:
        return 0.0
    faces = shapely.get_parts(shapely.polygonize([shapely.unary_union(shapely.LinearRing(ring))]))
    if len(faces) == 0:
        return 0.0
    inside = shapely.point_on_surface(faces)
    x, y = shapely.get_x(inside)[:, None], shapely.get_y(inside)[:, None]
    (ax, ay), (bx, by) = np.array(ring, dtype=float).T, np.roll(ring, -1, axis=0).astype(float).T
    straddles = (ay <= y) != (by <= y)
    with np.errstate(divide="ignore", invalid="ignore"):
        is_west = straddles & (x < ax + (y - ay) / (by - ay) * (bx - ax))
    return float(shapely.area(faces)[is_west.sum(axis=1) % 2 == 1].sum())


class Way:
    """What became of the rings that were drawn in one way."""

    def __init__(self):
        self.n_rings = self.n_invalid = self.n_off = 0
        self.worst = (0.0, "")

    def add(self, shapes, ring):
        expected, found = even_odd(ring), sum(shape.area for shape in shapes)
        off = abs(found - expected) / (RATIO_MAX * expected + UNITS_MAX)
        self.n_rings += 1
        self.n_invalid += not all(shape.is_valid for shape in shapes)
        self.n_off += off > 1
        self.worst = max(self.worst, (off, f"{len(ring)} vertices, {found:.1f} for {expected:.1f}"))


def main(program, n_rings="100000", seed="7"):
    dice = random.Random(int(seed))
    ways = collections.defaultdict(Way)
    with tempfile.TemporaryDirectory(prefix="rings-") as folder:
        left = int(n_rings)
        while left > 0:
            drawings = [drawn(dice) for _ in range(min(left, N_AT_ONCE))]
            left -= len(drawings)
            shapes = published(program, [ring for _, _, ring in drawings], Path(folder))
            for nth, (way, reach, ring) in enumerate(drawings):
                ways[way, reach].add(shapes.get(place(nth), []), ring)
    print("drawn       reach   rings invalid     off  most off, in what is allowed")
    for (way, reach), at in sorted(ways.items()):
        print(f"{way:10} {reach:6} {at.n_rings:7} {at.n_invalid:7} {at.n_off:7}  {at.worst[0]:.2f}: {at.worst[1]}")
    n_invalid, n_off = (sum(getattr(at, name) for at in ways.values()) for name in ("n_invalid", "n_off"))
    print(f"{n_rings} rings, {n_invalid} invalid, {n_off} with areas that are off")
    sys.exit(1 if n_invalid > 0 or n_off > SHARE_MAX * int(n_rings) else 0)


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])

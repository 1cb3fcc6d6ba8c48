"""Judges whether polygons in tiles are valid and keep their area, and whether neighbouring tiles agree at their seams.

usage: tiles.py ZELLIGE SOURCE.geojsonl[.gz] [ZOOM...]

ZELLIGE is the program. The features are numbered and published at the ZOOMs (4 6 8), with a tolerance of
SIMPLIFICATION units and with margins of BUFFERS units around tiles. Then GEOS says whether polygons are valid, and
compares their areas within the squares of tiles with those of the source.

At a seam, the side where it ends a tile is compared with the side where it begins the next one, feature by feature:
where a polygon lies inside of it along the seam, and where a line reaches it. What is on one side only is *missing*,
what is elsewhere on the other one is *off*, both by more than OFF_MAX units. An outline that runs along the seam, and
what reaches over it by less than the tolerance and half a unit, may be on one side only; these are told as *along*.

Squares stand for polygons of less than a square unit. They do not reach over seams, but both tiles show what lies
within their margins: a *square* there that is not drawn in the same place by both is *lone*.

At the deepest ZOOM, a feature that no tile shows with a tolerance of TOLERANCE units, the default of recipes, is *lost*,
unless it is a polygon of less than SEEN_MIN square units or a line of less than so many units.

Ends with 1 when anything is invalid, missing, off, lone or lost, or when an area is off by more than RATIO_MAX, below
zoom 6 by twice that. An area of less than UNITS_MIN square units at a zoom is not judged.
"""

import gzip
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import mapbox_vector_tile
import numpy as np
import shapely
from pmtiles.reader import MmapSource, all_tiles

BUFFERS = [0, 1, 5, 80]
SIMPLIFICATION = 1.0
OFF_MAX = 1.0
RATIO_MAX = 0.01
UNITS_MIN = 1000.0
SEEN_MIN = 10.0
TOLERANCE = 4.0
EXTENT = 4096
# What the tolerance and rounding leave of a distance to the seam, and the rounding of degrees.
ALONG_MAX = SIMPLIFICATION + 0.5 + 0.1
LATITUDE_MAX = 85.0511287798066


def mercator(points, latitude_max=LATITUDE_MAX):
    """Degrees to the unit square, y down; beyond a latitude that latitude."""
    north = np.arcsinh(np.tan(np.radians(np.clip(points[:, 1], -latitude_max, latitude_max)))) / (2 * math.pi)
    return np.column_stack([points[:, 0] / 360 + 0.5, 0.5 - north])


def features(path):
    """The features of a source that have a geometry."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as lines:
        for line in lines:
            feature = json.loads(line.strip("\x1e \n") or "{}")
            if feature.get("geometry"):
                yield feature


def publish(program, source, buffer, zooms, folder, simplification=SIMPLIFICATION):
    """Publishes a source at some zooms and returns the path of the tileset."""
    layer = {
        "source": "mapbox://tileset-source/judge/data",
        "minzoom": min(zooms),
        "maxzoom": max(zooms),
        "features": {"simplification": simplification, "filter": ["match", ["zoom"], zooms, True, False]},
        "tiles": {"layer_size": 2500, "buffer_size": 100 * buffer / EXTENT},
    }
    recipe, tileset = folder / "recipe.json", folder / "tiles.pmtiles"
    recipe.write_text(json.dumps({"version": 1, "layers": {"data": layer}}))
    command = [program, "publish", recipe, "--source", source, "-o", tileset, "--force", "--quiet"]
    subprocess.run([*command, "--tile-size-limit", "8000"], check=True, stdout=subprocess.DEVNULL)
    return tileset


def read(tileset):
    """The geometries of tiles by id, by zoom, column and row."""
    tiles = {}
    with open(tileset, "rb") as file:
        for place, data in all_tiles(MmapSource(file)):
            decoded = mapbox_vector_tile.decode(gzip.decompress(data), default_options={"y_coord_down": True})
            if "data" in decoded:
                found = decoded["data"]["features"]
                tiles[place] = {one["id"]: shapely.geometry.shape(one["geometry"]) for one in found}
    return tiles


class Side:
    """What a tile shows at one of its edges, by feature: sorted positions along it for polygons, visits for lines."""

    def __init__(self, shapes, axis, is_end):
        self.at, edge = {}, EXTENT if is_end else 0
        for number, shape in shapes.items():
            is_polygon = shape.area > 0
            found = []
            for path in shapely.get_parts(shapely.boundary(shape) if is_polygon else shape):
                points = shapely.get_coordinates(path)
                along, across = points[:, 1 - axis], points[:, axis]
                is_inside = across < edge if is_end else across > edge
                found += (changes if is_polygon else visits)(along, across - edge, is_inside)
            if found:
                self.at[number] = sorted(found)


def changes(along, away, is_inside):
    """Where a path comes to an edge or leaves it, seen from inside of the tile."""
    return crossed(along, away, is_inside[:-1] != is_inside[1:])


def crossed(along, away, is_crossing):
    """Where those steps of a path that cross an edge do so."""
    (first,) = np.nonzero(is_crossing)
    share = away[first] / (away[first] - away[first + 1])
    return list(along[first] + share * (along[first + 1] - along[first]))


def visits(along, away, is_inside):
    """Where a path that comes from inside is at an edge: crossing it, or running along it, from where to where."""
    found = [(at, at) for at in crossed(along, away, away[:-1] * away[1:] < 0)]
    is_on = np.concatenate([[False], away == 0, [False]]).astype(int)
    for first, end in zip(np.nonzero(np.diff(is_on) == 1)[0], np.nonzero(np.diff(is_on) == -1)[0]):
        if is_inside[max(first - 1, 0) : end + 1].any():
            found.append((along[first:end].min(), along[first:end].max()))
    return found


class Seam:
    """A seam in the square of the world at its zoom, and how a source lies there."""

    def __init__(self, shapes, place, axis):
        zoom, *tile = place
        self.shapes, self.scale, self.axis = shapes, EXTENT << zoom, axis
        self.corner = [EXTENT * tile[0], EXTENT * tile[1]]
        self.corner[axis] += EXTENT

    def box(self, low, high, reach):
        """A box around a part of the seam, in units of the world."""
        corners = [[0, 0], [0, 0]]
        for end, along, across in ((0, low, -reach), (1, high, reach)):
            corners[end][self.axis] = self.corner[self.axis] + across
            corners[end][1 - self.axis] = self.corner[1 - self.axis] + along
        return corners[0] + corners[1]

    def near(self, number, low, high, reach):
        """What of a feature lies near a part of the seam, across the antimeridian too."""
        west, north, east, south = self.box(low, high, reach)
        for shift in (0, -self.scale):
            box = [(west + shift) / self.scale, north / self.scale, (east + shift) / self.scale, south / self.scale]
            part = shapely.clip_by_rect(self.shapes[number], *box)
            if not part.is_empty:
                yield shapely.transform(part, lambda points: points * self.scale - [shift, 0])

    def is_along(self, number, low, high):
        """Whether the outline of a polygon is never far from a part of the seam."""
        west, north, east, south = self.box(low, high, 0)
        steps = np.linspace(0, 1, math.ceil(high - low) + 1)[:, None]
        points = shapely.points(np.array([west, north]) + steps * np.array([east - west, south - north]))
        reach = 2 * ALONG_MAX
        outlines = [
            shapely.boundary(part) for part in self.near(number, low - reach, high + reach, reach) if part.area > 0
        ]
        away = [shapely.distance(points, outline) for outline in outlines]
        return bool(away) and np.min(away, axis=0).max() <= ALONG_MAX

    def is_grazed(self, number, low, high):
        """Whether a line goes no further across the seam, to one side of it, than it may without being seen."""
        reach = 2 * ALONG_MAX
        parts = list(self.near(number, low - reach, high + reach, reach))
        across = [shapely.get_coordinates(part)[:, self.axis] - self.corner[self.axis] for part in parts]
        return bool(parts) and all(min(-away.min(), away.max()) <= ALONG_MAX for away in across)


class Zoom:
    """What was found at one zoom with one buffer."""

    def __init__(self):
        self.n_tiles = self.n_polygons = self.n_invalid = 0
        self.n_crossings = self.n_missing = self.n_off = self.n_along = 0
        self.n_squares = self.n_lone = 0
        self.area, self.examples = 0.0, []

    def add_tile(self, shapes):
        polygons = np.array([shape for shape in shapes.values() if shape.area > 0], dtype=object)
        self.n_tiles += 1
        self.n_polygons += len(polygons)
        self.n_invalid += int((~shapely.is_valid(polygons)).sum())
        clipped = shapely.intersection(shapely.make_valid(polygons), shapely.box(0, 0, EXTENT, EXTENT))
        self.area += float(shapely.area(clipped).sum())

    def add_seam(self, seam, one, other):
        for number in one.at.keys() | other.at.keys():
            sides = [side.at.get(number, []) for side in (one, other)]
            if seam.shapes[number].area > 0:
                self.add_polygon(seam, number, [[min(max(at, 0), EXTENT) for at in side] for side in sides])
            else:
                self.add_line(seam, number, sides)

    def add_polygon(self, seam, number, sides):
        """Adds the parts of a seam where a polygon lies inside of one tile and not of the other."""
        self.n_crossings += max(sum(0 < at < EXTENT for at in side) for side in sides)
        ends = sorted((at, side) for side, all_at in enumerate(sides) for at in all_at)
        for (low, first), (high, last) in zip(ends[::2], ends[1::2]):
            if high - low > OFF_MAX:
                is_along = seam.is_along(number, low, high)
                self.add_fault(is_along, first == last, (seam.corner, seam.axis, number, float(low), float(high)))

    def add_line(self, seam, number, sides):
        """Adds the places where a line is at the seam in one tile and not in the other."""
        # At a corner it may go on into the tile across.
        within = [[visit for visit in side if OFF_MAX < visit[0] and visit[1] < EXTENT - OFF_MAX] for side in sides]
        self.n_crossings += max(map(len, within))
        for here, there in (within[0], sides[1]), (within[1], sides[0]):
            for low, high in here:
                away = min((max(low, other[0]) - min(high, other[1]) for other in there), default=math.inf)
                if away > OFF_MAX:
                    is_along = seam.is_grazed(number, low, high)
                    example = (seam.corner, seam.axis, number, float(low), float(away))
                    self.add_fault(is_along, away == math.inf, example)

    def add_fault(self, is_along, is_missing, example):
        """Adds a difference between two sides of a seam."""
        if is_along:
            self.n_along += 1
        else:
            self.n_missing += is_missing
            self.n_off += not is_missing
            self.examples.append(example)

    def add_margins(self, seam, here, there, buffer):
        """Adds squares that lie within the margins of two tiles beside a seam."""
        scale_area = seam.scale**2
        for number in here.keys() | there.keys():
            if not 0 < seam.shapes[number].area * scale_area < 1:
                continue
            parts = []
            for shapes, middle in ((here, EXTENT), (there, 0)):
                box = [-EXTENT, -EXTENT, 2 * EXTENT, 2 * EXTENT]
                box[seam.axis], box[seam.axis + 2] = middle - buffer, middle + buffer
                part = shapely.clip_by_rect(shapes.get(number, shapely.Polygon()), *box)
                shift = EXTENT if middle == 0 else 0
                parts.append(shapely.transform(part, lambda points: points + shift * np.eye(2)[seam.axis]))
            n_drawn = sum(part.area > 0 for part in parts)
            # What is no square shares borders: it is drawn as it rounds with what its tile knows of its neighbours.
            drawn = [shapes[number] for shapes in (here, there) if number in shapes]
            is_square = all(shape.equals(shape.envelope) for shape in drawn)
            if n_drawn > 0 and is_square:
                self.n_squares += 1
                if shapely.symmetric_difference(*parts).area > 0:
                    self.n_lone += 1
                    self.examples.append((seam.corner, seam.axis, number, parts[0].area, parts[1].area))

    def ratio(self, zoom, expected):
        """Area in tiles to that of the source; nothing when there is too little of it."""
        expected *= (EXTENT << zoom) ** 2
        return self.area / expected if expected >= UNITS_MIN else None

    def is_good(self, zoom, expected):
        ratio = self.ratio(zoom, expected)
        is_whole = ratio is None or abs(ratio - 1) <= RATIO_MAX * (1 if zoom >= 6 else 2)
        return is_whole and self.n_invalid + self.n_missing + self.n_off + self.n_lone == 0


def judge(tiles, shapes, buffer):
    """Judges tiles with margins of so many units; returns what was found, by zoom."""
    found = {}
    for (zoom, x, y), here in tiles.items():
        at = found.setdefault(zoom, Zoom())
        at.add_tile(here)
        # The world goes on beyond its eastern edge, but not beyond its southern one. Where a neighbour is not there,
        # what this tile shows at the seam is missing.
        for axis, after in enumerate([((x + 1) % 2**zoom, y), (x, y + 1)]):
            if after[1] < 2**zoom:
                add_pair(at, Seam(shapes, (zoom, x, y), axis), here, tiles.get((zoom, *after), {}), buffer)
        for axis, before in enumerate([((x - 1) % 2**zoom, y), (x, y - 1)]):
            if before[1] >= 0 and (zoom, *before) not in tiles:
                add_pair(at, Seam(shapes, (zoom, *before), axis), {}, here, buffer)
    return found


def lost(tiles, shapes, zoom):
    """The numbers of features that can be seen at a zoom and are in none of its tiles."""
    scale = EXTENT << zoom
    for number in shapes.keys() - {number for here in tiles.values() for number in here}:
        # What lies beyond the square of the world is in no tile.
        shape = shapely.clip_by_rect(shapes[number], -1, 0, 2, 1)
        sizes = [math.inf, shape.length * scale, shape.area * scale**2]
        if sizes[shapely.get_dimensions(shape)] >= SEEN_MIN:
            yield number


def add_pair(at, seam, one, other, buffer):
    """Adds what two tiles show at the seam between them."""
    at.add_seam(seam, Side(one, seam.axis, True), Side(other, seam.axis, False))
    # A tile beside itself shows what lies near its edges once.
    if buffer > 0 and one is not other:
        at.add_margins(seam, one, other, buffer)


def main(program, source, *zooms):
    zooms = sorted(map(int, zooms)) or [4, 6, 8]
    is_good, n_crossings = True, 0
    with tempfile.TemporaryDirectory(prefix="tiles-") as name:
        folder, shapes = Path(name), {}
        numbered = folder / "numbered.geojsonl"
        with open(numbered, "w") as out:
            for number, feature in enumerate(features(source), 1):
                shapes[number] = shapely.transform(shapely.geometry.shape(feature["geometry"]), mercator)
                line = {"type": "Feature", "id": number, "properties": {}, "geometry": feature["geometry"]}
                out.write(json.dumps(line) + "\n")
        shapes = dict(zip(shapes, shapely.make_valid(np.array(list(shapes.values()), dtype=object))))
        expected = sum(shape.area for shape in shapes.values())
        print("buffer zoom  tiles polygons invalid     area crossings missing  off  along squares  lone")
        for buffer in BUFFERS:
            found = judge(read(publish(program, numbered, buffer, zooms, folder)), shapes, buffer)
            for zoom, at in sorted(found.items()):
                ratio = at.ratio(zoom, expected)
                told = f"{ratio:.5f}" if ratio else "-"
                counts = f"{at.n_crossings:9} {at.n_missing:7} {at.n_off:4} {at.n_along:6} {at.n_squares:7} {at.n_lone:5}"
                mark = "" if at.is_good(zoom, expected) else "  WRONG"
                print(f"{buffer:6} {zoom:4} {at.n_tiles:6} {at.n_polygons:8} {at.n_invalid:7} {told:>8} {counts}{mark}")
                for corner, axis, number, low, high in at.examples[:4]:
                    seam = f"{'xy'[axis]} = {corner[axis]}, from {corner[1 - axis]} on"
                    print(f"    feature {number} at {seam}: {low:.2f} {high:.2f}")
                is_good &= at.is_good(zoom, expected)
                n_crossings += at.n_crossings
        zoom = max(zooms)
        tiles = read(publish(program, numbered, 0, [zoom], folder, TOLERANCE))
        for number in sorted(lost(tiles, shapes, zoom)):
            print(f"feature {number} is lost at zoom {zoom}")
            is_good = False
    print(f"{n_crossings} crossings")
    sys.exit(0 if is_good else 1)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])

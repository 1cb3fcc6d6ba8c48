"""Judges whether neighbouring polygons stay neighbours in the tiles of a tileset.

usage: borders.py SOURCE.geojsonl[.gz] TILESET.pmtiles LAYER [ZOOM...]

Every tile is judged on its square, in grid units, by GEOS. An overlap is area that polygons cover more than
once. A gap is area that the source covers and no polygon does, apart from a margin along the outer edge of
all, which simplification may move. Holes that the source has are no gaps.

Ends with 1 when at some zoom gaps and overlaps together are more than SHARE_MAX of the area, or a gap is wider
than WIDTH_MAX. Data whose polygons overlap themselves cannot pass.
"""

import gzip
import json
import math
import sys

import mapbox_vector_tile
import numpy as np
import shapely
from pmtiles.reader import MmapSource, all_tiles
from shapely import MultiPolygon, Polygon

SHARE_MAX = 0.0001
WIDTH_MAX = 1.0  # units
MARGIN = 6.0  # units: a tolerance of 4, half a unit of snapping to either side, and some
SPECK = 1e-6  # square units: below it, an area is a rounding error
EXTENT = 4096


def mercator(points):
    """Degrees to the unit square, y down."""
    north = np.arcsinh(np.tan(np.radians(np.clip(points[:, 1], -89.9, 89.9)))) / (2 * math.pi)
    return np.column_stack([points[:, 0] / 360 + 0.5, 0.5 - north])


def covered(path):
    """The area that the polygons of a source cover together."""
    polygons = []
    with (gzip.open if path.endswith(".gz") else open)(path, "rt") as lines:
        for line in lines:
            geometry = json.loads(line.strip("\x1e \n") or "{}").get("geometry")
            if geometry and geometry["type"].endswith("Polygon"):
                polygons.append(shapely.geometry.shape(geometry))
    return shapely.union_all(shapely.make_valid(shapely.transform(np.array(polygons, dtype=object), mercator)))


def parts(shape):
    """The polygons of a shape."""
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and part.area > SPECK]


def in_tile(features):
    """The polygons of a layer within the square of its tile, one shape a feature."""
    shapes = []
    for feature in features:
        geometry = feature["geometry"]
        if not geometry["type"].endswith("Polygon"):
            continue
        one = geometry["type"] == "Polygon"
        polygons = [geometry["coordinates"]] if one else geometry["coordinates"]
        shapes.append(MultiPolygon([Polygon(rings[0], rings[1:]) for rings in polygons]))
    shapes = shapely.intersection(shapely.make_valid(np.array(shapes, dtype=object)), shapely.box(0, 0, EXTENT, EXTENT))
    return shapes[shapely.area(shapes) > 0]


def width(shape):
    """The diameter of the largest circle inside."""
    widest = 0.0
    for part in parts(shape):
        if 4 * part.area / part.length > widest:
            circle = shapely.maximum_inscribed_circle(part, tolerance=0.02)
            widest = max(widest, 2 * circle.length)
    return widest


class Zoom:
    """What was found at one zoom."""

    def __init__(self):
        self.n_tiles = self.n_valid = 0
        self.area = self.overlap = self.gap = 0.0
        self.widest = {"overlap": (0.0, ""), "gap": (0.0, "")}

    def add(self, place, shapes, expected):
        union = shapely.union_all(shapes)
        area = shapely.area(shapes).sum()
        self.n_tiles += 1
        self.n_valid += bool(shapely.coverage_is_valid(shapes))
        self.area += area
        if area - union.area > SPECK:
            self.overlap += area - union.area
            first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
            pairs = first < second
            common = shapely.intersection(shapes[first[pairs]], shapes[second[pairs]])
            self.note("overlap", place, common[shapely.area(common) > SPECK])
        inside = shapely.intersection(shapely.buffer(expected, -MARGIN), shapely.box(0, 0, EXTENT, EXTENT))
        missing = parts(shapely.difference(inside, union))
        self.gap += sum(part.area for part in missing)
        self.note("gap", place, missing)

    def note(self, what, place, shapes):
        for shape in shapes:
            found = width(shape)
            if found > self.widest[what][0]:
                x, y = shape.centroid.coords[0]
                self.widest[what] = (found, f"{place} at {x:.0f} {y:.0f}")

    def is_good(self):
        return self.overlap + self.gap <= SHARE_MAX * self.area and self.widest["gap"][0] <= WIDTH_MAX


def tiles(path, layer, zooms):
    """Coordinates of tiles with the features of the layer."""
    with open(path, "rb") as file:
        for (zoom, x, y), data in all_tiles(MmapSource(file)):
            if zooms and zoom not in zooms:
                continue
            raw = gzip.decompress(data) if data[:2] == b"\x1f\x8b" else data
            decoded = mapbox_vector_tile.decode(raw, default_options={"y_coord_down": True})
            if layer in decoded:
                assert decoded[layer]["extent"] == EXTENT, "the judge knows one extent"
                yield zoom, x, y, decoded[layer]["features"]


def main(source, tileset, layer, *zooms):
    whole = covered(source)
    found, scaled = {}, {}
    for zoom, x, y, features in tiles(tileset, layer, set(map(int, zooms))):
        if zoom not in scaled:
            side = EXTENT << zoom
            outline = shapely.transform(whole, lambda points: points * side)
            scaled[zoom] = shapely.make_valid(shapely.simplify(outline, 0.25, preserve_topology=False))
            shapely.prepare(scaled[zoom])
        shapes = in_tile(features)
        if len(shapes) == 0:
            continue
        corner, around = np.array([x * EXTENT, y * EXTENT]), 4 * MARGIN
        window = (*(corner - around), *(corner + EXTENT + around))
        expected = shapely.transform(shapely.clip_by_rect(scaled[zoom], *window), lambda points: points - corner)
        found.setdefault(zoom, Zoom()).add(f"{zoom}/{x}/{y}", shapes, shapely.make_valid(expected))
    print("zoom  tiles  valid  overlap %      gap %      sum %  widest overlap, widest gap (units)")
    for zoom, at in sorted(found.items()):
        overlap, gap = 100 * at.overlap / at.area, 100 * at.gap / at.area
        (wide_overlap, overlap_place), (wide_gap, gap_place) = at.widest["overlap"], at.widest["gap"]
        mark = "" if at.is_good() else "  TOO MUCH"
        print(
            f"{zoom:4} {at.n_tiles:6} {at.n_valid:6} {overlap:10.5f} {gap:10.5f} {overlap + gap:10.5f}"
            f"  {wide_overlap:.2f} {overlap_place}, {wide_gap:.2f} {gap_place}{mark}"
        )
    sys.exit(0 if all(at.is_good() for at in found.values()) else 1)


if len(sys.argv) < 4:
    sys.exit(__doc__)
main(*sys.argv[1:])

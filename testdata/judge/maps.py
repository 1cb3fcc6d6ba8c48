"""Draws a maps pack by MapLibre Native, with no network and nothing but the pack.

usage: maps.py PACK.db STYLE_URL LON LAT ZOOM OUT.png [SIZE]

STYLE_URL is that of the region, such as mapbox://styles/me/map. The view, SIZE (512) pixels wide and high, has to lie inside
of the region, at its zooms: the engine fails on any tile, range of glyphs, sprite or source that the view needs and the
pack lacks. So a picture means that the pack is whole there; what it shows is for people to see.

Ends with 1 when there is no picture, or one of a single colour.

Needs Python 3.11 with pymgl 0.5 and Pillow, and a screen of memory (Debian: xvfb).
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pymgl
from PIL import Image

# The engine opens a database of this name, which the package does not let one choose. It is as long as the name of a
# file, so a copy of the package is made to open that one.
IN_MEMORY, IN_FILE = b":memory:", b"pack8.db"
# The name stands in the code as the operand of this instruction.
INSTRUCTION = b"\x48\xb8"
# Starting a screen of memory and the graphics on it fails now and then.
TRIES = 4
SECONDS_MAX = 90

DRAW = """
import sys
sys.path.insert(0, sys.argv[1])
from pymgl import Map
style, size, lon, lat, zoom, out = sys.argv[2:]
view = Map(style, int(size), int(size), 1, float(lon), float(lat), float(zoom), token="pk.local", provider="mapbox")
with open(out, "wb") as file:
    file.write(view.renderPNG())
"""


def copied_package(folder):
    """Copies the package beside the pack, and makes it open the pack."""
    installed = Path(pymgl.__file__).parent
    for name in ("pymgl", "pymgl.libs", "packaging"):
        if (installed.parent / name).exists():
            shutil.copytree(installed.parent / name, folder / "lib" / name)
    for library in (folder / "lib" / "pymgl").glob("_pymgl*.so"):
        code = library.read_bytes()
        if INSTRUCTION + IN_MEMORY in code:
            library.write_bytes(code.replace(INSTRUCTION + IN_MEMORY, INSTRUCTION + IN_FILE))
            return
    sys.exit("this pymgl names its database in another way")


def main(pack, style, lon, lat, zoom, out, size="512"):
    out = Path(out).absolute()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copied_package(folder)
        screen = ["xvfb-run", "-a", "-s", "-screen 0 1024x768x24 +extension GLX"]
        words = [sys.executable, "-c", DRAW, str(folder / "lib"), style, size, lon, lat, zoom, str(out)]
        for _ in range(TRIES):
            shutil.copy(pack, folder / IN_FILE.decode())
            ran = subprocess.run(screen + words, cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX)
            if "eglInitialize" not in ran.stderr + ran.stdout:
                break
    if ran.returncode != 0:
        told = [line for line in (ran.stdout + ran.stderr).splitlines() if "rror" in line or "terminate" in line]
        sys.exit("\n".join(["not drawn", *told[-4:]]))
    with Image.open(out) as picture:
        colours = len(picture.convert("RGB").getcolors(int(size) ** 2))
    print(f"{out}: {size} by {size} pixels, {colours} colours")
    sys.exit(0 if colours > 1 else 1)


if __name__ == "__main__":
    if len(sys.argv) not in (7, 8):
        sys.exit(__doc__)
    main(*sys.argv[1:])

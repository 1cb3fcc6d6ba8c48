//! Makes the inputs of the comparison that are too large to be kept: `cargo xtask compare --make FOLDER`.
//!
//! In:     nothing but a folder.
//! Out:    line-delimited GeoJSON with the size and the character of real files, about 900 MB in all.
//! Keeps:  every byte from run to run: all chance comes from seeds. Another machine's sine may change a last decimal.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

mod dice;
mod lines;
mod city;
mod census;
mod coast;
mod points;

use lines::Lines;

/// Bytes that wait for the disk while a file is written.
const BUFFER_BYTES: usize = 1 << 20;

/// One made input: the name of its file, and what writes its lines.
type Made = (&'static str, fn(&mut Lines<'_>) -> io::Result<()>);

/// All made inputs.
const ALL: [Made; 7] = [
    ("roads.geojsonl", city::roads),
    ("buildings.geojsonl", city::buildings),
    ("landuse.geojsonl", city::landuse),
    ("pois.geojsonl", city::pois),
    ("census.geojsonl", census::areas),
    ("coast.geojsonl", coast::land),
    ("points.geojsonl", points::points),
];

/// Writes those made inputs that are not in `folder` yet, tells each, and appears under its name when it is whole.
///
/// # Errors
/// When the folder or a file cannot be written.
pub(super) fn write(folder: &Path, tell: &mut dyn FnMut(&str)) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for (name, write) in ALL {
        let path = folder.join(name);
        if path.exists() {
            tell(&format!("{name}: is there already"));
            continue;
        }
        let unfinished = path.with_extension("unfinished");
        let mut out = BufWriter::with_capacity(BUFFER_BYTES, File::create(&unfinished)?);
        let mut lines = Lines::new(&mut out);
        write(&mut lines)?;
        let (n_features, n_vertices) = (lines.n_features, lines.n_vertices);
        out.flush()?;
        drop(out);
        fs::rename(&unfinished, &path)?;
        let bytes = fs::metadata(&path)?.len();
        tell(&format!("{name}: {n_features} features, {n_vertices} vertices, {bytes} bytes"));
    }
    Ok(())
}

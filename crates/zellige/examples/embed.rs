//! Cuts a file of line-delimited GeoJSON into a tileset:
//! `cargo run --release -p zellige --example embed -- towns.geojsonl towns.pmtiles`.

#![expect(clippy::print_stdout, reason = "an example shows what it did")]

use std::ops::ControlFlow;
use std::path::Path;

use zellige::{Settings, Source};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, input, output] = &arguments[..] else {
        return Err("usage: embed INPUT.geojsonl OUTPUT.pmtiles".into());
    };

    let recipe = r#"{"version": 1, "layers": {"data": {
        "source": "mapbox://tileset-source/me/data", "minzoom": 0, "maxzoom": 10}}}"#;
    let plan = zellige::plan(recipe.as_bytes())?;
    let source = Source::new("data").file(input);
    let settings = Settings { overwrite: true, ..Settings::for_machine() };
    let report = zellige::publish(&plan, vec![source], Path::new(output), &settings, &mut |_| {
        ControlFlow::Continue(())
    })?;
    println!("{} tiles, {} bytes", report.written.tiles, report.written.bytes);
    Ok(())
}

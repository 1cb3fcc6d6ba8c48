//! Forecasts for people and for programs.
//!
//! In:     what the engine expects of a tileset, and its plan.
//! Out:    a table, or JSON.
//! Keeps:  zooms and layers in order.
//! Source: –

use serde_json::{Value, json};
use zellige::model::Zoom;
use zellige::survey::Forecast;
use zellige::survey::forecast::{Settings, ZoomForecast};
use zellige::{Plan, Settings as Job};

use crate::args::Given;
use crate::exit::Failure;
use crate::publish;
use crate::show::{Align, Table, bytes, grouped};

/// Returns what a job would do to tiles, when a forecast is asked for.
pub(crate) fn limits(given: &Given) -> Result<Option<Settings>, Failure> {
    let limits = limits_of_job(given)?;
    Ok(given.has("forecast").then_some(limits))
}

/// Returns what a job with these flags would do to tiles.
pub(crate) fn limits_of_job(given: &Given) -> Result<Settings, Failure> {
    let job = Job::for_machine();
    let tile_bytes_max = publish::tile_bytes_max(given)?.unwrap_or(job.tile_bytes_max);
    let compression_level = publish::compression_level(given)?.unwrap_or(job.compression_level);
    Ok(Settings { tile_bytes_max, compression_level })
}

/// Returns a table: each layer by zoom when there are several, then whole tiles.
pub(crate) fn to_text(forecast: &Forecast, plan: &Plan) -> String {
    let mut table = Table::new(&[
        ("forecast", Align::Left),
        ("zoom", Align::Right),
        ("tiles", Align::Right),
        ("bytes", Align::Right),
        ("compressed", Align::Right),
        ("largest", Align::Right),
        ("full", Align::Right),
    ]);
    let mut rows = |name: &str, zooms: &mut dyn Iterator<Item = (&Zoom, &ZoomForecast)>| {
        for (idx, (zoom, it)) in zooms.enumerate() {
            let name = if idx == 0 { name } else { "" };
            table.row(cells(name, &zoom.to_string(), it));
        }
        table.rule();
    };
    if forecast.layers.len() > 1 {
        for (layer, zooms) in plan.layers.iter().zip(&forecast.layers) {
            rows(layer.name.as_str(), &mut zooms.iter());
        }
    }
    rows("tileset", &mut forecast.zooms.iter());
    table.row(cells("", "", &forecast.total()));
    format!("\n{table}")
}

fn cells(name: &str, zoom: &str, it: &ZoomForecast) -> [String; 7] {
    [
        name.to_owned(),
        zoom.to_owned(),
        grouped(it.tiles),
        bytes(it.bytes),
        bytes(it.compressed_bytes),
        bytes(it.max_bytes),
        if it.capped > 0 { grouped(it.capped) } else { String::new() },
    ]
}

/// Returns all numbers.
pub(crate) fn to_json(forecast: &Forecast, plan: &Plan) -> Value {
    let zooms = |zooms: &mut dyn Iterator<Item = (&Zoom, &ZoomForecast)>| {
        let entries = zooms.map(|(zoom, it)| (zoom.to_string(), zoom_to_json(it)));
        Value::Object(entries.collect())
    };
    let layers = plan.layers.iter().zip(&forecast.layers);
    let layers = layers.map(|(layer, it)| (layer.name.as_str().to_owned(), zooms(&mut it.iter())));
    json!({
        "total": zoom_to_json(&forecast.total()),
        "zooms": zooms(&mut forecast.zooms.iter()),
        "layers": Value::Object(layers.collect()),
    })
}

fn zoom_to_json(it: &ZoomForecast) -> Value {
    json!({
        "tiles": it.tiles,
        "bytes": it.bytes,
        "compressed_bytes": it.compressed_bytes,
        "max_bytes": it.max_bytes,
        "capped": it.capped,
    })
}

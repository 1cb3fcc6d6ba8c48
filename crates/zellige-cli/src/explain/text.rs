//! An explanation as text.
//!
//! In:     what is told about a line.
//! Out:    the feature; then a block for each layer: a line for each run of equal zooms, or one zoom in steps.
//! Keeps:  the order of the pipeline; numbers and texts as JSON writes them.
//! Source: –

use zellige::ingest::Fault;
use zellige::model::{FindingCode, GeometryKind, Value, ValueRef};
use zellige::recipe::plan::{Limit, RankOrder};
use zellige::tile::explain::{AtZoom, Change, Explanation, Fate, Id, InTile, Step};

use super::{Found, Told};
use crate::check::REASON_CHARS_MAX;
use crate::show::{counted, grouped, paragraph, printable, put};

/// Characters of a value that are shown.
const VALUE_CHARS_MAX: usize = 60;
/// What `remove_filled` means for a feature that it is true for.
const FILLED_TEXT: &str = "goes from tiles that it fills, if all there do";
/// The column at which the outcome of a step begins.
const STEP_CHARS: usize = 34;

/// Returns all of it.
pub(super) fn to_text(told: &Told<'_>) -> String {
    let Told { input, line, .. } = told;
    let (feature, notes) = match told.found {
        Found::Feature(feature, notes) => (feature, notes),
        Found::Fault(fault, hint) => {
            let hint = hint.as_ref().map(|hint| format!("  hint: {hint}\n")).unwrap_or_default();
            return format!("{input}, line {line}: {}\n{hint}", fault_text(fault));
        }
    };
    let n_vertices = feature.geometry.points.len() as u64;
    let mut out = format!(
        "{input}, line {line}: {} with {}\n",
        feature.geometry.kind.name(),
        counted(n_vertices, "vertex", "vertices")
    );
    if feature.id != Value::Null {
        put(&mut out, format_args!("  id       {}\n", value_text(feature.id.as_ref())));
    }
    let has: Vec<String> = feature.attributes.iter().map(|(name, value)| assigned(name, value)).collect();
    out.push_str(&paragraph("has", &has));
    for code in notes.iter() {
        put(&mut out, format_args!("  note     {}\n", code.sentence()));
    }
    for (name, explanation) in &told.layers {
        put(&mut out, format_args!("\nlayer {name}"));
        match (told.zoom, explanation.zooms.first()) {
            (Some(zoom), None) => put(&mut out, format_args!(": not made at zoom {zoom}\n")),
            (Some(zoom), Some(at)) => {
                put(&mut out, format_args!(", zoom {zoom}: {}\n", fate_text(&at.fate, at, explanation)));
                push_steps(&mut out, at, explanation);
            }
            (None, _) => {
                out.push('\n');
                push_zooms(&mut out, explanation);
            }
        }
    }
    let depends = told.layers.iter().flat_map(|(_, explanation)| &explanation.zooms);
    if depends.clone().any(|at| at.stage.depends_on_others()) {
        out.push_str(
            "\nlimit and union look at all features of a tile; what they make of this one depends on the others\n",
        );
    }
    out
}

/// Says why a line became no feature.
fn fault_text(fault: &Fault) -> String {
    format!("dropped before any layer ({}): {}", warning(fault), printable(&fault.reason, REASON_CHARS_MAX))
}

/// Returns the code of the warning that the job gives.
pub(super) fn warning(fault: &Fault) -> &'static str {
    if fault.code == FindingCode::GeometryUnencodable { "W203" } else { "W202" }
}

/// Appends a line for each run of zooms of which the same can be said.
fn push_zooms(out: &mut String, explanation: &Explanation) {
    let lines: Vec<(u8, String)> =
        explanation.zooms.iter().map(|at| (at.zoom.get(), zoom_text(at, explanation))).collect();
    for run in lines.chunk_by(|a, b| a.1 == b.1) {
        let (first, last) = (run[0].0, run[run.len() - 1].0);
        let zooms = if first == last { format!("z{first}") } else { format!("z{first}-{last}") };
        put(out, format_args!("  {zooms:<7}  {}\n", run[0].1));
    }
}

/// Returns a zoom as one line.
fn zoom_text(at: &AtZoom, explanation: &Explanation) -> String {
    let mut parts = vec![fate_text(&at.fate, at, explanation)];
    if at.fate == Fate::Written {
        if let Some(shape) = at.shape.filter(|_| explanation.kind != GeometryKind::Point) {
            let outward = if shape.is_outward { ", outward" } else { "" };
            let (vertices, units) =
                (reduced(shape.n_before, shape.n_after), units_text(shape.tolerance_units));
            parts.push(format!("{vertices} by {units}{outward}"));
        }
        if let Some(id) = at.stage.id {
            parts.push(format!("id {id}"));
        }
        parts.extend(at.changes.iter().map(change_text));
        parts.extend(meets(at));
        parts.extend((at.stage.removes_filled == Some(true)).then(|| FILLED_TEXT.to_owned()));
        parts.push(match at.written.len() {
            0 => "writes no attribute".to_owned(),
            _ => format!("writes {}", names(at)),
        });
    }
    parts.join("; ")
}

/// Says which rules of limit and union concern the feature.
fn meets(at: &AtZoom) -> impl Iterator<Item = String> {
    let limits = at.stage.limits.iter().map(|(_, applies)| *applies).enumerate();
    let limits = limits.filter(|(_, applies)| *applies).map(|(idx, _)| format!("meets limit {}", idx + 1));
    let unions = at.stage.unions.iter().enumerate().filter(|(_, takes_part)| **takes_part);
    limits.chain(unions.map(|(idx, _)| format!("meets union {}", idx + 1)))
}

fn names(at: &AtZoom) -> String {
    let names: Vec<String> = at.written.iter().map(|(name, _)| printable(name, VALUE_CHARS_MAX)).collect();
    names.join(", ")
}

fn fate_text(fate: &Fate, at: &AtZoom, explanation: &Explanation) -> String {
    match fate {
        Fate::Written => format!("in {}", counted(at.n_tiles, "tile", "tiles")),
        Fate::Filtered(step) => format!("dropped, `{}` is false", step.option()),
        Fate::Outside if explanation.n_vertices_in_bbox == Some(0) && explanation.n_outside == 0 => {
            "dropped, nothing of it lies in `features.bbox`".to_owned()
        }
        Fate::Outside => "dropped, nothing of it lies on the map".to_owned(),
        Fate::Elsewhere => "in no tile, it lies outside of those that are made".to_owned(),
        Fate::Tiny => {
            "too small for a shape: a square that stands for its neighbours, or one of them for it".to_owned()
        }
        Fate::Vanished => "in no tile, it is too small for the grid".to_owned(),
        Fate::NotCut(n) => format!("kept, in up to {} tiles, too many to count here", grouped(*n)),
        Fate::Fails(step, error) => format!("the job fails at `{}`: {error}", step.option()),
    }
}

/// Appends what each step did at one zoom, up to the last that was reached.
fn push_steps(out: &mut String, at: &AtZoom, explanation: &Explanation) {
    push_feature_steps(out, at, explanation);
    push_tile_steps(out, at);
    let mut step = |label: &str, outcome: &str| push_step(out, label, outcome);
    for (name, value) in at.written.iter() {
        step("writes", &assigned(name, value));
    }
    for InTile { tile, n_vertices, fills } in &at.tiles {
        let fills = if *fills { ", fills it" } else { "" };
        let (zoom, x, y) = (tile.zoom(), tile.x(), tile.y());
        step(
            &format!("tile {zoom}/{x}/{y}"),
            &format!("{}{fills}", counted(*n_vertices as u64, "vertex", "vertices")),
        );
    }
    let n_more = at.n_tiles - at.tiles.len() as u64;
    if n_more > 0 {
        step("more tiles", &grouped(n_more));
    }
}

fn push_step(out: &mut String, label: &str, outcome: &str) {
    put(out, format_args!("  {label:<width$}{outcome}\n", width = STEP_CHARS - 2));
}

/// Appends the steps that see the feature alone.
fn push_feature_steps(out: &mut String, at: &AtZoom, explanation: &Explanation) {
    let mut step = |label: &str, outcome: &str| push_step(out, label, outcome);
    if let Some(id) = &at.id {
        step("features.id", &id_text(id));
    }
    if explanation.n_outside > 0 {
        step(
            "map",
            &format!(
                "{} beyond its latitudes dropped",
                counted(explanation.n_outside as u64, "point", "points")
            ),
        );
    }
    if let Some(n_left) = explanation.n_vertices_in_bbox {
        step("features.bbox", &reduced(explanation.n_vertices - explanation.n_outside, n_left));
    }
    for by in [Step::ZoomElement, Step::Set] {
        changes_by(by, at)
            .for_each(|change| step(by.option().trim_start_matches("features."), &change_text(change)));
    }
    if let Some(is_kept) = at.is_kept {
        step(Step::Filter.option(), if is_kept { "true" } else { "false" });
    }
    if let Some(shape) = at.shape {
        let outward = if shape.is_outward { ", outward only" } else { "" };
        let (vertices, units) = (reduced(shape.n_before, shape.n_after), units_text(shape.tolerance_units));
        step(Step::Simplification.option(), &format!("{vertices}, {units}{outward}"));
    }
    if at.n_tiles > 0 {
        step("cut", &counted(at.n_tiles, "tile", "tiles"));
    }
}

/// Appends the steps among the features of a tile.
fn push_tile_steps(out: &mut String, at: &AtZoom) {
    let mut step = |label: &str, outcome: &str| push_step(out, label, outcome);
    for (idx, (rule, applies)) in at.stage.limits.iter().enumerate() {
        let applies = if *applies { "applies" } else { "does not apply" };
        step(&format!("tiles.limit {}", idx + 1), &format!("{applies}: {}", limit_text(rule)));
    }
    for (idx, takes_part) in at.stage.unions.iter().enumerate() {
        step(
            &format!("tiles.union {}", idx + 1),
            if *takes_part { "takes part" } else { "does not take part" },
        );
    }
    changes_by(Step::Union, at).for_each(|change| step("tiles.union, alone", &change_text(change)));
    if let Some(is_kept) = at.stage.is_kept {
        step(Step::TileFilter.option(), if is_kept { "true" } else { "false" });
    }
    changes_by(Step::TileSet, at).for_each(|change| step(Step::TileSet.option(), &change_text(change)));
    if let Some(removes) = at.stage.removes_filled {
        let outcome = if removes { FILLED_TEXT } else { "keeps filled tiles" };
        step(Step::RemoveFilled.option(), outcome);
    }
    if at.fate == Fate::Written {
        step(Step::TileId.option(), &at.stage.id.map_or_else(|| "none".to_owned(), |id| id.to_string()));
    }
}

fn changes_by(by: Step, at: &AtZoom) -> impl Iterator<Item = &Change> {
    at.changes.iter().filter(move |change| change.by == by)
}

fn id_text(id: &Id) -> String {
    if id.value == Value::Null {
        return "none".to_owned();
    }
    let mut out = value_text(id.value.as_ref());
    if let Some(number) = id.number.map(|number| number.to_string()).filter(|number| *number != out) {
        put(&mut out, format_args!(" -> {number}"));
    }
    if let Some(finding) = id.finding {
        put(&mut out, format_args!(" ({finding})"));
    }
    out
}

fn limit_text(rule: &Limit) -> String {
    let end = match rule.order {
        RankOrder::Lowest => "lowest",
        RankOrder::Highest => "highest",
    };
    let by = rule.attribute.as_ref().map_or_else(
        || "in source order".to_owned(),
        |name| format!("by {}", printable(name, VALUE_CHARS_MAX)),
    );
    let apart = if rule.in_distance { ", kept apart" } else { "" };
    format!("the {end} {} {by}{apart}", grouped(rule.number.into()))
}

fn change_text(change: &Change) -> String {
    let value = |value: &Option<Value>| {
        value.as_ref().map_or_else(|| "none".to_owned(), |value| value_text(value.as_ref()))
    };
    let name = printable(&change.name, VALUE_CHARS_MAX);
    format!("{name}: {} -> {}", value(&change.before), value(&change.after))
}

fn assigned(name: &str, value: ValueRef<'_>) -> String {
    format!("{} = {}", printable(name, VALUE_CHARS_MAX), value_text(value))
}

fn value_text(value: ValueRef<'_>) -> String {
    let text = match value {
        ValueRef::Json(text) => text.to_owned(),
        value => super::json::value_to_json(value).to_string(),
    };
    printable(&text, VALUE_CHARS_MAX)
}

/// Returns how many vertices there were, and how many are left.
fn reduced(n_before: usize, n_after: usize) -> String {
    let vertices = if n_after == 1 { "vertex" } else { "vertices" };
    format!("{n_before} -> {n_after} {vertices}")
}

/// Returns a tolerance in units of the grid.
fn units_text(units: f64) -> String {
    let units = units.to_string();
    let word = if units == "1" { "unit" } else { "units" };
    format!("{units} {word}")
}

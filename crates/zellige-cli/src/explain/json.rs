//! An explanation as JSON.
//!
//! In:     what is told about a line.
//! Out:    one object; what a zoom did not reach is null or empty.
//! Keeps:  whole numbers exactly; the order of attributes.
//! Source: –

use serde_json::{Map, Value, json};
use zellige::ingest::{Fault, Notes};
use zellige::model::{self, Attributes, Feature, ValueRef};
use zellige::recipe::plan::{Limit, RankOrder};
use zellige::tile::explain::{AtZoom, Change, Explanation, Fate, InTile};

use super::{Found, Told, text};

/// Returns all of it.
pub(super) fn to_json(told: &Told<'_>) -> Value {
    let layers: Vec<Value> =
        told.layers.iter().map(|(name, explanation)| layer_to_json(name, explanation)).collect();
    let (feature, fault) = match told.found {
        Found::Feature(feature, notes) => (feature_to_json(feature, *notes), Value::Null),
        Found::Fault(fault, hint) => (Value::Null, fault_to_json(fault, hint.as_deref())),
    };
    json!({
        "file": told.input,
        "line": told.line,
        "fault": fault,
        "feature": feature,
        "layers": layers,
    })
}

fn fault_to_json(fault: &Fault, hint: Option<&str>) -> Value {
    json!({"code": fault.code.code(), "warning": text::warning(fault), "reason": fault.reason, "hint": hint})
}

fn feature_to_json(feature: &Feature, notes: Notes) -> Value {
    let notes: Vec<&str> = notes.iter().map(model::FindingCode::code).collect();
    json!({
        "id": value_to_json(feature.id.as_ref()),
        "geometry": feature.geometry.kind.name(),
        "vertices": feature.geometry.points.len(),
        "attributes": attributes_to_json(&feature.attributes),
        "notes": notes,
    })
}

fn layer_to_json(name: &str, explanation: &Explanation) -> Value {
    let zooms: Vec<Value> = explanation.zooms.iter().map(zoom_to_json).collect();
    json!({
        "layer": name,
        "points_outside": explanation.n_outside,
        "vertices_in_bbox": explanation.n_vertices_in_bbox,
        "zooms": zooms,
    })
}

fn zoom_to_json(at: &AtZoom) -> Value {
    let id = at.id.as_ref().map(|id| {
        json!({
            "value": value_to_json(id.value.as_ref()),
            "number": id.number,
            "finding": id.finding.map(model::FindingCode::code),
        })
    });
    let shape = at.shape.map(|shape| {
        json!({
            "tolerance": shape.tolerance_units,
            "outward_only": shape.is_outward,
            "vertices_before": shape.n_before,
            "vertices_after": shape.n_after,
        })
    });
    let changes: Vec<Value> = at.changes.iter().map(change_to_json).collect();
    let tiles: Vec<Value> = at.tiles.iter().map(tile_to_json).collect();
    let limits: Vec<Value> =
        at.stage.limits.iter().map(|(rule, applies)| limit_to_json(rule, *applies)).collect();
    json!({
        "zoom": at.zoom.get(),
        "fate": fate_to_json(&at.fate),
        "id": id,
        "changes": changes,
        "filter": at.is_kept,
        "simplification": shape,
        "n_tiles": at.n_tiles,
        "n_filled": at.n_filled,
        "tiles": tiles,
        "tile_stage": {
            "limit": limits,
            "union": at.stage.unions,
            "filter": at.stage.is_kept,
            "remove_filled": at.stage.removes_filled,
            "id": at.stage.id,
            "depends_on_others": at.stage.depends_on_others(),
        },
        "written": attributes_to_json(&at.written),
    })
}

fn fate_to_json(fate: &Fate) -> Value {
    match fate {
        Fate::Written => json!({"kind": "written"}),
        Fate::Filtered(step) => json!({"kind": "filtered", "option": step.option()}),
        Fate::Outside => json!({"kind": "outside"}),
        Fate::Elsewhere => json!({"kind": "elsewhere"}),
        Fate::Tiny => json!({"kind": "tiny"}),
        Fate::Vanished => json!({"kind": "vanished"}),
        Fate::NotCut(n_tiles_max) => json!({"kind": "not-cut", "n_tiles_max": n_tiles_max}),
        Fate::Fails(step, error) => {
            json!({"kind": "fails", "option": step.option(), "message": error.to_string()})
        }
    }
}

fn change_to_json(change: &Change) -> Value {
    // A value that is not there and null are two things: the key is left out for the first.
    let mut object = Map::new();
    object.insert("option".to_owned(), change.by.option().into());
    object.insert("name".to_owned(), change.name.as_str().into());
    for (key, value) in [("before", &change.before), ("after", &change.after)] {
        if let Some(value) = value {
            object.insert(key.to_owned(), value_to_json(value.as_ref()));
        }
    }
    Value::Object(object)
}

fn tile_to_json(part: &InTile) -> Value {
    let (zoom, x, y) = (part.tile.zoom(), part.tile.x(), part.tile.y());
    json!({"tile": format!("{zoom}/{x}/{y}"), "vertices": part.n_vertices, "fills": part.fills})
}

fn limit_to_json(rule: &Limit, applies: bool) -> Value {
    json!({
        "applies": applies,
        "number": rule.number,
        "highest": rule.order == RankOrder::Highest,
        "in_distance": rule.in_distance,
        "attribute": rule.attribute,
    })
}

fn attributes_to_json(attributes: &Attributes) -> Value {
    attributes
        .iter()
        .map(|(name, value)| (name.to_owned(), value_to_json(value)))
        .collect::<Map<_, _>>()
        .into()
}

/// Returns a value of an attribute; numbers that JSON cannot write become null.
pub(super) fn value_to_json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Bool(value) => value.into(),
        ValueRef::Int(value) => value.into(),
        ValueRef::UInt(value) => value.into(),
        ValueRef::Double(value) => value.into(),
        ValueRef::String(value) => value.into(),
        ValueRef::Json(text) => serde_json::from_str(text).unwrap_or_else(|_| text.into()),
    }
}

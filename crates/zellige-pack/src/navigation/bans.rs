//! Forbidden turns as a road names them.
//!
//! In:     `turn_restrictions` of our own, or `prohibited_transitions` of Overture.
//! Out:    [`Ban`]s, whose roads are still named by keys.
//! Keeps:  the order in which they were written.
//! Source: `docs/navigation.md`; relations `restriction` of OpenStreetMap; Overture Maps schema.

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;
use zellige_model::{Attributes, LonLat, Place};

use super::geometry::{Vertex, nearest};
use super::overture::{SumBits, json, modes_named};
use super::road::{AGAINST, ALONG, Ban, BanKind, mode};

/// So many bans a road has at most.
const BANS_MAX: usize = 1000;
/// So many roads follow in a ban at most; more have no place in a graph tile.
pub(super) const STEPS_MAX: usize = 32;

/// Returns the hash of a text by which roads are named; never 0.
pub(super) fn key(text: &str) -> u64 {
    xxh3_64(text.as_bytes()).max(1)
}

/// A road whose bans are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct From<'a> {
    pub(super) attributes: &'a Attributes,
    pub(super) line: &'a [Vertex],
    pub(super) place: Place,
}

/// Reads the bans of a road, of no roads yet; `note` hears of each key whose value is not understood.
pub(super) fn read(from: From<'_>, note: &mut dyn FnMut(&str)) -> Vec<Ban> {
    let mut bans = Vec::new();
    for (key, parse) in [
        ("turn_restrictions", parse_restriction as fn(&Value, From<'_>) -> Option<Ban>),
        ("prohibited_transitions", parse_transition),
    ] {
        let all = match json(from.attributes, key) {
            Some(Value::Array(all)) => all,
            Some(Value::Null) | None => continue,
            Some(_) => vec![Value::Null],
        };
        for value in &all {
            match parse(value, from) {
                Some(ban) if bans.len() < BANS_MAX && ban.then.len() <= STEPS_MAX => bans.push(ban),
                _ => note(key),
            }
        }
    }
    bans
}

/// Reads `{"restriction": "no_left_turn", "at": [9.5, 47.1], "via": [17], "to": 18, "except": ["bus"]}`.
fn parse_restriction(value: &Value, from: From<'_>) -> Option<Ban> {
    let kind = match value.get("restriction")?.as_str()? {
        name if name.starts_with("no_") => BanKind::No,
        name if name.starts_with("only_") => BanKind::Only,
        _ => return None,
    };
    let mut then = Vec::new();
    for via in value.get("via").and_then(Value::as_array).into_iter().flatten() {
        then.push(key_of(via)?);
    }
    then.push(key_of(value.get("to")?)?);
    let at = match value.get("at") {
        Some(at) => Some(position(at)?),
        None => None,
    };
    let except =
        value.get("except").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let except = except.map(|word| if word == "psv" { mode::BUS | mode::TAXI } else { modes_named(word) });
    let modes = mode::VEHICLE & !except.sum_bits();
    Some(Ban {
        from: 0..0,
        place: from.place,
        modes,
        kind,
        first_direction: None,
        last_direction: None,
        at,
        then,
    })
}

/// Reads `{"sequence": [{"connector_id": "c", "segment_id": "s"}], "final_heading": "forward", "when": {…}}`.
fn parse_transition(value: &Value, from: From<'_>) -> Option<Ban> {
    let sequence = value.get("sequence")?.as_array()?;
    let mut then = Vec::new();
    for step in sequence {
        then.push(key(step.get("segment_id")?.as_str()?));
    }
    let when = value.get("when").filter(|when| !when.is_null());
    let modes = match when.and_then(|when| when.get("mode")).filter(|modes| !modes.is_null()) {
        None => mode::VEHICLE,
        Some(modes) => modes.as_array()?.iter().filter_map(Value::as_str).map(modes_named).sum_bits(),
    };
    let has = |key| when.and_then(|when| when.get(key)).is_some_and(|value| !value.is_null());
    // A part of a road and of the day is not modelled.
    if then.is_empty() || has("during") || has("vehicle") || has("using") || has("recognized") {
        return None;
    }
    let heading = |value: Option<&Value>| match value.and_then(Value::as_str) {
        Some("forward") => Some(ALONG),
        Some("backward") => Some(AGAINST),
        _ => None,
    };
    Some(Ban {
        from: 0..0,
        place: from.place,
        modes,
        kind: BanKind::No,
        first_direction: heading(when.and_then(|when| when.get("heading"))),
        last_direction: heading(value.get("final_heading")),
        at: connector(from, sequence.first()?.get("connector_id")?.as_str()?),
        then,
    })
}

/// Returns the vertex of the road that a connector is.
fn connector(from: From<'_>, id: &str) -> Option<Vertex> {
    let all = json(from.attributes, "connectors")?;
    let is_it = |there: &&Value| there.get("connector_id").and_then(Value::as_str) == Some(id);
    let share = all.as_array()?.iter().find(is_it)?.get("at")?.as_f64()?;
    nearest(from.line, share)
}

fn position(value: &Value) -> Option<Vertex> {
    let (lon, lat) = (value.get(0)?.as_f64()?, value.get(1)?.as_f64()?);
    (lon.abs() <= 360.0 && lat.abs() <= 90.0).then(|| Vertex::of(LonLat::new(lon, lat)))
}

fn key_of(value: &Value) -> Option<u64> {
    match value {
        Value::String(text) => Some(key(text)),
        Value::Number(number) => Some(key(&number.to_string())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use zellige_model::ValueRef;

    use super::*;

    /// Checks the bans of a road from (0, 0) by (1, 0) to (2, 0), and what was not understood.
    fn check(property: &str, value: &str, expected: &str) {
        let mut attributes = Attributes::default();
        attributes.push("connectors", ValueRef::Json(r#"[{"connector_id":"c","at":0.49}]"#));
        attributes.push(property, ValueRef::Json(value));
        let line = [0.0, 1.0, 2.0].map(|lon| Vertex::of(LonLat::new(lon, 0.0)));
        let mut notes = Vec::new();
        let from = From { attributes: &attributes, line: &line, place: Place::default() };
        let bans = read(from, &mut |key| notes.push(key.to_owned()));
        let mut texts: Vec<String> = bans
            .iter()
            .map(|ban| {
                let at = ban.at.map(|at| at.degrees().lon);
                let then =
                    ban.then.iter().map(|then| ["a", "b", "7"].into_iter().find(|text| key(text) == *then));
                let then: Vec<&str> = then.map(Option::unwrap).collect();
                format!(
                    "{:?} {} at {at:?} to {:?} {}",
                    ban.kind,
                    then.join(" "),
                    ban.last_direction,
                    ban.modes
                )
            })
            .collect();
        texts.append(&mut notes);
        assert_eq!(texts.join("; "), expected);
    }

    #[test]
    fn own_restrictions_name_roads_by_text_or_number() {
        check("turn_restrictions", r#"[{"restriction":"no_left_turn","to":7}]"#, "No 7 at None to None 1645");
        check(
            "turn_restrictions",
            r#"[{"restriction":"only_straight_on","via":["b"],"to":"a","at":[2,0],"except":["bicycle"]}]"#,
            "Only b a at Some(2.0) to None 1641",
        );
    }

    #[test]
    fn transitions_of_overture_name_connectors() {
        check(
            "prohibited_transitions",
            r#"[{"sequence":[{"connector_id":"c","segment_id":"a"}],"final_heading":"backward"}]"#,
            "No a at Some(1.0) to Some(1) 1645",
        );
    }

    #[test]
    fn what_is_not_understood_is_told() {
        check(
            "turn_restrictions",
            r#"[{"restriction":"give_way","to":7},{"restriction":"no_entry"}]"#,
            "turn_restrictions; turn_restrictions",
        );
        check("turn_restrictions", r#"{"to":7}"#, "turn_restrictions");
        check("prohibited_transitions", r#"[{"sequence":[]}]"#, "prohibited_transitions");
    }
}

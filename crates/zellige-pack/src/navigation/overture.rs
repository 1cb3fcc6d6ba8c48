//! Roads in the schema of Overture: rules that may hold for a part of a road only.
//!
//! In:     attributes of a segment; nested values as JSON, or as texts that hold JSON.
//! Out:    the parts of its line on which everything is the same, each in words of OpenStreetMap and with
//!         changes of access; forbidden transitions.
//! Keeps:  the order of rules: later ones change what earlier ones said.
//! Source: Overture Maps schema, transportation theme, segment.

use std::borrow::Cow;

use serde_json::Value;
use zellige_model::{Attributes, ValueRef};

use super::road::{AGAINST, ALONG, Access, Flags, mode};
use super::tags::{Tags, text_of};

/// So many places a road is cut at, at most, because rules begin or end there.
const CUTS_MAX: usize = 1000;
/// Parts of a road shorter than this share of it are none.
const SHARE_MIN: f64 = 1e-9;

/// A segment whose rules have been read.
#[derive(Debug)]
pub(super) struct Segment<'a> {
    attributes: &'a Attributes,
    rules: Rules,
    /// Shares of the length at which rules begin or end; the first is 0, the last 1.
    cuts: Vec<f64>,
}

/// The lists of rules that matter.
#[derive(Debug, Default)]
struct Rules {
    access: Vec<Value>,
    speeds: Vec<Value>,
    surfaces: Vec<Value>,
    flags: Vec<Value>,
    levels: Vec<Value>,
    routes: Vec<Value>,
    subclasses: Vec<Value>,
}

/// Whether the attributes are those of a road in this schema.
pub(super) fn is_road(attributes: &Attributes) -> bool {
    match attributes.get("subtype") {
        Some(ValueRef::String(subtype)) => subtype == "road",
        _ => false,
    }
}

impl<'a> Segment<'a> {
    /// Reads the rules; `note` hears of each list that cannot be read.
    pub(super) fn read(attributes: &'a Attributes, note: &mut dyn FnMut(&str)) -> Self {
        let mut list = |key: &str| match json(attributes, key) {
            Some(Value::Array(rules)) => rules,
            Some(Value::Null) | None => Vec::new(),
            Some(_) => {
                note(key);
                Vec::new()
            }
        };
        let rules = Rules {
            access: list("access_restrictions"),
            speeds: list("speed_limits"),
            surfaces: list("road_surface"),
            flags: list("road_flags"),
            levels: list("level_rules"),
            routes: list("routes"),
            subclasses: list("subclass_rules"),
        };
        let Rules { access, speeds, surfaces, flags, levels, routes, subclasses } = &rules;
        let all = [access, speeds, surfaces, flags, levels, routes, subclasses];
        let mut cuts = vec![0.0, 1.0];
        cuts.extend(all.into_iter().flatten().filter_map(between).flatten());
        cuts.sort_by(f64::total_cmp);
        cuts.dedup_by(|b, a| *b - *a < SHARE_MIN);
        if cuts.len() > CUTS_MAX {
            note("between");
            cuts = vec![0.0, 1.0];
        }
        Self { attributes, rules, cuts }
    }

    /// Returns the parts of the road, as shares of its length, in order.
    pub(super) fn parts(&self) -> impl ExactSizeIterator<Item = [f64; 2]> {
        self.cuts.windows(2).map(|pair| [pair[0], pair[1]])
    }

    /// Returns the words for the part of the road that `at` lies in; `note` hears of what is not understood.
    pub(super) fn tags(&self, at: f64, note: &mut dyn FnMut(&str)) -> Tags<'a> {
        let text = |key| self.attributes.get(key).and_then(text_of);
        let mut tags = Tags::default();
        let ruled = last_text(&self.rules.subclasses, at).map(|subclass| Cow::Owned(subclass.to_owned()));
        let subclass = ruled.or_else(|| text("subclass")).unwrap_or_default();
        let flags: Vec<&str> = holding(&self.rules.flags, at)
            .filter_map(|rule| rule.get("values").unwrap_or(rule).as_array())
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut class = text("class").unwrap_or_default().into_owned();
        if class == "unknown" {
            "road".clone_into(&mut class);
        }
        if subclass == "link" || flags.contains(&"is_link") {
            class.push_str("_link");
        }
        if flags.contains(&"is_under_construction") || flags.contains(&"is_abandoned") {
            "construction".clone_into(&mut class);
        }
        tags.push("highway", class);
        match subclass.as_ref() {
            "sidewalk" => tags.push("footway", "sidewalk"),
            "crosswalk" => tags.push("footway", "crossing"),
            "alley" | "driveway" | "parking_aisle" => tags.push("service", subclass.into_owned()),
            _ => {}
        }
        for (flag, key) in [("is_bridge", "bridge"), ("is_tunnel", "tunnel"), ("is_indoor", "indoor")] {
            if flags.contains(&flag) {
                tags.push(key, "yes");
            }
        }
        if let Some(name) =
            json(self.attributes, "names").as_ref().and_then(|names| names.get("primary")?.as_str())
        {
            tags.push("name", name.to_owned());
        }
        let level = holding(&self.rules.levels, at).rev().find_map(|rule| rule.get("value")?.as_i64());
        if let Some(level) = level {
            tags.push("layer", level.to_string());
        }
        let numbers: Vec<&str> =
            holding(&self.rules.routes, at).filter_map(|route| route.get("ref")?.as_str()).collect();
        if !numbers.is_empty() {
            tags.push("ref", numbers.join(";"));
        }
        if let Some(surface) = last_text(&self.rules.surfaces, at).filter(|surface| *surface != "unknown") {
            tags.push("surface", surface.to_owned());
        }
        // The first of equal words counts, and the last of equal rules.
        for rule in holding(&self.rules.speeds, at).rev() {
            Self::push_speed(rule, &mut tags, note);
        }
        tags
    }

    /// Changes who may travel as the access rules of the part say; `note` hears of rules that are left out.
    pub(super) fn amend(&self, at: f64, access: &mut Access, flags: &mut Flags, note: &mut dyn FnMut(&str)) {
        for rule in holding(&self.rules.access, at) {
            let when = rule.get("when").filter(|when| !when.is_null());
            let has = |key| when.and_then(|when| when.get(key)).is_some_and(|value| !value.is_null());
            // Hours and sizes of vehicles are not modelled.
            if has("during") || has("vehicle") {
                note("access_restrictions");
                continue;
            }
            let direction = when.and_then(|when| when.get("heading")?.as_str());
            let modes = match when.and_then(|when| when.get("mode")).filter(|modes| !modes.is_null()) {
                // A road is closed to all, but a direction of it to vehicles only.
                None if direction.is_some() => mode::VEHICLE,
                None => mode::EVERYBODY,
                Some(modes) => modes
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(Value::as_str)
                    .map(modes_named)
                    .sum_bits(),
            };
            let is_allowed = match rule.get("access_type").and_then(Value::as_str) {
                Some("allowed" | "designated") => true,
                Some("denied") => false,
                _ => {
                    note("access_restrictions");
                    continue;
                }
            };
            // To farms and forests only: as closed to us. For customers and guests: to be reached, not to be passed.
            if has("using") || has("recognized") {
                if is_allowed && !is_for_work(when) {
                    flags.set(Flags::DESTINATION_ONLY, true);
                } else {
                    continue;
                }
            }
            for (way, word) in [(ALONG, "forward"), (AGAINST, "backward")] {
                if direction.is_none_or(|direction| direction == word) {
                    if is_allowed {
                        access[way] |= modes;
                    } else {
                        access[way] &= !modes;
                    }
                }
            }
        }
    }

    fn push_speed(rule: &Value, tags: &mut Tags<'a>, note: &mut dyn FnMut(&str)) {
        let when = rule.get("when").filter(|when| !when.is_null());
        let is_special = |key| when.and_then(|when| when.get(key)).is_some_and(|value| !value.is_null());
        if ["during", "mode", "using", "recognized", "vehicle"].into_iter().any(is_special) {
            note("speed_limits");
            return;
        }
        let key = match when.and_then(|when| when.get("heading")?.as_str()) {
            Some("forward") => "maxspeed:forward",
            Some("backward") => "maxspeed:backward",
            _ => "maxspeed",
        };
        let Some(limit) = rule.get("max_speed").filter(|limit| !limit.is_null()) else { return };
        let Some(value) =
            limit.get("value").and_then(Value::as_f64).filter(|value| (0.0..1000.0).contains(value))
        else {
            return note("speed_limits");
        };
        let unit = if limit.get("unit").and_then(Value::as_str) == Some("mph") { " mph" } else { "" };
        tags.push(key, format!("{}{unit}", value.round() as u32));
    }
}

/// Returns the value of `key`, parsed when it is a list, an object, or a text that holds one.
pub(super) fn json(attributes: &Attributes, key: &str) -> Option<Value> {
    match attributes.get(key)? {
        ValueRef::Json(text) => serde_json::from_str(text).ok(),
        ValueRef::String(text) if text.trim_start().starts_with(['[', '{']) => {
            Some(serde_json::from_str(text).unwrap_or(Value::String(text.to_owned())))
        }
        ValueRef::String(text) => Some(Value::String(text.to_owned())),
        ValueRef::Null => Some(Value::Null),
        _ => Some(Value::Bool(true)),
    }
}

/// Returns the modes that a word of the schema means; none for what does not travel on its own.
pub(super) fn modes_named(word: &str) -> u16 {
    match word {
        "vehicle" => mode::VEHICLE,
        "motor_vehicle" => mode::MOTOR,
        "car" => mode::CAR,
        "truck" | "hgv" => mode::TRUCK,
        "motorcycle" => mode::MOTORCYCLE,
        "moped" => mode::MOPED,
        "foot" => mode::FOOT,
        "bicycle" => mode::BICYCLE,
        "bus" => mode::BUS,
        "taxi" => mode::TAXI,
        _ => 0,
    }
}

/// Unites bits.
pub(super) trait SumBits {
    /// Returns all bits of all.
    fn sum_bits(self) -> u16;
}

impl<I: Iterator<Item = u16>> SumBits for I {
    fn sum_bits(self) -> u16 {
        self.fold(0, |all, bits| all | bits)
    }
}

fn is_for_work(when: Option<&Value>) -> bool {
    let using = when.and_then(|when| when.get("using")?.as_array());
    using
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .any(|word| matches!(word, "to_farm" | "for_forestry"))
}

/// Returns where a rule begins and ends, when it does not hold everywhere.
fn between(rule: &Value) -> Option<[f64; 2]> {
    let range = rule.get("between")?.as_array()?;
    let (start, end) = (range.first()?.as_f64()?, range.get(1)?.as_f64()?);
    (0.0 <= start && start < end && end <= 1.0).then_some([start, end])
}

/// Returns the rules that hold at a share of the length.
fn holding(rules: &[Value], at: f64) -> impl DoubleEndedIterator<Item = &Value> {
    rules.iter().filter(move |rule| between(rule).is_none_or(|[start, end]| start <= at && at <= end))
}

/// Returns the value of the last rule that holds.
fn last_text(rules: &[Value], at: f64) -> Option<&str> {
    holding(rules, at).rev().find_map(|rule| rule.get("value")?.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the parts of a segment: shares, limits, and whether cars may travel along and against.
    fn check(attributes: &[(&str, &str)], expected: &str) {
        let mut all = Attributes::default();
        for (key, value) in attributes {
            let is_json = value.starts_with(['[', '{']);
            all.push(key, if is_json { ValueRef::Json(value) } else { ValueRef::String(value) });
        }
        let mut notes = Vec::new();
        let mut note = |key: &str| notes.push(key.to_owned());
        let segment = Segment::read(&all, &mut note);
        let mut lines = Vec::new();
        for [start, end] in segment.parts() {
            let middle = f64::midpoint(start, end);
            let tags = segment.tags(middle, &mut note);
            let (mut access, mut flags) = ([mode::EVERYBODY; 2], Flags::default());
            segment.amend(middle, &mut access, &mut flags, &mut note);
            let letters = |modes: u16| match (modes & mode::CAR != 0, modes & mode::FOOT != 0) {
                (true, true) => "cf",
                (true, false) => "c",
                (false, true) => "f",
                (false, false) => "-",
            };
            lines.push(format!(
                "{start}-{end} {} {} {} {}",
                tags.get("highway").unwrap(),
                tags.get("maxspeed").unwrap_or("?"),
                letters(access[ALONG]),
                letters(access[AGAINST])
            ));
        }
        assert_eq!(format!("{}{}", lines.join(", "), notes.concat()), expected);
    }

    #[test]
    fn backward_denied_is_one_way_for_vehicles() {
        let rules = r#"[{"access_type":"denied","when":{"heading":"backward"}}]"#;
        check(&[("class", "residential"), ("access_restrictions", rules)], "0-1 residential ? cf f");
    }

    #[test]
    fn denied_without_condition_is_closed_until_something_is_allowed() {
        let rules = r#"[{"access_type":"denied"},{"access_type":"allowed","when":{"mode":["foot"]}}]"#;
        check(&[("class", "service"), ("access_restrictions", rules)], "0-1 service ? f f");
        let rules = r#"[{"access_type":"denied"},{"access_type":"allowed","when":{"using":["to_farm"]}}]"#;
        check(&[("class", "track"), ("access_restrictions", rules)], "0-1 track ? - -");
    }

    #[test]
    fn rules_between_cut_the_road() {
        let speeds = r#"[{"max_speed":{"value":50,"unit":"km/h"}},
            {"max_speed":{"value":30,"unit":"mph"},"between":[0.25,0.5]}]"#;
        let flags = r#"[{"values":["is_link"],"between":[0.5,1]}]"#;
        check(
            &[("class", "primary"), ("speed_limits", speeds), ("road_flags", flags)],
            "0-0.25 primary 50 cf cf, 0.25-0.5 primary 30 mph cf cf, 0.5-1 primary_link 50 cf cf",
        );
    }

    #[test]
    fn subclass_may_hold_for_a_part() {
        let rules = r#"[{"value":"link","between":[0,0.5]}]"#;
        check(
            &[("class", "trunk"), ("subclass_rules", rules)],
            "0-0.5 trunk_link ? cf cf, 0.5-1 trunk ? cf cf",
        );
        check(&[("class", "trunk"), ("subclass", "link")], "0-1 trunk_link ? cf cf");
    }

    #[test]
    fn what_is_not_modelled_is_told() {
        let rules = r#"[{"access_type":"denied","when":{"during":"Mo-Fr"}}]"#;
        check(
            &[("class", "primary"), ("access_restrictions", rules)],
            "0-1 primary ? cf cfaccess_restrictions",
        );
        check(&[("class", "primary"), ("speed_limits", "slow")], "0-1 primary ? cf cfspeed_limits");
    }
}

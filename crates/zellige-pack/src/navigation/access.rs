//! Who may travel on a road, and in which direction.
//!
//! In:     tags of a road and its kind.
//! Out:    modes along the line and against it, or nothing when the kind is not known.
//! Keeps:  what is said about a mode wins over what is said about all; people on foot go both ways of a one-way street.
//! Source: access and oneway of OpenStreetMap, as routing engines read them.

use super::road::{AGAINST, ALONG, Access, mode};
use super::tags::{Tags, parts};

/// Where each mode looks for its permission: the first key that says something counts.
const PERMISSIONS: [(u16, &[&str]); 8] = [
    (mode::CAR, &["motorcar", "motor_vehicle", "vehicle"]),
    (mode::TRUCK, &["hgv", "motor_vehicle", "vehicle"]),
    (mode::BUS, &["bus", "psv", "motor_vehicle", "vehicle"]),
    (mode::TAXI, &["taxi", "psv", "motor_vehicle", "vehicle"]),
    (mode::MOPED, &["moped", "mofa", "motor_vehicle", "vehicle"]),
    (mode::MOTORCYCLE, &["motorcycle", "motor_vehicle", "vehicle"]),
    (mode::FOOT, &["foot", "pedestrian"]),
    (mode::BICYCLE, &["bicycle", "cycleway", "bicycle_road", "cyclestreet", "vehicle"]),
];

/// Keys by which a mode is exempt from `oneway`, or has one of its own.
const ONEWAYS: [(u16, &str); 7] = [
    (mode::BICYCLE, "oneway:bicycle"),
    (mode::BUS | mode::TAXI, "oneway:psv"),
    (mode::BUS, "oneway:bus"),
    (mode::TAXI, "oneway:taxi"),
    (mode::MOPED, "oneway:moped"),
    (mode::MOTORCYCLE, "oneway:motorcycle"),
    (mode::FOOT, "oneway:foot"),
];

/// Keys that hold for one direction, and their modes; later ones win.
const DIRECTED: [(&str, &str, u16); 4] = [
    ("vehicle:forward", "vehicle:backward", mode::VEHICLE),
    ("motor_vehicle:forward", "motor_vehicle:backward", mode::MOTOR),
    ("bicycle:forward", "bicycle:backward", mode::BICYCLE),
    ("foot:forward", "foot:backward", mode::FOOT),
];

/// In which direction vehicles travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Oneway {
    /// Both.
    No,
    /// Along the line.
    Along,
    /// Against it.
    Against,
}

impl Oneway {
    /// Reads the direction of a road of kind `highway`; nothing when the value is no such word.
    pub(super) fn of(tags: &Tags<'_>, highway: &str) -> Option<Self> {
        let is_circle = matches!(tags.get("junction"), Some("roundabout" | "circular"));
        Some(match tags.get("oneway") {
            Some("-1" | "reverse") => Self::Against,
            Some("yes" | "true" | "1") => Self::Along,
            Some("no" | "false" | "0") | None if is_circle => Self::Along,
            Some("no" | "false" | "0" | "reversible" | "alternating") => Self::No,
            Some(_) => return None,
            None if highway == "motorway" => Self::Along,
            None => Self::No,
        })
    }
}

/// Returns who may travel on a road of kind `highway`; nothing for a kind that is not known.
pub(super) fn of(tags: &Tags<'_>, highway: &str, oneway: Oneway) -> Option<Access> {
    let along = undirected(tags, highway)?;
    let mut access = [along, along];
    if oneway == Oneway::No {
        for (modes, key) in ONEWAYS {
            if matches!(tags.get(key), Some("yes" | "true" | "1" | "-1")) {
                access[AGAINST] &= !modes;
            }
        }
    } else {
        access[AGAINST] &= exempt(tags, highway);
    }
    if has_lanes_on_both_sides(tags) {
        access = access.map(|modes| modes | mode::BICYCLE);
    }
    for (forward, backward, modes) in DIRECTED {
        for (direction, key) in [(ALONG, forward), (AGAINST, backward)] {
            match tags.get(key).and_then(permits) {
                Some(true) => access[direction] |= modes,
                Some(false) => access[direction] &= !modes,
                None => {}
            }
        }
    }
    let mut swapped = if oneway == Oneway::Against { mode::EVERYBODY } else { 0 };
    for (modes, key) in ONEWAYS {
        if tags.is(key, "-1") {
            swapped ^= modes;
        }
    }
    let changed = (access[ALONG] ^ access[AGAINST]) & swapped;
    Some(access.map(|modes| modes ^ changed))
}

/// Adds the modes whose access follows from that of others.
pub(super) fn complete(tags: &Tags<'_>, access: Access, is_stairs: bool) -> Access {
    let is_for_wheelchairs = match tags.get("wheelchair").and_then(permits) {
        _ if is_stairs => Some(false),
        said => said,
    };
    let is_for_emergencies =
        tags.is("access", "emergency") || tags.is_yes("emergency") || tags.is("service", "emergency_access");
    access.map(|modes| {
        let mut all = modes;
        if modes & mode::CAR != 0 && !tags.is("hov", "no") {
            all |= mode::CARPOOL;
        }
        if is_for_wheelchairs.unwrap_or(modes & mode::FOOT != 0) {
            all |= mode::WHEELCHAIR;
        }
        if is_for_emergencies {
            all |= mode::EMERGENCY;
        }
        all
    })
}

/// Whether a value permits, which may be a list; nothing when it is no known word.
pub(super) fn permits(value: &str) -> Option<bool> {
    let word = |word| match word {
        "yes" | "true" | "designated" | "permissive" | "private" | "destination" | "delivery"
        | "customers" | "official" | "public" | "restricted" | "allowed" | "permit" | "residents"
        | "use_sidepath" | "dismount" | "lane" | "track" | "shared" | "shared_lane" | "sidepath"
        | "share_busway" | "crossing" | "sidewalk" | "footway" | "passable" | "urban" | "local"
        | "limited" => Some(true),
        "no" | "false" | "none" | "agricultural" | "forestry" | "discouraged" | "emergency" | "psv"
        | "unsuitable" | "unknown" => Some(false),
        _ => None,
    };
    parts(value).filter_map(word).reduce(|a, b| a || b)
}

/// Who may travel at least one way.
fn undirected(tags: &Tags<'_>, highway: &str) -> Option<u16> {
    let mut modes = usual(highway)?;
    if tags.is("service", "driveway") && tags.get("access").is_none() {
        return Some(mode::EVERYBODY);
    }
    if tags.get("access").and_then(permits) == Some(false) || tags.is_yes("impassable") {
        modes = 0;
    } else if tags.is("smoothness", "impassable") {
        modes &= mode::FOOT;
    }
    for (who, keys) in PERMISSIONS {
        // `cycleway=no` says that there is no lane, not that bicycles are forbidden.
        let said = |key: &&str| {
            tags.get(key).and_then(permits).filter(|is_allowed| *is_allowed || *key != "cycleway")
        };
        match keys.iter().find_map(said) {
            Some(true) => modes |= who,
            Some(false) => modes &= !who,
            None => {}
        }
    }
    if tags.is("access", "psv") {
        modes |= mode::BUS | mode::TAXI;
    }
    Some(modes)
}

/// Who may travel on a road of kind `highway` when nothing else is said.
fn usual(highway: &str) -> Option<u16> {
    Some(match highway.strip_suffix("_link").unwrap_or(highway) {
        "motorway" => mode::MOTOR & !mode::MOPED,
        "trunk" | "primary" | "secondary" | "tertiary" | "unclassified" | "residential" | "living_street"
        | "service" | "track" | "road" => mode::EVERYBODY,
        "footway" | "pedestrian" | "corridor" | "elevator" | "platform" | "via_ferrata" => mode::FOOT,
        "steps" | "path" => mode::FOOT | mode::BICYCLE,
        "cycleway" => mode::BICYCLE,
        "bridleway" => 0,
        "busway" | "bus_guideway" => mode::BUS,
        _ => return None,
    })
}

/// Who may travel against a one-way road.
fn exempt(tags: &Tags<'_>, highway: &str) -> u16 {
    let is_for_people = matches!(highway, "footway" | "pedestrian" | "steps" | "path");
    let mut modes = if is_for_people || tags.get("oneway:foot").is_some() { 0 } else { mode::FOOT };
    for (who, key) in ONEWAYS {
        match tags.get(key) {
            Some("no" | "false" | "0") => modes |= who,
            Some(_) => modes &= !who,
            None => {}
        }
    }
    let is_opposite = |key: &&str| tags.get(key).is_some_and(|value| value.starts_with("opposite"));
    if ["cycleway", "cycleway:left", "cycleway:right"].iter().any(is_opposite) {
        modes |= mode::BICYCLE;
    }
    if ["busway", "busway:left", "busway:right"].iter().any(is_opposite) {
        modes |= mode::BUS;
    }
    modes
}

/// Whether there is a lane for bicycles in either direction.
fn has_lanes_on_both_sides(tags: &Tags<'_>) -> bool {
    let has_lane = |key| tags.get(key).is_some_and(|value| lane(value) > 0);
    has_lane("cycleway:both") || (has_lane("cycleway:left") && has_lane("cycleway:right"))
}

/// Returns what kind of lane for bicycles a word means: 0 none, 1 shared, 2 dedicated, 3 separated.
pub(super) fn lane(word: &str) -> u8 {
    match word {
        "shared_lane" | "share_busway" | "shared" => 1,
        "lane" | "buffered_lane" | "opposite_lane" => 2,
        "track" | "opposite_track" => 3,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks who may travel along a road and against it: `c` car, `b` bicycle, `f` foot.
    fn check(tags: &[(&'static str, &'static str)], expected: &str) {
        let mut all = Tags::default();
        for (key, value) in tags {
            all.push(key, *value);
        }
        let highway = all.get("highway").unwrap();
        let access = of(&all, highway, Oneway::of(&all, highway).unwrap()).unwrap();
        let letters = |modes: u16| {
            let letter = |(who, letter)| (modes & who != 0).then_some(letter);
            [(mode::CAR, 'c'), (mode::BICYCLE, 'b'), (mode::FOOT, 'f')]
                .into_iter()
                .filter_map(letter)
                .collect::<String>()
        };
        assert_eq!(format!("{} {}", letters(access[ALONG]), letters(access[AGAINST])), expected, "{tags:?}");
    }

    #[test]
    fn kinds_have_their_users() {
        check(&[("highway", "residential")], "cbf cbf");
        check(&[("highway", "motorway")], "c ");
        check(&[("highway", "motorway_link")], "c c");
        check(&[("highway", "footway")], "f f");
        check(&[("highway", "path")], "bf bf");
        check(&[("highway", "cycleway")], "b b");
    }

    #[test]
    fn one_way_binds_vehicles_and_not_people() {
        check(&[("highway", "primary"), ("oneway", "yes")], "cbf f");
        check(&[("highway", "primary"), ("oneway", "-1")], "f cbf");
        check(&[("highway", "tertiary"), ("junction", "roundabout")], "cbf f");
        check(&[("highway", "primary"), ("oneway", "no")], "cbf cbf");
        check(&[("highway", "steps"), ("oneway", "yes")], "bf ");
        check(&[("highway", "residential"), ("oneway", "yes"), ("oneway:foot", "yes")], "cbf ");
    }

    #[test]
    fn bicycles_may_be_exempt() {
        check(&[("highway", "residential"), ("oneway", "yes"), ("oneway:bicycle", "no")], "cbf bf");
        check(&[("highway", "residential"), ("oneway", "-1"), ("oneway:bicycle", "no")], "bf cbf");
        check(&[("highway", "residential"), ("oneway", "yes"), ("cycleway:left", "opposite_lane")], "cbf bf");
        check(&[("highway", "residential"), ("oneway:bicycle", "yes")], "cbf cf");
        check(&[("highway", "residential"), ("oneway:bicycle", "-1")], "cf cbf");
    }

    #[test]
    fn what_is_said_of_a_mode_wins() {
        check(&[("highway", "service"), ("access", "no"), ("foot", "yes")], "f f");
        check(&[("highway", "track"), ("motor_vehicle", "forestry")], "bf bf");
        check(&[("highway", "footway"), ("bicycle", "yes")], "bf bf");
        check(&[("highway", "residential"), ("cycleway", "no")], "cbf cbf");
        check(&[("highway", "residential"), ("vehicle", "no"), ("bicycle", "yes")], "bf bf");
        check(&[("highway", "track"), ("access", "private")], "cbf cbf");
        check(&[("highway", "path"), ("motor_vehicle", "agricultural;permissive")], "cbf cbf");
    }

    #[test]
    fn a_direction_may_be_closed() {
        check(&[("highway", "residential"), ("motor_vehicle:backward", "no")], "cbf bf");
        check(&[("highway", "residential"), ("vehicle:forward", "no")], "f cbf");
    }

    #[test]
    fn unknown_words_are_told() {
        let mut tags = Tags::default();
        tags.push("oneway", "perhaps");
        assert_eq!(Oneway::of(&tags, "residential"), None);
        assert_eq!(of(&tags, "canal", Oneway::No), None);
    }
}

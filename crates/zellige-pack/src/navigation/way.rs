//! From words of OpenStreetMap to what a graph tile says about a road.
//!
//! In:     tags of a road, already in these words whatever the schema of the source was.
//! Out:    a [`Way`], or why there is none; what was not understood is told on the side.
//! Keeps:  a value that is not understood counts as if it were not there.
//! Source: tagging of OpenStreetMap; usual speeds as routing engines assume them.

use super::access::{self, Oneway, lane};
use super::road::{AGAINST, ALONG, Access, Flags, Name, Way, class, mode, surface, usage};
use super::tags::{Tags, number, parts};

/// Usual speeds by class, kilometres an hour.
const SPEEDS: [u8; 8] = [105, 90, 75, 60, 50, 40, 35, 25];
/// Faster is not assumed, kilometres an hour.
const SPEED_MAX: u8 = 140;
/// Lower limits are taken for mistakes, kilometres an hour.
const SPEED_MIN: u32 = 10;
/// There is no limit.
const SPEED_UNLIMITED: u8 = 255;
/// More lanes are taken for a mistake.
const LANES_MAX: u8 = 15;
/// So many names are kept of a road.
const NAMES_MAX: usize = 15;
/// Names are kept up to so many bytes.
const NAME_BYTES_MAX: usize = 1000;
/// Bicycles may ride trails up to so difficult.
const MTB_SCALE_MAX: u32 = 5;

/// Says who may travel where, after the tags have been heard.
pub(super) type Amend<'a> = &'a dyn Fn(&mut Access, &mut Flags);

/// Returns what the tags of a road say.
///
/// `note` hears of each key whose value is not understood.
///
/// # Errors
///
/// Why nobody can travel on it, as a clause such as ``its kind `proposed` is no road``.
pub(super) fn of(
    tags: &Tags<'_>,
    id: u64,
    amend: Amend<'_>,
    note: &mut dyn FnMut(&str),
) -> Result<Way, String> {
    let highway = tags.get("highway").unwrap_or_default();
    if tags.is_yes("area") {
        return Err("it is an area".to_owned());
    }
    let oneway = Oneway::of(tags, highway).unwrap_or_else(|| {
        note("oneway");
        Oneway::No
    });
    let Some(mut access) = access::of(tags, highway, oneway) else {
        return Err(format!("its kind `{highway}` is no road"));
    };
    let mut flags = flags(tags, highway);
    amend(&mut access, &mut flags);
    let access_without_trails = access;
    open_to_mountain_bicycles(tags, oneway, &mut access);
    let is_stairs = highway == "steps" && tags.get("conveying").is_none();
    access = access::complete(tags, access, is_stairs);
    if access == [0, 0] {
        return Err("nobody may travel on it".to_owned());
    }
    let class = class_of(highway);
    let usage = usage_of(tags, highway, access);
    flags.set(
        Flags::DESTINATION_ONLY,
        matches!(usage, usage::DRIVEWAY | usage::PARKING_AISLE | usage::DRIVE_THROUGH),
    );
    let (speed, speed_limit) = speeds(tags, class, oneway, &mut flags, note);
    Ok(Way {
        id,
        class,
        usage,
        access,
        speed,
        speed_limit,
        surface: surface_of(tags, class, usage, note),
        lanes: lanes(tags, access, note),
        cycle_lane: cycle_lanes(tags, usage, access_without_trails, oneway),
        sac_scale: sac_scale(tags),
        bicycle_network: bicycle_network(tags),
        flags,
        layer: layer(tags, flags, note),
        names: names(tags, class, note),
    })
}

fn class_of(highway: &str) -> u8 {
    match highway.strip_suffix("_link").unwrap_or(highway) {
        "motorway" => class::MOTORWAY,
        "trunk" => class::TRUNK,
        "primary" => class::PRIMARY,
        "secondary" => class::SECONDARY,
        "tertiary" => class::TERTIARY,
        "unclassified" => class::UNCLASSIFIED,
        "residential" => class::RESIDENTIAL,
        _ => class::OTHER,
    }
}

fn usage_of(tags: &Tags<'_>, highway: &str, access: Access) -> u8 {
    let either = access[ALONG] | access[AGAINST];
    let is_only = |modes: u16, others: u16| either & modes != 0 && either & others == 0;
    let service = match tags.get("service") {
        Some("driveway") => Some(usage::DRIVEWAY),
        Some("alley") => Some(usage::ALLEY),
        Some("parking_aisle") => Some(usage::PARKING_AISLE),
        Some("emergency_access") => Some(usage::EMERGENCY_ACCESS),
        Some("drive-through") => Some(usage::DRIVE_THROUGH),
        _ => None,
    };
    match (highway, service) {
        _ if is_only(mode::EMERGENCY, mode::EVERYBODY & !mode::FOOT) => usage::EMERGENCY_ACCESS,
        ("track", _) => usage::TRACK,
        ("living_street", _) => usage::LIVING_STREET,
        ("service", None) => usage::SERVICE,
        ("cycleway", _) => usage::CYCLEWAY,
        _ if is_only(mode::BICYCLE, mode::CAR | mode::FOOT) => usage::CYCLEWAY,
        ("footway", _) if tags.is("footway", "sidewalk") => usage::SIDEWALK,
        ("footway", _) if tags.is("footway", "crossing") => usage::CROSSING,
        ("footway", _) => usage::FOOTWAY,
        ("elevator", _) => usage::ELEVATOR,
        ("steps", _) if tags.get("conveying").is_some() => usage::ESCALATOR,
        ("steps", _) => usage::STEPS,
        ("path", _) => usage::PATH,
        ("pedestrian", _) => usage::PEDESTRIAN,
        ("platform", _) => usage::PLATFORM,
        _ if is_only(mode::FOOT, mode::VEHICLE) => usage::PEDESTRIAN,
        ("bridleway", _) => usage::BRIDLEWAY,
        (_, Some(service)) => service,
        _ if tags.get("service").is_some() => usage::OTHER,
        _ => usage::ROAD,
    }
}

fn flags(tags: &Tags<'_>, highway: &str) -> Flags {
    let is_private = |value: &str| {
        let is_it = |part| {
            matches!(part, "private" | "destination" | "customers" | "delivery" | "permit" | "residents")
        };
        parts(value).any(is_it)
    };
    let is_there = |key| tags.get(key).is_some_and(|value| value != "no");
    let sidewalk = tags.get("sidewalk").unwrap_or_default();
    let has_both = matches!(sidewalk, "both" | "yes" | "shared" | "raised");
    let mut flags = Flags::default();
    flags.set(Flags::LINK, highway.ends_with("_link"));
    flags.set(Flags::ROUNDABOUT, matches!(tags.get("junction"), Some("roundabout" | "circular")));
    flags.set(Flags::BRIDGE, is_there("bridge"));
    flags.set(Flags::TUNNEL, is_there("tunnel"));
    flags.set(Flags::TOLL, is_there("toll"));
    flags.set(
        Flags::DESTINATION_ONLY,
        ["access", "motor_vehicle", "motorcar", "vehicle"]
            .iter()
            .any(|key| tags.get(key).is_some_and(is_private)),
    );
    flags.set(Flags::DISMOUNT, tags.is("bicycle", "dismount"));
    flags.set(Flags::USE_SIDEPATH, tags.is("bicycle", "use_sidepath"));
    flags.set(Flags::SIDEWALK_LEFT, has_both || sidewalk == "left");
    flags.set(Flags::SIDEWALK_RIGHT, has_both || sidewalk == "right");
    flags.set(
        Flags::LIT,
        matches!(tags.get("lit"), Some("yes" | "24/7" | "automatic" | "dusk-dawn" | "sunset-sunrise")),
    );
    flags.set(Flags::INDOOR, tags.is_yes("indoor"));
    flags.set(Flags::DRIVES_ON_LEFT, tags.is("driving_side", "left"));
    flags
}

/// A scale of trails says that bicycles ride there.
fn open_to_mountain_bicycles(tags: &Tags<'_>, oneway: Oneway, access: &mut Access) {
    let scales = [("mtb:scale", MTB_SCALE_MAX), ("mtb:scale:uphill", MTB_SCALE_MAX - 1)];
    let is_easy = |(key, most): (&str, u32)| tags.get(key).and_then(number).map(|scale| scale <= most);
    let is_open = scales.into_iter().filter_map(is_easy).reduce(|a, b| a || b);
    if is_open.unwrap_or_else(|| tags.get("mtb:scale:imba").is_some()) {
        if oneway != Oneway::Against {
            access[ALONG] |= mode::BICYCLE;
        }
        if oneway == Oneway::No {
            access[AGAINST] |= mode::BICYCLE;
        }
    }
}

/// Returns the speeds in both directions and the limit.
fn speeds(
    tags: &Tags<'_>,
    class: u8,
    oneway: Oneway,
    flags: &mut Flags,
    note: &mut dyn FnMut(&str),
) -> ([u8; 2], u8) {
    let usual = usual_speed(tags, class);
    let mut read = |key: &str| {
        let value = tags.get(key)?;
        match value {
            "none" => return Some(SPEED_UNLIMITED),
            "walk" => return Some(5),
            _ => {}
        }
        let Some(written) = number(value) else {
            note(key);
            return None;
        };
        let km_h =
            if value.ends_with("mph") { (f64::from(written) * 1.609_344).round() as u32 } else { written };
        if km_h < SPEED_MIN {
            note(key);
            return None;
        }
        Some(km_h.min(u32::from(SPEED_UNLIMITED - 1)) as u8)
    };
    let limit = read("maxspeed");
    let one = read("maxspeed:practical").or_else(|| read("maxspeed:advisory")).or(limit);
    let (along, against) = (read("maxspeed:forward"), read("maxspeed:backward"));
    flags.set(Flags::SPEED_TAGGED, one.or(along).or(against).is_some());
    let both = one.filter(|speed| *speed != SPEED_UNLIMITED).unwrap_or(usual);
    // What is said of one direction of a road with two is taken for the other one, too.
    let other = |there: Option<u8>| there.filter(|_| oneway == Oneway::No).unwrap_or(both);
    let speed = [along.unwrap_or_else(|| other(against)), against.unwrap_or_else(|| other(along))];
    (speed.map(|speed| speed.min(SPEED_MAX)), limit.unwrap_or(0))
}

fn usual_speed(tags: &Tags<'_>, class: u8) -> u8 {
    if tags.is("highway", "track") {
        return match tags.get("tracktype") {
            Some("grade1") => 20,
            Some("grade2") => 15,
            Some("grade3") => 12,
            Some("grade4") => 10,
            _ => 5,
        };
    }
    let usual = SPEEDS[usize::from(class)];
    if tags.is("service", "driveway") { usual / 2 } else { usual }
}

fn surface_of(tags: &Tags<'_>, class: u8, usage: u8, note: &mut dyn FnMut(&str)) -> u8 {
    if let Some(trail) = trail_surface(tags) {
        return trail;
    }
    if let Some(value) = tags.get("surface") {
        match surface_named(value) {
            Some(surface) => return surface,
            None => note("surface"),
        }
    } else if let Some(surface) = tags.get("tracktype").and_then(surface_of_track) {
        return surface;
    } else if let Some(surface) = tags.get("smoothness").and_then(surface_of_smoothness) {
        return surface;
    }
    match usage {
        _ if tags.get("sac_scale").is_some() => surface::PATH,
        _ if class < class::OTHER => surface::SMOOTH,
        usage::FOOTWAY | usage::PEDESTRIAN | usage::SIDEWALK | usage::PATH | usage::BRIDLEWAY => {
            surface::COMPACTED
        }
        usage::TRACK => surface::DIRT,
        usage::ROAD..=usage::SERVICE => surface::SMOOTH,
        _ => surface::PAVED,
    }
}

fn trail_surface(tags: &Tags<'_>) -> Option<u8> {
    if let Some(scale) = tags.get("mtb:scale").and_then(number) {
        return Some(match scale {
            0 => surface::DIRT,
            1 => surface::GRAVEL,
            _ => surface::PATH,
        });
    }
    let scale = tags.get("mtb:scale:uphill").and_then(number)?;
    Some(if scale < 2 { surface::GRAVEL } else { surface::PATH })
}

/// Words and the surface they mean; the first that a value holds counts, and `unpaved` holds `paved`.
const SURFACES: [(u8, &[&str]); 8] = [
    (surface::GRAVEL, &["unpaved"]),
    (surface::SMOOTH, &["paved", "pavement", "asphalt", "concrete", "cement", "chipseal", "metal"]),
    (surface::PAVED, &["tartan", "pavingstone", "paving_stones", "sett", "grass_paver"]),
    (surface::ROUGH, &["cobblestone", "brick"]),
    (surface::COMPACTED, &["compacted", "wood", "boardwalk"]),
    (surface::DIRT, &["dirt", "natural", "earth", "ground", "mud", "clay", "laterite"]),
    (surface::GRAVEL, &["gravel", "pebblestone", "sand"]),
    (surface::PATH, &["grass", "stepping_stones"]),
];

fn surface_named(value: &str) -> Option<u8> {
    let value = value.to_lowercase();
    let means = |(_, words): &&(u8, &[&str])| words.iter().any(|word| value.contains(word));
    SURFACES.iter().find(means).map(|(surface, _)| *surface)
}

fn surface_of_track(grade: &str) -> Option<u8> {
    Some(match grade {
        "grade1" => surface::ROUGH,
        "grade2" => surface::COMPACTED,
        "grade3" => surface::DIRT,
        "grade4" => surface::GRAVEL,
        "grade5" => surface::PATH,
        _ => return None,
    })
}

fn surface_of_smoothness(smoothness: &str) -> Option<u8> {
    Some(match smoothness {
        "excellent" | "good" => surface::SMOOTH,
        "intermediate" => surface::ROUGH,
        "bad" => surface::COMPACTED,
        "very_bad" => surface::DIRT,
        "horrible" => surface::GRAVEL,
        "very_horrible" => surface::PATH,
        "impassable" => surface::IMPASSABLE,
        _ => return None,
    })
}

/// Returns the lanes in either direction, at least one.
fn lanes(tags: &Tags<'_>, access: Access, note: &mut dyn FnMut(&str)) -> [u8; 2] {
    let mut read = |key: &str| {
        let value = tags.get(key)?;
        let lanes = number(value).filter(|lanes| *lanes <= u32::from(LANES_MAX));
        if lanes.is_none() {
            note(key);
        }
        lanes.map(|lanes| lanes as u8)
    };
    if let (Some(along), Some(against)) = (read("lanes:forward"), read("lanes:backward")) {
        return [along.max(1), against.max(1)];
    }
    let all = read("lanes").unwrap_or(1);
    let is_shared = access[ALONG] & mode::MOTOR != 0 && access[AGAINST] & mode::MOTOR != 0;
    [if is_shared { all / 2 } else { all }.max(1); 2]
}

/// Returns the best lane for bicycles in either direction, with traffic on the right unless the road says otherwise.
fn cycle_lanes(tags: &Tags<'_>, usage: u8, access: Access, oneway: Oneway) -> [u8; 2] {
    let [along, against] = access.map(|modes| modes & mode::BICYCLE != 0);
    if matches!(usage, usage::CYCLEWAY | usage::FOOTWAY | usage::PATH) && (along || against) {
        let lane = match tags.get("segregated") {
            _ if access[ALONG] & mode::FOOT == 0 => 3,
            Some("yes") => 2,
            Some("no") => 1,
            _ if usage == usage::CYCLEWAY => 2,
            _ => 1,
        };
        return [lane, lane];
    }
    let sides = if tags.is("driving_side", "left") {
        ["cycleway:left", "cycleway:right"]
    } else {
        ["cycleway:right", "cycleway:left"]
    };
    let mut lanes = [0, 0];
    for (side, key) in sides.into_iter().enumerate() {
        let value =
            [key, "cycleway"].into_iter().find_map(|key| tags.get(key).filter(|value| lane(value) > 0));
        let Some(value) = value else { continue };
        let is_opposite = value.starts_with("opposite");
        let mut direction = match (along, against, oneway) {
            (true, true, Oneway::No) => side,
            (true, true, Oneway::Along) | (true, false, _) => ALONG,
            _ => AGAINST,
        };
        if is_opposite && along && against {
            direction = 1 - direction;
        }
        lanes[direction] = lanes[direction].max(lane(value));
    }
    lanes
}

/// Returns the level of a road above the others; a bridge that says nothing is above, a tunnel below the ground.
fn layer(tags: &Tags<'_>, flags: Flags, note: &mut dyn FnMut(&str)) -> i8 {
    match tags.get("layer").map(str::parse) {
        Some(Ok(layer)) => layer,
        Some(Err(_)) => {
            note("layer");
            0
        }
        None if flags.has(Flags::BRIDGE) => 1,
        None if tags.is_yes("tunnel") => -1,
        None => 0,
    }
}

fn sac_scale(tags: &Tags<'_>) -> u8 {
    match tags.get("sac_scale") {
        Some("hiking") => 1,
        Some("mountain_hiking") => 2,
        Some("demanding_mountain_hiking") => 3,
        Some("alpine_hiking") => 4,
        Some("demanding_alpine_hiking") => 5,
        Some("difficult_alpine_hiking") => 6,
        _ if tags.is("highway", "via_ferrata") => 6,
        _ => 0,
    }
}

fn bicycle_network(tags: &Tags<'_>) -> u8 {
    let networks = [("ncn", "ncn_ref", 1), ("rcn", "rcn_ref", 2), ("lcn", "lcn_ref", 4), ("mtb", "", 8)];
    let bit = |(key, number, bit): (&str, &str, u8)| {
        if tags.is_yes(key) || tags.get(number).is_some() { bit } else { 0 }
    };
    networks.into_iter().map(bit).sum()
}

/// Returns the names in the order in which they are announced: numbers first on motorways and trunk roads.
fn names(tags: &Tags<'_>, class: u8, note: &mut dyn FnMut(&str)) -> Vec<Name> {
    let mut names: Vec<Name> = Vec::new();
    let mut add = |key: &str, is_number: bool| {
        for text in tags.get(key).into_iter().flat_map(parts) {
            // A zero byte ends a text in a graph tile.
            let is_usable = text.len() <= NAME_BYTES_MAX && !text.contains('\0');
            if names.iter().any(|name| name.text == text) {
                continue;
            }
            if is_usable && names.len() < NAMES_MAX {
                names.push(Name { text: text.to_owned(), is_number });
            } else {
                note(key);
            }
        }
    };
    if class <= class::TRUNK {
        add("ref", true);
        add("int_ref", true);
    }
    add("name", false);
    add("ref", true);
    add("int_ref", true);
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns what a road is by its tags, and the keys that were not understood.
    fn read(tags: &[(&'static str, &'static str)]) -> (Result<Way, String>, Vec<String>) {
        let mut all = Tags::default();
        for (key, value) in tags {
            all.push(key, *value);
        }
        let mut notes = Vec::new();
        let way = of(&all, 1, &|_, _| {}, &mut |key| notes.push(key.to_owned()));
        (way, notes)
    }

    /// Checks class, usage, speeds, surface, lanes and lanes for bicycles.
    fn check(tags: &[(&'static str, &'static str)], expected: &str) {
        let way = read(tags).0.unwrap();
        let found = format!(
            "{} {} {:?} {} {:?} {:?}",
            way.class, way.usage, way.speed, way.surface, way.lanes, way.cycle_lane
        );
        assert_eq!(found, expected, "{tags:?}");
    }

    #[test]
    fn kinds_give_usual_values() {
        check(&[("highway", "motorway")], "0 0 [105, 105] 0 [1, 1] [0, 0]");
        check(&[("highway", "service"), ("service", "driveway")], "7 4 [12, 12] 0 [1, 1] [0, 0]");
        check(&[("highway", "track"), ("tracktype", "grade3")], "7 3 [12, 12] 4 [1, 1] [0, 0]");
        check(&[("highway", "footway"), ("footway", "crossing")], "7 32 [25, 25] 1 [1, 1] [0, 0]");
        check(&[("highway", "path"), ("sac_scale", "hiking")], "7 27 [25, 25] 6 [1, 1] [1, 1]");
    }

    #[test]
    fn speeds_lanes_and_surfaces_are_read() {
        check(&[("highway", "primary"), ("maxspeed", "70"), ("lanes", "4")], "2 0 [70, 70] 0 [2, 2] [0, 0]");
        check(&[("highway", "primary"), ("maxspeed:forward", "60")], "2 0 [60, 60] 0 [1, 1] [0, 0]");
        check(
            &[("highway", "primary"), ("maxspeed:forward", "60"), ("maxspeed:backward", "80")],
            "2 0 [60, 80] 0 [1, 1] [0, 0]",
        );
        check(
            &[("highway", "primary"), ("oneway", "yes"), ("lanes", "3"), ("cycleway", "lane")],
            "2 0 [75, 75] 0 [3, 3] [2, 0]",
        );
        check(&[("highway", "tertiary"), ("surface", "fine_gravel")], "4 0 [50, 50] 5 [1, 1] [0, 0]");
        check(&[("highway", "tertiary"), ("cycleway:right", "track")], "4 0 [50, 50] 0 [1, 1] [3, 0]");
    }

    #[test]
    fn numbers_come_before_names_on_trunk_roads() {
        let names = |highway| {
            let way =
                read(&[("highway", highway), ("name", "Long Road;Old Road"), ("ref", "A 8")]).0.unwrap();
            way.names.into_iter().map(|name| name.text).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(names("trunk"), "A 8, Long Road, Old Road");
        assert_eq!(names("primary"), "Long Road, Old Road, A 8");
    }

    #[test]
    fn what_nobody_may_travel_is_no_road() {
        for (tags, reason) in [
            (&[("highway", "proposed")][..], "its kind `proposed` is no road"),
            (&[("highway", "residential"), ("access", "no")], "nobody may travel on it"),
            (&[("highway", "pedestrian"), ("area", "yes")], "it is an area"),
        ] {
            assert_eq!(read(tags).0.unwrap_err(), reason);
        }
    }

    #[test]
    fn values_that_are_not_understood_are_told() {
        let (way, notes) = read(&[
            ("highway", "residential"),
            ("oneway", "maybe"),
            ("maxspeed", "fast"),
            ("surface", "lava"),
            ("lanes", "99"),
            ("layer", "up"),
            ("maxspeed:forward", "3"),
            ("name", "a\0b"),
        ]);
        assert_eq!(way, read(&[("highway", "residential")]).0);
        assert_eq!(notes, ["oneway", "maxspeed", "maxspeed:forward", "surface", "lanes", "layer", "name"]);
    }

    #[test]
    fn destination_only_is_known() {
        for (key, value, expected) in
            [("access", "private", true), ("motor_vehicle", "destination", true), ("foot", "private", false)]
        {
            let way = read(&[("highway", "residential"), (key, value)]).0.unwrap();
            assert_eq!(way.flags.has(Flags::DESTINATION_ONLY), expected, "{key}");
        }
    }
}

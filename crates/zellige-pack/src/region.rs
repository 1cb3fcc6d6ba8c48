//! The configuration of a region: what is asked for, checked.
//!
//! In:     the JSON text that creates a region, untrusted.
//! Out:    a [`Region`] with every value in its type; or all reasons why there is none.
//! Keeps:  the configuration as it was written, and the polygon as it was asked for.
//! Source: Offline Data API, "Region configuration" version 1 and "Restrictions and limits"; RFC 7946 §3.1.6.

use std::fmt;

use serde_json::{Map, Value, json};
use zellige_model::{Geometry, GeometryKind, LonLat, Zoom};
use zellige_recipe::did_you_mean;

use crate::cover::Shape;
use crate::japan;

/// The most bytes of a configuration.
pub const REGION_BYTES_MAX: usize = 8 << 20;
/// The most positions of a region's polygon, those that close its rings included.
pub const POSITIONS_MAX: usize = 50_000;
/// The most characters of a region's name.
pub const NAME_CHARS_MAX: usize = 100;
/// The most characters of a region's description.
pub const DESCRIPTION_CHARS_MAX: usize = 1000;
/// The most characters of the id of a region.
pub const ID_CHARS_MAX: usize = 32;
/// What ids of regions and names of accounts are made of, for people.
pub const ID_EXPECTED: &str = "1 to 32 of A-Z a-z 0-9 - _";
/// The account in the URLs of packs when nobody names one.
const USERNAME_DEFAULT: &str = "me";
/// The deepest zoom of a maps pack.
pub const ZOOM_MAX: u8 = 16;
/// Unknown members of an object that are compared with known ones.
const UNKNOWN_MEMBERS_MAX: usize = 100;
/// The members of a region.
const MEMBERS: [&str; 3] = ["name", "description", "configuration"];
/// The members of `configuration`.
const CONFIGURATION_MEMBERS: [&str; 3] = ["geography", "maps", "navigation"];
/// The members of `configuration.maps`.
const MAPS_MEMBERS: [&str; 4] = ["style_url", "min_zoom", "max_zoom", "include_ideographs"];
/// How the URL of a style begins.
const STYLE_SCHEME: &str = "mapbox://styles/";
/// How often edges may meet rows of tiles at the deepest zoom: seconds of counting. Outlines of countries have a
/// hundredth of it, combs whose teeth reach around the world more.
const CROSSED_ROWS_MAX: u64 = 20_000_000;
/// Why polygons are refused that enclose nothing: as much clockwise as counterclockwise, as bow ties do, is nothing.
const NO_AREA: &str = "encloses no area: it is a line, lies beyond 85.0511 degrees, or crosses itself so that its \
    parts cancel out";
/// The farthest longitude: polygons over the antimeridian may run on into the next world.
const LONGITUDE_MAX: f64 = 360.0;

/// A region as it was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Region {
    /// The name for people; may be missing.
    pub name: Option<String>,
    /// A longer text for people; may be missing.
    pub description: Option<String>,
    /// The area: one polygon, rings open, longitudes within ±360 and latitudes within ±90 degrees.
    pub geography: Geometry<LonLat>,
    /// What the maps pack has to hold, if there is to be one.
    pub maps: Option<Maps>,
    /// Whether there is to be a navigation pack.
    pub navigation: bool,
    /// The member `configuration` as it was written.
    pub configuration: Value,
    /// Members that were passed over and look like misspelt ones: sentences for people.
    pub notes: Vec<String>,
}

/// What a maps pack has to hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Maps {
    /// The style, `mapbox://styles/USER/STYLE`, perhaps with `/draft`.
    pub style_url: String,
    /// The lowest zoom to take along, 0 to 16.
    pub min_zoom: Zoom,
    /// The highest zoom to take along, 1 to 16.
    pub max_zoom: Zoom,
    /// Whether glyph ranges of Chinese, Japanese and Korean ideographs come along.
    pub include_ideographs: bool,
}

impl Region {
    /// Returns the account that stands in the URLs of packs: the one that is `wanted`, or else that of the style, or
    /// else `me`.
    #[must_use]
    pub fn username(&self, wanted: Option<&RegionId>) -> String {
        let of_style = || self.maps.as_ref()?.style_url.strip_prefix(STYLE_SCHEME)?.split('/').next();
        wanted.map(RegionId::as_str).or_else(of_style).unwrap_or(USERNAME_DEFAULT).to_owned()
    }

    /// Returns the polygon as GeoJSON, every coordinate with a decimal point.
    #[must_use]
    pub fn polygon(&self) -> Value {
        let ring = |ring: &[LonLat]| -> Value {
            ring.iter().chain(ring.first()).map(|LonLat { lon, lat }| json!([lon, lat])).collect()
        };
        json!({"type": "Polygon", "coordinates": self.geography.parts().map(ring).collect::<Vec<_>>()})
    }
}

/// The id of a region: 1 to 32 of `A–Z a–z 0–9 - _`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RegionId(String);

impl RegionId {
    /// Returns the id, or nothing when it is empty, too long or has another character.
    #[must_use]
    pub fn new(id: &str) -> Option<Self> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        (!id.is_empty() && id.len() <= ID_CHARS_MAX && id.bytes().all(legal)).then(|| Self(id.to_owned()))
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RegionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a configuration gives no region: every reason, in the order of the document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("POST body is misformatted: {}", .reasons.join("; "))]
pub struct RegionRefused {
    /// The reasons, each without what stands before it on the wire; at least one.
    pub reasons: Vec<String>,
}

impl RegionRefused {
    /// Returns each reason as the body of an answer.
    #[must_use]
    pub fn wire_messages(&self) -> Vec<String> {
        self.reasons.iter().map(|reason| format!("POST body is misformatted: {reason}")).collect()
    }
}

/// Reads the configuration of a region.
///
/// # Errors
///
/// All reasons why it is refused, members that look like misspelt ones among them. Members that nobody knows are
/// passed over.
///
/// # Examples
///
/// ```
/// let region = zellige_pack::region::parse(br#"{"configuration": {
///     "geography": {"type": "Polygon", "coordinates": [[[9.4, 47.0], [9.7, 47.0], [9.7, 47.3], [9.4, 47.0]]]},
///     "navigation": true}}"#)?;
/// assert_eq!(region.geography.points.len(), 3);
/// # Ok::<(), zellige_pack::region::RegionRefused>(())
/// ```
pub fn parse(text: &[u8]) -> Result<Region, RegionRefused> {
    let mut reasons = Vec::new();
    let mut notes = Vec::new();
    match read(text, &mut reasons, &mut notes) {
        Some(region) if reasons.is_empty() => Ok(Region { notes, ..region }),
        _ => {
            reasons.append(&mut notes);
            Err(RegionRefused { reasons })
        }
    }
}

/// Reads as much as can be read and notes what is wrong; nothing is missing from `reasons` when nothing is returned.
fn read(text: &[u8], reasons: &mut Vec<String>, notes: &mut Vec<String>) -> Option<Region> {
    if text.len() > REGION_BYTES_MAX {
        reasons.push(format!("it has `{}` bytes, expected at most {REGION_BYTES_MAX}", text.len()));
        return None;
    }
    let document: Value = match serde_json::from_slice(text) {
        Ok(document) => document,
        Err(error) => {
            reasons.push(format!("it is no JSON: {error}"));
            return None;
        }
    };
    let Some(document) = document.as_object() else {
        reasons.push(format!("it is {}, expected an object", kind(&document)));
        return None;
    };
    misspelt(document, "", &MEMBERS, notes);
    let name = text_member(document, "name", NAME_CHARS_MAX, reasons);
    let description = text_member(document, "description", DESCRIPTION_CHARS_MAX, reasons);
    let configuration = object(document, "configuration", "configuration", reasons)?;
    misspelt(configuration, "configuration.", &CONFIGURATION_MEMBERS, notes);
    let geography = geography(configuration, reasons);
    let navigation = navigation(configuration, reasons);
    let maps = match configuration.get("maps") {
        None | Some(Value::Null) => {
            if navigation == Some(false) {
                reasons.push("`configuration` asks for neither `maps` nor `navigation`".to_owned());
            }
            None
        }
        Some(_) => object(configuration, "maps", "configuration.maps", reasons).and_then(|members| {
            misspelt(members, "configuration.maps.", &MAPS_MEMBERS, notes);
            maps(members, reasons)
        }),
    };
    let geography = geography?;
    let navigation = navigation?;
    if navigation {
        match japan::holds_part(&geography) {
            Ok(false) => {}
            Ok(true) => reasons.push(
                "Region is partially within Japan. Offline data regions with navigation must be outside of, \
                 or entirely within, Japan"
                    .to_owned(),
            ),
            Err(intricate) => reasons.push(format!("`configuration.geography` is {intricate}")),
        }
    }
    let configuration = Value::Object(configuration.clone());
    Some(Region { name, description, geography, maps, navigation, configuration, notes: Vec::new() })
}

/// Notes the members below `path` that are near to known ones.
fn misspelt(members: &Map<String, Value>, path: &str, known: &[&str], notes: &mut Vec<String>) {
    // What is there as well was not meant by another name.
    let free = || known.iter().copied().filter(|known| !members.contains_key(*known));
    let unknown = members.keys().filter(|name| !known.contains(&name.as_str()));
    for name in unknown.take(UNKNOWN_MEMBERS_MAX) {
        if let Some(meant) = did_you_mean(name, free()) {
            notes.push(format!("`{path}{}` is passed over, {meant}", name.escape_debug()));
        }
    }
}

/// Returns a text that may be missing.
fn text_member(
    members: &Map<String, Value>,
    name: &str,
    chars_max: usize,
    reasons: &mut Vec<String>,
) -> Option<String> {
    match members.get(name) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            let n_chars = text.chars().count();
            if n_chars > chars_max {
                reasons.push(format!("`{name}` has `{n_chars}` characters, expected at most {chars_max}"));
            }
            Some(text.clone())
        }
        Some(other) => {
            reasons.push(format!("`{name}` is {}, expected a text", kind(other)));
            None
        }
    }
}

fn object<'v>(
    members: &'v Map<String, Value>,
    name: &str,
    path: &str,
    reasons: &mut Vec<String>,
) -> Option<&'v Map<String, Value>> {
    let Some(value) = members.get(name) else {
        reasons.push(format!("`{path}` is missing"));
        return None;
    };
    let object = value.as_object();
    if object.is_none() {
        reasons.push(format!("`{path}` is {}, expected an object", kind(value)));
    }
    object
}

fn navigation(configuration: &Map<String, Value>, reasons: &mut Vec<String>) -> Option<bool> {
    match configuration.get("navigation") {
        None | Some(Value::Null) => Some(false),
        Some(Value::Bool(navigation)) => Some(*navigation),
        Some(other) => {
            reasons.push(format!("`configuration.navigation` is {}, expected true or false", kind(other)));
            None
        }
    }
}

fn maps(members: &Map<String, Value>, reasons: &mut Vec<String>) -> Option<Maps> {
    let mut style_url = None;
    match members.get("style_url") {
        None => reasons.push("`configuration.maps.style_url` is missing".to_owned()),
        Some(Value::String(url)) if is_style_url(url) => style_url = Some(url.clone()),
        Some(other) => reasons.push(format!(
            "`configuration.maps.style_url` is `{other}`, expected a text such as `mapbox://styles/USER/STYLE`"
        )),
    }
    let min_zoom = zoom(members, "min_zoom", 0, reasons);
    let max_zoom = zoom(members, "max_zoom", 1, reasons);
    if let (Some(min), Some(max)) = (min_zoom, max_zoom)
        && min > max
    {
        reasons.push(format!(
            "`configuration.maps.min_zoom` is `{min}`, expected at most `configuration.maps.max_zoom` `{max}`"
        ));
    }
    let include_ideographs = match members.get("include_ideographs") {
        Some(Value::Bool(include)) => Some(*include),
        None => {
            reasons.push("`configuration.maps.include_ideographs` is missing".to_owned());
            None
        }
        Some(other) => {
            reasons.push(format!(
                "`configuration.maps.include_ideographs` is {}, expected true or false",
                kind(other)
            ));
            None
        }
    };
    Some(Maps {
        style_url: style_url?,
        min_zoom: min_zoom?,
        max_zoom: max_zoom?,
        include_ideographs: include_ideographs?,
    })
}

fn zoom(members: &Map<String, Value>, name: &str, min: u8, reasons: &mut Vec<String>) -> Option<Zoom> {
    let Some(value) = members.get(name) else {
        reasons.push(format!("`configuration.maps.{name}` is missing"));
        return None;
    };
    let level = value.as_u64().and_then(|level| u8::try_from(level).ok());
    let zoom = level.filter(|level| (min..=ZOOM_MAX).contains(level)).and_then(Zoom::new);
    if zoom.is_none() {
        reasons.push(format!(
            "`configuration.maps.{name}` is {}, expected an integer from {min} to {ZOOM_MAX}",
            shown(value)
        ));
    }
    zoom
}

/// Whether a text has the form `mapbox://styles/USER/STYLE` or `mapbox://styles/USER/STYLE/draft`.
fn is_style_url(url: &str) -> bool {
    let Some(path) = url.strip_prefix(STYLE_SCHEME) else { return false };
    let mut parts = path.strip_suffix("/draft").unwrap_or(path).split('/');
    let legal = |part: Option<&str>| {
        part.is_some_and(|part| {
            !part.is_empty()
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
        })
    };
    legal(parts.next()) && legal(parts.next()) && parts.next().is_none()
}

/// Returns the polygon of the area, which may be wrapped in a feature.
fn geography(configuration: &Map<String, Value>, reasons: &mut Vec<String>) -> Option<Geometry<LonLat>> {
    const PATH: &str = "configuration.geography";
    let mut path = PATH.to_owned();
    let mut members = object(configuration, "geography", PATH, reasons)?;
    if members.get("type").and_then(Value::as_str) == Some("Feature") {
        path.push_str(".geometry");
        members = object(members, "geometry", &path, reasons)?;
    }
    let found = members.get("type").map_or("missing".to_owned(), shown);
    if found != "`\"Polygon\"`" {
        reasons.push(format!("`{path}.type` is {found}, expected `\"Polygon\"`"));
        return None;
    }
    path.push_str(".coordinates");
    let geometry = match members.get("coordinates").and_then(Value::as_array) {
        Some(rings) => polygon(rings, &path),
        None => Err(format!("`{path}` is missing or no array of rings")),
    };
    let checked = geometry.and_then(|geometry| {
        let shape = Shape::of(&geometry);
        if !shape.has_area() {
            return Err(format!("`{path}` {NO_AREA}"));
        }
        if Zoom::new(ZOOM_MAX).is_some_and(|zoom| shape.n_crossed_rows(zoom) > CROSSED_ROWS_MAX) {
            return Err(format!("`{path}` is too intricate, expected fewer long edges"));
        }
        Ok(geometry)
    });
    checked.map_err(|reason| reasons.push(reason)).ok()
}

/// Reads rings of positions; the first thing that is wrong ends it.
fn polygon(rings: &[Value], path: &str) -> Result<Geometry<LonLat>, String> {
    let mut geometry = Geometry::default();
    geometry.reset(GeometryKind::Polygon);
    if rings.is_empty() {
        return Err(format!("`{path}` has no ring"));
    }
    for (ring_idx, ring) in rings.iter().enumerate() {
        let place = format!("{path}[{ring_idx}]");
        let ring =
            ring.as_array().ok_or_else(|| format!("`{place}` is {}, expected an array", kind(ring)))?;
        if geometry.points.len() + ring.len() > POSITIONS_MAX {
            return Err(format!("`{path}` has more than {POSITIONS_MAX} positions"));
        }
        if ring.len() < 4 {
            return Err(format!("`{place}` has `{}` positions, expected at least 4", ring.len()));
        }
        for (position_idx, value) in ring.iter().enumerate() {
            geometry.points.push(position(value, &format!("{place}[{position_idx}]"))?);
        }
        let first = geometry.points[geometry.points.len() - ring.len()];
        if geometry.points.pop() != Some(first) {
            return Err(format!("`{place}` is not closed: its first and last positions differ"));
        }
        geometry.end_part();
    }
    geometry.end_polygon();
    Ok(geometry)
}

fn position(value: &Value, place: &str) -> Result<LonLat, String> {
    let ordinates = value.as_array().map(Vec::as_slice).unwrap_or_default();
    let [Some(lon), Some(lat)] = [0, 1].map(|idx| ordinates.get(idx).and_then(Value::as_f64)) else {
        return Err(format!("`{place}` is {}, expected longitude and latitude", shown(value)));
    };
    if lon.abs() > LONGITUDE_MAX || lat.abs() > 90.0 {
        return Err(format!(
            "`{place}` is {}, expected a longitude within ±{LONGITUDE_MAX} and a latitude within ±90",
            shown(value)
        ));
    }
    Ok(LonLat::new(lon, lat))
}

/// Returns a value in backticks, short enough for a sentence.
fn shown(value: &Value) -> String {
    const CHARS_MAX: usize = 60;
    let text = value.to_string();
    if text.chars().count() <= CHARS_MAX { format!("`{text}`") } else { kind(value).to_owned() }
}

/// Returns what a value is, with its article.
const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: &str = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#;
    const MAPS: &str =
        r#"{"style_url":"mapbox://styles/me/map","min_zoom":0,"max_zoom":5,"include_ideographs":false}"#;

    fn with_maps(maps: &str) -> String {
        format!(r#"{{"configuration":{{"geography":{SQUARE},"maps":{maps}}}}}"#)
    }

    fn with_geography(geography: &str) -> String {
        format!(r#"{{"configuration":{{"geography":{geography},"navigation":true}}}}"#)
    }

    fn with_ring(ring: &str) -> String {
        with_geography(&format!(r#"{{"type":"Polygon","coordinates":[{ring}]}}"#))
    }

    /// Compares all reasons, one a line; none for a region.
    fn check(text: &str, expected: &str) {
        let reasons =
            parse(text.as_bytes()).map_or_else(|refused| refused.reasons.join("\n"), |_| String::new());
        assert_eq!(reasons, expected, "{text}");
    }

    #[test]
    fn polygons_and_features_of_one_are_taken() {
        check(&with_maps(MAPS), "");
        check(&with_geography(SQUARE), "");
        check(&with_geography(&format!(r#"{{"type":"Feature","properties":{{}},"geometry":{SQUARE}}}"#)), "");
        check(&with_ring("[[170,0],[190,0],[190,5],[170,0]]"), "");
        check(&with_maps(&MAPS.replace("me/map", "me/map/draft")), "");
    }

    #[test]
    fn every_reason_is_told() {
        check("[", "it is no JSON: EOF while parsing a list at line 1 column 1");
        check("[]", "it is an array, expected an object");
        check("{}", "`configuration` is missing");
        check(
            r#"{"name":5,"description":[],"configuration":{"navigation":"true","maps":{"min_zoom":3}}}"#,
            "`name` is a number, expected a text\n\
             `description` is an array, expected a text\n\
             `configuration.geography` is missing\n\
             `configuration.navigation` is a text, expected true or false\n\
             `configuration.maps.style_url` is missing\n\
             `configuration.maps.max_zoom` is missing\n\
             `configuration.maps.include_ideographs` is missing",
        );
        let neither = format!(r#"{{"configuration":{{"geography":{SQUARE},"navigation":false}}}}"#);
        check(&neither, "`configuration` asks for neither `maps` nor `navigation`");
    }

    #[test]
    fn zooms_are_integers_in_order() {
        let zoom = |name: &str, found: &str, min: u8| {
            format!("`configuration.maps.{name}` is `{found}`, expected an integer from {min} to 16")
        };
        check(&with_maps(&MAPS.replace(":5", ":0")), &zoom("max_zoom", "0", 1));
        check(&with_maps(&MAPS.replace(":5", ":17")), &zoom("max_zoom", "17", 1));
        check(&with_maps(&MAPS.replace(":0", ":-1")), &zoom("min_zoom", "-1", 0));
        check(&with_maps(&MAPS.replace(":0", ":1.5")), &zoom("min_zoom", "1.5", 0));
        check(
            &with_maps(&MAPS.replace(":0", ":6")),
            "`configuration.maps.min_zoom` is `6`, expected at most `configuration.maps.max_zoom` `5`",
        );
    }

    #[test]
    fn style_is_named_by_its_own_scheme() {
        for url in [
            "https://example.org/style.json",
            "mapbox://styles/me",
            "mapbox://styles/me/a/b",
            "mapbox://styles//a",
        ] {
            check(
                &with_maps(&MAPS.replace("mapbox://styles/me/map", url)),
                &format!(
                    "`configuration.maps.style_url` is `\"{url}\"`, expected a text such as \
                     `mapbox://styles/USER/STYLE`"
                ),
            );
        }
    }

    #[test]
    fn texts_and_ids_have_their_lengths() {
        let named = |name: String| {
            format!(r#"{{"name":"{name}","configuration":{{"geography":{SQUARE},"navigation":true}}}}"#)
        };
        check(&named("ä".repeat(100)), "");
        check(&named("ä".repeat(101)), "`name` has `101` characters, expected at most 100");
        assert!(RegionId::new("seattle_1-A").is_some() && RegionId::new(&"a".repeat(32)).is_some());
        for id in ["", "a b", "ä", &"a".repeat(33)] {
            assert_eq!(RegionId::new(id), None, "{id}");
        }
    }

    #[test]
    fn accounts_are_those_that_are_wanted_or_of_the_style() {
        let username =
            |text: &str, wanted: Option<RegionId>| parse(text.as_bytes()).unwrap().username(wanted.as_ref());
        assert_eq!(username(&with_maps(&MAPS.replace("/me/", "/you/")), None), "you");
        assert_eq!(username(&with_maps(MAPS), RegionId::new("she")), "she");
        assert_eq!(username(&with_geography(SQUARE), None), "me");
    }

    #[test]
    fn geography_is_one_closed_polygon_with_area() {
        let at = |text: &str| format!("`configuration.geography.{text}");
        check(
            &with_geography(r#"{"type":"MultiPolygon"}"#),
            &at("type` is `\"MultiPolygon\"`, expected `\"Polygon\"`"),
        );
        check(&with_geography(r#"{"type":"Polygon","coordinates":[]}"#), &at("coordinates` has no ring"));
        check(&with_ring("[0,0]"), &at("coordinates[0]` has `2` positions, expected at least 4"));
        // A polygon whose ring is missing one level, as examples of the interface have it.
        check(
            &with_ring("[0,0],[1,0],[1,1],[0,0]"),
            &at("coordinates[0]` has `2` positions, expected at least 4"),
        );
        check(
            &with_ring("[[0,0],[1,0],[1,1],[0,1]]"),
            &at("coordinates[0]` is not closed: its first and last positions differ"),
        );
        check(
            &with_ring("[[0,0],[1,91],[1,1],[0,0]]"),
            &at("coordinates[0][1]` is `[1,91]`, expected a longitude within ±360 and a latitude within ±90"),
        );
        check(
            &with_ring("[[0,0],[\"1\",0],[1,1],[0,0]]"),
            &at("coordinates[0][1]` is `[\"1\",0]`, expected longitude and latitude"),
        );
        for nothing in [
            "[[0,0],[1,0],[2,0],[0,0]]",
            "[[0,86],[9,86],[9,89],[0,86]]",
            "[[0,-1],[1,1],[1,-1],[0,1],[0,-1]]",
            "[[0,0],[1,0],[1,1],[0,0]],[[0,0],[1,0],[1,1],[0,0]]",
        ] {
            check(&with_ring(nothing), &at(&format!("coordinates` {NO_AREA}")));
        }
    }

    #[test]
    fn misspelt_members_are_noted_or_told_beside_the_reasons() {
        let text = with_maps(MAPS).replace("\"maps\"", "\"navigaton\":true,\"id\":1,\"maps\"");
        let note = "`configuration.navigaton` is passed over, did you mean \"navigation\"?";
        assert_eq!(parse(text.as_bytes()).unwrap().notes, [note]);
        let text = text.replace("navigaton", "naviga\\u001bton");
        assert!(parse(text.as_bytes()).unwrap().notes[0].contains("naviga\\u{1b}ton"));
        let many: Vec<String> = (0..1000).map(|number| format!("\"name{number}\":1")).collect();
        let text = with_maps(MAPS).replacen('{', &format!("{{{},", many.join(",")), 1);
        assert_eq!(parse(text.as_bytes()).unwrap().notes.len(), UNKNOWN_MEMBERS_MAX);
        check(
            &with_maps(&MAPS.replace("max_zoom", "maxzoom")),
            "`configuration.maps.max_zoom` is missing\n\
             `configuration.maps.maxzoom` is passed over, did you mean \"max_zoom\"?",
        );
    }

    #[test]
    fn combs_around_the_world_are_refused() {
        let teeth: Vec<String> = (0..800)
            .map(|number| {
                format!("[{0},{1}]", f64::from(number) / 1e4, if number % 2 == 0 { -85 } else { 85 })
            })
            .collect();
        let ring = |n_teeth: usize| format!("[{},[0.5,0],{}]", teeth[..n_teeth].join(","), teeth[0]);
        check(&with_ring(&ring(200)), "");
        let found = "`configuration.geography.coordinates` is too intricate, expected fewer long edges";
        check(&with_ring(&ring(800)), found);
    }

    #[test]
    fn wire_has_its_own_words() {
        let refused = parse(b"{}").unwrap_err();
        assert_eq!(refused.wire_messages(), ["POST body is misformatted: `configuration` is missing"]);
    }

    #[test]
    fn japan_is_wholly_in_or_wholly_out_when_there_is_navigation() {
        let partly = "Region is partially within Japan. Offline data regions with navigation must be outside \
                      of, or entirely within, Japan";
        let box_of =
            |w: f64, s: f64, e: f64, n: f64| format!("[[{w},{s}],[{e},{s}],[{e},{n}],[{w},{n}],[{w},{s}]]");
        check(&with_ring(&box_of(139.5, 35.5, 139.9, 35.8)), "");
        check(&with_ring(&box_of(9.4, 47.0, 9.7, 47.3)), "");
        check(&with_ring(&box_of(129.5, 31.0, 145.0, 45.0)), partly);
        check(
            &with_ring(&box_of(499.5, 35.5, 499.9, 35.8)),
            "`configuration.geography.coordinates[0][0]` is \
            `[499.5,35.5]`, expected a longitude within ±360 and a latitude within ±90",
        );
        check(&with_ring(&box_of(-225.0, 30.0, -215.0, 40.0)), partly);
    }

    #[test]
    fn polygon_of_the_definition_has_decimal_points() {
        let region = parse(with_geography(SQUARE).as_bytes()).unwrap();
        assert_eq!(
            region.polygon().to_string(),
            r#"{"type":"Polygon","coordinates":[[[0.0,0.0],[1.0,0.0],[1.0,1.0],[0.0,0.0]]]}"#
        );
    }
}

//! Reads the roads of a region.
//!
//! In:     features of a source: lines with `highway`, or with `subtype` road; a region.
//! Out:    [`Road`]s that meet the region, each the same from end to end, and the bans that they name.
//! Keeps:  order; whole roads, also where they leave the region. What is left out is counted, with its place.
//! Source: `docs/navigation.md`.

use std::ops::ControlFlow;

use xxhash_rust::xxh3::xxh3_64;
use zellige_ingest::{Blocks, Item, Parser, Settings, Source};
use zellige_model::finding::EXAMPLE_BYTES_MAX;
use zellige_model::{
    Attributes, Example, Feature, FindingCode, Findings, GeometryKind, LonLat, Place, Value,
};

use super::area::Area;
use super::bans::{self, key};
use super::bins;
use super::error::Error;
use super::geometry::{Vertex, part};
use super::overture::{self, Segment};
use super::road::{Access, Ban, Flags, Road, Way};
use super::tags::{Tags, text_of};
use super::way;
use crate::progress::{Counter, Phase, Watch};

/// So many roads a pack has at most, each part of one counted.
const ROADS_MAX: usize = 1 << 28;

/// Roads of a region and what is said of turns between them.
#[derive(Debug, Default)]
pub(super) struct Roads {
    pub(super) roads: Vec<Road>,
    pub(super) bans: Vec<Ban>,
}

/// Reads a source.
///
/// # Errors
///
/// [`Error::Source`] when it cannot be read, [`Error::TooManyRoads`], [`Error::Stopped`].
pub(super) fn read<'w>(
    source: Source,
    area: &Area,
    findings: &mut Findings,
    watch: Watch<'w>,
) -> Result<(Roads, Blocks, Counter<'w>), Error> {
    let unreadable = |source| Error::Source { source };
    let blocks = source.open(&Settings::default()).map_err(unreadable)?;
    let mut counter = Counter::begin(watch, Phase::Roads, blocks.bytes_total())?;
    let mut parser = Parser::new();
    let mut reading = Reading { area, roads: Roads::default(), findings };
    while let Some(mut block) = blocks.next().map_err(unreadable)? {
        let flow = block.for_each(&mut parser, &mut |place, item| {
            match item {
                Item::Feature(feature, notes) => {
                    for code in notes.iter() {
                        reading.findings.count(code, 1);
                    }
                    reading.add(feature, place);
                }
                Item::Fault(fault, line) => {
                    let text =
                        String::from_utf8_lossy(&line[..line.len().min(EXAMPLE_BYTES_MAX)]).into_owned();
                    let example = || Example { source: 0, place, reason: fault.reason.into_owned(), text };
                    reading.findings.add(fault.code, 0, place, example);
                }
            }
            if reading.roads.roads.len() > ROADS_MAX {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        });
        if flow.map_err(unreadable)?.is_break() {
            return Err(Error::TooManyRoads { n_roads_max: ROADS_MAX });
        }
        counter.reach(blocks.bytes_taken())?;
    }
    Ok((reading.roads, blocks, counter))
}

/// What has been read so far.
struct Reading<'a> {
    area: &'a Area,
    roads: Roads,
    findings: &'a mut Findings,
}

impl Reading<'_> {
    fn add(&mut self, feature: &Feature, place: Place) {
        let is_osm = feature.attributes.get("highway").is_some_and(|highway| text_of(highway).is_some());
        if !is_osm && !overture::is_road(&feature.attributes) {
            return self.note(FindingCode::NotARoad, place, || {
                "it has neither `highway` nor `subtype` road".to_owned()
            });
        }
        if feature.geometry.kind != GeometryKind::LineString {
            let found = feature.geometry.kind.name();
            return self
                .note(FindingCode::RoadUnusable, place, || format!("its geometry is a {found}, not a line"));
        }
        for line in feature.geometry.parts() {
            if self.area.meets(line) {
                self.add_line(feature, line, place, is_osm);
            }
        }
    }

    fn add_line(&mut self, feature: &Feature, line: &[LonLat], place: Place, is_osm: bool) {
        let mut vertices: Vec<Vertex> = line.iter().map(|point| Vertex::of(*point)).collect();
        vertices.dedup();
        if vertices.len() < 2 {
            return self.note(FindingCode::RoadUnusable, place, || "its line has no length".to_owned());
        }
        if bins::n_steps(&vertices) > bins::STEPS_MAX {
            return self.note(FindingCode::RoadUnusable, place, || {
                format!("its line passes through squares of 0.05 degrees more than {} times", bins::STEPS_MAX)
            });
        }
        let attributes = &feature.attributes;
        let first = self.roads.roads.len() as u32;
        let mut unclear: Vec<String> = Vec::new();
        let mut note = |key: &str| {
            if unclear.iter().all(|there| there != key) {
                unclear.push(key.to_owned());
            }
        };
        let mut failed = None;
        let id = number_of(feature, place);
        let keys = keys_of(feature);
        let mut push = |way: Result<Way, String>, line: Vec<Vertex>| match way {
            Ok(way) if line.len() > 1 => self.roads.roads.push(Road { way, line, place, keys }),
            Ok(_) => {}
            Err(reason) => failed = Some(reason),
        };
        let mut bans = bans::read(bans::From { attributes, line: &vertices, place }, &mut note);
        if is_osm {
            let way = way::of(&Tags::of(attributes), id, &|_, _| {}, &mut note);
            push(way, vertices);
        } else {
            for (share, way) in parts_of(attributes, id, &mut note) {
                push(way, part(&vertices, share));
            }
        }
        let from = first..self.roads.roads.len() as u32;
        if from.is_empty() {
            bans.clear();
        }
        for ban in &mut bans {
            ban.from = from.clone();
        }
        self.roads.bans.append(&mut bans);
        if let Some(reason) = failed {
            self.note(FindingCode::RoadUnusable, place, || reason);
        }
        for key in unclear {
            self.note(FindingCode::RoadValueIgnored, place, || {
                let written = attributes.get(&key).and_then(text_of).map(|value| format!(" `{value}`"));
                format!("`{key}`{} is not understood", written.unwrap_or_default())
            });
        }
    }

    fn note(&mut self, code: FindingCode, place: Place, reason: impl FnOnce() -> String) {
        self.findings.add(code, 0, place, || Example {
            source: 0,
            place,
            reason: shortened(reason()),
            text: String::new(),
        });
    }
}

/// Cuts what is longer than examples are, since values of a road may be as long as lines.
fn shortened(mut reason: String) -> String {
    if reason.len() > EXAMPLE_BYTES_MAX {
        reason.truncate(reason.floor_char_boundary(EXAMPLE_BYTES_MAX));
        reason.push('…');
        reason.shrink_to_fit();
    }
    reason
}

/// Returns the parts of a road of Overture, as shares of its length.
fn parts_of(
    attributes: &Attributes,
    id: u64,
    note: &mut dyn FnMut(&str),
) -> Vec<([f64; 2], Result<Way, String>)> {
    let segment = Segment::read(attributes, note);
    let mut parts: Vec<([f64; 2], Result<Way, String>)> = Vec::new();
    for [start, end] in segment.parts() {
        let middle = f64::midpoint(start, end);
        let tags = segment.tags(middle, note);
        segment.amend(middle, &mut [0; 2], &mut Flags::default(), note);
        let amend =
            |access: &mut Access, flags: &mut Flags| segment.amend(middle, access, flags, &mut |_| {});
        let way = way::of(&tags, id, &amend, note);
        match parts.last_mut() {
            Some((share, last)) if *last == way => share[1] = end,
            _ => parts.push(([start, end], way)),
        }
    }
    parts
}

/// Returns the number of a feature: its id when that is one, otherwise a hash of it or of its place.
fn number_of(feature: &Feature, place: Place) -> u64 {
    /// Numbers of roads have so many bits in a graph tile.
    const BITS: u32 = 32;
    let hashed = |bytes: &[u8]| xxh3_64(bytes) >> (64 - BITS);
    let id = feature.id.as_ref();
    match feature.id {
        Value::Int(id) if 0 < id && id < 1 << BITS => id as u64,
        Value::Null => match feature.attributes.get("id").and_then(text_of) {
            Some(id) => hashed(id.as_bytes()),
            None => hashed(&place.key().to_le_bytes()),
        },
        _ => text_of(id).map_or(0, |id| hashed(id.as_bytes())),
    }
}

/// Returns the names by which bans may call a road: its id, or its property `id`, or else `osm_id`.
fn keys_of(feature: &Feature) -> [u64; 2] {
    let property = |name| feature.attributes.get(name).and_then(text_of);
    let texts = [text_of(feature.id.as_ref()), property("id").or_else(|| property("osm_id"))];
    texts.map(|text| text.map_or(0, |text| key(&text)))
}

//! Navigation packs: roads as graph tiles that a routing engine reads.
//!
//! In:     a source of roads, the polygon of a region.
//! Out:    a TAR of graph tiles, level by level, that Valhalla 3 routes on; a report. Read back: a verdict.
//! Keeps:  whole roads that meet the region. Equal sources, regions and moments give equal bytes.
//! Source: format of graph tiles of Valhalla 3; `docs/navigation.md` says what is modelled.
//!
//! ```text
//!     features ──roads──► Road ──graph──► nodes, edges, arms ──links──► classes ──places──► ids
//!                  │ access, way, overture      │ speed, turns, through, restrictions       │
//!                  ▼                            ▼                                           ▼
//!               findings               what is known of arms ──gph──► tiles ──tar──► pack ──verify──► verdict
//! ```
//!
//! An *arm* is an edge as one leaves a junction by it; it becomes a directed edge of a tile.

mod geometry;
mod road;
mod tags;
mod access;
mod way;
mod overture;
mod bans;
mod area;
mod roads;
mod level;
mod graph;
mod links;
mod speed;
mod through;
mod turns;
mod restrictions;
mod places;
mod bins;
mod layout;
mod gph;
mod tar;
mod tile;
mod verify;
mod error;
#[cfg(test)]
mod drawn;

use std::io::{BufWriter, Write as _};
use std::path::Path;

use zellige_archive::{CreateOptions, Part};
use zellige_ingest::Source;
use zellige_model::{Findings, Geometry, LonLat};

use crate::digest::Digest;
use crate::moment::Moment;
use crate::progress::{Counter, Phase, Watch};

use self::area::Area;
use self::gph::Network;
use self::graph::Graph;
use self::layout::FIRST_DAY;
use self::level::{GraphId, LEVELS};
use self::places::Places;
use self::restrictions::Restrictions;
use self::road::mode;
use self::roads::Roads;

pub use error::Error;
pub use verify::{Verdict, judge, verify};

/// Seconds of a day.
const DAY_SECONDS: u64 = 86_400;

/// What a pack is built with besides its roads.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    /// The moment that the pack bears; the same moment gives the same bytes.
    pub created: Moment,
    /// Whether a pack that is there already is replaced.
    pub overwrite: bool,
}

/// What became of the roads.
#[derive(Clone, Debug)]
pub struct Report {
    /// Size and checksum of the pack.
    pub digest: Digest,
    /// What is in it.
    pub counts: Counts,
    /// What was left out or not understood.
    pub findings: Findings,
    /// For each example of the findings, in their order: the input and the line, from 1.
    pub lines: Vec<Option<(String, u64)>>,
}

/// What is in a pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Graph tiles by level: 4 degrees for main roads, 1 for arterial ones, 0.25 for all others.
    pub tiles: [u64; LEVELS],
    /// Lines and parts of lines on which everything is the same.
    pub roads: u64,
    /// Junctions and ends of roads.
    pub junctions: u64,
    /// Parts of roads between two of them; a graph tile has each in both directions.
    pub edges: u64,
    /// Forbidden turns.
    pub restrictions: u64,
    /// Length of all edges in metres.
    pub length_m: u64,
    /// Of these, metres that cars may travel in one direction at least.
    pub car_length_m: u64,
}

/// Builds the navigation pack of a region at `target`.
///
/// `polygons` is the region, rings open, as [`Region::geography`](crate::region::Region::geography) holds it.
///
/// # Errors
///
/// [`Error::NoRoads`] when no road meets the region; [`Error::Source`] when the source cannot be read;
/// [`Error::TileFull`], [`Error::TooManyRoads`] and [`Error::TooManyBins`] when the format has no room;
/// [`Error::Archive`] and [`Error::Io`] when the pack cannot be written; [`Error::Stopped`] when `watch` says so. There
/// is no new file then, and an old one stays.
pub fn build(
    source: Source,
    polygons: &Geometry<LonLat>,
    target: &Path,
    settings: &Settings,
    watch: Watch<'_>,
) -> Result<Report, Error> {
    let mut findings = Findings::default();
    let area = Area::new(polygons);
    let (Roads { roads, bans }, blocks, mut counter) = roads::read(source, &area, &mut findings, watch)?;
    let n_roads = roads.len() as u64;
    let n_vertices: usize = roads.iter().map(|road| road.line.len()).sum();
    counter.next(Phase::Graph, 2 * n_vertices + bans.len())?;
    let mut graph = Graph::new(roads, &mut findings, &mut counter)?;
    links::settle(&mut graph);
    if graph.edges.is_empty() {
        return Err(Error::NoRoads { findings });
    }
    let restrictions = Restrictions::of(&graph, &bans, &mut findings, &mut counter)?;
    let places = Places::of(&graph)?;
    counter.next(Phase::Weights, 2 * graph.nodes.len() + graph.edges.len() + graph.arms.len())?;
    let densities = speed::densities(&graph, &mut counter)?;
    let n_restrictions = restrictions.bits.iter().map(|bits| u64::from(bits.count_ones())).sum::<u64>();
    let network = Network {
        bins: bins::of(&graph, &places.arms, &mut counter)?,
        speeds: speed::speeds(&graph, &densities),
        turns: turns::all(&graph, &mut counter)?,
        no_ways_through: through::no_ways_through(&graph, &mut counter)?,
        dead_ends: dead_ends(&graph),
        graph: &graph,
        places: &places,
        densities,
        restrictions,
    };
    let day = (settings.created.seconds() / DAY_SECONDS).saturating_sub(FIRST_DAY) as u32;
    let tiles = gph::write(&network, day, &mut counter)?;
    let digest = publish(&tiles, target, settings, &mut counter)?;
    let mut counts = Counts {
        roads: n_roads,
        junctions: graph.nodes.len() as u64,
        edges: graph.edges.len() as u64,
        restrictions: n_restrictions + network.restrictions.lists.len() as u64,
        ..Counts::default()
    };
    for (id, _) in &tiles {
        counts.tiles[id.level()] += 1;
    }
    for edge in &graph.edges {
        let length_m = u64::from(edge.length_m);
        let access = graph.roads[edge.road as usize].way.access;
        counts.length_m += length_m;
        counts.car_length_m += if (access[0] | access[1]) & mode::CAR != 0 { length_m } else { 0 };
    }
    let examples = findings.iter().flat_map(|(_, tally)| &tally.examples);
    let lines = examples.map(|example| blocks.line_number(example.place)).collect();
    Ok(Report { digest, counts, findings, lines })
}

/// Returns for each node whether cars cannot go on from it but back.
fn dead_ends(graph: &Graph) -> Vec<bool> {
    let is_drivable = |arm: &u32| {
        let [leaves, comes] = graph.access(*arm);
        (leaves | comes) & mode::CAR != 0
    };
    graph.nodes.iter().map(|node| node.arms.clone().filter(is_drivable).count() == 1).collect()
}

/// Writes the pack beside its place and puts it there when it is whole.
fn publish(
    tiles: &[(GraphId, Vec<u8>)],
    target: &Path,
    settings: &Settings,
    counter: &mut Counter<'_>,
) -> Result<Digest, Error> {
    let failed = |deed| move |source| Error::Archive { deed, path: target.into(), source };
    let part =
        Part::file(target, &CreateOptions { overwrite: settings.overwrite }).map_err(failed("start"))?;
    let mut out = BufWriter::new(part.as_file());
    let mut archive = tar::Writer::new(&mut out, settings.created.seconds());
    archive.begin(tiles).map_err(Error::io("write", part.path()))?;
    let n_made = tiles.len() as u64;
    for ((id, bytes), n_written) in tiles.iter().zip(0..) {
        counter.reach(n_made + n_written)?;
        archive.add_tile(*id, bytes).map_err(Error::io("write", part.path()))?;
    }
    archive.end().and_then(|()| out.flush()).map_err(Error::io("write", part.path()))?;
    drop(out);
    let digest = Digest::of_file(part.path()).map_err(Error::io("read", part.path()))?;
    counter.reach(2 * n_made)?;
    part.publish().map_err(failed("publish"))?;
    Ok(digest)
}

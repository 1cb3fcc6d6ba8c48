//! Reads a navigation pack back and says what is wrong with it.
//!
//! In:     bytes of a pack that nobody vouches for.
//! Out:    [`Verdict`]: what is in it, and its faults.
//! Keeps:  memory in proportion to the file; so many faults are shown, all are counted.
//! Source: rules of graph tiles, version 3, that routing engines rely on without a look.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read as _;
use std::path::Path;

use rustc_hash::FxHashMap;

use super::error::Error;
use super::geometry::{Vertex, length_m};
use super::layout::{BINS, EDGE_BYTES, edge, node, transition, word};
use super::level::{FINEST, GraphId, LEVELS, name};
use super::road::mode;
use super::tar::{self, ENTRY_BYTES, INDEX_NAME};
use super::tile::{Tile, named};
use crate::fault::Faults;

/// Bytes of the largest pack that is read.
const PACK_BYTES_MAX: u64 = 8 << 30;
/// An end of a shape may be so far from its node in either direction, units of a [`Vertex`].
const END_OFF_MAX: u32 = 20;
/// Lengths may differ from those of shapes by so much: metres, and a share of the length.
const LENGTH_OFF_MAX: (f64, f64) = (2.0, 0.01);

/// What a pack turned out to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// Graph tiles by level.
    pub tiles: [u64; LEVELS],
    /// Nodes of all tiles; one junction has a node on each of its levels.
    pub nodes: u64,
    /// Directed edges.
    pub edges: u64,
    /// Parts of the network between which there is no way; one when all is well connected.
    pub islands: u64,
    /// Nodes in the largest of them.
    pub mainland_nodes: u64,
    /// Directed edges that cars may travel.
    pub car_edges: u64,
    /// Directed edges that bicycles may travel.
    pub bicycle_edges: u64,
    /// Directed edges that people on foot may travel.
    pub foot_edges: u64,
    /// Names of edges, each edge counted in each direction.
    pub names: u64,
    /// What is wrong with it.
    pub faults: Faults,
}

/// Reads the pack at `path` and judges it.
///
/// # Errors
///
/// [`Error::Io`] when the file cannot be read, [`Error::TooLarge`] when it has more than 8 GiB.
pub fn verify(path: &Path) -> Result<Verdict, Error> {
    let file = fs::File::open(path).map_err(Error::io("open", path))?;
    let bytes = file.metadata().map_err(Error::io("inspect", path))?.len();
    if bytes > PACK_BYTES_MAX {
        return Err(Error::TooLarge { path: path.into(), bytes, bytes_max: PACK_BYTES_MAX });
    }
    let mut archive = Vec::with_capacity(bytes as usize);
    file.take(PACK_BYTES_MAX).read_to_end(&mut archive).map_err(Error::io("read", path))?;
    Ok(judge(&archive))
}

/// Judges the bytes of a pack.
#[must_use]
pub fn judge(archive: &[u8]) -> Verdict {
    let mut verdict = Verdict::default();
    let (members, end) = tar::read(archive);
    if let Err(found) = end {
        verdict.faults.add("", found);
    }
    let mut tiles: Vec<Tile<'_>> = Vec::new();
    let mut index = None;
    for (at, member) in members.iter().enumerate() {
        let content = &archive[member.content.clone()];
        if member.name == INDEX_NAME {
            index = Some((at, content));
            continue;
        }
        let opened = match named(&member.name) {
            Some(id) => Tile::open(id, content),
            None => Err("its name is not that of a graph tile".to_owned()),
        };
        match opened {
            Ok(tile) => tiles.push(tile),
            Err(found) => verdict.faults.add(&member.name, found),
        }
    }
    if let Some((at, content)) = index {
        check_index(at, content, &members, &mut verdict);
    }
    tiles.sort_by_key(|tile| tile.id);
    if tiles.windows(2).any(|pair| pair[0].id == pair[1].id) {
        verdict.faults.add("", "a tile is there twice");
    }
    if tiles.is_empty() {
        verdict.faults.add("", "it has no graph tile");
    }
    Pack::new(&tiles).check(&mut verdict);
    verdict
}

/// Checks that the index names each file behind it, where it is.
fn check_index(at: usize, content: &[u8], members: &[tar::Member], verdict: &mut Verdict) {
    if at != 0 {
        verdict.faults.add(INDEX_NAME, "it is not the first file");
    }
    let entry = |entry: &[u8]| (word(&entry[8..12]), word(&entry[..8]), word(&entry[12..]));
    let listed: BTreeSet<_> = content.chunks_exact(ENTRY_BYTES).map(entry).collect();
    let is_tile = |member: &tar::Member| {
        let id = named(&member.name)?;
        Some((id.0, member.content.start as u64, member.content.len() as u64))
    };
    let there: BTreeSet<_> = members.iter().filter_map(is_tile).collect();
    if listed != there || !content.len().is_multiple_of(ENTRY_BYTES) {
        verdict.faults.add(INDEX_NAME, "it does not list the tiles where they are");
    }
}

/// Tiles that refer to each other.
struct Pack<'a> {
    /// Sorted by id.
    tiles: &'a [Tile<'a>],
    /// For each tile, the nodes and the edges in the tiles before it.
    before: Vec<(usize, usize)>,
    n_nodes: usize,
    n_edges: usize,
}

impl<'a> Pack<'a> {
    fn new(tiles: &'a [Tile<'a>]) -> Self {
        let (mut n_nodes, mut n_edges) = (0, 0);
        let mut before = Vec::with_capacity(tiles.len());
        for tile in tiles {
            before.push((n_nodes, n_edges));
            n_nodes += tile.n_nodes as usize;
            n_edges += tile.n_edges as usize;
        }
        Self { tiles, before, n_nodes, n_edges }
    }

    /// Returns the tile that an id lies in, and its number.
    fn tile(&self, id: GraphId) -> Option<(usize, &'a Tile<'a>)> {
        let found = self.tiles.binary_search_by_key(&id.base(), |tile| tile.id).ok()?;
        Some((found, &self.tiles[found]))
    }

    /// Returns a node: its tile, its record, its number among all.
    fn node(&self, id: GraphId) -> Option<(&'a Tile<'a>, [u64; 4], usize)> {
        let (tile_idx, tile) = self.tile(id)?;
        Some((tile, tile.node(id.index())?, self.before[tile_idx].0 + id.index() as usize))
    }

    fn check(&self, verdict: &mut Verdict) {
        let mut look = Look {
            verdict,
            islands: Islands::new(self.n_nodes),
            is_binned: vec![false; self.n_edges],
            infos: FxHashMap::default(),
        };
        for tile in self.tiles {
            self.check_bins(tile, &mut look);
        }
        for (tile_idx, tile) in self.tiles.iter().enumerate() {
            look.verdict.tiles[tile.id.level()] += 1;
            look.verdict.nodes += u64::from(tile.n_nodes);
            look.verdict.edges += u64::from(tile.n_edges);
            look.infos.clear();
            self.check_nodes(tile_idx, tile, &mut look);
            self.check_restrictions(tile, look.verdict);
        }
        (look.verdict.islands, look.verdict.mainland_nodes) = look.islands.count();
    }

    fn check_nodes(&self, tile_idx: usize, tile: &Tile<'_>, look: &mut Look<'_>) {
        let file = file(tile.id);
        let (mut next_edge, mut next_transition) = (0, 0);
        for index in 0..tile.n_nodes {
            let Some(record) = tile.node(index) else { return };
            let place = || format!("{file}: node {index}");
            let at = tile.position(&record);
            if !tile.holds(at) {
                look.verdict.faults.add(place(), "it lies outside of its tile");
            }
            let edges = range(node::FIRST_EDGE.get(&record), node::N_EDGES.get(&record));
            if edges.is_empty() || edges.start != next_edge || edges.end > tile.n_edges {
                let found = "its edges do not follow those of the node before it";
                return look.verdict.faults.add(place(), found);
            }
            next_edge = edges.end;
            let transitions = range(node::FIRST_TRANSITION.get(&record), node::N_TRANSITIONS.get(&record));
            let is_behind = transitions.is_empty() || transitions.start == next_transition;
            if !is_behind || transitions.end > tile.n_transitions.max(transitions.start) {
                let found = "its transitions do not follow those of the node before it";
                return look.verdict.faults.add(place(), found);
            }
            next_transition = next_transition.max(transitions.end);
            let here = Here {
                id: GraphId::new(tile.id.level(), tile.id.tile(), index),
                at,
                number: self.before[tile_idx].0 + index as usize,
            };
            for transition in transitions {
                if let Err(found) = self.check_transition(tile, transition, here, look) {
                    look.verdict.faults.add(format!("{file}: transition {transition}"), found);
                }
            }
            for edge in edges {
                let mut found = self.check_edge(tile, edge, here, look);
                if found.is_ok() && !self.is_found(tile_idx, tile, edge, &look.is_binned) {
                    found = Err("it is in no bin, so no position is matched to it".to_owned());
                }
                if let Err(found) = found {
                    look.verdict.faults.add(format!("{file}: edge {edge}"), found);
                }
            }
        }
        if next_edge != tile.n_edges {
            look.verdict.faults.add(file, "it has edges that belong to no node");
        }
    }

    /// Checks that a transition leads to the same place on another level, and that another one leads back.
    fn check_transition(
        &self,
        tile: &Tile<'_>,
        index: u32,
        here: Here,
        look: &mut Look<'_>,
    ) -> Result<(), String> {
        let Some(record) = tile.transition(index) else { return Ok(()) };
        let id = GraphId(transition::NODE.get(&record));
        let Some((there, there_record, number)) = self.node(id) else {
            return Err("it leads to a node that is not there".to_owned());
        };
        if id.level() == here.id.level()
            || (transition::IS_UP.get(&record) == 1) != (id.level() < here.id.level())
        {
            return Err("it does not lead to the level that it says".to_owned());
        }
        if there.position(&there_record) != here.at {
            return Err("it leads to another place".to_owned());
        }
        let back = range(node::FIRST_TRANSITION.get(&there_record), node::N_TRANSITIONS.get(&there_record));
        let leads_back =
            |index| there.transition(index).is_some_and(|record| transition::NODE.get(&record) == here.id.0);
        if !back.into_iter().any(leads_back) {
            return Err("no transition leads back".to_owned());
        }
        look.islands.join(here.number, number);
        Ok(())
    }

    /// Checks a directed edge: its end, its opposite, its info.
    fn check_edge(&self, tile: &Tile<'_>, index: u32, here: Here, look: &mut Look<'_>) -> Result<(), String> {
        let Some(record) = tile.edge(index) else { return Ok(()) };
        let get = |field: super::layout::Field| field.get(&record);
        let end = GraphId(get(edge::END));
        let Some((there, there_record, number)) = self.node(end) else {
            return Err("it ends at a node that is not there".to_owned());
        };
        if (get(edge::LEAVES_TILE) == 1) != (end.base() != tile.id) {
            return Err("whether it leaves its tile is not what it says".to_owned());
        }
        let access = [get(edge::FORWARD_ACCESS), get(edge::REVERSE_ACCESS)];
        let count = |modes: u16| u64::from(access[0] & u64::from(modes) != 0);
        look.verdict.car_edges += count(mode::CAR);
        look.verdict.bicycle_edges += count(mode::BICYCLE);
        look.verdict.foot_edges += count(mode::FOOT);
        look.islands.join(here.number, number);
        let opposite = opposite(there, &there_record, &record).ok_or("it has no opposite edge")?;
        if opposite_id(&opposite) != here.id || get(edge::LENGTH) != edge::LENGTH.get(&opposite) {
            return Err("its opposite edge is another one".to_owned());
        }
        if access != [edge::REVERSE_ACCESS.get(&opposite), edge::FORWARD_ACCESS.get(&opposite)] {
            return Err("who may travel it is not who may travel its opposite the other way".to_owned());
        }
        if access[0] != 0 && get(edge::SPEED) == 0 {
            return Err("its speed is zero".to_owned());
        }
        let judged = look.infos.entry(get(edge::INFO)).or_insert_with(|| Judged::of(tile, &record));
        let Judged { n_names, mut ends, length_m } = judged.clone()?;
        look.verdict.names += n_names;
        if get(edge::IS_FORWARD) == 0 {
            ends.reverse();
        }
        if !is_near(ends[0], here.at) || !is_near(ends[1], there.position(&there_record)) {
            return Err("its shape does not lead from its first node to its last".to_owned());
        }
        // Longer ones are said to be as long as a field can say.
        let (said_m, real_m) = (get(edge::LENGTH) as f64, length_m.min(edge::LENGTH.max() as f64));
        if (said_m - real_m).abs() > LENGTH_OFF_MAX.0 + LENGTH_OFF_MAX.1 * real_m {
            return Err(format!("it is said to be {said_m} m long and is {real_m:.0} m"));
        }
        Ok(())
    }

    /// Whether a bin has an edge or its opposite.
    fn is_found(&self, tile_idx: usize, tile: &Tile<'_>, index: u32, is_binned: &[bool]) -> bool {
        if is_binned[self.before[tile_idx].1 + index as usize] {
            return true;
        }
        let opposite = || {
            let record = tile.edge(index)?;
            let end = GraphId(edge::END.get(&record));
            let (there_idx, there) = self.tile(end)?;
            let first = node::FIRST_EDGE.get(&there.node(end.index())?);
            is_binned.get(self.before[there_idx].1 + (first + edge::OPPOSITE.get(&record)) as usize).copied()
        };
        opposite().unwrap_or(false)
    }

    /// Checks that bins list edges that are there, and only on the finest level; notes which.
    fn check_bins(&self, tile: &Tile<'_>, look: &mut Look<'_>) {
        if tile.id.level() != FINEST && tile.bin_ends[BINS - 1] > 0 {
            let found = "it has bins, which belong to the finest level";
            look.verdict.faults.add(file(tile.id), found);
        }
        for index in 0..tile.bin_ends[BINS - 1] {
            let Some(id) = tile.binned(index) else { return };
            let found = self.tile(id).filter(|(_, there)| id.0 >> 46 == 0 && id.index() < there.n_edges);
            if let Some((there_idx, _)) = found {
                look.is_binned[self.before[there_idx].1 + id.index() as usize] = true;
            } else {
                let bin = tile.bin_ends.partition_point(|end| *end <= index);
                let found = "it lists an edge that is not there";
                look.verdict.faults.add(format!("{}: bin {bin}", file(tile.id)), found);
            }
        }
    }

    fn check_restrictions(&self, tile: &Tile<'_>, verdict: &mut Verdict) {
        let is_there = |id: &GraphId| self.tile(*id).is_some_and(|(_, there)| id.index() < there.n_edges);
        match tile.restrictions() {
            Err(found) => verdict.faults.add(file(tile.id), found),
            Ok(all) => {
                for (index, ids) in all.iter().enumerate() {
                    if !ids.iter().all(is_there) {
                        let found = "it names an edge that is not there";
                        verdict.faults.add(format!("{}: restriction {index}", file(tile.id)), found);
                    }
                }
            }
        }
    }
}

/// What has been seen so far.
struct Look<'a> {
    verdict: &'a mut Verdict,
    islands: Islands,
    /// Which of all edges are listed in a bin.
    is_binned: Vec<bool>,
    /// The infos of the tile that is looked at, by where they stand in it: many edges may share one.
    infos: FxHashMap<u64, Result<Judged, String>>,
}

/// What counts of an info.
#[derive(Clone)]
struct Judged {
    n_names: u64,
    /// The first and the last vertex of its shape.
    ends: [Vertex; 2],
    length_m: f64,
}

impl Judged {
    /// Reads the info of a directed edge.
    fn of(tile: &Tile<'_>, edge: &[u64]) -> Result<Self, String> {
        let info = tile.info(edge)?;
        let ends = [info.shape[0], info.shape[info.shape.len() - 1]];
        Ok(Self { n_names: info.names.len() as u64, ends, length_m: length_m(&info.shape) })
    }
}

/// A node that is looked at.
#[derive(Clone, Copy)]
struct Here {
    id: GraphId,
    at: Vertex,
    /// Its number among all nodes.
    number: usize,
}

/// Returns the record of the opposite of an edge, at the node where it ends.
fn opposite(there: &Tile<'_>, there_record: &[u64], record: &[u64]) -> Option<[u64; EDGE_BYTES / 8]> {
    let local = edge::OPPOSITE.get(record);
    let is_there = local < node::N_EDGES.get(there_record);
    is_there.then(|| there.edge((node::FIRST_EDGE.get(there_record) + local) as u32))?
}

fn opposite_id(opposite: &[u64]) -> GraphId {
    GraphId(edge::END.get(opposite))
}

fn is_near(a: Vertex, b: Vertex) -> bool {
    a.lat.abs_diff(b.lat) <= END_OFF_MAX && a.lon.abs_diff(b.lon) <= END_OFF_MAX
}

/// Returns a range of numbers that have 21 and seven bits.
fn range(start: u64, n: u64) -> std::ops::Range<u32> {
    start as u32..(start + n) as u32
}

fn file(tile: GraphId) -> String {
    format!("{}.gph", name(tile.level(), tile.tile()))
}

/// Which nodes hang together.
struct Islands(Vec<u32>);

impl Islands {
    fn new(n: usize) -> Self {
        Self((0..n as u32).collect())
    }

    fn root(&mut self, mut node: u32) -> u32 {
        while self.0[node as usize] != node {
            let above = self.0[node as usize];
            self.0[node as usize] = self.0[above as usize];
            node = above;
        }
        node
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a as u32), self.root(b as u32));
        self.0[a.max(b) as usize] = a.min(b);
    }

    /// Returns how many there are, and the nodes of the largest.
    fn count(mut self) -> (u64, u64) {
        let mut sizes = vec![0_u64; self.0.len()];
        for node in 0..self.0.len() as u32 {
            sizes[self.root(node) as usize] += 1;
        }
        (
            sizes.iter().filter(|size| **size > 0).count() as u64,
            sizes.iter().copied().max().unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use zellige_ingest::Source;
    use zellige_model::{Geometry, GeometryKind, LonLat};

    use super::*;
    use crate::moment::Moment;
    use crate::navigation::layout::{Field, HEADER_BYTES, header};
    use crate::navigation::{Settings, build};

    const LINES: &str = r#"{"type":"Feature","id":1,"properties":{"highway":"primary","name":"Long Road"},"geometry":{"type":"LineString","coordinates":[[8.49,47.1],[8.499,47.1],[8.51,47.101]]}}
{"type":"Feature","id":2,"properties":{"highway":"residential","name":"Side"},"geometry":{"type":"LineString","coordinates":[[8.499,47.1],[8.499,47.11]]}}
{"type":"Feature","id":3,"properties":{"highway":"residential","oneway":"yes","turn_restrictions":[{"restriction":"no_right_turn","to":2,"except":["bicycle"]}]},"geometry":{"type":"LineString","coordinates":[[8.498,47.11],[8.499,47.11]]}}
"#;

    fn pack() -> Vec<u8> {
        let mut area = Geometry { kind: GeometryKind::Polygon, ..Geometry::default() };
        area.points =
            [(8.0, 47.0), (9.0, 47.0), (9.0, 48.0), (8.0, 48.0)].map(|(x, y)| LonLat::new(x, y)).into();
        area.end_part();
        area.end_polygon();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pack.tar");
        let settings = Settings { created: Moment::from_milliseconds(1_700_000_000_000), overwrite: false };
        let source = Source::new("roads").reader("lines", Box::new(LINES.as_bytes()));
        build(source, &area, &path, &settings, &mut |_| ControlFlow::Continue(())).unwrap();
        fs::read(path).unwrap()
    }

    /// Returns where the tile of a name begins in a pack.
    fn tile_at(pack: &[u8], name: &str) -> usize {
        let (members, _) = tar::read(pack);
        members.iter().find(|member| member.name == name).unwrap().content.start
    }

    const FINE: &str = "2/000/789/873.gph";
    const MAIN: &str = "0/003/107.gph";

    /// Overwrites a field of a record that begins at a byte.
    fn set(pack: &mut [u8], at: usize, field: Field, value: u64) {
        let mut record: Vec<u64> = pack[at..]
            .chunks_exact(8)
            .take(40)
            .map(|word| u64::from_le_bytes(word.try_into().unwrap()))
            .collect();
        let mut cleared = vec![0; record.len()];
        field.put(&mut cleared, field.max());
        for (word, mask) in record.iter_mut().zip(&cleared) {
            *word &= !mask;
        }
        field.put(&mut record, value);
        for (place, word) in pack[at..].chunks_exact_mut(8).zip(&record) {
            place.copy_from_slice(&word.to_le_bytes());
        }
    }

    fn get(pack: &[u8], at: usize, field: Field) -> u64 {
        let record: Vec<u64> = pack[at..]
            .chunks_exact(8)
            .take(40)
            .map(|word| u64::from_le_bytes(word.try_into().unwrap()))
            .collect();
        field.get(&record)
    }

    /// Checks that a fault that is planted into a pack is found.
    fn check(plant: &dyn Fn(&mut Vec<u8>), expected: &str) {
        let mut pack = pack();
        plant(&mut pack);
        let verdict = judge(&pack);
        let faults: Vec<String> = verdict.faults.first.iter().map(ToString::to_string).collect();
        assert!(faults.iter().any(|fault| fault.contains(expected)), "{expected}: {faults:?}");
    }

    /// Returns where nodes and edges of a tile begin.
    fn parts(pack: &[u8], name: &str) -> (usize, usize) {
        let at = tile_at(pack, name);
        let nodes = at + HEADER_BYTES;
        let transitions = nodes + 32 * get(pack, at, header::N_NODES) as usize;
        (nodes, transitions + 8 * get(pack, at, header::N_TRANSITIONS) as usize)
    }

    #[test]
    fn sound_pack_has_no_fault() {
        let verdict = judge(&pack());
        assert_eq!(verdict.faults, Faults::default());
        assert_eq!((verdict.tiles, verdict.nodes, verdict.edges), ([1, 0, 2], 6, 8));
        assert_eq!((verdict.islands, verdict.mainland_nodes), (1, 6));
        assert_eq!((verdict.car_edges, verdict.foot_edges, verdict.names), (7, 8, 6));
    }

    #[test]
    fn faults_of_tiles_are_found() {
        let tile = |field: Field, value: u64| {
            move |pack: &mut Vec<u8>| {
                let at = tile_at(pack, FINE);
                set(pack, at, field, value);
            }
        };
        check(&tile(header::SIZE, 7), "it says it has 7 bytes");
        check(&tile(header::ID, 9), "its id is not that of its name");
        check(&tile(header::CORNER_LON, 0), "its corner is not where its id says");
        check(&tile(header::INFOS, 1 << 30), "its parts overlap or reach beyond its end");
        check(&tile(header::N_NODES, 1 << 20), "its parts overlap or reach beyond its end");
        check(&tile(header::VERSION_WORDS[0], 0x39), "its format has version `9`");
        check(&tile(header::N_PREDICTED, 1), "public transport or predicted speeds");
    }

    #[test]
    fn faults_of_nodes_and_transitions_are_found() {
        let node = |field: Field, value: u64| {
            move |pack: &mut Vec<u8>| {
                let at = parts(pack, FINE).0;
                set(pack, at, field, value);
            }
        };
        check(&node(node::FIRST_EDGE, 2), "its edges do not follow those of the node before it");
        check(&node(node::N_EDGES, 0), "its edges do not follow those of the node before it");
        check(&node(node::LON_6, 4_000_000), "it lies outside of its tile");
        check(&node(node::N_TRANSITIONS, 7), "its transitions do not follow");
        let transition = |field: Field, value: u64| {
            move |pack: &mut Vec<u8>| {
                let (nodes, edges) = parts(pack, FINE);
                let at = edges - 8;
                assert!(at > nodes);
                set(pack, at, field, value);
            }
        };
        check(&transition(transition::NODE, 0), "it leads to a node that is not there");
        check(&transition(transition::IS_UP, 0), "it does not lead to the level that it says");
    }

    #[test]
    fn faults_of_edges_are_found() {
        let edge = |field: Field, value: u64| {
            move |pack: &mut Vec<u8>| {
                let at = parts(pack, MAIN).1;
                set(pack, at, field, value);
            }
        };
        check(&edge(edge::END, 0), "it ends at a node that is not there");
        check(&edge(edge::OPPOSITE, 99), "it has no opposite edge");
        check(&edge(edge::LENGTH, 1), "its opposite edge is another one");
        check(&edge(edge::FORWARD_ACCESS, 2), "who may travel it");
        check(&edge(edge::LEAVES_TILE, 1), "whether it leaves its tile");
        check(&edge(edge::INFO, (1 << 25) - 1), "its info lies outside of those of the tile");
        check(&edge(edge::SPEED, 0), "its speed is zero");
        let turned = |pack: &mut Vec<u8>| {
            let at = parts(pack, MAIN).1;
            let is_forward = get(pack, at, edge::IS_FORWARD);
            set(pack, at, edge::IS_FORWARD, 1 - is_forward);
        };
        check(&turned, "its shape does not lead from its first node to its last");
    }

    #[test]
    fn faults_of_bins_and_restrictions_are_found() {
        let bins = |pack: &mut Vec<u8>| {
            let at = tile_at(pack, FINE);
            let bin = (0..BINS).find(|bin| get(pack, at, header::bin_end(*bin)) > 0).unwrap();
            assert!(get(pack, at, header::bin_end(bin)) > 0);
            let first = get(pack, at, header::RESTRICTIONS_AT_END) as usize
                - 8 * get(pack, at, header::bin_end(BINS - 1)) as usize;
            pack[at + first..at + first + 8].copy_from_slice(&u64::MAX.to_le_bytes());
        };
        check(&bins, "it lists an edge that is not there");
        check(&bins, "it is in no bin");
        let restriction = |pack: &mut Vec<u8>| {
            let at = tile_at(pack, FINE);
            let first = at + get(pack, at, header::RESTRICTIONS_AT_END) as usize;
            pack[first..first + 5].fill(0xff);
        };
        check(&restriction, "it names an edge that is not there");
    }

    #[test]
    fn faults_of_the_archive_are_found() {
        check(&|pack| pack[0] = b'j', "a header has a wrong checksum");
        check(&|pack| pack.truncate(pack.len() - 1024), "without two blocks of zeros");
        check(&|pack| pack[tar::BLOCK_BYTES] += 1, "it does not list the tiles where they are");
        check(&Vec::clear, "it has no graph tile");
    }

    #[test]
    fn lost_tile_is_missed_by_its_neighbours() {
        let lose = |pack: &mut Vec<u8>| {
            let at = tile_at(pack, MAIN);
            let size = get(pack, at, header::SIZE) as usize;
            pack.drain(at - tar::BLOCK_BYTES..at + tar::padded(size));
        };
        check(&lose, "it leads to a node that is not there");
        check(&lose, "it lists an edge that is not there");
    }

    #[test]
    fn any_byte_may_be_wrong() {
        let pack = pack();
        for at in 0..pack.len() {
            for flip in [0x01, 0x80, 0xff] {
                let mut damaged = pack.clone();
                damaged[at] ^= flip;
                let _ = judge(&damaged);
            }
        }
        for length in (0..pack.len()).step_by(7) {
            let _ = judge(&pack[..length]);
        }
    }

    #[test]
    fn pack_that_is_not_there_is_an_error() {
        let error = verify(Path::new("nowhere.tar")).unwrap_err();
        assert_eq!(error.to_string(), "cannot open `nowhere.tar`");
    }
}

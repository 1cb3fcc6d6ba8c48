//! Writes graph tiles.
//!
//! In:     the graph with everything that is known of its nodes and arms; ids; bins; forbidden turns.
//! Out:    bytes of each tile, see [`layout`](super::layout).
//! Keeps:  order of nodes and edges; equal texts of a tile stand once, in the order of their first use.
//! Source: format of graph tiles, version 3.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};
use xxhash_rust::xxh3::Xxh3Default;
use zellige_tile::encode::push_zigzag;

use super::bins::Bins;
use super::error::Error;
use super::geometry::Vertex;
use super::graph::{Edge, Graph, is_drivable};
use super::layout::{
    ADMIN_BYTES, BINS, EDGE_BYTES, Field, HEADER_BYTES, INFO_BYTES, NODE_BYTES, RESTRICTION_BYTES,
    TRANSITION_BYTES, VERSION, edge, header, info, name, node, restriction, transition, word,
};
use super::level::{FINEST, GraphId, corner, level_of};
use super::places::{Places, on_level};
use super::restrictions::{Restriction, Restrictions};
use super::road::{AGAINST, ALONG, Flags, mode, usage};
use super::turns::{LOCAL_MAX, Turns, drives_on_left, reduce};
use crate::progress::{Counter, Phase};

/// Bytes of a tile: offsets in it have 32 bits.
const TILE_BYTES_MAX: u64 = u32::MAX as u64;
/// A flat road, in the scale of grades.
const GRADE_FLAT: u8 = 6;
/// How good the data is said to be: names, speeds and exits, four bits each.
const QUALITIES: u64 = 0x333;

/// Everything that tiles are made of.
#[derive(Debug)]
pub(super) struct Network<'a> {
    pub(super) graph: &'a Graph,
    pub(super) places: &'a Places,
    pub(super) bins: BTreeMap<u32, Bins>,
    pub(super) restrictions: Restrictions,
    /// One a node.
    pub(super) densities: Vec<u8>,
    /// One an arm.
    pub(super) speeds: Vec<u8>,
    /// One an arm.
    pub(super) turns: Vec<Turns>,
    /// One an arm.
    pub(super) no_ways_through: Vec<bool>,
    /// One a node.
    pub(super) dead_ends: Vec<bool>,
}

/// Writes all tiles, by level and number; each is a step. `day` counts from the first of January 2014 to when they are
/// made.
///
/// # Errors
///
/// [`Error::TileFull`] when names or shapes of a tile are too long for its format, or transitions are too many;
/// [`Error::Stopped`].
pub(super) fn write(
    network: &Network<'_>,
    day: u32,
    counter: &mut Counter<'_>,
) -> Result<Vec<(GraphId, Vec<u8>)>, Error> {
    let mut at_end: BTreeMap<GraphId, Vec<u64>> = BTreeMap::new();
    let mut at_start: BTreeMap<GraphId, Vec<u64>> = BTreeMap::new();
    for restriction in &network.restrictions.lists {
        network.list(restriction, &mut at_end, &mut at_start);
    }
    let marks = Marks::of(network);
    let mut contents: BTreeMap<(usize, u32), Content<'_>> = BTreeMap::new();
    for (id, nodes) in &network.places.tiles {
        let lists = [at_end.get(id), at_start.get(id)].map(|list| list.map_or(&[][..], Vec::as_slice));
        contents.insert((id.level(), id.tile()), Content { id: *id, nodes, bins: None, lists });
    }
    // Edges may pass through tiles that have no node.
    for (tile, bins) in &network.bins {
        let passed =
            Content { id: GraphId::new(FINEST, *tile, 0), nodes: &[], bins: None, lists: [&[], &[]] };
        contents.entry((FINEST, *tile)).or_insert(passed).bins = Some(bins);
    }
    counter.next(Phase::Tiles, 2 * contents.len())?;
    let mut tiles = Vec::with_capacity(contents.len());
    for content in contents.into_values() {
        counter.reach(tiles.len() as u64)?;
        tiles.push((content.id, Tile::write(network, &marks, &content)?));
    }
    stamp(&mut tiles, day);
    Ok(tiles)
}

/// Writes into all tiles what each says of the pack: a number of what they say, and a day.
fn stamp(tiles: &mut [(GraphId, Vec<u8>)], day: u32) {
    let mut hasher = Xxh3Default::new();
    for (_, bytes) in &*tiles {
        hasher.update(bytes);
    }
    let dataset = hasher.digest();
    for (_, bytes) in tiles {
        header::DATASET.put_bytes(bytes, dataset);
        header::DAY.put_bytes(bytes, day);
    }
}

impl Network<'_> {
    /// Lists a restriction in the tile of its last edge, and the other way round in that of its first.
    fn list(
        &self,
        restriction: &Restriction,
        at_end: &mut BTreeMap<GraphId, Vec<u64>>,
        at_start: &mut BTreeMap<GraphId, Vec<u64>>,
    ) {
        let [first, between @ .., last] = &restriction.arms[..] else { return };
        let id = |arm: u32| self.places.arms[arm as usize];
        let back = |arm: &u32| id(self.graph.opposite(*arm));
        // A search looks at what came before: from the end toward the start, and from the start toward the end.
        let record = |from: GraphId, to: GraphId, via: Vec<GraphId>| {
            let mut record = [0; RESTRICTION_BYTES / 8];
            restriction::FROM.put(&mut record, from.0);
            restriction::TO.put(&mut record, to.0);
            restriction::MODES.put(&mut record, restriction.modes);
            restriction::N_VIA.put(&mut record, via.len() as u64);
            record.into_iter().chain(via.into_iter().map(|id| id.0)).collect::<Vec<u64>>()
        };
        let forward = record(id(*first), id(*last), between.iter().rev().map(|arm| id(*arm)).collect());
        at_end.entry(id(*last).base()).or_default().extend(forward);
        let reverse = record(back(first), back(last), between.iter().map(back).collect());
        at_start.entry(back(first).base()).or_default().extend(reverse);
    }
}

/// Which arms have to do with listed restrictions.
struct Marks {
    /// Modes whose restrictions end at an arm.
    ends: FxHashMap<u32, u16>,
    /// Modes whose restrictions begin at the opposite of an arm.
    starts: FxHashMap<u32, u16>,
    /// Arms of restrictions and their opposites.
    parts: FxHashSet<u32>,
}

impl Marks {
    fn of(network: &Network<'_>) -> Self {
        let mut marks =
            Self { ends: FxHashMap::default(), starts: FxHashMap::default(), parts: FxHashSet::default() };
        for restriction in &network.restrictions.lists {
            for arm in &restriction.arms {
                marks.parts.insert(*arm);
                marks.parts.insert(network.graph.opposite(*arm));
            }
            if let [first, .., last] = restriction.arms[..] {
                *marks.ends.entry(last).or_default() |= restriction.modes;
                *marks.starts.entry(network.graph.opposite(first)).or_default() |= restriction.modes;
            }
        }
        marks
    }
}

/// What a tile is to hold.
#[derive(Clone, Copy)]
struct Content<'a> {
    id: GraphId,
    nodes: &'a [u32],
    bins: Option<&'a Bins>,
    /// Words of the restrictions that end in the tile, and of those that begin in it.
    lists: [&'a [u64]; 2],
}

/// A tile that is being written.
struct Tile<'a> {
    network: &'a Network<'a>,
    marks: &'a Marks,
    level: usize,
    number: u32,
    infos: Vec<u8>,
    /// Where the info of an edge is.
    info_of: FxHashMap<u32, u64>,
    texts: Vec<u8>,
    /// Where a text is.
    text_of: FxHashMap<&'a str, u64>,
}

impl<'a> Tile<'a> {
    /// Returns the tile of an id, which is empty yet.
    fn new(network: &'a Network<'a>, marks: &'a Marks, id: GraphId) -> Self {
        Self {
            network,
            marks,
            level: id.level(),
            number: id.tile(),
            infos: Vec::new(),
            info_of: FxHashMap::default(),
            // The first text is empty.
            texts: vec![0],
            text_of: FxHashMap::default(),
        }
    }

    fn write(network: &'a Network<'a>, marks: &'a Marks, content: &Content<'_>) -> Result<Vec<u8>, Error> {
        let Content { id, nodes, bins, lists } = *content;
        let mut tile = Self::new(network, marks, id);
        let mut node_words = Vec::with_capacity(nodes.len() * NODE_BYTES / 8);
        let mut transitions: Vec<u64> = Vec::new();
        let mut edge_words: Vec<u64> = Vec::new();
        for node in nodes {
            let n_edges = (edge_words.len() * 8 / EDGE_BYTES) as u64;
            let mut record = tile.node(*node);
            node::FIRST_EDGE.put(&mut record, n_edges);
            let first = transitions.len();
            let first_transition = tile.within(node::FIRST_TRANSITION, "transitions", first)?;
            node::FIRST_TRANSITION.put(&mut record, first_transition);
            tile.add_transitions(*node, &mut transitions);
            node::N_TRANSITIONS.put(&mut record, (transitions.len() - first) as u64);
            node_words.extend(record);
            for arm in on_level(network.graph, *node, tile.level) {
                edge_words.extend(tile.edge(arm)?);
            }
        }
        let mut bin_words = Vec::new();
        let mut bin_ends = [0; BINS];
        for (bin, end) in bin_ends.iter_mut().enumerate() {
            bin_words.extend(bins.map_or(&[][..], |bins| &bins[bin]).iter().map(|id| id.0));
            *end = bin_words.len() as u64;
        }
        let mut words = vec![0; HEADER_BYTES / 8];
        for part in [&node_words, &transitions, &edge_words, &vec![0; ADMIN_BYTES / 8], &bin_words] {
            words.extend_from_slice(part);
        }
        let restrictions = words.len() as u64 * 8;
        words.extend_from_slice(lists[0]);
        let reverse = words.len() as u64 * 8;
        words.extend_from_slice(lists[1]);
        let infos = words.len() as u64 * 8;
        let texts = infos + tile.infos.len() as u64;
        let end = texts + tile.texts.len() as u64;
        let size = end.next_multiple_of(8);
        if size > TILE_BYTES_MAX {
            return Err(tile.full("bytes", size, TILE_BYTES_MAX));
        }
        let head = &mut words[..HEADER_BYTES / 8];
        tile.header(head);
        header::N_NODES.put(head, nodes.len() as u64);
        header::N_EDGES.put(head, (edge_words.len() * 8 / EDGE_BYTES) as u64);
        header::N_TRANSITIONS.put(head, (transitions.len() * 8 / TRANSITION_BYTES) as u64);
        for (bin, end) in bin_ends.into_iter().enumerate() {
            header::bin_end(bin).put(head, end);
        }
        header::RESTRICTIONS_AT_END.put(head, restrictions);
        header::RESTRICTIONS_AT_START.put(head, reverse);
        header::INFOS.put(head, infos);
        header::TEXTS.put(head, texts);
        // Nothing follows the texts but padding, which counts as theirs.
        header::LANES.put(head, size);
        header::PREDICTED.put(head, size);
        header::SIZE.put(head, size);
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.extend_from_slice(&tile.infos);
        bytes.extend_from_slice(&tile.texts);
        bytes.resize(size as usize, 0);
        Ok(bytes)
    }

    /// Writes what the header of each tile has, but for what is said of the whole pack.
    fn header(&self, record: &mut [u64]) {
        let corner = corner(self.level, self.number).degrees();
        header::ID.put(record, GraphId::new(self.level, self.number, 0).0);
        header::QUALITIES.put(record, QUALITIES);
        header::CORNER_LON.put(record, (corner.lon as f32).to_bits());
        header::CORNER_LAT.put(record, (corner.lat as f32).to_bits());
        for (field, bytes) in header::VERSION_WORDS.into_iter().zip(VERSION.chunks_exact(8)) {
            field.put(record, word(bytes));
        }
        header::N_ADMINS.put(record, 1_u8);
    }

    /// Returns the record of a node, but for its edges and transitions.
    fn node(&self, node: u32) -> [u64; NODE_BYTES / 8] {
        /// Numbers of kinds of junctions.
        const PASSED_BY: u8 = 1;
        const DEAD_END: u8 = 2;
        let (network, graph) = (self.network, self.network.graph);
        let node_idx = node as usize;
        let (at, corner) = (graph.nodes[node_idx].at, corner(self.level, self.number));
        let arms = graph.nodes[node_idx].arms.clone();
        let (lat, lon) = (at.lat.abs_diff(corner.lat), at.lon.abs_diff(corner.lon));
        let mut record = [0; NODE_BYTES / 8];
        // Six digits behind the point, and the seventh apart.
        node::LAT_6.put(&mut record, lat / 10);
        node::LAT_7.put(&mut record, lat % 10);
        node::LON_6.put(&mut record, lon / 10);
        node::LON_7.put(&mut record, lon % 10);
        let access =
            arms.clone().fold(0, |all, arm| all | graph.access(arm)[ALONG] | graph.access(arm)[AGAINST]);
        node::ACCESS.put(&mut record, access);
        node::N_EDGES.put(&mut record, on_level(graph, node, self.level).count() as u64);
        node::DENSITY.put(&mut record, network.densities[node_idx]);
        if network.dead_ends[node_idx] {
            node::INTERSECTION.put(&mut record, DEAD_END);
        } else if arms.len() == 2 {
            node::INTERSECTION.put(&mut record, PASSED_BY);
        }
        let n_local = arms.len().min(LOCAL_MAX);
        let (mut drivable, mut headings) = (0, 0);
        for (local, arm) in arms.take(LOCAL_MAX).enumerate() {
            let access = graph.access(arm);
            let both = u64::from(is_drivable(access)) | u64::from(access[AGAINST] & mode::CAR != 0) << 1;
            drivable |= both << (2 * local);
            headings |= u64::from(reduce(network.turns[arm as usize].heading)) << (8 * local);
        }
        node::DRIVABLE.put(&mut record, drivable);
        node::LAST_LOCAL.put(&mut record, n_local.saturating_sub(1) as u64);
        node::DRIVES_ON_RIGHT.put(&mut record, !drives_on_left(graph, node_idx));
        node::HEADINGS.put(&mut record, headings);
        record
    }

    /// Appends the transitions from a node to itself on other levels.
    fn add_transitions(&self, node: u32, transitions: &mut Vec<u64>) {
        let ids = self.network.places.nodes[node as usize];
        for (level, id) in ids.into_iter().enumerate() {
            if level != self.level && id != GraphId::NONE {
                let mut record = [0; 1];
                transition::NODE.put(&mut record, id.0);
                transition::IS_UP.put(&mut record, level < self.level);
                transitions.extend(record);
            }
        }
    }

    /// Returns the record of an arm, and writes the info of its edge.
    fn edge(&mut self, arm: u32) -> Result<[u64; EDGE_BYTES / 8], Error> {
        let (network, graph) = (self.network, self.network.graph);
        let (arm_idx, direction) = (arm as usize, graph.direction(arm));
        let (arm_edge, way) = (graph.edge(arm), graph.way(arm));
        let (start, end, back) = (arm_edge.ends[direction] as usize, graph.end(arm), graph.opposite(arm));
        let level = level_of(arm_edge.class);
        let end_id = network.places.nodes[end as usize][level];
        let access = graph.access(arm);
        let has = |flag| way.flags.has(flag);
        let opposite = on_level(graph, end, level).position(|there| there == back);
        let turns = &network.turns[arm_idx];
        let packed = |values: &[u8; LOCAL_MAX]| {
            values.iter().rev().fold(0, |all: u64, value| all << 3 | u64::from(*value))
        };
        let density = u8::midpoint(network.densities[start], network.densities[end as usize]);
        let mut record = [0; EDGE_BYTES / 8];
        let r = &mut record;
        edge::END.put(r, end_id.0);
        edge::FORBIDDEN_TURNS.put(r, network.restrictions.bits[arm_idx]);
        edge::OPPOSITE.put(r, opposite.unwrap_or_default() as u64);
        edge::IS_FORWARD.put(r, direction == ALONG);
        edge::LEAVES_TILE.put(r, end_id.tile() != self.number);
        edge::INFO.put(r, self.info(graph.arms[arm_idx].edge)?);
        edge::RESTRICTION_STARTS.put(r, self.marks.starts.get(&arm).copied().unwrap_or_default());
        edge::RESTRICTION_ENDS.put(r, self.marks.ends.get(&arm).copied().unwrap_or_default());
        edge::IN_RESTRICTION.put(r, self.marks.parts.contains(&arm));
        edge::DESTINATION_ONLY.put(r, has(Flags::DESTINATION_ONLY));
        edge::NOT_THROUGH.put(r, network.no_ways_through[arm_idx]);
        edge::SPEED.put(r, network.speeds[arm_idx]);
        edge::SAME_NAME.put(r, turns.same_name);
        edge::USAGE.put(r, if arm_edge.usage == usage::PEDESTRIAN { usage::FOOTWAY } else { arm_edge.usage });
        edge::LANES.put(r, way.lanes[direction]);
        edge::DENSITY.put(r, density);
        edge::CLASS.put(r, arm_edge.class);
        edge::SURFACE.put(r, way.surface);
        edge::TOLL.put(r, has(Flags::TOLL));
        edge::ROUNDABOUT.put(r, has(Flags::ROUNDABOUT));
        edge::FORWARD_ACCESS.put(r, access[ALONG]);
        edge::REVERSE_ACCESS.put(r, access[AGAINST]);
        edge::SAC_SCALE.put(r, way.sac_scale);
        edge::CYCLE_LANE.put(r, way.cycle_lane[direction]);
        edge::BICYCLE_NETWORK.put(r, way.bicycle_network != 0);
        edge::USE_SIDEPATH.put(r, has(Flags::USE_SIDEPATH));
        edge::DISMOUNT.put(r, has(Flags::DISMOUNT));
        edge::SIDEWALK_LEFT.put(r, has(Flags::SIDEWALK_LEFT));
        edge::SIDEWALK_RIGHT.put(r, has(Flags::SIDEWALK_RIGHT));
        edge::INTERNAL.put(r, turns.is_internal);
        edge::TUNNEL.put(r, has(Flags::TUNNEL));
        edge::BRIDGE.put(r, has(Flags::BRIDGE));
        edge::DEAD_END.put(r, network.dead_ends[end as usize]);
        edge::INDOOR.put(r, has(Flags::INDOOR));
        edge::LIT.put(r, has(Flags::LIT));
        edge::TURN_KINDS.put(r, packed(&turns.kinds));
        edge::LEFT.put(r, turns.left);
        edge::LENGTH.put(r, arm_edge.length_m);
        edge::GRADE.put(r, GRADE_FLAT);
        edge::CURVATURE.put(r, arm_edge.curvature);
        edge::STOPS.put(r, packed(&turns.stops));
        edge::RIGHT.put(r, turns.right);
        edge::LOCAL.put(r, graph.local(arm));
        edge::OPPOSITE_LOCAL.put(r, graph.local(back));
        edge::IS_CLASS_SPEED.put(r, !has(Flags::SPEED_TAGGED));
        edge::NAMED.put(r, !way.names.is_empty());
        edge::LINK.put(r, has(Flags::LINK));
        Ok(record)
    }

    /// Returns where the info of an edge is, and writes it when it is new in this tile.
    fn info(&mut self, edge_idx: u32) -> Result<u64, Error> {
        if let Some(offset) = self.info_of.get(&edge_idx) {
            return Ok(*offset);
        }
        let graph = self.network.graph;
        let edge: &Edge = &graph.edges[edge_idx as usize];
        let way = &graph.roads[edge.road as usize].way;
        let mut names = Vec::with_capacity(way.names.len());
        for way_name in &way.names {
            let mut record = [0; 1];
            name::TEXT.put(&mut record, self.text(&way_name.text)?);
            name::IS_NUMBER.put(&mut record, way_name.is_number);
            names.push(record[0] as u32);
        }
        let shape = encode(graph.shape(edge));
        let mut record = [0; 2];
        info::WAY.put(&mut record, way.id);
        info::BICYCLE_NETWORK.put(&mut record, way.bicycle_network);
        info::SPEED_LIMIT.put(&mut record, way.speed_limit);
        info::N_NAMES.put(&mut record, names.len() as u64);
        info::SHAPE_BYTES.put(&mut record, shape.len() as u64);
        let offset = self.within(edge::INFO, "bytes of shapes", self.infos.len())?;
        let record = record.into_iter().flat_map(u64::to_le_bytes).take(INFO_BYTES);
        self.infos.extend(record.chain(names.into_iter().flat_map(u32::to_le_bytes)).chain(shape));
        self.infos.resize(self.infos.len().next_multiple_of(4), 0);
        self.info_of.insert(edge_idx, offset);
        Ok(offset)
    }

    /// Returns where a text is, and writes it when it is new in this tile.
    fn text(&mut self, text: &'a str) -> Result<u64, Error> {
        if let Some(offset) = self.text_of.get(text) {
            return Ok(*offset);
        }
        let offset = self.within(name::TEXT, "bytes of names", self.texts.len())?;
        self.texts.extend_from_slice(text.as_bytes());
        self.texts.push(0);
        self.text_of.insert(text, offset);
        Ok(offset)
    }

    /// Returns a number of what a tile has, if its field has room for it.
    fn within(&self, field: Field, what: &'static str, found: usize) -> Result<u64, Error> {
        let found = found as u64;
        if found <= field.max() { Ok(found) } else { Err(self.full(what, found, field.max())) }
    }

    fn full(&self, what: &'static str, found: u64, most: u64) -> Error {
        Error::TileFull { tile: super::level::name(self.level, self.number), what, found, most }
    }
}

/// Encodes a shape: latitude before longitude, differences of 1e-6 degrees, seven bits a byte, the sign lowest.
fn encode(line: &[Vertex]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(line.len() * 4);
    let mut last = [0, 0];
    for vertex in line {
        let [lat, lon] = vertex.micro();
        for difference in [lat - last[0], lon - last[1]] {
            // The world has 2^29 units.
            push_zigzag(&mut bytes, difference as i32);
        }
        last = [lat, lon];
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::navigation::drawn;

    /// Checks what is said of so many transitions before those of a node.
    fn check(n_transitions: usize, expected: Result<u64, &str>) {
        let graph = drawn::graph(&[("highway=primary", &[(0, 0), (1, 0)])]);
        let network = Network {
            graph: &graph,
            places: &Places::of(&graph).unwrap(),
            bins: BTreeMap::new(),
            restrictions: Restrictions::default(),
            densities: Vec::new(),
            speeds: Vec::new(),
            turns: Vec::new(),
            no_ways_through: Vec::new(),
            dead_ends: Vec::new(),
        };
        let marks = Marks::of(&network);
        let tile = Tile::new(&network, &marks, GraphId::new(2, 791_314, 0));
        let found = tile.within(node::FIRST_TRANSITION, "transitions", n_transitions);
        assert_eq!(found.map_err(|error| error.to_string()), expected.map_err(str::to_owned));
    }

    #[test]
    fn numbers_without_room_are_refused() {
        check(2_097_151, Ok(2_097_151));
        check(
            2_097_152,
            Err("graph tile `2/000/791/314` is too full: 2097152 transitions, at most 2097151 are possible"),
        );
    }
}

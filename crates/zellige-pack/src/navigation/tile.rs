//! Reads graph tiles that nobody vouches for.
//!
//! In:     bytes of a file, and the tile that its name says it is.
//! Out:    [`Tile`], whose parts are known to lie within the bytes; records, shapes and names of it on demand.
//! Keeps:  memory: a tile borrows its bytes, and only one shape is decoded at a time.
//! Source: format of graph tiles, version 3.

use super::geometry::Vertex;
use super::layout::{
    ADMIN_BYTES, BINS, EDGE_BYTES, Field, HEADER_BYTES, INFO_BYTES, NAME_BYTES, NODE_BYTES,
    RESTRICTION_BYTES, TRANSITION_BYTES, VERSION, edge, header, info, name, node, restriction, word,
};
use super::level::{FINEST, GraphId, LEVELS, columns, corner, rows, side};
use crate::varint;

/// Bytes of an access restriction, of a sign and of turn lanes, which others write.
const FOREIGN_BYTES: [(Field, usize); 3] =
    [(header::N_ACCESS_RESTRICTIONS, 16), (header::N_SIGNS, 8), (header::N_TURN_LANES, 8)];

/// The most bytes of a name, which is looked at no further for its end.
const TEXT_BYTES_MAX: usize = 1024;

/// A graph tile.
#[derive(Debug)]
pub(super) struct Tile<'a> {
    pub(super) id: GraphId,
    bytes: &'a [u8],
    pub(super) n_nodes: u32,
    pub(super) n_transitions: u32,
    pub(super) n_edges: u32,
    transitions_at: usize,
    edges_at: usize,
    bins_at: usize,
    pub(super) bin_ends: [u32; BINS],
    /// Where restrictions at the end, at the start, infos, texts and what follows begin.
    offsets: [usize; 5],
}

/// What is said of both directions of an edge.
#[derive(Debug)]
pub(super) struct Info<'a> {
    pub(super) names: Vec<&'a str>,
    pub(super) shape: Vec<Vertex>,
}

impl<'a> Tile<'a> {
    /// Reads the header of a tile.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn open(id: GraphId, bytes: &'a [u8]) -> Result<Self, String> {
        let Some(head) = record::<{ HEADER_BYTES / 8 }>(bytes, 0) else {
            return Err(format!("it has {} bytes, a header alone has {HEADER_BYTES}", bytes.len()));
        };
        let get = |field: Field| field.get(&head);
        if bytes[16] != VERSION[0] {
            return Err(format!("its format has version `{}`, expected 3", bytes[16].escape_ascii()));
        }
        if get(header::SIZE) != bytes.len() as u64 {
            return Err(format!("it says it has {} bytes and has {}", get(header::SIZE), bytes.len()));
        }
        if get(header::ID) != id.0 {
            return Err("its id is not that of its name".to_owned());
        }
        let is_at = |field: Field, degrees: f64| {
            let off = f64::from(f32::from_bits(get(field) as u32)) - degrees;
            (-1e-4..1e-4).contains(&off)
        };
        let corner = corner(id.level(), id.tile()).degrees();
        if !is_at(header::CORNER_LON, corner.lon) || !is_at(header::CORNER_LAT, corner.lat) {
            return Err("its corner is not where its id says".to_owned());
        }
        if header::TRANSIT.into_iter().chain([header::N_PREDICTED]).any(|field| get(field) != 0) {
            return Err("it has public transport or predicted speeds, which are not read".to_owned());
        }
        let count = |field: Field| get(field) as usize;
        let transitions_at = HEADER_BYTES + count(header::N_NODES) * NODE_BYTES;
        let edges_at = transitions_at + count(header::N_TRANSITIONS) * TRANSITION_BYTES;
        let foreign: usize = FOREIGN_BYTES.into_iter().map(|(field, n_bytes)| count(field) * n_bytes).sum();
        let bins_at =
            edges_at + count(header::N_EDGES) * EDGE_BYTES + foreign + count(header::N_ADMINS) * ADMIN_BYTES;
        let mut bin_ends = [0; BINS];
        for (bin, end) in bin_ends.iter_mut().enumerate() {
            *end = get(header::bin_end(bin)) as u32;
        }
        let bins_end = bins_at + bin_ends[BINS - 1] as usize * 8;
        let offsets = [
            header::RESTRICTIONS_AT_END,
            header::RESTRICTIONS_AT_START,
            header::INFOS,
            header::TEXTS,
            header::LANES,
        ]
        .map(count);
        let is_in_order = bin_ends.is_sorted()
            && bins_end <= offsets[0]
            && offsets.is_sorted()
            && offsets[4] <= bytes.len();
        if !is_in_order {
            return Err("its parts overlap or reach beyond its end".to_owned());
        }
        Ok(Self {
            id,
            bytes,
            n_nodes: get(header::N_NODES) as u32,
            n_transitions: get(header::N_TRANSITIONS) as u32,
            n_edges: get(header::N_EDGES) as u32,
            transitions_at,
            edges_at,
            bins_at,
            bin_ends,
            offsets,
        })
    }

    /// Returns the record of a node.
    pub(super) fn node(&self, index: u32) -> Option<[u64; NODE_BYTES / 8]> {
        let is_there = index < self.n_nodes;
        is_there.then(|| record(self.bytes, HEADER_BYTES + index as usize * NODE_BYTES))?
    }

    /// Returns where a node is.
    pub(super) fn position(&self, record: &[u64]) -> Vertex {
        let corner = corner(self.id.level(), self.id.tile());
        let units = |six: Field, seven: Field| (six.get(record) * 10 + seven.get(record)) as i32;
        Vertex {
            lat: corner.lat.saturating_add(units(node::LAT_6, node::LAT_7)),
            lon: corner.lon.saturating_add(units(node::LON_6, node::LON_7)),
        }
    }

    /// Whether a position lies in the tile or on its border.
    pub(super) fn holds(&self, at: Vertex) -> bool {
        let (corner, side) = (corner(self.id.level(), self.id.tile()), side(self.id.level()));
        let is_within = |a: i32, b: i32| (0..=side).contains(&(i64::from(a) - i64::from(b)));
        is_within(at.lat, corner.lat) && is_within(at.lon, corner.lon)
    }

    /// Returns the record of a transition.
    pub(super) fn transition(&self, index: u32) -> Option<[u64; 1]> {
        let is_there = index < self.n_transitions;
        is_there.then(|| record(self.bytes, self.transitions_at + index as usize * TRANSITION_BYTES))?
    }

    /// Returns the record of a directed edge.
    pub(super) fn edge(&self, index: u32) -> Option<[u64; EDGE_BYTES / 8]> {
        let is_there = index < self.n_edges;
        is_there.then(|| record(self.bytes, self.edges_at + index as usize * EDGE_BYTES))?
    }

    /// Returns an entry of a bin, counted through all bins.
    pub(super) fn binned(&self, index: u32) -> Option<GraphId> {
        let is_there = index < self.bin_ends[BINS - 1];
        is_there.then(|| record::<1>(self.bytes, self.bins_at + index as usize * 8))?.map(|[id]| GraphId(id))
    }

    /// Returns the ids of edges in each restriction of both lists.
    ///
    /// # Errors
    ///
    /// When a list ends within a restriction.
    pub(super) fn restrictions(&self) -> Result<Vec<Vec<GraphId>>, String> {
        let mut all = Vec::new();
        for list in
            [&self.bytes[self.offsets[0]..self.offsets[1]], &self.bytes[self.offsets[1]..self.offsets[2]]]
        {
            let mut at = 0;
            while at < list.len() {
                let Some(head) = record::<{ RESTRICTION_BYTES / 8 }>(list, at) else {
                    return Err("a list of restrictions ends within one".to_owned());
                };
                at += RESTRICTION_BYTES;
                let mut ids =
                    vec![GraphId(restriction::FROM.get(&head)), GraphId(restriction::TO.get(&head))];
                for _ in 0..restriction::N_VIA.get(&head) {
                    let Some([via]) = record(list, at) else {
                        return Err("a list of restrictions ends within one".to_owned());
                    };
                    ids.push(GraphId(via));
                    at += 8;
                }
                all.push(ids);
            }
        }
        Ok(all)
    }

    /// Returns the info of a directed edge.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub(super) fn info(&self, edge: &[u64]) -> Result<Info<'a>, String> {
        let [_, _, start, texts, end] = self.offsets;
        let infos = &self.bytes[start..texts];
        let at = edge::INFO.get(edge) as usize;
        let Some(head) = infos.get(at..at + INFO_BYTES) else {
            return Err("its info lies outside of those of the tile".to_owned());
        };
        let head = [word(&head[..8]), word(&head[8..])];
        let shape_at = at + INFO_BYTES + info::N_NAMES.get(&head) as usize * NAME_BYTES;
        let shape_end = shape_at + info::SHAPE_BYTES.get(&head) as usize;
        let (Some(references), Some(shape)) =
            (infos.get(at + INFO_BYTES..shape_at), infos.get(shape_at..shape_end))
        else {
            return Err("its info reaches beyond those of the tile".to_owned());
        };
        let texts = &self.bytes[texts..end];
        let mut names = Vec::new();
        // Values of other kinds stand among the names.
        let is_name = |reference: &&[u8]| name::IS_VALUE.get(&[word(reference)]) == 0;
        for reference in references.chunks_exact(NAME_BYTES).filter(is_name) {
            let text = texts.get(name::TEXT.get(&[word(reference)]) as usize..).unwrap_or_default();
            let Some(length) = text.iter().take(TEXT_BYTES_MAX + 1).position(|byte| *byte == 0) else {
                return Err(if text.len() > TEXT_BYTES_MAX {
                    format!("its name has more than {TEXT_BYTES_MAX} bytes")
                } else {
                    "its name lies outside of the texts of the tile".to_owned()
                });
            };
            let Ok(text) = std::str::from_utf8(&text[..length]) else {
                return Err("its name is not UTF-8".to_owned());
            };
            names.push(text);
        }
        Ok(Info { names, shape: decode(shape)? })
    }
}

/// Returns the tile that a file is by its name.
pub(super) fn named(name: &str) -> Option<GraphId> {
    let mut parts = name.strip_suffix(".gph")?.split('/');
    let level: usize = parts.next()?.parse().ok().filter(|level| *level < LEVELS)?;
    let n_groups = if level == FINEST { 3 } else { 2 };
    let mut tile = 0;
    for _ in 0..n_groups {
        let group = parts
            .next()
            .filter(|group| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit()))?;
        tile = tile * 1000 + group.parse::<u32>().ok()?;
    }
    (parts.next().is_none() && tile < columns(level) * rows(level)).then(|| GraphId::new(level, tile, 0))
}

/// Returns so many words at a byte.
fn record<const N: usize>(bytes: &[u8], at: usize) -> Option<[u64; N]> {
    let mut out = [0; N];
    let words = bytes.get(at..at.checked_add(N * 8)?)?.as_chunks::<8>().0;
    for (out, word) in out.iter_mut().zip(words) {
        *out = u64::from_le_bytes(*word);
    }
    Some(out)
}

/// Decodes a shape.
fn decode(mut bytes: &[u8]) -> Result<Vec<Vertex>, String> {
    let mut numbers = Vec::new();
    while !bytes.is_empty() {
        let number = varint::take(&mut bytes);
        let number = number.ok_or("its shape has a number without an end, or of more than five bytes")?;
        numbers.push((number >> 1) as i64 ^ -((number & 1) as i64));
    }
    let (pairs, rest) = numbers.as_chunks::<2>();
    if !rest.is_empty() || pairs.len() < 2 {
        return Err("its shape ends within a vertex, or has but one".to_owned());
    }
    let mut last = [0, 0];
    let mut shape = Vec::with_capacity(pairs.len());
    for pair in pairs {
        last = [last[0] + pair[0], last[1] + pair[1]];
        let [Ok(lat), Ok(lon)] = last.map(|micro| i32::try_from(micro * 10)) else {
            return Err("its shape leaves the world".to_owned());
        };
        shape.push(Vertex { lat, lon });
    }
    Ok(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: Option<GraphId>) {
        assert_eq!(named(name), expected, "{name}");
    }

    #[test]
    fn names_say_level_and_tile() {
        check("0/003/107.gph", Some(GraphId::new(0, 3107, 0)));
        check("2/000/791/314.gph", Some(GraphId::new(2, 791_314, 0)));
        for wrong in [
            "3/000/001.gph",
            "0/003/107",
            "0/3/107.gph",
            "0/000/003/107.gph",
            "2/999/999/999.gph",
            "../a.gph",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn shapes_that_are_none_are_told() {
        assert_eq!(decode(&[2, 4, 1, 1]).unwrap(), [Vertex { lat: 10, lon: 20 }, Vertex { lat: 0, lon: 10 }]);
        for wrong in [&[][..], &[2, 4], &[2, 4, 1], &[0x80; 9], &[2, 4, 1, 0x81]] {
            assert!(decode(wrong).is_err(), "{wrong:?}");
        }
    }
}

//! What it means to turn from one arm of a junction into another.
//!
//! In:     the graph.
//! Out:    [`Turns`] of each arm: its heading, and for each of the first eight arms that one may come from, the
//!         kind of turn, how likely one has to stop, whether the name stays, and what lies to either side.
//! Keeps:  nothing.
//! Source: angles and stops as routing engines judge them.
//!
//! ```text
//!            straight                   degrees, from the way on which one comes:
//!       ↖       ↑       ↗               350…10 straight, 11…44 slight right, 45…135 right,
//!     left ←  from  → right             136…159 sharp right, 160…200 back, and so on to the left
//! ```

use super::geometry::heading;
use super::graph::{Edge, Graph, is_drivable};
use super::road::{AGAINST, ALONG, Flags, Name, class, mode, usage};
use crate::progress::{Counter, Stopped};

/// So many arms of a node take part in turns.
pub(super) const LOCAL_MAX: usize = 8;
/// Stops are likely up to this degree.
const STOP_MAX: i32 = 7;
/// Headings look so far, metres; further on major roads, less far on paths.
const REACH_M: f64 = 15.0;
/// An edge inside of a junction is at most so long, metres.
const INTERNAL_MAX_M: u32 = 32;
/// Shorter arms bend so sharply that a wide turn is one back, metres.
const SHORT_M: u32 = 50;

/// Turns into an arm; index of lists is the number of the arm one comes from.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Turns {
    /// Degrees clockwise from north in which the arm leaves its node, 0 to 359.
    pub(super) heading: u32,
    /// Kinds of turns, see [`kind`].
    pub(super) kinds: [u8; LOCAL_MAX],
    /// How likely one has to stop, 0 to 7.
    pub(super) stops: [u8; LOCAL_MAX],
    /// Bits: there is an arm between the two to the left.
    pub(super) left: u8,
    /// Bits: there is an arm between the two to the right.
    pub(super) right: u8,
    /// Bits: the name stays.
    pub(super) same_name: u8,
    /// Whether the arm is a part of a junction that was drawn with several nodes.
    pub(super) is_internal: bool,
}

/// Kinds of turns.
mod kind {
    pub(super) const STRAIGHT: u8 = 0;
    pub(super) const SLIGHT_RIGHT: u8 = 1;
    pub(super) const RIGHT: u8 = 2;
    pub(super) const SHARP_RIGHT: u8 = 3;
    pub(super) const BACK: u8 = 4;
    pub(super) const SHARP_LEFT: u8 = 5;
    pub(super) const LEFT: u8 = 6;
    pub(super) const SLIGHT_LEFT: u8 = 7;
}

/// Returns the turns of all arms; each node is a step.
pub(super) fn all(graph: &Graph, counter: &mut Counter<'_>) -> Result<Vec<Turns>, Stopped> {
    let mut turns: Vec<Turns> = (0..graph.arms.len() as u32)
        .map(|arm| Turns { heading: heading_of(graph, arm), ..Turns::default() })
        .collect();
    for node in 0..graph.nodes.len() {
        counter.add(1)?;
        let junction = Junction::of(graph, node, &turns);
        for to in 0..junction.n_arms() {
            turns[junction.first as usize + to] = junction.turns_into(to, &turns);
        }
    }
    for arm in 0..graph.arms.len() as u32 {
        turns[arm as usize].is_internal = is_internal(graph, arm, &turns);
    }
    // Both sides of an edge are parts of a junction, or none.
    for edge in &graph.edges {
        let [along, against] = edge.arms.map(|arm| arm as usize);
        let is_internal = turns[along].is_internal || turns[against].is_internal;
        turns[along].is_internal = is_internal;
        turns[against].is_internal = is_internal;
    }
    Ok(turns)
}

/// Whether traffic at a node keeps to the left.
pub(super) fn drives_on_left(graph: &Graph, node: usize) -> bool {
    graph.nodes[node].arms.clone().any(|arm| graph.way(arm).flags.has(Flags::DRIVES_ON_LEFT))
}

/// The arms of a node that take part in turns.
struct Junction<'a> {
    graph: &'a Graph,
    first: u32,
    headings: Vec<u32>,
    drives_on_left: bool,
}

impl<'a> Junction<'a> {
    fn of(graph: &'a Graph, node: usize, turns: &[Turns]) -> Self {
        let arms = graph.nodes[node].arms.clone();
        let headings = arms.clone().map(|arm| turns[arm as usize].heading).collect();
        Self { graph, first: arms.start, headings, drives_on_left: drives_on_left(graph, node) }
    }

    fn n_arms(&self) -> usize {
        self.headings.len()
    }

    /// Returns the number of arms that take part.
    fn n_local(&self) -> usize {
        self.n_arms().min(LOCAL_MAX)
    }

    /// Returns the arms that take part, but for two.
    fn others(&self, from: usize, to: usize) -> impl Iterator<Item = usize> + Clone + use<> {
        (0..self.n_local()).filter(move |other| *other != from && *other != to)
    }

    fn edge(&self, arm: usize) -> &Edge {
        self.graph.edge(self.first + arm as u32)
    }

    fn access(&self, arm: usize) -> [u16; 2] {
        self.graph.access(self.first + arm as u32)
    }

    fn flags(&self, arm: usize) -> Flags {
        self.graph.way(self.first + arm as u32).flags
    }

    fn names(&self, arm: usize) -> &[Name] {
        &self.graph.way(self.first + arm as u32).names
    }

    fn turns_into(&self, to: usize, turns: &[Turns]) -> Turns {
        let mut out = turns[self.first as usize + to];
        for from in 0..self.n_local() {
            if have_common_name(self.names(from), self.names(to)) {
                out.same_name |= 1 << from;
            }
        }
        if to >= LOCAL_MAX {
            return out;
        }
        for from in 0..self.n_local() {
            let inbound = (self.headings[from] + 180) % 360;
            let angle = angle(inbound, self.headings[to]);
            // Where two arms are all, nothing lies to the side of a turn back.
            for other in self.others(from, to).filter(|_| self.n_local() > 2) {
                match side(angle, self::angle(inbound, self.headings[other])) {
                    Side::Left => out.left |= 1 << from,
                    Side::Right => out.right |= 1 << from,
                    Side::Neither => {}
                }
            }
            out.kinds[from] = kind_of(angle);
            out.stops[from] = self.stop(from, to, angle, &out);
        }
        out
    }

    /// Returns how likely one has to stop between two arms, 0 to 7.
    fn stop(&self, from: usize, to: usize, angle: u32, turns: &Turns) -> u8 {
        let [from_flags, to_flags] = [self.flags(from), self.flags(to)];
        if from_flags.has(Flags::ROUNDABOUT) && to_flags.has(Flags::ROUNDABOUT) {
            return 0;
        }
        if self.is_way_back(from, to, angle, turns) {
            return STOP_MAX as u8;
        }
        let others = self.others(from, to);
        let crossing = others.clone().filter(|other| self.access(*other)[AGAINST] & mode::CAR != 0);
        let best = crossing.map(|other| {
            let of_circle = if self.flags(other).has(Flags::ROUNDABOUT) { 2 } else { 0 };
            self.edge(other).class + of_circle
        });
        let best = best.min().unwrap_or(class::UNCLASSIFIED).min(class::UNCLASSIFIED);
        let is_crossed = others
            .clone()
            .any(|other| (self.access(other)[ALONG] | self.access(other)[AGAINST]) & mode::CAR != 0);
        if !is_crossed && from != to {
            return 0;
        }
        let (from_edge, to_edge) = (self.edge(from), self.edge(to));
        let from_class = from_edge.class.min(class::UNCLASSIFIED);
        let is_channel = |edge: &Edge| edge.usage == usage::TURN_CHANNEL;
        let is_ramp = |edge: &Edge| edge.usage == usage::RAMP;
        if is_channel(from_edge) && is_channel(to_edge) && best < class::UNCLASSIFIED {
            return STOP_MAX as u8;
        }
        let mut stop = (i32::from(from_class) - i32::from(best) + 3).max(0);
        let kind = kind_of(angle);
        let is_sharp = matches!(kind, kind::SHARP_LEFT | kind::SHARP_RIGHT | kind::BACK);
        let is_slight = matches!(kind, kind::STRAIGHT | kind::SLIGHT_LEFT | kind::SLIGHT_RIGHT);
        let is_far_turn = if self.drives_on_left {
            matches!(kind, kind::RIGHT | kind::SHARP_RIGHT)
        } else {
            matches!(kind, kind::LEFT | kind::SHARP_LEFT)
        };
        let by_kind = |stop: i32, sharp: i32| match () {
            () if is_sharp => stop + sharp,
            () if is_slight => stop / 2,
            () => (stop - 1).max(0),
        };
        if (0..self.n_local()).all(|arm| self.flags(arm).has(Flags::LINK)) {
            stop = by_kind(stop, 2);
        } else if is_ramp(from_edge) && is_ramp(to_edge) && best < class::UNCLASSIFIED {
            if self.n_local() > 3 {
                stop += 2;
            }
        } else if is_ramp(from_edge) && !is_ramp(to_edge) {
            stop += if is_sharp { 3 } else { 2 - i32::from(is_slight) };
        } else if is_channel(from_edge) {
            stop = if is_ramp(to_edge) && !is_sharp { stop + 1 } else { by_kind(stop, 2) };
        } else if from_edge.usage == usage::PARKING_AISLE && to_edge.usage == usage::PARKING_AISLE {
            stop = (stop - 1).max(0);
        } else if is_far_turn
            && !is_ramp(to_edge)
            && !is_channel(to_edge)
            && from_class.abs_diff(to_edge.class) > 1
        {
            stop += 1;
        }
        stop.min(STOP_MAX) as u8
    }

    /// Whether a turn leads back: between the two sides of a divided road, or round the end of a cycleway.
    fn is_way_back(&self, from: usize, to: usize, angle: u32, turns: &Turns) -> bool {
        let is_short = self.edge(from).length_m < SHORT_M || self.edge(to).length_m < SHORT_M;
        let is_back = match (self.drives_on_left, is_short) {
            (false, false) => (180..211).contains(&angle),
            (false, true) => (180..226).contains(&angle),
            (true, false) => (150..181).contains(&angle),
            (true, true) => (135..181).contains(&angle),
        };
        if !is_back {
            return false;
        }
        let has = |bits: u8| bits & 1 << from != 0;
        let is_cycleway = |arm| self.edge(arm).usage == usage::CYCLEWAY;
        if is_cycleway(from) && is_cycleway(to) && has(turns.left) && has(turns.right) {
            return true;
        }
        let comes_only = !is_drivable(self.access(from)) && self.access(from)[AGAINST] & mode::CAR != 0;
        let leaves_only = is_drivable(self.access(to)) && self.access(to)[AGAINST] & mode::CAR == 0;
        let (near, far) =
            if self.drives_on_left { (turns.left, turns.right) } else { (turns.right, turns.left) };
        comes_only && leaves_only && has(near) && !has(far) && has(turns.same_name)
    }
}

/// Returns the heading in which an arm leaves its node, 0 to 359.
fn heading_of(graph: &Graph, arm: u32) -> u32 {
    let edge = graph.edge(arm);
    let reach_m = reach_m(edge);
    let shape = graph.shape(edge).iter().map(|vertex| vertex.coarse());
    let heading =
        if graph.direction(arm) == ALONG { heading(shape, reach_m) } else { heading(shape.rev(), reach_m) };
    expand(reduce(heading.round() as u32 % 360))
}

/// Returns the byte that stands for a heading in a graph tile.
pub(super) fn reduce(heading: u32) -> u8 {
    (f64::from(heading) * (255.0 / 359.0)).round() as u8
}

/// Returns the heading that a byte stands for: engines that read it judge turns by it, and so does this file.
fn expand(reduced: u8) -> u32 {
    (f64::from(reduced) * (359.0 / 255.0)).round() as u32
}

fn reach_m(edge: &Edge) -> f64 {
    let by_class = match edge.class {
        class::MOTORWAY..=class::TRUNK => 1.6,
        class::PRIMARY..=class::TERTIARY => 1.4,
        _ => 1.0,
    };
    let by_usage = match edge.usage {
        usage::CYCLEWAY
        | usage::FOOTWAY
        | usage::STEPS
        | usage::PATH
        | usage::PEDESTRIAN
        | usage::BRIDLEWAY => 0.5,
        _ => 1.0,
    };
    REACH_M * by_class * by_usage
}

/// Returns the degrees by which one turns to the right.
fn angle(from_heading: u32, to_heading: u32) -> u32 {
    (to_heading + 360 - from_heading) % 360
}

fn kind_of(angle: u32) -> u8 {
    match angle {
        11..=44 => kind::SLIGHT_RIGHT,
        45..=135 => kind::RIGHT,
        136..=159 => kind::SHARP_RIGHT,
        160..=200 => kind::BACK,
        201..=224 => kind::SHARP_LEFT,
        225..=315 => kind::LEFT,
        316..=349 => kind::SLIGHT_LEFT,
        _ => kind::STRAIGHT,
    }
}

enum Side {
    Left,
    Right,
    Neither,
}

/// Returns on which side of a turn another one lies.
fn side(turn: u32, other: u32) -> Side {
    if turn > 180 {
        match other {
            _ if other > turn || other < 180 => Side::Right,
            _ if other < turn && other > 180 => Side::Left,
            _ => Side::Neither,
        }
    } else {
        match other {
            _ if other > turn && other < 180 => Side::Right,
            _ if other < turn || other > 180 => Side::Left,
            _ => Side::Neither,
        }
    }
}

/// Whether two roads share a name, or have none.
fn have_common_name(a: &[Name], b: &[Name]) -> bool {
    (a.is_empty() && b.is_empty()) || a.iter().any(|name| b.iter().any(|other| other.text == name.text))
}

/// Whether an edge lies within a junction: short, between a one-way road that leads to it and one that leads on.
fn is_internal(graph: &Graph, arm: u32, turns: &[Turns]) -> bool {
    let edge = graph.edge(arm);
    if edge.length_m > INTERNAL_MAX_M
        || edge.usage > usage::CYCLEWAY
        || graph.way(arm).flags.has(Flags::ROUNDABOUT)
    {
        return false;
    }
    let (start, end) = (edge.ends[graph.direction(arm)], graph.end(arm));
    let arms = &graph.nodes[start as usize].arms;
    if arms.len() == 2 && arms.clone().any(|other| other != arm && graph.end(other) == end) {
        return false;
    }
    let out = turns[arm as usize].heading;
    let Some(comes) = passages(graph, start, arm, AGAINST, &|heading| {
        angle((turns[heading as usize].heading + 180) % 360, out)
    }) else {
        return false;
    };
    let back = graph.opposite(arm);
    let inbound = (turns[back as usize].heading + 180) % 360;
    let Some(goes) =
        passages(graph, end, back, ALONG, &|heading| angle(inbound, turns[heading as usize].heading))
    else {
        return false;
    };
    let is_contrary = (comes.has_left && goes.has_right)
        || (comes.has_right && goes.has_left)
        || (goes.has_left && goes.has_right);
    comes.has_oneway && goes.has_oneway && !is_contrary
}

/// Turns at one end of an edge.
#[derive(Default)]
struct Passages {
    has_left: bool,
    has_right: bool,
    has_oneway: bool,
}

/// Looks at the roads at a node that cars come by or leave by, but for one arm; nothing at a roundabout.
fn passages(
    graph: &Graph,
    node: u32,
    but: u32,
    direction: usize,
    angle: &dyn Fn(u32) -> u32,
) -> Option<Passages> {
    let mut passages = Passages::default();
    for arm in graph.nodes[node as usize].arms.clone() {
        let (edge, access, flags) = (graph.edge(arm), graph.access(arm), graph.way(arm).flags);
        let is_road = matches!(edge.usage, usage::ROAD | usage::SERVICE);
        if arm == but || !is_road || access[direction] & mode::CAR == 0 {
            continue;
        }
        if flags.has(Flags::ROUNDABOUT) {
            return None;
        }
        let angle = angle(arm);
        match kind_of(angle) {
            kind::LEFT | kind::SHARP_LEFT => passages.has_left = true,
            kind::RIGHT | kind::SHARP_RIGHT => passages.has_right = true,
            _ => {}
        }
        let is_straight = !(30..=330).contains(&angle);
        passages.has_oneway |=
            access[1 - direction] & mode::CAR == 0 && !flags.has(Flags::LINK) && !is_straight;
    }
    Some(passages)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::navigation::drawn::{self, Drawn};

    /// A crossroads of a primary road from west to east, and a residential one.
    const CROSS: [Drawn<'_>; 2] = [
        ("highway=primary name=A", &[(-1, 0), (0, 0), (1, 0)]),
        ("highway=residential name=B", &[(0, 1), (0, 0), (0, -1)]),
    ];

    fn turns_of(graph: &Graph) -> Vec<Turns> {
        drawn::unwatched(|counter| all(graph, counter))
    }

    /// Checks kind and stop of the turn that leads by a corner from one to another.
    fn check(drawing: &[Drawn<'_>], [from, by, to]: [(i32, i32); 3], kind: u8, stop: u8) {
        let graph = drawn::graph(drawing);
        let turns = turns_of(&graph);
        let into = &turns[drawn::arm(&graph, by, to) as usize];
        let local = graph.local(drawn::arm(&graph, by, from)) as usize;
        assert_eq!((into.kinds[local], into.stops[local]), (kind, stop), "{from:?} {to:?}");
    }

    #[test]
    fn kinds_of_turns_at_a_crossroads() {
        check(&CROSS, [(-1, 0), (0, 0), (1, 0)], kind::STRAIGHT, 0);
        check(&CROSS, [(-1, 0), (0, 0), (0, 1)], kind::LEFT, 4);
        check(&CROSS, [(-1, 0), (0, 0), (0, -1)], kind::RIGHT, 3);
        check(&CROSS, [(-1, 0), (0, 0), (-1, 0)], kind::BACK, 3);
    }

    #[test]
    fn minor_road_stops_at_a_major_one() {
        check(&CROSS, [(0, 1), (0, 0), (0, -1)], kind::STRAIGHT, 6);
        check(&CROSS, [(0, 1), (0, 0), (1, 0)], kind::LEFT, 7);
        let two: [Drawn<'_>; 2] =
            [("highway=primary", &[(-1, 0), (0, 0)]), ("highway=residential", &[(0, 0), (1, 0)])];
        check(&two, [(-1, 0), (0, 0), (1, 0)], kind::STRAIGHT, 0);
    }

    #[test]
    fn traffic_on_the_left_waits_for_turns_to_the_right() {
        let left: [Drawn<'_>; 2] = [
            ("highway=primary driving_side=left", CROSS[0].1),
            ("highway=residential driving_side=left", CROSS[1].1),
        ];
        check(&left, [(-1, 0), (0, 0), (0, 1)], kind::LEFT, 3);
        check(&left, [(-1, 0), (0, 0), (0, -1)], kind::RIGHT, 4);
    }

    #[test]
    fn names_and_sides_are_known() {
        let graph = drawn::graph(&CROSS);
        let turns = turns_of(&graph);
        let east = turns[drawn::arm(&graph, (0, 0), (1, 0)) as usize];
        let bit = |to| 1_u8 << graph.local(drawn::arm(&graph, (0, 0), to));
        assert_eq!(east.same_name, bit((-1, 0)) | bit((1, 0)));
        // Coming from the west, a road lies to either side; from the north, two lie to the right of a left turn.
        assert_eq!((east.left & bit((-1, 0)), east.right & bit((-1, 0))), (bit((-1, 0)), bit((-1, 0))));
        assert_eq!((east.left & bit((0, 1)), east.right & bit((0, 1))), (0, bit((0, 1))));
    }

    #[test]
    fn street_between_two_halves_of_a_divided_road_is_internal() {
        let divided: [Drawn<'_>; 3] = [
            ("highway=primary oneway=yes", &[(-9, 0), (0, 0), (9, 0)]),
            ("highway=primary oneway=-1", &[(-9, 1), (0, 1), (9, 1)]),
            ("highway=residential", &[(0, -9), (0, 0), (0, 1), (0, 9)]),
        ];
        let internal = |drawing: &[Drawn<'_>]| {
            let graph = drawn::graph(drawing);
            turns_of(&graph).iter().filter(|turns| turns.is_internal).count()
        };
        // 111 metres apart they are two junctions.
        assert_eq!(internal(&divided), 0);
        let roads = drawn::roads(&divided).into_iter().map(|mut road| {
            for vertex in &mut road.line {
                *vertex = crate::navigation::geometry::Vertex { lat: vertex.lat / 5, lon: vertex.lon / 5 };
            }
            road
        });
        let graph = drawn::unwatched(|counter| {
            Graph::new(roads.collect(), &mut zellige_model::Findings::default(), counter)
        });
        assert_eq!(turns_of(&graph).iter().filter(|turns| turns.is_internal).count(), 2);
    }

    #[test]
    fn more_arms_than_take_part_are_no_harm() {
        let ends: Vec<[(i32, i32); 2]> = (0..12).map(|x| [(0, 0), (x - 6, 5)]).collect();
        let drawing: Vec<Drawn<'_>> = ends.iter().map(|line| ("highway=primary", &line[..])).collect();
        let graph = drawn::graph(&drawing);
        assert_eq!(turns_of(&graph).len(), 24);
    }

    #[test]
    fn headings_survive_their_byte() {
        assert_eq!([0, 1, 90, 180, 359].map(|heading| expand(reduce(heading))), [0, 1, 90, 180, 359]);
    }
}

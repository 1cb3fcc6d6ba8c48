//! The words of a navigation pack: a road, and what may be known about it.
//!
//! In:     nothing; these are words.
//! Out:    [`Road`] and its parts, with the numbers that graph tiles write for them.
//! Keeps:  pairs of values are for travel along the line and against it, see [`ALONG`] and [`AGAINST`].
//! Source: the format of graph tiles, version 3.

use std::ops::Range;

use zellige_model::Place;

use super::geometry::Vertex;

/// Index of what holds for travel in the order of the vertices.
pub(super) const ALONG: usize = 0;
/// Index of what holds for travel in the opposite order.
pub(super) const AGAINST: usize = 1;

/// Who may travel: one bit a mode.
pub(super) mod mode {
    pub(crate) const CAR: u16 = 1;
    pub(crate) const FOOT: u16 = 2;
    pub(crate) const BICYCLE: u16 = 4;
    pub(crate) const TRUCK: u16 = 8;
    pub(crate) const EMERGENCY: u16 = 16;
    pub(crate) const TAXI: u16 = 32;
    pub(crate) const BUS: u16 = 64;
    pub(crate) const CARPOOL: u16 = 128;
    pub(crate) const WHEELCHAIR: u16 = 256;
    pub(crate) const MOPED: u16 = 512;
    pub(crate) const MOTORCYCLE: u16 = 1024;
    /// What has an engine and needs no special right.
    pub(crate) const MOTOR: u16 = CAR | TRUCK | TAXI | BUS | MOPED | MOTORCYCLE;
    /// What has wheels.
    pub(crate) const VEHICLE: u16 = MOTOR | BICYCLE;
    /// Everybody but those whose access follows from that of others.
    pub(crate) const EVERYBODY: u16 = VEHICLE | FOOT;
}

/// What a road is for.
pub(super) mod usage {
    pub(crate) const ROAD: u8 = 0;
    pub(crate) const RAMP: u8 = 1;
    pub(crate) const TURN_CHANNEL: u8 = 2;
    pub(crate) const TRACK: u8 = 3;
    pub(crate) const DRIVEWAY: u8 = 4;
    pub(crate) const ALLEY: u8 = 5;
    pub(crate) const PARKING_AISLE: u8 = 6;
    pub(crate) const EMERGENCY_ACCESS: u8 = 7;
    pub(crate) const DRIVE_THROUGH: u8 = 8;
    pub(crate) const LIVING_STREET: u8 = 10;
    pub(crate) const SERVICE: u8 = 11;
    pub(crate) const CYCLEWAY: u8 = 20;
    pub(crate) const SIDEWALK: u8 = 24;
    pub(crate) const FOOTWAY: u8 = 25;
    pub(crate) const STEPS: u8 = 26;
    pub(crate) const PATH: u8 = 27;
    pub(crate) const PEDESTRIAN: u8 = 28;
    pub(crate) const BRIDLEWAY: u8 = 29;
    pub(crate) const CROSSING: u8 = 32;
    pub(crate) const ELEVATOR: u8 = 33;
    pub(crate) const ESCALATOR: u8 = 34;
    pub(crate) const PLATFORM: u8 = 35;
    pub(crate) const OTHER: u8 = 40;
}

/// How important a road is; smaller is more.
pub(super) mod class {
    pub(crate) const MOTORWAY: u8 = 0;
    pub(crate) const TRUNK: u8 = 1;
    pub(crate) const PRIMARY: u8 = 2;
    pub(crate) const SECONDARY: u8 = 3;
    pub(crate) const TERTIARY: u8 = 4;
    pub(crate) const UNCLASSIFIED: u8 = 5;
    pub(crate) const RESIDENTIAL: u8 = 6;
    pub(crate) const OTHER: u8 = 7;
}

/// What a road is made of; smaller is smoother.
pub(super) mod surface {
    pub(crate) const SMOOTH: u8 = 0;
    pub(crate) const PAVED: u8 = 1;
    pub(crate) const ROUGH: u8 = 2;
    pub(crate) const COMPACTED: u8 = 3;
    pub(crate) const DIRT: u8 = 4;
    pub(crate) const GRAVEL: u8 = 5;
    pub(crate) const PATH: u8 = 6;
    pub(crate) const IMPASSABLE: u8 = 7;
}

/// What is true of a road.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flags(u16);

impl Flags {
    pub(super) const LINK: Self = Self(1);
    pub(super) const ROUNDABOUT: Self = Self(1 << 1);
    pub(super) const BRIDGE: Self = Self(1 << 2);
    pub(super) const TUNNEL: Self = Self(1 << 3);
    pub(super) const TOLL: Self = Self(1 << 4);
    /// Only for those who begin or end their way there.
    pub(super) const DESTINATION_ONLY: Self = Self(1 << 5);
    /// Bicycles are pushed.
    pub(super) const DISMOUNT: Self = Self(1 << 6);
    pub(super) const USE_SIDEPATH: Self = Self(1 << 7);
    pub(super) const SIDEWALK_LEFT: Self = Self(1 << 8);
    pub(super) const SIDEWALK_RIGHT: Self = Self(1 << 9);
    pub(super) const LIT: Self = Self(1 << 10);
    pub(super) const INDOOR: Self = Self(1 << 11);
    /// The speed was given, not guessed.
    pub(super) const SPEED_TAGGED: Self = Self(1 << 12);
    pub(super) const DRIVES_ON_LEFT: Self = Self(1 << 13);

    /// Adds `other` when `is_so`.
    pub(super) fn set(&mut self, other: Self, is_so: bool) {
        if is_so {
            self.0 |= other.0;
        }
    }

    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// Who may travel in which direction, bits of [`mode`].
pub(super) type Access = [u16; 2];

/// Everything about a road but its line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// Number of the feature, or its place in the source.
    pub(super) id: u64,
    pub(super) class: u8,
    pub(super) usage: u8,
    pub(super) access: Access,
    /// Kilometres an hour.
    pub(super) speed: [u8; 2],
    /// The legal limit in kilometres an hour; 0 when it is not known, 255 when there is none.
    pub(super) speed_limit: u8,
    pub(super) surface: u8,
    pub(super) lanes: [u8; 2],
    /// 0 none, 1 shared, 2 dedicated, 3 separated.
    pub(super) cycle_lane: [u8; 2],
    /// Difficulty of a hike, 0 to 6.
    pub(super) sac_scale: u8,
    /// Bits: 1 national, 2 regional, 4 local, 8 mountain bicycles.
    pub(super) bicycle_network: u8,
    pub(super) flags: Flags,
    /// Roads of different levels pass over each other, 0 on the ground.
    pub(super) layer: i8,
    pub(super) names: Vec<Name>,
}

/// A name of a road, or its number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) text: String,
    pub(super) is_number: bool,
}

/// A line of which everything is the same from end to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Road {
    pub(super) way: Way,
    /// At least two vertices, neighbours differ.
    pub(super) line: Vec<Vertex>,
    /// Where its feature stands.
    pub(super) place: Place,
    /// Hashes of the texts by which bans name it; 0 is none.
    pub(super) keys: [u64; 2],
}

/// A forbidden sequence of roads, or one that is the only one allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ban {
    /// The roads that were made of the feature with the ban: the first road is one of them.
    pub(super) from: Range<u32>,
    /// Where the feature stands.
    pub(super) place: Place,
    /// For whom.
    pub(super) modes: u16,
    pub(super) kind: BanKind,
    /// In which direction the first road is travelled, where that is said: [`ALONG`] or [`AGAINST`].
    pub(super) first_direction: Option<usize>,
    /// In which direction the last road is entered, where that is said.
    pub(super) last_direction: Option<usize>,
    /// Where the first road is left, where that is said.
    pub(super) at: Option<Vertex>,
    /// Keys of the roads that follow; at least one.
    pub(super) then: Vec<u64>,
}

/// What a ban forbids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BanKind {
    /// This turn.
    No,
    /// Every turn but this one.
    Only,
}

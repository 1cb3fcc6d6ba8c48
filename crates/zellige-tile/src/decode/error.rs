//! What can be wrong with the bytes of a tile.

use std::fmt;

use thiserror::Error;

/// Bytes that are not a vector tile: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("vector tile is malformed at byte {offset}: {what}")]
pub struct DecodeError {
    /// Where, in bytes from the start of the tile.
    pub offset: usize,
    /// What is wrong there.
    pub what: Malformed,
}

/// What can be wrong with the bytes of a tile.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Malformed {
    /// A number or a fixed field runs over the end of the message that holds it.
    #[error("message ends inside a field")]
    CutShort,
    /// A length points over the end of the message that holds it.
    #[error("length `{length}` with `{left}` bytes left")]
    Length {
        /// The length as written.
        length: u64,
        /// The bytes that are left.
        left: usize,
    },
    /// A variable-length number does not fit 64 bits.
    #[error("number has more than 64 bits")]
    NumberTooLong,
    /// A number does not fit the 32 bits of its field.
    #[error("number `{number}` in {field}, at most 32 bits expected")]
    NumberTooLarge {
        /// The field.
        field: &'static str,
        /// The number as written.
        number: u64,
    },
    /// A field has a number that no field can have.
    #[error("field number `{number}`, expected 1 to 536870911")]
    FieldNumber {
        /// The number as written.
        number: u64,
    },
    /// A wire type that is not in use.
    #[error("wire type `{wire_type}`, expected 0, 1, 2 or 5")]
    WireType {
        /// The wire type as written.
        wire_type: u64,
    },
    /// A known field is written with the wire type of another kind of field.
    #[error("{field} has wire type `{found}`, expected `{expected}`")]
    WrongWireType {
        /// The field.
        field: &'static str,
        /// The wire type as written.
        found: u8,
        /// The wire type of the field.
        expected: u8,
    },
    /// A text is not UTF-8.
    #[error("{field} is not UTF-8")]
    NotUtf8 {
        /// The field.
        field: &'static str,
    },
    /// A layer has no name.
    #[error("layer has no name")]
    NameMissing,
    /// A layer has a version that this decoder does not know.
    #[error("layer has version `{version}`, expected 1 or 2")]
    Version {
        /// The version as written.
        version: u32,
    },
    /// A layer has extent 0.
    #[error("layer has extent `0`, at least 1 expected")]
    ExtentZero,
    /// A value has no field, or several.
    #[error("value has `{n_fields}` fields, expected 1")]
    ValueFields {
        /// The number of known fields.
        n_fields: usize,
    },
    /// A feature has a key without a value.
    #[error("last tag has a key without a value")]
    TagHalf,
    /// A tag refers to no key.
    #[error("key index `{index}` in a layer of {n_keys} keys")]
    KeyIndex {
        /// The index as written.
        index: u32,
        /// The number of keys.
        n_keys: usize,
    },
    /// A tag refers to no value.
    #[error("value index `{index}` in a layer of {n_values} values")]
    ValueIndex {
        /// The index as written.
        index: u32,
        /// The number of values.
        n_values: usize,
    },
    /// A feature has no geometry.
    #[error("feature has no geometry")]
    GeometryMissing,
    /// A geometry has a command where another one belongs.
    #[error("command `{found}`, expected {expected}")]
    Command {
        /// The command number as written, 0 to 7.
        found: u32,
        /// The command that belongs here.
        expected: Command,
    },
    /// A command has a count that it cannot have here.
    #[error("{command} has count `{count}`, expected {expected}")]
    CommandCount {
        /// The command.
        command: Command,
        /// The count as written.
        count: u32,
        /// The counts it can have.
        expected: &'static str,
    },
    /// A geometry ends before the command that its last line or ring needs.
    #[error("geometry ends before a {expected}")]
    CommandMissing {
        /// The command that belongs here.
        expected: Command,
    },
    /// A geometry ends before all points of its last command.
    #[error("geometry ends before a parameter of its last command")]
    ParameterMissing,
    /// A point lies outside of 32 bits with sign.
    #[error("point lies beyond 32-bit coordinates")]
    PointTooFar,
}

/// A geometry command (MVT 2.1 §4.3.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Starts a line or ring, or sets points.
    MoveTo = 1,
    /// Draws on from the last point.
    LineTo = 2,
    /// Ends a ring.
    ClosePath = 7,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MoveTo => "MoveTo",
            Self::LineTo => "LineTo",
            Self::ClosePath => "ClosePath",
        })
    }
}

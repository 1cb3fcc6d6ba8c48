//! Bytes of a message to its fields.
//!
//! In:     the bytes of a tile and a range of them.
//! Out:    fields by number and wire type; texts and messages are views of the same bytes.
//! Keeps:  positions: they count from the start of the tile at every depth, for errors.
//! Source: the protocol buffers wire format.

use super::error::{DecodeError, Malformed};

/// The integers of a repeated field, packed or not, in one piece or in several.
#[derive(Clone)]
pub(super) struct Integers<'a> {
    fields: Reader<'a>,
    packed: Reader<'a>,
    number: u64,
    name: &'static str,
}

impl Integers<'_> {
    /// Returns the next integer and where it stands.
    pub(super) fn next(&mut self) -> Result<Option<(usize, u32)>, DecodeError> {
        while self.packed.at == self.packed.end {
            let Some(field) = self.fields.field()? else { return Ok(None) };
            if field.number != self.number {
                continue;
            }
            match field.body {
                Body::Varint(_) => return Ok(Some((field.offset, field.number_32(self.name)?))),
                _ => self.packed = field.message(self.name)?,
            }
        }
        let offset = self.packed.at;
        let number = self.packed.varint()?;
        match u32::try_from(number) {
            Ok(integer) => Ok(Some((offset, integer))),
            Err(_) => {
                Err(DecodeError { offset, what: Malformed::NumberTooLarge { field: self.name, number } })
            }
        }
    }

    /// Returns a bound for the number of integers that may still come.
    pub(super) fn left(&self) -> usize {
        self.packed.left() + self.fields.left()
    }

    pub(super) fn error_at_end(&self, what: Malformed) -> DecodeError {
        DecodeError { offset: self.fields.end, what }
    }
}

/// A message: a part of the tile, read from `at` to `end`; positions count from the start of the tile.
#[derive(Clone, Copy)]
pub(super) struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    end: usize,
}

/// A field of a message.
pub(super) struct Field<'a> {
    pub(super) offset: usize,
    pub(super) number: u64,
    body: Body<'a>,
}

/// What a field holds, by wire type.
pub(super) enum Body<'a> {
    Varint(u64),
    Fixed64([u8; 8]),
    Bytes(Reader<'a>),
    Fixed32([u8; 4]),
}

impl<'a> Reader<'a> {
    /// Reads all of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, end: bytes.len() }
    }

    pub(super) fn left(&self) -> usize {
        self.end - self.at
    }

    /// Returns the bytes that are still to be read.
    pub(super) fn bytes(&self) -> &'a [u8] {
        &self.bytes[self.at..self.end]
    }

    pub(super) fn error(&self, what: Malformed) -> DecodeError {
        DecodeError { offset: self.at, what }
    }

    pub(super) fn integers(self, number: u64, name: &'static str) -> Integers<'a> {
        let packed = Reader { end: self.at, ..self };
        Integers { fields: self, packed, number, name }
    }

    /// Reads the whole message as packed integers without a key in front.
    pub(super) fn packed(self, name: &'static str) -> Integers<'a> {
        let fields = Reader { at: self.end, ..self };
        Integers { fields, packed: self, number: 0, name }
    }

    /// Reads the next field, or nothing at the end of the message.
    pub(super) fn field(&mut self) -> Result<Option<Field<'a>>, DecodeError> {
        if self.at == self.end {
            return Ok(None);
        }
        let start = *self;
        let key = self.varint()?;
        let (number, wire_type) = (key >> 3, key & 7);
        if !(1..1 << 29).contains(&number) {
            return Err(start.error(Malformed::FieldNumber { number }));
        }
        let body = match wire_type {
            0 => Body::Varint(self.varint()?),
            1 => Body::Fixed64(self.fixed()?),
            2 => Body::Bytes(self.take()?),
            5 => Body::Fixed32(self.fixed()?),
            _ => return Err(start.error(Malformed::WireType { wire_type })),
        };
        Ok(Some(Field { offset: start.at, number, body }))
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        let start = *self;
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let [byte] = self.fixed().map_err(|error| DecodeError { offset: start.at, ..error })?;
            let digits = u64::from(byte & 0x7f);
            if shift == 63 && digits > 1 {
                break;
            }
            number |= digits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(start.error(Malformed::NumberTooLong))
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        match self.bytes[self.at..self.end].first_chunk() {
            Some(chunk) => {
                self.at += N;
                Ok(*chunk)
            }
            None => Err(self.error(Malformed::CutShort)),
        }
    }

    fn take(&mut self) -> Result<Self, DecodeError> {
        let start = *self;
        let length = self.varint()?;
        let left = self.left();
        if length > left as u64 {
            return Err(start.error(Malformed::Length { length, left }));
        }
        let part = Reader { end: self.at + length as usize, ..*self };
        self.at = part.end;
        Ok(part)
    }
}

impl<'a> Field<'a> {
    pub(super) fn error(&self, what: Malformed) -> DecodeError {
        DecodeError { offset: self.offset, what }
    }

    pub(super) fn varint(&self, name: &'static str) -> Result<u64, DecodeError> {
        let Body::Varint(number) = self.body else { return Err(self.wrong_type(name, 0)) };
        Ok(number)
    }

    pub(super) fn number_32(&self, name: &'static str) -> Result<u32, DecodeError> {
        let number = self.varint(name)?;
        let too_large = |_| self.error(Malformed::NumberTooLarge { field: name, number });
        u32::try_from(number).map_err(too_large)
    }

    pub(super) fn fixed_64(&self, name: &'static str) -> Result<[u8; 8], DecodeError> {
        let Body::Fixed64(bytes) = self.body else { return Err(self.wrong_type(name, 1)) };
        Ok(bytes)
    }

    pub(super) fn message(&self, name: &'static str) -> Result<Reader<'a>, DecodeError> {
        let Body::Bytes(reader) = self.body else { return Err(self.wrong_type(name, 2)) };
        Ok(reader)
    }

    pub(super) fn fixed_32(&self, name: &'static str) -> Result<[u8; 4], DecodeError> {
        let Body::Fixed32(bytes) = self.body else { return Err(self.wrong_type(name, 5)) };
        Ok(bytes)
    }

    pub(super) fn text(&self, name: &'static str) -> Result<&'a str, DecodeError> {
        let body = self.message(name)?;
        let not_utf8 = |error: std::str::Utf8Error| DecodeError {
            offset: body.at + error.valid_up_to(),
            what: Malformed::NotUtf8 { field: name },
        };
        std::str::from_utf8(&body.bytes[body.at..body.end]).map_err(not_utf8)
    }

    fn wrong_type(&self, field: &'static str, expected: u8) -> DecodeError {
        let found = match self.body {
            Body::Varint(_) => 0,
            Body::Fixed64(_) => 1,
            Body::Bytes(_) => 2,
            Body::Fixed32(_) => 5,
        };
        self.error(Malformed::WrongWireType { field, found, expected })
    }
}

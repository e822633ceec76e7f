//! Values of every kind that serde knows, made up from a seed.

use serde::Serialize;
use serde::ser::{
    Error, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

/// A value, written by the method of that name. Some cannot be written as JSON.
#[derive(Clone, Debug)]
pub(super) enum Document {
    Bool(bool),
    Int(i64),
    Unsigned(u64),
    Wide(i128),
    WideUnsigned(u128),
    Small(i8),
    Float(f64),
    Single(f32),
    Char(char),
    Text(String),
    /// Through `collect_str`.
    Shown(String),
    Bytes(Vec<u8>),
    Unit,
    UnitStruct,
    Absent,
    Present(Box<Document>),
    UnitVariant,
    NewtypeStruct(Box<Document>),
    NewtypeVariant(Box<Document>),
    /// Whether the length is told ahead.
    Sequence(Vec<Document>, bool),
    Tuple(Vec<Document>),
    TupleStruct(Vec<Document>),
    TupleVariant(Vec<Document>),
    Map(Vec<(Document, Document)>, bool),
    Struct(Vec<Document>),
    StructVariant(Vec<Document>),
    /// Fails, with such a message.
    Fails(String),
}

const FIELDS: [&str; 4] = ["first", "<second>", "a \"third\"\u{2028}", ""];

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::Unsigned(value) => serializer.serialize_u64(*value),
            Self::Wide(value) => serializer.serialize_i128(*value),
            Self::WideUnsigned(value) => serializer.serialize_u128(*value),
            Self::Small(value) => serializer.serialize_i8(*value),
            Self::Float(value) => serializer.serialize_f64(*value),
            Self::Single(value) => serializer.serialize_f32(*value),
            Self::Char(value) => serializer.serialize_char(*value),
            Self::Text(value) => serializer.serialize_str(value),
            // In pieces, as an implementation of `Display` writes.
            Self::Shown(value) => match value.char_indices().nth(value.chars().count() / 2) {
                Some((middle, _)) => {
                    let (first, rest) = value.split_at(middle);
                    serializer.collect_str(&format_args!("{first}{rest}"))
                }
                None => serializer.collect_str(""),
            },
            Self::Bytes(value) => serializer.serialize_bytes(value),
            Self::Unit => serializer.serialize_unit(),
            Self::UnitStruct => serializer.serialize_unit_struct("Unit"),
            Self::Absent => serializer.serialize_none(),
            Self::Present(value) => serializer.serialize_some(value),
            Self::UnitVariant => serializer.serialize_unit_variant("Enum", 0, "Unit<&>"),
            Self::NewtypeStruct(value) => serializer.serialize_newtype_struct("Newtype", value),
            Self::NewtypeVariant(value) => {
                serializer.serialize_newtype_variant("Enum", 1, "New\u{2029}type", value)
            }
            Self::Sequence(values, is_told) => {
                let mut sequence = serializer.serialize_seq(is_told.then_some(values.len()))?;
                values.iter().try_for_each(|value| sequence.serialize_element(value))?;
                sequence.end()
            }
            Self::Tuple(values) => {
                let mut tuple = serializer.serialize_tuple(values.len())?;
                values.iter().try_for_each(|value| tuple.serialize_element(value))?;
                tuple.end()
            }
            Self::TupleStruct(values) => {
                let mut tuple = serializer.serialize_tuple_struct("Tuple", values.len())?;
                values.iter().try_for_each(|value| tuple.serialize_field(value))?;
                tuple.end()
            }
            Self::TupleVariant(values) => {
                let length = values.len();
                let mut tuple = serializer.serialize_tuple_variant("Enum", 2, "Tuple", length)?;
                values.iter().try_for_each(|value| tuple.serialize_field(value))?;
                tuple.end()
            }
            Self::Map(entries, is_told) => {
                let mut map = serializer.serialize_map(is_told.then_some(entries.len()))?;
                entries.iter().try_for_each(|(key, value)| map.serialize_entry(key, value))?;
                map.end()
            }
            Self::Struct(values) => {
                let mut fields = serializer.serialize_struct("Struct", values.len())?;
                for (name, value) in FIELDS.iter().zip(values) {
                    fields.serialize_field(name, value)?;
                }
                fields.end()
            }
            Self::StructVariant(values) => {
                let length = values.len();
                let mut fields =
                    serializer.serialize_struct_variant("Enum", 3, "Struct", length)?;
                for (name, value) in FIELDS.iter().zip(values) {
                    fields.serialize_field(name, value)?;
                }
                fields.end()
            }
            Self::Fails(message) => Err(S::Error::custom(message)),
        }
    }
}

/// The generator "xorshift64*".
pub(super) struct Maker(u64);

impl Maker {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        (self.number() >> 32) % limit
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 0
    }

    /// Text with all that has an escape, or might be taken for something that has.
    pub(super) fn text(&mut self) -> String {
        const PIECES: [&str; 20] = [
            "\"",
            "\\",
            "/",
            "\u{8}",
            "\u{c}",
            "\n",
            "\r",
            "\t",
            "<",
            ">",
            "&",
            "\u{2028}",
            "\u{2029}",
            "\u{2027}",
            "\u{7f}",
            "\u{85}",
            "grüße",
            "你好",
            "\u{1F980}",
            "plain text",
        ];
        (0..self.below(9))
            .map(|_| match self.below(24) {
                20 => char::from(self.below(32) as u8).to_string(),
                21 => char::from(self.below(128) as u8).to_string(),
                22 => {
                    char::from_u32(self.below(0x11_0000) as u32).unwrap_or('\u{E000}').to_string()
                }
                23 => "x".repeat(self.below(300) as usize),
                piece => PIECES[piece as usize].to_owned(),
            })
            .collect()
    }

    fn float(&mut self) -> f64 {
        const KNOWN: [f64; 16] = [
            0.0,
            -0.0,
            1.0,
            0.1,
            1e16,
            1e17,
            1e21,
            1e-7,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            f64::EPSILON,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            9_007_199_254_740_993.0,
        ];
        match self.below(20) {
            known @ 0..16 => KNOWN[known as usize],
            16 | 17 => self.number() as f64 / 1000.0,
            _ => f64::from_bits(self.number()),
        }
    }

    /// One without parts.
    fn leaf(&mut self) -> Document {
        match self.below(18) {
            0 => Document::Bool(self.flag()),
            1 => Document::Int(self.number() as i64 >> self.below(64)),
            2 => Document::Unsigned(self.number() >> self.below(64)),
            3 => {
                let wide = i128::from(self.number() as i64) * i128::from(self.number());
                Document::Wide([wide, i128::MIN, i128::MAX][self.below(3) as usize])
            }
            4 => Document::WideUnsigned([u128::MAX, 0, 1 << 64][self.below(3) as usize]),
            5 => Document::Small(self.number() as i8),
            6 => Document::Float(self.float()),
            7 => Document::Single(self.float() as f32),
            8 => Document::Char(self.text().chars().next().unwrap_or('\0')),
            9..=11 => Document::Text(self.text()),
            12 => Document::Shown(self.text()),
            13 => Document::Bytes(self.text().into_bytes()),
            14 => Document::Unit,
            15 => Document::UnitStruct,
            16 => Document::Absent,
            _ => Document::UnitVariant,
        }
    }

    /// What an object has as a key: not always a string.
    fn key(&mut self, may_fail: bool) -> Document {
        match self.below(16) {
            0..=6 => Document::Text(self.text()),
            7 => Document::Int(self.number() as i64),
            8 => Document::Unsigned(self.number()),
            9 => Document::Bool(self.flag()),
            10 => Document::Char(self.text().chars().next().unwrap_or('k')),
            11 => Document::UnitVariant,
            12 => Document::NewtypeStruct(Box::new(Document::Shown(self.text()))),
            13 => Document::Present(Box::new(Document::Wide(i128::MIN))),
            14 => Document::Small(self.number() as i8),
            _ if may_fail => self.document(1, true),
            _ => Document::Single(0.5),
        }
    }

    fn parts(&mut self, most: u64, depth: u32, may_fail: bool) -> Vec<Document> {
        (0..self.below(most + 1)).map(|_| self.document(depth - 1, may_fail)).collect()
    }

    /// Any value, that deep at the most. `may_fail`: even one that is no JSON.
    pub(super) fn document(&mut self, depth: u32, may_fail: bool) -> Document {
        if depth == 0 {
            return self.leaf();
        }
        if may_fail && self.below(60) == 0 {
            return Document::Fails(self.text());
        }
        match self.below(13) {
            0 | 1 => self.leaf(),
            2 => Document::Present(Box::new(self.document(depth - 1, may_fail))),
            3 => Document::NewtypeStruct(Box::new(self.document(depth - 1, may_fail))),
            4 => Document::NewtypeVariant(Box::new(self.document(depth - 1, may_fail))),
            5 => Document::Sequence(self.parts(8, depth, may_fail), self.flag()),
            6 => Document::Tuple(self.parts(4, depth, may_fail)),
            7 => Document::TupleStruct(self.parts(4, depth, may_fail)),
            8 => Document::TupleVariant(self.parts(4, depth, may_fail)),
            9 | 10 => {
                let values = self.parts(6, depth, may_fail);
                let entries = values.into_iter().map(|value| (self.key(may_fail), value));
                Document::Map(entries.collect(), self.flag())
            }
            11 => Document::Struct(self.parts(4, depth, may_fail)),
            _ => Document::StructVariant(self.parts(4, depth, may_fail)),
        }
    }
}

//! The operators with the types of their arguments and results.
//!
//! Types are compared only where they are certain: [`Type::Value`] fits every place and takes every value,
//! and branches of different types make a [`Type::Value`] (recipe 3.5).

use std::fmt;

/// The type of a value, as far as it is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// Any of them; known only when features are there.
    Value,
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// A text.
    String,
    /// An object.
    Object,
    /// An array.
    Array(ArrayType),
}

/// What is known of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArrayType {
    /// The type of all elements.
    pub item: Item,
    /// The number of elements, when it is certain.
    pub length: Option<u64>,
}

/// The type of the elements of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Item {
    /// Any, or several.
    Value,
    /// Booleans.
    Boolean,
    /// Numbers.
    Number,
    /// Texts.
    String,
}

impl Type {
    /// An array of which nothing else is known.
    pub const ARRAY: Self = Self::Array(ArrayType { item: Item::Value, length: None });

    /// Whether a value of this type may turn out to be one of `expected`.
    #[must_use]
    pub fn fits(self, expected: Self) -> bool {
        match (self, expected) {
            (Self::Value, _) | (_, Self::Value) | (Self::Array(_), Self::Array(_)) => true,
            (found, expected) => found == expected,
        }
    }

    /// Returns the type of a value that is of one of two types.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (a, b) if a == b => a,
            (Self::Array(a), Self::Array(b)) if a.item == b.item => {
                Self::Array(ArrayType { item: a.item, length: None })
            }
            (Self::Array(_), Self::Array(_)) => Self::ARRAY,
            _ => Self::Value,
        }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value => f.write_str("value"),
            Self::Null => f.write_str("null"),
            Self::Boolean => f.write_str("boolean"),
            Self::Number => f.write_str("number"),
            Self::String => f.write_str("string"),
            Self::Object => f.write_str("object"),
            Self::Array(array) => array.fmt(f),
        }
    }
}

impl fmt::Display for ArrayType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.item, self.length) {
            (Item::Value, None) => f.write_str("array"),
            (item, None) => write!(f, "array<{}>", item.name()),
            (item, Some(length)) => write!(f, "array<{}, {length}>", item.name()),
        }
    }
}

impl Item {
    /// Returns the name as recipes spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Value => "value",
            Self::Boolean => "boolean",
            Self::Number => "number",
            Self::String => "string",
        }
    }
}

/// How the arguments of an operator are read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Form {
    /// One of several fixed lists of types, each of another length.
    Fixed(&'static [&'static [Type]]),
    /// Any number of one type.
    Every(Type),
    /// Two values that can be compared for being equal.
    Equal,
    /// Two numbers or two texts.
    Order,
    /// One value or more, of which the first that fits is taken.
    FirstOf,
    /// One value that converts always.
    Convert,
    /// `array`: perhaps a type, perhaps a length, a value.
    Array,
    /// A JSON value.
    Literal,
    /// `at`: a number and an array.
    At,
    /// `length`: a text or an array.
    Length,
    /// `in`: a value, and a text or an array.
    In,
    /// `index-of`: a value, a text or an array, perhaps a number.
    IndexOf,
    /// `slice`: a text or an array, one or two numbers.
    Slice,
    /// `case`.
    Case,
    /// `match`.
    Match,
    /// `step`.
    Step,
    /// `interpolate`.
    Interpolate,
    /// `let`.
    Let,
    /// `var`.
    Var,
}

/// What the checker knows of an operator.
#[derive(Debug, PartialEq)]
pub(super) struct Operator {
    pub op: Op,
    pub form: Form,
    pub result: Type,
}

const NUMBER: Type = Type::Number;
const STRING: Type = Type::String;
const TO_NUMBER: &[&[Type]] = &[&[NUMBER]];
const TWO_NUMBERS: &[&[Type]] = &[&[NUMBER, NUMBER]];
const NOTHING: &[&[Type]] = &[&[]];
const LOOK_UP: &[&[Type]] = &[&[STRING], &[STRING, Type::Object]];

macro_rules! operators {
    ($($op:ident $name:literal $form:expr => $result:expr;)+) => {
        /// An operator of the language.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Op {
            $(#[doc = concat!("`", $name, "`")] $op,)+
        }

        impl Op {
            /// All operators.
            pub const ALL: &[Self] = &[$(Self::$op,)+];

            /// Returns the name as recipes spell it.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$op => $name,)+ }
            }
        }

        static OPERATORS: &[Operator] = &[$(Operator { op: Op::$op, form: $form, result: $result },)+];
    };
}

operators! {
    AssertArray "array" Form::Array => Type::ARRAY;
    AssertBoolean "boolean" Form::FirstOf => Type::Boolean;
    AssertNumber "number" Form::FirstOf => NUMBER;
    AssertObject "object" Form::FirstOf => Type::Object;
    AssertString "string" Form::FirstOf => STRING;
    TypeOf "typeof" Form::Fixed(&[&[Type::Value]]) => STRING;
    ToBoolean "to-boolean" Form::Convert => Type::Boolean;
    ToNumber "to-number" Form::FirstOf => NUMBER;
    ToString "to-string" Form::Convert => STRING;
    Literal "literal" Form::Literal => Type::Value;
    GeometryType "geometry-type" Form::Fixed(NOTHING) => STRING;
    Id "id" Form::Fixed(NOTHING) => Type::Value;
    Properties "properties" Form::Fixed(NOTHING) => Type::Object;
    At "at" Form::At => Type::Value;
    Get "get" Form::Fixed(LOOK_UP) => Type::Value;
    Has "has" Form::Fixed(LOOK_UP) => Type::Boolean;
    Length "length" Form::Length => NUMBER;
    Equal "==" Form::Equal => Type::Boolean;
    NotEqual "!=" Form::Equal => Type::Boolean;
    Less "<" Form::Order => Type::Boolean;
    Greater ">" Form::Order => Type::Boolean;
    LessOrEqual "<=" Form::Order => Type::Boolean;
    GreaterOrEqual ">=" Form::Order => Type::Boolean;
    Not "!" Form::Fixed(&[&[Type::Boolean]]) => Type::Boolean;
    All "all" Form::Every(Type::Boolean) => Type::Boolean;
    Any "any" Form::Every(Type::Boolean) => Type::Boolean;
    Case "case" Form::Case => Type::Value;
    Coalesce "coalesce" Form::FirstOf => Type::Value;
    Match "match" Form::Match => Type::Value;
    Step "step" Form::Step => Type::Value;
    Let "let" Form::Let => Type::Value;
    Var "var" Form::Var => Type::Value;
    Concat "concat" Form::Every(Type::Value) => STRING;
    Downcase "downcase" Form::Fixed(&[&[STRING]]) => STRING;
    Upcase "upcase" Form::Fixed(&[&[STRING]]) => STRING;
    Add "+" Form::Every(NUMBER) => NUMBER;
    Multiply "*" Form::Every(NUMBER) => NUMBER;
    Subtract "-" Form::Fixed(&[&[NUMBER, NUMBER], &[NUMBER]]) => NUMBER;
    Divide "/" Form::Fixed(TWO_NUMBERS) => NUMBER;
    Remainder "%" Form::Fixed(TWO_NUMBERS) => NUMBER;
    Power "^" Form::Fixed(TWO_NUMBERS) => NUMBER;
    Min "min" Form::Every(NUMBER) => NUMBER;
    Max "max" Form::Every(NUMBER) => NUMBER;
    Abs "abs" Form::Fixed(TO_NUMBER) => NUMBER;
    Ceil "ceil" Form::Fixed(TO_NUMBER) => NUMBER;
    Floor "floor" Form::Fixed(TO_NUMBER) => NUMBER;
    Sqrt "sqrt" Form::Fixed(TO_NUMBER) => NUMBER;
    Round "round" Form::Fixed(TO_NUMBER) => NUMBER;
    Ln "ln" Form::Fixed(TO_NUMBER) => NUMBER;
    Log10 "log10" Form::Fixed(TO_NUMBER) => NUMBER;
    Log2 "log2" Form::Fixed(TO_NUMBER) => NUMBER;
    Sin "sin" Form::Fixed(TO_NUMBER) => NUMBER;
    Cos "cos" Form::Fixed(TO_NUMBER) => NUMBER;
    Tan "tan" Form::Fixed(TO_NUMBER) => NUMBER;
    Asin "asin" Form::Fixed(TO_NUMBER) => NUMBER;
    Acos "acos" Form::Fixed(TO_NUMBER) => NUMBER;
    Atan "atan" Form::Fixed(TO_NUMBER) => NUMBER;
    E "e" Form::Fixed(NOTHING) => NUMBER;
    Ln2 "ln2" Form::Fixed(NOTHING) => NUMBER;
    Pi "pi" Form::Fixed(NOTHING) => NUMBER;
    Zoom "zoom" Form::Fixed(NOTHING) => NUMBER;
    In "in" Form::In => Type::Boolean;
    IndexOf "index-of" Form::IndexOf => NUMBER;
    Slice "slice" Form::Slice => Type::Value;
    Interpolate "interpolate" Form::Interpolate => NUMBER;
}

impl Op {
    /// Whether the recipe reference lists the operator (recipe 3.3); the others are 3.4.
    #[must_use]
    pub const fn is_documented(self) -> bool {
        !matches!(self, Self::In | Self::IndexOf | Self::Slice | Self::Interpolate)
    }
}

/// Returns the operator of this name.
pub(super) fn operator(name: &str) -> Option<&'static Operator> {
    OPERATORS.iter().find(|operator| operator.op.name() == name)
}

/// Returns the lists of types in the manner of faults: `(string) | (string, object)`.
pub(super) fn signatures(lists: &[&[Type]]) -> String {
    let lists: Vec<String> = lists.iter().map(|list| signature(list)).collect();
    lists.join(" | ")
}

/// Returns one list of types in the manner of faults: `(string, object)`.
pub(super) fn signature(types: &[Type]) -> String {
    let types: Vec<String> = types.iter().map(Type::to_string).collect();
    format!("({})", types.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_certain_types_are_compared() {
        assert!(Type::Value.fits(Type::Boolean) && Type::String.fits(Type::Value));
        assert!(!Type::Null.fits(Type::String) && !Type::ARRAY.fits(Type::Object));
    }

    #[test]
    fn branches_of_two_types_are_a_value() {
        let of = |item, length| Type::Array(ArrayType { item, length });
        assert_eq!(Type::Number.or(Type::Number), Type::Number);
        assert_eq!(Type::Number.or(Type::Null), Type::Value);
        assert_eq!(of(Item::Number, Some(2)).or(of(Item::Number, Some(3))), of(Item::Number, None));
        assert_eq!(of(Item::Number, Some(2)).or(of(Item::String, Some(2))), Type::ARRAY);
    }

    #[test]
    fn types_are_spelled_as_in_faults() {
        let of = |item, length| Type::Array(ArrayType { item, length }).to_string();
        assert_eq!(of(Item::Value, None), "array");
        assert_eq!(of(Item::String, None), "array<string>");
        assert_eq!(of(Item::Number, Some(3)), "array<number, 3>");
        assert_eq!(signatures(LOOK_UP), "(string) | (string, object)");
    }

    #[test]
    fn every_operator_is_found_by_its_name() {
        for op in Op::ALL {
            assert_eq!(operator(op.name()).map(|found| found.op), Some(*op));
        }
    }
}

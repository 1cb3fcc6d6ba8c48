//! What was written: JSON as a flat list of values, each with its place in the file.
//!
//! In:     the bytes of a file.
//! Out:    a [`Document`], read through [`Value`]s; or the first [`SyntaxError`](crate::SyntaxError).
//! Keeps:  the span of every value and key; members in document order; of equal keys the last value, in
//!         the place of the first (as readers written in JavaScript do).
//! Source: RFC 8259; texts that are not JSON are refused at the byte where they leave it.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

mod parse;

pub use parse::parse;

/// How deep arrays and objects may be nested, levels.
///
/// Recipes of people stay below 30. The bound also keeps the [`serde_json::Value`] of the report
/// small enough for the recursion with which it is dropped and written.
pub const NESTING_MAX: usize = 512;

/// How large a recipe may be, bytes.
pub const RECIPE_BYTES_MAX: usize = 16 << 20;

/// A JSON text, read; values stand in document order, each before its children.
///
/// ```text
/// {"a": [1, 2], "b": null}
///
/// node     0 {}    1 []    2 1    3 2    4 null
/// after    5       4       3      4      5        the node behind the last child
/// parent   -       0       1      1      0
/// ```
#[derive(Debug)]
pub struct Document<'a> {
    text: &'a str,
    nodes: Vec<Node<'a>>,
    duplicates: Vec<NodeId>,
}

/// The number of a value in its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u32);

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind<'a> {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, finite; its text is [`Value::text`].
    Number(f64),
    /// A string, unescaped.
    String(Cow<'a, str>),
    /// An array, see [`Value::items`].
    Array,
    /// An object, see [`Value::members`].
    Object,
}

#[derive(Debug)]
struct Node<'a> {
    kind: Kind<'a>,
    span: Range<usize>,
    key: Option<Key<'a>>,
    parent: u32,
    position: u32,
    after: u32,
    standing: Standing,
}

#[derive(Debug)]
struct Key<'a> {
    text: Cow<'a, str>,
    span: Range<usize>,
}

/// What the keys beside it make of a member.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Standing {
    /// The key occurs once, or this is no member.
    Single,
    /// The first of equal keys: this later value takes its place.
    ReplacedBy(u32),
    /// A later one of equal keys.
    Repeated,
}

impl<'a> Document<'a> {
    /// Returns the outermost value.
    #[must_use]
    pub fn root(&self) -> Value<'_, 'a> {
        self.value(NodeId(0))
    }

    /// Returns the value with this number.
    ///
    /// # Panics
    ///
    /// When the number comes from a larger document.
    #[must_use]
    pub fn value(&self, id: NodeId) -> Value<'_, 'a> {
        assert!((id.0 as usize) < self.nodes.len(), "a value of another document");
        Value { document: self, id }
    }

    /// Returns the members whose key stood in the object before, in document order of the objects' ends.
    /// What stands in a value that is replaced itself is not among them.
    pub fn duplicates(&self) -> impl Iterator<Item = Value<'_, 'a>> {
        let counts = if self.duplicates.is_empty() { Vec::new() } else { self.counting() };
        let is_in_use = move |id: &NodeId| counts[self.node(id.0).parent as usize];
        self.duplicates.iter().copied().filter(is_in_use).map(|id| self.value(id))
    }

    /// Says of every value whether a reader of the document comes to it.
    fn counting(&self) -> Vec<bool> {
        let mut counts = vec![false; self.nodes.len()];
        let mut todo = vec![self.root()];
        while let Some(value) = todo.pop() {
            counts[value.id.0 as usize] = true;
            todo.extend(value.items());
            todo.extend(value.members().map(|member| member.value));
        }
        counts
    }

    fn node(&self, idx: u32) -> &Node<'a> {
        &self.nodes[idx as usize]
    }
}

/// A value of a document.
#[derive(Clone, Copy, Debug)]
pub struct Value<'d, 'a> {
    document: &'d Document<'a>,
    id: NodeId,
}

/// A member of an object.
#[derive(Clone, Copy, Debug)]
pub struct Member<'d, 'a> {
    /// The key, unescaped.
    pub key: &'d str,
    /// The value.
    pub value: Value<'d, 'a>,
}

impl<'d, 'a> Value<'d, 'a> {
    /// Returns the number of the value in its document.
    #[must_use]
    pub fn id(self) -> NodeId {
        self.id
    }

    /// Returns another value of the same document.
    ///
    /// # Panics
    ///
    /// When the number comes from a larger document.
    #[must_use]
    pub fn other(self, id: NodeId) -> Self {
        self.document.value(id)
    }

    /// Returns what the value is.
    #[must_use]
    pub fn kind(self) -> &'d Kind<'a> {
        &self.node().kind
    }

    /// Returns the bytes of the value in the text.
    #[must_use]
    pub fn span(self) -> Range<usize> {
        self.node().span.clone()
    }

    /// Returns the bytes of the key with its quotes, or nothing when the value is no member.
    #[must_use]
    pub fn key_span(self) -> Option<Range<usize>> {
        self.node().key.as_ref().map(|key| key.span.clone())
    }

    /// Returns the value as it was written.
    #[must_use]
    pub fn text(self) -> &'d str {
        &self.document.text[self.span()]
    }

    /// Returns the number, when the value is one.
    #[must_use]
    pub fn as_f64(self) -> Option<f64> {
        if let Kind::Number(number) = self.kind() { Some(*number) } else { None }
    }

    /// Returns the whole number, when the value is one within ±2^53; `5.0` and `5e0` are 5.
    #[must_use]
    pub fn as_integer(self) -> Option<i64> {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        self.as_f64()
            .filter(|number| number.fract() == 0.0 && number.abs() <= EXACT)
            .map(|number| number as i64)
    }

    /// Returns the text, when the value is a string.
    #[must_use]
    pub fn as_str(self) -> Option<&'d str> {
        if let Kind::String(text) = self.kind() { Some(text) } else { None }
    }

    /// Returns `true` or `false`, when the value is one of them.
    #[must_use]
    pub fn as_bool(self) -> Option<bool> {
        if let Kind::Bool(value) = self.kind() { Some(*value) } else { None }
    }

    /// Whether the value is an array.
    #[must_use]
    pub fn is_array(self) -> bool {
        matches!(self.kind(), Kind::Array)
    }

    /// Whether the value is an object.
    #[must_use]
    pub fn is_object(self) -> bool {
        matches!(self.kind(), Kind::Object)
    }

    /// Returns the elements of an array; nothing of other values.
    pub fn items(self) -> impl Iterator<Item = Self> {
        self.children().take_while(move |_| self.is_array())
    }

    /// Returns the members of an object, each key once; nothing of other values.
    pub fn members(self) -> impl Iterator<Item = Member<'d, 'a>> {
        self.children().filter_map(move |child| {
            let node = child.node();
            let key = node.key.as_ref()?;
            let value = match node.standing {
                Standing::Single => child,
                Standing::ReplacedBy(last) => Self { id: NodeId(last), ..self },
                Standing::Repeated => return None,
            };
            Some(Member { key: &key.text, value })
        })
    }

    /// Returns the member with this key.
    #[must_use]
    pub fn member(self, key: &str) -> Option<Self> {
        self.members().find(|member| member.key == key).map(|member| member.value)
    }

    /// Returns the value in words: short ones as they were written, others by what they are.
    #[must_use]
    pub fn describe(self) -> String {
        const CHARS_MAX: usize = 60;
        let text = self.text();
        let is_short = text.chars().take(CHARS_MAX + 1).count() <= CHARS_MAX && !text.contains('\n');
        match self.kind() {
            _ if is_short => text.to_owned(),
            Kind::Array => format!("an array of {}", counted(self.items().count(), "element")),
            Kind::Object => format!("an object of {}", counted(self.members().count(), "member")),
            _ => format!("{}…", text.chars().take(CHARS_MAX).collect::<String>()),
        }
    }

    /// Returns what `typeof` gives in JavaScript, as faults of expressions name kinds.
    #[must_use]
    pub fn type_of(self) -> &'static str {
        match self.kind() {
            Kind::Bool(_) => "boolean",
            Kind::Number(_) => "number",
            Kind::String(_) => "string",
            Kind::Null | Kind::Array | Kind::Object => "object",
        }
    }

    /// Returns the place as a JSON pointer (RFC 6901); empty for the outermost value.
    #[must_use]
    pub fn pointer(self) -> String {
        let mut way = Vec::new();
        let mut idx = self.id.0;
        while idx != 0 {
            way.push(idx);
            idx = self.document.node(idx).parent;
        }
        let mut pointer = String::new();
        for idx in way.into_iter().rev() {
            let node = self.document.node(idx);
            pointer.push('/');
            match &node.key {
                Some(key) => pointer.push_str(&key.text.replace('~', "~0").replace('/', "~1")),
                // Writing to a string cannot fail.
                None => drop(write!(pointer, "{}", node.position)),
            }
        }
        pointer
    }

    /// Returns the value without its places.
    ///
    /// Goes through the nodes from the last to the first, so that children are ready before their parent.
    #[must_use]
    pub fn to_json(self) -> serde_json::Value {
        let first = self.id.0;
        let last = self.node().after;
        let mut ready: Vec<serde_json::Value> = vec![serde_json::Value::Null; (last - first) as usize];
        for idx in (first..last).rev() {
            let value = Self { id: NodeId(idx), ..self };
            let made = match value.kind() {
                Kind::Null => serde_json::Value::Null,
                Kind::Bool(flag) => (*flag).into(),
                Kind::Number(number) => value.to_number(*number),
                Kind::String(text) => text.as_ref().into(),
                Kind::Array => value.items().map(|item| ready[(item.id.0 - first) as usize].take()).collect(),
                Kind::Object => value
                    .members()
                    .map(|member| {
                        let made = ready[(member.value.id.0 - first) as usize].take();
                        (member.key.to_owned(), made)
                    })
                    .collect(),
            };
            ready[(idx - first) as usize] = made;
        }
        ready.swap_remove(0)
    }

    /// Returns the number with the type that its text has: whole numbers of 64 bits stay exact.
    fn to_number(self, number: f64) -> serde_json::Value {
        let text = self.text();
        if let Ok(whole) = text.parse::<i64>() {
            return whole.into();
        }
        text.parse::<u64>().map_or_else(|_| number.into(), Into::into)
    }

    fn children(self) -> impl Iterator<Item = Self> {
        let after = self.node().after;
        let mut idx = self.id.0 + 1;
        std::iter::from_fn(move || {
            let child = (idx < after).then_some(Self { id: NodeId(idx), ..self })?;
            idx = child.node().after;
            Some(child)
        })
    }

    fn node(self) -> &'d Node<'a> {
        self.document.node(self.id.0)
    }
}

/// Returns a number with its noun.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lists pointer, key and text of every value that can be reached.
    fn check(text: &str, expected: &[(&str, &str)]) {
        let document = parse(text.as_bytes()).unwrap();
        let mut found = Vec::new();
        let mut todo = vec![document.root()];
        while let Some(value) = todo.pop() {
            found.push((value.pointer(), value.text()));
            let mut children: Vec<_> = value.items().collect();
            children.extend(value.members().map(|member| member.value));
            todo.extend(children.into_iter().rev());
        }
        let found: Vec<_> = found.iter().map(|(pointer, text)| (pointer.as_str(), *text)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn every_value_knows_its_pointer_and_its_text() {
        check(
            r#" {"a": [1, {"b/c": -2.50}], "d~": "x"} "#,
            &[
                ("", r#"{"a": [1, {"b/c": -2.50}], "d~": "x"}"#),
                ("/a", r#"[1, {"b/c": -2.50}]"#),
                ("/a/0", "1"),
                ("/a/1", r#"{"b/c": -2.50}"#),
                ("/a/1/b~1c", "-2.50"),
                ("/d~0", r#""x""#),
            ],
        );
    }

    #[test]
    fn last_of_equal_keys_wins_in_the_place_of_the_first() {
        check(
            r#"{"a": 1, "b": 2, "a": [3], "a": [4]}"#,
            &[("", r#"{"a": 1, "b": 2, "a": [3], "a": [4]}"#), ("/a", "[4]"), ("/a/0", "4"), ("/b", "2")],
        );
        let document = parse(br#"{"a": 1, "b": 2, "a": [3], "a": [4]}"#).unwrap();
        let repeated: Vec<_> = document.duplicates().map(Value::text).collect();
        assert_eq!(repeated, ["[3]", "[4]"]);
        assert_eq!(document.root().to_json().to_string(), r#"{"a":[4],"b":2}"#);
    }

    #[test]
    fn equal_keys_in_a_replaced_value_do_not_count() {
        let document = parse(br#"{"a": {"b": 1, "b": 2}, "a": {"c": 3, "c": 4}}"#).unwrap();
        let repeated: Vec<_> = document.duplicates().map(Value::text).collect();
        assert_eq!(repeated, ["4", r#"{"c": 3, "c": 4}"#]);
    }

    #[test]
    fn key_span_holds_the_quotes() {
        let document = parse(br#"{"ab": 1}"#).unwrap();
        assert_eq!(document.root().member("ab").unwrap().key_span(), Some(1..5));
        assert_eq!(document.root().key_span(), None);
    }

    #[test]
    fn whole_numbers_are_whole_however_they_are_written() {
        let document = parse(b"[5, 5.0, 50e-1, -0, 5.5, 1e300, \"5\", 18446744073709551615]").unwrap();
        let found: Vec<_> = document.root().items().map(Value::as_integer).collect();
        assert_eq!(found, [Some(5), Some(5), Some(5), Some(0), None, None, None, None]);
        assert_eq!(
            document.root().to_json().to_string(),
            "[5,5.0,5.0,0,5.5,1e+300,\"5\",18446744073709551615]"
        );
    }
}

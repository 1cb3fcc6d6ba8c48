//! Reads and types an expression in one walk, with a stack of its own.
//!
//! Goes left to right: arguments before the operator where the operator needs their types. The first fault
//! ends the walk, so an expression has one fault at most (recipe 3.5).

use std::collections::BTreeMap;

use super::arguments::{Notes, check_form, labels, stop, variable};
use super::types::{ArrayType, Form, Item, Operator, Type, operator, signature, signatures};
use super::{Expression, Label, Node, Op, Term, TermId};
use crate::raw::{self, Kind};
use crate::suggest::did_you_mean;

/// What is wrong inside an expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// The exact text of the wire.
    pub reason: String,
    /// The value to look at.
    pub at: raw::NodeId,
    /// What stands there.
    pub found: String,
    /// What may stand there.
    pub expected: String,
    /// What to do, when that can be told.
    pub hint: Option<String>,
}

/// Reads `value` as an expression that gives `expected`; `is_known` chooses the operators of the language.
///
/// # Errors
///
/// The first fault, left to right.
pub(crate) fn parse(
    value: raw::Value<'_, '_>,
    expected: Type,
    is_known: fn(Op) -> bool,
) -> Result<Expression, Fault> {
    let mut parser = Parser { nodes: Vec::new(), scope: BTreeMap::new(), is_known };
    let mut stack: Vec<Frame<'_, '_>> = Vec::new();
    let mut next = value;
    loop {
        let mut made = match parser.begin(next)? {
            Begun::Whole(id) => Some(id),
            Begun::Open(frame) => {
                stack.push(*frame);
                None
            }
        };
        loop {
            let Some(frame) = stack.last_mut() else {
                parser.check_type(value, parser.last(), expected)?;
                return Ok(Expression { nodes: parser.nodes });
            };
            if let Some(id) = made.take() {
                parser.accept(frame, id)?;
            }
            if let Some(argument) = parser.advance(frame)? {
                next = argument;
                break;
            }
            made = Some(parser.finish(frame)?);
            stack.pop();
        }
    }
}

struct Parser<'d> {
    nodes: Vec<Node>,
    scope: BTreeMap<&'d str, Vec<TermId>>,
    is_known: fn(Op) -> bool,
}

enum Begun<'d, 'a> {
    Whole(TermId),
    Open(Box<Frame<'d, 'a>>),
}

/// An operator whose arguments are being read.
struct Frame<'d, 'a> {
    value: raw::Value<'d, 'a>,
    operator: &'static Operator,
    args: Vec<raw::Value<'d, 'a>>,
    /// The number of the next argument.
    next: usize,
    /// The arguments that are expressions, read.
    taken: Vec<TermId>,
    notes: Notes<'d>,
}

impl<'d, 'a> Parser<'d> {
    fn last(&self) -> TermId {
        TermId(self.nodes.len() as u32 - 1)
    }

    fn type_of(&self, id: TermId) -> Type {
        self.nodes[id.0 as usize].result
    }

    fn push(&mut self, origin: raw::Value<'d, 'a>, term: Term, result: Type) -> TermId {
        self.nodes.push(Node { term, result, origin: origin.id() });
        self.last()
    }

    fn begin(&mut self, value: raw::Value<'d, 'a>) -> Result<Begun<'d, 'a>, Fault> {
        match value.kind() {
            Kind::Array => self.open(value),
            Kind::Object => {
                let reason = "Bare objects invalid. Use [\"literal\", {...}] instead.";
                Err(fault(value, reason, "an expression"))
            }
            _ => Ok(Begun::Whole(self.literal(value, value))),
        }
    }

    fn literal(&mut self, origin: raw::Value<'d, 'a>, value: raw::Value<'d, 'a>) -> TermId {
        self.push(origin, Term::Literal(constant(value)), type_of_constant(value))
    }

    fn open(&mut self, value: raw::Value<'d, 'a>) -> Result<Begun<'d, 'a>, Fault> {
        let mut items = value.items();
        let Some(head) = items.next() else {
            let reason = "Expected an array with at least one element. \
                          If you wanted a literal array, use [\"literal\", []].";
            return Err(fault(value, reason, "an operator and its arguments"));
        };
        let Some(name) = head.as_str() else {
            let reason = format!(
                "Expression name must be a string, but found {} instead. \
                 If you wanted a literal array, use [\"literal\", [...]].",
                head.type_of()
            );
            return Err(fault(head, reason, "the name of an operator").with_hint(infix_hint(value)));
        };
        let Some(operator) = operator(name).filter(|operator| (self.is_known)(operator.op)) else {
            let reason = format!(
                "Unknown expression \"{name}\". If you wanted a literal array, use [\"literal\", [...]]."
            );
            return Err(fault(head, reason, "an operator of recipes").with_hint(self.operator_hint(name)));
        };
        let args: Vec<_> = items.collect();
        match operator.form {
            Form::Literal => self.literal_call(value, &args).map(Begun::Whole),
            Form::Var => self.var(value, &args).map(Begun::Whole),
            form => {
                let notes = check_form(form, operator.op, value, &args)?;
                let next = match form {
                    Form::Array => args.len() - 1,
                    Form::Interpolate => 1,
                    _ => 0,
                };
                Ok(Begun::Open(Box::new(Frame { value, operator, args, next, taken: Vec::new(), notes })))
            }
        }
    }

    fn literal_call(
        &mut self,
        value: raw::Value<'d, 'a>,
        args: &[raw::Value<'d, 'a>],
    ) -> Result<TermId, Fault> {
        let [argument] = args else {
            let reason = format!(
                "'literal' expression requires exactly one argument, but found {} instead.",
                args.len()
            );
            return Err(fault(value, reason, "one JSON value"));
        };
        Ok(self.literal(value, *argument))
    }

    fn var(&mut self, value: raw::Value<'d, 'a>, args: &[raw::Value<'d, 'a>]) -> Result<TermId, Fault> {
        let ([argument], Some(name)) = (args, args.first().and_then(|argument| argument.as_str())) else {
            let reason = "'var' expression requires exactly one string literal argument.";
            return Err(fault(value, reason, "one name"));
        };
        let Some(bound) = self.scope.get(name).and_then(|bound| bound.last()).copied() else {
            let reason = format!(
                "Unknown variable \"{name}\". \
                 Make sure \"{name}\" has been bound in an enclosing \"let\" expression before using it."
            );
            let hint = did_you_mean(name, self.scope.keys().copied());
            return Err(fault(*argument, reason, "a name bound around it").with_hint(hint));
        };
        let result = self.type_of(bound);
        Ok(self.push(value, Term::Var { value: bound }, result))
    }

    fn operator_hint(&self, name: &str) -> Option<String> {
        if let "accumulated" | "feature-state" | "heatmap-density" | "line-progress" = name {
            return Some("this operator exists in map styles only".to_owned());
        }
        let known = Op::ALL.iter().filter(|op| (self.is_known)(**op)).map(|op| op.name());
        old_filter_hint(name).or_else(|| did_you_mean(name, known))
    }

    /// Checks the arguments that are not expressions; returns the next one that is.
    fn advance(&mut self, frame: &mut Frame<'d, 'a>) -> Result<Option<raw::Value<'d, 'a>>, Fault> {
        while let Some(argument) = frame.args.get(frame.next).copied() {
            let (idx, last) = (frame.next, frame.args.len() - 1);
            frame.next += 1;
            let is_odd = idx % 2 == 1;
            match &mut frame.notes {
                Notes::Labels { groups, seen, kind } if is_odd && idx != last => {
                    groups.push(labels(argument, seen, kind)?);
                }
                Notes::Stops { stops, .. } if !is_odd && idx != 0 => {
                    stops.push(stop(frame.operator.op, argument, stops.last().copied())?);
                }
                Notes::Names(names) if !is_odd && idx != last => names.push(variable(argument)?),
                Notes::Names(names) if idx == last => {
                    for (name, value) in names.iter().zip(&frame.taken) {
                        self.scope.entry(name).or_default().push(*value);
                    }
                    return Ok(Some(argument));
                }
                _ => return Ok(Some(argument)),
            }
        }
        Ok(None)
    }

    /// Takes an argument that was read, when its type is legal there.
    fn accept(&self, frame: &mut Frame<'d, 'a>, id: TermId) -> Result<(), Fault> {
        let idx = frame.next - 1;
        let argument = frame.args[idx];
        self.check_type(argument, id, frame.expected(idx))?;
        let found = self.type_of(id);
        let name = frame.operator.op.name();
        match (frame.operator.form, idx) {
            (Form::Equal, _) if !is_comparable(found) => return Err(not_comparable(argument, name, found)),
            (Form::Order, _) if !is_ordered(found) => return Err(not_comparable(argument, name, found)),
            (Form::Length, _) if !is_text_or_array(found) => {
                let reason = format!("Expected argument of type string or array, but found {found} instead.");
                return Err(fault(argument, reason, "a string or an array"));
            }
            (Form::In | Form::IndexOf, 0) if !is_comparable(found) => {
                let reason = format!(
                    "Expected first argument to be of type boolean, string, number or null, but found {found} instead"
                );
                return Err(fault(argument, reason, "a boolean, string, number or null"));
            }
            (Form::In | Form::IndexOf, 1) if !is_text_or_array(found) => {
                let reason = format!(
                    "Expected second argument to be of type array or string, but found {found} instead"
                );
                return Err(fault(argument, reason, "an array or a string"));
            }
            (Form::Slice, 0) if !is_text_or_array(found) => {
                let reason = format!(
                    "Expected first argument to be of type array or string, but found {found} instead"
                );
                return Err(fault(argument, reason, "an array or a string"));
            }
            _ => {}
        }
        frame.taken.push(id);
        Ok(())
    }

    /// Makes the step of an operator whose arguments are all there.
    fn finish(&mut self, frame: &mut Frame<'d, 'a>) -> Result<TermId, Fault> {
        let value = frame.value;
        let Operator { op, form, result } = *frame.operator;
        let taken = std::mem::take(&mut frame.taken);
        let notes = std::mem::replace(&mut frame.notes, Notes::None);
        let (term, result) = match (form, notes) {
            (Form::Fixed(lists), Notes::None) => {
                let found: Vec<Type> = taken.iter().map(|id| self.type_of(*id)).collect();
                let reason = format!(
                    "Expected arguments of type {}, but found {} instead.",
                    signatures(lists),
                    signature(&found)
                );
                return Err(fault(value, reason, &signatures(lists)));
            }
            (Form::Order, _) => {
                self.check_order(frame, &taken)?;
                (Term::Call { op, args: taken }, result)
            }
            (Form::Array, Notes::Array(array)) => {
                (Term::Array { array, value: taken[0] }, Type::Array(array))
            }
            (Form::Case, _) => self.case(&taken),
            (Form::Match, Notes::Labels { groups, kind, .. }) => {
                self.check_type(frame.args[0], taken[0], kind.unwrap_or(Type::Value))?;
                self.chosen(&taken, groups)
            }
            (Form::Step, Notes::Stops { stops, .. }) => {
                let result = self.common(&taken[1..]);
                let stops = stops.into_iter().zip(taken[2..].iter().copied()).collect();
                (Term::Step { input: taken[0], below: taken[1], stops }, result)
            }
            (Form::Interpolate, Notes::Stops { base, stops }) => {
                let stops = stops.into_iter().zip(taken[1..].iter().copied()).collect();
                (Term::Interpolate { base, input: taken[0], stops }, result)
            }
            (Form::Let, Notes::Names(names)) => self.bound(&names, taken),
            _ => (Term::Call { op, args: taken }, result),
        };
        Ok(self.push(value, term, result))
    }

    fn case(&self, taken: &[TermId]) -> (Term, Type) {
        let (pairs, otherwise) = taken.as_chunks::<2>();
        let outputs: Vec<TermId> = pairs.iter().map(|[_, output]| *output).chain([otherwise[0]]).collect();
        let branches = pairs.iter().map(|[condition, output]| (*condition, *output)).collect();
        (Term::Case { branches, otherwise: otherwise[0] }, self.common(&outputs))
    }

    fn chosen(&self, taken: &[TermId], groups: Vec<Vec<Label>>) -> (Term, Type) {
        let outputs = &taken[1..];
        let branches = groups.into_iter().zip(outputs.iter().copied()).collect();
        (
            Term::Match { input: taken[0], branches, otherwise: outputs[outputs.len() - 1] },
            self.common(outputs),
        )
    }

    fn bound(&mut self, names: &[&'d str], mut taken: Vec<TermId>) -> (Term, Type) {
        for name in names {
            if let Some(bound) = self.scope.get_mut(name) {
                bound.pop();
            }
        }
        let body = taken.pop().unwrap_or(self.last());
        let result = self.type_of(body);
        (Term::Let { values: taken, body }, result)
    }

    /// Returns the type of a value that one of `outputs` gives.
    fn common(&self, outputs: &[TermId]) -> Type {
        let types = outputs.iter().map(|id| self.type_of(*id));
        types.reduce(Type::or).unwrap_or(Type::Value)
    }

    fn check_type(&self, value: raw::Value<'d, 'a>, id: TermId, expected: Type) -> Result<(), Fault> {
        let found = self.type_of(id);
        if found.fits(expected) {
            return Ok(());
        }
        let is_quoted_number = value.as_str().is_some_and(|text| text.trim().parse::<f64>().is_ok());
        let hint = (expected == Type::Number && is_quoted_number).then(|| "remove the quotes".to_owned());
        let reason = format!("Expected {expected} but found {found} instead.");
        Err(fault(value, reason, &with_article(expected)).with_hint(hint))
    }

    fn check_order(&self, frame: &Frame<'d, 'a>, taken: &[TermId]) -> Result<(), Fault> {
        let [left, right] = [self.type_of(taken[0]), self.type_of(taken[1])];
        if left.fits(right) {
            return Ok(());
        }
        let names_zoom = frame.args.iter().any(|argument| argument.as_str() == Some("zoom"));
        let hint = match frame.args.iter().find_map(|argument| argument.as_str()) {
            Some(_) if names_zoom => Some("write [\"zoom\"] for the zoom".to_owned()),
            Some(text) if text.parse::<f64>().is_ok() => Some("remove the quotes".to_owned()),
            Some(text) => Some(format!("write [\"get\", \"{text}\"] for the attribute")),
            None => None,
        };
        let reason = format!("Cannot compare types '{left}' and '{right}'.");
        Err(fault(frame.value, reason, "two numbers or two strings").with_hint(hint))
    }
}

impl Frame<'_, '_> {
    /// Returns the type that an argument must fit.
    fn expected(&self, idx: usize) -> Type {
        match (self.operator.form, &self.notes) {
            (Form::Fixed(_), Notes::Types(types)) => types[idx],
            (Form::Every(every), _) => every,
            (Form::Case, _) if idx.is_multiple_of(2) && idx + 1 != self.args.len() => Type::Boolean,
            (Form::Step, _) if idx == 0 => Type::Number,
            (Form::Interpolate, _) => Type::Number,
            (Form::At, _) => [Type::Number, Type::ARRAY][idx],
            (Form::IndexOf, _) if idx == 2 => Type::Number,
            (Form::Slice, _) if idx != 0 => Type::Number,
            _ => Type::Value,
        }
    }
}

impl Fault {
    pub(super) fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }
}

pub(super) fn fault(at: raw::Value<'_, '_>, reason: impl Into<String>, expected: &str) -> Fault {
    Fault {
        reason: reason.into(),
        at: at.id(),
        found: at.describe(),
        expected: expected.to_owned(),
        hint: None,
    }
}

/// Returns the hint for an operator of old filters.
pub(super) fn old_filter_hint(name: &str) -> Option<String> {
    let instead = match name {
        "none" => "[\"!\", [\"any\", …]]",
        "!has" => "[\"!\", [\"has\", …]]",
        "!in" => "[\"match\", [\"get\", …], […], false, true]",
        "in" => "[\"match\", [\"get\", …], […], true, false]",
        _ => return None,
    };
    Some(format!("filters of old styles are not read; write {instead}"))
}

/// Returns the hint for an operator that stands between its arguments.
fn infix_hint(value: raw::Value<'_, '_>) -> Option<String> {
    let name = value.items().nth(1)?.as_str()?;
    operator(name).map(|_| format!("the operator stands first: [\"{name}\", …, …]"))
}

fn is_comparable(found: Type) -> bool {
    !matches!(found, Type::Object | Type::Array(_))
}

fn is_ordered(found: Type) -> bool {
    matches!(found, Type::Value | Type::Number | Type::String)
}

fn is_text_or_array(found: Type) -> bool {
    matches!(found, Type::Value | Type::String | Type::Array(_))
}

fn not_comparable(argument: raw::Value<'_, '_>, name: &str, found: Type) -> Fault {
    let reason = format!("\"{name}\" comparisons are not supported for type '{found}'.");
    fault(argument, reason, "a value that can be compared")
}

pub(super) fn with_article(expected: Type) -> String {
    let article = if matches!(expected, Type::Array(_) | Type::Object) { "an" } else { "a" };
    format!("{article} {expected}")
}

/// Returns the constant that a JSON value stands for; whole numbers become integers.
fn constant(value: raw::Value<'_, '_>) -> zellige_model::Value {
    use zellige_model::Value;
    match value.kind() {
        Kind::Null => Value::Null,
        Kind::Bool(flag) => Value::Bool(*flag),
        Kind::String(text) => Value::String(text.clone().into_owned()),
        Kind::Number(number) => {
            let text = value.text();
            let exact = text.parse().map(Value::Int).or_else(|_| text.parse().map(Value::UInt));
            exact.unwrap_or_else(|_| value.as_integer().map_or(Value::Double(*number), Value::Int))
        }
        Kind::Array | Kind::Object => Value::Json(value.to_json().to_string()),
    }
}

fn type_of_constant(value: raw::Value<'_, '_>) -> Type {
    match value.kind() {
        Kind::Null => Type::Null,
        Kind::Bool(_) => Type::Boolean,
        Kind::Number(_) => Type::Number,
        Kind::String(_) => Type::String,
        Kind::Object => Type::Object,
        Kind::Array => {
            let items = value.items().map(|item| match item.kind() {
                Kind::Bool(_) => Item::Boolean,
                Kind::Number(_) => Item::Number,
                Kind::String(_) => Item::String,
                Kind::Null | Kind::Array | Kind::Object => Item::Value,
            });
            let item = items.reduce(|a, b| if a == b { a } else { Item::Value }).unwrap_or(Item::Value);
            Type::Array(ArrayType { item, length: Some(value.items().count() as u64) })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Compares the type of the result, or the fault and the text it points at.
    fn check(text: &str, expected: &str) {
        let document = raw::parse(text.as_bytes()).unwrap();
        let found = match parse(document.root(), Type::Value, |_| true) {
            Ok(expression) => expression.root().result.to_string(),
            Err(fault) => format!("{} @ {}", fault.reason, document.value(fault.at).text()),
        };
        assert_eq!(found, expected, "{text}");
    }

    #[test]
    fn results_are_typed_as_far_as_it_is_certain() {
        check("null", "null");
        check("[\"literal\", [1, 2]]", "array<number, 2>");
        check("[\"literal\", [1, \"a\"]]", "array<value, 2>");
        check("[\"literal\", {\"a\": 1}]", "object");
        check("[\"array\", \"number\", 3, [\"get\", \"a\"]]", "array<number, 3>");
        check("[\"array\", \"string\", null, [\"get\", \"a\"]]", "array<string>");
        check("[\"get\", \"a\"]", "value");
        check("[\"case\", [\"has\", \"a\"], 1, 2]", "number");
        check("[\"case\", [\"has\", \"a\"], 1, null]", "value");
        check("[\"match\", [\"get\", \"a\"], [\"x\", \"y\"], true, false]", "boolean");
        check("[\"step\", [\"zoom\"], \"a\", 5, \"b\"]", "string");
        check("[\"coalesce\", 1, 2]", "value");
        check("[\"let\", \"a\", 1, [\"var\", \"a\"]]", "number");
        check("[\"let\", \"a\", 1, [\"let\", \"a\", \"x\", [\"var\", \"a\"]]]", "string");
        check("[\"interpolate\", [\"linear\"], [\"zoom\"], 0, 1, 5, 2]", "number");
        check("[\"interpolate\", [\"exponential\", 1.5], [\"zoom\"], 0, 1]", "number");
        check("[\"in\", \"a\", \"abc\"]", "boolean");
        check("[\"+\"]", "number");
        check("[\"all\"]", "boolean");
    }

    #[test]
    fn first_fault_is_the_leftmost() {
        check("[\"+\", 1, \"a\", [\"foo\"]]", "Expected number but found string instead. @ \"a\"");
        check(
            "[\"+\", [\"foo\"], \"a\"]",
            "Unknown expression \"foo\". If you wanted a literal array, use [\"literal\", [...]]. @ \"foo\"",
        );
        check("[\"^\", {}]", "Bare objects invalid. Use [\"literal\", {...}] instead. @ {}");
    }

    #[test]
    fn numbers_of_arguments() {
        check(
            "[\"literal\"]",
            "'literal' expression requires exactly one argument, but found 0 instead. @ [\"literal\"]",
        );
        check("[\"number\"]", "Expected at least one argument. @ [\"number\"]");
        check("[\"array\"]", "Expected at least one argument. @ [\"array\"]");
        check("[\"to-string\"]", "Expected at least one argument. @ [\"to-string\"]");
        check("[\"to-boolean\", 1, 2]", "Expected one argument. @ [\"to-boolean\", 1, 2]");
        check("[\"<\", 1]", "Expected two or three arguments. @ [\"<\", 1]");
        check("[\"length\"]", "Expected 1 argument, but found 0 instead. @ [\"length\"]");
        check(
            "[\"case\", true, 1, false, 2]",
            "Expected an odd number of arguments. @ [\"case\", true, 1, false, 2]",
        );
        check(
            "[\"let\", \"a\", 1]",
            "Expected at least 3 arguments, but found 2 instead. @ [\"let\", \"a\", 1]",
        );
        check(
            "[\"zoom\", \"a\"]",
            "Expected arguments of type (), but found (string) instead. @ [\"zoom\", \"a\"]",
        );
        check(
            "[\"-\"]",
            "Expected arguments of type (number, number) | (number), but found () instead. @ [\"-\"]",
        );
        check(
            "[\"in\", \"k\", \"a\", \"b\"]",
            "Expected 2 arguments, but found 3 instead. @ [\"in\", \"k\", \"a\", \"b\"]",
        );
    }

    #[test]
    fn labels_of_match() {
        let branch = |labels: &str| format!("[\"match\", [\"get\", \"a\"], {labels}, 1, 2]");
        check(&branch("[]"), "Expected at least one branch label. @ []");
        check(&branch("null"), "Branch labels must be numbers or strings. @ null");
        check(
            &branch("9007199254740992"),
            "Branch labels must be integers no larger than 9007199254740991. @ 9007199254740992",
        );
        check(&branch("[\"x\", 1]"), "Expected string but found number instead. @ 1");
        check(&branch("[1, 1.0]"), "Branch labels must be unique. @ 1.0");
        check(
            "[\"match\", [\"zoom\"], \"a\", 1, 2]",
            "Expected string but found number instead. @ [\"zoom\"]",
        );
    }

    #[test]
    fn arguments_that_are_no_expressions() {
        check(
            "[\"array\", \"object\", []]",
            "The item type argument of \"array\" must be one of string, number, boolean @ \"object\"",
        );
        check(
            "[\"array\", \"number\", 1.5, []]",
            "The length argument to \"array\" must be a positive integer literal @ 1.5",
        );
        check("[\"let\", 1, 2, 3]", "Expected string, but found number instead. @ 1");
        check(
            "[\"var\", 1]",
            "'var' expression requires exactly one string literal argument. @ [\"var\", 1]",
        );
        check("[\"interpolate\", [], [\"zoom\"], 0, 1]", "Expected an interpolation type expression. @ []");
        check(
            "[\"interpolate\", [\"cubic-bezier\", 0, 0, 1, 1], [\"zoom\"], 0, 1]",
            "Unknown interpolation type cubic-bezier @ \"cubic-bezier\"",
        );
    }

    #[test]
    fn types_of_arguments() {
        check(
            "[\"==\", [\"properties\"], 1]",
            "\"==\" comparisons are not supported for type 'object'. @ [\"properties\"]",
        );
        check("[\"<\", null, 1]", "\"<\" comparisons are not supported for type 'null'. @ null");
        check("[\"==\", 1, \"a\"]", "boolean");
        check("[\"at\", 0, \"abc\"]", "Expected array but found string instead. @ \"abc\"");
        check("[\"case\", 1, 2, 3]", "Expected boolean but found number instead. @ 1");
        check("[\"get\", \"a\", [\"get\", \"b\"]]", "value");
        check("[\"get\", \"a\", 1]", "Expected object but found number instead. @ 1");
    }

    #[test]
    fn hints_tell_the_way_out() {
        let hint = |text: &str| {
            let document = raw::parse(text.as_bytes()).unwrap();
            parse(document.root(), Type::Value, Op::is_documented).err().unwrap().hint.unwrap_or_default()
        };
        assert_eq!(hint("[\"upcas\", \"a\"]"), "did you mean \"upcase\"?");
        assert_eq!(hint("[[\"zoom\"], \">\", 5]"), "the operator stands first: [\">\", …, …]");
        assert_eq!(hint("[\"<\", \"zoom\", 5]"), "write [\"zoom\"] for the zoom");
        assert_eq!(hint("[\"+\", \"2\", 5]"), "remove the quotes");
        assert!(hint("[\"in\", \"k\", \"a\"]").starts_with("filters of old styles"));
    }

    #[test]
    fn uses_are_known() {
        let uses = |text: &str| {
            let document = raw::parse(text.as_bytes()).unwrap();
            let read = parse(document.root(), Type::Value, |_| true).unwrap();
            let attributes: Vec<String> = read.attributes().map(str::to_owned).collect();
            (read.uses_zoom(), read.uses_feature(), attributes.join(","))
        };
        assert_eq!(uses("[\"+\", [\"zoom\"], 1]"), (true, false, String::new()));
        assert_eq!(uses("[\"get\", \"a\"]"), (false, true, "a".to_owned()));
        assert_eq!(uses("[\"get\", \"a\", [\"literal\", {}]]"), (false, false, String::new()));
        assert_eq!(uses("[\"get\", [\"concat\", \"a\", \"b\"]]"), (false, true, String::new()));
    }
}

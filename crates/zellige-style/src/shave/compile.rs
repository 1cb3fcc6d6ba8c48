//! A filter to a flat list of steps, each after what it needs.
//!
//! In:     a filter that was checked, of either form.
//! Out:    steps; the last one is the filter.
//! Keeps:  what is not understood as a step that may come to anything.
//! Source: the style specification, expressions and filters of the time before them.

use std::collections::HashMap;

use serde_json::Value as Json;

use crate::document::is_expression;

/// A filter as steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    pub steps: Vec<Step>,
    /// The attributes that steps look up by number.
    pub names: Vec<String>,
}

/// One step; numbers are those of earlier steps.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Anything at all.
    Any,
    Constant(Json),
    /// The attribute of this number in [`Filter::names`].
    Attribute(usize),
    HasAttribute(usize),
    Id,
    HasId,
    GeometryType,
    /// The geometry type as old filters know it: without `Multi`.
    Type,
    Zoom,
    /// What another step came to.
    Same(usize),
    Call(Op, Vec<usize>),
    /// Conditions with results, and the result when none holds.
    Case(Vec<[usize; 2]>, usize),
    /// Labels with results, and the result when none fits.
    Match {
        input: usize,
        arms: Vec<(Vec<Json>, usize)>,
        otherwise: usize,
    },
    /// The result from the start, and those from stops on.
    Stops {
        input: usize,
        first: usize,
        stops: Vec<(f64, usize)>,
    },
    /// A comparison of old filters: values of different types are just not equal.
    OldCompare {
        op: Compare,
        value: usize,
        with: Json,
    },
    OldIn {
        value: usize,
        list: Vec<Json>,
    },
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// An operator on what its arguments come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    All,
    Any,
    None,
    Not,
    Compare(Compare),
    In,
    Coalesce,
    TypeOf,
    ToBoolean,
    ToNumber,
    ToString,
    AssertBoolean,
    AssertNumber,
    AssertString,
    Downcase,
    Upcase,
    Concat,
    Length,
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
    Min,
    Max,
    Abs,
    Floor,
    Ceil,
}

impl Compare {
    fn named(operator: &str) -> Option<Self> {
        Some(match operator {
            "==" => Self::Equal,
            "!=" => Self::NotEqual,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }
}

impl Op {
    /// Returns the operator of this name with so many arguments.
    fn named(operator: &str, n_arguments: usize) -> Option<Self> {
        let op = match (operator, n_arguments) {
            (_, 2) if Compare::named(operator).is_some() => Self::Compare(Compare::named(operator)?),
            ("all", _) => Self::All,
            ("any", _) => Self::Any,
            ("none", _) => Self::None,
            ("!", 1) => Self::Not,
            ("in", 2) => Self::In,
            ("coalesce", 1..) => Self::Coalesce,
            ("typeof", 1) => Self::TypeOf,
            ("to-boolean", 1) => Self::ToBoolean,
            ("to-number", 1) => Self::ToNumber,
            ("to-string", 1) => Self::ToString,
            ("boolean", 1..) => Self::AssertBoolean,
            ("number", 1..) => Self::AssertNumber,
            ("string", 1..) => Self::AssertString,
            ("downcase", 1) => Self::Downcase,
            ("upcase", 1) => Self::Upcase,
            ("concat", _) => Self::Concat,
            ("length", 1) => Self::Length,
            ("+", 1..) => Self::Plus,
            ("-", 1 | 2) => Self::Minus,
            ("*", 1..) => Self::Times,
            ("/", 2) => Self::Divide,
            ("%", 2) => Self::Modulo,
            ("min", 1..) => Self::Min,
            ("max", 1..) => Self::Max,
            ("abs", 1) => Self::Abs,
            ("floor", 1) => Self::Floor,
            ("ceil", 1) => Self::Ceil,
            _ => return None,
        };
        Some(op)
    }
}

/// Compiles a filter, with a stack of its own.
pub(super) fn compile(filter: &Json) -> Filter {
    let mut compiler = Compiler {
        filter: Filter { steps: Vec::new(), names: Vec::new() },
        names: HashMap::new(),
        todo: Vec::new(),
        results: Vec::new(),
        bound: HashMap::new(),
    };
    if filter.is_null() {
        compiler.push(Step::Constant(Json::Bool(true)));
        return compiler.filter;
    }
    let visit = if is_expression(filter) { Task::Visit } else { Task::VisitOld };
    compiler.todo.push(visit(filter));
    while let Some(task) = compiler.todo.pop() {
        match task {
            Task::Visit(json) => compiler.visit(json),
            Task::VisitOld(json) => compiler.visit_old(json),
            Task::Finish(form, count) => compiler.finish(form, count),
            Task::Bind(names) => compiler.bind(&names),
            Task::Unbind(names) => compiler.unbind(&names),
        }
    }
    compiler.filter
}

enum Task<'j> {
    /// Compile an expression.
    Visit(&'j Json),
    /// Compile a filter of the old form.
    VisitOld(&'j Json),
    /// Make a step of the latest results.
    Finish(Form<'j>, usize),
    /// Give the latest results names.
    Bind(Vec<&'j str>),
    /// Forget these names.
    Unbind(Vec<&'j str>),
}

/// What is made of results.
enum Form<'j> {
    Call(Op),
    Case,
    Match(Vec<&'j Json>),
    Stops(Vec<f64>),
}

struct Compiler<'j> {
    filter: Filter,
    /// The numbers of attributes.
    names: HashMap<&'j str, usize>,
    todo: Vec<Task<'j>>,
    /// Steps that wait for the one that needs them.
    results: Vec<usize>,
    /// What names stand for that `let` gave, the innermost last.
    bound: HashMap<&'j str, Vec<usize>>,
}

impl<'j> Compiler<'j> {
    fn push(&mut self, step: Step) {
        self.results.push(self.filter.steps.len());
        self.filter.steps.push(step);
    }

    /// Returns the number of an attribute.
    fn name(&mut self, name: &'j str) -> usize {
        let names = &mut self.filter.names;
        *self.names.entry(name).or_insert_with(|| {
            names.push(name.to_owned());
            names.len() - 1
        })
    }

    /// Visits arguments in order, then makes a step of them.
    fn visit_all(&mut self, form: Form<'j>, arguments: Vec<&'j Json>) {
        self.todo.push(Task::Finish(form, arguments.len()));
        self.todo.extend(arguments.into_iter().rev().map(Task::Visit));
    }

    fn visit(&mut self, json: &'j Json) {
        let Json::Array(items) = json else { return self.push(Step::Constant(json.clone())) };
        let (Some(operator), arguments) =
            (items.first().and_then(Json::as_str), items.get(1..).unwrap_or_default())
        else {
            return self.push(Step::Any);
        };
        if is_old_leaf(operator, arguments) {
            return self.push(Step::Any);
        }
        match (operator, arguments) {
            ("literal", [value]) => self.push(Step::Constant(value.clone())),
            ("get", [Json::String(name)]) => {
                let name = self.name(name);
                self.push(Step::Attribute(name));
            }
            ("has", [Json::String(name)]) => {
                let name = self.name(name);
                self.push(Step::HasAttribute(name));
            }
            ("id", []) => self.push(Step::Id),
            ("geometry-type", []) => self.push(Step::GeometryType),
            ("zoom", []) => self.push(Step::Zoom),
            ("var", [Json::String(name)]) => {
                let bound = self.bound.get(name.as_str()).and_then(|steps| steps.last());
                self.push(bound.map_or(Step::Any, |step| Step::Same(*step)));
            }
            ("let", [bindings @ .., body]) if bindings.len().is_multiple_of(2) => {
                self.bindings(bindings, body);
            }
            ("case", [.., _]) if arguments.len() % 2 == 1 => {
                self.visit_all(Form::Case, arguments.iter().collect());
            }
            ("match", [input, arms @ .., otherwise]) if arms.len().is_multiple_of(2) => {
                let labels = arms.iter().step_by(2).collect();
                let results = arms.iter().skip(1).step_by(2);
                let visited = std::iter::once(input).chain(results).chain([otherwise]).collect();
                self.visit_all(Form::Match(labels), visited);
            }
            ("step", [input, first, stops @ ..]) if stops.len().is_multiple_of(2) => {
                let places: Option<Vec<f64>> = stops.iter().step_by(2).map(Json::as_f64).collect();
                let Some(places) = places else { return self.push(Step::Any) };
                let results = stops.iter().skip(1).step_by(2);
                self.visit_all(Form::Stops(places), [input, first].into_iter().chain(results).collect());
            }
            _ => match Op::named(operator, arguments.len()) {
                Some(op) => self.visit_all(Form::Call(op), arguments.iter().collect()),
                None => self.push(Step::Any),
            },
        }
    }

    fn bindings(&mut self, bindings: &'j [Json], body: &'j Json) {
        let names: Option<Vec<&str>> = bindings.iter().step_by(2).map(Json::as_str).collect();
        let Some(names) = names else { return self.push(Step::Any) };
        self.todo.push(Task::Unbind(names.clone()));
        self.todo.push(Task::Visit(body));
        self.todo.push(Task::Bind(names));
        self.todo.extend(bindings.iter().skip(1).step_by(2).rev().map(Task::Visit));
    }

    fn bind(&mut self, names: &[&'j str]) {
        let steps = self.results.split_off(self.results.len() - names.len());
        for (name, step) in names.iter().zip(steps) {
            self.bound.entry(name).or_default().push(step);
        }
    }

    fn unbind(&mut self, names: &[&'j str]) {
        for name in names {
            self.bound.get_mut(name).and_then(Vec::pop);
        }
    }

    fn finish(&mut self, form: Form<'j>, count: usize) {
        let results = self.results.split_off(self.results.len() - count);
        let step = match (form, results.as_slice()) {
            (Form::Call(op), _) => Step::Call(op, results),
            (Form::Case, [cases @ .., otherwise]) => {
                Step::Case(cases.chunks_exact(2).map(|pair| [pair[0], pair[1]]).collect(), *otherwise)
            }
            (Form::Match(labels), [input, arms @ .., otherwise]) => {
                let listed = |label: &Json| label.as_array().cloned().unwrap_or_else(|| vec![label.clone()]);
                let arms = labels.into_iter().map(listed).zip(arms.iter().copied()).collect();
                Step::Match { input: *input, arms, otherwise: *otherwise }
            }
            (Form::Stops(places), [input, first, rest @ ..]) => {
                let stops = places.into_iter().zip(rest.iter().copied()).collect();
                Step::Stops { input: *input, first: *first, stops }
            }
            _ => Step::Any,
        };
        self.push(step);
    }

    fn visit_old(&mut self, json: &'j Json) {
        let Json::Array(items) = json else { return self.push(Step::Constant(json.clone())) };
        let operator = items.first().and_then(Json::as_str).unwrap_or_default();
        let arguments = items.get(1..).unwrap_or_default();
        match (operator, arguments) {
            ("all" | "any" | "none", _) => {
                let op = Op::named(operator, arguments.len()).unwrap_or(Op::All);
                self.todo.push(Task::Finish(Form::Call(op), arguments.len()));
                self.todo.extend(arguments.iter().rev().map(Task::VisitOld));
            }
            ("has" | "!has", [Json::String(name)]) => {
                match name.as_str() {
                    "$id" => self.push(Step::HasId),
                    "$type" => self.push(Step::Any),
                    _ => {
                        let name = self.name(name);
                        self.push(Step::HasAttribute(name));
                    }
                }
                self.negate_if(operator == "!has");
            }
            ("in" | "!in", [Json::String(name), list @ ..]) => {
                let value = self.old_value(name);
                self.push(Step::OldIn { value, list: list.to_vec() });
                self.negate_if(operator == "!in");
            }
            (_, [Json::String(name), with]) => match Compare::named(operator) {
                Some(op) => {
                    let value = self.old_value(name);
                    self.push(Step::OldCompare { op, value, with: with.clone() });
                }
                None => self.push(Step::Any),
            },
            _ => self.push(Step::Any),
        }
    }

    /// Makes a step of what an old filter names, and returns its number.
    fn old_value(&mut self, name: &'j str) -> usize {
        let step = match name {
            "$type" => Step::Type,
            "$id" => Step::Id,
            _ => Step::Attribute(self.name(name)),
        };
        self.filter.steps.push(step);
        self.filter.steps.len() - 1
    }

    fn negate_if(&mut self, is_negated: bool) {
        if is_negated && let Some(step) = self.results.pop() {
            self.push(Step::Call(Op::Not, vec![step]));
        }
    }
}

/// Whether this may be meant as a part of the old form inside of an expression, as some readers take it.
fn is_old_leaf(operator: &str, arguments: &[Json]) -> bool {
    match (operator, arguments) {
        ("!in" | "!has" | "none", _) => true,
        ("in", [Json::String(_), second, ..]) => !second.is_array(),
        ("has", [Json::String(name)]) => name.starts_with('$'),
        (_, [Json::String(_), second]) => Compare::named(operator).is_some() && !second.is_array(),
        _ => false,
    }
}

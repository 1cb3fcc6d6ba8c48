//! Computes beforehand what does not change: constants once, what depends on the zoom alone once a zoom.
//!
//! In:     a program, and perhaps a zoom.
//! Out:    a program with the same results and the same failures for every feature (of that zoom).
//! Keeps:  what a failure is raised by: a constant that fails becomes a step that fails when it is reached,
//!         so a branch that is never taken never fails.
//! Source: one walk from the first step to the last; operands stand before the steps that use them.

use zellige_model::{GeometryKind, ValueRef};

use super::bindings::{Bindings, Names};
use super::eval::{Evaluator, Scope};
use super::number;
use super::program::{Kind, Operand, Program, Step, stops_up_to};
use super::value::{Bound, Home, Span};
use super::{EvalError, Op};

/// How long all texts together may be that folding makes, bytes; the others are made at run time.
const FOLDED_BYTES_MAX: usize = 1 << 20;

/// Folds constants; names that turn out to be constant get slots.
pub(super) fn fold(program: &Program, names: &mut Names) -> Program {
    Folding::new(program, None, Some(names)).run()
}

/// Folds constants and the zoom.
pub(super) fn at_zoom(program: &Program, zoom: u8) -> Program {
    Folding::new(program, Some(zoom), None).run()
}

struct Folding<'p> {
    from: &'p Program,
    /// The constants of `to` start as those of `from`, with the same numbers.
    to: Program,
    /// What each step became.
    folded: Vec<Operand>,
    /// What each variable is bound to in `from`.
    bound: Vec<Operand>,
    zoom: Option<Operand>,
    names: Option<&'p mut Names>,
    evaluator: Evaluator,
    folded_bytes: usize,
}

impl<'p> Folding<'p> {
    fn new(from: &'p Program, zoom: Option<u8>, names: Option<&'p mut Names>) -> Self {
        let mut to = Program { steps: Vec::new(), operands: Vec::new(), ..from.clone() };
        let zoom = zoom.map(|zoom| to.push_constant(Bound::Int(i64::from(zoom))));
        let mut bound = vec![Operand::Zoom; from.n_variables as usize];
        for step in &from.steps {
            if let (Kind::Let { first_variable }, [values @ .., _]) = (step.kind, from.operands_of(*step)) {
                bound[first_variable as usize..][..values.len()].copy_from_slice(values);
            }
        }
        Self {
            from,
            to,
            folded: Vec::with_capacity(from.steps.len()),
            bound,
            zoom,
            names,
            evaluator: Evaluator::default(),
            folded_bytes: 0,
        }
    }

    fn run(mut self) -> Program {
        let mut operands = Vec::new();
        for step in &self.from.steps {
            operands.clear();
            operands.extend(self.from.operands_of(*step).iter().map(|operand| self.map(*operand)));
            let folded = self.step(step.kind, &mut operands);
            self.folded.push(folded);
        }
        self.to.root = self.map(self.from.root);
        reachable(&self.to)
    }

    /// Returns what an operand of the old program is in the new one.
    fn map(&self, operand: Operand) -> Operand {
        match operand {
            Operand::Step(step) => self.folded[step as usize],
            Operand::Zoom => self.zoom.unwrap_or(Operand::Zoom),
            Operand::Variable(variable) => match self.bound[variable as usize] {
                // A value that is still computed is computed once, by the `let`.
                Operand::Step(step) => match self.folded[step as usize] {
                    Operand::Step(failing) if self.is_failure(failing) => Operand::Step(failing),
                    Operand::Step(_) => operand,
                    ready => ready,
                },
                Operand::Zoom => self.zoom.unwrap_or(Operand::Zoom),
                ready => ready,
            },
            Operand::Constant(_) | Operand::Slot(_) => operand,
        }
    }

    fn is_failure(&self, step: u32) -> bool {
        matches!(self.to.steps[step as usize].kind, Kind::Fail(_))
    }

    fn step(&mut self, kind: Kind, operands: &mut Vec<Operand>) -> Operand {
        let first = operands.first().and_then(|first| self.to.constant_of(*first));
        match kind {
            Kind::Case => return self.case(operands),
            Kind::Call(Op::All) => return self.junction(Op::All, true, operands),
            Kind::Call(Op::Any) => return self.junction(Op::Any, false, operands),
            Kind::Call(Op::Coalesce) => return self.coalesce(operands),
            Kind::Let { .. } => return self.bind(kind, operands),
            Kind::Match(table) => {
                if let Some(input) = first {
                    let output = self.to.tables[table as usize].find(input, self.text(input));
                    return operands[output.map_or(operands.len() - 1, |output| output + 1)];
                }
            }
            Kind::Step(stops) => {
                let input = first.and_then(number::to_f64).filter(|input| !input.is_nan());
                if let Some(input) = input {
                    return operands[1 + stops_up_to(&self.to.stops[stops as usize], input)];
                }
            }
            Kind::Call(op @ (Op::Get | Op::Has)) if operands.len() == 1 => {
                if let Some(slot) = first.and_then(|name| self.slot(op, name)) {
                    return slot;
                }
            }
            _ => {}
        }
        if depends_on_feature(kind, operands.len()) {
            return self.to.push_step(kind, operands);
        }
        self.evaluated(kind, operands)
    }

    /// Returns the attribute of a name that turned out to be constant.
    fn slot(&mut self, op: Op, name: Bound) -> Option<Operand> {
        let Bound::Text(span) = name else { return None };
        let slot = self.names.as_mut()?.intern(&self.to.texts[span.range()]);
        Some(if op == Op::Get { Operand::Slot(slot) } else { self.to.push_step(Kind::Has(slot), &[]) })
    }

    /// Appends a step, and computes it when all of its operands are constants.
    fn evaluated(&mut self, kind: Kind, operands: &[Operand]) -> Operand {
        let is_ready = operands.iter().all(|operand| matches!(operand, Operand::Constant(_)));
        let step = self.to.push_step(kind, operands);
        if !is_ready || matches!(kind, Kind::Fail(_)) {
            return step;
        }
        self.to.root = step;
        let attributes = Bindings::default();
        let scope =
            Scope { zoom: 0, geometry: GeometryKind::Point, id: ValueRef::Null, attributes: &attributes };
        match self.evaluator.bound(&self.to, &scope) {
            // Raised when the step is reached, which may be never.
            Err(failure) => self.replace_last(Kind::Fail(self.to.failures.len() as u32), failure.as_ref()),
            Ok(value) => match self.keep(value) {
                Some(value) => {
                    self.drop_last();
                    self.to.push_constant(value)
                }
                None => step,
            },
        }
    }

    /// Brings the text of a result into the program, unless there are too many already.
    fn keep(&mut self, value: Bound) -> Option<Bound> {
        let Some(span) = value.span() else { return Some(value) };
        // Parts of constants count too: each constant gets a text of its own in the end.
        self.folded_bytes += span.range().len();
        if FOLDED_BYTES_MAX < self.folded_bytes {
            return None;
        }
        if span.home() == Home::Program {
            return Some(value);
        }
        let start = self.to.texts.len();
        self.to.texts.push_str(&self.evaluator.scratch()[span.range()]);
        Some(value.moved(Span::new(Home::Program, start, self.to.texts.len())))
    }

    fn drop_last(&mut self) {
        if let Some(step) = self.to.steps.pop() {
            self.to.operands.truncate(step.first as usize);
        }
    }

    fn replace_last(&mut self, kind: Kind, failure: &EvalError) -> Operand {
        self.drop_last();
        self.to.failures.push(failure.clone());
        self.to.push_step(kind, &[])
    }

    /// Leaves out branches that are never taken, and everything behind one that is always taken.
    fn case(&mut self, operands: &mut Vec<Operand>) -> Operand {
        let mut kept = 0;
        let mut at = 0;
        while at + 1 < operands.len() {
            match self.to.constant_of(operands[at]) {
                Some(Bound::Bool(false)) => {}
                Some(Bound::Bool(true)) => {
                    at += 1;
                    break;
                }
                _ => {
                    operands.copy_within(at..at + 2, kept);
                    kept += 2;
                }
            }
            at += 2;
        }
        operands[kept] = operands[at];
        operands.truncate(kept + 1);
        if let [otherwise] = operands[..] {
            return otherwise;
        }
        self.to.push_step(Kind::Case, operands)
    }

    /// Leaves out of `all` or `any` what decides nothing, and everything behind what decides.
    fn junction(&mut self, op: Op, neutral: bool, operands: &mut Vec<Operand>) -> Operand {
        operands.retain(|operand| self.to.constant_of(*operand) != Some(Bound::Bool(neutral)));
        let decides = |operand: &Operand| self.to.constant_of(*operand) == Some(Bound::Bool(!neutral));
        if let Some(last) = operands.iter().position(decides) {
            operands.truncate(last + 1);
        }
        match operands[..] {
            [] => self.to.push_constant(Bound::Bool(neutral)),
            [only] if decides(&only) => only,
            _ => self.to.push_step(Kind::Call(op), operands),
        }
    }

    /// Leaves out nulls, and everything behind the first value that is surely not null.
    fn coalesce(&mut self, operands: &mut Vec<Operand>) -> Operand {
        operands.retain(|operand| self.to.constant_of(*operand) != Some(Bound::Null));
        if let Some(last) = operands.iter().position(|operand| self.to.constant_of(*operand).is_some()) {
            operands.truncate(last + 1);
        }
        match operands[..] {
            [] => self.to.push_constant(Bound::Null),
            [only] => only,
            _ => self.to.push_step(Kind::Call(Op::Coalesce), operands),
        }
    }

    /// Leaves out a `let` whose values need no computing: its variables were replaced by them.
    fn bind(&mut self, kind: Kind, operands: &[Operand]) -> Operand {
        let [values @ .., body] = operands else { return self.to.push_step(kind, operands) };
        let is_ready = |value: &Operand| match value {
            Operand::Step(step) => self.is_failure(*step),
            _ => true,
        };
        if values.iter().all(is_ready) || matches!(body, Operand::Constant(_)) {
            return *body;
        }
        self.to.push_step(kind, operands)
    }

    fn text(&self, value: Bound) -> &str {
        value.span().map_or("", |span| &self.to.texts[span.range()])
    }
}

/// Whether a step asks the feature for something, beside its operands.
const fn depends_on_feature(kind: Kind, n_operands: usize) -> bool {
    match kind {
        Kind::Has(_) | Kind::Call(Op::Id | Op::GeometryType | Op::Properties) => true,
        Kind::Call(Op::Get | Op::Has) => n_operands == 1,
        _ => false,
    }
}

/// Returns the program without the steps, constants and texts that the result does not need.
fn reachable(from: &Program) -> Program {
    let mut is_used = vec![false; from.steps.len()];
    let mark = |operand: &Operand, is_used: &mut Vec<bool>| {
        if let Operand::Step(step) = operand {
            is_used[*step as usize] = true;
        }
    };
    mark(&from.root, &mut is_used);
    for (idx, step) in from.steps.iter().enumerate().rev() {
        if is_used[idx] {
            from.operands_of(*step).iter().for_each(|operand| mark(operand, &mut is_used));
        }
    }
    let mut packing = Packing {
        from,
        to: Program::empty(),
        packed: vec![Operand::Zoom; from.steps.len()],
        constants: vec![None; from.constants.len()],
    };
    packing.to.n_variables = from.n_variables;
    let mut operands = Vec::new();
    for (idx, step) in from.steps.iter().enumerate().filter(|(idx, _)| is_used[*idx]) {
        operands.clear();
        operands.extend(from.operands_of(*step).iter().map(|operand| packing.operand(*operand)));
        packing.packed[idx] = packing.step(*step, &operands);
    }
    packing.to.root = packing.operand(from.root);
    packing.to
}

struct Packing<'p> {
    from: &'p Program,
    to: Program,
    /// What each step became.
    packed: Vec<Operand>,
    /// What each constant became; many operands may share one.
    constants: Vec<Option<Operand>>,
}

impl Packing<'_> {
    fn operand(&mut self, operand: Operand) -> Operand {
        match operand {
            Operand::Step(step) => self.packed[step as usize],
            Operand::Constant(constant) => {
                let constant = constant as usize;
                let packed = self.constants[constant];
                let packed = packed.unwrap_or_else(|| self.constant(self.from.constants[constant]));
                self.constants[constant] = Some(packed);
                packed
            }
            Operand::Slot(_) | Operand::Variable(_) | Operand::Zoom => operand,
        }
    }

    fn constant(&mut self, value: Bound) -> Operand {
        let Some(span) = value.span() else { return self.to.push_constant(value) };
        let start = self.to.texts.len();
        self.to.texts.push_str(&self.from.texts[span.range()]);
        self.to.push_constant(value.moved(Span::new(Home::Program, start, self.to.texts.len())))
    }

    fn step(&mut self, step: Step, operands: &[Operand]) -> Operand {
        let Program { failures, tables, stops, .. } = &mut self.to;
        let kind = match step.kind {
            Kind::Fail(failure) => Kind::Fail(hand_over(&self.from.failures, failure, failures)),
            Kind::Match(table) => Kind::Match(hand_over(&self.from.tables, table, tables)),
            Kind::Step(old) => Kind::Step(hand_over(&self.from.stops, old, stops)),
            Kind::Interpolate { base, stops: old } => {
                Kind::Interpolate { base, stops: hand_over(&self.from.stops, old, stops) }
            }
            other => other,
        };
        self.to.push_step(kind, operands)
    }
}

/// Copies an entry of a list to another list; returns its number there.
fn hand_over<T: Clone>(from: &[T], idx: u32, to: &mut Vec<T>) -> u32 {
    to.push(from[idx as usize].clone());
    to.len() as u32 - 1
}

#[cfg(test)]
mod tests {
    use zellige_model::Value;

    use crate::expression::{Names, Program, Type, compile, parse};
    use crate::raw;

    fn program(text: &str) -> (Program, Names) {
        let document = raw::parse(text.as_bytes()).unwrap();
        let Ok(expression) = parse(document.root(), Type::Value, |_| true) else { panic!("{text}") };
        let mut names = Names::default();
        (compile(&expression, &mut names), names)
    }

    /// Compares what a program asks for when it is compiled, and at zoom 5: `steps: needs`.
    fn check(text: &str, compiled: &str, at_zoom: &str) {
        let (program, names) = program(text);
        let shown = |program: &Program| {
            let needs = program.needs();
            let mut asked: Vec<&str> = needs.attributes.iter().map(|slot| names.name(*slot)).collect();
            for (is_asked, name) in [
                (needs.zoom, "zoom"),
                (needs.id, "id"),
                (needs.geometry_type, "geometry"),
                (needs.computed_attributes, "any"),
            ] {
                asked.extend(is_asked.then_some(name));
            }
            assert_eq!(needs.is_without_feature(), asked.iter().all(|name| *name == "zoom"));
            format!("{}: {}", program.steps.len(), asked.join(" ")).trim_end().to_owned()
        };
        assert_eq!(
            (shown(&program), shown(&program.at_zoom(5))),
            (compiled.to_owned(), at_zoom.to_owned()),
            "{text}"
        );
    }

    #[test]
    fn what_is_constant_takes_no_step() {
        check(r#"["+", 1, ["*", 2, ["length", "abc"]]]"#, "0:", "0:");
        check(r#"["==", ["zoom"], 5]"#, "1: zoom", "0:");
        check(r#"["get", "a"]"#, "0: a", "0: a");
        check(r#"["has", "a"]"#, "1: a", "1: a");
        check(r#"["+", ["get", "a"], ["*", 2, 3]]"#, "1: a", "1: a");
        check(r#"["coalesce", ["id"], ["geometry-type"]]"#, "3: id geometry", "3: id geometry");
    }

    #[test]
    fn branches_that_are_never_taken_go() {
        let fails = r#"["to-number", "x"]"#;
        check(r#"["case", [">", ["zoom"], 5], ["get", "a"], ["get", "b"]]"#, "2: a b zoom", "0: b");
        check(r#"["case", ["has", "a"], 1, true, 2, ["get", "b"]]"#, "2: a", "2: a");
        check(
            r#"["step", ["zoom"], ["get", "a"], 5, ["get", "b"], 6, ["get", "c"]]"#,
            "1: a b c zoom",
            "0: b",
        );
        check(r#"["match", ["zoom"], [4, 5], ["get", "a"], ["get", "b"]]"#, "1: a b zoom", "0: a");
        check(r#"["all", true, ["has", "a"], [">", ["zoom"], 3]]"#, "3: a zoom", "2: a");
        check(r#"["any", ["has", "a"], [">", ["zoom"], 3], ["has", "b"]]"#, "4: a b zoom", "2: a");
        check(r#"["coalesce", null, ["get", "a"], 1, ["get", "b"]]"#, "1: a", "1: a");
        check(&format!(r#"["case", true, 1, {fails}]"#), "0:", "0:");
        check(&format!(r#"["case", ["has", "a"], 1, {fails}]"#), "3: a", "3: a");
    }

    #[test]
    fn names_are_bound_no_longer_than_they_are_needed() {
        check(r#"["let", "v", 5, ["+", ["var", "v"], ["get", "a"]]]"#, "1: a", "1: a");
        check(r#"["let", "v", ["get", "a"], ["+", ["var", "v"], ["var", "v"]]]"#, "1: a", "1: a");
        check(r#"["let", "v", ["*", ["zoom"], 2], ["+", ["var", "v"], ["get", "a"]]]"#, "3: a zoom", "1: a");
        check(r#"["let", "v", ["*", ["get", "a"], 2], ["+", ["var", "v"], ["var", "v"]]]"#, "3: a", "3: a");
    }

    #[test]
    fn computed_names_become_slots_when_they_are_constant() {
        check(r#"["get", ["concat", "na", "me"]]"#, "0: name", "0: name");
        check(r#"["has", ["concat", "na", "me"]]"#, "1: name", "1: name");
        check(r#"["get", ["concat", "name_", ["zoom"]]]"#, "2: zoom any", "1: any");
        check(r#"["get", "a", ["properties"]]"#, "0: a", "0: a");
        check(r#"["properties"]"#, "1: any", "1: any");
    }

    #[test]
    fn constants_are_handed_out() {
        assert_eq!(
            program(r#"["literal", [1, {"a": 2}]]"#).0.constant(),
            Some(Value::Json(r#"[1,{"a":2}]"#.to_owned()))
        );
        assert_eq!(program(r#"["concat", "a", 1]"#).0.constant(), Some(Value::String("a1".to_owned())));
        assert_eq!(program(r#"["get", "a"]"#).0.constant(), None);
        assert_eq!(program(r#"["to-number", "x"]"#).0.constant(), None);
    }

    #[test]
    fn folded_texts_are_bounded() {
        let parts = r#", ["slice", ["var", "v"], 1]"#.repeat(40);
        let text =
            format!(r#"["let", "v", "{}", ["length", ["concat", ["get", "a"]{parts}]]]"#, "x".repeat(50_000));
        let (program, _) = program(&text);
        assert!(program.texts.len() < 50_000 + super::FOLDED_BYTES_MAX);
        assert!(program.at_zoom(5).texts.len() < 50_000 + 2 * super::FOLDED_BYTES_MAX);
    }
}

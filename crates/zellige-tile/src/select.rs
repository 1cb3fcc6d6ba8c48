//! Decides whether a feature is in a layer at one zoom, and with which id and attributes.
//!
//! In:     a feature as it stands in its source; the programs of one zoom.
//! Out:    no, or id and attributes, hidden ones among them.
//! Keeps:  the order of attributes; what is computed comes last.
//! Source: recipe 2.8, steps 2 to 5: id, `zoom_element`, `set` (all from the old values), filter.

use zellige_model::{Attributes, Feature, Value, ValueRef, Zoom};
use zellige_recipe::expression::{Bindings, EvalError, Evaluator, Program, Scope, element_or_last};
use zellige_recipe::plan::{Amount, Simplification, Switch};
use zellige_recipe::{LayerPlan, ZoomPlan, clamp_tolerance};

/// Selects for one layer, in buffers that stay.
#[derive(Debug)]
pub struct Selector<'p> {
    layer: &'p LayerPlan,
    /// By zoom of the layer: whether its feature stage is that of the next deeper zoom.
    is_as_below: Vec<bool>,
    needs_bindings: bool,
    bindings: Bindings,
    evaluator: Evaluator,
    attributes: Attributes,
    id: Value,
    computed: Vec<Value>,
}

/// A feature that is in the layer.
#[derive(Clone, Copy, Debug)]
pub struct Selected<'s> {
    /// The id, before hashing.
    pub id: &'s Value,
    /// The attributes.
    pub attributes: &'s Attributes,
}

impl<'p> Selector<'p> {
    /// Returns a selector for a layer.
    #[must_use]
    pub fn new(layer: &'p LayerPlan) -> Self {
        let stages = || layer.zooms.iter().map(|zoom| &zoom.features);
        let is_as_below = stages()
            .zip(stages().skip(1))
            .map(|(stage, below)| layer.zoom_element.is_empty() && stage == below);
        let asks = |zoom: &ZoomPlan| {
            let stage = &zoom.features;
            let computes =
                stage.id.is_some() || !stage.set.is_empty() || matches!(stage.filter, Switch::When(_));
            computes || asks_features(&zoom.simplification)
        };
        Self {
            layer,
            is_as_below: is_as_below.chain([false]).collect(),
            needs_bindings: layer.zooms.iter().any(asks),
            bindings: Bindings::new(layer.names.clone()),
            evaluator: Evaluator::default(),
            attributes: Attributes::default(),
            id: Value::Null,
            computed: Vec::new(),
        }
    }

    /// Takes the next feature.
    pub fn begin(&mut self, feature: &Feature) {
        if self.needs_bindings {
            self.bindings.bind(feature.attributes.iter());
        }
        self.id.clone_from(&feature.id);
    }

    /// Returns the id of the feature at `zoom`, before hashing; comes before [`Selector::at`].
    ///
    /// # Errors
    ///
    /// When the program of the id meets a value that it cannot use.
    pub fn identify(
        &mut self,
        feature: &Feature,
        zoom: Zoom,
        plan: &ZoomPlan,
    ) -> Result<&Value, Box<EvalError>> {
        self.bindings.reset();
        if let Some(program) = &plan.features.id {
            let scope = scope(feature, zoom, &feature.id, &self.bindings);
            self.id = self.evaluator.value(program, &scope)?.to_owned();
        }
        Ok(&self.id)
    }

    /// Whether the answer at `zoom` is the one at the next deeper zoom of the layer.
    #[must_use]
    pub fn is_as_below(&self, zoom: Zoom) -> bool {
        self.is_as_below[usize::from(zoom.get() - self.layer.minzoom.get())]
    }

    /// Returns the feature as it is at `zoom`, or nothing when it is filtered out.
    ///
    /// # Errors
    ///
    /// When a program meets a value that it cannot use.
    pub fn at<'s>(
        &'s mut self,
        feature: &'s Feature,
        zoom: Zoom,
        plan: &ZoomPlan,
    ) -> Result<Option<Selected<'s>>, Box<EvalError>> {
        let is_changed = !self.layer.zoom_element.is_empty() || !plan.features.set.is_empty();
        if is_changed {
            self.take_elements(feature, zoom);
            self.compute(feature, zoom, &plan.features.set)?;
        }
        let is_kept = self.is_kept(feature, zoom, plan)?;
        let attributes = if is_changed { &self.attributes } else { &feature.attributes };
        Ok(is_kept.then_some(Selected { id: &self.id, attributes }))
    }

    /// Returns tolerance in units, and whether polygons may only grow, for the feature at the latest zoom.
    ///
    /// # Errors
    ///
    /// When a program meets a value that it cannot use.
    pub fn simplification(
        &mut self,
        feature: &Feature,
        zoom: Zoom,
        simplification: &Simplification,
    ) -> Result<(f64, bool), Box<EvalError>> {
        let scope = scope(feature, zoom, &self.id, &self.bindings);
        evaluate_simplification(simplification, &scope, &mut self.evaluator)
    }

    /// Returns what the latest of [`Selector::take_elements`] and [`Selector::compute`] left.
    pub(crate) const fn attributes(&self) -> &Attributes {
        &self.attributes
    }

    /// Copies the attributes and replaces arrays by their element number zoom.
    pub(crate) fn take_elements(&mut self, feature: &Feature, zoom: Zoom) {
        self.attributes.clone_from(&feature.attributes);
        for name in &self.layer.zoom_element {
            let Some(ValueRef::Json(text)) = self.attributes.get(name) else { continue };
            let Some(element) = element_or_last(text, zoom.get().into()) else { continue };
            replace(name, element.as_ref(), &mut self.attributes, &mut self.bindings);
        }
    }

    /// Computes attributes, all from the values as they are, then writes them.
    pub(crate) fn compute(
        &mut self,
        feature: &Feature,
        zoom: Zoom,
        set: &[(String, Program)],
    ) -> Result<(), Box<EvalError>> {
        self.computed.clear();
        for (_, program) in set {
            let scope = scope(feature, zoom, &self.id, &self.bindings);
            self.computed.push(self.evaluator.value(program, &scope)?.to_owned());
        }
        let values = set.iter().zip(&self.computed).map(|((name, _), value)| (name.as_str(), value.as_ref()));
        self.attributes.write_all(values.clone());
        values.for_each(|(name, value)| bind(name, value, &mut self.bindings));
        Ok(())
    }

    /// Whether the filter lets the feature pass with its attributes as they are now.
    pub(crate) fn is_kept(
        &mut self,
        feature: &Feature,
        zoom: Zoom,
        plan: &ZoomPlan,
    ) -> Result<bool, Box<EvalError>> {
        let scope = scope(feature, zoom, &self.id, &self.bindings);
        switch(&plan.features.filter, &scope, &mut self.evaluator)
    }
}

/// Whether a simplification looks at features.
const fn asks_features(simplification: &Simplification) -> bool {
    matches!(simplification.distance, Amount::Computed(_))
        || matches!(simplification.outward_only, Switch::When(_))
}

fn scope<'a>(feature: &Feature, zoom: Zoom, id: &'a Value, attributes: &'a Bindings) -> Scope<'a> {
    Scope { zoom: zoom.get(), geometry: feature.geometry.kind, id: id.as_ref(), attributes }
}

/// Evaluates a switch.
///
/// # Errors
///
/// When its program meets a value that it cannot use.
pub(crate) fn switch(switch: &Switch, scope: &Scope<'_>, on: &mut Evaluator) -> Result<bool, Box<EvalError>> {
    match switch {
        Switch::Always => Ok(true),
        Switch::Never => Ok(false),
        Switch::When(program) => on.test(program, scope),
    }
}

/// Evaluates a simplification: tolerance in units, and whether polygons may only grow.
///
/// # Errors
///
/// When a program meets a value that it cannot use.
pub(crate) fn evaluate_simplification(
    simplification: &Simplification,
    scope: &Scope<'_>,
    on: &mut Evaluator,
) -> Result<(f64, bool), Box<EvalError>> {
    let units = match &simplification.distance {
        Amount::Constant(units) => *units,
        Amount::Computed(program) => clamp_tolerance(on.number(program, scope)?),
    };
    Ok((units, switch(&simplification.outward_only, scope, on)?))
}

/// Writes a computed value; null takes the attribute away (recipe 2.4).
fn replace(name: &str, value: ValueRef<'_>, attributes: &mut Attributes, bindings: &mut Bindings) {
    match value {
        ValueRef::Null => attributes.remove(name),
        value => attributes.set(name, value),
    }
    bind(name, value, bindings);
}

/// Lets expressions see a computed value.
fn bind(name: &str, value: ValueRef<'_>, bindings: &mut Bindings) {
    match value {
        ValueRef::Null => bindings.remove(name),
        value => bindings.set(name, value),
    }
}

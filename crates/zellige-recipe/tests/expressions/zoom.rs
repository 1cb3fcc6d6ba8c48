//! Laws of folding: what is computed beforehand is what would have been computed.

use crate::drawn::{Dice, Want, alone, bind, evaluate, expression, feature, read};
use crate::fuzz::is_same;

/// How many expressions are drawn.
const N_EXPRESSIONS: usize = 4_000;

#[test]
fn a_program_of_one_zoom_gives_what_the_program_gives_there() {
    let mut dice = Dice::new(1);
    for _ in 0..N_EXPRESSIONS {
        let text = expression(&mut dice, Want::Any, 4).to_string();
        let Some(expression) = read(&text) else { continue };
        let (program, names) = alone(&expression);
        for zoom in [0, 3, 16] {
            let of_zoom = program.at_zoom(zoom);
            let needs = of_zoom.needs();
            assert!(!needs.zoom, "{text}");
            let bindings = bind(&names, &feature(&mut dice));
            let expected = evaluate(&program, &bindings, zoom);
            let found = evaluate(&of_zoom, &bindings, zoom);
            assert!(is_same(&expected, &found), "{text} at {zoom}: {expected:?}, {found:?}");
            assert!(is_same(&found, &evaluate(&of_zoom, &bindings, 22)), "{text} looks at the zoom");
            if let Some(constant) = of_zoom.constant() {
                assert!(is_same(&Ok(constant), &found), "{text} is not constant");
            }
            // As text, since constants may be NaN.
            assert_eq!(format!("{:?}", of_zoom.at_zoom(9)), format!("{of_zoom:?}"), "{text} folds further");
        }
    }
}

#[test]
fn a_program_that_does_not_ask_for_an_attribute_does_not_see_it() {
    let mut dice = Dice::new(2);
    for _ in 0..N_EXPRESSIONS {
        let text = expression(&mut dice, Want::Any, 3).to_string();
        let Some(expression) = read(&text) else { continue };
        let (program, names) = alone(&expression);
        let needs = program.needs();
        if needs.computed_attributes {
            continue;
        }
        let asked: Vec<&str> = needs.attributes.iter().map(|slot| names.name(*slot)).collect();
        let mut feature = feature(&mut dice);
        let all = evaluate(&program, &bind(&names, &feature), 5);
        feature.retain(|(name, _)| asked.contains(name));
        assert!(is_same(&all, &evaluate(&program, &bind(&names, &feature), 5)), "{text}");
    }
}

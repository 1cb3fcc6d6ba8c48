//! The element of an array that a zoom asks for.

use std::ops::Range;

use zellige_model::Value;

use super::json;

/// Returns element `number` of an array in JSON text, the last one when there are fewer, null when there is
/// none; nothing when the text is no array (recipe 2.4, `zoom_element`).
#[must_use]
pub fn element_or_last(text: &str, number: usize) -> Option<Value> {
    if !text.starts_with('[') {
        return None;
    }
    let element = json::items(text).take(number.saturating_add(1)).last();
    Some(element.map_or(Value::Null, |item| value(text, item.value)))
}

fn value(text: &str, place: Range<usize>) -> Value {
    if let Some(between) = json::between_quotes(text.as_bytes(), place.clone()) {
        return Value::String(json::unescaped(&text[between]).into_owned());
    }
    let written = &text[place];
    if written.starts_with(['[', '{']) {
        return Value::Json(written.to_owned());
    }
    match serde_json::from_str(written) {
        Ok(serde_json::Value::Bool(flag)) => Value::Bool(flag),
        Ok(serde_json::Value::Number(number)) => {
            let whole = number.as_i64().map(Value::Int).or_else(|| number.as_u64().map(Value::UInt));
            whole.or_else(|| number.as_f64().map(Value::Double)).unwrap_or_default()
        }
        _ => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, number: usize, expected: impl Into<Option<Value>>) {
        assert_eq!(element_or_last(text, number), expected.into(), "{text} {number}");
    }

    #[test]
    fn elements_end_with_the_last() {
        let text = "[5, null, \"\\u00e4\", [1,2], -0.5]";
        check(text, 0, Some(Value::Int(5)));
        check(text, 1, Some(Value::Null));
        check(text, 2, Some(Value::String("ä".into())));
        check(text, 3, Some(Value::Json("[1,2]".into())));
        check(text, 4, Some(Value::Double(-0.5)));
        check(text, 9, Some(Value::Double(-0.5)));
    }

    #[test]
    fn no_element_is_null_and_no_array_is_nothing() {
        check("[]", 0, Some(Value::Null));
        check("{\"a\": 1}", 0, None);
    }
}

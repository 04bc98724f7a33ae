//! An answer that fits into one line of a log.
//!
//! Owns what is left out of an answer that would not: the ends of its lists and texts. Pure.

use serde_json::{Map, Value, json};

/// How many entries of each list are tried to be kept, most first.
const ENTRIES: [usize; 8] = [100, 50, 20, 10, 5, 2, 1, 0];

/// Where the answer says how many entries of which list were left out.
const OMITTED: &str = "omitted";

/// Returns `answer` with its lists and texts shortened until it has at most `longest` bytes as JSON, if it has more.
/// Every field stays, but for those that repeat what the caller said or what other fields tell.
#[must_use]
pub fn shortened(mut answer: Map<String, Value>, longest: usize) -> Map<String, Value> {
    if length(&answer) <= longest {
        return answer;
    }
    for repeating in ["invocation", "diff"] {
        answer.remove(repeating);
    }
    for entries in ENTRIES {
        let brief = cut(&answer, entries, longest / 8);
        if length(&brief) <= longest || entries == 0 {
            return brief;
        }
    }
    answer
}

fn length(answer: &Map<String, Value>) -> usize {
    serde_json::to_vec(answer).map_or(0, |text| text.len())
}

fn cut(answer: &Map<String, Value>, entries: usize, text: usize) -> Map<String, Value> {
    let mut omitted = Map::new();
    let mut brief = Map::new();
    for (name, value) in answer {
        let value = match value {
            Value::Array(all) if all.len() > entries => {
                omitted.insert(name.clone(), json!(all.len() - entries));
                json!(all[..entries])
            }
            Value::String(all) if all.len() > text => {
                let ends = all.char_indices().map(|(start, _)| start);
                let end = ends.take_while(|end| *end <= text).last().unwrap_or(0);
                json!(format!("{}…", &all[..end]))
            }
            other => other.clone(),
        };
        brief.insert(name.clone(), value);
    }
    if !omitted.is_empty() {
        brief.insert(OMITTED.to_owned(), Value::Object(omitted));
    }
    brief
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(entries: usize) -> Map<String, Value> {
        let actions: Vec<String> = (0..entries).map(|number| format!("Removed {number}")).collect();
        let answer = json!({
            "actions": actions, "diff": [], "bytes": 7, "msg": "ü".repeat(entries), "changed": true,
            "invocation": { "module_args": { "keep": 1 } },
        });
        answer.as_object().unwrap().clone()
    }

    #[test]
    fn an_answer_that_is_short_enough_stays_as_it_is() {
        let all = answer(3);
        assert_eq!(shortened(all.clone(), length(&all)), all);
    }

    #[test]
    fn a_longer_one_keeps_the_beginnings_and_says_how_much_it_left_out() {
        for longest in [400, 1_000, 4_000] {
            let brief = shortened(answer(10_000), longest);
            assert!(length(&brief) <= longest, "{} > {longest}", length(&brief));
            let kept = brief["actions"].as_array().unwrap().len();
            assert!(kept > 0);
            assert_eq!(brief["actions"][0], "Removed 0");
            assert_eq!(brief[OMITTED]["actions"], json!(10_000 - kept));
            assert_eq!((&brief["bytes"], &brief["changed"]), (&json!(7), &json!(true)));
            assert!(brief["msg"].as_str().unwrap().ends_with('…'));
            assert!(!brief.contains_key("diff") && !brief.contains_key("invocation"));
        }
    }
}

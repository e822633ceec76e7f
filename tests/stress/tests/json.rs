//! Texts made up from seeds are read as serde_json reads them.

use poolable_stress::buffer_script;
use poolable_stress::json::{JsonTale, check_json, play_json};

#[test]
fn scripts_of_all_seeds_are_read_as_serde_json_reads_them() {
    let mut tale = JsonTale::default();
    for seed in 0..4000 {
        match play_json(&buffer_script(seed)[..400]) {
            Ok(one) => tale.add(&one),
            Err(difference) => panic!("seed {seed}: {difference}"),
        }
    }
    // Each text is read as three types.
    assert_eq!(tale.values + tale.errors, 12_000);
    assert!(tale.values > 1000 && tale.errors > 1000, "{tale:?}");
}

#[test]
fn an_order_is_among_what_is_read() {
    let text = r#"{"customer":"c","items":[{"name":"n","count":1}],"note":null,"counts":{"a":1},
        "total":1,"kind":"Plain","token":"t","words":["w"]}"#;
    assert_eq!(check_json(text.as_bytes(), 1), Ok(JsonTale { values: 3, errors: 0 }));
    assert_eq!(check_json(b"", 2), Ok(JsonTale { values: 0, errors: 3 }));
}

//! A program that leaves out a step of the way does not compile.
//!
//! `skip/whole_way.rs` takes the whole way, and is compiled as a part of this test. The programs
//! beside it leave out or forge one step each; the `.stderr` next to each says for which reason it
//! fails. After a change of the API, `TRYBUILD=overwrite cargo test -p yumen-gate --test skip`
//! writes the errors anew: read them, each must still name the step that was left out.

#[allow(clippy::unwrap_used, reason = "only its types matter; it is never run")]
#[path = "skip/whole_way.rs"]
mod whole_way;

#[test]
fn no_step_can_be_left_out() {
    // They are used, and so compiled, as a handler would use them.
    let _ = (whole_way::cleared, whole_way::routed, whole_way::answered, whole_way::piece);

    let programs = trybuild::TestCases::new();
    for step in ["clear", "screen", "route", "label", "record"] {
        programs.compile_fail(format!("tests/skip/{step}_*.rs"));
    }
}

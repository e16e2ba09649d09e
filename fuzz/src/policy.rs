//! What must hold for any bytes that come as an approval or as a list of filed models.
//!
//! The same functions run over the seed corpus in `cargo test -p yumen-policy`.

#![allow(dead_code, reason = "each target uses one of the checks")]

use yumen_policy::{
    ApprovalFile, ApprovalState, FiledModels, NumberFormat, Role, SignedApproval, SignedStep,
    Signer, SignerKey, SigningKey, Timestamp, TrustedSigners,
};

/// The people who signed the seeds, and nothing but the seeds.
fn trusted() -> TrustedSigners {
    let people = [("Ana", Role::Author), ("Wei", Role::Approver), ("Li", Role::Legal)];
    TrustedSigners::new((1_u8..).zip(people).map(|(seed, (name, role))| {
        Signer::new(SignerKey::of(&SigningKey::from_bytes(&[seed; 32])), name, role)
    }))
}

/// Nothing is believed but the record that Wei and Li signed, and it reads back as it was written.
pub(crate) fn approval(data: &[u8]) {
    if let Ok(step) = SignedStep::parse(data) {
        let again = SignedStep::parse(step.to_json().as_bytes()).expect("a step reads back");
        assert_eq!(again, step);
    }
    if let Ok(signed) = SignedApproval::parse(data) {
        let file = ApprovalFile::from(signed.clone());
        let again = ApprovalFile::parse(signed.to_json().as_bytes()).expect("a record is a file");
        assert_eq!(again, file);
    }
    let Ok(file) = ApprovalFile::parse(data) else { return };
    let again = ApprovalFile::parse(file.to_json().as_bytes()).expect("a file reads back");
    assert_eq!(again, file);
    assert!(!file.id().is_empty());
    let now = Timestamp::UNIX_EPOCH;
    let state = file.state(&trusted(), 2, now);
    if let Ok(approval) = file.verify(&trusted(), 2) {
        assert_eq!(approval.number(), "Example-2026-001");
        assert_eq!(approval.signers().len(), 2);
        assert!(state.is_ok_and(|state| state == approval.state(now)));
    } else {
        let open = [ApprovalState::InForce, ApprovalState::ToCome];
        assert!(!state.is_ok_and(|state| open.contains(&state)));
    }
}

/// Every model has a number of the form, is found by it, and reads back.
pub(crate) fn filed_models(data: &[u8]) {
    if let Ok(models) = FiledModels::parse(data) {
        let again = FiledModels::parse(models.to_json().as_bytes()).expect("models read back");
        assert_eq!(again, models);
    }
    let Ok(import) = FiledModels::import(data) else { return };
    for model in import.models.iter() {
        assert!(NumberFormat::ModelFiling.fits(&model.number));
        assert!(!model.name.is_empty() && !model.entity.is_empty());
        assert_eq!(import.models.by_number(&model.number), Some(model));
        assert_eq!(import.models.by_number(&model.number.to_lowercase()), Some(model));
        assert!(import.models.by_entity(&model.entity).any(|other| other == model));
    }
    let again = FiledModels::parse(import.models.to_json().as_bytes()).expect("models read back");
    assert_eq!(again, import.models);
    let mut twice = import.models.clone();
    assert!(twice.merge(import.models.clone()).is_empty());
    assert_eq!(twice, import.models);
}

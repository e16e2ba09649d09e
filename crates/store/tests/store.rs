//! What a user of the store sees: what was kept is there in the next process, and secrets are not.

use std::fs;

use yumen_store::{Change, NewKey, Store, StoreError, hash_secret};

/// Makes one change.
fn change<T>(
    store: &mut Store,
    what: impl FnOnce(&mut Change<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut change = store.change()?;
    let made = what(&mut change)?;
    change.commit()?;
    Ok(made)
}

fn app(name: &str) -> NewKey {
    NewKey { name: name.into(), device: None, development: false }
}

#[test]
fn a_key_is_found_by_its_secret_until_it_is_revoked_and_after() {
    let mut store = Store::open_in_memory().unwrap();
    let device = r#"{"purchase_region": "US"}"#;
    let new = NewKey { name: "notes".into(), device: Some(device.into()), development: true };
    let (key, secret) = store.add_key(&new, 1000).unwrap();
    assert!(secret.reveal().starts_with("yk_") && secret.reveal().len() == 35);
    assert!(secret.reveal().starts_with(&key.prefix) && key.prefix.len() == 9);
    assert!(key.id.starts_with("key_") && key.id.len() == 16);
    assert_eq!(key.secret_hash, hash_secret(secret.reveal()));
    assert_eq!((key.device.as_deref(), key.development), (Some(device), true));
    assert_eq!(store.key_of_secret(secret.reveal()).unwrap().unwrap(), key);
    assert_eq!(store.key_of_secret("yk_other").unwrap(), None);

    assert!(store.revoke_key(&key.id, 2000).unwrap());
    assert!(!store.revoke_key(&key.id, 3000).unwrap(), "a key is revoked once");
    assert!(!store.revoke_key("key_none", 3000).unwrap());
    let revoked = store.key_of_secret(secret.reveal()).unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(2000));
    assert_eq!(store.list_keys().unwrap(), [revoked]);
}

#[test]
fn two_keys_are_never_the_same_and_a_secret_is_not_shown_by_accident() {
    let mut store = Store::open_in_memory().unwrap();
    let (one, secret) = store.add_key(&app("a"), 1).unwrap();
    let (two, other) = store.add_key(&app("a"), 2).unwrap();
    assert_ne!(secret, other);
    assert_ne!(one.id, two.id);
    assert!(!format!("{secret:?}").contains(&secret.reveal()[3..]));
    let json = serde_json::to_string(&one).unwrap();
    assert!(!json.contains("secret") && json.contains(&one.prefix), "{json}");
    let names: Vec<_> = store.list_keys().unwrap().into_iter().map(|key| key.id).collect();
    assert_eq!(names, [one.id, two.id]);
}

#[test]
fn the_fixed_keys_of_the_demo_can_be_made_once() {
    let mut store = Store::open_in_memory().unwrap();
    let key = store.add_key_with_secret(&app("demo"), "yk_demo_us", 1).unwrap();
    assert_eq!(store.key_of_secret("yk_demo_us").unwrap(), Some(key));
    let again = store.add_key_with_secret(&app("demo"), "yk_demo_us", 1);
    assert!(matches!(again, Err(StoreError::Exists { what: "app key", .. })));
    for bad in ["demo", "yk_", "yk_a b", "yk_é"] {
        let refused = store.add_key_with_secret(&app("demo"), bad, 1);
        assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{bad}");
    }
    assert!(matches!(store.add_key(&app(" "), 1), Err(StoreError::Invalid { .. })));
    let bent = NewKey { device: Some("{".into()), ..app("x") };
    assert!(matches!(store.add_key(&bent, 1), Err(StoreError::Invalid { .. })));
}

#[test]
fn an_approval_number_always_means_one_record() {
    let mut store = Store::open_in_memory().unwrap();
    change(&mut store, |c| c.import_approval("N-2", "cn", r#"{"a":2}"#, 10)).unwrap();
    change(&mut store, |c| c.import_approval("N-1", "cn", r#"{"a":1}"#, 11)).unwrap();
    let exists = |result| matches!(result, Err(StoreError::Exists { what: "approval", .. }));
    assert!(exists(change(&mut store, |c| c.import_approval("N-1", "cn", r#"{"a":1}"#, 12))));
    assert!(exists(change(&mut store, |c| c.import_approval("N-1", "cn", r#"{"a":9}"#, 12))));
    assert!(change(&mut store, |c| c.remove_approval("N-1", 20)).unwrap());
    assert!(!change(&mut store, |c| c.remove_approval("N-1", 21)).unwrap());
    assert!(!change(&mut store, |c| c.remove_approval("N-9", 21)).unwrap());
    let all = store.list_approvals().unwrap();
    let shown: Vec<_> = all.iter().map(|a| (a.number.as_str(), a.removed_at)).collect();
    assert_eq!(shown, [("N-1", Some(20)), ("N-2", None)]);

    assert!(exists(change(&mut store, |c| c.import_approval("N-1", "cn", r#"{"a":9}"#, 30))));
    assert!(exists(change(&mut store, |c| c.import_approval("N-1", "us", r#"{"a":1}"#, 30))));
    change(&mut store, |c| c.import_approval("N-1", "cn", r#"{"a":1}"#, 30)).unwrap();
    let back = &store.list_approvals().unwrap()[0];
    assert_eq!((back.record.as_str(), back.imported_at, back.removed_at), (r#"{"a":1}"#, 30, None));
    for (number, record) in [("", "{}"), ("N-3", "{")] {
        let refused = change(&mut store, |c| c.import_approval(number, "cn", record, 1));
        assert!(matches!(refused, Err(StoreError::Invalid { .. })));
    }
}

#[test]
fn signers_come_and_go() {
    let mut store = Store::open_in_memory().unwrap();
    change(&mut store, |c| c.add_signer("k2", "Bo", "release", 1)).unwrap();
    change(&mut store, |c| c.add_signer("k1", "An", "legal", 2)).unwrap();
    let again = change(&mut store, |c| c.add_signer("k1", "Other", "legal", 3));
    assert!(matches!(again, Err(StoreError::Exists { what: "signer", .. })));
    assert!(matches!(
        change(&mut store, |c| c.add_signer("k3", "", "legal", 3)),
        Err(StoreError::Invalid { .. })
    ));
    let names: Vec<_> = store.list_signers().unwrap().into_iter().map(|s| s.name).collect();
    assert_eq!(names, ["An", "Bo"]);
    assert!(change(&mut store, |c| c.remove_signer("k1", 9)).unwrap());
    assert!(!change(&mut store, |c| c.remove_signer("k1", 9)).unwrap());
    let removed: Vec<_> = store.list_signers().unwrap().into_iter().map(|s| s.removed_at).collect();
    assert_eq!(removed, [Some(9), None], "who signed in the past stays known");
    change(&mut store, |c| c.add_signer("k1", "An", "legal", 10)).unwrap();
    assert_eq!(store.list_signers().unwrap()[0].removed_at, None);
}

#[test]
fn changes_of_this_and_of_another_process_are_noticed_and_kept() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("yumen.db");
    let mut gate = Store::open(&path).unwrap();
    let mut command = Store::open(&path).unwrap();
    let first = gate.data_version().unwrap();
    assert_eq!(gate.data_version().unwrap(), first, "nothing happened");

    change(&mut command, |c| c.import_approval("N-1", "cn", "{}", 1)).unwrap();
    let second = gate.data_version().unwrap();
    assert_ne!(second, first);
    assert_eq!(gate.list_approvals().unwrap().len(), 1);
    assert_eq!(gate.data_version().unwrap(), second, "reading changes nothing");

    change(&mut gate, |c| c.remove_approval("N-1", 2)).unwrap();
    let third = gate.data_version().unwrap();
    assert!(third != second && third != first);

    let (_, secret) = command.add_key(&app("a"), 3).unwrap();
    assert_ne!(gate.data_version().unwrap(), third);
    drop((gate, command));
    let again = Store::open(&path).unwrap();
    assert!(again.key_of_secret(secret.reveal()).unwrap().is_some());
    assert_eq!(again.list_approvals().unwrap()[0].removed_at, Some(2));
    drop(again);

    for file in fs::read_dir(dir.path()).unwrap() {
        let bytes = fs::read(file.unwrap().path()).unwrap();
        let random = &secret.reveal().as_bytes()[9..];
        assert!(!bytes.windows(random.len()).any(|window| window == random), "no secret on disk");
    }
}

#[test]
fn small_facts_are_kept() {
    let mut store = Store::open_in_memory().unwrap();
    assert_eq!(store.meta("ledger_key").unwrap(), None);
    store.set_meta("ledger_key", "a").unwrap();
    store.set_meta("ledger_key", "b").unwrap();
    assert_eq!(store.meta("ledger_key").unwrap().as_deref(), Some("b"));
}

#[test]
fn a_store_that_cannot_be_trusted_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Store::open(&dir.path().join("none").join("yumen.db"));
    assert!(matches!(missing, Err(StoreError::Open { .. })));

    let text = dir.path().join("text.db");
    fs::write(&text, "this is no database, and long enough to be looked at as if it were one ...")
        .unwrap();
    assert!(Store::open(&text).is_err());

    let newer = dir.path().join("newer.db");
    drop(Store::open(&newer).unwrap());
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let refused = Store::open(&newer).err().unwrap();
    assert!(matches!(refused, StoreError::TooNew { found: 99, .. }), "{refused}");

    let gone = dir.path().join("gone.db");
    let store = Store::open(&gone).unwrap();
    rusqlite::Connection::open(&gone).unwrap().execute("DROP TABLE approval", []).unwrap();
    assert!(matches!(store.list_approvals(), Err(StoreError::Database(_))));
}

#[test]
fn many_that_start_at_once_migrate_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("yumen.db");
    std::thread::scope(|scope| {
        let opened: Vec<_> = (0..8).map(|_| scope.spawn(|| Store::open(&path).map(drop))).collect();
        for thread in opened {
            thread.join().unwrap().unwrap();
        }
    });
}

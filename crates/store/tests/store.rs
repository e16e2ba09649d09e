//! What a user of the store sees: what was kept is there in the next process, and secrets are not.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use yumen_store::{Change, NewKey, NewPack, Store, StoreError, hash_secret};

/// A new store, in a folder of its own.
fn opened() -> (TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(&dir.path().join("yumen.db")).unwrap();
    (dir, store)
}

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
    let (_dir, mut store) = opened();
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
    let (_dir, mut store) = opened();
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
    let (_dir, mut store) = opened();
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
    let (_dir, mut store) = opened();
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
    let (_dir, mut store) = opened();
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
    let (_dir, mut store) = opened();
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

/// The SHA-256 of "lantern" and of "caravan".
const LANTERN: &str = "sha256:c5220b3c4266890f047190c18dc4243e0dac079d43ca8065899c4f9f3cf124ef";
const CARAVAN: &str = "sha256:f7d0a3282d9cedcc14f8bef5b9099186f51c6d1ab213d309c7c8b24e30647359";

/// Installs these bytes as the pack `lanterns`.
fn install(store: &mut Store, digest: &str, bytes: &[u8]) -> i64 {
    let kept = store.pack_folder().keep(digest, bytes).unwrap();
    assert_eq!(kept.digest(), digest);
    let pack = NewPack {
        id: "lanterns",
        version: "1",
        file: &kept,
        scope: "[]",
        reason: "a test",
        requested_by: None,
        reference: None,
    };
    change(store, |c| c.install_pack(&pack, "local", 1)).unwrap()
}

fn pack_files(dir: &Path) -> Vec<PathBuf> {
    let Ok(files) = fs::read_dir(dir.join("packs")) else { return Vec::new() };
    files.map(|file| file.unwrap().path()).collect()
}

#[test]
fn the_file_of_a_pack_is_there_for_the_next_process_and_its_owner_alone() {
    let (dir, mut store) = opened();
    assert!(!dir.path().join("packs").exists(), "made with the first pack");
    // More than one piece.
    let bytes = "lanterns ".repeat(30_000);
    let digest = "sha256:a2ba54d1c57d87dd99bb3acd6428ca0675f5340103385d9a4d4710be00ba6071";
    let edition = install(&mut store, digest, bytes.as_bytes());
    assert_eq!(store.list_packs().unwrap()[0].digest, digest);
    drop(store);
    let store = Store::open(&dir.path().join("yumen.db")).unwrap();
    assert_eq!(store.pack_file(edition).unwrap().unwrap(), bytes.as_bytes());
    assert_eq!(store.pack_file(edition + 1).unwrap(), None);
    let [file] = &pack_files(dir.path())[..] else { panic!("one file") };
    assert_eq!(file.file_stem().unwrap().to_str(), digest.strip_prefix("sha256:"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(file), mode(file.parent().unwrap())), (0o600, 0o700));
    }
    let database = fs::read(dir.path().join("yumen.db")).unwrap();
    assert!(!database.windows(18).any(|window| window == b"lanterns lanterns "));
}

#[test]
fn a_pack_file_that_is_lost_or_damaged_is_told_and_can_be_put_back() {
    let (dir, mut store) = opened();
    let edition = install(&mut store, LANTERN, b"lantern");
    let [file] = &pack_files(dir.path())[..] else { panic!("one file") };
    for damage in [|file: &Path| fs::write(file, "lantarn"), |file: &Path| fs::remove_file(file)] {
        damage(file).unwrap();
        let lost = store.pack_file(edition).unwrap_err();
        assert!(matches!(lost, StoreError::PackLost { .. }), "{lost}");
        assert!(lost.to_string().contains("install the pack again"), "{lost}");
        store.pack_folder().keep(LANTERN, b"lantern").unwrap();
        assert_eq!(store.pack_file(edition).unwrap().unwrap(), b"lantern");
    }
    for none in ["", "sha256:", "sha256:../../yumen", &LANTERN.to_uppercase(), &LANTERN[7..]] {
        let refused = store.pack_folder().keep(none, b"lantern");
        assert!(matches!(refused, Err(StoreError::Invalid { .. })), "{none}");
    }
}

#[test]
fn files_go_with_the_packs_that_have_them_and_no_other_does() {
    let (dir, mut store) = opened();
    install(&mut store, LANTERN, b"lantern");
    store.release_pack_file(LANTERN).unwrap();
    assert_eq!(pack_files(dir.path()).len(), 1, "it is in force");
    let edition = install(&mut store, CARAVAN, b"caravan");
    store.release_pack_file(LANTERN).unwrap();
    store.release_pack_file(LANTERN).unwrap();
    assert_eq!(pack_files(dir.path()).len(), 1, "the former went");
    store.pack_folder().keep(LANTERN, b"lantern").unwrap();
    let packs = dir.path().join("packs");
    fs::write(packs.join("pack_x.part"), "lan").unwrap();
    fs::write(packs.join("README"), "an operator's").unwrap();
    store.sweep_packs().unwrap();
    let left = pack_files(dir.path());
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(packs.join("README").exists());
    assert_eq!(store.pack_file(edition).unwrap().unwrap(), b"caravan");
}

#[test]
fn packs_that_an_earlier_version_kept_in_the_database_are_moved_out_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("yumen.db");
    let bytes = "lanterns ".repeat(30_000);
    {
        let db = rusqlite::Connection::open(&path).unwrap();
        for sql in [
            include_str!("../migrations/0001_keys_approvals.sql"),
            include_str!("../migrations/0002_desk.sql"),
            include_str!("../migrations/0003_screening.sql"),
        ] {
            db.execute_batch(sql).unwrap();
        }
        db.pragma_update(None, "user_version", 3).unwrap();
        let sql = "INSERT INTO pack (id, version, digest, scope, file, reason, installed_by, installed_at, removed_at)
                   VALUES (?1, '1', ?2, '[]', ?3, 'a test', 'local', 1, ?4)";
        let digest = "sha256:a2ba54d1c57d87dd99bb3acd6428ca0675f5340103385d9a4d4710be00ba6071";
        db.execute(sql, rusqlite::params!["lanterns", LANTERN, None::<&[u8]>, 2]).unwrap();
        db.execute(sql, rusqlite::params!["lanterns", digest, bytes.as_bytes(), None::<i64>])
            .unwrap();
    }
    let store = Store::open(&path).unwrap();
    let [pack] = &store.list_packs().unwrap()[..] else { panic!("one is in force") };
    assert_eq!(store.pack_file(pack.edition).unwrap().unwrap(), bytes.as_bytes());
    assert_eq!(pack_files(dir.path()).len(), 1);
    drop(store);
    let database = fs::read(&path).unwrap();
    assert!(!database.windows(18).any(|window| window == b"lanterns lanterns "), "overwritten");
}

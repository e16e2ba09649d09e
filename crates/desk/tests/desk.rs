//! The desk as its callers see it: actions in, what they changed out, and a ledger that has each change once.
#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use yumen_desk::{
    Action, Actor, Book, Desk, DeskError, Done, Grounds, InstallOrder, KeyShelf, Keyring,
    KillOrder, PackBench, PackFile, ReportSeal, Role, Trial,
};
use yumen_ledger::{Ledger, Reader, SigningKey};
use yumen_policy::{AssertionKeys, Text, Timestamp};
use yumen_store::{Store, StoredPack};

const ORIGIN: &str = "desk.test";

fn keys() -> Keyring {
    let assertions = AssertionKeys::new(SigningKey::from_bytes(&[8; 32]), now());
    Keyring {
        operator: SigningKey::from_bytes(&[9; 32]),
        demonstration: None,
        assertions,
        shelf: Arc::new(Shelf::default()),
        reports: ReportSeal::new(&[6; 32]),
    }
}

/// What the desk put on the shelf, and whether the shelf breaks.
#[derive(Default)]
struct Shelf {
    kept: Mutex<Vec<String>>,
    broken: bool,
}

impl KeyShelf for Shelf {
    fn fresh(&self) -> std::io::Result<SigningKey> {
        let many = self.kept.lock().unwrap().len();
        Ok(SigningKey::from_bytes(&[u8::try_from(many).unwrap() + 100; 32]))
    }

    fn keep(&self, keys: &AssertionKeys) -> std::io::Result<()> {
        if self.broken {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.kept.lock().unwrap().push(keys.to_json());
        Ok(())
    }
}

/// Takes every file for a pack but one.
#[derive(Debug)]
struct Bench;

impl Bench {
    fn trial(store: &Store, digest: yumen_policy::Digest) -> Trial {
        let (id, version) = ("lanterns".into(), "1".into());
        let packs = store.list_packs().unwrap();
        let mends = packs.iter().any(|pack| store.pack_file(pack.edition).is_err());
        Trial { id, version, digest, key: None, expires: None, renews: Vec::new(), mends }
    }
}

impl PackBench for Bench {
    fn install(&self, store: &Store, order: &InstallOrder, _: Timestamp) -> Result<Trial, Text> {
        if order.file.bytes() == b"broken" {
            return Err(Text::new("it is broken", "已损坏"));
        }
        Ok(Self::trial(store, order.file.digest()))
    }

    fn remove(&self, store: &Store, pack: &StoredPack, _: Timestamp) -> Result<Trial, Text> {
        Ok(Self::trial(store, pack.digest.parse().unwrap()))
    }

    fn standing(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
}

/// A desk on a folder of its own.
struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn log(&self) -> std::path::PathBuf {
        self.0.path().join("ledger")
    }

    fn store(&self) -> Store {
        Store::open(&self.0.path().join("yumen.db")).unwrap()
    }

    fn ledger(&self) -> Ledger {
        Ledger::open(&self.log(), SigningKey::from_bytes(&[7; 32]), ORIGIN).unwrap()
    }

    fn desk(&self) -> Desk {
        self.desk_with(keys())
    }

    fn desk_with(&self, keys: Keyring) -> Desk {
        let features = vec!["assistant.chat".parse().unwrap(), "writing.summary".parse().unwrap()];
        let packs = Some(Arc::new(Bench) as Arc<dyn PackBench>);
        let book = Arc::new(Book { features, packs, ..Book::default() });
        Desk::open(self.store(), self.ledger(), self.log(), keys, book).unwrap()
    }

    /// All entries of the ledger, which nobody writes now.
    fn entries(&self) -> Vec<String> {
        let ledger = self.ledger();
        let (key, size) = (ledger.key().clone(), ledger.checkpoint().size());
        drop(ledger);
        entries(&self.log(), &key, size)
    }
}

fn entries(log: &Path, key: &yumen_ledger::LogKey, size: u64) -> Vec<String> {
    let mut reader = Reader::open(log, key).unwrap();
    (0..size).map(|index| reader.entry(index).unwrap().entry).collect()
}

fn now() -> Timestamp {
    "2026-05-01T08:30:00Z".parse().unwrap()
}

fn chat() -> Action {
    Action::Kill(KillOrder {
        feature: "assistant.chat".parse().unwrap(),
        market: None,
        partner: None,
        model: None,
        reason: "a test".into(),
    })
}

fn id(done: &Done) -> String {
    done.changed["id"].as_str().unwrap().to_owned()
}

fn held(desk: &Desk) -> usize {
    desk.holdings().unwrap().kills.iter().filter(|kill| kill.is_in_force()).count()
}

#[test]
fn a_kill_holds_until_two_commands_lift_it() {
    let folder = Folder::new();
    let mut desk = folder.desk();
    let local = Actor::local();
    let killed = desk.act(&local, chat(), now()).unwrap();
    assert_eq!(killed.index, Some(0));
    assert_eq!(killed.changed["state"], "standing");
    let lift = Action::Lift { id: id(&killed) };
    let asked = desk.act(&local, lift.clone(), now()).unwrap();
    assert_eq!((asked.index, asked.changed["state"].as_str()), (Some(1), Some("asked")));
    assert_eq!(held(&desk), 1, "asking lifts nothing");
    let lifted = desk.act(&local, lift.clone(), now()).unwrap();
    assert_eq!((lifted.index, lifted.changed["state"].as_str()), (Some(2), Some("lifted")));
    assert!(held(&desk) == 0);
    let again = desk.act(&local, lift, now()).unwrap_err();
    assert_eq!((again.code(), again.status()), ("state_conflict", 409));
    drop(desk);
    let entries = folder.entries();
    assert_eq!(entries.len(), 3);
    assert!(entries[0].starts_with(r#"{"kill.v1":{"at":"killed","by":"local""#), "{}", entries[0]);
    assert!(!entries.concat().contains("a test"), "the reason stands in the store alone");
}

#[test]
fn people_known_by_name_lift_in_twos() {
    let folder = Folder::new();
    let mut desk = folder.desk();
    let mut operator = |name: &str| {
        let action = Action::AddAdminKey { name: name.into(), role: Role::Operator };
        let key = desk.act(&Actor::local(), action, now()).unwrap();
        Actor::of_key(id(&key), name, Role::Operator)
    };
    let (wei, wei_again, li) = (operator("Wei"), operator("Wei"), operator("Li"));
    let lift = Action::Lift { id: id(&desk.act(&wei, chat(), now()).unwrap()) };
    desk.act(&wei, lift.clone(), now()).unwrap();
    for same in [&wei, &wei_again] {
        let refused = desk.act(same, lift.clone(), now()).unwrap_err();
        assert!(matches!(&refused, DeskError::SamePerson { name } if name == "Wei"), "{refused}");
    }
    assert_eq!(held(&desk), 1);
    desk.act(&li, lift, now()).unwrap();
    assert!(held(&desk) == 0);
}

#[test]
fn roles_are_kept_apart() {
    let folder = Folder::new();
    let mut desk = folder.desk();
    let of = |role| Actor::of_key("admin_x", "Wei", role);
    for role in [Role::Author, Role::Approver, Role::Legal, Role::Auditor] {
        let refused = desk.act(&of(role), chat(), now()).unwrap_err();
        assert_eq!((refused.code(), refused.status()), ("role_forbidden", 403));
        assert!(refused.text().en.contains("operator"), "it says who may");
        desk.act(&of(role), Action::Kills, now()).unwrap();
    }
    // Whose keys count is decided at the machine.
    let entrust = Action::AddAdminKey { name: "Li".into(), role: Role::Operator };
    for actor in [of(Role::Operator), Actor::demonstration("admin_demo"), Actor::gate()] {
        assert_eq!(desk.act(&actor, entrust.clone(), now()).unwrap_err().code(), "role_forbidden");
    }
    assert_eq!(desk.act(&Actor::gate(), chat(), now()).unwrap_err().code(), "role_forbidden");
    assert!(desk.store().list_kills().unwrap().is_empty());
    drop(desk);
    assert!(folder.entries().is_empty(), "what was refused is no change");
}

#[test]
fn a_kill_of_nothing_is_refused() {
    let folder = Folder::new();
    let mut desk = folder.desk();
    for (feature, market) in [("assistant.chatt", None), ("*", Some("atlantis"))] {
        let market = market.map(|id: &str| id.parse().unwrap());
        let order = KillOrder {
            feature: feature.parse().unwrap(),
            market,
            partner: None,
            model: None,
            reason: String::new(),
        };
        let refused = desk.act(&Actor::local(), Action::Kill(order), now()).unwrap_err();
        assert_eq!(refused.status(), 404, "{refused}");
    }
    let nothing = Action::Lift { id: "kill_none".into() };
    assert_eq!(desk.act(&Actor::local(), nothing, now()).unwrap_err().status(), 404);
}

/// What a process leaves that dies after the change and before the ledger, or between the ledger and its mark.
#[test]
fn what_a_crash_left_is_recorded_once() {
    let folder = Folder::new();
    drop(folder.desk());
    let mut store = folder.store();
    let entry = |id: &str| {
        format!(
            r#"{{"kill.v1":{{"at":"killed","by":"local","feature":null,"id":"{id}","market":null,"model":null,"partner":null,"reason":"sha256:00","time":"2026-05-01T08:30:00Z"}}}}"#
        )
    };
    let ledger = folder.ledger();
    let mut change = store.change().unwrap();
    change.send(&entry("kill_appended"), ledger.checkpoint().size()).unwrap();
    change.send(&entry("kill_lost"), ledger.checkpoint().size()).unwrap();
    change.commit().unwrap();
    // The first reached the ledger, its mark did not reach the store.
    let appended = entry("kill_appended");
    let appended = yumen_ledger::Entry::parse(&appended).unwrap();
    ledger.append_blocking(appended).unwrap();
    drop((ledger, store));

    for _ in 0..2 {
        let desk = folder.desk();
        assert!(desk.store().outgoing().unwrap().is_empty());
    }
    let entries = folder.entries();
    let count = |id: &str| entries.iter().filter(|entry| entry.contains(id)).count();
    assert_eq!((count("kill_appended"), count("kill_lost"), entries.len()), (1, 1, 2));
}

#[test]
fn signers_and_admin_keys_come_and_go_on_record() {
    let folder = Folder::new();
    let mut desk = folder.desk();
    let local = Actor::local();
    let key = yumen_policy::SignerKey::of(&SigningKey::from_bytes(&[3; 32])).to_string();
    let add = Action::AddSigner { key: key.clone(), name: "Wei".into(), role: Role::Legal };
    assert_eq!(desk.act(&local, add.clone(), now()).unwrap().index, Some(0));
    assert_eq!(desk.act(&local, add, now()).unwrap_err().code(), "state_conflict");
    let listed = desk.act(&local, Action::Signers, now()).unwrap();
    assert_eq!((listed.index, listed.to_json()[0]["name"].as_str()), (None, Some("Wei")));
    let remove = Action::RemoveSigner { key };
    assert_eq!(desk.act(&local, remove.clone(), now()).unwrap().index, Some(1));
    assert_eq!(desk.act(&local, remove, now()).unwrap_err().status(), 404);

    let add = Action::AddAdminKey { name: "Li".into(), role: Role::Auditor };
    let made = desk.act(&local, add, now()).unwrap();
    let secret = made.changed["secret"].as_str().unwrap().to_owned();
    assert!(secret.starts_with("ya_"));
    let listed = desk.act(&local, Action::AdminKeys, now()).unwrap();
    assert!(!listed.changed.to_string().contains(&secret), "shown once");
    let revoke = Action::RevokeAdminKey { id: id(&made) };
    desk.act(&local, revoke.clone(), now()).unwrap();
    assert_eq!(desk.act(&local, revoke, now()).unwrap_err().status(), 404);
    drop(desk);
    assert!(!folder.entries().concat().contains("Wei"), "no names in the ledger");
}

#[test]
fn a_rotation_is_kept_before_it_is_recorded_and_refused_where_it_cannot_be_kept() {
    let folder = Folder::new();
    let shelf = Arc::new(Shelf::default());
    let mut desk = folder.desk_with(Keyring { shelf: Arc::<Shelf>::clone(&shelf), ..keys() });
    let former = desk.assertion_keys().kid();
    let rotate = Action::RotateAssertionKey { revoke: false };
    let done = desk.act(&Actor::local(), rotate.clone(), now()).unwrap();
    let fresh = desk.assertion_keys().kid();
    assert_ne!(fresh, former);
    assert_eq!(done.changed["current"]["kid"], fresh.as_str());
    assert_eq!(shelf.kept.lock().unwrap().last().unwrap(), &desk.assertion_keys().to_json());
    let revoke = Action::RevokeAssertionKey { kid: former.clone() };
    desk.act(&Actor::local(), revoke.clone(), now()).unwrap();
    assert_eq!(desk.act(&Actor::local(), revoke, now()).unwrap_err().code(), "state_conflict");
    let in_use = Action::RevokeAssertionKey { kid: fresh.clone() };
    assert_eq!(desk.act(&Actor::local(), in_use, now()).unwrap_err().code(), "state_conflict");
    let unknown = Action::RevokeAssertionKey { kid: "nobody".into() };
    assert_eq!(desk.act(&Actor::local(), unknown, now()).unwrap_err().code(), "admin_not_found");
    let at_once = Action::RotateAssertionKey { revoke: true };
    desk.act(&Actor::local(), at_once, now()).unwrap();
    let seen = desk.act(&Actor::local(), Action::AssertionKeys, now()).unwrap().changed;
    assert_eq!(seen["retired"][0]["kid"], fresh.as_str());
    assert!(!seen["retired"][0]["revoked"].is_null());
    // Nobody who looks gets a key.
    assert!(!seen.to_string().contains("secret") && !seen.to_string().contains("public"));
    drop(desk);
    let keys_told: Vec<_> =
        folder.entries().into_iter().filter(|entry| entry.contains("\"key.v1\"")).collect();
    assert_eq!(keys_told.len(), 4);
    assert!(keys_told[0].contains(&former) && keys_told[0].contains(&fresh));

    let broken = Arc::new(Shelf { broken: true, ..Shelf::default() });
    let mut desk = folder.desk_with(Keyring { shelf: broken, ..keys() });
    let refused = desk.act(&Actor::local(), rotate, now()).unwrap_err();
    assert!(refused.to_string().contains("could not be changed"));
    assert_eq!(desk.assertion_keys().kid(), former);
    drop(desk);
    assert_eq!(folder.entries().into_iter().filter(|e| e.contains("\"key.v1\"")).count(), 4);
}

fn grounds() -> Grounds {
    Grounds { reason: "a test".into(), ..Grounds::default() }
}

#[test]
fn the_file_of_a_pack_is_kept_as_long_as_the_pack_is_in_force() {
    let folder = Folder::new();
    let mut desk = folder.desk();
    let files = || {
        let mut names: Vec<_> = std::fs::read_dir(folder.0.path().join("packs"))
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let file = |bytes: &[u8]| PackFile::new(bytes.to_vec());
    let name = |bytes: &[u8]| {
        let digest = file(bytes).digest().to_string();
        format!("{}.ypack", digest.strip_prefix("sha256:").unwrap())
    };
    let install = |desk: &mut Desk, bytes: &[u8]| {
        let order = InstallOrder {
            file: file(bytes),
            scope: std::iter::empty().collect(),
            grounds: grounds(),
        };
        desk.act(&Actor::local(), Action::InstallPack(order), now())
    };
    install(&mut desk, b"one").unwrap();
    assert_eq!(files(), [name(b"one")]);
    install(&mut desk, b"two").unwrap();
    assert_eq!(files(), [name(b"two")], "the former went");

    // A running gate keeps the file before it is asked whether the pack can be used.
    let broken = file(b"broken");
    desk.store().pack_folder().keep(&broken.digest().to_string(), broken.bytes()).unwrap();
    assert_eq!(install(&mut desk, b"broken").unwrap_err().code(), "pack_unfit");
    assert_eq!(install(&mut desk, b"two").unwrap_err().code(), "state_conflict");
    assert_eq!(files(), [name(b"two")], "what was refused left nothing, and took nothing");

    std::fs::remove_file(folder.0.path().join("packs").join(name(b"two"))).unwrap();
    let mended = install(&mut desk, b"two").unwrap();
    assert_eq!((mended.index, files()), (Some(2), vec![name(b"two")]), "put back, on record");

    // A process that ended between the file and the change.
    desk.store().pack_folder().keep(&broken.digest().to_string(), broken.bytes()).unwrap();
    drop(desk);
    let mut desk = folder.desk();
    assert_eq!(files(), [name(b"two")]);
    let remove = Action::RemovePack { pack: "lanterns".into(), grounds: grounds() };
    assert_eq!(desk.act(&Actor::local(), remove, now()).unwrap().index, Some(3));
    assert!(files().is_empty());
}

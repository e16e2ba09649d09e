//! Whose keys count: those of the people who sign, and of those who work at the desk.

use jiff::Timestamp;
use serde_json::json;
use yumen_ledger::{Canonical, Entry, KeyStep, SignerStep};
use yumen_policy::Role;
use yumen_policy::{SignerKey, Text};

use yumen_store::hash_secret;

use crate::{Actor, Desk, DeskError, Done};

impl Desk {
    pub(crate) fn add_signer(
        &mut self,
        actor: &Actor,
        key: &str,
        name: &str,
        role: Role,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let key = key.parse::<SignerKey>()?.to_string();
        let ((), index) = self.change(|change| {
            change.add_signer(&key, name, role.as_str(), now.as_second())?;
            Ok(((), vec![signer_entry(actor, &key, role.as_str(), "added", now)]))
        })?;
        let text = Text::new(
            format!("{name} is trusted with {key}"),
            format!("已信任 {name} 的密钥 {key}"),
        );
        let changed = json!({"added": key, "name": name, "role": role.as_str()});
        Ok(Done::changed(changed, index, text))
    }

    pub(crate) fn remove_signer(
        &mut self,
        actor: &Actor,
        key: &str,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let known = self.store.list_signers()?;
        let Some(signer) = known.into_iter().find(|s| s.key == key && s.removed_at.is_none())
        else {
            return Err(DeskError::Unknown { what: "signer", zh: "签署人", name: key.into() });
        };
        let ((), index) = self.change(|change| {
            change.remove_signer(key, now.as_second())?;
            Ok(((), vec![signer_entry(actor, key, &signer.role, "removed", now)]))
        })?;
        let text = Text::new(format!("{key} is trusted no longer"), format!("不再信任密钥 {key}"));
        Ok(Done::changed(json!({"removed": key, "name": signer.name}), index, text))
    }

    pub(crate) fn signers(&self) -> Result<Done, DeskError> {
        let mut signers = self.store.list_signers()?;
        signers.retain(|signer| signer.removed_at.is_none());
        let count = signers.len();
        Ok(Done::found(
            &signers,
            Text::new(format!("{count} signers"), format!("{count} 名签署人")),
        ))
    }

    pub(crate) fn add_admin_key(
        &mut self,
        actor: &Actor,
        name: &str,
        role: Role,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let ((key, secret), index) = self.change(|change| {
            let (key, secret) = change.add_admin_key(name, role.as_str(), now.as_second())?;
            let entry = key_entry(actor, &key.id, "made", now);
            Ok(((key, secret), vec![entry]))
        })?;
        let text = Text::new(
            format!(
                "admin key {} of {name} is made; this is the only time its secret is shown",
                key.id
            ),
            format!("已创建 {name} 的管理密钥 {}；密钥仅显示这一次", key.id),
        );
        let changed = json!({
            "id": key.id, "name": name, "role": role.as_str(), "secret": secret.reveal(),
        });
        Ok(Done::changed(changed, index, text))
    }

    /// Lets everybody in who knows the demo's secret, which is everybody; nothing happens when it is in already.
    ///
    /// # Errors
    /// [`DeskError::Store`].
    pub fn admit_demonstration(
        &mut self,
        role: &str,
        secret: &str,
        now: Timestamp,
    ) -> Result<(), DeskError> {
        let hash = hash_secret(secret);
        if self.store.list_admin_keys()?.iter().any(|key| key.secret_hash == hash) {
            return Ok(());
        }
        let ((), _) = self.change(|change| {
            let key = change.add_admin_key_with_secret("demo", role, secret, now.as_second())?;
            Ok(((), vec![key_entry(&Actor::local(), &key.id, "made", now)]))
        })?;
        Ok(())
    }

    pub(crate) fn revoke_admin_key(
        &mut self,
        actor: &Actor,
        id: &str,
        now: Timestamp,
    ) -> Result<Done, DeskError> {
        let ((), index) = self.change(|change| {
            if !change.revoke_admin_key(id, now.as_second())? {
                let (what, zh) = ("admin key in force", "有效管理密钥");
                return Err(DeskError::Unknown { what, zh, name: id.into() });
            }
            Ok(((), vec![key_entry(actor, id, "revoked", now)]))
        })?;
        let text = Text::new(format!("{id} is revoked"), format!("{id} 已撤销"));
        Ok(Done::changed(json!({"revoked": id}), index, text))
    }

    pub(crate) fn admin_keys(&self) -> Result<Done, DeskError> {
        let keys = self.store.list_admin_keys()?;
        let count = keys.len();
        Ok(Done::found(
            &keys,
            Text::new(format!("{count} admin keys"), format!("{count} 个管理密钥")),
        ))
    }
}

fn signer_entry(actor: &Actor, key: &str, role: &str, step: &str, now: Timestamp) -> Canonical {
    Canonical::from(Entry::Signer(SignerStep {
        by: actor.id().into(),
        key: key.into(),
        role: role.into(),
        step: step.into(),
        time: now,
    }))
}

fn key_entry(actor: &Actor, key: &str, step: &str, now: Timestamp) -> Canonical {
    Canonical::from(Entry::Key(KeyStep {
        by: actor.id().into(),
        key: key.into(),
        previous: None,
        step: step.into(),
        time: now,
        usage: "admin".into(),
    }))
}

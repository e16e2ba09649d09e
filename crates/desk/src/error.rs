//! Why an action was not carried out, each with what to do about it.

use thiserror::Error;
use yumen_ledger::LedgerError;
use yumen_policy::{PolicyError, StepKind, Text};
use yumen_store::StoreError;

use crate::actor::Duty;

/// A code that can stand in a refusal: its HTTP status and its titles.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// The stable code.
    pub code: &'static str,
    /// The HTTP status it goes out with.
    pub status: u16,
    /// The title in English.
    pub en: &'static str,
    /// The title in Chinese.
    pub zh: &'static str,
}

const fn code(code: &'static str, status: u16, en: &'static str, zh: &'static str) -> Code {
    Code { code, status, en, zh }
}

/// Every code of the desk, in the order of the alphabet.
pub const CODES: &[Code] = &[
    code("action_invalid", 422, "This cannot be done as asked", "无法按此请求执行"),
    code("admin_key_missing", 401, "An admin key is needed", "缺少管理密钥"),
    code("admin_key_unknown", 401, "The admin key is not known", "管理密钥无效"),
    code("admin_not_found", 404, "There is no such thing at the desk", "没有此项内容"),
    code("pack_unfit", 422, "The pack cannot be used", "规则包无法使用"),
    code("record_unavailable", 503, "The ledger cannot be read", "无法读取账本"),
    code("reports_too_many", 429, "Too many reports at once", "报告过多"),
    code("role_forbidden", 403, "This role may not do that", "该角色无权执行此操作"),
    code("same_person", 409, "Another person has to do this", "须由另一人执行"),
    code("signature_invalid", 422, "The signatures do not suffice", "签名不符合要求"),
    code("state_conflict", 409, "It is not in the state for this", "当前状态不允许此操作"),
    code("store_unavailable", 503, "The store does not answer", "存储无响应"),
];

/// Why an action was not carried out. Nothing was changed.
#[derive(Debug, Error)]
pub enum DeskError {
    /// No admin key came with the request. Send it as `Authorization: Bearer ya_...`.
    #[error("no admin key was given")]
    KeyMissing,
    /// The admin key is unknown or revoked. `yumen keys add --admin` makes one.
    #[error("the admin key is unknown or was revoked")]
    KeyUnknown,
    /// The actor's role may not do this. Let somebody with one of the duty's roles do it.
    #[error("{}", forbidden(*duty).en)]
    Forbidden {
        /// What was asked of them.
        duty: Duty,
    },
    /// There is nothing of this name. The list of the same kind shows the names.
    #[error("there is no {what} {name}")]
    Unknown {
        /// What kind of thing.
        what: &'static str,
        /// The same in Chinese.
        zh: &'static str,
        /// Its name.
        name: String,
    },
    /// It was asked for something that cannot be, or could not be read.
    #[error("{0}")]
    Invalid(String),
    /// The thing is in another state than this action needs.
    #[error("{}", .0.en)]
    Conflict(Text),
    /// An app sent too many reports today. Wait, or ask the operator to look at those that came.
    #[error("too many reports came with this app key today")]
    TooMany,
    /// A screen pack, or the screens with it, cannot be used. What was in force stays.
    #[error("{}", .0.en)]
    Unfit(Text),
    /// The person who did the first step cannot do the second.
    #[error("{name} asked for it already; another person has to confirm")]
    SamePerson {
        /// The person.
        name: String,
    },
    /// Signatures, numbers or dates of an approval do not hold.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The store does not answer.
    #[error(transparent)]
    Store(StoreError),
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl From<StoreError> for DeskError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Exists { what, name } => Self::Conflict(Text::new(
                format!("{what} {name:?} is already there"),
                format!("{name} 已存在（{what}）"),
            )),
            StoreError::Invalid { .. } => Self::Invalid(error.to_string()),
            other => Self::Store(other),
        }
    }
}

impl DeskError {
    /// The stable code; [`CODES`] has them all.
    pub fn code(&self) -> &'static str {
        match self {
            Self::KeyMissing => "admin_key_missing",
            Self::KeyUnknown => "admin_key_unknown",
            Self::Forbidden { .. } => "role_forbidden",
            Self::Unknown { .. } => "admin_not_found",
            Self::Invalid(_) => "action_invalid",
            Self::Conflict(_) => "state_conflict",
            Self::Unfit(_) => "pack_unfit",
            Self::TooMany => "reports_too_many",
            Self::SamePerson { .. } => "same_person",
            Self::Policy(_) => "signature_invalid",
            Self::Store(_) => "store_unavailable",
            Self::Ledger(_) => "record_unavailable",
        }
    }

    /// The HTTP status it goes out with.
    pub fn status(&self) -> u16 {
        let known = CODES.iter().find(|known| known.code == self.code());
        known.map_or(500, |known| known.status)
    }

    /// What went wrong and what to do, for people.
    pub fn text(&self) -> Text {
        match self {
            Self::KeyMissing => Text::new(
                "Send the admin key as `Authorization: Bearer ya_...`.",
                "请以 `Authorization: Bearer ya_...` 发送管理密钥。",
            ),
            Self::KeyUnknown => Text::new(
                "The admin key is unknown or was revoked; `yumen keys add --admin` makes one.",
                "管理密钥不存在或已撤销；可用 `yumen keys add --admin` 创建。",
            ),
            Self::Forbidden { duty } => forbidden(*duty),
            Self::Unknown { zh, name, .. } => {
                Text::new(self.to_string(), format!("没有名为 {name} 的{zh}"))
            }
            Self::TooMany => Text::new(self.to_string(), "今日通过此应用密钥提交的报告过多"),
            Self::Conflict(text) | Self::Unfit(text) => text.clone(),
            Self::SamePerson { name } => {
                Text::new(self.to_string(), format!("{name} 已提出过，须由另一人确认"))
            }
            Self::Invalid(why) => Text::new(why.clone(), format!("请求无法执行：{why}")),
            Self::Policy(why) => Text::new(why.to_string(), format!("审批记录不成立：{why}")),
            Self::Store(why) => {
                Text::new(format!("the store does not answer: {why}"), format!("存储无响应：{why}"))
            }
            Self::Ledger(why) => Text::new(
                format!("the ledger cannot be read: {why}"),
                format!("无法读取账本：{why}"),
            ),
        }
    }
}

fn forbidden(duty: Duty) -> Text {
    let (en, zh) = match duty {
        Duty::Entrust => {
            return Text::new(
                "whose keys count is decided at the machine: run the command with --data-dir",
                "可信密钥只能在本机决定：请用 --data-dir 运行该命令",
            );
        }
        Duty::Tell => return Text::new("only the gate itself says this", "只有网关自身可以报告"),
        Duty::Read => ("look at this", "查看"),
        Duty::Write => ("bring in releases and lists", "录入发布版本和清单"),
        Duty::Step(StepKind::Draft) => ("write a draft", "起草"),
        Duty::Step(StepKind::Submitted) => ("submit an application", "提交申请"),
        Duty::Step(StepKind::Granted) => ("bring in a decision", "录入审批决定"),
        Duty::Step(StepKind::Confirmed) => ("confirm an approval", "确认审批"),
        Duty::Step(StepKind::Suspended) => ("suspend an approval", "暂停审批"),
        Duty::Step(StepKind::Resumed) => ("resume an approval", "恢复审批"),
        Duty::Step(StepKind::Revoked) => ("revoke an approval", "撤销审批"),
        Duty::Sign => ("sign", "签署"),
        Duty::Stop => ("stop features or lift a stop", "停用功能或解除停用"),
        Duty::Answer => ("read and answer reports", "查看和答复报告"),
        Duty::Screen => ("install screen packs", "安装安全规则包"),
        Duty::Keep => ("prune the record or hold it", "清除或保全记录"),
        Duty::Operate => ("turn over the gate's keys", "轮换网关密钥"),
    };
    let roles: Vec<_> = duty.roles().iter().map(|role| role.as_str()).collect();
    Text::new(
        format!("this role may not {en}; it takes: {}", roles.join(", ")),
        format!("该角色无权{zh}；须为：{}", roles.join("、")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_in_order_with_both_titles() {
        assert!(CODES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(CODES.iter().all(|code| !code.en.is_empty() && !code.zh.is_empty()));
    }

    #[test]
    fn every_error_has_a_code_of_the_table() {
        let errors = [
            DeskError::KeyMissing,
            DeskError::KeyUnknown,
            DeskError::Forbidden { duty: Duty::Stop },
            DeskError::Unknown { what: "kill", zh: "停用", name: "x".into() },
            DeskError::Invalid("x".into()),
            DeskError::Conflict(Text::new("x", "x")),
            DeskError::TooMany,
            DeskError::Unfit(Text::new("x", "x")),
            DeskError::SamePerson { name: "Wei".into() },
        ];
        for error in errors {
            assert!(CODES.iter().any(|known| known.code == error.code()), "{}", error.code());
            assert!(error.status() >= 400 && error.text().is_complete());
        }
    }
}

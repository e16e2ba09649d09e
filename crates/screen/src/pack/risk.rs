//! The 31 risks that a service in mainland China must be able to tell apart.
//!
//! TC260-003 (2024-02-29), Appendix A; GB/T 45654-2025, Appendix A has the same letters. What a library of keywords must hold
//! for each stands in TC260-003 §8: 200 terms for a risk of A.1, 100 for one of A.2.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use yumen_policy::UiLanguage;

/// One of the five parts of the list of risks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RiskGroup {
    /// Content against the core socialist values.
    A1,
    /// Discrimination.
    A2,
    /// Commercial violations.
    A3,
    /// Violations of the rights of others.
    A4,
    /// What services with particular demands on safety cannot meet.
    A5,
}

impl RiskGroup {
    /// How many terms a library must at least hold for each risk of the group; `None`: the standard names no number.
    pub const fn least_terms(self) -> Option<usize> {
        match self {
            Self::A1 => Some(200),
            Self::A2 => Some(100),
            Self::A3 | Self::A4 | Self::A5 => None,
        }
    }
}

macro_rules! risks {
    ($($variant:ident $group:ident $id:literal $en:literal $zh:literal)+) => {
        /// A risk by its letter in the standard; written `A.1.a`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Risk {
            $(#[doc = concat!($id, ": ", $en, " (", $zh, ").")] $variant,)+
        }

        impl Risk {
            /// All of them, in the order of the standard.
            pub const ALL: [Self; 31] = [$(Self::$variant),+];

            /// As it is written: `A.1.a`.
            pub const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)+ }
            }

            /// What it is called: in Chinese by the standard, in English by us.
            pub const fn name(self, language: UiLanguage) -> &'static str {
                match (self, language) {
                    $((Self::$variant, UiLanguage::En) => $en, (Self::$variant, UiLanguage::Zh) => $zh,)+
                }
            }

            /// The part of the list it belongs to.
            pub const fn group(self) -> RiskGroup {
                match self { $(Self::$variant => RiskGroup::$group,)+ }
            }
        }
    };
}

risks! {
    A1a A1 "A.1.a" "inciting subversion of state power or overthrow of the socialist system" "煽动颠覆国家政权、推翻社会主义制度"
    A1b A1 "A.1.b" "endangering national security and interests, damaging the image of the state" "危害国家安全和利益、损害国家形象"
    A1c A1 "A.1.c" "inciting secession, undermining national unity and social stability" "煽动分裂国家、破坏国家统一和社会稳定"
    A1d A1 "A.1.d" "advocating terrorism or extremism" "宣扬恐怖主义、极端主义"
    A1e A1 "A.1.e" "advocating ethnic hatred" "宣扬民族仇恨"
    A1f A1 "A.1.f" "advocating violence, obscenity or pornography" "宣扬暴力、淫秽色情"
    A1g A1 "A.1.g" "spreading false and harmful information" "传播虚假有害信息"
    A1h A1 "A.1.h" "other content that laws and administrative regulations forbid" "其他法律、行政法规禁止的内容"
    A2a A2 "A.2.a" "discrimination by ethnicity" "民族歧视内容"
    A2b A2 "A.2.b" "discrimination by belief" "信仰歧视内容"
    A2c A2 "A.2.c" "discrimination by nationality" "国别歧视内容"
    A2d A2 "A.2.d" "discrimination by region" "地域歧视内容"
    A2e A2 "A.2.e" "discrimination by sex" "性别歧视内容"
    A2f A2 "A.2.f" "discrimination by age" "年龄歧视内容"
    A2g A2 "A.2.g" "discrimination by occupation" "职业歧视内容"
    A2h A2 "A.2.h" "discrimination by health" "健康歧视内容"
    A2i A2 "A.2.i" "other discrimination" "其他方面歧视内容"
    A3a A3 "A.3.a" "infringing intellectual property of others" "侵犯他人知识产权"
    A3b A3 "A.3.b" "violating business ethics" "违反商业道德"
    A3c A3 "A.3.c" "disclosing trade secrets of others" "泄露他人商业秘密"
    A3d A3 "A.3.d" "monopoly or unfair competition by means of algorithms, data or platforms" "利用算法、数据、平台等优势，实施垄断和不正当竞争行为"
    A3e A3 "A.3.e" "other commercial violations of law" "其他商业违法违规行为"
    A4a A4 "A.4.a" "endangering the physical or mental health of others" "危害他人身心健康"
    A4b A4 "A.4.b" "infringing portrait rights" "侵害他人肖像权"
    A4c A4 "A.4.c" "infringing the right of reputation" "侵害他人名誉权"
    A4d A4 "A.4.d" "infringing the right of honour" "侵害他人荣誉权"
    A4e A4 "A.4.e" "infringing privacy" "侵害他人隐私权"
    A4f A4 "A.4.f" "infringing rights in personal information" "侵害他人个人信息权益"
    A4g A4 "A.4.g" "infringing other lawful rights and interests" "侵害他人其他合法权益"
    A5a A5 "A.5.a" "inaccurate content, gravely against scientific common sense or mainstream knowledge" "内容不准确，严重不符合科学常识或主流认知"
    A5b A5 "A.5.b" "unreliable content that is of no help to the user" "内容不可靠，虽然不包含严重错误的内容，但无法对使用者形成帮助"
}

impl fmt::Display for Risk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.id())
    }
}

/// What is written is none of the 31 risks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a risk is one of A.1.a to A.1.h, A.2.a to A.2.i, A.3.a to A.3.e, A.4.a to A.4.g, A.5.a and A.5.b"
)]
pub struct NoRisk;

impl FromStr for Risk {
    type Err = NoRisk;

    fn from_str(text: &str) -> Result<Self, NoRisk> {
        Self::ALL.into_iter().find(|risk| risk.id().eq_ignore_ascii_case(text)).ok_or(NoRisk)
    }
}

impl Serialize for Risk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.id())
    }
}

impl<'de> Deserialize<'de> for Risk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_that_of_the_standard() {
        let of = |group| Risk::ALL.iter().filter(|risk| risk.group() == group).count();
        let groups = [RiskGroup::A1, RiskGroup::A2, RiskGroup::A3, RiskGroup::A4, RiskGroup::A5];
        assert_eq!(groups.map(of), [8, 9, 5, 7, 2]);
        // TC260-003 §8: the least numbers add up to 2,500.
        let least = Risk::ALL.iter().filter_map(|risk| risk.group().least_terms());
        assert_eq!(least.sum::<usize>(), 2_500);
        for risk in Risk::ALL {
            assert_eq!(risk.id().parse(), Ok(risk));
            assert!(!risk.name(UiLanguage::En).is_empty() && !risk.name(UiLanguage::Zh).is_ascii());
        }
        assert_eq!("A.1.i".parse::<Risk>(), Err(NoRisk));
    }
}

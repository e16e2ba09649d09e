//! The switches of a management profile: the keys an organisation knows from managing devices, each
//! with the features it governs here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::{FeatureId, PolicyError};

/// Which of its two values takes something away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// `false` forbids.
    Allow,
    /// `true` confines.
    Force,
}

macro_rules! switches {
    ($($name:ident = $key:literal / $mdm:literal / $direction:ident $features:expr;)+) => {
        /// A switch of a management profile.
        ///
        /// `allow_` switches are true and `force_` switches false where no profile sets them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Switch {
            $(#[doc = concat!("`", $key, "`: ", $mdm, ".")] $name),+
        }

        impl Switch {
            /// All switches.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The key in a profile.
            pub const fn key(self) -> &'static str {
                match self { $(Self::$name => $key),+ }
            }

            /// The key it has in Apple's restrictions and declarations, from which managers of
            /// devices know it.
            pub const fn mdm_key(self) -> &'static str {
                match self { $(Self::$name => $mdm),+ }
            }

            pub(crate) const fn direction(self) -> Direction {
                match self { $(Self::$name => Direction::$direction),+ }
            }

            /// The features it governs, as `writing.*` or `summary.mail`. A switch that governs
            /// none is merged and told to the app, which has to carry it out: only the app knows
            /// whether the device is locked.
            pub const fn features(self) -> &'static [&'static str] {
                match self { $(Self::$name => &$features),+ }
            }
        }
    };
}

switches! {
    AllowGenmoji = "allow_genmoji" / "allowGenmoji" / Allow ["image.genmoji"];
    AllowImagePlayground = "allow_image_playground" / "allowImagePlayground" / Allow ["image.playground"];
    AllowImageWand = "allow_image_wand" / "allowImageWand" / Allow ["image.wand"];
    AllowPersonalizedHandwritingResults = "allow_personalized_handwriting_results" / "allowPersonalizedHandwritingResults" / Allow ["handwriting.*"];
    AllowWritingTools = "allow_writing_tools" / "allowWritingTools" / Allow ["writing.*"];
    AllowMailSummary = "allow_mail_summary" / "allowMailSummary, Apps.Mail.AllowSummary" / Allow ["summary.mail"];
    AllowMailSmartReplies = "allow_mail_smart_replies" / "allowMailSmartReplies, Apps.Mail.AllowSmartReplies" / Allow ["reply.mail"];
    AllowNotesTranscription = "allow_notes_transcription" / "allowNotesTranscription, Apps.Notes.AllowTranscription" / Allow ["transcription.notes"];
    AllowNotesTranscriptionSummary = "allow_notes_transcription_summary" / "allowNotesTranscriptionSummary, Apps.Notes.AllowTranscriptionSummary" / Allow ["summary.notes"];
    AllowSafariSummary = "allow_safari_summary" / "allowSafariSummary (Apps.Safari.AllowSummary)" / Allow ["summary.page"];
    AllowVisualIntelligence = "allow_visual_intelligence" / "AllowVisualIntelligence" / Allow ["visual.*"];
    AllowVisualIntelligenceSummary = "allow_visual_intelligence_summary" / "allowVisualIntelligenceSummary" / Allow ["visual.summary"];
    AllowCalendarNaturalLanguageEditing = "allow_calendar_natural_language_editing" / "Apps.Calendar.AllowNaturalLanguageEditing" / Allow ["calendar.edit"];
    AllowSiriAi = "allow_siri_ai" / "allowSiriAI" / Allow ["assistant.*"];
    AllowAssistant = "allow_assistant" / "allowAssistant, siri.Enabled" / Allow ["assistant.*"];
    AllowAssistantWhileLocked = "allow_assistant_while_locked" / "allowAssistantWhileLocked" / Allow [];
    AllowAssistantUserGeneratedContent = "allow_assistant_user_generated_content" / "allowAssistantUserGeneratedContent" / Allow [];
    AllowDictation = "allow_dictation" / "AllowDictation" / Allow ["dictation.*"];
    AllowCallRecording = "allow_call_recording" / "allowCallRecording" / Allow ["transcription.call"];
    AllowLiveVoicemail = "allow_live_voicemail" / "allowLiveVoicemail" / Allow ["transcription.voicemail"];
    AllowExternalIntelligence = "allow_external_intelligence" / "allowExternalIntelligenceIntegrations, external-intelligence.Enabled" / Allow [];
    AllowExternalIntelligenceSignIn = "allow_external_intelligence_sign_in" / "allowExternalIntelligenceIntegrationsSignIn, external-intelligence.AllowSignIn" / Allow [];
    AllowIntelligenceReport = "allow_intelligence_report" / "allowAppleIntelligenceReport" / Allow [];
    ForceOnDeviceDictation = "force_on_device_dictation" / "forceOnDeviceOnlyDictation" / Force ["dictation.*"];
    ForceOnDeviceTranslation = "force_on_device_translation" / "forceOnDeviceOnlyTranslation" / Force ["translation.*"];
    ForceProfanityFilter = "force_profanity_filter" / "ForceProfanityFilter" / Force [];
    ForceReduceSensitiveContent = "force_reduce_sensitive_content" / "ForceReduceSensitiveContent" / Force [];
}

impl Switch {
    /// Whether this value takes something away.
    pub const fn restricts(self, value: bool) -> bool {
        match self.direction() {
            Direction::Allow => !value,
            Direction::Force => value,
        }
    }

    /// Whether it stops the features it governs altogether.
    pub(crate) const fn forbids_features(self) -> bool {
        matches!(self.direction(), Direction::Allow)
    }

    /// Whether it keeps the features it governs on the device.
    pub(crate) const fn confines_to_device(self) -> bool {
        matches!(self, Self::ForceOnDeviceDictation | Self::ForceOnDeviceTranslation)
    }

    /// Whether it governs this feature.
    pub fn governs(self, feature: &FeatureId) -> bool {
        self.features().iter().any(|selector| match selector.strip_suffix('*') {
            Some(family) => feature.as_str().starts_with(family),
            None => feature.as_str() == *selector,
        })
    }
}

impl FromStr for Switch {
    type Err = PolicyError;

    fn from_str(value: &str) -> Result<Self, PolicyError> {
        Self::ALL.iter().copied().find(|switch| switch.key() == value).ok_or_else(|| {
            PolicyError::form("switch", value, "one of the keys of docs/management.md")
        })
    }
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.key())
    }
}

impl Serialize for Switch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.key())
    }
}

impl<'de> Deserialize<'de> for Switch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

//! What personal data there is, by name.

use serde::{Deserialize, Serialize};

/// A kind of personal data. Its name in packs and findings is in `snake_case`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Entity {
    /// A postal address, to the room number.
    Address,
    /// How old somebody is.
    Age,
    /// A payment card number: an issuer's prefix with its length, and the Luhn check digit (ISO/IEC 7812-1).
    BankCard,
    /// A resident identity number of mainland China, 18 characters (GB 11643-1999).
    CnResidentId,
    /// A date or a time that may be somebody's.
    DateTime,
    /// A domain name or a web address.
    Domain,
    /// The number of a driver's licence, told by the words before it.
    DriverLicense,
    /// An e-mail address.
    Email,
    /// An identity card of Hong Kong: letters, six digits, a check character.
    HkIdentityCard,
    /// An international bank account number (ISO 13616).
    Iban,
    /// An Internet address, version 4 or 6.
    IpAddress,
    /// A fixed-line telephone number of mainland China.
    Landline,
    /// An identity card of Macao, told by the words before it.
    MacaoIdentityCard,
    /// A mobile telephone number of mainland China.
    CnMobile,
    /// A person's name.
    Name,
    /// A nationality, religion or political group.
    Nationality,
    /// The number of an order.
    OrderNumber,
    /// A company or another organisation.
    Organisation,
    /// The number of a passport.
    Passport,
    /// A telephone number of anywhere else.
    Phone,
    /// A city, region or country.
    Place,
    /// The number plate of a vehicle.
    Plate,
    /// A postal code.
    PostalCode,
    /// A QQ number.
    Qq,
    /// A key, token or password.
    Secret,
    /// A form of address, such as Dr.
    Title,
    /// The number of a parcel.
    TrackingNumber,
    /// A permit to travel between the mainland, Hong Kong, Macao and Taiwan, or to live there, told by the words before it.
    TravelPermit,
    /// An identity number of Taiwan: a letter, eight digits, a check digit.
    TwIdentityCard,
    /// A unified social credit code (GB 32100-2015).
    Uscc,
    /// A social security number of the United States.
    UsSsn,
    /// A `WeChat` id.
    Wechat,
}

impl Entity {
    /// All of them.
    pub const ALL: [Self; 32] = [
        Self::Address,
        Self::Age,
        Self::BankCard,
        Self::CnResidentId,
        Self::DateTime,
        Self::Domain,
        Self::DriverLicense,
        Self::Email,
        Self::HkIdentityCard,
        Self::Iban,
        Self::IpAddress,
        Self::Landline,
        Self::MacaoIdentityCard,
        Self::CnMobile,
        Self::Name,
        Self::Nationality,
        Self::OrderNumber,
        Self::Organisation,
        Self::Passport,
        Self::Phone,
        Self::Place,
        Self::Plate,
        Self::PostalCode,
        Self::Qq,
        Self::Secret,
        Self::Title,
        Self::TrackingNumber,
        Self::TravelPermit,
        Self::TwIdentityCard,
        Self::Uscc,
        Self::UsSsn,
        Self::Wechat,
    ];

    /// Its name in packs and findings.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Age => "age",
            Self::BankCard => "bank_card",
            Self::CnResidentId => "cn_resident_id",
            Self::DateTime => "date_time",
            Self::Domain => "domain",
            Self::DriverLicense => "driver_license",
            Self::Email => "email",
            Self::HkIdentityCard => "hk_identity_card",
            Self::Iban => "iban",
            Self::IpAddress => "ip_address",
            Self::Landline => "landline",
            Self::MacaoIdentityCard => "macao_identity_card",
            Self::CnMobile => "cn_mobile",
            Self::Name => "name",
            Self::Nationality => "nationality",
            Self::OrderNumber => "order_number",
            Self::Organisation => "organisation",
            Self::Passport => "passport",
            Self::Phone => "phone",
            Self::Place => "place",
            Self::Plate => "plate",
            Self::PostalCode => "postal_code",
            Self::Qq => "qq",
            Self::Secret => "secret",
            Self::Title => "title",
            Self::TrackingNumber => "tracking_number",
            Self::TravelPermit => "travel_permit",
            Self::TwIdentityCard => "tw_identity_card",
            Self::Uscc => "uscc",
            Self::UsSsn => "us_ssn",
            Self::Wechat => "wechat",
        }
    }
}

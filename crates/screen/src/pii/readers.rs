//! The readers, and the pass that asks them.

use super::classes::CLASSES;
use super::en::{Memo, age, date, honorific, nationality, street, tagger};
use super::plain::Word;
use super::structured::{
    account, card_said, digits_from, domain, email, iban, identity, ip, is_digit, licence, parcel,
    passport, phone, plate, postal, regional, secret, ssn, token, world_phone,
};
use super::words::is_joined;
use super::zh::{Ends, address, field, foreign, name};
use super::{Entity, EntitySet, Gazetteer, Hit, Reading};
use crate::normal::{Pending, Window};

/// Something that recognises what begins at a place.
pub(super) struct Reader {
    /// What it may find.
    pub(super) finds: &'static [Entity],
    /// Whether something it finds may begin with this normalised character.
    pub(super) begins: fn(char) -> bool,
    /// What begins at a place: a pure function of the place in the window and of what is known of names.
    pub(super) read: fn(&Window<'_>, usize, &Known<'_>) -> Reading,
    /// Where within a row of Latin letters and digits what it finds may begin; it is not even asked elsewhere.
    edge: Edge,
    /// What words of letters alone are to it.
    words: Words,
    /// So many digits must stand in a row for what it finds to begin with one of them.
    digits: usize,
}

/// Where something may begin in a row of Latin letters and digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Edge {
    /// Anywhere.
    No,
    /// With its first character, or with a digit.
    Digits,
    /// With its first character.
    Yes,
    /// With its first character, where no letter of any such script stands before it.
    Word,
}

/// What a word of letters alone, as [`Word`] knows it, may be to a reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Words {
    /// Anything.
    Any,
    /// Nothing.
    Never,
    /// Nothing if it is an ordinary word in small letters.
    Rare,
    /// Nothing but what the word tells of itself.
    Account,
    Title,
    Date,
    Street,
}

impl Reader {
    const fn new(
        finds: &'static [Entity],
        begins: fn(char) -> bool,
        read: fn(&Window<'_>, usize, &Known<'_>) -> Reading,
    ) -> Self {
        Self { finds, begins, read, edge: Edge::No, words: Words::Any, digits: 0 }
    }

    const fn at_edge(self) -> Self {
        Self { edge: Edge::Yes, ..self }
    }

    const fn at_word(self) -> Self {
        Self { edge: Edge::Word, ..self }
    }

    const fn at_edge_or_digit(self) -> Self {
        Self { edge: Edge::Digits, ..self }
    }

    const fn of_words(self, words: Words) -> Self {
        Self { words, ..self }
    }

    /// See [`Reader::digits`].
    const fn of_digits(self, digits: usize) -> Self {
        Self { digits, ..self }
    }
}

/// All readers. Of two that find something equally long at one place the first counts: what has a check digit comes before
/// what is told by its surroundings.
pub(super) const READERS: &[Reader] = &[
    Reader::new(&[Entity::CnResidentId], identity::begins, identity::resident).of_digits(15),
    Reader::new(&[Entity::Uscc], identity::uscc_begins, identity::uscc)
        .at_edge()
        .of_words(Words::Never),
    Reader::new(&[Entity::BankCard], identity::begins, identity::card).of_digits(13),
    Reader::new(&[Entity::CnMobile], phone::begins, phone::mobile).of_digits(11),
    Reader::new(&[Entity::Landline, Entity::Phone], phone::begins, phone::landline).of_digits(7),
    Reader::new(&[Entity::TrackingNumber], token::begins, parcel::read)
        .at_edge()
        .of_words(Words::Never),
    Reader::new(&[Entity::Passport, Entity::TravelPermit], token::begins, passport::read)
        .at_edge()
        .of_words(Words::Never),
    Reader::new(&[Entity::OrderNumber], token::begins, account::order)
        .at_edge_or_digit()
        .of_words(Words::Never),
    Reader::new(&[Entity::Qq], token::begins, account::qq)
        .at_edge_or_digit()
        .of_words(Words::Never),
    Reader::new(&[Entity::Wechat], token::begins, account::wechat)
        .at_edge_or_digit()
        .of_words(Words::Account),
    Reader::new(&[Entity::Plate], plate::begins, plate::read),
    Reader::new(
        &[Entity::HkIdentityCard, Entity::MacaoIdentityCard, Entity::TwIdentityCard, Entity::Plate],
        regional::begins,
        regional::read,
    )
    .at_edge()
    .of_words(Words::Never),
    Reader::new(&[Entity::Email], email::begins, email::read).at_edge().of_words(Words::Never),
    Reader::new(&[Entity::Iban], iban::begins, iban::read).at_edge().of_words(Words::Never),
    Reader::new(&[Entity::UsSsn], ssn::begins, ssn::read).at_edge().of_digits(9),
    Reader::new(&[Entity::IpAddress], ip::begins, ip::read).at_edge().of_words(Words::Never),
    Reader::new(&[Entity::Secret], secret::begins, secret::read).at_edge().of_words(Words::Never),
    Reader::new(&[Entity::DriverLicense], licence::begins, licence::read)
        .at_edge()
        .of_words(Words::Never),
    Reader::new(&[Entity::BankCard], card_said::begins, card_said::read).at_edge().of_digits(12),
    Reader::new(&[Entity::Phone], world_phone::begins, world_phone::read).at_edge(),
    Reader::new(&[Entity::DateTime], date::begins, date::read).at_word().of_words(Words::Date),
    Reader::new(&[Entity::Age], age::begins, age::read).at_word(),
    Reader::new(&[Entity::Title], honorific::begins, honorific::read)
        .at_word()
        .of_words(Words::Title),
    Reader::new(&[Entity::Nationality], nationality::begins, nationality::read)
        .at_word()
        .of_words(Words::Rare),
    Reader::new(&[Entity::Address], street::begins, street::read).at_word().of_words(Words::Street),
    Reader::new(&[Entity::PostalCode, Entity::Address], postal::begins, postal::read)
        .at_edge()
        .of_words(Words::Never),
    Reader::new(&[Entity::Domain], domain::begins, domain::read).at_edge().of_words(Words::Never),
    Reader::new(&[Entity::Address], address::begins, address::read),
    Reader::new(&[Entity::Name], name::begins, name::read),
    Reader::new(&[Entity::Name], field::begins, field::read).at_edge().of_words(Words::Rare),
    Reader::new(&[Entity::Name], foreign::begins, foreign::read),
    Reader::new(
        &[Entity::Name, Entity::Place, Entity::Organisation, Entity::Title],
        tagger::begins,
        tagger::read,
    )
    .at_word()
    .of_words(Words::Rare),
];

/// The most digits that a reader needs in a row.
const MOST_NEEDED: usize = {
    let (mut most, mut i) = (0, 0);
    while i < READERS.len() {
        if READERS[i].digits > most {
            most = READERS[i].digits;
        }
        i += 1;
    }
    most
};

/// What is known of names at a place of a text.
#[derive(Debug)]
pub(crate) struct Known<'k> {
    /// The person's own contacts.
    pub(crate) person: &'k Gazetteer,
    /// The names found before in this text by what stands around them.
    pub(crate) text: &'k Gazetteer,
    /// The words of the window that were read before.
    pub(super) tokens: &'k Memo,
    /// Where an address in Chinese may end.
    pub(super) ends: &'k Ends,
}

/// What a scan remembers of a text between two chunks.
#[derive(Debug, Default)]
pub(crate) struct PiiState {
    /// Names found by what stands around them, to be found again where nothing does.
    names: Gazetteer,
    /// What was said already of the place that is undecided, where the next scan begins.
    asked: Asked,
}

/// What the readers said of a place before one of them had to wait for more: it stays so, and they are not asked again.
#[derive(Debug, Default)]
struct Asked {
    /// The readers that said something, a bit for each.
    readers: u32,
    /// The names that are known were looked for.
    names: bool,
    /// The longest of what they found; its end counts from the place.
    best: Option<Hit>,
}

/// How many names of a text are remembered.
const MAX_REMEMBERED: usize = 256;

/// How sure a name must be for it to be remembered.
const SURE: f32 = 0.9;

/// What is looked for at one border, compiled.
#[derive(Debug)]
pub(crate) struct Readers {
    entities: EntitySet,
    /// For each class of characters the readers that may begin with one, a bit for each.
    sets: Vec<u32>,
    /// The readers that are asked directly after a Latin letter or a digit too: at letters, and at what is none.
    inside: [u32; 2],
    /// Those that are asked after a letter that is no Latin one.
    after_letter: u32,
    /// The readers to which words are something, in the order of [`Words`].
    words: [u32; 7],
    /// The readers that need no more than so many digits in a row.
    digits: [u32; MOST_NEEDED + 1],
}

/// The readers for which something holds, a bit for each.
fn those(holds: impl Fn(&Reader) -> bool) -> u32 {
    (0_u32..)
        .zip(READERS)
        .filter(|(_, reader)| holds(reader))
        .fold(0, |set, (bit, _)| set | 1 << bit)
}

impl Readers {
    /// Looks for these entities.
    pub(crate) fn new(entities: EntitySet) -> Self {
        let wanted = those(|reader| reader.finds.iter().any(|entity| entities.contains(*entity)));
        let inside = those(|reader| reader.edge == Edge::No);
        Self {
            entities,
            inside: [inside, inside | those(|reader| reader.edge == Edge::Digits)],
            after_letter: those(|reader| reader.edge != Edge::Word),
            words: [
                Words::Any,
                Words::Never,
                Words::Rare,
                Words::Account,
                Words::Title,
                Words::Date,
                Words::Street,
            ]
            .map(|words| those(|reader| reader.words == words)),
            digits: std::array::from_fn(|row| those(|reader| reader.digits <= row)),
            sets: CLASSES.sets.iter().map(|set| set & wanted).collect(),
        }
    }

    /// Reads the places of a window from `from` on, and gives each thing found with the place where it begins.
    ///
    /// Returns the first place that is undecided: the next scan of the same text goes on from there. When the
    /// text has ended that is at the window's end.
    pub(crate) fn scan(
        &self,
        window: &Window<'_>,
        from: usize,
        state: &mut PiiState,
        person: &Gazetteer,
        found: &mut Vec<(usize, Hit)>,
    ) -> usize {
        let glyphs = window.glyphs();
        let names = self.entities.contains(Entity::Name);
        let (tokens, ends) = (Memo::default(), Ends::default());
        let mut at = from;
        let mut asked = std::mem::take(&mut state.asked);
        while let Some(glyph) = glyphs.get(at) {
            let mut set = self.sets[CLASSES.of(glyph.c)];
            let letter = glyph.c.is_ascii_lowercase();
            let mut next = at + 1;
            let before = at.checked_sub(1).map_or(' ', |i| glyphs[i].c);
            if !before.is_ascii() && is_joined(before) {
                set &= self.after_letter;
            }
            if set == 0 {
            } else if before.is_ascii_alphanumeric() {
                // Within a row of digits nothing begins.
                let within = before.is_ascii_digit() && glyph.c.is_ascii_digit();
                set = if within { 0 } else { set & self.inside[usize::from(!letter)] };
            } else if letter && let Some(word) = Word::at(window, at) {
                set = self.of_word(set, window, &word);
                // Nothing begins within a word.
                next = word.end;
            }
            if !letter
                && set & !self.digits[0] != 0
                && is_digit(glyph.c)
                && let Ok(row) = digits_from(window, at, MOST_NEEDED)
            {
                set &= self.digits[row];
            }
            let known = names && (person.may_begin(glyph.c) || state.names.may_begin(glyph.c));
            if set == 0 && !known {
                (at, asked) = (next, Asked::default());
                continue;
            }
            match self.read(
                window,
                at,
                set,
                known,
                &Known { person, text: &state.names, tokens: &tokens, ends: &ends },
                &mut asked,
            ) {
                Err(Pending) => {
                    state.asked = asked;
                    break;
                }
                Ok(None) => at = next,
                Ok(Some(hit)) => {
                    if hit.entity == Entity::Name && hit.score >= SURE {
                        state.names.remember(&glyphs[at..hit.end], MAX_REMEMBERED);
                    }
                    found.push((at, hit));
                    at = hit.end;
                }
            }
            asked = Asked::default();
        }
        at
    }

    /// Those of some readers that may find something that begins with a word.
    fn of_word(&self, mut set: u32, window: &Window<'_>, word: &Word<'_>) -> u32 {
        let of = |words: Words| self.words[words as usize];
        set &= !of(Words::Never);
        // Most words are left here at borders where few kinds of data are looked for.
        if set == 0 {
            return 0;
        }
        let mut without = |words: Words, may: bool| {
            if !may {
                set &= !of(words);
            }
        };
        let listed = word.listed();
        without(Words::Rare, !listed.ordinary);
        without(Words::Account, word.may_be_account());
        without(Words::Title, word.may_be_title());
        without(Words::Date, word.may_be_date());
        without(Words::Street, word.may_open_address(window, &listed));
        set
    }

    /// The longest of what begins at a place, of which some may have been `asked` already.
    fn read(
        &self,
        window: &Window<'_>,
        at: usize,
        mut set: u32,
        known: bool,
        names: &Known<'_>,
        asked: &mut Asked,
    ) -> Reading {
        let Asked { readers, names: looked, best } = asked;
        let mut consider = |hit: Option<Hit>| {
            if let Some(hit) = hit
                && self.entities.contains(hit.entity)
                && best.is_none_or(|best| hit.end - at > best.end)
            {
                *best = Some(Hit { end: hit.end - at, ..hit });
            }
        };
        if known && !*looked {
            let (of_person, of_text) =
                (names.person.read(window, at)?, names.text.read(window, at)?);
            consider(of_person);
            consider(of_text);
            *looked = true;
        }
        set &= !*readers;
        while set != 0 {
            let reader = &READERS[set.trailing_zeros() as usize];
            consider((reader.read)(window, at, names)?);
            *readers |= set & set.wrapping_neg();
            set &= set - 1;
        }
        Ok(best.map(|best| Hit { end: at + best.end, ..best }))
    }
}

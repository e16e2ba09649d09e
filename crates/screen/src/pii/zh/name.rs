//! Chinese names in running text.
//!
//! What looks like a surname with one or two characters after it is weighed: how much the characters are those of names, whether
//! they make words with one another or with their neighbours, and what stands around them. A sum above zero is a name. Nothing is
//! looked at beyond six characters after it.

use std::cell::OnceCell;

use super::called;
use super::cues::{self, MOST_AFTER, MOST_BEFORE};
use super::is_han;
use super::lexicon::{LEXICON, Lexicon, Trait};
use crate::normal::{Pending, Window};
use crate::pii::{Entity, Gazetteer, Hit, Known, Reading};

/// How rare names are among the characters of a text.
const PRIOR: i32 = -50;

/// The most that it says for a name that its last, or its middle, character makes no word with its neighbours; and its surname.
const MOST_ALONE: i32 = 10;
const MOST_SURNAME: i32 = 20;

/// What a word weighs against a name of the same two characters, by its frequency.
const IS_WORD: [i32; 4] = [-22, -36, -56, -75];

/// The same for a surname and the first of two characters.
const BEGINS_WITH_WORD: [i32; 4] = [-6, -14, -30, -45];

/// The same for the two characters of a given name: many are words.
const ENDS_WITH_WORD: [i32; 4] = [0, -2, -8, -24];

/// The same for a character of the name and its neighbour outside.
const SHARES_WORD: [i32; 4] = [-3, -8, -18, -28];

/// What stands before says as much: a field for a name is filled; what follows is a name, most likely.
const FIELD: i32 = 45;
const TOLD: i32 = 20;

/// What it says for a given name that it is one character twice.
const TWICE: i32 = 16;

/// The same, that it is a word which many are called by: 建国.
const GIVEN_WORD: i32 = 20;

/// How rare it is that somebody bears the surnames of both parents.
const TWO_SURNAMES: i32 = 4;

/// What stands after a surname and is no given name: 张师傅.
const TITLES: &[[char; 2]] = &[
    ['师', '傅'],
    ['老', '师'],
    ['先', '生'],
    ['女', '士'],
    ['小', '姐'],
    ['经', '理'],
    ['主', '任'],
    ['医', '生'],
    ['大', '夫'],
    ['教', '授'],
    ['律', '师'],
    ['阿', '姨'],
    ['叔', '叔'],
    ['老', '板'],
    ['同', '学'],
    ['同', '志'],
    ['总', '监'],
    ['局', '长'],
    ['校', '长'],
    ['院', '长'],
    ['处', '长'],
    ['部', '长'],
    ['科', '长'],
    ['书', '记'],
    ['警', '官'],
    ['大', '爷'],
    ['大', '叔'],
    ['大', '嫂'],
    ['大', '妈'],
    ['大', '姐'],
    ['大', '哥'],
    ['阿', '妹'],
    ['阿', '婆'],
];

/// What places and shops end with.
const PLACES: &str = "村镇乡县路街府宫馆铺店坡屯堡坊渔庄桥寺庙站岛";

/// What villages end with that are called after a family: 李家庄, 杨家岭.
const OF_FAMILY: &str = "庄坪岭沟湾寨营圩墩岗桥口渡沱坝河湖塘浜埠山冲";

/// What follows 周 on a calendar.
const DAYS: &str = "一二三四五六日";

/// A surname that is hardly anything else, and how much more of a name it is with what follows.
const STRONG: i32 = 20;
const CLEARLY: i32 = 15;

/// A name in a list of names.
const LISTED: i32 = 30;

/// What dishes and drinks end with.
const FOODS: &str = "汤粥面饭饼粉虾蟹鱼鸡鸭鹅肉茶酒糖糕菜腩煲露汁酱奶锅串炒柠蛋豆馆";

pub(in super::super) fn begins(c: char) -> bool {
    LEXICON.may_be_surname(c) || called::begins(c)
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, known: &Known<'_>) -> Reading {
    let lexicon = &*LEXICON;
    let Some(first) = window.char(at)? else { return Ok(None) };
    if !window.char(at + 1)?.is_some_and(is_han) {
        return called::read(window, at);
    }
    if called::begins(first) && lexicon.surname(first).is_none() {
        return called::read(window, at);
    }
    match weighed(window, at, known)?.filter(|(sum, _)| *sum > 0) {
        // 二班姜沐阳: what begins later is more of a name.
        Some((sum, end)) if begins_later(window, at, (sum, end), known)? => Ok(None),
        Some((sum, end)) => Ok(Some(Hit { entity: Entity::Name, end, score: sure(sum) })),
        None => called::read(window, at),
    }
}

/// Whether a name begins within another that weighs less, and goes on after it.
fn begins_later(
    window: &Window<'_>,
    at: usize,
    (sum, end): (i32, usize),
    known: &Known<'_>,
) -> Result<bool, Pending> {
    for later in at + 1..end.min(at + 3) {
        let strong = |c| LEXICON.surname(c).is_some_and(|weight| weight >= STRONG);
        if window.char(later)?.is_some_and(strong)
            && let Some((other, goes_on)) = weighed(window, later, known)?
            && goes_on > end
            && other > sum + CLEARLY
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What the best of the names that may begin at a place weighs, and where it ends.
fn weighed(
    window: &Window<'_>,
    at: usize,
    known: &Known<'_>,
) -> Result<Option<(i32, usize)>, Pending> {
    let lexicon = &*LEXICON;
    let (Some(first), Some(second)) = (window.char(at)?, window.char(at + 1)?) else {
        return Ok(None);
    };
    let around = Around { window, lexicon, at, names: known.text, seen: OnceCell::new() };
    let mut best: Option<(i32, usize)> = None;
    for (length, weight) in [(1, lexicon.surname(first)), (2, lexicon.compound([first, second]))] {
        let Some(weight) = weight else { continue };
        // 李王子涵: the surnames of both parents.
        let most =
            if length == 1 && is_second_surname(lexicon, weight, [first, second]) { 3 } else { 2 };
        for given in 1..=most {
            let mut name = ['\0'; 4];
            let name = &mut name[..length + given];
            let mut complete = true;
            for (i, slot) in name.iter_mut().enumerate() {
                match window.char(at + i)? {
                    Some(c) if is_han(c) => *slot = c,
                    _ => complete = false,
                }
            }
            if !complete {
                break;
            }
            let Some(sum) = around.weigh(name, length, weight)? else { continue };
            // Of 毛泽东 neither the whole nor a part.
            if lexicon.is_public(name) || best.is_none_or(|(most, _)| sum > most) {
                best = Some((sum, at + name.len()));
            }
        }
    }
    Ok(best)
}

/// Whether a name may have two surnames, of father and mother, with two characters after them.
fn is_second_surname(lexicon: &Lexicon, weight: i32, [first, second]: [char; 2]) -> bool {
    let both = weight >= 35 && lexicon.surname(second).is_some_and(|weight| weight >= 25);
    both && lexicon.word(first, second).is_none()
}

/// A place where a name may begin.
struct Around<'w, 't> {
    window: &'w Window<'t>,
    lexicon: &'static Lexicon,
    at: usize,
    /// The names found before in this text.
    names: &'w Gazetteer,
    /// What is around the place; it is looked at when something here weighs as much as a name.
    seen: OnceCell<Option<Seen>>,
}

/// What is around a place where a name may begin.
#[derive(Clone, Copy)]
struct Seen {
    /// The length of the brand that begins here.
    brand: usize,
    /// What stands before says so much for a name.
    said: i32,
    /// A city or county begins here.
    city: bool,
}

impl Around<'_, '_> {
    /// What is around; `None` where the place lies within a brand.
    fn seen(&self, first: char) -> Result<Option<Seen>, Pending> {
        if let Some(seen) = self.seen.get() {
            return Ok(*seen);
        }
        let seen = match brand(self.lexicon, self.window, self.at)? {
            None => None,
            Some(brand) => {
                let listed = cues::follows_name(self.window, self.at, self.names)?.is_some();
                let said = before(self.lexicon, self.window, self.at, first);
                Some(Seen {
                    brand,
                    said: if listed { said.max(LISTED) } else { said },
                    city: self.lexicon.place(self.window, self.at)? > 0,
                })
            }
        };
        Ok(*self.seen.get_or_init(|| seen))
    }

    /// Whether the character before makes a word with the first one.
    fn outside(&self, first: char) -> bool {
        let before = self.window.before(self.at, 1);
        before.is_some_and(|before| self.lexicon.word(before.c, first).is_some())
    }

    /// What these characters weigh as a name with a surname of a length and weight; `None` when what follows cannot
    /// make one of them.
    fn weigh(&self, name: &[char], length: usize, weight: i32) -> Result<Option<i32>, Pending> {
        let content = PRIOR + weight + content(self.lexicon, name, length);
        // Most rows of characters are no names whatever stands around them.
        if content + MOST_SURNAME + MOST_ALONE + MOST_BEFORE + MOST_AFTER + MOST_ALONE <= 0 {
            return Ok(None);
        }
        let outside = self.outside(name[0]);
        let content = content + unexplained(self.lexicon, name, length, outside);
        if content + MOST_BEFORE + MOST_AFTER + MOST_ALONE <= 0 {
            return Ok(None);
        }
        let Some(Seen { brand, said, city }) = self.seen(name[0])? else { return Ok(None) };
        let mut sum = content + said;
        if brand > 0 && name.len() <= brand + 1 {
            // 康佳怡 goes on after the brand.
            let longer = name.len() > brand && self.lexicon.given_last(name[brand]) >= 20;
            sum -= if said >= FIELD || longer { 60 } else { 120 };
        }
        if sum + MOST_AFTER + MOST_ALONE <= 0 {
            return Ok(None);
        }
        if outside && name.len() - length == 3 {
            sum -= 60;
        }
        // 徐州云龙店: the name of a city goes on.
        if city && said < FIELD {
            sum -= 35;
        }
        let last = name[name.len() - 1];
        // 李白写
        let begins_public =
            length == 1 && self.lexicon.given_last(last) <= 0 && self.lexicon.is_public(&name[..2]);
        if begins_public || self.lexicon.is_public(name) {
            sum -= if said < TOLD { 80 } else { 35 };
        }
        // 叶公好龙
        if let [a, b] = *name
            && let Some(next) = self.window.char(self.at + 2)?
            && self.lexicon.starts_word([a, b, next])
        {
            sum -= 60;
        }
        if said < FIELD && name[0] == '周' && DAYS.contains(name[1]) {
            sum -= 40;
        }
        if said < TOLD && is_called_so(&name[length..]) {
            sum -= 75;
        }
        let end = self.at + name.len();
        let inner = self.lexicon.word(name[name.len() - 2], last).is_some();
        sum += after(self.lexicon, self.window, end, last, inner, said >= TOLD)?;
        Ok(Some(sum))
    }
}

/// What it says for a name that its characters make no words with their neighbours: such characters are rarer in text.
fn unexplained(lexicon: &Lexicon, name: &[char], surname: usize, outside: bool) -> i32 {
    let joined = |i: usize| lexicon.word(name[i], name[i + 1]).is_some();
    let mut sum = 0;
    if surname == 1 {
        let starts = matches!(*name, [a, b, c] | [a, b, c, _] if lexicon.starts_word([a, b, c]));
        if !outside && !joined(0) && !starts {
            sum += lexicon.alone(name[0]).min(MOST_SURNAME);
        }
    }
    if name.len() - surname == 2 && !joined(surname) && !joined(surname - 1) {
        sum += lexicon.alone(name[surname]).min(MOST_ALONE * 2) / 2;
    }
    sum
}

/// Whether a given name is what dishes, places or forms of address end with: 胡辣汤, 谢家村, 徐姐.
fn is_called_so(given: &[char]) -> bool {
    match *given {
        [only] => FOODS.contains(only) || PLACES.contains(only) || "姐哥嫂叔妹总工".contains(only),
        ['家', last] if OF_FAMILY.contains(last) => true,
        [first, last] => {
            FOODS.contains(last) || PLACES.contains(last) || "姐哥嫂婆式记氏".contains(first)
        }
        _ => false,
    }
}

/// How much the characters by themselves are a name's.
fn content(lexicon: &Lexicon, name: &[char], surname: usize) -> i32 {
    let word = |a: char, b: char, weights: [i32; 4]| {
        lexicon.word(a, b).map_or(0, |size| weights[size as usize])
    };
    let given = &name[surname..];
    if given.iter().any(|c| lexicon.is(*c, Trait::Never)) {
        return -200;
    }
    // 李某 and what follows, but 李某某.
    if matches!(*given, ['某', last] if !"某甲乙丙丁".contains(last)) {
        return -200;
    }
    let mut sum = match *given {
        [only] => lexicon.given_last(only) - 10,
        [first, last] => {
            let both = lexicon.given_first(first) + lexicon.given_last(last);
            let title = TITLES.contains(&[first, last]);
            // 甜甜, and no 常常.
            let twice = first == last && lexicon.word(first, last).is_none();
            let as_word = if lexicon.is_given_word([first, last]) {
                GIVEN_WORD
            } else {
                word(first, last, ENDS_WITH_WORD)
            };
            both + as_word - if title { 120 } else { 0 } + if twice { TWICE } else { 0 }
        }
        [second, first, last] => {
            let both = lexicon.given_first(first) + lexicon.given_last(last);
            both + word(first, last, ENDS_WITH_WORD) + word(second, first, BEGINS_WITH_WORD)
                - TWO_SURNAMES
        }
        _ => 0,
    };
    match *name {
        [a, b] => sum += word(a, b, IS_WORD),
        [a, b, c] | [a, b, c, _] if surname == 1 => {
            sum += word(a, b, BEGINS_WITH_WORD);
            if lexicon.starts_word([a, b, c]) {
                sum -= 90;
            }
        }
        _ => {}
    }
    sum
}

fn before(lexicon: &Lexicon, window: &Window<'_>, at: usize, first: char) -> i32 {
    let cue = cues::before(window, at);
    // 感谢方敏: the name begins later.
    if cues::ends_cue(window, at, first) {
        return -40;
    }
    let shared = window.before(at, 1).and_then(|before| lexicon.word(before.c, first));
    // A cue that is a word of its own is stronger than a word it makes with what follows.
    cue + shared.map_or(0, |size| SHARES_WORD[size as usize] / if cue >= 20 { 3 } else { 1 })
}

fn after(
    lexicon: &Lexicon,
    window: &Window<'_>,
    end: usize,
    last: char,
    inner: bool,
    sure: bool,
) -> Result<i32, Pending> {
    let cue = cues::after(window, end, sure)?;
    let shared = window.char(end)?.and_then(|next| lexicon.word(last, next));
    let cue = if shared.is_none() && !inner {
        cue + lexicon.alone(last).min(MOST_ALONE * 2) / 2
    } else {
        cue
    };
    Ok(cue + shared.map_or(0, |size| SHARES_WORD[size as usize] / if cue >= 20 { 3 } else { 1 }))
}

/// The length of the brand that begins at a place, 0 for none; `None` when the place lies within one.
pub(super) fn brand(
    lexicon: &Lexicon,
    window: &Window<'_>,
    at: usize,
) -> Result<Option<usize>, Pending> {
    for back in 1..=3 {
        if at >= back
            && window.before(at, back).is_some()
            && lexicon.brand(window, at - back)? > back
        {
            return Ok(None);
        }
    }
    Ok(Some(lexicon.brand(window, at)?))
}

/// A sum of weights as a probability.
#[expect(clippy::cast_precision_loss, reason = "a few hundreds at most")]
fn sure(sum: i32) -> f32 {
    1.0 / (1.0 + (-sum as f32 / 10.0).exp())
}

//! Postal addresses in Chinese, to the room number.
//!
//! An address is names and numbers in turn: regions, a road with its number, an estate with building, entrance and room, or a
//! village with its group. Names end with what kind of thing they name (省, 路, 村), numbers with what they count (号, 幢, 室); a
//! number that follows the right kind of name makes an address of what stands before. Places and landmarks alone are none.

use std::cell::Cell;

use super::house::Number;
use super::is_han;
use super::lexicon::{LEXICON, Trait};
use crate::normal::{Pending, Window};
use crate::pii::structured::context::{Left, starts};
use crate::pii::words::begins_with;
use crate::pii::{Entity, Hit, Known, Reading};

/// The longest address.
const MOST: usize = 96;

/// The longest name after a region, at the beginning of a phrase, and anywhere.
const NAME: [usize; 3] = [18, 12, 7];

/// What numbers count inside a building or an estate.
pub(super) const UNITS: [&str; 39] = [
    "床",
    "号床",
    "病房",
    "号楼",
    "号院",
    "号门",
    "号房",
    "号铺",
    "号宿舍",
    "幢",
    "栋",
    "座",
    "单元",
    "室",
    "房",
    "户",
    "层",
    "楼",
    "梯",
    "门",
    "弄",
    "支弄",
    "宿舍",
    "舍",
    "组",
    "队",
    "社",
    "期",
    "区",
    "苑",
    "院",
    "#",
    "座楼",
    "号",
    "巷",
    "排",
    "铺",
    "档",
    "大院",
];

/// What a name of an estate or a building may end with.
const BUILDINGS: [&str; 50] = [
    "附楼",
    "副楼",
    "主楼",
    "裙楼",
    "塔楼",
    "写字楼",
    "办公楼",
    "教学楼",
    "宿舍楼",
    "综合楼",
    "家属楼",
    "家属院",
    "小区",
    "花园",
    "家园",
    "公寓",
    "大厦",
    "大楼",
    "广场",
    "中心",
    "新村",
    "商厦",
    "名苑",
    "雅苑",
    "嘉园",
    "豪庭",
    "公馆",
    "山庄",
    "别墅",
    "苑",
    "城",
    "园",
    "府",
    "居",
    "邸",
    "庭",
    "湾",
    "轩",
    "阁",
    "里",
    "坊",
    "学校",
    "大学",
    "学院",
    "医院",
    "酒店",
    "宾馆",
    "工业园",
    "科技园",
    "产业园",
];

pub(in super::super) fn begins(c: char) -> bool {
    is_han(c) || c.is_ascii_digit()
}

pub(in super::super) fn read(window: &Window<'_>, at: usize, known: &Known<'_>) -> Reading {
    let Some(first) = window.char(at)? else { return Ok(None) };
    if first.is_ascii_digit() {
        return bare(window, at);
    }
    if is_stop(first) || !known.ends.may_follow(window, at) {
        return Ok(None);
    }
    let place = LEXICON.place(window, at)?;
    // 应为陕西省…: the place begins later.
    if place == 0
        && matches!(first, '应' | '该' | '需' | '改' | '换' | '原' | '现' | '旧' | '新' | '老')
    {
        for later in 1..=3 {
            if LEXICON.place(window, at + later)? >= 3 {
                return Ok(None);
            }
        }
    }
    let opened = opens(window, at);
    let (limit, opened) = match () {
        () if place > 0 => (NAME[0], true),
        () if opened => (NAME[1], true),
        () => (NAME[2], false),
    };
    // Without anything that says where it begins, only the shortest name counts: a road and its number.
    if !opened && !reaches_kind(window, at)? {
        return Ok(None);
    }
    let mut parse = Parse::new(window, at, limit);
    parse.region = place > 0;
    parse.run()?;
    if !opened && parse.first_name + 2 < NAME[2] {
        return Ok(None);
    }
    Ok(parse.end.map(|end| Hit { entity: Entity::Address, end, score: parse.score() }))
}

/// Whether a name that begins here comes to a kind of place, or to a number, within the length of the shortest names.
fn reaches_kind(window: &Window<'_>, at: usize) -> Result<bool, Pending> {
    for length in 0..=NAME[2] {
        match window.char(at + length)? {
            Some(c) if is_han(c) && !is_stop(c) => {
                if length + 3 >= NAME[2]
                    && (LEXICON.is(c, Trait::Kind) || LEXICON.is(c, Trait::Number))
                {
                    return Ok(true);
                }
            }
            Some(c) => return Ok(length + 3 >= NAME[2] && c.is_ascii_alphanumeric()),
            None => return Ok(false),
        }
    }
    Ok(false)
}

/// The next character that an address may end with: a number, or the end of a village's name. Most sentences have none, and then
/// nothing in them is read as an address. What was seen is remembered for as long as the window stands still.
#[derive(Debug, Default)]
pub(in crate::pii) struct Ends(Cell<(usize, Next)>);

/// What was seen at the place that [`Ends`] came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Next {
    /// Neither yet.
    #[default]
    Nothing,
    /// An address may end here.
    End,
    /// No address goes on here.
    Break,
}

impl Next {
    fn of(c: char) -> Self {
        let village = matches!(c, '村' | '庄' | '屯' | '寨' | '营' | '堡' | '店');
        let between = matches!(c, ' ' | '\t' | ',' | '、' | '-' | '·' | '(' | '与' | '和');
        if village || c.is_ascii_alphanumeric() || LEXICON.is(c, Trait::Number) {
            Self::End
        } else if between || is_han(c) && !LEXICON.is(c, Trait::Break) {
            Self::Nothing
        } else {
            Self::Break
        }
    }
}

impl Ends {
    /// Whether an address that begins at a place may end anywhere, as far as is known. Places are asked about from left to right.
    fn may_follow(&self, window: &Window<'_>, at: usize) -> bool {
        let (mut place, mut next) = self.0.get();
        if place < at {
            (place, next) = (at, Next::Nothing);
        }
        while next == Next::Nothing && place < at + MOST {
            next = match window.char(place) {
                // It may still come.
                Err(Pending) => return true,
                Ok(c) => c.map_or(Next::Break, Next::of),
            };
            place += usize::from(next == Next::Nothing);
        }
        self.0.set((place, next));
        next == Next::End && place < at + MOST
    }
}

fn is_stop(c: char) -> bool {
    LEXICON.is(c, Trait::Stop)
}

/// Whether an address may begin here for what stands before.
fn opens(window: &Window<'_>, at: usize) -> bool {
    let Some(before) = window.before(at, 1).map(|glyph| glyph.c) else { return true };
    if !is_han(before) {
        return true;
    }
    let freed = before == '放' && window.before(at, 2).is_some_and(|glyph| glyph.c == '解');
    is_stop(before) || (LEXICON.is(before, Trait::Opener) && !freed)
}

/// A building and a room with no name before them: "5号楼3单元402"; "3-2-1201" where the words before say so.
fn bare(window: &Window<'_>, at: usize) -> Reading {
    const WORDS: [&str; 10] =
        ["地址", "住", "住址", "房", "门牌", "房间", "住在", "室", "单元", "送到"];
    let before = window.before(at, 1).map(|glyph| glyph.c);
    if before.is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')) {
        return Ok(None);
    }
    let mut parse = Parse::new(window, at, NAME[2]);
    parse.bare = true;
    parse.run()?;
    if let Some(end) = parse.end.filter(|_| parse.homes >= 2) {
        return Ok(Some(Hit { entity: Entity::Address, end, score: 0.75 }));
    }
    let Some(number) = Number::at(window, at)? else { return Ok(None) };
    if number.home && !number.dated && Left::of(window, at).says(&WORDS) {
        return Ok(Some(Hit { entity: Entity::Address, end: number.end, score: 0.75 }));
    }
    Ok(None)
}

/// A reading from one place on.
#[expect(clippy::struct_excessive_bools, reason = "each is a kind of part that was read")]
struct Parse<'w, 't> {
    window: &'w Window<'t>,
    at: usize,
    place: usize,
    limit: usize,
    /// Characters since the last number or the end of the last named thing.
    name: usize,
    /// How long the name before the first number or kind of thing was.
    first_name: usize,
    region: bool,
    town: bool,
    village: bool,
    /// Where the name of a road ended.
    road: Option<usize>,
    numbered: bool,
    /// Buildings, entrances, rooms.
    homes: usize,
    bare: bool,
    end: Option<usize>,
}

impl<'w, 't> Parse<'w, 't> {
    fn new(window: &'w Window<'t>, at: usize, limit: usize) -> Self {
        Self {
            window,
            at,
            place: at,
            limit,
            name: 0,
            first_name: 0,
            region: false,
            town: false,
            village: false,
            road: None,
            numbered: false,
            homes: 0,
            bare: false,
            end: None,
        }
    }

    /// Reads on as long as it may be an address.
    fn run(&mut self) -> Result<(), Pending> {
        while self.place - self.at < MOST {
            let Some(c) = self.window.char(self.place)? else { return Ok(()) };
            if (c.is_ascii_alphanumeric() || LEXICON.is(c, Trait::Number)) && self.number()? {
                continue;
            }
            // The name of a place is one thing: in 喀什 there is no 什么.
            let place = LEXICON.place(self.window, self.place)?;
            if place > 1 && !self.numbered {
                self.place += place - 1;
                self.name += place - 1;
                if let Some(last) = self.window.char(self.place)? {
                    self.named(last)?;
                }
                continue;
            }
            if matches!(c, '与' | '和' | '交') && self.road == Some(self.place) {
                return self.crossing();
            }
            let goes_on = match c {
                c if is_han(c) && !is_stop(c) => {
                    self.named(c)?;
                    true
                }
                c if c.is_ascii_alphanumeric() => {
                    self.place += 1;
                    self.name += 1;
                    self.region || self.road.is_some() || self.numbered
                }
                ' ' | '\t' => {
                    self.skip(|parse| parse.region || parse.road.is_some() || parse.end.is_some())?
                }
                ',' | '、' => self.skip(|parse| parse.region && parse.end.is_none())?,
                '-' | '·' | '(' => {
                    self.skip(|parse| parse.name >= 2 && parse.region && parse.end.is_none())?
                }
                _ => false,
            };
            let limit = if self.region { NAME[0] } else { self.limit };
            if !goes_on || self.name > limit {
                return Ok(());
            }
        }
        Ok(())
    }

    /// 建设路与和平街交汇处向东200米路南: where two roads meet is a place, so far from it is where somebody is.
    fn crossing(&mut self) -> Result<(), Pending> {
        const MEET: [&str; 5] = ["交叉口", "交汇处", "交叉路口", "交口", "路口"];
        const ASIDE: [&str; 4] = ["路东", "路南", "路西", "路北"];
        let mut place = self.place;
        while place - self.place < 16 {
            for meets in MEET {
                if !starts(self.window, place, meets)? {
                    continue;
                }
                let mut far = place + meets.chars().count();
                while self.window.char(far)?.is_some_and(|c| "往向东南西北侧约".contains(c))
                {
                    far += 1;
                }
                let digits = far;
                while self.window.char(far)?.is_some_and(|c| c.is_ascii_digit()) {
                    far += 1;
                }
                if far > digits && self.window.char(far)? == Some('米') {
                    far += 1;
                    for aside in ASIDE {
                        far += if starts(self.window, far, aside)? { 2 } else { 0 };
                    }
                    self.end = Some(far);
                }
                return Ok(());
            }
            if !self.window.char(place)?.is_some_and(is_han) {
                break;
            }
            place += 1;
        }
        Ok(())
    }

    /// Passes over one mark between parts, where there may be one.
    fn skip(&mut self, may: fn(&Self) -> bool) -> Result<bool, Pending> {
        if !may(self) {
            return Ok(false);
        }
        let next = self.window.char(self.place + 1)?;
        let fits = next.is_some_and(|c| (is_han(c) && !is_stop(c)) || c.is_ascii_alphanumeric());
        self.place += usize::from(fits);
        Ok(fits)
    }

    /// Takes one character of a name, and looks whether the name ends with it.
    fn named(&mut self, c: char) -> Result<(), Pending> {
        self.place += 1;
        self.name += 1;
        if !self.numbered && !LEXICON.is(c, Trait::Kind) {
            return Ok(());
        }
        let before = self.window.before(self.place - 1, 1).map_or('\0', |glyph| glyph.c);
        let kind = match c {
            '省' | '市' | '区' | '县' | '旗' | '州' | '盟' if self.name >= 2 => {
                // 小区, 园区, 社区 are estates.
                let estate = c == '区' && "小园社校厂库景".contains(before);
                self.region |= !estate;
                !estate
            }
            '镇' | '乡' if self.name >= 2 => {
                self.town = true;
                true
            }
            '村' | '庄' | '屯' | '寨' | '营' | '堡' | '店' if self.name >= 2 => {
                self.village = true;
                let ends = matches!(c, '村' | '屯' | '寨')
                    || !self.window.char(self.place)?.is_some_and(is_han);
                if self.region && self.town && ends {
                    self.end = Some(self.place);
                }
                false
            }
            // 沈庙村东队
            '队' if self.region && self.end.is_some_and(|end| end + 2 >= self.place) => {
                if !self.window.char(self.place)?.is_some_and(is_han) {
                    self.end = Some(self.place);
                }
                false
            }
            '路' | '街' | '巷' | '弄' | '段' if self.name >= 2 => {
                self.road = Some(self.place);
                false
            }
            '道' if self.name >= 2 && (self.region || "大街国省县".contains(before)) => {
                self.road = Some(self.place);
                self.town |= before == '街';
                false
            }
            '同' if before == '胡' => {
                self.road = Some(self.place);
                false
            }
            // 东三环北路 南段: a road goes on with a direction.
            '东' | '南' | '西' | '北' | '中' if self.road == Some(self.place - 1) => {
                self.road = Some(self.place);
                false
            }
            _ => false,
        };
        if self.numbered && self.name >= 2 && (self.building()? || self.estate()?) {
            self.end = Some(self.place);
        }
        if self.first_name == 0 && (kind || self.road == Some(self.place)) {
            self.first_name = self.name;
        }
        if kind {
            self.name = 0;
        }
        Ok(())
    }

    /// Whether the name of a building ends with the character just taken.
    fn building(&self) -> Result<bool, Pending> {
        'ending: for ending in BUILDINGS {
            for (c, back) in ending.chars().rev().zip(0..) {
                if back >= self.name || self.window.char(self.place - 1 - back)? != Some(c) {
                    continue 'ending;
                }
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Whether the character just taken ends a name that stands between the number of a street and what is no name: 558号恒大名都.
    fn estate(&self) -> Result<bool, Pending> {
        const NO_ESTATES: &str = "开等见取附门旁对集上下出进停办接吧见面会";
        let first = self.window.char(self.place - self.name)?;
        Ok(self.homes == 0
            && (2..=8).contains(&self.name)
            && first.is_some_and(|c| is_han(c) && !NO_ESTATES.contains(c))
            && !self.window.char(self.place)?.is_some_and(is_han))
    }

    /// Takes a number and what it counts, if one is here; whether that was so.
    fn number(&mut self) -> Result<bool, Pending> {
        let Some(mut number) = Number::at(self.window, self.place)? else { return Ok(false) };
        // 478 号
        if self.window.char(number.end)? == Some(' ')
            && self.window.char(number.end + 1)? == Some('号')
        {
            number.end += 1;
        }
        let unit = self.unit(&number)?;
        let after_road = self.road.is_some_and(|road| road == self.place || road + 1 == self.place);
        let named = self.name >= 2;
        let located = self.region || self.town || self.village;
        let mut estate = false;
        let (accepted, home) = match unit {
            Some("号") => (
                after_road || located || self.numbered || (named && self.building_before()?),
                self.numbered,
            ),
            Some("弄" | "支弄" | "巷") => (after_road || self.numbered, false),
            Some("组" | "队" | "社") => {
                (located || self.road.is_some() || self.numbered, self.numbered)
            }
            Some("期" | "区" | "苑" | "院" | "排") => {
                // 云和家园二期 is a place yet, and goes on to an address.
                estate = self.end.is_none() && named && !located && self.building_before()?;
                (self.end.is_some() || (named && located) || estate, false)
            }
            Some("门" | "楼" | "层" | "房" | "户" | "铺" | "档") => {
                (self.end.is_some() || (named && (located || self.building_before()?)), true)
            }
            Some(_) => (self.end.is_some() || named || located || self.bare, true),
            None if number.latin && self.end.is_none() => (false, false),
            // 19-4-1506: building, entrance, room.
            None if number.parts >= 2 && !number.dated => (
                self.end.is_some()
                    || after_road
                    || (named && (located || self.road.is_some() || self.building_before()?))
                    || (number.home && named && self.at_home()?),
                true,
            ),
            None => {
                let open = number.digits && !self.window.char(number.end)?.is_some_and(is_measured);
                let ended = self.name == 0 || self.end == Some(self.place);
                let after = self.numbered && ended && number.length <= 4;
                // 一单元三零一
                let spoken = !number.digits
                    && !number.latin
                    && after
                    && self.homes > 0
                    && number.length >= 3
                    && !self.window.char(number.end)?.is_some_and(is_han);
                (
                    spoken
                        || open
                            && number.parts == 1
                            && (after || (after_road && number.length <= 4)),
                    after,
                )
            }
        };
        if !accepted {
            // A number within a name: 五四大街, 318国道.
            return Ok(false);
        }
        let mut end = number.end + unit.map_or(0, |unit| unit.chars().count());
        if matches!(unit, Some("号" | "楼" | "室" | "社")) {
            end = self.appendix(end)?;
        }
        if self.first_name == 0 {
            self.first_name = self.name;
        }
        self.place = end;
        self.name = 0;
        if estate {
            return Ok(true);
        }
        self.numbered = true;
        self.homes +=
            usize::from(home || matches!(unit, Some("号楼" | "幢" | "栋" | "座" | "单元" | "室")));
        self.end = Some(end);
        Ok(true)
    }

    /// What the number counts.
    fn unit(&self, number: &Number) -> Result<Option<&'static str>, Pending> {
        let mut best: Option<&'static str> = None;
        let next = self.window.char(number.end)?;
        let Some(first) = next.filter(|c| *c == '#' || LEXICON.is(*c, Trait::Unit)) else {
            return Ok(None);
        };
        for unit in UNITS.into_iter().filter(|unit| begins_with(unit, first)) {
            if best.is_none_or(|best| unit.len() > best.len())
                && crate::pii::structured::context::starts(self.window, number.end, unit)?
            {
                best = Some(unit);
            }
        }
        // 3号线, 2号口, 5号下午; 3区域; 2室1厅.
        let next = match best {
            Some(unit) => self.window.char(number.end + unit.chars().count())?,
            None => None,
        };
        let spoiled = match best {
            Some("号") => next.is_some_and(|c| "线口机码文台下上晚早中令称".contains(c)),
            Some("门") => next.is_some_and(|c| "课类店口前外".contains(c)),
            Some("室" | "房") => {
                next.is_some_and(|c| c.is_ascii_digit() || "一两二东间".contains(c))
            }
            Some("层" | "期" | "区" | "组" | "队" | "社" | "户") => {
                next.is_some_and(|c| "次别域合会员人数口的".contains(c))
            }
            _ => false,
        };
        Ok(best.filter(|_| !spoiled))
    }

    /// Whether what was read since the last number names a building or an estate.
    fn building_before(&self) -> Result<bool, Pending> {
        self.building()
    }

    /// Whether a name with a building's number may be that of an estate: it is not what says what other numbers are.
    fn at_home(&self) -> Result<bool, Pending> {
        let last = self.window.char(self.place - 1)?;
        Ok(last.is_some_and(|c| is_han(c) && !"码号话电询线价编件单本".contains(c)))
    }

    /// What may follow a number of a street: 号附3号, 号院, 号之二, 号内.
    fn appendix(&self, mut end: usize) -> Result<usize, Pending> {
        match self.window.char(end)? {
            Some('附' | '之') => {
                if let Some(number) = Number::at(self.window, end + 1)? {
                    end = number.end;
                    if self.window.char(end)?.is_some_and(|c| "号栋幢楼室".contains(c)) {
                        end += 1;
                    }
                }
            }
            Some('院' | '内') => end += 1,
            _ => {}
        }
        Ok(end)
    }

    fn score(&self) -> f32 {
        if self.region || self.homes > 1 { 0.95 } else { 0.85 }
    }
}

/// What makes a number after the name of a road no number of a house.
fn is_measured(c: char) -> bool {
    c.is_ascii_alphanumeric() || "米公里年月日点元块分站路个人次辆条天小度%.:".contains(c)
}

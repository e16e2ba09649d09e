//! What is known of Chinese characters and words: how much a character looks like a surname or a part of a given name, which
//! pairs are words, which names are brands or people of history.
//!
//! The tables are laid out once, at first use, from the files in `data/zh`; `derive.py` there says how those were made.
//! Weights are natural logarithms in tenths.

use std::sync::LazyLock;

use super::by_char::{ByChar, ByChars, RowSet};
use super::{address, called};
use crate::normal::{Pending, Window};

/// The common Chinese characters.
const FIRST: u32 = 0x4e00;
const COUNT: usize = 0x9fff - 0x4e00 + 1;

/// What a character that is no surname weighs.
const NONE: i8 = i8::MIN;

/// What a character weighs in a given name if it is in no word and no name that is known.
const UNKNOWN: i8 = 0;

pub(super) static LEXICON: LazyLock<Lexicon> = LazyLock::new(Lexicon::new);

/// The tables.
#[derive(Debug)]
pub(super) struct Lexicon {
    surname: Vec<i8>,
    compound: ByChars<[char; 2], i8>,
    /// As the first and as the last character of a given name.
    given: Vec<[i8; 2]>,
    /// How much rarer a character is outside of words than in all.
    alone: Vec<i8>,
    /// Pairs that are words: a hash table of 15 + 15 bits of characters and 2 of frequency, 0 for an empty slot.
    words: Vec<u32>,
    starts: RowSet<[char; 3]>,
    /// Words that are given names too.
    given_words: RowSet<[char; 2]>,
    brands: Entries,
    people: RowSet<Vec<char>>,
    /// What names without a surname are made of.
    components: Entries,
    places: Entries,
    /// What a character may be in the name of a place and elsewhere: the bits of [`Trait`].
    traits: Vec<u16>,
}

/// Words by their first character.
type Entries = ByChar<OfFirst>;

/// The words that begin with a character, the longest first.
#[derive(Debug, Default)]
struct OfFirst {
    words: Vec<Vec<char>>,
    /// A bit for each second character, by its last six bits; all of them where the character is a word by itself.
    second: u64,
}

/// What a character may be. A set of them is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(super) enum Trait {
    /// In no name of a place.
    Stop = 1,
    /// Before a place, though it may be in a name of one.
    Opener = 2,
    /// In a number in Chinese, or before one.
    Number = 4,
    /// The end of a name that says what kind of place it is.
    Kind = 8,
    /// The beginning of a known place.
    Place = 16,
    /// The beginning of a brand.
    Brand = 32,
    /// In names of other languages.
    Foreign = 64,
    /// Where an address ends, if one is read: in no name of a place, and in none of those that are known.
    Break = 128,
    /// In no given name.
    Never = 256,
    /// The beginning of a surname of two characters.
    Compound = 512,
    /// The beginning of what the number of a house counts.
    Unit = 1024,
    /// The beginning of a form of address.
    Title = 2048,
    /// A form of address by itself.
    ShortTitle = 4096,
    /// A surname that is mostly none after another character.
    Doubtful = 8192,
}

impl Lexicon {
    fn new() -> Self {
        let (surname, compound) = surnames();
        let brands = by_first(include_str!("../../../data/zh/brands.txt"));
        let places = by_first(include_str!("../../../data/zh/places.txt"));
        let mut traits = vec![0; COUNT];
        let mut mark = |chars: &mut dyn Iterator<Item = char>, of: Trait| {
            for i in chars.filter_map(index) {
                traits[i] |= of as u16;
            }
        };
        mark(&mut STOPS.chars(), Trait::Stop);
        mark(&mut OPENERS.chars(), Trait::Opener);
        mark(&mut NUMBERS.chars(), Trait::Number);
        mark(&mut KINDS.chars(), Trait::Kind);
        mark(&mut FOREIGN.chars(), Trait::Foreign);
        mark(&mut places.keys().copied(), Trait::Place);
        mark(&mut brands.keys().copied(), Trait::Brand);
        mark(&mut NEVER.chars(), Trait::Never);
        mark(&mut compound.keys().map(|pair| pair[0]), Trait::Compound);
        let first = |words: &'static [&str]| words.iter().filter_map(|word| word.chars().next());
        mark(&mut first(&address::UNITS), Trait::Unit);
        mark(&mut first(&called::TITLES), Trait::Title);
        mark(&mut called::SHORT_TITLES.chars(), Trait::ShortTitle);
        mark(&mut called::DOUBTFUL.chars(), Trait::Doubtful);
        let of_places = || places.values().flat_map(|of_first| of_first.words.iter().flatten());
        let is_of_place = |c: &char| of_places().any(|known| known == c);
        mark(&mut STOPS.chars().filter(|c| !is_of_place(c)), Trait::Break);
        Self {
            surname,
            compound,
            given: given(),
            alone: alone(),
            words: words(),
            starts: starts(),
            given_words: given_words(),
            brands,
            people: entries(include_str!("../../../data/zh/people.txt")).collect(),
            components: by_first(include_str!("../../../data/zh/components.txt")),
            places,
            traits,
        }
    }

    /// Whether a character may be this.
    #[inline]
    pub(super) fn is(&self, c: char, of: Trait) -> bool {
        index(c).is_some_and(|i| self.traits[i] & of as u16 != 0)
    }

    /// What a character weighs as a surname.
    pub(super) fn surname(&self, c: char) -> Option<i32> {
        let weight = *self.surname.get(index(c)?)?;
        (weight != NONE).then(|| i32::from(weight))
    }

    /// Whether a surname begins with this character.
    pub(super) fn may_be_surname(&self, c: char) -> bool {
        self.surname(c).is_some() || self.compound.keys().any(|pair| pair[0] == c)
    }

    /// What two characters weigh as a surname.
    pub(super) fn compound(&self, pair: [char; 2]) -> Option<i32> {
        let weight = self.is(pair[0], Trait::Compound).then(|| self.compound.get(&pair))?;
        weight.map(|weight| i32::from(*weight))
    }

    /// What a character weighs as the first of two in a given name.
    pub(super) fn given_first(&self, c: char) -> i32 {
        index(c).map_or(i32::from(UNKNOWN), |i| i32::from(self.given[i][0]))
    }

    /// What a character weighs as the last, or only, one in a given name.
    pub(super) fn given_last(&self, c: char) -> i32 {
        index(c).map_or(i32::from(UNKNOWN), |i| i32::from(self.given[i][1]))
    }

    /// How much rarer a character is outside of words than in all: what it says for a name to be in no word.
    pub(super) fn alone(&self, c: char) -> i32 {
        index(c).map_or(0, |i| i32::from(self.alone[i]))
    }

    /// How frequent two characters are as a word: 0 to 3, `None` if they are none.
    pub(super) fn word(&self, a: char, b: char) -> Option<u32> {
        let key = key(a, b)?;
        let mut slot = slot(key, self.words.len());
        loop {
            match self.words[slot] {
                0 => return None,
                entry if entry >> 2 == key => return Some(entry & 3),
                _ => slot = (slot + 1) % self.words.len(),
            }
        }
    }

    /// Whether these two are a given name, though they are a word: 建国.
    pub(super) fn is_given_word(&self, pair: [char; 2]) -> bool {
        self.given_words.contains(&pair)
    }

    /// Whether a longer word begins with these three.
    pub(super) fn starts_word(&self, chars: [char; 3]) -> bool {
        self.starts.contains(&chars)
    }

    /// Whether these are somebody of history or literature.
    pub(super) fn is_public(&self, name: &[char]) -> bool {
        self.people.contains(name)
    }

    /// The length of the longest brand at a place; 0 for none.
    pub(super) fn brand(&self, window: &Window<'_>, at: usize) -> Result<usize, Pending> {
        self.longest(&self.brands, Trait::Brand, window, at)
    }

    /// The length of the longest place name at a place; 0 for none.
    pub(super) fn place(&self, window: &Window<'_>, at: usize) -> Result<usize, Pending> {
        self.longest(&self.places, Trait::Place, window, at)
    }

    /// Whether a name without a surname may begin with this character.
    pub(super) fn may_be_component(&self, c: char) -> bool {
        self.components.contains_key(&c)
    }

    /// The length of the longest part of a name without a surname at a place; 0 for none.
    pub(super) fn component(&self, window: &Window<'_>, at: usize) -> Result<usize, Pending> {
        let Some(first) = window.char(at)? else { return Ok(0) };
        spelled_out(self.components.get(&first), window, at)
    }

    fn longest(
        &self,
        entries: &Entries,
        begins: Trait,
        window: &Window<'_>,
        at: usize,
    ) -> Result<usize, Pending> {
        let Some(first) = window.char(at)?.filter(|c| self.is(*c, begins)) else { return Ok(0) };
        spelled_out(entries.get(&first), window, at)
    }
}

/// The length of the longest of the entries that a place spells out; 0 for none.
fn spelled_out(
    entries: Option<&OfFirst>,
    window: &Window<'_>,
    at: usize,
) -> Result<usize, Pending> {
    let Some(OfFirst { words, second }) = entries else { return Ok(0) };
    // Nothing follows, or nothing that a word goes on with.
    let next = window.char(at + 1)?.map_or(0, bit);
    if *second != u64::MAX && second & next == 0 {
        return Ok(0);
    }
    'entry: for entry in words {
        for (i, c) in entry.iter().enumerate().skip(1) {
            if window.char(at + i)? != Some(*c) {
                continue 'entry;
            }
        }
        return Ok(entry.len());
    }
    Ok(0)
}

fn index(c: char) -> Option<usize> {
    let i = (c as u32).checked_sub(FIRST)? as usize;
    (i < COUNT).then_some(i)
}

fn lines(text: &'static str) -> impl Iterator<Item = &'static str> {
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

fn entries(text: &'static str) -> impl Iterator<Item = Vec<char>> {
    lines(text).flat_map(str::split_whitespace).map(|entry| entry.chars().collect())
}

/// Entries by their first character, the longest first.
fn by_first(text: &'static str) -> Entries {
    let mut map = Entries::default();
    for entry in entries(text) {
        let of_first = map.entry(entry[0]).or_default();
        of_first.second |= entry.get(1).copied().map_or(u64::MAX, bit);
        of_first.words.push(entry);
    }
    for of_first in map.values_mut() {
        of_first.words.sort_by_key(|entry| std::cmp::Reverse(entry.len()));
    }
    map
}

fn bit(c: char) -> u64 {
    1 << (c as u32 % u64::BITS)
}

/// The weights before the tab and the members after it.
fn weighted(text: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    text.lines().filter_map(|line| line.split_once('\t'))
}

fn surnames() -> (Vec<i8>, ByChars<[char; 2], i8>) {
    let mut single = vec![NONE; COUNT];
    let mut compound = ByChars::default();
    for (weight, names) in weighted(include_str!("../../../data/zh/surname_weights.txt")) {
        let weight = weight.parse().unwrap_or(NONE);
        for name in names.split(' ') {
            match name.chars().collect::<Vec<_>>()[..] {
                [c] => {
                    if let Some(i) = index(c) {
                        single[i] = weight;
                    }
                }
                [a, b] => {
                    compound.insert([a, b], weight);
                }
                _ => {}
            }
        }
    }
    (single, compound)
}

fn given() -> Vec<[i8; 2]> {
    let mut given = vec![[UNKNOWN; 2]; COUNT];
    for (weights, members) in weighted(include_str!("../../../data/zh/given_weights.txt")) {
        let mut weights = weights.split(' ').map(|weight| weight.parse().unwrap_or(UNKNOWN));
        let pair = [weights.next().unwrap_or(UNKNOWN), weights.next().unwrap_or(UNKNOWN)];
        for i in members.chars().filter_map(index) {
            given[i] = pair;
        }
    }
    given
}

fn alone() -> Vec<i8> {
    let mut alone = vec![0; COUNT];
    for (weight, members) in weighted(include_str!("../../../data/zh/alone.txt")) {
        let weight = weight.parse().unwrap_or(0);
        for i in members.chars().filter_map(index) {
            alone[i] = weight;
        }
    }
    alone
}

fn words() -> Vec<u32> {
    let mut table = vec![0_u32; 1 << 17];
    for line in include_str!("../../../data/zh/words.txt").lines() {
        let mut chars = line.chars();
        let Some(head) = chars.next() else { continue };
        let mut size = 0;
        for c in chars {
            if let Some(digit) = c.to_digit(4) {
                size = digit;
            } else if let Some(key) = key(head, c) {
                let mut at = slot(key, table.len());
                while table[at] != 0 {
                    at = (at + 1) % table.len();
                }
                table[at] = key << 2 | size;
            }
        }
    }
    table
}

/// Both characters in one number that is never 0.
fn key(a: char, b: char) -> Option<u32> {
    let (a, b) = (index(a)?, index(b)?);
    // Both are below 2^15.
    u32::try_from((a + 1) << 15 | b).ok()
}

fn slot(key: u32, slots: usize) -> usize {
    (key.wrapping_mul(0x9e37_79b1) >> 8) as usize % slots
}

fn given_words() -> RowSet<[char; 2]> {
    entries(include_str!("../../../data/zh/given_words.txt"))
        .filter_map(|pair| pair.try_into().ok())
        .collect()
}

fn starts() -> RowSet<[char; 3]> {
    let mut starts = RowSet::default();
    for line in include_str!("../../../data/zh/starts.txt").lines() {
        let chars: Vec<char> = line.chars().collect();
        if let [head, tails @ ..] = &chars[..] {
            starts.extend(tails.chunks_exact(2).map(|tail| [*head, tail[0], tail[1]]));
        }
    }
    starts
}

/// What is in no name of a place, and so ends what stands before one.
const STOPS: &str = "的了是我你他她它们您咱在到给把被说看请问吗呢吧啊哦呀么怎谁就也很这那哪去寄送收买卖吃喝打叫找住址搬跟让带写填没还再与或但";

/// What stands before an address though it may be in a name.
const OPENERS: &str = "放于回成往至为来从家发向进停约到";

/// What is in no given name.
const NEVER: &str = "的了吗呢吧是在不就也都很我你您他她它们这那哪么什怎谁啊哦嘛哈呀入出到";

/// What numbers in Chinese are made of, and what stands before the number of a house.
const NUMBERS: &str = "〇零一二三四五六七八九十百甲乙丙丁附";

/// What the names of regions, towns, villages and roads end with, and the directions that may follow a road.
const KINDS: &str = "省市区县旗州盟镇乡村庄屯寨营堡店队路街巷弄段道同东南西北中";

/// The characters with which names of other languages are commonly written.
const FOREIGN: &str = "阿埃艾爱安昂敖奥澳巴白拜班邦保鲍贝本比彼毕宾波玻博伯布查茨达大戴丹当道德登邓迪狄蒂丁东杜顿多恩尔法范方菲费\
        芬丰佛夫弗福盖甘冈高哥戈格葛根贡古瓜哈海汉豪赫黑亨洪胡华怀惠霍基吉加贾简杰金津喀卡凯坎康考柯科可克肯库夸昆拉莱赖兰朗劳\
        勒雷蕾里李丽利莉列林琳琉龙隆娄卢鲁露路伦罗洛马玛迈麦曼茅梅美门蒙米密缅明摩莫默姆木穆拿娜纳乃奈南内妮尼涅宁纽农努诺欧帕潘\
        庞培佩彭蓬皮匹珀普奇契恰乔切琴青琼丘萨塞赛桑瑟森沙莎山珊尚绍舍申圣施史士世寿舒斯丝苏索塔泰坦汤唐陶特提田铁廷图土托瓦万\
        旺威韦维卫魏温文翁沃乌吾武西希锡夏香晓肖谢辛欣兴雄休修许逊雅亚扬杨耀耶叶伊依易因英尤尧约泽曾扎詹珍芝治朱兹佐迪丽热娅娃\
        买提江艾力合努尔古孜别克夏依木牙生帕提拜合热西力哈木阿不都拉依明祖农苏来曼玉素甫其美仁增措姆吉次仁巴桑央金卓玛格桑扎西\
        旦增洛桑平措罗布益西边拉姆德吉白玛\
        吐肉则卜亥敏嘎才让宗堆乎赞仓珠曲强吾逊孜穆塔";

//! Reading one part of the public list of filed models, mistakes and all.
//!
//! Known mistakes: rows in the order of the dates, two columns changed over, stray characters, full-
//! width letters, byte order marks, names broken over lines, the heading again on every page. What a
//! cell is can be seen in the cell: only one can be a number, only one a date, only one a province.

use std::collections::BTreeMap;

use jiff::civil::{Date, date};

use crate::approval::filed::{FiledImport, FiledModel, FiledModels, RowNote};
use crate::{NumberFormat, PolicyError};

/// Larger than any part of the list, and small enough to hold.
const MAX_BYTES: usize = 16 << 20;

/// The columns, with the headings they go by.
const COLUMNS: [(Column, &[&str]); 6] = [
    (Column::Serial, &["序号", "编号"]),
    (Column::Place, &["属地", "地区", "省份"]),
    (Column::Name, &["模型名称", "名称"]),
    (Column::Entity, &["备案单位", "单位"]),
    (Column::Number, &["备案编号", "备案号"]),
    (Column::Date, &["备案时间", "备案日期", "时间"]),
];

/// The provinces as the list writes them, and the body that files for central enterprises.
const PLACES: [&str; 33] = [
    "北京",
    "天津",
    "河北",
    "山西",
    "内蒙古",
    "辽宁",
    "吉林",
    "黑龙江",
    "上海",
    "江苏",
    "浙江",
    "安徽",
    "福建",
    "江西",
    "山东",
    "河南",
    "湖北",
    "湖南",
    "广东",
    "广西",
    "海南",
    "重庆",
    "四川",
    "贵州",
    "云南",
    "西藏",
    "陕西",
    "甘肃",
    "青海",
    "宁夏",
    "新疆",
    "新疆兵团",
    "国资委",
];

/// What the name of an entity ends with.
const ENTITY_ENDS: [&str; 26] = [
    "公司",
    "大学",
    "学院",
    "研究院",
    "研究所",
    "研究中心",
    "实验室",
    "中心",
    "集团",
    "医院",
    "出版社",
    "报社",
    "通讯社",
    "电视台",
    "广播电视总台",
    "银行",
    "协会",
    "学会",
    "委员会",
    "办公室",
    "图书馆",
    "学校",
    "合伙)",
    "合伙）",
    "厂",
    "局",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Column {
    Serial,
    Place,
    Name,
    Entity,
    Number,
    Date,
}

impl Column {
    fn heading(self) -> &'static str {
        COLUMNS.iter().find(|(column, _)| *column == self).map_or("", |(_, names)| names[0])
    }
}

impl FiledModels {
    /// Reads one part of the list: a table in CSV or TSV (UTF-8, or UTF-16 with its mark), with the
    /// headings 序号, 属地, 模型名称, 备案单位, 备案编号 and 备案时间 in any order; without headings
    /// the columns stand in that order.
    ///
    /// # Errors
    /// [`PolicyError::FiledModels`] if it is no such table at all. Single rows are reported, not errors.
    pub fn import(bytes: &[u8]) -> Result<FiledImport, PolicyError> {
        let wrong = |problem: &str| Err(PolicyError::FiledModels(problem.to_owned()));
        if bytes.len() > MAX_BYTES {
            return wrong("the list is larger than 16 MiB; split it");
        }
        let Some(text) = decode(bytes) else {
            return wrong("the list is neither UTF-8 nor UTF-16; save it as CSV UTF-8");
        };
        let rows = rows(&text);
        if rows.is_empty() {
            return wrong("the list is empty");
        }
        let heading = rows.iter().position(|row| headings(&row.cells).is_some());
        let columns = heading
            .and_then(|at| headings(&rows[at].cells))
            .unwrap_or_else(|| COLUMNS.iter().enumerate().map(|(at, (c, _))| (*c, at)).collect());
        if heading.is_none() && !rows.iter().any(|row| row.cells.len() == COLUMNS.len()) {
            return wrong(
                "there are no headings (序号, 属地, 模型名称, 备案单位, 备案编号, 备案时间) and no rows of six columns",
            );
        }
        let mut import = FiledImport::default();
        for (at, row) in rows.iter().enumerate() {
            if Some(at) == heading {
                continue;
            }
            read_row(row, &columns, heading.is_some_and(|heading| at < heading), &mut import);
        }
        Ok(import)
    }
}

/// A row before it is understood.
struct RawRow {
    line: usize,
    cells: Vec<String>,
}

fn read_row(
    row: &RawRow,
    columns: &BTreeMap<Column, usize>,
    before_heading: bool,
    import: &mut FiledImport,
) {
    let cells: Vec<String> = row.cells.iter().map(|cell| clean(cell)).collect();
    if cells.iter().all(String::is_empty) {
        return;
    }
    let cell = |column: Column| -> String {
        columns.get(&column).and_then(|at| cells.get(*at)).cloned().unwrap_or_default()
    };
    let serial = serial_of(&cell(Column::Serial));
    let mut notes = Vec::new();
    let note = |text: String| RowNote { line: row.line, serial, text };
    if headings(&row.cells).is_some() {
        import.repairs.push(note("the heading again; left out".into()));
        return;
    }
    if before_heading {
        import.rejects.push(note(format!("before the headings: {}", shown(&cells))));
        return;
    }
    let mut found = Found {
        place: cell(Column::Place),
        name: cell(Column::Name),
        entity: cell(Column::Entity),
        number: cell(Column::Number),
        date: cell(Column::Date),
    };
    found.sort_out(&mut notes);
    match found.read(serial, &mut notes) {
        Err(problem) => {
            import.rejects.push(note(format!("{problem}: {}", shown(&cells))));
            return;
        }
        Ok(model) => {
            if let Some(heading) = missing_serial(serial, columns) {
                notes.push(heading);
            }
            if let Some(before) = import.models.by_number(&model.number).cloned() {
                if (&before.name, &before.entity) == (&model.name, &model.entity)
                    && before.filed_on == model.filed_on
                {
                    notes.push(format!("`{}` stands there twice; kept once", model.number));
                } else {
                    let text = format!(
                        "`{}` stands there for `{}` already; given up: {}",
                        model.number,
                        before.name,
                        shown(&cells)
                    );
                    import.rejects.push(note(text));
                    return;
                }
            }
            import.models.insert(model);
        }
    }
    import.repairs.extend(notes.into_iter().map(note));
}

fn missing_serial(serial: Option<u32>, columns: &BTreeMap<Column, usize>) -> Option<String> {
    (serial.is_none() && columns.contains_key(&Column::Serial))
        .then(|| "its 序号 cannot be read; kept without".to_owned())
}

/// The cells of a row, in the columns they seem to belong to.
struct Found {
    place: String,
    name: String,
    entity: String,
    number: String,
    date: String,
}

impl Found {
    /// Puts cells that changed places where they belong.
    fn sort_out(&mut self, notes: &mut Vec<String>) {
        let swapped = |a: Column, b: Column| {
            format!("{} and {} had changed places; put right", a.heading(), b.heading())
        };
        if number_of(&self.number).is_none() {
            for (cell, column) in [
                (&mut self.date, Column::Date),
                (&mut self.entity, Column::Entity),
                (&mut self.name, Column::Name),
                (&mut self.place, Column::Place),
            ] {
                if number_of(cell).is_some() {
                    std::mem::swap(cell, &mut self.number);
                    notes.push(swapped(Column::Number, column));
                    break;
                }
            }
        }
        if date_of(&self.date).is_none() {
            for (cell, column) in [
                (&mut self.entity, Column::Entity),
                (&mut self.name, Column::Name),
                (&mut self.place, Column::Place),
            ] {
                if date_of(cell).is_some() {
                    std::mem::swap(cell, &mut self.date);
                    notes.push(swapped(Column::Date, column));
                    break;
                }
            }
        }
        if !is_place(&self.place) {
            for (cell, column) in
                [(&mut self.entity, Column::Entity), (&mut self.name, Column::Name)]
            {
                if is_place(cell) {
                    std::mem::swap(cell, &mut self.place);
                    notes.push(swapped(Column::Place, column));
                    break;
                }
            }
        }
        if !is_entity(&self.entity) && is_entity(&self.name) {
            std::mem::swap(&mut self.entity, &mut self.name);
            notes.push(swapped(Column::Entity, Column::Name));
        }
    }

    fn read(self, serial: Option<u32>, notes: &mut Vec<String>) -> Result<FiledModel, String> {
        let Some(number) = number_of(&self.number) else {
            return Err(format!("备案编号 is not {}", NumberFormat::ModelFiling.form()));
        };
        if number != self.number {
            notes.push(format!("备案编号 `{}` read as `{number}`", self.number));
        }
        let Some((filed_on, plain)) = date_of(&self.date) else {
            return Err("备案时间 is no date".into());
        };
        if !plain {
            notes.push(format!("备案时间 `{}` read as {filed_on}", self.date));
        }
        if self.name.is_empty() || self.entity.is_empty() {
            return Err("模型名称 or 备案单位 is empty".into());
        }
        if !is_place(&self.place) {
            notes.push(format!("属地 `{}` is no province; kept as it stands", self.place));
        }
        let Self { place, name, entity, .. } = self;
        Ok(FiledModel { serial, place, name, entity, number, filed_on })
    }
}

fn shown(cells: &[String]) -> String {
    const SHOWN: usize = 200;
    let all = cells.join(" | ");
    let mut shown: String = all.chars().take(SHOWN).collect();
    if shown.len() < all.len() {
        shown.push('…');
    }
    shown
}

/// Where the columns are, if this row is a heading: it names the number and two more.
fn headings(cells: &[String]) -> Option<BTreeMap<Column, usize>> {
    let mut columns = BTreeMap::new();
    for (at, cell) in cells.iter().enumerate() {
        let cell = fold(cell);
        let named = COLUMNS.iter().find(|(_, names)| names.contains(&cell.as_str()));
        if let Some((column, _)) = named {
            columns.entry(*column).or_insert(at);
        }
    }
    (columns.contains_key(&Column::Number) && columns.len() >= 3).then_some(columns)
}

fn serial_of(cell: &str) -> Option<u32> {
    let digits = fold(cell);
    let digits = digits.trim_end_matches(['.', '、', '。']);
    digits.parse().ok().filter(|serial| (1..1_000_000).contains(serial))
}

fn is_place(cell: &str) -> bool {
    let cell = fold(cell);
    let stem = ["壮族自治区", "回族自治区", "维吾尔自治区", "自治区", "省", "市"]
        .into_iter()
        .find_map(|end| cell.strip_suffix(end))
        .unwrap_or(&cell);
    PLACES.contains(&stem)
}

fn is_entity(cell: &str) -> bool {
    ENTITY_ENDS.iter().any(|end| cell.ends_with(end))
}

/// A number with what is stray in it left out, if what remains has the form.
fn number_of(cell: &str) -> Option<String> {
    let plain: String = cell
        .chars()
        .map(narrow)
        .map(|c| if is_dash(c) { '-' } else { c })
        .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
        .collect();
    let plain = plain.trim_matches('-');
    // A date or a name with a number in it is not a number: all that is left out is punctuation.
    let foreign = cell.chars().any(|c| c.is_alphanumeric() && !narrow(c).is_ascii_alphanumeric());
    (!foreign && NumberFormat::ModelFiling.fits(plain)).then(|| plain.to_owned())
}

fn is_dash(c: char) -> bool {
    matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{30fc}')
}

/// A day, and whether it was written plainly (2023-09-01, with any of the usual separators).
fn date_of(cell: &str) -> Option<(Date, bool)> {
    let cell = fold(cell);
    let parts: Vec<&str> =
        cell.split(['-', '/', '.', '年', '月', '日']).filter(|part| !part.is_empty()).collect();
    let plain = match parts.as_slice() {
        [year, month, day] => Some((year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)),
        [whole] if whole.len() == 8 && whole.bytes().all(|b| b.is_ascii_digit()) => {
            Some((whole[..4].parse().ok()?, whole[4..6].parse().ok()?, whole[6..].parse().ok()?))
        }
        _ => None,
    };
    if let Some((year, month, day)) = plain {
        let day = Date::new(year, month, day).ok()?;
        return (2000..2100).contains(&day.year()).then_some((day, true));
    }
    // A spreadsheet's day number: 1899-12-30 is day 0, and 2000 to 2099 have five digits.
    let number: i32 = cell.parse().ok().filter(|number| (36_526..=73_050).contains(number))?;
    let day = date(1899, 12, 30).checked_add(jiff::Span::new().days(number)).ok()?;
    Some((day, false))
}

/// A cell without what nobody sees: marks, control characters, breaks inside of names.
fn clean(cell: &str) -> String {
    let mut text = String::with_capacity(cell.len());
    let mut gap = false;
    for c in cell.chars() {
        if matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{ad}') {
            continue;
        }
        if c.is_whitespace() || c.is_control() {
            gap = true;
            continue;
        }
        // A space between two Latin words stays; one inside of a Chinese name is a broken line.
        if gap && c.is_ascii() && text.ends_with(|last: char| last.is_ascii()) {
            text.push(' ');
        }
        gap = false;
        text.push(c);
    }
    text
}

/// A text as it is compared: narrow, lower-case, without spaces.
pub(crate) fn fold(text: &str) -> String {
    clean(text).chars().filter(|c| *c != ' ').map(narrow).flat_map(char::to_lowercase).collect()
}

/// The narrow form of a full-width character (Unicode block FF01 to FF5E).
fn narrow(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        c => c,
    }
}

fn decode(bytes: &[u8]) -> Option<String> {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes[2..].as_chunks::<2>();
        let units = pairs.iter().map(|pair| unit(*pair));
        rest.is_empty().then(|| char::decode_utf16(units).collect::<Result<String, _>>().ok())?
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => String::from_utf8(bytes.to_vec()).ok(),
    }
}

/// The rows of a table (RFC 4180, quotes included), with the separator that its first line has most of.
fn rows(text: &str) -> Vec<RawRow> {
    let text = text.trim_start_matches('\u{feff}');
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |separator: char| first.matches(separator).count();
    // Of equals the last counts: a tab before a comma.
    let separator =
        [';', '，', '|', ',', '\t'].into_iter().max_by_key(|separator| count(*separator));
    let separator = separator.unwrap_or(',');
    let mut rows = Vec::new();
    let mut row = RawRow { line: 1, cells: Vec::new() };
    let mut cell = String::new();
    let (mut line, mut quoted) = (1, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        line += usize::from(c == '\n');
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                cell.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if cell.trim().is_empty() => {
                cell.clear();
                quoted = true;
            }
            c if c == separator && !quoted => row.cells.push(std::mem::take(&mut cell)),
            '\n' if !quoted => {
                row.cells.push(std::mem::take(&mut cell));
                rows.push(std::mem::replace(&mut row, RawRow { line, cells: Vec::new() }));
            }
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.cells.is_empty() {
        row.cells.push(cell);
        rows.push(row);
    }
    rows.retain(|row| row.cells.iter().any(|cell| !cell.trim().is_empty()));
    rows
}

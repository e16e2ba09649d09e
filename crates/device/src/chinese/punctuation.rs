//! Half-width marks inside Chinese sentences, and runs of marks that should be one.
//!
//! Source: GB/T 15834-2011, 标点符号用法, §5.1 (marks take the width of a character) and §4.11
//! (the ellipsis is six dots).

use yumen_policy::Text;

use super::protect::{Page, ends_chinese, is_break, is_wide_mark};
use crate::language::is_han;
use crate::review::{Finding, text};

const WIDTH: &str = "zh.punctuation-width";
const ELLIPSIS: &str = "zh.ellipsis";
const REPEATED: &str = "zh.repeated-mark";
const QUOTES: &str = "zh.straight-quotes";

pub(super) fn check(page: &Page, out: &mut Vec<Finding>) {
    ellipses(page, out);
    repeated(page, out);
    for index in 0..page.len() {
        if !page.places[index].protected {
            single(page, index, out);
        }
    }
    for paragraph in page.paragraphs() {
        brackets(page, paragraph.clone(), out);
        quotes(page, paragraph, out);
    }
}

fn width(mark: char, wide: char) -> Text {
    text(
        format!("A Chinese sentence uses the full-width mark “{wide}”, not “{mark}”."),
        format!("中文句子中应使用全角标点“{wide}”，而不是半角“{mark}”。"),
    )
}

/// One half-width comma, stop, colon and so on beside Chinese text.
fn single(page: &Page, index: usize, out: &mut Vec<Finding>) {
    let mark = page.places[index].c;
    let Some(before) = page.before(index) else { return };
    // Marks after blanks or other half-width marks are layout, code or faces: `( : ;)`.
    if before.is_whitespace() || (before.is_ascii_punctuation() && !matches!(before, '"' | ')')) {
        return;
    }
    let after = page.char(index + 1);
    let blanks = page.places[index + 1..].iter().take_while(|p| p.c == ' ').count();
    let beyond = page.char(index + 1 + blanks);
    let bracketed = before == ')' && page.places[..index - 1].last().is_some_and(|p| is_han(p.c));
    let chinese_before = ends_chinese(before) || bracketed;
    let chinese_after = beyond.is_some_and(|c| is_han(c) || matches!(c, '“' | '‘' | '《' | '「'));
    let at_end = beyond.is_none_or(is_break);
    let wide = match mark {
        ',' if chinese_before || (chinese_after && before.is_alphanumeric()) => '，',
        '.' if chinese_before
            && page.before(index) != Some('.')
            && !is_numeral(page, index)
            && !joins_name(before, after)
            && (at_end
                || chinese_after
                || after.is_some_and(|c| matches!(c, '”' | '’' | '」'))) =>
        {
            '。'
        }
        '!' if chinese_before && after != Some('=') => '！',
        '?' if chinese_before && after != Some('=') => '？',
        ';' if chinese_before && !is_face(after) => '；',
        ':' if chinese_before && !is_face(after) && after != Some(':') && after != Some('/') => {
            '：'
        }
        _ => return,
    };
    // A run such as `?!` keeps its shape only if all of it changes; leave it to the writer.
    if after.is_some_and(|c| matches!(c, ',' | '.' | '!' | '?' | ';' | ':')) {
        return;
    }
    // The blank that follows a half-width mark goes with it, unless Latin text follows.
    let end = if chinese_after { index + 1 + blanks } else { index + 1 };
    out.push(Finding::apply(page.bytes(index..end), WIDTH, wide, width(mark, wide)));
}

/// `一.` and `第二.` at the start of a line number it.
fn is_numeral(page: &Page, index: usize) -> bool {
    let line_start =
        page.places[..index].iter().rposition(|p| is_break(p.c)).map_or(0, |found| found + 1);
    page.places[line_start..index]
        .iter()
        .all(|p| p.c.is_whitespace() || "第一二三四五六七八九十百甲乙丙丁（）()".contains(p.c))
}

/// Characters that mostly stand in names written by their sound: between two of them the stop is
/// meant for the dot of a name (托马斯.潘恩).
const SOUND: &str = "阿埃艾安奥巴鲍贝本比彼波伯勃布查达戴丹德登迪丁杜多恩尔法菲费芬弗福盖戈格哈海汉亨胡霍吉加杰金卡凯康科克肯\
    拉莱兰劳勒雷里丽利莉林琳卢鲁伦罗洛马玛迈曼梅蒙米莫默姆穆娜内尼妮诺潘培佩皮普奇乔琼瑞萨塞森莎史斯丝苏索塔泰汤特提托瓦\
    威韦维温沃乌西希夏肖谢休雅亚耶伊英尤约扎詹朱兹佐";

fn joins_name(before: char, after: Option<char>) -> bool {
    SOUND.contains(before) && after.is_some_and(|c| SOUND.contains(c))
}

fn is_face(after: Option<char>) -> bool {
    after.is_some_and(|c| matches!(c, ')' | '(' | 'D' | 'P' | 'p' | '-' | 'o' | 'O' | '|'))
}

/// `...` or `。。。` for the ellipsis.
fn ellipses(page: &Page, out: &mut Vec<Finding>) {
    let mut index = 0;
    while index < page.len() {
        let mark = page.places[index].c;
        let run = page.places[index..].iter().take_while(|p| p.c == mark).count();
        let chinese = page.before(index).is_some_and(ends_chinese);
        let dots = matches!(mark, '.' | '。' | '·') && run >= 3;
        let after = page.char(index + run);
        if dots
            && chinese
            && run <= 12
            && !page.is_protected(index..index + run)
            && !after.is_some_and(|c| c.is_ascii_alphanumeric() || c == '/')
        {
            out.push(Finding::apply(
                page.bytes(index..index + run),
                ELLIPSIS,
                "……",
                text("The Chinese ellipsis is “……”.", "中文省略号应写作“……”。"),
            ));
        }
        index += run;
    }
}

/// The same mark twice, or a comma right before a stop.
fn repeated(page: &Page, out: &mut Vec<Finding>) {
    let mut index = 0;
    while index < page.len() {
        let mark = page.places[index].c;
        let run = page.places[index..].iter().take_while(|p| p.c == mark).count();
        let doubled = match mark {
            '，' | '、' | '；' | '：' => run >= 2,
            '。' => run == 2,
            _ => false,
        };
        if doubled && page.before(index).is_some_and(ends_chinese) {
            out.push(Finding::apply(
                page.bytes(index..index + run),
                REPEATED,
                mark,
                text(
                    format!("The mark “{mark}” stands here more than once."),
                    format!("标点“{mark}”重复。"),
                ),
            ));
        } else if mark == '，'
            && run == 1
            && page.char(index + 1) == Some('。')
            && page.char(index + 2) != Some('。')
        {
            out.push(Finding::apply(
                page.bytes(index..index + 2),
                REPEATED,
                '。',
                text(
                    "A comma right before the full stop: one of them is enough.",
                    "逗号后紧跟句号，保留句号即可。",
                ),
            ));
        }
        index += run;
    }
}

/// Half-width brackets around Chinese text inside Chinese text.
fn brackets(page: &Page, paragraph: std::ops::Range<usize>, out: &mut Vec<Finding>) {
    let mut open: Option<usize> = None;
    for index in paragraph.clone() {
        if page.places[index].protected {
            open = None;
            continue;
        }
        match page.places[index].c {
            '(' => open = Some(index),
            ')' => {
                let Some(start) = open.take() else { continue };
                let inside = &page.places[start + 1..index];
                let chinese = inside.iter().any(|p| is_han(p.c))
                    && !inside.iter().any(|p| matches!(p.c, '=' | '{' | '<' | '"' | '\''));
                let context = start == paragraph.start
                    || page.before(start).is_some_and(|c| is_han(c) || is_wide_mark(c));
                if chinese && context {
                    out.push(Finding::apply(
                        page.bytes(start..start + 1),
                        WIDTH,
                        '（',
                        width('(', '（'),
                    ));
                    out.push(Finding::apply(
                        page.bytes(index..index + 1),
                        WIDTH,
                        '）',
                        width(')', '）'),
                    ));
                }
            }
            _ => {}
        }
    }
}

/// Straight double quotes around Chinese text, when all of a paragraph pair up.
fn quotes(page: &Page, paragraph: std::ops::Range<usize>, out: &mut Vec<Finding>) {
    let places = &page.places[paragraph.clone()];
    let marks: Vec<usize> = paragraph.filter(|&i| page.places[i].c == '"').collect();
    let code = places.iter().any(|p| matches!(p.c, '{' | '}' | '=' | '<' | '>' | '[' | ']' | '\\'));
    if marks.len() % 2 == 1 || code || places.iter().any(|p| p.c == '"' && p.protected) {
        return;
    }
    for pair in marks.chunks_exact(2) {
        let (start, end) = (pair[0], pair[1]);
        let inside = &page.places[start + 1..end];
        let edges_fit = inside.first().is_some_and(|p| !p.c.is_whitespace())
            && inside.last().is_some_and(|p| !p.c.is_whitespace());
        let beside = [page.before(start), page.char(end + 1)];
        let context = beside.iter().all(|c| {
            c.is_none_or(|c| is_han(c) || is_wide_mark(c) || is_break(c) || ",.!?:; ".contains(c))
        });
        if edges_fit && context && inside.iter().any(|p| is_han(p.c)) {
            let why = || {
                text(
                    "Chinese text uses the quotation marks “ and ”.",
                    "中文引文应使用“”，而不是直引号。",
                )
            };
            out.push(Finding::apply(page.bytes(start..start + 1), QUOTES, '“', why()));
            out.push(Finding::apply(page.bytes(end..end + 1), QUOTES, '”', why()));
        }
    }
}

//! Marks that come in pairs: quotation marks, book-title marks, brackets.
//!
//! Only a pair whose two places are certain is corrected (`“好“`, `（好)`); a mark without its
//! partner is remarked on, because only the writer knows where the other one belongs.

use super::protect::Page;
use crate::language::is_han;
use crate::review::{Finding, text};

const WRONG_SIDE: &str = "zh.quote-side";
const MIXED: &str = "zh.bracket-width";
const UNPAIRED: &str = "zh.unpaired-mark";

/// The longest quotation that is still taken for one of two marks on the wrong side.
const LONGEST_QUOTE: usize = 80;

pub(super) fn check(page: &Page, out: &mut Vec<Finding>) {
    let mut open: Vec<(usize, char)> = Vec::new();
    for paragraph in page.paragraphs() {
        open.clear();
        for index in paragraph.clone() {
            if page.places[index].protected {
                continue;
            }
            let mark = page.places[index].c;
            match mark {
                '“' | '‘' if open.last().is_some_and(|&(_, c)| c == mark) => {
                    // “好“: the second one closes, if the quotation is short and ends here.
                    let start = open.last().map_or(index, |&(i, _)| i);
                    let closing = if mark == '“' { '”' } else { '’' };
                    let ends_here =
                        page.char(index + 1).is_none_or(|c| !c.is_alphanumeric() || is_han(c));
                    let later = page.places[index..paragraph.end].iter().any(|p| p.c == closing);
                    if index - start <= LONGEST_QUOTE && ends_here && !later {
                        out.push(Finding::apply(
                            page.bytes(index..index + 1),
                            WRONG_SIDE,
                            closing,
                            text(
                                format!("The quotation closes here, so the mark is “{closing}”."),
                                format!("引文在此结束，应使用后引号“{closing}”。"),
                            ),
                        ));
                        open.pop();
                    } else {
                        open.push((index, mark));
                    }
                }
                '“' | '‘' | '《' | '〈' | '（' | '「' | '『' | '【' | '(' => {
                    open.push((index, mark));
                }
                '”' | '》' | '〉' | '）' | '」' | '』' | '】' | ')' => {
                    close(page, index, mark, &mut open, out);
                }
                '’' if open.last().is_some_and(|&(_, c)| c == '‘') => {
                    open.pop();
                }
                _ => {}
            }
        }
        // A quotation over several paragraphs opens in each and closes in the last.
        let last = page.places[paragraph.end..].iter().all(|p| p.c.is_whitespace());
        for &(index, mark) in &open {
            let goes_on = matches!(mark, '“' | '「' | '『' | '‘') && !last;
            if !goes_on && mark != '(' {
                out.push(unpaired(page, index, mark));
            }
        }
    }
}

fn close(
    page: &Page,
    index: usize,
    mark: char,
    open: &mut Vec<(usize, char)>,
    out: &mut Vec<Finding>,
) {
    let opening = match mark {
        '”' => '“',
        '》' => '《',
        '〉' => '〈',
        '）' => '（',
        '」' => '「',
        '』' => '『',
        '】' => '【',
        _ => '(',
    };
    let Some(&(start, found)) = open.last() else {
        // A quotation may have begun some paragraphs before; a bracket may number an item.
        let earlier = page.places[..index].iter().rev().find(|p| p.c == opening || p.c == mark);
        let carried = matches!(mark, '”' | '」' | '』') && earlier.is_some_and(|p| p.c == opening);
        if !carried && mark != ')' && !numbers_an_item(page, index) {
            out.push(unpaired(page, index, mark));
        }
        return;
    };
    if found == opening {
        open.pop();
        return;
    }
    // （好) or (好）: make both full-width, if Chinese stands between.
    let mixed = matches!((found, mark), ('（', ')') | ('(', '）'));
    let chinese = page.places[start..index].iter().any(|p| is_han(p.c));
    if mixed && chinese {
        let (place, wide) = if mark == ')' { (index, '）') } else { (start, '（') };
        let half = page.places[place].c;
        out.push(Finding::apply(
            page.bytes(place..place + 1),
            MIXED,
            wide,
            text(
                format!("The two brackets of a pair have the same width: “{wide}”, not “{half}”."),
                format!("成对的括号宽度应一致：应为“{wide}”，而不是“{half}”。"),
            ),
        ));
        open.pop();
        return;
    }
    // The partner stands further out: what was opened since then is alone.
    if let Some(depth) = open.iter().rposition(|&(_, c)| c == opening) {
        for &(place, c) in &open[depth + 1..] {
            if c != '(' {
                out.push(unpaired(page, place, c));
            }
        }
        open.truncate(depth);
    } else if mark != ')' {
        out.push(unpaired(page, index, mark));
    }
}

/// `1）`, `一）`, `a）` at the start of a clause.
fn numbers_an_item(page: &Page, index: usize) -> bool {
    page.places[index].c == '）'
        && page
            .before(index)
            .is_some_and(|c| c.is_ascii_alphanumeric() || "一二三四五六七八九十".contains(c))
}

fn unpaired(page: &Page, index: usize, mark: char) -> Finding {
    Finding::ask(
        page.bytes(index..index + 1),
        UNPAIRED,
        Vec::new(),
        text(
            format!("The mark “{mark}” has no partner. Add the other one or take this one away."),
            format!("标点“{mark}”没有成对。请补上另一半，或删去这一个。"),
        ),
    )
}

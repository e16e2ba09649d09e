//! The public list of filed models: rows as they are published, with the mistakes they have.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use jiff::civil::date;
use proptest::prelude::*;
use yumen_policy::{FiledImport, FiledModel, FiledModels, NumberFormat};

const HEADING: &str = "序号,属地,模型名称,备案单位,备案编号,备案时间";

/// Rows as the list has them: public numbers, and invented ones for the rest.
const PART: &str = "序号,属地,模型名称,备案单位,备案编号,备案时间
1,北京,示例甲,北京甲科技有限公司,Beijing-ShiLiJia-20230821,2023-08-31
2,浙江,通义千问,阿里巴巴达摩院（杭州）科技有限公司,ZheJiang-TongYiQianWen-20230901,2023-09-11
3,北京,DeepSeek Chat,北京示例基础技术研究有限公司,Beijing-DeepseekChat-202404280016,2024-05-13
4,国资委,九天,某通信集团公司,ZhongYangQiYe-JiuTian-20240123,2024-01-30
";

fn import(text: &str) -> FiledImport {
    FiledModels::import(text.as_bytes()).unwrap()
}

/// One row under the heading.
fn one(row: &str) -> FiledImport {
    import(&format!("{HEADING}\n{row}\n"))
}

fn texts(notes: &[yumen_policy::RowNote]) -> String {
    notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>().join("; ")
}

#[test]
fn a_part_without_mistakes_is_read_as_it_is() {
    let import = import(PART);
    assert!(import.repairs.is_empty(), "{:?}", import.repairs);
    assert!(import.rejects.is_empty(), "{:?}", import.rejects);
    assert_eq!(import.models.len(), 4);
    let model = import.models.by_number("ZheJiang-TongYiQianWen-20230901").unwrap();
    let expected = FiledModel {
        serial: Some(2),
        place: "浙江".into(),
        name: "通义千问".into(),
        entity: "阿里巴巴达摩院（杭州）科技有限公司".into(),
        number: "ZheJiang-TongYiQianWen-20230901".into(),
        // The number has another day in it.
        filed_on: date(2023, 9, 11),
    };
    assert_eq!(*model, expected);
    assert!(import.models.missing().is_empty());
}

#[test]
fn a_model_is_found_by_number_entity_and_name_however_it_is_written() {
    let models = import(PART).models;
    for number in [
        "Beijing-DeepseekChat-202404280016",
        "Beijing-DeepSeekChat-202404280016",
        "BEIJING-DEEPSEEKCHAT-202404280016",
        " Beijing-DeepseekChat-202404280016\n",
        "Ｂeijing－DeepseekChat－２０２４０４２８００１６",
    ] {
        assert_eq!(models.by_number(number).unwrap().name, "DeepSeek Chat", "{number}");
    }
    assert!(models.by_number("Beijing-DeepseekChat-20240428").is_none());
    assert!(models.by_number("").is_none());
    // Brackets and spaces of either width.
    let of = |entity: &str| models.by_entity(entity).map(|m| m.name.clone()).collect::<Vec<_>>();
    assert_eq!(of("阿里巴巴达摩院(杭州)科技有限公司"), ["通义千问"]);
    assert!(of("阿里巴巴达摩院").is_empty(), "an entity is its whole name");
    let found = |text: &str| models.search(text).map(|m| m.name.clone()).collect::<Vec<_>>();
    assert_eq!(found("deepseek"), ["DeepSeek Chat"]);
    assert_eq!(found("阿里"), ["通义千问"]);
    assert_eq!(found("北京").len(), 2);
    assert!(found("").is_empty());
    assert!(found("无此模型").is_empty());
}

#[test]
fn columns_that_changed_places_are_put_right() {
    let fine = one("340,上海,示例乙,上海乙科技有限公司,Shanghai-ShiLiYi-202501010001,2025-01-10");
    for (row, what) in [
        (
            "340,上海,上海乙科技有限公司,示例乙,Shanghai-ShiLiYi-202501010001,2025-01-10",
            "备案单位 and 模型名称",
        ),
        (
            "340,上海,示例乙,上海乙科技有限公司,2025-01-10,Shanghai-ShiLiYi-202501010001",
            "备案编号 and 备案时间",
        ),
        (
            "340,上海,示例乙,Shanghai-ShiLiYi-202501010001,上海乙科技有限公司,2025-01-10",
            "备案编号 and 备案单位",
        ),
        (
            "340,示例乙,上海,上海乙科技有限公司,Shanghai-ShiLiYi-202501010001,2025-01-10",
            "属地 and 模型名称",
        ),
        (
            "340,上海,示例乙,2025-01-10,Shanghai-ShiLiYi-202501010001,上海乙科技有限公司",
            "备案时间 and 备案单位",
        ),
        (
            "340,上海乙科技有限公司,示例乙,上海,Shanghai-ShiLiYi-202501010001,2025-01-10",
            "属地 and 备案单位",
        ),
    ] {
        let import = one(row);
        assert_eq!(import.models, fine.models, "{row}: {import:?}");
        assert_eq!(import.repairs.len(), 1, "{row}: {import:?}");
        assert!(import.repairs[0].text.contains(what), "{:?}", import.repairs);
        assert_eq!((import.repairs[0].line, import.repairs[0].serial), (2, Some(340)));
        assert!(import.rejects.is_empty());
    }
    // A whole row turned round.
    let row = "340,2025-01-10,Shanghai-ShiLiYi-202501010001,示例乙,上海,上海乙科技有限公司";
    let import = one(row);
    assert_eq!(import.models.len(), 1);
    let model = import.models.by_number("Shanghai-ShiLiYi-202501010001").unwrap();
    assert_eq!(model.filed_on, date(2025, 1, 10));
    assert!(import.repairs.len() >= 2);
    // The other order of the columns, with headings that say so, is no mistake.
    let import = import_with_other_order();
    assert_eq!(import.models, fine.models);
    assert!(import.repairs.is_empty(), "{:?}", import.repairs);
}

fn import_with_other_order() -> FiledImport {
    import(
        "备案编号\t备案时间\t模型名称\t备案单位\t属地\t序号\n\
         Shanghai-ShiLiYi-202501010001\t2025-01-10\t示例乙\t上海乙科技有限公司\t上海\t340\n",
    )
}

#[test]
fn stray_characters_are_left_out_and_said() {
    for number in [
        "`Beijing-ShiLiBing-202501010002",
        "Beijing-ShiLiBing-202501010002。",
        "Beijing - ShiLiBing - 202501010002",
        "Beijing–ShiLiBing—202501010002",
        "Ｂｅｉｊｉｎｇ－ＳｈｉＬｉＢｉｎｇ－２０２５０１０１０００２",
        "\"Beijing-ShiLiBing-\n202501010002\"",
        "(Beijing-ShiLiBing-202501010002)",
    ] {
        let import = one(&format!("414,北京,示例丙,北京丙大学,{number},2025-01-10"));
        let model =
            import.models.by_number("Beijing-ShiLiBing-202501010002").unwrap_or_else(|| {
                panic!("{number}: {:?}", import.rejects);
            });
        assert_eq!(model.number, "Beijing-ShiLiBing-202501010002");
        // What cannot be seen, such as a broken line, is no news.
        if number.contains(['`', '。', '–', 'Ｂ', '(']) {
            assert!(texts(&import.repairs).contains("read as `Beijing-ShiLiBing-202501010002`"));
        }
    }
    // Names keep what belongs to them and lose what does not.
    let import = one(
        "414,\u{feff}北京,\"示例\n丙 Pro  Max\u{200b}\",\"北京丙\n大学\",Beijing-ShiLiBing-202501010002,2025-01-10",
    );
    let model = import.models.iter().next().unwrap();
    assert_eq!((model.name.as_str(), model.entity.as_str()), ("示例丙Pro Max", "北京丙大学"));
    assert_eq!(model.place, "北京");
}

#[test]
fn days_are_read_however_they_are_written() {
    let on = |day: &str| {
        let import = one(&format!("5,北京,示例丁,北京丁公司,Beijing-Ding-20250101,{day}"));
        (import.models.iter().next().map(|model| model.filed_on), texts(&import.repairs))
    };
    for day in
        ["2025-01-09", "2025/1/9", "2025.1.9", "2025年1月9日", "20250109", "２０２５－０１－０９"]
    {
        assert_eq!(on(day), (Some(date(2025, 1, 9)), String::new()), "{day}");
    }
    let (day, repairs) = on("45666");
    assert_eq!(day, Some(date(2025, 1, 9)), "a spreadsheet's number of a day");
    assert!(repairs.contains("`45666` read as 2025-01-09"), "{repairs}");
    let edges = [
        "36525",
        "36526",
        "73050",
        "73051",
        "1999-12-31",
        "2000-01-01",
        "2099-12-31",
        "2100-01-01",
    ];
    let read = edges.map(|day| on(day).0.map(|day| day.to_string()).unwrap_or_default());
    assert_eq!(read, ["", "2000-01-01", "2099-12-31", "", "", "2000-01-01", "2099-12-31", ""]);
    for day in ["", "2025-13-01", "2025-02-30", "gestern", "99999", "1925-01-09", "2025-01"] {
        assert_eq!(on(day).0, None, "{day}");
    }
}

#[test]
fn what_cannot_be_read_is_given_up_and_said() {
    for (row, why) in [
        ("6,北京,示例戊,北京戊公司,not filed yet,2025-01-10", "备案编号 is not"),
        ("6,北京,示例戊,北京戊公司,,2025-01-10", "备案编号 is not"),
        ("6,北京,示例戊,北京戊公司,Beijing-ShiLiWu-2025,2025-01-10", "备案编号 is not"),
        ("6,北京,示例戊,北京戊公司,北京-示例戊-20250101,2025-01-10", "备案编号 is not"),
        ("6,北京,示例戊,北京戊公司,Beijing-ShiLiWu-20250101,soon", "备案时间 is no date"),
        ("6,北京,,北京戊公司,Beijing-ShiLiWu-20250101,2025-01-10", "is empty"),
        ("6,北京,示例戊,,Beijing-ShiLiWu-20250101,2025-01-10", "is empty"),
        ("6,北京", "备案编号 is not"),
    ] {
        let import = one(row);
        assert!(import.models.is_empty(), "{row}");
        assert_eq!(import.rejects.len(), 1, "{row}");
        let note = &import.rejects[0];
        assert!(note.text.contains(why), "{note:?}");
        assert!(note.text.contains("北京"), "the row itself is shown: {note:?}");
        assert_eq!((note.line, note.serial), (2, Some(6)));
    }
}

#[test]
fn what_looks_odd_and_can_be_used_is_kept_and_said() {
    let import = one("x,火星,示例己,北京己公司,Beijing-ShiLiJi-20250101,2025-01-10");
    assert_eq!(import.models.len(), 1);
    let said = texts(&import.repairs);
    assert!(said.contains("属地 `火星` is no province"), "{said}");
    assert!(said.contains("序号 cannot be read"), "{said}");
    for place in ["北京市", "浙江省", "内蒙古自治区", "广西壮族自治区", "国资委", "新疆兵团"]
    {
        let row = format!("7,{place},示例己,北京己公司,Beijing-ShiLiJi-20250101,2025-01-10");
        assert!(one(&row).repairs.is_empty(), "{place}");
    }
}

#[test]
fn the_heading_again_and_a_row_twice_are_counted_once() {
    let row = "8,北京,示例庚,北京庚公司,Beijing-ShiLiGeng-20250101,2025-01-10";
    let import_twice = import(&format!("{HEADING}\n{row}\n{HEADING}\n{row}\n,,,,,\n"));
    assert_eq!(import_twice.models.len(), 1);
    let said = texts(&import_twice.repairs);
    assert!(said.contains("the heading again"), "{said}");
    assert!(said.contains("stands there twice; kept once"), "{said}");
    assert!(import_twice.rejects.is_empty());
    // One number for two models: the first counts, the other is shown.
    let other = row.replace("示例庚", "示例辛").replace("Beijing-ShiLiGeng", "BEIJING-shiligeng");
    let clash = import(&format!("{HEADING}\n{row}\n{other}\n"));
    assert_eq!(clash.models.iter().next().unwrap().name, "示例庚");
    let said = texts(&clash.rejects);
    assert!(said.contains("示例庚") && said.contains("示例辛"), "{said}");
    // What stands above the headings is no row.
    let above = import(&format!("附件,,,,,\n{HEADING}\n{row}\n"));
    assert_eq!(above.models.len(), 1);
    assert!(texts(&above.rejects).contains("before the headings"));
}

#[test]
fn a_list_can_come_without_headings_and_in_other_encodings() {
    let rows = PART.split_once('\n').unwrap().1;
    assert_eq!(import(rows).models, import(PART).models);
    assert_eq!(
        import(&format!("\u{feff}{}", PART.replace('\n', "\r\n"))).models,
        import(PART).models
    );
    let with = |mark: [u8; 2], unit: fn(u16) -> [u8; 2]| {
        let tabs = PART.replace(',', "\t");
        let bytes: Vec<u8> = mark.into_iter().chain(tabs.encode_utf16().flat_map(unit)).collect();
        FiledModels::import(&bytes).unwrap().models
    };
    assert_eq!(with([0xff, 0xfe], u16::to_le_bytes), import(PART).models);
    assert_eq!(with([0xfe, 0xff], u16::to_be_bytes), import(PART).models);
    for separator in [";", "|", "，"] {
        assert_eq!(import(&PART.replace(',', separator)).models, import(PART).models);
    }
    for (bytes, why) in [
        (&b""[..], "is empty"),
        (b"\n \n", "is empty"),
        (b"\xff\xfe\x00", "neither UTF-8 nor UTF-16"),
        (b"\xd0\xf2\xba\xc5,", "neither UTF-8 nor UTF-16"), // GB 18030
        (b"a,b\n1,2\n", "no headings"),
    ] {
        let error = FiledModels::import(bytes).unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
    let large = vec![b'x'; (16 << 20) + 1];
    assert!(FiledModels::import(&large).unwrap_err().to_string().contains("16 MiB"));
}

#[test]
fn parts_are_put_together_and_what_is_missing_is_told() {
    let mut all = import(PART).models;
    let later = one("7,上海,示例壬,上海壬公司,Shanghai-ShiLiRen-20250101,2025-01-10").models;
    assert!(all.merge(later.clone()).is_empty());
    assert_eq!((all.len(), all.missing()), (5, vec![5..=6]));
    let alone = one("340,上海,示例壬,上海壬公司,Shanghai-ShiLiRen-20250101,2025-01-10").models;
    assert_eq!(alone.missing(), vec![1..=339]);
    let places = |serial: &str| {
        let row = format!("{serial},上海,示例壬,上海壬公司,Shanghai-ShiLiRen-20250101,2025-01-10");
        one(&row).models.iter().next().unwrap().serial
    };
    let read = ["7", "7.", "７", "7、", "0", "-7", "999999", "1000000", "七"].map(places);
    assert_eq!(read, [Some(7), Some(7), Some(7), Some(7), None, None, Some(999_999), None, None]);
    // Once more changes nothing.
    assert!(all.merge(later).is_empty());
    assert_eq!(all.len(), 5);
    // A correction counts, and what it changed is told.
    let corrected = one("7,上海,示例癸,上海壬公司,shanghai-shiliren-20250101,2025-01-10").models;
    let conflicts = all.merge(corrected);
    assert_eq!(conflicts.len(), 1);
    assert_eq!(
        (conflicts[0].before.name.as_str(), conflicts[0].after.name.as_str()),
        ("示例壬", "示例癸")
    );
    assert_eq!(all.by_number("Shanghai-ShiLiRen-20250101").unwrap().name, "示例癸");

    assert_eq!(FiledModels::parse(all.to_json().as_bytes()).unwrap(), all);
    let json = import(PART).models.to_json();
    assert!(json.starts_with("[["), "{json}");
    assert!(!json.contains("entity"), "compact: {json}");
    for bad in ["{}", "[[1]]", r#"[[1,"北京","a","b","no number","2025-01-01"]]"#] {
        assert!(FiledModels::parse(bad.as_bytes()).is_err(), "{bad}");
    }
    let row = r#"[1,"北京","a","b","A-B-20250101","2025-01-01"]"#;
    assert!(FiledModels::parse(format!("[{row}]").as_bytes()).is_ok());
    assert!(FiledModels::parse(format!("[{row},{row}]").as_bytes()).is_err());
}

#[test]
fn a_list_of_the_size_of_the_real_one_is_read_whole() {
    let mut text = HEADING.to_owned();
    for serial in 1..=988 {
        let row = format!(
            "\n{serial},北京,示例{serial},北京示例{serial}有限公司,Beijing-ShiLi{serial}-2025010100{:02},2025-01-10",
            serial % 100
        );
        text.push_str(&row);
    }
    let import = import(&text);
    assert_eq!((import.models.len(), import.rejects.len()), (988, 0));
    assert!(import.models.missing().is_empty());
    assert!(import.models.to_json().len() < 150 * 988);
}

proptest! {
    #[test]
    fn whatever_comes_as_a_list_is_answered(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = FiledModels::import(&bytes);
    }

    #[test]
    fn every_row_is_read_or_given_up_and_what_is_read_has_its_form(
        rows in prop::collection::vec(
            prop::collection::vec("[0-9A-Za-z北京公司年月日,\"\n\u{feff}－-]{0,24}", 5..7), 0..6),
    ) {
        let lines: Vec<String> = rows.iter().map(|row| {
            let cells: Vec<String> =
                row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
            cells.join(",")
        }).collect();
        let text = format!("{HEADING}\n{}\n", lines.join("\n"));
        let import = FiledModels::import(text.as_bytes()).unwrap();
        for model in import.models.iter() {
            prop_assert!(NumberFormat::ModelFiling.fits(&model.number));
            prop_assert!(import.models.by_number(&model.number.to_uppercase()).is_some());
            prop_assert!(!model.name.is_empty() && !model.entity.is_empty());
        }
        let blank = |row: &Vec<String>| row.iter().all(|cell| {
            cell.chars().all(|c| c.is_whitespace() || c == '\u{feff}')
        });
        let full = rows.iter().filter(|row| !blank(row)).count();
        let twice = import.repairs.iter().filter(|note| note.text.contains("twice")).count();
        prop_assert_eq!(import.models.len() + import.rejects.len() + twice, full);
        let again = FiledModels::parse(import.models.to_json().as_bytes()).unwrap();
        prop_assert_eq!(again, import.models);
    }
}

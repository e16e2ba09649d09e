//! Procedures and calendars as they ship: numbers, working days, deadlines, what a record must bring.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod world;

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday, date};
use proptest::prelude::*;
use world::record;
use yumen_policy::{
    ApprovalKind, ApprovalRecord, ApprovedModel, Basis, Calendar, ClockEvent, Entity, NumberFormat,
    Party, PolicyError, Procedure, Procedures, deadline,
};

const CN: &str = include_str!("../../../catalog/calendars/cn.toml");
const FILES: [&str; 7] = [
    include_str!("../../../catalog/procedures/algorithm_filing.toml"),
    include_str!("../../../catalog/procedures/demonstration.toml"),
    include_str!("../../../catalog/procedures/filing.toml"),
    include_str!("../../../catalog/procedures/none.toml"),
    include_str!("../../../catalog/procedures/other.toml"),
    include_str!("../../../catalog/procedures/registration.toml"),
    include_str!("../../../catalog/procedures/self_declaration.toml"),
];

fn calendar() -> Calendar {
    Calendar::parse(CN).unwrap()
}

fn procedures() -> Procedures {
    Procedures::new(FILES.map(|file| Procedure::parse(file).unwrap())).unwrap()
}

#[test]
fn numbers_have_the_forms_that_are_published() {
    let fits = |format: NumberFormat, number: &str| format.fits(number);
    // As the public lists and the owners' own pages write them.
    for number in [
        "ZheJiang-TongYiQianWen-20230901",
        "ZhongYangQiYe-JiuTian-20240123",
        "Beijing-DeepseekChat-202404280016",
        "beijing-DeepSeekChat-202404280016",
        "Shanghai-TongYiWanXiang-202410090024",
        "Beijing-ChatGLM-20230821",
    ] {
        assert!(fits(NumberFormat::ModelFiling, number), "{number}");
        assert!(!fits(NumberFormat::AlgorithmFiling, number), "{number}");
    }
    for number in [
        "",
        "--",
        "-A-20230901",
        "A--20230901",
        "A-B-",
        "A-B-2023090",
        "A-B-202309010",
        "A-B-2023090100001",
        "A-B-2023O901",
        "A1-B-20230901",
        "A-B_C-20230901",
        "A-B-C-20230901",
        "A-B-20230901-",
        "浙江-B-20230901",
        "A-通义-20230901",
        " A-B-20230901",
        "A-B-２０２３０９０１",
    ] {
        assert!(!fits(NumberFormat::ModelFiling, number), "{number}");
    }
    for number in ["网信算备330110507206401230035号", "网信算备110108970550101240011号"] {
        assert!(fits(NumberFormat::AlgorithmFiling, number), "{number}");
        assert!(!fits(NumberFormat::ModelFiling, number), "{number}");
    }
    for number in [
        "",
        "网信算备号",
        "网信算备33011050720640123003号",
        "网信算备3301105072064012300355号",
        "网信算备33011050720640123003a号",
        "330110507206401230035",
        "网信算备330110507206401230035",
        "网信算备 330110507206401230035 号",
    ] {
        assert!(!fits(NumberFormat::AlgorithmFiling, number), "{number}");
    }
    assert!(fits(NumberFormat::Any, "whatever"));
}

#[test]
fn every_kind_of_approval_has_its_procedure() {
    let all = procedures();
    for kind in ApprovalKind::ALL {
        let procedure = all.get(kind).unwrap_or_else(|| panic!("{kind}"));
        assert_eq!(procedure.kind(), kind);
        assert!(procedure.name().is_complete() && procedure.about().is_complete());
        // Nobody has verified anything yet, and nothing here claims that somebody has.
        assert_eq!(procedure.basis(), Basis::Unverified, "{kind}");
    }
    assert_eq!(all.iter().len(), ApprovalKind::ALL.len());
    assert_eq!(all.get(ApprovalKind::Filing).unwrap().documents().len(), 6);
}

#[test]
fn the_clocks_of_an_algorithm_filing_run_in_working_days() {
    let all = procedures();
    let procedure = all.get(ApprovalKind::AlgorithmFiling).unwrap();
    let clocks: Vec<_> = procedure
        .clocks()
        .iter()
        .map(|clock| (clock.id.as_str(), clock.from, clock.working_days, clock.on))
        .collect();
    assert_eq!(
        clocks,
        [
            ("submit", ClockEvent::Start, 10, Party::Operator),
            ("change", ClockEvent::Change, 10, Party::Operator),
            ("cancel", ClockEvent::End, 20, Party::Operator),
            ("review", ClockEvent::Complete, 30, Party::Authority),
        ]
    );
    // A service begun on the last Friday before the Spring Festival of 2026. Saturday the 14th and
    // Saturday the 28th are worked, nine days are off, and the tenth working day is 5 March.
    let start = date(2026, 2, 13);
    assert_eq!(
        procedure.clock("submit").unwrap().due(start, &calendar()).unwrap(),
        date(2026, 3, 5)
    );
    assert!(procedure.clock("nothing").is_none());
}

#[test]
fn working_days_are_those_of_the_notices() {
    let calendar = calendar();
    for (day, works) in [
        ("2025-01-01", false), // New Year, a Wednesday
        ("2025-01-02", true),
        ("2025-01-26", true), // a Sunday worked
        ("2025-01-27", true),
        ("2025-01-28", false),
        ("2025-02-04", false),
        ("2025-02-05", true),
        ("2025-02-08", true), // a Saturday worked
        ("2025-02-09", false),
        ("2025-10-08", false),
        ("2025-10-11", true),
        ("2026-01-02", false), // a Friday off
        ("2026-01-04", true),  // a Sunday worked
        ("2026-02-23", false), // a Monday off
        ("2026-02-28", true),
        ("2026-09-20", true),
        ("2026-10-07", false),
        ("2026-10-08", true),
        ("2026-10-10", true),
        ("2026-11-22", false), // an ordinary Sunday
    ] {
        assert_eq!(calendar.is_working_day(day.parse().unwrap()).unwrap(), works, "{day}");
    }
    // As many as there are: weekdays less those off, and the weekend days worked.
    let whole = |year| calendar.working_days(date(year - 1, 12, 31), date(year, 12, 31));
    assert_eq!(whole(2025).unwrap(), 248);
    assert_eq!(whole(2026).unwrap(), 248);
    assert!(whole(2024).is_err() && whole(2027).is_err(), "not in the calendar");
    assert_eq!(calendar.working_days(date(2026, 3, 1), date(2026, 3, 1)).unwrap(), 0);
}

#[test]
fn a_deadline_beyond_the_calendar_is_an_error_not_a_guess() {
    let calendar = calendar();
    assert_eq!(deadline(date(2026, 12, 30), 1, &calendar).unwrap(), date(2026, 12, 31));
    let error = deadline(date(2026, 12, 30), 2, &calendar).unwrap_err();
    assert_eq!((error.calendar.as_str(), error.date), ("cn", date(2027, 1, 1)));
    assert!(error.to_string().contains("catalog/calendars"), "{error}");
    assert!(deadline(date(2024, 12, 31), 0, &calendar).is_err());
    assert_eq!(deadline(date(2026, 11, 22), 0, &calendar).unwrap(), date(2026, 11, 22));
    assert!(deadline(Date::MAX, 3, &calendar).is_err());
    assert!(calendar.working_days(date(2026, 12, 1), date(2027, 1, 1)).is_err());
    assert_eq!(calendar.years().map(|(year, _)| year).collect::<Vec<_>>(), [2025, 2026]);
    assert!(calendar.years().all(|(_, source)| source.basis() == Basis::Unverified));
}

#[test]
fn a_calendar_that_contradicts_itself_is_refused() {
    let one = |holiday: &str| {
        format!(
            "id = \"xx\"\n[[year]]\nyear = 2026\nsource = {{ clause = \"a\" }}\n[[year.holiday]]\n\
             name = {{ en = \"a\", zh = \"b\" }}\n{holiday}\n"
        )
    };
    let fine = one("from = \"2026-05-01\"\nuntil = \"2026-05-05\"\nworked = [\"2026-05-09\"]");
    assert!(Calendar::parse(&fine).is_ok());
    let wrong = [
        (one("from = \"2026-05-05\"\nuntil = \"2026-05-01\""), "does not lie in its year"),
        (one("from = \"2025-12-31\"\nuntil = \"2026-01-01\""), "does not lie in its year"),
        (one("from = \"2026-12-31\"\nuntil = \"2027-01-01\""), "does not lie in its year"),
        (
            one("from = \"2026-05-01\"\nuntil = \"2026-05-05\"\nworked = [\"2026-05-11\"]"),
            "no day off",
        ),
        (
            one("from = \"2026-05-01\"\nuntil = \"2026-05-05\"\nworked = [\"2026-05-02\"]"),
            "no day off",
        ),
        (
            one("from = \"2026-05-01\"\nuntil = \"2026-05-05\"\nworked = [\"2027-05-08\"]"),
            "stands under 2026",
        ),
        (format!("{fine}{}", fine.split_once('\n').unwrap().1), "without a gap"),
        (fine.replace("year = 2026", "year = 2026\nmonth = 1"), "unknown field"),
        (fine.replace("clause = \"a\"", "clause = \"\""), "`clause` is empty"),
        ("id = \"xx\"\nyear = []".to_owned(), "it has no year"),
    ];
    for (file, expected) in wrong {
        let error = Calendar::parse(&file).unwrap_err();
        assert!(matches!(error, PolicyError::Calendar(_)));
        assert!(error.to_string().contains(expected), "{expected}: {error}");
    }
}

#[test]
fn a_record_is_such_as_its_procedure_gives_out() {
    let all = procedures();
    let fine = |change: fn(&mut ApprovalRecord)| {
        let mut record = ApprovalRecord {
            kind: ApprovalKind::Filing,
            number: "Beijing-Muster-202601010001".into(),
            entity: Entity {
                name: "Muster Ltd".into(),
                uscc: Some("91000000YUMEN0000G".parse().unwrap()),
            },
            ..record()
        };
        change(&mut record);
        all.check(&record).map_err(|error| error.to_string())
    };
    fine(|_| {}).unwrap();
    let wrong = |change, expected: &str| {
        let error = fine(change).unwrap_err();
        assert!(error.contains(expected), "{expected}: {error}");
    };
    wrong(|r| r.number = "Beijing-1".into(), "`number` `Beijing-1` does not have its form");
    wrong(|r| r.entity.uscc = None, "needs `entity.uscc`");
    wrong(|r| r.market = world::market("us"), "market `us` has no procedure `filing`");
    wrong(|r| r.algorithm_number = Some("123".into()), "`algorithm_number`");
    let filed = |filing: &str| ApprovedModel {
        partner: "alibaba".parse().unwrap(),
        model: "chat-model".parse().unwrap(),
        filing: Some(filing.into()),
    };
    let with = |filing: &str| {
        let mut record = ApprovalRecord { kind: ApprovalKind::Other, ..record() };
        record.models.insert(filed(filing));
        all.check(&record)
    };
    assert!(with("ZheJiang-TongYiQianWen-20230901").is_ok());
    assert!(with("网信算备330110507206401230035号").is_err());
    fine(|r| r.algorithm_number = Some("网信算备330110507206401230035号".into())).unwrap();
    // Where the form is not known, none is checked.
    let registration = |r: &mut ApprovalRecord| {
        r.kind = ApprovalKind::Registration;
        r.number = "Beijing-2026-001".into();
    };
    fine(registration).unwrap();
    assert!(Procedures::default().check(&record()).is_err(), "no procedure, no way in");
}

#[test]
fn a_procedure_that_contradicts_itself_is_refused() {
    let file = FILES[0];
    let wrong = [
        (file.replace("working_days = 20", "working_days = 0"), "has no working days"),
        (file.replace("id = \"cancel\"", "id = \"change\""), "given twice"),
        (file.replace("zh = \"主体信息\"", "zh = \"\""), "both en and zh"),
        (file.replace("https://beian", "http://beian"), "must begin with https://"),
        (file.replace("entity_code = true", "entity_code = true\nextra = 1"), "unknown field"),
        (
            file.replace("\"definition\"]", "\"feature_added\"]"),
            "two rules speak of `feature_added`",
        ),
    ];
    for (file, expected) in wrong {
        assert_ne!(file, FILES[0], "{expected}");
        let error = Procedure::parse(&file).unwrap_err();
        assert!(error.to_string().contains(expected), "{expected}: {error}");
    }
    let twice = Procedures::new([FILES[0], FILES[0]].map(|file| Procedure::parse(file).unwrap()));
    assert!(twice.unwrap_err().to_string().contains("given twice"));
}

proptest! {
    #[test]
    fn a_deadline_has_as_many_working_days_before_it_as_asked_for(
        offset in 0_i32..700,
        working_days in 0_u16..40,
    ) {
        let calendar = calendar();
        let from = date(2025, 1, 1) + offset.days();
        let Ok(due) = deadline(from, working_days, &calendar) else {
            // Only the end of the calendar is a reason for none.
            let days = calendar.working_days(from, date(2026, 12, 31)).unwrap();
            prop_assert!(days < u32::from(working_days));
            return Ok(());
        };
        prop_assert!(due >= from);
        let counted = calendar.working_days(from, due).unwrap();
        prop_assert_eq!(counted, u32::from(working_days));
        if working_days > 0 {
            prop_assert!(calendar.is_working_day(due).unwrap());
        }
    }

    #[test]
    fn a_day_is_worked_as_its_weekday_says_but_for_the_notices(offset in 0_i32..730) {
        let day = date(2025, 1, 1) + offset.days();
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        let works = calendar().is_working_day(day).unwrap();
        // A day that is not as its weekday says stands in the file.
        prop_assert!(works != weekend || named(day));
    }
}

/// Whether the file speaks of this day, as text.
fn named(day: Date) -> bool {
    let within = |line: &&str| {
        let (from, until) = line.split_once(' ').unwrap();
        let (from, until): (Date, Date) = (from.parse().unwrap(), until.parse().unwrap());
        from <= day && day <= until
    };
    let quoted = |line: &str| line.split('"').nth(1).unwrap().to_owned();
    let mut from = String::new();
    CN.lines().any(|line| {
        if line.starts_with("worked") && line.contains(&day.to_string()) {
            return true;
        }
        if line.starts_with("from") {
            from = quoted(line);
        }
        line.starts_with("until") && within(&format!("{from} {}", quoted(line)).as_str())
    })
}

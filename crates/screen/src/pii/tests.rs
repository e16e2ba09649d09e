//! What the readers find in whole texts, and that they find the same in pieces.

use proptest::prelude::*;

use super::{Entity, EntitySet, Gazetteer, Hit, PiiState, Readers};
use crate::normal::{Glyph, LOOK_BACK, Window, fold};

fn glyphs(text: &str) -> Vec<Glyph> {
    let mut glyphs = Vec::new();
    for (i, raw) in text.chars().enumerate() {
        fold(raw, |c| glyphs.push(Glyph { c, raw, start: i, end: i + 1 }));
    }
    glyphs
}

fn readers() -> Readers {
    Readers::new(Entity::ALL.into_iter().collect())
}

fn whole(glyphs: &[Glyph], person: &Gazetteer) -> Vec<(usize, Hit)> {
    let mut found = Vec::new();
    let state = &mut PiiState::default();
    readers().scan(&Window::new(glyphs, true), 0, state, person, &mut found);
    found
}

/// As a stream reads: pieces of these lengths, and no more kept on the left than readers may ask for.
fn in_pieces(glyphs: &[Glyph], lengths: &[usize], person: &Gazetteer) -> Vec<(usize, Hit)> {
    let readers = readers();
    let (mut found, mut state) = (Vec::new(), PiiState::default());
    let (mut hold, mut come) = (0_usize, 0);
    let mut lengths = lengths.iter().cycle();
    loop {
        come = (come + lengths.next().map_or(1, |length| *length)).min(glyphs.len());
        let ended = come == glyphs.len();
        let first = hold.saturating_sub(LOOK_BACK);
        let mut of_piece = Vec::new();
        let window = Window::new(&glyphs[first..come], ended);
        hold = first + readers.scan(&window, hold - first, &mut state, person, &mut of_piece);
        found.extend(
            of_piece.into_iter().map(|(at, hit)| (first + at, Hit { end: first + hit.end, ..hit })),
        );
        if ended {
            return found;
        }
    }
}

/// The things of these kinds that a text has.
fn found(text: &str, kinds: &[Entity]) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    let glyphs = glyphs(text);
    let hits = whole(&glyphs, &Gazetteer::default()).into_iter();
    hits.filter(|(_, hit)| kinds.contains(&hit.entity))
        .map(|(at, hit)| chars[glyphs[at].start..glyphs[hit.end - 1].end].iter().collect())
        .collect()
}

fn names(text: &str) -> Vec<String> {
    found(text, &[Entity::Name])
}

fn addresses(text: &str) -> Vec<String> {
    found(text, &[Entity::Address])
}

#[test]
fn numbers_with_a_check_digit_are_found_however_they_are_written() {
    let ids = |text: &str| found(text, &[Entity::CnResidentId]);
    assert_eq!(ids("证件11010519491231002X。"), ["11010519491231002X"]);
    assert_eq!(
        ids("１１０１０５１９４９１２３１００２ｘ"),
        ["１１０１０５１９４９１２３１００２ｘ"]
    );
    assert_eq!(ids("110105 19491231 002X"), ["110105 19491231 002X"]);
    assert_eq!(ids("身份证：110105491231002"), ["110105491231002"]);
    assert!(ids("编号110105491231002").is_empty(), "only the words before tell the old form");
    assert!(ids("110105194912310021").is_empty(), "wrong check digit");
    assert!(ids("8110105194912310029").is_empty(), "inside a longer number");

    let cards = |text: &str| found(text, &[Entity::BankCard]);
    assert_eq!(cards("卡号6222 0200 0000 0000 000 勿外传"), ["6222 0200 0000 0000 000"]);
    assert_eq!(cards("4111-1111-1111-1111"), ["4111-1111-1111-1111"]);
    assert!(cards("流水号4111111111111112").is_empty());
    assert!(cards("订单4111111111111111").is_empty(), "the word says that it is none");

    let codes = |text: &str| found(text, &[Entity::Uscc]);
    assert_eq!(codes("税号91350100M000100Y43。"), ["91350100M000100Y43"]);
    assert_eq!(codes("9135 0100 M000 100Y 43"), ["9135 0100 M000 100Y 43"]);
    assert!(codes("税号91350100M000100Y44。").is_empty());
}

#[test]
fn telephones_are_found_in_all_their_forms() {
    let mobiles = |text: &str| found(text, &[Entity::CnMobile]);
    for number in [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 13800138000",
        "0086-138-0013-8000",
        "(+86)13800138000",
        "１３８００１３８０００",
        "一三八零零一三八零零零",
        "138.0013.8000",
        "1 3 8 0 0 1 3 8 0 0 0",
        "013800138000",
        "1 3 8-0013-8000",
        "幺三八，零零幺三，八零零零",
    ] {
        assert_eq!(mobiles(&format!("打{number}找我")), [number]);
    }
    assert_eq!(mobiles("张三13800138000、13900139000"), ["13800138000", "13900139000"]);
    assert!(mobiles("A13800138000B").is_empty());
    assert!(mobiles("213800138000").is_empty());
    assert!(mobiles("0.13800138000").is_empty());

    let lines = |text: &str| found(text, &[Entity::Landline]);
    for number in [
        "0571-85712345",
        "057185712345",
        "(0571)85712345",
        "021 6234 5678",
        "+86-21-62345678",
        "010-62345678-801",
        "010-62345678转801",
    ] {
        assert_eq!(lines(&format!("座机{number}，谢谢")), [number]);
    }
    assert_eq!(lines("家里电话85712345"), ["85712345"]);
    assert!(lines("共85712345件").is_empty());
    for number in ["0912-345-678", "02-2345-6789"] {
        assert_eq!(found(&format!("電話：{number}"), &[Entity::Phone, Entity::Landline]), [number]);
    }
    let phones = &[Entity::Landline, Entity::CnMobile, Entity::Phone];
    for hotline in ["95588", "400-810-6666", "4008106666", "12345", "10086", "110", "800-810-0888"]
    {
        assert!(found(&format!("客服电话{hotline}。"), phones).is_empty(), "{hotline}");
    }
}

#[test]
fn identity_cards_and_permits_of_hong_kong_macao_and_taiwan_are_found() {
    let found = |text: &str, kind| found(text, &[kind]);
    let hong_kong = |text| found(text, Entity::HkIdentityCard);
    assert_eq!(hong_kong("我係A123456(3)"), ["A123456(3)"]);
    assert_eq!(hong_kong("身份證號碼：ＡＢ９８７６５４（３）"), ["ＡＢ９８７６５４（３）"]);
    assert_eq!(hong_kong("香港身份证A1234563，谢谢"), ["A1234563"]);
    assert!(hong_kong("A123456(4)").is_empty(), "wrong check digit");
    assert!(hong_kong("座位A1234563").is_empty(), "without brackets only the words before tell it");

    let macao = |text| found(text, Entity::MacaoIdentityCard);
    assert_eq!(macao("澳門居民身份證 1234567(8)"), ["1234567(8)"]);
    assert_eq!(macao("身份证号5/123456/7。"), ["5/123456/7"]);
    assert!(macao("第1234567(8)项").is_empty());

    let taiwan = |text| found(text, Entity::TwIdentityCard);
    assert_eq!(taiwan("身分證字號A123456789"), ["A123456789"]);
    assert_eq!(taiwan("身分證字號a123456789"), ["a123456789"]);
    assert!(taiwan("身分證字號A123456788").is_empty(), "wrong check digit");
    assert!(taiwan("零件A123456789").is_empty());

    for number in ["C12345678", "CA1234567", "H1234567801", "M12345678", "L12345678", "01234567"] {
        assert_eq!(found(&format!("通行证号：{number}。"), Entity::TravelPermit), [number]);
    }
    assert_eq!(found("外国人永久居留身份证CAN110078010502", Entity::TravelPermit).len(), 1);
}

#[test]
fn plates_of_the_army_the_police_and_embassies_are_found() {
    let plates = |text: &str| found(text, &[Entity::Plate]);
    for plate in
        ["空A·12345", "WJ京12345", "WJ·沪 1234X", "使014578", "粤Z·1234港", "AB 1234", "MA-12-34"]
    {
        assert_eq!(plates(&format!("车牌{plate}，谢谢")), [plate]);
    }
    assert!(plates("出使014578里").is_empty());
    assert!(plates("海A栋12345").is_empty());
    assert!(plates("AB 1234").is_empty());
}

#[test]
fn an_address_is_no_less_one_for_a_long_local_part() {
    for length in [1, 64, 65, 300, 1024] {
        let address = format!("{}@parcels.example", "a".repeat(length));
        assert_eq!(found(&format!("write to {address}."), &[Entity::Email]), [address.as_str()]);
    }
}

#[test]
fn words_around_a_number_say_what_it_is() {
    assert_eq!(found("订单号：202611220001234567", &[Entity::OrderNumber]), ["202611220001234567"]);
    assert_eq!(found("这张783562931175473的运单", &[Entity::TrackingNumber]), ["783562931175473"]);
    assert_eq!(found("发了SF1234567890123", &[Entity::TrackingNumber]), ["SF1234567890123"]);
    assert_eq!(
        found("快递单号 YT 0294 5137 95613", &[Entity::TrackingNumber]),
        ["YT 0294 5137 95613"]
    );
    assert_eq!(found("我的QQ是364757233", &[Entity::Qq]), ["364757233"]);
    assert_eq!(found("QQ364757233", &[Entity::Qq]), ["364757233"]);
    assert_eq!(found("加微信lantern_2026聊", &[Entity::Wechat]), ["lantern_2026"]);
    assert_eq!(found("wxid_8fqh852k1a", &[Entity::Wechat]), ["wxid_8fqh852k1a"]);
    assert_eq!(found("护照EA7204013", &[Entity::Passport]), ["EA7204013"]);
    assert_eq!(found("回乡证H12345678", &[Entity::TravelPermit]), ["H12345678"]);
    assert!(found("型号E12345678", &[Entity::Passport]).is_empty());
    assert!(found("保险单号783562931175473", &[Entity::TrackingNumber]).is_empty());
    assert!(found("微信Android版", &[Entity::Wechat]).is_empty());
}

#[test]
fn plates_are_found_with_and_without_a_dot() {
    for plate in ["京A12345", "浙B·8K6D2", "粤BD12345", "沪AF60149", "京A1234学", "云 A·12345"]
    {
        assert_eq!(found(&format!("车停了，{plate}，快挪"), &[Entity::Plate]), [plate]);
    }
    assert!(found("全新X60000上市", &[Entity::Plate]).is_empty());
    assert!(found("京A123", &[Entity::Plate]).is_empty());
}

#[test]
fn addresses_reach_to_the_room() {
    for address in [
        "浙江省宁波市海曙区中山东路18号锦绣花园3幢2单元501室",
        "上海市静安区人民路18弄3号402室",
        "海曙区中山东路18号",
        "宁波海曙区锦绣花园3-2-501",
        "北京市丰台区经三路6号院2号楼1201",
        "四川省绵阳市涪城区青山镇石桥村3组12号",
        "浙江省 宁波市 海曙区 中山东路 18 号",
        "文三路 478 号",
        "阳光小区A座1203",
        "后海胡同23号附2号",
    ] {
        assert_eq!(addresses(&format!("我住在{address}，来吧")), [address]);
    }
    assert_eq!(addresses("放5号楼3单元402门口"), ["5号楼3单元402"]);
    for none in [
        "我在北京南站等你",
        "去西湖景区玩",
        "浙江省宁波市很美",
        "坐地铁2号线到人民广场",
        "我知道1号放假",
        "取件码3-2-1088",
        "2026-11-22见",
        "人民路很长",
        "走了一路3公里",
    ] {
        assert!(addresses(none).is_empty(), "{none}");
    }
}

#[test]
fn names_are_told_by_what_they_are_and_what_stands_around_them() {
    for (text, name) in [
        ("我叫张晓梅，想咨询贷款。", "张晓梅"),
        ("收件人：欧阳建平 13800138000", "欧阳建平"),
        ("给林志远转账200元", "林志远"),
        ("周末去陈国栋家吃饭", "陈国栋"),
        ("刘芳女士您好", "刘芳"),
        ("麻烦转告吴海燕，会议改到明天。", "吴海燕"),
        ("此致\n敬礼\n郑伟明", "郑伟明"),
        ("姓名：阿依古丽", "阿依古丽"),
        ("迪丽热巴·买买提来了", "迪丽热巴·买买提"),
        ("收件人：李宁，电话13800138000", "李宁"),
        ("患者于洋，男，45岁", "于洋"),
    ] {
        assert_eq!(names(text), [name], "{text}");
    }
    assert_eq!(names("会议由孙丽华主持，何建军和高晓燕列席"), ["孙丽华", "何建军", "高晓燕"]);
}

#[test]
fn words_brands_and_people_of_history_are_no_names() {
    for text in [
        "他高兴地张开双臂，方便的话白天来。",
        "于是金额翻倍，明白了吗？",
        "李宁的跑鞋和安踏哪个好？",
        "买两瓶王老吉",
        "周大福专柜在二楼",
        "带一盒徐福记",
        "鲁迅的故乡在绍兴",
        "曹操和刘备谁厉害？",
        "孙小满旗舰店开业",
        "今天吃林大厨吧，味道不错",
        "马上就到，路上小心",
        "江苏省的经济",
        "小心地滑",
    ] {
        assert!(names(text).is_empty(), "{text}: {:?}", names(text));
    }
}

#[test]
fn a_name_told_once_is_found_again() {
    assert_eq!(names("我叫金波。金波，波浪的波。看见金波就说"), ["金波", "金波", "金波"]);
}

#[test]
fn the_persons_own_contacts_are_found_whatever_stands_around_them() {
    let person = Gazetteer::new(["方糖", "欧阳明月", "Mark Lin"]);
    let text = "我把方糖的伞带给明月，Mark said mark it.";
    let chars: Vec<char> = text.chars().collect();
    let found: Vec<String> = whole(&glyphs(text), &person)
        .into_iter()
        .filter(|(_, hit)| hit.entity == Entity::Name)
        .map(|(at, hit)| chars[at..hit.end].iter().collect())
        .collect();
    assert_eq!(found, ["方糖", "明月", "Mark"]);
}

#[test]
fn what_is_not_looked_for_hides_nothing() {
    let text = "收件人：李晓红，电话13800138000";
    let readers = Readers::new(EntitySet::default().with(Entity::CnMobile));
    let glyphs = glyphs(text);
    let mut found = Vec::new();
    let (window, state) = (Window::new(&glyphs, true), &mut PiiState::default());
    readers.scan(&window, 0, state, &Gazetteer::default(), &mut found);
    let kinds: Vec<Entity> = found.iter().map(|(_, hit)| hit.entity).collect();
    assert_eq!(kinds, [Entity::CnMobile]);
}

/// Texts of what readers look for and at, in any order, with anything between.
fn texts() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "张晓梅",
        "欧阳建平",
        "李宁",
        "高兴",
        "收件人：",
        "我叫",
        "给",
        "和",
        "先生",
        "您好",
        "收",
        "，",
        "。",
        " ",
        "\n",
        "、",
        "浙江省宁波市",
        "海曙区",
        "中山东路",
        "18号",
        "锦绣花园",
        "3幢",
        "2单元",
        "501室",
        "3-2-501",
        "弄",
        "村",
        "组",
        "13800138000",
        "138-0013-8000",
        "+86",
        "0571-85712345",
        "转801",
        "110105",
        "19491231",
        "002X",
        "6222020000000000000",
        "订单",
        "快递单号",
        "SF1234567890123",
        "京A",
        "12345",
        "·",
        "-",
        "微信",
        "wxid_abc123",
        "QQ",
        "364757233",
        "护照E1234567",
        "8",
        "一三八零零",
        "阿依古丽·买买提",
        "哪个好",
        "跑鞋",
        "两瓶",
        "mail@",
        "example.cn",
        "Mark ",
        "旗舰店",
        "的",
        "在",
        "住",
    ]);
    let part = prop_oneof![6 => known.prop_map(str::to_owned), 1 => "\\PC{0,3}"];
    prop::collection::vec(part, 0..24).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn pieces_give_what_the_whole_gives(
        text in texts(),
        lengths in prop::collection::vec(1_usize..9, 1..6),
    ) {
        let glyphs = glyphs(&text);
        let person = Gazetteer::new(["李晓红", "方糖"]);
        prop_assert_eq!(in_pieces(&glyphs, &lengths, &person), whole(&glyphs, &person));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn every_split_gives_what_the_whole_gives(text in texts()) {
        let glyphs = glyphs(&text);
        let person = Gazetteer::default();
        let all = whole(&glyphs, &person);
        for split in 1..glyphs.len() {
            let rest = glyphs.len() - split;
            prop_assert_eq!(&in_pieces(&glyphs, &[split, rest], &person), &all);
        }
    }

    #[test]
    fn what_is_found_lies_in_order_within_the_text(text in texts()) {
        let glyphs = glyphs(&text);
        let mut last = 0;
        for (at, hit) in whole(&glyphs, &Gazetteer::default()) {
            prop_assert!(last <= at && at < hit.end && hit.end <= glyphs.len());
            prop_assert!((0.0..=1.0).contains(&hit.score));
            last = hit.end;
        }
    }
}

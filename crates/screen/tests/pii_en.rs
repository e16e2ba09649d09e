//! Personal data in English text, as who asks for it sees it. All of it is invented.

use yumen_screen::{Entity, EntitySet, Gazetteer, personal_data};

fn found(text: &str) -> Vec<(Entity, String)> {
    let all: EntitySet = Entity::ALL.into_iter().collect();
    personal_data(text, all, &Gazetteer::default())
        .into_iter()
        .map(|data| {
            let length = data.chars.end - data.chars.start;
            (data.entity, text.chars().skip(data.chars.start).take(length).collect())
        })
        .collect()
}

#[track_caller]
fn finds(text: &str, entity: Entity, what: &str) {
    let found = found(text);
    assert!(found.contains(&(entity, what.to_owned())), "{text}: {found:?}");
}

#[track_caller]
fn finds_none(text: &str, entity: Entity) {
    let found = found(text);
    assert!(found.iter().all(|(other, _)| *other != entity), "{text}: {found:?}");
}

#[test]
fn addresses_of_the_net_are_found() {
    finds(
        "write to lantern.maker+1@parcels.example",
        Entity::Email,
        "lantern.maker+1@parcels.example",
    );
    finds("jane(at)parcels(dot)example", Entity::Email, "jane(at)parcels(dot)example");
    finds("see https://www.lanterns.com/a?b", Entity::Domain, "https://www.lanterns.com");
    finds("see lanterns.co.uk.", Entity::Domain, "lanterns.co.uk");
    finds("from 203.0.113.77, blocked", Entity::IpAddress, "203.0.113.77");
    finds("from 2001:db8::8a2e:370:7334", Entity::IpAddress, "2001:db8::8a2e:370:7334");
    finds_none("version 10.2.3.4 and 300.1.1.1", Entity::IpAddress);
    finds_none("std::fmt::Debug at 10:30:45, a::b", Entity::IpAddress);
    finds_none("It ended.The next began. main.rs, README.md", Entity::Domain);
}

#[test]
fn mail_addresses_in_words_are_found_and_places_are_none() {
    finds("ask tom AT lantern DOT com", Entity::Email, "tom AT lantern DOT com");
    finds(
        "olga dot berg at kites dot co dot uk",
        Entity::Email,
        "olga dot berg at kites dot co dot uk",
    );
    finds("my mail is jo_b at kites.org", Entity::Email, "jo_b at kites.org");
    finds("ping pia {at} fern {dot} hu", Entity::Email, "pia {at} fern {dot} hu");
    for text in [
        "look at dot plots",
        "meet us at kites.org",
        "we met at the dot com fair",
        "at noon, look at dot one",
    ] {
        finds_none(text, Entity::Email);
    }
}

#[test]
fn passwords_told_in_passing_are_found() {
    finds("the password for the router is still kite2lamp!", Entity::Secret, "kite2lamp!");
    finds("new pw - tram#Quay7, keep it", Entity::Secret, "tram#Quay7");
    finds("use fern8kettle as the password", Entity::Secret, "fern8kettle");
    finds("log in with admin / Tram!7bell", Entity::Secret, "Tram!7bell");
    for text in [
        "the password for router2 is required",
        "the password must have a-z, 0-9 and a mark",
        "the password is the same as before",
        "user agent: Lantern5x",
        "log in at portal-v2",
    ] {
        finds_none(text, Entity::Secret);
    }
}

#[test]
fn passports_of_other_countries_are_found_where_a_passport_is_spoken_of() {
    finds("my passport is L8392014", Entity::Passport, "L8392014");
    finds("German passport no: C01X00T47", Entity::Passport, "C01X00T47");
    finds("travel document LN4839201, Kenyan", Entity::Passport, "LN4839201");
    finds_none("Passport photos are cheap. Use part LN4839201.", Entity::Passport);
    finds_none("model L8392014", Entity::Passport);
}

#[test]
fn bank_accounts_need_their_check_digits() {
    finds("GB82 WEST 1234 5698 7654 32", Entity::Iban, "GB82 WEST 1234 5698 7654 32");
    finds("to NO9386011117947.", Entity::Iban, "NO9386011117947");
    finds_none("GB83 WEST 1234 5698 7654 32", Entity::Iban);
    finds("my card 503867297114", Entity::BankCard, "503867297114");
    finds_none("order 503867297114", Entity::BankCard);
}

#[test]
fn social_security_numbers_are_those_that_are_allocated() {
    finds("it is 219-09-9998", Entity::UsSsn, "219-09-9998");
    finds("my SSN is 219099998", Entity::UsSsn, "219099998");
    for number in ["000-12-3456", "666-12-3456", "912-12-3456", "219-00-9998", "219-09-0000"] {
        finds_none(&format!("it is {number}"), Entity::UsSsn);
    }
    finds_none("part 219099998", Entity::UsSsn);
}

#[test]
fn keys_tokens_and_passwords_are_found() {
    let key = format!("ghp_{}", "a1B2".repeat(9));
    finds(&format!("use {key}!"), Entity::Secret, &key);
    finds("AKIAABCDEFGH2345IJKL", Entity::Secret, "AKIAABCDEFGH2345IJKL");
    finds("password: lantern#77", Entity::Secret, "lantern#77");
    finds("api_key=\"9f8e7d6c5b4a3f2e1d\"", Entity::Secret, "9f8e7d6c5b4a3f2e1d");
    finds_none("The password is required. token: string, key = get_key(4)", Entity::Secret);
    finds_none("sk-learn is a-library-of-many-words-with-hyphens", Entity::Secret);
}

#[test]
fn telephones_of_many_countries_are_found() {
    for number in [
        "+44 20 7946 0958",
        "(212) 555-0187",
        "212-555-0187 ext. 12",
        "03.93.92.16.85",
        "001-212-555-0187",
    ] {
        finds(&format!("Reach us: {number}"), Entity::Phone, number);
    }
    finds("call me on 55 01 87 12", Entity::Phone, "55 01 87 12");
    for other in
        ["1 234 567 pieces", "2021-03-05", "order 5550187", "219-09-9998", "ratio 1.234.567"]
    {
        finds_none(other, Entity::Phone);
    }
}

#[test]
fn dates_ages_and_codes_are_found() {
    finds("born 3/5/1989", Entity::DateTime, "3/5/1989");
    finds("on 5 March 2021 at noon", Entity::DateTime, "5 March 2021");
    finds("2021-03-05T10:00:00Z", Entity::DateTime, "2021-03-05T10:00:00Z");
    finds("founded in 1997.", Entity::DateTime, "1997");
    finds_none("May I march 1997 steps?", Entity::DateTime);
    finds("a 61-year-old woman", Entity::Age, "61");
    finds("he just turned 46", Entity::Age, "46");
    finds_none("turn 46 degrees left; 3 days old news", Entity::Age);
    finds("my zip code is 90210", Entity::PostalCode, "90210");
    finds("Beverly Hills, CA 90210", Entity::PostalCode, "90210");
    finds("London SW1A 2AA", Entity::PostalCode, "SW1A 2AA");
    finds("driver's license number is D1234567", Entity::DriverLicense, "D1234567");
    finds_none("software license number is D1234567", Entity::DriverLicense);
}

#[test]
fn streets_are_found_as_countries_write_them() {
    for street in [
        "12 Elm Street",
        "221B Baker St",
        "Rua das Flores 12",
        "Lindenstraße 7",
        "Storgatan 14",
        "P.O. Box 149",
        "4021 Maple Avenue, Apt. 7",
        "PSC 1234, Box 5678\nAPO AE 09012",
        "27 Rue Haute\n Suite 4",
    ] {
        finds(&format!("My address is {street}"), Entity::Address, street);
    }
    for whole in [
        "12 Elm Street, Springfield, IL 62704",
        "48 Harrow Lane, Leeds LS6 3QT",
        "Flat 12, 48 Harrow Lane",
        "312 Serangoon North Avenue #08-217, Singapore 550312",
        "Kastanienallee 22, 10435 Berlin",
        "12 Elm Street\nApt. 4\nOslo\nNorway 0150",
    ] {
        finds(&format!("Send it to {whole}, thanks"), Entity::Address, whole);
    }
    finds("Meet me at 12 Elm Street\nFlorence", Entity::Address, "12 Elm Street");
    for other in ["Bake at Gas Mark 4", "runs on Ubuntu 22.04", "Chapter 3 of 12", "I ate 3 Apples"]
    {
        finds_none(other, Entity::Address);
    }
}

#[test]
fn people_places_and_firms_are_told_apart() {
    finds("My name is Johanna Lindqvist.", Entity::Name, "Johanna Lindqvist");
    finds("Best regards,\nMarek Nowak", Entity::Name, "Marek Nowak");
    finds("Mr. Okonkwo will see you now", Entity::Name, "Okonkwo");
    finds("She lives in Buenos Aires.", Entity::Place, "Buenos Aires");
    finds("We moved here from New Zealand", Entity::Place, "New Zealand");
    finds("I work for Siemens.", Entity::Organisation, "Siemens");
    finds("a proud Norwegian family", Entity::Nationality, "Norwegian");
}

#[test]
fn names_of_many_origins_are_found_where_people_write_them() {
    for (text, name) in [
        ("From: Rajesh Subramaniam <rajesh.s@meridian.example>", "Rajesh Subramaniam"),
        ("Name: Siobhán O'Reilly\nPhone:", "Siobhán O'Reilly"),
        ("{\"reporter\": \"Louise Castellano\", \"id\": 4}", "Louise Castellano"),
        ("Nguyễn Thị Hoa called about her refund", "Nguyễn Thị Hoa"),
        ("Hi team, Oluwaseun Adebayo is out sick today", "Oluwaseun Adebayo"),
        ("the account of my ex, Brandon Schultz.", "Brandon Schultz"),
    ] {
        finds(text, Entity::Name, name);
    }
    finds("She joined Harrow & Sons Ltd in 2019.", Entity::Organisation, "Harrow & Sons Ltd");
    finds_none("我的QQ是多少？", Entity::Name);
    finds_none("QQ：713463220，或者", Entity::Name);
    finds_none("I am studying Norwegian and maths.", Entity::Nationality);
}

#[test]
fn words_that_are_names_too_survive() {
    for text in [
        "May I ask, will you mark the rose?",
        "Grace under pressure.",
        "Preheat the oven. Add Salt and Pepper.",
        "Red, Green, Blue",
        "let value = map.get(key).unwrap_or_default();",
        "Terms and Conditions",
        "Please confirm. Thank you for your order.",
    ] {
        finds_none(text, Entity::Name);
        finds_none(text, Entity::Address);
    }
}

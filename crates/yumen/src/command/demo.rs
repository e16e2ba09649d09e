//! `yumen demo`: everything on an embedded default.
//!
//! The partners are emulated and say so in every answer; the approval is of a fictitious company,
//! signed by two keys made for the occasion. Nothing leaves the machine.

mod emulated;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use yumen_desk::{Action, Actor};
use yumen_emulators::Options;
use yumen_gate::{Durability, Mode};
use yumen_label::Provider;
use yumen_partners::Routing;
use yumen_policy::{
    Approval, ApprovalKind, ApprovalRecord, Entity, Management, Market, MarketId, MarketState,
    Role, Scope, SignerKey, SigningKey, Surface,
};
use yumen_screen::PackKeys;
use yumen_store::{NewKey, Store};

use self::emulated::{Emulated, emulated};
use super::{Output, now, runtime};
use crate::cli::DemoArgs;
use crate::compose::{Build, Settings};
use crate::data_dir::{DEMO_SIGNERS, DataDir};
use crate::failure::{Context as _, Failure};
use crate::profile;
use crate::running::{DEMONSTRATION, Premises, Running, Service};
use crate::screens::ScreenConfig;

/// The demo's app keys: one that asks for an assertion, and two bound to a device.
const KEYS: [(&str, Option<&str>); 3] =
    [("yk_demo", None), ("yk_demo_us", Some("us")), ("yk_demo_cn", Some("cn"))];

/// The admin key that everybody knows, and that may do everything an admin key can.
const ADMIN_KEY: &str = super::DEMO_ADMIN_KEY;

/// The fictitious company's provider code; the organisation in it does not exist
/// (region 000000).
const PROVIDER: &str = "001191000000MA0DEM000C10000";

/// How long a demo approval holds.
const APPROVAL_LIFE: SignedDuration = SignedDuration::from_hours(24 * 365);

pub(super) fn run(args: &DemoArgs, output: Output) -> Result<(), Failure> {
    let default = std::env::temp_dir().join("yumen-demo");
    let data = DataDir::open(args.data_dir.as_deref().unwrap_or(&default))?;
    add_app_keys(&mut data.store()?)?;
    let signers = people(&data)?;
    // Whoever can read the demo's folder can sign packs for it, as they can sign its approvals.
    let keys = PackKeys::new(signers.iter().map(SignerKey::of));
    let screen = ScreenConfig { keys, ..ScreenConfig::default() };
    let build = Build::with(args.catalog.as_deref(), &screen, &[])?;
    let mut premises = Premises::take(build, data)?;
    seed(&mut premises, &signers)?;
    let provider = Provider::parse(PROVIDER).context("the demo's provider code is broken")?;
    runtime()?.block_on(async {
        let options = || Options {
            chunk_delay: Duration::from_millis(args.chunk_delay_ms),
            ..Options::default()
        };
        let emulated = emulated(&premises.build().shipped.partners, options).await?;
        let settings = Settings {
            sandbox: true,
            management: Management::default(),
            provider,
            partners: emulated.iter().map(|one| one.card.id.clone()).collect(),
        };
        // Like any partner's, the emulators' key comes from a file.
        let secret = "emulated-partners-take-any-key";
        let key = premises.data().partner_key("emulators.key", secret)?;
        let data_dir = premises.data().path().to_owned();
        let service = Service {
            mode: Mode::Demo,
            settings,
            partners: emulated.iter().map(|one| one.config(&key)).collect::<Result<_, _>>()?,
            routing: Routing::default(),
            judges: Vec::new(),
            aliases: BTreeMap::new(),
            durable: Durability::default(),
            require_device_key: false,
            // The emulated partners look at no picture.
            pictures: "us".parse().into_iter().collect(),
        };
        let running = Running::new(premises, service)?;
        let listener = yumen_gate::listen(args.listen)
            .context(format!("cannot listen on {}", args.listen))
            .map_err(|failure| failure.help("give another address with --listen"))?;
        let gate = listener.local_addr().context("the listener has no address")?;
        let mut addresses = serde_json::json!({
            "gate": format!("http://{gate}"),
            "phone": format!("http://{gate}/phone"),
            "data_dir": data_dir,
        });
        for one in &emulated {
            let at = format!("http://{}", one.emulator.addr());
            if one.card.id.as_str() == "openai" {
                addresses["emulated_chatgpt"] = at.clone().into(); // the name it had first
            }
            addresses[format!("emulated_{}", one.card.id)] = at.into();
        }
        let _announced = running.announce(&listener)?;
        output.print(&addresses, |_| greeting(gate, &emulated, &data_dir))?;
        running.serve(listener).await
    })
}

/// What a newcomer reads first.
fn greeting(gate: SocketAddr, emulated: &[Emulated], data: &Path) -> String {
    let partners: Vec<_> = emulated
        .iter()
        .map(|one| format!("emulated {} http://{}", one.card.name.en, one.emulator.addr()))
        .collect();
    format!(
        r#"Yumen demo. The partners are EMULATED: no model answers, and nothing leaves this machine.

gate  http://{gate}
phone http://{gate}/phone
data  {data}
{partners}

Ask as a mainland phone, as an American one, and whether a phone may:

curl -s http://{gate}/v1/features/writing.summary -H 'Authorization: Bearer yk_demo_cn' -H 'Content-Type: application/json' -d '{{"input":{{"text":"玉门关是丝绸之路上的关口。商队从这里出入。关吏查验文书，登记货物。没有文书的人不能过关。"}},"language":"zh"}}'

curl -sN http://{gate}/v1/chat/completions -H 'Authorization: Bearer yk_demo_us' -H 'Content-Type: application/json' -d '{{"model":"assistant.chat","stream":true,"messages":[{{"role":"user","content":"What is the Jade Gate?"}}]}}'

curl -s http://{gate}/v1/eligibility -H 'Authorization: Bearer yk_demo' -H 'Content-Type: application/json' -d '{{"device":{device},"features":["assistant.chat"]}}'

Stop a feature, and look at the alarms, as an operator (the admin key ya_demo may do everything here):

yumen kill assistant.chat --market us --reason 'to see what happens' --server http://{gate}
yumen alarms --server http://{gate}

Stop with Ctrl-C."#,
        data = data.display(),
        partners = partners.join("\n"),
        device = profile::named("cn").unwrap_or_default(),
    )
}

/// Lets the demo's apps in.
fn add_app_keys(store: &mut Store) -> Result<(), Failure> {
    for (secret, device) in KEYS {
        if store.key_of_secret(secret).context("the app keys cannot be read")?.is_none() {
            let device = device.and_then(profile::named).map(str::to_owned);
            let new = NewKey { name: format!("demo {secret}"), device, development: true };
            store.add_key_with_secret(&new, secret, now()).context("a demo key cannot be made")?;
        }
    }
    Ok(())
}

/// The keys of the two made-up people who sign.
fn people(data: &DataDir) -> Result<[SigningKey; 2], Failure> {
    let key = |number| data.signing_key(&format!("{DEMO_SIGNERS}{number}"));
    Ok([key(1)?, key(2)?])
}

/// What the demo has decided before anybody asks: who signs, who may work at the desk, and an approval of this
/// build's release for each market that demands one. What was taken away stays away: that is what the person wanted
/// to see.
fn seed(premises: &mut Premises, signers: &[SigningKey; 2]) -> Result<(), Failure> {
    let time = Timestamp::now();
    let mut wanted = Vec::new();
    let known = premises.desk().store().list_signers().context("the signers cannot be read")?;
    for (index, signer) in signers.iter().enumerate() {
        let key = SignerKey::of(signer).to_string();
        if !known.iter().any(|known| known.key == key) {
            let name = format!("Demo signer {}", index + 1);
            wanted.push(Action::AddSigner { key, name, role: Role::Approver });
        }
    }
    let stored =
        premises.desk().store().list_approvals().context("the approvals cannot be read")?;
    let build = premises.build();
    // A closed market stays closed, approved or not.
    let demanding =
        |market: &&Market| market.approval().is_required() && market.state() == MarketState::Open;
    for market in build.shipped.markets.iter().filter(demanding) {
        let Some(release) = build.release(market.id().as_str()) else { continue };
        let digest = release.digest().to_string();
        let number = format!("DEMO-YuMen-{}", &digest["sha256:".len()..][..12]);
        if !stored.iter().any(|stored| stored.number == number) {
            let record = record(build, market.id(), number, release.digest())?;
            let signed =
                Approval::sign(record, signers).context("the demo approval cannot be signed")?;
            wanted.push(Action::Import { file: signed.into() });
        }
    }
    let desk = premises.desk();
    for action in wanted {
        desk.act(&Actor::local(), action, time).context("the demo cannot be set up")?;
    }
    desk.admit_demonstration(DEMONSTRATION, ADMIN_KEY, time).context("the demo cannot be set up")
}

fn record(
    build: &Build,
    market: &MarketId,
    number: String,
    release: yumen_policy::Digest,
) -> Result<ApprovalRecord, Failure> {
    let now = Timestamp::now();
    Ok(ApprovalRecord {
        number,
        kind: ApprovalKind::Demonstration,
        market: market.clone(),
        entity: Entity {
            name: "玉门示例科技有限公司（虚构） Yumen Example Technology Co. (fictitious)"
                .to_owned(),
            uscc: None,
        },
        scope: Scope {
            features: build.shipped.features.iter().map(|f| f.id().clone()).collect(),
            surfaces: BTreeSet::from([Surface::Cloud, Surface::Device]),
        },
        release,
        granted_on: now.to_zoned(jiff::tz::TimeZone::UTC).date(),
        valid_from: now,
        valid_until: now.checked_add(APPROVAL_LIFE).context("the clock is beyond all dates")?,
        models: BTreeSet::new(),
        algorithm_number: None,
        service_number: None,
        materials: BTreeSet::new(),
        replaces: None,
    })
}

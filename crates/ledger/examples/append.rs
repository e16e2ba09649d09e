//! Measures appending: `cargo run --release -p yumen-ledger --example append -- [appenders] [seconds] [rate] [folder]`.
//! With `10000000n` in the place of the seconds it goes on until there are so many entries.
//!
//! Each appender waits for its entry to be durable before it makes the next, as a connection of the gate does, and
//! rests in between so that all together make `rate` entries a second (0: no rest). Prints appends per second,
//! latency, entries per batch, and CPU time per append, of which that of the writer thread (Linux only); then how
//! long it takes to open that ledger again, to prove an entry, and to verify all. The folder is on the disk to be
//! measured: one in the working folder, removed afterwards, unless it is named.

use std::{
    error::Error,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use yumen_ledger::{Admission, Entry, Ledger, Reader, SigningKey, Tier, verify_log};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let appenders: usize = arguments.next().map_or(Ok(64), |text| text.parse())?;
    let until = arguments.next().unwrap_or_else(|| "10".into());
    let (seconds, count) = match until.strip_suffix('n') {
        Some(count) => (24 * 3600, count.parse()?),
        None => (until.parse()?, u64::MAX),
    };
    let rate: f64 = arguments.next().map_or(Ok(0.0), |text| text.parse())?;
    let named = arguments.next().map(PathBuf::from);
    let folder = tempfile::tempdir_in(".")?;
    let dir = named.unwrap_or_else(|| folder.path().into());

    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build()?;
    let ledger = Ledger::open(&dir, SigningKey::from_bytes(&[7; 32]), "measure.example")?;
    // The writer thread is named, and so can be measured, once it has answered.
    ledger.append_blocking(Entry::Admission(admission("warm-up")))?;
    let first = ledger.checkpoint().size();
    let batches = Arc::new(AtomicU64::new(0));
    let left = Arc::new(AtomicU64::new(count.saturating_sub(first)));
    let rest = (rate > 0.0).then(|| Duration::from_secs_f64(real(appenders as u64) / rate));
    let (cpu, writer) = (cpu(Path::new("/proc/self")), writer_cpu());
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);

    let mut waits = runtime.block_on(async {
        let tasks: Vec<_> = (0..appenders)
            .map(|number| {
                let (ledger, batches, left) = (ledger.clone(), batches.clone(), left.clone());
                tokio::spawn(append_until(ledger, batches, left, number, rest, end))
            })
            .collect();
        let mut waits = Vec::new();
        for task in tasks {
            waits.extend(task.await.expect("an appender does not panic"));
        }
        waits
    });

    let elapsed = start.elapsed();
    let appended = ledger.checkpoint().size() - first;
    let batches = batches.load(Ordering::Relaxed);
    waits.sort_unstable();
    let per_append = |time: Option<Duration>| {
        time.map_or("?".into(), |time| format!("{:.1} us", micros(time) / real(appended)))
    };
    let since =
        |now: Option<Duration>, before: Option<Duration>| Some(now?.saturating_sub(before?));
    println!("appenders            {appenders}");
    println!("appended             {appended} in {:.1} s", elapsed.as_secs_f64());
    println!("appends/s            {:.0}", real(appended) / elapsed.as_secs_f64());
    println!("entries per batch    {:.1}", real(appended) / real(batches));
    println!("latency p50, p99     {:.0} us, {:.0} us", at(&waits, 50), at(&waits, 99));
    println!("CPU per append       {}", per_append(since(self::cpu(Path::new("/proc/self")), cpu)));
    println!("  of the writer      {}", per_append(since(writer_cpu(), writer)));
    let key = ledger.key().clone();
    drop(ledger);
    println!("bytes per entry      {:.0}", real(bytes_in(&dir)?) / real(first + appended));
    let start = Instant::now();
    drop(Ledger::open(&dir, SigningKey::from_bytes(&[7; 32]), "measure.example")?);
    println!("open again           {:.1} ms", micros(start.elapsed()) / 1e3);
    let mut reader = Reader::open(&dir, &key)?;
    let size = reader.checkpoint().size();
    let (mut proves, mut checks) = (Vec::new(), Vec::new());
    for step in 0..1000_u64 {
        let start = Instant::now();
        let proof = reader.prove(step.wrapping_mul(0x9e37_79b9_7f4a_7c15) % size)?;
        proves.push(start.elapsed());
        let start = Instant::now();
        proof.verify(&key)?;
        checks.push(start.elapsed());
    }
    proves.sort_unstable();
    checks.sort_unstable();
    println!("make a proof p50/p99 {:.0} us, {:.0} us", at(&proves, 50), at(&proves, 99));
    println!("check a proof p50    {:.0} us", at(&checks, 50));
    let start = Instant::now();
    let report = verify_log(&dir, &key, &[], &mut |_, _| {})?;
    let each = micros(start.elapsed()) / real(report.entries);
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "verify all           {} entries in {seconds:.1} s, {each:.2} us each",
        report.entries
    );
    if !report.is_ok() {
        return Err("the log does not verify".into());
    }
    Ok(())
}

/// How many bytes the files below a folder have together.
fn bytes_in(folder: &Path) -> std::io::Result<u64> {
    std::fs::read_dir(folder)?.try_fold(0, |sum, file| {
        let file = file?;
        let more = if file.file_type()?.is_dir() {
            bytes_in(&file.path())?
        } else {
            file.metadata()?.len()
        };
        Ok(sum + more)
    })
}

async fn append_until(
    ledger: Ledger,
    batches: Arc<AtomicU64>,
    left: Arc<AtomicU64>,
    appender: usize,
    rest: Option<Duration>,
    end: Instant,
) -> Vec<Duration> {
    let mut waits = Vec::new();
    let mut now = Instant::now();
    let one_more = |left: u64| left.checked_sub(1);
    while now < end && left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more).is_ok() {
        let id = format!("rcp_{appender:04}{:016}", waits.len());
        let admitted = ledger.admit(admission(&id)).await.expect("the disk takes the entry");
        let proof = admitted.receipt();
        let size = proof.checkpoint.lines().nth(1).and_then(|line| line.parse::<u64>().ok());
        if size == Some(proof.index + 1) {
            batches.fetch_add(1, Ordering::Relaxed);
        }
        waits.push(now.elapsed());
        if let Some(rest) = rest {
            tokio::time::sleep(rest).await;
        }
        now = Instant::now();
    }
    waits
}

fn admission(id: &str) -> Admission<'_> {
    Admission {
        approval: Some("DEMO-2026-0001".into()),
        caller: "key_0123456789ab".into(),
        emulated: true,
        feature: "assistant.chat".into(),
        id: id.into(),
        market: "cn".into(),
        model: "qwen-plus".into(),
        partner: Some("alibaba".into()),
        policy: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into(),
        release: "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae".into(),
        tier: Tier::Partner,
        time: jiff::Timestamp::now(),
        verdict: "eligible".into(),
        version: "2026-04-01".into(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "measured numbers are far below 2^52")]
fn real(number: u64) -> f64 {
    number as f64
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn at(sorted: &[Duration], percent: usize) -> f64 {
    sorted.get(sorted.len() * percent / 100).map_or(f64::NAN, |time| micros(*time))
}

/// User and system time of a process or thread, from its `stat`, in hundredths of a second.
fn cpu(folder: &Path) -> Option<Duration> {
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(10 * ticks))
}

fn writer_cpu() -> Option<Duration> {
    std::fs::read_dir("/proc/self/task").ok()?.flatten().find_map(|thread| {
        let name = std::fs::read_to_string(thread.path().join("comm")).ok()?;
        (name.trim() == "ledger").then(|| cpu(&thread.path()))?
    })
}

//! The files of a catalogue: those embedded in the binary, and those of an operator's overlay, a
//! folder of the same shape.
//!
//! A file of the overlay stands in for the shipped one of the same id or adds to what ships; nothing
//! that ships can be taken out by leaving it away. What would be passed over in silence, such as a
//! misspelt folder, is an error.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::CatalogError;

/// The largest file of an overlay, in bytes.
const MAX_FILE: u64 = 1 << 20;

/// The most files an overlay may have in one folder.
const MAX_FILES: usize = 1000;

/// One kind of file: what its folder is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Folder {
    Calendars,
    Features,
    Markets,
    Packs,
    Partners,
    Procedures,
}

impl Folder {
    const ALL: [Self; 6] = [
        Self::Calendars,
        Self::Features,
        Self::Markets,
        Self::Packs,
        Self::Partners,
        Self::Procedures,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Calendars => "calendars",
            Self::Features => "features",
            Self::Markets => "markets",
            Self::Packs => "packs",
            Self::Partners => "partners",
            Self::Procedures => "procedures",
        }
    }

    const fn shipped(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Calendars => CALENDARS,
            Self::Features => FEATURES,
            Self::Markets => MARKETS,
            Self::Packs => PACKS,
            Self::Partners => PARTNERS,
            Self::Procedures => PROCEDURES,
        }
    }
}

/// The named files of a folder of `catalog/`, compiled in.
macro_rules! embedded {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$((
            concat!("catalog/", $folder, "/", $name, ".toml"),
            include_str!(concat!("../../../../catalog/", $folder, "/", $name, ".toml")),
        )),+]
    };
}

const CALENDARS: &[(&str, &str)] = embedded!["calendars": "cn"];

const FEATURES: &[(&str, &str)] = embedded!["features":
    "assistant.chat",
    "writing.key_points",
    "writing.proofread",
    "writing.rewrite",
    "writing.summary",
];

const MARKETS: &[(&str, &str)] = embedded!["markets":
    "cn", "eu", "gb", "hk", "in", "jp", "kr", "sandbox", "sg", "unknown", "us", "us-ca",
];

/// In the order in which a release prefers their models.
const PARTNERS: &[(&str, &str)] = embedded!["partners":
    "qwen",
    "openai",
    "deepseek",
    "anthropic",
    "baidu",
    "tencent",
    "bytedance",
    "minimax",
    "zhipu",
    "moonshot",
    "huawei",
    "llama",
];

const PROCEDURES: &[(&str, &str)] = embedded!["procedures":
    "algorithm_filing",
    "demonstration",
    "filing",
    "none",
    "other",
    "registration",
    "self_declaration",
];

const PACKS: &[(&str, &str)] = embedded!["packs": "injection", "pii", "quasi", "self_harm"];

/// One file: what to call it, and what is in it.
pub(super) struct File {
    pub(super) name: String,
    pub(super) text: Cow<'static, str>,
}

/// The files of a catalogue.
pub(super) struct Files {
    overlay: Vec<(Folder, File)>,
}

/// The shipped file of a market, to the letter.
pub(super) fn shipped_market(id: &str) -> Option<&'static str> {
    shipped(Folder::Markets, id)
}

/// The shipped card of a partner, to the letter.
pub(super) fn shipped_partner(id: &str) -> Option<&'static str> {
    shipped(Folder::Partners, id)
}

fn shipped(folder: Folder, id: &str) -> Option<&'static str> {
    let name = format!("catalog/{}/{id}.toml", folder.name());
    folder.shipped().iter().find(|(shipped, _)| *shipped == name).map(|(_, text)| *text)
}

impl Files {
    /// What ships alone, or under an overlay.
    pub(super) fn read(overlay: Option<&Path>) -> Result<Self, CatalogError> {
        let overlay = match overlay {
            None => Vec::new(),
            Some(folder) => read_overlay(folder)?,
        };
        Ok(Self { overlay })
    }

    /// Parses the files of one folder: each entry once under its id, in the order of the shipped
    /// names, what the overlay adds at the end. `keeps` says what an entry of the overlay may not
    /// take from the shipped one of its id.
    pub(super) fn parse<T, E: std::error::Error + Send + Sync + 'static>(
        &self,
        folder: Folder,
        parse: impl Fn(&str) -> Result<T, E>,
        id: impl Fn(&T) -> &str,
        keeps: impl Fn(&T, &T) -> Result<(), String>,
    ) -> Result<Vec<T>, CatalogError> {
        let parse = |name: &str, text: &str| {
            parse(text).map_err(|error| CatalogError::File {
                file: name.to_owned(),
                source: Box::new(error),
            })
        };
        let mut entries = Vec::new();
        for (name, text) in folder.shipped() {
            entries.push(parse(name, text)?);
        }
        let mut placed: Vec<(String, String)> = Vec::new();
        for (_, file) in self.overlay.iter().filter(|(at, _)| *at == folder) {
            let entry = parse(&file.name, &file.text)?;
            let own = id(&entry).to_owned();
            if let Some((_, first)) = placed.iter().find(|(other, _)| *other == own) {
                return Err(CatalogError::Twice {
                    id: own,
                    first: first.clone(),
                    second: file.name.clone(),
                });
            }
            match entries.iter_mut().find(|other| id(other) == own) {
                Some(shipped) => {
                    keeps(shipped, &entry).map_err(|problem| CatalogError::Looser {
                        file: file.name.clone(),
                        problem,
                    })?;
                    *shipped = entry;
                }
                None => entries.push(entry),
            }
            placed.push((own, file.name.clone()));
        }
        Ok(entries)
    }
}

/// Everything in an overlay folder, by name; an error for what nobody would read.
fn read_overlay(folder: &Path) -> Result<Vec<(Folder, File)>, CatalogError> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let known = Folder::ALL.into_iter().find(|folder| folder.name() == name);
        match known {
            Some(kind) if path.is_dir() => {
                files.extend(read_folder(&path)?.into_iter().map(|file| (kind, file)));
            }
            _ if path.is_file() && !is_toml(&path) => {}
            _ => return Err(CatalogError::Stray(path)),
        }
    }
    Ok(files)
}

fn read_folder(folder: &Path) -> Result<Vec<File>, CatalogError> {
    let mut files = Vec::new();
    for path in entries(folder)? {
        if path.is_dir() {
            return Err(CatalogError::Stray(path));
        }
        if !is_toml(&path) {
            continue;
        }
        let size = std::fs::metadata(&path).map_err(|source| unreadable(&path, source))?.len();
        if size > MAX_FILE || files.len() == MAX_FILES {
            return Err(CatalogError::TooMuch(path));
        }
        let text = std::fs::read_to_string(&path).map_err(|source| unreadable(&path, source))?;
        files.push(File { name: path.display().to_string(), text: text.into() });
    }
    Ok(files)
}

/// What lies in a folder, sorted by name; hidden files are left alone.
fn entries(folder: &Path) -> Result<Vec<PathBuf>, CatalogError> {
    let mut paths = std::fs::read_dir(folder)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()
        })
        .map_err(|source| unreadable(folder, source))?;
    let hidden = |path: &PathBuf| {
        path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
    };
    paths.retain(|path| !hidden(path));
    paths.sort();
    Ok(paths)
}

fn is_toml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("toml"))
}

fn unreadable(path: &Path, source: std::io::Error) -> CatalogError {
    CatalogError::Read { path: path.to_owned(), source }
}

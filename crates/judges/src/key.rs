//! A judge's key: read once, and hidden.

use yumen_partners::KeySource;
use zeroize::Zeroizing;

use crate::judge::JudgesError;

/// Reads a key; `None` where there is none to be sent.
pub(crate) fn read(
    judge: &str,
    source: &KeySource,
) -> Result<Option<Zeroizing<String>>, JudgesError> {
    let wrong = |what: String| JudgesError::Key { judge: judge.to_owned(), what };
    let raw = match source {
        KeySource::None => return Ok(None),
        KeySource::Env(name) => std::env::var(name)
            .map_err(|_| wrong(format!("the environment variable {name} is not set")))?,
        KeySource::File(path) => std::fs::read_to_string(path)
            .map_err(|error| wrong(format!("cannot read {}: {error}", path.display())))?,
    };
    let raw = Zeroizing::new(raw);
    let key = raw.trim_ascii();
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(wrong("it is empty or has characters no key has".to_owned()));
    }
    Ok(Some(Zeroizing::new(key.to_owned())))
}

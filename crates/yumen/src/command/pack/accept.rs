//! `yumen pack accept`: a person lets candidates be looked for.

use std::fmt::Write as _;

use serde_json::json;
use yumen_screen::{Acceptance, Wanted, candidates};

use super::super::Output;
use super::files::{pack_failure, read, read_text, replace, today};
use crate::cli::AcceptArgs;
use crate::failure::{CHECK_FAILED, Failure};

pub(super) fn run(args: &AcceptArgs, output: Output) -> Result<(), Failure> {
    let name = args.file.display().to_string();
    let before = read(&args.file)?;
    let failed = |error| pack_failure(format!("{name} cannot be used"), &error);
    let Some(by) = &args.by else {
        let waiting = candidates(&name, &before).map_err(failed)?;
        return output.print(&waiting, |waiting| {
            let mut text = format!("{} candidates", waiting.len());
            for one in waiting {
                // Writing into a string does not fail.
                let _ =
                    write!(text, "\n{}  line {}  {}  {}", one.id, one.line, one.category, one.term);
            }
            text
        });
    };
    let wanted = match (&args.category, &args.listed) {
        _ if args.all => Wanted::All,
        (Some(category), _) => Wanted::Category(category.clone()),
        (None, Some(list)) => Wanted::Listed(read_text(list)?),
        (None, None) if !args.id.is_empty() => Wanted::Ids(args.id.iter().cloned().collect()),
        (None, None) => {
            return Err(Failure::new("it is not said which candidates are accepted")
                .help("give --all, --category, --id or --listed; --list shows the candidates"));
        }
    };
    let acceptance = Acceptance { by, on: args.on.unwrap_or_else(today), wanted };
    let (after, done) = acceptance.of(&name, &before).map_err(failed)?;
    if !done.unknown.is_empty() {
        return Err(Failure::new(format!(
            "nothing was accepted: {} is no candidate of {name}",
            done.unknown.join(", ")
        ))
        .help("`yumen pack accept --list` shows the candidates")
        .code(CHECK_FAILED));
    }
    replace(&args.file, &after)?;
    let value = json!({"file": name, "by": by, "accepted": done.accepted, "left": done.left});
    output.print(&value, |_| {
        format!("{} accepted by {by}, {} candidates left in {name}", done.accepted, done.left)
    })
}

//! Pictures in a conversation: where they may go at all, and what becomes of them before they do.
//!
//! Text can be screened here; what a picture shows cannot. So no picture leaves for a partner but in the markets that the
//! operator names (`server.pictures`), and none is named unless somebody did; and where the market demands it, not without
//! an external judge who looks at it first.

use yumen_policy::Clearance;
use yumen_screen::clean_picture;
use yumen_wire::{Chat, Content, Message, Part, Passages};

use crate::gate::Gate;
use crate::problem::Problem;
use crate::snapshot::Snapshot;

/// Cleans the pictures of a conversation, or says which one is not taken and why.
pub(crate) fn clean(chat: &mut Chat) -> Result<(), Problem> {
    for (at, message) in chat.messages.iter_mut().enumerate() {
        let Message::User { content } = message else { continue };
        if content.is_text_only() {
            continue;
        }
        let mut wrong = None;
        let places = picture_places(content);
        let mut places = places.into_iter();
        content.pictures_mut(&mut |media| {
            let place = places.next().unwrap_or_default();
            if let Err(error) = clean_picture(media) {
                wrong.get_or_insert((place, error));
            }
        });
        if let Some((place, error)) = wrong {
            let path = format!("messages[{at}].content[{place}].image_url");
            let (en, zh) = (format!("{error}."), format!("{}。", error.zh()));
            return Err(Problem::new("input_invalid", en, zh).at(Some(&path)));
        }
    }
    Ok(())
}

/// Which parts of a content are pictures.
fn picture_places(content: &Content) -> Vec<usize> {
    let parts = content.parts().iter().enumerate();
    parts.filter(|(_, part)| matches!(part, Part::Image(_))).map(|(at, _)| at).collect()
}

/// Whether pictures may go to partners under a clearance.
pub(crate) fn check(
    gate: &Gate,
    snapshot: &Snapshot,
    clearance: &Clearance,
    chat: &Chat,
) -> Result<(), Problem> {
    let market = clearance.market();
    if chat.modalities().is_text_only() {
        return Ok(());
    }
    if !gate.pictures.contains(market) {
        return Err(Problem::new(
            "input_invalid",
            format!("Pictures are not taken in the market {market}: nobody let them in."),
            format!("市场 {market} 暂不接受图片：尚未开放。"),
        ));
    }
    let wants_judge =
        snapshot.policy.market(market).is_none_or(yumen_policy::Market::wants_pictures_judged);
    // A judge whose failure opens would let through what nobody looked at.
    let judged = || gate.judges.choose_for_pictures(clearance).is_some_and(|all| all.demanded());
    if wants_judge && !judged() {
        return Err(Problem::new(
            "input_invalid",
            format!(
                "Pictures are not taken in the market {market}: it demands an external judge of pictures, and none that \
                 withholds what it could not judge is configured."
            ),
            format!(
                "市场 {market} 暂不接受图片：该市场要求图片经外部审核，而尚未配置审核失败即拦截的图片审核服务。"
            ),
        ));
    }
    Ok(())
}

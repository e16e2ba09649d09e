//! Partners that speak OpenAI's chat completions, each in its own way.
//!
//! [`answer`] goes the way they share: path, key, body, checks, the turn with its faults, the
//! answer. A [`House`] says where one partner differs: in what it takes, in the layout of its
//! chunks, in its errors.

mod question;
mod tell;
mod trouble;

use http::Method;

use crate::conversation::Manner;
use crate::delivery::{Delivery, Stream};
use crate::exchange::{Request, Response, Ticket};
use crate::fields::{Fields, Problem};
use crate::persona::Persona;
use crate::reply::End;
use crate::tree::{Tree, object};
use crate::turn::Turn;

pub(crate) use question::{Model, Question, Rules, Thinks};
pub(crate) use tell::{Scene, Step, calls, delta, steps as usual_steps, usage};
pub(crate) use trouble::{Failure, Trouble, openai_error};

/// Headers by name.
pub(crate) type Headers = Vec<(&'static str, String)>;

/// One partner that speaks OpenAI's chat completions.
pub(crate) trait House: Sync {
    /// Who it says it stands in for.
    fn persona(&self) -> Persona;

    /// Where chat completions are, from the root on.
    fn paths(&self) -> &'static [&'static str];

    /// The models it sells.
    fn models(&self) -> &'static [Model];

    /// The model of this name; by default one of [`House::models`], or a dated snapshot of it.
    fn model(&self, name: &str) -> Option<Model> {
        question::on_sale(self.models(), name)
    }

    /// How it reads messages that come to `path`.
    fn manner(&self, path: &str) -> Manner;

    /// What it allows in a request.
    fn rules(&self) -> &'static Rules;

    /// Checks and reads what only it has.
    fn read(&self, _fields: &Fields<'_>, _question: &mut Question) -> Result<(), Problem> {
        Ok(())
    }

    /// Tools that are no functions, by their type: known, and without effect on the calls.
    fn other_tools(&self) -> &'static [&'static str] {
        &[]
    }

    /// Whether the request may be answered at all.
    fn admit(&self, request: &Request) -> Result<(), Trouble> {
        match request.bearer() {
            None => Err(Trouble::NoKey),
            Some(key) if request.keys.admit(key) => Ok(()),
            Some(_) => Err(Trouble::Key),
        }
    }

    /// Whether it moderates.
    fn moderates(&self) -> bool {
        true
    }

    /// Whether its answers carry a fingerprint.
    fn has_fingerprint(&self) -> bool {
        false
    }

    /// The headers of every answer, without the content type.
    fn headers(&self, ticket: &Ticket) -> Headers {
        vec![("x-request-id", ticket.uuid())]
    }

    /// The content type of a stream.
    fn events(&self) -> &'static str {
        "text/event-stream; charset=utf-8"
    }

    /// The content type of an answer in one piece.
    fn json(&self) -> &'static str {
        "application/json"
    }

    /// Its form of an error.
    fn failure(&self, trouble: &Trouble, request: &Request) -> Failure;

    /// The id of an answer.
    fn id(&self, ticket: &Ticket) -> String {
        format!("chatcmpl-{}", ticket.hex(2, 32))
    }

    /// The id of the `index`th tool call.
    fn call_id(&self, ticket: &Ticket, index: usize) -> String {
        format!("call_{}", ticket.hex(16 + index as u64, 24))
    }

    /// The name of a finish reason.
    fn finish(&self, end: End) -> &'static str {
        match end {
            End::Stop => "stop",
            End::Length => "length",
            End::ToolCalls => "tool_calls",
            End::Filtered => "content_filter",
        }
    }

    /// What an answer in pieces consists of, the reason of its end included.
    fn steps(&self, scene: &Scene, choice: usize) -> Vec<Step> {
        tell::steps(scene, choice)
    }

    /// Comments and the like before the first chunk.
    fn preamble(&self) -> &'static [&'static str] {
        &[]
    }

    /// A chunk of the choice `choice`.
    fn chunk(&self, scene: &Scene, choice: usize, step: &Step) -> Tree;

    /// Whether a chunk of its own tells the usage.
    fn has_usage_chunk(&self, scene: &Scene) -> bool {
        scene.question.include_usage
    }

    /// The chunk that tells only the usage.
    fn usage_chunk(&self, scene: &Scene) -> Tree {
        object! {
            "id": scene.id.as_str(),
            "object": "chat.completion.chunk",
            "created": scene.created,
            "model": scene.named.model.as_str(),
            "choices": Vec::new(),
            "usage": self.usage(scene),
        }
    }

    /// Token counts.
    fn usage(&self, scene: &Scene) -> Tree {
        usage(scene)
    }

    /// The answer in one piece.
    fn whole(&self, scene: &Scene) -> Tree;

    /// What comes before the JSON of an answer in one piece.
    fn lead(&self) -> &'static str {
        ""
    }

    /// What an answer in one piece becomes when moderation stopped it: an error, where the partner
    /// has no other way.
    fn moderated_whole(&self) -> Option<Trouble> {
        None
    }

    /// The frame in place of the last chunk when moderation stopped a stream; `None` where a finish
    /// reason tells it.
    fn moderated_stream(&self, _scene: &Scene, _request: &Request) -> Option<Tree> {
        None
    }
}

/// What `house` answers to `request`.
pub(crate) fn answer(house: &'static dyn House, request: &Request) -> Response {
    match route(house, request) {
        Ok(response) => response,
        Err(trouble) => refuse(house, &trouble, request),
    }
}

fn route(house: &'static dyn House, request: &Request) -> Result<Response, Trouble> {
    let listing = |chat: &str| {
        let base = chat.strip_suffix("/chat/completions");
        base.is_some_and(|base| request.path.strip_prefix(base) == Some("/models"))
    };
    let chat = house.paths().contains(&request.path.as_str());
    let list = !chat && house.paths().iter().any(|path| listing(path));
    if !chat && !list {
        return Err(Trouble::Url);
    }
    house.admit(request)?;
    if request.method != if list { Method::GET } else { Method::POST } {
        return Err(Trouble::Method);
    }
    if list {
        return Ok(whole(house, request, &models(house)));
    }
    if !request.is_json() {
        return Err(Trouble::NotJson);
    }
    let body = request.json().ok_or(Trouble::NotJson)?;
    let fields = Fields::of(&body, "")?;
    let question = question::read(house, &fields, &request.path)?;
    Ok(converse(house, question, request))
}

fn converse(house: &'static dyn House, question: Question, request: &Request) -> Response {
    let ask = question.ask.clone();
    let streamed = question.stream;
    let mut turn = Turn::begin(request, &ask, streamed);
    if !house.moderates() {
        turn.unmoderated();
    }
    let refused = |why| {
        let trouble = Trouble::Asked(why);
        let failure = house.failure(&trouble, request);
        if !streamed || failure.status != 200 {
            return refuse(house, &trouble, request);
        }
        // What is told as a success is told in the form of one.
        let mut headers = house.headers(&request.ticket);
        headers.push(("content-type", house.events().to_owned()));
        let event = format!("data: {}\n\n", failure.body.json());
        let delivery = Delivery::single(event.into());
        Response::Answer { status: http::StatusCode::OK, headers, delivery }
    };
    if let Some(response) = turn.before(refused) {
        return response;
    }
    let ignored = question.ignored.join(", ");
    let reply = turn.reply(house.persona());
    let scene = Scene::set(house, question, reply, turn.named(house.has_fingerprint()), request);
    if !streamed
        && scene.reply.end == End::Filtered
        && let Some(trouble) = house.moderated_whole()
    {
        return refuse(house, &trouble, request);
    }
    let mut headers = house.headers(&request.ticket);
    if !ignored.is_empty() {
        headers.push(("x-emulator-ignored", ignored));
    }
    let (content_type, delivery) = if streamed {
        (house.events(), turn.stream(stream(house, scene, request)))
    } else {
        let body = format!("{}{}", house.lead(), house.whole(&scene).json());
        (house.json(), turn.whole(body.into_bytes()))
    };
    headers.push(("content-type", content_type.to_owned()));
    Response::Answer { status: http::StatusCode::OK, headers, delivery }
}

fn stream(house: &'static dyn House, scene: Scene, request: &Request) -> Stream {
    let error = house.failure(&Trouble::MidStream, request).body.json();
    let moderated = (scene.reply.end == End::Filtered)
        .then(|| house.moderated_stream(&scene, request))
        .flatten();
    tell::frames(house, scene, &error, moderated)
}

fn whole(house: &dyn House, request: &Request, body: &Tree) -> Response {
    let mut headers = house.headers(&request.ticket);
    headers.push(("content-type", house.json().to_owned()));
    let delivery = Delivery::whole(body.json().into_bytes(), None);
    Response::Answer { status: http::StatusCode::OK, headers, delivery }
}

fn refuse(house: &dyn House, trouble: &Trouble, request: &Request) -> Response {
    let Failure { status, headers: own, body } = house.failure(trouble, request);
    let mut headers = house.headers(&request.ticket);
    headers.extend(own);
    headers.push(("content-type", house.json().to_owned()));
    let status =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    let delivery = Delivery::whole(body.json().into_bytes(), None);
    Response::Answer { status, headers, delivery }
}

fn models(house: &dyn House) -> Tree {
    let model = |model: &Model| {
        object! {"id": model.name, "object": "model", "created": 1_767_225_600_u64, "owned_by": "emulated"}
    };
    object! {"object": "list", "data": house.models().iter().map(model).collect::<Vec<_>>()}
}

//! Sentences in other languages that speak to a model: what it was told is dropped, or what it writes is told how to be.
//!
//! Two small vocabularies a language, held against the folded sentence (small letters, no accents, Cyrillic as what it looks
//! like), since a mail in one of these is read by few of those whom its instructions are meant to deceive. Without an entry
//! here a language is not looked at.

/// Words of one language, each a part of a word, as they are folded.
struct Tongue {
    /// To drop, and what is dropped.
    drops: [&'static [&'static str]; 2],
    /// What is being written, and orders to fill it.
    fills: [&'static [&'static str]; 2],
}

const TONGUES: &[Tongue] = &[
    // Japanese
    Tongue {
        drops: [
            &["無視", "忘れ", "従わ", "无视", "従うな"],
            &["指示", "命令", "プロンプト", "ルール", "フロンフト"],
        ],
        fills: [
            &["要約", "要约", "回答", "返答", "出力", "翻訳", "翻译", "答え"],
            &[
                "書き加え",
                "书き加え",
                "追加して",
                "含めて",
                "付け加え",
                "述べて",
                "言及して",
                "始めて",
                "终えて",
                "終えて",
            ],
        ],
    },
    // Korean
    Tongue {
        drops: [&["무시", "잊"], &["지시", "명령", "프롬프트", "규칙"]],
        fills: [
            &["요약", "답변", "대답", "응답", "출력", "번역"],
            &["추가", "포함", "덧붙", "언급", "시작하", "끝내"],
        ],
    },
    // Spanish
    Tongue {
        drops: [
            &["ignora", "ignore", "olvida", "descarta", "omite", "desobedece"],
            &["instrucciones", "ordenes", "indicaciones", "reglas", "prompt"],
        ],
        fills: [
            &[
                "tu respuesta",
                "su respuesta",
                "tu resumen",
                "la respuesta",
                "el resumen",
                "tu contestacion",
                "la traduccion",
            ],
            &[
                "anade",
                "incluye",
                "agrega",
                "menciona",
                "termina",
                "empieza",
                "escribe",
                "recomienda",
                "anada",
                "incluya",
            ],
        ],
    },
    // French
    Tongue {
        drops: [
            &["ignore", "oublie", "neglige", "tenez pas compte", "tiens pas compte", "desobei"],
            &["instructions", "consignes", "directives", "ordres", "regles", "prompt"],
        ],
        fills: [
            &[
                "votre reponse",
                "ta reponse",
                "la reponse",
                "votre resume",
                "ton resume",
                "le resume",
                "la traduction",
            ],
            &[
                "ajoute",
                "incluez",
                "inclus",
                "mentionne",
                "terminez",
                "termine",
                "commencez",
                "ecrivez",
                "recommande",
            ],
        ],
    },
    // German
    Tongue {
        drops: [
            &["ignorier", "vergiss", "vergessen sie", "missachte", "ubergehe"],
            &["anweisung", "vorgaben", "instruktion", "befehle", "regeln", "prompt"],
        ],
        fills: [
            &[
                "deiner antwort",
                "deine antwort",
                "ihrer antwort",
                "der antwort",
                "deiner zusammenfassung",
                "der zusammenfassung",
            ],
            &["fuge", "erwahne", "schreibe", "beende", "beginne", "empfiehl", "erganze", "nenne"],
        ],
    },
    // Portuguese
    Tongue {
        drops: [
            &["ignore", "ignora", "esqueca", "esquece", "desconsidere"],
            &["instrucoes", "ordens", "regras", "orientacoes", "prompt"],
        ],
        fills: [
            &["sua resposta", "tua resposta", "na resposta", "seu resumo", "no resumo"],
            &[
                "adicione",
                "inclua",
                "acrescente",
                "mencione",
                "termine",
                "comece",
                "escreva",
                "recomende",
            ],
        ],
    },
    // Italian
    Tongue {
        drops: [
            &["ignora", "dimentica", "trascura", "ignorate"],
            &["istruzioni", "ordini", "regole", "indicazioni", "prompt"],
        ],
        fills: [
            &[
                "tua risposta",
                "vostra risposta",
                "nella risposta",
                "tuo riassunto",
                "nel riassunto",
            ],
            &[
                "aggiungi",
                "includi",
                "menziona",
                "termina",
                "inizia",
                "scrivi",
                "consiglia",
                "aggiungete",
            ],
        ],
    },
];

/// Russian is held against the sentence as it is written: folding makes Latin letters of some of its own.
const RUSSIAN: Tongue = Tongue {
    drops: [
        &["игнорируй", "забудь", "не обращай внимания", "отбрось"],
        &["инструкци", "указани", "правил", "команд", "промпт"],
    ],
    fills: [
        &[
            "своём ответе",
            "своем ответе",
            "вашем ответе",
            "твоём ответе",
            "в ответе",
            "резюме",
            "в конце ответа",
        ],
        &["добав", "упомян", "включи", "напиши", "заверши", "начни", "укажи", "порекоменд"],
    ],
};

impl Tongue {
    fn score(&self, text: &str) -> f32 {
        let both = |[a, b]: &[&[&str]; 2]| {
            a.iter().any(|word| text.contains(word)) && b.iter().any(|word| text.contains(word))
        };
        if both(&self.drops) {
            0.75
        } else if both(&self.fills) {
            0.65
        } else {
            0.0
        }
    }
}

/// Words of these languages that English has not, by which a sentence in Latin letters is told.
const TELLING: &[&str] = &[
    "de", "del", "la", "las", "los", "el", "les", "du", "des", "et", "votre", "vos", "tu", "su",
    "tus", "die", "der", "das", "und", "sie", "alle", "den", "ein", "einen", "todas", "todos",
    "todo", "tutte", "il", "le", "sua", "suas", "um", "uma", "ao", "na", "toutes", "deiner", "une",
    "una", "con",
];

/// Whether a sentence may be in one of the languages known here.
pub(super) fn may_be(sentence: &str) -> bool {
    let other = |c: char| matches!(c, '\u{c0}'..='\u{24f}' | '\u{400}'..='\u{4ff}' | '\u{3040}'..='\u{30ff}' | '\u{ac00}'..='\u{d7af}');
    if !sentence.is_ascii() {
        return sentence.chars().any(other)
            || sentence.split_ascii_whitespace().any(|word| TELLING.contains(&word));
    }
    sentence.split_ascii_whitespace().filter(|word| TELLING.contains(word)).count() >= 1
}

/// How sure it is that a sentence speaks to a model in a language other than English or Chinese.
pub(super) fn score(sentence: &str) -> f32 {
    let lower = sentence.to_lowercase();
    // Hangul and kana as they are written; Latin letters without accents.
    let plain = if sentence.is_ascii() { String::new() } else { crate::normal::folded(sentence) };
    let russian = sentence.chars().any(|c| matches!(c, 'а'..='я' | 'А'..='Я'));
    let known = if russian { RUSSIAN.score(&lower) } else { 0.0 };
    TONGUES
        .iter()
        .map(|tongue| tongue.score(&lower).max(tongue.score(&plain)))
        .fold(known, f32::max)
}

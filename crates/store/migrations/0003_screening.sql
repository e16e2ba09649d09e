-- Screen packs that an operator installed, whole, as they came. What was replaced or removed keeps its row, not its
-- bytes: the terms of a pack that is no longer in force are nobody's to keep.
CREATE TABLE pack (
    edition      INTEGER PRIMARY KEY AUTOINCREMENT,
    id           TEXT    NOT NULL,
    version      TEXT    NOT NULL,
    digest       TEXT    NOT NULL,                   -- of the file
    scope        TEXT    NOT NULL CHECK (json_valid(scope)), -- list of markets; empty for all
    file         BLOB,
    reason       TEXT    NOT NULL,                   -- in the operator's words
    requested_by TEXT,                               -- the authority that asked for it
    reference    TEXT,                               -- the number of its request
    installed_by TEXT    NOT NULL,
    installed_at INTEGER NOT NULL,                   -- Unix seconds, as all times here
    removed_by   TEXT,
    removed_at   INTEGER
) STRICT;
CREATE UNIQUE INDEX pack_in_force ON pack (id) WHERE removed_at IS NULL;

-- What people reported: appeals, complaints, harm. Their words are sealed under a key that can be destroyed.
CREATE TABLE report (
    id          TEXT    PRIMARY KEY,                 -- the number that the person is given
    market      TEXT,
    caller      TEXT    NOT NULL,                    -- the app key's id
    person      TEXT,                                -- pseudonym of the person, where the app named one
    receipt     TEXT,                                -- the answer or refusal it is about
    kind        TEXT    NOT NULL,
    about       TEXT,                                -- code of the notice
    sealed      BLOB,
    received_at INTEGER NOT NULL,
    due_at      INTEGER NOT NULL,
    decision    TEXT,                                -- granted, refused or noted
    answer      TEXT,                                -- to the person
    decided_by  TEXT,
    decided_at  INTEGER
) STRICT, WITHOUT ROWID;
CREATE INDEX report_open ON report (due_at) WHERE decided_at IS NULL;
CREATE INDEX report_of_caller ON report (caller, received_at);

-- How people stand whose inputs were refused, by pseudonym.
CREATE TABLE person (
    market     TEXT    NOT NULL,
    id         TEXT    NOT NULL,
    standing   TEXT    NOT NULL CHECK (json_valid(standing)),    -- in the form the policy reads
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (market, id)
) STRICT, WITHOUT ROWID;

-- How often what was done in a market on a day (UTC). No person, app or feature stands here.
CREATE TABLE deed (
    day      TEXT    NOT NULL,
    market   TEXT    NOT NULL,
    deed     TEXT    NOT NULL,
    category TEXT    NOT NULL,                       -- empty where there is none
    count    INTEGER NOT NULL CHECK (count >= 0),
    PRIMARY KEY (day, market, deed, category)
) STRICT, WITHOUT ROWID;

-- Who works at the market desk over HTTP: admin keys. The secret itself is never kept, only its SHA-256.
CREATE TABLE admin_key (
    id          TEXT    PRIMARY KEY,                 -- pseudonym, as it stands in the ledger
    name        TEXT    NOT NULL,                    -- the person; two keys of one name are one person
    role        TEXT    NOT NULL,                    -- what they may do, in the form the desk reads
    prefix      TEXT    NOT NULL,                    -- the first characters of the secret, to tell keys apart
    secret_hash BLOB    NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    created_at  INTEGER NOT NULL,                    -- Unix seconds, as all times here
    revoked_at  INTEGER
) STRICT, WITHOUT ROWID;

-- What an operator stopped. A lifted kill stays, so that its id always means one stop.
CREATE TABLE kill (
    id        TEXT    PRIMARY KEY,
    kill      TEXT    NOT NULL CHECK (json_valid(kill)),   -- in the form the policy reads
    killed_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- A signer who is trusted no longer stays: what they wrote down in the past stays true.
ALTER TABLE signer ADD COLUMN removed_at INTEGER;

-- Release bundles, by the digest that approvals name.
CREATE TABLE release (
    digest   TEXT    PRIMARY KEY,
    market   TEXT    NOT NULL,
    bundle   TEXT    NOT NULL CHECK (json_valid(bundle)),
    added_by TEXT    NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Models that answered as something else than what was approved.
CREATE TABLE drift (
    id      TEXT    PRIMARY KEY,
    drift   TEXT    NOT NULL CHECK (json_valid(drift)),                  -- in the form the policy reads
    draft   TEXT             CHECK (draft IS NULL OR json_valid(draft)), -- the change filing it calls for
    seen_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The regulator's public list of filed models, whole, each time a delta was merged into it.
CREATE TABLE filed_list (
    edition     INTEGER PRIMARY KEY,
    list        TEXT    NOT NULL CHECK (json_valid(list)),
    imported_by TEXT    NOT NULL,
    imported_at INTEGER NOT NULL
) STRICT;

-- Ledger entries that belong to a change made here and are not known to be in the ledger yet: written in the
-- transaction of the change, taken away once the ledger has them.
CREATE TABLE outbox (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,
    entry TEXT    NOT NULL CHECK (json_valid(entry)),
    after INTEGER NOT NULL CHECK (after >= 0)        -- the ledger's size before: it is not among those before
) STRICT;

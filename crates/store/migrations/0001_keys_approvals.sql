-- Who may ask: app keys. The secret itself is never kept, only its SHA-256.
CREATE TABLE app_key (
    id          TEXT    PRIMARY KEY,                 -- pseudonym, as it stands in the ledger
    name        TEXT    NOT NULL,                    -- for people
    prefix      TEXT    NOT NULL,                    -- the first characters of the secret, to tell keys apart
    secret_hash BLOB    NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    device      TEXT             CHECK (device IS NULL OR json_valid(device)),
    development INTEGER NOT NULL CHECK (development IN (0, 1)),
    created_at  INTEGER NOT NULL,                    -- Unix seconds, as all times here
    revoked_at  INTEGER
) STRICT, WITHOUT ROWID;

-- What a regulator decided, as signed records. A removed record stays, so that a number always means one record.
CREATE TABLE approval (
    number      TEXT    PRIMARY KEY,
    market      TEXT    NOT NULL,
    record      TEXT    NOT NULL CHECK (json_valid(record)),
    imported_at INTEGER NOT NULL,
    removed_at  INTEGER
) STRICT, WITHOUT ROWID;

-- Whose signatures count.
CREATE TABLE signer (
    key      TEXT    PRIMARY KEY,                    -- public key, in the form the policy reads
    name     TEXT    NOT NULL,
    role     TEXT    NOT NULL,
    added_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Small facts about this installation, such as where its signing keys are.
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- The bytes of packs are files beside the database, by their digests: a sync of megabytes holds up every other.
ALTER TABLE pack DROP COLUMN file;

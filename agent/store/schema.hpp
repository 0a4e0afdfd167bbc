#pragma once

#include <cstdint>

namespace metalwright::store {

/// What is kept in PRAGMA user_version.
inline constexpr std::int64_t current_version = 3;
/// "MWLT", in PRAGMA application_id: so that file(1) and we know our own file.
inline constexpr int application_id = 0x4d574c54;

/// The tables, version 1. Later versions are added behind it, and it is never edited.
inline constexpr const char* schema_v1 = R"sql(
CREATE TABLE meta (key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID;
CREATE TABLE source (
  name TEXT PRIMARY KEY, generation INTEGER NOT NULL, digest TEXT NOT NULL,
  document TEXT NOT NULL, operation INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE operation (
  id INTEGER PRIMARY KEY AUTOINCREMENT, source TEXT NOT NULL, kind TEXT NOT NULL,
  state TEXT NOT NULL, generation INTEGER NOT NULL, instance TEXT NOT NULL, token TEXT,
  digest TEXT NOT NULL, consent TEXT NOT NULL, accepted_ms INTEGER NOT NULL,
  finished_ms INTEGER, mutations INTEGER NOT NULL DEFAULT 0);
CREATE UNIQUE INDEX operation_token ON operation (token) WHERE token IS NOT NULL;
CREATE INDEX operation_open ON operation (id) WHERE finished_ms IS NULL;
CREATE TABLE item (
  operation INTEGER NOT NULL REFERENCES operation, ordinal INTEGER NOT NULL, item TEXT NOT NULL,
  outcome TEXT NOT NULL, error_code TEXT, error_message TEXT, error_where TEXT, error_sys INTEGER,
  took_ms INTEGER NOT NULL, note TEXT NOT NULL, PRIMARY KEY (operation, item)) WITHOUT ROWID;
-- No AUTOINCREMENT, which would write one page more for each: the newest are never pruned, so numbers rise.
CREATE TABLE event (
  seq INTEGER PRIMARY KEY, operation INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  kind TEXT NOT NULL, body TEXT NOT NULL, settled INTEGER);
CREATE INDEX event_operation ON event (operation, seq);
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE identity (
  name TEXT PRIMARY KEY, instance TEXT NOT NULL, md_uuid TEXT NOT NULL, fs_uuid TEXT NOT NULL,
  complete INTEGER NOT NULL, members TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE owned (kind TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, value))
  WITHOUT ROWID;
CREATE TABLE once (
  instance TEXT NOT NULL, item TEXT NOT NULL, operation INTEGER NOT NULL, at_ms INTEGER NOT NULL,
  PRIMARY KEY (instance, item)) WITHOUT ROWID;
CREATE TABLE script (
  instance TEXT PRIMARY KEY, operation INTEGER NOT NULL, state TEXT NOT NULL, exit_code INTEGER,
  signal INTEGER, bytes BLOB NOT NULL, timeout_s INTEGER NOT NULL) WITHOUT ROWID;
)sql";

/// Version 2: how a run of user data is to be gone about.
inline constexpr const char* schema_v2 = R"sql(
ALTER TABLE script ADD COLUMN run_order TEXT NOT NULL DEFAULT '';
)sql";

/// Version 3: what vendors' calls have come to, and what they have made that is in no document.
inline constexpr const char* schema_v3 = R"sql(
CREATE TABLE call (
  id INTEGER PRIMARY KEY, vendor TEXT NOT NULL, token TEXT, digest TEXT NOT NULL,
  route TEXT NOT NULL, operation INTEGER NOT NULL, memo TEXT NOT NULL, undo TEXT NOT NULL,
  status INTEGER NOT NULL, answer TEXT NOT NULL, at_ms INTEGER NOT NULL);
CREATE UNIQUE INDEX call_token ON call (vendor, token) WHERE token IS NOT NULL;
CREATE INDEX call_open ON call (operation) WHERE status = 0 OR undo <> '';
CREATE TABLE resource (
  id TEXT PRIMARY KEY, kind TEXT NOT NULL, state TEXT NOT NULL, body TEXT NOT NULL,
  operation INTEGER NOT NULL, changed_ms INTEGER NOT NULL) WITHOUT ROWID;
)sql";

}  // namespace metalwright::store

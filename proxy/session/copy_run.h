// A COPY FROM STDIN that goes through a staging table, from its first message to the tag that the
// client sees. A session has at most one: it begins only where nothing else is under way.
//
// In the simple protocol everything is one Query, hence one transaction, one ReadyForQuery and no
// message of ours behind the client's data. In the extended protocol the statements that come
// first stand before the client's Execute, the merge behind its CopyDone; its Sync ends them all.
//
//   Preparing  the staging table is being made; the client waits for CopyInResponse
//   Copying    the client's data are on their way
//   Merging    the data are in; the client waits for its tag
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "parser/copy_staging.h"
#include "policies/plan.h"

namespace pgconcord::session {

struct CopyRun {
  bool is_preparing() const { return !began; }
  // The client's own COPY is what runs, or what failed before any data were read.
  bool is_copying() const { return completed == texts.before.size(); }
  bool is_merging() const { return completed > texts.before.size(); }
  bool is_over() const { return completed == texts.size(); }

  policies::PlanRef plan;
  parser::StagedCopy texts;
  std::string sql;     // as the client wrote it
  std::string portal;  // extended: the client's
  bool extended = false;
  bool began = false;       // CopyInResponse was seen
  bool sent_ahead = false;  // the client did not wait for it
  bool merge_sent = false;  // extended: the rest went out behind CopyDone
  std::size_t completed = 0;
  std::uint64_t rows_read = 0, rows_stored = 0;
  // Positions in characters of the text that the COPY is part of: where the client's own text
  // goes on in what was sent, and in what it wrote (4.14).
  std::uint32_t kept_at = 0, kept_from = 0;
  std::string error;  // simple: it came before CopyInResponse and is kept until ReadyForQuery
};

}  // namespace pgconcord::session

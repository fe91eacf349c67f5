// Whether a text may change how the session resolves names (protocol.md 6.6): search_path, role,
// temporary tables.
#pragma once

#include <string_view>

namespace pgconcord::parser {

// True for SET, RESET, DISCARD, ROLLBACK, DDL, EXECUTE, DO, CALL, unknown commands, SELECT INTO,
// several statements in one text, texts the lexer is not sure of, and for a call of any function
// that is not on a list of harmless built-in ones. False for COMMIT, although it ends SET LOCAL:
// what was learnt in a block after a true answer must not outlive it. PREPARE is false, because
// nothing runs: its EXECUTE is true.
bool may_change_name_resolution(std::string_view sql);

}  // namespace pgconcord::parser

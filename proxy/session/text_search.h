// Looking for a word in SQL text without reading it as SQL: coarse, quick questions that err
// towards yes.
#pragma once

#include <string_view>

#include "parser/command.h"

namespace pgconcord::session {

// ASCII letters of either case are the same.
bool contains_ignoring_case(std::string_view text, std::string_view word);

// Does the name of that function occur? The one function that changes settings.
bool calls_set_config(std::string_view sql);

// May a statement that may change names (parser::may_change_name_resolution) change
// standard_conforming_strings or client_encoding as well?
bool may_change_lexing(parser::Command command, std::string_view sql);

// May the text change the role whose privileges count?
bool may_change_role(std::string_view sql);

// Is it worth parsing for an INSERT at all?
bool may_hide_insert(parser::Command command, std::string_view sql);

// Likewise for an UPDATE; SELECT ... FOR UPDATE is none.
bool may_hide_update(parser::Command command, std::string_view sql);

}  // namespace pgconcord::session

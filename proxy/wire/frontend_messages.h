// Client messages: only what is read or made here. Views point into the body handed in.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgconcord::wire {

// Query's text without the NUL; nothing when the NUL is not the body's last byte.
std::optional<std::string_view> query_text(std::string_view body);

struct ParseMessage {
  std::string_view statement, sql;
  std::string_view parameter_types;  // Int16 count and the object ids, as sent
};
std::optional<ParseMessage> parse_message(std::string_view body);

// `body` may be a prefix: only the two names are read.
struct BindNames {
  std::string_view portal, statement;
  std::size_t size = 0;  // bytes of the body that the names take, NULs included
};
std::optional<BindNames> bind_names(std::string_view body);
// Of Bind, for each parameter value: is it NULL? `body` may be a prefix: only what it holds.
std::vector<bool> null_parameters(std::string_view body);
// Parse's Int16 count and object ids.
std::vector<std::uint32_t> parameter_types(std::string_view bytes);

struct ExecuteMessage {
  std::string_view portal;
  std::uint32_t row_limit = 0;  // 0 = all
};
std::optional<ExecuteMessage> execute_message(std::string_view body);

// Describe and Close: 'S' a prepared statement, 'P' a portal.
struct NamedObject {
  char kind = 'S';
  std::string_view name;
};
std::optional<NamedObject> named_object(std::string_view body);

std::string make_query(std::string_view sql);
std::string make_parse(std::string_view statement, std::string_view sql,
                       std::string_view parameter_types);
// The type byte, length word and names of a Bind whose original body was `length` bytes with names
// of `names.size` bytes: the rest of the original body follows unchanged.
std::string make_bind_start(std::string_view portal, std::string_view statement,
                            std::uint32_t length, const BindNames& names);
// Of a statement without parameters; its rows come as text.
std::string make_bind_without_values(std::string_view portal, std::string_view statement);
std::string make_describe_portal(std::string_view portal);
std::string make_close_statement(std::string_view statement);
std::string make_close_portal(std::string_view portal);
std::string make_execute(std::string_view portal);
std::string make_sync();
std::string make_flush();

}  // namespace pgconcord::wire

// Protocol messages as text lines, in the words of the PostgreSQL manual ("Message Formats").
// Written without the product's own codec, so that a mistake there cannot hide itself.
//
//   Query "SELECT 1"        Parse "name" "sql" 23 25        Bind "portal" "statement" "v1" NULL
//   Describe S "name"       Execute "portal" 0              Close P "portal"
//   StartupMessage 3.2 user=app database=shop               CancelRequest 42 7
//   DataRow "1" NULL        ErrorResponse S=ERROR C=23505 M="text" s=public t=users
//   n=users_email_key Header Q 1000           (type and length word alone)    Raw "\x00\xff" Byte
//   "N"
//
// A string is "..." with \" \\ \n \r \t \0 \xHH; pieces without space between them are one, and
// "A"*63 repeats. Nothing here is linked into the product.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace pgconcord::test_support {

enum class Side : std::uint8_t { Client, Server };

// One line -> the message's bytes; else what is wrong with the line.
[[nodiscard]] tl::expected<std::string, std::string> message_bytes(std::string_view line);

// The messages of one side's stream as lines; what cannot be read as a message is one Raw line.
// `untyped` : the stream begins with a start-up packet (client) or with the byte that answers one.
enum class Start : std::uint8_t { Typed, Untyped };
std::string message_lines(Side from, std::string_view bytes, Start start = Start::Typed);

}  // namespace pgconcord::test_support

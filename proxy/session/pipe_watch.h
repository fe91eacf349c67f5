// Follows the headers of a byte pipe's two directions, from one idle point on, to tell when the
// session is idle again. It keeps no byte and changes none: where it loses its way it says "busy"
// for the rest of the session, and nothing else happens.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace pgconcord::session {

// Where one direction is in its chain of messages.
class MessageChain {
 public:
  // The type of the next message that begins in `bytes`, which loses what was followed; 0 at their
  // end.
  char next(std::string_view& bytes);
  bool at_boundary() const { return !lost_ && body_left_ == 0 && header_size_ == 0; }
  // Of the body of the message that next() answered with; 0 where it is empty.
  char first_byte() const { return first_byte_; }

 private:
  std::uint64_t body_left_ = 0;
  std::array<char, 5> header_{};
  std::uint8_t header_size_ = 0;
  char first_byte_ = 0;
  bool lost_ = false;
};

class PipeWatch {
 public:
  void client_bytes(std::string_view bytes);
  void server_bytes(std::string_view bytes);
  // Every ReadyForQuery that is owed has come, the last one said `I`, and no message has begun
  // since.
  bool idle() const;

 private:
  void client_message(char type);
  void server_message(char type);

  MessageChain client_, server_;
  std::uint64_t owed_ = 0;         // ReadyForQuery
  std::uint64_t syncs_ahead_ = 0;  // Syncs behind an Execute or Query; a COPY ignores them (4.31)
  bool data_ended_ = false;        // CopyDone or CopyFail went out ahead of CopyInResponse
  bool copies_ = false;
  bool batch_open_ = false;
  bool in_block_ = false;  // the last ReadyForQuery said `T` or `E`
};

}  // namespace pgconcord::session

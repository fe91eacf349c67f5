#include "proxy/session/pipe_watch.h"

#include <algorithm>

#include "proxy/wire/bytes.h"

namespace pgconcord::session {

char MessageChain::next(std::string_view& bytes) {
  constexpr std::uint32_t kLengthWord = 4;  // counts itself
  const auto passed = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, bytes.size()));
  bytes.remove_prefix(passed);
  body_left_ -= passed;
  if (lost_ || body_left_ > 0) return 0;
  for (; header_size_ < header_.size() && !bytes.empty(); bytes.remove_prefix(1)) {
    header_[header_size_++] = bytes[0];
  }
  if (header_size_ < header_.size()) return 0;
  const std::uint32_t length_word = wire::load_u32(header_.data() + 1);
  lost_ = length_word < kLengthWord;
  const bool has_body = length_word > kLengthWord;
  if (lost_ || (has_body && bytes.empty())) return 0;
  first_byte_ = has_body ? bytes[0] : '\0';
  body_left_ = length_word - kLengthWord;
  header_size_ = 0;
  return header_[0];
}

void PipeWatch::client_bytes(std::string_view bytes) {
  while (const char type = client_.next(bytes)) client_message(type);
}

void PipeWatch::client_message(char type) {
  batch_open_ = type != 'Q' && type != 'S' && type != 'F';
  switch (type) {
    case 'Q':
    case 'F':
      ++owed_;
      [[fallthrough]];
    case 'E':
      syncs_ahead_ = 0;
      data_ended_ = false;
      return;
    case 'S':
      if (copies_) return;  // the server ignores it (4.30)
      ++owed_;
      if (!data_ended_) ++syncs_ahead_;
      return;
    case 'c':
    case 'f':
      data_ended_ = !copies_;
      copies_ = false;
      return;
    default:
      return;
  }
}

void PipeWatch::server_bytes(std::string_view bytes) {
  while (const char type = server_.next(bytes)) server_message(type);
}

void PipeWatch::server_message(char type) {
  switch (type) {
    case 'G':
      owed_ -= std::min(owed_, syncs_ahead_);
      copies_ = !data_ended_;
      syncs_ahead_ = 0;
      data_ended_ = false;
      return;
    case 'E':
      copies_ = false;
      return;
    case 'Z':
      if (owed_ > 0) --owed_;
      in_block_ = server_.first_byte() != 'I';
      return;
    default:
      return;
  }
}

bool PipeWatch::idle() const {
  return owed_ == 0 && !in_block_ && !batch_open_ && !copies_ && client_.at_boundary() &&
         server_.at_boundary();
}

}  // namespace pgconcord::session

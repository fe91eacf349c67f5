#include "proxy/session/actions.h"

namespace pgconcord::session {

void Outbox::append(std::string_view bytes) {
  if (bytes.empty()) return;
  size_ += bytes.size();
  if (!pieces_.empty() && pieces_.back().start == nullptr) {
    pieces_.back().size += bytes.size();
  } else {
    pieces_.push_back({nullptr, own_.size(), bytes.size()});
  }
  own_.append(bytes);
}

std::string_view Outbox::piece(std::size_t index) const {
  const Piece& piece = pieces_[index];
  if (piece.start != nullptr) return {piece.start, piece.size};
  return std::string_view(own_).substr(piece.offset, piece.size);
}

void Outbox::clear() {
  pieces_.clear();
  own_.clear();
  size_ = 0;
}

void Actions::clear() {
  to_client.clear();
  to_server.clear();
  opening = Opening::None;
  shutdown_server = close_client = close_server = false;
  server_fits.reset();
}

}  // namespace pgconcord::session

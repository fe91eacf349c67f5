// What a session wants done: bytes for both peers and changes of the connections. Data; net/
// carries it out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pgconcord::session {

// Bytes for one peer, in order. Pieces that were only forwarded are not copied: they point into the
// bytes handed to the session and must be written (or copied) before those go away, that is before
// the next call.
class Outbox {
 public:
  // Adjacent pieces of the same buffer become one, so an untouched read is one write.
  void forward(std::string_view bytes) {
    if (bytes.empty()) return;
    size_ += bytes.size();
    if (!pieces_.empty() && pieces_.back().start != nullptr &&
        pieces_.back().start + pieces_.back().size == bytes.data()) {
      pieces_.back().size += bytes.size();
    } else {
      pieces_.push_back({bytes.data(), 0, bytes.size()});
    }
  }
  // Copied: for bytes the session made.
  void append(std::string_view bytes);

  bool empty() const { return pieces_.empty(); }
  std::size_t size() const { return size_; }
  std::size_t piece_count() const { return pieces_.size(); }
  std::string_view piece(std::size_t index) const;
  void clear();

 private:
  // `start` is nullptr for bytes in `own_`, which may still move: then `offset` counts.
  struct Piece {
    const char* start;
    std::size_t offset;
    std::size_t size;
  };
  std::vector<Piece> pieces_;
  std::string own_;
  std::size_t size_ = 0;
};

// At most one in a call, and none in nearly all.
enum class Opening : std::uint8_t {
  None,
  Server,       // open the server connection, then on_server_connected() or on_server_unavailable()
  NextServer,   // this server will not do: open the next one, then as above
  FirstServer,  // no server is left: begin anew with the first one, then as above
  Cancel,  // as Server, for a CancelRequest: send to_server, wait for the server's EOF, close both
  ClientTls,  // after to_client was written: be the TLS server on the client leg, beginning with
              // Session::take_tls_bytes()
  Console,    // answer Session::take_question() to on_console_answer(), later
};

struct Actions {
  Outbox to_client;
  Outbox to_server;
  Opening opening = Opening::None;
  std::optional<bool> server_fits;  // what is to be remembered of the server
  bool shutdown_server = false;     // after to_server was written: shut down the writing side
  bool close_client =
      false;  // after to_client was written: shut down, read and discard for a while, close (7.5)
  bool close_server = false;  // at once

  void clear();
};

}  // namespace pgconcord::session
